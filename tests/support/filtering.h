/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns and what they are tried on. A test is a process: what is made here lives as long, in one arena. */
#ifndef LEAT_TEST_FILTERING_H
#define LEAT_TEST_FILTERING_H

#include "decoding.h"

#include <leat/alloc.h>
#include <leat/filter.h>

static struct leat_arena filter_arena;

/* The filter of one pattern, or NULL and the reason in *error. */
static inline struct leat_filter *filter_of(const char *pattern, struct leat_error *error)
{
    struct leat_filter *filter = leat_filter_new(&filter_arena, NULL);
    cr_assert_not_null(filter);
    return leat_is_ok(leat_filter_add(filter, leat_str_c(pattern), error)) ? filter : NULL;
}

static inline bool filter_passes(const struct leat_filter *filter, const struct leat_record *record)
{
    struct leat_arena scratch LEAT_CLEANUP(leat_arena_fini) = {0};
    bool matches = leat_filter_match(filter, record, &scratch);
    cr_assert_eq(leat_filter_match(filter, record, &scratch), matches, "the same twice");
    cr_assert_not(scratch.overflow);
    return matches;
}

/* Of a payload's first record. */
static inline bool filter_passes_payload(const struct leat_filter *filter, const char *payload)
{
    DECODED d = decode_quickly(payload);
    cr_assert(d->records.count > 0, "%s: %s", payload, d->error.message);
    return filter_passes(filter, &d->records.items[0]);
}

static inline bool pattern_passes(const char *pattern, const char *payload)
{
    struct leat_error error = {0};
    struct leat_filter *filter = filter_of(pattern, &error);
    cr_assert_not_null(filter, "%s: %s", pattern, error.message);
    return filter_passes_payload(filter, payload);
}

#define EXPECT_MATCH(pattern, payload) \
    cr_expect(pattern_passes(pattern, payload), "%s lets through %s", pattern, payload)
#define EXPECT_NO_MATCH(pattern, payload) \
    cr_expect_not(pattern_passes(pattern, payload), "%s holds back %s", pattern, payload)

#endif
