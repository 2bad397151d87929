/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/metrics.h>

#define STEPS 16u

static unsigned bucket_of(uint64_t us)
{
    if (us < STEPS)
        return (unsigned)us;
    unsigned octave = 63u - (unsigned)__builtin_clzll(us); /* 4 and up */
    unsigned bucket = (octave - 3) * STEPS + (unsigned)(us >> (octave - 4) & (STEPS - 1));
    unsigned last = sizeof(((struct leat_histogram *)0)->bucket) / sizeof(uint32_t) - 1;
    return bucket < last ? bucket : last;
}

/* The largest duration that falls into a bucket. */
static int64_t bucket_top(unsigned bucket)
{
    if (bucket < STEPS)
        return bucket;
    unsigned octave = bucket / STEPS + 3;
    uint64_t step = (uint64_t)1 << (octave - 4);
    return (int64_t)(((uint64_t)STEPS + bucket % STEPS + 1) * step - 1);
}

void leat_histogram_add(struct leat_histogram *histogram, int64_t us)
{
    uint64_t value = us > 0 ? (uint64_t)us : 0;
    histogram->count++;
    histogram->bucket[bucket_of(value)]++;
    if (value > histogram->max_us)
        histogram->max_us = value;
}

int64_t leat_histogram_percentile(const struct leat_histogram *histogram, double percent)
{
    double wanted = (double)histogram->count * percent / 100.0;
    uint64_t seen = 0;
    for (unsigned i = 0; i < sizeof(histogram->bucket) / sizeof(histogram->bucket[0]); i++) {
        seen += histogram->bucket[i];
        if (seen > 0 && (double)seen >= wanted) {
            int64_t top = bucket_top(i);
            return top < (int64_t)histogram->max_us ? top : (int64_t)histogram->max_us;
        }
    }
    return 0;
}

static struct leat_kind_metrics *find_kind(struct leat_metrics *metrics, leat_str kind)
{
    struct leat_kind_metrics **at = &metrics->kinds;
    for (; *at != NULL; at = &(*at)->next)
        if (leat_str_eq((*at)->kind, kind))
            return *at;
    struct leat_kind_metrics *fresh = LEAT_NEW(&metrics->arena, struct leat_kind_metrics);
    if (fresh == NULL)
        return NULL;
    fresh->kind = leat_arena_copy(&metrics->arena, kind);
    if (fresh->kind.ptr == NULL)
        return NULL;
    *at = fresh;
    return fresh;
}

void leat_metrics_count(struct leat_metrics *metrics, leat_str kind, enum leat_outcome_kind outcome, int64_t run_us)
{
    metrics->events++;
    metrics->outcomes[outcome]++;
    leat_histogram_add(&metrics->runs, run_us);
    struct leat_kind_metrics *row = find_kind(metrics, kind);
    if (row == NULL) {
        metrics->uncounted++;
        return;
    }
    row->events++;
    row->outcomes[outcome]++;
    leat_histogram_add(&row->runs, run_us);
}
