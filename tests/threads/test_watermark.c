/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log is settled by a watermark alone, so nothing may be settled over what was not finished, whatever the engine has
 * no memory for. Each allocation fails in turn, alone and with all behind it until the memory comes back.
 */
#include "fakes.h"

#include <leat/alloc.h>

#include <stdlib.h>

enum { UNITS = 24, PER_DELIVERY = 4, SCARCE_MS = 3 };

/* Every third one has an event; the others are done as soon as they are looked at. */
static bool has_event(unsigned position)
{
    return position % 3 == 0;
}

static bool finished[UNITS];
static int64_t watermark; /* -1: nothing was settled */
static bool backwards;
static bool scarce;

/* --- the handler ------------------------------------------------------------------------------------------------ */

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    leat_str id = leat_event_id(event);
    (void)state;
    finished[strtoul(id.ptr, NULL, 10)] = true; /* "NN/0" */
    return leat_ok(ctx);
}

static const struct leat_handler handler = {
    .abi = LEAT_ABI, .size = sizeof(handler), .name = "finish", .handle = handle};

/* --- the log ---------------------------------------------------------------------------------------------------- */

struct log_source {
    struct leat_source *source;
    struct leat_timer *relief; /* the memory is back */
    unsigned next, open;       /* position, deliveries */
    bool stopped;
};

static void end_scarcity(void *self)
{
    (void)self;
    (void)leat_alloc_fail_at(0, false);
}

static leat_status init_log(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                            struct leat_error *reterr)
{
    struct log_source *log = self;
    (void)options;
    (void)reterr;
    log->source = source;
    log->relief = leat_loop_timer(loop, end_scarcity, log);
    return log->relief != NULL ? LEAT_OK : LEAT_STATUS(NO_MEMORY);
}

static leat_status start_log(void *self, struct leat_error *reterr)
{
    (void)reterr;
    if (scarce)
        leat_timer_set(((struct log_source *)self)->relief, SCARCE_MS);
    return LEAT_OK;
}

static void stop_if_over(struct log_source *log)
{
    if (log->next < UNITS || log->open > 0 || log->stopped)
        return;
    log->stopped = true;
    leat_stopped(log->source);
}

static leat_str payload_of(struct leat_arena *arena, unsigned from)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"fake\":[");
    for (unsigned i = 0; i < PER_DELIVERY; i++)
        leat_buf_printf(&buf, "%s{\"id\":\"%02u\",\"outcomes\":[%s]}", i > 0 ? "," : "", from + i,
                        has_event(from + i) ? "\"ok\"" : "");
    leat_buf_c(&buf, "]}");
    return leat_buf_str(&buf);
}

static bool deliver(struct log_source *log)
{
    struct leat_delivery *delivery = leat_delivery_new(log->source);
    leat_str text = delivery != NULL ? payload_of(leat_delivery_arena(delivery), log->next) : LEAT_ABSENT;
    if (text.ptr == NULL || !leat_is_ok(leat_delivery_text(delivery, text, NULL))) {
        leat_delivery_drop(delivery);
        return false;
    }
    for (unsigned i = 0; i < PER_DELIVERY; i++)
        delivery->units[i].position = log->next++;
    log->open++;
    leat_deliver(delivery);
    return true;
}

static void demand_log(void *self, uint32_t units, size_t bytes)
{
    struct log_source *log = self;
    (void)bytes;
    while (units > PER_DELIVERY && log->next < UNITS && !log->stopped)
        if (!deliver(log)) {
            leat_source_state(log->source, LEAT_FAILED, "out of memory");
            return;
        }
    stop_if_over(log);
}

static void settle_log(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                       size_t count)
{
    int64_t position = (int64_t)settlements->unit->position;
    (void)self;
    (void)delivery;
    backwards = backwards || count != 1 || settlements->verdict != LEAT_ACK || position <= watermark;
    watermark = position;
}

static void stop_log(void *self)
{
    struct log_source *log = self;
    log->next = UNITS;
    stop_if_over(log);
}

static void free_log_delivery(void *self, struct leat_delivery *delivery)
{
    struct log_source *log = self;
    (void)delivery;
    log->open--;
    stop_if_over(log);
}

static void close_log(void *self)
{
    leat_timer_free(((struct log_source *)self)->relief);
}

static const struct leat_source_ops log_ops = {
    .abi = LEAT_ABI,
    .size = sizeof(log_ops),
    .name = "log",
    .state_size = sizeof(struct log_source),
    .caps = {.settle = LEAT_SETTLE_LOG, .retry = LEAT_BY_ENGINE},
    .init = init_log,
    .start = start_log,
    .demand = demand_log,
    .settle = settle_log,
    .stop = stop_log,
    .free_delivery = free_log_delivery,
    .close = close_log,
};

/* --- one life --------------------------------------------------------------------------------------------------- */

static leat_status live(void)
{
    const struct leat_engine_options options = {.adapters = fake_adapters, .outcome_level = LEAT_TRACE};
    const struct leat_source_settings settings = {.backoff_base_ms = 1, .backoff_max_ms = 1};
    struct leat_error error = {0};
    memset(finished, 0, sizeof(finished));
    watermark = -1;
    backwards = false;
    struct leat_engine *engine = leat_engine_new(&options);
    leat_status status = engine != NULL ? LEAT_OK : LEAT_STATUS(NO_MEMORY);
    if (leat_is_ok(status))
        status = leat_engine_add_handler(engine, LEAT_ABSENT, &handler, &error);
    if (leat_is_ok(status))
        status = leat_engine_add_source(engine, &log_ops, NULL, &settings, &error);
    if (leat_is_ok(status))
        status = leat_engine_start(engine, &error);
    if (leat_is_ok(status))
        status = leat_engine_run(engine, &error);
    leat_engine_free(engine);
    return status;
}

/* The first position that the watermark passed though it was not finished; -1: there is none. */
static int first_gap(void)
{
    for (unsigned position = 0; position < UNITS && (int64_t)position <= watermark; position++)
        if (has_event(position) && !finished[position])
            return (int)position;
    return -1;
}

static bool survives(uint64_t nth, bool forever)
{
    scarce = forever;
    (void)leat_alloc_fail_at(nth, forever);
    leat_status status = live();
    (void)leat_alloc_fail_at(0, false);
    int gap = first_gap();
    bool whole = !leat_is_ok(status) || watermark == UNITS - 1;
    if (gap < 0 && !backwards && whole)
        return true;
    printf("# allocation %llu%s: settled up to %lld, but %d is not finished\n", (unsigned long long)nth,
           forever ? " and those behind it" : "", (long long)watermark, gap);
    return false;
}

static void check(int number, bool good, const char *what)
{
    printf("%sok %d - watermark: %s\n", good ? "" : "not ", number, what);
}

int main(void)
{
    bool alone = true, all = true;
    printf("1..3\n");
    (void)freopen("/dev/null", "we", stderr);
    (void)leat_alloc_fail_at(0, false);
    bool fine = leat_is_ok(live()) && watermark == UNITS - 1 && first_gap() < 0;
    uint64_t count = leat_alloc_fail_at(0, false);
    for (uint64_t nth = 1; nth <= count; nth++) {
        alone = survives(nth, false) && alone;
        all = survives(nth, true) && all;
    }
    printf("# %llu allocations\n", (unsigned long long)count);
    check(1, fine && count > 0, "with all memory all of it is settled");
    check(2, alone, "one allocation that fails is passed over by nothing");
    check(3, all, "nor are many in a row");
    return fine && alone && all ? 0 : 1;
}
