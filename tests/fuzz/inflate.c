/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed bodies: the input as a stream, and the input compressed, whole and spoilt. Compressed it is also what
 * CloudWatch Logs deliver, which no change to the bytes of a payload would find.
 */
#include "fuzz.h"

#include <leat/attributes.h>
#include <leat/inflate.h>

#include <zlib.h>

#define OUT_MAX ((size_t)1 << 20)

static void check_stream(struct leat_arena *arena, leat_str bytes)
{
    char start[64];
    size_t len = 0;
    leat_str out = LEAT_ABSENT;
    leat_status whole = leat_inflate(arena, bytes, OUT_MAX, &out);
    MUST(leat_is_ok(leat_inflate_start(bytes, start, sizeof(start), &len)) && len <= sizeof(start));
    if (!leat_is_ok(whole)) {
        MUST(whole.code == LEAT_E_BAD_RECORD || whole.code == LEAT_E_TOO_BIG);
        return;
    }
    MUST(out.ptr != NULL && out.len <= OUT_MAX);
    MUST(len == (out.len < sizeof(start) ? out.len : sizeof(start)) && memcmp(out.ptr, start, len) == 0);
    if (out.len > 0)
        MUST(leat_inflate(arena, bytes, out.len - 1, &out).code == LEAT_E_TOO_BIG);
}

static leat_str compress_text(struct leat_arena *arena, leat_str text, bool gzip)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text.ptr, .avail_in = (unsigned)text.len};
    MUST(deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + (gzip ? 16 : 0), 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t size = deflateBound(&stream, text.len);
    stream.next_out = leat_arena_alloc(arena, size);
    stream.avail_out = (unsigned)size;
    const char *start = (const char *)stream.next_out;
    MUST(start != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size -= stream.avail_out;
    (void)deflateEnd(&stream);
    return leat_str_of(start, size);
}

/* What is cut off or has more behind it is no stream, and one changed byte never gives half of the text. */
static void check_compressed(struct leat_arena *arena, leat_str text, bool gzip)
{
    leat_str bytes = compress_text(arena, text, gzip), out = LEAT_ABSENT;
    size_t cut = text.len % bytes.len;
    MUST(leat_is_gzip(bytes) == gzip);
    MUST(leat_is_ok(leat_inflate(arena, bytes, text.len, &out)) && leat_str_eq(out, text));
    MUST(leat_inflate(arena, leat_str_of(bytes.ptr, cut), OUT_MAX, &out).code == LEAT_E_BAD_RECORD);
    char *more = leat_arena_alloc(arena, bytes.len + 1);
    memcpy(more, bytes.ptr, bytes.len);
    more[bytes.len] = '\0';
    MUST(leat_inflate(arena, leat_str_of(more, bytes.len + 1), OUT_MAX, &out).code == LEAT_E_BAD_RECORD);
    more[cut] = (char)(more[cut] ^ 0x10);
    /* It may be one of a header that says nothing of the text. The checksum of zlib misses some changes. */
    if (leat_is_ok(leat_inflate(arena, leat_str_of(more, bytes.len), OUT_MAX, &out)) && gzip)
        MUST(leat_str_eq(out, text));
}

static void look_at(const struct leat_event *event)
{
    struct leat_buf buf;
    leat_buf_init(&buf, event->arena);
    leat_event_write(event, &buf);
    leat_str text = leat_buf_str(&buf);
    MUST(text.ptr != NULL ? fuzz_is_json(text) : event->arena->overflow);
}

static void check_logs(struct leat_arena *arena, leat_str text)
{
    FUZZ_PAYLOAD payload;
    leat_str data = leat_base64_encode(arena, compress_text(arena, text, true));
    leat_str logs = LEAT_JOIN(arena, LEAT_STR("{\"awslogs\":{\"data\":\""), data, LEAT_STR("\"}}"));
    fuzz_decode(&payload, logs, NULL);
    fuzz_each_event(&payload, look_at);
    if (leat_str_utf8(text) == text.len)
        fuzz_survive(logs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = fuzz_guarded(data, size);
    FUZZ_ARENA arena;
    fuzz_arena_init(&arena);
    check_stream(&arena, text);
    check_compressed(&arena, text, true);
    check_compressed(&arena, text, false);
    check_logs(&arena, text);
    return 0;
}
