/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes run in order, and random schedules end well. */
#include "suite.h"

static const char *lacks_lanes(const struct conformance_subject *subject)
{
    if (subject->ops->caps.retry == LEAT_BY_CALLER)
        return "what fails does not come again: that is the caller's";
    return subject->lanes ? NULL : "it has no lanes";
}

enum { LANES = 6, IN_LANES = 90, SHOWN_MAX = 5 };

/* Mostly fine, sometimes retried, seldom rejected. */
static const char *random_script(struct suite *suite)
{
    static const char *const scripts[] = {"o", "o", "o", "o", "o", "o", "ro", "rro", "rrro", "x", "rx", "s"};
    return scripts[chance_of(suite, sizeof(scripts) / sizeof(scripts[0]))];
}

static void put_random(struct suite *suite, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char lane[LANE_MAX] = "";
        uint32_t which = chance_of(suite, LANES + 1);
        if (which < LANES && suite->subject->lanes)
            snprintf(lane, sizeof(lane), "lane%u", which);
        put_event(suite, lane, random_script(suite));
    }
}

/* In every lane each is done behind all before it; what succeeded in one batch with a failed one runs again. */
static bool lanes_hold(void)
{
    uint32_t broken = 0;
    conformance_lock();
    for (uint32_t i = 0; i < noted->count; i++) {
        const struct seen *later = &noted->events[i];
        for (uint32_t j = 0; j < i && later->lane[0] != '\0'; j++) {
            const struct seen *earlier = &noted->events[j];
            bool wrong = strcmp(earlier->lane, later->lane) == 0 && earlier->done_at > later->done_at;
            if (wrong && broken < SHOWN_MAX)
                printf("# ev%ux was done before ev%ux of %s\n", i, j, later->lane);
            broken += wrong ? 1 : 0;
        }
    }
    conformance_unlock();
    return broken == 0;
}

/* What was given back unstarted was not counted: no more deliveries than calls. */
static bool counts_hold(const struct suite *suite)
{
    bool good = true;
    for (uint32_t i = 0; i < noted->count && suite->subject->deliveries != NULL; i++)
        good = good && suite->subject->deliveries(suite->queue, i) <= seen_of(i).calls;
    return good;
}

static void run_in_lanes(struct suite *suite, const struct setup *setup)
{
    noted->slow_ms = 3;
    put_random(suite, IN_LANES);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, lanes_hold() && counts_hold(suite));
}

static void check_lanes(struct suite *suite)
{
    run_in_lanes(suite, &(struct setup){.slots = 4});
}

static void check_lanes_in_batches(struct suite *suite)
{
    run_in_lanes(suite, &(struct setup){.slots = 4, .batches = true, .source = {.batch = 5, .window_ms = 5}});
}

/* One that is retried for long, and all behind it: only its own lane waits. */
static void check_one_lane_waits(struct suite *suite)
{
    uint32_t first = put_event(suite, "slow", "rrrro");
    uint32_t second = put_event(suite, "slow", "o"), other = put_event(suite, "other", "o");
    const struct setup setup = {.slots = 4, .source = {.backoff_base_ms = 40, .backoff_max_ms = 40}};
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(first).calls == 5 && seen_of(second).calls == 1 && seen_of(other).calls == 1);
    FAIL_UNLESS(suite, lanes_hold() && seen_of(other).done_at < seen_of(second).done_at);
}

/* --- everything at once ------------------------------------------------------------------------------- */

static const char *lacks_retries(const struct conformance_subject *subject)
{
    return subject->ops->caps.retry == LEAT_BY_CALLER ? "what fails does not come again: that is the caller's" : NULL;
}

/* Whatever of these it can be made to suffer, while it works. */
static void trouble(struct suite *suite)
{
    const struct conformance_subject *subject = suite->subject;
    switch (chance_of(suite, 3)) {
    case 0:
        if (subject->fail_settle != NULL)
            subject->fail_settle(suite->queue, chance_of(suite, noted->count), 1 + chance_of(suite, 3));
        break;
    case 1:
        if (subject->disconnect != NULL) {
            subject->disconnect(suite->queue);
            (void)stays(suite, is_called, 0, (int64_t)chance_of(suite, 15));
            subject->reconnect(suite->queue);
        }
        break;
    default:
        conformance_lock();
        noted->failing_letters += chance_of(suite, 2);
        conformance_unlock();
    }
}

static void check_trouble(struct suite *suite)
{
    noted->slow_ms = 3;
    put_random(suite, 20);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 4}));
    for (uint32_t i = 0; i < 10; i++) {
        put_random(suite, 6);
        trouble(suite);
        FAIL_UNLESS(suite, wait_for(suite, calls_reach, 10 + 6 * i));
    }
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, suite->worker.last.in_flight == 0);
}

/* --- two workers -------------------------------------------------------------------------------------- */

static const char *lacks_sharing(const struct conformance_subject *subject)
{
    return subject->shared ? NULL : "two workers cannot share its queue";
}

static void check_two(struct suite *suite)
{
    noted->slow_ms = 3;
    put_random(suite, IN_LANES);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, worker_start(suite, &suite->other, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker) && worker_end(&suite->other));
    for (uint32_t i = 0; i < noted->count; i++)
        FAIL_UNLESS(suite, seen_of(i).ok + seen_of(i).rejected == 1);
    FAIL_UNLESS(suite, !suite->subject->ops->caps.ordered || lanes_hold());
}

const struct check order_checks[] = {
    {.name = "a lane is done in the order of the queue", .lacks = lacks_lanes, .run = check_lanes},
    {.name = "the same in batches", .lacks = lacks_lanes, .run = check_lanes_in_batches},
    {.name = "behind a retry only its own lane waits", .lacks = lacks_lanes, .run = check_one_lane_waits},
    {.name = "all is done in the end, whatever troubles it",
     .lacks = lacks_retries,
     .run = check_trouble,
     .lease_ms = 150},
    {.name = "two workers share a queue", .lacks = lacks_sharing, .run = check_two},
    {.name = NULL},
};
