/* SPDX-License-Identifier: Apache-2.0 */
/* Tree -> options, by tables: which key is which option, and what was meant if it is none. */
#include "entries.h"

#include <config/closest.h>

#include <stdio.h>

struct names {
    const char *items[2 * LEAT_OPTIONS_MAX];
    size_t count;
};

/* Each once: members of a group stand one behind the other. */
static void add_name(const struct leat_loader *loader, struct names *names, leat_str name)
{
    const char *last = names->count > 0 ? names->items[names->count - 1] : "";
    if (leat_str_is(name, last) || names->count == sizeof(names->items) / sizeof(names->items[0]))
        return;
    names->items[names->count] = leat_arena_copy(loader->arena, name).ptr;
    names->count += names->items[names->count] != NULL ? 1 : 0;
}

/* All at the level of `group` ("" or "log."). */
static struct names names_of(const struct leat_loader *loader, leat_str group)
{
    struct names names = {.count = 0};
    for (const struct leat_option_table *table = loader->table; table != NULL; table = table->next)
        for (const struct leat_option *option = table->options; option->key != NULL; option++) {
            leat_str rest = leat_str_c(option->key);
            if (!leat_str_starts(rest, group))
                continue;
            rest = leat_str_skip(rest, group.len);
            add_name(loader, &names, leat_str_cut(&rest, '.'));
        }
    for (const char *const *also = loader->also; group.len == 0 && also != NULL && *also != NULL; also++)
        add_name(loader, &names, leat_str_c(*also));
    return names;
}

/* "format, level", with commas. */
static const char *join(const struct leat_loader *loader, const struct names *names)
{
    struct leat_buf buf;
    leat_buf_init(&buf, loader->arena);
    for (size_t i = 0; i < names->count; i++)
        leat_buf_printf(&buf, "%s%s", i > 0 ? ", " : "", names->items[i]);
    return buf.len > 0 ? leat_buf_str(&buf).ptr : "";
}

static const struct leat_option *find_option(const struct leat_loader *loader, leat_str key,
                                             const struct leat_option_table **rettable)
{
    for (const struct leat_option_table *table = loader->table; table != NULL; table = table->next)
        for (const struct leat_option *option = table->options; option->key != NULL; option++)
            if (leat_str_is(key, option->key)) {
                *rettable = table;
                return option;
            }
    return NULL;
}

/* Of which group it is a member, though it does not stand there; or absent. */
static leat_str home_of(const struct leat_loader *loader, leat_str key)
{
    for (const struct leat_option_table *table = loader->table; table != NULL; table = table->next)
        for (const struct leat_option *option = table->options; option->key != NULL; option++) {
            leat_str rest = leat_str_c(option->key);
            leat_str group = leat_str_cut(&rest, '.');
            if (rest.ptr != NULL && (leat_str_eq(rest, key) || leat_str_is(key, option->key)))
                return group;
        }
    return LEAT_ABSENT;
}

static bool is_secret_name(const struct leat_loader *loader, leat_str group, const char *name)
{
    const struct leat_option_table *table;
    if (name == NULL)
        return true; /* who knows what it is */
    leat_str key = leat_arena_printf(loader->arena, "%.*s%s", LEAT_ARG(group), name);
    const struct leat_option *option = key.ptr != NULL ? find_option(loader, key, &table) : NULL;
    return option == NULL || option->secret;
}

/* What stands in an entry and is the service's. */
static bool is_of_service(const struct leat_loader *loader, leat_str group, leat_str key)
{
    bool found = false;
    for (const struct leat_option *option = leat_options; option->key != NULL && !found; option++) {
        leat_str rest = leat_str_c(option->key);
        found = leat_str_eq(leat_str_cut(&rest, '.'), key);
    }
    return found && loader->type != NULL && group.len == 0;
}

/* What its type adds; what every entry has would be a long list. */
static void advise_type(const struct leat_loader *loader, struct leat_problem *problem)
{
    struct leat_loader own = *loader;
    own.table = loader->table->next;
    struct names names = names_of(&own, LEAT_STR(""));
    if (names.count > 0)
        leat_problem_fix(loader->problems, problem, "of its own %s has: %s", loader->type, join(loader, &names));
    else
        leat_problem_fix(loader->problems, problem, "%s has no options of its own", loader->type);
}

static void advise_key(const struct leat_loader *loader, struct leat_problem *problem, leat_str group, leat_str key,
                       const char *closest)
{
    leat_str home = group.len == 0 ? home_of(loader, key) : LEAT_ABSENT;
    struct names names = names_of(loader, group);
    if (home.ptr != NULL)
        leat_problem_fix(loader->problems, problem, "it belongs into the map \"%.*s\"", LEAT_ARG(home));
    else if (closest != NULL)
        leat_problem_fix(loader->problems, problem, "did you mean \"%s\"?", closest);
    else if (is_of_service(loader, group, key))
        leat_problem_fix(loader->problems, problem, "it is an option of the service: it stands at the top");
    else if (group.len > 0)
        leat_problem_fix(loader->problems, problem, "there are: %s", join(loader, &names));
    else if (loader->type != NULL)
        advise_type(loader, problem);
    else
        leat_problem_fix(loader->problems, problem, "leat help check lists the options");
}

static void unknown(const struct leat_loader *loader, leat_str group, const struct leat_node *node)
{
    const struct leat_node *key = node->key;
    struct names names = names_of(loader, group);
    leat_str within = leat_str_of(group.ptr, group.len - (group.len > 0 ? 1 : 0));
    char wrong[64];
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(key->text));
    const char *closest = leat_closest(wrong, names.items, names.count);
    const char *path = loader->path != NULL ? loader->path : "";
    const char *dot = path[0] != '\0' && within.len > 0 ? "." : "";
    if (node->kind != LEAT_NODE_TEXT || is_secret_name(loader, group, closest))
        leat_node_hide(loader->problems, node);
    leat_str where = path[0] == '\0' && within.len == 0
                         ? LEAT_STR("")
                         : leat_arena_printf(loader->arena, " in %s%s%.*s", path, dot, LEAT_ARG(within));
    if (loader->type != NULL)
        where = leat_arena_printf(loader->arena, "%.*s (%s)", LEAT_ARG(where), loader->type);
    struct leat_problem *problem = leat_node_complain(
        loader->problems, key, "unknown-option", "unknown option \"%.*s\"%.*s", LEAT_ARG(key->text), LEAT_ARG(where));
    advise_key(loader, problem, group, key->text, closest);
}

static leat_status take_members(const struct leat_loader *loader, leat_str group, const struct leat_node *map);

/* False: there is no such group. */
static bool take_group(const struct leat_loader *loader, leat_str name, const struct leat_node *node,
                       leat_status *retstatus)
{
    leat_str group = leat_arena_printf(loader->arena, "%.*s.", LEAT_ARG(name));
    *retstatus = leat_arena_status(loader->arena);
    if (!leat_is_ok(*retstatus))
        return true;
    struct names names = names_of(loader, group);
    if (names.count == 0)
        return false;
    if (node->kind == LEAT_NODE_MAP)
        *retstatus = take_members(loader, group, node);
    else if (!node->broken)
        (void)leat_node_complain(loader->problems, node, "wrong-type", "%s%s%.*s wants a map (%s), not %s",
                                 loader->path != NULL ? loader->path : "", loader->path != NULL ? "." : "",
                                 LEAT_ARG(name), join(loader, &names), leat_node_type(node));
    return true;
}

/* False: unknown. */
static bool take_named(const struct leat_loader *loader, leat_str name, const struct leat_node *node,
                       leat_status *retstatus)
{
    const struct leat_option_table *table;
    const struct leat_option *option = find_option(loader, name, &table);
    if (option == NULL)
        return take_group(loader, name, node, retstatus);
    *retstatus = leat_value_take(loader, table, option, node);
    return true;
}

static bool is_also(const struct leat_loader *loader, leat_str name)
{
    const char *const *also = loader->also;
    while (also != NULL && *also != NULL && !leat_str_is(name, *also))
        also++;
    return also != NULL && *also != NULL;
}

static leat_status take_members(const struct leat_loader *loader, leat_str group, const struct leat_node *map)
{
    for (const struct leat_node *node = map->child; node != NULL; node = node->next) {
        leat_status status = LEAT_OK;
        leat_str name = leat_arena_printf(loader->arena, "%.*s%.*s", LEAT_ARG(group), LEAT_ARG(node->key->text));
        bool dotted = node->key->text.len > 0 && memchr(node->key->text.ptr, '.', node->key->text.len) != NULL;
        if (node->key->broken) {
            leat_node_hide(loader->problems, node);
            continue;
        }
        if (is_also(loader, name))
            continue;
        if (dotted || !take_named(loader, name, node, &status))
            unknown(loader, group, node);
        LEAT_TRY(status);
    }
    return leat_arena_status(loader->arena);
}

leat_status leat_options_take(const struct leat_loader *loader, const struct leat_node *map)
{
    return take_members(loader, LEAT_STR(""), map);
}

leat_status leat_option_take(const struct leat_loader *loader, leat_str name, const struct leat_node *node)
{
    leat_status status = LEAT_OK;
    (void)take_named(loader, name, node, &status);
    return status;
}
