/* SPDX-License-Identifier: Apache-2.0 */
/* How long until it is tried again: exponential, full jitter, capped. Pure: chance comes from the caller's state. */
#ifndef LEAT_ENGINE_BACKOFF_H
#define LEAT_ENGINE_BACKOFF_H

#include <leat/api.h>

struct leat_backoff {
    int64_t base_ms, max_ms;
};

/* After attempt number `attempt` (from 1): between 1 and min(max_ms, base_ms * 2^(attempt-1)) ms. `chance` moves on. */
int64_t leat_backoff_ms(const struct leat_backoff *backoff, uint32_t attempt, uint64_t *chance);
/* The next number of a sequence that a seed gives (splitmix64). */
uint64_t leat_chance(uint64_t *chance);

#endif
