/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: takes deliveries apart into units, puts their events into runs, and takes the results
 * back. It never waits and never recurses: whatever can go on stands in a queue, and one turn of the
 * loop moves all queues until nothing moves.
 *
 *     deliver -> normalise -> lane -> ready -> run: before, handler, after -> results -> finish -> settle
 */
#include <engine/internal.h>

/* --- a delivery comes in ----------------------------------------------------------------------- */

static void decide(struct leat_unit *unit, enum leat_outcome_kind kind, leat_str reason)
{
    unit->events.count = 0;
    unit->results = &unit->single;
    unit->result_count = 1;
    unit->single = (struct leat_result){.kind = kind, .reason = reason, .delay_ms = -1};
}

static bool is_wanted(const struct leat_engine *engine, const struct leat_unit *unit,
                      const struct leat_envelope *envelope)
{
    return engine->options.keep == NULL || engine->options.keep(engine->options.keep_argument, unit, envelope);
}

static void keep_wanted(struct leat_engine *engine, struct leat_unit *unit)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < unit->events.count; i++)
        if (is_wanted(engine, unit, &unit->events.items[i]))
            unit->events.items[kept++] = unit->events.items[i];
    unit->events.count = kept;
}

/* A broken record is a unit that is rejected without a run of its handler; want of memory is a retry. */
static void normalise(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_delivery *delivery = unit->delivery;
    struct leat_error error = {0};
    struct leat_decoder decoder = {.arena = &delivery->arena,
                                   .adapters = engine->options.adapters,
                                   .max_inflated = engine->options.max_inflated,
                                   .exact = engine->options.exact,
                                   .reterr = &error};
    leat_status status = leat_normalise(&decoder, unit->record, &unit->events);
    if (status.code == LEAT_E_BAD_RECORD && !is_wanted(engine, unit, NULL))
        return; /* a unit without events */
    if (status.code == LEAT_E_BAD_RECORD) {
        leat_str reason = leat_arena_copy(&delivery->arena, leat_str_c(error.message));
        decide(unit, LEAT_OUTCOME_REJECT, reason.ptr != NULL ? reason : LEAT_STR("the record is broken"));
        return;
    }
    keep_wanted(engine, unit);
    unit->result_count = unit->events.count;
    unit->results = &unit->single;
    if (unit->result_count > 1)
        unit->results = LEAT_NEW_N(&delivery->arena, struct leat_result, unit->result_count);
    if (!leat_is_ok(status) || unit->results == NULL)
        decide(unit, LEAT_OUTCOME_RETRY, LEAT_STR("out of memory"));
}

static void enter(struct leat_engine *engine, struct leat_unit *unit)
{
    bool is_free = true;
    if (!leat_lane_enter(engine, unit, &is_free))
        decide(unit, LEAT_OUTCOME_RETRY, LEAT_STR("out of memory"));
    if (is_free)
        leat_queue_push(&engine->ready, unit);
}

void leat_dispatch_deliver(struct leat_engine *engine, struct leat_delivery *delivery)
{
    uint32_t count = delivery->unit_count;
    delivery->references = count + 1;
    delivery->open = count;
    delivery->source->in_flight += count + 1;
    for (uint32_t i = 0; i < count; i++)
        normalise(engine, &delivery->units[i]); /* the arena is read-only after this loop */
    for (uint32_t i = 0; i < count; i++)
        enter(engine, &delivery->units[i]);
    if (count == 0)
        leat_settle_empty(delivery);
    else
        leat_deadline_expect(engine, delivery);
    leat_dispatch_wake(engine);
}

/* --- runs go out --------------------------------------------------------------------------------- */

static bool slot_is_free(const struct leat_engine *engine)
{
    return engine->options.executor->free_slots(engine->executor) > engine->reserved;
}

/* The handler for the event at hand; NULL: it is decided, now or since normalise. */
static struct leat_bound *handler_for(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_result *result = &unit->results[unit->cursor];
    const char *why = NULL;
    if (result->kind != LEAT_OUTCOME_NONE)
        return NULL;
    struct leat_bound *bound = leat_route(engine, &unit->events.items[unit->cursor], &why);
    if (bound == NULL)
        *result = (struct leat_result){.kind = LEAT_OUTCOME_REJECT, .reason = leat_str_c(why), .delay_ms = -1};
    return bound;
}

static bool takes_batches(const struct leat_bound *bound)
{
    return bound != NULL && bound->handler.handle_batch != NULL;
}

/* As many events of the unit as go into the run; leaves the cursor behind them. */
static void take_events(struct leat_engine *engine, struct leat_run *run, struct leat_unit *unit, uint32_t size)
{
    unit->run = run;
    do
        leat_run_add(run, unit, unit->cursor++);
    while (run->count < size && unit->cursor < unit->result_count && handler_for(engine, unit) == run->bound &&
           run->bound != NULL);
}

/* Has a unit of a lane, or one before it, failed so that its later events must not start? */
static bool is_stopped(const struct leat_unit *unit)
{
    return unit->lane != NULL &&
           (unit->lane->stopped || (unit->cursor > 0 && unit->results[unit->cursor - 1].kind == LEAT_OUTCOME_RETRY));
}

/* The unit that may join a batch behind `unit`: the next of its lane, else the next ready one. */
static struct leat_unit *next_for_batch(struct leat_engine *engine, struct leat_run *run, struct leat_unit *unit)
{
    if (unit->cursor < unit->result_count)
        return NULL; /* the rest of it must come first */
    struct leat_unit_queue *queue =
        unit->lane != NULL && unit->lane->waiting.first != NULL ? &unit->lane->waiting : &engine->ready;
    struct leat_unit *next = queue->first;
    if (next == NULL || next->lost || next->result_count == 0 || is_stopped(next) ||
        next->delivery->source != unit->delivery->source || handler_for(engine, next) != run->bound)
        return NULL;
    if (queue != &engine->ready)
        next->lane->running++;
    return leat_queue_pop(queue);
}

static void start_run(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_bound *bound = handler_for(engine, unit);
    uint32_t size = takes_batches(bound) ? engine->options.batch : 1;
    struct leat_run *run = leat_run_new(engine, bound, size);
    if (run == NULL) {
        unit->results[unit->cursor] =
            (struct leat_result){.kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("out of memory"), .delay_ms = -1};
        unit->cursor++;
        leat_dispatch_forward(engine, unit);
        return;
    }
    while (unit != NULL) {
        take_events(engine, run, unit, size);
        unit = run->count < size ? next_for_batch(engine, run, unit) : NULL;
    }
    leat_chain_before(run);
}

/* --- results come back ------------------------------------------------------------------------------ */

/* The unit's next step: more events, or its end. */
void leat_dispatch_forward(struct leat_engine *engine, struct leat_unit *unit)
{
    unit->run = NULL;
    if (unit->cursor < unit->result_count && !unit->lost && !is_stopped(unit))
        leat_queue_push(&engine->ready, unit);
    else
        leat_unit_finish(engine, unit);
}

/* All after-steps are through: the results stand, and become the units'. */
void leat_dispatch_results(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    for (uint32_t i = 0; i < run->count; i++) {
        const struct leat_work *work = &run->work[i];
        leat_result_keep(work->unit->delivery, work->result);
        work->unit->results[work->index] = *work->result;
    }
    for (uint32_t i = 0; i < run->count; i++) {
        struct leat_unit *unit = run->work[i].unit;
        bool last = i + 1 == run->count || run->work[i + 1].unit != unit;
        if (last)
            leat_dispatch_forward(engine, unit);
    }
    leat_run_free(run);
}

/* --- the turn ------------------------------------------------------------------------------------------ */

static struct leat_run *pop(struct leat_run **first, struct leat_run ***last)
{
    struct leat_run *run = *first;
    if (run != NULL && (*first = run->next) == NULL)
        *last = first;
    return run;
}

static void push(struct leat_run *run, struct leat_run ***last)
{
    run->next = NULL;
    **last = run;
    *last = &run->next;
}

static struct leat_run *take_done(struct leat_engine *engine)
{
    struct leat_run *run = pop(&engine->done_here, &engine->last_here);
    if (run != NULL || !atomic_load(&engine->done_elsewhere))
        return run;
    pthread_mutex_lock(&engine->done_lock);
    run = pop(&engine->done, &engine->last_done);
    atomic_store(&engine->done_elsewhere, engine->done != NULL);
    pthread_mutex_unlock(&engine->done_lock);
    return run;
}

void leat_dispatch_wake(struct leat_engine *engine)
{
    engine->again = true;
    if (!engine->in_turn)
        leat_loop_wake(engine->loop);
}

void leat_run_done(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    if (pthread_equal(pthread_self(), engine->thread)) {
        push(run, &engine->last_here);
        leat_dispatch_wake(engine);
        return;
    }
    pthread_mutex_lock(&engine->done_lock);
    bool first = engine->done == NULL; /* whoever put the one before wakes for all */
    push(run, &engine->last_done);
    atomic_store(&engine->done_elsewhere, true);
    pthread_mutex_unlock(&engine->done_lock);
    if (first)
        leat_loop_wake(engine->loop);
}

bool leat_dispatch_take_back(struct leat_engine *engine)
{
    bool moved = false;
    for (struct leat_run *run; (run = take_done(engine)) != NULL; moved = true)
        if (leat_deadline_end(run))
            leat_chain_after(run);
    return moved;
}

/* The first of the ready units goes on. False: none can. */
static bool start_one(struct leat_engine *engine)
{
    struct leat_unit *unit = engine->ready.first;
    if (unit == NULL)
        return false;
    bool over = unit->lost || unit->cursor == unit->result_count || is_stopped(unit);
    bool blocked = !over && handler_for(engine, unit) != NULL && !slot_is_free(engine);
    if (blocked && !leat_deadline_is_hopeless(engine)) {
        leat_deadline_expect(engine, unit->delivery);
        return false;
    }
    (void)leat_queue_pop(&engine->ready);
    if (blocked)
        leat_unit_give_back(engine, unit);
    else if (over)
        leat_unit_finish(engine, unit);
    else
        start_run(engine, unit);
    return true;
}

/* Credit goes out when it changed: after units were settled, and once at the start. */
static bool demand_more(struct leat_engine *engine)
{
    bool moved = false;
    for (struct leat_source *source = engine->sources; source != NULL; source = source->next) {
        uint32_t room = engine->options.max_in_flight;
        room = source->in_flight < room ? room - source->in_flight : 0;
        if (!source->started || source->stopping || source->stopped || room == source->demanded)
            continue;
        source->demanded = room;
        source->ops->demand(source->self, room, engine->options.max_bytes);
        moved = true;
    }
    return moved;
}

static bool all_over(const struct leat_engine *engine)
{
    for (const struct leat_source *source = engine->sources; source != NULL; source = source->next)
        if (!source->stopped || source->in_flight > 0)
            return false;
    return engine->runs == engine->lost;
}

#define MOVES_A_TURN 256 /* then the loop looks at timers and descriptors */

void leat_dispatch_turn(void *argument)
{
    struct leat_engine *engine = argument;
    bool moved = true;
    engine->in_turn = true;
    for (int moves = 0; moved && moves < MOVES_A_TURN; moves++) {
        engine->again = false;
        moved = leat_dispatch_take_back(engine) || start_one(engine) || demand_more(engine) || engine->again;
    }
    engine->in_turn = false;
    if (moved)
        leat_loop_wake(engine->loop);
    else if (all_over(engine))
        leat_loop_break(engine->loop);
}
