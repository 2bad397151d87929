/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator reads, and what the supervisor hears. */
#include "notify.h"
#include "run.h"

#include <leat/alloc.h>

/* --- the start -------------------------------------------------------------------------------------------- */

/* A text or a path; of a list the first. Nothing that holds a user of a URL, for a password may stand there. */
static leat_str value_of(const struct leat_option *option, const void *options)
{
    const char *at = (const char *)options + option->offset;
    leat_str value = LEAT_ABSENT;
    if (option->type == LEAT_OPTION_TEXT || option->type == LEAT_OPTION_PATH)
        memcpy(&value, at, sizeof(value));
    if (option->type == LEAT_OPTION_LIST) {
        struct leat_list list;
        memcpy(&list, at, sizeof(list));
        value = list.count > 0 ? list.items[0] : LEAT_ABSENT;
    }
    bool has_user = value.len > 0 && memchr(value.ptr, '@', value.len) != NULL;
    return has_user ? LEAT_ABSENT : value;
}

/* Where it takes from: the value of the first option that must be given. */
static leat_str place_of(const struct leat_config_source *source)
{
    for (const struct leat_option *at = source->ops->options; at != NULL && at->key != NULL; at++)
        if (!at->secret && at->choices != NULL && strcmp(at->choices, "!") == 0)
            return value_of(at, source->options);
    return LEAT_ABSENT;
}

static const char *order_of(const struct leat_config_source *source)
{
    switch (source->settings.ordering) {
    case LEAT_ORDER_NONE: return "in no order";
    case LEAT_ORDER_KEY: return "order by key";
    case LEAT_ORDER_PARTITION: return "order by partition";
    case LEAT_ORDER_USUAL: break;
    }
    return source->ops->caps.keyed ? "order by key" : "its own order";
}

static void tell_source(struct leat_worker *worker, const struct leat_config_source *source)
{
    leat_str place = place_of(source);
    uint32_t all = worker->config.concurrency > 0 ? worker->config.concurrency : 1, own = source->settings.concurrency;
    uint32_t slots = own > 0 && own < all ? own : all;
    leat_logger_write(&worker->logger, LEAT_INFO, NULL, "%.*s: %s%s%.*s, handler %s, %u slot%s, %s%s",
                      LEAT_ARG(source->settings.name), source->ops->name, place.len > 0 ? " " : "", LEAT_ARG(place),
                      leat_run_handler_name(worker, source), slots, slots == 1 ? "" : "s", order_of(source),
                      source->settings.paused ? ", paused" : "");
}

void leat_run_tell_sources(struct leat_worker *worker)
{
    for (size_t i = 0; i < worker->config.source_count; i++)
        tell_source(worker, &worker->config.sources[i]);
}

/* --- changes ------------------------------------------------------------------------------------------------ */

/* Only what is new is worth a datagram. */
static void tell_supervisor(struct leat_worker *worker, bool first)
{
    char why[sizeof(worker->status) - 16], text[sizeof(worker->status)];
    bool ready = leat_run_is_ready(worker, why, sizeof(why));
    snprintf(text, sizeof(text), "%s%s", ready ? "ready" : "not ready: ", ready ? "" : why);
    for (char *at = text; *at != '\0'; at++)
        *at = (unsigned char)*at < 0x20 ? ' ' : *at; /* a newline would begin another message */
    if (!first && strcmp(text, worker->status) == 0)
        return;
    snprintf(worker->status, sizeof(worker->status), "%s", text);
    leat_notify("%sSTATUS=%s", first ? "READY=1\n" : "", text);
}

void leat_run_tell_start(struct leat_worker *worker)
{
    char why[160];
    double took_ms = (double)(leat_clock_us(&leat_clock_system) - worker->started_us) / 1000;
    if (worker->started)
        return;
    worker->started = true;
    leat_timer_clear(worker->patience);
    bool ready = leat_run_is_ready(worker, why, sizeof(why));
    leat_logger_write(&worker->logger, ready ? LEAT_INFO : LEAT_WARN, NULL, "%s in %.0f ms%s%s",
                      ready ? "ready" : "started", took_ms, ready ? "" : "; not ready: ", ready ? "" : why);
    tell_supervisor(worker, true);
}

/* Has every source come so far that it takes something, or says why it cannot? */
static bool all_have_tried(const struct leat_worker *worker)
{
    struct leat_source_status source;
    for (uint32_t i = 0; leat_engine_source_status(worker->engine, i, &source); i++)
        if (source.state == LEAT_STARTING && !source.paused && !source.stopped)
            return false;
    return true;
}

void leat_run_tell_change(struct leat_worker *worker)
{
    if (worker->phase == LEAT_WORKER_STARTING || worker->phase >= LEAT_WORKER_DRAINING)
        return;
    if (!worker->started && all_have_tried(worker))
        leat_run_tell_start(worker);
    if (worker->started)
        tell_supervisor(worker, false);
    if (worker->until_idle && leat_engine_is_idle(worker->engine))
        leat_run_drain(worker, LEAT_WORKER_DRAINING, "idle");
}

/* --- SIGUSR1 -------------------------------------------------------------------------------------------------- */

void leat_run_tell_dump(struct leat_worker *worker)
{
    struct leat_source_status source;
    struct leat_sink_status sink;
    char waits[512];
    for (uint32_t i = 0; leat_engine_source_status(worker->engine, i, &source); i++)
        leat_logger_write(&worker->logger, LEAT_INFO, NULL,
                          "%.*s: %s%s%s%s%s, %u in flight, %u running, %u tried again later; %llu events so far",
                          LEAT_ARG(source.name), leat_source_state_name(source.state),
                          source.why[0] != '\0' ? ": " : "", source.why, source.paused ? ", paused" : "",
                          source.breaker_open ? ", breaker open" : "", source.in_flight, source.running, source.waiting,
                          (unsigned long long)source.counters.events);
    for (uint32_t i = 0; leat_engine_sink_status(worker->engine, i, &sink); i++)
        leat_logger_write(&worker->logger, LEAT_INFO, NULL, "sink %.*s: %u under way, %llu written, %llu failed",
                          LEAT_ARG(sink.name), sink.pending, (unsigned long long)sink.written,
                          (unsigned long long)sink.failed);
    leat_engine_waits_for(worker->engine, waits, sizeof(waits));
    leat_logger_write(&worker->logger, LEAT_INFO, NULL, "%u of %u slots lost; a drain would wait for: %s",
                      leat_engine_lost_slots(worker->engine),
                      worker->config.concurrency > 0 ? worker->config.concurrency : 1,
                      waits[0] != '\0' ? waits : "nothing");
}

/* --- the end --------------------------------------------------------------------------------------------------- */

static unsigned long long dead_letters(const struct leat_worker *worker)
{
    struct leat_source_status source;
    unsigned long long count = 0;
    for (uint32_t i = 0; leat_engine_source_status(worker->engine, i, &source); i++)
        count += source.counters.dead;
    return count;
}

void leat_run_tell_end(struct leat_worker *worker)
{
    const struct leat_metrics *metrics = leat_engine_metrics(worker->engine);
    unsigned long long dead = dead_letters(worker), events = metrics->events;
    double took_s = (double)(leat_clock_us(&leat_clock_system) - worker->started_us) / 1e6;
    if (worker->why[0] == '\0' && worker->max_events > 0 && events >= worker->max_events)
        snprintf(worker->why, sizeof(worker->why), "--max-events %llu", (unsigned long long)worker->max_events);
    if (worker->why[0] == '\0')
        snprintf(worker->why, sizeof(worker->why), "all sources have ended");
    leat_logger_write(&worker->logger, LEAT_INFO, NULL,
                      "ended (%s) after %.1f s: %llu event%s: %llu ok, %llu retry, %llu reject; %llu dead letter%s",
                      worker->why, took_s, events, events == 1 ? "" : "s",
                      (unsigned long long)metrics->outcomes[LEAT_OUTCOME_OK],
                      (unsigned long long)metrics->outcomes[LEAT_OUTCOME_RETRY],
                      (unsigned long long)metrics->outcomes[LEAT_OUTCOME_REJECT], dead, dead == 1 ? "" : "s");
}
