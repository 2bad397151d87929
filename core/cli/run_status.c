/* SPDX-License-Identifier: Apache-2.0 */
/* /livez, /readyz, /status: docs/reference/run.md. Nothing of the settings or of a payload is in them. */
#include "run.h"

#include <leat/time.h>

#include <fcntl.h>
#include <inttypes.h>

bool leat_run_is_alive(const struct leat_worker *worker)
{
    return leat_engine_lost_slots(worker->engine) <= worker->config.max_lost_slots;
}

bool leat_run_is_ready(const struct leat_worker *worker, char *why, size_t size)
{
    struct leat_source_status source;
    why[0] = '\0';
    if (worker->phase >= LEAT_WORKER_DRAINING) {
        snprintf(why, size, "%s", worker->phase == LEAT_WORKER_RELOADING ? "reloading" : "draining");
        return false;
    }
    for (uint32_t i = 0; leat_engine_source_status(worker->engine, i, &source); i++) {
        size_t len = strlen(why);
        if (source.state == LEAT_CONSUMING || source.state == LEAT_IDLE || source.paused || len + 1 >= size)
            continue;
        snprintf(why + len, size - len, "%s%.*s: %s%s%s", len > 0 ? "; " : "", LEAT_ARG(source.name),
                 leat_source_state_name(source.state), source.why[0] != '\0' ? ": " : "", source.why);
    }
    return why[0] == '\0';
}

/* --- /status ------------------------------------------------------------------------------------------------ */

static int64_t rss_bytes(void)
{
    char text[128];
    leat_str rest;
    int64_t pages = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
    if (fd >= 0)
        close(fd);
    rest = leat_str_of(text, len > 0 ? (size_t)len : 0);
    (void)leat_str_cut(&rest, ' ');
    (void)leat_str_int64(leat_str_cut(&rest, ' '), &pages);
    return pages * sysconf(_SC_PAGESIZE);
}

static const char *state_of(const struct leat_worker *worker)
{
    static const char *const names[] = {"starting", "running", "draining", "reloading"};
    return names[worker->phase];
}

static void add_number(struct leat_buf *buf, const char *name, uint64_t value)
{
    leat_buf_json_name(buf, name);
    leat_buf_printf(buf, "%" PRIu64, value);
}

static void add_flag(struct leat_buf *buf, const char *name, bool value)
{
    leat_buf_json_name(buf, name);
    leat_buf_c(buf, value ? "true" : "false");
}

static void add_time(struct leat_buf *buf, const char *name, int64_t ms)
{
    leat_buf_json_member(buf, name, leat_time_from_ms(buf->arena, ms));
}

static void add_counters(struct leat_buf *buf, const struct leat_source_counters *counters)
{
    add_number(buf, "events", counters->events);
    add_number(buf, "ok", counters->outcomes[LEAT_OUTCOME_OK]);
    add_number(buf, "retry", counters->outcomes[LEAT_OUTCOME_RETRY]);
    add_number(buf, "reject", counters->outcomes[LEAT_OUTCOME_REJECT]);
    add_number(buf, "units", counters->units);
    add_number(buf, "filtered", counters->filtered);
    add_number(buf, "redelivered", counters->redelivered);
    add_number(buf, "retried", counters->retried);
    add_number(buf, "dead", counters->dead);
    add_number(buf, "emitted", counters->emitted);
    add_number(buf, "lease_lost", counters->lease_lost);
    add_number(buf, "late_results", counters->late_results);
    add_number(buf, "settle_failures", counters->settle_failures);
}

static void add_source(struct leat_buf *buf, const struct leat_source_status *source)
{
    leat_buf_char(buf, '{');
    leat_buf_json_member(buf, "name", source->name);
    leat_buf_json_member(buf, "type", leat_str_c(source->type));
    leat_buf_json_member(buf, "state", leat_str_c(leat_source_state_name(source->state)));
    leat_buf_json_member(buf, "why", leat_str_c(source->why));
    if (source->since_ms > 0)
        add_time(buf, "since", source->since_ms);
    add_flag(buf, "paused", source->paused);
    add_flag(buf, "breaker_open", source->breaker_open);
    add_number(buf, "in_flight", source->in_flight);
    add_number(buf, "running", source->running);
    add_number(buf, "waiting", source->waiting);
    add_counters(buf, &source->counters);
    leat_buf_char(buf, '}');
}

static void add_sink(struct leat_buf *buf, const struct leat_sink_status *sink)
{
    leat_buf_char(buf, '{');
    leat_buf_json_member(buf, "name", sink->name);
    leat_buf_json_member(buf, "type", leat_str_c(sink->type));
    add_number(buf, "pending", sink->pending);
    add_number(buf, "written", sink->written);
    add_number(buf, "failed", sink->failed);
    leat_buf_char(buf, '}');
}

static void add_service(struct leat_buf *buf, const struct leat_worker *worker)
{
    double up_s = (double)(leat_clock_us(&leat_clock_system) - worker->started_us) / 1e6;
    leat_buf_json_member(buf, "service", leat_str_c(worker->service));
    leat_buf_json_member(buf, "version", LEAT_STR(LEAT_VERSION));
    add_number(buf, "pid", (uint64_t)getpid());
    add_time(buf, "started", worker->started_ms);
    leat_buf_json_name(buf, "uptime_s");
    leat_buf_printf(buf, "%.1f", up_s);
    leat_buf_json_member(buf, "state", leat_str_c(state_of(worker)));
    add_number(buf, "slots", worker->config.concurrency > 0 ? worker->config.concurrency : 1);
    add_number(buf, "lost_slots", leat_engine_lost_slots(worker->engine));
    add_number(buf, "rss_bytes", (uint64_t)rss_bytes());
}

static void answer_status(const struct leat_worker *worker, struct leat_admin_answer *answer)
{
    struct leat_source_status source;
    struct leat_sink_status sink;
    struct leat_buf *buf = &answer->body;
    answer->type = "application/json";
    leat_buf_char(buf, '{');
    add_service(buf, worker);
    leat_buf_c(buf, ",\"sources\":[");
    for (uint32_t i = 0; leat_engine_source_status(worker->engine, i, &source); i++) {
        leat_buf_c(buf, i > 0 ? "," : "");
        add_source(buf, &source);
    }
    leat_buf_c(buf, "],\"sinks\":[");
    for (uint32_t i = 0; leat_engine_sink_status(worker->engine, i, &sink); i++) {
        leat_buf_c(buf, i > 0 ? "," : "");
        add_sink(buf, &sink);
    }
    leat_buf_c(buf, "]}\n");
}

/* --- the others ------------------------------------------------------------------------------------------------ */

void leat_run_answer(void *argument, leat_str path, struct leat_admin_answer *answer)
{
    const struct leat_worker *worker = argument;
    char why[512] = "starting";
    if (leat_str_is(path, "/status")) {
        answer_status(worker, answer);
    } else if (leat_str_is(path, "/livez")) {
        answer->status = leat_run_is_alive(worker) ? 200 : 503;
        leat_buf_c(&answer->body, answer->status == 200 ? "alive\n" : "too many handlers have not returned\n");
    } else if (leat_str_is(path, "/readyz")) {
        bool ready = worker->phase != LEAT_WORKER_STARTING && leat_run_is_ready(worker, why, sizeof(why));
        answer->status = ready ? 200 : 503;
        leat_buf_printf(&answer->body, "%s\n", ready ? "ready" : why);
    } else {
        answer->status = 404;
    }
}
