/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that wait in the executor for a slot. */
#ifndef LEAT_ENGINE_AHEAD_H
#define LEAT_ENGINE_AHEAD_H

#include <leat/run.h>

struct leat_engine;
struct leat_source;
struct leat_timer;

struct leat_ahead {
    uint32_t room;           /* so many may wait now, beyond the free slots */
    int64_t times, usual_us; /* of the last runs */
    struct leat_timer *nap;  /* NULL: the executor lets none wait */
    bool napping, stuck;     /* the nap is set; it has passed and no run has ended since */
};

/* False: out of memory. */
bool leat_ahead_init(struct leat_engine *engine);
/* May the source start one more? */
bool leat_ahead_has_room(const struct leat_source *source);
/* The executor has it. */
void leat_ahead_started(const struct leat_run *run);
/* A run has ended that took so long. */
void leat_ahead_learn(struct leat_engine *engine, int64_t took_us);
/* After how many runs that end elsewhere somebody must wake the loop, which is about to rest: at least 1. */
uint32_t leat_ahead_rest(struct leat_engine *engine);

/* True: no slot had begun it, and its units will be given back. */
bool leat_ahead_recall(struct leat_run *run);
/* The source drains: what was not begun goes back. A unit of which events are done is ended, whatever it takes. */
void leat_ahead_drain(const struct leat_source *source);
/* A handler does not return: nobody waits behind it. */
void leat_ahead_end(struct leat_engine *engine);

#endif
