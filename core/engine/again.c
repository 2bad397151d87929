/* SPDX-License-Identifier: Apache-2.0 */
/* Retries: when they end, who makes them, how long they wait, and what of a unit runs again. */
#include <engine/internal.h>

#include <inttypes.h>
#include <stdio.h>

#define BASE_MS 1000
#define MAX_MS 300000

static enum leat_retry_owner owner_of(const struct leat_unit *unit)
{
    return unit->delivery->source->ops->caps.retry;
}

/* The number of its attempt, from 1; 0: nobody counts. */
uint32_t leat_unit_attempt(const struct leat_unit *unit)
{
    if (owner_of(unit) == LEAT_BY_CALLER)
        return unit->attempts;
    return (unit->attempts > 0 ? unit->attempts : 1) + unit->tries;
}

/* Why it is not tried again; absent: it may be. */
static leat_str end_of(const struct leat_engine *engine, struct leat_unit *unit)
{
    const struct leat_source_settings *settings = unit->delivery->entry->settings;
    uint32_t attempt = leat_unit_attempt(unit);
    int64_t age_ms = unit->since_ms > 0 ? leat_clock_wall_ms(engine->options.clock) - unit->since_ms : 0;
    if (settings->max_attempts > 0 && attempt >= settings->max_attempts)
        return leat_arena_printf(&unit->delivery->results, "given up after %u attempt%s", attempt,
                                 attempt == 1 ? "" : "s");
    if (settings->max_age_ms > 0 && age_ms > settings->max_age_ms)
        return leat_arena_printf(&unit->delivery->results, "given up after %.1f s in the queue",
                                 (double)age_ms / 1000.0);
    return LEAT_ABSENT;
}

/* Its retries become rejects where the limits say so: those of a caller have none, unless an entry sets them. */
void leat_again_limit(struct leat_engine *engine, struct leat_unit *unit)
{
    leat_str why = LEAT_ABSENT;
    struct leat_arena *arena = &unit->delivery->results;
    if (unit->unwritten || unit->lost)
        return;
    unit->retries = false; /* none that was not looked at */
    for (uint32_t i = 0; i < unit->result_count; i++) {
        struct leat_result *result = &unit->results[i];
        if (result->kind != LEAT_OUTCOME_RETRY)
            continue;
        if (why.ptr == NULL && (why = end_of(engine, unit)).ptr == NULL)
            return;
        leat_str reason = leat_arena_printf(arena, "%.*s: %.*s", LEAT_ARG(why), LEAT_ARG(result->reason));
        result->kind = LEAT_OUTCOME_REJECT;
        unit->halted = false; /* all of them, if any */
        result->reason = reason.ptr != NULL ? reason : why;
    }
}

/* What there was no memory to make an event of can only come again. */
static bool unit_can_run(const struct leat_unit *unit)
{
    for (uint32_t i = 0; i < unit->result_count; i++)
        if (unit->results[i].kind == LEAT_OUTCOME_RETRY && leat_unit_envelope(unit, i) == NULL)
            return false;
    return true;
}

/* Is it retried in place? Not where the source has it back in time, and in order. */
bool leat_again_here(const struct leat_unit *unit)
{
    const struct leat_source *source = unit->delivery->source;
    const struct leat_source_caps *caps = &source->ops->caps;
    bool ours =
        caps->retry == LEAT_BY_ENGINE || (caps->retry == LEAT_BY_SOURCE && !caps->ordered && unit->lane != NULL);
    return ours && !unit->lost && !source->stopping && unit_can_run(unit) &&
           leat_unit_worst(unit)->kind == LEAT_OUTCOME_RETRY;
}

int64_t leat_again_delay_ms(struct leat_engine *engine, const struct leat_unit *unit, int64_t wish_ms)
{
    const struct leat_source_settings *settings = &unit->delivery->source->settings;
    struct leat_backoff backoff = {
        .base_ms = settings->backoff_base_ms > 0 ? settings->backoff_base_ms : BASE_MS,
        .max_ms = settings->backoff_max_ms > 0 ? settings->backoff_max_ms : MAX_MS,
    };
    if (wish_ms >= 0)
        return wish_ms;
    return leat_backoff_ms(&backoff, leat_unit_attempt(unit), &engine->chance);
}

/* What it is called among those that were handed back: by name, and by what stands in it since when. A queue of files
 * may have that name again before the first one of it is done. Absent: it has no name, or out of memory. */
leat_str leat_again_key(struct leat_unit *unit)
{
    struct leat_delivery *delivery = unit->delivery;
    leat_str name = leat_unit_name(unit);
    if (name.ptr == NULL || delivery->text.ptr == NULL || delivery->unit_count > 1)
        return name;
    leat_str digest = leat_digest(&delivery->results, delivery->text);
    return leat_arena_printf(&delivery->results, "%.*s/%" PRId64 "/%.*s", LEAT_ARG(digest), unit->since_ms,
                             LEAT_ARG(name));
}

static bool is_done(const struct leat_result *result)
{
    return result->kind == LEAT_OUTCOME_OK || result->kind == LEAT_OUTCOME_REJECT;
}

/* What is done stays done; in order, what ran behind the first that is not is not. A broken record stays rejected. */
void leat_again_reset(struct leat_unit *unit)
{
    bool ordered = unit->lane != NULL || unit->in_order, behind = false;
    unit->cursor = unit->result_count;
    for (uint32_t i = unit->result_count; i-- > 0;)
        if (!is_done(&unit->results[i]))
            unit->cursor = i;
    for (uint32_t i = 0; i < unit->result_count; i++) {
        struct leat_result *result = &unit->results[i];
        behind = behind || (ordered && !is_done(result));
        result->final = is_done(result) && (!behind || leat_unit_envelope(unit, i) == NULL);
        if (!result->final)
            *result = (struct leat_result){.kind = LEAT_OUTCOME_NONE, .delay_ms = -1};
    }
    unit->halted = false;
    unit->emission = NULL; /* of what is done it was written; the others emit anew */
    unit->unwritten = false;
    unit->run = NULL;
}

static void ring(struct leat_alarm *alarm)
{
    struct leat_unit *unit = LEAT_ALARM_OF(alarm, struct leat_unit, again);
    struct leat_source *source = unit->delivery->source;
    source->waiting--;
    source->counters.retried++;
    unit->tries++;
    leat_dispatch_ready(source->engine, unit);
}

/* It is put aside, with its lane and its lease, until its back-off is over. */
void leat_again_later(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    int64_t delay_ms = leat_again_delay_ms(engine, unit, leat_unit_worst(unit)->delay_ms);
    leat_again_reset(unit);
    source->waiting++;
    leat_alarm_set(engine, &unit->again, leat_us_in(leat_engine_now_us(engine), delay_ms), ring);
}

static bool is_waiting(const struct leat_unit *unit)
{
    return unit->again.node.inside && unit->again.ring == ring;
}

/* It waits no longer: it is lost, or its source stops. */
void leat_again_drop(struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    if (!is_waiting(unit))
        return;
    leat_alarm_clear(source->engine, &unit->again);
    source->waiting--;
    leat_dispatch_ready(source->engine, unit);
}

/* All that wait: back to the queue, as it says there. */
void leat_again_stop(struct leat_source *source)
{
    for (struct leat_unit *unit = source->flight, *next; unit != NULL; unit = next) {
        next = unit->flight_next;
        if (!is_waiting(unit))
            continue;
        if (source->ops->caps.retry == LEAT_BY_SOURCE && unit->cursor < unit->result_count)
            unit->results[unit->cursor] =
                (struct leat_result){.kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("shutting down"), .delay_ms = 0};
        unit->cursor = unit->result_count;
        leat_again_drop(unit);
    }
}
