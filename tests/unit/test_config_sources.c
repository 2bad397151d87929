/* SPDX-License-Identifier: Apache-2.0 */
/* Sources and sinks of a configuration, with types of our own: entries, what is wrong with them, and what is set. */
#include <config/config.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdio.h>

struct pond {
    leat_str path, token;
    bool keep;
    uint32_t depth;
    double rate;
    struct leat_list brokers;
    size_t cup;
    leat_str overflow;
};

static const struct leat_option pond_options[] = {
    {"brokers", LEAT_OPTION_LIST, false, offsetof(struct pond, brokers), "one", NULL, "names"},
    {"deep.cup", LEAT_OPTION_SIZE, false, offsetof(struct pond, cup), "1KiB", NULL, "size"},
    {"deep.depth", LEAT_OPTION_COUNT, false, offsetof(struct pond, depth), "3", "1 9", "depth"},
    {"keep", LEAT_OPTION_FLAG, false, offsetof(struct pond, keep), "false", NULL, "keep"},
    {"overflow", LEAT_OPTION_SINK, false, offsetof(struct pond, overflow), NULL, NULL, "sink"},
    {"path", LEAT_OPTION_PATH, false, offsetof(struct pond, path), NULL, "!", "where it is"},
    {"rate", LEAT_OPTION_RATE, false, offsetof(struct pond, rate), NULL, NULL, "rate"},
    {"token", LEAT_OPTION_TEXT, true, offsetof(struct pond, token), NULL, NULL, "token"},
    {NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL},
};
static const struct leat_source_ops pond = {
    .name = "pond", .options = pond_options, .options_size = sizeof(struct pond)};
static const struct leat_source_ops bare = {.name = "bare"};
static const struct leat_sink_ops drain = {
    .name = "file", .options = pond_options, .options_size = sizeof(struct pond)};
static const struct leat_sink_ops hole = {.name = "hole"};

static struct leat_config config;
static struct leat_problems problems;
static struct leat_error error;
static const char *variables[] = {"PORT=8", "HIDDEN=hunter2", NULL, NULL};
static char opened[64];

static const struct leat_source_ops *find_source(void *argument, leat_str type, struct leat_error *reterr)
{
    cr_assert_eq(argument, opened);
    if (leat_str_is(type, "pond") || leat_str_is(type, "bare"))
        return leat_str_is(type, "pond") ? &pond : &bare;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no source type \"%.*s\"", LEAT_ARG(type));
    leat_error_fix(reterr, "did you mean \"pond\"?");
    return NULL;
}

static const struct leat_sink_ops *find_sink(void *argument, leat_str type, struct leat_error *reterr)
{
    cr_assert_eq(argument, opened);
    if (leat_str_is(type, "file") || leat_str_is(type, "hole"))
        return leat_str_is(type, "file") ? &drain : &hole;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no sink type \"%.*s\"", LEAT_ARG(type));
    return NULL;
}

static leat_status open_module(void *argument, leat_str name, struct leat_error *reterr)
{
    size_t len = strlen(argument);
    if (leat_str_is(name, "gone"))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "no module \"gone\"");
    snprintf((char *)argument + len, sizeof(opened) - len, "%.*s ", LEAT_ARG(name));
    return LEAT_OK;
}

static void setup(void)
{
    cr_assert(leat_is_ok(leat_config_init(&config)));
    config.types =
        (struct leat_config_types){.source = find_source, .sink = find_sink, .module = open_module, .argument = opened};
    leat_problems_init(&problems, "leat.yaml");
    error = (struct leat_error){0};
    opened[0] = '\0';
}

static void teardown(void)
{
    leat_problems_fini(&problems);
    leat_config_fini(&config);
}

TestSuite(config_sources, .init = setup, .fini = teardown);

static char *const *environment(void)
{
    return (char *const *)(uintptr_t)variables;
}

static leat_status take(const char *text)
{
    teardown();
    setup();
    config.folder = "conf";
    problems.text = leat_str_c(text);
    return leat_config_take(&config, &problems, environment(), &error);
}

static void expect_taken(const char *text)
{
    leat_status status = take(text);
    cr_expect(leat_is_ok(status), "%s: %s", text, error.message);
    cr_expect_eq(problems.warnings, 0, "%s", text);
}

static bool shown(const char *word)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &config.arena);
    for (const struct leat_problem *at = problems.first; at != NULL; at = at->next)
        leat_problem_print(&buf, &problems, at);
    return strstr(leat_buf_str(&buf).ptr, word) != NULL;
}

static void expect_refused(const char *text, const char *message, const char *fix, const char *code)
{
    cr_expect_eq(take(text).code, LEAT_E_CONFIG, "%s", text);
    cr_expect_str_eq(error.message, message, "%s", text);
    cr_assert_not_null(problems.first, "%s", text);
    const char *said = problems.first->fix.ptr != NULL ? problems.first->fix.ptr : "";
    cr_expect_str_eq(said, fix, "%s", text);
    cr_expect_str_eq(problems.first->code, code, "%s", text);
    cr_expect(!shown("hunter2"), "%s", text);
}

static leat_status set(const char *assignment)
{
    error = (struct leat_error){0};
    return leat_config_set(&config, assignment, &error);
}

static void expect_set(const char *assignment)
{
    leat_status status = set(assignment);
    cr_expect(leat_is_ok(status), "%s: %s", assignment, error.message);
}

static void expect_unset(const char *assignment, const char *message)
{
    cr_expect_eq(set(assignment).code, LEAT_E_CONFIG, "%s", assignment);
    cr_expect_str_eq(error.message, message, "%s", assignment);
}

static leat_status from(const char *variable)
{
    const char *twins[] = {variable, NULL};
    error = (struct leat_error){0};
    return leat_config_environment(&config, (char *const *)(uintptr_t)twins, &error);
}

static const struct pond *pond_of(size_t i)
{
    cr_assert_lt(i, config.source_count);
    return config.sources[i].options;
}

/* --- tables ------------------------------------------------------------------------------------------------- */

Test(config_sources, the_common_tables_are_sorted_and_their_fallbacks_are_values)
{
    const struct leat_option *const tables[] = {leat_source_options, leat_sink_options};
    for (size_t i = 0; i < 2; i++) {
        const char *last = "";
        struct leat_config_source source = {.ops = NULL};
        cr_expect(leat_is_ok(leat_options_default(&config.arena, &source, tables[i])));
        for (const struct leat_option *option = tables[i]; option->key != NULL; option++) {
            cr_expect_lt(strcmp(last, option->key), 0, "%s before %s", last, option->key);
            cr_expect(option->help != NULL && option->help[0] != '\0', "%s", option->key);
            last = option->key;
        }
    }
}

/* --- entries ------------------------------------------------------------------------------------------------ */

Test(config_sources, an_entry_without_more_has_all_defaults)
{
    expect_taken("sources: {inbox: {type: pond, path: in}}\n");
    cr_assert_eq(config.source_count, 1);
    const struct leat_source_settings *settings = &config.sources[0].settings;
    cr_expect(config.sources[0].ops == &pond && leat_str_is(settings->name, "inbox"));
    cr_expect(settings->handler == NULL && settings->settings == NULL && settings->filter == NULL);
    cr_expect(settings->dead_letter.ptr == NULL && config.sources[0].handler.ptr == NULL);
    cr_expect_eq(settings->ordering, LEAT_ORDER_USUAL);
    cr_expect(settings->max_attempts == 10 && settings->max_age_ms == 0 && settings->max_in_flight == 1000);
    cr_expect(settings->backoff_base_ms == 1000 && settings->backoff_max_ms == 300000);
    cr_expect(settings->max_bytes == (size_t)64 << 20 && settings->concurrency == 0 && settings->batch == 0);
    cr_expect(settings->breaker_failures == 20 && settings->breaker_pause_ms == 10000 && !settings->paused);
    cr_expect(settings->max_rate <= 0 && settings->window_ms == 0);
    cr_expect(leat_str_is(pond_of(0)->path, "conf/in"), "%s", pond_of(0)->path.ptr);
    cr_expect(pond_of(0)->cup == 1024 && pond_of(0)->depth == 3 && !pond_of(0)->keep);
    cr_expect(pond_of(0)->brokers.count == 1 && leat_str_is(pond_of(0)->brokers.items[0], "one"));
}

Test(config_sources, what_an_entry_says_is_in_its_settings_and_options)
{
    expect_taken("concurrency: 8\nsinks: {dead: {type: hole}}\nsources:\n  a:\n    type: pond\n    path: /in\n"
                 "    handler: a.so\n    settings: {db: 1}\n    batch: 5\n    window: 1s\n    max_attempts: 0\n"
                 "    max_age: 1h\n    backoff: {base: 2s, max: 4s}\n    ordering: key\n    dead_letter: dead\n"
                 "    concurrency: 2\n    max_rate: 90/m\n    max_in_flight: 7\n    max_bytes: 1KiB\n"
                 "    breaker: {failures: 0, pause: 1s}\n    paused: true\n    deep: {cup: 7, depth: \"${PORT}\"}\n"
                 "    brokers: [k1, 2]\n    rate: 10/h\n    keep: true\n  b: {type: pond, path: in, brokers: k}\n");
    cr_assert_eq(config.source_count, 2);
    const struct leat_source_settings *settings = &config.sources[0].settings;
    cr_expect(leat_str_is(config.sources[0].handler, "conf/a.so"));
    cr_expect_eq(leat_json_get(settings->settings, "db")->valueint, 1);
    cr_expect(settings->batch == 5 && settings->window_ms == 1000 && settings->max_attempts == 0);
    cr_expect(settings->max_age_ms == 3600000 && settings->backoff_base_ms == 2000 && settings->backoff_max_ms == 4000);
    cr_expect(settings->ordering == LEAT_ORDER_KEY && leat_str_is(settings->dead_letter, "dead"));
    cr_expect(settings->concurrency == 2 && settings->max_in_flight == 7 && settings->max_bytes == 1024);
    cr_expect_float_eq(settings->max_rate, 1.5, 1e-9);
    cr_expect(settings->breaker_failures == 0 && settings->breaker_pause_ms == 1000 && settings->paused);
    cr_expect(pond_of(0)->cup == 7 && pond_of(0)->depth == 8 && pond_of(0)->keep);
    cr_expect_float_eq(pond_of(0)->rate, 10.0 / 3600, 1e-9);
    cr_assert_eq(pond_of(0)->brokers.count, 2);
    cr_expect(leat_str_is(pond_of(0)->brokers.items[1], "2"), "what looks like a number is text");
    cr_expect(pond_of(1)->brokers.count == 1 && leat_str_is(pond_of(1)->brokers.items[0], "k"));
    struct leat_config_place place = leat_config_source_place(&config.sources[0], "handler");
    cr_expect(leat_str_is(leat_str_of(problems.text.ptr + place.at, place.len), "a.so"));
}

Test(config_sources, an_ordering_is_what_the_engine_calls_it)
{
    static const char *const words[] = {"none", "key", "partition"};
    for (int i = 0; i < 3; i++) {
        char text[96];
        snprintf(text, sizeof(text), "sources: {a: {type: pond, path: in, ordering: %s}}\n", words[i]);
        expect_taken(text);
        cr_expect_eq((int)config.sources[0].settings.ordering, LEAT_ORDER_NONE + i, "%s", words[i]);
    }
}

Test(config_sources, an_unknown_option_names_entry_and_type)
{
    expect_refused("sources:\n  a: {type: pond, path: x, max_atempts: 1}\n",
                   "leat.yaml:2:28: unknown option \"max_atempts\" in sources.a (pond)",
                   "did you mean \"max_attempts\"?", "unknown-option");
    expect_refused("sources:\n  a: {type: pond, path: x, tokn: hunter2}\n",
                   "leat.yaml:2:28: unknown option \"tokn\" in sources.a (pond)", "did you mean \"token\"?",
                   "unknown-option");
    expect_refused("sources:\n  a: {type: pond, path: x, zoo: hunter2, deep: {cups: 1}}\n",
                   "leat.yaml:2:28: unknown option \"zoo\" in sources.a (pond) (and 1 more)",
                   "of its own pond has: brokers, deep, keep, overflow, path, rate, token", "unknown-option");
    cr_expect(leat_str_is(problems.first->next->message, "unknown option \"cups\" in sources.a.deep (pond)"));
    expect_refused("sources:\n  a: {type: pond, path: x, base: 1s}\n",
                   "leat.yaml:2:28: unknown option \"base\" in sources.a (pond)", "it belongs into the map \"backoff\"",
                   "unknown-option");
    expect_refused("sources:\n  a: {type: pond, path: x, log: {level: debug}}\n",
                   "leat.yaml:2:28: unknown option \"log\" in sources.a (pond)",
                   "it is an option of the service: it stands at the top", "unknown-option");
    expect_refused("sink: {}\n", "leat.yaml:1:1: unknown option \"sink\"", "did you mean \"sinks\"?", "unknown-option");
}

Test(config_sources, a_wrong_value_names_the_entry)
{
    expect_refused("sources:\n  a: {type: pond, path: x, batch: 0}\n",
                   "leat.yaml:2:35: sources.a.batch wants a number from 1 to 10000, not \"0\"", "", "wrong-value");
    expect_refused("sources:\n  a: {type: pond, path: x, deep: {depth: 10}}\n",
                   "leat.yaml:2:42: sources.a.deep.depth wants a number from 1 to 9, not \"10\"", "", "wrong-value");
    expect_refused("sources:\n  a: {type: pond, path: x, max_rate: 0/s}\n",
                   "leat.yaml:2:38: sources.a.max_rate wants a rate (50/s 300/m 10/h), not \"0/s\"",
                   "more than 0; without the option there is no limit", "wrong-value");
    expect_refused("sources:\n  a: {type: pond, path: x, max_rate: 50}\n",
                   "leat.yaml:2:38: sources.a.max_rate wants a rate (50/s 300/m 10/h), not \"50\"",
                   "write 50/s or 50/m", "wrong-value");
    expect_refused("sources:\n  a: {type: pond, path: x, window: 5}\n",
                   "leat.yaml:2:36: sources.a.window wants a duration, \"5\" has no unit", "write 5s or 5ms",
                   "wrong-value");
    expect_refused("sources:\n  a: {type: pond, path: x, brokers: [k, {a: 1}]}\n",
                   "leat.yaml:2:41: sources.a.brokers wants text, or a list of texts, not a map", "", "wrong-type");
    expect_refused("sources:\n  a: {type: pond, path: x, backoff: 1s}\n",
                   "leat.yaml:2:37: sources.a.backoff wants a map (base, max), not text", "", "wrong-type");
    expect_refused("sources:\n  a: {type: pond, path: [x]}\n",
                   "leat.yaml:2:25: sources.a.path wants a path, not a list", "", "wrong-type");
    expect_refused("sources:\n  a: {type: pond, path: x, settings: hunter2, token: [hunter2]}\n",
                   "leat.yaml:2:38: sources.a.settings wants a map, not text (and 1 more)", "", "wrong-type");
}

Test(config_sources, an_entry_has_a_type_that_is_one)
{
    expect_refused("sources:\n  a: {path: hunter2}\n", "leat.yaml:2:3: sources.a has no \"type\"",
                   "what kind of source is it? {type: ..., ...}", "missing-option");
    expect_refused("sources:\n  a: {type: ponb, token: hunter2}\n", "leat.yaml:2:13: no source type \"ponb\"",
                   "did you mean \"pond\"?", "unknown-type");
    expect_refused("sources:\n  a: {type: bare}\n", "leat.yaml:2:13: a source of type \"bare\" cannot be configured",
                   "", "unknown-type");
    expect_refused("sources:\n  a: {type: [pond]}\n", "leat.yaml:2:13: sources.a.type wants text, not a list", "",
                   "wrong-type");
    expect_refused("sources:\n  a: hunter2\n", "leat.yaml:2:6: sources.a wants a map (type: ..., ...), not text", "",
                   "wrong-type");
    expect_refused("sources: [hunter2]\n", "leat.yaml:1:10: sources wants a map (NAME: {type: ...}), not a list", "",
                   "wrong-type");
    expect_refused("sources:\n  a.b: {type: pond, path: x}\n", "leat.yaml:2:3: a source cannot be called \"a.b\"",
                   "letters, digits, \"-\" and \"_\", at most 64", "wrong-value");
    expect_refused("sources:\n  a: {type: pond}\n", "leat.yaml:2:3: sources.a (pond) wants \"path\"",
                   "path: where it is", "missing-option");
    expect_refused("sinks:\n  a: {type: fil}\n", "leat.yaml:2:13: no sink type \"fil\"", "", "unknown-type");
    config.types = (struct leat_config_types){.source = NULL};
    problems.text = LEAT_STR("sources: {a: {type: pond}}");
    cr_expect_eq(leat_config_take(&config, &problems, environment(), &error).code, LEAT_E_CONFIG);
}

Test(config_sources, an_option_of_the_service_that_stands_too_deep_is_told)
{
    expect_refused("sources:\n  dead_letter: dead\n",
                   "leat.yaml:2:3: \"dead_letter\" stands in \"sources\" and was read as a source without \"type\"",
                   "to make it the service's, move it two columns left", "wrong-place");
    expect_refused("sources:\n    dead_letter: {type: file, token: hunter2}\n",
                   "leat.yaml:2:5: \"dead_letter\" stands in \"sources\" and was read as a source",
                   "to make it the service's, move it four columns left", "wrong-place");
    expect_refused("sources: {timeout: 30s}\n",
                   "leat.yaml:1:11: \"timeout\" stands in \"sources\" and was read as a source without \"type\"",
                   "to make it the service's, take it out of the braces", "wrong-place");
    expect_refused("sinks:\n      settings: {password: hunter2}\n",
                   "leat.yaml:2:7: \"settings\" stands in \"sinks\" and was read as a sink without \"type\"",
                   "to make it the service's, move it 6 columns left", "wrong-place");
    expect_taken("sinks: {dead_letter: {type: hole}}\ndead_letter: dead_letter\n");
    expect_taken("sources: {handler: {type: pond, path: x}}\n");
}

/* --- sinks ---------------------------------------------------------------------------------------------------- */

Test(config_sources, a_sink_is_named_or_stands_where_its_name_would)
{
    expect_taken(
        "dead_letter: dead\nsinks:\n  dead: {type: file, path: d}\nsources:\n  a:\n    type: pond\n    path: x\n"
        "    dead_letter: {type: hole}\n    overflow: {type: file, path: o, deep: {depth: 1}}\n");
    cr_expect_eq(config.sink_count, 3);
    cr_expect(leat_str_is(config.dead_letter, "dead"));
    cr_expect(leat_str_is(config.sources[0].settings.dead_letter, "sources.a.dead_letter"));
    cr_expect(leat_str_is(pond_of(0)->overflow, "sources.a.overflow"));
    const struct leat_config_sink *sink = leat_config_find_sink(&config, pond_of(0)->overflow);
    cr_assert_not_null(sink);
    const struct pond *options = sink->options;
    cr_expect(leat_str_is(options->path, "conf/o") && options->depth == 1 && options->cup == 1024 && sink->inlined);
    cr_expect_not_null(leat_config_find_sink(&config, LEAT_STR("dead")));
    cr_expect_null(leat_config_find_sink(&config, LEAT_STR("sinks.dead")));
}

Test(config_sources, a_sink_that_is_named_must_be_there)
{
    expect_refused("dead_letter: deed\nsinks: {dead: {type: hole}}\n", "leat.yaml:1:14: dead_letter: no sink \"deed\"",
                   "did you mean \"dead\"?", "unknown-sink");
    expect_refused("sources:\n  a: {type: pond, path: x, dead_letter: zoo}\n",
                   "leat.yaml:2:41: sources.a.dead_letter: no sink \"zoo\"", "sinks: {zoo: {type: ...}} defines it",
                   "unknown-sink");
    expect_refused("sources:\n  a: {type: pond, path: x, dead_letter: {type: hole}, overflow: sources.a.dead_letter}\n",
                   "leat.yaml:2:65: sources.a.overflow: no sink \"sources.a.dead_letter\"",
                   "sinks: {sources.a.dead_letter: {type: ...}} defines it", "unknown-sink");
    expect_refused("dead_letter: [dead]\n",
                   "leat.yaml:1:14: dead_letter wants the name of a sink, or {type: ...}, not a list", "",
                   "wrong-type");
    expect_refused("dead_letter: {path: hunter2}\n", "leat.yaml:1:1: dead_letter has no \"type\"",
                   "what kind of sink is it? {type: ..., ...}", "missing-option");
    expect_refused("dead_letter: {type: file, path: x, tokn: hunter2}\n",
                   "leat.yaml:1:36: unknown option \"tokn\" in dead_letter (file)", "did you mean \"token\"?",
                   "unknown-option");
    expect_refused("dead_letter: {type: hole}\nsinks:\n  dead_letter: {type: hole}\n",
                   "leat.yaml:3:3: there are two sinks called \"dead_letter\"", "", "duplicate-key");
}

Test(config_sources, a_file_sink_in_lambda_is_an_error)
{
    expect_taken("dead_letter: {type: hole}\n");
    cr_expect(leat_is_ok(leat_config_check_lambda(&config, &problems, &error)));
    expect_taken("sinks:\n  dead: {type: file, path: x}\n");
    cr_expect_eq(leat_config_check_lambda(&config, &problems, &error).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "leat.yaml:2:16: sinks.dead is a file sink: what it writes in Lambda is lost");
    cr_expect_neq(error.fix[0], '\0');
    expect_taken("timeout: 1s\n");
    cr_expect(leat_is_ok(from("LEAT_DEAD_LETTER={type: file, path: x}")));
    cr_expect_eq(leat_config_check_lambda(&config, &problems, &error).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "dead_letter is a file sink: what it writes in Lambda is lost");
}

/* --- filters -------------------------------------------------------------------------------------------------- */

Test(config_sources, a_filter_is_compiled)
{
    static const char *const texts[] = {"filter: {body: {a: [1]}}",
                                        "filter: [{body: {a: [1]}}, {body: {b: [exists: true]}}]",
                                        "filter: '{\"body\": {\"a\": [1]}}'"};
    for (size_t i = 0; i < 3; i++) {
        char text[160];
        snprintf(text, sizeof(text), "sources:\n  a:\n    type: pond\n    path: x\n    %s\n", texts[i]);
        expect_taken(text);
        cr_expect_not_null(config.sources[0].settings.filter, "%s", texts[i]);
    }
    expect_set("sources.a.filter={body: {c: [2]}}");
    cr_expect_eq(set("sources.a.filter={body: {c: 2}}").code, LEAT_E_CONFIG);
}

Test(config_sources, a_bad_filter_is_told_at_its_place)
{
    cr_expect_eq(take("sources:\n  a: {type: pond, path: x, filter: [{body: {a: [1]}}, {body: {a: {b: 1}}}]}\n").code,
                 LEAT_E_CONFIG);
    cr_expect_str_eq(problems.first->code, "wrong-filter");
    cr_expect_eq(problems.first->at, strlen("sources:\n  a: {type: pond, path: x, filter: [{body: {a: [1]}}, "));
    cr_expect(strstr(error.message, "sources.a.filter: /body/a/b: ") != NULL, "%s", error.message);
    cr_expect_eq(take("sources:\n  a: {type: pond, path: x, filter: 5}\n").code, LEAT_E_CONFIG);
    cr_expect(strstr(error.message, "leat.yaml:2:36: sources.a.filter: ") != NULL, "%s", error.message);
}

/* --- beside each other ---------------------------------------------------------------------------------------- */

Test(config_sources, what_cannot_go_together_is_told_at_its_place)
{
    expect_refused("sources:\n  a: {type: pond, path: x, window: 20s, max_age: 20s}\n",
                   "leat.yaml:2:36: sources.a.window (20s) is not below its max_age (20s): all of a batch would be too "
                   "old",
                   "", "conflict");
    expect_refused("service: a/b\n", "leat.yaml:1:10: a service cannot be called \"a/b\"",
                   "letters, digits, \".\", \"-\" and \"_\"; folders are called by it", "wrong-value");
    cr_expect(leat_is_ok(take("concurrency: 2\nsources: {a: {type: pond, path: x, concurrency: 3}}\n")));
    cr_assert_eq(problems.warnings, 1);
    cr_expect(leat_str_is(problems.first->message, "sources.a.concurrency has no effect beyond the service's (2)"));
}

Test(config_sources, a_drain_ends_before_the_supervisor_loses_patience)
{
    variables[2] = "LEAT_STOP_LIMIT=30s";
    expect_taken("drain: 29s\n");
    expect_taken("timeout: 1s\n");
    expect_refused("drain: 30s\n",
                   "leat.yaml:1:8: drain (30s) is not below LEAT_STOP_LIMIT (30s): it would be killed while it waits",
                   "a lower drain, or a longer TimeoutStopSec= of the unit", "conflict");
    const char *twins[] = {"LEAT_STOP_LIMIT=1500ms", "LEAT_DRAIN=2s", NULL};
    expect_taken("timeout: 1s\n");
    cr_expect_eq(leat_config_environment(&config, (char *const *)(uintptr_t)twins, &error).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "environment: drain (2s) is not below LEAT_STOP_LIMIT (1500ms): it would be killed "
                                    "while it waits");
    expect_set("drain=1s");
    cr_expect(leat_is_ok(leat_config_check(&config, (char *const *)(uintptr_t)twins, &error)));
    variables[2] = "LEAT_STOP_LIMIT=long";
    cr_expect_eq(take("drain: 1s\n").code, LEAT_E_CONFIG);
    variables[2] = NULL;
}

/* --- modules -------------------------------------------------------------------------------------------------- */

Test(config_sources, modules_are_opened_before_types_are_asked_for)
{
    expect_taken("sources: {a: {type: pond, path: x}}\nmodules: [b, c]\n");
    cr_expect_str_eq(opened, "b c ");
    cr_expect_eq(config.modules.count, 2);
    expect_taken("modules: b\n");
    cr_expect_str_eq(opened, "b ");
    cr_expect(leat_is_ok(from("LEAT_MODULES=[d]")));
    cr_expect(config.modules.count == 1 && strcmp(opened, "b d ") == 0);
    expect_refused("modules:\n  - b\n  - gone\n", "leat.yaml:3:5: no module \"gone\"", "", "module");
    cr_expect_eq(from("LEAT_MODULES=gone").code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "environment: no module \"gone\"");
}

/* --- the environment and --set --------------------------------------------------------------------------------- */

Test(config_sources, a_twin_may_be_a_sink)
{
    expect_taken("dead_letter: {type: hole}\nsinks: {dead: {type: hole}}\n");
    cr_expect_eq(config.sink_count, 2);
    cr_expect(leat_is_ok(from("LEAT_DEAD_LETTER={type: file, path: x}")), "%s", error.message);
    const struct leat_config_sink *sink = leat_config_find_sink(&config, config.dead_letter);
    cr_assert_not_null(sink);
    cr_expect(sink->ops == &drain && leat_str_is(((const struct pond *)sink->options)->path, "x"));
    cr_expect_eq(config.sink_count, 2, "the one of the file is gone");
    cr_expect(leat_is_ok(from("LEAT_DEAD_LETTER=dead")));
    cr_expect(leat_str_is(config.dead_letter, "dead") && config.sink_count == 1);
    cr_expect_eq(from("LEAT_DEAD_LETTER=deed").code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "environment: dead_letter: no sink \"deed\"");
    cr_expect_str_eq(error.fix, "did you mean \"dead\"?");
    cr_expect(leat_is_ok(from("LEAT_SOURCES={b: {type: gone}}")), "entries have no twins");
}

Test(config_sources, options_of_an_entry_can_be_set)
{
    expect_taken("sinks: {dead: {type: file, path: d}}\nsources: {a: {type: pond, path: x, settings: {b: 1}}}\n");
    expect_set("sources.a.batch=5");
    expect_set("sources.a.backoff.max=7s");
    expect_set("sources.a.path=in");
    expect_set("sources.a.deep.depth=9");
    expect_set("sources.a.brokers=[x, y]");
    expect_set("sources.a.ordering=none");
    expect_set("sources.a.settings.c=text");
    expect_set("sources.a.dead_letter=dead");
    expect_set("sources.a.overflow={type: hole}");
    expect_set("sinks.dead.path=e");
    const struct leat_source_settings *settings = &config.sources[0].settings;
    cr_expect(settings->batch == 5 && settings->backoff_max_ms == 7000 && settings->ordering == LEAT_ORDER_NONE);
    cr_expect(leat_str_is(settings->dead_letter, "dead"));
    cr_expect(leat_str_is(leat_json_get_text(settings->settings, "c"), "text"));
    cr_expect(leat_str_is(pond_of(0)->path, "in") && pond_of(0)->depth == 9 && pond_of(0)->brokers.count == 2);
    cr_expect(leat_str_is(pond_of(0)->overflow, "sources.a.overflow"));
    cr_expect(leat_str_is(((const struct pond *)leat_config_find_sink(&config, LEAT_STR("dead"))->options)->path, "e"));
}

Test(config_sources, what_cannot_be_set_is_told)
{
    expect_taken("sinks: {dead: {type: hole}}\nsources: {orders: {type: pond, path: x}}\n");
    expect_unset("sources.order.batch=5", "no source \"order\" in the file");
    cr_expect_str_eq(error.fix, "did you mean \"orders\"?");
    expect_unset("sources.orders.bach=5", "unknown option \"bach\" in sources.orders (pond)");
    cr_expect_str_eq(error.fix, "did you mean \"batch\"?");
    expect_unset("sources.orders.batch=x", "sources.orders.batch wants a number from 1 to 10000, not \"x\"");
    expect_unset("sources.orders.type=bare", "the type of a source stays what the file says");
    expect_unset("sources.orders.dead_letter=deed", "sources.orders.dead_letter: no sink \"deed\"");
    expect_unset("sinks.gone.path=x", "no sink \"gone\" in the file");
    cr_expect_eq(set("sources.orders=x").code, LEAT_E_CONFIG);
    cr_expect_eq(set("sources.=x").code, LEAT_E_CONFIG);
}

Test(config_sources, the_service_has_the_options_of_a_worker)
{
    expect_taken("timeout: 1s\n");
    cr_expect(config.service.ptr == NULL && config.concurrency == 1 && config.drain_ms == 25000);
    cr_expect(config.max_crashes == 3 && config.max_lost_slots == 0 && config.modules.count == 0);
    expect_taken("service: orders\nconcurrency: 8\ndrain: 10s\nmax_crashes: 1\nmax_lost_slots: 2\n"
                 "admin: {listen: \"unix:/run/a\"}\n");
    cr_expect(leat_str_is(config.service, "orders") && leat_str_is(config.admin_listen, "unix:/run/a"));
    cr_expect(config.concurrency == 8 && config.drain_ms == 10000);
    cr_expect(config.max_crashes == 1 && config.max_lost_slots == 2);
    cr_expect(leat_is_ok(from("LEAT_CONCURRENCY=4")) && config.concurrency == 4);
    cr_expect_eq(set("concurrency=1025").code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "concurrency wants a number from 1 to 1024, not \"1025\"");
    cr_expect_eq(from("LEAT_SERVICE=../x").code, LEAT_E_CONFIG);
}

/* --- memory --------------------------------------------------------------------------------------------------- */

static leat_status take_and_set(struct leat_config *fresh, struct leat_problems *found)
{
    const char *twins[] = {"LEAT_DEAD_LETTER={type: hole}", "LEAT_MODULES=[a]", NULL};
    LEAT_TRY(leat_config_init(fresh));
    fresh->types =
        (struct leat_config_types){.source = find_source, .sink = find_sink, .module = open_module, .argument = opened};
    LEAT_TRY(leat_config_take(fresh, found, environment(), NULL));
    LEAT_TRY(leat_config_environment(fresh, (char *const *)(uintptr_t)twins, NULL));
    return leat_config_set(fresh, "sources.a.filter={body: {c: [2]}}", NULL);
}

Test(config_sources, want_of_memory_is_an_error_never_half_an_entry)
{
    static const char text[] = "sinks: {d: {type: file, path: x}}\nsources:\n  a:\n    type: pond\n    path: x\n"
                               "    dead_letter: {type: hole}\n    overflow: d\n    filter: [{body: {a: [1]}}]\n"
                               "    brokers: [a, b]\n    settings: {a: 1}\n    concurrency: 9\n";
    bool failed = true;
    unsigned refused = 0;
    for (uint64_t nth = 1; failed; nth++) {
        struct leat_config fresh;
        struct leat_problems found;
        opened[0] = '\0';
        leat_problems_init(&found, "a.yaml");
        found.text = leat_str_c(text);
        (void)leat_alloc_fail_at(nth, false);
        leat_status status = take_and_set(&fresh, &found);
        failed = leat_alloc_fail_at(0, false) >= nth;
        cr_expect_eq(status.code, failed ? LEAT_E_NO_MEMORY : LEAT_E_DONE, "allocation %llu", (unsigned long long)nth);
        refused += failed;
        leat_problems_fini(&found);
        leat_config_fini(&fresh);
        cr_assert_lt(nth, 1000);
    }
    cr_expect_gt(refused, 0);
}
