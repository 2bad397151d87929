/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions and shards: one that stands still is held, one that is revoked is let go of. */
#include "suite.h"

static const char *lacks_domains(const struct conformance_subject *subject)
{
    return subject->ops->caps.domains && subject->domains > 1 ? NULL : "it has no domains";
}

static const char *lacks_revoking(const struct conformance_subject *subject)
{
    return subject->revoke != NULL ? lacks_domains(subject) : "no domain of it can be revoked";
}

/* --- hold --------------------------------------------------------------------------------------------- */

enum { BEHIND = 16, IN_FLIGHT = 4 * BEHIND, HELD_FROM = IN_FLIGHT / 2 };

static bool claims_reach(struct suite *suite, uint32_t count)
{
    return count_in(suite, CONFORMANCE_CLAIMED) >= count;
}

static bool claims_within(struct suite *suite, uint32_t most)
{
    return count_in(suite, CONFORMANCE_CLAIMED) <= most;
}

/* A lane of domain 0 stands still with much behind it, until it is held; domain 1 goes on all the same. What was held
 * goes on, too. */
static void check_hold(struct suite *suite)
{
    const struct setup setup = {.slots = 4, .source = {.max_in_flight = IN_FLIGHT}};
    for (uint32_t i = 0; i < 3 * BEHIND; i++)
        put_in_domain(suite, 0, "lane", i == 0 ? "g" : "o");
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &setup));
    FAIL_UNLESS(suite, wait_for(suite, is_called, 0));
    uint32_t others = noted->count;
    for (uint32_t i = 0; i < BEHIND; i++)
        put_in_domain(suite, 1, "", "o");
    FAIL_UNLESS(suite, wait_for(suite, all_acked, others));
    FAIL_UNLESS(suite, seen_of(1).calls == 0);
    FAIL_UNLESS(suite, wait_for(suite, claims_reach, HELD_FROM)); /* of domain 0, which is held then */
    FAIL_UNLESS(suite, stays(suite, claims_within, HELD_FROM + suite->subject->delivery - 1, 20));
    open_gate();
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, suite->worker.held[0] == 0 && suite->worker.held[1] == 0);
    FAIL_UNLESS(suite, noted->calls == noted->count);
    FAIL_UNLESS(suite, suite->worker.holds > 0);
}

/* --- revoked ------------------------------------------------------------------------------------------ */

static bool is_revoked(struct suite *suite, uint32_t count)
{
    return suite->worker.revoked >= count;
}

/* Two of domain 0 run, four wait behind them for a slot; others are somewhere else. */
static bool begin(struct suite *suite)
{
    for (uint32_t i = 0; i < 2; i++)
        put_in_domain(suite, 0, "", "go");
    for (uint32_t i = 0; i < 4; i++)
        put_in_domain(suite, 0, "", "o");
    bool up = worker_start(suite, &suite->worker, &(struct setup){.slots = 2});
    bool running = up && wait_for(suite, running_reach, 2);
    for (uint32_t i = 0; i < 3; i++)
        put_in_domain(suite, 1, "", "o");
    return running;
}

static void check_revoked(struct suite *suite)
{
    FAIL_UNLESS(suite, begin(suite));
    suite->subject->revoke(suite->queue, 0, WAIT_MS);
    FAIL_UNLESS(suite, stays(suite, running_reach, 2, 20));
    FAIL_UNLESS(suite, suite->worker.revoked == 0); /* what runs may end */
    open_gate();
    FAIL_UNLESS(suite, wait_for(suite, is_revoked, 1));
    FAIL_UNLESS(suite, is_acked(suite, 0) && is_acked(suite, 1)); /* and was settled */
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 6));            /* domain 1 */
    for (uint32_t i = 2; i < 6; i++)
        FAIL_UNLESS(suite, seen_of(i).calls == 0);
    suite->subject->assign(suite->queue, 0);
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, noted->calls == noted->count && suite->worker.revoked == 1);
}

/* At once: what runs is cancelled and settles nothing; it comes again when the domain does. */
static void check_taken(struct suite *suite)
{
    FAIL_UNLESS(suite, begin(suite));
    suite->subject->revoke(suite->queue, 0, 0);
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 6)); /* domain 1, in the slots of the cancelled */
    open_gate();
    FAIL_UNLESS(suite, wait_for(suite, is_revoked, 1));
    for (uint32_t i = 0; i < 6; i++)
        FAIL_UNLESS(suite, !is_acked(suite, i) && seen_of(i).verdicts[LEAT_ACK] == 0);
    suite->subject->assign(suite->queue, 0);
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
    FAIL_UNLESS(suite, seen_of(0).calls == 2 && seen_of(1).calls == 2);
    FAIL_UNLESS(suite, noted->calls == noted->count + 2);
}

/* The grace ends before the handler does. */
static void check_too_late(struct suite *suite)
{
    FAIL_UNLESS(suite, begin(suite));
    suite->subject->revoke(suite->queue, 0, 40);
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 6));
    open_gate();
    FAIL_UNLESS(suite, wait_for(suite, is_revoked, 1));
    for (uint32_t i = 0; i < 6; i++)
        FAIL_UNLESS(suite, !is_acked(suite, i));
    suite->subject->assign(suite->queue, 0);
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
}

/* Back and forth, at random, while it works. */
static void check_back_and_forth(struct suite *suite)
{
    noted->slow_ms = 3;
    FAIL_UNLESS(suite, worker_start(suite, &suite->worker, &(struct setup){.slots = 3}));
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t domain = chance_of(suite, suite->subject->domains), revoked = suite->worker.revoked;
        uint32_t first = put_in_domain(suite, domain, "", "o"); /* the domain has come to the worker */
        FAIL_UNLESS(suite, wait_for(suite, is_acked, first));
        for (uint32_t j = 0; j < 12; j++)
            put_in_domain(suite, chance_of(suite, suite->subject->domains), "", j % 5 == 0 ? "ro" : "s");
        FAIL_UNLESS(suite, wait_for(suite, is_called, first + 1 + chance_of(suite, 8)));
        suite->subject->revoke(suite->queue, domain, chance_of(suite, 2) == 0 ? 0 : 15);
        FAIL_UNLESS(suite, wait_for(suite, is_revoked, revoked + 1));
        suite->subject->assign(suite->queue, domain);
    }
    FAIL_UNLESS(suite, wait_for(suite, all_acked, 0));
    FAIL_UNLESS(suite, worker_end(&suite->worker));
}

const struct check domain_checks[] = {
    {.name = "a domain that stands still starves no other, and no hold is forgotten",
     .lacks = lacks_domains,
     .run = check_hold},
    {.name = "revoked in time: what runs is settled, nothing more starts",
     .lacks = lacks_revoking,
     .run = check_revoked},
    {.name = "taken at once: nothing of it is settled", .lacks = lacks_revoking, .run = check_taken},
    {.name = "revoked, and the handler is too late", .lacks = lacks_revoking, .run = check_too_late},
    {.name = "domains go back and forth, and nothing is lost", .lacks = lacks_revoking, .run = check_back_and_forth},
    {.name = NULL},
};
