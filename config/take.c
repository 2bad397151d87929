/* SPDX-License-Identifier: Apache-2.0 */
/* A node -> the value of one option: its form, its type, and what mends a wrong one. */
#include "entries.h"

#include <config/closest.h>

#include <stdio.h>

/* --- nodes ----------------------------------------------------------------------------------------------- */

struct leat_problem *leat_node_complain(struct leat_problems *problems, const struct leat_node *node, const char *code,
                                        const char *format, ...)
{
    va_list args;
    size_t len = node->end > node->start ? node->end - node->start : 1;
    va_start(args, format);
    leat_str message = leat_arena_vprintf(&problems->arena, format, args);
    va_end(args);
    return leat_problem_add(problems, node->start, node->kind == LEAT_NODE_TEXT ? len : 1, code, "%.*s",
                            LEAT_ARG(message));
}

void leat_node_hide(struct leat_problems *problems, const struct leat_node *node)
{
    if (node->kind == LEAT_NODE_TEXT)
        leat_problems_hide(problems, node->start, node->end);
    for (const struct leat_node *child = node->child; child != NULL; child = child->next)
        leat_node_hide(problems, child);
}

const struct leat_node *leat_node_member(const struct leat_node *map, const char *key)
{
    leat_str rest = leat_str_c(key);
    while (map != NULL && rest.ptr != NULL) {
        leat_str name = leat_str_cut(&rest, '.');
        const struct leat_node *child = map->kind == LEAT_NODE_MAP ? map->child : NULL;
        while (child != NULL && !leat_str_eq(child->key->text, name))
            child = child->next;
        map = child;
    }
    return map;
}

const char *leat_loader_key(const struct leat_loader *loader, const char *key)
{
    if (loader->path == NULL)
        return key;
    return leat_arena_printf(loader->arena, "%s.%s", loader->path, key).ptr;
}

/* --- values ---------------------------------------------------------------------------------------------- */

static void mismatch(const struct leat_loader *loader, const struct leat_option *option, const struct leat_node *node)
{
    struct leat_wants wants = leat_option_wants(option);
    if (leat_node_is_null(node))
        leat_problem_fix(loader->problems,
                         leat_node_complain(loader->problems, node, "wrong-type", "%s has no value", option->key),
                         "it wants %s; leave the line out for the default", wants.text);
    else
        (void)leat_node_complain(loader->problems, node, "wrong-type", "%s wants %s, not %s", option->key, wants.text,
                                 leat_node_type(node));
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

static leat_str list_text(const struct leat_loader *loader, const struct leat_node *node)
{
    struct leat_buf buf;
    leat_buf_init(&buf, loader->arena);
    leat_buf_char(&buf, '[');
    if (node->kind == LEAT_NODE_TEXT)
        leat_buf_json_string(&buf, node->text);
    for (const struct leat_node *child = node->child; child != NULL; child = child->next) {
        leat_buf_c(&buf, child != node->child ? "," : "");
        leat_buf_json_string(&buf, child->text); /* also what looks like a number */
    }
    leat_buf_char(&buf, ']');
    return leat_buf_str(&buf);
}

static leat_str text_of(const struct leat_loader *loader, const struct leat_option *option,
                        const struct leat_node *node)
{
    struct leat_buf buf;
    if (option->type == LEAT_OPTION_LIST)
        return list_text(loader, node);
    if (option->type == LEAT_OPTION_MAP || option->type == LEAT_OPTION_ANY) {
        leat_buf_init(&buf, loader->arena);
        leat_node_json(&buf, node);
        return leat_buf_str(&buf);
    }
    bool path = option->type == LEAT_OPTION_PATH || (option->type == LEAT_OPTION_HANDLER && is_path(node->text));
    bool relative = path && loader->folder != NULL && strcmp(loader->folder, ".") != 0 && node->text.len > 0 &&
                    node->text.ptr[0] != '/';
    return relative ? leat_arena_printf(loader->arena, "%s/%.*s", loader->folder, LEAT_ARG(node->text)) : node->text;
}

static void note(const struct leat_option_table *table, const struct leat_option *option, const struct leat_node *node)
{
    size_t index = (size_t)(option - table->options);
    if (table->given != NULL)
        *table->given |= UINT64_C(1) << index;
    if (table->places != NULL)
        table->places[index] = (struct leat_config_place){.at = node->start, .len = node->end - node->start};
}

static bool is_form_of(enum leat_option_type type, const struct leat_node *node)
{
    if (leat_node_is_null(node))
        return false;
    switch (type) {
    case LEAT_OPTION_ANY: return true;
    case LEAT_OPTION_MAP: return node->kind == LEAT_NODE_MAP;
    case LEAT_OPTION_LIST: return node->kind != LEAT_NODE_MAP;
    case LEAT_OPTION_SINK: return node->kind != LEAT_NODE_LIST;
    case LEAT_OPTION_TEXT:
    case LEAT_OPTION_HANDLER:
    case LEAT_OPTION_PATH:
    case LEAT_OPTION_DURATION:
    case LEAT_OPTION_SIZE:
    case LEAT_OPTION_COUNT:
    case LEAT_OPTION_RATE:
    case LEAT_OPTION_CHOICE:
    case LEAT_OPTION_FLAG: break;
    }
    return node->kind == LEAT_NODE_TEXT;
}

/* Is it of a form that can be a value of the option? If not, that is reported. */
static bool fits(const struct leat_loader *loader, const struct leat_option *option, const struct leat_node *node)
{
    const struct leat_node *wrong = is_form_of(option->type, node) ? NULL : node;
    if (wrong == NULL && option->type == LEAT_OPTION_LIST)
        for (wrong = node->child; wrong != NULL; wrong = wrong->next)
            if (wrong->broken || wrong->kind != LEAT_NODE_TEXT || leat_node_is_null(wrong))
                break;
    if (wrong != NULL && !wrong->broken)
        mismatch(loader, option, wrong);
    if (wrong != NULL)
        return false;
    bool named =
        option->type == LEAT_OPTION_HANDLER || option->type == LEAT_OPTION_PATH || option->type == LEAT_OPTION_SINK;
    if (named && node->secret)
        (void)leat_node_complain(loader->problems, node, "wrong-value",
                                 "%s cannot come out of a secret: messages name it", option->key);
    return !named || !node->secret;
}

/* The name of a sink, or a sink that stands there itself and is called by its path. */
static leat_status take_sink(const struct leat_loader *loader, const struct leat_option *option,
                             const struct leat_node *node, leat_str *rettext)
{
    struct leat_sink_use *use = LEAT_NEW(loader->arena, struct leat_sink_use);
    *rettext = node->text;
    if (use == NULL)
        return leat_arena_status(loader->arena);
    leat_sink_forget(loader->config, leat_str_c(option->key));
    if (node->kind == LEAT_NODE_MAP) {
        *rettext = leat_str_c(option->key);
        return leat_sink_inline(loader, option->key, node);
    }
    *use = (struct leat_sink_use){.next = *loader->names,
                                  .name = node->text,
                                  .key = option->key,
                                  .place = {.at = node->start, .len = node->end - node->start}};
    *loader->names = use;
    return LEAT_OK;
}

static leat_status set_value(const struct leat_loader *loader, const struct leat_option_table *table,
                             const struct leat_option *option, const struct leat_node *node)
{
    struct leat_error error = {0};
    leat_str text;
    if (option->type == LEAT_OPTION_SINK)
        LEAT_TRY(take_sink(loader, option, node, &text));
    else
        text = text_of(loader, option, node);
    if (text.ptr == NULL)
        return leat_arena_status(loader->arena);
    leat_status status = leat_option_set(loader->arena, table->target, option, text, &error);
    if (leat_is_ok(status) || loader->arena->overflow)
        return status;
    struct leat_problem *problem = leat_node_complain(loader->problems, node, "wrong-value", "%s", error.message);
    if (error.fix[0] != '\0')
        leat_problem_fix(loader->problems, problem, "%s", error.fix);
    advise(loader, problem, option, node);
    return status;
}

leat_status leat_value_take(const struct leat_loader *loader, const struct leat_option_table *table,
                            const struct leat_option *option, const struct leat_node *node)
{
    struct leat_option named = *option;
    named.secret = option->secret || node->secret;
    named.key = leat_loader_key(loader, option->key);
    if (named.key == NULL)
        return leat_arena_status(loader->arena);
    if (option->secret)
        leat_node_hide(loader->problems, node);
    if (node->broken || !fits(loader, &named, node))
        return leat_arena_status(loader->arena);
    leat_status status = set_value(loader, table, &named, node);
    if (leat_is_ok(status))
        note(table, option, node);
    return loader->arena->overflow ? status : LEAT_OK;
}
