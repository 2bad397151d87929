/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of patterns: what is written behind each becomes a test, or a message. */
#include "filter_private.h"

#include <arpa/inet.h>

typedef leat_status(compile_fn)(struct leat_filter_compiler *, const struct leat_filter_node *, const cJSON *,
                                struct leat_filter_test *);

static leat_status fault_of_type(struct leat_filter_compiler *compiler, const cJSON *value, const char *wanted)
{
    return leat_filter_fault(compiler, "%s is %s (want %s)", value->string, leat_json_type(value), wanted);
}

/* --- texts ------------------------------------------------------------------------------------------------ */

/* {"equals-ignore-case": TEXT} behind prefix and suffix; NULL: something else. */
static const cJSON *without_case(const cJSON *value)
{
    const cJSON *inner = cJSON_IsObject(value) ? value->child : NULL;
    bool alone = inner != NULL && inner->next == NULL && strcmp(inner->string, "equals-ignore-case") == 0;
    return alone ? inner : NULL;
}

static leat_status compile_end(struct leat_filter_compiler *compiler, const cJSON *value, enum leat_filter_op op,
                               struct leat_filter_test *ret)
{
    const cJSON *inner = without_case(value);
    ret->op = op;
    if (inner != NULL)
        ret->op = op == LEAT_FILTER_PREFIX ? LEAT_FILTER_PREFIX_IGNORE_CASE : LEAT_FILTER_SUFFIX_IGNORE_CASE;
    ret->text = leat_json_text(inner != NULL ? inner : value);
    return ret->text.ptr != NULL ? LEAT_OK : fault_of_type(compiler, value, "text, or {\"equals-ignore-case\": text}");
}

static leat_status compile_prefix(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                  const cJSON *value, struct leat_filter_test *ret)
{
    (void)leaf;
    return compile_end(compiler, value, LEAT_FILTER_PREFIX, ret);
}

static leat_status compile_suffix(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                  const cJSON *value, struct leat_filter_test *ret)
{
    (void)leaf;
    return compile_end(compiler, value, LEAT_FILTER_SUFFIX, ret);
}

static leat_status compile_ignoring_case(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                         const cJSON *value, struct leat_filter_test *ret)
{
    (void)leaf;
    ret->op = LEAT_FILTER_EQUALS_IGNORE_CASE;
    ret->text = leat_json_text(value);
    return ret->text.ptr != NULL ? LEAT_OK : fault_of_type(compiler, value, "text");
}

/* One step of a wildcard's text: a star (true), or a byte with its escape taken off, in *out. */
static leat_status next_byte(struct leat_filter_compiler *compiler, leat_str text, size_t *at, char *out, bool *retstar)
{
    char byte = text.ptr[(*at)++];
    *retstar = byte == '*';
    *out = byte;
    if (*retstar && *at < text.len && text.ptr[*at] == '*')
        return leat_filter_fault(compiler, "wildcard has two stars side by side: one does the same");
    if (byte != '\\')
        return LEAT_OK;
    if (*at == text.len || (text.ptr[*at] != '*' && text.ptr[*at] != '\\'))
        return leat_filter_fault(compiler, "wildcard has a backslash before something else than * and \\");
    *out = text.ptr[(*at)++];
    return LEAT_OK;
}

static size_t stars_in(leat_str text)
{
    size_t stars = 0;
    for (size_t i = 0; i < text.len; i++) {
        stars += text.ptr[i] == '*' ? 1 : 0;
        i += text.ptr[i] == '\\' ? 1 : 0;
    }
    return stars;
}

static leat_status compile_wildcard(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                    const cJSON *value, struct leat_filter_test *ret)
{
    struct leat_filter *filter = compiler->filter;
    leat_str text = leat_json_text(value);
    (void)leaf;
    if (text.ptr == NULL)
        return fault_of_type(compiler, value, "text");
    size_t stars = stars_in(text), len = 0, start = 0;
    if (stars > filter->limits.wildcards)
        return leat_filter_fault(compiler, "wildcard has %zu stars (at most %zu)", stars, filter->limits.wildcards);
    struct leat_filter_wildcard wildcard = {.pieces = LEAT_NEW_N(filter->arena, leat_str, stars + 1)};
    char *bytes = leat_arena_alloc(filter->arena, text.len + 1);
    if (wildcard.pieces == NULL || bytes == NULL)
        return leat_arena_status(filter->arena);
    for (size_t at = 0; at < text.len;) {
        bool star;
        LEAT_TRY(next_byte(compiler, text, &at, bytes + len, &star));
        if (star) {
            wildcard.pieces[wildcard.count++] = leat_str_of(bytes + start, len - start);
            start = len;
        } else {
            len++;
        }
    }
    wildcard.pieces[wildcard.count++] = leat_str_of(bytes + start, len - start);
    ret->op = LEAT_FILTER_WILDCARD;
    ret->wildcard = wildcard;
    return LEAT_OK;
}

/* --- numbers, addresses, presence ---------------------------------------------------------------------------- */

static leat_status read_bound(struct leat_filter_compiler *compiler, const cJSON *number, double *ret)
{
    if (!cJSON_IsNumber(number))
        return leat_filter_fault(compiler, "numeric has %s behind a comparison (want a number)",
                                 leat_json_type(number));
    if (!(number->valuedouble >= -LEAT_FILTER_RANGE_MAX && number->valuedouble <= LEAT_FILTER_RANGE_MAX))
        return leat_filter_fault(compiler, "numeric compares numbers from -5e9 to 5e9 only");
    *ret = number->valuedouble;
    return LEAT_OK;
}

/* =, or a lower bound, an upper bound, or both in this order. */
static leat_status compile_numeric(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                   const cJSON *value, struct leat_filter_test *ret)
{
    static const char wanted[] = "[\"=\", 5], [\">\", 0], or a range such as [\">\", 0, \"<=\", 5]";
    struct leat_filter_range range = {.low = -LEAT_FILTER_RANGE_MAX, .high = LEAT_FILTER_RANGE_MAX};
    const cJSON *item = cJSON_IsArray(value) ? value->child : NULL;
    leat_str first = leat_json_text(item);
    (void)leaf;
    if (item == NULL)
        return fault_of_type(compiler, value, wanted);
    bool equal = leat_str_is(first, "="), below = leat_str_starts(first, LEAT_STR("<"));
    if (equal || leat_str_is(first, ">") || leat_str_is(first, ">=")) {
        LEAT_TRY(read_bound(compiler, item->next, &range.low));
        range.above = leat_str_is(first, ">");
        item = item->next->next;
    }
    leat_str second = leat_json_text(item);
    if (equal) {
        range.high = range.low;
    } else if (leat_str_is(second, "<") || leat_str_is(second, "<=")) {
        LEAT_TRY(read_bound(compiler, item->next, &range.high));
        range.below = leat_str_is(second, "<");
        item = item->next->next;
    }
    if (item != NULL)
        return leat_filter_fault(compiler, "numeric is no comparison (want %s)", wanted);
    if (!equal && !below && second.ptr != NULL && range.low >= range.high)
        return leat_filter_fault(compiler, "numeric has its lower bound not below its upper bound");
    ret->op = LEAT_FILTER_NUMERIC;
    ret->range = range;
    return LEAT_OK;
}

static leat_status compile_cidr(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                const cJSON *value, struct leat_filter_test *ret)
{
    leat_str bits = leat_json_text(value), address = leat_str_cut(&bits, '/');
    int64_t count;
    (void)leaf;
    if (!cJSON_IsString(value))
        return fault_of_type(compiler, value, "text");
    if (!leat_filter_address_read(address, &ret->address) || !leat_str_int64(bits, &count) || count < 0 ||
        count > (ret->address.family == AF_INET ? 32 : 128))
        return leat_filter_fault(compiler, "cidr is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32");
    ret->op = LEAT_FILTER_CIDR;
    ret->bits = (unsigned)count;
    return LEAT_OK;
}

static size_t depth_of(const struct leat_filter_node *node)
{
    size_t depth = 0;
    for (; node != NULL; node = node->parent)
        depth += node->name != NULL ? 1 : 0;
    return depth;
}

static leat_status compile_exists(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                  const cJSON *value, struct leat_filter_test *ret)
{
    struct leat_filter *filter = compiler->filter;
    if (!cJSON_IsBool(value))
        return fault_of_type(compiler, value, "true or false");
    ret->op = cJSON_IsTrue(value) ? LEAT_FILTER_EXISTS : LEAT_FILTER_ABSENT;
    if (ret->op == LEAT_FILTER_EXISTS)
        return LEAT_OK;
    size_t depth = depth_of(leaf);
    struct leat_filter_absent *absent = LEAT_NEW(filter->arena, struct leat_filter_absent);
    const char **path = LEAT_NEW_N(filter->arena, const char *, depth);
    if (absent == NULL || path == NULL)
        return leat_arena_status(filter->arena);
    *absent = (struct leat_filter_absent){.path = path, .depth = depth, .next = filter->absents};
    for (const struct leat_filter_node *node = leaf; node != NULL; node = node->parent)
        if (node->name != NULL)
            path[--depth] = node->name;
    filter->absents = absent;
    ret->absent = filter->absent_count++;
    return LEAT_OK;
}

/* --- anything-but ---------------------------------------------------------------------------------------------- */

static compile_fn compile_anything_but;

static const struct leat_operator {
    const char *name;
    compile_fn *compile;
    bool negated; /* may stand inside of anything-but */
} operators[] = {
    {"anything-but", compile_anything_but, false},
    {"cidr", compile_cidr, false},
    {"equals-ignore-case", compile_ignoring_case, true},
    {"exists", compile_exists, false},
    {"numeric", compile_numeric, false},
    {"prefix", compile_prefix, true},
    {"suffix", compile_suffix, true},
    {"wildcard", compile_wildcard, true},
};
#define OPERATORS (sizeof(operators) / sizeof(operators[0]))

static const struct leat_operator *find_operator(const char *name)
{
    for (size_t i = 0; i < OPERATORS; i++)
        if (strcmp(operators[i].name, name) == 0)
            return &operators[i];
    return NULL;
}

bool leat_filter_is_operator(const char *name)
{
    return find_operator(name) != NULL;
}

static leat_status compile_value(struct leat_filter_compiler *compiler, const cJSON *item, struct leat_filter_test *ret)
{
    if (cJSON_IsArray(item))
        return leat_filter_fault(compiler, "an array in an array (want a value, or an operator)");
    ret->op = LEAT_FILTER_EXACT;
    ret->value = item;
    compiler->filter->numbers = compiler->filter->numbers || cJSON_IsNumber(item);
    return LEAT_OK;
}

/* Text or numbers, not both, as plain values or with an operator that takes text. */
static leat_status compile_negated(struct leat_filter_compiler *compiler, const struct leat_operator *taken,
                                   const cJSON *item, struct leat_filter_test *ret)
{
    bool text = cJSON_IsString(item);
    if (taken == NULL && !text && !cJSON_IsNumber(item))
        return leat_filter_fault(compiler, "anything-but has %s (want text, numbers, or an operator)",
                                 leat_json_type(item));
    if (taken == NULL)
        return compile_value(compiler, item, ret);
    if (cJSON_IsObject(item) && without_case(item) == NULL)
        return leat_filter_fault(compiler, "anything-but has %s of an object (want text)", taken->name);
    if (text && item->valuestring[0] == '\0' && strcmp(taken->name, "equals-ignore-case") != 0)
        return leat_filter_fault(compiler, "anything-but has an empty %s", taken->name);
    /* An element of a list has no name: messages take it from the operator. */
    cJSON named = *item;
    named.string = (char *)(uintptr_t)taken->name;
    return taken->compile(compiler, NULL, &named, ret);
}

static leat_status compile_anything_but(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                        const cJSON *value, struct leat_filter_test *ret)
{
    const struct leat_operator *taken = NULL;
    const cJSON *item = value;
    (void)leaf;
    if (cJSON_IsObject(value)) {
        item = value->child;
        taken = item != NULL && item->next == NULL ? find_operator(item->string) : NULL;
        if (taken == NULL || !taken->negated)
            return leat_filter_fault(compiler,
                                     "anything-but takes one of prefix, suffix, equals-ignore-case, wildcard");
    }
    size_t count = cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 1;
    if (count == 0)
        return leat_filter_fault(compiler, "anything-but has an empty array");
    ret->op = LEAT_FILTER_ANYTHING_BUT;
    ret->but_count = count;
    ret->but = LEAT_NEW_N(compiler->filter->arena, struct leat_filter_test, count);
    if (ret->but == NULL)
        return leat_arena_status(compiler->filter->arena);
    item = cJSON_IsArray(item) ? item->child : item;
    for (size_t i = 0; i < count && item != NULL; i++, item = item->next) {
        LEAT_TRY(compile_negated(compiler, taken, item, &ret->but[i]));
        if (ret->but[i].op != ret->but[0].op || (taken == NULL && item->type != ret->but[0].value->type))
            return leat_filter_fault(compiler, "anything-but mixes text and numbers");
    }
    return LEAT_OK;
}

/* --- one element of a leaf --------------------------------------------------------------------------------------- */

/* How far two names are from each other at most counts here: one letter more, less, other, or two changed over. */
static bool is_close(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b), start = 0, end = 0;
    while (a[start] != '\0' && a[start] == b[start])
        start++;
    while (end < a_len - start && end < b_len - start && a[a_len - 1 - end] == b[b_len - 1 - end])
        end++;
    size_t a_rest = a_len - start - end, b_rest = b_len - start - end;
    return a_rest <= 2 && b_rest <= 2 && start + end > 2;
}

static leat_status unknown_operator(struct leat_filter_compiler *compiler, const char *name)
{
    for (size_t i = 0; i < OPERATORS; i++)
        if (is_close(name, operators[i].name))
            return leat_filter_fault(compiler, "\"%s\" is no operator; did you mean %s?", name, operators[i].name);
    return leat_filter_fault(compiler, "\"%s\" is no operator", name);
}

leat_status leat_filter_compile_test(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                     const cJSON *item, struct leat_filter_test *ret)
{
    *ret = (struct leat_filter_test){0};
    if (!cJSON_IsObject(item))
        return compile_value(compiler, item, ret);
    if (item->child == NULL || item->child->next != NULL)
        return leat_filter_fault(compiler, "an object with %s (want one operator)",
                                 item->child == NULL ? "nothing in it" : "several members");
    const struct leat_operator *taken = find_operator(item->child->string);
    if (taken == NULL)
        return unknown_operator(compiler, item->child->string);
    return taken->compile(compiler, leaf, item->child, ret);
}
