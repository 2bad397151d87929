/* SPDX-License-Identifier: Apache-2.0 */
#include "modules.h"

#include "find_handler.h"

#include <engine/module.h>

#include <leat/alloc.h>

/* --- what there is ---------------------------------------------------------------------------------------- */

static const struct leat_source_ops *find_source(const struct leat_source_ops *const *list, leat_str type)
{
    for (; list != NULL && *list != NULL; list++)
        if (leat_str_is(type, (*list)->name))
            return *list;
    return NULL;
}

static const struct leat_sink_ops *find_sink(const struct leat_sink_ops *const *list, leat_str type)
{
    for (; list != NULL && *list != NULL; list++)
        if (leat_str_is(type, (*list)->name))
            return *list;
    return NULL;
}

const struct leat_source_ops *leat_cli_module_source(const struct leat_cli *cli, leat_str type)
{
    const struct leat_source_ops *found = NULL;
    for (size_t i = 0; i < cli->modules.count && found == NULL; i++)
        found = find_source(cli->modules.items[i]->sources, type);
    return found;
}

const struct leat_sink_ops *leat_cli_module_sink(const struct leat_cli *cli, leat_str type)
{
    const struct leat_sink_ops *found = NULL;
    for (size_t i = 0; i < cli->modules.count && found == NULL; i++)
        found = find_sink(cli->modules.items[i]->sinks, type);
    return found;
}

/* --- names that are taken --------------------------------------------------------------------------------- */

static leat_status refuse_name(const struct leat_module *module, const char *noun, const char *name, const char *where,
                               struct leat_error *reterr)
{
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "module %s: its %s \"%s\" is %s", module->name, noun, name,
                         where);
    leat_error_fix(reterr, "give it another name, or leave one of them out");
    return LEAT_STATUS(CONFIG);
}

/* The lists of one module: of another one, of those built in, or its own up to that place. */
static leat_status check_against(const struct leat_module *module, const struct leat_module *other, const char *where,
                                 struct leat_error *reterr)
{
    for (size_t i = 0; module->adapters[i] != NULL; i++) {
        const char *name = module->adapters[i]->name;
        const struct leat_adapter *found = leat_adapter_find(other->adapters, leat_str_c(name));
        if (found != NULL && found != module->adapters[i])
            return refuse_name(module, "adapter", name, where, reterr);
    }
    for (size_t i = 0; module->sources[i] != NULL; i++) {
        const char *name = module->sources[i]->name;
        const struct leat_source_ops *found = find_source(other->sources, leat_str_c(name));
        if (found != NULL && found != module->sources[i])
            return refuse_name(module, "source", name, where, reterr);
    }
    for (size_t i = 0; module->sinks[i] != NULL; i++) {
        const char *name = module->sinks[i]->name;
        const struct leat_sink_ops *found = find_sink(other->sinks, leat_str_c(name));
        if (found != NULL && found != module->sinks[i])
            return refuse_name(module, "sink", name, where, reterr);
    }
    return LEAT_OK;
}

static leat_status check_names(const struct leat_cli *cli, const struct leat_module *module, struct leat_error *reterr)
{
    const struct leat_adapter **own LEAT_CLEANUP(leat_freep) = leat_cli_adapters(NULL);
    if (own == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    const struct leat_module built_in = {.adapters = own, .sources = cli->sources, .sinks = cli->sinks};
    LEAT_TRY(check_against(module, &built_in, "built in already", reterr));
    LEAT_TRY(check_against(module, module, "in it twice", reterr));
    for (size_t i = 0; i < cli->modules.count; i++) {
        char where[96];
        snprintf(where, sizeof(where), "in module %.60s already", cli->modules.items[i]->name);
        LEAT_TRY(check_against(module, cli->modules.items[i], where, reterr));
    }
    return LEAT_OK;
}

/* --- opening ---------------------------------------------------------------------------------------------- */

static bool is_open(const struct leat_cli *cli, const struct leat_module *module)
{
    for (size_t i = 0; i < cli->modules.count; i++)
        if (cli->modules.items[i] == module)
            return true;
    return false;
}

/* All or nothing. */
static leat_status add(struct leat_cli *cli, const struct leat_module *module, struct leat_error *reterr)
{
    size_t count = cli->modules.count, all = 0;
    const struct leat_module **items = leat_realloc((void *)cli->modules.items, (count + 1) * sizeof(*items));
    if (items == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    cli->modules.items = items;
    items[count] = module;
    const struct leat_cli_modules with = {.items = items, .count = count + 1};
    const struct leat_adapter **adapters = leat_cli_adapters(&with);
    if (adapters == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    while (adapters[all] != NULL)
        all++;
    if (all >= LEAT_ADAPTERS_MAX) {
        leat_free((void *)adapters);
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "module %s: more than %d triggers in all", module->name,
                              LEAT_ADAPTERS_MAX - 1);
    }
    leat_free((void *)cli->adapters);
    cli->adapters = adapters;
    cli->modules = with;
    return LEAT_OK;
}

leat_status leat_cli_module_open(struct leat_cli *cli, const char *name, struct leat_error *reterr)
{
    const struct leat_module *module;
    LEAT_TRY(leat_module_open(name, &module, reterr));
    if (is_open(cli, module))
        return LEAT_OK;
    LEAT_TRY(check_names(cli, module, reterr));
    return add(cli, module, reterr);
}

/* A type names a file, so only what could be a type may become a path. */
static bool is_type(leat_str type)
{
    for (size_t i = 0; i < type.len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", type.ptr[i]) == NULL || type.ptr[i] == '\0')
            return false;
    return type.len > 0 && type.len < 64;
}

leat_status leat_cli_module_for_type(struct leat_cli *cli, leat_str type, struct leat_error *reterr)
{
    char name[64];
    if (!is_type(type))
        return leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "no type \"%.*s\"", LEAT_ARG(type));
    snprintf(name, sizeof(name), "%.*s", LEAT_ARG(type));
    LEAT_TRY(leat_cli_module_open(cli, name, reterr));
    if (leat_cli_module_source(cli, type) != NULL || leat_cli_module_sink(cli, type) != NULL)
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(NOT_FOUND),
                         "no type \"%s\": module %s has no source and no sink of that name", name, name);
    leat_error_fix(reterr, "it was found in LEAT_MODULE_PATH");
    return LEAT_STATUS(NOT_FOUND);
}

int leat_cli_take_module(struct leat_cli *cli, const char *name)
{
    struct leat_error error = {0};
    leat_status status = leat_cli_module_open(cli, name, &error);
    if (leat_is_ok(status))
        return EXIT_DONE;
    return leat_cli_fail_with(status.code == LEAT_E_NO_MEMORY ? EXIT_BUG : EXIT_CONFIG, &error);
}
