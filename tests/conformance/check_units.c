/* SPDX-License-Identifier: Apache-2.0 */
/* Units of several events: they end together, and what is done stays done. */
#include "suite.h"

#include <string.h>

enum { COUNT = 5 };

static const char *lacks_units(const struct conformance_subject *subject)
{
    if (subject->put_together == NULL)
        return "a unit of it has one event";
    return subject->ops->caps.retry == LEAT_BY_CALLER ? "what fails does not come again: that is the caller's" : NULL;
}

static const char *lacks_lanes(const struct conformance_subject *subject)
{
    return subject->lanes ? lacks_units(subject) : "it has no lanes";
}

/* Each as often as its script is long: nothing that was done is done again. */
static bool each_its_own(const char *const *scripts, uint32_t first)
{
    bool good = true;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct seen seen = seen_of(first + i);
        bool rejected = strchr(scripts[i], 'x') != NULL;
        good = good && seen.calls == strlen(scripts[i]) && seen.verdicts[LEAT_ACK] == 1 &&
               seen.letters == (rejected ? 1 : 0);
    }
    return good;
}

/* In their order, none before all that stand before it. */
static bool in_order(uint32_t first)
{
    bool good = true;
    for (uint32_t i = 1; i < COUNT; i++)
        good = good && seen_of(first + i - 1).done_at < seen_of(first + i).done_at;
    return good;
}

static void run_unit(struct suite *suite, const char *const *lanes, const char *const *scripts,
                     const struct setup *setup)
{
    uint32_t first = put_unit(suite, lanes, scripts, COUNT), other = put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, each_its_own(scripts, first) && seen_of(other).calls == 1);
    FAIL_UNLESS(suite, suite->worker.last.in_flight == 0);
}

static const char *const no_lanes[COUNT] = {"", "", "", "", ""};
static const char *const scripts[COUNT] = {"o", "ro", "x", "rrx", "o"};

/* Nothing orders it, so it goes back to the queue, if that takes retries. */
static void run_loose(struct suite *suite, const struct setup *setup)
{
    run_unit(suite, no_lanes, scripts, setup);
    if (suite->failure[0] != '\0')
        return;
    if (suite->subject->ops->caps.retry == LEAT_BY_SOURCE)
        FAIL_UNLESS(suite, seen_of(0).verdicts[LEAT_RETRY] == 2 && suite->worker.last.counters.retried == 0);
    else
        FAIL_UNLESS(suite, suite->worker.last.counters.retried == 2);
    FAIL_UNLESS(suite, seen_of(1).last_attempt == 2 && seen_of(3).last_attempt == 3);
}

static void check_loose(struct suite *suite)
{
    run_loose(suite, &(struct setup){.slots = 4});
}

static void check_batches(struct suite *suite)
{
    run_loose(suite, &(struct setup){.slots = 2, .batches = true, .source = {.batch = COUNT}});
}

/* They share a key, so another of that key could overtake it in the queue: in place, unless the queue is ordered. */
static void check_lane(struct suite *suite)
{
    static const char *const lanes[COUNT] = {"lane", "lane", "lane", "lane", "lane"};
    run_unit(suite, lanes, scripts, &(struct setup){.slots = 4});
    if (suite->failure[0] != '\0')
        return;
    FAIL_UNLESS(suite, in_order(0));
    if (!suite->subject->ops->caps.ordered)
        FAIL_UNLESS(suite, suite->worker.last.counters.retried == 3 && seen_of(0).verdicts[LEAT_RETRY] == 0);
}

/* No lane is theirs, but each has its own key: none runs behind one that failed. */
static void check_keys(struct suite *suite)
{
    static const char *const lanes[COUNT] = {"one", "two", "three", "two", "one"};
    run_unit(suite, lanes, scripts, &(struct setup){.slots = 4});
    if (suite->failure[0] != '\0')
        return;
    FAIL_UNLESS(suite, in_order(0));
    if (suite->subject->ops->caps.retry == LEAT_BY_SOURCE)
        FAIL_UNLESS(suite, suite->worker.last.counters.retried == 0 && seen_of(0).verdicts[LEAT_RETRY] == 3);
}

/* One that is always retried ends the unit at max_attempts; the others have ended long before. */
static void check_max_attempts(struct suite *suite)
{
    static const char *const hopeless[COUNT] = {"o", "rrrr", "o", "ro", "x"};
    const struct setup setup = {.slots = 2, .source = {.max_attempts = 4}};
    uint32_t first = put_unit(suite, no_lanes, hopeless, COUNT);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    for (uint32_t i = 0; i < COUNT; i++) {
        FAIL_UNLESS(suite, seen_of(first + i).calls == strlen(hopeless[i]));
        FAIL_UNLESS(suite, seen_of(first + i).letters == (i == 1 || i == 4 ? 1 : 0));
    }
}

const struct check unit_checks[] = {
    {.name = "of several events only the unfinished ones run again", .lacks = lacks_units, .run = check_loose},
    {.name = "of several events in a batch too", .lacks = lacks_units, .run = check_batches},
    {.name = "of several events in a lane too, in order", .lacks = lacks_lanes, .run = check_lane},
    {.name = "of several events with a key each too, in order", .lacks = lacks_lanes, .run = check_keys},
    {.name = "one of several that never succeeds is a dead letter alone",
     .lacks = lacks_units,
     .run = check_max_attempts},
    {.name = NULL},
};
