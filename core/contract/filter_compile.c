/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns -> nodes. What stands in their leaves is compiled in filter_operators.c. */
#include "filter_private.h"

#include <stdio.h>

struct leat_filter *leat_filter_new(struct leat_arena *arena, const struct leat_filter_limits *limits)
{
    struct leat_filter *filter = LEAT_NEW(arena, struct leat_filter);
    if (filter == NULL)
        return NULL;
    filter->arena = arena;
    if (limits != NULL)
        filter->limits = *limits;
    if (filter->limits.pattern_bytes == 0)
        filter->limits.pattern_bytes = LEAT_FILTER_BYTES;
    if (filter->limits.patterns == 0)
        filter->limits.patterns = LEAT_FILTER_PATTERNS;
    if (filter->limits.wildcards == 0)
        filter->limits.wildcards = LEAT_FILTER_WILDCARDS;
    filter->patterns = LEAT_NEW_N(arena, struct leat_filter_node *, filter->limits.patterns);
    return filter->patterns != NULL ? filter : NULL;
}

/* --- places and messages ----------------------------------------------------------------------------------- */

/* As RFC 6901 spells it. */
size_t leat_filter_enter(struct leat_filter_compiler *compiler, const char *name)
{
    size_t before = compiler->path_len;
    char *path = compiler->path;
    if (before + 1 < sizeof(compiler->path))
        path[compiler->path_len++] = '/';
    for (; *name != '\0' && compiler->path_len + 2 < sizeof(compiler->path); name++) {
        bool escaped = *name == '~' || *name == '/';
        if (escaped)
            path[compiler->path_len++] = '~';
        path[compiler->path_len++] = *name == '~' ? '0' : *name == '/' ? '1' : *name;
    }
    path[compiler->path_len] = '\0';
    return before;
}

size_t leat_filter_enter_index(struct leat_filter_compiler *compiler, size_t index)
{
    char number[24];
    snprintf(number, sizeof(number), "%zu", index);
    return leat_filter_enter(compiler, number);
}

void leat_filter_leave(struct leat_filter_compiler *compiler, size_t before)
{
    compiler->path_len = before;
    compiler->path[before] = '\0';
}

leat_status leat_filter_fault(struct leat_filter_compiler *compiler, const char *format, ...)
{
    char message[320];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    const char *place = compiler->path_len > 0 ? compiler->path : "the pattern";
    return leat_error_set(compiler->reterr, LEAT_STATUS(CONFIG), "%s: %s", place, message);
}

/* --- nodes ------------------------------------------------------------------------------------------------- */

static leat_status compile_object(struct leat_filter_compiler *compiler, const cJSON *object,
                                  struct leat_filter_node *node);

static leat_status compile_leaf(struct leat_filter_compiler *compiler, const cJSON *list, struct leat_filter_node *node)
{
    size_t count = (size_t)cJSON_GetArraySize(list);
    const cJSON *item = list->child;
    if (count == 0)
        return leat_filter_fault(compiler, "an empty array matches nothing");
    node->shape = LEAT_FILTER_LEAF;
    node->tests = LEAT_NEW_N(compiler->filter->arena, struct leat_filter_test, count);
    if (node->tests == NULL)
        return leat_arena_status(compiler->filter->arena);
    for (; node->count < count; node->count++, item = item->next) {
        size_t before = leat_filter_enter_index(compiler, node->count);
        LEAT_TRY(leat_filter_compile_test(compiler, node, item, &node->tests[node->count]));
        leat_filter_leave(compiler, before);
    }
    return LEAT_OK;
}

/* Where a member of an alternative is called as an operator is, "$or" is a field like any other. */
static bool is_alternative(const cJSON *item)
{
    const cJSON *member = NULL;
    if (!cJSON_IsObject(item))
        return false;
    cJSON_ArrayForEach (member, item)
        if (leat_filter_is_operator(member->string))
            return false;
    return true;
}

static bool is_or(const cJSON *member)
{
    const cJSON *item = NULL;
    if (strcmp(member->string, "$or") != 0 || !cJSON_IsArray(member))
        return false;
    cJSON_ArrayForEach (item, member)
        if (!is_alternative(item))
            return false;
    return true;
}

static leat_status compile_or(struct leat_filter_compiler *compiler, const cJSON *list, struct leat_filter_node *node)
{
    size_t count = (size_t)cJSON_GetArraySize(list);
    const cJSON *item = list->child;
    if (count < 2)
        return leat_filter_fault(compiler, "$or takes two or more objects");
    node->shape = LEAT_FILTER_OR;
    node->name = NULL;
    node->members = LEAT_NEW_N(compiler->filter->arena, struct leat_filter_node, count);
    if (node->members == NULL)
        return leat_arena_status(compiler->filter->arena);
    for (; node->count < count; node->count++, item = item->next) {
        size_t before = leat_filter_enter_index(compiler, node->count);
        node->members[node->count].parent = node;
        LEAT_TRY(compile_object(compiler, item, &node->members[node->count]));
        leat_filter_leave(compiler, before);
    }
    return LEAT_OK;
}

static leat_status compile_member(struct leat_filter_compiler *compiler, const cJSON *member,
                                  struct leat_filter_node *node)
{
    node->name = member->string;
    if (is_or(member))
        return compile_or(compiler, member, node);
    if (cJSON_IsArray(member))
        return compile_leaf(compiler, member, node);
    if (cJSON_IsObject(member))
        return compile_object(compiler, member, node);
    return leat_filter_fault(compiler, "%s stands alone (want an array of values, or an object)",
                             leat_json_type(member));
}

static bool comes_again(const cJSON *member)
{
    for (const cJSON *later = member->next; later != NULL; later = later->next)
        if (strcmp(later->string, member->string) == 0)
            return true;
    return false;
}

static leat_status compile_object(struct leat_filter_compiler *compiler, const cJSON *object,
                                  struct leat_filter_node *node)
{
    const cJSON *member = NULL;
    if (object == NULL || !cJSON_IsObject(object))
        return leat_filter_fault(compiler, "%s (want an object)", leat_json_type(object));
    if (object->child == NULL)
        return leat_filter_fault(compiler, "an empty object says nothing");
    node->shape = LEAT_FILTER_OBJECT;
    node->members = LEAT_NEW_N(compiler->filter->arena, struct leat_filter_node, (size_t)cJSON_GetArraySize(object));
    if (node->members == NULL)
        return leat_arena_status(compiler->filter->arena);
    cJSON_ArrayForEach (member, object) {
        if (comes_again(member))
            continue;
        size_t before = leat_filter_enter(compiler, member->string);
        node->members[node->count].parent = node;
        LEAT_TRY(compile_member(compiler, member, &node->members[node->count++]));
        leat_filter_leave(compiler, before);
    }
    return LEAT_OK;
}

/* --- patterns ------------------------------------------------------------------------------------------------ */

leat_status leat_filter_add_tree(struct leat_filter *filter, const cJSON *pattern, struct leat_error *reterr)
{
    struct leat_filter_compiler compiler = {.filter = filter, .reterr = reterr};
    struct leat_filter_absent *absents = filter->absents;
    size_t absent_count = filter->absent_count;
    bool numbers = filter->numbers;
    if (filter->count == filter->limits.patterns)
        return leat_error_set(reterr, LEAT_STATUS(TOO_BIG), "more than %zu patterns", filter->limits.patterns);
    struct leat_filter_node *node = LEAT_NEW(filter->arena, struct leat_filter_node);
    leat_status status = node == NULL ? leat_arena_status(filter->arena) : compile_object(&compiler, pattern, node);
    if (leat_is_ok(status)) {
        filter->patterns[filter->count++] = node;
        return status;
    }
    filter->absents = absents;
    filter->absent_count = absent_count;
    filter->numbers = numbers;
    return status.code == LEAT_E_CONFIG ? status : leat_error_set(reterr, status, "%s", leat_status_text(status));
}

leat_status leat_filter_add(struct leat_filter *filter, leat_str pattern, struct leat_error *reterr)
{
    struct leat_json_fault fault = {0};
    cJSON *root = NULL;
    size_t at = 0;
    pattern = leat_str_trim(pattern);
    if (pattern.len > filter->limits.pattern_bytes)
        return leat_error_set(reterr, LEAT_STATUS(TOO_BIG), "the pattern has %zu bytes (at most %zu)", pattern.len,
                              filter->limits.pattern_bytes);
    leat_status status = leat_json_scan(pattern, &at, &fault);
    if (!leat_is_ok(status) || at < pattern.len)
        return leat_error_set(reterr, leat_is_ok(status) ? LEAT_STATUS(NOT_JSON) : status,
                              "the pattern is no JSON, byte %zu: %s", leat_is_ok(status) ? at : fault.offset,
                              fault.what != NULL ? fault.what : "something stands behind it");
    leat_str text = leat_arena_copy(filter->arena, pattern);
    status = text.ptr != NULL ? leat_json_parse(filter->arena, text, &root, &fault) : leat_arena_status(filter->arena);
    if (leat_is_ok(status))
        status = leat_json_keep_numbers(filter->arena, text, root);
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "%s", leat_status_text(status));
    return leat_filter_add_tree(filter, root, reterr);
}
