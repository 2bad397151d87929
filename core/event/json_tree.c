/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cJSON on arenas. Its hooks are process-wide, so they are set once and look at a thread's own
 * variable: only while this thread is inside our parse do nodes come from an arena; a handler's use
 * of cJSON goes to malloc as ever.
 */
#include "bytes.h"
#include "json_private.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Thread_local struct leat_arena *parsing_into;
static atomic_bool hooks_lost;

static void *hook_alloc(size_t size)
{
    return parsing_into != NULL ? leat_arena_alloc(parsing_into, size) : malloc(size);
}

static void hook_free(void *memory)
{
    if (parsing_into == NULL) /* inside our parse all memory is the arena's */
        free(memory);
}

static void set_hooks(void)
{
    cJSON_Hooks hooks = {.malloc_fn = hook_alloc, .free_fn = hook_free};
    cJSON_InitHooks(&hooks);
}

bool leat_json_hooks_lost(void)
{
    return atomic_load(&hooks_lost);
}

/* NULL: the arena has overflown. Recursion is as deep as the tree: LEAT_JSON_DEPTH_MAX. */
static cJSON *copy_tree(struct leat_arena *arena, const cJSON *item)
{
    const cJSON *child = NULL;
    cJSON *copy = leat_json_node(arena, item->type);
    if (copy == NULL)
        return NULL;
    copy->valueint = item->valueint;
    copy->valuedouble = item->valuedouble;
    copy->valuestring = (char *)(uintptr_t)leat_arena_copy(arena, leat_str_c(item->valuestring)).ptr;
    cJSON_ArrayForEach (child, item) {
        const char *name = leat_arena_copy(arena, leat_str_c(child->string)).ptr;
        cJSON *child_copy = copy_tree(arena, child);
        if (child_copy == NULL)
            return NULL;
        leat_json_append(copy, name, child_copy);
    }
    return arena->overflow ? NULL : copy;
}

/* A library that set hooks of its own took ours away: the tree is then that library's. We work on a copy, for
 * what leat_json_repair puts into a tree is the arena's, and cJSON_Delete must not see it. */
static cJSON *adopt(struct leat_arena *arena, cJSON *root)
{
    if (root == NULL || leat_arena_owns(arena, root))
        return root;
    atomic_store(&hooks_lost, true);
    cJSON *copy = copy_tree(arena, root);
    cJSON_Delete(root);
    return copy;
}

/* cJSON does not say why, so the strict scanner does; what only cJSON refuses is a number it has no room for. */
static leat_status refused(const struct leat_arena *arena, leat_str text, struct leat_json_fault *fault)
{
    size_t at = 0;
    if (arena->overflow) {
        fault->status = leat_arena_status(arena);
        fault->what = leat_status_text(fault->status);
        return fault->status;
    }
    if (leat_str_starts(text, LEAT_STR("\xEF\xBB\xBF")))
        at = 3;
    if (leat_is_ok(leat_json_scan(text, &at, fault))) {
        leat_str rest = leat_str_trim(leat_str_skip(text, at));
        fault->offset = rest.len > 0 ? (size_t)(rest.ptr - text.ptr) : 0;
        fault->what = rest.len > 0 ? "more text behind the value" : "a number of more than 63 characters";
        fault->status = LEAT_STATUS(NOT_JSON);
    }
    return fault->status;
}

/* What cJSON reads otherwise than it is written: a string ends at the byte NUL and at its escape, and an escape
 * without its four digits counts as one. */
struct oddities {
    bool raw_nul, escaped_nul, bad_escape;
};

/* `at`: of a NUL, or of a "\\u". Backslashes stand in strings only, so an odd number of them escapes what follows. */
static void look_at(leat_str text, size_t at, struct oddities *ret)
{
    size_t slashes = 1, digits = 0, zeros = 0;
    if (text.ptr[at] == '\0') {
        ret->raw_nul = true;
        return;
    }
    while (slashes <= at && text.ptr[at - slashes] == '\\')
        slashes++;
    for (size_t i = at + 2; i < text.len && digits < 4 && isxdigit((unsigned char)text.ptr[i]) != 0; i++, digits++)
        zeros += text.ptr[i] == '0' ? 1 : 0;
    ret->bad_escape = ret->bad_escape || (slashes % 2 == 1 && digits < 4);
    ret->escaped_nul = ret->escaped_nul || zeros == 4;
}

static leat_bytes odd_at(const char *at)
{
    leat_bytes here = leat_bytes_load(at), next = leat_bytes_load(at + 1);
    return (leat_bytes)((here == '\\') & (next == 'u')) | (leat_bytes)(here == 0);
}

/* All of every payload is looked over, so many bytes at once. */
static struct oddities find_oddities(leat_str text)
{
    struct oddities found = {false, false, false};
    size_t at = 0;
    for (; at + 33 <= text.len; at += 32) {
        leat_bytes first = odd_at(text.ptr + at), second = odd_at(text.ptr + at + 16);
        if (!leat_bytes_any(first | second))
            continue;
        for (size_t i = 0; (i = leat_bytes_next(first, i)) < 16; i++)
            look_at(text, at + i, &found);
        for (size_t i = 0; (i = leat_bytes_next(second, i)) < 16; i++)
            look_at(text, at + 16 + i, &found);
    }
    for (; at < text.len; at++)
        if (text.ptr[at] == '\0' || (text.ptr[at] == '\\' && at + 1 < text.len && text.ptr[at + 1] == 'u'))
            look_at(text, at, &found);
    return found;
}

leat_status leat_json_parse(struct leat_arena *arena, leat_str text, cJSON **retroot, struct leat_json_fault *retfault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct leat_json_fault unwanted;
    struct leat_json_fault *fault = retfault != NULL ? retfault : &unwanted;
    const char *end = NULL;
    *fault = (struct leat_json_fault){.status = LEAT_OK};
    *retroot = NULL;
    pthread_once(&once, set_hooks);
    struct oddities odd = find_oddities(text);
    if (text.len == 0 || odd.raw_nul)
        return refused(arena, text, fault);

    parsing_into = arena;
    cJSON *root = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
    parsing_into = NULL;
    root = adopt(arena, root);
    if (root == NULL || leat_json_skip_space(text, (size_t)(end - text.ptr)) < text.len || odd.bad_escape)
        return refused(arena, text, fault);
    if (odd.escaped_nul)
        fault->status = leat_json_repair(arena, text, root, false);
    if (leat_is_ok(fault->status))
        *retroot = root;
    return fault->status;
}

leat_status leat_json_keep_numbers(struct leat_arena *arena, leat_str text, cJSON *root)
{
    return leat_json_repair(arena, text, root, true);
}

/* As cJSON_GetObjectItemCaseSensitive, which calls strcmp for each member; most differ in their first byte. */
const cJSON *leat_json_get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_IsObject(object) ? object->child : NULL;
    while (item != NULL && (item->string[0] != name[0] || strcmp(item->string, name) != 0))
        item = item->next;
    return item;
}

leat_str leat_json_text(const cJSON *item)
{
    if (!cJSON_IsString(item) || item->valuestring == NULL)
        return LEAT_ABSENT;
    /* leat_json_repair leaves the length where cJSON keeps a number's value. */
    size_t len = item->valuedouble > 0 ? (size_t)item->valuedouble : strlen(item->valuestring);
    return leat_str_of(item->valuestring, len);
}

leat_str leat_json_get_text(const cJSON *object, const char *name)
{
    return leat_json_text(leat_json_get(object, name));
}

const cJSON *leat_json_get_object(const cJSON *object, const char *name)
{
    const cJSON *item = leat_json_get(object, name);
    return cJSON_IsObject(item) ? item : NULL;
}

const cJSON *leat_json_get_array(const cJSON *object, const char *name)
{
    const cJSON *item = leat_json_get(object, name);
    return cJSON_IsArray(item) ? item : NULL;
}

const char *leat_json_type(const cJSON *item)
{
    if (item == NULL)
        return "missing";
    switch (item->type & 0xFF) {
    case cJSON_False:
    case cJSON_True: return "a boolean";
    case cJSON_NULL: return "null";
    case cJSON_Number: return "a number";
    case cJSON_String: return "text";
    case cJSON_Array: return "an array";
    case cJSON_Object: return "an object";
    default: return "no JSON";
    }
}

cJSON *leat_json_copy(const cJSON *item)
{
    return cJSON_Duplicate(item, 1);
}

cJSON *leat_json_node(struct leat_arena *arena, int type)
{
    cJSON *node = LEAT_NEW(arena, cJSON);
    if (node != NULL)
        node->type = type;
    return node;
}

void leat_json_append(cJSON *parent, const char *name, cJSON *child)
{
    if (name != NULL)
        child->string = (char *)(uintptr_t)name;
    if (parent->child == NULL) {
        parent->child = child;
        child->prev = child; /* as cJSON does: the first knows the last */
        return;
    }
    cJSON *last = parent->child->prev;
    last->next = child;
    child->prev = last;
    parent->child->prev = child;
}

/* Array index of RFC 6901: digits without a leading zero. */
static bool array_index(leat_str token, int *retindex)
{
    int64_t value;
    if (token.len > 9 || (token.len > 1 && token.ptr[0] == '0') || token.len == 0 || token.ptr[0] == '-')
        return false;
    if (!leat_str_int64(token, &value))
        return false;
    *retindex = (int)value;
    return true;
}

/* Does an escaped token (~0, ~1) name this member? */
static bool token_is(leat_str token, const char *name)
{
    for (; token.len > 0; token = leat_str_skip(token, 1), name++) {
        char c = token.ptr[0];
        if (c == '~') {
            token = leat_str_skip(token, 1);
            if (token.len == 0 || (token.ptr[0] != '0' && token.ptr[0] != '1'))
                return false;
            c = token.ptr[0] == '0' ? '~' : '/';
        }
        if (*name == '\0' || *name != c)
            return false;
    }
    return *name == '\0';
}

static const cJSON *step(const cJSON *item, leat_str token)
{
    int index;
    if (cJSON_IsArray(item))
        return array_index(token, &index) ? cJSON_GetArrayItem(item, index) : NULL;
    const cJSON *member = NULL;
    if (cJSON_IsObject(item)) {
        cJSON_ArrayForEach (member, item)
            if (token_is(token, member->string))
                return member;
    }
    return NULL;
}

const cJSON *leat_json_pointer(const cJSON *root, leat_str pointer)
{
    if (pointer.len == 0)
        return root;
    if (pointer.ptr[0] != '/')
        return NULL;
    leat_str rest = leat_str_skip(pointer, 1);
    while (root != NULL && rest.ptr != NULL)
        root = step(root, leat_str_cut(&rest, '/'));
    return root;
}
