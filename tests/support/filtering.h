/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns and what they are tried on. A test is a process: nothing is freed. */
#ifndef LEAT_TEST_FILTERING_H
#define LEAT_TEST_FILTERING_H

#include "decoding.h"

#include <leat/filter.h>

/* The filter of one pattern, or NULL and the reason in *error. */
static inline struct leat_filter *filter_of(const char *pattern, struct leat_error *error)
{
    struct leat_arena *arena = calloc(1, sizeof(*arena));
    cr_assert_not_null(arena);
    leat_arena_init(arena, 0);
    struct leat_filter *filter = leat_filter_new(arena, NULL);
    cr_assert_not_null(filter);
    return leat_is_ok(leat_filter_add(filter, leat_str_c(pattern), error)) ? filter : NULL;
}

static inline bool filter_lets_through(const char *pattern, const struct leat_record *record)
{
    struct leat_error error = {0};
    struct leat_arena scratch = {0};
    struct leat_filter *filter = filter_of(pattern, &error);
    cr_assert_not_null(filter, "%s: %s", pattern, error.message);
    bool matches = leat_filter_match(filter, record, &scratch);
    cr_assert_eq(leat_filter_match(filter, record, &scratch), matches, "%s: the same twice", pattern);
    cr_assert_not(scratch.overflow);
    leat_arena_fini(&scratch);
    return matches;
}

/* Of a payload's first record. */
static inline bool filter_lets_in(const char *pattern, const char *payload)
{
    struct decoded *d = decode_quickly(payload);
    cr_assert(d->records.count > 0, "%s: %s", payload, d->error.message);
    bool matches = filter_lets_through(pattern, &d->records.items[0]);
    decoded_fini(d);
    return matches;
}

#define EXPECT_MATCH(pattern, payload) \
    cr_expect(filter_lets_in(pattern, payload), "%s lets through %s", pattern, payload)
#define EXPECT_NO_MATCH(pattern, payload) \
    cr_expect_not(filter_lets_in(pattern, payload), "%s holds back %s", pattern, payload)

#endif
