/* SPDX-License-Identifier: Apache-2.0 */
/* The entries that this worker has and has not settled, by their ids. Pure. */
#ifndef LEAT_REDIS_HELD_H
#define LEAT_REDIS_HELD_H

#include "entry.h"

#include <leat/unit.h>

struct leat_redis_entry {
    struct leat_redis_id id;
    uint32_t stream;
    leat_str text; /* the id, as the server wrote it; lives as long as the entry */
    struct leat_unit *unit;
    struct leat_redis_entry *next; /* among those that are settled in one way */
};

struct leat_redis_held {
    struct leat_redis_entry **places; /* open addressing; a power of two of them */
    size_t size, count;
};

/* False: out of memory. No entry of its id is in it. */
bool leat_redis_held_add(struct leat_redis_held *held, struct leat_redis_entry *entry);
/* NULL: there is none. */
struct leat_redis_entry *leat_redis_held_find(const struct leat_redis_held *held, uint32_t stream,
                                              const struct leat_redis_id *id);
/* Is it being worked on, or finished and about to be told to the server? Else its lease was lost, and it may come
 * again. */
static inline bool leat_redis_is_held(const struct leat_redis_entry *entry)
{
    return entry != NULL && (!entry->unit->lost || entry->unit->settling);
}
/* Does nothing if that very entry is not in it. */
void leat_redis_held_remove(struct leat_redis_held *held, const struct leat_redis_entry *entry);
void leat_redis_held_fini(struct leat_redis_held *held); /* takes a zeroed one */

#endif
