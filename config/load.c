/* SPDX-License-Identifier: Apache-2.0 */
/* Tree -> options, by a table: keys, types, and for each that is wrong its place and what mends it. */
#include <config/closest.h>
#include <config/config.h>

#include <stdio.h>

/* --- values ---------------------------------------------------------------------------------------------- */

static struct leat_problem *complain(const struct leat_loader *loader, const struct leat_node *node, const char *code,
                                     leat_str message)
{
    size_t len = node->end > node->start ? node->end - node->start : 1;
    return leat_problem_add(loader->problems, node->start, node->kind == LEAT_NODE_TEXT ? len : 1, code, "%.*s",
                            LEAT_ARG(message));
}

/* Every text below it is shown as ***. */
static void hide(struct leat_problems *problems, const struct leat_node *node)
{
    if (node->kind == LEAT_NODE_TEXT)
        leat_problems_hide(problems, node->start, node->end);
    for (const struct leat_node *child = node->child; child != NULL; child = child->next)
        hide(problems, child);
}

static void mismatch(const struct leat_loader *loader, const struct leat_option *option, const struct leat_node *node)
{
    if (leat_node_is_null(node)) {
        leat_problem_fix(
            loader->problems,
            complain(loader, node, "wrong-type", leat_arena_printf(loader->arena, "%s has no value", option->key)),
            "it wants %s; leave the line out for the default", leat_option_wants(option));
        return;
    }
    (void)complain(loader, node, "wrong-type",
                   leat_arena_printf(loader->arena, "%s wants %s, not %s", option->key, leat_option_wants(option),
                                     leat_node_type(node)));
}

/* The nearest choice, where there is one. */
static void advise(const struct leat_loader *loader, struct leat_problem *problem, const struct leat_option *option,
                   const struct leat_node *node)
{
    char words[256], wrong[64];
    const char *names[32];
    size_t count = 0;
    if (option->type != LEAT_OPTION_CHOICE || option->secret || node->secret)
        return;
    snprintf(words, sizeof(words), "%s", option->choices);
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(node->text));
    for (char *at = words; at != NULL && count < 32; count++) {
        names[count] = at;
        at = strchr(at, ' ');
        if (at != NULL)
            *at++ = '\0';
    }
    const char *closest = leat_closest(wrong, names, count);
    if (closest != NULL)
        leat_problem_fix(loader->problems, problem, "did you mean \"%s\"?", closest);
}

static bool is_path(leat_str handler)
{
    return memchr(handler.ptr, '/', handler.len) != NULL || leat_str_find(handler, LEAT_STR(".so:")).ptr != NULL ||
           leat_str_ends(handler, LEAT_STR(".so"));
}

static leat_str text_of(const struct leat_loader *loader, const struct leat_option *option,
                        const struct leat_node *node)
{
    struct leat_buf buf;
    if (option->type == LEAT_OPTION_MAP) {
        leat_buf_init(&buf, loader->arena);
        leat_node_json(&buf, node);
        return leat_buf_str(&buf);
    }
    bool relative = option->type == LEAT_OPTION_HANDLER && loader->folder != NULL && strcmp(loader->folder, ".") != 0 &&
                    node->text.len > 0 && node->text.ptr[0] != '/' && is_path(node->text);
    return relative ? leat_arena_printf(loader->arena, "%s/%.*s", loader->folder, LEAT_ARG(node->text)) : node->text;
}

static void note(const struct leat_option_table *table, const struct leat_option *option, const struct leat_node *node)
{
    size_t index = (size_t)(option - table->options);
    *table->given |= UINT64_C(1) << index;
    if (table->places != NULL)
        table->places[index] = (struct leat_config_place){.at = node->start, .len = node->end - node->start};
}

/* Is it of a form that can be a value of the option? If not, that is reported. */
static bool fits(const struct leat_loader *loader, const struct leat_option *option, const struct leat_node *node)
{
    if (leat_node_is_null(node) || node->kind == LEAT_NODE_LIST ||
        (node->kind == LEAT_NODE_MAP) != (option->type == LEAT_OPTION_MAP)) {
        mismatch(loader, option, node);
        return false;
    }
    if (option->type != LEAT_OPTION_HANDLER || !node->secret)
        return true;
    (void)complain(loader, node, "wrong-value",
                   leat_arena_printf(loader->arena, "%s cannot come out of a secret: messages name it", option->key));
    return false;
}

static leat_status take_value(const struct leat_loader *loader, const struct leat_option *option,
                              const struct leat_node *node)
{
    struct leat_option guarded = *option;
    struct leat_error error = {0};
    guarded.secret = option->secret || node->secret;
    if (option->secret)
        hide(loader->problems, node);
    if (node->broken || !fits(loader, option, node))
        return leat_arena_status(loader->arena);
    leat_str text = text_of(loader, option, node);
    if (text.ptr == NULL)
        return leat_arena_status(loader->arena);
    leat_status status = leat_option_set(loader->arena, loader->table->target, &guarded, text, &error);
    if (leat_is_ok(status))
        note(loader->table, option, node);
    if (leat_is_ok(status) || loader->arena->overflow)
        return status;
    struct leat_problem *problem = complain(loader, node, "wrong-value", leat_str_c(error.message));
    if (error.fix[0] != '\0')
        leat_problem_fix(loader->problems, problem, "%s", error.fix);
    advise(loader, problem, option, node);
    return LEAT_OK;
}

/* --- keys --------------------------------------------------------------------------------------------------- */

/* The next name at the level of `group` ("" or "log."), each once; *at goes over the table. */
static leat_str next_name(const struct leat_option **at, leat_str group, leat_str last)
{
    for (; (*at)->key != NULL; (*at)++) {
        leat_str rest = leat_str_c((*at)->key);
        if (!leat_str_starts(rest, group))
            continue;
        rest = leat_str_skip(rest, group.len);
        leat_str name = leat_str_cut(&rest, '.');
        if (!leat_str_eq(name, last))
            return name;
    }
    return LEAT_ABSENT;
}

/* "format, level" of a group, with commas. */
static leat_str names_of(const struct leat_loader *loader, leat_str group)
{
    struct leat_buf buf;
    const struct leat_option *at = loader->table->options;
    leat_buf_init(&buf, loader->arena);
    for (leat_str name = next_name(&at, group, LEAT_ABSENT); name.ptr != NULL; name = next_name(&at, group, name)) {
        leat_buf_c(&buf, buf.len > 0 ? ", " : "");
        leat_buf_add(&buf, name);
    }
    return buf.len > 0 ? leat_buf_str(&buf) : LEAT_STR("");
}

static const char *closest_name(const struct leat_loader *loader, leat_str group, leat_str wrong)
{
    const char *names[LEAT_OPTIONS_MAX];
    char text[64];
    size_t count = 0;
    const struct leat_option *at = loader->table->options;
    for (leat_str name = next_name(&at, group, LEAT_ABSENT); name.ptr != NULL && count < LEAT_OPTIONS_MAX;
         name = next_name(&at, group, name)) {
        names[count] = leat_arena_copy(loader->arena, name).ptr;
        count += names[count] != NULL ? 1 : 0;
    }
    snprintf(text, sizeof(text), "%.*s", LEAT_ARG(wrong));
    return leat_closest(text, names, count);
}

/* Of which group it is a member, though it does not stand there; or absent. */
static leat_str home_of(const struct leat_loader *loader, leat_str key)
{
    for (const struct leat_option *option = loader->table->options; option->key != NULL; option++) {
        leat_str rest = leat_str_c(option->key);
        leat_str group = leat_str_cut(&rest, '.');
        if (rest.ptr != NULL && (leat_str_eq(rest, key) || leat_str_is(key, option->key)))
            return group;
    }
    return LEAT_ABSENT;
}

static bool is_secret_name(const struct leat_loader *loader, leat_str group, const char *name)
{
    for (const struct leat_option *option = loader->table->options; option->key != NULL && name != NULL; option++) {
        leat_str rest = leat_str_c(option->key);
        if (option->secret && leat_str_starts(rest, group) && leat_str_is(leat_str_skip(rest, group.len), name))
            return true;
    }
    return name == NULL; /* who knows what it is */
}

static void unknown(const struct leat_loader *loader, leat_str group, const struct leat_node *node)
{
    const struct leat_node *key = node->key;
    const char *closest = closest_name(loader, group, key->text);
    leat_str home = home_of(loader, key->text), within = group, names = names_of(loader, group);
    within.len -= within.len > 0 ? 1 : 0;
    if (node->kind != LEAT_NODE_TEXT || is_secret_name(loader, group, closest))
        hide(loader->problems, node);
    struct leat_problem *problem =
        complain(loader, key, "unknown-option",
                 leat_arena_printf(loader->arena, "unknown option \"%.*s\"%s%.*s", LEAT_ARG(key->text),
                                   within.len > 0 ? " in " : "", LEAT_ARG(within)));
    if (home.ptr != NULL && group.len == 0)
        leat_problem_fix(loader->problems, problem, "it belongs into the map \"%.*s\"", LEAT_ARG(home));
    else if (closest != NULL)
        leat_problem_fix(loader->problems, problem, "did you mean \"%s\"?", closest);
    else if (group.len > 0)
        leat_problem_fix(loader->problems, problem, "there are: %.*s", LEAT_ARG(names));
    else
        leat_problem_fix(loader->problems, problem, "leat help check lists the options");
}

static leat_status take_members(const struct leat_loader *loader, leat_str group, const struct leat_node *map);

/* False: there is no such group. */
static bool take_group(const struct leat_loader *loader, leat_str name, const struct leat_node *node,
                       leat_status *retstatus)
{
    leat_str group = leat_arena_printf(loader->arena, "%.*s.", LEAT_ARG(name));
    leat_str names = names_of(loader, group);
    *retstatus = leat_arena_status(loader->arena);
    if (!leat_is_ok(*retstatus))
        return true;
    if (names.len == 0)
        return false;
    if (node->kind == LEAT_NODE_MAP)
        *retstatus = take_members(loader, group, node);
    else if (!node->broken)
        (void)complain(loader, node, "wrong-type",
                       leat_arena_printf(loader->arena, "%.*s wants a map (%.*s), not %s", LEAT_ARG(name),
                                         LEAT_ARG(names), leat_node_type(node)));
    return true;
}

/* False: unknown. */
static bool take_named(const struct leat_loader *loader, leat_str name, const struct leat_node *node,
                       leat_status *retstatus)
{
    for (const struct leat_option *option = loader->table->options; option->key != NULL; option++)
        if (leat_str_is(name, option->key)) {
            *retstatus = take_value(loader, option, node);
            return true;
        }
    return take_group(loader, name, node, retstatus);
}

static leat_status take_members(const struct leat_loader *loader, leat_str group, const struct leat_node *map)
{
    for (const struct leat_node *node = map->child; node != NULL; node = node->next) {
        leat_status status = LEAT_OK;
        leat_str name = leat_arena_printf(loader->arena, "%.*s%.*s", LEAT_ARG(group), LEAT_ARG(node->key->text));
        bool dotted = node->key->text.len > 0 && memchr(node->key->text.ptr, '.', node->key->text.len) != NULL;
        if (node->key->broken) {
            hide(loader->problems, node);
            continue;
        }
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
