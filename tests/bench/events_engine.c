/* SPDX-License-Identifier: Apache-2.0 */
/* The engine as a worker uses it: native records of an adapter of our own, each settled at once by its source. */
#include "events.h"

#include <engine/engine.h>
#include <engine/loop.h>
#include <leat/adapter.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOON 100000u /* events after which memory is to have its size */
#define BACKOFF_MS 1 /* of what is a retry */

static struct {
    const struct bench_task *task;
    struct bench_told *told;
    const struct bench_item *items;
    uint32_t item_count;
    struct leat_engine *engine;
    struct leat_source *source;
    int64_t opened_us;
    uint64_t delivered, settled, again; /* units; again: handed back, and to come once more */
    _Atomic uint32_t slots_open;
    bool stopped, failed;
} bench;

/* --- adapter ---------------------------------------------------------------------------------------------- */

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    const struct bench_item *item = record->native;
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = item->id;
    envelope->source = LEAT_STR("bench/orders");
    envelope->type = LEAT_STR("bench.order");
    envelope->data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = item->text};
    return LEAT_OK;
}

static const struct leat_adapter adapter = {
    .abi = LEAT_ABI,
    .size = sizeof(adapter),
    .name = "bench",
    .help = "records that are in memory",
    .why = "never detected",
    .order = 1,
    .shape = LEAT_REPLY_ASYNC,
    .normalise = normalise,
};

static const struct leat_adapter *const adapters[] = {&adapter, NULL};

/* --- handlers --------------------------------------------------------------------------------------------- */

static leat_status init_slot(leat_context *ctx, void **state)
{
    (void)ctx;
    *state = &bench_slots[atomic_fetch_add(&bench.slots_open, 1)];
    return LEAT_OK;
}

static leat_outcome answer(leat_context *ctx, const leat_event *event, void *state)
{
    struct bench_slot *slot = state;
    const struct bench_item item = {.text = leat_event_data(event)};
    bench_work(bench.task, slot, &item);
    uint64_t handled = atomic_load_explicit(&slot->handled, memory_order_relaxed);
    if (bench.task->fail > 0 && handled % bench.task->fail == 0 && leat_attempt(ctx) == 1)
        return leat_retry_after(ctx, "not yet", BACKOFF_MS);
    return leat_ok(ctx);
}

static void answer_all(leat_context *ctx, struct leat_batch *batch, void *state)
{
    size_t count = leat_batch_count(batch);
    for (size_t i = 0; i < count; i++)
        leat_batch_set(batch, i, answer(ctx, leat_batch_event(batch, i), state));
}

static const struct leat_handler one = {
    .abi = LEAT_ABI, .size = sizeof(one), .name = "orders", .init = init_slot, .handle = answer};
static const struct leat_handler many = {
    .abi = LEAT_ABI, .size = sizeof(many), .name = "orders", .init = init_slot, .handle_batch = answer_all};

/* --- the source --------------------------------------------------------------------------------------------- */

static uint64_t all_units(void)
{
    return bench_warm(bench.task) + bench.task->events;
}

static leat_status init_source(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                               struct leat_error *reterr)
{
    (void)self;
    (void)loop;
    (void)options;
    (void)reterr;
    bench.source = source;
    return LEAT_OK;
}

static leat_status start_source(void *self, struct leat_error *reterr)
{
    (void)self;
    (void)reterr;
    return LEAT_OK;
}

static void stop_source(void *self)
{
    (void)self;
    if (!bench.stopped)
        leat_stopped(bench.source);
    bench.stopped = true;
}

static void fail(const char *why)
{
    bench.failed = true;
    leat_source_state(bench.source, LEAT_FAILED, why);
}

static void deliver(uint64_t count)
{
    struct leat_delivery *delivery = leat_delivery_new(bench.source);
    leat_status status = delivery != NULL ? LEAT_OK : LEAT_STATUS(NO_MEMORY);
    for (uint64_t i = 0; i < count && leat_is_ok(status); i++) {
        const struct bench_item *item = &bench.items[bench.delivered++ % bench.item_count];
        struct leat_record record = {.adapter = &adapter,
                                     .native = item,
                                     .id = item->id,
                                     .lane = item->lane,
                                     .attempts = bench.again > 0 ? 2 : 1};
        const struct leat_unit given = {.attempts = record.attempts, .bytes = item->text.len};
        bench.again -= bench.again > 0 ? 1 : 0;
        status = leat_delivery_record(delivery, &record, &given);
    }
    if (!leat_is_ok(status)) {
        fail("out of memory");
        leat_delivery_drop(delivery);
        return;
    }
    leat_deliver(delivery);
}

/* Whole deliveries only, as a receive call would bring them. */
static void demand(void *self, uint32_t units, size_t bytes)
{
    uint64_t each = bench.task->units;
    (void)self;
    (void)bytes;
    if (bench.told->rss_idle_kb == 0) {
        bench.told->rss_idle_kb = bench_rss_kb();
        bench.told->open_us = leat_clock_us(&leat_clock_system) - bench.opened_us;
    }
    for (; units > each && bench.delivered < all_units() + bench.told->retried; units -= (uint32_t)each + 1) {
        uint64_t left = all_units() + bench.told->retried - bench.delivered;
        deliver(left < each ? left : each);
    }
    if (bench.task->stop_full && bench.told->rss_full_kb == 0)
        bench.told->rss_full_kb = bench_rss_kb();
}

static void note_settled(void)
{
    bench.settled++;
    if (bench.settled == bench_warm(bench.task))
        bench.told->from = bench_point();
    if (bench.settled == SOON)
        bench.told->rss_soon_kb = bench_rss_kb();
    if (bench.settled < all_units())
        return;
    bench.told->to = bench_point();
    bench.told->rss_end_kb = bench_rss_kb();
    stop_source(NULL);
}

static void settle(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements, size_t count)
{
    (void)self;
    (void)delivery;
    for (size_t i = 0; i < count; i++) {
        bool again = settlements[i].verdict == LEAT_RETRY;
        if (settlements[i].verdict != LEAT_ACK && !again)
            fail("a unit that is neither done nor a retry");
        bench.again += again ? 1 : 0;
        bench.told->retried += again ? 1 : 0;
        struct leat_unit *unit = settlements[i].unit;
        if (!again)
            note_settled();
        leat_settled(unit, LEAT_OK);
    }
}

static void close_source(void *self)
{
    (void)self;
}

#define SOURCE(owner)                                                                                         \
    {                                                                                                         \
        .abi = LEAT_ABI, .size = sizeof(struct leat_source_ops), .name = "memory", .state_size = 1,           \
        .caps = {.settle = LEAT_SETTLE_EACH, .retry = (owner), .counts = true}, .init = init_source,          \
        .start = start_source, .demand = demand, .settle = settle, .stop = stop_source, .close = close_source \
    }

static const struct leat_source_ops retried_by_source = SOURCE(LEAT_BY_SOURCE);
static const struct leat_source_ops retried_by_engine = SOURCE(LEAT_BY_ENGINE);

/* --- the run --------------------------------------------------------------------------------------------------- */

static leat_status run(struct leat_error *error)
{
    const struct bench_task *task = bench.task;
    struct leat_engine_options options = {
        .adapters = adapters,
        .executor = strcmp(task->what, "pool") == 0 ? &leat_executor_pool : &leat_executor_inline,
        .slots = task->slots,
        .batch = task->batch,
        .max_in_flight = task->in_flight + task->in_flight / task->units, /* a delivery counts as one */
        .reserve_ms = -1,
        .outcome_level = LEAT_DEBUG,
    };
    bench.opened_us = leat_clock_us(&leat_clock_system);
    bench.engine = leat_engine_new(&options);
    if (bench.engine == NULL)
        return leat_error_set(error, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(leat_engine_add_handler(bench.engine, LEAT_ABSENT, task->batch > 1 ? &many : &one, error));
    LEAT_TRY(leat_engine_add_source(bench.engine, task->by_source ? &retried_by_source : &retried_by_engine, NULL, NULL,
                                    error));
    LEAT_TRY(leat_engine_start(bench.engine, error));
    return leat_engine_run(bench.engine, error);
}

bool bench_engine(const struct bench_task *task, struct bench_told *ret)
{
    struct leat_error error = {0};
    bench.task = task;
    bench.told = ret;
    bench.items = bench_items(task, &bench.item_count);
    leat_status status = run(&error);
    bool good = leat_is_ok(status) && !bench.failed && bench.settled == all_units();
    if (!good)
        fprintf(stderr, "bench-events: %s\n", error.message);
    if (leat_is_ok(status) && task->by_source == false)
        ret->retried = leat_engine_metrics(bench.engine)->outcomes[LEAT_OUTCOME_RETRY];
    leat_engine_free(bench.engine);
    return good;
}
