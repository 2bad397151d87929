/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the files that wait: the first ones by name, and those that are not due yet by their time. Both are
 * bounded; that there are more is remembered, and the folder is read again. Pure.
 */
#ifndef LEAT_SPOOL_WAITING_H
#define LEAT_SPOOL_WAITING_H

#include "name.h"

#include <leat/heap.h>

struct leat_spool_entry {
    struct leat_heap_node due;
    struct leat_spool_entry *next; /* in its hash bucket */
    size_t len;
    char name[]; /* NUL behind it */
};

enum { LEAT_SPOOL_BUCKETS = 1024 };

struct leat_spool_waiting {
    size_t limit;
    struct leat_spool_entry **items; /* sorted, from `first` on; while it fills a heap, the last name on top */
    size_t first, count;
    bool filling;
    bool more; /* the folder has names behind the last one here */
    struct leat_heap later;
    struct leat_spool_entry *buckets[LEAT_SPOOL_BUCKETS]; /* of `later`, by name */
    int64_t unseen_ms;                                    /* the first due one that `later` had no room for; 0: none */
};

struct leat_spool_now {
    int64_t ms, wall_ms; /* monotonic, wall clock */
};

/* False: out of memory. */
bool leat_spool_waiting_init(struct leat_spool_waiting *waiting, size_t limit);
void leat_spool_waiting_fini(struct leat_spool_waiting *waiting); /* takes a zeroed one */
/* Around the reading of the folder. Those that are not due stay: by when each is due was decided when it was first
 * seen, whatever became of the clock. */
void leat_spool_waiting_begin(struct leat_spool_waiting *waiting);
void leat_spool_waiting_end(struct leat_spool_waiting *waiting);
/* A name that was seen; once more does nothing. False: out of memory. */
bool leat_spool_waiting_add(struct leat_spool_waiting *waiting, leat_str name, const struct leat_spool_now *now);
/* The next one, which is the caller's then (leat_free). NULL: none, or `more`. */
struct leat_spool_entry *leat_spool_waiting_take(struct leat_spool_waiting *waiting, int64_t now_ms);
/* It could not be taken after all, and comes first next time. */
void leat_spool_waiting_give_back(struct leat_spool_waiting *waiting, struct leat_spool_entry *entry, int64_t now_ms);
/* When the next one is due; 0: none waits for that. */
int64_t leat_spool_waiting_due(const struct leat_spool_waiting *waiting);

#endif
