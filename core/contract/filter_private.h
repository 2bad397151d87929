/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled pattern: objects, whose members must all match; leaves, of whose tests any must; and alternatives ("$or"),
 * of whose objects any must.
 */
#ifndef LEAT_FILTER_PRIVATE_H
#define LEAT_FILTER_PRIVATE_H

#include <leat/filter.h>

enum leat_filter_op {
    LEAT_FILTER_EXACT,
    LEAT_FILTER_PREFIX,
    LEAT_FILTER_SUFFIX,
    LEAT_FILTER_EQUALS_IGNORE_CASE,
    LEAT_FILTER_PREFIX_IGNORE_CASE,
    LEAT_FILTER_SUFFIX_IGNORE_CASE,
    LEAT_FILTER_WILDCARD,
    LEAT_FILTER_NUMERIC,
    LEAT_FILTER_CIDR,
    LEAT_FILTER_EXISTS,
    LEAT_FILTER_ABSENT,
    LEAT_FILTER_ANYTHING_BUT,
};

struct leat_filter_wildcard {
    leat_str *pieces; /* what stands between the stars: one more than there are stars */
    size_t count;
};

struct leat_filter_range {
    double low, high;
    bool above, below; /* the bound itself does not count */
};

#define LEAT_FILTER_RANGE_MAX 5e9 /* EventBridge compares numbers between -5e9 and 5e9 */

struct leat_filter_address {
    unsigned char bytes[16];
    int family; /* AF_INET, AF_INET6 */
};

struct leat_filter_test {
    enum leat_filter_op op;
    const cJSON *value;                   /* EXACT */
    leat_str text;                        /* PREFIX, SUFFIX, and those that ignore case */
    struct leat_filter_wildcard wildcard; /* WILDCARD */
    struct leat_filter_range range;       /* NUMERIC */
    struct leat_filter_address address;   /* CIDR */
    unsigned bits;
    size_t absent;                /* ABSENT: its place in the filter's list */
    struct leat_filter_test *but; /* ANYTHING_BUT: none of these */
    size_t but_count;
};

enum leat_filter_shape { LEAT_FILTER_OBJECT, LEAT_FILTER_LEAF, LEAT_FILTER_OR };

struct leat_filter_node {
    enum leat_filter_shape shape;
    const char *name;                      /* NULL: it stands where its parent stands */
    const struct leat_filter_node *parent; /* NULL: a whole pattern */
    struct leat_filter_node *members;      /* OBJECT and OR */
    struct leat_filter_test *tests;        /* LEAF */
    size_t count;                          /* of either */
};

/* A field that must not be there: not in one element of an array, nowhere. So it is looked for from the root. */
struct leat_filter_absent {
    const char **path;
    size_t depth;
    struct leat_filter_absent *next;
};

struct leat_filter {
    struct leat_arena *arena;
    struct leat_filter_limits limits;
    struct leat_filter_node **patterns;
    size_t count;
    struct leat_filter_absent *absents; /* the newest, so the one with the highest number, first */
    size_t absent_count;
    bool numbers; /* there are numbers to be compared by their text */
};

/* Compiling. */
struct leat_filter_compiler {
    struct leat_filter *filter;
    struct leat_error *reterr;
    char path[192]; /* a JSON pointer, for messages; cut if it is long */
    size_t path_len;
};

/* Goes down into a member, or element; returns what to give leat_filter_leave. */
size_t leat_filter_enter(struct leat_filter_compiler *compiler, const char *name);
size_t leat_filter_enter_index(struct leat_filter_compiler *compiler, size_t index);
void leat_filter_leave(struct leat_filter_compiler *compiler, size_t before);
/* CONFIG, with the place before the message. */
leat_status leat_filter_fault(struct leat_filter_compiler *compiler, const char *format, ...) LEAT_PRINTF(2, 3);
leat_status leat_filter_compile_test(struct leat_filter_compiler *compiler, const struct leat_filter_node *leaf,
                                     const cJSON *item, struct leat_filter_test *ret);
/* Is it the name of an operator? Members of "$or" cannot be called so. */
bool leat_filter_is_operator(const char *name);

/* Testing: `item` is a value that is neither object nor array. Not for ABSENT. */
bool leat_filter_test(const struct leat_filter_test *test, const cJSON *item);
bool leat_filter_address_read(leat_str text, struct leat_filter_address *ret);

#endif
