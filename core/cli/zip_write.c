/* SPDX-License-Identifier: Apache-2.0 */
#include "zip_write.h"

#include <leat/alloc.h>
#include <leat/buf.h>
#include <leat/inflate.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <zlib.h>

#define LEVEL 9
#define WINDOW_MEMORY 9 /* of 9: most */
#define VERSION 20u     /* of APPNOTE: deflate */
#define MADE_ON_UNIX (3u << 8 | VERSION)
#define NAMES_ARE_UTF8 0x800u
#define DATE_1980 0x0021u /* 1980-01-01, the first there is */

enum { STORED = 0, DEFLATED = 8 };

struct writing {
    struct leat_arena *arena;
    struct leat_buf out, directory;
};

static void add16(struct leat_buf *buf, unsigned value)
{
    leat_buf_char(buf, (char)(value & 0xFF));
    leat_buf_char(buf, (char)(value >> 8 & 0xFF));
}

static void add32(struct leat_buf *buf, size_t value)
{
    add16(buf, (unsigned)(value & 0xFFFF));
    add16(buf, (unsigned)(value >> 16 & 0xFFFF));
}

/* Absent: it gets no smaller, or memory ran out, which the arena or *retstatus says. */
static leat_str deflated(struct leat_arena *arena, leat_str content, leat_status *retstatus)
{
    z_stream stream = {.zalloc = leat_zlib_alloc, .zfree = leat_zlib_free};
    char *packed = content.len > 0 ? leat_arena_alloc(arena, content.len) : NULL;
    if (packed == NULL)
        return LEAT_ABSENT;
    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, -MAX_WBITS, WINDOW_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        *retstatus = LEAT_STATUS(NO_MEMORY);
        return LEAT_ABSENT;
    }
    stream.next_in = (unsigned char *)(uintptr_t)content.ptr;
    stream.avail_in = (unsigned)content.len;
    stream.next_out = (unsigned char *)packed;
    stream.avail_out = (unsigned)content.len - 1; /* no room: it is stored */
    int code = deflate(&stream, Z_FINISH);
    (void)deflateEnd(&stream);
    return code == Z_STREAM_END ? leat_str_of(packed, content.len - 1 - stream.avail_out) : LEAT_ABSENT;
}

/* What both headers have, from "version needed" to the length of the extra field. */
static void add_common(struct leat_buf *buf, const struct leat_zip_file *file, unsigned method, uLong crc)
{
    bool plain = leat_str_plain(file->name) == file->name.len;
    add16(buf, VERSION);
    add16(buf, plain ? 0 : NAMES_ARE_UTF8);
    add16(buf, method);
    add16(buf, 0);
    add16(buf, DATE_1980);
    add32(buf, crc);
    add32(buf, file->packed_size);
    add32(buf, file->content.len);
    add16(buf, (unsigned)file->name.len);
    add16(buf, 0);
}

static void add_to_directory(struct leat_buf *buf, const struct leat_zip_file *file, unsigned method, uLong crc,
                             size_t start)
{
    mode_t mode = S_IFREG | (file->executable ? 0755 : 0644);
    leat_buf_add(buf, LEAT_STR("PK\1\2"));
    add16(buf, MADE_ON_UNIX);
    add_common(buf, file, method, crc);
    add16(buf, 0); /* comment */
    add16(buf, 0); /* disk */
    add16(buf, 0);
    add32(buf, (size_t)mode << 16);
    add32(buf, start);
    leat_buf_add(buf, file->name);
}

static leat_status add_file(struct writing *writing, struct leat_zip_file *file)
{
    struct leat_arena packed_in LEAT_CLEANUP(leat_arena_fini) = {0};
    leat_status status = LEAT_OK;
    size_t start = writing->out.len;
    leat_arena_init(&packed_in, 0);
    leat_str packed = deflated(&packed_in, file->content, &status);
    LEAT_TRY(status);
    LEAT_TRY(leat_arena_status(&packed_in));
    unsigned method = packed.ptr != NULL ? DEFLATED : STORED;
    packed = packed.ptr != NULL ? packed : file->content;
    file->packed_size = (uint32_t)packed.len;
    uLong crc = crc32_z(0, (const unsigned char *)file->content.ptr, file->content.len);
    leat_buf_add(&writing->out, LEAT_STR("PK\3\4"));
    add_common(&writing->out, file, method, crc);
    leat_buf_add(&writing->out, file->name);
    leat_buf_add(&writing->out, packed);
    add_to_directory(&writing->directory, file, method, crc, start);
    return LEAT_OK;
}

static int by_name(const void *a, const void *b)
{
    return leat_str_compare(((const struct leat_zip_file *)a)->name, ((const struct leat_zip_file *)b)->name);
}

/* *retsize: it will be no larger. */
static leat_status check_limits(const struct leat_zip_file *files, size_t count, size_t *retsize)
{
    *retsize = 64;
    for (size_t i = 0; i < count; i++) {
        *retsize += files[i].content.len + 2 * files[i].name.len + 128;
        if (files[i].name.len > UINT16_MAX || *retsize > INT32_MAX)
            return LEAT_STATUS(TOO_BIG);
    }
    return count < UINT16_MAX ? LEAT_OK : LEAT_STATUS(TOO_BIG);
}

leat_status leat_zip_write(struct leat_arena *arena, struct leat_zip_file *files, size_t count, leat_str *ret)
{
    struct writing writing = {.arena = arena};
    size_t size;
    LEAT_TRY(check_limits(files, count, &size));
    leat_buf_init(&writing.directory, arena);
    writing.out = (struct leat_buf){.arena = arena, .ptr = leat_arena_alloc(arena, size), .size = size};
    LEAT_TRY(leat_arena_status(arena));
    if (count > 0)
        qsort(files, count, sizeof(*files), by_name);
    for (size_t i = 0; i < count; i++)
        LEAT_TRY(add_file(&writing, &files[i]));
    size_t start = writing.out.len;
    leat_buf_add(&writing.out, leat_buf_str(&writing.directory));
    leat_buf_add(&writing.out, LEAT_STR("PK\5\6"));
    add32(&writing.out, 0); /* disks */
    add16(&writing.out, (unsigned)count);
    add16(&writing.out, (unsigned)count);
    add32(&writing.out, writing.directory.len);
    add32(&writing.out, start);
    add16(&writing.out, 0); /* comment */
    *ret = leat_buf_str(&writing.out);
    return leat_arena_status(arena);
}
