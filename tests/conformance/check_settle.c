/* SPDX-License-Identifier: Apache-2.0 */
/* How units end: by their own outcome, with the dead letter first. */
#include "suite.h"

static bool is_by_caller(const struct conformance_subject *subject)
{
    return subject->ops->caps.retry == LEAT_BY_CALLER;
}

static const char *lacks_retries(const struct conformance_subject *subject)
{
    return is_by_caller(subject) ? "what fails does not come again: that is the caller's" : NULL;
}

static void check_each(struct suite *suite)
{
    uint32_t fine = put_event(suite, NULL, "o"), again = put_event(suite, NULL, "ro");
    uint32_t rejected = put_event(suite, NULL, "x"), last = put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 4}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(fine).calls == 1 && seen_of(last).calls == 1);
    FAIL_UNLESS(suite, seen_of(again).calls == 2 && seen_of(again).letters == 0);
    FAIL_UNLESS(suite, seen_of(rejected).calls == 1 && seen_of(rejected).letters == 1);
    FAIL_UNLESS(suite, suite->worker.last.counters.dead == 1);
}

/* What a caller is told, and no more than that. */
static void check_told(struct suite *suite)
{
    uint32_t fine = put_event(suite, NULL, "o"), again = put_event(suite, NULL, "r");
    uint32_t rejected = put_event(suite, NULL, "x");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 4, .no_sink = true}));
    FAIL_UNLESS(suite, wait_for(suite, all_settled, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(fine).verdicts[LEAT_ACK] == 1 && seen_of(again).verdicts[LEAT_RETRY] == 1 &&
                           seen_of(rejected).verdicts[LEAT_FAIL] == 1);
    FAIL_UNLESS(suite, noted->calls == 3);
}

static const char *lacks_caller(const struct conformance_subject *subject)
{
    return is_by_caller(subject) ? NULL : "it has no caller";
}

static const char *lacks_fail(const struct conformance_subject *subject)
{
    return subject->ops->caps.settle == LEAT_SETTLE_EACH ? NULL : "its settlement cannot put a unit aside";
}

static void check_no_sink(struct suite *suite)
{
    uint32_t rejected = put_event(suite, NULL, "x"), fine = put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2, .no_sink = true}));
    FAIL_UNLESS(suite, wait_for(suite, all_settled, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, suite->subject->place(suite->queue, rejected) == CONFORMANCE_FAILED);
    FAIL_UNLESS(suite, seen_of(rejected).verdicts[LEAT_FAIL] == 1 && is_acked(suite, fine));
}

static const char *lacks_log(const struct conformance_subject *subject)
{
    return subject->ops->caps.settle == LEAT_SETTLE_LOG ? NULL : "it is no log: one that is rejected stops no other";
}

/* Neither passed over nor in the way without a word: it ends, and goes on there with a sink. */
static void check_log_without_sink(struct suite *suite)
{
    uint32_t before = put_in_domain(suite, 0, "", "o"), rejected = put_in_domain(suite, 0, "", "x");
    uint32_t behind = put_in_domain(suite, 0, "", "o");
    (void)worker_start(suite, &suite->worker, &(struct setup){.slots = 1, .no_sink = true});
    FAIL_UNLESS(suite, !worker_join(&suite->worker));
    FAIL_UNLESS(suite, strstr(suite->worker.error, "partition 0 was rejected") != NULL);
    FAIL_UNLESS(suite, !is_acked(suite, rejected) && !is_acked(suite, behind));
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(before).calls == 1 && seen_of(rejected).letters == 1);
}

/* --- the sink ----------------------------------------------------------------------------------------- */

static bool letter_waits(struct suite *suite, uint32_t count)
{
    (void)suite;
    return noted->letters_pending >= count;
}

static bool is_unsettled(struct suite *suite, uint32_t number)
{
    enum conformance_place place = suite->subject->place(suite->queue, number);
    return place != CONFORMANCE_ACKED && place != CONFORMANCE_FAILED;
}

static void let_letters_go(void)
{
    conformance_lock();
    noted->letters_wait = false;
    conformance_unlock();
}

static void check_slow_sink(struct suite *suite)
{
    noted->letters_wait = true;
    uint32_t rejected = put_event(suite, NULL, "x");
    uint32_t fine = put_in_domain(suite, suite->subject->domains > 0 ? 1 : 0, "", "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, letter_waits, 1));
    FAIL_UNLESS(suite, suite->subject->ops->caps.settle == LEAT_SETTLE_WHOLE || wait_for(suite, is_acked, fine));
    FAIL_UNLESS(suite, stays(suite, is_unsettled, rejected, 30));
    let_letters_go();
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(rejected).calls == 1 && seen_of(rejected).letters == 1);
}

static void check_failing_sink(struct suite *suite)
{
    noted->failing_letters = 2;
    uint32_t rejected = put_event(suite, NULL, "x");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(rejected).letters == 1);
    FAIL_UNLESS(suite, seen_of(rejected).verdicts[LEAT_ACK] == 1 && seen_of(rejected).calls == 3);
}

/* --- attempts ----------------------------------------------------------------------------------------- */

/* Somebody must count: the source over all deliveries, or the engine in place. */
static const char *lacks_attempts(const struct conformance_subject *subject)
{
    const struct leat_source_caps *caps = &subject->ops->caps;
    if (is_by_caller(subject))
        return lacks_retries(subject);
    return caps->counts || caps->retry == LEAT_BY_ENGINE ? NULL : "nobody counts its attempts";
}

static void check_attempts(struct suite *suite)
{
    uint32_t stubborn = put_event(suite, NULL, "rrro"), fine = put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    struct seen seen = seen_of(stubborn);
    FAIL_UNLESS(suite, seen.calls == 4 && seen_of(fine).calls == 1);
    FAIL_UNLESS(suite, seen.first_attempt == 1 && seen.last_attempt == 4 && !seen.attempts_stand);
    if (suite->subject->ops->caps.retry == LEAT_BY_SOURCE)
        FAIL_UNLESS(suite, suite->worker.last.counters.redelivered == 3 && seen.verdicts[LEAT_RETRY] == 3);
    else
        FAIL_UNLESS(suite, suite->worker.last.counters.retried == 3 && seen.verdicts[LEAT_ACK] == 1);
}

static void check_max_attempts(struct suite *suite)
{
    uint32_t hopeless = put_event(suite, NULL, "r"), late = put_event(suite, NULL, "rro");
    const struct setup setup = {.slots = 2, .source = {.max_attempts = 3}};
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(hopeless).calls == 3 && seen_of(hopeless).letters == 1);
    FAIL_UNLESS(suite, seen_of(late).calls == 3 && seen_of(late).letters == 0);
}

static const char *lacks_age(const struct conformance_subject *subject)
{
    return is_by_caller(subject) ? lacks_retries(subject)
           : subject->dated      ? NULL
                                 : "its units do not say since when they wait";
}

static void check_max_age(struct suite *suite)
{
    int64_t put_ms = conformance_now_ms();
    uint32_t hopeless = put_event(suite, NULL, "r");
    const struct setup setup = {.slots = 2, .source = {.max_age_ms = 150}};
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, conformance_now_ms() - put_ms >= 140);
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(hopeless).calls >= 2 && seen_of(hopeless).letters == 1);
}

/* --- settlements that fail ---------------------------------------------------------------------------- */

static const char *lacks_failures(const struct conformance_subject *subject)
{
    return subject->fail_settle != NULL ? NULL : "its settlements cannot be made to fail";
}

/* Every third fails twice: tried again, and nothing runs again for it. */
static void check_settle_fails(struct suite *suite)
{
    for (uint32_t i = 0; i < 18; i++)
        put_event(suite, NULL, "o");
    for (uint32_t i = 0; i < 18; i += 3)
        suite->subject->fail_settle(suite->queue, i, 2);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, noted->calls == 18);
    if (suite->subject->ops->caps.settle != LEAT_SETTLE_LOG)
        FAIL_UNLESS(suite, suite->worker.last.counters.settle_failures == 12);
}

static const char *lacks_giving_up(const struct conformance_subject *subject)
{
    if (subject->ops->caps.settle == LEAT_SETTLE_LOG)
        return "a log tries its commits again itself";
    if (!subject->ops->caps.leases)
        return "nothing brings again what could not be settled: it has no leases";
    return lacks_failures(subject);
}

static void check_settle_gives_up(struct suite *suite)
{
    uint32_t number = put_event(suite, NULL, "o");
    suite->subject->fail_settle(suite->queue, number, LEAT_SETTLE_TRIES);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(number).calls == 2);
    FAIL_UNLESS(suite, seen_of(number).verdicts[LEAT_ACK] == LEAT_SETTLE_TRIES + 1);
}

const struct check settle_checks[] = {
    {.name = "each unit ends by its own outcome", .lacks = lacks_retries, .run = check_each},
    {.name = "the caller is told how each unit ended", .lacks = lacks_caller, .run = check_told},
    {.name = "a reject that no sink keeps is put aside", .lacks = lacks_fail, .run = check_no_sink},
    {.name = "a reject that no sink keeps ends a log", .lacks = lacks_log, .run = check_log_without_sink},
    {.name = "nothing is acknowledged before its dead letter is durable", .run = check_slow_sink},
    {.name = "a dead letter that fails makes a retry", .lacks = lacks_retries, .run = check_failing_sink},
    {.name = "attempts are counted", .lacks = lacks_attempts, .run = check_attempts},
    {.name = "beyond max_attempts it is a dead letter", .lacks = lacks_attempts, .run = check_max_attempts},
    {.name = "beyond max_age it is a dead letter", .lacks = lacks_age, .run = check_max_age},
    {.name = "settlements that fail are made again", .lacks = lacks_failures, .run = check_settle_fails},
    {.name = "what could not be settled comes again",
     .lacks = lacks_giving_up,
     .run = check_settle_gives_up,
     .lease_ms = 100},
    {.name = NULL},
};
