/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines, where the executor lets the loop go on meanwhile. At its deadline a run is cancelled; after a grace it is
 * lost: a stand-in takes its place and settles its events as retries, while the run itself keeps its slot, its memory
 * and its lanes until the handler returns. One timer: it is set for the soonest, and looks again when it fires.
 */
#include <engine/internal.h>

#include <inttypes.h>
#include <stdio.h>

#define NEVER INT64_MAX

static void arm(struct leat_engine *engine, int64_t at_us, int64_t from_us)
{
    if (at_us >= engine->armed_us)
        return;
    engine->armed_us = at_us;
    leat_timer_set(engine->timer, at_us > from_us ? (at_us - from_us + 999) / 1000 : 0);
}

/* When a delivery's time is over, by our clock. */
static int64_t end_of(const struct leat_engine *engine, int64_t deadline_ms, int64_t from_us)
{
    return deadline_ms < 0 ? from_us : leat_us_in(from_us, deadline_ms - leat_clock_wall_ms(engine->options.clock));
}

/* --- a run under way ------------------------------------------------------------------------------------ */

/* By the wall clock; 0: none has one. */
static int64_t soonest_delivery_ms(const struct leat_run *run)
{
    int64_t soonest_ms = 0;
    for (uint32_t i = 0; i < run->count; i++) {
        int64_t deadline_ms = run->deliveries[i]->invocation.deadline_ms;
        if (deadline_ms != 0 && (soonest_ms == 0 || deadline_ms < soonest_ms))
            soonest_ms = deadline_ms;
    }
    return soonest_ms;
}

static void watch(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    run->watch_next = engine->watched;
    run->watch_at = &engine->watched;
    if (engine->watched != NULL)
        engine->watched->watch_at = &run->watch_next;
    engine->watched = run;
}

/* Before the executor gets it. */
void leat_deadline_start(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    if (engine->timer == NULL)
        return;
    watch(run); /* a drain may end it */
    run->due_us = run->end_us = NEVER;
    int64_t timeout_ms = engine->options.timeout_ms, delivery_ms = soonest_delivery_ms(run);
    if (timeout_ms == 0 && delivery_ms == 0)
        return;
    int64_t from_us = leat_engine_now_us(engine);
    int64_t own_us = timeout_ms > 0 ? leat_us_in(from_us, timeout_ms) : NEVER;
    if (delivery_ms != 0)
        run->end_us = end_of(engine, delivery_ms, from_us);
    run->started_us = from_us;
    run->deadline_us = run->due_us = run->end_us < own_us ? run->end_us : own_us;
    arm(engine, run->due_us, from_us);
}

static void unwatch(struct leat_run *run)
{
    if (run->watch_at == NULL)
        return;
    *run->watch_at = run->watch_next;
    if (run->watch_next != NULL)
        run->watch_next->watch_at = run->watch_at;
    run->watch_at = NULL;
}

enum { DURATION_MAX = 32 };

static const char *duration(char *buf, int64_t ms)
{
    snprintf(buf, DURATION_MAX, ms % 1000 == 0 ? "%" PRId64 " s" : "%" PRId64 " ms", ms % 1000 == 0 ? ms / 1000 : ms);
    return buf;
}

/* What it had. */
static int64_t had_ms(const struct leat_run *run)
{
    return (run->deadline_us - run->started_us + 500) / 1000;
}

/* Who waits for an answer gets one while the handler still runs. A queue does not: its unit is given back when the
 * handler returns, or when the process ends, and by then it may not be running twice. */
static bool is_callers(const struct leat_source *source)
{
    return source->ops->caps.retry == LEAT_BY_CALLER;
}

/* Whatever it said so late. */
static void time_out(struct leat_run *run)
{
    char text[DURATION_MAX];
    leat_str reason = leat_arena_printf(&run->arena, "timed out after %s", duration(text, had_ms(run)));
    for (uint32_t i = 0; i < run->count; i++) {
        struct leat_result *result = run->work[i].result;
        if (run->work[i].decided)
            continue;
        result->kind = LEAT_OUTCOME_RETRY;
        result->timed_out = true;
        result->reason = reason.ptr != NULL ? reason : LEAT_STR("timed out");
        result->delay_ms = -1;
        result->reply = NULL;
        run->work[i].emission = NULL;
    }
}

/* Its handler has returned. False: too late, and that was all. */
bool leat_deadline_end(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    if (run->phase != LEAT_RUN_LOST) {
        unwatch(run);
        return true;
    }
    struct leat_source *source = run->deliveries[0]->source;
    engine->lost--;
    engine->metrics.late_results++;
    source->counters.late_results++;
    if (!is_callers(source)) {
        time_out(run);
        return true;
    }
    source->running--;
    for (uint32_t i = 0; i < run->count; i++)
        if (!run->work[i].decided)
            leat_lane_let_go(engine, run->work[i].unit);
    leat_run_free(run);
    return false;
}

/* --- a run is lost ------------------------------------------------------------------------------------- */

static bool is_last_of_unit(const struct leat_run *run, uint32_t i)
{
    return i + 1 == run->count || run->work[i + 1].unit != run->work[i].unit;
}

/* The events of a unit that no run has had. */
static void add_rest(struct leat_run *run, struct leat_unit *unit, const struct leat_result *result)
{
    while (unit->cursor < unit->result_count) {
        leat_run_add(run, unit, unit->cursor++);
        *run->work[run->count - 1].result = *result;
    }
    unit->run = run;
}

static struct leat_run *new_stand_in(const struct leat_run *lost)
{
    uint32_t size = lost->count;
    for (uint32_t i = 0; i < lost->count; i++)
        if (is_last_of_unit(lost, i))
            size += lost->work[i].unit->result_count - lost->work[i].unit->cursor;
    return leat_run_new(lost->engine, NULL, size);
}

/* Nothing that the handler's thread may touch is read: not its results, not its events. */
static void fill_stand_in(struct leat_run *run, const struct leat_run *lost)
{
    char text[DURATION_MAX];
    leat_str reason = leat_arena_printf(&run->arena, "timed out after %s", duration(text, had_ms(lost)));
    const struct leat_result unstarted = {.kind = LEAT_OUTCOME_RETRY,
                                          .timed_out = true,
                                          .reason = reason.ptr != NULL ? reason : LEAT_STR("timed out"),
                                          .delay_ms = -1};
    struct leat_result result = unstarted;
    result.duration_us = leat_engine_now_us(run->engine) - lost->started_us - atomic_load(&lost->late_us);
    result.handler = lost->bound->handler.name;
    for (uint32_t i = 0; i < lost->count; i++) {
        const struct leat_work *work = &lost->work[i];
        leat_run_add(run, work->unit, work->index);
        struct leat_work *stand_in = &run->work[run->count - 1];
        stand_in->decided = work->decided;
        *stand_in->result = work->decided ? *work->result : result;
        if (is_last_of_unit(lost, i))
            add_rest(run, work->unit, &unstarted);
    }
}

/* Without memory for a run the unit ends unseen by the after-steps. */
static void end_bare(struct leat_engine *engine, struct leat_unit *unit, const struct leat_result *result)
{
    for (uint32_t i = 0; i < unit->result_count; i++)
        if (unit->results[i].kind == LEAT_OUTCOME_NONE)
            unit->results[i] = *result;
    unit->cursor = unit->result_count;
    leat_dispatch_forward(engine, unit);
}

static void replace(struct leat_run *lost)
{
    const struct leat_result bare = {
        .kind = LEAT_OUTCOME_RETRY, .timed_out = true, .reason = LEAT_STR("timed out"), .delay_ms = -1};
    struct leat_run *stand_in = new_stand_in(lost);
    if (stand_in != NULL) {
        fill_stand_in(stand_in, lost);
        stand_in->generation = lost->generation;
        leat_run_done(stand_in);
        return;
    }
    for (uint32_t i = 0; i < lost->count; i++) {
        const struct leat_work *work = &lost->work[i];
        if (work->decided) {
            leat_result_keep(work->unit->delivery, work->result);
            work->unit->results[work->index] = *work->result;
        }
        if (is_last_of_unit(lost, i))
            end_bare(lost->engine, work->unit, &bare);
    }
}

static void write_loss(struct leat_engine *engine)
{
    char text[DURATION_MAX];
    snprintf(engine->loss, sizeof(engine->loss), "%u slot%s lost: handler %s did not return within %s of its timeout",
             engine->lost, engine->lost == 1 ? " is" : "s are", engine->loser,
             duration(text, engine->options.grace_ms));
}

static void log_lost(const struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    const struct leat_unit *unit = run->work[0].unit;
    char text[DURATION_MAX], more[32] = "";
    struct leat_log_fields fields = {.source = unit->delivery->source->settings.name,
                                     .handler = leat_str_c(run->bound->handler.name),
                                     .event = leat_unit_name(unit)};
    if (run->count > 1)
        snprintf(more, sizeof(more), " and %u more", run->count - 1);
    leat_logger_write(leat_engine_logger(engine), LEAT_WARN, &fields,
                      "handler %s has not returned from its timeout of %s, on %.*s%s", run->bound->handler.name,
                      duration(text, had_ms(run)), LEAT_ARG(fields.event), more);
}

static void lose(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    unwatch(run);
    run->phase = LEAT_RUN_LOST;
    engine->lost++;
    engine->loser = run->bound->handler.name;
    if (is_callers(run->deliveries[0]->source)) {
        for (uint32_t i = 0; i < run->count; i++)
            if (!run->work[i].decided)
                leat_lane_hold(run->work[i].unit);
        replace(run);
    } else {
        log_lost(run);
        leat_journal_hang(engine->options.journal, atomic_load(&run->slot));
    }
    leat_ahead_end(engine);
    if (engine->lost <= engine->options.max_lost_slots || engine->gave_up)
        return;
    engine->gave_up = true;
    write_loss(engine);
    leat_logger_write(leat_engine_logger(engine), LEAT_ERROR, NULL, "%s: stopping", engine->loss);
    leat_engine_stop(engine);
}

/* --- units that wait for a slot ---------------------------------------------------------------------------- */

void leat_deadline_expect(struct leat_engine *engine, const struct leat_delivery *delivery)
{
    if (engine->timer == NULL || delivery->invocation.deadline_ms == 0)
        return;
    int64_t from_us = leat_engine_now_us(engine);
    arm(engine, end_of(engine, delivery->invocation.deadline_ms, from_us), from_us);
}

static void expire(struct leat_engine *engine, struct leat_unit *unit)
{
    const struct leat_result result = {.kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("no time left"), .delay_ms = -1};
    struct leat_run *run = leat_run_new(engine, NULL, unit->result_count - unit->cursor);
    if (run == NULL) {
        end_bare(engine, unit, &result);
        return;
    }
    add_rest(run, unit, &result);
    leat_run_done(run);
}

/* What no slot was free for in all of its time. */
static void expire_waiting(struct leat_source *source, int64_t from_us)
{
    struct leat_engine *engine = source->engine;
    struct leat_unit_queue waiting = source->ready;
    if (waiting.first == NULL || engine->options.executor->free_slots(engine->executor) > 0)
        return;
    leat_queue_init(&source->ready);
    for (struct leat_unit *unit; (unit = leat_queue_pop(&waiting)) != NULL;) {
        int64_t deadline_ms = unit->delivery->invocation.deadline_ms;
        int64_t end_us = deadline_ms != 0 ? end_of(engine, deadline_ms, from_us) : NEVER;
        if (end_us <= from_us && !unit->lost && unit->cursor < unit->result_count) {
            expire(engine, unit);
            continue;
        }
        leat_queue_push(&source->ready, unit);
        if (end_us > from_us)
            arm(engine, end_us, from_us);
    }
}

/* --- the timer ------------------------------------------------------------------------------------------------ */

static void cancel(struct leat_run *run)
{
    atomic_store(&run->cancelled, true);
    run->engine->options.executor->cancel(run->engine->executor, run);
}

/* The grace counts from when the handler could know. */
static void pass(struct leat_run *run, int64_t at_us)
{
    if (run->overdue) {
        lose(run);
        return;
    }
    if (leat_ahead_recall(run))
        return;
    run->due_us = leat_run_deadline_us(run);
    if (run->due_us > at_us)
        return; /* it had to wait for its slot */
    run->overdue = true;
    run->due_us = leat_us_in(at_us, run->engine->options.grace_ms);
    cancel(run);
    leat_stream_abort(run);
}

/* The limit of a drain has passed: as if it were everybody's deadline, but that nobody is given up for it. */
void leat_deadline_cancel_all(struct leat_engine *engine)
{
    for (struct leat_run *run = engine->watched; run != NULL; run = run->watch_next)
        if (!leat_ahead_recall(run))
            cancel(run);
}

static void look(void *argument)
{
    struct leat_engine *engine = argument;
    (void)leat_dispatch_take_back(engine); /* those that ended in time, however late we look */
    int64_t at_us = leat_engine_now_us(engine);
    engine->armed_us = NEVER;
    for (struct leat_run *run = engine->watched, *next; run != NULL; run = next) {
        next = run->watch_next;
        if (run->due_us <= at_us)
            pass(run, at_us);
    }
    for (const struct leat_run *run = engine->watched; run != NULL; run = run->watch_next)
        arm(engine, run->due_us, at_us);
    for (struct leat_source *source = engine->sources; source != NULL; source = source->next)
        expire_waiting(source, at_us);
    leat_dispatch_wake(engine);
}

/* False: out of memory. */
bool leat_deadline_init(struct leat_engine *engine)
{
    engine->armed_us = NEVER;
    if (!engine->options.executor->enforces)
        return true;
    engine->timer = leat_loop_timer(engine->loop, look, engine);
    return engine->timer != NULL;
}

/* --- lost slots -------------------------------------------------------------------------------------------- */

uint32_t leat_engine_lost_slots(const struct leat_engine *engine)
{
    return engine->lost;
}

/* No slot is left, and no source waits for one to come back. */
bool leat_deadline_is_hopeless(const struct leat_engine *engine)
{
    bool hopeless = engine->lost == engine->options.slots;
    for (const struct leat_source *source = engine->sources; hopeless && source != NULL; source = source->next)
        hopeless = source->stopping || source->stopped;
    return hopeless;
}

leat_status leat_deadline_verdict(struct leat_engine *engine, struct leat_error *reterr)
{
    if (engine->lost > 0)
        write_loss(engine);
    return engine->lost > 0 || engine->gave_up ? leat_error_set(reterr, LEAT_STATUS(BUG), "%s", engine->loss) : LEAT_OK;
}
