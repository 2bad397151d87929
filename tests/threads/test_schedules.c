/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pure parts of the engine under random schedules and a clock that is only a number, each against a naive model of
 * the same. A failure prints the seed and the step; LEAT_SEED=N repeats it.
 */
#include <engine/backoff.h>
#include <engine/breaker.h>
#include <engine/finished.h>
#include <engine/gather.h>
#include <engine/ledger.h>
#include <engine/rate.h>

#include <leat/alloc.h>
#include <leat/heap.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t seed, chance;
static unsigned step;
static const char *failure; /* the first of a part, which ends there */
static unsigned failed_at;

static uint64_t below(uint64_t count)
{
    return leat_chance(&chance) % count;
}

static bool in_100(unsigned percent)
{
    return below(100) < percent;
}

static void expect(bool good, const char *what)
{
    if (good || failure != NULL)
        return;
    failure = what;
    failed_at = step;
}

static bool next_step(unsigned steps)
{
    return failure == NULL && ++step <= steps;
}

/* --- heap: against an array ------------------------------------------------------------------------------ */

enum { NODES = 200 };

struct heap_model {
    struct leat_heap heap;
    struct leat_heap_node nodes[NODES];
    int sorted[NODES], count;
};

static void heap_insert(struct heap_model *model, int node)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MAX, 0};
    int64_t key = in_100(5) ? extremes[below(3)] : (int64_t)below(40) - 20;
    int at = model->count++;
    leat_heap_add(&model->heap, &model->nodes[node], key);
    for (; at > 0 && model->nodes[model->sorted[at - 1]].key > key; at--)
        model->sorted[at] = model->sorted[at - 1];
    model->sorted[at] = node;
}

static void heap_delete(struct heap_model *model, int node)
{
    int to = 0;
    for (int i = 0; i < model->count; i++)
        if (model->sorted[i] != node)
            model->sorted[to++] = model->sorted[i];
    model->count = to;
}

static void run_heap(void)
{
    static struct heap_model model;
    for (unsigned adds = 60; next_step(40000);) {
        int node = (int)below(NODES);
        adds = step % 1000 == 0 ? 20 + (unsigned)below(60) : adds; /* it grows and shrinks */
        if (in_100(adds) && !model.nodes[node].inside) {
            heap_insert(&model, node);
        } else if (in_100(30)) {
            leat_heap_remove(&model.heap, &model.nodes[node]);
            heap_delete(&model, node);
        } else {
            int64_t limit = in_100(50) ? INT64_MAX : (int64_t)below(40) - 20;
            struct leat_heap_node *first = model.count > 0 ? &model.nodes[model.sorted[0]] : NULL;
            struct leat_heap_node *wanted = first != NULL && first->key <= limit ? first : NULL;
            expect(leat_heap_take(&model.heap, limit) == wanted, "another node comes out");
            if (wanted != NULL)
                heap_delete(&model, model.sorted[0]);
        }
        expect(model.heap.count == (size_t)model.count, "another number of nodes");
        struct leat_heap_node *first = model.count > 0 ? &model.nodes[model.sorted[0]] : NULL;
        expect(model.heap.first == first, "another node is first");
    }
}

/* --- back-off: between 1 and base * 2^n ------------------------------------------------------------------ */

static int64_t any_int64(void)
{
    int64_t number = (int64_t)(leat_chance(&chance) >> (1 + below(63)));
    return in_100(10) ? -number : number;
}

static void run_backoff(void)
{
    while (next_step(40000)) {
        struct leat_backoff backoff = {.base_ms = any_int64(), .max_ms = any_int64()};
        uint32_t attempt = in_100(50) ? 1 + (uint32_t)below(70) : (uint32_t)leat_chance(&chance);
        int doublings = attempt < 100 ? (int)attempt - 1 : 99;
        double base = backoff.base_ms > 1 ? (double)backoff.base_ms : 1;
        double limit = ldexp(base, doublings > 0 ? doublings : 0);
        int64_t delay = leat_backoff_ms(&backoff, attempt, &chance);
        expect(delay >= 1, "no delay at all");
        expect(delay == 1 || delay <= backoff.max_ms, "above the maximum");
        expect((double)delay <= limit, "more than so many doublings");
    }
}

/* --- ledger: against an array of done flags -------------------------------------------------------------- */

enum { POSITIONS = 30000 };

struct ledger_model {
    struct leat_ledger ledger;
    uint64_t positions[POSITIONS];
    bool done[POSITIONS];
    int first, end; /* what is in the ledger */
    int walked;     /* values handed to `walk` */
};

static void ledger_add(struct ledger_model *model)
{
    uint64_t last = model->end > 0 ? model->positions[model->end - 1] : below(1000);
    uint64_t position = last + 1 + (in_100(20) ? below(50) : 0);
    struct leat_ledger before = model->ledger;
    if (in_100(20)) {
        (void)leat_alloc_fail_at(1, false);
        bool added = leat_ledger_add(&model->ledger, position, &model->done[model->end]);
        (void)leat_alloc_fail_at(0, false);
        expect(added == (before.count < before.size), "memory is for growing only");
        expect(added || model->ledger.count == before.count, "half an entry");
        if (added)
            model->positions[model->end++] = position;
        return;
    }
    expect(leat_ledger_add(&model->ledger, position, &model->done[model->end]), "not added");
    model->positions[model->end++] = position;
    expect(!leat_ledger_add(&model->ledger, position - below(2), NULL), "one that does not rise");
}

static void ledger_done(struct ledger_model *model)
{
    if (model->end == 0)
        return;
    bool at_front = in_100(50) && model->first < model->end;
    int index = at_front ? model->first + (int)below(2) : (int)below((uint64_t)model->end);
    index = index < model->end ? index : model->end - 1;
    bool wanted = index >= model->first && !model->done[index];
    expect(leat_ledger_done(&model->ledger, model->positions[index]) == wanted, "done, or not, or twice");
    model->done[index] = true; /* those before `first` are done anyway */
    uint64_t gap = model->positions[index] + 1;
    if (index + 1 == model->end || model->positions[index + 1] != gap)
        expect(!leat_ledger_done(&model->ledger, gap), "what was never added");
}

static void walk(void *argument, void *value)
{
    struct ledger_model *model = argument;
    expect(value == &model->done[model->walked++], "a value is left out, or comes twice");
}

static void ledger_advance(struct ledger_model *model)
{
    int first = model->first;
    model->walked = first;
    while (model->first < model->end && model->done[model->first])
        model->first++;
    void *wanted = model->first > first ? &model->done[model->first - 1] : NULL;
    expect(leat_ledger_advance(&model->ledger, walk, model) == wanted, "another watermark");
    expect(model->walked == model->first, "not all were handed out");
}

static void run_ledger(void)
{
    static struct ledger_model model;
    for (unsigned adds = 60; next_step(POSITIONS);) {
        adds = step % 2000 == 0 ? 15 + (unsigned)below(60) : adds;
        if (in_100(adds))
            ledger_add(&model);
        else if (in_100(80))
            ledger_done(&model);
        else
            ledger_advance(&model);
        expect(model.ledger.count == (uint32_t)(model.end - model.first), "another number of entries");
    }
    expect(model.ledger.size >= 256, "it grew");
    leat_ledger_fini(&model.ledger);
}

/* --- gather: against a list of what waits ---------------------------------------------------------------- */

enum { WAITING = 64 };

struct gather_model {
    struct leat_gather gather;
    struct {
        size_t bytes;
        int64_t came_us;
    } waiting[WAITING];
    unsigned count;
    int64_t now_us;
};

static void gather_take(struct gather_model *model, unsigned index)
{
    size_t bytes = model->waiting[index].bytes;
    model->count--;
    for (unsigned i = index; i < model->count; i++)
        model->waiting[i] = model->waiting[i + 1];
    leat_gather_take(&model->gather, bytes, model->waiting[0].came_us);
}

/* As many as fit, from the front. */
static void gather_batch(struct gather_model *model)
{
    uint32_t count = 0;
    size_t sum = 0;
    while (model->count > 0 && leat_gather_fits(&model->gather, count, sum, model->waiting[0].bytes)) {
        sum += model->waiting[0].bytes;
        count++;
        gather_take(model, 0);
    }
    expect(count >= 1 && count <= model->gather.size, "a batch of another size");
    expect(count == 1 || sum <= model->gather.bytes_max, "a batch of too many bytes");
    bool more = count < model->gather.size && model->count > 0;
    expect(!more || sum + model->waiting[0].bytes > model->gather.bytes_max, "one more would fit");
}

static void gather_compare(const struct gather_model *model)
{
    size_t sum = 0;
    for (unsigned i = 0; i < model->count; i++)
        sum += model->waiting[i].bytes;
    bool full = model->count >= model->gather.size || sum >= model->gather.bytes_max;
    bool late = model->count > 0 && model->now_us - model->waiting[0].came_us >= model->gather.window_us;
    bool wanted = model->count > 0 && (full || late);
    int64_t due_us = leat_gather_due_us(&model->gather);
    expect(leat_gather_complete(&model->gather, model->now_us) == wanted, "complete, or not");
    expect((due_us <= model->now_us) == wanted, "due at another time");
    if (model->count > 0 && !wanted)
        expect(due_us == model->waiting[0].came_us + model->gather.window_us, "the window's end");
    expect(model->count > 0 || due_us == INT64_MAX, "due although nothing waits");
}

static void run_gather(void)
{
    static struct gather_model model;
    while (next_step(30000)) {
        if (step % 500 == 1)
            model = (struct gather_model){.gather = {.size = 1 + (uint32_t)below(20),
                                                     .bytes_max = 1 + below(3000),
                                                     .window_us = in_100(20) ? 0 : (int64_t)below(500)}};
        if (in_100(50) && model.count < WAITING - 1) {
            model.waiting[model.count].bytes = below(400);
            model.waiting[model.count].came_us = model.now_us;
            leat_gather_add(&model.gather, model.waiting[model.count++].bytes, model.now_us);
        } else if (leat_gather_complete(&model.gather, model.now_us)) {
            gather_batch(&model);
        } else if (in_100(20) && model.count > 0) {
            gather_take(&model, (unsigned)below(model.count));
        }
        model.now_us += (int64_t)below(100);
        gather_compare(&model);
    }
}

/* --- rate: never more in any window, never slower than it must be ---------------------------------------- */

enum { EVENTS = 300 };

struct rate_model {
    struct leat_rate rate;
    int64_t times_us[EVENTS];
    unsigned sizes[EVENTS];
    int count;
    int64_t now_us;
};

/* In every window that ends now: the last one may be a batch, of which one had its turn. */
static void rate_window(const struct rate_model *model, double a_second)
{
    double burst = fmax(1, a_second / 10), gone = 0;
    unsigned last = model->sizes[model->count - 1];
    for (int i = model->count - 1; i >= 0; i--) {
        double window_us = (double)(model->now_us - model->times_us[i]) + 1; /* 1: the clock's step */
        gone += model->sizes[i];
        expect(gone <= a_second * window_us / 1e6 + burst + last - 1 + 1e-6, "more than the rate allows");
    }
}

static void rate_go(struct rate_model *model, unsigned size)
{
    leat_rate_take(&model->rate, size, model->now_us);
    model->times_us[model->count] = model->now_us;
    model->sizes[model->count++] = size;
    rate_window(model, model->rate.a_second);
}

/* Rests, bursts and batches as they come. */
static void rate_wander(struct rate_model *model, unsigned most)
{
    while (failure == NULL && model->count < EVENTS / 2) {
        double step_us = 3e6 / model->rate.a_second;
        model->now_us += (int64_t)below((uint64_t)step_us + 2) * (in_100(5) ? 20 : 1);
        while (model->count < EVENTS / 2 && in_100(90) &&
               leat_rate_due_us(&model->rate, model->now_us) <= model->now_us)
            rate_go(model, 1 + (unsigned)below(most));
    }
}

/* Each the moment it is due, after a rest or with what batches left to pay for. */
static void rate_hurry(struct rate_model *model)
{
    double a_second = model->rate.a_second;
    bool rested = in_100(50);
    model->now_us += rested ? (int64_t)(1e5 + 1e7 / a_second) : 0; /* all is paid, and a full burst is there */
    int64_t due_us = leat_rate_due_us(&model->rate, model->now_us);
    int64_t since_us = due_us > model->now_us ? due_us : model->now_us;
    for (int gone = 1; failure == NULL && model->count < EVENTS; gone++) {
        due_us = leat_rate_due_us(&model->rate, model->now_us);
        bool waits = due_us > model->now_us;
        model->now_us = waits ? due_us : model->now_us;
        rate_go(model, 1);
        double allowed = a_second * (double)(model->now_us - since_us) / 1e6;
        allowed += rested ? fmax(1, a_second / 10) : 0;
        expect(!waits || gone + 1 >= allowed, "a greedy caller is slower than the rate");
    }
}

static void run_rate(void)
{
    static const double rates[] = {0.01, 0.5, 1, 3, 7, 10, 15, 99.9, 333.3, 1000, 12345, 1e6, 3e6};
    static struct rate_model model;
    while (next_step(60)) {
        model = (struct rate_model){.now_us = (int64_t)below(1000000000)};
        model.rate.a_second = in_100(50) ? rates[below(13)] : exp((double)below(1400) / 100 - 2);
        rate_wander(&model, in_100(60) ? 1 : 5);
        rate_hurry(&model);
    }
}

/* --- breaker: against what happened to each run ---------------------------------------------------------- */

enum { RUNS = 8 };

struct breaker_model {
    struct leat_breaker breaker;
    struct {
        bool under_way, tried;
        unsigned openings; /* so many there had been when it started */
        uint32_t generation;
    } runs[RUNS];
    unsigned openings, in_a_row, failures;
    int64_t now_us, until_us;
    bool open; /* or trying: its pause may be over */
    int tried; /* the run, or -1 */
};

static void breaker_start(struct breaker_model *model, int run)
{
    bool wanted = !model->open || (model->now_us >= model->until_us && model->tried < 0);
    bool allowed = leat_breaker_allows(&model->breaker, model->now_us);
    expect(allowed == wanted, wanted ? "a run must wait for nothing" : "two runs are tried, or one in the pause");
    if (!allowed || in_100(10)) /* nothing is there to be run */
        return;
    model->runs[run].generation = leat_breaker_started(&model->breaker);
    model->runs[run].openings = model->openings;
    model->runs[run].under_way = true;
    model->runs[run].tried = model->open;
    model->tried = model->open ? run : -1;
}

static bool breaker_failed(struct breaker_model *model, int run)
{
    if (model->runs[run].openings != model->openings)
        return false;
    if (!model->open && ++model->failures < model->breaker.failures)
        return false;
    model->until_us = model->now_us + (model->breaker.pause_us << (model->in_a_row < 4 ? model->in_a_row : 4));
    model->in_a_row++;
    model->openings++;
    model->open = true;
    model->tried = -1;
    return true;
}

/* One event of that run; a success of any run closes what is being tried, and in the pause that of none. */
static void breaker_event(struct breaker_model *model, int run)
{
    bool success = in_100(40), opened = false;
    bool trying = model->open && model->breaker.state == LEAT_BREAKER_TRYING;
    if (!success) {
        opened = breaker_failed(model, run);
    } else if (trying || model->runs[run].openings == model->openings) {
        model->open = false;
        model->failures = model->in_a_row = 0;
        model->tried = -1;
    }
    uint32_t generation = model->runs[run].generation;
    bool got = leat_breaker_ended(&model->breaker, generation, success, model->now_us);
    expect(got == opened, opened ? "it stays closed" : "it opens");
}

static void run_breaker(void)
{
    static struct breaker_model model;
    while (next_step(40000)) {
        if (step % 1000 == 1)
            model = (struct breaker_model){
                .breaker = {.failures = 1 + (uint32_t)below(5), .pause_us = (int64_t)below(50)}, .tried = -1};
        int run = (int)below(RUNS);
        if (!model.runs[run].under_way) {
            breaker_start(&model, run);
        } else if (in_100(70)) {
            breaker_event(&model, run);
        } else {
            leat_breaker_void(&model.breaker, model.runs[run].generation);
            model.tried = model.tried == run ? -1 : model.tried;
            model.runs[run].under_way = false;
        }
        model.now_us += (int64_t)below(20);
        bool closed = model.breaker.state == LEAT_BREAKER_CLOSED;
        expect(closed == !model.open, "open, or closed");
        expect(closed || model.breaker.until_us == model.until_us, "a pause of another length");
    }
}

/* --- finished: against a table --------------------------------------------------------------------------- */

enum { UNITS = 24, KEPT = 8, INDEXES = 70 };

struct unit_model {
    uint32_t count; /* 0: forgotten */
    unsigned since;
    unsigned done[INDEXES]; /* 0: no; 1: ok; else its reason's number */
};

static const char scopes[2];

static leat_str text_of(char *text, size_t size, unsigned number)
{
    snprintf(text, size, "%u", number);
    return leat_str_c(text);
}

static struct unit_model *finished_oldest(struct unit_model *units)
{
    struct unit_model *oldest = NULL;
    unsigned kept = 0;
    for (int i = 0; i < UNITS; i++) {
        kept += units[i].count > 0 ? 1 : 0;
        if (units[i].count > 0 && (oldest == NULL || units[i].since < oldest->since))
            oldest = &units[i];
    }
    return kept >= KEPT ? oldest : NULL;
}

static void finished_note(struct leat_finished *finished, struct unit_model *units, unsigned unit, uint32_t count)
{
    char name[16], text[16];
    uint32_t index = (uint32_t)below(count);
    unsigned reason = in_100(50) ? 1 : 2 + (unsigned)below(1000);
    const struct leat_finished_reject why = {.reason = text_of(text, sizeof(text), reason)};
    if (in_100(10))
        (void)leat_alloc_fail_at(1 + below(3), false);
    bool noted = leat_finished_note(finished, &scopes[unit % 2], text_of(name, sizeof(name), unit / 2), index, count,
                                    reason > 1 ? &why : NULL);
    bool failing = leat_alloc_fail_at(0, false) > 0;
    expect(noted || failing, "forgotten although there was memory");
    if (!noted)
        return;
    if (units[unit].count != count) {
        units[unit].count = 0;
        struct unit_model *oldest = finished_oldest(units);
        if (oldest != NULL)
            oldest->count = 0;
        units[unit] = (struct unit_model){.count = count, .since = step};
    }
    if (units[unit].done[index] == 0)
        units[unit].done[index] = reason;
}

static void finished_compare(const struct leat_finished *finished, const struct unit_model *units, unsigned unit)
{
    char name[16], text[16];
    struct leat_finished_reject got;
    leat_str key = text_of(name, sizeof(name), unit / 2);
    uint32_t count = units[unit].count > 0 ? units[unit].count : 1 + (uint32_t)below(INDEXES);
    for (uint32_t i = 0; i < count; i++) {
        unsigned wanted = units[unit].count > 0 ? units[unit].done[i] : 0;
        bool done = leat_finished_is(finished, &scopes[unit % 2], key, i, count, &got);
        expect(done == (wanted > 0), "done, or not");
        expect(leat_str_eq(got.reason, wanted > 1 ? text_of(text, sizeof(text), wanted) : LEAT_ABSENT),
               "another reason");
    }
    expect(!leat_finished_is(finished, &scopes[unit % 2], key, 0, count + 1, &got), "another count");
}

static void run_finished(void)
{
    static struct unit_model units[UNITS];
    static uint32_t counts[UNITS];
    struct leat_finished *finished = leat_finished_new(KEPT);
    expect(finished != NULL, "no memory");
    while (next_step(30000)) {
        unsigned unit = (unsigned)below(in_100(70) ? UNITS / 3 : UNITS); /* some come often */
        if (counts[unit] == 0 || in_100(2))
            counts[unit] = 1 + (uint32_t)below(INDEXES);
        if (in_100(5)) {
            char name[16];
            leat_finished_forget(finished, &scopes[unit % 2], text_of(name, sizeof(name), unit / 2));
            units[unit].count = 0;
        } else if (in_100(80)) {
            finished_note(finished, units, unit, counts[unit]);
        }
        finished_compare(finished, units, in_100(50) ? unit : (unsigned)below(UNITS));
    }
    leat_finished_free(finished);
}

/* --------------------------------------------------------------------------------------------------------- */

static const struct part {
    const char *name;
    void (*run)(void);
} parts[] = {
    {"heap", run_heap}, {"backoff", run_backoff}, {"ledger", run_ledger},     {"gather", run_gather},
    {"rate", run_rate}, {"breaker", run_breaker}, {"finished", run_finished},
};

static uint64_t any_seed(void)
{
    const char *given = getenv("LEAT_SEED");
    if (given != NULL)
        return strtoull(given, NULL, 10);
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mixed = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return leat_chance(&mixed) % 1000000000;
}

int main(void)
{
    int failures = 0, count = (int)(sizeof(parts) / sizeof(parts[0]));
    seed = any_seed();
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* a crash shall not take the seed with it */
    printf("# LEAT_SEED=%" PRIu64 "\n1..%d\n", seed, count);
    for (int i = 0; i < count; i++) {
        chance = seed + (uint64_t)i; /* whatever the parts before it drew */
        step = 0;
        failure = NULL;
        parts[i].run();
        failures += failure != NULL ? 1 : 0;
        printf("%sok %d - schedules: %s\n", failure != NULL ? "not " : "", i + 1, parts[i].name);
        if (failure != NULL)
            printf("# step %u: %s (LEAT_SEED=%" PRIu64 ")\n", failed_at, failure, seed);
    }
    return failures > 0 ? 1 : 0;
}
