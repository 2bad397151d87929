/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/backoff.h>

#include <criterion/criterion.h>

TestSuite(backoff);

/* The smallest and the largest of many. */
static void expect_range(struct leat_backoff backoff, uint32_t attempt, int64_t most)
{
    uint64_t chance = 42;
    int64_t smallest = INT64_MAX, largest = 0;
    for (int i = 0; i < 4000; i++) {
        int64_t delay = leat_backoff_ms(&backoff, attempt, &chance);
        smallest = delay < smallest ? delay : smallest;
        largest = delay > largest ? delay : largest;
    }
    cr_expect(smallest >= 1 && largest <= most, "%lld to %lld, not 1 to %lld", (long long)smallest, (long long)largest,
              (long long)most);
    cr_expect(largest > most - most / 100 - 1 && smallest <= most / 100 + 1, "all of 1 to %lld: %lld to %lld",
              (long long)most, (long long)smallest, (long long)largest);
}

Test(backoff, it_doubles_up_to_its_maximum)
{
    static const struct leat_backoff backoff = {.base_ms = 100, .max_ms = 1000};
    static const int64_t most[] = {100, 200, 400, 800, 1000, 1000};
    for (uint32_t i = 0; i < 6; i++)
        expect_range(backoff, i + 1, most[i]);
    expect_range(backoff, UINT32_MAX, 1000);
    expect_range(backoff, 0, 100); /* no attempt has this number */
}

Test(backoff, numbers_at_their_limits_overflow_nothing)
{
    static const struct {
        struct leat_backoff backoff;
        uint32_t attempt;
        int64_t most;
    } cases[] = {
        {{INT64_MAX / 2, INT64_MAX}, 1, INT64_MAX / 2},
        {{INT64_MAX / 2, INT64_MAX}, 2, INT64_MAX - 1},
        {{INT64_MAX / 2, INT64_MAX}, 3, INT64_MAX},
        {{INT64_MAX / 2, INT64_MAX}, UINT32_MAX, INT64_MAX},
        {{INT64_MAX, INT64_MAX}, 7, INT64_MAX},
        {{1, INT64_MAX}, 63, (int64_t)1 << 62},
        {{1, INT64_MAX}, UINT32_MAX, INT64_MAX},
        {{1000, 30}, 1, 30}, /* the maximum wins */
        {{1000, 30}, UINT32_MAX, 30},
        {{1000, 1000}, 9, 1000},
        {{0, 8}, 1, 1},
        {{0, 8}, 4, 8},
        {{-5, 8}, 3, 4},
        {{5, 0}, 3, 1},
        {{5, -7}, 3, 1},
        {{0, 0}, UINT32_MAX, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_range(cases[i].backoff, cases[i].attempt, cases[i].most);
}

Test(backoff, a_seed_says_it_all)
{
    static const struct leat_backoff backoff = {.base_ms = 1000000, .max_ms = 1000000};
    uint64_t one = 7, same = 7, other = 8;
    int equal = 0;
    for (int i = 0; i < 100; i++) {
        int64_t delay = leat_backoff_ms(&backoff, 1, &one);
        cr_expect_eq(leat_backoff_ms(&backoff, 1, &same), delay);
        equal += leat_backoff_ms(&backoff, 1, &other) == delay ? 1 : 0;
    }
    cr_expect_lt(equal, 5);
}

/* The reference implementation's first numbers for this seed. */
Test(backoff, chance_is_splitmix64)
{
    uint64_t chance = 1234567;
    cr_expect_eq(leat_chance(&chance), UINT64_C(6457827717110365317));
    cr_expect_eq(leat_chance(&chance), UINT64_C(3203168211198807973));
    cr_expect_eq(leat_chance(&chance), UINT64_C(9817491932198370423));
}

Test(backoff, a_jitter_is_full)
{
    static const struct leat_backoff backoff = {.base_ms = 10, .max_ms = 10};
    uint64_t chance = 1;
    int counts[11] = {0};
    for (int i = 0; i < 10000; i++)
        counts[leat_backoff_ms(&backoff, 1, &chance)]++;
    for (int i = 1; i <= 10; i++)
        cr_expect(counts[i] > 850 && counts[i] < 1150, "%d ms: %d times of 10000", i, counts[i]);
}
