/* SPDX-License-Identifier: Apache-2.0 */
/* From init to fini, also when one of them fails. */
#include "suite.h"

static bool is_closed(const struct suite *suite)
{
    return suite->worker.closes == 1 && suite->worker.finis == 1;
}

static void check_empty_life(struct suite *suite)
{
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, is_closed(suite));
}

static void check_restart(struct suite *suite)
{
    for (uint32_t i = 0; i < 4; i++) {
        put_event(suite, NULL, "o");
        FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 2}));
        FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
        FAIL_UNLESS(suite, worker_end(&suite->worker) && is_closed(suite));
    }
    FAIL_UNLESS(suite, noted->calls == 4);
}

static const char *lacks_init(const struct conformance_subject *subject)
{
    return subject->fail_init != NULL ? NULL : "its init cannot be made to fail";
}

static const char *lacks_start(const struct conformance_subject *subject)
{
    return subject->fail_start != NULL ? NULL : "its start cannot be made to fail";
}

static const char *lacks_lasting(const struct conformance_subject *subject)
{
    return subject->lasting ? NULL : "it does not outlive its worker";
}

/* It is told, and taken down as any other; the next one works. */
static void fails_and_works(struct suite *suite)
{
    put_event(suite, NULL, "o");
    FAIL_UNLESS(suite, !worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, !worker_join(&suite->worker));
    FAIL_UNLESS(suite, suite->worker.error[0] != '\0');
    FAIL_UNLESS(suite, is_closed(suite) && noted->calls == 0);
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 1}));
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker) && is_closed(suite));
}

static void check_init_fails(struct suite *suite)
{
    suite->subject->fail_init(suite->queue);
    fails_and_works(suite);
}

static void check_start_fails(struct suite *suite)
{
    suite->subject->fail_start(suite->queue);
    fails_and_works(suite);
}

const struct check life_checks[] = {
    {.name = "a life without events, closed twice", .run = check_empty_life},
    {.name = "one life behind another", .lacks = lacks_lasting, .run = check_restart},
    {.name = "an init that fails says why and is closed", .lacks = lacks_init, .run = check_init_fails},
    {.name = "a start that fails says why and is closed", .lacks = lacks_start, .run = check_start_fails},
    {.name = NULL},
};
