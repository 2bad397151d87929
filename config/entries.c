/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of "sources" and "sinks": a type, what every entry has, and what the type adds. */
#include "entries.h"

#include <stdio.h>

/* An entry at hand. */
struct entry {
    const struct leat_loader *loader; /* the service's */
    const char *what;                 /* "source", "sink" */
    const char *path;                 /* "sources.orders" */
    const struct leat_node *node, *type;
};

/* What a type adds, of a source or a sink. */
struct addition {
    const char *name;
    const struct leat_option *options;
    size_t size; /* of what they fill */
};

/* --- what is none ---------------------------------------------------------------------------------------- */

/* Who knows which of its texts are secret? */
static void hide_unread(const struct leat_loader *loader, const struct leat_node *node)
{
    if (node->kind != LEAT_NODE_MAP)
        leat_node_hide(loader->problems, node);
    for (const struct leat_node *child = node->child; node->kind == LEAT_NODE_MAP && child != NULL; child = child->next)
        if (!leat_str_is(child->key->text, "type"))
            leat_node_hide(loader->problems, child);
}

/* The option of the service that an entry is called by; NULL: there is none. */
static const struct leat_option *namesake(const struct leat_node *node)
{
    const struct leat_option *option = leat_options;
    for (; option->key != NULL; option++) {
        leat_str rest = leat_str_c(option->key);
        if (leat_str_eq(leat_str_cut(&rest, '.'), node->key->text))
            return option;
    }
    return NULL;
}

static size_t column(const struct leat_problems *problems, size_t at)
{
    size_t start = at;
    while (start > 0 && problems->text.ptr[start - 1] != '\n')
        start--;
    return at - start;
}

static void advise_move(const struct leat_loader *loader, struct leat_problem *problem, const struct leat_node *map,
                        const struct leat_node *node)
{
    static const char *const words[] = {"", "one column", "two columns", "three columns", "four columns"};
    size_t outer = map->key != NULL ? column(loader->problems, map->key->start) : 0;
    size_t inner = column(loader->problems, node->key->start), move = inner > outer ? inner - outer : 0;
    bool braces = loader->problems->text.ptr[map->start] == '{';
    if (braces || move == 0)
        leat_problem_fix(loader->problems, problem, "to make it the service's, take it out of the braces");
    else if (move < sizeof(words) / sizeof(words[0]))
        leat_problem_fix(loader->problems, problem, "to make it the service's, move it %s left", words[move]);
    else
        leat_problem_fix(loader->problems, problem, "to make it the service's, move it %zu columns left", move);
}

/* An option of the service that is indented too deep. True: it was, and is reported. */
static bool is_misplaced(const struct leat_loader *loader, const struct leat_node *map, const struct leat_node *node,
                         const char *what)
{
    const struct leat_option *option = namesake(node);
    bool typed = leat_node_member(node, "type") != NULL;
    if (option == NULL || (typed && (option->type != LEAT_OPTION_SINK || strcmp(what, "source") != 0)))
        return false;
    if (option->secret || node->kind != LEAT_NODE_TEXT)
        hide_unread(loader, node);
    struct leat_problem *problem = leat_node_complain(
        loader->problems, node->key, "wrong-place", "\"%.*s\" stands in \"%ss\" and was read as a %s%s",
        LEAT_ARG(node->key->text), what, what, typed ? "" : " without \"type\"");
    advise_move(loader, problem, map, node);
    return true;
}

/* May it be read? If not, that is reported. */
static bool is_entry(const struct leat_loader *loader, const struct leat_node *map, const struct leat_node *node,
                     const char *what)
{
    const struct leat_node *key = node->key;
    if (key->broken || node->broken) {
        leat_node_hide(loader->problems, node);
        return false;
    }
    if (is_misplaced(loader, map, node, what))
        return false;
    if (leat_name_is_good(key->text, '-'))
        return true;
    hide_unread(loader, node);
    leat_problem_fix(loader->problems,
                     leat_node_complain(loader->problems, key, "wrong-value", "a %s cannot be called \"%.*s\"", what,
                                        LEAT_ARG(key->text)),
                     "letters, digits, \"-\" and \"_\", at most %d", LEAT_NAME_MAX);
    return false;
}

static bool is_map(const struct leat_loader *loader, const struct leat_node *node, const char *name, const char *form)
{
    if (node->kind == LEAT_NODE_MAP)
        return true;
    leat_node_hide(loader->problems, node);
    if (!node->broken)
        (void)leat_node_complain(loader->problems, node, "wrong-type", "%s wants a map (%s), not %s", name, form,
                                 leat_node_type(node));
    return false;
}

/* --- its type ---------------------------------------------------------------------------------------------- */

static const struct leat_node *place_of(const struct entry *entry)
{
    return entry->node->key != NULL ? entry->node->key : entry->node;
}

/* Finds entry->type. False: it has none that is one, which is reported. */
static bool find_type(struct entry *entry)
{
    struct leat_problems *problems = entry->loader->problems;
    const struct leat_node *type = leat_node_member(entry->node, "type");
    entry->type = type;
    if (type == NULL)
        leat_problem_fix(
            problems,
            leat_node_complain(problems, place_of(entry), "missing-option", "%s has no \"type\"", entry->path),
            "what kind of %s is it? {type: ..., ...}", entry->what);
    else if (!type->broken && (type->kind != LEAT_NODE_TEXT || leat_node_is_null(type)))
        (void)leat_node_complain(problems, type, "wrong-type", "%s.type wants text, not %s", entry->path,
                                 leat_node_type(type));
    else if (type->secret)
        (void)leat_node_complain(problems, type, "wrong-value", "%s.type cannot come out of a secret", entry->path);
    else if (!type->broken)
        return true;
    hide_unread(entry->loader, entry->node);
    return false;
}

/* There is no such type: `error` says so, or nobody was there to ask. */
static leat_status no_type(const struct entry *entry, const struct leat_error *error)
{
    struct leat_problems *problems = entry->loader->problems;
    if (error->status.code == LEAT_E_NO_MEMORY)
        return error->status;
    hide_unread(entry->loader, entry->node);
    if (error->message[0] == '\0') {
        (void)leat_node_complain(problems, entry->type, "unknown-type", "no %s type \"%.*s\"", entry->what,
                                 LEAT_ARG(entry->type->text));
        return LEAT_OK;
    }
    struct leat_problem *problem = leat_node_complain(problems, entry->type, "unknown-type", "%s", error->message);
    if (error->fix[0] != '\0')
        leat_problem_fix(problems, problem, "%s", error->fix);
    return LEAT_OK;
}

/* --- its options --------------------------------------------------------------------------------------------- */

static void find_missing(const struct entry *entry, const struct addition *addition)
{
    for (const struct leat_option *option = addition->options; option != NULL && option->key != NULL; option++) {
        if (!leat_option_required(option) || leat_node_member(entry->node, option->key) != NULL)
            continue;
        struct leat_problem *problem =
            leat_node_complain(entry->loader->problems, place_of(entry), "missing-option", "%s (%s) wants \"%s\"",
                               entry->path, addition->name, option->key);
        leat_problem_fix(entry->loader->problems, problem, "%s: %s", option->key, option->help);
    }
}

/* `common` is the table of all entries; the addition's struct is made. */
static leat_status take_options(const struct entry *entry, const struct addition *addition,
                                struct leat_option_table *common, void **retoptions)
{
    struct leat_loader loader = *entry->loader;
    struct leat_option_table own = {.options = addition->options};
    loader.table = common;
    loader.path = entry->path;
    loader.type = addition->name;
    loader.also = NULL;
    own.target = *retoptions = leat_arena_calloc(loader.arena, 1, addition->size > 0 ? addition->size : 1);
    if (own.target == NULL)
        return leat_arena_status(loader.arena);
    LEAT_TRY(leat_options_default(loader.arena, own.target, addition->options));
    if (addition->options != NULL)
        common->next = &own;
    LEAT_TRY(leat_options_take(&loader, entry->node));
    find_missing(entry, addition);
    return LEAT_OK;
}

/* Texts that are no file's have no name. */
static struct leat_config_place place_of_type(const struct entry *entry)
{
    if (entry->loader->problems->file[0] == '\0')
        return (struct leat_config_place){0};
    return (struct leat_config_place){.at = entry->type->start, .len = entry->type->end - entry->type->start};
}

/* --- sinks --------------------------------------------------------------------------------------------------- */

/* Room for one more. */
static leat_status make_room(struct leat_config *config)
{
    if (config->sink_count < config->sink_room)
        return LEAT_OK;
    size_t room = config->sink_room > 0 ? 2 * config->sink_room : 4;
    struct leat_config_sink *sinks = LEAT_NEW_N(&config->arena, struct leat_config_sink, room);
    if (sinks == NULL)
        return leat_arena_status(&config->arena);
    if (config->sink_count > 0)
        memcpy(sinks, config->sinks, config->sink_count * sizeof(*sinks));
    config->sinks = sinks;
    config->sink_room = room;
    return LEAT_OK;
}

static leat_status take_sink(struct entry *entry, leat_str name, bool inlined)
{
    struct leat_config *config = entry->loader->config;
    struct leat_error error = {0};
    if (!find_type(entry))
        return LEAT_OK;
    const struct leat_sink_ops *ops =
        config->types.sink != NULL ? config->types.sink(config->types.argument, entry->type->text, &error) : NULL;
    if (ops == NULL)
        return no_type(entry, &error);
    if (leat_config_find_sink(config, name) != NULL) {
        (void)leat_node_complain(entry->loader->problems, place_of(entry), "duplicate-key",
                                 "there are two sinks called \"%.*s\"", LEAT_ARG(name));
        return LEAT_OK;
    }
    struct leat_config_sink sink = {
        .ops = ops, .name = leat_arena_copy(&config->arena, name), .place = place_of_type(entry), .inlined = inlined};
    struct leat_option_table common = {.options = leat_sink_options, .target = &sink};
    struct addition addition = {.name = ops->name, .options = ops->options, .size = ops->options_size};
    LEAT_TRY(take_options(entry, &addition, &common, &sink.options));
    LEAT_TRY(make_room(config));
    config->sinks[config->sink_count++] = sink;
    return leat_arena_status(&config->arena);
}

leat_status leat_sink_inline(const struct leat_loader *loader, const char *name, const struct leat_node *node)
{
    struct entry entry = {.loader = loader, .what = "sink", .path = name, .node = node};
    return take_sink(&entry, leat_str_c(name), true);
}

leat_status leat_sinks_take(const struct leat_loader *loader, const struct leat_node *node)
{
    if (!is_map(loader, node, "sinks", "NAME: {type: ...}"))
        return LEAT_OK;
    for (const struct leat_node *child = node->child; child != NULL; child = child->next) {
        leat_str path = leat_arena_printf(loader->arena, "sinks.%.*s", LEAT_ARG(child->key->text));
        struct entry entry = {.loader = loader, .what = "sink", .path = path.ptr, .node = child};
        if (path.ptr == NULL)
            return leat_arena_status(loader->arena);
        if (is_entry(loader, node, child, "sink") && is_map(loader, child, path.ptr, "type: ..., ..."))
            LEAT_TRY(take_sink(&entry, child->key->text, false));
    }
    return LEAT_OK;
}

/* --- sources ------------------------------------------------------------------------------------------------- */

static leat_status take_source(struct entry *entry)
{
    struct leat_config *config = entry->loader->config;
    struct leat_config_source *source = &config->sources[config->source_count];
    struct leat_error error = {0};
    if (!find_type(entry))
        return LEAT_OK;
    const struct leat_source_ops *ops =
        config->types.source != NULL ? config->types.source(config->types.argument, entry->type->text, &error) : NULL;
    if (ops != NULL && ops->options == NULL)
        (void)leat_error_set(&error, LEAT_STATUS(CONFIG), "a source of type \"%s\" cannot be configured", ops->name);
    if (ops == NULL || ops->options == NULL)
        return no_type(entry, &error);
    struct leat_option_table common = {
        .options = leat_source_options, .target = source, .given = &source->given, .places = source->places};
    struct addition addition = {.name = ops->name, .options = ops->options, .size = ops->options_size};
    source->ops = ops;
    source->place = place_of_type(entry);
    source->settings.name = leat_arena_copy(&config->arena, entry->node->key->text);
    LEAT_TRY(leat_options_default(&config->arena, source, leat_source_options));
    LEAT_TRY(take_options(entry, &addition, &common, &source->options));
    config->source_count++;
    return leat_source_finish(entry->loader, source, entry->node);
}

leat_status leat_sources_take(const struct leat_loader *loader, const struct leat_node *node)
{
    if (!is_map(loader, node, "sources", "NAME: {type: ...}"))
        return LEAT_OK;
    loader->config->sources = LEAT_NEW_N(loader->arena, struct leat_config_source, node->count + 1);
    if (loader->config->sources == NULL)
        return leat_arena_status(loader->arena);
    for (const struct leat_node *child = node->child; child != NULL; child = child->next) {
        leat_str path = leat_arena_printf(loader->arena, "sources.%.*s", LEAT_ARG(child->key->text));
        struct entry entry = {.loader = loader, .what = "source", .path = path.ptr, .node = child};
        if (path.ptr == NULL)
            return leat_arena_status(loader->arena);
        if (is_entry(loader, node, child, "source") && is_map(loader, child, path.ptr, "type: ..., ..."))
            LEAT_TRY(take_source(&entry));
    }
    return LEAT_OK;
}
