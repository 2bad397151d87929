/* SPDX-License-Identifier: Apache-2.0 */
#include "fakes.h"

#include <leat/alloc.h>

#include <pthread.h>
#include <stdlib.h>

struct fake_log fake_log;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

void fake_log_reset(void)
{
    memset(&fake_log, 0, sizeof(fake_log));
}

const struct fake_unit_log *fake_unit(const char *id)
{
    for (size_t i = 0; i < fake_log.unit_count; i++)
        if (strcmp(fake_log.units[i].id, id) == 0)
            return &fake_log.units[i];
    return NULL;
}

int fake_place(const char *event)
{
    for (size_t i = 0; i < fake_log.started_count; i++)
        if (strcmp(fake_log.started[i], event) == 0)
            return (int)i;
    return -1;
}

/* --- adapter ------------------------------------------------------------------------------------ */

static bool detect_fake(const struct leat_payload *payload)
{
    return leat_json_get_array(payload->root, "fake") != NULL;
}

static leat_status split_fake(struct leat_decoder *decoder, const struct leat_payload *payload,
                              struct leat_records *out)
{
    struct leat_payload records = *payload;
    records.records = leat_json_get_array(payload->root, "fake");
    LEAT_TRY(leat_split_records(decoder, &records, out));
    for (uint32_t i = 0; i < out->count; i++) {
        struct leat_record *record = &out->items[i];
        record->id = leat_json_get_text(record->json, "id");
        record->lane = leat_json_get_text(record->json, "lane");
        record->broken = leat_json_get_text(record->json, "broken");
    }
    return LEAT_OK;
}

static leat_status normalise_fake(struct leat_decoder *decoder, const struct leat_record *record,
                                  struct leat_events *out)
{
    const cJSON *outcome = NULL;
    unsigned index = 0;
    cJSON_ArrayForEach (outcome, leat_json_get_array(record->json, "outcomes")) {
        struct leat_envelope *envelope = leat_events_add(decoder, record, out);
        if (envelope == NULL)
            return leat_arena_status(decoder->arena);
        envelope->id = leat_arena_printf(decoder->arena, "%.*s/%u", LEAT_ARG(record->id), index++);
        envelope->source = LEAT_STR("fake");
        envelope->type = LEAT_STR("fake.event");
        envelope->data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = leat_json_text(outcome)};
    }
    return LEAT_OK;
}

const struct leat_adapter leat_adapter_fake = {
    .abi = LEAT_ABI,
    .size = sizeof(leat_adapter_fake),
    .name = "fake",
    .help = "what tests say",
    .why = "fake is an array",
    .order = 1,
    .shape = LEAT_REPLY_ITEMS,
    .detect = detect_fake,
    .split = split_fake,
    .normalise = normalise_fake,
};

extern const struct leat_adapter leat_adapter_unknown;
const struct leat_adapter *const fake_adapters[] = {&leat_adapter_fake, &leat_adapter_unknown, NULL};

/* --- handlers ------------------------------------------------------------------------------------- */

static void note_start(const leat_event *event)
{
    leat_str id = leat_event_id(event);
    pthread_mutex_lock(&log_lock);
    snprintf(fake_log.started[fake_log.started_count++ % FAKE_UNITS_MAX], FAKE_ID_MAX, "%.*s", LEAT_ARG(id));
    fake_log.running++;
    if (fake_log.running > fake_log.most_running)
        fake_log.most_running = fake_log.running;
    pthread_mutex_unlock(&log_lock);
}

static void note_end(void)
{
    pthread_mutex_lock(&log_lock);
    fake_log.running--;
    pthread_mutex_unlock(&log_lock);
}

static leat_outcome answer(leat_context *ctx, const leat_event *event)
{
    leat_str said = leat_event_data(event);
    note_start(event);
    leat_outcome outcome = {0};
    if (leat_str_is(said, "ok"))
        outcome = leat_ok(ctx);
    else if (leat_str_is(said, "retry"))
        outcome = leat_retryf(ctx, "%s", "as told");
    else if (leat_str_is(said, "reject"))
        outcome = leat_reject(ctx, "as told");
    note_end();
    return outcome;
}

static leat_outcome handle_fake(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    return answer(ctx, event);
}

static void handle_fake_batch(leat_context *ctx, struct leat_batch *batch, void *state)
{
    (void)state;
    for (size_t i = 0; i < leat_batch_count(batch); i++) {
        const leat_event *event = leat_batch_event(batch, i);
        leat_outcome outcome = answer(ctx, event);
        if (!leat_str_is(leat_event_data(event), "nothing"))
            leat_batch_set(batch, i, outcome);
    }
}

const struct leat_handler fake_handler = {
    .abi = LEAT_ABI, .size = sizeof(fake_handler), .name = "fake", .handle = handle_fake};
const struct leat_handler fake_batch_handler = {
    .abi = LEAT_ABI, .size = sizeof(fake_batch_handler), .name = "fake_batch", .handle_batch = handle_fake_batch};

/* --- source ------------------------------------------------------------------------------------------ */

struct fake_source {
    struct leat_source *source;
    struct leat_loop *loop;
    struct fake_source_options options;
    size_t next;
    size_t open; /* deliveries */
    bool stopped;
};

/* An answer that waits for its turn of the loop. */
struct pending_answer {
    struct fake_source *fake;
    struct leat_delivery *delivery;
    struct leat_unit *unit; /* NULL: the delivery as a whole */
    leat_status status;
};

static leat_status init_fake(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct fake_source *fake = self;
    (void)reterr;
    fake->source = source;
    fake->loop = loop;
    fake->options = *(const struct fake_source_options *)options;
    return LEAT_OK;
}

static leat_status start_fake(void *self, struct leat_error *reterr)
{
    (void)self;
    (void)reterr;
    return LEAT_OK;
}

static void end_if_done(struct fake_source *fake)
{
    if (fake->stopped || (fake->open > 0 && !fake->options.hasty) || fake->options.payloads[fake->next] != NULL)
        return;
    fake->stopped = true;
    leat_stopped(fake->source);
}

static void demand_fake(void *self, uint32_t units, size_t bytes)
{
    struct fake_source *fake = self;
    (void)bytes;
    while (units > 0 && fake->options.payloads[fake->next] != NULL) {
        struct leat_delivery *delivery = leat_delivery_new(fake->source);
        if (delivery == NULL) {
            leat_source_state(fake->source, LEAT_FAILED, "out of memory");
            return;
        }
        delivery->invocation.deadline_ms = fake->options.deadline_ms;
        (void)leat_delivery_text(delivery, leat_str_c(fake->options.payloads[fake->next++]), NULL);
        units -= delivery->unit_count < units ? delivery->unit_count : units;
        fake->open++;
        fake_log.delivered++;
        leat_deliver(delivery);
    }
    end_if_done(fake);
}

static void note_settled(const struct leat_settlement *settlement)
{
    struct fake_unit_log *unit = NULL;
    char id[FAKE_ID_MAX];
    snprintf(id, sizeof(id), "%.*s", LEAT_ARG(settlement->unit->record->id));
    for (size_t i = 0; i < fake_log.unit_count && unit == NULL; i++)
        if (strcmp(fake_log.units[i].id, id) == 0)
            unit = &fake_log.units[i];
    if (unit == NULL)
        unit = &fake_log.units[fake_log.unit_count++];
    memcpy(unit->id, id, sizeof(id));
    unit->settled++;
    unit->verdict = settlement->verdict;
    unit->outcome = settlement->outcome;
    unit->timed_out = settlement->unit->result_count > 0;
    for (uint32_t i = 0; i < settlement->unit->result_count; i++)
        unit->timed_out = unit->timed_out && settlement->unit->results[i].timed_out;
    leat_str said = settlement->reason;
    if (said.ptr == NULL && settlement->reply != NULL)
        said = settlement->reply->body;
    snprintf(unit->said, sizeof(unit->said), "%.*s", LEAT_ARG(said));
}

static void give_answer(void *argument)
{
    struct pending_answer *answer = argument;
    if (answer->unit != NULL)
        leat_settled(answer->unit, answer->status);
    else
        leat_delivery_settled(answer->delivery, answer->status);
    free(answer);
}

static void answer_settle(struct fake_source *fake, struct leat_delivery *delivery, struct leat_unit *unit, bool fail)
{
    struct pending_answer *answer = calloc(1, sizeof(*answer));
    *answer = (struct pending_answer){
        .fake = fake, .delivery = delivery, .unit = unit, .status = fail ? LEAT_STATUS(AWAY) : LEAT_OK};
    if (!fake->options.later || !leat_loop_post(fake->loop, give_answer, answer))
        give_answer(answer);
}

static void settle_fake(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                        size_t count)
{
    struct fake_source *fake = self;
    bool fail = fake->options.fail_settles > 0;
    if (fail)
        fake->options.fail_settles--;
    for (size_t i = 0; i < count && !fail; i++)
        note_settled(&settlements[i]);
    if (fake->options.whole) {
        answer_settle(fake, delivery, NULL, fail);
        return;
    }
    for (size_t i = 0; i < count; i++)
        answer_settle(fake, delivery, settlements[i].unit, fail);
}

static void free_fake_delivery(void *self, struct leat_delivery *delivery)
{
    struct fake_source *fake = self;
    (void)delivery;
    fake->open--;
    fake_log.freed++;
    end_if_done(fake);
}

static void stop_fake(void *self)
{
    struct fake_source *fake = self;
    static const char *const none[] = {NULL};
    fake->options.payloads = none;
    fake->next = 0;
    end_if_done(fake);
}

static void close_fake(void *self)
{
    (void)self;
}

#define FAKE_SOURCE(shape, owner)                                                                                 \
    {                                                                                                             \
        .abi = LEAT_ABI, .size = sizeof(struct leat_source_ops), .name = "fake",                                  \
        .state_size = sizeof(struct fake_source), .caps = {.settle = (shape), .retry = (owner), .ordered = true}, \
        .init = init_fake, .start = start_fake, .demand = demand_fake, .settle = settle_fake, .stop = stop_fake,  \
        .free_delivery = free_fake_delivery, .close = close_fake,                                                 \
    }
const struct leat_source_ops fake_source_each = FAKE_SOURCE(LEAT_SETTLE_EACH, LEAT_BY_SOURCE);
const struct leat_source_ops fake_source_whole = FAKE_SOURCE(LEAT_SETTLE_WHOLE, LEAT_BY_CALLER);
const struct leat_source_ops fake_source_caller = FAKE_SOURCE(LEAT_SETTLE_EACH, LEAT_BY_CALLER);

/* --- executors ------------------------------------------------------------------------------------------ */

enum { THREADS = 3, RUNS_MAX = 64 };

struct thread_slot {
    struct threads *threads;
    struct leat_slot *slot;
    pthread_t thread;
};

struct threads {
    pthread_mutex_t lock;
    pthread_cond_t wake, opened;
    struct leat_run *runs[RUNS_MAX];
    size_t run_count, busy, open_count, slot_count;
    bool end, failed;
    struct thread_slot slots[THREADS];
};

static void *serve(void *argument)
{
    struct thread_slot *own = argument;
    struct threads *threads = own->threads;
    leat_status status = leat_slot_open(own->slot, NULL);
    pthread_mutex_lock(&threads->lock);
    threads->failed = threads->failed || !leat_is_ok(status);
    threads->open_count++;
    pthread_cond_signal(&threads->opened);
    while (!threads->end || threads->run_count > 0) {
        if (threads->run_count == 0) {
            pthread_cond_wait(&threads->wake, &threads->lock);
            continue;
        }
        struct leat_run *run = threads->runs[--threads->run_count]; /* the newest: out of order */
        pthread_mutex_unlock(&threads->lock);
        leat_run_call(run, own->slot);
        leat_run_done(run);
        pthread_mutex_lock(&threads->lock);
        threads->busy--;
    }
    pthread_mutex_unlock(&threads->lock);
    if (leat_is_ok(status))
        leat_slot_close(own->slot);
    return NULL;
}

static leat_status open_threads(void *self, struct leat_slot *const *slots, uint32_t count, struct leat_error *reterr)
{
    struct threads *threads = self;
    (void)reterr;
    pthread_mutex_init(&threads->lock, NULL);
    pthread_cond_init(&threads->wake, NULL);
    pthread_cond_init(&threads->opened, NULL);
    for (threads->slot_count = 0; threads->slot_count < count && threads->slot_count < THREADS; threads->slot_count++) {
        struct thread_slot *slot = &threads->slots[threads->slot_count];
        *slot = (struct thread_slot){.threads = threads, .slot = slots[threads->slot_count]};
        if (pthread_create(&slot->thread, NULL, serve, slot) != 0)
            abort();
    }
    pthread_mutex_lock(&threads->lock);
    while (threads->open_count < threads->slot_count)
        pthread_cond_wait(&threads->opened, &threads->lock);
    pthread_mutex_unlock(&threads->lock);
    return LEAT_OK;
}

static uint32_t free_threads(void *self)
{
    struct threads *threads = self;
    pthread_mutex_lock(&threads->lock);
    /* Twice as many as there are threads, so that runs wait and are taken out of order. */
    uint32_t room = threads->busy < 2 * THREADS ? (uint32_t)(2 * THREADS - threads->busy) : 0;
    pthread_mutex_unlock(&threads->lock);
    return room;
}

static void start_thread_run(void *self, struct leat_run *run)
{
    struct threads *threads = self;
    pthread_mutex_lock(&threads->lock);
    threads->runs[threads->run_count++] = run;
    threads->busy++;
    pthread_cond_signal(&threads->wake);
    pthread_mutex_unlock(&threads->lock);
}

static void close_threads(void *self)
{
    struct threads *threads = self;
    pthread_mutex_lock(&threads->lock);
    threads->end = true;
    pthread_cond_broadcast(&threads->wake);
    pthread_mutex_unlock(&threads->lock);
    for (size_t i = 0; i < threads->slot_count; i++)
        pthread_join(threads->slots[i].thread, NULL);
}

const struct leat_executor_ops fake_executor_threads = {
    .name = "threads",
    .state_size = sizeof(struct threads),
    .open = open_threads,
    .free_slots = free_threads,
    .start = start_thread_run,
    .close = close_threads,
};

/* --- middleware ------------------------------------------------------------------------------------------- */

static void go_on(void *argument)
{
    leat_resume(argument, LEAT_NEXT);
}

/* `self` is the loop. */
static void before_pending(void *self, struct leat_work *const *work, size_t count)
{
    fake_log.before_calls++;
    for (size_t i = count; i-- > 0;) {
        work[i]->step = LEAT_PENDING;
        if (!leat_loop_post(self, go_on, work[i]))
            work[i]->step = LEAT_NEXT;
    }
}

static void after_pending(void *self, struct leat_work *const *work, size_t count)
{
    (void)self;
    (void)work;
    fake_log.after_calls += count;
}

static void abandon_pending(void *self, struct leat_work *work)
{
    (void)self;
    (void)work;
    fake_log.abandoned++;
}

const struct leat_middleware_ops fake_middleware_pending = {.abi = LEAT_ABI,
                                                            .size = sizeof(struct leat_middleware_ops),
                                                            .name = "pending",
                                                            .before = before_pending,
                                                            .after = after_pending,
                                                            .abandon = abandon_pending};

static void before_decide(void *self, struct leat_work *const *work, size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++) {
        if (!leat_str_is(leat_event_data(work[i]->event), "decide"))
            continue;
        work[i]->step = LEAT_DECIDED;
        *work[i]->result =
            (struct leat_result){.kind = LEAT_OUTCOME_REJECT, .reason = LEAT_STR("decided"), .delay_ms = -1};
    }
}

const struct leat_middleware_ops fake_middleware_decide = {
    .abi = LEAT_ABI, .size = sizeof(struct leat_middleware_ops), .name = "decide", .before = before_decide};

/* --- sink ---------------------------------------------------------------------------------------------------- */

struct letter_answer {
    void (*durable)(void *, size_t, leat_status);
    void *argument;
    size_t index;
    leat_status status;
};

static void answer_letter(void *argument)
{
    struct letter_answer *answer = argument;
    answer->durable(answer->argument, answer->index, answer->status);
    free(answer);
}

static void write_fake(void *self, const struct leat_letter *const *letters, size_t count,
                       void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    struct fake_sink *sink = *(struct fake_sink **)self;
    (void)letters;
    for (size_t i = 0; i < count; i++) {
        struct letter_answer *answer = calloc(1, sizeof(*answer));
        bool fail = sink->fail > 0;
        sink->fail -= fail ? 1 : 0;
        fake_log.letters += fail ? 0 : 1;
        *answer = (struct letter_answer){durable, argument, i, fail ? LEAT_STATUS(AWAY) : LEAT_OK};
        if (sink->now || !leat_loop_post(sink->loop, answer_letter, answer))
            answer_letter(answer);
    }
}

static leat_status init_sink(void *self, struct leat_sink *sink, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    (void)sink;
    (void)loop;
    (void)reterr;
    *(const struct fake_sink **)self = options;
    return LEAT_OK;
}

const struct leat_sink_ops fake_sink = {.abi = LEAT_ABI,
                                        .size = sizeof(struct leat_sink_ops),
                                        .name = "fake",
                                        .state_size = sizeof(struct fake_sink *),
                                        .init = init_sink,
                                        .write = write_fake};
