/* SPDX-License-Identifier: Apache-2.0 */
/* `leat run [CONFIG]`: the worker, from the command line to the exit status. */
#include "run.h"

#include "configuration.h"
#include "notify.h"
#include "state.h"
#include "types.h"

#include <leat/alloc.h>

#define PATIENCE_MS 10000 /* so long a source may try before the others are said to have started */

enum { CHECK, CONFIG, HANDLER, MAX_EVENTS, SET, STATE, UNTIL_IDLE };

static const struct leat_cli_option options[] = {
    [CHECK] = {"check", NULL, "open all of it, start nothing: what SIGHUP does first"},
    [CONFIG] = {"config", "FILE", "the configuration; also as argument"},
    [HANDLER] = {"handler", "[TRIGGER=]HANDLER", "instead of all handlers of the file; may be given several times"},
    [MAX_EVENTS] = {"max-events", "N", "end when so many events have run"},
    [SET] = {"set", "KEY=VALUE", "an option of the configuration, such as settings.db=memory"},
    [STATE] = {"state", "DIR", "where dead letters and the crash journal are kept"},
    [UNTIL_IDLE] = {"until-idle", NULL, "end when nothing is left, nothing delayed either"},
    {NULL, NULL, NULL},
};

/* --- the command line ------------------------------------------------------------------------------------- */

static bool take_handler(struct leat_worker *worker, const char *value)
{
    if (worker->handler_count == LEAT_RUN_HANDLERS_MAX) {
        (void)leat_cli_fail(0, NULL, "more than %d handlers", LEAT_RUN_HANDLERS_MAX);
        return false;
    }
    worker->handlers[worker->handler_count++] = value;
    return true;
}

static bool take_max_events(struct leat_worker *worker, const char *value)
{
    int64_t count;
    if (!leat_str_int64(leat_str_c(value), &count) || count < 1) {
        (void)leat_cli_fail(0, NULL, "--max-events wants a number from 1, not \"%s\"", value);
        return false;
    }
    worker->max_events = (uint64_t)count;
    return true;
}

static bool take_setting(struct leat_worker *worker, const char *value)
{
    struct leat_error error = {0};
    if (leat_is_ok(leat_config_set(&worker->config, value, &error)))
        return true;
    (void)leat_cli_fail_with(0, &error);
    return false;
}

static bool take_option(void *argument, size_t index, const char *value)
{
    struct leat_worker *worker = argument;
    switch (index) {
    case CHECK: worker->only_check = true; break;
    case HANDLER: return take_handler(worker, value);
    case MAX_EVENTS: return take_max_events(worker, value);
    case SET: return take_setting(worker, value);
    case STATE: worker->state = value; break;
    case UNTIL_IDLE: worker->until_idle = true; break;
    default: break;
    }
    return true;
}

/* The file is needed before the options that win over it. */
static bool find_config(void *argument, size_t index, const char *value)
{
    if (index == CONFIG)
        *(const char **)argument = value;
    return true;
}

/* --- failures --------------------------------------------------------------------------------------------------- */

/* Where log lines are for machines, so is the one that says why there are no more. */
static int fail(struct leat_worker *worker, int status, const struct leat_error *error)
{
    if (worker->logger.format == LEAT_LOG_TEXT)
        return leat_cli_fail_with(status, error);
    leat_logger_write(&worker->logger, LEAT_FATAL, NULL, "%s%s%s", error->message, error->fix[0] != '\0' ? "; " : "",
                      error->fix);
    return status;
}

/* 66 is for input files. `io`: what it means here that something cannot be read or written. */
static int exit_of(leat_status status, int io)
{
    switch (status.code) {
    case LEAT_E_IO: return io;
    case LEAT_E_NOT_FOUND: return EXIT_CONFIG;
    default: return leat_cli_exit_of(status);
    }
}

/* --- from the state folder to the last event ------------------------------------------------------------------- */

static int open_state(struct leat_worker *worker, struct leat_error *error)
{
    char path[LEAT_RUN_FOLDER_MAX + 32];
    uint32_t slots = worker->config.concurrency > 0 ? worker->config.concurrency : 1;
    bool found = worker->state == NULL && leat_state_folder(worker->service, worker->folder, sizeof(worker->folder));
    if (worker->state != NULL)
        found = snprintf(worker->folder, sizeof(worker->folder), "%s", worker->state) < (int)sizeof(worker->folder);
    if (!found) {
        (void)leat_error_set(error, LEAT_STATUS(CONFIG), "there is no folder for the state, or its path is too long");
        leat_error_fix(error, "leat run --state FOLDER, or STATE_DIRECTORY, XDG_STATE_HOME or HOME");
        return EXIT_CONFIG;
    }
    leat_status status = leat_run_make_folder(worker->folder, error);
    if (!leat_is_ok(status))
        return exit_of(status, EXIT_CANNOT_CREATE);
    snprintf(path, sizeof(path), "%s/running.journal", worker->folder);
    status = leat_journal_open(path, slots, &worker->journal, error);
    if (!leat_is_ok(status) && error->fix[0] == '\0')
        leat_error_fix(error, "mend that, or name another state folder: leat run --state FOLDER");
    bool fenced = status.code == LEAT_E_CONFIG && slots <= LEAT_JOURNAL_SLOTS; /* all else about slots is sound */
    return fenced ? EXIT_FENCED : exit_of(status, EXIT_CANNOT_CREATE);
}

static int open_admin(struct leat_worker *worker, int kept, struct leat_error *error)
{
    struct leat_admin_options admin = {
        .loop = leat_engine_loop(worker->engine),
        .listen = worker->config.admin_listen,
        .kept = kept,
        .answer = leat_run_answer,
        .argument = worker,
    };
    if (admin.listen.ptr == NULL) {
        leat_admin_forget(kept);
        return EXIT_DONE;
    }
    leat_status status = leat_admin_open(&admin, &worker->admin, error);
    return status.code == LEAT_E_AWAY ? EXIT_FENCED : exit_of(status, EXIT_CANNOT_CREATE);
}

static int open_all(struct leat_worker *worker, struct leat_error *error)
{
    int kept = leat_run_kept("admin"), status;
    if (!leat_run_block_signals(worker)) {
        (void)leat_error_set(error, LEAT_STATUS(BUG), "no descriptor for signals");
        return EXIT_BUG;
    }
    status = open_state(worker, error);
    if (status == EXIT_DONE)
        status = exit_of(leat_run_make_engine(worker, error), EXIT_CONFIG);
    if (status == EXIT_DONE)
        status = open_admin(worker, kept, error);
    if (status == EXIT_DONE)
        status = exit_of(leat_run_add_sinks_and_sources(worker, error), EXIT_CANNOT_CREATE);
    return status;
}

static void on_patience(void *argument)
{
    leat_run_tell_start(argument);
}

/* Only this feeds it: the loop turns, and handlers return. */
static void on_watchdog(void *argument)
{
    struct leat_worker *worker = argument;
    if (leat_run_is_alive(worker))
        leat_notify("WATCHDOG=1");
    leat_timer_set(worker->watchdog, worker->watchdog_ms);
}

static bool set_timers(struct leat_worker *worker)
{
    struct leat_loop *loop = leat_engine_loop(worker->engine);
    worker->patience = leat_loop_timer(loop, on_patience, worker);
    worker->watchdog = leat_loop_timer(loop, on_watchdog, worker);
    if (worker->patience == NULL || worker->watchdog == NULL || !leat_run_watch_signals(worker))
        return false;
    worker->watchdog_ms = leat_notify_watchdog_us() / 2000;
    leat_timer_set(worker->patience, PATIENCE_MS);
    if (worker->watchdog_ms > 0)
        on_watchdog(worker); /* after a new start somebody has waited since the last life */
    return true;
}

static void tell_last_life(struct leat_worker *worker)
{
    const char *warning = leat_journal_warning(worker->journal), *culprit = leat_journal_culprit(worker->journal);
    if (warning[0] != '\0')
        leat_logger_write(&worker->logger, LEAT_WARN, NULL, "%s", warning);
    if (culprit[0] != '\0')
        leat_logger_write(&worker->logger, LEAT_WARN, NULL, "the last process ended in a crash: %s", culprit);
    leat_journal_catch(worker->journal);
}

static int start(struct leat_worker *worker, struct leat_error *error)
{
    tell_last_life(worker);
    if (!set_timers(worker)) {
        (void)leat_error_set(error, LEAT_STATUS(NO_MEMORY), "out of memory");
        return EXIT_BUG;
    }
    leat_run_tell_sources(worker);
    leat_status status = leat_engine_start(worker->engine, error);
    if (!leat_is_ok(status))
        return exit_of(status, EXIT_AWAY);
    worker->phase = LEAT_WORKER_RUNNING;
    leat_run_tell_change(worker);
    return EXIT_DONE;
}

/* Why it ended, as an exit status. */
static int run_to_the_end(struct leat_worker *worker)
{
    struct leat_error error = {0};
    leat_status status = leat_engine_run(worker->engine, &error);
    if (!leat_is_ok(status)) {
        leat_logger_write(&worker->logger, LEAT_FATAL, NULL, "%s", error.message);
        snprintf(worker->why, sizeof(worker->why), "%s",
                 status.code == LEAT_E_LATE  ? "the limit of the drain"
                 : status.code == LEAT_E_BUG ? "lost slots"
                                             : "a source failed");
    }
    leat_run_tell_end(worker);
    return exit_of(status, EXIT_AWAY);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void close_all(struct leat_worker *worker, bool keep_admin)
{
    if (worker->reload.told >= 0)
        leat_run_reload_fini(worker);
    leat_watch_free(LEAT_TAKE(worker->signal_watch));
    leat_timer_free(LEAT_TAKE(worker->patience));
    leat_timer_free(LEAT_TAKE(worker->watchdog));
    if (!keep_admin)
        leat_admin_close(LEAT_TAKE(worker->admin));
    leat_engine_free(LEAT_TAKE(worker->engine));
    leat_journal_close(LEAT_TAKE(worker->journal));
    if (worker->signals >= 0)
        close(worker->signals);
    worker->signals = -1;
}

static void worker_fini(struct leat_worker *worker)
{
    close_all(worker, false);
    leat_config_fini(&worker->config);
    leat_logger_fini(&worker->logger);
}

/* While handlers run, lost ones or those that the limit of a drain left behind, their threads use what is ours: it
 * stays as it is, and nobody waits for them. */
static int end(struct leat_worker *worker, int status)
{
    bool left = leat_engine_lost_slots(worker->engine) > 0 || status == EXIT_LATE;
    bool again = worker->phase == LEAT_WORKER_RELOADING;
    if (again) {
        int kept = worker->admin != NULL ? leat_admin_keep(LEAT_TAKE(worker->admin)) : -1;
        if (!left)
            close_all(worker, true);
        leat_run_again(worker, kept);
        status = EXIT_BUG;
    }
    if (left)
        _exit(leat_cli_flush(status));
    return status;
}

static int check_only(struct leat_worker *worker, struct leat_error *error)
{
    leat_status status = leat_run_make_engine(worker, error);
    size_t count = worker->config.source_count;
    if (leat_is_ok(status)) /* what they make of their options; they are not started */
        status = leat_run_add_sinks_and_sources(worker, error);
    if (!leat_is_ok(status))
        return exit_of(status, EXIT_CONFIG);
    leat_cli_print_visible(stdout, leat_str_c(worker->file));
    printf(": ok, %zu source%s\n", count, count == 1 ? "" : "s");
    return EXIT_DONE;
}

static int run(struct leat_worker *worker)
{
    struct leat_error error = {0};
    worker->logger.level = (enum leat_log_level)worker->config.log_level;
    worker->logger.format = (enum leat_log_format)worker->config.log_format;
    leat_run_name(&worker->config, worker->file, worker->service, sizeof(worker->service));
    if (worker->config.source_count == 0) {
        (void)leat_error_set(&error, LEAT_STATUS(CONFIG), "nothing to run: %s has no sources", worker->file);
        leat_error_fix(&error, "sources: {inbox: {type: spool, path: /var/spool/orders}}");
        return fail(worker, EXIT_CONFIG, &error);
    }
    int status = exit_of(leat_run_find_handlers(worker, &error), EXIT_CONFIG);
    if (status == EXIT_DONE && worker->only_check)
        status = check_only(worker, &error);
    else if (status == EXIT_DONE)
        status = open_all(worker, &error);
    if (status == EXIT_DONE && !worker->only_check)
        status = start(worker, &error);
    if (status != EXIT_DONE)
        return fail(worker, status, &error);
    return worker->only_check ? EXIT_DONE : end(worker, run_to_the_end(worker));
}

static int run_main(struct leat_cli *cli, int argc, char **argv)
{
    struct leat_worker worker LEAT_CLEANUP(worker_fini) = {
        .cli = cli, .argc = argc, .argv = argv, .signals = -1, .reload = {.told = -1}};
    const char **files LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*files));
    struct leat_error error = {0};
    const char *named = NULL;
    leat_logger_init(&worker.logger);
    worker.started_us = leat_clock_us(&leat_clock_system);
    worker.started_ms = leat_clock_wall_ms(&leat_clock_system);
    if (files == NULL || !leat_is_ok(leat_config_init(&worker.config)))
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_run, argc, argv, find_config, &named, files);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count > 1 || (count == 1 && named != NULL))
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat run FILE, or leat run --config FILE", "run takes one file");
    worker.file = leat_cli_find_worker_config("run", count == 1 ? files[0] : named);
    if (worker.file == NULL)
        return EXIT_CONFIG;
    int status = leat_cli_configure(cli, &worker.config, worker.file);
    if (status != EXIT_DONE)
        return status;
    if (leat_cli_parse(&leat_verb_run, argc, argv, take_option, &worker, files) < 0)
        return EXIT_USAGE_ERROR;
    if (!leat_is_ok(leat_config_check(&worker.config, environ, &error)))
        return leat_cli_fail_with(EXIT_CONFIG, &error);
    return run(&worker);
}

const struct leat_cli_verb leat_verb_run = {
    .name = "run",
    .arguments = "[CONFIG]",
    .summary = "run as a worker: take events from the configured sources until told to end",
    .examples = "leat run                                # LEAT_CONFIG, ./leat.yaml, /etc/leat/leat.yaml\n"
                "leat run orders.yaml\n"
                "leat run --until-idle orders.yaml       # all that is there now, then end\n"
                "leat run --handler ./hello.so --max-events 1 orders.yaml\n"
                "leat run --set log.level=debug --state /tmp/orders orders.yaml\n",
    .notes =
        "SIGTERM and SIGINT drain: nothing new is taken, what runs may end, within the option `drain`; a second one\n"
        "ends at once. SIGHUP looks at the new files first, then drains and begins anew; bad ones change nothing.\n"
        "SIGUSR1 logs what every source does. systemd is told when it is ready, reloads and stops. With\n"
        "`admin: {listen: unix:PATH}` it answers /livez, /readyz and /status. docs/reference/run.md has all of it.\n"
        "The state folder holds dead.ndjson and running.journal; it is $STATE_DIRECTORY, else\n"
        "~/.local/state/leat/SERVICE.\n"
        "Exit status 0: all was settled, dead letters included; 69: a service is away; 70: handlers that never\n"
        "returned, or a bug; 73: the state folder cannot be made; 75: the limit of a drain; 76: another process has\n"
        "its state folder or socket; 78: the configuration or a handler is unusable.\n",
    .options = options,
    .configured = true,
    .run = run_main,
};
