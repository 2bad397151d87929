/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters in the pattern language of EventBridge, as Lambda's event source mappings have them. Pure: a pattern is
 * compiled once, and matching takes time that is bounded by the sizes of pattern and record. What a record shows is
 * said by its adapter (struct leat_adapter, `filtered`). Not installed: between the floors.
 * Source: EventBridge user guide, "Comparison operators"; Lambda developer guide, "Event filtering".
 */
#ifndef LEAT_FILTER_H
#define LEAT_FILTER_H

#include <leat/adapter.h>

LEAT_BEGIN

struct leat_filter;

#define LEAT_FILTER_BYTES 4096   /* of a pattern: Lambda's limit */
#define LEAT_FILTER_PATTERNS 10  /* of one mapping: Lambda's quota where it was raised */
#define LEAT_FILTER_WILDCARDS 64 /* stars in one text: ours */

struct leat_filter_limits {
    size_t pattern_bytes; /* 0: LEAT_FILTER_BYTES */
    size_t patterns;      /* 0: LEAT_FILTER_PATTERNS */
    size_t wildcards;     /* 0: LEAT_FILTER_WILDCARDS */
};

/* Without a pattern yet: all records match. In `arena`, as all that is added; `limits` NULL: the usual ones.
 * NULL: out of memory. */
struct leat_filter *leat_filter_new(struct leat_arena *arena, const struct leat_filter_limits *limits);
/* One more pattern: a record matches if it matches any. The text is copied. Fails with NOT_JSON, TOO_DEEP, TOO_BIG,
 * CONFIG (no pattern; reterr names the place as a JSON pointer), NO_MEMORY; the filter is as before then. */
leat_status leat_filter_add(struct leat_filter *filter, leat_str pattern, struct leat_error *reterr);
/* The same of a tree that outlives the filter, whose numbers keep their text where that differs from the shortest one
 * (leat_json_keep_numbers). Of two members of one name the last counts. */
leat_status leat_filter_add_tree(struct leat_filter *filter, const cJSON *pattern, struct leat_error *reterr);

/* Any thread. Nothing is kept in `scratch`. True also where a filter has nothing to say: a record that has no JSON,
 * the end of a tumbling window. Want of memory: true, and scratch->overflow. */
bool leat_filter_match(const struct leat_filter *filter, const struct leat_record *record, struct leat_arena *scratch);

LEAT_END

#endif
