/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources on the fake queue: one that hands retries back, one whose lanes are ordered by the queue (FIFO), and one
 * that leaves retries to the engine (a stream with consumer groups). It looks at the server every few milliseconds;
 * what it answers, it answers at once or a turn later, as chance has it.
 */
#include "fake_queue.h"

#include <engine/backoff.h>
#include <leat/alloc.h>

enum { TICK_MS = 2, DELIVERY_MAX = 3 };

struct queue_source {
    struct leat_source *source;
    struct leat_loop *loop;
    struct fake_queue *queue;
    struct leat_timer *timer;
    struct fake_answers answers;
    uint32_t session;
    uint64_t chance;
    uint32_t units; /* of credit that is left */
    uint32_t open;  /* deliveries that are not freed */
    bool stopping, stopped;
    enum leat_source_state state;
};

static void tick(void *argument);

static leat_status init_queue(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                              struct leat_error *reterr)
{
    struct queue_source *fake = self;
    fake->source = source;
    fake->loop = loop;
    fake->queue = (struct fake_queue *)(uintptr_t)options;
    if (fake->queue->fail_init) {
        fake->queue->fail_init = false;
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "the queue's name is refused");
    }
    fake->timer = leat_loop_timer(loop, tick, fake);
    return fake->timer != NULL ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

static leat_status start_queue(void *self, struct leat_error *reterr)
{
    struct queue_source *fake = self;
    if (fake->queue->fail_start) {
        fake->queue->fail_start = false;
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "the queue is not there");
    }
    conformance_lock();
    fake->session = ++fake->queue->sessions;
    fake->chance = fake->queue->seed + fake->session;
    conformance_unlock();
    leat_timer_set(fake->timer, TICK_MS);
    return LEAT_OK;
}

static uint32_t chance(struct queue_source *fake, uint32_t below)
{
    return (uint32_t)(leat_chance(&fake->chance) % below);
}

/* --- taking ------------------------------------------------------------------------------------------- */

static leat_status add_unit(struct leat_delivery *delivery, const struct queue_claim *claim)
{
    const struct queue_entry *entry = &claim->queue->entries[claim->index];
    struct queue_claim *kept = LEAT_NEW(leat_delivery_arena(delivery), struct queue_claim);
    if (kept == NULL)
        return leat_arena_status(leat_delivery_arena(delivery));
    *kept = *claim;
    struct leat_unit given = {.attempts = entry->deliveries,
                              .position = claim->receipt,
                              .lease_until_ms = conformance_now_ms() + claim->queue->lease_ms,
                              .token = kept};
    return fake_deliver_entry(delivery, &entry->is, &given);
}

/* Up to DELIVERY_MAX entries at once. False: there are none. */
static bool deliver(struct queue_source *fake)
{
    uint32_t most = 1 + chance(fake, DELIVERY_MAX);
    struct queue_claim claim = {.receipt = 0};
    uint64_t first = 0;
    if (!fake_queue_claim(fake->queue, fake->session, 0, &claim))
        return false;
    struct leat_delivery *delivery = leat_delivery_new(fake->source);
    first = claim.receipt;
    for (uint32_t i = 0; delivery != NULL; i++) {
        if (!leat_is_ok(add_unit(delivery, &claim)))
            conformance_wrong("no memory for a unit");
        fake->units--;
        if (i + 1 >= most || fake->units == 0 || !fake_queue_claim(fake->queue, fake->session, first, &claim))
            break;
    }
    if (delivery == NULL)
        return false;
    fake->open++;
    leat_deliver(delivery);
    return true;
}

static void tell_state(struct queue_source *fake)
{
    conformance_lock();
    enum leat_source_state state = fake->queue->away                                ? LEAT_DISCONNECTED
                                   : fake_queue_is_idle(fake->queue, fake->session) ? LEAT_IDLE
                                                                                    : LEAT_CONSUMING;
    conformance_unlock();
    if (state != fake->state)
        leat_source_state(fake->source, state, state == LEAT_DISCONNECTED ? "the connection is gone" : NULL);
    fake->state = state;
}

static void tick(void *argument)
{
    struct queue_source *fake = argument;
    leat_timer_set(fake->timer, TICK_MS);
    fake_answers_give(&fake->answers);
    tell_state(fake);
    while (!fake->stopping && fake->units > 0 && deliver(fake))
        continue;
    if (!fake->stopping || fake->stopped || fake->open > 0)
        return;
    fake->stopped = true;
    leat_timer_clear(fake->timer);
    leat_stopped(fake->source);
}

/* What it gets is taken in the next turn. */
static void demand_queue(void *self, uint32_t units, size_t bytes)
{
    struct queue_source *fake = self;
    fake->units = bytes > 0 ? units : 0;
}

/* --- settling ----------------------------------------------------------------------------------------- */

static void settle_queue(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                         size_t count)
{
    struct queue_source *fake = self;
    bool later = chance(fake, 3) > 0;
    (void)delivery;
    for (size_t i = 0; i < count; i++) {
        const struct leat_settlement *settlement = &settlements[i];
        int64_t delay_ms = settlement->delay_ms >= 0 ? settlement->delay_ms : TICK_MS;
        struct fake_answer answer = {.kind = FAKE_SETTLED, .unit = settlement->unit};
        answer.status = fake_queue_settle(settlement->unit->token, settlement->verdict, delay_ms);
        fake_answer_later(&fake->answers, answer);
    }
    tell_state(fake); /* what was handed back waits: not idle, before the engine has its answer */
    if (!later)
        fake_answers_give(&fake->answers);
}

static void extend_queue(void *self, struct leat_unit *const *units, size_t count)
{
    struct queue_source *fake = self;
    for (size_t i = 0; i < count; i++) {
        struct fake_answer answer = {.kind = FAKE_EXTENDED, .unit = units[i]};
        answer.until_ms = fake_queue_extend(units[i]->token);
        if (answer.until_ms < 0)
            answer.kind = FAKE_LOST;
        fake_answer_later(&fake->answers, answer);
    }
}

/* --- the end ------------------------------------------------------------------------------------------ */

static void stop_queue(void *self)
{
    struct queue_source *fake = self;
    fake->stopping = true;
}

static void free_queue_delivery(void *self, struct leat_delivery *delivery)
{
    struct queue_source *fake = self;
    (void)delivery;
    fake->open--;
}

static void close_queue(void *self)
{
    struct queue_source *fake = self;
    fake_answers_drop(&fake->answers);
    leat_timer_free(fake->timer);
    fake->timer = NULL;
}

static void fini_queue(void *self)
{
    struct queue_source *fake = self;
    if (fake->timer != NULL)
        conformance_wrong("fini came before close");
}

static bool put(void *argument, const struct conformance_event *event)
{
    struct fake_queue *queue = argument;
    conformance_lock();
    bool good = queue->count < CONFORMANCE_EVENTS_MAX && fake_entry_fill(&queue->entries[queue->count].is, event);
    if (good)
        queue->entries[queue->count++].place = CONFORMANCE_WAITING;
    conformance_unlock();
    return good;
}

static leat_status put_queue(const void *options, leat_str payload, struct leat_arena *arena, leat_str *retname,
                             struct leat_error *reterr)
{
    leat_str body = leat_arena_copy(arena, payload);
    struct conformance_event event = {.number = conformance_number(payload), .lane = "", .body = body.ptr};
    *retname = leat_arena_printf(arena, "ev%ux", event.number);
    event.id = retname->ptr;
    if (event.body == NULL || event.id == NULL || !put((void *)(uintptr_t)options, &event))
        return leat_error_set(reterr, LEAT_STATUS(TOO_BIG), "it does not fit");
    return LEAT_OK;
}

#define QUEUE_OPS(queue_name, owner, is_ordered)                                                                \
    {                                                                                                           \
        .abi = LEAT_ABI, .size = sizeof(struct leat_source_ops), .name = (queue_name),                          \
        .state_size = sizeof(struct queue_source),                                                              \
        .caps = {.settle = LEAT_SETTLE_EACH,                                                                    \
                 .retry = (owner),                                                                              \
                 .counts = true,                                                                                \
                 .leases = true,                                                                                \
                 .ordered = (is_ordered)},                                                                      \
        .init = init_queue, .start = start_queue, .demand = demand_queue, .settle = settle_queue,               \
        .extend = extend_queue, .stop = stop_queue, .free_delivery = free_queue_delivery, .close = close_queue, \
        .fini = fini_queue, .put = put_queue,                                                                   \
    }
static const struct leat_source_ops queue_ops = QUEUE_OPS("fake-queue", LEAT_BY_SOURCE, false);
static const struct leat_source_ops fifo_ops = QUEUE_OPS("fake-fifo", LEAT_BY_SOURCE, true);
static const struct leat_source_ops stream_ops = QUEUE_OPS("fake-stream", LEAT_BY_ENGINE, false);

/* --- the subjects ------------------------------------------------------------------------------------- */

static void *make_queue(const struct conformance_wish *wish)
{
    struct fake_queue *queue = conformance_memory(sizeof(*queue));
    queue->lease_ms = wish->lease_ms;
    queue->seed = wish->seed;
    return queue;
}

static void *make_fifo(const struct conformance_wish *wish)
{
    struct fake_queue *queue = make_queue(wish);
    queue->ordered = true;
    return queue;
}

static void unmake_queue(void *queue)
{
    (void)queue; /* the memory is the suite's */
}

static const void *options_of(void *queue)
{
    return queue;
}

static struct queue_entry *find(struct fake_queue *queue, uint32_t number)
{
    for (uint32_t i = 0; i < queue->count; i++)
        if (queue->entries[i].is.number == number)
            return &queue->entries[i];
    return NULL;
}

static enum conformance_place place_of(void *queue, uint32_t number)
{
    conformance_lock();
    const struct queue_entry *entry = find(queue, number);
    enum conformance_place place = entry != NULL ? entry->place : CONFORMANCE_ABSENT;
    conformance_unlock();
    return place;
}

static uint32_t deliveries_of(void *queue, uint32_t number)
{
    conformance_lock();
    const struct queue_entry *entry = find(queue, number);
    uint32_t deliveries = entry != NULL ? entry->deliveries : 0;
    conformance_unlock();
    return deliveries;
}

static void fail_init(void *queue)
{
    ((struct fake_queue *)queue)->fail_init = true;
}

static void fail_start(void *queue)
{
    ((struct fake_queue *)queue)->fail_start = true;
}

static void fail_settle(void *queue, uint32_t number, uint32_t times)
{
    conformance_lock();
    find(queue, number)->failing_settles = times;
    conformance_unlock();
}

static void set_away(void *argument, bool away)
{
    conformance_lock();
    ((struct fake_queue *)argument)->away = away;
    conformance_unlock();
}

static void disconnect_queue(void *queue)
{
    set_away(queue, true);
}

static void reconnect_queue(void *queue)
{
    set_away(queue, false);
}

static void take_lease(void *argument, uint32_t number)
{
    struct fake_queue *queue = argument;
    conformance_lock();
    struct queue_entry *entry = find(queue, number);
    entry->receipt = ++queue->receipts;
    entry->place = CONFORMANCE_WAITING;
    conformance_unlock();
}

#define QUEUE_SUBJECT(subject_ops, maker)                                                                         \
    {                                                                                                             \
        .ops = &(subject_ops), .adapters = fake_adapters, .kind = "conformance", .lasting = true, .shared = true, \
        .lanes = true, .deaths = true, .dated = true, .filter = FAKE_FILTER, .broken = true, .empty = true,       \
        .delivery = DELIVERY_MAX, .make = (maker), .unmake = unmake_queue, .options = options_of, .put = put,     \
        .place = place_of, .deliveries = deliveries_of, .fail_init = fail_init, .fail_start = fail_start,         \
        .fail_settle = fail_settle, .disconnect = disconnect_queue, .reconnect = reconnect_queue,                 \
        .take_lease = take_lease,                                                                                 \
    }
static const struct conformance_subject queue_subject = QUEUE_SUBJECT(queue_ops, make_queue);
static const struct conformance_subject fifo_subject = QUEUE_SUBJECT(fifo_ops, make_fifo);
static const struct conformance_subject stream_subject = QUEUE_SUBJECT(stream_ops, make_queue);

const struct conformance_subject *const conformance_subjects[] = {&queue_subject, &fifo_subject, &stream_subject, NULL};
