/* SPDX-License-Identifier: Apache-2.0 */
/* All time comes through here, so that tests can put a clock of their own under everything. */
#ifndef LEAT_CLOCK_H
#define LEAT_CLOCK_H

#include <leat/api.h>

LEAT_BEGIN

struct leat_clock {
    int64_t (*monotonic_us)(void *); /* never goes back; its zero means nothing */
    int64_t (*wall_ms)(void *);      /* since 1970-01-01 UTC */
    void *argument;
};

/* The clock of the machine. */
extern const struct leat_clock leat_clock_system;

static inline int64_t leat_clock_us(const struct leat_clock *clock)
{
    return clock->monotonic_us(clock->argument);
}

static inline int64_t leat_clock_wall_ms(const struct leat_clock *clock)
{
    return clock->wall_ms(clock->argument);
}

LEAT_END

#endif
