/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed bytes for tests, by zlib itself. */
#ifndef LEAT_TEST_COMPRESSED_H
#define LEAT_TEST_COMPRESSED_H

#include <leat/arena.h>

#include <criterion/criterion.h>
#include <zlib.h>

enum wrapper { AS_ZLIB = MAX_WBITS, AS_GZIP = MAX_WBITS + 16, AS_RAW_DEFLATE = -MAX_WBITS };

static inline leat_str compressed(struct leat_arena *arena, leat_str bytes, enum wrapper wrapper)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes.ptr, .avail_in = (unsigned)bytes.len};
    cr_assert_eq(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, wrapper, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, (unsigned long)bytes.len);
    char *out = leat_arena_alloc(arena, room);
    cr_assert_not_null(out);
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (unsigned)room;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = room - stream.avail_out;
    (void)deflateEnd(&stream);
    return leat_str_of(out, len);
}

#endif
