/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/breaker.h>

#define DOUBLINGS_MOST 4u /* 16 times */

bool leat_breaker_allows(struct leat_breaker *breaker, int64_t now_us)
{
    if (breaker->state == LEAT_BREAKER_OPEN && now_us >= breaker->until_us) {
        breaker->state = LEAT_BREAKER_TRYING;
        breaker->trying = false;
    }
    return breaker->state == LEAT_BREAKER_CLOSED || (breaker->state == LEAT_BREAKER_TRYING && !breaker->trying);
}

uint32_t leat_breaker_started(struct leat_breaker *breaker)
{
    breaker->trying = breaker->state == LEAT_BREAKER_TRYING;
    return breaker->generation;
}

static void open_it(struct leat_breaker *breaker, int64_t now_us)
{
    int64_t pause = breaker->pause_us > 0 ? breaker->pause_us : 0;
    for (uint32_t i = 0; i < breaker->opened; i++)
        pause = pause <= INT64_MAX / 2 ? pause * 2 : INT64_MAX;
    breaker->until_us = now_us <= INT64_MAX - pause ? now_us + pause : INT64_MAX;
    breaker->opened += breaker->opened < DOUBLINGS_MOST ? 1 : 0;
    breaker->generation++;
    breaker->state = LEAT_BREAKER_OPEN;
    breaker->trying = false;
}

static void close_it(struct leat_breaker *breaker)
{
    breaker->row = breaker->opened = 0;
    breaker->state = LEAT_BREAKER_CLOSED;
    breaker->trying = false;
}

bool leat_breaker_ended(struct leat_breaker *breaker, uint32_t generation, bool success, int64_t now_us)
{
    bool is_trying = breaker->state == LEAT_BREAKER_TRYING, is_current = generation == breaker->generation;
    if (success && (is_trying || is_current)) {
        close_it(breaker);
        return false;
    }
    if (success || !is_current || breaker->failures == 0)
        return false;
    breaker->row += breaker->row < breaker->failures ? 1 : 0;
    if (!is_trying && breaker->row < breaker->failures)
        return false;
    open_it(breaker, now_us);
    return true;
}

void leat_breaker_void(struct leat_breaker *breaker, uint32_t generation)
{
    if (generation == breaker->generation)
        breaker->trying = false;
}
