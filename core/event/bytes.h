/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen bytes at once, by the compilers' vectors: every processor that leat runs on has them. */
#ifndef LEAT_BYTES_H
#define LEAT_BYTES_H

#include <leat/str.h>

#include <endian.h>

typedef unsigned char leat_bytes __attribute__((vector_size(16)));

static inline leat_bytes leat_bytes_load(const char *at)
{
    leat_bytes bytes;
    memcpy(&bytes, at, sizeof(bytes));
    return bytes;
}

/* Is any of them not 0? */
static inline bool leat_bytes_any(leat_bytes bytes)
{
    uint64_t halves[2];
    memcpy(halves, &bytes, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

/* The first from `from` on that is not 0; 16: none. */
static inline size_t leat_bytes_next(leat_bytes bytes, size_t from)
{
    uint64_t halves[2];
    memcpy(halves, &bytes, sizeof(halves));
    for (; from < 16; from = (from / 8 + 1) * 8) {
        uint64_t rest = le64toh(halves[from / 8]) >> (8 * (from % 8));
        if (rest != 0)
            return from + (size_t)__builtin_ctzll(rest) / 8;
    }
    return 16;
}

#endif
