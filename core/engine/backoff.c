/* SPDX-License-Identifier: Apache-2.0 */
/* Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: full jitter. */
#include <engine/backoff.h>

uint64_t leat_chance(uint64_t *chance)
{
    uint64_t mixed = *chance += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

static int64_t limit_of(const struct leat_backoff *backoff, uint32_t attempt)
{
    int64_t limit = backoff->base_ms > 1 ? backoff->base_ms : 1;
    while (attempt > 1 && limit < backoff->max_ms) { /* 63 doublings at most */
        limit = limit > backoff->max_ms / 2 ? backoff->max_ms : limit * 2;
        attempt--;
    }
    limit = limit < backoff->max_ms ? limit : backoff->max_ms;
    return limit > 1 ? limit : 1;
}

int64_t leat_backoff_ms(const struct leat_backoff *backoff, uint32_t attempt, uint64_t *chance)
{
    return 1 + (int64_t)(leat_chance(chance) % (uint64_t)limit_of(backoff, attempt));
}
