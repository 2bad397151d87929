/* SPDX-License-Identifier: Apache-2.0 */
/* What the contestants of bench-events share: the task, the work that is done for an event, and what they tell. */
#ifndef LEAT_BENCH_EVENTS_H
#define LEAT_BENCH_EVENTS_H

#include <leat/str.h>

#include <stdatomic.h>

#define BENCH_SLOTS 64u

struct bench_task {
    const char *what; /* inline, pool, loop, queue */
    uint64_t events;  /* that are measured; a tenth more goes before them */
    uint32_t slots, units, batch, lanes, in_flight;
    uint32_t spin_us; /* CPU time that the handler takes; 0: it does nothing */
    uint32_t fail;    /* every such event is a retry the first time; 0: none is */
    bool by_source;   /* who retries: the source, else the engine */
    bool stop_full;   /* all units are delivered before one runs; then it is over */
};

/* A slot's own, and one cache line's. */
struct bench_slot {
    _Alignas(64) _Atomic uint64_t handled;
    _Atomic int64_t spun_ns; /* CPU time inside the handler */
};

struct bench_item {
    leat_str id, lane, text;
};

struct bench_point {
    int64_t wall_ns, cpu_ns, spun_ns;
    uint64_t sleeps; /* voluntary switches of all threads */
    uint64_t handled;
};

struct bench_told {
    struct bench_point from, to;
    uint64_t retried;
    int64_t open_us; /* from the engine's making until its source was asked */
    long rss_idle_kb, rss_full_kb, rss_soon_kb, rss_end_kb;
};

extern struct bench_slot bench_slots[BENCH_SLOTS];

struct bench_point bench_point(void);
long bench_rss_kb(void);
/* As many as the task has units, times ten; lives as long as the process. */
const struct bench_item *bench_items(const struct bench_task *task, uint32_t *retcount);
/* What the handler does, wherever it runs. */
void bench_work(const struct bench_task *task, struct bench_slot *slot, const struct bench_item *item);
static inline uint64_t bench_warm(const struct bench_task *task)
{
    return task->events / 10;
}

/* All say on stderr why they failed. */
bool bench_engine(const struct bench_task *task, struct bench_told *ret);
bool bench_loop(const struct bench_task *task, struct bench_told *ret);
bool bench_queue(const struct bench_task *task, struct bench_told *ret);

#endif
