/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contestant "leat": the engine as Lambda would use it. One payload at a time, on the loop thread; the text is
 * borrowed from the source, which holds it until the delivery is settled, as a receive buffer is held; an invocation
 * has its ids and a deadline; the reply is made of every delivery.
 */
#include "decode.h"

#include <engine/engine.h>
#include <engine/loop.h>
#include <leat/alloc.h>
#include <triggers.h>

#include <stdio.h>

struct bench {
    const struct bench_task *task;
    struct bench_result *result;
    struct leat_engine *engine;
    struct leat_source *source;
    struct leat_invocation invocation;
    struct leat_arena replies;
    struct bench_times start;
    uint64_t begun, settled; /* passes: the first is not on the clock, nor is the last */
    uint64_t handled;        /* events, since the start */
    bool stopped;
    struct leat_error error;
};

/* --- the handler ---------------------------------------------------------------------------------- */

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    struct bench *bench = state;
    (void)event;
    bench->handled++;
    return leat_ok(ctx);
}

static struct bench *the_bench; /* what init gives to handle */

static leat_status init_handler(leat_context *ctx, void **state)
{
    (void)ctx;
    *state = the_bench;
    return LEAT_OK;
}

static const struct leat_handler noop = {
    .abi = LEAT_ABI, .size = sizeof(noop), .name = "noop", .init = init_handler, .handle = handle};

/* --- the source ------------------------------------------------------------------------------------- */

struct memory {
    struct bench *bench;
};

static leat_status init_memory(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                               struct leat_error *reterr)
{
    struct memory *memory = self;
    (void)loop;
    (void)reterr;
    memory->bench = *(struct bench *const *)options;
    memory->bench->source = source;
    return LEAT_OK;
}

static leat_status start_memory(void *self, struct leat_error *reterr)
{
    (void)self;
    (void)reterr;
    return LEAT_OK;
}

static void stop_once(struct bench *bench)
{
    if (bench->stopped)
        return;
    bench->stopped = true;
    leat_stopped(bench->source);
}

static void fail(struct bench *bench, leat_status status, const char *why)
{
    (void)leat_error_set(&bench->error, status, "%s", why);
    leat_source_state(bench->source, LEAT_FAILED, why);
}

static void note_begin(struct bench *bench)
{
    uint64_t passes = bench->task->passes;
    if (bench->begun == 1)
        bench->start = bench_now();
    if (bench->begun == passes + 1) {
        bench->result->took = bench_since(bench->start);
        bench->result->allocations = bench_allocations();
    }
    bench->begun++;
}

static void deliver(struct bench *bench)
{
    note_begin(bench);
    struct leat_delivery *delivery = leat_delivery_new(bench->source);
    if (delivery == NULL) {
        fail(bench, LEAT_STATUS(NO_MEMORY), "out of memory");
        return;
    }
    delivery->invocation = bench->invocation;
    leat_status status = leat_delivery_text(delivery, bench->task->text, NULL);
    if (!leat_is_ok(status))
        fail(bench, status, delivery->error.message);
    leat_deliver(delivery);
}

static void demand_memory(void *self, uint32_t units, size_t bytes)
{
    struct bench *bench = ((struct memory *)self)->bench;
    uint64_t all = bench->task->passes + 2;
    (void)bytes;
    if (bench->settled == all) {
        bench->result->allocations = bench_allocations() - bench->result->allocations;
        stop_once(bench);
    } else if (units > 0 && bench->begun == bench->settled) {
        deliver(bench);
    }
}

static void note_first(struct bench *bench, const struct leat_delivery *delivery, leat_str reply)
{
    struct bench_result *result = bench->result;
    result->adapter = delivery->records.adapter->name;
    result->why = delivery->records.why;
    result->units = delivery->unit_count;
    result->events = bench->handled;
    result->reply_bytes = reply.len;
    snprintf(result->reply, sizeof(result->reply), "%.*s", LEAT_ARG(reply));
}

static bool all_ok(const struct leat_settlement *settlements, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (settlements[i].outcome != LEAT_OUTCOME_OK)
            return false;
    return true;
}

static void settle_memory(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                          size_t count)
{
    struct bench *bench = ((struct memory *)self)->bench;
    struct leat_answer answer = {0};
    leat_status status = leat_encode_reply(&bench->replies, &delivery->records, settlements, count, &answer);
    if (!leat_is_ok(status) || answer.text.ptr == NULL || !all_ok(settlements, count))
        fail(bench, LEAT_STATUS(BUG), "not every event was ok, or there is no reply");
    if (bench->settled++ == 0)
        note_first(bench, delivery, answer.text);
    if (answer.text.len != bench->result->reply_bytes || bench->handled != bench->settled * bench->result->events)
        fail(bench, LEAT_STATUS(BUG), "a pass is not like the first");
    leat_arena_reset(&bench->replies);
    leat_delivery_settled(delivery, LEAT_OK);
}

static void stop_memory(void *self)
{
    stop_once(((struct memory *)self)->bench);
}

static void close_memory(void *self)
{
    (void)self;
}

static const struct leat_source_ops memory_source = {
    .abi = LEAT_ABI,
    .size = sizeof(memory_source),
    .name = "memory",
    .state_size = sizeof(struct memory),
    .caps = {.settle = LEAT_SETTLE_WHOLE, .retry = LEAT_BY_CALLER},
    .init = init_memory,
    .start = start_memory,
    .demand = demand_memory,
    .settle = settle_memory,
    .stop = stop_memory,
    .close = close_memory,
};

/* --- the run --------------------------------------------------------------------------------------------- */

#define HOUR_MS 3600000

static const struct leat_adapter *const *sorted_adapters(void)
{
    enum { MOST = 64 };
    static const struct leat_adapter *sorted[MOST + 1];
    size_t count = 0;
    for (; leat_adapters[count] != NULL && count < MOST; count++)
        sorted[count] = leat_adapters[count];
    leat_adapters_sort(sorted, count);
    return sorted;
}

static leat_status run(struct bench *bench)
{
    struct leat_error *error = &bench->error;
    struct leat_engine_options options = {.adapters = sorted_adapters(), .reserve_ms = -1, .outcome_level = LEAT_DEBUG};
    bench->engine = leat_engine_new(&options);
    if (bench->engine == NULL)
        return leat_error_set(error, LEAT_STATUS(NO_MEMORY), "out of memory");
    the_bench = bench;
    LEAT_TRY(leat_engine_add_handler(bench->engine, LEAT_ABSENT, &noop, error));
    LEAT_TRY(leat_engine_add_source(bench->engine, &memory_source, &bench, NULL, error));
    LEAT_TRY(leat_engine_start(bench->engine, error));
    return leat_engine_run(bench->engine, error);
}

bool bench_engine(const struct bench_task *task, struct bench_result *ret)
{
    struct bench bench = {
        .task = task,
        .result = ret,
        .invocation = {.request_id = LEAT_STR("5f0e6d0c-6f0e-4c55-9d8c-0d6a4f5e2b11"),
                       .function_arn = LEAT_STR("arn:aws:lambda:eu-west-1:123456789012:function:orders"),
                       .trace_id = LEAT_STR("Root=1-65f1c2d3-4b5a69788796a5b4c3d2e1f0;Sampled=0"),
                       .deadline_ms = leat_clock_wall_ms(&leat_clock_system) + HOUR_MS},
    };
    leat_arena_init(&bench.replies, 0);
    leat_status status = run(&bench);
    bool good = leat_is_ok(status) && bench.settled == task->passes + 2;
    if (!good)
        fprintf(stderr, "bench-decode: %s\n", bench.error.message);
    leat_engine_free(bench.engine);
    leat_arena_fini(&bench.replies);
    return good;
}
