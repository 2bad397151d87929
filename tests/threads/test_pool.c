/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool executor and the deadlines it makes possible. What an event's data says its handler does: handlers wait for
 * each other and for a gate, never for a time; only the engine's own deadlines are short.
 */
#include "fakes.h"

#include <engine/loop.h>
#include <leat/alloc.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 30, TIMEOUT_MS = 20, GRACE_MS = 300, MANY = 4000 };

static unsigned checks, failures;

static void check(bool good, const char *what)
{
    failures += good ? 0 : 1;
    printf("%sok %u - pool: %s\n", good ? "" : "not ", ++checks, what);
}

/* --- where handlers wait --------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned meeting, met; /* how many must meet; how many came */
    unsigned hanging;      /* in "hang" now */
    unsigned others;       /* that ended meanwhile */
    unsigned keys, turned; /* the gate opens when so many were turned */
    bool late;             /* somebody lost patience */
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void gate_reset(unsigned meeting, unsigned keys)
{
    pthread_mutex_lock(&gate.lock);
    gate.meeting = meeting;
    gate.keys = keys;
    gate.met = gate.hanging = gate.others = gate.turned = 0;
    gate.late = false;
    pthread_mutex_unlock(&gate.lock);
}

/* Until it may go on, with the lock. */
static void wait_until(bool (*may)(void))
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    while (!may() && !gate.late)
        gate.late = pthread_cond_timedwait(&gate.changed, &gate.lock, &end) != 0;
}

static bool is_open(void)
{
    return gate.turned >= gate.keys;
}

static bool all_met(void)
{
    return gate.met >= gate.meeting;
}

static void turn_key(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.turned++;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static unsigned read_gate(const unsigned *member)
{
    pthread_mutex_lock(&gate.lock);
    unsigned value = *member;
    pthread_mutex_unlock(&gate.lock);
    return value;
}

/* --- the handler ------------------------------------------------------------------------------------- */

struct state {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool broken; /* by the cancel hook */
};

static atomic_uint tried, opened, closed, strangers, cancels, init_fails_at;
static atomic_bool knew; /* the handler saw its own cancellation */
static pthread_t loop_thread;

static leat_status init_slot(leat_context *ctx, void **ret)
{
    unsigned number = atomic_fetch_add(&tried, 1) + 1;
    struct state *state = calloc(1, sizeof(*state));
    if (number == atomic_load(&init_fails_at) || state == NULL) {
        free(state);
        return leat_fail(ctx, "no database for slot %u", number);
    }
    atomic_fetch_add(&opened, 1);
    state->thread = pthread_self();
    pthread_mutex_init(&state->lock, NULL);
    pthread_cond_init(&state->wake, NULL);
    *ret = state;
    return LEAT_OK;
}

static void note_thread(const struct state *state)
{
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    bool own = pthread_equal(state->thread, pthread_self()) && !pthread_equal(loop_thread, pthread_self());
    if (!own || !sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGCHLD) || sigismember(&blocked, SIGSEGV))
        atomic_fetch_add(&strangers, 1);
}

static void fini_slot(void *argument)
{
    struct state *state = argument;
    note_thread(state);
    atomic_fetch_add(&closed, 1);
    free(state);
}

static void cancel_slot(void *argument)
{
    struct state *state = argument;
    pthread_mutex_lock(&state->lock);
    state->broken = pthread_equal(loop_thread, pthread_self());
    pthread_cond_signal(&state->wake);
    pthread_mutex_unlock(&state->lock);
    atomic_fetch_add(&cancels, 1);
}

static void meet(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.met++;
    pthread_cond_broadcast(&gate.changed);
    wait_until(all_met);
    pthread_mutex_unlock(&gate.lock);
}

static void hang(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.hanging++;
    wait_until(is_open);
    gate.hanging--;
    pthread_mutex_unlock(&gate.lock);
}

static leat_outcome until_cancelled(leat_context *ctx, struct state *state)
{
    bool had_time = leat_remaining_ms(ctx) <= TIMEOUT_MS;
    pthread_mutex_lock(&state->lock);
    while (!state->broken)
        pthread_cond_wait(&state->wake, &state->lock);
    pthread_mutex_unlock(&state->lock);
    atomic_store(&knew, had_time && leat_cancelled(ctx) && leat_remaining_ms(ctx) == 0);
    return leat_retry(ctx, "broken off");
}

static leat_outcome act(leat_context *ctx, const leat_event *event, struct state *state)
{
    leat_str todo = leat_event_data(event);
    note_thread(state);
    if (leat_str_is(todo, "wait"))
        return until_cancelled(ctx, state);
    if (leat_str_is(todo, "meet"))
        meet();
    if (leat_str_is(todo, "open"))
        turn_key();
    if (leat_str_is(todo, "hang")) {
        hang();
        return leat_ok(ctx);
    }
    pthread_mutex_lock(&gate.lock);
    gate.others++;
    pthread_mutex_unlock(&gate.lock);
    return leat_reply_json(ctx, leat_event_id(event).ptr);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    return act(ctx, event, state);
}

static void handle_batch(leat_context *ctx, struct leat_batch *batch, void *state)
{
    for (size_t i = 0; i < leat_batch_count(batch); i++)
        leat_batch_set(batch, i, act(ctx, leat_batch_event(batch, i), state));
}

#define LIFE \
    .abi = LEAT_ABI, .size = sizeof(struct leat_handler), .init = init_slot, .cancel = cancel_slot, .fini = fini_slot
static const struct leat_handler one = {LIFE, .name = "one", .handle = handle};
static const struct leat_handler several = {LIFE, .name = "several", .handle_batch = handle_batch};

/* --- a middleware that sees what is abandoned ------------------------------------------------------------ */

static struct {
    unsigned count, hanging;
    bool a_was_settled;
} abandoned;

/* Lets the handler go whose event was given up. */
static void abandon(void *self, struct leat_work *work)
{
    (void)self;
    (void)work;
    abandoned.count++;
    abandoned.hanging = read_gate(&gate.hanging);
    abandoned.a_was_settled = fake_unit("a") != NULL;
    turn_key();
}

static const struct leat_middleware_ops letting_go = {
    .abi = LEAT_ABI, .size = sizeof(letting_go), .name = "letting go", .abandon = abandon};

/* --- running ----------------------------------------------------------------------------------------------- */

#define PAYLOADS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PAYLOAD(units) "{\"fake\":[" units "]}"
#define DO(id, what) "{\"id\":\"" id "\",\"outcomes\":[" what "]}"
#define IN(lane, id, what) "{\"id\":\"" id "\",\"lane\":\"" lane "\",\"outcomes\":[" what "]}"
#define OK "\"ok\""
#define HANG "\"hang\""
#define MEET "\"meet\""

struct setup {
    struct leat_engine_options options;
    const struct leat_handler *handler;
    struct fake_source_options source;
    const struct leat_middleware_ops *middleware;
    unsigned meeting, keys; /* keys 0: 1 */
};

static struct leat_error last;

static struct leat_engine *make(struct setup *setup)
{
    setup->options.adapters = fake_adapters;
    setup->options.executor = &leat_executor_pool;
    setup->options.grace_ms = setup->options.grace_ms != 0 ? setup->options.grace_ms : GRACE_MS;
    loop_thread = pthread_self();
    atomic_store(&tried, 0);
    atomic_store(&opened, 0);
    atomic_store(&closed, 0);
    atomic_store(&strangers, 0);
    atomic_store(&cancels, 0);
    memset(&abandoned, 0, sizeof(abandoned));
    last = (struct leat_error){0};
    gate_reset(setup->meeting, setup->keys > 0 ? setup->keys : 1);
    fake_log_reset();
    struct leat_engine *engine = leat_engine_new(&setup->options);
    if (engine == NULL || !leat_is_ok(leat_engine_add_handler(engine, LEAT_ABSENT, setup->handler, NULL)) ||
        !leat_is_ok(leat_engine_add_middleware(engine, &fake_middleware_decide, NULL)) ||
        (setup->middleware != NULL && !leat_is_ok(leat_engine_add_middleware(engine, setup->middleware, NULL))) ||
        !leat_is_ok(leat_engine_add_source(engine, &fake_source_caller, &setup->source, NULL, NULL)))
        abort();
    return engine;
}

static leat_status run(struct leat_engine *engine)
{
    leat_status status = leat_engine_start(engine, &last);
    return leat_is_ok(status) ? leat_engine_run(engine, &last) : status;
}

static bool ended(const char *id, enum leat_verdict verdict, const char *said)
{
    const struct fake_unit_log *unit = fake_unit(id);
    bool good = unit != NULL && unit->settled == 1 && unit->verdict == verdict && strcmp(unit->said, said) == 0 &&
                unit->timed_out == (strncmp(said, "timed out", 9) == 0);
    if (!good)
        printf("# %s: settled %u times, %s, \"%s\"\n", id, unit != NULL ? unit->settled : 0,
               unit != NULL ? leat_verdict_name(unit->verdict) : "", unit != NULL ? unit->said : "");
    return good;
}

#define TIMED_OUT "timed out after 20 ms"

/* --- slots -------------------------------------------------------------------------------------------------- */

static void test_parallel(void)
{
    struct setup setup = {
        .options = {.slots = 8},
        .handler = &one,
        .source = {.payloads = PAYLOADS(PAYLOAD(DO("a", MEET) "," DO("b", MEET) "," DO("c", MEET) "," DO("d", MEET)),
                                        PAYLOAD(DO("e", MEET) "," DO("f", MEET) "," DO("g", MEET) "," DO("h", MEET)))},
        .meeting = 8};
    struct leat_engine *engine = make(&setup);
    bool good = leat_is_ok(run(engine));
    leat_engine_free(engine);
    check(good && !gate.late && gate.met == 8, "eight slots run eight handlers at once");
    check(atomic_load(&opened) == 8 && atomic_load(&closed) == 8, "each slot has its init and its fini");
    check(atomic_load(&strangers) == 0, "init, handle and fini share a thread of the slot's own, deaf to signals");
}

static void test_init_fails(void)
{
    struct setup setup = {.options = {.slots = 4}, .handler = &one, .source = {.payloads = PAYLOADS(PAYLOAD(""))}};
    struct leat_engine *engine = make(&setup);
    atomic_store(&init_fails_at, 3);
    leat_status status = run(engine);
    atomic_store(&init_fails_at, 0);
    leat_engine_free(engine);
    check(status.code == LEAT_E_CONFIG && strcmp(last.message, "one: init failed: no database for slot 3") == 0,
          "an init that fails stops the start with its message");
    check(atomic_load(&opened) == 3 && atomic_load(&closed) == 3, "the other slots are closed again");
}

/* One delivery; every second unit is in one of a few lanes. */
static const char *many_units(struct leat_arena *arena, unsigned from, unsigned count)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"fake\":[");
    for (unsigned i = from; i < from + count; i++)
        leat_buf_printf(&buf, "%s{\"id\":\"u%u\",\"lane\":\"%s%.0u\",\"outcomes\":[\"ok\"]}", i > from ? "," : "", i,
                        i % 2 == 0 ? "" : "lane", i % 2 == 0 ? 0 : i % 64);
    leat_buf_c(&buf, "]}");
    return leat_buf_str(&buf).ptr;
}

static void test_many(const struct leat_handler *handler, const char *what)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini);
    const char *payloads[5] = {NULL};
    leat_arena_init(&arena, 0);
    for (unsigned i = 0; i < 4; i++)
        payloads[i] = many_units(&arena, i * MANY / 4, MANY / 4);
    struct setup setup = {
        .options = {.slots = 64, .timeout_ms = 60000}, .handler = handler, .source = {.payloads = payloads}};
    struct leat_engine *engine = make(&setup);
    bool good = leat_is_ok(run(engine)) && fake_log.unit_count == MANY;
    good = good && leat_engine_metrics(engine)->outcomes[LEAT_OUTCOME_OK] == MANY;
    leat_engine_free(engine);
    for (size_t i = 0; i < fake_log.unit_count && good; i++) {
        char said[2 * FAKE_ID_MAX];
        const struct fake_unit_log *unit = &fake_log.units[i];
        snprintf(said, sizeof(said), "%s/0", unit->id);
        good = unit->settled == 1 && unit->verdict == LEAT_ACK && strcmp(unit->said, said) == 0;
    }
    check(good && fake_log.freed == 4, what);
}

/* --- deadlines ------------------------------------------------------------------------------------------------ */

static void test_cancel(void)
{
    struct setup setup = {.options = {.slots = 2, .timeout_ms = TIMEOUT_MS, .grace_ms = PATIENCE_S * 1000},
                          .handler = &one,
                          .source = {.payloads = PAYLOADS(PAYLOAD(DO("w", "\"wait\"")))}};
    struct leat_engine *engine = make(&setup);
    bool good = leat_is_ok(run(engine));
    check(good && atomic_load(&cancels) == 1, "at its deadline a run is cancelled, from the loop thread");
    check(atomic_load(&knew), "its handler can ask for the time left, and that it is over");
    check(ended("w", LEAT_RETRY, "broken off") && leat_engine_metrics(engine)->late_results == 0,
          "who returns within the grace has the last word");
    leat_engine_free(engine);
}

static void test_overrun(uint32_t slots)
{
    struct setup setup = {.options = {.slots = slots, .timeout_ms = TIMEOUT_MS, .max_lost_slots = UINT32_MAX},
                          .handler = &one,
                          .source = {.payloads = PAYLOADS(PAYLOAD(
                                         DO("h", HANG) "," DO("a", OK) "," DO("b", OK) "," DO("c", "\"open\"")))},
                          .middleware = &letting_go,
                          .keys = slots}; /* of two slots the other one must get as far as c before h goes on */
    struct leat_engine *engine = make(&setup);
    leat_status status = run(engine);
    const struct leat_metrics *metrics = leat_engine_metrics(engine);
    printf("# %u slots\n", slots);
    check(leat_is_ok(status) && ended("h", LEAT_RETRY, TIMED_OUT), "who does not return is settled as timed out");
    check(abandoned.count == 1 && abandoned.hanging == 1, "... is abandoned by middleware, while its handler runs");
    check(ended("a", LEAT_ACK, "a/0") && ended("b", LEAT_ACK, "b/0") && ended("c", LEAT_ACK, "c/0"),
          slots == 1 ? "its slot serves again when it has returned" : "the others go on");
    check(metrics->outcomes[LEAT_OUTCOME_RETRY] == 1 && metrics->outcomes[LEAT_OUTCOME_OK] == 3,
          "a timeout is counted as any retry");
    check(metrics->late_results == 1 && leat_engine_lost_slots(engine) == 0, "the late result is counted");
    check(fake_log.freed == 1, "its delivery is freed after that");
    leat_engine_free(engine);
    check(atomic_load(&closed) == slots && !gate.late, "every thread ends");
}

/* The second delivery comes when the first is settled: credit is for two units. */
static void test_overrun_in_lane(void)
{
    struct setup setup = {
        .options = {.slots = 2, .timeout_ms = TIMEOUT_MS, .max_lost_slots = UINT32_MAX, .max_in_flight = 2},
        .handler = &one,
        .source = {.payloads =
                       PAYLOADS(PAYLOAD(IN("l", "h1", HANG "," OK) "," IN("l", "h2", OK)),
                                PAYLOAD(IN("l", "h3", OK) "," IN("l", "h4", OK)), PAYLOAD(DO("x", "\"open\"")))}};
    struct leat_engine *engine = make(&setup);
    leat_status status = run(engine);
    check(leat_is_ok(status) && ended("h1", LEAT_RETRY, TIMED_OUT) && gate.others == 1,
          "later events of a unit that timed out do not start");
    check(leat_engine_metrics(engine)->outcomes[LEAT_OUTCOME_RETRY] == 2, "they are counted as timed out too");
    check(ended("h2", LEAT_RELEASE, "behind a failed one of its lane"), "its lane is given back");
    check(ended("h3", LEAT_RELEASE, "behind a failed one of its lane") &&
              ended("h4", LEAT_RELEASE, "behind a failed one of its lane"),
          "the lane stays closed while the handler runs, also for what comes later");
    check(ended("x", LEAT_ACK, "x/0") && leat_engine_metrics(engine)->late_results == 1, "other lanes go on");
    leat_engine_free(engine);
}

static void test_overrun_in_batch(void)
{
    struct setup setup = {
        .options = {.slots = 1, .timeout_ms = TIMEOUT_MS, .max_lost_slots = UINT32_MAX},
        .handler = &several,
        .source = {.payloads = PAYLOADS(PAYLOAD(DO("a", OK) "," DO("d", "\"decide\"") "," DO("h", HANG)))},
        .middleware = &letting_go};
    struct leat_engine *engine = make(&setup);
    check(leat_is_ok(run(engine)) && ended("a", LEAT_RETRY, TIMED_OUT) && ended("h", LEAT_RETRY, TIMED_OUT),
          "a batch times out as a whole");
    check(ended("d", LEAT_FAIL, "decided") && abandoned.count == 2, "but for what was decided before");
    leat_engine_free(engine);
}

static void test_waiting(void)
{
    struct setup setup = {.options = {.slots = 1, .max_lost_slots = UINT32_MAX, .reserve_ms = 1},
                          .handler = &one,
                          .source = {.payloads = PAYLOADS(PAYLOAD(DO("h", HANG) "," DO("a", OK "," OK)))},
                          .middleware = &letting_go};
    setup.source.deadline_ms = leat_clock_wall_ms(&leat_clock_system) + 200;
    struct leat_engine *engine = make(&setup);
    check(leat_is_ok(run(engine)) && abandoned.count == 1 && ended("a", LEAT_RETRY, "no time left"),
          "what waits for a slot beyond its delivery's deadline has no time left");
    check(abandoned.a_was_settled, "... and does not wait any longer");
    check(fake_unit("h") != NULL && strncmp(fake_unit("h")->said, "timed out after ", 16) == 0,
          "a delivery's deadline is its runs' too");
    leat_engine_free(engine);
}

/* --- lost slots ------------------------------------------------------------------------------------------------ */

/* Bounded: a turn of the engine at a time until the handlers are back. */
static bool come_back(struct leat_engine *engine)
{
    int64_t end_us = leat_clock_us(&leat_clock_system) + PATIENCE_S * (int64_t)1000000;
    turn_key();
    while (leat_engine_lost_slots(engine) > 0 && leat_clock_us(&leat_clock_system) < end_us) {
        (void)leat_engine_run(engine, NULL);
        sched_yield();
    }
    return leat_engine_lost_slots(engine) == 0;
}

static size_t read_log(int fd, char *text, size_t size)
{
    ssize_t len = read(fd, text, size - 1);
    text[len > 0 ? len : 0] = '\0';
    return strlen(text);
}

static void test_too_many_lost(void)
{
    static const char words[] = "1 slot is lost: handler one did not return within 300 ms of its timeout";
    char text[1024];
    int ends[2];
    struct leat_logger logger;
    leat_logger_init(&logger);
    if (pipe(ends) != 0)
        abort();
    logger.fd = ends[1];
    struct setup setup = {
        .options = {.slots = 2, .timeout_ms = TIMEOUT_MS, .max_in_flight = 2, .logger = &logger},
        .handler = &one,
        .source = {.hasty = true, .payloads = PAYLOADS(PAYLOAD(DO("h", HANG) "," DO("a", OK)), PAYLOAD(DO("y", OK)))}};
    setup.options.outcome_level = LEAT_TRACE;
    struct leat_engine *engine = make(&setup);
    leat_status status = run(engine);
    check(status.code == LEAT_E_BUG && strcmp(last.message, words) == 0, "more lost slots than may be end the engine");
    check(leat_engine_lost_slots(engine) == 1 && ended("h", LEAT_RETRY, TIMED_OUT), "what is lost is settled");
    check(ended("a", LEAT_ACK, "a/0") && fake_unit("y") == NULL, "nothing more is taken in");
    (void)read_log(ends[0], text, sizeof(text));
    check(strstr(text, words) != NULL && strncmp(text, "error: ", 7) == 0, "an error line names the handler");
    leat_engine_free(engine); /* must not: a thread uses it */
    check(read_gate(&gate.hanging) == 1 && come_back(engine), "nothing is freed while a handler is out");
    leat_engine_free(engine);
    check(atomic_load(&closed) == 2, "all is freed when it is back");
    close(ends[0]);
    close(ends[1]);
}

static void test_all_lost(void)
{
    struct leat_logger quiet;
    leat_logger_init(&quiet);
    quiet.level = LEAT_OFF;
    struct setup setup = {.options = {.slots = 1, .timeout_ms = TIMEOUT_MS, .logger = &quiet},
                          .handler = &one,
                          .source = {.hasty = true,
                                     .payloads = PAYLOADS(PAYLOAD(
                                         DO("h", HANG) "," DO("a", OK) "," IN("l", "b", OK) "," IN("l", "c", OK)))}};
    struct leat_engine *engine = make(&setup);
    leat_status status = run(engine);
    check(status.code == LEAT_E_BUG && ended("a", LEAT_RELEASE, "no slot is left to run it"),
          "with all slots lost, what waits is given back");
    check(ended("b", LEAT_RELEASE, "no slot is left to run it") &&
              ended("c", LEAT_RELEASE, "behind a failed one of its lane"),
          "... lanes too");
    check(come_back(engine), "the slot comes back");
    leat_engine_free(engine);
}

/* --- no memory for the stand-in ------------------------------------------------------------------------------ */

struct watcher {
    struct leat_engine *engine;
    struct leat_timer *timer;
};

static void watch(void *argument)
{
    struct watcher *watcher = argument;
    if (leat_engine_lost_slots(watcher->engine) == 0) {
        if (atomic_load(&cancels) == 1)
            (void)leat_alloc_fail_at(1, true);
        leat_timer_set(watcher->timer, 1);
        return;
    }
    (void)leat_alloc_fail_at(0, false);
    turn_key();
}

static void test_no_memory(void)
{
    struct setup setup = {.options = {.slots = 1, .timeout_ms = TIMEOUT_MS, .max_lost_slots = UINT32_MAX},
                          .handler = &one,
                          .source = {.payloads = PAYLOADS(PAYLOAD(DO("h", HANG "," OK)))}};
    struct watcher watcher = {.engine = make(&setup)};
    watcher.timer = leat_loop_timer(leat_engine_loop(watcher.engine), watch, &watcher);
    leat_timer_set(watcher.timer, 1);
    check(leat_is_ok(run(watcher.engine)) && ended("h", LEAT_RETRY, "timed out"),
          "without memory for more, a timeout is still settled");
    leat_timer_free(watcher.timer);
    leat_engine_free(watcher.engine);
}

int main(void)
{
    test_parallel();
    test_init_fails();
    test_many(&one, "thousands of events in 64 slots: each result at its own unit");
    test_many(&several, "... and in batches");
    test_cancel();
    test_overrun(1);
    test_overrun(2);
    test_overrun_in_lane();
    test_overrun_in_batch();
    test_waiting();
    test_too_many_lost();
    test_all_lost();
    test_no_memory();
    printf("1..%u\n", checks);
    return failures > 0 ? 1 : 0;
}
