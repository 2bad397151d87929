/* SPDX-License-Identifier: Apache-2.0 */
/* One test of a filter on one value. */
#include "filter_private.h"

#include <arpa/inet.h>

/* By their text: 300, 300.0 and 3e2 are three numbers. A text is kept where it is not the shortest. */
static bool same_number(const cJSON *a, const cJSON *b)
{
    if (a->valuestring != NULL || b->valuestring != NULL)
        return a->valuestring != NULL && b->valuestring != NULL && strcmp(a->valuestring, b->valuestring) == 0;
    return a->valuedouble >= b->valuedouble && a->valuedouble <= b->valuedouble;
}

static bool is_exact(const cJSON *wanted, const cJSON *item)
{
    if ((wanted->type & 0xFF) != (item->type & 0xFF))
        return false;
    if (cJSON_IsString(item))
        return leat_str_eq(leat_json_text(wanted), leat_json_text(item));
    return !cJSON_IsNumber(item) || same_number(wanted, item);
}

/* The leftmost place is good for each piece, so that nothing is tried twice. */
static bool matches_wildcard(const struct leat_filter_wildcard *wildcard, leat_str text)
{
    const leat_str *first = wildcard->pieces, *last = first + wildcard->count - 1;
    if (wildcard->count == 1)
        return leat_str_eq(text, *first);
    if (!leat_str_starts(text, *first))
        return false;
    text = leat_str_skip(text, first->len);
    if (!leat_str_ends(text, *last))
        return false;
    text.len -= last->len;
    for (const leat_str *piece = first + 1; piece < last; piece++) {
        leat_str found = leat_str_find(text, *piece);
        if (found.ptr == NULL)
            return false;
        text = leat_str_skip(text, (size_t)(found.ptr - text.ptr) + piece->len);
    }
    return true;
}

static bool is_between(const struct leat_filter_range *range, double value)
{
    if (!(value >= -LEAT_FILTER_RANGE_MAX && value <= LEAT_FILTER_RANGE_MAX))
        return false;
    return (range->above ? value > range->low : value >= range->low) &&
           (range->below ? value < range->high : value <= range->high);
}

bool leat_filter_address_read(leat_str text, struct leat_filter_address *ret)
{
    char copy[INET6_ADDRSTRLEN];
    *ret = (struct leat_filter_address){.family = AF_INET};
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (strchr(copy, ':') != NULL)
        ret->family = AF_INET6;
    return inet_pton(ret->family, copy, ret->bytes) == 1;
}

static bool is_inside(const struct leat_filter_test *test, leat_str text)
{
    struct leat_filter_address address;
    if (!leat_filter_address_read(text, &address) || address.family != test->address.family)
        return false;
    unsigned whole = test->bits / 8, rest = test->bits % 8;
    if (memcmp(address.bytes, test->address.bytes, whole) != 0)
        return false;
    return rest == 0 || ((address.bytes[whole] ^ test->address.bytes[whole]) & (0xFF00U >> rest & 0xFFU)) == 0;
}

static bool test_text(const struct leat_filter_test *test, leat_str text)
{
    size_t len = test->text.len;
    switch (test->op) {
    case LEAT_FILTER_PREFIX: return leat_str_starts(text, test->text);
    case LEAT_FILTER_SUFFIX: return leat_str_ends(text, test->text);
    case LEAT_FILTER_EQUALS_IGNORE_CASE: return leat_str_eq_nocase(text, test->text);
    case LEAT_FILTER_PREFIX_IGNORE_CASE:
        return text.len >= len && leat_str_eq_nocase(leat_str_of(text.ptr, len), test->text);
    case LEAT_FILTER_SUFFIX_IGNORE_CASE:
        return text.len >= len && leat_str_eq_nocase(leat_str_skip(text, text.len - len), test->text);
    case LEAT_FILTER_WILDCARD: return matches_wildcard(&test->wildcard, text);
    case LEAT_FILTER_CIDR: return is_inside(test, text);
    default: return false;
    }
}

static bool is_anything_but(const struct leat_filter_test *test, const cJSON *item)
{
    for (size_t i = 0; i < test->but_count; i++)
        if (leat_filter_test(&test->but[i], item))
            return false;
    return true;
}

bool leat_filter_test(const struct leat_filter_test *test, const cJSON *item)
{
    switch (test->op) {
    case LEAT_FILTER_EXISTS: return true;
    case LEAT_FILTER_EXACT: return is_exact(test->value, item);
    case LEAT_FILTER_NUMERIC: return cJSON_IsNumber(item) && is_between(&test->range, item->valuedouble);
    case LEAT_FILTER_ANYTHING_BUT: return is_anything_but(test, item);
    default: return cJSON_IsString(item) && test_text(test, leat_json_text(item));
    }
}
