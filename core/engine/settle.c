/* SPDX-License-Identifier: Apache-2.0 */
/* How a unit is settled: its worst event decides, and the source is told. */
#include <engine/internal.h>

leat_str leat_delivery_copy(const struct leat_delivery *delivery, struct leat_arena *arena, leat_str bytes)
{
    uintptr_t text = (uintptr_t)delivery->text.ptr, start = (uintptr_t)bytes.ptr;
    bool inside = bytes.ptr != NULL && start >= text && bytes.len <= delivery->text.len &&
                  start - text <= delivery->text.len - bytes.len;
    return inside ? bytes : leat_arena_copy(arena, bytes);
}

/* A result outlives its run: reason and reply move to the delivery. */
static struct leat_reply *copy_reply(struct leat_delivery *delivery, const struct leat_reply *reply)
{
    struct leat_arena *arena = &delivery->results;
    struct leat_reply *copy = LEAT_NEW(arena, struct leat_reply);
    if (copy == NULL)
        return NULL;
    copy->status = reply->status;
    copy->content_type = leat_arena_copy(arena, reply->content_type);
    copy->body = leat_delivery_copy(delivery, arena, reply->body);
    struct leat_reply_header **last = &copy->headers;
    for (const struct leat_reply_header *header = reply->headers; header != NULL; header = header->next) {
        *last = LEAT_NEW(arena, struct leat_reply_header);
        if (*last == NULL)
            return NULL;
        (*last)->name = leat_arena_copy(arena, header->name);
        (*last)->value = leat_arena_copy(arena, header->value);
        last = &(*last)->next;
    }
    return arena->overflow ? NULL : copy;
}

void leat_result_keep(struct leat_delivery *delivery, struct leat_result *result)
{
    if (result->reason.ptr != NULL) {
        leat_str reason = leat_arena_copy(&delivery->results, result->reason);
        result->reason = reason.ptr != NULL ? reason : LEAT_STR("out of memory for the reason");
    }
    if (result->reply == NULL)
        return;
    result->reply = copy_reply(delivery, result->reply);
    if (result->reply == NULL) {
        result->kind = LEAT_OUTCOME_RETRY;
        result->reason = LEAT_STR("out of memory for the reply");
    }
}

/* DESIGN's table, its one column that is the engine's; the reply shapes are the others. */
enum leat_verdict leat_verdict_of(enum leat_outcome_kind worst, bool kept)
{
    switch (worst) {
    case LEAT_OUTCOME_OK: return LEAT_ACK;
    case LEAT_OUTCOME_RETRY: return LEAT_RETRY;
    case LEAT_OUTCOME_REJECT: return kept ? LEAT_ACK : LEAT_FAIL;
    case LEAT_OUTCOME_NONE: break;
    }
    return LEAT_RELEASE;
}

/* How bad: what was never started is worse than a reject, for the unit must come again. */
static int rank_of(enum leat_outcome_kind kind)
{
    static const int ranks[] = {
        [LEAT_OUTCOME_OK] = 0, [LEAT_OUTCOME_REJECT] = 1, [LEAT_OUTCOME_NONE] = 2, [LEAT_OUTCOME_RETRY] = 3};
    return ranks[kind];
}

/* The result that decides: the first of the worst; among fine ones, one with a reply. */
const struct leat_result *leat_unit_worst(const struct leat_unit *unit)
{
    static const struct leat_result fine = {.kind = LEAT_OUTCOME_OK, .delay_ms = -1};
    static const struct leat_result unwritten = {
        .kind = LEAT_OUTCOME_RETRY, .reason = {"the dead letter could not be written", 36}, .delay_ms = -1};
    const struct leat_result *worst = &fine;
    for (uint32_t i = 0; i < unit->result_count; i++) {
        const struct leat_result *result = &unit->results[i];
        if (rank_of(result->kind) > rank_of(worst->kind))
            worst = result;
        else if (worst->kind == LEAT_OUTCOME_OK && result->reply != NULL)
            worst = result;
    }
    return unit->unwritten && worst->kind != LEAT_OUTCOME_RETRY ? &unwritten : worst;
}

/* --- memory ---------------------------------------------------------------------------------------- */

void leat_delivery_unref(struct leat_delivery *delivery)
{
    struct leat_source *source = delivery->source;
    if (--delivery->references > 0)
        return;
    source->bytes -= delivery->bytes;
    if (source->ops->free_delivery != NULL)
        source->ops->free_delivery(source->self, delivery);
    leat_delivery_drop(delivery);
}

/* So many units of credit are free again, and so many references fall. */
void leat_give_up(struct leat_delivery *delivery, uint32_t references)
{
    struct leat_source *source = delivery->source;
    source->in_flight -= references;
    source->demanded = LEAT_UNTOLD;
    if (source->in_flight == 0)
        leat_engine_change(source->engine);
    leat_dispatch_wake(source->engine);
    delivery->references -= references - 1;
    leat_delivery_unref(delivery);
}

static void leave_flight(struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    leat_alarm_clear(source->engine, &unit->again);
    leat_lease_end(unit);
    *unit->flight_at = unit->flight_next;
    if (unit->flight_next != NULL)
        unit->flight_next->flight_at = unit->flight_at;
    source->units--;
}

/* It is over, settled or not. */
void leat_unit_drop(struct leat_unit *unit)
{
    if (!unit->lost)
        leat_domain_leave(unit);
    leave_flight(unit);
    leat_give_up(unit->delivery, 1);
}

/* --- telling the source ------------------------------------------------------------------------------ */

#define AGAIN_MS 100 /* until a settlement that failed is tried again; then twice as long each time */

static void settle_whole(struct leat_delivery *delivery)
{
    struct leat_source *source = delivery->source;
    delivery->settle_tries++;
    source->settling++;
    source->ops->settle(source->self, delivery, delivery->settlements, delivery->unit_count);
}

void leat_settle_unit(struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    unit->settle_tries++;
    unit->settling = true;
    source->settling++;
    source->ops->settle(source->self, unit->delivery, &unit->delivery->settlements[unit->index], 1);
}

void leat_settle_empty(struct leat_delivery *delivery)
{
    if (delivery->source->ops->caps.settle == LEAT_SETTLE_WHOLE)
        settle_whole(delivery);
    else
        leat_give_up(delivery, 1);
}

static bool again(struct leat_source *source, leat_status status, uint32_t tries)
{
    struct leat_log_fields fields = {.source = source->settings.name};
    if (leat_is_ok(status))
        return false;
    source->engine->metrics.settle_failures++;
    source->counters.settle_failures++;
    if (tries < LEAT_SETTLE_TRIES)
        return true;
    leat_logger_write(leat_engine_logger(source->engine), LEAT_ERROR, &fields,
                      "could not be settled after %u tries: it will come again", tries);
    return false;
}

static void settle_again(struct leat_alarm *alarm)
{
    struct leat_unit *unit = LEAT_ALARM_OF(alarm, struct leat_unit, again);
    if (unit->lost)
        leat_unit_drop(unit); /* meanwhile */
    else
        leat_settle_unit(unit);
}

/* False: it is not done. */
static bool note_result(struct leat_source *source, const struct leat_unit *unit, leat_str key, uint32_t index)
{
    const struct leat_result *result = &unit->results[index];
    bool reject = result->kind == LEAT_OUTCOME_REJECT,
         done = result->final || result->kind == LEAT_OUTCOME_OK || reject;
    const struct leat_finished_reject how = {.reason = result->reason,
                                             .handler = result->handler,
                                             .duration_us = result->duration_us,
                                             .timed_out = result->timed_out};
    if (done)
        (void)leat_finished_note(source->engine->finished, source, key, index, unit->result_count,
                                 reject ? &how : NULL);
    return done;
}

/* So that only its unfinished events run when it comes again; in order, also what ran behind them in a batch. Want of
 * memory costs a repetition. */
static void note_settled(struct leat_source *source, struct leat_unit *unit)
{
    leat_str name = leat_unit_name(unit), key;
    struct leat_finished *finished = source->engine->finished;
    bool over = unit->delivery->settlements[unit->index].verdict == LEAT_ACK;
    if (name.ptr != NULL && over && unit->suspect)
        leat_journal_forget(source->engine->options.journal, source->settings.name, name);
    if (unit->result_count < 2 || source->ops->caps.retry != LEAT_BY_SOURCE ||
        (over && leat_finished_is_empty(finished)))
        return;
    key = leat_again_key(unit);
    if (over && key.ptr != NULL)
        leat_finished_forget(finished, source, key);
    for (uint32_t i = 0; i < unit->result_count && !over && key.ptr != NULL; i++)
        if (!note_result(source, unit, key, i) && (unit->in_order || unit->record->lane.len > 0))
            break;
}

void leat_settled(struct leat_unit *unit, leat_status status)
{
    struct leat_source *source = unit->delivery->source;
    source->settling--;
    unit->settling = false;
    if (!unit->lost && again(source, status, unit->settle_tries)) {
        int64_t wait_ms = (int64_t)AGAIN_MS << (unit->settle_tries - 1);
        leat_alarm_set(source->engine, &unit->again, leat_us_in(leat_engine_now_us(source->engine), wait_ms),
                       settle_again);
        return;
    }
    if (leat_is_ok(status))
        note_settled(source, unit);
    leat_unit_drop(unit);
}

void leat_delivery_settled(struct leat_delivery *delivery, leat_status status)
{
    delivery->source->settling--;
    if (again(delivery->source, status, delivery->settle_tries))
        settle_whole(delivery);
    else
        leat_give_up(delivery, delivery->unit_count + 1);
}

static void settle_by_shape(struct leat_unit *unit, enum leat_verdict verdict)
{
    bool log = unit->delivery->source->ops->caps.settle == LEAT_SETTLE_LOG;
    if (unit->lost)
        leat_unit_drop(unit);
    else if (!log)
        leat_settle_unit(unit);
    else if (verdict == LEAT_ACK)
        leat_domain_settle(unit);
    else
        leat_domain_give_back(unit);
}

/* What would be tried again in its lane goes back for good only when the source stops. Were it to wait then, those
 * behind it would overtake it in the next life. */
static int64_t delay_of(struct leat_engine *engine, const struct leat_unit *unit, const struct leat_result *worst)
{
    const struct leat_source_caps *caps = &unit->delivery->source->ops->caps;
    bool own = caps->retry == LEAT_BY_SOURCE && worst->kind == LEAT_OUTCOME_RETRY;
    if (own && !caps->ordered && unit->record->lane.len > 0)
        return 0;
    return own ? leat_again_delay_ms(engine, unit, worst->delay_ms) : worst->delay_ms;
}

/* What the engine itself would have tried again goes back as it was, when it cannot any more. */
static enum leat_verdict verdict_of(const struct leat_unit *unit, const struct leat_result *worst)
{
    enum leat_verdict verdict = leat_verdict_of(worst->kind, unit->kept);
    bool ours = unit->delivery->source->ops->caps.retry == LEAT_BY_ENGINE;
    return ours && verdict == LEAT_RETRY ? LEAT_RELEASE : verdict;
}

/* The verdict stands: one unit less is open. */
void leat_unit_end(struct leat_engine *engine, struct leat_unit *unit, const struct leat_result *worst)
{
    struct leat_delivery *delivery = unit->delivery;
    enum leat_verdict verdict = verdict_of(unit, worst);
    delivery->settlements[unit->index] = (struct leat_settlement){
        .unit = unit,
        .verdict = verdict,
        .outcome = worst->kind,
        .delay_ms = delay_of(engine, unit, worst),
        .reason = worst->reason,
        .reply = worst->reply,
    };
    engine->metrics.lost += unit->lost ? 1 : 0;
    bool last = --delivery->open == 0;
    if (delivery->source->ops->caps.settle == LEAT_SETTLE_WHOLE) {
        leave_flight(unit);
        if (last)
            settle_whole(delivery);
        return;
    }
    if (last) {
        delivery->references--; /* the units hold it from here on */
        delivery->source->in_flight--;
    }
    settle_by_shape(unit, verdict);
}
