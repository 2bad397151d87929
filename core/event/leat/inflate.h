/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed bodies: gzip (RFC 1952) and zlib (RFC 1950), by zlib, with a bound on what comes out. */
#ifndef LEAT_INFLATE_H
#define LEAT_INFLATE_H

#include <leat/arena.h>

LEAT_BEGIN

/* Does it begin as gzip does? */
LEAT_API bool leat_is_gzip(leat_str bytes);
/* What `bytes` hold compressed, in gzip or zlib form, all of it in one stream. Fails with NO_MEMORY, TOO_BIG (more
 * than `max` bytes come out, or the arena's cap), BAD_RECORD (no such stream, cut off, or more behind it). */
LEAT_API leat_status leat_inflate(struct leat_arena *arena, leat_str bytes, size_t max, leat_str *ret);
/* Only the first bytes of it, up to `size`; what is no such stream gives none. Fails with NO_MEMORY, BAD_RECORD. */
LEAT_API leat_status leat_inflate_start(leat_str bytes, char *start, size_t size, size_t *retlen);

/* For z_stream.zalloc and zfree: zlib's memory is of leat's heap. */
void *leat_zlib_alloc(void *unused, unsigned count, unsigned size);
void leat_zlib_free(void *unused, void *memory);

LEAT_END

#endif
