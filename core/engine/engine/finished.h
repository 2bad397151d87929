/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done already of units that were handed back: when such a unit comes again while the process lives, only its
 * unfinished events run. Bounded: the oldest entry goes first, which costs a repetition and nothing else. Pure.
 */
#ifndef LEAT_ENGINE_FINISHED_H
#define LEAT_ENGINE_FINISHED_H

#include <leat/str.h>

struct leat_finished;

/* How an event was rejected: what its dead letter says of it, which may be written much later. */
struct leat_finished_reject {
    leat_str reason;     /* absent: it was not, it is ok */
    const char *handler; /* lives longer than what keeps it; NULL: none ran */
    int64_t duration_us;
    bool timed_out;
};

/* Keeps `entries_max` units, at least one. NULL: out of memory. */
struct leat_finished *leat_finished_new(uint32_t entries_max);
void leat_finished_free(struct leat_finished *finished); /* takes NULL */
/* Event `index` of `count` of the unit `name` of the source `scope` is done: ok, or rejected (NULL: ok). False: out of
 * memory, and this event is forgotten; all else is as before. What was noted first stands. */
bool leat_finished_note(struct leat_finished *finished, const void *scope, leat_str name, uint32_t index,
                        uint32_t count, const struct leat_finished_reject *reject);
/* Is it? *retreject is as noted, valid until the next note or forget. An entry of another `count` is another unit. */
bool leat_finished_is(const struct leat_finished *finished, const void *scope, leat_str name, uint32_t index,
                      uint32_t count, struct leat_finished_reject *retreject);
bool leat_finished_is_empty(const struct leat_finished *finished);
/* The unit is settled. */
void leat_finished_forget(struct leat_finished *finished, const void *scope, leat_str name);

#endif
