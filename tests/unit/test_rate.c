/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/rate.h>

#include <criterion/criterion.h>
#include <math.h>

TestSuite(rate);

/* How many go at that moment. */
static int go_at(struct leat_rate *rate, int64_t now_us, int most)
{
    int gone = 0;
    while (gone < most && leat_rate_due_us(rate, now_us) <= now_us) {
        leat_rate_take(rate, 1, now_us);
        gone++;
    }
    return gone;
}

/* Each goes the moment it is due; returns when the last of them went. */
static int64_t go_greedily(struct leat_rate *rate, int64_t now_us, int count)
{
    for (int i = 0; i < count; i++) {
        int64_t due_us = leat_rate_due_us(rate, now_us);
        now_us = due_us > now_us ? due_us : now_us;
        leat_rate_take(rate, 1, now_us);
    }
    return now_us;
}

Test(rate, without_a_limit_all_go)
{
    static const double none[] = {0, -1, NAN};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct leat_rate rate = {.a_second = none[i]};
        cr_expect_eq(go_at(&rate, 5, 1000), 1000);
        leat_rate_take(&rate, UINT32_MAX, 5);
        cr_expect_leq(leat_rate_due_us(&rate, 6), 6);
    }
}

Test(rate, a_burst_is_what_a_tenth_of_a_second_brings)
{
    static const struct {
        double a_second;
        int burst;
    } cases[] = {{0.1, 1}, {1, 1}, {10, 1}, {15, 1}, {20, 2}, {29, 2}, {100, 10}, {1000, 100}, {1e6, 100000}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct leat_rate rate = {.a_second = cases[i].a_second};
        cr_expect_eq(go_at(&rate, 1000, 1000000), cases[i].burst, "%g a second", cases[i].a_second);
        cr_expect_eq(go_at(&rate, 1000000000000, 1000000), cases[i].burst, "no more after a long rest");
    }
}

Test(rate, then_one_after_the_other)
{
    struct leat_rate rate = {.a_second = 20};
    cr_expect_eq(go_at(&rate, 1000000, 9), 2);
    cr_expect_eq(leat_rate_due_us(&rate, 1000000), 1050000);
    cr_expect_eq(go_at(&rate, 1049999, 9), 0);
    cr_expect_eq(go_at(&rate, 1050000, 9), 1);
    cr_expect_eq(go_at(&rate, 1100000, 9), 1);
    cr_expect_eq(go_at(&rate, 1200000, 9), 2);
}

/* An interval that is no whole number of microseconds is neither rounded up nor down. */
Test(rate, it_is_exact_in_the_long_run)
{
    static const double rates[] = {0.7, 3, 7, 999.9, 30000, 700000, 3e6};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct leat_rate rate = {.a_second = rates[i]};
        double took_us = (double)(go_greedily(&rate, 5000000, 1000000) - 5000000);
        double burst = rates[i] > 10 ? rates[i] / 10 : 1;
        double wanted_us = (1000000 - burst) / rates[i] * 1e6;
        cr_expect(fabs(took_us - wanted_us) < 2, "%g a second: %g us, not %g", rates[i], took_us, wanted_us);
    }
}

Test(rate, a_batch_goes_whole_and_those_behind_it_pay)
{
    struct leat_rate rate = {.a_second = 10};
    leat_rate_take(&rate, 50, 0);
    cr_expect_eq(leat_rate_due_us(&rate, 0), 5000000);
    leat_rate_take(&rate, 0, 9000000);
    cr_expect_eq(leat_rate_due_us(&rate, 0), 5000000, "none is none");
}

Test(rate, numbers_at_their_limits_overflow_nothing)
{
    static const double rates[] = {5e-324, 1e-300, 1e-9, 1e300, INFINITY};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct leat_rate rate = {.a_second = rates[i]};
        for (int n = 0; n < 20; n++)
            leat_rate_take(&rate, UINT32_MAX, 1000);
        int64_t due_us = leat_rate_due_us(&rate, 1000);
        cr_expect(rates[i] < 1 ? due_us > INT64_MAX / 3 : due_us <= 1000, "%g a second: %lld", rates[i],
                  (long long)due_us);
    }
}
