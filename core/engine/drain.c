/* SPDX-License-Identifier: Apache-2.0 */
/* The end: sources stop, what has not started goes back, what runs is waited for, and somebody says for what. */
#include <engine/internal.h>

#include <stdio.h>

#define TELL_MS 5000

void leat_engine_stop(struct leat_engine *engine)
{
    for (struct leat_source *source = engine->sources; source != NULL; source = source->next) {
        if (source->stopping || !source->started)
            continue;
        source->stopping = true;
        if (!source->stopped)
            source->ops->stop(source->self);
        if (source->ops->caps.retry == LEAT_BY_CALLER)
            continue;
        leat_again_stop(source);
        leat_lanes_release(source);
    }
    leat_dispatch_wake(engine);
}

/* --- what it waits for ----------------------------------------------------------------------------------- */

static void add(char *buf, size_t size, const char *separator, const char *format, ...) LEAT_PRINTF(4, 5);
static void add(char *buf, size_t size, const char *separator, const char *format, ...)
{
    size_t len = strlen(buf);
    va_list args;
    if (len > 0)
        len += (size_t)snprintf(buf + len, size - len, "%s", separator);
    if (len >= size)
        return;
    va_start(args, format);
    (void)vsnprintf(buf + len, size - len, format, args);
    va_end(args);
}

void leat_engine_waits_for(const struct leat_engine *engine, char *buf, size_t size)
{
    buf[0] = '\0';
    for (const struct leat_source *source = engine->sources; source != NULL; source = source->next) {
        char what[96] = "";
        if (source->running > 0)
            add(what, sizeof(what), ", ", "%u running", source->running);
        if (source->settling > 0)
            add(what, sizeof(what), ", ", "%u to be settled", source->settling);
        if (what[0] == '\0' && !source->stopped)
            add(what, sizeof(what), ", ", "still stopping");
        if (what[0] == '\0' && source->units > 0)
            add(what, sizeof(what), ", ", "%u under way", source->units);
        if (what[0] != '\0')
            add(buf, size, "; ", "%.*s: %s", LEAT_ARG(source->settings.name), what);
    }
    for (const struct leat_sink *sink = engine->sinks; sink != NULL; sink = sink->next)
        if (sink->pending > 0)
            add(buf, size, "; ", "sink %.*s: %u letter%s", LEAT_ARG(sink->name), sink->pending,
                sink->pending == 1 ? "" : "s");
}

static void tell(struct leat_alarm *alarm)
{
    struct leat_engine *engine = LEAT_ALARM_OF(alarm, struct leat_engine, drain.tell);
    char what[512];
    int64_t now_us = leat_engine_now_us(engine), left_us = engine->drain.until_us - now_us;
    leat_engine_waits_for(engine, what, sizeof(what));
    leat_logger_write(leat_engine_logger(engine), LEAT_INFO, NULL, "waiting for %s; %.0f s left",
                      what[0] != '\0' ? what : "the end", left_us > 0 ? (double)left_us / 1e6 : 0.0);
    leat_alarm_set(engine, alarm, leat_us_in(now_us, TELL_MS), tell);
}

/* --- the limit ---------------------------------------------------------------------------------------------- */

static void pass_grace(struct leat_alarm *alarm)
{
    struct leat_engine *engine = LEAT_ALARM_OF(alarm, struct leat_engine, drain.limit);
    char what[512];
    leat_engine_waits_for(engine, what, sizeof(what));
    engine->drain.over = true;
    leat_logger_write(leat_engine_logger(engine), LEAT_WARN, NULL, "left behind: %s",
                      what[0] != '\0' ? what : "nothing");
}

static void pass_limit(struct leat_alarm *alarm)
{
    struct leat_engine *engine = LEAT_ALARM_OF(alarm, struct leat_engine, drain.limit);
    engine->drain.cancelled = true;
    leat_deadline_cancel_all(engine);
    leat_alarm_set(engine, alarm, leat_us_in(leat_engine_now_us(engine), engine->options.grace_ms), pass_grace);
}

void leat_engine_drain(struct leat_engine *engine, int64_t limit_ms)
{
    struct leat_drain *drain = &engine->drain;
    int64_t now_us = leat_engine_now_us(engine);
    if (drain->cancelled)
        return;
    if (!drain->on)
        leat_alarm_set(engine, &drain->tell, leat_us_in(now_us, TELL_MS), tell);
    drain->on = true;
    drain->until_us = leat_us_in(now_us, limit_ms);
    leat_alarm_set(engine, &drain->limit, drain->until_us, pass_limit);
    leat_engine_stop(engine);
    for (const struct leat_source *source = engine->sources; source != NULL; source = source->next)
        leat_ahead_drain(source);
}

bool leat_drain_is_over(const struct leat_engine *engine)
{
    return engine->drain.over;
}
