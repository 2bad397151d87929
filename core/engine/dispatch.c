/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: takes deliveries apart into units, puts their events into runs, and takes the results
 * back. It never waits and never recurses: whatever can go on stands in a queue, and one turn of the
 * loop moves all queues until nothing moves.
 *
 *     arrive (arrive.c) -> lane -> ready -> run: before, handler, after -> results -> letters -> settle
 */
#include <engine/internal.h>

/* --- runs go out --------------------------------------------------------------------------------- */

/* The handler for the event at hand; NULL: it is decided, now or since it came. */
static struct leat_bound *handler_for(struct leat_unit *unit)
{
    struct leat_result *result = &unit->results[unit->cursor];
    const char *why = NULL;
    if (result->kind != LEAT_OUTCOME_NONE)
        return NULL;
    struct leat_bound *bound = leat_route(unit, &unit->events.items[unit->cursor], &why);
    if (bound == NULL)
        *result = (struct leat_result){.kind = LEAT_OUTCOME_REJECT, .reason = leat_str_c(why), .delay_ms = -1};
    return bound;
}

static bool takes_batches(const struct leat_bound *bound)
{
    return bound != NULL && bound->handler.handle_batch != NULL;
}

/* As many events of the unit as go into the run; leaves the cursor behind them. */
static void take_events(struct leat_run *run, struct leat_unit *unit, uint32_t size)
{
    unit->run = run;
    do
        leat_run_add(run, unit, unit->cursor++);
    while (run->count < size && unit->cursor < unit->result_count && !unit->results[unit->cursor].final &&
           run->bound != NULL && handler_for(unit) == run->bound);
}

/* Has one before it failed so that its events, or the rest of them, must not start? */
static bool is_stopped(const struct leat_unit *unit)
{
    const struct leat_lane *lane = unit->lane;
    bool behind = lane != NULL && (lane->stopped || (lane->aside != NULL && lane->aside != unit));
    return behind || (unit->halted && (lane != NULL || unit->in_order));
}

/* Its source stops and it was not begun: it goes back. Who waits for an answer gets one. */
static bool is_to_release(const struct leat_unit *unit)
{
    const struct leat_source *source = unit->delivery->source;
    return source->stopping && unit->cursor == 0 && source->ops->caps.retry != LEAT_BY_CALLER;
}

/* The unit that may join a batch behind `unit`: the next of its lane, else the next ready one. */
static struct leat_unit *next_for_batch(struct leat_run *run, struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    if (unit->cursor < unit->result_count || unit->suspect)
        return NULL; /* the rest of it must come first */
    struct leat_unit_queue *queue =
        unit->lane != NULL && unit->lane->waiting.first != NULL ? &unit->lane->waiting : &source->ready;
    struct leat_unit *next = queue->first;
    if (next == NULL || next->lost || next->cursor == next->result_count || next->suspect || is_stopped(next) ||
        next->delivery->entry != unit->delivery->entry || is_to_release(next) || handler_for(next) != run->bound ||
        !leat_gather_fits(&source->gather, run->count, run->bytes, next->bytes))
        return NULL;
    if (queue == &source->ready)
        return leat_gate_take(source);
    next->lane->running++;
    return leat_queue_pop(queue);
}

static uint32_t size_of_run(const struct leat_engine *engine, const struct leat_source *source,
                            const struct leat_bound *bound)
{
    uint32_t size = takes_batches(bound) ? source->settings.batch : 1;
    uint64_t most = engine->options.max_events,
             left = most > engine->started_events ? most - engine->started_events : 0;
    return left > 0 && left < size ? (uint32_t)left : size; /* a unit that was begun is ended, whatever is left */
}

static void count_started(struct leat_engine *engine, struct leat_run *run)
{
    leat_gate_started(run);
    engine->started_events += run->count;
    if (engine->options.max_events > 0 && engine->started_events >= engine->options.max_events)
        leat_engine_stop(engine);
}

/* `bound` is handler_for's. */
static void start_run(struct leat_engine *engine, struct leat_unit *unit, struct leat_bound *bound)
{
    struct leat_source *source = unit->delivery->source;
    uint32_t size = size_of_run(engine, source, bound);
    struct leat_run *run = leat_run_new(engine, bound, size);
    if (run == NULL) {
        unit->results[unit->cursor] =
            (struct leat_result){.kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("out of memory"), .delay_ms = -1};
        unit->cursor++;
        unit->retries = unit->halted = true;
        leat_dispatch_forward(engine, unit);
        return;
    }
    while (unit != NULL) {
        take_events(run, unit, size);
        run->bytes += unit->bytes;
        unit = run->count < size ? next_for_batch(run, unit) : NULL;
    }
    if (bound != NULL)
        count_started(engine, run);
    leat_chain_before(run);
}

/* --- results come back ------------------------------------------------------------------------------ */

/* It goes on when a slot takes it. What is final needs none. What was begun goes before what was not: a unit is settled
 * the sooner, and if the process dies there is less that was done for nothing. */
void leat_dispatch_ready(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    while (unit->cursor < unit->result_count && unit->results[unit->cursor].final)
        unit->cursor++;
    if (unit->cursor > 0)
        leat_queue_push_front(&source->ready, unit);
    else
        leat_queue_push(&source->ready, unit);
    leat_gate_add(source, unit);
    leat_dispatch_wake(engine);
}

/* The unit's next step: more events, or its end. */
void leat_dispatch_forward(struct leat_engine *engine, struct leat_unit *unit)
{
    unit->run = NULL;
    if (unit->retries)
        leat_again_limit(engine, unit);
    while (unit->cursor < unit->result_count && unit->results[unit->cursor].final)
        unit->cursor++;
    if (unit->cursor < unit->result_count && !unit->lost && !is_stopped(unit))
        leat_dispatch_ready(engine, unit);
    else
        leat_unit_finish(engine, unit);
}

static void count_results(const struct leat_run *run)
{
    struct leat_source_counters *counters = &run->deliveries[0]->source->counters;
    if (run->recalled)
        return;
    counters->events += run->count;
    for (uint32_t i = 0; i < run->count; i++)
        counters->outcomes[run->work[i].result->kind]++;
}

/* All after-steps are through: the results stand, and become the units'. */
void leat_dispatch_results(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    count_results(run);
    leat_gate_ended(run);
    if (run->bound != NULL)
        run->deliveries[0]->source->running--;
    for (uint32_t i = 0; i < run->count; i++) {
        const struct leat_work *work = &run->work[i];
        leat_result_keep(work->unit->delivery, work->result);
        work->unit->results[work->index] = *work->result;
        if (work->emission != NULL)
            leat_emissions_keep(work->unit, work->index, work->emission); /* or it is a retry */
        if (work->unit->results[work->index].kind == LEAT_OUTCOME_RETRY)
            work->unit->retries = work->unit->halted = true;
    }
    for (uint32_t i = 0; i < run->count; i++) {
        struct leat_unit *unit = run->work[i].unit;
        bool last = i + 1 == run->count || run->work[i + 1].unit != unit;
        if (!last)
            continue;
        if (!run->recalled) {
            leat_dispatch_forward(engine, unit);
            continue;
        }
        unit->run = NULL;
        leat_unit_give_back(engine, unit, "no slot was free in time");
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

/* All that ended elsewhere, with one lock. */
static void fetch_done(struct leat_engine *engine)
{
    pthread_mutex_lock(&engine->done_lock);
    if (engine->done != NULL) {
        *engine->last_here = engine->done;
        engine->last_here = engine->last_done;
        engine->done = NULL;
        engine->last_done = &engine->done;
    }
    atomic_store(&engine->done_elsewhere, false);
    pthread_mutex_unlock(&engine->done_lock);
}

static struct leat_run *take_done(struct leat_engine *engine)
{
    if (engine->done_here == NULL && atomic_load(&engine->done_elsewhere))
        fetch_done(engine);
    return pop(&engine->done_here, &engine->last_here);
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
    bool wake = engine->wake_after > 0 && --engine->wake_after == 0; /* else the loop will see it by itself */
    push(run, &engine->last_done);
    atomic_store(&engine->done_elsewhere, true);
    pthread_mutex_unlock(&engine->done_lock);
    if (wake)
        leat_loop_wake(engine->loop);
}

bool leat_dispatch_take_back(struct leat_engine *engine)
{
    bool moved = false;
    for (struct leat_run *run; (run = take_done(engine)) != NULL; moved = true) {
        if (run->phase == LEAT_RUN_RUNNING && !run->recalled)
            leat_ahead_learn(engine, run->took_us);
        if (leat_deadline_end(run))
            leat_chain_after(run);
    }
    return moved;
}

/* The first of the source's ready units goes on. False: it cannot. */
static bool start_from(struct leat_engine *engine, struct leat_source *source)
{
    struct leat_unit *unit = source->ready.first;
    if (unit == NULL)
        return false;
    bool over = unit->lost || unit->cursor == unit->result_count || is_stopped(unit);
    bool release = !over && is_to_release(unit);
    struct leat_bound *bound = over || release ? NULL : handler_for(unit);
    bool run = bound != NULL;
    bool room = run && leat_ahead_has_room(source);
    bool hopeless = run && !room && leat_deadline_is_hopeless(engine);
    if (run && !hopeless && !room) {
        leat_deadline_expect(engine, unit->delivery);
        return false;
    }
    if (run && !hopeless && !leat_gate_is_open(source))
        return false;
    unit = leat_gate_take(source);
    if (release || hopeless)
        leat_unit_give_back(engine, unit, release ? "shutting down" : "no slot is left to run it");
    else if (over)
        leat_unit_finish(engine, unit);
    else
        start_run(engine, unit, bound);
    return true;
}

/* Sources take turns. */
static bool start_one(struct leat_engine *engine)
{
    struct leat_source *first = engine->turn != NULL ? engine->turn : engine->sources, *source = first;
    if (source == NULL)
        return false;
    do {
        struct leat_source *next = source->next != NULL ? source->next : engine->sources;
        if (start_from(engine, source)) {
            engine->turn = next;
            return true;
        }
        source = next;
    } while (source != first);
    return false;
}

static uint32_t room_of(const struct leat_source *source)
{
    uint32_t most = source->settings.max_in_flight;
    bool full = source->settings.paused || source->bytes >= source->settings.max_bytes;
    return full || source->in_flight >= most ? 0 : most - source->in_flight;
}

/* Credit goes out when it changed: after units were settled, and once at the start. */
static bool demand_more(struct leat_engine *engine)
{
    bool moved = false;
    for (struct leat_source *source = engine->sources; source != NULL; source = source->next) {
        uint32_t room = room_of(source);
        if (!source->started || source->stopping || source->stopped || room == source->demanded)
            continue;
        source->demanded = room;
        source->ops->demand(source->self, room, room > 0 ? source->settings.max_bytes - source->bytes : 0);
        moved = true;
    }
    return moved;
}

/* Nothing is under way any more but what lost slots hold. */
static bool is_over(const struct leat_engine *engine)
{
    if (engine->runs != engine->lost || engine->letters > 0)
        return false;
    for (const struct leat_source *source = engine->sources; source != NULL; source = source->next) {
        bool held = engine->lost > 0 && source->settling == 0 && source->waiting == 0 && source->ready.first == NULL;
        if (!source->stopped || (source->in_flight > 0 && !held))
            return false;
    }
    return true;
}

static void tell_change(struct leat_engine *engine)
{
    bool changing = engine->changing && engine->options.changed != NULL;
    engine->changing = false;
    if (changing)
        engine->options.changed(engine->options.changed_argument);
}

/* From here on whoever ends enough runs elsewhere wakes the loop. False: one has ended meanwhile. */
static bool rest(struct leat_engine *engine)
{
    uint32_t wake_after = leat_ahead_rest(engine);
    pthread_mutex_lock(&engine->done_lock);
    bool resting = engine->done == NULL;
    engine->wake_after = resting ? wake_after : 0;
    pthread_mutex_unlock(&engine->done_lock);
    return resting;
}

#define MOVES_A_TURN 256 /* then the loop looks at timers and descriptors */

void leat_dispatch_turn(void *argument)
{
    struct leat_engine *engine = argument;
    bool moved = true;
    engine->in_turn = true;
    for (int moves = 0; moved && moves < MOVES_A_TURN; moves++) {
        engine->again = false;
        moved = leat_dispatch_take_back(engine) || start_one(engine) || demand_more(engine) || engine->again ||
                !rest(engine);
    }
    engine->in_turn = false;
    if (moved) {
        (void)leat_ahead_rest(engine);
        leat_loop_wake(engine->loop);
        return;
    }
    tell_change(engine);
    if (is_over(engine) || leat_drain_is_over(engine))
        leat_loop_break(engine->loop);
}
