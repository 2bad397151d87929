/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/breaker.h>

#include <criterion/criterion.h>

static struct leat_breaker breaker;

static void setup(void)
{
    breaker = (struct leat_breaker){.failures = 3, .pause_us = 100};
}

TestSuite(breaker, .init = setup);

static uint32_t start(int64_t now_us)
{
    cr_expect(leat_breaker_allows(&breaker, now_us), "at %lld", (long long)now_us);
    return leat_breaker_started(&breaker);
}

static bool run(bool success, int64_t now_us)
{
    return leat_breaker_ended(&breaker, start(now_us), success, now_us);
}

static void open_at(int64_t now_us)
{
    cr_expect_not(run(false, now_us));
    cr_expect_not(run(false, now_us));
    cr_expect(run(false, now_us));
    cr_expect_eq(breaker.state, LEAT_BREAKER_OPEN);
}

Test(breaker, so_many_failures_in_a_row_open_it)
{
    run(false, 0);
    run(false, 0);
    run(true, 0); /* ends the row */
    open_at(10);
    cr_expect_not(leat_breaker_allows(&breaker, 10));
    cr_expect_not(leat_breaker_allows(&breaker, 109));
    cr_expect_eq(breaker.state, LEAT_BREAKER_OPEN);
    cr_expect(leat_breaker_allows(&breaker, 110));
    cr_expect_eq(breaker.state, LEAT_BREAKER_TRYING);
}

Test(breaker, without_a_number_it_never_opens)
{
    breaker.failures = 0;
    for (int i = 0; i < 1000; i++)
        cr_expect_not(run(false, i));
    cr_expect_eq(breaker.state, LEAT_BREAKER_CLOSED);
}

Test(breaker, one_failure_may_be_enough)
{
    breaker.failures = 1;
    cr_expect(run(false, 0));
    cr_expect_eq(breaker.state, LEAT_BREAKER_OPEN);
}

Test(breaker, one_run_is_tried)
{
    open_at(0);
    cr_expect(leat_breaker_allows(&breaker, 100));
    cr_expect(leat_breaker_allows(&breaker, 100), "until it has started");
    uint32_t tried = start(100);
    cr_expect_not(leat_breaker_allows(&breaker, 100));
    cr_expect_not(leat_breaker_allows(&breaker, INT64_MAX), "however long it takes");
    cr_expect_not(leat_breaker_ended(&breaker, tried, true, 500));
    cr_expect_eq(breaker.state, LEAT_BREAKER_CLOSED);
    open_at(500); /* the row began anew, and so does the pause */
    cr_expect_eq(breaker.until_us, 600);
}

Test(breaker, its_pause_doubles_up_to_16_times)
{
    static const int64_t pauses[] = {100, 200, 400, 800, 1600, 1600, 1600};
    int64_t now_us = 0;
    open_at(now_us);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        cr_expect_not(leat_breaker_allows(&breaker, now_us + pauses[i] - 1), "pause %zu", i);
        now_us += pauses[i];
        cr_expect(run(false, now_us), "pause %zu", i);
    }
}

Test(breaker, a_pause_without_end_overflows_nothing)
{
    breaker.pause_us = INT64_MAX / 4;
    open_at(1000);
    cr_expect(run(false, INT64_MAX / 2));
    cr_expect_eq(breaker.until_us, INT64_MAX - 2);
    cr_expect(run(false, INT64_MAX - 2));
    cr_expect_eq(breaker.until_us, INT64_MAX);
    breaker = (struct leat_breaker){.failures = 1, .pause_us = -5};
    cr_expect(run(false, 7) && leat_breaker_allows(&breaker, 7));
}

Test(breaker, what_was_under_way_when_it_opened_changes_nothing)
{
    uint32_t late = start(0), later = start(0);
    open_at(0);
    cr_expect_not(leat_breaker_ended(&breaker, late, false, 50));
    cr_expect_not(leat_breaker_ended(&breaker, late, true, 50));
    cr_expect(breaker.state == LEAT_BREAKER_OPEN && breaker.until_us == 100);
    uint32_t tried = start(100);
    cr_expect_not(leat_breaker_ended(&breaker, late, false, 120), "a late failure is not the tried run's");
    leat_breaker_void(&breaker, late);
    cr_expect_not(leat_breaker_allows(&breaker, 120), "nor does its end make room for another");
    cr_expect_not(leat_breaker_ended(&breaker, later, true, 130));
    cr_expect_eq(breaker.state, LEAT_BREAKER_CLOSED, "but a late success says that all is well");
    cr_expect_not(leat_breaker_ended(&breaker, late, false, 140));
    cr_expect_eq(breaker.row, 0);
    cr_expect_not(leat_breaker_ended(&breaker, tried, false, 150));
    cr_expect_eq(breaker.row, 1, "the tried run counts as any other then");
}

Test(breaker, a_tried_run_that_says_nothing_makes_room_for_another)
{
    open_at(0);
    uint32_t tried = start(100);
    leat_breaker_void(&breaker, tried);
    cr_expect_eq(breaker.state, LEAT_BREAKER_TRYING);
    tried = start(100);
    cr_expect_not(leat_breaker_allows(&breaker, 100));
    cr_expect(leat_breaker_ended(&breaker, tried, false, 100));
    leat_breaker_void(&breaker, tried);
    cr_expect_not(leat_breaker_allows(&breaker, 299), "it is open again, twice as long");
    cr_expect(leat_breaker_allows(&breaker, 300));
}

/* The first of its events opens it; the others are late. */
Test(breaker, a_batch_opens_it_once)
{
    uint32_t batch = start(0);
    int opened = 0;
    for (int i = 0; i < 10; i++)
        opened += leat_breaker_ended(&breaker, batch, false, 0) ? 1 : 0;
    cr_expect_eq(opened, 1);
    batch = start(100);
    for (int i = 0; i < 10; i++)
        opened += leat_breaker_ended(&breaker, batch, false, 100) ? 1 : 0;
    cr_expect(opened == 2 && breaker.until_us == 300);
}
