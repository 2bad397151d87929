/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run is one call of a handler: its events, its arena, its outcomes. It lives until the handler
 * returns, even if its units were settled or lost before. An executor decides where it runs; the choice
 * of executor is the only difference between the modes.
 */
#ifndef LEAT_RUN_H
#define LEAT_RUN_H

#include <leat/error.h>
#include <leat/unit.h>

LEAT_BEGIN

struct leat_run;
struct leat_slot;

/* What a middleware sees of one event on its way. */
enum leat_step { LEAT_NEXT, LEAT_DECIDED, LEAT_PENDING };

struct leat_work {
    struct leat_unit *unit;
    const struct leat_event *event;
    struct leat_run *run;
    struct leat_result *result;     /* the run's. Before: set it together with DECIDED; after: what the handler said,
                                     * NONE where it was not called and the unit goes back */
    struct leat_emission *emission; /* the run's: what the handler emitted, the last one first */
    enum leat_step step;            /* before: the middleware's answer, LEAT_NEXT when it is called */
    bool decided;                   /* by a before-step: the handler does not see it */
    uint32_t index;                 /* of the event in its unit */
};

/* Loop thread but for what leat_run_call does. */
struct leat_executor_ops {
    const char *name;
    size_t state_size;
    /* `slots`: how many, at least 1. Each must be opened by leat_slot_open on the thread that will run it. */
    leat_status (*open)(void *self, struct leat_slot *const *slots, uint32_t count, struct leat_error *reterr);
    uint32_t (*free_slots)(void *self);
    /* Ends in leat_run_call(run, slot) and then leat_run_done(run), from any thread, now or later. Where `waiting_max`
     * is not 0 the run waits, until a slot that ends one goes on with it or `flush` gives it to a free one. So many may
     * wait beyond the free slots. */
    void (*start)(void *self, struct leat_run *run);
    uint32_t waiting_max;                      /* 0: the three that follow are NULL */
    void (*flush)(void *self, uint32_t slots); /* wakes up to so many free slots for what waits */
    uint32_t (*waiting)(void *self);
    bool (*recall)(void *self, struct leat_run *run); /* takes back one that waits; false: a slot has it, or had it */
    void (*cancel)(void *self, struct leat_run *run); /* may be NULL */
    void (*close)(void *self);                        /* every started run is done by now */
    /* Runs go on while the loop turns, so that a deadline can end the wait for one; `cancel` is there. A slot whose
     * handler does not return is not free, and that is all. */
    bool enforces;
};

/* The handlers' init, on the slot's own thread. On failure nothing of it stays open. */
leat_status leat_slot_open(struct leat_slot *slot, struct leat_error *reterr);
void leat_slot_close(struct leat_slot *slot);
/* Calls the handler on this thread. */
void leat_run_call(struct leat_run *run, struct leat_slot *slot);
/* The handler's own cancel, for the run that this slot is in. Loop thread. */
void leat_run_cancel(struct leat_run *run, struct leat_slot *slot);
/* The run is over. Any thread, exactly once. */
void leat_run_done(struct leat_run *run);

/* The handler runs on the loop thread: one slot, no thread, no hand-over. */
extern const struct leat_executor_ops leat_executor_inline;
/* A thread a slot, which blocks all signals but its own faults. */
extern const struct leat_executor_ops leat_executor_pool;

LEAT_END

#endif
