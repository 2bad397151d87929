/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration names: handlers, sinks, sources, put into an engine. */
#include "assemble.h"
#include "find_handler.h"
#include "run.h"
#include "types.h"

#include <leat/alloc.h>

#define DEAD_SINK "dead.ndjson" /* the default sink, and its file */

/* --- handlers --------------------------------------------------------------------------------------------- */

/* With --handler all go there. */
leat_status leat_run_find_handlers(struct leat_worker *worker, struct leat_error *reterr)
{
    struct leat_config *config = &worker->config;
    const struct leat_handler *const *linked = worker->cli->linked_in;
    bool one_linked = linked != NULL && linked[0] != NULL && linked[1] == NULL;
    bool service = worker->handler_count > 0 || config->handler.ptr != NULL || one_linked;
    for (size_t i = 0; i < config->source_count; i++) {
        struct leat_config_source *source = &config->sources[i];
        if (worker->handler_count == 0 && source->handler.ptr != NULL)
            LEAT_TRY(leat_cli_open_own_handler(worker->cli, config, source, reterr));
        else if (!service) {
            (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no handler for source %.*s",
                                 LEAT_ARG(source->settings.name));
            leat_error_fix(reterr,
                           "handler: ./hello.so in the file, for all or in the source; or --handler ./hello.so");
            return LEAT_STATUS(CONFIG);
        }
    }
    return LEAT_OK;
}

static bool is_named(const struct leat_worker *worker, leat_str trigger)
{
    for (size_t i = 0; i < worker->named_count; i++)
        if (leat_str_eq(worker->named[i], trigger))
            return true;
    return false;
}

static leat_status add_handler(struct leat_worker *worker, const char *spec, struct leat_error *reterr)
{
    struct leat_named_handler named = {0};
    LEAT_TRY(leat_find_handler(worker->cli, spec, &named, reterr));
    if (is_named(worker, named.trigger))
        return leat_error_set(reterr, LEAT_STATUS(USAGE), "two handlers for %.*s",
                              LEAT_ARG(named.trigger.ptr != NULL ? named.trigger : LEAT_STR("all triggers")));
    worker->named[worker->named_count++] = named.trigger;
    worker->handler = named.handler->name;
    return leat_engine_add_handler(worker->engine, named.trigger, named.handler, reterr);
}

/* Does any source leave its events to the handlers of the service? */
static bool wants_service(const struct leat_config *config)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (config->sources[i].settings.handler == NULL)
            return true;
    return false;
}

static leat_status add_handlers(struct leat_worker *worker, struct leat_error *reterr)
{
    for (size_t i = 0; i < worker->handler_count; i++)
        LEAT_TRY(add_handler(worker, worker->handlers[i], reterr));
    if (worker->handler_count > 0 || !wants_service(&worker->config))
        return LEAT_OK;
    if (worker->config.handler.ptr != NULL)
        return add_handler(worker, worker->config.handler.ptr, reterr);
    return add_handler(worker, worker->cli->linked_in[0]->name, reterr);
}

const char *leat_run_handler_name(const struct leat_worker *worker, const struct leat_config_source *source)
{
    if (source->settings.handler != NULL)
        return source->settings.handler->name;
    return worker->named_count > 1 ? "by trigger" : worker->handler;
}

/* --- the engine -------------------------------------------------------------------------------------------- */

static uint32_t slots_of(const struct leat_config *config)
{
    return config->concurrency > 0 ? config->concurrency : 1;
}

/* The default sink takes what is dead where nobody says where to. */
static bool wants_default_sink(const struct leat_config *config)
{
    for (size_t i = 0; i < config->source_count && config->dead_letter.ptr == NULL; i++)
        if (config->sources[i].settings.dead_letter.ptr == NULL)
            return true;
    return false;
}

static void on_change(void *argument)
{
    leat_run_tell_change(argument);
}

leat_status leat_run_make_engine(struct leat_worker *worker, struct leat_error *reterr)
{
    const struct leat_config *config = &worker->config;
    struct leat_engine_options options = {
        .adapters = worker->cli->adapters,
        .executor = &leat_executor_pool,
        .slots = slots_of(config),
        .max_payload = config->max_payload,
        .max_bytes = config->max_memory,
        .max_inflated = config->max_inflated,
        .reserve_ms = config->reserve_ms,
        .timeout_ms = config->timeout_ms,
        .grace_ms = config->grace_ms > 0 ? config->grace_ms : 1,
        .max_lost_slots = config->max_lost_slots,
        .settings = config->settings,
        .logger = &worker->logger,
        .outcome_level = LEAT_WARN,
        .service = worker->service,
        .dead_letter = wants_default_sink(config) ? LEAT_STR(DEAD_SINK) : config->dead_letter,
        .journal = worker->journal,
        .max_crashes = config->max_crashes,
        .max_events = worker->max_events,
        .changed = on_change,
        .changed_argument = worker,
    };
    worker->engine = leat_engine_new(&options);
    if (worker->engine == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return add_handlers(worker, reterr);
}

/* --- sinks and sources ----------------------------------------------------------------------------------------- */

/* The options of a sink of that type with all defaults but for "path". */
static leat_status fill_options(struct leat_worker *worker, const struct leat_sink_ops *ops, leat_str path,
                                struct leat_error *reterr)
{
    struct leat_arena *arena = &worker->config.arena;
    const struct leat_option *option = ops->options;
    worker->dead = leat_arena_calloc(arena, 1, ops->options_size > 0 ? ops->options_size : 1);
    if (worker->dead == NULL || !leat_is_ok(leat_options_default(arena, worker->dead, ops->options)))
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    while (option->key != NULL && strcmp(option->key, "path") != 0)
        option++;
    return option->key != NULL ? leat_option_set(arena, worker->dead, option, path, reterr) : LEAT_OK;
}

static leat_status add_default_sink(struct leat_worker *worker, struct leat_error *reterr)
{
    const struct leat_sink_ops *ops = leat_cli_find_sink(worker->cli, LEAT_STR("file"));
    leat_str path = leat_arena_printf(&worker->config.arena, "%s/" DEAD_SINK, worker->folder);
    if (ops == NULL || ops->options == NULL)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "no dead_letter is named, and this leat has no file sink");
    if (path.ptr == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(fill_options(worker, ops, path, reterr));
    return leat_engine_add_sink(worker->engine, LEAT_STR(DEAD_SINK), ops, worker->dead, reterr);
}

leat_status leat_run_add_sinks_and_sources(struct leat_worker *worker, struct leat_error *reterr)
{
    const struct leat_config *config = &worker->config;
    struct leat_error error = {0};
    LEAT_TRY(leat_cli_add_sinks(worker->engine, config, reterr));
    if (wants_default_sink(config))
        LEAT_TRY(add_default_sink(worker, reterr));
    for (size_t i = 0; i < config->source_count; i++) {
        const struct leat_config_source *source = &config->sources[i];
        leat_status status =
            leat_engine_add_source(worker->engine, source->ops, source->options, &source->settings, &error);
        if (!leat_is_ok(status))
            return leat_cli_blame(status, source->settings.name, &error, reterr);
    }
    return LEAT_OK;
}
