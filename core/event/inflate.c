/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/buf.h>
#include <leat/inflate.h>

#include <limits.h>
#include <zlib.h>

#define ANY_WRAPPER (MAX_WBITS + 32) /* zlib's own way of saying: gzip or zlib, as the first bytes tell */
#define STEP ((size_t)16 << 10)

void *leat_zlib_alloc(void *unused, unsigned count, unsigned size)
{
    (void)unused;
    return leat_alloc((size_t)count * size);
}

void leat_zlib_free(void *unused, void *memory)
{
    (void)unused;
    leat_free(memory);
}

/* zlib counts in unsigned; payloads are far shorter, and what is not is refused. */
static bool point_at(z_stream *stream, leat_str bytes)
{
    *stream = (z_stream){.zalloc = leat_zlib_alloc, .zfree = leat_zlib_free};
    if (bytes.ptr == NULL || bytes.len > UINT_MAX)
        return false;
    stream->next_in = (unsigned char *)(uintptr_t)bytes.ptr;
    stream->avail_in = (unsigned)bytes.len;
    return true;
}

bool leat_is_gzip(leat_str bytes)
{
    return bytes.len > 2 && memcmp(bytes.ptr, "\x1F\x8B", 2) == 0;
}

/* One step of output into `step`; what came out is appended. Returns zlib's status. */
static int inflate_step(z_stream *stream, struct leat_buf *out, unsigned char *step)
{
    stream->next_out = step;
    stream->avail_out = (unsigned)STEP;
    int code = inflate(stream, Z_NO_FLUSH);
    leat_buf_add(out, leat_str_of((char *)step, STEP - stream->avail_out));
    return code;
}

static leat_status inflate_all(z_stream *stream, struct leat_buf *out, size_t max)
{
    unsigned char step[STEP];
    int code = Z_OK;
    while (code == Z_OK && !out->failed) {
        code = inflate_step(stream, out, step);
        if (out->len > max)
            return LEAT_STATUS(TOO_BIG);
    }
    if (out->failed || code == Z_MEM_ERROR)
        return out->failed ? leat_arena_status(out->arena) : LEAT_STATUS(NO_MEMORY);
    return code == Z_STREAM_END && stream->avail_in == 0 ? LEAT_OK : LEAT_STATUS(BAD_RECORD);
}

leat_status leat_inflate(struct leat_arena *arena, leat_str bytes, size_t max, leat_str *ret)
{
    struct leat_buf out;
    z_stream stream;
    leat_buf_init(&out, arena);
    if (!point_at(&stream, bytes))
        return LEAT_STATUS(BAD_RECORD);
    if (inflateInit2(&stream, ANY_WRAPPER) != Z_OK)
        return LEAT_STATUS(NO_MEMORY);
    leat_status status = inflate_all(&stream, &out, max);
    (void)inflateEnd(&stream);
    if (leat_is_ok(status))
        *ret = leat_buf_str(&out);
    return leat_is_ok(status) ? leat_arena_status(arena) : status;
}

leat_status leat_inflate_start(leat_str bytes, char *start, size_t size, size_t *retlen)
{
    z_stream stream;
    *retlen = 0;
    if (!point_at(&stream, bytes))
        return LEAT_STATUS(BAD_RECORD);
    if (inflateInit2(&stream, ANY_WRAPPER) != Z_OK)
        return LEAT_STATUS(NO_MEMORY);
    stream.next_out = (unsigned char *)start;
    stream.avail_out = (unsigned)size;
    int code = inflate(&stream, Z_SYNC_FLUSH);
    *retlen = size - stream.avail_out;
    (void)inflateEnd(&stream);
    return code == Z_MEM_ERROR ? LEAT_STATUS(NO_MEMORY) : LEAT_OK;
}
