/* SPDX-License-Identifier: Apache-2.0 */
/* A worker dies, a lease is lost, a connection is gone: nothing is lost, and nothing unfinished is acknowledged. */
#include "suite.h"

enum { LEASE_MS = 100 };

/* --- killed ------------------------------------------------------------------------------------------- */

static const char *lacks_lasting(const struct conformance_subject *subject)
{
    return subject->lasting ? NULL : "it does not outlive its worker";
}

enum { KILLS = 4, A_LIFE = 25 };

static bool nothing_unfinished(struct suite *suite)
{
    for (uint32_t i = 0; i < noted->count; i++) {
        bool acked = is_acked(suite, i);
        if (acked && !conformance_is_finished(i))
            return false;
    }
    return true;
}

/* At random moments, without a word; each life takes up what the one before left. */
static void check_killed(struct suite *suite)
{
    static const char *const scripts[] = {"o", "o", "o", "s", "ro", "x"};
    noted->slow_ms = 4;
    for (uint32_t i = 0; i < KILLS * A_LIFE; i++) {
        const char *lane = suite->subject->lanes && i % 4 == 0 ? "lane" : NULL;
        put_event(suite, lane, scripts[chance_of(suite, 6)]);
    }
    for (uint32_t i = 0; i < KILLS; i++) {
        uint32_t calls = noted->calls + 1 + chance_of(suite, A_LIFE);
        worker_fork(suite, &suite->worker, &(struct setup){.slots = 3});
        bool reached = wait_for(suite, calls_reach, calls);
        worker_kill(&suite->worker);
        FAIL_UNLESS(suite, reached || all_settled(suite, 0));
        FAIL_UNLESS(suite, nothing_unfinished(suite));
    }
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 3}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, nothing_unfinished(suite));
}

/* What died with a worker has a higher number when it comes again, where that counts. */
static void check_killed_counts(struct suite *suite)
{
    uint32_t number = put_event(suite, NULL, "g");
    worker_fork(suite, &suite->worker, &(struct setup){.slots = 1});
    FAIL_UNLESS(suite, wait_for(suite, is_called, number));
    worker_kill(&suite->worker);
    FAIL_UNLESS(suite, !is_acked(suite, number));
    open_gate();
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(number).calls == 2);
    if (suite->subject->deaths)
        FAIL_UNLESS(suite, seen_of(number).last_attempt > seen_of(number).first_attempt &&
                               suite->worker.last.counters.redelivered == 1);
}

/* --- the connection ----------------------------------------------------------------------------------- */

static const char *lacks_connection(const struct conformance_subject *subject)
{
    return subject->disconnect != NULL ? NULL : "it has no connection that could be lost";
}

static bool has_state(struct suite *suite, uint32_t state)
{
    (void)suite;
    return noted->state_count > 0 && noted->states[noted->state_count - 1] == (enum leat_source_state)state;
}

static bool is_back(struct suite *suite, uint32_t argument)
{
    (void)argument;
    return has_state(suite, LEAT_CONSUMING) || has_state(suite, LEAT_IDLE);
}

static void check_reconnect(struct suite *suite)
{
    noted->slow_ms = 5;
    for (uint32_t i = 0; i < 30; i++)
        put_event(suite, NULL, "s");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, calls_reach, 6));
    suite->subject->disconnect(suite->queue);
    FAIL_UNLESS(suite, wait_for(suite, has_state, LEAT_DISCONNECTED));
    uint32_t meanwhile = put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, !is_acked(suite, meanwhile));
    suite->subject->reconnect(suite->queue);
    FAIL_UNLESS(suite, wait_for(suite, is_back, 0));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, nothing_unfinished(suite));
}

/* --- leases ------------------------------------------------------------------------------------------- */

static const char *lacks_leases(const struct conformance_subject *subject)
{
    return subject->ops->caps.leases ? NULL : "it has no leases";
}

static const char *lacks_taking(const struct conformance_subject *subject)
{
    return subject->take_lease != NULL ? lacks_leases(subject) : "no lease of it can be taken away";
}

/* The one that runs, and those that wait behind it. */
static void check_extended(struct suite *suite)
{
    noted->slow_ms = 7 * LEASE_MS / 2;
    uint32_t slow = put_event(suite, NULL, "s");
    for (uint32_t i = 0; i < 4; i++)
        put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(slow).calls == 1 && noted->calls == 5);
    FAIL_UNLESS(suite, suite->worker.last.counters.lease_lost == 0);
    if (suite->subject->deliveries != NULL)
        FAIL_UNLESS(suite, suite->subject->deliveries(suite->queue, slow) == 1);
}

/* Not under the lock: the worker's own loop answers. */
static bool wait_lost(struct suite *suite, uint32_t count)
{
    int64_t until_ms = conformance_now_ms() + WAIT_MS;
    while (worker_status(&suite->worker).counters.lease_lost < count && conformance_now_ms() < until_ms)
        continue;
    return worker_status(&suite->worker).counters.lease_lost >= count;
}

/* The lease is gone while the handler runs; the worker finds out when it extends it, and cancels the run. */
static bool is_called_again(struct suite *suite, uint32_t number)
{
    (void)suite;
    return noted->events[number].calls >= 2;
}

static void check_lost(struct suite *suite)
{
    uint32_t number = put_event(suite, NULL, "go"), other = put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, is_called, number));
    suite->subject->take_lease(suite->queue, number);
    FAIL_UNLESS(suite, wait_lost(suite, 1));
    FAIL_UNLESS(suite, wait_for(suite, is_called_again, number));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    open_gate();
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(number).calls == 2 && seen_of(other).calls == 1);
    FAIL_UNLESS(suite, seen_of(number).verdicts[LEAT_ACK] == 1 && seen_of(number).verdicts[LEAT_RETRY] == 0);
    FAIL_UNLESS(suite, suite->worker.last.counters.lease_lost == 1);
}

/* The other worker takes it, and settles it; the first one's result counts for nothing. */
static void check_taken_over(struct suite *suite)
{
    uint32_t number = put_event(suite, NULL, "go");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, wait_for(suite, is_called, number));
    FAIL_UNLESS(suite, worker_start(suite, &suite->other, &(struct setup){.slots = 1}));
    suite->subject->take_lease(suite->queue, number);
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, wait_lost(suite, 1));
    open_gate();
    FAIL_UNLESS(suite, worker_end(&suite->worker) && worker_end(&suite->other));
    FAIL_UNLESS(suite, seen_of(number).calls == 2 && seen_of(number).verdicts[LEAT_ACK] == 1);
}

static const char *lacks_two(const struct conformance_subject *subject)
{
    return subject->shared ? lacks_taking(subject) : "two workers cannot share its queue";
}

const struct check loss_checks[] = {
    {.name = "killed at random moments it loses nothing",
     .lacks = lacks_lasting,
     .run = check_killed,
     .lease_ms = LEASE_MS},
    {.name = "what died with a worker comes again",
     .lacks = lacks_lasting,
     .run = check_killed_counts,
     .lease_ms = LEASE_MS},
    {.name = "a connection that was lost comes back, and nothing is lost",
     .lacks = lacks_connection,
     .run = check_reconnect,
     .lease_ms = LEASE_MS},
    {.name = NULL},
};

const struct check lease_checks[] = {
    {.name = "a handler that takes longer than three leases runs once",
     .lacks = lacks_leases,
     .run = check_extended,
     .lease_ms = LEASE_MS},
    {.name = "what was lost is counted and not settled",
     .lacks = lacks_taking,
     .run = check_lost,
     .lease_ms = LEASE_MS},
    {.name = "somebody else may settle it", .lacks = lacks_two, .run = check_taken_over, .lease_ms = LEASE_MS},
    {.name = NULL},
};
