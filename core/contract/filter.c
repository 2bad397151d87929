/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record -> what a filter sees of it -> does it match. Every node of a pattern is looked at once for every value that
 * stands in its place, so the time is bounded by the product of both sizes.
 */
#include "filter_private.h"

#include <stddef.h>

#define DATA_MAX 2

struct matching {
    const struct leat_filter *filter;
    struct leat_arena *scratch;
    const struct leat_filter_view *filtered;
    const cJSON *data[DATA_MAX]; /* members of the view that hold data */
    bool opaque[DATA_MAX];       /* which is no text */
    bool *absent;                /* is it? one each of the filter's list */
};

/* --- the view ---------------------------------------------------------------------------------------------- */

static const struct leat_filter_view as_it_is;

static const struct leat_filter_view *filtered_of(const struct leat_adapter *adapter)
{
    size_t needed = offsetof(struct leat_adapter, filtered) + sizeof(adapter->filtered);
    return adapter != NULL && adapter->size >= needed ? &adapter->filtered : &as_it_is;
}

/* Strict, as the platforms are: what is nearly JSON is text. Numbers with their text. */
static cJSON *parse(const struct matching *matching, leat_str text)
{
    cJSON *root = NULL;
    if (!leat_json_valid(text) || !leat_is_ok(leat_json_parse(matching->scratch, text, &root, NULL)))
        return NULL;
    if (matching->filter->numbers && !leat_is_ok(leat_json_keep_numbers(matching->scratch, text, root)))
        return NULL;
    return root;
}

/* The record's node, or a tree of our own whose numbers have their text. */
static const cJSON *root_of(const struct matching *matching, const struct leat_record *record)
{
    leat_str text = LEAT_ABSENT;
    if (matching->filter->numbers)
        text = leat_doc_extent(leat_record_place(record, NULL));
    const cJSON *root = text.ptr != NULL ? parse(matching, text) : NULL;
    return root != NULL ? root : record->json;
}

/* Text of data -> its tree, if it is an object or an array. */
static const cJSON *parse_data(const struct matching *matching, leat_str text)
{
    leat_str start = leat_str_trim(text);
    bool may_be = start.len > 0 && (start.ptr[0] == '{' || start.ptr[0] == '[');
    return may_be ? parse(matching, text) : NULL;
}

static void show_data(struct matching *matching, size_t index, cJSON *item)
{
    leat_str text = leat_json_text(item);
    matching->data[index] = item;
    if (text.ptr == NULL)
        return;
    if (matching->filtered->base64) {
        leat_str bytes = LEAT_ABSENT;
        bool decoded = leat_base64_decode(matching->scratch, text, &bytes);
        matching->opaque[index] = !decoded || leat_str_utf8(bytes) < bytes.len;
        if (matching->opaque[index])
            return;
        text = leat_arena_copy(matching->scratch, bytes);
        if (text.ptr == NULL)
            return;
        item->valuestring = (char *)(uintptr_t)text.ptr;
        item->valuedouble = memchr(text.ptr, '\0', text.len) != NULL ? (double)text.len : 0;
    }
    const cJSON *tree = parse_data(matching, text);
    if (tree != NULL) {
        item->type = tree->type;
        item->child = tree->child;
    }
}

/* Copies of the members: the record's own are shared, and never change. */
static void show_members(struct matching *matching, const cJSON *object, cJSON *view)
{
    const cJSON *member = NULL;
    cJSON_ArrayForEach (member, object) {
        cJSON *copy = leat_arena_alloc(matching->scratch, sizeof(*copy));
        if (copy == NULL)
            return;
        *copy = *member;
        copy->next = copy->prev = NULL;
        for (size_t i = 0; i < DATA_MAX; i++)
            if (matching->filtered->data[i] != NULL && strcmp(matching->filtered->data[i], member->string) == 0)
                show_data(matching, i, copy);
        leat_json_append(view, member->string, copy);
    }
}

static const cJSON *view_of(struct matching *matching, const struct leat_record *record)
{
    const cJSON *root = root_of(matching, record);
    if (matching->filtered->data[0] == NULL || !cJSON_IsObject(root))
        return root;
    cJSON *view = leat_json_node(matching->scratch, cJSON_Object);
    if (view == NULL)
        return root;
    if (matching->filtered->within != NULL)
        show_members(matching, leat_json_get_object(root, matching->filtered->within), view);
    show_members(matching, root, view);
    return view;
}

/* --- matching ------------------------------------------------------------------------------------------------ */

/* Only leaves are there: a path that ends at an object is not, nor one that ends at an empty array. */
static bool is_there(const cJSON *item, const char *const *path, size_t depth)
{
    const cJSON *child = NULL;
    if (cJSON_IsArray(item)) {
        cJSON_ArrayForEach (child, item)
            if (is_there(child, path, depth))
                return true;
        return false;
    }
    if (item == NULL || depth == 0)
        return item != NULL && !cJSON_IsObject(item);
    return is_there(leat_json_get(item, path[0]), path + 1, depth - 1);
}

static bool note_absent(struct matching *matching, const cJSON *view)
{
    const struct leat_filter *filter = matching->filter;
    size_t at = filter->absent_count;
    matching->absent = LEAT_NEW_N(matching->scratch, bool, at);
    for (const struct leat_filter_absent *absent = filter->absents; absent != NULL && matching->absent != NULL;
         absent = absent->next)
        matching->absent[--at] = !is_there(view, absent->path, absent->depth);
    return matching->absent != NULL;
}

static bool test_value(const struct leat_filter_test *test, const cJSON *item)
{
    const cJSON *child = NULL;
    if (!cJSON_IsArray(item))
        return item != NULL && !cJSON_IsObject(item) && leat_filter_test(test, item);
    cJSON_ArrayForEach (child, item)
        if (test_value(test, child))
            return true;
    return false;
}

static bool match_leaf(const struct matching *matching, const struct leat_filter_node *leaf, const cJSON *item)
{
    for (size_t i = 0; i < leaf->count; i++) {
        const struct leat_filter_test *test = &leaf->tests[i];
        if (test->op == LEAT_FILTER_ABSENT ? matching->absent[test->absent] : test_value(test, item))
            return true;
    }
    return false;
}

static bool match_object(const struct matching *matching, const struct leat_filter_node *node, const cJSON *item);

/* Data of the pattern's form, or anything else? */
static bool is_other_form(const struct matching *matching, const struct leat_filter_node *node, const cJSON *item)
{
    for (size_t i = 0; i < DATA_MAX; i++)
        if (item != NULL && item == matching->data[i]) {
            bool json = cJSON_IsObject(item) || cJSON_IsArray(item);
            return matching->opaque[i] || json != (node->shape == LEAT_FILTER_OBJECT);
        }
    return false;
}

static bool match_any(const struct matching *matching, const struct leat_filter_node *node, const cJSON *item)
{
    for (size_t i = 0; i < node->count; i++)
        if (match_object(matching, &node->members[i], item))
            return true;
    return false;
}

static bool match_member(const struct matching *matching, const struct leat_filter_node *node, const cJSON *object)
{
    if (node->shape == LEAT_FILTER_OR)
        return match_any(matching, node, object);
    const cJSON *item = leat_json_get(object, node->name);
    if (is_other_form(matching, node, item))
        return matching->filtered->any_form;
    return node->shape == LEAT_FILTER_LEAF ? match_leaf(matching, node, item) : match_object(matching, node, item);
}

/* All members in one and the same element, where there are several. What is no object has no members. */
static bool match_object(const struct matching *matching, const struct leat_filter_node *node, const cJSON *item)
{
    const cJSON *child = cJSON_IsArray(item) ? item->child : NULL;
    if (child != NULL) {
        for (; child != NULL; child = child->next)
            if (match_object(matching, node, child))
                return true;
        return false;
    }
    for (size_t i = 0; i < node->count; i++)
        if (!match_member(matching, &node->members[i], item))
            return false;
    return true;
}

static bool match(struct matching *matching, const struct leat_record *record)
{
    const cJSON *view = view_of(matching, record);
    if (matching->scratch->overflow || !note_absent(matching, view))
        return true;
    for (size_t i = 0; i < matching->filter->count; i++)
        if (match_object(matching, matching->filter->patterns[i], view))
            return true;
    return false;
}

static bool ends_a_window(const struct leat_record *record)
{
    return record->index == LEAT_WHOLE && record->doc != NULL && record->doc->records != NULL;
}

bool leat_filter_match(const struct leat_filter *filter, const struct leat_record *record, struct leat_arena *scratch)
{
    struct matching matching = {.filter = filter, .scratch = scratch, .filtered = filtered_of(record->adapter)};
    if (filter->count == 0 || record->json == NULL || ends_a_window(record))
        return true;
    struct leat_arena_mark mark = leat_arena_snapshot(scratch);
    bool matches = match(&matching, record);
    leat_arena_rollback(scratch, mark);
    return matches;
}
