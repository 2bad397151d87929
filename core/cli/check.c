/* SPDX-License-Identifier: Apache-2.0 */
/* `leat check [CONFIG]`: is the file one to start with? Nothing is started. */
#include "check_live.h"
#include "configuration.h"
#include "find_handler.h"
#include "types.h"

#include <engine/engine.h>

#include <leat/alloc.h>

#include <unistd.h>

enum { CONFIG, JSON, LIVE, WARNINGS };

static const struct leat_cli_option options[] = {
    [CONFIG] = {"config", "FILE", "the file; also as argument"},
    [JSON] = {"json", NULL, "one JSON value a line"},
    [LIVE] = {"live", NULL, "ask the servers of its sources and sinks too"},
    [WARNINGS] = {"W", NULL, "warnings fail too"},
    {NULL, NULL, NULL},
};

struct check {
    struct leat_cli *cli;
    struct leat_config config;
    struct leat_problems problems;
    struct leat_logger logger;
    struct leat_engine *engine;
    const char *file;
    const char *name;  /* of the handler that was opened last */
    char handler[128]; /* the service's */
    bool json, live, strict;
};

static bool take_option(void *argument, size_t index, const char *value)
{
    struct check *check = argument;
    switch (index) {
    case CONFIG: check->file = value; break;
    case JSON: check->json = true; break;
    case LIVE: check->live = true; break;
    case WARNINGS: check->strict = true; break;
    default: break;
    }
    return true;
}

/* Opened and looked at as for a start; nothing of it is called. */
static leat_status open_handler(struct check *check, leat_str spec, struct leat_error *reterr)
{
    struct leat_engine_options engine = {
        .adapters = check->cli->adapters,
        .executor = &leat_executor_inline,
        .slots = 1,
        .max_in_flight = 1,
        .logger = &check->logger,
    };
    struct leat_named_handler named = {0};
    LEAT_TRY(leat_find_handler(check->cli, spec.ptr, &named, reterr));
    leat_engine_free(check->engine);
    check->engine = leat_engine_new(&engine);
    if (check->engine == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(leat_engine_add_handler(check->engine, named.trigger, named.handler, reterr));
    check->name = named.handler->name;
    return LEAT_OK;
}

static leat_status check_handler(struct check *check, leat_str spec, struct leat_config_place place,
                                 struct leat_error *reterr)
{
    struct leat_error error = {0};
    leat_status status = open_handler(check, spec, &error);
    if (leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY) {
        *reterr = error;
        return status;
    }
    struct leat_problem *problem =
        leat_problem_add(&check->problems, place.at, place.len, "handler", "%s", error.message);
    if (error.fix[0] != '\0')
        leat_problem_fix(&check->problems, problem, "%s", error.fix);
    return LEAT_OK;
}

/* The service's and those of its sources. */
static leat_status check_handlers(struct check *check, struct leat_error *reterr)
{
    const struct leat_config *config = &check->config;
    if (leat_config_filed(config, "handler"))
        LEAT_TRY(check_handler(check, config->handler, leat_config_place(config, "handler"), reterr));
    snprintf(check->handler, sizeof(check->handler), "%s", check->name != NULL ? check->name : "");
    for (size_t i = 0; i < config->source_count; i++)
        if (config->sources[i].handler.ptr != NULL)
            LEAT_TRY(check_handler(check, config->sources[i].handler,
                                   leat_config_source_place(&config->sources[i], "handler"), reterr));
    return LEAT_OK;
}

static unsigned option_count(const struct leat_config *config)
{
    return (unsigned)__builtin_popcountll(config->filed);
}

/* "file: ok, 3 options, 2 sources (spool inbox, spool other), handler orders". */
static void tell_ok(const struct check *check)
{
    const struct leat_config *config = &check->config;
    unsigned count = option_count(config);
    leat_cli_print_visible(stdout, leat_str_c(check->problems.file));
    printf(": ok, %u option%s", count, count == 1 ? "" : "s");
    for (size_t i = 0; i < config->source_count; i++) {
        if (i == 0)
            printf(", %zu source%s (", config->source_count, config->source_count == 1 ? "" : "s");
        printf("%s%s %.*s", i > 0 ? ", " : "", config->sources[i].ops->name,
               LEAT_ARG(config->sources[i].settings.name));
    }
    printf("%s%s%s\n", config->source_count > 0 ? ")" : "", check->handler[0] != '\0' ? ", handler " : "",
           check->handler);
}

static int tell(const struct check *check)
{
    const struct leat_problems *problems = &check->problems;
    bool failed = problems->errors > 0 || (check->strict && problems->warnings > 0);
    leat_cli_print_problems(problems, check->json);
    if (problems->untold > 0)
        fprintf(stderr, "%u more are not shown.\n", problems->untold);
    if (problems->errors > 0)
        fprintf(stderr, "%u error%s. Nothing was started.\n", problems->errors, problems->errors == 1 ? "" : "s");
    else if (failed)
        fprintf(stderr, "%u warning%s. Nothing was started.\n", problems->warnings, problems->warnings == 1 ? "" : "s");
    else if (!check->json)
        tell_ok(check);
    return failed ? EXIT_CONFIG : EXIT_DONE;
}

static int ask_servers(const struct check *check)
{
    struct leat_live_count count = leat_check_live(&check->config, check->json);
    return count.errors > 0 ? EXIT_AWAY : check->strict && count.warnings > 0 ? EXIT_CONFIG : EXIT_DONE;
}

static int run(struct check *check)
{
    struct leat_error error = {0};
    leat_problems_init(&check->problems, check->file);
    leat_cli_types(check->cli, &check->config.types);
    leat_status status = leat_config_load(&check->config, &check->problems, environ, &error);
    check->cli->config_folder = check->config.folder;
    if (leat_is_ok(status) || status.code == LEAT_E_CONFIG) {
        struct leat_error why = {0};
        leat_status opened = check_handlers(check, &why);
        error = leat_is_ok(opened) ? error : why;
        status = leat_is_ok(opened) ? status : opened;
    }
    if (!leat_is_ok(status) && check->problems.errors == 0)
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    int told = tell(check);
    return told == EXIT_DONE && check->live ? ask_servers(check) : told;
}

static void check_fini(struct check *check)
{
    leat_engine_free(check->engine);
    leat_logger_fini(&check->logger);
    leat_problems_fini(&check->problems);
    leat_config_fini(&check->config);
}

static int check_main(struct leat_cli *cli, int argc, char **argv)
{
    static const char *const places[] = {"./leat.yaml", "/etc/leat/leat.yaml", NULL};
    struct check check LEAT_CLEANUP(check_fini) = {.cli = cli};
    const char **files LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*files));
    leat_logger_init(&check.logger);
    if (files == NULL || !leat_is_ok(leat_config_init(&check.config)))
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_check, argc, argv, take_option, &check, files);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count > 1 || (count == 1 && check.file != NULL))
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat check FILE, or leat check --config FILE", "check takes one file");
    check.file = leat_find_config(count == 1 ? files[0] : check.file, places);
    if (check.file == NULL)
        return leat_cli_fail(EXIT_CONFIG, "name one: leat check FILE",
                             "no configuration: no LEAT_CONFIG, ./leat.yaml or /etc/leat/leat.yaml");
    return run(&check);
}

const struct leat_cli_verb leat_verb_check = {
    .name = "check",
    .arguments = "[CONFIG]",
    .summary = "say what is wrong with a configuration, without starting anything",
    .examples = "leat check\n"
                "leat check hello.yaml\n"
                "leat check -W --json /etc/leat/hello.yaml\n"
                "leat check --live                       # and are its servers there, and will they lose nothing?\n",
    .notes =
        "Without a file: LEAT_CONFIG, ./leat.yaml, /etc/leat/leat.yaml. All errors are told in one run, each with\n"
        "its place and what mends it; what is secret is shown as ***. Handlers are opened, none of their\n"
        "functions is called. docs/reference/configuration.md has the options and ${...}.\n"
        "Exit status 78: errors, or with -W warnings; 69: --live, and a server is away or cannot be used.\n",
    .options = options,
    .configured = true,
    .run = check_main,
};
