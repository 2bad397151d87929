/* SPDX-License-Identifier: Apache-2.0 */
/* A run: made on the loop thread, called on a slot's thread, and the slot that calls it. */
#include <engine/internal.h>

#include <stdatomic.h>

struct leat_logger *leat_engine_logger(struct leat_engine *engine)
{
    return engine->options.logger != NULL ? engine->options.logger : &engine->own_logger;
}

void leat_context_init(struct leat_context *context, struct leat_engine *engine, const struct leat_bound *bound,
                       struct leat_arena *arena)
{
    memset(context, 0, offsetof(struct leat_context, error.message));
    context->error.message[0] = context->error.fix[0] = '\0';
    context->engine = engine;
    context->bound = bound;
    context->arena = arena;
}

static struct leat_run *take_spare(struct leat_engine *engine)
{
    struct leat_run *run = engine->spare;
    if (run == NULL) {
        run = leat_alloc(sizeof(*run));
        if (run != NULL)
            leat_arena_init(&run->arena, engine->options.max_bytes);
        return run;
    }
    engine->spare = run->next;
    struct leat_arena arena = run->arena; /* its memory serves again */
    memset(run, 0, offsetof(struct leat_run, context));
    run->arena = arena;
    return run;
}

static void put_spare(struct leat_run *run)
{
    leat_arena_reset(&run->arena);
    run->next = run->engine->spare;
    run->engine->spare = run;
}

/* NULL: out of memory. `bound` NULL: its one event is decided. */
struct leat_run *leat_run_new(struct leat_engine *engine, struct leat_bound *bound, uint32_t size)
{
    struct leat_run *run = take_spare(engine);
    if (run == NULL)
        return NULL;
    run->engine = engine;
    run->bound = bound;
    run->work = LEAT_NEW_N(&run->arena, struct leat_work, size);
    run->list = LEAT_NEW_N(&run->arena, struct leat_work *, size);
    run->events = LEAT_NEW_N(&run->arena, struct leat_event, size);
    run->results = leat_arena_alloc(&run->arena, size * sizeof(*run->results));
    run->deliveries = LEAT_NEW_N(&run->arena, struct leat_delivery *, size);
    if (run->arena.overflow) {
        put_spare(run);
        return NULL;
    }
    if (bound != NULL) {
        run->link = engine->first_link;
        engine->reserved++;
    }
    engine->runs++;
    leat_context_init(&run->context, engine, bound, &run->arena);
    run->context.run = run;
    return run;
}

/* Event `index` of the unit; the unit's delivery stays until the run is freed. */
void leat_run_add(struct leat_run *run, struct leat_unit *unit, uint32_t index)
{
    struct leat_work *work = &run->work[run->count];
    *work = (struct leat_work){.unit = unit, .run = run, .result = &run->results[run->count], .index = index};
    *work->result = unit->results[index];
    work->decided = run->bound == NULL;
    if (index < unit->events.count) {
        leat_event_init(&run->events[run->count], &unit->events.items[index], &run->arena);
        work->event = &run->events[run->count];
    }
    run->deliveries[run->count] = unit->delivery;
    unit->delivery->references++;
    run->count++;
}

void leat_run_free(struct leat_run *run)
{
    run->engine->runs--;
    for (uint32_t i = 0; i < run->count; i++)
        leat_delivery_unref(run->deliveries[i]);
    put_spare(run);
}

/* --- on the slot's thread -------------------------------------------------------------------- */

/* Also those of an earlier outcome of the same event. */
static void keep_emissions(struct leat_context *context, struct leat_work *work)
{
    struct leat_emission **last = &context->emission;
    while (*last != NULL)
        last = &(*last)->next;
    *last = work->emission;
    work->emission = context->emission;
    context->emission = NULL;
}

/* What no function of ours made may be any number. */
static bool is_outcome(enum leat_outcome_kind kind)
{
    return kind == LEAT_OUTCOME_OK || kind == LEAT_OUTCOME_REJECT || kind == LEAT_OUTCOME_RETRY;
}

static void take_outcome(struct leat_context *context, struct leat_work *work, leat_outcome outcome)
{
    uint64_t detail = outcome.bits >> 8;
    struct leat_result *result = work->result;
    *result = (struct leat_result){.kind = leat_outcome_kind_of(outcome), .delay_ms = -1, .reply = context->reply};
    if (!is_outcome(result->kind))
        *result = (struct leat_result){
            .kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("the handler gave no outcome"), .delay_ms = -1};
    if (detail > 0 && detail <= context->detail_count) {
        result->reason = context->details[detail - 1].reason;
        result->delay_ms = context->details[detail - 1].delay_ms;
    }
    /* Whatever the handler says: half a reply, or an empty one in place of it, is no success. */
    if (!leat_stream_end(context)) {
        result->reply = NULL;
        if (result->kind == LEAT_OUTCOME_OK)
            *result = (struct leat_result){
                .kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("the streamed reply was not taken"), .delay_ms = -1};
    }
    context->reply = NULL;
    context->last_header = NULL;
    keep_emissions(context, work);
}

static void call_one(struct leat_run *run, void *state)
{
    for (uint32_t i = 0; i < run->count; i++) {
        struct leat_work *work = &run->work[i];
        if (work->decided)
            continue;
        run->context.work = work;
        take_outcome(&run->context, work, run->bound->handler.handle(&run->context, work->event, state));
    }
}

static void call_batch(struct leat_run *run, void *state)
{
    struct leat_batch batch = {.run = run, .work = run->list};
    for (uint32_t i = 0; i < run->count; i++)
        if (!run->work[i].decided)
            batch.work[batch.count++] = &run->work[i];
    run->context.work = batch.work[0];
    for (size_t i = 0; i < batch.count; i++)
        *batch.work[i]->result = (struct leat_result){
            .kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("the handler gave no outcome"), .delay_ms = -1};
    run->bound->handler.handle_batch(&run->context, &batch, state);
}

size_t leat_batch_count(const struct leat_batch *batch)
{
    return batch->count;
}

const leat_event *leat_batch_event(const struct leat_batch *batch, size_t index)
{
    return index < batch->count ? batch->work[index]->event : NULL;
}

void leat_batch_set(struct leat_batch *batch, size_t index, leat_outcome outcome)
{
    if (index < batch->count)
        take_outcome(&batch->run->context, batch->work[index], outcome);
}

/* What ran out of memory may have seen half of it: no outcome of such a run counts. */
static void distrust(struct leat_run *run)
{
    bool over_cap = run->arena.over_cap;
    for (uint32_t i = 0; i < run->count; i++)
        if (!run->work[i].decided)
            *run->work[i].result = (struct leat_result){
                .kind = LEAT_OUTCOME_RETRY,
                .reason = over_cap ? LEAT_STR("the run needs more memory than max_bytes") : LEAT_STR("out of memory"),
                .delay_ms = -1};
}

/* What it is called in the journal: as its source calls it. */
static void note_begin(const struct leat_run *run, const struct leat_slot *slot)
{
    struct leat_journal_unit units[LEAT_JOURNAL_NAMES];
    uint32_t named = run->count < LEAT_JOURNAL_NAMES ? run->count : LEAT_JOURNAL_NAMES;
    for (uint32_t i = 0; i < named; i++) {
        const struct leat_unit *unit = run->work[i].unit;
        if (leat_unit_name(unit).ptr == NULL)
            return; /* one without a name would stand for all of them */
        units[i] = (struct leat_journal_unit){.source = unit->delivery->source->settings.name,
                                              .unit = leat_unit_name(unit),
                                              .attempt = leat_unit_attempt(unit)};
    }
    leat_journal_begin(run->engine->options.journal, slot->index, run->bound->handler.name, units, run->count);
}

void leat_run_call(struct leat_run *run, struct leat_slot *slot)
{
    const struct leat_clock *clock = run->engine->options.clock;
    void *state = slot->states[run->bound->index];
    int64_t start_us = leat_clock_us(clock);
    if (run->deadline_us != 0)
        atomic_store(&run->late_us, start_us - run->started_us);
    atomic_store(&run->slot, slot->index);
    if (run->engine->options.journal != NULL)
        note_begin(run, slot);
    if (run->bound->handler.handle_batch != NULL)
        call_batch(run, state);
    else
        call_one(run, state);
    run->took_us = leat_clock_us(clock) - start_us;
    leat_journal_end(run->engine->options.journal, slot->index);
    if (run->arena.overflow)
        distrust(run);
    for (uint32_t i = 0; i < run->count; i++) {
        if (run->work[i].decided)
            continue;
        run->work[i].result->duration_us = run->took_us;
        run->work[i].result->handler = run->bound->handler.name;
    }
}

/* What it had to wait for its slot is not taken from its time. Any thread. */
int64_t leat_run_deadline_us(const struct leat_run *run)
{
    int64_t own_us;
    bool never = __builtin_add_overflow(run->deadline_us, atomic_load(&run->late_us), &own_us);
    return !never && own_us < run->end_us ? own_us : run->end_us;
}

void leat_run_cancel(struct leat_run *run, struct leat_slot *slot)
{
    if (run->bound->handler.cancel != NULL)
        run->bound->handler.cancel(slot->states[run->bound->index]);
}

/* --- slots ------------------------------------------------------------------------------------------ */

leat_status leat_slot_open(struct leat_slot *slot, struct leat_error *reterr)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_engine *engine = slot->engine;
    leat_arena_init(&arena, engine->options.max_bytes);
    (void)leat_journal_thread(engine->options.journal, slot->index); /* without memory an overflow goes unnoted */
    for (struct leat_bound *bound = engine->handlers; bound != NULL; bound = bound->next) {
        struct leat_context context;
        leat_context_init(&context, engine, bound, &arena);
        leat_status status = LEAT_OK;
        if (bound->handler.init != NULL)
            status = bound->handler.init(&context, &slot->states[bound->index]);
        if (!leat_is_ok(status)) {
            const char *why = context.error.message[0] != '\0' ? context.error.message : leat_status_text(status);
            (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: init failed: %s", bound->handler.name, why);
            leat_slot_close(slot);
            return LEAT_STATUS(CONFIG);
        }
        slot->opened++;
    }
    return LEAT_OK;
}

/* fini of what init gave, the last one first. */
void leat_slot_close(struct leat_slot *slot)
{
    for (; slot->opened > 0; slot->opened--) {
        const struct leat_bound *bound = slot->engine->handlers;
        while (bound->index != slot->opened - 1)
            bound = bound->next;
        if (bound->handler.fini != NULL)
            bound->handler.fini(slot->states[bound->index]);
    }
    leat_journal_thread_end(slot->engine->options.journal, slot->index);
}

/* --- losing a unit ------------------------------------------------------------------------------------- */

static bool all_lost(const struct leat_run *run)
{
    for (uint32_t i = 0; i < run->count; i++)
        if (!run->work[i].unit->lost)
            return false;
    return true;
}

void leat_lost(struct leat_unit *unit, enum leat_loss loss)
{
    struct leat_source *source = unit->delivery->source;
    struct leat_engine *engine = source->engine;
    struct leat_run *run = unit->run;
    if (unit->lost)
        return;
    unit->lost = true;
    source->counters.lease_lost += loss == LEAT_LEASE_LOST ? 1 : 0;
    leat_lease_end(unit);
    leat_again_drop(unit);
    if (run != NULL && run->phase == LEAT_RUN_RUNNING && all_lost(run) && !leat_ahead_recall(run)) {
        atomic_store(&run->cancelled, true);
        if (engine->options.executor->cancel != NULL)
            engine->options.executor->cancel(engine->executor, run);
        leat_stream_abort(run);
    }
    leat_domain_leave(unit); /* which may be the end of it */
}
