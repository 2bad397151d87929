/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a unit ends: its worst event decides, dead letters are written first, then the source is told.
 * In a lane units end in order; behind a failed one all are given back.
 */
#include <engine/internal.h>

#include <leat/letter.h>

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

/* The result that decides: the worst; among events that never started and fine ones, the former. */
static const struct leat_result *worst_of(const struct leat_unit *unit)
{
    static const struct leat_result fine = {.kind = LEAT_OUTCOME_OK, .delay_ms = -1};
    const struct leat_result *worst = &fine;
    for (uint32_t i = 0; i < unit->result_count; i++) {
        const struct leat_result *result = &unit->results[i];
        bool worse =
            result->kind > worst->kind || (result->kind == LEAT_OUTCOME_NONE && worst->kind == LEAT_OUTCOME_OK);
        if (worse)
            worst = result;
        else if (worst->kind == LEAT_OUTCOME_OK && result->reply != NULL)
            worst = result;
    }
    return worst;
}

/* --- memory ---------------------------------------------------------------------------------------- */

void leat_delivery_unref(struct leat_delivery *delivery)
{
    struct leat_source *source = delivery->source;
    if (--delivery->references > 0)
        return;
    if (source->ops->free_delivery != NULL)
        source->ops->free_delivery(source->self, delivery);
    leat_delivery_drop(delivery);
}

/* So many units of credit are free again, and so many references fall. */
static void give_up(struct leat_delivery *delivery, uint32_t references)
{
    struct leat_source *source = delivery->source;
    source->in_flight -= references;
    source->demanded = LEAT_UNTOLD;
    leat_dispatch_wake(source->engine);
    delivery->references -= references - 1;
    leat_delivery_unref(delivery);
}

/* --- telling the source ------------------------------------------------------------------------------ */

static void settle_whole(struct leat_delivery *delivery)
{
    struct leat_source *source = delivery->source;
    delivery->settle_tries++;
    source->ops->settle(source->self, delivery, delivery->settlements, delivery->unit_count);
}

static void settle_each(struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    unit->settle_tries++;
    source->ops->settle(source->self, unit->delivery, &unit->delivery->settlements[unit->index], 1);
}

void leat_settle_empty(struct leat_delivery *delivery)
{
    if (delivery->source->ops->caps.settle == LEAT_SETTLE_WHOLE)
        settle_whole(delivery);
    else
        give_up(delivery, 1);
}

static bool again(struct leat_engine *engine, leat_status status, uint32_t tries)
{
    if (leat_is_ok(status))
        return false;
    engine->metrics.settle_failures++;
    if (tries < LEAT_SETTLE_TRIES)
        return true;
    leat_logger_write(leat_engine_logger(engine), LEAT_ERROR, NULL,
                      "could not be settled after %u tries: it will come again", tries);
    return false;
}

void leat_settled(struct leat_unit *unit, leat_status status)
{
    if (again(unit->delivery->source->engine, status, unit->settle_tries))
        settle_each(unit);
    else
        give_up(unit->delivery, 1);
}

void leat_delivery_settled(struct leat_delivery *delivery, leat_status status)
{
    if (again(delivery->source->engine, status, delivery->settle_tries))
        settle_whole(delivery);
    else
        give_up(delivery, delivery->unit_count + 1);
}

/* The verdict stands: one unit less is open. */
static void end_unit(struct leat_engine *engine, struct leat_unit *unit, const struct leat_result *worst)
{
    struct leat_delivery *delivery = unit->delivery;
    bool whole = delivery->source->ops->caps.settle == LEAT_SETTLE_WHOLE;
    delivery->settlements[unit->index] = (struct leat_settlement){
        .unit = unit,
        .verdict = leat_verdict_of(worst->kind, unit->kept),
        .outcome = worst->kind,
        .delay_ms = worst->delay_ms,
        .reason = worst->reason,
        .reply = worst->reply,
    };
    engine->metrics.lost += unit->lost ? 1 : 0;
    bool last = --delivery->open == 0;
    if (whole) {
        if (last)
            settle_whole(delivery);
        return;
    }
    if (last) {
        delivery->references--; /* the units hold it from here on */
        delivery->source->in_flight--;
    }
    if (unit->lost)
        give_up(delivery, 1);
    else
        settle_each(unit);
}

/* --- dead letters ---------------------------------------------------------------------------------------- */

static void finish_now(struct leat_engine *engine, struct leat_unit *unit);
static void finish_lane(struct leat_engine *engine, struct leat_lane *lane);

/* A letter that is not durable makes its event a retry: never a silent loss. */
static void letter_answered(void *argument, size_t index, leat_status status)
{
    struct leat_unit *unit = argument;
    struct leat_engine *engine = unit->delivery->source->engine;
    struct leat_lane *lane = unit->lane;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < unit->result_count && !leat_is_ok(status); i++) {
        bool letter = unit->results[i].kind == LEAT_OUTCOME_REJECT || unit->results[i].kind == LEAT_OUTCOME_RETRY;
        if (letter && seen++ == index) {
            unit->results[i].kind = LEAT_OUTCOME_RETRY;
            unit->results[i].reason = LEAT_STR("the dead letter could not be written");
        }
    }
    if (--unit->letters > 0)
        return;
    unit->kept = true;
    finish_now(engine, unit);
    if (lane != NULL)
        finish_lane(engine, lane);
}

static leat_str letter_id(struct leat_unit *unit, uint32_t index)
{
    leat_str id = unit->record->id;
    struct leat_arena *arena = &unit->delivery->results;
    const char *source = unit->delivery->source->ops->name;
    if (id.ptr != NULL)
        return leat_arena_printf(arena, "%s/%.*s/%u", source, LEAT_ARG(id), index);
    return leat_arena_printf(arena, "%s/%llu/%u", source, (unsigned long long)unit->position, index);
}

static leat_str text_of(struct leat_engine *engine, struct leat_unit *unit, uint32_t index, leat_str id)
{
    const struct leat_dead dead = {
        .id = id,
        .service = engine->options.service,
        .source = unit->delivery->source->settings.name,
        .transport = unit->delivery->source->ops->name,
        .position = unit->name.ptr != NULL ? unit->name : unit->record->id,
        .unit = unit,
        .index = index,
        .attempts = unit->attempts,
        .time_ms = leat_clock_wall_ms(engine->options.clock),
    };
    return leat_dead_text(&unit->delivery->results, &dead);
}

static struct leat_letter *make_letter(struct leat_engine *engine, struct leat_unit *unit, uint32_t index)
{
    struct leat_letter *letter = LEAT_NEW(&unit->delivery->results, struct leat_letter);
    if (letter == NULL)
        return NULL;
    letter->id = letter_id(unit, index);
    letter->dead = true;
    letter->text = text_of(engine, unit, index, letter->id);
    return letter->id.ptr != NULL && letter->text.ptr != NULL ? letter : NULL;
}

static bool is_request(const struct leat_unit *unit)
{
    enum leat_reply_shape shape = unit->record->adapter->shape;
    return shape == LEAT_REPLY_HTTP || shape == LEAT_REPLY_DIRECT;
}

static void fail_letters(struct leat_unit *unit)
{
    for (uint32_t i = 0; i < unit->result_count; i++) {
        if (unit->results[i].kind != LEAT_OUTCOME_REJECT)
            continue;
        unit->results[i].kind = LEAT_OUTCOME_RETRY;
        unit->results[i].reason = LEAT_STR("out of memory for the dead letter");
    }
}

/* True: the unit ends when the sink has answered. */
static bool write_letters(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_sink *sink = unit->delivery->source->dead;
    if (sink == NULL || unit->kept || unit->lost || is_request(unit) || worst_of(unit)->kind != LEAT_OUTCOME_REJECT)
        return false;
    const struct leat_letter **letters =
        LEAT_NEW_N(&unit->delivery->results, const struct leat_letter *, unit->result_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < unit->result_count && letters != NULL; i++) {
        if (unit->results[i].kind != LEAT_OUTCOME_REJECT)
            continue;
        letters[count] = make_letter(engine, unit, i);
        if (letters[count++] == NULL)
            letters = NULL;
    }
    if (letters == NULL) {
        fail_letters(unit);
        return false;
    }
    unit->letters = count;
    sink->ops->write(sink->self, letters, count, letter_answered, unit);
    return true;
}

/* --- the end ------------------------------------------------------------------------------------------------ */

static const struct leat_result released = {
    .kind = LEAT_OUTCOME_NONE, .reason = {"behind a failed one of its lane", 31}, .delay_ms = -1};

/* Also what ran in one batch with the failed one, and what had no events at all: in order means all or nothing. */
static const struct leat_result *release(struct leat_unit *unit)
{
    for (uint32_t i = 0; i < unit->result_count; i++)
        unit->results[i] = released;
    return &released;
}

static bool stops_lane(const struct leat_unit *unit, const struct leat_result *worst)
{
    return leat_verdict_of(worst->kind, unit->kept) != LEAT_ACK;
}

static void finish_now(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_lane *lane = unit->lane;
    const struct leat_result *worst = lane != NULL && lane->stopped ? release(unit) : worst_of(unit);
    if (lane != NULL) {
        lane->stopped = lane->stopped || stops_lane(unit, worst);
        (void)leat_queue_pop(&lane->finished);
        unit->lane = NULL;
    }
    end_unit(engine, unit, worst);
}

/* Ends the lane's finished units in order, then gives the rest back, lets the next one go, or closes it. */
static void finish_lane(struct leat_engine *engine, struct leat_lane *lane)
{
    struct leat_unit *unit;
    while ((unit = lane->finished.first) != NULL) {
        if (unit->letters > 0 || (!lane->stopped && write_letters(engine, unit)))
            return; /* the sink's answer goes on here */
        finish_now(engine, unit);
    }
    if (lane->running > 0)
        return;
    while (lane->stopped && (unit = leat_queue_pop(&lane->waiting)) != NULL) {
        leat_queue_push(&lane->finished, unit);
        finish_now(engine, unit);
    }
    unit = leat_queue_pop(&lane->waiting);
    if (unit == NULL) {
        if (lane->held == 0)
            leat_lane_free(engine, lane);
        return;
    }
    lane->running++;
    leat_queue_push(&engine->ready, unit);
}

/* Its events have results, or will get none. */
void leat_unit_finish(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_lane *lane = unit->lane;
    if (lane != NULL) {
        lane->running--;
        leat_queue_push(&lane->finished, unit);
        finish_lane(engine, lane);
        return;
    }
    if (!write_letters(engine, unit))
        finish_now(engine, unit);
}

/* No slot will ever take what is left of it. */
void leat_unit_give_back(struct leat_engine *engine, struct leat_unit *unit)
{
    while (unit->cursor < unit->result_count)
        unit->results[unit->cursor++] = (struct leat_result){
            .kind = LEAT_OUTCOME_NONE, .reason = LEAT_STR("no slot is left to run it"), .delay_ms = -1};
    leat_unit_finish(engine, unit);
}

/* The handler of one of its events has returned at last. */
void leat_lane_let_go(struct leat_engine *engine, const struct leat_unit *unit)
{
    struct leat_lane *lane = leat_lane_find(engine, unit);
    if (lane != NULL && --lane->held == 0)
        finish_lane(engine, lane);
}
