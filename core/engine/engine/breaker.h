/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circuit breaker of a source: after so many retries in a row it opens, and nothing is started for a pause; then
 * one run is tried: a success closes it, a retry opens it for twice as long, up to 16 times. Rejects say nothing of the
 * world around the handler and count for neither. Pure.
 */
#ifndef LEAT_ENGINE_BREAKER_H
#define LEAT_ENGINE_BREAKER_H

#include <leat/api.h>

enum leat_breaker_state { LEAT_BREAKER_CLOSED, LEAT_BREAKER_OPEN, LEAT_BREAKER_TRYING };

struct leat_breaker {
    uint32_t failures; /* in a row that open it; 0: it never opens */
    int64_t pause_us;
    enum leat_breaker_state state;
    uint32_t row;        /* failures in a row */
    uint32_t opened;     /* times in a row, as far as they double the pause */
    int64_t until_us;    /* open: until then */
    bool trying;         /* TRYING: the one run is under way */
    uint32_t generation; /* another each time it opens: tells the runs that started before from those after */
};

/* May a run start? When its pause is over an open one is TRYING from here on. */
bool leat_breaker_allows(struct leat_breaker *breaker, int64_t now_us);
/* A run that was allowed has started. Returns its generation, which the run keeps. */
uint32_t leat_breaker_started(struct leat_breaker *breaker);
/* An event of a run of that generation has this outcome. Returns true if that opened it. Those that were under way
 * when it opened change nothing, except that a success while it is TRYING closes it. */
bool leat_breaker_ended(struct leat_breaker *breaker, uint32_t generation, bool success, int64_t now_us);
/* A run has ended with all its events: if it was the one that was tried, and neither success nor retry came of it,
 * another may be tried. Harmless at the end of any other. */
void leat_breaker_void(struct leat_breaker *breaker, uint32_t generation);

#endif
