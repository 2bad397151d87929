/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/clock.h>

#include <time.h>

static int64_t monotonic_us(void *argument)
{
    (void)argument;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t wall_ms(void *argument)
{
    (void)argument;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct leat_clock leat_clock_system = {.monotonic_us = monotonic_us, .wall_ms = wall_ms};
