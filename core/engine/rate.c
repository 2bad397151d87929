/* SPDX-License-Identifier: Apache-2.0 */
/* Source: ITU-T I.371, annex A: the generic cell rate algorithm. */
#include <engine/rate.h>

#define BURST_US 100e3
#define AHEAD_MOST_US 1e18 /* 30000 years: fits into an int64_t, whatever the rate */

static double interval_us(const struct leat_rate *rate)
{
    return 1e6 / rate->a_second;
}

int64_t leat_rate_due_us(const struct leat_rate *rate, int64_t now_us)
{
    if (!(rate->a_second > 0))
        return now_us;
    double early = BURST_US - interval_us(rate); /* a burst of a tenth of a second goes at once, its first included */
    early = (early > 0 ? early : 0) - rate->rest_us;
    int64_t whole = (int64_t)early;
    if ((double)whole > early)
        whole--;
    return rate->next_us - whole;
}

void leat_rate_take(struct leat_rate *rate, uint32_t count, int64_t now_us)
{
    if (!(rate->a_second > 0) || count == 0)
        return;
    /* Who comes in the very microsecond that is due is not late: else each one would lose a part of it. */
    if (now_us > rate->next_us && (double)(now_us - rate->next_us) - rate->rest_us >= 1) {
        rate->next_us = now_us;
        rate->rest_us = 0;
    }
    double ahead = rate->rest_us + interval_us(rate) * count;
    ahead = ahead < AHEAD_MOST_US ? ahead : AHEAD_MOST_US;
    int64_t whole = (int64_t)ahead;
    rate->rest_us = ahead - (double)whole;
    rate->next_us = rate->next_us < INT64_MAX / 2 - whole ? rate->next_us + whole : INT64_MAX / 2;
}
