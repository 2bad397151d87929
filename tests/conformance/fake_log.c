/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source on the fake log. It looks at the server every few milliseconds: at what it is assigned, at what is new, and
 * at commits that failed, which it tries again itself, as long as the partition is its own.
 */
#include "fake_log.h"

#include <engine/backoff.h>

#include <inttypes.h>

enum { TICK_MS = 2, DELIVERY_MAX = 4 };

enum hand { HAND_OFF, HAND_ON, HAND_LETTING_GO };

/* A partition as the reader sees it. */
struct reader {
    enum hand hand;
    uint32_t generation;
    uint64_t read;     /* up to this position */
    uint64_t finished; /* to be committed up to this position; 0: nothing is */
    bool held;
    bool silent; /* nothing of this generation may be settled any more */
};

struct log_source {
    struct leat_source *source;
    struct fake_log *log;
    struct leat_timer *timer;
    struct reader readers[LOG_PARTITIONS];
    uint32_t session, units, open, turn;
    uint64_t chance;
    bool stopping, stopped;
    enum leat_source_state state;
};

static void tick(void *argument);

static leat_status init_log(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                            struct leat_error *reterr)
{
    struct log_source *fake = self;
    fake->source = source;
    fake->log = (struct fake_log *)(uintptr_t)options;
    if (fake->log->fail_init) {
        fake->log->fail_init = false;
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "the topic's name is refused");
    }
    fake->timer = leat_loop_timer(loop, tick, fake);
    return fake->timer != NULL ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

static leat_status start_log(void *self, struct leat_error *reterr)
{
    struct log_source *fake = self;
    if (fake->log->fail_start) {
        fake->log->fail_start = false;
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "no broker answers");
    }
    fake->session = fake_log_join(fake->log);
    fake->chance = fake->log->seed + fake->session;
    leat_timer_set(fake->timer, TICK_MS);
    return LEAT_OK;
}

/* --- what it is assigned ------------------------------------------------------------------------------ */

static void commit(struct log_source *fake, uint32_t domain)
{
    struct reader *reader = &fake->readers[domain];
    if (reader->finished > 0 && leat_is_ok(fake_log_commit(fake->log, domain, reader->generation, reader->finished)))
        reader->finished = 0;
}

static void look_at(struct log_source *fake, uint32_t domain)
{
    struct reader *reader = &fake->readers[domain];
    struct log_partition partition = fake_log_look(fake->log, domain);
    bool ours = partition.owner == LOG_WORKER && partition.session == fake->session;
    bool current = ours && partition.generation == reader->generation;
    if (reader->hand == HAND_OFF && ours && !partition.revoking && !fake->stopping) {
        *reader = (struct reader){
            .hand = HAND_ON, .generation = partition.generation, .read = partition.committed, .held = reader->held};
    } else if (reader->hand == HAND_ON && current && partition.revoking) {
        reader->hand = HAND_LETTING_GO;
        leat_revoke(fake->source, domain, reader->generation, partition.revoke_until_ms);
    } else if (reader->hand != HAND_OFF && !current && !reader->silent) {
        reader->hand = HAND_LETTING_GO;
        reader->silent = true;
        reader->finished = 0;
        leat_revoke(fake->source, domain, reader->generation, 0);
    }
}

static void revoked_log(void *self, uint32_t domain, uint32_t generation)
{
    struct log_source *fake = self;
    struct reader *reader = &fake->readers[domain];
    if (reader->hand != HAND_LETTING_GO || generation != reader->generation)
        conformance_wrong("domain %u: revoked came for generation %u, which nobody asked for", domain, generation);
    commit(fake, domain);
    reader->finished = 0;
    reader->hand = HAND_OFF;
    reader->silent = true;
    fake_log_let_go(fake->log, domain, generation);
}

/* --- taking ------------------------------------------------------------------------------------------- */

static const struct log_entry *read_next(struct log_source *fake, uint32_t domain)
{
    struct reader *reader = &fake->readers[domain];
    if (fake->units == 0 || reader->hand != HAND_ON)
        return NULL;
    const struct log_entry *entry = fake_log_read(fake->log, domain, reader->generation, reader->read);
    if (entry == NULL)
        return NULL;
    reader->read = entry->position;
    fake->units--;
    return entry;
}

static bool deliver(struct log_source *fake, uint32_t domain)
{
    const struct reader *reader = &fake->readers[domain];
    uint32_t most = 1 + (uint32_t)(leat_chance(&fake->chance) % DELIVERY_MAX);
    const struct log_entry *entry = reader->held ? NULL : read_next(fake, domain);
    if (entry == NULL)
        return false;
    struct leat_delivery *delivery = leat_delivery_new(fake->source);
    while (delivery != NULL && entry != NULL) {
        struct leat_unit given = {.domain = domain, .generation = reader->generation, .position = entry->position};
        if (!leat_is_ok(fake_deliver_entry(delivery, &entry->is, &given)))
            conformance_wrong("no memory for a unit");
        entry = --most > 0 ? read_next(fake, domain) : NULL;
    }
    if (delivery == NULL)
        return false;
    fake->open++;
    leat_deliver(delivery);
    return true;
}

static bool is_away(struct fake_log *log)
{
    conformance_lock();
    bool away = log->away;
    conformance_unlock();
    return away;
}

static void tell_state(struct log_source *fake)
{
    enum leat_source_state state = is_away(fake->log)            ? LEAT_DISCONNECTED
                                   : fake_log_is_idle(fake->log) ? LEAT_IDLE
                                                                 : LEAT_CONSUMING;
    if (state != fake->state)
        leat_source_state(fake->source, state, state == LEAT_DISCONNECTED ? "no broker answers" : NULL);
    fake->state = state;
}

static void stop_if_over(struct log_source *fake)
{
    bool pending = false;
    for (uint32_t i = 0; i < LOG_PARTITIONS; i++)
        pending = pending || (fake->readers[i].finished > 0 && !is_away(fake->log));
    if (!fake->stopping || fake->stopped || fake->open > 0 || pending)
        return;
    fake->stopped = true;
    leat_timer_clear(fake->timer);
    leat_stopped(fake->source);
}

static void tick(void *argument)
{
    struct log_source *fake = argument;
    bool moved = true;
    leat_timer_set(fake->timer, TICK_MS);
    tell_state(fake);
    for (uint32_t i = 0; i < LOG_PARTITIONS; i++) {
        commit(fake, i);
        look_at(fake, i);
    }
    while (moved && !fake->stopping) {
        moved = false;
        for (uint32_t i = 0; i < LOG_PARTITIONS; i++)
            moved = deliver(fake, (fake->turn + i) % LOG_PARTITIONS) || moved;
        fake->turn++;
    }
    stop_if_over(fake);
}

static void demand_log(void *self, uint32_t units, size_t bytes)
{
    struct log_source *fake = self;
    fake->units = bytes > 0 ? units : 0;
}

static void hold_log(void *self, uint32_t domain, bool held)
{
    struct log_source *fake = self;
    if (domain >= LOG_PARTITIONS)
        conformance_wrong("domain %u is held, and is none", domain);
    else
        fake->readers[domain].held = held;
}

/* --- settling ----------------------------------------------------------------------------------------- */

/* There is no answer to it; what fails is tried again by tick. */
static void settle_log(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                       size_t count)
{
    struct log_source *fake = self;
    (void)delivery;
    for (size_t i = 0; i < count; i++) {
        const struct leat_unit *unit = settlements[i].unit;
        struct reader *reader = &fake->readers[unit->domain];
        if (unit->generation != reader->generation || reader->silent) {
            conformance_wrong("domain %u: a settlement of generation %u, which has ended", unit->domain,
                              unit->generation);
            continue;
        }
        if (unit->position < reader->finished)
            conformance_wrong("domain %u: the watermark went back to %" PRIu64, unit->domain, unit->position);
        reader->finished = unit->position;
        if (leat_chance(&fake->chance) % 2 == 0)
            commit(fake, unit->domain);
    }
}

/* --- the end ------------------------------------------------------------------------------------------ */

static void stop_log(void *self)
{
    ((struct log_source *)self)->stopping = true;
}

static void free_log_delivery(void *self, struct leat_delivery *delivery)
{
    (void)delivery;
    ((struct log_source *)self)->open--;
}

static void close_log(void *self)
{
    struct log_source *fake = self;
    leat_timer_free(fake->timer);
    fake->timer = NULL;
}

static const struct leat_source_ops log_ops = {
    .abi = LEAT_ABI,
    .size = sizeof(log_ops),
    .name = "fake-log",
    .state_size = sizeof(struct log_source),
    .caps = {.settle = LEAT_SETTLE_LOG, .retry = LEAT_BY_ENGINE, .domains = true},
    .init = init_log,
    .start = start_log,
    .demand = demand_log,
    .hold = hold_log,
    .settle = settle_log,
    .revoked = revoked_log,
    .stop = stop_log,
    .free_delivery = free_log_delivery,
    .close = close_log,
};

/* --- the subject -------------------------------------------------------------------------------------- */

static void *make_log(const struct conformance_wish *wish)
{
    struct fake_log *log = conformance_memory(sizeof(*log));
    log->seed = wish->seed;
    return log;
}

static void unmake_log(void *log)
{
    (void)log; /* the memory is the suite's */
}

static const void *options_of(void *log)
{
    return log;
}

static bool put(void *argument, const struct conformance_event *event)
{
    struct fake_log *log = argument;
    struct log_partition *partition = &log->partitions[event->domain];
    conformance_lock();
    struct log_entry *entry = &log->entries[log->count];
    bool good = log->count < CONFORMANCE_EVENTS_MAX && fake_entry_fill(&entry->is, event);
    if (good) {
        entry->domain = event->domain;
        entry->position = partition->end + 1 + leat_chance(&log->seed) % 3; /* with gaps */
        partition->end = entry->position;
        log->count++;
    }
    conformance_unlock();
    return good;
}

static struct log_entry *find(struct fake_log *log, uint32_t number)
{
    for (uint32_t i = 0; i < log->count; i++)
        if (log->entries[i].is.number == number)
            return &log->entries[i];
    return NULL;
}

static enum conformance_place place_of(void *argument, uint32_t number)
{
    struct fake_log *log = argument;
    enum conformance_place place = CONFORMANCE_ABSENT;
    conformance_lock();
    const struct log_entry *entry = find(log, number);
    if (entry != NULL)
        place = entry->position <= log->partitions[entry->domain].committed ? CONFORMANCE_ACKED
                : entry->reads > 0                                          ? CONFORMANCE_CLAIMED
                                                                            : CONFORMANCE_WAITING;
    conformance_unlock();
    return place;
}

static void fail_init(void *log)
{
    ((struct fake_log *)log)->fail_init = true;
}

static void fail_start(void *log)
{
    ((struct fake_log *)log)->fail_start = true;
}

static void fail_settle(void *log, uint32_t number, uint32_t times)
{
    conformance_lock();
    find(log, number)->failing_commits = times;
    conformance_unlock();
}

static void set_away(struct fake_log *log, bool away)
{
    conformance_lock();
    log->away = away;
    conformance_unlock();
}

static void disconnect_log(void *log)
{
    set_away(log, true);
}

static void reconnect_log(void *log)
{
    set_away(log, false);
}

static void revoke(void *argument, uint32_t domain, int64_t grace_ms)
{
    struct log_partition *partition = &((struct fake_log *)argument)->partitions[domain];
    conformance_lock();
    partition->revoking = true;
    partition->revoke_until_ms = grace_ms > 0 ? conformance_now_ms() + grace_ms : 0;
    conformance_unlock();
    if (grace_ms == 0)
        (void)fake_log_look(argument, domain);
}

static void assign(void *argument, uint32_t domain)
{
    struct fake_log *log = argument;
    conformance_lock();
    log->partitions[domain].owner = LOG_WORKER;
    log->partitions[domain].session = log->sessions;
    log->partitions[domain].generation++;
    conformance_unlock();
}

static const struct conformance_subject subject = {
    .ops = &log_ops,
    .adapters = fake_adapters,
    .kind = "conformance",
    .lasting = true,
    .lanes = true,
    .dated = true,
    .filter = FAKE_FILTER,
    .broken = true,
    .empty = true,
    .domains = LOG_PARTITIONS,
    .delivery = DELIVERY_MAX,
    .make = make_log,
    .unmake = unmake_log,
    .options = options_of,
    .put = put,
    .place = place_of,
    .fail_init = fail_init,
    .fail_start = fail_start,
    .fail_settle = fail_settle,
    .disconnect = disconnect_log,
    .reconnect = reconnect_log,
    .revoke = revoke,
    .assign = assign,
};

const struct conformance_subject *const conformance_subjects[] = {&subject, NULL};
