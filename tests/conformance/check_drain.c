/* SPDX-License-Identifier: Apache-2.0 */
/* Drain: what runs ends and is settled, what has not started is given back, and nothing comes behind it. */
#include "suite.h"

static const char *lacks_lasting(const struct conformance_subject *subject)
{
    return subject->lasting ? NULL : "it does not outlive its worker";
}

enum { QUEUED = 12, SLOTS = 2 };

static bool is_draining_done(struct suite *suite, uint32_t claimed)
{
    return count_in(suite, CONFORMANCE_CLAIMED) <= claimed;
}

static uint32_t count_of_calls(uint32_t calls)
{
    uint32_t count = 0;
    conformance_lock();
    for (uint32_t i = 0; i < noted->count; i++)
        count += noted->events[i].calls == calls ? 1 : 0;
    conformance_unlock();
    return count;
}

/* Those that never started: as if they had never been taken. */
static bool are_as_before(struct suite *suite)
{
    const struct conformance_subject *subject = suite->subject;
    for (uint32_t i = 0; i < noted->count; i++) {
        struct seen seen = seen_of(i);
        if (seen.calls > 0)
            continue;
        if (is_acked(suite, i) || seen.verdicts[LEAT_ACK] + seen.verdicts[LEAT_RETRY] + seen.verdicts[LEAT_FAIL] > 0)
            return false;
        if (subject->deliveries != NULL && subject->deliveries(suite->queue, i) != 0)
            return false;
    }
    return true;
}

static void check_drain(struct suite *suite)
{
    bool each = suite->subject->ops->caps.settle == LEAT_SETTLE_EACH;
    for (uint32_t i = 0; i < QUEUED; i++)
        put_event(suite, NULL, "g");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = SLOTS}));
    FAIL_UNLESS(suite, wait_for(suite, running_reach, SLOTS));
    worker_drain(&suite->worker, WAIT_MS);
    FAIL_UNLESS(suite, !each || wait_for(suite, is_draining_done, SLOTS)); /* not only when the others end */
    FAIL_UNLESS(suite, !suite->worker.over);
    uint32_t late = put_event(suite, NULL, "o");
    open_gate();
    FAIL_UNLESS(suite, worker_join(&suite->worker));
    FAIL_UNLESS(suite, count_of_calls(1) == SLOTS && seen_of(late).calls == 0);
    FAIL_UNLESS(suite, are_as_before(suite));
    for (uint32_t i = 0; i < QUEUED; i++)
        FAIL_UNLESS(suite, seen_of(i).calls == 0 || is_acked(suite, i) || !each);
}

/* The next worker finds them as if they had never been taken. */
static void check_after_drain(struct suite *suite)
{
    check_drain(suite);
    if (suite->failure[0] != '\0')
        return;
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = SLOTS}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    for (uint32_t i = 0; i < noted->count; i++) {
        bool log = suite->subject->ops->caps.settle == LEAT_SETTLE_LOG;
        FAIL_UNLESS(suite, seen_of(i).calls == 1 || log); /* behind a watermark that did not move it runs again */
        FAIL_UNLESS(suite, seen_of(i).first_attempt <= 1);
    }
}

/* One that waits for its next attempt is not waited for. */
static void check_drain_of_retries(struct suite *suite)
{
    const struct setup setup = {.slots = SLOTS, .source = {.backoff_base_ms = 60000, .backoff_max_ms = 60000}};
    uint32_t first = put_event(suite, NULL, "ro");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, is_called, first));
    int64_t start_ms = conformance_now_ms();
    worker_drain(&suite->worker, WAIT_MS);
    FAIL_UNLESS(suite, worker_join(&suite->worker));
    FAIL_UNLESS(suite, conformance_now_ms() - start_ms < WAIT_MS / 2);
    FAIL_UNLESS(suite, seen_of(first).calls == 1 && !is_acked(suite, first));
}

/* A handler that does not come back in time is left behind, its unit is not settled. */
static void check_drain_at_once(struct suite *suite)
{
    uint32_t running = put_event(suite, NULL, "g");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, wait_for(suite, is_called, running));
    worker_drain(&suite->worker, 20);
    (void)worker_join(
        &suite->worker); /* with LATE, or well if the handler heard of it: it looks for its cancellation */
    FAIL_UNLESS(suite, leat_is_ok(suite->worker.status) || suite->worker.status.code == LEAT_E_LATE);
    FAIL_UNLESS(suite, !is_acked(suite, running));
}

const struct check drain_checks[] = {
    {.name = "what runs is settled, what has not started is given back", .lacks = lacks_lasting, .run = check_drain},
    {.name = "what was given back comes to the next worker",
     .lacks = lacks_lasting,
     .run = check_after_drain,
     .lease_ms = 0},
    {.name = "what waits for its next attempt does not hold it up",
     .lacks = lacks_lasting,
     .run = check_drain_of_retries},
    {.name = "its limit ends it", .lacks = lacks_lasting, .run = check_drain_at_once},
    {.name = NULL},
};
