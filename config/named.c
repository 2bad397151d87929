/* SPDX-License-Identifier: Apache-2.0 */
/* What is named elsewhere: modules, sinks, entries. */
#include "entries.h"

#include <config/closest.h>

#include <stdio.h>

#define NAMES_MAX 64 /* that are guessed from */

bool leat_name_is_good(leat_str name, char also)
{
    size_t good = 0;
    for (; good < name.len; good++) {
        char c = name.ptr[good], low = (char)(c | 0x20);
        if (c != '-' && c != '_' && c != also && (c < '0' || c > '9') && (low < 'a' || low > 'z'))
            break;
    }
    return good > 0 && good == name.len && good <= LEAT_NAME_MAX && name.ptr[0] != '-' && name.ptr[0] != '.';
}

struct leat_config_source *leat_config_find_source(const struct leat_config *config, leat_str name)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (leat_str_eq(config->sources[i].settings.name, name))
            return &config->sources[i];
    return NULL;
}

struct leat_config_sink *leat_config_find_sink(const struct leat_config *config, leat_str name)
{
    for (size_t i = 0; i < config->sink_count; i++)
        if (leat_str_eq(config->sinks[i].name, name))
            return &config->sinks[i];
    return NULL;
}

/* LEAT_OPTIONS_MAX: there is none of that key. */
static size_t number_of(const char *key)
{
    for (size_t i = 0; leat_source_options[i].key != NULL; i++)
        if (strcmp(leat_source_options[i].key, key) == 0)
            return i;
    return LEAT_OPTIONS_MAX;
}

struct leat_config_place leat_config_source_place(const struct leat_config_source *source, const char *key)
{
    size_t number = number_of(key);
    return number < LEAT_OPTIONS_MAX ? source->places[number] : (struct leat_config_place){0};
}

bool leat_config_source_given(const struct leat_config_source *source, const char *key)
{
    size_t number = number_of(key);
    return number < LEAT_OPTIONS_MAX && (source->given >> number & 1) != 0;
}

/* --- modules --------------------------------------------------------------------------------------------- */

static leat_status take_module(const struct leat_loader *loader, const struct leat_node *node)
{
    const struct leat_config_types *types = &loader->config->types;
    struct leat_error error = {0};
    if (node->kind != LEAT_NODE_TEXT || node->broken || leat_node_is_null(node))
        return LEAT_OK; /* the table of options says so */
    if (node->secret) {
        (void)leat_node_complain(loader->problems, node, "wrong-value",
                                 "modules cannot come out of a secret: messages name them");
        return LEAT_OK;
    }
    leat_status status = types->module != NULL
                             ? types->module(types->argument, node->text, &error)
                             : leat_error_set(&error, LEAT_STATUS(CONFIG), "no module \"%.*s\"", LEAT_ARG(node->text));
    if (leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY)
        return status;
    struct leat_problem *problem = leat_node_complain(loader->problems, node, "module", "%s", error.message);
    if (error.fix[0] != '\0')
        leat_problem_fix(loader->problems, problem, "%s", error.fix);
    return LEAT_OK;
}

leat_status leat_modules_take(const struct leat_loader *loader, const struct leat_node *node)
{
    LEAT_TRY(take_module(loader, node));
    for (const struct leat_node *child = node->kind == LEAT_NODE_LIST ? node->child : NULL; child != NULL;
         child = child->next)
        LEAT_TRY(take_module(loader, child));
    return LEAT_OK;
}

/* --- sinks that options name --------------------------------------------------------------------------------- */

static void no_sink(const struct leat_loader *loader, const struct leat_sink_use *use)
{
    const struct leat_config *config = loader->config;
    const char *names[NAMES_MAX];
    char wrong[64];
    size_t count = 0;
    for (size_t i = 0; i < config->sink_count && count < NAMES_MAX; i++)
        if (!config->sinks[i].inlined)
            names[count++] = config->sinks[i].name.ptr;
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(use->name));
    const char *closest = leat_closest(wrong, names, count);
    struct leat_problem *problem = leat_problem_add(loader->problems, use->place.at, use->place.len, "unknown-sink",
                                                    "%s: no sink \"%.*s\"", use->key, LEAT_ARG(use->name));
    if (closest != NULL)
        leat_problem_fix(loader->problems, problem, "did you mean \"%s\"?", closest);
    else
        leat_problem_fix(loader->problems, problem, "sinks: {%.*s: {type: ...}} defines it",
                         LEAT_ARG(use->name.len > 0 ? use->name : LEAT_STR("NAME")));
}

void leat_sinks_check(const struct leat_loader *loader)
{
    for (const struct leat_sink_use *use = *loader->names; use != NULL; use = use->next) {
        const struct leat_config_sink *sink = leat_config_find_sink(loader->config, use->name);
        if (sink == NULL || sink->inlined)
            no_sink(loader, use);
    }
}

void leat_sink_forget(struct leat_config *config, leat_str name)
{
    struct leat_config_sink *sink = leat_config_find_sink(config, name);
    if (sink == NULL || !sink->inlined)
        return;
    size_t behind = config->sink_count - (size_t)(sink - config->sinks) - 1;
    memmove(sink, sink + 1, behind * sizeof(*sink));
    config->sink_count--;
}

/* --- what a source says ------------------------------------------------------------------------------------ */

static bool has_secret(const struct leat_node *node)
{
    bool secret = node->secret;
    for (const struct leat_node *child = node->child; child != NULL && !secret; child = child->next)
        secret = has_secret(child);
    return secret;
}

/* One pattern; of text the JSON in it, as ${file:} brings it. `node` NULL: it stands in no file. */
static leat_status add_pattern(const struct leat_loader *loader, struct leat_config_source *source,
                               struct leat_filter *filter, const cJSON *pattern, const struct leat_node *node)
{
    struct leat_error error = {0};
    leat_status status = cJSON_IsString(pattern) ? leat_filter_add(filter, leat_json_text(pattern), &error)
                                                 : leat_filter_add_tree(filter, pattern, &error);
    if (leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY)
        return status;
    bool secret = node != NULL && has_secret(node);
    (void)leat_problem_add(loader->problems, node != NULL ? node->start : 0,
                           node == NULL                   ? 0
                           : node->kind == LEAT_NODE_TEXT ? node->end - node->start
                                                          : 1,
                           "wrong-filter", "sources.%.*s.filter: %s", LEAT_ARG(source->settings.name),
                           secret ? "no pattern, and it holds a secret" : error.message);
    return LEAT_OK;
}

static leat_status take_filter(const struct leat_loader *loader, struct leat_config_source *source,
                               const struct leat_node *node)
{
    struct leat_filter *filter = leat_filter_new(loader->arena, NULL);
    if (filter == NULL)
        return leat_arena_status(loader->arena);
    source->settings.filter = filter;
    if (!cJSON_IsArray(source->filter))
        return add_pattern(loader, source, filter, source->filter, node);
    node = node != NULL ? node->child : NULL;
    for (const cJSON *pattern = source->filter->child; pattern != NULL; pattern = pattern->next) {
        LEAT_TRY(add_pattern(loader, source, filter, pattern, node));
        node = node != NULL ? node->next : NULL;
    }
    return LEAT_OK;
}

leat_status leat_source_finish(const struct leat_loader *loader, struct leat_config_source *source,
                               const struct leat_node *entry)
{
    for (size_t i = 0; leat_source_options[i].key != NULL; i++)
        if (strcmp(leat_source_options[i].key, "ordering") == 0 && (source->given >> i & 1) != 0)
            source->settings.ordering = (enum leat_ordering)(source->ordering + LEAT_ORDER_NONE);
    source->settings.settings = source->own_settings;
    return source->filter != NULL
               ? take_filter(loader, source, entry != NULL ? leat_node_member(entry, "filter") : NULL)
               : LEAT_OK;
}
