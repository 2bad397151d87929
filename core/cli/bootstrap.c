/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lambda mode. Everything that can fail before the first event is told to the platform as an init error; from the
 * first `next` on the source in triggers/lambda does the talking.
 */
#include "bootstrap.h"
#include "assemble.h"
#include "configuration.h"

#include <engine/engine.h>
#include <engine/loop.h>
#include <lambda/init.h>
#include <lambda/logs.h>
#include <lambda/source.h>

#include <leat/alloc.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BAD_CONFIGURATION "Runtime.BadConfiguration"
#define TERM_GRACE_MS 400 /* of the 500 that a function with an internal extension has */

enum { EXIT_BEFORE_SNAPSHOT = 64, EXIT_AFTER_RESTORE = 65, EXIT_RELEASED = 75 };

struct bootstrap {
    struct leat_cli *cli;
    struct leat_config config;
    struct leat_lambda_peer peer;
    struct leat_logger logger;
    struct leat_function_handler function;
    struct leat_engine *engine;
    size_t own_handlers; /* of entries of "sources" */
    uint32_t concurrency;
    int extension; /* descriptor, -1: none */
    int signals;
    struct leat_watch *signal_watch;
    struct leat_timer *grace;
    int64_t started_us;
    bool restored; /* from a snapshot */
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Why the start failed: for the operator on stderr, for the platform as the init error. */
static int fail(struct bootstrap *bootstrap, int status, leat_str type, const struct leat_error *error)
{
    char text[sizeof(error->message) + sizeof(error->fix) + 2];
    snprintf(text, sizeof(text), "%s%s%s", error->message, error->fix[0] != '\0' ? "; " : "", error->fix);
    leat_logger_write(&bootstrap->logger, LEAT_FATAL, &(struct leat_log_fields){.error_type = type}, "%s", text);
    if (leat_str_is(type, "Runtime.AfterRestoreError"))
        leat_lambda_restore_error(&bootstrap->peer, type, leat_str_c(text));
    else
        leat_lambda_init_error(&bootstrap->peer, type, leat_str_c(text));
    return status;
}

/* --- the start ------------------------------------------------------------------------------------------------ */

static leat_status read_concurrency(struct bootstrap *bootstrap, struct leat_error *reterr)
{
    const char *text = variable("AWS_LAMBDA_MAX_CONCURRENCY");
    int64_t count = 1;
    if (text != NULL && (!leat_str_int64(leat_str_c(text), &count) || count < 1 || count > 10000))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "AWS_LAMBDA_MAX_CONCURRENCY is no number: \"%s\"", text);
    bootstrap->concurrency = (uint32_t)count;
    return LEAT_OK;
}

static leat_status configure(struct bootstrap *bootstrap, struct leat_error *reterr)
{
    LEAT_TRY(leat_function_configure(bootstrap->cli, &bootstrap->config, reterr));
    LEAT_TRY(read_concurrency(bootstrap, reterr));
    bootstrap->logger.level = (enum leat_log_level)bootstrap->config.log_level;
    bootstrap->logger.format = (enum leat_log_format)bootstrap->config.log_format;
    leat_lambda_logs(&bootstrap->logger, leat_config_given(&bootstrap->config, "log.level"),
                     leat_config_given(&bootstrap->config, "log.format"));
    return LEAT_OK;
}

/* Threads only where several invocations run at a time, or a limit of ours is to be kept. */
static void take_executor(const struct bootstrap *bootstrap, struct leat_engine_options *options)
{
    const struct leat_config *config = &bootstrap->config;
    bool pool = bootstrap->concurrency > 1 || config->timeout_ms > 0;
    options->executor = pool ? &leat_executor_pool : &leat_executor_inline;
    options->slots = bootstrap->concurrency;
    options->timeout_ms = config->timeout_ms;
    options->grace_ms = config->grace_ms > 0 ? config->grace_ms : 1;
    options->max_lost_slots = bootstrap->concurrency - 1; /* with none left the environment is of no use */
}

/* Sinks before the entries that name them, and both before the handlers are opened. */
static leat_status fill_engine(struct bootstrap *bootstrap, leat_str *rettype, struct leat_error *reterr)
{
    const struct leat_handler *handler = bootstrap->function.handler;
    if (handler != NULL)
        LEAT_TRY(leat_engine_add_handler(bootstrap->engine, LEAT_ABSENT, handler, reterr));
    *rettype = LEAT_STR(BAD_CONFIGURATION);
    LEAT_TRY(leat_cli_add_sinks(bootstrap->engine, &bootstrap->config, reterr));
    return leat_function_add_entries(bootstrap->cli, &bootstrap->config, bootstrap->engine, reterr);
}

static leat_status make_engine(struct bootstrap *bootstrap, leat_str *rettype, struct leat_error *reterr)
{
    struct leat_config *config = &bootstrap->config;
    struct leat_engine_options options = {
        .adapters = bootstrap->cli->adapters,
        .max_in_flight = UINT32_MAX - 1, /* the pollers are the limit */
        .max_payload = config->max_payload,
        .max_bytes = config->max_memory,
        .max_inflated = config->max_inflated,
        .reserve_ms = config->reserve_ms,
        .settings = config->settings,
        .logger = &bootstrap->logger,
        .outcome_level = LEAT_WARN,
        .service = leat_cli_service_name(config, variable("AWS_LAMBDA_FUNCTION_NAME")),
        .dead_letter = config->dead_letter,
        .entry_of = leat_function_entry_of,
        .entry_argument = config,
    };
    take_executor(bootstrap, &options);
    bootstrap->engine = leat_engine_new(&options);
    if (bootstrap->engine == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return fill_engine(bootstrap, rettype, reterr);
}

/* The snapshot is taken while restore/next waits: what follows runs in every life that begins from it. */
static int snap(struct bootstrap *bootstrap, struct leat_error *error)
{
    leat_status status = leat_engine_snapshot(bootstrap->engine, error);
    if (leat_is_ok(status))
        status = leat_lambda_restore_next(&bootstrap->peer, error);
    if (!leat_is_ok(status))
        return fail(bootstrap, EXIT_BEFORE_SNAPSHOT, LEAT_STR("Runtime.BeforeSnapshotError"), error);
    bootstrap->started_us = leat_clock_us(&leat_clock_system);
    bootstrap->restored = true;
    if (!leat_is_ok(leat_engine_restore(bootstrap->engine, error)))
        return fail(bootstrap, EXIT_AFTER_RESTORE, LEAT_STR("Runtime.AfterRestoreError"), error);
    return EXIT_DONE;
}

/* The service's, and those of entries; with those alone it goes too, for the events that are theirs. */
static leat_status find_handlers(struct bootstrap *bootstrap, leat_str *rettype, struct leat_error *reterr)
{
    struct leat_config *config = &bootstrap->config;
    bool filed = leat_config_filed(config, "handler");
    struct leat_handler_names names = {
        .variable = filed ? LEAT_ABSENT : config->handler,
        .filed = filed ? config->handler : LEAT_ABSENT,
    };
    *rettype = LEAT_STR("Runtime.InvalidHandler");
    LEAT_TRY(leat_function_open_entries(bootstrap->cli, config, &bootstrap->own_handlers, reterr));
    leat_status status = leat_find_function_handler(bootstrap->cli, &names, &bootstrap->function, rettype, reterr);
    bool named = names.variable.len > 0 || names.filed.len > 0;
    return status.code == LEAT_E_NOT_FOUND && !named && bootstrap->own_handlers > 0 ? LEAT_OK : status;
}

static int open_function(struct bootstrap *bootstrap, struct leat_error *error)
{
    leat_str type = LEAT_STR(BAD_CONFIGURATION);
    const char *kind = variable("AWS_LAMBDA_INITIALIZATION_TYPE");
    leat_status status = configure(bootstrap, error);
    if (leat_is_ok(status))
        status = find_handlers(bootstrap, &type, error);
    if (leat_is_ok(status))
        status = make_engine(bootstrap, &type, error);
    if (leat_is_ok(status)) {
        type = LEAT_STR("Function.Init");
        status = leat_engine_open(bootstrap->engine, error);
    }
    if (!leat_is_ok(status))
        return fail(bootstrap, EXIT_CONFIG, type, error);
    return kind != NULL && strcmp(kind, "snap-start") == 0 ? snap(bootstrap, error) : EXIT_DONE;
}

/* Without it there is no SIGTERM, and that is no reason to take no events. */
static void register_extension(struct bootstrap *bootstrap)
{
    struct leat_error error = {0};
    bootstrap->extension = leat_lambda_register(&bootstrap->peer, "leat", &error);
    if (bootstrap->extension < 0)
        leat_logger_write(&bootstrap->logger, LEAT_WARN, NULL, "there will be no SIGTERM: %s", error.message);
}

static void tell_start(struct bootstrap *bootstrap)
{
    const char *kind = variable("AWS_LAMBDA_INITIALIZATION_TYPE");
    const struct leat_handler *handler = bootstrap->function.handler;
    double took_ms = (double)(leat_clock_us(&leat_clock_system) - bootstrap->started_us) / 1000;
    leat_logger_write(&bootstrap->logger, LEAT_INFO, NULL,
                      "cold start (%s): handler %s, %u at a time, ready in %.1f ms", kind != NULL ? kind : "on-demand",
                      handler != NULL ? handler->name : "by source", bootstrap->concurrency, took_ms);
    if (bootstrap->function.guessed)
        leat_logger_write(&bootstrap->logger, LEAT_INFO, NULL, "the handler is the only one in the package (%s)",
                          bootstrap->function.where);
}

/* --- the end --------------------------------------------------------------------------------------------------- */

static void on_grace(void *argument)
{
    struct bootstrap *bootstrap = argument;
    leat_logger_write(&bootstrap->logger, LEAT_WARN, NULL, "ended while a handler was running");
    _exit(EXIT_RELEASED);
}

static void on_signal(void *argument, short what)
{
    struct bootstrap *bootstrap = argument;
    struct signalfd_siginfo info;
    (void)what;
    if (read(bootstrap->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    bootstrap->grace = leat_loop_timer(leat_engine_loop(bootstrap->engine), on_grace, bootstrap);
    if (bootstrap->grace != NULL)
        leat_timer_set(bootstrap->grace, TERM_GRACE_MS);
    leat_engine_stop(bootstrap->engine);
}

/* Before any thread: they are to leave the signal to the loop. */
static bool watch_signals(struct bootstrap *bootstrap)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    bootstrap->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return bootstrap->signals >= 0;
}

static void bootstrap_fini(struct bootstrap *bootstrap)
{
    leat_watch_free(bootstrap->signal_watch);
    leat_timer_free(bootstrap->grace);
    leat_engine_free(bootstrap->engine);
    leat_config_fini(&bootstrap->config);
    leat_logger_fini(&bootstrap->logger);
    if (bootstrap->signals >= 0)
        close(bootstrap->signals);
    if (bootstrap->extension >= 0)
        close(bootstrap->extension);
}

static leat_status start(struct bootstrap *bootstrap, struct leat_error *reterr)
{
    const struct leat_config *config = &bootstrap->config;
    struct leat_lambda_options options = {
        .peer = &bootstrap->peer,
        .concurrency = bootstrap->concurrency,
        .pipeline = config->pipeline && bootstrap->concurrency == 1 && config->timeout_ms == 0,
        .rules = {.any_fails = !config->report_items, .all_fail = config->whole_batch != 0},
    };
    bootstrap->signal_watch =
        leat_loop_watch(leat_engine_loop(bootstrap->engine), bootstrap->signals, LEAT_READABLE, on_signal, bootstrap);
    if (bootstrap->signal_watch == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    leat_watch_urgent(bootstrap->signal_watch);
    LEAT_TRY(leat_engine_add_source(bootstrap->engine, &leat_source_lambda, &options, NULL, reterr));
    return leat_engine_start(bootstrap->engine, reterr); /* also of the sinks */
}

static int run(struct bootstrap *bootstrap, struct leat_error *error)
{
    if (!leat_is_ok(start(bootstrap, error)))
        return fail(bootstrap, EXIT_AWAY,
                    bootstrap->restored ? LEAT_STR("Runtime.AfterRestoreError") : LEAT_STR("Runtime.StartFailed"),
                    error);
    tell_start(bootstrap);
    leat_status ended = leat_engine_run(bootstrap->engine, error);
    if (leat_is_ok(ended))
        return EXIT_DONE;
    leat_logger_write(&bootstrap->logger, LEAT_FATAL, NULL, "%s", error->message);
    return ended.code == LEAT_E_BUG ? EXIT_BUG : EXIT_AWAY;
}

int leat_cli_bootstrap(struct leat_cli *cli)
{
    struct bootstrap bootstrap LEAT_CLEANUP(bootstrap_fini) = {.cli = cli, .extension = -1, .signals = -1};
    struct leat_error error = {0};
    const char *api = variable("AWS_LAMBDA_RUNTIME_API");
    bootstrap.started_us = leat_clock_us(&leat_clock_system);
    leat_logger_init(&bootstrap.logger);
    if (api == NULL)
        return leat_cli_fail(EXIT_CONFIG, "leat replay runs event files through a handler here",
                             "AWS_LAMBDA_RUNTIME_API is not set: without a verb this is a Lambda function");
    if (!leat_is_ok(leat_lambda_peer_init(&bootstrap.peer, api, "leat/" LEAT_VERSION, &error)))
        return leat_cli_fail_with(EXIT_CONFIG, &error);
    if (!leat_is_ok(leat_config_init(&bootstrap.config)) || !watch_signals(&bootstrap))
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int status = open_function(&bootstrap, &error);
    if (status != EXIT_DONE)
        return status;
    if (bootstrap.config.sigterm)
        register_extension(&bootstrap);
    status = run(&bootstrap, &error);
    if (status != EXIT_DONE && leat_engine_lost_slots(bootstrap.engine) > 0)
        _exit(leat_cli_flush(status)); /* their threads use what is ours */
    return status;
}
