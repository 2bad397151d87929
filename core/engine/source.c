/* SPDX-License-Identifier: Apache-2.0 */
/* A source: what it was told, and what it says upward of itself. */
#include <engine/internal.h>

#include <stdio.h>

/* What it was not told is as the engine's options say. */
static void take_settings(struct leat_source *source, const struct leat_source_settings *given)
{
    const struct leat_engine_options *options = &source->engine->options;
    struct leat_source_settings *settings = &source->settings;
    if (given != NULL)
        *settings = *given;
    if (settings->name.ptr == NULL)
        settings->name = leat_str_c(source->ops->name);
    if (settings->batch == 0)
        settings->batch = options->batch;
    if (settings->max_in_flight == 0)
        settings->max_in_flight = options->max_in_flight;
    if (settings->max_bytes == 0)
        settings->max_bytes = options->max_bytes;
}

#define FINISHED_MAX 10000 /* units that were handed back, and of which some events are done */

static leat_status remember(struct leat_source *source, struct leat_error *reterr)
{
    struct leat_engine *engine = source->engine;
    if (source->ops->caps.retry != LEAT_BY_SOURCE || engine->finished != NULL)
        return LEAT_OK;
    engine->finished = leat_finished_new(FINISHED_MAX);
    return engine->finished != NULL ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

leat_status leat_engine_add_source(struct leat_engine *engine, const struct leat_source_ops *ops, const void *options,
                                   const struct leat_source_settings *settings, struct leat_error *reterr)
{
    struct leat_source *source = leat_alloc(sizeof(*source)), **last = &engine->sources;
    if (source != NULL)
        source->self = leat_alloc(ops->state_size > 0 ? ops->state_size : 1);
    if (source == NULL || source->self == NULL) {
        leat_free(source);
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    }
    source->engine = engine;
    source->ops = ops;
    source->demanded = LEAT_UNTOLD;
    source->state_since_ms = leat_clock_wall_ms(engine->options.clock);
    leat_queue_init(&source->ready);
    take_settings(source, settings);
    leat_gate_init(source);
    while (*last != NULL)
        last = &(*last)->next;
    *last = source;
    source->own.settings = &source->settings;
    LEAT_TRY(remember(source, reterr));
    LEAT_TRY(leat_entry_bind(engine, &source->own, reterr));
    return ops->init(source->self, source, engine->loop, options, reterr);
}

/* options.changed is to be told, once all has settled down. */
void leat_engine_change(struct leat_engine *engine)
{
    engine->changing = true;
    leat_dispatch_wake(engine);
}

/* An operator reads it: what is away, and what is there again. */
static void log_state(struct leat_source *source, enum leat_source_state before)
{
    static const enum leat_log_level levels[] = {
        [LEAT_STARTING] = LEAT_DEBUG,    [LEAT_CONSUMING] = LEAT_DEBUG, [LEAT_IDLE] = LEAT_DEBUG,
        [LEAT_DISCONNECTED] = LEAT_WARN, [LEAT_FAILED] = LEAT_DEBUG, /* the caller of run tells */
    };
    struct leat_log_fields fields = {.source = source->settings.name};
    bool back = before == LEAT_DISCONNECTED && source->state < LEAT_DISCONNECTED;
    leat_logger_write(leat_engine_logger(source->engine), back ? LEAT_INFO : levels[source->state], &fields,
                      "%.*s is %s%s%s", LEAT_ARG(source->settings.name), leat_source_state_name(source->state),
                      source->why[0] != '\0' ? ": "
                      : back                 ? " again"
                                             : "",
                      source->why);
}

void leat_source_state(struct leat_source *source, enum leat_source_state state, const char *why)
{
    enum leat_source_state before = source->state;
    bool same = state == before && strcmp(source->why, why != NULL ? why : "") == 0;
    if (same && source->told)
        return;
    source->told = true;
    source->state = state;
    snprintf(source->why, sizeof(source->why), "%s", why != NULL ? why : "");
    if (state != before)
        source->state_since_ms = leat_clock_wall_ms(source->engine->options.clock);
    log_state(source, before);
    leat_engine_change(source->engine);
    if (state != LEAT_FAILED)
        return;
    source->failed = true;
    leat_engine_stop(source->engine);
}

void leat_source_log(struct leat_source *source, enum leat_log_level level, leat_str request, const char *format, ...)
{
    struct leat_log_fields fields = {.request = request};
    if (source->settings.name.ptr != source->ops->name)
        fields.source = source->settings.name;
    va_list args;
    va_start(args, format);
    leat_logger_vwrite(leat_engine_logger(source->engine), level, &fields, format, args);
    va_end(args);
}

void leat_stopped(struct leat_source *source)
{
    source->stopped = true;
    leat_dispatch_wake(source->engine);
}
