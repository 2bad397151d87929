/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanners that know nothing of trees (json_extent.c, json_repair.c, json_scan.c) against cJSON's own tree: the
 * extent of each value, parsed alone, gives that value. On text that is no JSON they stay inside it.
 */
#include "fuzz.h"

#define WORK_MAX ((size_t)1 << 20) /* bytes parsed again for one input: each level parses all that is below it */

struct walk {
    struct leat_arena *arena;
    size_t work;
};

/* The children of a container, side by side with the tree's. */
struct pairing {
    struct walk *walk;
    leat_str container;
    const cJSON *item; /* the one that comes next */
    size_t count;
};

static bool same_number(const cJSON *a, const cJSON *b)
{
    leat_str left = leat_str_c(a->valuestring), right = leat_str_c(b->valuestring);
    return a->valuedouble == b->valuedouble && leat_str_eq(left, right);
}

static bool same_tree(const cJSON *a, const cJSON *b)
{
    if ((a->type & 0xFF) != (b->type & 0xFF))
        return false;
    if (cJSON_IsNumber(a))
        return same_number(a, b);
    if (cJSON_IsString(a))
        return leat_str_eq(leat_json_text(a), leat_json_text(b));
    const cJSON *left = a->child, *right = b->child;
    for (; left != NULL && right != NULL; left = left->next, right = right->next)
        if (!leat_str_eq(leat_str_c(left->string), leat_str_c(right->string)) || !same_tree(left, right))
            return false;
    return left == right;
}

static cJSON *parse(struct leat_arena *arena, leat_str text)
{
    cJSON *root = NULL;
    if (leat_is_ok(leat_json_parse(arena, text, &root, NULL)) && leat_is_ok(leat_json_keep_numbers(arena, text, root)))
        return root;
    return NULL;
}

static void walk_children(struct walk *walk, leat_str container, const cJSON *item);

static void meet_child(void *argument, size_t n, leat_str value)
{
    struct pairing *pairing = argument;
    struct walk *walk = pairing->walk;
    const cJSON *item = pairing->item;
    MUST(n == pairing->count++);
    MUST(item != NULL);
    pairing->item = item->next;
    MUST(value.len > 0 && fuzz_is_inside(pairing->container, value));
    walk->work += value.len;
    if (walk->work > WORK_MAX)
        return;
    const cJSON *alone = parse(walk->arena, value);
    if (walk->arena->overflow)
        return;
    MUST(alone != NULL);
    MUST(same_tree(alone, item));
    walk_children(walk, value, item);
}

static void walk_children(struct walk *walk, leat_str container, const cJSON *item)
{
    struct pairing pairing = {.walk = walk, .container = container, .item = item->child};
    if (!cJSON_IsArray(item) && !cJSON_IsObject(item))
        return;
    leat_json_children(container, meet_child, &pairing);
    MUST(pairing.item == NULL);
    MUST(leat_json_child(container, pairing.count).ptr == NULL);
}

/* What the strict check calls JSON, it, the extents and the parser see alike. */
static void compare_strict(struct leat_arena *arena, leat_str text, leat_str value, const cJSON *root)
{
    struct leat_json_fault fault;
    struct leat_buf once, twice;
    size_t at = 0;
    if (!leat_json_valid(text))
        return;
    MUST(leat_is_ok(leat_json_scan(text, &at, &fault)));
    MUST(value.ptr + value.len == text.ptr + at);
    leat_buf_init(&once, arena);
    leat_buf_init(&twice, arena);
    leat_json_minify(&once, text);
    leat_str bare = leat_buf_str(&once);
    leat_json_minify(&twice, bare);
    leat_str again = leat_buf_str(&twice);
    const cJSON *tree = parse(arena, bare);
    if (arena->overflow)
        return;
    MUST(bare.len <= value.len && leat_json_valid(bare) && leat_str_eq(bare, again));
    MUST(tree != NULL && same_tree(tree, root));
}

/* The parser takes some spellings that the standard does not have, but none whose meaning is in doubt. */
static void check_lax(leat_str text)
{
    static const char *const never[] = {"\\u wants four hexadecimal digits", "half of a surrogate pair",
                                        "no such escape"};
    struct leat_json_fault fault;
    size_t at = leat_str_starts(text, LEAT_STR("\xEF\xBB\xBF")) ? 3 : 0;
    if (leat_is_ok(leat_json_scan(text, &at, &fault)))
        return;
    MUST(!fault.ended || strcmp(fault.what, "inside a number") == 0); /* "1." */
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        MUST(strcmp(fault.what, never[i]) != 0);
}

/* Printing loses nothing, not even what cJSON takes and the standard does not. */
static void compare_printed(struct leat_arena *arena, const cJSON *root)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_json_print(&buf, root);
    leat_str printed = leat_buf_str(&buf);
    const cJSON *tree = parse(arena, printed);
    if (!arena->overflow)
        MUST(tree != NULL && same_tree(tree, root));
}

static void ignore_child(void *argument, size_t n, leat_str value)
{
    const leat_str *text = argument;
    (void)n;
    MUST(fuzz_is_inside(*text, value));
}

/* Nothing is known of the text but where it ends. */
static void stay_inside(leat_str text)
{
    leat_str value = leat_json_value_at(text, 0);
    MUST(fuzz_is_inside(text, value));
    leat_json_children(text, ignore_child, &text);
    leat_json_children(value, ignore_child, &text);
    for (size_t n = 0; n < 3; n++) {
        leat_str child = leat_json_child(value, n);
        MUST(child.ptr == NULL || fuzz_is_inside(value, child));
    }
}

/* Where a fault is told, and that it is told of every text that is refused. */
static void check_fault(leat_str text, leat_status status, const struct leat_json_fault *fault)
{
    size_t at = 0;
    struct leat_json_fault strict;
    MUST(fault->status.code == status.code);
    MUST(fault->what != NULL && fault->offset <= text.len && fault->since <= fault->offset);
    if (leat_is_ok(leat_json_scan(text, &at, &strict)))
        MUST(at <= text.len);
    else
        MUST(at == 0 && strict.offset <= text.len && strict.what != NULL);
}

/* Whether a number fits a double is no matter of its spelling, and small whole numbers do. */
static void check_number(leat_str text)
{
    char spelt[128];
    int64_t whole;
    bool fits = leat_json_number_fits(text);
    if (leat_str_int64(text, &whole) && whole >= -((int64_t)1 << 53) && whole <= (int64_t)1 << 53)
        MUST(fits || text.len >= sizeof(spelt));
    if (text.len > 100 || leat_str_find(text, LEAT_STR("e")).ptr != NULL ||
        leat_str_find(text, LEAT_STR("E")).ptr != NULL)
        return;
    memcpy(spelt, text.ptr, text.len);
    memcpy(spelt + text.len, "e+0", 3);
    MUST(fits == leat_json_number_fits(leat_str_of(spelt, text.len + 3)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = fuzz_guarded(data, size);
    struct leat_json_fault fault;
    cJSON *root = NULL;
    FUZZ_ARENA arena;
    fuzz_arena_init(&arena);
    stay_inside(text);
    check_number(text);
    leat_status status = leat_json_parse(&arena, text, &root, &fault);
    if (!leat_is_ok(status)) {
        check_fault(text, status, &fault);
        return 0;
    }
    if (!leat_is_ok(leat_json_keep_numbers(&arena, text, root)))
        return 0;
    leat_str value = leat_json_value_at(text, 0);
    check_lax(text);
    struct walk walk = {.arena = &arena};
    walk_children(&walk, value, root);
    compare_strict(&arena, text, value, root);
    if (!arena.overflow && leat_str_utf8(text) == text.len)
        compare_printed(&arena, root);
    return 0;
}
