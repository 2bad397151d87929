/* SPDX-License-Identifier: Apache-2.0 */
/* What the contestants of bench-decode share: the clock, the count of allocations, and what they tell. */
#ifndef LEAT_BENCH_DECODE_H
#define LEAT_BENCH_DECODE_H

#include <leat/str.h>

struct bench_times {
    int64_t wall_ns, cpu_ns;
};

/* A contestant passes over the text once to warm up, `passes` times on the clock, then once to count allocations. */
struct bench_task {
    leat_str text;
    uint64_t passes;
};

struct bench_result {
    struct bench_times took; /* all passes on the clock */
    uint64_t allocations;    /* of one pass */

    /* Of one pass; only the engine makes them. */
    const char *adapter, *why; /* NULL: none */
    uint64_t units, events;
    char reply[256]; /* its start */
    uint64_t reply_bytes;
};

struct bench_times bench_now(void);
struct bench_times bench_since(struct bench_times start);
/* Calls of malloc, calloc and realloc by this program, the floors and cJSON's hooks. */
uint64_t bench_allocations(void);

/* Both say on stderr why they failed. */
bool bench_engine(const struct bench_task *task, struct bench_result *ret);

#endif
