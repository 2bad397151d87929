/* SPDX-License-Identifier: Apache-2.0 */
/* What is put reaches the handler, once and whole. */
#include "suite.h"

#include <leat/alloc.h>

enum { MANY = 40 };

static bool once_each(struct suite *suite, uint32_t from)
{
    bool good = true;
    (void)suite;
    for (uint32_t i = from; i < noted->count; i++) {
        struct seen seen = seen_of(i);
        good = good && seen.calls == 1 && !seen.changed;
    }
    return good;
}

static void deliver_many(struct suite *suite, const struct setup *setup)
{
    for (uint32_t i = 0; i < MANY; i++)
        put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, once_each(suite, 0));
    FAIL_UNLESS(suite, suite->worker.last.counters.events == MANY);
    FAIL_UNLESS(suite, suite->worker.last.counters.outcomes[LEAT_OUTCOME_OK] == MANY);
    FAIL_UNLESS(suite, suite->worker.last.in_flight == 0);
}

static void check_pool(struct suite *suite)
{
    deliver_many(suite, &(struct setup){.slots = 4});
}

static void check_inline(struct suite *suite)
{
    deliver_many(suite, &(struct setup){.here = true});
}

static const char *lacks_life(const struct conformance_subject *subject)
{
    return subject->lasting ? NULL : "it takes in only what was there before";
}

static void check_while_it_works(struct suite *suite)
{
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    for (uint32_t i = 0; i < MANY; i++) {
        put_event(suite, NULL, "o");
        if (i % 8 == 7)
            FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    }
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, once_each(suite, 0));
}

/* --- put ---------------------------------------------------------------------------------------------- */

static const char *lacks_put(const struct conformance_subject *subject)
{
    return subject->ops->put != NULL ? NULL : "nothing can be put there through its ops";
}

/* As `leat put` does: number 0 is noted as the suite's own, and goes in through the ops. */
static void check_put(struct suite *suite)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_error error = {0};
    const struct conformance_subject *subject = suite->subject;
    leat_str name = LEAT_ABSENT;
    leat_arena_init(&arena, 0);
    snprintf(noted->events[0].body, BODY_MAX, "{\"id\":\"ev0x\",\"lane\":\"\",\"do\":\"o\"}");
    noted->count = 1;
    const struct conformance_event event = {.id = "ev0x", .lane = "", .body = noted->events[0].body};
    leat_str payload = subject->wrap != NULL ? subject->wrap(&arena, &event) : leat_str_c(event.body);
    leat_status status = subject->ops->put(subject->options(suite->queue), payload, &arena, &name, &error);
    FAIL_UNLESS(suite, leat_is_ok(status));
    FAIL_UNLESS(suite, name.len > 0);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, wait_for(suite, is_called, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, once_each(suite, 0) && seen_of(0).verdicts[LEAT_ACK] == 1);
}

/* --- units that are no event -------------------------------------------------------------------------- */

static const char *lacks_empty(const struct conformance_subject *subject)
{
    return subject->empty ? NULL : "it has no units without events";
}

static void check_empty(struct suite *suite)
{
    for (uint32_t i = 0; i < 6; i++)
        put_form(suite, i % 2 == 0 ? CONFORMANCE_EMPTY : CONFORMANCE_WHOLE, i % 2 == 0 ? "-" : "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, noted->calls == 3);
}

static const char *lacks_broken(const struct conformance_subject *subject)
{
    return subject->broken ? NULL : "it has no broken records";
}

static void check_broken(struct suite *suite)
{
    uint32_t broken = put_form(suite, CONFORMANCE_BROKEN, "-x");
    uint32_t whole = put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(broken).calls == 0 && seen_of(broken).letters == 1);
    FAIL_UNLESS(suite, seen_of(whole).calls == 1 && seen_of(whole).letters == 0);
}

/* --- filters ------------------------------------------------------------------------------------------ */

static const char *lacks_filter(const struct conformance_subject *subject)
{
    return subject->filter != NULL ? NULL : "filters do not see the members of its bodies";
}

static void check_filter(struct suite *suite)
{
    for (uint32_t i = 0; i < 12; i++)
        put_event(suite, NULL, i % 3 == 0 ? "o" : "-");
    const struct setup setup = {.filter = suite->subject->filter};
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, noted->calls == 4);
    FAIL_UNLESS(suite, suite->worker.last.counters.units == 12 && suite->worker.last.counters.filtered == 8);
}

/* --- batches ------------------------------------------------------------------------------------------ */

static const char *lacks_batches(const struct conformance_subject *subject)
{
    return subject->ops->caps.settle == LEAT_SETTLE_WHOLE ? "its deliveries are batches of their own" : NULL;
}

enum { BATCH = 8, WINDOW_MS = 120 };

static uint32_t batches_of(uint32_t size)
{
    uint32_t count = 0;
    conformance_lock();
    for (uint32_t i = 0; i < noted->batch_count; i++)
        count += noted->batches[i].size == size ? 1 : 0;
    conformance_unlock();
    return count;
}

static void check_batches(struct suite *suite)
{
    const struct setup setup = {.slots = 2, .batches = true, .source = {.batch = BATCH, .window_ms = WINDOW_MS}};
    for (uint32_t i = 0; i < 3 * BATCH; i++)
        put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, once_each(suite, 0));
    FAIL_UNLESS(suite, batches_of(BATCH) == 3); /* out of deliveries that are smaller */

    int64_t put_ms = conformance_now_ms();
    for (uint32_t i = 0; i < 3; i++)
        put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, noted->batches[noted->batch_count - 1].at_ms - put_ms >= WINDOW_MS - 10);
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, batches_of(3) == 1 && once_each(suite, 0));
}

/* One of a batch fails, and only that one comes again. */
static void check_batch_in_part(struct suite *suite)
{
    const struct setup setup = {.slots = 1, .batches = true, .source = {.batch = BATCH}};
    for (uint32_t i = 0; i < 2 * BATCH; i++)
        put_event(suite, NULL, i % 5 == 0 ? "ro" : "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    for (uint32_t i = 0; i < 2 * BATCH; i++)
        FAIL_UNLESS(suite, seen_of(i).calls == (i % 5 == 0 ? 2 : 1));
}

const struct check delivery_checks[] = {
    {.name = "every event reaches the handler once, as it was put", .run = check_pool},
    {.name = "the same on the loop's own thread", .run = check_inline},
    {.name = "what comes while it works is taken too", .lacks = lacks_life, .run = check_while_it_works},
    {.name = "what its ops put comes out", .lacks = lacks_put, .run = check_put},
    {.name = "a unit without events is acknowledged", .lacks = lacks_empty, .run = check_empty},
    {.name = "a broken record is rejected by name, and nothing else", .lacks = lacks_broken, .run = check_broken},
    {.name = "what no filter lets pass is acknowledged unseen", .lacks = lacks_filter, .run = check_filter},
    {.name = "batches are gathered across deliveries, within a window", .lacks = lacks_batches, .run = check_batches},
    {.name = "of a batch only what failed comes again", .lacks = lacks_batches, .run = check_batch_in_part},
    {.name = NULL},
};
