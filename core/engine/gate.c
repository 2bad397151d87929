/* SPDX-License-Identifier: Apache-2.0 */
/* May a source's next unit start? Slots, rate, breaker and window say. */
#include <engine/internal.h>

#define BREAKER_PAUSE_MS 10000

void leat_gate_init(struct leat_source *source)
{
    const struct leat_source_settings *settings = &source->settings;
    int64_t pause_ms = settings->breaker_pause_ms > 0 ? settings->breaker_pause_ms : BREAKER_PAUSE_MS;
    source->gather = (struct leat_gather){.size = settings->batch, .window_us = leat_us_in(0, settings->window_ms)};
    source->rate = (struct leat_rate){.a_second = settings->max_rate};
    source->breaker =
        (struct leat_breaker){.failures = settings->breaker_failures, .pause_us = leat_us_in(0, pause_ms)};
}

static void ring(struct leat_alarm *alarm)
{
    (void)alarm; /* the turn that follows looks */
}

static bool wait_until(struct leat_source *source, int64_t at_us)
{
    if (at_us != INT64_MAX)
        leat_alarm_set(source->engine, &source->gate, at_us, ring);
    return false;
}

static bool breaker_allows(struct leat_source *source, int64_t now_us)
{
    if (source->breaker.failures == 0 || leat_breaker_allows(&source->breaker, now_us))
        return true;
    bool open = source->breaker.state == LEAT_BREAKER_OPEN;
    return wait_until(source, open ? source->breaker.until_us : INT64_MAX);
}

static bool takes_batches(const struct leat_source *source)
{
    const struct leat_unit *unit = source->ready.first;
    const char *why;
    const struct leat_bound *bound =
        unit->cursor < unit->events.count ? leat_route(unit, &unit->events.items[unit->cursor], &why) : NULL;
    return bound != NULL && bound->handler.handle_batch != NULL;
}

/* A unit is ready. What was begun goes on to its end whatever the gate says, once the source is to stop. */
bool leat_gate_is_open(struct leat_source *source)
{
    bool timed = source->rate.a_second > 0 || source->breaker.failures > 0 || source->gather.window_us > 0;
    if (source->settings.concurrency > 0 && source->running >= source->settings.concurrency)
        return false;
    if (!timed || source->stopping)
        return true;
    int64_t now_us = leat_engine_now_us(source->engine);
    if (!breaker_allows(source, now_us))
        return false;
    int64_t due_us = leat_rate_due_us(&source->rate, now_us);
    if (due_us > now_us)
        return wait_until(source, due_us);
    if (source->gather.window_us == 0 || leat_gather_complete(&source->gather, now_us) || !takes_batches(source))
        return true;
    return wait_until(source, leat_gather_due_us(&source->gather));
}

/* The unit is in the ready queue. */
void leat_gate_add(struct leat_source *source, struct leat_unit *unit)
{
    if (source->gather.window_us == 0)
        return;
    unit->ready_us = leat_engine_now_us(source->engine);
    leat_gather_add(&source->gather, unit->bytes, unit->ready_us);
}

/* The first of the ready queue. */
struct leat_unit *leat_gate_take(struct leat_source *source)
{
    struct leat_unit *unit = leat_queue_pop(&source->ready);
    const struct leat_unit *next = source->ready.first;
    if (source->gather.window_us > 0)
        leat_gather_take(&source->gather, unit->bytes, next != NULL ? next->ready_us : 0);
    return unit;
}

/* A run begins. */
void leat_gate_started(struct leat_run *run)
{
    struct leat_source *source = run->deliveries[0]->source;
    source->running++;
    if (source->breaker.failures > 0)
        run->generation = leat_breaker_started(&source->breaker);
    if (source->rate.a_second > 0)
        leat_rate_take(&source->rate, run->count, leat_engine_now_us(source->engine));
}

static void tell_open(struct leat_source *source, int64_t now_us)
{
    struct leat_log_fields fields = {.source = source->settings.name};
    leat_logger_write(leat_engine_logger(source->engine), LEAT_WARN, &fields,
                      "%u retries in a row: paused for %.1f s, then one is tried", source->breaker.row,
                      (double)(source->breaker.until_us - now_us) / 1e6);
}

/* Its results stand. */
void leat_gate_ended(const struct leat_run *run)
{
    struct leat_source *source = run->deliveries[0]->source;
    if (source->breaker.failures == 0)
        return;
    int64_t now_us = leat_engine_now_us(source->engine);
    for (uint32_t i = 0; i < run->count; i++) {
        const struct leat_result *result = run->work[i].result;
        bool fine = result->kind == LEAT_OUTCOME_OK;
        if (result->handler == NULL || (!fine && result->kind != LEAT_OUTCOME_RETRY))
            continue;
        if (leat_breaker_ended(&source->breaker, run->generation, fine, now_us))
            tell_open(source, now_us);
    }
    leat_breaker_void(&source->breaker, run->generation);
}
