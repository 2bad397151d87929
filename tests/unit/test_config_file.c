/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: what is taken, where it is wrong, what is put in, and what is never shown. */
#include <config/config.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdio.h>

static struct leat_config config;
static struct leat_problems problems;
static struct leat_error error;
static const char *const environment[] = {"PORT=8", "EMPTY=", "LOUD=loud", NULL};

static void setup(void)
{
    cr_assert(leat_is_ok(leat_config_init(&config)));
    leat_problems_init(&problems, "leat.yaml");
    error = (struct leat_error){0};
}

static void teardown(void)
{
    leat_problems_fini(&problems);
    leat_config_fini(&config);
}

TestSuite(config_file, .init = setup, .fini = teardown);

static leat_status take(const char *text)
{
    teardown();
    setup();
    problems.text = leat_str_c(text);
    return leat_config_take(&config, &problems, (char *const *)(uintptr_t)environment, &error);
}

static void expect_taken(const char *text)
{
    leat_status status = take(text);
    cr_expect(leat_is_ok(status), "%s: %s", text, error.message);
}

static void expect_refused(const char *text, const char *message, const char *code)
{
    cr_expect_eq(take(text).code, LEAT_E_CONFIG, "%s", text);
    cr_expect_str_eq(error.message, message, "%s", text);
    cr_assert_not_null(problems.first, "%s", text);
    cr_expect_str_eq(problems.first->code, code, "%s", text);
}

static leat_str settings(void)
{
    struct leat_buf buf;
    cr_assert_not_null(config.settings);
    leat_buf_init(&buf, &config.arena);
    leat_json_print(&buf, config.settings);
    return leat_buf_str(&buf);
}

Test(config_file, options_go_where_the_table_says)
{
    expect_taken("handler: a.so\ntimeout: 30s\nlog: {level: debug, format: json}\nlimits:\n  payload: 6MB\n"
                 "report_batch_item_failures: false\nwhole_batch_failure: error\n");
    cr_expect(leat_str_is(config.handler, "a.so"));
    cr_expect_eq(config.timeout_ms, 30000);
    cr_expect(config.log_level == LEAT_DEBUG && config.log_format == LEAT_LOG_JSON);
    cr_expect_eq(config.max_payload, 6000000);
    cr_expect(!config.report_items && config.whole_batch == 1);
    cr_expect_eq(config.reserve_ms, 500, "what is not named keeps its default");
}

Test(config_file, what_the_file_says_is_known_with_its_place)
{
    expect_taken("# first\ntimeout: 30s\n");
    cr_expect(leat_config_given(&config, "timeout") && leat_config_filed(&config, "timeout"));
    cr_expect(!leat_config_given(&config, "reserve") && !leat_config_filed(&config, "reserve"));
    cr_expect_eq(leat_config_place(&config, "timeout").at, 17);
    cr_expect_eq(leat_config_place(&config, "timeout").len, 3);
    cr_expect(leat_is_ok(leat_config_set(&config, "timeout=1s", NULL)));
    cr_expect(leat_config_given(&config, "timeout") && !leat_config_filed(&config, "timeout"));
}

Test(config_file, a_twin_wins_over_the_file)
{
    static const char *const twins[] = {"LEAT_TIMEOUT=1s", "LEAT_SETTINGS={a: 2}", NULL};
    expect_taken("timeout: 30s\nreserve: 1s\nsettings: {a: 1, b: 1}\n");
    cr_expect(leat_is_ok(leat_config_environment(&config, (char *const *)(uintptr_t)twins, NULL)));
    cr_expect_eq(config.timeout_ms, 1000);
    cr_expect_eq(config.reserve_ms, 1000);
    cr_expect(leat_str_is(settings(), "{\"a\":2}"));
    cr_expect(leat_config_filed(&config, "reserve") && !leat_config_filed(&config, "settings"));
}

Test(config_file, settings_keep_their_type_to_the_digit)
{
    expect_taken(
        "settings: {n: 9007199254740993, f: 1.50, t: true, y: yes, q: '1', z: ~, l: [007, -1, .5, 1e3, '']}\n");
    cr_expect(leat_str_is(settings(),
                          "{\"n\":9007199254740993,\"f\":1.50,\"t\":true,\"y\":\"yes\",\"q\":\"1\",\"z\":null,"
                          "\"l\":[\"007\",-1,\".5\",1e3,\"\"]}"),
              "%s", settings().ptr);
    expect_taken("settings:\n  a: ${PORT}\n  b: '${PORT}'\n  c: \"$$${PORT}\"\n  d: ${GONE:-x}\n  e: \"${EMPTY}\"\n"
                 "  f: ${EMPTY}\n");
    cr_expect(leat_str_is(settings(), "{\"a\":8,\"b\":\"8\",\"c\":\"$8\",\"d\":\"x\",\"e\":\"\",\"f\":\"\"}"), "%s",
              settings().ptr);
}

Test(config_file, nothing_in_it_is_fine)
{
    static const char *const texts[] = {"", "\n", "# only this\n", "---\n", "---\n...\n", "\xEF\xBB\xBF# mark\n", "{}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_taken(texts[i]);
}

Test(config_file, other_tops_are_refused)
{
    expect_refused("5", "leat.yaml:1:1: a configuration is a map, not text", "wrong-type");
    expect_refused("~", "leat.yaml:1:1: a configuration is a map, not nothing", "wrong-type");
    expect_refused("- a\n", "leat.yaml:1:1: a configuration is a map, not a list", "wrong-type");
}

Test(config_file, what_is_yaml_and_not_taken_is_told_with_its_place)
{
    expect_refused("a: 1\na: 1\n", "leat.yaml:1:1: unknown option \"a\" (and 1 more)", "unknown-option");
    expect_refused("reserve: 1s\nreserve: 1s\n", "leat.yaml:2:1: \"reserve\" stands here twice", "duplicate-key");
    expect_refused("settings: {a: &x 1}\n", "leat.yaml:1:15: anchors and aliases are not taken", "alias");
    expect_refused("settings: {<<: {}}\n", "leat.yaml:1:12: merge keys are not taken", "merge-key");
    expect_refused("settings: {a: !x 1}\n", "leat.yaml:1:15: tags are not taken", "syntax");
    expect_refused("reserve: 1s\n---\nreserve: 1s\n", "leat.yaml:2:1: a second document", "documents");
    expect_refused("reserve:\t1s\n", "leat.yaml:1:9: a tab", "tab");
    expect_refused("reserve: \xff\n", "leat.yaml:1:10: not UTF-8", "syntax");
    expect_refused("reserve: \x01\n", "leat.yaml:1:10: a control character", "syntax");
    expect_refused("a: \xC2\x85\n", "leat.yaml:1:4: a line break that is none in most editors", "syntax");
    expect_refused("log: {level: ${LOUD}}\n",
                   "leat.yaml:1:15: not YAML: did not find expected ',' or '}', while "
                   "parsing a flow mapping",
                   "syntax");
    cr_expect(strstr(problems.first->fix.ptr, "quotes") != NULL);
    expect_refused("? [a]\n: 1\n", "leat.yaml:1:3: a key is text", "syntax");
}

Test(config_file, an_alias_beside_its_anchor_is_two_errors)
{
    expect_refused("settings: {a: &x 1, b: *x}\n", "leat.yaml:1:15: anchors and aliases are not taken (and 1 more)",
                   "alias");
}

Test(config_file, columns_are_bytes_and_lines_those_of_editors)
{
    expect_refused("settings: {\"\xC3\xA9\": 1}\r\nlog: {\"\xC3\xA9\xC3\xA9\": 1, levl: x}\r\n",
                   "leat.yaml:2:7: unknown option \"\xC3\xA9\xC3\xA9\" in log (and 1 more)", "unknown-option");
    size_t line, column;
    leat_problem_place(&problems, problems.first->next, &line, &column);
    cr_expect(line == 2 && column == 18, "%zu:%zu", line, column);
}

Test(config_file, a_syntax_error_stands_where_the_text_began_that_has_no_end)
{
    expect_refused("reserve: 1s\nhandler: \"a.so\n\n",
                   "leat.yaml:2:10: not YAML: found unexpected end of stream, while scanning a quoted scalar",
                   "syntax");
}

Test(config_file, depth_and_members_and_problems_are_bounded)
{
    static char text[20000];
    memset(text, '[', 200);
    cr_expect_eq(take(text).code, LEAT_E_CONFIG);
    cr_expect_str_eq(problems.first->code, "too-deep");
    size_t len = 0;
    for (int i = 0; i < 1100; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "k%d: 1\n", i);
    cr_expect_eq(take(text).code, LEAT_E_CONFIG);
    cr_expect_str_eq(leat_problems_first_error(&problems)->code, "too-big");
    len = 0;
    for (int i = 0; i < 30; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "k%d: 1\n", i);
    cr_expect_eq(take(text).code, LEAT_E_CONFIG);
    cr_expect(problems.errors == 30 && problems.untold == 10, "%u, %u", problems.errors, problems.untold);
}

Test(config_file, variables_need_a_value_or_a_default)
{
    expect_refused("reserve: ${GONE}\n", "leat.yaml:1:10: a variable that is not set: GONE", "undefined-variable");
    expect_refused("reserve: ${EMPTY:?say how long}\n", "leat.yaml:1:10: a variable that is not set: EMPTY",
                   "undefined-variable");
    cr_expect(leat_str_is(problems.first->fix, "say how long"));
    expect_refused("reserve: ${EMPTY}\n", "leat.yaml:1:10: reserve wants a duration (250ms 30s 15m 24h), not \"\"",
                   "wrong-value");
    expect_taken("reserve: ${PORT}s\ntimeout: ${EMPTY:-2}s\n");
    cr_expect(config.reserve_ms == 8000 && config.timeout_ms == 2000);
    static const char *const bad[] = {"${}", "${lower}", "${9}", "${PORT", "${PORT:x}", "${param:/x}", "${PORT}${"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "reserve: \"%s\"\n", bad[i]);
        cr_expect_eq(take(text).code, LEAT_E_CONFIG, "%s", text);
        cr_expect_str_eq(problems.first->code, "bad-reference", "%s", text);
    }
}

Test(config_file, keys_are_not_replaced)
{
    expect_refused("${PORT}: 1\n", "leat.yaml:1:1: unknown option \"${PORT}\"", "unknown-option");
}

Test(config_file, without_a_folder_nothing_is_read)
{
    expect_refused("handler: ${file:/etc/hostname}\n", "leat.yaml:1:10: a file that cannot be read: /etc/hostname",
                   "no-file");
    expect_refused("reserve: ${secret:x}\n", "leat.yaml:1:10: secret \"x\" not found", "no-secret");
}

Test(config_file, what_is_secret_is_not_in_any_line)
{
    static const char *const texts[] = {
        "settings: {password: hunter2, password: hunter2}\n",
        "settings:\n  password: |\n    hunter2\n  password: 1\n",
        "settings: hunter2\n",
        "settings:\n  - hunter2\n",
        "settings: \"hunter2\n",
        "settings:\n  a: hunter2: x\n",
        "settings:\n  a: hunter2\n b: hunter2\n",
        "settings:\n\thunter2\n",
        "setting: {a: [hunter2]}\n",
        "pasword: hunter2\n",
        "{settings: {password: hunter2\n",
        "- hunter2\n",
        "hunter2\n",
        "reserve: amqp://guest:hunter2@host/%2f\n",
        "reserve: x://y z://hunter2@host://hunter2@q\n",
        "reservee: https://hunter2@host\n",
        "reserve: ${secret:hunter2\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct leat_buf buf;
        cr_expect_eq(take(texts[i]).code, LEAT_E_CONFIG, "%s", texts[i]);
        leat_buf_init(&buf, &config.arena);
        for (const struct leat_problem *at = problems.first; at != NULL; at = at->next) {
            leat_problem_print(&buf, &problems, at);
        }
        cr_expect(strstr(leat_buf_str(&buf).ptr, "hunter2") == NULL, "%s%s", texts[i], buf.ptr);
        cr_expect(strstr(buf.ptr, "^") != NULL, "%s", texts[i]);
    }
}

Test(config_file, want_of_memory_is_an_error_never_half_a_file)
{
    static const char text[] =
        "handler: a.so\nlog: {level: \"${LOUD}\", format: json}\nsettings: {a: [1, {b: x}]}\nzoo: 1\n";
    bool failed = true;
    unsigned refused = 0;
    for (uint64_t nth = 1; failed; nth++) {
        struct leat_config fresh;
        struct leat_problems found;
        leat_problems_init(&found, "a.yaml");
        found.text = leat_str_c(text);
        (void)leat_alloc_fail_at(nth, false);
        leat_status status = leat_config_init(&fresh);
        if (leat_is_ok(status))
            status = leat_config_take(&fresh, &found, (char *const *)(uintptr_t)environment, NULL);
        failed = leat_alloc_fail_at(0, false) >= nth;
        cr_expect_eq(status.code, failed ? LEAT_E_NO_MEMORY : LEAT_E_CONFIG, "allocation %llu",
                     (unsigned long long)nth);
        refused += failed;
        leat_problems_fini(&found);
        leat_config_fini(&fresh);
        cr_assert_lt(nth, 1000);
    }
    cr_expect_gt(refused, 0);
}
