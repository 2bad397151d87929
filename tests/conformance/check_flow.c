/* SPDX-License-Identifier: Apache-2.0 */
/* How much is taken, and how fast: credit, pause, breaker, rate, idleness. */
#include "suite.h"

static const char *lacks_life(const struct conformance_subject *subject)
{
    return subject->lasting ? NULL : "it takes in only what was there before";
}

/* --- credit ------------------------------------------------------------------------------------------- */

enum { CREDIT = 6, QUEUED = 24 };

/* What a delivery may have beyond the credit: the rest of it. */
static uint32_t credit_and_rest(const struct suite *suite)
{
    return CREDIT + suite->subject->delivery - 1;
}

static bool claims_reach(struct suite *suite, uint32_t count)
{
    return count_in(suite, CONFORMANCE_CLAIMED) >= count;
}

static bool claims_within(struct suite *suite, uint32_t most)
{
    return count_in(suite, CONFORMANCE_CLAIMED) <= most;
}

static void check_credit(struct suite *suite)
{
    const struct setup setup = {.slots = 2, .source = {.max_in_flight = CREDIT}};
    for (uint32_t i = 0; i < QUEUED; i++)
        put_event(suite, NULL, "g");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, running_reach, 2));
    FAIL_UNLESS(suite, wait_for(suite, claims_reach, CREDIT));
    FAIL_UNLESS(suite, stays(suite, claims_within, credit_and_rest(suite), 40));
    uint32_t in_flight = worker_status(&suite->worker).in_flight;
    FAIL_UNLESS(suite, in_flight >= CREDIT && in_flight <= credit_and_rest(suite));
    FAIL_UNLESS(suite, noted->most_running == 2);
    open_gate();
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, suite->worker.zero_demands > 0);
    FAIL_UNLESS(suite, noted->calls == QUEUED);
}

static bool nothing_is_taken(struct suite *suite, uint32_t argument)
{
    (void)argument;
    return noted->calls == 0 && count_in(suite, CONFORMANCE_CLAIMED) == 0;
}

static void check_paused(struct suite *suite)
{
    for (uint32_t i = 0; i < 4; i++)
        put_event(suite, NULL, "o");
    const struct setup setup = {.source = {.paused = true}};
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, stays(suite, nothing_is_taken, 0, 60));
    FAIL_UNLESS(suite, worker_status(&suite->worker).paused);
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
}

static void check_concurrency(struct suite *suite)
{
    noted->slow_ms = 10;
    for (uint32_t i = 0; i < 16; i++)
        put_event(suite, NULL, "s");
    const struct setup setup = {.slots = 4, .source = {.concurrency = 2}};
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, noted->most_running == 2);
}

/* --- breaker and rate --------------------------------------------------------------------------------- */

static const char *lacks_breaker(const struct conformance_subject *subject)
{
    return subject->ops->caps.retry == LEAT_BY_CALLER ? "what fails does not come again: that is the caller's"
                                                      : lacks_life(subject);
}

enum { PAUSE_MS = 250, ROW = 3 };

static bool calls_stay(struct suite *suite, uint32_t calls)
{
    (void)suite;
    return noted->calls == calls;
}

static bool wait_breaker(struct suite *suite)
{
    int64_t until_ms = conformance_now_ms() + WAIT_MS;
    while (!worker_status(&suite->worker).breaker_open && conformance_now_ms() < until_ms)
        continue;
    return worker_status(&suite->worker).breaker_open;
}

/* It opens after a row of retries; nothing starts in its pause; one is tried, which opens it again; then all is well.
 */
static void check_breaker(struct suite *suite)
{
    const struct setup setup = {.slots = 1, .source = {.breaker_failures = ROW, .breaker_pause_ms = PAUSE_MS}};
    noted->failing = true;
    for (uint32_t i = 0; i < 8; i++)
        put_event(suite, NULL, "f");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, calls_reach, ROW));
    FAIL_UNLESS(suite, wait_breaker(suite));
    FAIL_UNLESS(suite, stays(suite, calls_stay, ROW, PAUSE_MS / 3));
    FAIL_UNLESS(suite, wait_for(suite, calls_reach, ROW + 1)); /* the one that is tried */
    FAIL_UNLESS(suite, stays(suite, calls_stay, ROW + 1, PAUSE_MS / 3));
    conformance_lock();
    noted->failing = false;
    conformance_unlock();
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, !worker_status(&suite->worker).breaker_open);
    FAIL_UNLESS(suite, worker_end(&suite->worker));
}

/* 40 events at 100 a second, of which a tenth of a second's may come at once. */
static void check_rate(struct suite *suite)
{
    const struct setup setup = {.slots = 4, .source = {.max_rate = 100}};
    for (uint32_t i = 0; i < 40; i++)
        put_event(suite, NULL, "o");
    int64_t start_ms = conformance_now_ms();
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    int64_t took_ms = conformance_now_ms() - start_ms;
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, took_ms >= 250);
}

/* --- idle --------------------------------------------------------------------------------------------- */

static bool wait_idle(struct suite *suite)
{
    int64_t until_ms = conformance_now_ms() + WAIT_MS;
    while (!worker_is_idle(&suite->worker) && conformance_now_ms() < until_ms)
        continue;
    return worker_is_idle(&suite->worker);
}

/* Not while one runs, nor while one is only delayed. */
static void check_idle(struct suite *suite)
{
    const struct setup setup = {.slots = 2, .source = {.backoff_base_ms = 60, .backoff_max_ms = 60}};
    uint32_t blocked = put_event(suite, NULL, "g");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, is_called, blocked));
    FAIL_UNLESS(suite, !worker_is_idle(&suite->worker));
    open_gate();
    FAIL_UNLESS(suite, wait_idle(suite));
    FAIL_UNLESS(suite, all_acked(suite, 0));
    uint32_t again = put_event(suite, NULL, "rrro");
    FAIL_UNLESS(suite, wait_for(suite, is_called, again));
    FAIL_UNLESS(suite, wait_idle(suite));
    FAIL_UNLESS(suite, is_acked(suite, again) && seen_of(again).calls == 4);
    FAIL_UNLESS(suite, worker_end(&suite->worker));
}

const struct check flow_checks[] = {
    {.name = "no more is in flight than credit was given for", .lacks = lacks_life, .run = check_credit},
    {.name = "paused it takes nothing", .lacks = lacks_life, .run = check_paused},
    {.name = "no more slots than its concurrency", .run = check_concurrency},
    {.name = "the breaker opens, tries, and closes", .lacks = lacks_breaker, .run = check_breaker},
    {.name = "no more events a second than max_rate", .run = check_rate},
    {.name = "it is idle when nothing waits, runs or is delayed", .lacks = lacks_breaker, .run = check_idle},
    {.name = NULL},
};
