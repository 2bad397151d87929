/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher's suite. Every scenario runs in every mode: inline, in the pool and on threads that finish
 * out of order, settled each or whole, answered now or later, with and without a middleware that answers later.
 * What must hold is asked of effects: how each unit was settled, and in which order handlers saw events.
 */
#include "fakes.h"

#include <leat/alloc.h>

#include <stdlib.h>

struct mode {
    const struct leat_executor_ops *executor;
    bool whole, later, pending;
};

struct scenario {
    const char *name;
    const char *const *payloads;
    const struct leat_handler *handler;
    bool sink, sink_now;
    unsigned sink_fail, settle_fail;
    int64_t deadline_ms;
    const char *expect; /* "a=ack b=retry ...": every unit, in any order */
};

static unsigned checks, failures;

static void check(bool good, const char *scenario, const struct mode *mode, const char *what)
{
    failures += good ? 0 : 1;
    printf("%sok %u - dispatch: %s (%s, %s, answered %s%s): %s\n", good ? "" : "not ", ++checks, scenario,
           mode->executor->name, mode->whole ? "whole" : "each", mode->later ? "later" : "now",
           mode->pending ? ", pending middleware" : "", what);
}

static struct leat_engine *make_engine(const struct mode *mode, const struct leat_handler *handler)
{
    struct leat_engine_options options = {
        .adapters = fake_adapters,
        .executor = mode->executor,
        .slots = mode->executor != &leat_executor_inline ? 3 : 1,
        .max_in_flight = 200,
        .reserve_ms = -1,
        .outcome_level = LEAT_TRACE,
        .dead_letter = LEAT_STR("dead"),
    };
    struct leat_engine *engine = leat_engine_new(&options);
    if (engine == NULL || !leat_is_ok(leat_engine_add_handler(engine, LEAT_ABSENT, handler, NULL)))
        abort();
    if (mode->pending)
        (void)leat_engine_add_middleware(engine, &fake_middleware_pending, leat_engine_loop(engine));
    (void)leat_engine_add_middleware(engine, &fake_middleware_decide, NULL);
    return engine;
}

static leat_status run(const struct mode *mode, const struct scenario *scenario)
{
    struct leat_error error = {0};
    struct leat_engine *engine = make_engine(mode, scenario->handler != NULL ? scenario->handler : &fake_handler);
    struct fake_sink sink = {.loop = leat_engine_loop(engine), .now = scenario->sink_now, .fail = scenario->sink_fail};
    struct fake_source_options source = {.whole = mode->whole,
                                         .later = mode->later,
                                         .fail_settles = scenario->settle_fail,
                                         .payloads = scenario->payloads,
                                         .deadline_ms = scenario->deadline_ms};
    fake_log_reset();
    if (scenario->sink)
        (void)leat_engine_add_sink(engine, LEAT_STR("dead"), &fake_sink, &sink, NULL);
    const struct leat_source_ops *ops = mode->whole ? &fake_source_whole : &fake_source_each;
    leat_status status = leat_engine_add_source(engine, ops, &source, NULL, &error);
    if (leat_is_ok(status))
        status = leat_engine_start(engine, &error);
    if (leat_is_ok(status))
        status = leat_engine_run(engine, &error);
    leat_engine_free(engine);
    return status;
}

/* Is every unit of "a=ack b=retry" settled once, in that way, and no other? */
static bool as_expected(const char *expect)
{
    leat_str rest = leat_str_c(expect);
    size_t count = 0;
    while (rest.ptr != NULL && rest.len > 0) {
        leat_str verdict = leat_str_cut(&rest, ' ');
        leat_str name = leat_str_cut(&verdict, '=');
        char id[FAKE_ID_MAX];
        snprintf(id, sizeof(id), "%.*s", LEAT_ARG(name));
        const struct fake_unit_log *unit = fake_unit(id);
        count++;
        if (unit == NULL || unit->settled != 1 || !leat_str_is(verdict, leat_verdict_name(unit->verdict))) {
            printf("# %s: settled %u times, last as %s, want %.*s\n", id, unit != NULL ? unit->settled : 0,
                   unit != NULL ? leat_verdict_name(unit->verdict) : "nothing", LEAT_ARG(verdict));
            return false;
        }
    }
    return count == fake_log.unit_count;
}

#define PAYLOADS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PAYLOAD(units) "{\"fake\":[" units "]}"
#define UNIT(id, rest) "{\"id\":\"" id "\"," rest "}"
#define LANE(name) "\"lane\":\"" name "\","
#define SAYS(list) "\"outcomes\":[" list "]"
#define OK SAYS("\"ok\"")
#define RETRY SAYS("\"retry\"")
#define REJECT SAYS("\"reject\"")

static const struct scenario scenarios[] = {
    {.name = "one event, ok", .payloads = PAYLOADS(PAYLOAD(UNIT("a", OK))), .expect = "a=ack"},
    {.name = "each unit by its own outcome",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", OK) "," UNIT("b", RETRY) "," UNIT("c", REJECT))),
     .expect = "a=ack b=retry c=fail"},
    {.name = "a unit settles by its worst event",
     .payloads = PAYLOADS(
         PAYLOAD(UNIT("a", SAYS("\"ok\",\"reject\",\"retry\",\"ok\"")) "," UNIT("b", SAYS("\"ok\",\"reject\"")))),
     .expect = "a=retry b=fail"},
    {.name = "no events are success",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", SAYS("")) "," UNIT("b", OK))),
     .expect = "a=ack b=ack"},
    {.name = "no outcome is a retry",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", SAYS("\"nothing\"")))),
     .expect = "a=retry"},
    {.name = "a broken record is rejected by name",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", OK) "," UNIT("b", "\"broken\":\"it is\"") "," UNIT("c", OK))),
     .expect = "a=ack b=fail c=ack"},
    {.name = "an empty batch", .payloads = PAYLOADS(PAYLOAD("")), .expect = ""},
    {.name = "a payload that is no JSON",
     .payloads = PAYLOADS("{\"fake\":[", PAYLOAD(UNIT("a", OK))),
     .expect = "a=ack"},
    {.name = "a failed unit stops its lane and no other",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") OK) "," UNIT("a2", LANE("a") RETRY) "," UNIT(
         "b1", LANE("b") OK) "," UNIT("a3", LANE("a") OK) "," UNIT("b2", LANE("b") OK) "," UNIT("n", OK))),
     .expect = "a1=ack a2=retry a3=release b1=ack b2=ack n=ack"},
    {.name = "an unkept reject stops its lane",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") REJECT) "," UNIT("a2", LANE("a") OK))),
     .expect = "a1=fail a2=release"},
    {.name = "a broken record stops its lane",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") "\"broken\":\"it is\"") "," UNIT("a2", LANE("a") OK))),
     .expect = "a1=fail a2=release"},
    {.name = "later events of a failed unit in a lane do not start",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") SAYS("\"retry\",\"ok\"")))),
     .expect = "a1=retry"},
    {.name = "a lane is free again in the next delivery",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") RETRY)), PAYLOAD(UNIT("x", OK))),
     .expect = "a1=retry x=ack"},
    {.name = "batches",
     .handler = &fake_batch_handler,
     .payloads = PAYLOADS(
         PAYLOAD(UNIT("a", OK) "," UNIT("b", SAYS("\"ok\",\"nothing\"")) "," UNIT("c", REJECT) "," UNIT("d", OK))),
     .expect = "a=ack b=retry c=fail d=ack"},
    {.name = "a batch in lanes",
     .handler = &fake_batch_handler,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") OK) "," UNIT("a2", LANE("a") RETRY) "," UNIT(
         "a3", LANE("a") OK) "," UNIT("b1", LANE("b") OK))),
     .expect = "a1=ack a2=retry a3=release b1=ack"},
    {.name = "more events in a unit than fit into a batch",
     .handler = &fake_batch_handler,
     .payloads =
         PAYLOADS(PAYLOAD(UNIT("a", LANE("a") SAYS("\"ok\",\"ok\",\"ok\",\"ok\",\"ok\",\"ok\",\"ok\",\"ok\",\"ok\","
                                                   "\"ok\",\"ok\",\"ok\"")) "," UNIT("b", LANE("a") OK))),
     .expect = "a=ack b=ack"},
    {.name = "a reject that the sink keeps is acknowledged",
     .sink = true,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", SAYS("\"ok\",\"reject\",\"reject\"")) "," UNIT("b", OK))),
     .expect = "a=ack b=ack"},
    {.name = "a sink that answers at once",
     .sink = true,
     .sink_now = true,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") REJECT) "," UNIT("a2", LANE("a") OK) "," UNIT("b", REJECT))),
     .expect = "a1=ack a2=ack b=ack"},
    {.name = "a kept reject does not stop its lane",
     .sink = true,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") REJECT) "," UNIT("a2", LANE("a") OK))),
     .expect = "a1=ack a2=ack"},
    {.name = "a letter that is not durable makes a retry",
     .sink = true,
     .sink_fail = 1,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a1", LANE("a") SAYS("\"reject\",\"reject\"")) "," UNIT("a2", LANE("a") OK))),
     .expect = "a1=retry a2=release"},
    {.name = "no letter while an event of the unit is a retry",
     .sink = true,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", SAYS("\"reject\",\"retry\"")))),
     .expect = "a=retry"},
    {.name = "a broken record goes to the sink",
     .sink = true,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", "\"broken\":\"it is\""))),
     .expect = "a=ack"},
    {.name = "a middleware decides",
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", SAYS("\"decide\"")) "," UNIT("b", OK))),
     .expect = "a=fail b=ack"},
    {.name = "a middleware decides a part of a batch",
     .handler = &fake_batch_handler,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", OK) "," UNIT("b", SAYS("\"decide\"")) "," UNIT("c", OK))),
     .expect = "a=ack b=fail c=ack"},
    {.name = "a settlement that fails is made again",
     .settle_fail = 3,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", OK))),
     .expect = "a=ack"},
    {.name = "no time left for a batch",
     .deadline_ms = 1,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", OK) "," UNIT("b", OK))),
     .expect = "a=retry b=retry"},
    {.name = "a single event is started whatever time is left",
     .deadline_ms = 1,
     .payloads = PAYLOADS(PAYLOAD(UNIT("a", OK))),
     .expect = "a=ack"},
};

static void run_scenario(const struct mode *mode, const struct scenario *scenario)
{
    leat_status status = run(mode, scenario);
    check(leat_is_ok(status) && as_expected(scenario->expect), scenario->name, mode,
          "every unit settled once, as told");
    check(fake_log.freed == fake_log.delivered, scenario->name, mode, "every delivery is freed");
}

/* --- random schedules ------------------------------------------------------------------------------- */

enum { ROUNDS = 40, DELIVERIES = 6, UNITS = 12, LANES = 3 };

struct plan {
    char lane[FAKE_ID_MAX]; /* "": none */
    char id[FAKE_ID_MAX];
    unsigned events;
    enum leat_outcome_kind worst;
    unsigned worst_at;
};

static struct plan plans[DELIVERIES * UNITS];
static char *texts[DELIVERIES + 1];

static void add_unit(struct leat_buf *buf, struct plan *plan, unsigned *seed, unsigned number, unsigned delivery)
{
    static const char *const says[] = {"ok", "ok", "ok", "ok", "ok", "ok", "reject", "retry"};
    *plan = (struct plan){.events = (unsigned)rand_r(seed) % 4, .worst = LEAT_OUTCOME_OK};
    snprintf(plan->id, sizeof(plan->id), "u%u", number);
    if (rand_r(seed) % 3 > 0) /* lanes end with their delivery where that settles whole, so none spans two */
        snprintf(plan->lane, sizeof(plan->lane), "lane%u-%u", delivery, (unsigned)rand_r(seed) % LANES);
    leat_buf_printf(buf, "{\"id\":\"%s\",\"lane\":\"%s\",\"outcomes\":[", plan->id, plan->lane);
    for (unsigned i = 0; i < plan->events; i++) {
        const char *say = says[rand_r(seed) % 8];
        enum leat_outcome_kind kind = say[0] == 'o'   ? LEAT_OUTCOME_OK
                                      : say[2] == 'j' ? LEAT_OUTCOME_REJECT
                                                      : LEAT_OUTCOME_RETRY;
        if (kind > plan->worst)
            plan->worst = kind;
        leat_buf_printf(buf, "%s\"%s\"", i > 0 ? "," : "", say);
    }
    leat_buf_c(buf, "]}");
}

static void make_plan(struct leat_arena *arena, unsigned seed)
{
    for (unsigned d = 0; d < DELIVERIES; d++) {
        struct leat_buf buf;
        leat_buf_init(&buf, arena);
        leat_buf_c(&buf, "{\"fake\":[");
        for (unsigned u = 0; u < UNITS; u++) {
            leat_buf_c(&buf, u > 0 ? "," : "");
            add_unit(&buf, &plans[d * UNITS + u], &seed, d * UNITS + u, d);
        }
        leat_buf_c(&buf, "]}");
        texts[d] = (char *)(uintptr_t)leat_buf_str(&buf).ptr;
    }
    texts[DELIVERIES] = NULL;
}

static int place_of(const struct plan *plan, unsigned event)
{
    char id[2 * FAKE_ID_MAX];
    snprintf(id, sizeof(id), "%s/%u", plan->id, event);
    return fake_place(id);
}

/* In a lane: each event starts behind the one before, and nothing starts behind a failed unit. */
static bool lane_holds(unsigned from)
{
    int last = -1;
    bool stopped = false;
    for (unsigned i = from; i < (from / UNITS + 1) * UNITS; i++) {
        if (strcmp(plans[i].lane, plans[from].lane) != 0)
            continue;
        const struct fake_unit_log *unit = fake_unit(plans[i].id);
        for (unsigned e = 0; e < plans[i].events; e++) {
            int place = place_of(&plans[i], e);
            if (stopped ? place >= 0 : place >= 0 && place < last)
                return false;
            last = place > last ? place : last;
        }
        if (stopped && unit->verdict != LEAT_RELEASE)
            return false;
        stopped = stopped || unit->verdict != LEAT_ACK;
    }
    return true;
}

static bool plan_holds(void)
{
    if (fake_log.unit_count != DELIVERIES * UNITS)
        return false;
    for (unsigned i = 0; i < DELIVERIES * UNITS; i++) {
        const struct fake_unit_log *unit = fake_unit(plans[i].id);
        if (unit == NULL || unit->settled != 1)
            return false;
        bool released = unit->verdict == LEAT_RELEASE && plans[i].lane[0] != '\0';
        if (!released &&
            unit->verdict != (plans[i].worst == LEAT_OUTCOME_OK      ? LEAT_ACK
                              : plans[i].worst == LEAT_OUTCOME_RETRY ? LEAT_RETRY
                                                                     : LEAT_FAIL) &&
            plans[i].lane[0] == '\0')
            return false;
        if (plans[i].lane[0] != '\0' && !lane_holds(i))
            return false;
    }
    return true;
}

static void run_random(const struct mode *mode, unsigned seed)
{
    struct leat_arena arena;
    bool good = true;
    char what[64];
    leat_arena_init(&arena, 0);
    for (unsigned round = 0; round < ROUNDS && good; round++) {
        make_plan(&arena, seed + round);
        const struct scenario scenario = {.payloads = (const char *const *)texts};
        good = leat_is_ok(run(mode, &scenario)) && plan_holds() && fake_log.freed == fake_log.delivered;
        snprintf(what, sizeof(what), "seed %u", seed + round);
        leat_arena_reset(&arena);
    }
    leat_arena_fini(&arena);
    check(good, "random schedules: once each, lanes in order", mode, what);
}

/* --- losing units ------------------------------------------------------------------------------------- */

static struct leat_unit *first_unit;

static leat_outcome lose_own_unit(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    leat_lost(first_unit, LEAT_LEASE_LOST); /* inline: this is the loop thread */
    return leat_ok(ctx);
}

static void remember_unit(void *self, struct leat_work *const *work, size_t count)
{
    (void)self;
    (void)count;
    first_unit = work[0]->unit;
}

static void test_lost(void)
{
    static const struct leat_middleware_ops remember = {
        .abi = LEAT_ABI, .size = sizeof(remember), .name = "remember", .before = remember_unit};
    static const struct leat_handler loser = {
        .abi = LEAT_ABI, .size = sizeof(loser), .name = "loser", .handle = lose_own_unit};
    const struct mode mode = {.executor = &leat_executor_inline, .pending = true};
    struct fake_source_options source = {.payloads =
                                             PAYLOADS(PAYLOAD(UNIT("a", SAYS("\"ok\",\"ok\"")) "," UNIT("b", OK)))};
    struct leat_engine *engine = make_engine(&mode, &loser);
    fake_log_reset();
    (void)leat_engine_add_middleware(engine, &remember, NULL);
    bool good = leat_is_ok(leat_engine_add_source(engine, &fake_source_each, &source, NULL, NULL)) &&
                leat_is_ok(leat_engine_start(engine, NULL)) && leat_is_ok(leat_engine_run(engine, NULL));
    check(good && fake_log.unit_count == 0, "a lost unit", &mode, "is never settled");
    check(leat_engine_metrics(engine)->lost == 2, "a lost unit", &mode, "is counted");
    check(fake_log.abandoned == 2 && fake_log.after_calls == 0, "a lost unit", &mode, "is abandoned by middleware");
    check(fake_log.freed == 1, "a lost unit", &mode, "holds no memory");
    leat_engine_free(engine);
}

/* --- every allocation fails once ------------------------------------------------------------------------ */

static void test_out_of_memory(const struct mode *mode, const struct scenario *scenario)
{
    unsigned seen = 0;
    bool good = true;
    for (uint64_t nth = 1; good; nth++) {
        (void)leat_alloc_fail_at(nth, false);
        struct leat_error error = {0};
        struct leat_engine_options options = {.adapters = fake_adapters, .executor = mode->executor, .reserve_ms = -1};
        struct leat_engine *engine = leat_engine_new(&options);
        struct fake_source_options source = {.whole = mode->whole, .payloads = scenario->payloads};
        fake_log_reset();
        if (engine != NULL && leat_is_ok(leat_engine_add_handler(engine, LEAT_ABSENT, &fake_handler, &error)) &&
            leat_is_ok(leat_engine_add_source(engine, mode->whole ? &fake_source_whole : &fake_source_each, &source,
                                              NULL, &error)) &&
            leat_is_ok(leat_engine_start(engine, &error)))
            (void)leat_engine_run(engine, &error);
        leat_engine_free(engine);
        for (size_t i = 0; i < fake_log.unit_count; i++)
            good = good && fake_log.units[i].settled == 1;
        good = good && fake_log.freed == fake_log.delivered;
        uint64_t count = leat_alloc_fail_at(0, false);
        seen++;
        if (count < nth)
            break; /* none failed: all of them were tried */
    }
    char what[64];
    snprintf(what, sizeof(what), "each of %u allocations fails once: settled once or not at all", seen);
    check(good && seen > 10, scenario->name, mode, what);
}

int main(void)
{
    unsigned seed = 20240501;
    const char *given = getenv("LEAT_SEED");
    if (given != NULL)
        seed = (unsigned)strtoul(given, NULL, 10);
    static const struct leat_executor_ops *const executors[] = {&leat_executor_inline, &leat_executor_pool,
                                                                &fake_executor_threads};
    printf("# seed %u (LEAT_SEED)\n", seed);
    for (unsigned bits = 0; bits < 24; bits++) {
        const struct mode mode = {.executor = executors[bits / 8],
                                  .whole = (bits & 1) != 0,
                                  .later = (bits & 2) != 0,
                                  .pending = (bits & 4) != 0};
        for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
            run_scenario(&mode, &scenarios[i]);
        run_random(&mode, seed);
    }
    test_lost();
    for (unsigned bits = 0; bits < 4; bits++) {
        const struct mode mode = {.executor = executors[bits / 2], .whole = (bits & 1) != 0};
        for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
            test_out_of_memory(&mode, &scenarios[i]);
    }
    printf("1..%u\n", checks);
    return failures > 0 ? 1 : 0;
}
