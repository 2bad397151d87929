/* SPDX-License-Identifier: Apache-2.0 */
/* What modules add to the command line's lists; ACME_FOLDER holds acme.so, of tests/install/acme. */
#include "find_handler.h"
#include "modules.h"

#include <engine/module.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdlib.h>

static struct leat_cli cli;
static struct leat_error error;

static void setup(void)
{
    cli = (struct leat_cli){.adapters = leat_cli_adapters(NULL)};
    error = (struct leat_error){0};
    cr_assert_not_null(cli.adapters);
    cr_assert_eq(setenv("LEAT_MODULE_PATH", ACME_FOLDER, 1), 0);
}

static void teardown(void)
{
    leat_free((void *)cli.adapters);
    leat_free((void *)cli.modules.items);
}

TestSuite(modules, .init = setup, .fini = teardown, .timeout = 60);

static size_t adapter_count(void)
{
    size_t count = 0;
    while (cli.adapters[count] != NULL)
        count++;
    return count;
}

static void expect_closed(size_t adapters)
{
    cr_expect_eq(adapter_count(), adapters);
    cr_expect_eq(cli.modules.count, 0);
    cr_expect_null(leat_cli_module_source(&cli, LEAT_STR("acme")));
    cr_expect_null(leat_cli_module_sink(&cli, LEAT_STR("acme")));
}

Test(modules, a_type_opens_the_module_of_its_name_once)
{
    size_t before = adapter_count();
    expect_closed(before);
    for (int i = 0; i < 2; i++) {
        leat_status status = leat_cli_module_for_type(&cli, LEAT_STR("acme"), &error);
        cr_assert(leat_is_ok(status), "%s", error.message);
        cr_expect_eq(cli.modules.count, 1);
    }
    cr_assert_not_null(leat_cli_module_source(&cli, LEAT_STR("acme")));
    cr_assert_not_null(leat_cli_module_sink(&cli, LEAT_STR("acme")));
    cr_expect_str_eq(leat_cli_module_source(&cli, LEAT_STR("acme"))->name, "acme");
    cr_expect_null(leat_cli_module_source(&cli, LEAT_STR("acm")));
    cr_expect_null(leat_cli_module_sink(&cli, LEAT_ABSENT));
    cr_assert_eq(adapter_count(), before + 1);
    cr_expect_str_eq(cli.adapters[before - 1]->name, "acme");
    cr_expect_str_eq(cli.adapters[before]->name, "unknown");
    cr_expect_eq(leat_adapter_find(cli.adapters, LEAT_STR("acme")), cli.adapters[before - 1]);
}

Test(modules, a_type_that_is_no_name_is_no_path)
{
    static const char *const types[] = {
        "", "../acme", "./acme", "acme.so", ACME_FOLDER "/acme", "Acme", "acme ", "a/b", "nothing-of-that-name"};
    size_t before = adapter_count();
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        error = (struct leat_error){0};
        leat_status status = leat_cli_module_for_type(&cli, leat_str_c(types[i]), &error);
        cr_expect_eq(status.code, LEAT_E_NOT_FOUND, "%s: %s", types[i], error.message);
        cr_expect_neq(error.message[0], '\0', "%s", types[i]);
    }
    cr_expect_eq(leat_cli_module_for_type(&cli, LEAT_STR("acme\0x"), &error).code, LEAT_E_NOT_FOUND);
    expect_closed(before);
}

Test(modules, a_module_is_opened_under_its_path_and_its_name_alike)
{
    cr_assert(leat_is_ok(leat_cli_module_open(&cli, ACME_FOLDER "/acme.so", &error)), "%s", error.message);
    cr_assert(leat_is_ok(leat_cli_module_open(&cli, "acme", &error)), "%s", error.message);
    cr_expect_eq(cli.modules.count, 1);
}

Test(modules, a_type_that_is_built_in_is_taken)
{
    static const struct leat_source_ops source = {.name = "acme"};
    static const struct leat_source_ops *const sources[] = {&source, NULL};
    static const struct leat_sink_ops sink = {.name = "acme"};
    static const struct leat_sink_ops *const sinks[] = {&sink, NULL};
    size_t before = adapter_count();
    cli.sources = sources;
    cr_expect_eq(leat_cli_module_open(&cli, "acme", &error).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "module acme: its source \"acme\" is built in already");
    cli.sources = NULL;
    cli.sinks = sinks;
    cr_expect_eq(leat_cli_module_open(&cli, "acme", &error).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "module acme: its sink \"acme\" is built in already");
    expect_closed(before);
}

static leat_status open_alone(void)
{
    const struct leat_module *module;
    return leat_module_open("acme", &module, &error);
}

static leat_status open_for_all(void)
{
    return leat_cli_module_open(&cli, "acme", &error);
}

/* Tries until there is memory enough; returns how often there was not. */
static size_t failures_of(leat_status (*open)(void))
{
    size_t before = adapter_count();
    for (uint64_t nth = 1; nth < 100; nth++) {
        (void)leat_alloc_fail_at(nth, false);
        leat_status status = open();
        (void)leat_alloc_fail_at(0, false);
        if (leat_is_ok(status))
            return (size_t)nth - 1;
        cr_expect_eq(status.code, LEAT_E_NO_MEMORY, "allocation %zu: %s", (size_t)nth, error.message);
        expect_closed(before);
    }
    return 0;
}

Test(modules, without_memory_nothing_has_changed)
{
    size_t before = adapter_count();
    cr_expect_geq(failures_of(open_alone), 2);
    expect_closed(before);
    cr_expect_geq(failures_of(open_for_all), 3);
    cr_expect_eq(cli.modules.count, 1);
    cr_expect_eq(adapter_count(), before + 1);
}
