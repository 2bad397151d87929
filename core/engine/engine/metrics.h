/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the events, by kind: counts and the time their runs took. Loop thread only. */
#ifndef LEAT_ENGINE_METRICS_H
#define LEAT_ENGINE_METRICS_H

#include <leat/arena.h>
#include <leat/outcome.h>

/* Durations in buckets of 1/16 of an octave: at most 6 % off, whatever the range. */
struct leat_histogram {
    uint64_t count, max_us;
    uint32_t bucket[16 * 48];
};

void leat_histogram_add(struct leat_histogram *histogram, int64_t us);
/* The duration that `percent` of all stay at or below; 0 if there are none. */
int64_t leat_histogram_percentile(const struct leat_histogram *histogram, double percent);

struct leat_kind_metrics {
    struct leat_kind_metrics *next; /* in order of first appearance */
    leat_str kind;
    uint64_t events, outcomes[4]; /* by enum leat_outcome_kind */
    struct leat_histogram runs;
};

struct leat_metrics {
    struct leat_arena arena;
    struct leat_kind_metrics *kinds;
    struct leat_histogram runs; /* of all kinds */
    uint64_t events, outcomes[4];
    uint64_t lost;            /* units that were not ours any more when they ended */
    uint64_t late_results;    /* runs that ended when they were settled as timed out */
    uint64_t settle_failures; /* settlements the source could not carry out */
    uint64_t uncounted;       /* events whose kind had no room for want of memory */
};

void leat_metrics_count(struct leat_metrics *metrics, leat_str kind, enum leat_outcome_kind outcome, int64_t run_us);

#endif
