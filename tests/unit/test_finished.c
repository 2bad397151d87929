/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/finished.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdio.h>

static struct leat_finished *finished;
static const int sqs = 1, spool = 2; /* scopes are addresses */

static void setup(void)
{
    finished = leat_finished_new(4);
    cr_assert_not_null(finished);
}

static void teardown(void)
{
    leat_finished_free(finished);
}

TestSuite(finished, .init = setup, .fini = teardown);

static bool note(const char *name, uint32_t index, uint32_t count, const char *reason)
{
    const struct leat_finished_reject how = {.reason = leat_str_c(reason), .handler = "orders", .duration_us = index};
    return leat_finished_note(finished, &sqs, leat_str_c(name), index, count, reason != NULL ? &how : NULL);
}

static void expect_done(const char *name, uint32_t index, uint32_t count, const char *reason)
{
    struct leat_finished_reject got;
    cr_expect(leat_finished_is(finished, &sqs, leat_str_c(name), index, count, &got), "%s %u", name, index);
    cr_expect(leat_str_eq(got.reason, leat_str_c(reason)), "%s %u: %.*s", name, index, LEAT_ARG(got.reason));
    cr_expect_eq(got.handler != NULL, reason != NULL, "%s %u", name, index);
    cr_expect_eq(got.duration_us, reason != NULL ? index : 0, "%s %u", name, index);
}

static void expect_open(const char *name, uint32_t index, uint32_t count)
{
    struct leat_finished_reject got = {.reason = LEAT_STR("untouched"), .handler = "untouched"};
    cr_expect_not(leat_finished_is(finished, &sqs, leat_str_c(name), index, count, &got), "%s %u", name, index);
    cr_expect_null(got.reason.ptr);
    cr_expect_null(got.handler);
}

Test(finished, only_what_was_noted_is_done)
{
    cr_expect(leat_finished_is_empty(finished));
    expect_open("a", 0, 3);
    cr_expect(note("a", 1, 3, NULL));
    cr_expect_not(leat_finished_is_empty(finished));
    cr_expect(note("a", 2, 3, "no such order"));
    expect_open("a", 0, 3);
    expect_done("a", 1, 3, NULL);
    expect_done("a", 2, 3, "no such order");
    expect_open("b", 1, 3);
    struct leat_finished_reject how;
    cr_expect_not(leat_finished_is(finished, &spool, LEAT_STR("a"), 1, 3, &how), "another source");
}

Test(finished, an_empty_reason_is_one)
{
    cr_expect(note("a", 0, 2, ""));
    expect_done("a", 0, 2, "");
}

/* It is no ok: its dead letter is still to come. */
Test(finished, a_reject_without_a_reason_is_one)
{
    const struct leat_finished_reject silent = {.reason = LEAT_ABSENT};
    cr_expect(leat_finished_note(finished, &sqs, LEAT_STR("a"), 0, 2, &silent));
    struct leat_finished_reject got;
    cr_expect(leat_finished_is(finished, &sqs, LEAT_STR("a"), 0, 2, &got));
    cr_expect_not_null(got.reason.ptr);
}

Test(finished, what_was_noted_first_stands)
{
    cr_expect(note("a", 0, 2, "first") && note("a", 0, 2, "second") && note("a", 0, 2, NULL));
    expect_done("a", 0, 2, "first");
    cr_expect(note("a", 1, 2, NULL) && note("a", 1, 2, "late"));
    expect_done("a", 1, 2, NULL);
}

Test(finished, names_are_bytes)
{
    const struct leat_finished_reject how = {.reason = LEAT_STR("\0x")};
    struct leat_finished_reject got;
    cr_expect(leat_finished_note(finished, &sqs, leat_str_of("a\0b", 3), 0, 1, &how));
    expect_open("a", 0, 1);
    cr_expect(leat_finished_is(finished, &sqs, leat_str_of("a\0b", 3), 0, 1, &got));
    cr_expect(leat_str_eq(got.reason, LEAT_STR("\0x")));
    cr_expect(note("", 0, 1, NULL));
    expect_done("", 0, 1, NULL);
    cr_expect_not(leat_finished_is(finished, &sqs, LEAT_ABSENT, 0, 1, &got), "no name is no empty one");
    cr_expect(leat_finished_note(finished, &sqs, LEAT_ABSENT, 0, 1, NULL));
    cr_expect(leat_finished_is(finished, &sqs, LEAT_ABSENT, 0, 1, &got));
}

Test(finished, another_count_is_another_unit)
{
    cr_expect(note("a", 0, 3, "old"));
    expect_open("a", 0, 4);
    expect_done("a", 0, 3, "old");
    cr_expect(note("a", 1, 4, NULL));
    expect_open("a", 0, 4);
    expect_done("a", 1, 4, NULL);
    expect_open("a", 0, 3);
}

Test(finished, beyond_the_count_is_nothing)
{
    cr_expect_not(note("a", 3, 3, NULL));
    cr_expect_not(note("a", 0, 0, NULL));
    cr_expect(note("a", 2, 3, NULL));
    expect_open("a", 3, 3);
    expect_open("a", UINT32_MAX, 3);
}

Test(finished, the_oldest_goes_first)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 4; i++)
        cr_expect(note(names[i], 0, 2, "why"));
    cr_expect(note("a", 1, 2, NULL)); /* makes it no younger */
    cr_expect(note("e", 0, 2, NULL));
    expect_open("a", 0, 2);
    expect_open("a", 1, 2);
    for (int i = 1; i < 4; i++)
        expect_done(names[i], 0, 2, "why");
    leat_finished_forget(finished, &sqs, LEAT_STR("c"));
    leat_finished_forget(finished, &sqs, LEAT_STR("c"));
    expect_open("c", 0, 2);
    cr_expect(note("a", 0, 2, NULL), "there is room");
    expect_done("b", 0, 2, "why");
}

Test(finished, at_least_one_is_kept)
{
    leat_finished_free(finished);
    finished = leat_finished_new(0);
    cr_assert_not_null(finished);
    cr_expect(note("a", 0, 1, NULL));
    expect_done("a", 0, 1, NULL);
    cr_expect(note("b", 0, 1, NULL));
    expect_open("a", 0, 1);
}

/* A search for each reason through all of them would take minutes. */
Test(finished, a_unit_may_have_very_many_events, .timeout = 30)
{
    enum { COUNT = 200000 };
    char reason[32];
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(reason, sizeof(reason), "line %u", i);
        cr_assert(note("large", i, COUNT, i % 3 == 0 ? NULL : reason));
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(reason, sizeof(reason), "line %u", i);
        expect_done("large", i, COUNT, i % 3 == 0 ? NULL : reason);
    }
}

Test(finished, reasons_come_in_any_order)
{
    static const uint32_t order[] = {5, 64, 0, 63, 99, 1, 65, 50};
    char reason[16];
    for (size_t i = 0; i < 8; i++) {
        snprintf(reason, sizeof(reason), "%u", order[i]);
        cr_expect(note("a", order[i], 100, reason));
    }
    for (size_t i = 0; i < 8; i++) {
        snprintf(reason, sizeof(reason), "%u", order[i]);
        expect_done("a", order[i], 100, reason);
    }
    expect_open("a", 51, 100);
}

/* Each allocation of a note fails once: that event is forgotten, all else stays. */
Test(finished, without_memory_one_event_is_forgotten)
{
    for (uint64_t nth = 1; nth <= 3; nth++) {
        teardown();
        setup();
        for (int i = 0; i < 4; i++)
            cr_assert(note((const char *[]){"a", "b", "c", "d"}[i], 0, 9, "why"));
        leat_alloc_fail_at(nth, false);
        cr_expect_not(note("new", 0, 9, "why"), "allocation %llu", (unsigned long long)nth);
        leat_alloc_fail_at(nth, false);
        cr_expect_not(note("d", 1, 10, "why"), "another count, allocation %llu", (unsigned long long)nth);
        leat_alloc_fail_at(0, false);
        expect_open("new", 0, 9);
        for (int i = 0; i < 4; i++)
            expect_done((const char *[]){"a", "b", "c", "d"}[i], 0, 9, "why");
    }
    leat_alloc_fail_at(1, false);
    cr_expect_not(note("a", 1, 9, "why"));
    leat_alloc_fail_at(1, false);
    cr_expect(note("a", 2, 9, NULL), "ok needs no memory where the unit is known");
    leat_alloc_fail_at(1, false);
    cr_expect_null(leat_finished_new(4));
    leat_alloc_fail_at(0, false);
    expect_open("a", 1, 9);
    expect_done("a", 2, 9, NULL);
}
