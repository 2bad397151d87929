/* SPDX-License-Identifier: Apache-2.0 */
/* Small codecs of the field: times, percent and form encoding, base64, a digest for ids. */
#ifndef LEAT_TEXT_H
#define LEAT_TEXT_H

#include <leat/time.h>

LEAT_BEGIN

/* Is it RFC 3339 (a date, "T", a time with seconds, "Z" or an offset)? */
LEAT_API bool leat_time_valid(leat_str text);

/* %XX -> byte; with `plus`, + -> space first. An escape that is none stays as it stands.
 * The same slice if there is nothing to decode. Absent after overflow. */
LEAT_API leat_str leat_percent_decode(struct leat_arena *arena, leat_str text, bool plus);
/* Every byte but unreserved ones (RFC 3986) and those in `keep` becomes %XX. */
LEAT_API leat_str leat_percent_encode(struct leat_arena *arena, leat_str text, const char *keep);

/* RFC 4648 base64, padded or not, white space refused. False: not base64, or overflow. */
LEAT_API bool leat_base64_decode(struct leat_arena *arena, leat_str text, leat_str *retbytes);
LEAT_API bool leat_base64_valid(leat_str text);
LEAT_API leat_str leat_base64_encode(struct leat_arena *arena, leat_str bytes);

/* The first 16 bytes of SHA-256 (FIPS 180-4) as 32 hexadecimal digits. */
LEAT_API leat_str leat_digest(struct leat_arena *arena, leat_str bytes);
/* The same into LEAT_DIGEST_LEN bytes of the caller, without a NUL. */
void leat_digest_write(leat_str bytes, char *hex);
#define LEAT_DIGEST_LEN 32
/* All of SHA-256, LEAT_SHA256_LEN hexadecimal digits without a NUL. */
void leat_sha256_write(leat_str bytes, char *hex);
#define LEAT_SHA256_LEN 64

LEAT_END

#endif
