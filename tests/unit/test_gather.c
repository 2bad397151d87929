/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/gather.h>

#include <criterion/criterion.h>

TestSuite(gather);

Test(gather, nothing_is_never_complete)
{
    struct leat_gather gather = {.size = 1};
    cr_expect_not(leat_gather_complete(&gather, INT64_MAX));
    cr_expect_eq(leat_gather_due_us(&gather), INT64_MAX);
    leat_gather_add(&gather, 10, 5);
    leat_gather_take(&gather, 10, 7);
    cr_expect_not(leat_gather_complete(&gather, INT64_MAX));
    cr_expect_eq(leat_gather_due_us(&gather), INT64_MAX);
    cr_expect(gather.count == 0 && gather.bytes == 0);
}

Test(gather, without_a_window_whoever_is_there_goes_at_once)
{
    struct leat_gather gather = {.size = 10};
    leat_gather_add(&gather, 1, 100);
    cr_expect(leat_gather_complete(&gather, 100));
    cr_expect(leat_gather_complete(&gather, 99), "even if the clock was another's");
    cr_expect_eq(leat_gather_due_us(&gather), 100);
}

Test(gather, a_window_begins_with_the_first)
{
    struct leat_gather gather = {.size = 10, .window_us = 50};
    leat_gather_add(&gather, 1, 100);
    leat_gather_add(&gather, 1, 140);
    cr_expect_eq(leat_gather_due_us(&gather), 150);
    cr_expect_not(leat_gather_complete(&gather, 149));
    cr_expect(leat_gather_complete(&gather, 150));
    leat_gather_take(&gather, 1, 140);
    cr_expect_eq(leat_gather_due_us(&gather), 190, "the second came at 140");
    leat_gather_take(&gather, 1, 150);
    leat_gather_add(&gather, 1, 500);
    cr_expect_eq(leat_gather_due_us(&gather), 550);
}

Test(gather, so_many_are_enough)
{
    struct leat_gather gather = {.size = 3, .window_us = 1000};
    leat_gather_add(&gather, 1, 0);
    leat_gather_add(&gather, 1, 1);
    cr_expect_not(leat_gather_complete(&gather, 1));
    leat_gather_add(&gather, 1, 2);
    cr_expect(leat_gather_complete(&gather, 2));
    cr_expect_leq(leat_gather_due_us(&gather), 2);
    leat_gather_take(&gather, 1, 1);
    cr_expect_not(leat_gather_complete(&gather, 2), "one was given back");
}

Test(gather, six_megabytes_are_enough)
{
    struct leat_gather gather = {.size = 10000, .window_us = 1000};
    leat_gather_add(&gather, LEAT_GATHER_BYTES - 1, 0);
    cr_expect_not(leat_gather_complete(&gather, 0));
    leat_gather_add(&gather, 1, 0);
    cr_expect(leat_gather_complete(&gather, 0));
    gather.bytes_max = LEAT_GATHER_BYTES + 1;
    cr_expect_not(leat_gather_complete(&gather, 0));
}

Test(gather, a_size_of_0_is_1)
{
    struct leat_gather gather = {.window_us = 1000};
    leat_gather_add(&gather, 1, 0);
    cr_expect(leat_gather_complete(&gather, 0));
    cr_expect_not(leat_gather_fits(&gather, 1, 1, 1));
}

Test(gather, the_first_always_fits)
{
    static const struct leat_gather gather = {.size = 3, .bytes_max = 100};
    cr_expect(leat_gather_fits(&gather, 0, 0, SIZE_MAX));
    cr_expect(leat_gather_fits(&gather, 1, 60, 40));
    cr_expect_not(leat_gather_fits(&gather, 1, 60, 41));
    cr_expect_not(leat_gather_fits(&gather, 1, 60, SIZE_MAX), "no overflow");
    cr_expect_not(leat_gather_fits(&gather, 1, SIZE_MAX, 1), "no overflow");
    cr_expect_not(leat_gather_fits(&gather, 1, 101, 0), "behind one that is too large alone");
    cr_expect(leat_gather_fits(&gather, 2, 0, 0));
    cr_expect_not(leat_gather_fits(&gather, 3, 0, 0));
}

Test(gather, a_window_without_end_overflows_nothing)
{
    struct leat_gather gather = {.size = 2, .window_us = INT64_MAX};
    leat_gather_add(&gather, 1, 1);
    cr_expect_eq(leat_gather_due_us(&gather), INT64_MAX);
    cr_expect_not(leat_gather_complete(&gather, INT64_MAX - 1));
    leat_gather_add(&gather, 1, 1);
    cr_expect(leat_gather_complete(&gather, 1));
}
