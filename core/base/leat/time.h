/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as text: RFC 3339 in UTC. No time zone is ever read. */
#ifndef LEAT_TIME_H
#define LEAT_TIME_H

#include <leat/arena.h>

LEAT_BEGIN

/* From milliseconds or microseconds since 1970: "2024-05-01T12:00:00.250Z", no fraction if it is zero. Absent for years
 * outside 1..9999 and after overflow. */
LEAT_API leat_str leat_time_from_ms(struct leat_arena *arena, int64_t ms);
LEAT_API leat_str leat_time_from_us(struct leat_arena *arena, int64_t us);

LEAT_END

#endif
