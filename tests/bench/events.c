/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-events WHAT [NAME=VALUE]...: sends events of an in-memory source through the engine, or through what is
 * compared with it, and prints what that took, one "name value" a line.
 *
 *     inline   the engine, the handler on the loop thread
 *     pool     the engine, the handler on `slots` threads
 *     loop     a loop that calls the handler with records made before
 *     queue    a mutex, a condition and `slots` threads that take such records from a bounded queue
 */
#include "events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct bench_slot bench_slots[BENCH_SLOTS];

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct bench_point bench_point(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    struct bench_point point = {.wall_ns = clock_ns(CLOCK_MONOTONIC),
                                .cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
                                .sleeps = (uint64_t)usage.ru_nvcsw};
    for (uint32_t i = 0; i < BENCH_SLOTS; i++) {
        point.handled += atomic_load_explicit(&bench_slots[i].handled, memory_order_relaxed);
        point.spun_ns += atomic_load_explicit(&bench_slots[i].spun_ns, memory_order_relaxed);
    }
    return point;
}

/* Page by page: the kernel's own sums (statm) are off by some hundred kB while threads change CPUs. */
long bench_rss_kb(void)
{
    char line[128];
    long resident = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    while (file != NULL && resident == 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "Rss:", 4) == 0)
            resident = strtol(line + 4, NULL, 10);
    if (file != NULL)
        (void)fclose(file);
    return resident;
}

/* --- the work ------------------------------------------------------------------------------------------ */

/* CPU time, not the clock's: what other programs take in the midst of it is none of ours. */
static int64_t spin(uint32_t us)
{
    int64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID), now = start;
    while (now - start < (int64_t)us * 1000)
        now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return now - start;
}

/* Only its own thread writes a slot's numbers: no need for a locked addition. */
void bench_work(const struct bench_task *task, struct bench_slot *slot, const struct bench_item *item)
{
    uint64_t handled = atomic_load_explicit(&slot->handled, memory_order_relaxed);
    atomic_store_explicit(&slot->handled, handled + (item->text.len > 0 ? 1 : 0), memory_order_relaxed);
    if (task->spin_us == 0)
        return;
    int64_t spun = atomic_load_explicit(&slot->spun_ns, memory_order_relaxed);
    atomic_store_explicit(&slot->spun_ns, spun + spin(task->spin_us), memory_order_relaxed);
}

const struct bench_item *bench_items(const struct bench_task *task, uint32_t *retcount)
{
    enum { NAME_MAX_BYTES = 32 };
    uint32_t count = task->units * 10 > task->lanes ? task->units * 10 : task->lanes;
    struct bench_item *items = calloc(count, sizeof(*items));
    char *names = calloc(count, 2 * NAME_MAX_BYTES);
    if (items == NULL || names == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        char *id = names + (size_t)i * 2 * NAME_MAX_BYTES, *lane = id + NAME_MAX_BYTES;
        snprintf(id, NAME_MAX_BYTES, "order-%u", i);
        snprintf(lane, NAME_MAX_BYTES, "lane-%u", task->lanes > 0 ? i % task->lanes : 0);
        items[i] = (struct bench_item){.id = leat_str_c(id),
                                       .lane = task->lanes > 0 ? leat_str_c(lane) : LEAT_ABSENT,
                                       .text = LEAT_STR("{\"order\":1,\"customer\":\"c-1\",\"total\":12.5}")};
    }
    *retcount = count;
    return items;
}

/* --- the command line ---------------------------------------------------------------------------------- */

static bool take_option(struct bench_task *task, const char *word)
{
    const char *value = strchr(word, '=');
    if (value == NULL)
        return false;
    size_t len = (size_t)(value - word);
    unsigned long long number = strtoull(value + 1, NULL, 10);
    struct {
        const char *name;
        uint32_t *place;
    } places[] = {{"slots", &task->slots},        {"units", &task->units}, {"batch", &task->batch},
                  {"lanes", &task->lanes},        {"fail", &task->fail},   {"spin", &task->spin_us},
                  {"in_flight", &task->in_flight}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strlen(places[i].name) != len || strncmp(places[i].name, word, len) != 0)
            continue;
        *places[i].place = (uint32_t)number;
        return true;
    }
    if (strncmp(word, "events=", 7) == 0)
        task->events = number;
    else if (strncmp(word, "by_source=", 10) == 0)
        task->by_source = number != 0;
    else if (strncmp(word, "full=", 5) == 0)
        task->stop_full = number != 0;
    else
        return false;
    return true;
}

static void print(const struct bench_task *task, const struct bench_told *told)
{
    printf("events %" PRIu64 "\nwall_ns %" PRId64 "\ncpu_ns %" PRId64 "\nspun_ns %" PRId64 "\nsleeps %" PRIu64 "\n",
           task->events, told->to.wall_ns - told->from.wall_ns, told->to.cpu_ns - told->from.cpu_ns,
           told->to.spun_ns - told->from.spun_ns, told->to.sleeps - told->from.sleeps);
    printf("all_events %" PRIu64 "\nretried %" PRIu64 "\nopen_us %" PRId64 "\n", told->to.handled, told->retried,
           told->open_us);
    printf("rss_idle_kb %ld\nrss_full_kb %ld\nrss_soon_kb %ld\nrss_end_kb %ld\n", told->rss_idle_kb, told->rss_full_kb,
           told->rss_soon_kb, told->rss_end_kb);
}

int main(int argc, char **argv)
{
    struct bench_task task = {.what = argc > 1 ? argv[1] : "", .events = 100000, .slots = 1, .units = 100, .batch = 1};
    struct bench_told told = {0};
    bool known = true, good = false;
    task.in_flight = 1000;
    for (int i = 2; i < argc && known; i++)
        known = take_option(&task, argv[i]);
    known = known && task.slots >= 1 && task.slots <= BENCH_SLOTS && task.units >= 1;
    if (known && (strcmp(task.what, "inline") == 0 || strcmp(task.what, "pool") == 0))
        good = bench_engine(&task, &told);
    else if (known && strcmp(task.what, "loop") == 0)
        good = bench_loop(&task, &told);
    else if (known && strcmp(task.what, "queue") == 0)
        good = bench_queue(&task, &told);
    else
        fprintf(stderr, "bench-events inline|pool|loop|queue [NAME=VALUE]...\n");
    if (good)
        print(&task, &told);
    return good ? 0 : 70;
}
