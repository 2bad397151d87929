/* SPDX-License-Identifier: Apache-2.0 */
/* So many a second and no more: a token bucket (GCRA). Pure. */
#ifndef LEAT_ENGINE_RATE_H
#define LEAT_ENGINE_RATE_H

#include <leat/api.h>

struct leat_rate {
    double a_second; /* 0: no limit */
    int64_t next_us; /* the bucket: when the next one would be due if there were no burst */
    double rest_us;  /* what next_us leaves out, below 1: else a high rate would round to another */
};

/* When one more may go, or a batch as a whole: those behind it pay for it. `now_us` or earlier is at once. A burst is
 * what a tenth of a second brings, at least one. */
int64_t leat_rate_due_us(const struct leat_rate *rate, int64_t now_us);
/* `count` have gone. */
void leat_rate_take(struct leat_rate *rate, uint32_t count, int64_t now_us);

#endif
