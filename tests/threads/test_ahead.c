/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs that wait in the pool for a slot. Quick events come first, so that runs are let ahead; then one handler stays
 * where it is until the loop thread, which sees runs behind it, has done what the test is about and lets it go.
 */
#include "fakes.h"

#include <engine/internal.h>
#include <engine/loop.h>
#include <leat/alloc.h>

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { QUICK = 300, PATIENCE_S = 30, TIMEOUT_MS = 200, SLOW_US = 1500 };

static unsigned checks, failures;

static void check(bool good, const char *what)
{
    failures += good ? 0 : 1;
    printf("%sok %u - ahead: %s\n", good ? "" : "not ", ++checks, what);
}

/* --- the pool, watched --------------------------------------------------------------------------------- */

static struct leat_executor_ops watched;
static void *pool;            /* its state; loop thread */
static uint32_t most_waiting; /* when a run was started */
static uint32_t flushed;      /* slots, the last time */

static leat_status open_watched(void *self, struct leat_slot *const *slots, uint32_t count, struct leat_error *reterr)
{
    pool = self;
    return leat_executor_pool.open(self, slots, count, reterr);
}

static void start_watched(void *self, struct leat_run *run)
{
    leat_executor_pool.start(self, run);
    uint32_t waiting = watched.waiting(self), slots = watched.free_slots(self);
    if (waiting > slots && waiting - slots > most_waiting)
        most_waiting = waiting - slots;
}

static void flush_watched(void *self, uint32_t slots)
{
    flushed = slots;
    leat_executor_pool.flush(self, slots);
}

/* --- handlers ------------------------------------------------------------------------------------------- */

static struct leat_engine *engine;
static const char *mark;
static struct leat_unit *marked; /* the unit whose event says `mark` */
static uint64_t fine;            /* outcomes that were ok */
static void (*act)(void);        /* on the loop thread, once runs wait behind "hold"; NULL: nothing */
static time_t patience;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two that follow */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool released, let_go; /* "hold" returns when both are true */
static atomic_bool held;
static atomic_uint begun; /* behind "hold" */
static atomic_bool hooked;
static atomic_uint begun_in_hook;
static _Atomic int64_t skew_us, time_left_ms;

static void post(void (*function)(void *))
{
    if (!leat_loop_post(leat_engine_loop(engine), function, NULL))
        abort();
}

static void set(bool *member)
{
    pthread_mutex_lock(&lock);
    *member = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Goes on until runs wait, then acts and lets the handler go. */
static void when_others_wait(void *argument)
{
    (void)argument;
    bool late = time(NULL) > patience;
    if (watched.waiting(pool) == 0 && !late) {
        post(when_others_wait);
        return;
    }
    if (!late)
        act();
    set(&released);
}

static void hold(void)
{
    atomic_store(&held, true);
    if (act != NULL)
        post(when_others_wait);
    const struct timespec until = {.tv_sec = patience};
    pthread_mutex_lock(&lock);
    bool late = false;
    while ((!released || !let_go) && !late)
        late = pthread_cond_timedwait(&changed, &lock, &until) != 0;
    pthread_mutex_unlock(&lock);
}

static void work(void)
{
    int64_t until_us = leat_clock_us(&leat_clock_system) + SLOW_US;
    while (leat_clock_us(&leat_clock_system) < until_us)
        continue;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    leat_str todo = leat_event_data(event);
    (void)state;
    if (leat_str_is(todo, "slow"))
        work();
    if (leat_str_is(todo, "hold")) {
        hold();
        return leat_ok(ctx);
    }
    if (atomic_load(&held))
        atomic_fetch_add(&begun, 1);
    if (leat_str_is(todo, "mark"))
        atomic_store(&time_left_ms, leat_remaining_ms(ctx));
    if (leat_str_is(todo, "last"))
        set(&let_go);
    return leat_ok(ctx);
}

/* For test_cancel: lets the handler go, and waits until its slot has gone on, as far as it does. */
static void cancel(void *state)
{
    (void)state;
    if (!atomic_load(&hooked))
        return;
    set(&released); /* act has not returned yet */
    set(&let_go);
    while (watched.free_slots(pool) == 0 && atomic_load(&begun) == 0 && time(NULL) <= patience)
        sched_yield();
    atomic_store(&begun_in_hook, atomic_load(&begun));
}

static const struct leat_handler handler = {
    .abi = LEAT_ABI, .size = sizeof(struct leat_handler), .name = "ahead", .handle = handle, .cancel = cancel};

static void note_unit(void *self, struct leat_work *const *work, size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++)
        if (leat_str_is(leat_event_data(work[i]->event), mark))
            marked = work[i]->unit;
}

static const struct leat_middleware_ops noting = {
    .abi = LEAT_ABI, .size = sizeof(noting), .name = "noting", .before = note_unit};

static int64_t skewed_us(void *argument)
{
    (void)argument;
    return leat_clock_us(&leat_clock_system) + atomic_load(&skew_us);
}

static int64_t wall_ms(void *argument)
{
    (void)argument;
    return leat_clock_wall_ms(&leat_clock_system);
}

static const struct leat_clock skewed = {skewed_us, wall_ms, NULL};

/* --- running ----------------------------------------------------------------------------------------------- */

/* `before` events "a0".. that do one thing, then `behind`, a list of units. */
static const char *payload(struct leat_arena *arena, unsigned before, const char *what, const char *behind)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"fake\":[");
    for (unsigned i = 0; i < before; i++)
        leat_buf_printf(&buf, "%s{\"id\":\"a%u\",\"outcomes\":[\"%s\"]}", i > 0 ? "," : "", i, what);
    leat_buf_printf(&buf, "%s]}", behind);
    return leat_buf_str(&buf).ptr;
}

#define UNIT(id, what) ",{\"id\":\"" id "\",\"outcomes\":[\"" what "\"]}"
#define TWO(id) ",{\"id\":\"" id "\",\"outcomes\":[\"ok\",\"ok\"]}"
#define BEHIND UNIT("h", "hold") UNIT("m", "mark") UNIT("n", "ok") UNIT("o", "ok") UNIT("l", "last")

struct setup {
    struct leat_engine_options options;
    unsigned before;
    const char *what, *behind, *mark;     /* NULL: "ok", BEHIND, "mark" */
    const struct leat_source_ops *source; /* NULL: a queue */
    void (*act)(void);
};

static bool run(struct setup setup)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini);
    leat_arena_init(&arena, 0);
    const char *payloads[2] = {payload(&arena, setup.before, setup.what != NULL ? setup.what : "ok",
                                       setup.behind != NULL ? setup.behind : BEHIND)};
    const struct fake_source_options source = {.payloads = payloads};
    setup.options.adapters = fake_adapters;
    setup.options.executor = &watched;
    setup.options.clock = &skewed;
    setup.options.max_lost_slots = UINT32_MAX;
    setup.options.grace_ms = PATIENCE_S * 1000;
    act = setup.act;
    patience = time(NULL) + PATIENCE_S;
    most_waiting = 0;
    marked = NULL;
    mark = setup.mark != NULL ? setup.mark : "mark";
    atomic_store(&held, false);
    released = act == NULL;
    let_go = false;
    atomic_store(&begun, 0);
    atomic_store(&begun_in_hook, UINT_MAX);
    atomic_store(&skew_us, 0);
    fake_log_reset();
    engine = leat_engine_new(&setup.options);
    if (engine == NULL || !leat_is_ok(leat_engine_add_handler(engine, LEAT_ABSENT, &handler, NULL)) ||
        !leat_is_ok(leat_engine_add_middleware(engine, &noting, NULL)) ||
        !leat_is_ok(leat_engine_add_source(engine, setup.source != NULL ? setup.source : &fake_source_each, &source,
                                           NULL, NULL)) ||
        !leat_is_ok(leat_engine_start(engine, NULL)))
        abort();
    bool good = leat_is_ok(leat_engine_run(engine, NULL)) && time(NULL) <= patience;
    fine = leat_engine_metrics(engine)->outcomes[LEAT_OUTCOME_OK];
    leat_engine_free(engine);
    return good;
}

static bool ended(const char *id, enum leat_verdict verdict)
{
    const struct fake_unit_log *unit = fake_unit(id);
    bool good = unit != NULL && unit->settled == 1 && unit->verdict == verdict;
    if (!good)
        printf("# %s: settled %u times, %s, \"%s\"\n", id, unit != NULL ? unit->settled : 0,
               unit != NULL ? leat_verdict_name(unit->verdict) : "", unit != NULL ? unit->said : "");
    return good;
}

static bool behind_ended(enum leat_verdict verdict)
{
    return ended("m", verdict) && ended("n", verdict) && ended("o", verdict) && ended("l", verdict);
}

static void let_it_go(void)
{
    set(&let_go);
}

/* --- the tests ------------------------------------------------------------------------------------------------ */

static void test_line(void)
{
    bool good = run((struct setup){.options = {.slots = 1}, .before = QUICK, .act = let_it_go});
    check(good && fake_log.unit_count == QUICK + 5 && ended("a0", LEAT_ACK) && ended("h", LEAT_ACK) &&
              behind_ended(LEAT_ACK),
          "all end, each once");
    check(most_waiting > 1 && most_waiting <= watched.waiting_max, "quick runs wait in line, no more than may");
}

static void test_slow(void)
{
    bool good = run((struct setup){.options = {.slots = 1}, .before = 20, .what = "slow", .behind = ""});
    check(good && most_waiting == 0, "slow ones begin when a slot is free");
}

static void test_other_slots(void)
{
    /* "last" lets those go that hold. */
    bool good = run(
        (struct setup){.options = {.slots = 4}, .before = QUICK, .behind = UNIT("g", "hold") UNIT("i", "hold") BEHIND});
    check(good && behind_ended(LEAT_ACK), "behind those that do not return the other slots go on");
}

static void drain(void)
{
    leat_engine_drain(engine, PATIENCE_S * 1000);
    let_it_go();
}

static void test_drain(void)
{
    bool good = run((struct setup){.options = {.slots = 1},
                                   .before = QUICK,
                                   .behind = UNIT("h", "hold") TWO("m") TWO("n") TWO("o") TWO("l"),
                                   .act = drain});
    check(good && ended("h", LEAT_ACK) && behind_ended(LEAT_RELEASE) && atomic_load(&begun) == 0,
          "at a drain what no slot has begun goes back, and is not run");
}

/* All that may be run is run, though the engine stops when the last one is handed over. */
static void test_count(void)
{
    bool good = run((struct setup){.options = {.slots = 1, .max_events = QUICK}, .before = 2 * QUICK, .behind = ""});
    check(good && fine == QUICK, "as many are run as max_events says");
}

/* Nothing would bring back what an answer is waited for. */
static void test_caller(void)
{
    bool good =
        run((struct setup){.options = {.slots = 2}, .before = QUICK, .behind = "", .source = &fake_source_caller});
    check(good && most_waiting == 0, "who waits for an answer does not wait in line");
}

static void lose_held(void)
{
    leat_lost(marked, LEAT_LEASE_LOST);
}

static void test_cancel(void)
{
    atomic_store(&hooked, true);
    bool good = run((struct setup){.options = {.slots = 1},
                                   .before = QUICK,
                                   .behind = UNIT("h", "hold") UNIT("n", "ok") UNIT("o", "ok") UNIT("l", "last"),
                                   .mark = "hold",
                                   .act = lose_held});
    atomic_store(&hooked, false);
    check(good && atomic_load(&begun_in_hook) == 0,
          "while a handler is told that it is cancelled its slot takes no other run");
    check(ended("n", LEAT_ACK) && ended("l", LEAT_ACK), "... and goes on then");
}

static void lose(void)
{
    leat_lost(marked, LEAT_LEASE_LOST);
    let_it_go();
}

static void test_lost(void)
{
    bool good = run((struct setup){.options = {.slots = 1}, .before = QUICK, .act = lose});
    check(good && ended("n", LEAT_ACK) && ended("l", LEAT_ACK) && atomic_load(&begun) == 3,
          "one that is lost while it waits is not run");
}

static void wait_out(void *argument)
{
    (void)argument;
    if (watched.waiting(pool) > 0 && time(NULL) <= patience)
        post(wait_out);
    else
        let_it_go();
}

static void begin_wait(void)
{
    wait_out(NULL);
}

static void test_deadline(void)
{
    bool good =
        run((struct setup){.options = {.slots = 1, .timeout_ms = TIMEOUT_MS}, .before = QUICK, .act = begin_wait});
    check(good && ended("h", LEAT_ACK) && behind_ended(LEAT_RELEASE) && atomic_load(&begun) == 0,
          "what waits for a slot as long as it might have run goes back");
}

static void pass_time(void)
{
    atomic_store(&skew_us, (int64_t)(TIMEOUT_MS - 20) * 1000);
    let_it_go();
}

static void test_time_left(void)
{
    bool good = run((struct setup){
        .options = {.slots = 1, .timeout_ms = PATIENCE_S * TIMEOUT_MS}, .before = QUICK, .act = pass_time});
    int64_t left_ms = atomic_load(&time_left_ms);
    check(good && ended("m", LEAT_ACK) && left_ms > PATIENCE_S * TIMEOUT_MS - (TIMEOUT_MS - 20),
          "what it waited is not taken from its time");
}

/* Whatever runs does not end, so nobody knows what a slot that is woken will find. */
static void test_stuck(void)
{
    const struct leat_engine_options options = {.executor = &watched, .slots = 4};
    engine = leat_engine_new(&options);
    if (engine == NULL)
        abort();
    (void)leat_ahead_rest(engine);
    bool good = flushed == 1;
    engine->ahead.stuck = true;
    check(leat_ahead_rest(engine) == 1 && good && flushed == UINT32_MAX,
          "behind what does not end all slots are woken");
    leat_engine_free(engine);
}

int main(void)
{
    watched = leat_executor_pool;
    watched.open = open_watched;
    watched.start = start_watched;
    watched.flush = flush_watched;
    test_line();
    test_slow();
    test_other_slots();
    test_drain();
    test_count();
    test_caller();
    test_cancel();
    test_stuck();
    test_lost();
    test_deadline();
    test_time_left();
    printf("1..%u\n", checks);
    return failures > 0 ? 1 : 0;
}
