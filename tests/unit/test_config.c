/* SPDX-License-Identifier: Apache-2.0 */
/* The option table, the values it takes, and who wins. */
#include <config/config.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdio.h>

static struct leat_config config;
static struct leat_error error;

static void setup(void)
{
    cr_assert(leat_is_ok(leat_config_init(&config)));
    error = (struct leat_error){0};
}

static void teardown(void)
{
    leat_config_fini(&config);
}

TestSuite(config, .init = setup, .fini = teardown);

static leat_status set(const char *assignment)
{
    error = (struct leat_error){0};
    return leat_config_set(&config, assignment, &error);
}

static leat_status from(const char *variable)
{
    const char *environment[] = {"PATH=/bin", variable, NULL};
    error = (struct leat_error){0};
    return leat_config_environment(&config, (char *const *)(uintptr_t)environment, &error);
}

static void expect_set(const char *assignment)
{
    leat_status status = set(assignment);
    cr_expect(leat_is_ok(status), "%s: %s", assignment, error.message);
}

static void expect_from(const char *variable)
{
    leat_status status = from(variable);
    cr_expect(leat_is_ok(status), "%s: %s", variable, error.message);
}

static void expect_refused(leat_status status, const char *message, const char *fix)
{
    cr_expect_eq(status.code, LEAT_E_CONFIG, "%s", message);
    cr_expect_str_eq(error.message, message);
    cr_expect_str_eq(error.fix, fix);
}

static const char *setting(const char *name)
{
    return leat_json_get_text(config.settings, name).ptr;
}

/* --- the table ------------------------------------------------------------------------------------ */

Test(config, the_table_is_sorted_and_says_what_each_option_is)
{
    const char *last = "";
    for (const struct leat_option *option = leat_options; option->key != NULL; option++) {
        cr_expect_lt(strcmp(last, option->key), 0, "%s before %s", last, option->key);
        cr_expect(option->help != NULL && option->help[0] != '\0', "%s", option->key);
        cr_expect(option->type != LEAT_OPTION_CHOICE || option->choices != NULL, "%s", option->key);
        cr_expect_lt(option->offset, sizeof(struct leat_config), "%s", option->key);
        last = option->key;
    }
}

Test(config, every_fallback_is_a_value_of_its_option)
{
    for (const struct leat_option *option = leat_options; option->key != NULL; option++) {
        char assignment[128];
        if (option->fallback == NULL)
            continue;
        snprintf(assignment, sizeof(assignment), "%s=%s", option->key, option->fallback);
        expect_set(assignment);
    }
}

Test(config, defaults_are_those_of_the_reference)
{
    cr_expect(config.handler.ptr == NULL && config.settings == NULL);
    cr_expect_eq(config.log_format, LEAT_LOG_TEXT);
    cr_expect_eq(config.log_level, LEAT_INFO);
    cr_expect_eq(config.reserve_ms, 500);
    cr_expect_eq(config.max_payload, (size_t)64 << 20);
    cr_expect_eq(config.max_memory, (size_t)1 << 30);
}

/* --- values ------------------------------------------------------------------------------------------ */

Test(config, a_duration_has_a_unit)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0ms", 0},        {"250ms", 250},  {"30s", 30000},   {"15m", 900000},
                {"24h", 86400000}, {"30 s", 30000}, {"0030s", 30000}, {"9223372036854775807ms", INT64_MAX}};
    static const char *const bad[] = {"",
                                      "ms",
                                      "s30",
                                      "1.5s",
                                      "-1s",
                                      "+1s",
                                      "1d",
                                      "1S",
                                      "1 s x",
                                      "1s1s",
                                      "0x1s",
                                      " ",
                                      "1e3s",
                                      "9223372036854775808ms",
                                      "9223372036854776s",
                                      "2562047788016h"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t ms = -1;
        cr_expect(leat_config_duration(leat_str_c(good[i].text), &ms) && ms == good[i].ms, "%s: %lld", good[i].text,
                  (long long)ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t ms = -1;
        cr_expect(!leat_config_duration(leat_str_c(bad[i]), &ms), "%s: %lld", bad[i], (long long)ms);
    }
}

Test(config, a_duration_without_a_unit_says_how_to_write_it)
{
    expect_refused(set("reserve=30"), "reserve wants a duration, \"30\" has no unit", "write 30s or 30ms");
    expect_refused(set("reserve=soon"), "reserve wants a duration (250ms 30s 15m 24h), not \"soon\"", "");
    expect_refused(set("reserve="), "reserve wants a duration (250ms 30s 15m 24h), not \"\"", "");
    cr_expect_eq(config.reserve_ms, 500, "what is refused changes nothing");
    expect_set("reserve=2s");
    cr_expect_eq(config.reserve_ms, 2000);
}

Test(config, a_size_may_have_a_unit)
{
    static const struct {
        const char *text;
        size_t bytes;
    } good[] = {{"0", 0},          {"17", 17},        {"17B", 17},         {"64kB", 64000},
                {"64KB", 64000},   {"6MB", 6000000},  {"1GB", 1000000000}, {"64KiB", 64 << 10},
                {"6MiB", 6 << 20}, {"1GiB", 1 << 30}, {"6 MB", 6000000}};
    static const char *const bad[] = {
        "", "x", "-1", "1.5MB", "6mb", "6M", "6 M B", "MB", "9223372036854775808", "9999999999GiB"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char assignment[64];
        snprintf(assignment, sizeof(assignment), "limits.payload=%s", good[i].text);
        expect_set(assignment);
        cr_expect_eq(config.max_payload, good[i].bytes, "%s: %zu", good[i].text, config.max_payload);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char assignment[64], message[128];
        snprintf(assignment, sizeof(assignment), "limits.payload=%s", bad[i]);
        snprintf(message, sizeof(message), "limits.payload wants a size (64KiB 6MB 1GiB), not \"%s\"", bad[i]);
        expect_refused(set(assignment), message, "");
    }
}

Test(config, a_choice_is_one_of_its_words)
{
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error", "fatal", "off"};
    for (int i = 0; i < 7; i++) {
        char assignment[64];
        snprintf(assignment, sizeof(assignment), "log.level=%s", levels[i]);
        expect_set(assignment);
        cr_expect_eq(config.log_level, i, "%s", levels[i]);
    }
    cr_expect_eq(LEAT_OFF, 6, "the words stand in the order of the enum");
    static const char *const bad[] = {"", "INFO", "inf", "info warn", "info ", "3"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char assignment[64], message[128];
        snprintf(assignment, sizeof(assignment), "log.level=%s", bad[i]);
        snprintf(message, sizeof(message), "log.level wants trace debug info warn error fatal off, not \"%s\"", bad[i]);
        expect_refused(set(assignment), message, "");
    }
}

Test(config, text_is_taken_as_it_is)
{
    expect_set("handler= ./a=b.so:x ");
    cr_expect(leat_str_is(config.handler, " ./a=b.so:x "));
    cr_expect_eq(config.handler.ptr[config.handler.len], '\0', "a NUL stands behind it");
}

/* --- maps ------------------------------------------------------------------------------------------------ */

Test(config, settings_are_an_object_of_anything)
{
    expect_set("settings={\"db\": \"memory\", \"list\": [1, 2], \"n\": 9007199254740993}");
    struct leat_buf out;
    leat_buf_init(&out, &config.arena);
    leat_json_print(&out, config.settings);
    cr_expect(leat_str_is(leat_buf_str(&out), "{\"db\":\"memory\",\"list\":[1,2],\"n\":9007199254740993}"), "%s",
              out.ptr);
}

Test(config, one_setting_joins_the_others)
{
    expect_set("settings.db=memory");
    expect_set("settings.a.b=1=2");
    cr_expect_str_eq(setting("db"), "memory");
    cr_expect_str_eq(setting("a.b"), "1=2", "a setting's name may have dots");
    expect_set("settings.db=disk");
    cr_expect_str_eq(setting("db"), "disk");
    cr_expect_eq(cJSON_GetArraySize(config.settings), 2);
    expect_set("settings={\"db\": {\"deep\": 1}, \"c\": 3}");
    cr_expect(setting("a.b") == NULL, "a map replaces what was there");
    expect_set("settings.db=text again");
    cr_expect_str_eq(setting("db"), "text again");
    cr_expect_eq(cJSON_GetArraySize(config.settings), 2);
}

Test(config, settings_are_never_shown_in_a_message)
{
    static const struct {
        const char *text, *why;
    } bad[] = {{"hunter2", "settings wants a map, not text"},
               {"{\"password\":\"hunter2", "settings:1:13: not YAML: "},
               {"{\"password\":\"hunter2\"} x", "settings:1:24: not YAML: "},
               {"{password: &a hunter2}", "settings:1:12: anchors and aliases are not taken"},
               {"[\"hunter2\"]", "settings wants a map, not a list"},
               {"\"hunter2\"", "settings wants a map, not text"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char assignment[128];
        for (int twin = 0; twin < 2; twin++) {
            snprintf(assignment, sizeof(assignment), "%s=%s", twin ? "LEAT_SETTINGS" : "settings", bad[i].text);
            cr_expect_eq((twin ? from(assignment) : set(assignment)).code, LEAT_E_CONFIG);
            cr_expect(strstr(error.message, bad[i].why) != NULL, "%s", error.message);
            cr_expect(strstr(error.message, "hunter2") == NULL && strstr(error.fix, "hunter2") == NULL, "%s",
                      error.message);
        }
    }
    cr_expect(config.settings == NULL);
}

/* --- keys -------------------------------------------------------------------------------------------------- */

Test(config, a_key_that_is_none_is_refused)
{
    static const char *const keys[] = {"",       "reserv",           "Reserve",   "log",     "log.",
                                       "limits", "limits.payload.x", "setting.x", " reserve"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char assignment[64], message[64];
        snprintf(assignment, sizeof(assignment), "%s=1s", keys[i]);
        snprintf(message, sizeof(message), "unknown option \"%s\"", keys[i]);
        cr_expect_eq(set(assignment).code, LEAT_E_CONFIG);
        cr_expect_str_eq(error.message, message);
        cr_expect_neq(error.fix[0], '\0');
    }
}

Test(config, an_assignment_needs_its_sign)
{
    cr_expect_eq(set("reserve").code, LEAT_E_USAGE);
    cr_expect_str_eq(error.message, "--set wants KEY=VALUE, not \"reserve\"");
    cr_expect_eq(set("").code, LEAT_E_USAGE);
}

/* --- the environment ------------------------------------------------------------------------------------------ */

Test(config, each_top_level_key_has_a_twin)
{
    expect_from("LEAT_RESERVE=2s");
    expect_from("LEAT_HANDLER=./a.so");
    expect_from("LEAT_SETTINGS={\"db\":\"memory\"}");
    expect_from("LEAT_LOG={\"level\":\"warn\", \"format\":\"json\"}");
    expect_from("LEAT_LIMITS={\"payload\":\"6MB\", \"memory\": 1000000}");
    cr_expect_eq(config.reserve_ms, 2000);
    cr_expect(leat_str_is(config.handler, "./a.so"));
    cr_expect_str_eq(setting("db"), "memory");
    cr_expect(config.log_level == LEAT_WARN && config.log_format == LEAT_LOG_JSON);
    cr_expect(config.max_payload == 6000000 && config.max_memory == 1000000);
}

Test(config, a_twin_is_yaml_and_any_json)
{
    expect_from("LEAT_LOG={level: warn, format: json}");
    cr_expect(config.log_level == LEAT_WARN && config.log_format == LEAT_LOG_JSON);
    expect_from("LEAT_LOG=level: debug\nformat: text\n");
    cr_expect(config.log_level == LEAT_DEBUG && config.log_format == LEAT_LOG_TEXT);
    expect_from("LEAT_SETTINGS={db: memory, n: 1.50}");
    cr_expect_str_eq(setting("db"), "memory");
    expect_from("LEAT_SETTINGS={\t\"face\": \"\\ud83d\\ude00\", \"nul\": \"a\\u0000b\"}");
    cr_expect_str_eq(setting("face"), "\xF0\x9F\x98\x80");
    cr_expect_eq(leat_json_get_text(config.settings, "nul").len, 3);
}

Test(config, other_variables_are_not_looked_at)
{
    static const char *const names[] = {
        "LEAT_HANDLER_PATH=x", "LEAT_EVENTS=x",       "RESERVE=x", "XLEAT_RESERVE=x", "LEAT_=x",
        "LEAT_RESERVE",        "LEAT_LOG.LEVEL=loud", "=x"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        expect_from(names[i]);
    cr_expect_eq(config.reserve_ms, 500);
    cr_expect(config.handler.ptr == NULL);
}

Test(config, a_twin_that_is_empty_is_not_set)
{
    static const char *const names[] = {"LEAT_HANDLER=", "LEAT_SETTINGS=", "LEAT_LOG=", "LEAT_RESERVE="};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        expect_from(names[i]);
    cr_expect(config.handler.ptr == NULL && config.settings == NULL && config.reserve_ms == 500);
}

Test(config, errors_of_a_twin_say_that_it_is_one)
{
    expect_refused(from("LEAT_RESERVE=30"), "environment: reserve wants a duration, \"30\" has no unit",
                   "write 30s or 30ms");
    expect_refused(from("LEAT_LOG=debug"), "environment: log wants a map (format, level), not text", "");
    expect_refused(from("LEAT_LOG=[]"), "environment: log wants a map (format, level), not a list", "");
    expect_refused(from("LEAT_LOG=~"), "environment: log wants a map (format, level), not nothing", "");
    expect_refused(from("LEAT_LOG={\"level\":5}"),
                   "environment: log.level wants trace debug info warn error fatal off, not \"5\"", "");
    cr_expect_eq(from("LEAT_LIMITS={\"pay\":1}").code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "environment: unknown option \"pay\" in limits");
    cr_expect_neq(error.fix[0], '\0');
}

Test(config, a_flag_wins_over_the_environment_and_that_over_the_default)
{
    expect_from("LEAT_LOG={\"level\":\"warn\"}");
    cr_expect_eq(config.log_format, LEAT_LOG_TEXT, "what the group does not name keeps its default");
    expect_from("LEAT_SETTINGS={\"a\":\"1\",\"b\":\"1\"}");
    expect_set("log.level=debug");
    expect_set("settings.b=2");
    cr_expect_eq(config.log_level, LEAT_DEBUG);
    cr_expect_str_eq(setting("a"), "1");
    cr_expect_str_eq(setting("b"), "2");
}

/* --- memory ---------------------------------------------------------------------------------------------------------
 */

Test(config, want_of_memory_is_an_error_never_half_a_value)
{
    bool failed = true;
    unsigned refused = 0;
    for (uint64_t nth = 1; failed; nth++) {
        struct leat_config fresh;
        (void)leat_alloc_fail_at(nth, false);
        const char *const environment[] = {"LEAT_SETTINGS={\"a\":\"1\"}", "LEAT_LOG={\"level\":\"warn\"}", NULL};
        leat_status status = leat_config_init(&fresh);
        if (leat_is_ok(status))
            status = leat_config_environment(&fresh, (char *const *)(uintptr_t)environment, NULL);
        if (leat_is_ok(status))
            status = leat_config_set(&fresh, "settings.b=2", NULL);
        failed = leat_alloc_fail_at(0, false) >= nth;
        cr_expect_neq(failed, leat_is_ok(status), "allocation %llu", (unsigned long long)nth);
        if (leat_is_ok(status))
            cr_expect_eq(cJSON_GetArraySize(fresh.settings), 2);
        refused += failed;
        leat_config_fini(&fresh);
        cr_assert_lt(nth, 1000);
    }
    cr_expect_gt(refused, 0);
}
