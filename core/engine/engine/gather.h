/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When is a batch complete? As Lambda's event source mappings have it: at so many events, at 6 MB, or when its window
 * has passed since the first. Pure: it keeps no events, only their sum.
 */
#ifndef LEAT_ENGINE_GATHER_H
#define LEAT_ENGINE_GATHER_H

#include <leat/api.h>

#define LEAT_GATHER_BYTES ((size_t)6 << 20)

struct leat_gather {
    uint32_t size;     /* events of a full batch, at least 1 */
    size_t bytes_max;  /* 0: LEAT_GATHER_BYTES */
    int64_t window_us; /* 0: whoever is there goes at once */
    uint32_t count;    /* gathered so far */
    size_t bytes;
    int64_t since_us; /* when the first came */
};

/* Another waits, of `bytes`, since now. */
void leat_gather_add(struct leat_gather *gather, size_t bytes, int64_t now_us);
/* One that waited has gone, with a batch or otherwise. `since_us`: when the first of those that stay came. */
void leat_gather_take(struct leat_gather *gather, size_t bytes, int64_t since_us);
bool leat_gather_complete(const struct leat_gather *gather, int64_t now_us);
/* When it is complete if nothing more comes; INT64_MAX: nothing waits. */
int64_t leat_gather_due_us(const struct leat_gather *gather);
/* Does one more of `bytes` fit into a batch that has `count` events and `sum` bytes? The first always does. */
bool leat_gather_fits(const struct leat_gather *gather, uint32_t count, size_t sum, size_t bytes);

#endif
