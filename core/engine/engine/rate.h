/* SPDX-License-Identifier: Apache-2.0 */
/* So many a second and no more: a token bucket (GCRA). Pure. */
#ifndef LEAT_ENGINE_RATE_H
#define LEAT_ENGINE_RATE_H

#include <leat/api.h>

struct leat_rate {
    double a_second; /* 0: no limit */
    int64_t next_us; /* the bucket: when the next one would be due if there were no burst */
};

/* When `count` more may go: `now_us` or earlier is at once. A burst is what a tenth of a second brings, at least one.
 */
int64_t leat_rate_due_us(const struct leat_rate *rate, int64_t now_us);
/* `count` have gone. */
void leat_rate_take(struct leat_rate *rate, uint32_t count, int64_t now_us);

#endif
