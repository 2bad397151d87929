/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs ahead of the slots. Where each run waits for the loop thread to hand it over, a slot sleeps and is woken for
 * each, and where handlers are quick that costs more than they do. So a few runs wait in the executor, and a slot that
 * ends one goes on with the next: as many as the slots do in half a millisecond, as runs went of late. None behind a
 * failure, for the next ones may fail as well, or where a slot is lost. What no slot has begun can be had back, at a
 * drain, at its deadline, when it is lost.
 *
 * Nor is anybody woken for each run: idle slots only as far as there is work for them, once the loop thread has started
 * what it can, and the loop thread when half of what waits is done. A nap of a millisecond ends what these guesses get
 * wrong.
 */
#include <engine/internal.h>

#define AHEAD_US 500
#define QUICK_US 25 /* a run that is shorter may wait until the loop thread has started others */
#define WORTH_US 50 /* what a slot is woken for, unless it is the first */
#define NAP_MS 1
#define SHARE 8 /* the average gives a run's time this part */

static uint32_t waiting_in(const struct leat_engine *engine)
{
    return engine->options.executor->waiting(engine->executor);
}

/* What would have to go back goes only where it comes again: who waits for an answer waits for a slot. */
bool leat_ahead_has_room(const struct leat_source *source)
{
    const struct leat_engine *engine = source->engine;
    const struct leat_executor_ops *ops = engine->options.executor;
    uint32_t slots = ops->free_slots(engine->executor), taken = engine->reserved, room = engine->ahead.room;
    if (ops->waiting_max > 0)
        taken += waiting_in(engine);
    if (source->breaker.row > 0 || source->ops->caps.retry == LEAT_BY_CALLER)
        room = 0;
    return taken < slots + room;
}

void leat_ahead_learn(struct leat_engine *engine, int64_t took_us)
{
    struct leat_ahead *ahead = &engine->ahead;
    uint32_t most = engine->options.executor->waiting_max;
    if (most == 0)
        return;
    ahead->times += took_us - ahead->times / SHARE;
    ahead->usual_us = ahead->times / SHARE;
    ahead->stuck = false;
    int64_t room = (int64_t)AHEAD_US * engine->options.slots / (ahead->usual_us > 0 ? ahead->usual_us : 1);
    ahead->room = engine->lost > 0 ? 0 : room < most ? (uint32_t)room : most;
}

static void flush(const struct leat_engine *engine)
{
    const struct leat_ahead *ahead = &engine->ahead;
    uint64_t slots = 1 + (uint64_t)waiting_in(engine) * (uint64_t)ahead->usual_us / WORTH_US;
    bool all = ahead->stuck || slots > UINT32_MAX; /* what is usual does not hold now */
    engine->options.executor->flush(engine->executor, all ? UINT32_MAX : (uint32_t)slots);
}

/* Will others follow it at once? */
void leat_ahead_started(const struct leat_run *run)
{
    const struct leat_engine *engine = run->engine;
    const struct leat_ahead *ahead = &engine->ahead;
    if (ahead->nap == NULL)
        return;
    bool alone = run->deliveries[0]->source->ready.first == NULL;
    if (alone || ahead->usual_us > QUICK_US || waiting_in(engine) >= ahead->room)
        flush(engine);
}

bool leat_ahead_recall(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    const struct leat_executor_ops *ops = engine->options.executor;
    if (ops->waiting_max == 0 || run->phase != LEAT_RUN_RUNNING || !ops->recall(engine->executor, run))
        return false;
    run->recalled = true;
    run->due_us = INT64_MAX;
    leat_run_done(run);
    return true;
}

void leat_ahead_drain(const struct leat_source *source)
{
    if (source->ops->caps.retry == LEAT_BY_CALLER)
        return;
    for (struct leat_run *run = source->engine->watched; run != NULL; run = run->watch_next)
        if (run->deliveries[0]->source == source && run->work[0].index == 0)
            (void)leat_ahead_recall(run);
}

void leat_ahead_end(struct leat_engine *engine)
{
    if (engine->ahead.nap == NULL)
        return;
    engine->ahead.room = 0;
    engine->options.executor->flush(engine->executor, UINT32_MAX);
    for (struct leat_run *run = engine->watched; run != NULL; run = run->watch_next)
        (void)leat_ahead_recall(run);
}

/* --- the loop thread's rest ------------------------------------------------------------------------------ */

/* Whatever runs takes longer than was thought. The turn that follows looks what has ended. */
static void end_nap(void *argument)
{
    struct leat_engine *engine = argument;
    engine->ahead.napping = false;
    engine->ahead.stuck = true;
    flush(engine);
    leat_dispatch_wake(engine);
}

uint32_t leat_ahead_rest(struct leat_engine *engine)
{
    struct leat_ahead *ahead = &engine->ahead;
    if (ahead->nap == NULL)
        return 1;
    flush(engine);
    uint32_t waiting = waiting_in(engine);
    if (waiting == 0 || ahead->stuck)
        return 1;
    if (!ahead->napping)
        leat_timer_set(ahead->nap, NAP_MS);
    ahead->napping = true;
    return 1 + waiting / 2;
}

bool leat_ahead_init(struct leat_engine *engine)
{
    struct leat_ahead *ahead = &engine->ahead;
    if (engine->options.executor->waiting_max == 0)
        return true;
    ahead->usual_us = (int64_t)AHEAD_US * (engine->options.slots + 1); /* more than room is made for */
    ahead->times = ahead->usual_us * SHARE;
    ahead->nap = leat_loop_timer(engine->loop, end_nap, engine);
    return ahead->nap != NULL;
}
