/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ear between engine and source: the subject's ops, with every call noted and held against the contract. What it
 * hears is the engine's half; what becomes of the queue is the source's.
 */
#include "suite.h"

/* In front of the source's own state. */
struct spy {
    _Alignas(16) struct worker *worker;
    bool stopped, closed;
};

_Thread_local struct worker *own_worker;
static const struct leat_source_ops *real;

static struct spy *hear(void *self, const char *what)
{
    struct spy *spy = (struct spy *)self;
    if (spy->worker != own_worker)
        conformance_wrong("%s was called on another thread than the loop's", what);
    if (spy->closed)
        conformance_wrong("%s came after close", what);
    return spy;
}

static void *own(void *self)
{
    return (struct spy *)self + 1;
}

static leat_status hear_init(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    ((struct spy *)self)->worker = own_worker;
    return real->init(own(self), source, loop, options, reterr);
}

static leat_status hear_start(void *self, struct leat_error *reterr)
{
    (void)hear(self, "start");
    return real->start(own(self), reterr);
}

static void hear_demand(void *self, uint32_t units, size_t bytes)
{
    struct spy *spy = hear(self, "demand");
    if (spy->stopped)
        conformance_wrong("demand came after stop");
    spy->worker->zero_demands += units == 0 || bytes == 0 ? 1 : 0;
    real->demand(own(self), units, bytes);
}

static void hear_hold(void *self, uint32_t domain, bool held)
{
    struct worker *worker = hear(self, "hold")->worker;
    if (domain < sizeof(worker->held) / sizeof(worker->held[0])) {
        if ((worker->held[domain] != 0) == held)
            conformance_wrong("hold of domain %u says what it said before", domain);
        worker->held[domain] = held ? 1 : 0;
    }
    worker->holds += held ? 1 : 0;
    real->hold(own(self), domain, held);
}

/* --- settlements -------------------------------------------------------------------------------------- */

static void note_verdict(uint32_t number, enum leat_verdict verdict)
{
    conformance_lock();
    if (number < CONFORMANCE_EVENTS_MAX)
        noted->events[number].verdicts[verdict]++;
    conformance_unlock();
}

static void note_unit(const struct leat_unit *unit, enum leat_verdict verdict)
{
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    uint32_t noted_before = CONFORMANCE_EVENTS_MAX;
    for (uint32_t i = 0; i < unit->events.count; i++) {
        struct leat_event event;
        leat_event_init(&event, &unit->events.items[i], &arena);
        noted_before = conformance_number(leat_event_data(&event));
        note_verdict(noted_before, verdict);
    }
    if (noted_before == CONFORMANCE_EVENTS_MAX)
        note_verdict(conformance_number(unit->name.ptr != NULL ? unit->name : unit->record->id), verdict);
    leat_arena_fini(&arena);
}

static const char *wrong_with(const struct leat_settlement *settlement)
{
    enum leat_verdict verdict = settlement->verdict;
    if (settlement->unit->lost)
        return "it is for a unit that was lost";
    if (real->caps.settle == LEAT_SETTLE_LOG && verdict != LEAT_ACK)
        return "a log takes ACK only";
    if (real->caps.retry == LEAT_BY_ENGINE && verdict == LEAT_RETRY)
        return "retries are the engine's";
    if (real->caps.retry == LEAT_BY_SOURCE && verdict == LEAT_RETRY && settlement->delay_ms < 0)
        return "a retry has no delay";
    if (verdict == LEAT_ACK && settlement->outcome != LEAT_OUTCOME_OK && settlement->outcome != LEAT_OUTCOME_REJECT)
        return "it acknowledges what is neither done nor rejected";
    return NULL;
}

static void check_settle(const struct leat_delivery *delivery, const struct leat_settlement *settlements, size_t count)
{
    if (real->caps.settle == LEAT_SETTLE_WHOLE && count != delivery->unit_count)
        conformance_wrong("settle: %zu of %u units of a delivery that settles whole", count, delivery->unit_count);
    for (size_t i = 0; i < count; i++) {
        const struct leat_settlement *settlement = &settlements[i];
        const char *wrong = wrong_with(settlement);
        if (settlement->unit->delivery != delivery)
            wrong = "its unit is of another delivery";
        if (wrong != NULL)
            conformance_wrong("settle (%s): %s", leat_verdict_name(settlement->verdict), wrong);
        note_unit(settlement->unit, settlement->verdict);
    }
}

static void hear_settle(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                        size_t count)
{
    (void)hear(self, "settle");
    check_settle(delivery, settlements, count);
    real->settle(own(self), delivery, settlements, count);
}

static void hear_extend(void *self, struct leat_unit *const *units, size_t count)
{
    (void)hear(self, "extend");
    for (size_t i = 0; i < count; i++)
        if (units[i]->lost)
            conformance_wrong("extend of a unit that was lost");
    real->extend(own(self), units, count);
}

static void hear_revoked(void *self, uint32_t domain, uint32_t generation)
{
    struct worker *worker = hear(self, "revoked")->worker;
    real->revoked(own(self), domain, generation);
    conformance_lock();
    worker->revoked++;
    conformance_unlock();
}

/* --- the rest ----------------------------------------------------------------------------------------- */

static void hear_stop(void *self)
{
    struct spy *spy = hear(self, "stop");
    if (spy->stopped)
        conformance_wrong("stop came twice");
    spy->stopped = true;
    real->stop(own(self));
}

static leat_status hear_reply_begin(void *self, struct leat_unit *unit, const struct leat_reply *reply)
{
    return real->reply_begin(own(self), unit, reply);
}

static size_t hear_reply_write(void *self, struct leat_unit *unit, leat_str bytes)
{
    return real->reply_write(own(self), unit, bytes);
}

static bool hear_reply_wait(void *self, struct leat_unit *unit, int64_t limit_ms)
{
    return real->reply_wait(own(self), unit, limit_ms);
}

static void hear_free_delivery(void *self, struct leat_delivery *delivery)
{
    real->free_delivery(own(self), delivery);
}

/* Twice: it is idempotent. */
static void hear_close(void *self)
{
    struct spy *spy = self;
    real->close(own(self));
    real->close(own(self));
    spy->closed = true;
    spy->worker->closes++;
}

static void hear_fini(void *self)
{
    struct spy *spy = self;
    if (!spy->closed)
        conformance_wrong("fini came before close");
    if (real->fini != NULL)
        real->fini(own(self));
    spy->worker->finis++;
}

static struct leat_source_ops spied;

const struct leat_source_ops *spied_ops(void)
{
    return &spied;
}

void spy_on(const struct leat_source_ops *ops)
{
    real = ops;
    spied = *ops;
    spied.state_size = sizeof(struct spy) + ops->state_size;
    spied.init = hear_init;
    spied.start = hear_start;
    spied.demand = hear_demand;
    spied.hold = ops->hold != NULL ? hear_hold : NULL;
    spied.settle = hear_settle;
    spied.extend = ops->extend != NULL ? hear_extend : NULL;
    spied.revoked = ops->revoked != NULL ? hear_revoked : NULL;
    spied.stop = hear_stop;
    spied.reply_begin = ops->reply_begin != NULL ? hear_reply_begin : NULL;
    spied.reply_write = ops->reply_write != NULL ? hear_reply_write : NULL;
    spied.reply_wait = ops->reply_wait != NULL ? hear_reply_wait : NULL;
    spied.free_delivery = ops->free_delivery != NULL ? hear_free_delivery : NULL;
    spied.close = hear_close;
    spied.fini = hear_fini;
}
