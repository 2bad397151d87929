/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles out of buckets: never below the true one, at most 6 % above, whatever the range. */
#include <engine/metrics.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static struct leat_histogram histogram;

static void empty(void)
{
    histogram = (struct leat_histogram){0};
}

TestSuite(metrics, .init = empty);

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Against the sorted values: the smallest one that so many stay at or below. */
static void expect_percentiles(int64_t *values, size_t count)
{
    static const double percents[] = {0, 1, 25, 50, 75, 90, 99, 99.9, 100};
    empty();
    for (size_t i = 0; i < count; i++)
        leat_histogram_add(&histogram, values[i]);
    qsort(values, count, sizeof(*values), by_value);
    for (size_t p = 0; p < sizeof(percents) / sizeof(percents[0]); p++) {
        size_t rank = (size_t)ceil((double)count * percents[p] / 100.0);
        int64_t wanted = values[rank > 0 ? rank - 1 : 0];
        int64_t got = leat_histogram_percentile(&histogram, percents[p]);
        double most = (double)wanted * 1.0625 + 0.5;
        cr_expect(got >= wanted && (double)got <= most, "%g %% of %zu: %lld, is %lld", percents[p], count,
                  (long long)got, (long long)wanted);
    }
}

Test(metrics, nothing_has_no_percentiles)
{
    cr_expect_eq(leat_histogram_percentile(&histogram, 50), 0);
    cr_expect_eq(leat_histogram_percentile(&histogram, 100), 0);
}

Test(metrics, one_value_is_every_percentile)
{
    static const int64_t values[] = {0, 1, 15, 16, 17, 31, 32, 1000, 999999, 123456789, (int64_t)1 << 40};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        empty();
        leat_histogram_add(&histogram, values[i]);
        for (int percent = 0; percent <= 100; percent += 10)
            cr_expect_eq(leat_histogram_percentile(&histogram, percent), values[i], "%d %% of %lld", percent,
                         (long long)values[i]);
    }
}

Test(metrics, small_durations_are_exact)
{
    int64_t values[1000];
    for (int i = 0; i < 1000; i++)
        values[i] = i % 16;
    for (int i = 0; i < 1000; i++)
        leat_histogram_add(&histogram, values[i]);
    cr_expect_eq(leat_histogram_percentile(&histogram, 50), 7);
    cr_expect_eq(leat_histogram_percentile(&histogram, 100), 15);
}

Test(metrics, percentiles_are_at_most_six_percent_off)
{
    enum { COUNT = 5000 };
    static int64_t values[COUNT];
    for (int i = 0; i < COUNT; i++)
        values[i] = i;
    expect_percentiles(values, COUNT);
    for (int i = 0; i < COUNT; i++)
        values[i] = (int64_t)i * i * 37;
    expect_percentiles(values, COUNT);
    uint64_t random = 20240502;
    for (unsigned bits = 1; bits < 50; bits++) {
        for (int i = 0; i < COUNT; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            values[i] = (int64_t)(random >> (64 - bits));
        }
        expect_percentiles(values, 1 + (size_t)(random >> 40) % COUNT);
    }
}

Test(metrics, durations_out_of_range_are_kept_at_its_ends)
{
    leat_histogram_add(&histogram, -5);
    cr_expect_eq(leat_histogram_percentile(&histogram, 100), 0);
    leat_histogram_add(&histogram, INT64_MAX);
    cr_expect_eq(leat_histogram_percentile(&histogram, 50), 0);
    cr_expect_gt(leat_histogram_percentile(&histogram, 100), (int64_t)1 << 48);
    cr_expect_eq(histogram.count, 2);
}

Test(metrics, events_are_counted_by_kind_and_outcome)
{
    struct leat_metrics metrics = {0};
    leat_arena_init(&metrics.arena, 0);
    char kind[] = "sqs";
    leat_metrics_count(&metrics, leat_str_c(kind), LEAT_OUTCOME_OK, 10);
    kind[0] = '#'; /* the name is copied */
    leat_metrics_count(&metrics, LEAT_STR("s3"), LEAT_OUTCOME_REJECT, 1000);
    leat_metrics_count(&metrics, LEAT_STR("sqs"), LEAT_OUTCOME_RETRY, 11);
    leat_metrics_count(&metrics, LEAT_STR("sqs"), LEAT_OUTCOME_OK, 12);
    const struct leat_kind_metrics *sqs = metrics.kinds, *s3 = sqs->next;
    cr_expect(leat_str_is(sqs->kind, "sqs") && leat_str_is(s3->kind, "s3") && s3->next == NULL);
    cr_expect(sqs->events == 3 && sqs->outcomes[LEAT_OUTCOME_OK] == 2 && sqs->outcomes[LEAT_OUTCOME_RETRY] == 1);
    cr_expect(s3->events == 1 && s3->outcomes[LEAT_OUTCOME_REJECT] == 1);
    cr_expect(metrics.events == 4 && metrics.outcomes[LEAT_OUTCOME_OK] == 2);
    cr_expect_eq(leat_histogram_percentile(&sqs->runs, 100), 12);
    cr_expect_eq(leat_histogram_percentile(&metrics.runs, 75), 12);
    cr_expect_eq(leat_histogram_percentile(&metrics.runs, 100), 1000);
    leat_arena_fini(&metrics.arena);
}

Test(metrics, want_of_memory_loses_a_row_and_no_count)
{
    struct leat_metrics metrics = {0};
    leat_arena_init(&metrics.arena, 0);
    (void)leat_alloc_fail_at(1, true);
    leat_metrics_count(&metrics, LEAT_STR("sqs"), LEAT_OUTCOME_OK, 10);
    (void)leat_alloc_fail_at(0, false);
    cr_expect(metrics.events == 1 && metrics.uncounted == 1 && metrics.kinds == NULL);
    leat_arena_fini(&metrics.arena);
}
