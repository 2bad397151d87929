/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of a stream is as a payload. Pure. */
#ifndef LEAT_REDIS_ENTRY_H
#define LEAT_REDIS_ENTRY_H

#include "value.h"

/* "1714552200000-3" */
struct leat_redis_id {
    uint64_t ms, number;
};

#define LEAT_REDIS_ID_SIZE 44 /* as text, with its NUL */

bool leat_redis_id_read(leat_str text, struct leat_redis_id *ret);
/* When it was made, wall clock in milliseconds; 0: its maker numbered it otherwise. */
int64_t leat_redis_id_time_ms(const struct leat_redis_id *id);

/* The payload that an entry is, in `arena` or borrowed from the fields:
 * one field that begins as a JSON object or array: that text; fields with the names of a CloudEvent's attributes
 * (specversion, id, source, type): that event, its body in `data`; any other: a CloudEvent of type
 * "io.redis.stream.entry" whose data is an object of the fields. Absent: overflow. */
leat_str leat_redis_entry_text(struct leat_arena *arena, leat_str stream, leat_str id,
                               const struct leat_redis_value *fields);
/* A field was left out, for being too long: its length; else 0. */
size_t leat_redis_entry_left_out(const struct leat_redis_value *fields);

#endif
