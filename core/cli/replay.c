/* SPDX-License-Identifier: Apache-2.0 */
#include "assemble.h"
#include "cli.h"
#include "configuration.h"
#include "find_handler.h"
#include "modules.h"
#include "replay_guest.h"
#include "replay_keep.h"
#include "report.h"

#include <engine/engine.h>

#include <leat/alloc.h>

#include <unistd.h>

#define HANDLERS_MAX 64
#define PARALLEL_MAX 1024

enum {
    AS,
    BOOTSTRAP,
    CONFIG,
    EXPECT,
    FILTER,
    FUNCTION_ARN,
    HANDLER,
    JSON,
    MODULE,
    ONLY,
    PARALLEL,
    QUIET,
    RECORD,
    REPEAT,
    REQUEST_ID,
    SET,
    SINK,
    TENANT_ID,
    TIME,
    TIMEOUT,
    TRACE_ID
};

static const struct leat_cli_option options[] = {
    [AS] = {"as", "TRIGGER", "take every payload as this trigger's, as it stands, without detection"},
    [BOOTSTRAP] = {"bootstrap", "FILE", "a function of any runtime: its program, its FILE.zip, or a command line"},
    [CONFIG] = {"config", "FILE", "the configuration; else LEAT_CONFIG names one, else there is none"},
    [EXPECT] = {"expect", "FILE", "compare with what --record wrote; status 0 means: as expected"},
    [FILTER] = {"filter", "PATTERN|@FILE", "only records that match, as Lambda filters them; several: any of them"},
    [FUNCTION_ARN] = {"function-arn", "ARN", "what leat_function_arn() says"},
    [HANDLER] = {"handler", "[TRIGGER=]HANDLER", "PATH.so, PATH.so:NAME or NAME; may be given several times"},
    [JSON] = {"json", NULL, "one JSON value a line"},
    [MODULE] = {"module", "PATH.so|NAME", "a module whose triggers are known too; may be given several times"},
    [ONLY] = {"only", "TEXT", "only events with TEXT in their id, or in their record"},
    [PARALLEL] = {"parallel", "N", "documents under way at once, and threads with a slot each; 1 to 1024"},
    [QUIET] = {"quiet", NULL, "only totals"},
    [RECORD] = {"record", "FILE", "write what happened, for --expect"},
    [REPEAT] = {"repeat", "N", "replay all of it N times"},
    [REQUEST_ID] = {"request-id", "ID", "what leat_request_id() says; default: made of the document's number"},
    [SET] = {"set", "KEY=VALUE", "an option of the configuration, such as settings.db=memory"},
    [SINK] = {"sink", NULL, "dead letters and emitted events go to the configuration's sinks; without it to none"},
    [TENANT_ID] = {"tenant-id", "ID", "what leat_tenant_id() says"},
    [TIME] = {"time", "DURATION", "what each document's invocation has: leat_remaining_ms() counts it down"},
    [TIMEOUT] = {"timeout", "DURATION", "what one call of a handler may take: --set timeout=DURATION"},
    [TRACE_ID] = {"trace-id", "ID", "what leat_trace_id() says"},
    {NULL, NULL, NULL},
};

struct replay {
    struct leat_cli *cli;
    struct leat_config config;
    struct leat_report report;
    struct leat_reader *reader;
    struct leat_engine *engine;
    const char *handlers[HANDLERS_MAX], *bootstrap, *expect, *record;
    struct leat_replay_keep keep;
    leat_str named[HANDLERS_MAX]; /* the triggers they are for */
    size_t handler_count, named_count;
    const struct leat_adapter *as;                          /* NULL: detect, among `adapters` */
    const struct leat_adapter *adapters[LEAT_ADAPTERS_MAX]; /* none: all */
    uint32_t repeat, parallel;
    int64_t time_ms;
    struct leat_invocation invocation;
    struct leat_logger logger;
    bool sink; /* the configuration's are written to */
    bool raw, started;
};

/* --- the command line ------------------------------------------------------------------------------ */

static bool take_as(struct replay *replay, const char *value)
{
    struct leat_error error = {0};
    if (leat_is_ok(leat_find_trigger(replay->cli, value, &replay->as, replay->adapters, &error)))
        return true;
    (void)leat_cli_fail_with(0, &error);
    return false;
}

static bool take_repeat(struct replay *replay, const char *value)
{
    int64_t count;
    if (!leat_str_int64(leat_str_c(value), &count) || count < 1 || count > UINT32_MAX) {
        (void)leat_cli_fail(0, NULL, "--repeat wants a number from 1, not \"%s\"", value);
        return false;
    }
    replay->repeat = (uint32_t)count;
    return true;
}

static bool take_parallel(struct replay *replay, const char *value)
{
    int64_t count;
    if (!leat_str_int64(leat_str_c(value), &count) || count < 1 || count > PARALLEL_MAX) {
        (void)leat_cli_fail(0, NULL, "--parallel wants a number from 1 to %d, not \"%s\"", PARALLEL_MAX, value);
        return false;
    }
    replay->parallel = (uint32_t)count;
    return true;
}

static bool take_handler(struct replay *replay, const char *value)
{
    if (replay->handler_count == HANDLERS_MAX) {
        (void)leat_cli_fail(0, NULL, "more than %d handlers", HANDLERS_MAX);
        return false;
    }
    replay->handlers[replay->handler_count++] = value;
    return true;
}

static bool take_setting(struct replay *replay, const char *value)
{
    struct leat_error error = {0};
    if (leat_is_ok(leat_config_set(&replay->config, value, &error)))
        return true;
    (void)leat_cli_fail_with(0, &error);
    return false;
}

static bool take_filter(struct replay *replay, const char *value)
{
    struct leat_error error = {0};
    if (leat_is_ok(leat_replay_keep_filter(&replay->keep, value, &error)))
        return true;
    (void)leat_cli_fail_with(0, &error);
    return false;
}

static bool take_duration(const char *option, const char *value, int64_t *retms)
{
    if (leat_config_duration(leat_str_c(value), retms) && *retms > 0)
        return true;
    (void)leat_cli_fail(0, "write 30s or 900ms", "--%s wants a duration, not \"%s\"", option, value);
    return false;
}

static bool take_option(void *argument, size_t index, const char *value)
{
    struct replay *replay = argument;
    switch (index) {
    case AS: return take_as(replay, value);
    case HANDLER: return take_handler(replay, value);
    case REPEAT: return take_repeat(replay, value);
    case SET: return take_setting(replay, value);
    case BOOTSTRAP: replay->bootstrap = value; break;
    case PARALLEL: return take_parallel(replay, value);
    case TIME: return take_duration("time", value, &replay->time_ms);
    case TIMEOUT: return take_duration("timeout", value, &replay->config.timeout_ms);
    case EXPECT: replay->expect = value; break;
    case RECORD: replay->record = value; break;
    case SINK: replay->sink = true; break;
    case ONLY: replay->keep.only = value; break;
    case FILTER: return take_filter(replay, value);
    case JSON: replay->report.json = true; break;
    case QUIET: replay->report.quiet = true; break;
    case FUNCTION_ARN: replay->invocation.function_arn = leat_str_c(value); break;
    case REQUEST_ID: replay->invocation.request_id = leat_str_c(value); break;
    case TENANT_ID: replay->invocation.tenant_id = leat_str_c(value); break;
    case TRACE_ID: replay->invocation.trace_id = leat_str_c(value); break;
    default: break;
    }
    return true;
}

/* What the other options need: the file, which they win over, and the triggers of modules. */
struct early {
    struct leat_cli *cli;
    const char *config;
    int status; /* of modules */
};

static bool take_early(void *argument, size_t index, const char *value)
{
    struct early *early = argument;
    if (index == CONFIG)
        early->config = value;
    else if (index == MODULE)
        early->status = leat_cli_take_module(early->cli, value);
    return early->status == EXIT_DONE;
}

/* --- the engine --------------------------------------------------------------------------------------- */

/* Threads only where they are asked for. With the last slot lost nothing is left to go on with. */
static void take_executor(const struct replay *replay, struct leat_engine_options *engine)
{
    uint32_t slots = replay->parallel > 0 ? replay->parallel : 1;
    bool pool = slots > 1 || replay->config.timeout_ms > 0;
    engine->executor = pool ? &leat_executor_pool : &leat_executor_inline;
    engine->slots = slots;
    engine->max_in_flight = INT32_MAX; /* the source counts documents */
    engine->timeout_ms = replay->config.timeout_ms;
    engine->grace_ms = replay->config.grace_ms > 0 ? replay->config.grace_ms : 1;
    engine->max_lost_slots = slots - 1;
}

static bool make_engine(struct replay *replay)
{
    struct leat_engine_options engine = {
        .adapters = replay->adapters[0] != NULL ? replay->adapters : replay->cli->adapters,
        .max_payload = replay->config.max_payload,
        .max_bytes = replay->config.max_memory,
        .max_inflated = replay->config.max_inflated,
        .reserve_ms = replay->config.reserve_ms,
        .settings = replay->config.settings,
        .logger = &replay->logger,
        .outcome_level = LEAT_DEBUG, /* the report says it */
        .emits_nowhere = !replay->sink,
        .service = leat_cli_service_name(&replay->config, NULL),
        .dead_letter = replay->sink ? replay->config.dead_letter : LEAT_ABSENT,
        .keep = leat_replay_keep_some(&replay->keep) ? leat_replay_keep : NULL,
        .keep_argument = &replay->keep,
    };
    take_executor(replay, &engine);
    leat_logger_init(&replay->logger);
    replay->logger.level = (enum leat_log_level)replay->config.log_level;
    replay->logger.format = (enum leat_log_format)replay->config.log_format;
    replay->engine = leat_engine_new(&engine);
    return replay->engine != NULL;
}

static leat_status add_handler(struct replay *replay, const char *spec, struct leat_error *reterr)
{
    struct leat_named_handler named = {0};
    LEAT_TRY(leat_find_handler(replay->cli, spec, &named, reterr));
    for (size_t i = 0; i < replay->named_count; i++)
        if (leat_str_eq(replay->named[i], named.trigger))
            return leat_error_set(reterr, LEAT_STATUS(USAGE), "two handlers for %.*s",
                                  LEAT_ARG(named.trigger.ptr != NULL ? named.trigger : LEAT_STR("all triggers")));
    replay->named[replay->named_count++] = named.trigger;
    replay->raw = replay->raw || (named.handler->flags & LEAT_RAW) != 0;
    if (replay->raw && replay->keep.filter != NULL)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "a raw handler has no records that --filter could look at");
    return leat_engine_add_handler(replay->engine, named.trigger, named.handler, reterr);
}

/* --handler, else the configuration's, else the only one linked in. */
static leat_status add_handlers(struct replay *replay, struct leat_error *reterr)
{
    const struct leat_handler *const *linked = replay->cli->linked_in;
    for (size_t i = 0; i < replay->handler_count; i++)
        LEAT_TRY(add_handler(replay, replay->handlers[i], reterr));
    if (replay->handler_count > 0)
        return replay->raw && replay->handler_count > 1
                   ? leat_error_set(reterr, LEAT_STATUS(CONFIG), "a raw handler takes every payload: it stands alone")
                   : LEAT_OK;
    if (replay->config.handler.ptr != NULL)
        return add_handler(replay, replay->config.handler.ptr, reterr);
    if (linked != NULL && linked[0] != NULL && linked[1] == NULL)
        return add_handler(replay, linked[0]->name, reterr);
    (void)leat_error_set(reterr, LEAT_STATUS(USAGE), "no handler is named");
    leat_error_fix(reterr, "--handler ./hello.so, or --handler sqs=orders");
    return LEAT_STATUS(USAGE);
}

static leat_status add_sinks(struct replay *replay, struct leat_error *reterr)
{
    if (replay->config.sink_count > 0)
        return leat_cli_add_sinks(replay->engine, &replay->config, reterr);
    (void)leat_error_set(reterr, LEAT_STATUS(USAGE), "--sink: the configuration has no sinks");
    leat_error_fix(reterr, "--config FILE, and in it: dead_letter: {type: file, path: dead.ndjson}");
    return LEAT_STATUS(USAGE);
}

static leat_status open_files(struct replay *replay, const char *const *paths, size_t count, struct leat_error *reterr)
{
    struct leat_reader_options reader = {
        .max_document = replay->config.max_payload,
        .max_memory = replay->config.max_memory,
        .whole = replay->raw,
        .adapters = replay->adapters[0] == NULL ? replay->cli->adapters : NULL, /* --as: as it stands */
    };
    LEAT_TRY(leat_reader_open(paths, count, &reader, &replay->reader, reterr));
    replay->report.reader = replay->reader;
    for (size_t i = 0; i < count && replay->repeat > 1; i++)
        if (strcmp(paths[i], "-") == 0)
            return leat_error_set(reterr, LEAT_STATUS(USAGE), "standard input cannot be repeated");
    return LEAT_OK;
}

static leat_status run_bootstrap(struct replay *replay, const struct leat_file_options *file, struct leat_error *reterr)
{
    struct leat_replay_guest guest = {
        .bootstrap = replay->bootstrap,
        .file = file,
        .adapters = replay->adapters[0] != NULL ? replay->adapters : replay->cli->adapters,
        .config = &replay->config,
        .keep = leat_replay_keep_some(&replay->keep) ? leat_replay_keep : NULL,
        .keep_argument = &replay->keep,
    };
    return leat_replay_guest(&guest, reterr);
}

static leat_status run(struct replay *replay, const char *const *paths, size_t count, struct leat_error *reterr)
{
    if (replay->bootstrap != NULL && (replay->handler_count > 0 || replay->parallel > 1 || replay->sink))
        return leat_error_set(reterr, LEAT_STATUS(USAGE), "--bootstrap excludes --handler, --parallel and --sink");
    if (replay->bootstrap == NULL && !make_engine(replay))
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    if (replay->bootstrap == NULL)
        LEAT_TRY(add_handlers(replay, reterr));
    if (replay->sink)
        LEAT_TRY(add_sinks(replay, reterr));
    LEAT_TRY(open_files(replay, paths, count, reterr));
    struct leat_file_options file = {
        .reader = replay->reader,
        .as = replay->as,
        .repeat = replay->repeat,
        .invocation = replay->invocation,
        .time_ms = replay->time_ms,
        .rules = {.any_fails = !replay->config.report_items, .all_fail = replay->config.whole_batch != 0},
        .parallel = replay->parallel,
        .report = leat_report_callbacks(&replay->report),
    };
    if (replay->bootstrap != NULL)
        return run_bootstrap(replay, &file, reterr);
    LEAT_TRY(leat_engine_add_source(replay->engine, &leat_source_file, &file, NULL, reterr));
    LEAT_TRY(leat_engine_start(replay->engine, reterr));
    replay->started = true;
    return leat_engine_run(replay->engine, reterr);
}

/* --- the end --------------------------------------------------------------------------------------------- */

static int status_of(const struct replay *replay, bool judged)
{
    if (replay->report.out_of_memory)
        return EXIT_BUG;
    if (replay->report.broken_input)
        return EXIT_NOT_JSON;
    if (replay->report.unreadable)
        return EXIT_NO_INPUT;
    return !judged && leat_report_failed(&replay->report) ? EXIT_OUTCOME : EXIT_DONE;
}

static int finish(struct replay *replay)
{
    struct leat_error error = {0};
    size_t differences = 0;
    char verdict[64] = "as expected";
    if (replay->report.arena.overflow)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory for the golden lines");
    if (replay->record != NULL && !leat_is_ok(leat_expect_record(&replay->report, replay->record, &error)))
        return leat_cli_fail_with(EXIT_CANNOT_CREATE, &error);
    if (replay->expect != NULL) {
        leat_status status = leat_expect_compare(&replay->report, replay->expect, &differences, &error);
        if (!leat_is_ok(status))
            return leat_cli_fail_with(leat_cli_exit_of(status), &error);
        if (differences > 0)
            snprintf(verdict, sizeof(verdict), "NOT as expected: %zu lines differ", differences);
    }
    leat_report_summary(&replay->report, replay->expect != NULL ? verdict : NULL);
    int status = status_of(replay, replay->expect != NULL);
    return leat_cli_flush(status == EXIT_DONE && differences > 0 ? EXIT_OUTCOME : status);
}

/* What was done is told all the same. Threads that are lost use what is ours: there is no way back to the caller. */
static int finish_broken(struct replay *replay, leat_status why, const struct leat_error *error)
{
    if (replay->started)
        (void)finish(replay);
    int status = leat_cli_fail_with(leat_cli_exit_of(why), error);
    if (replay->engine != NULL && leat_engine_lost_slots(replay->engine) > 0)
        _exit(status);
    return status;
}

static void replay_fini(struct replay *replay)
{
    leat_engine_free(replay->engine);
    leat_logger_fini(&replay->logger);
    leat_reader_close(replay->reader);
    leat_report_fini(&replay->report);
    leat_replay_keep_fini(&replay->keep);
    leat_config_fini(&replay->config);
}

static int replay_main(struct leat_cli *cli, int argc, char **argv)
{
    struct replay replay LEAT_CLEANUP(replay_fini) = {.cli = cli};
    struct leat_error error = {0};
    const char **paths LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*paths));
    struct early early = {.cli = cli};
    leat_report_init(&replay.report, cli);
    leat_replay_keep_init(&replay.keep, &replay.report);
    if (paths == NULL || !leat_is_ok(leat_config_init(&replay.config)))
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    if (leat_cli_parse(&leat_verb_replay, argc, argv, take_early, &early, paths) < 0)
        return early.status != EXIT_DONE ? early.status : EXIT_USAGE_ERROR;
    int status = leat_cli_configure(cli, &replay.config, early.config);
    if (status != EXIT_DONE)
        return status;
    int count = leat_cli_parse(&leat_verb_replay, argc, argv, take_option, &replay, paths);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count == 0)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat replay --handler ./hello.so events/, or - for standard input",
                             "no file is named");
    replay.report.only = leat_replay_keep_some(&replay.keep);
    replay.report.guest = replay.bootstrap != NULL;
    replay.report.golden = replay.expect != NULL || replay.record != NULL;
    leat_status ended = run(&replay, paths, (size_t)count, &error);
    return leat_is_ok(ended) ? finish(&replay) : finish_broken(&replay, ended, &error);
}

const struct leat_cli_verb leat_verb_replay = {
    .name = "replay",
    .arguments = "FILE|DIR|-...",
    .summary = "run event files through handlers and say what Lambda would be told",
    .examples =
        "leat replay --handler ./hello.so events/\n"
        "leat replay --handler sqs=orders --handler s3=index handlers/*/events\n"
        "leat sample sqs | leat replay --handler orders -\n"
        "leat replay --handler ./hello.so --only 8d1f m.json\n"
        "leat replay --handler ./hello.so --filter '{\"body\":{\"total\":[{\"numeric\":[\">\",100]}]}}' m.json\n"
        "leat replay --handler ./hello.so --expect events/sqs.expect events/sqs.json\n"
        "leat replay --config leat.yaml --sink yesterday.ndjson\n"
        "leat replay --bootstrap function.zip events/\n"
        "leat replay --bootstrap 'python3 -m awslambdaric app.handler' events/\n",
    .notes =
        "--bootstrap starts a function as Lambda does, serves it the Runtime API on the loopback, and reads its\n"
        "answers as Lambda does: docs/reference/bootstrap.md. An invocation has 30 s, or what --time says.\n"
        "Writes nothing, unless --sink: rejected events then go to dead_letter, and what handlers emit to its sink.\n"
        "Touches nothing but these files, which may be in the form of other tools: docs/reference/events.md.\n"
        "--filter takes the patterns of EventBridge, as Lambda's mappings do: docs/reference/filters.md. Records that\n"
        "do not match are not run, and counted at the end.\n"
        "--module opens PATH.so, or NAME.so of LEAT_MODULE_PATH: docs/reference/modules.md.\n"
        "With --parallel what is told stays in the order of the files; lanes hold inside a document.\n"
        "Exit status 1: an event was not ok, or not as expected; 65: a file is no JSON (what stands before\n"
        "it is still run); 66: no such file; 70: a handler never came back from its timeout; 78: a handler, a\n"
        "module or an option is unusable.\n",
    .options = options,
    .configured = true,
    .run = replay_main,
};
