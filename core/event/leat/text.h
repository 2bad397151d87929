/* SPDX-License-Identifier: Apache-2.0 */
/* Small codecs of the field: times, percent and form encoding, base64, a digest for ids. */
#ifndef LEAT_TEXT_H
#define LEAT_TEXT_H

#include <leat/arena.h>

LEAT_BEGIN

/* RFC 3339 in UTC from milliseconds or microseconds since 1970: "2024-05-01T12:00:00.250Z", no fraction if it
 * is zero. Absent for years outside 1..9999 and after overflow. */
LEAT_API leat_str leat_time_from_ms(struct leat_arena *arena, int64_t ms);
LEAT_API leat_str leat_time_from_us(struct leat_arena *arena, int64_t us);
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

LEAT_END

#endif
