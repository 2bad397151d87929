/* SPDX-License-Identifier: Apache-2.0 */
/* A delivery comes in: its records become events, its units get lanes and leases. */
#include <engine/internal.h>

#include <stdio.h>

static void decide(struct leat_unit *unit, enum leat_outcome_kind kind, leat_str reason)
{
    unit->events.count = 0;
    unit->results = &unit->single;
    unit->result_count = 1;
    unit->single = (struct leat_result){.kind = kind, .reason = reason, .delay_ms = -1};
}

/* --- records become events -------------------------------------------------------------------------- */

static bool is_wanted(const struct leat_engine *engine, const struct leat_unit *unit,
                      const struct leat_envelope *envelope)
{
    return engine->options.keep == NULL || engine->options.keep(engine->options.keep_argument, unit, envelope);
}

static void keep_wanted(struct leat_engine *engine, struct leat_unit *unit)
{
    uint32_t kept = 0;
    if (engine->options.keep == NULL)
        return;
    for (uint32_t i = 0; i < unit->events.count; i++)
        if (is_wanted(engine, unit, leat_unit_envelope(unit, i)))
            unit->events.items[kept++] = unit->events.items[i];
    unit->events.count = kept;
}

/* Filters see the record as Lambda's would, before anything is unwrapped; a broken one passes. */
static bool is_filtered(struct leat_unit *unit, const struct leat_record *record)
{
    struct leat_source *source = unit->delivery->source;
    if (source->settings.filter == NULL || record->broken.ptr != NULL ||
        leat_filter_match(source->settings.filter, record, &unit->delivery->results))
        return false;
    source->counters.filtered++;
    return true;
}

/* A broken record among others of its unit keeps a place of its own. */
static leat_status add_broken(struct leat_decoder *decoder, const struct leat_record *record, struct leat_unit *unit)
{
    leat_str reason = leat_arena_copy(decoder->arena, leat_str_c(decoder->reterr->message));
    struct leat_envelope *place = leat_events_add(decoder, record, &unit->events);
    if (place == NULL || reason.ptr == NULL)
        return LEAT_STATUS(NO_MEMORY);
    *place = (struct leat_envelope){.of = record, .broken = reason};
    return LEAT_OK;
}

/* BAD_RECORD: the only record of its unit is broken. */
static leat_status normalise_all(struct leat_decoder *decoder, struct leat_unit *unit)
{
    for (uint32_t i = 0; i < unit->record_count; i++) {
        const struct leat_record *record = &unit->record[i];
        if (is_filtered(unit, record))
            continue;
        leat_status status = leat_normalise(decoder, record, &unit->events);
        if (status.code == LEAT_E_BAD_RECORD && unit->record_count > 1)
            status = add_broken(decoder, record, unit);
        LEAT_TRY(status);
    }
    return LEAT_OK;
}

/* Nothing has run yet: a broken record among its events is rejected as it comes. */
void leat_results_clear(struct leat_unit *unit)
{
    for (uint32_t i = 0; i < unit->events.count; i++) {
        bool broken = leat_unit_envelope(unit, i) == NULL;
        unit->results[i] = (struct leat_result){
            .kind = broken ? LEAT_OUTCOME_REJECT : LEAT_OUTCOME_NONE,
            .reason = broken ? unit->events.items[i].broken : LEAT_ABSENT,
            .delay_ms = -1,
        };
    }
}

static bool make_results(struct leat_unit *unit)
{
    unit->result_count = unit->events.count;
    unit->results = &unit->single;
    if (unit->result_count > 1)
        unit->results = LEAT_NEW_N(&unit->delivery->arena, struct leat_result, unit->result_count);
    if (unit->results == NULL)
        return false;
    leat_results_clear(unit);
    return true;
}

/* A broken record is a unit that is rejected without a run of its handler; want of memory is a retry. */
static void normalise(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_delivery *delivery = unit->delivery;
    struct leat_error error; /* long, so not cleared for every unit */
    error.status = LEAT_OK;
    error.message[0] = error.fix[0] = '\0';
    struct leat_decoder decoder = {.arena = &delivery->arena,
                                   .adapters = engine->options.adapters,
                                   .max_inflated = engine->options.max_inflated,
                                   .exact = engine->options.exact,
                                   .reterr = &error};
    leat_status status = normalise_all(&decoder, unit);
    if (status.code == LEAT_E_BAD_RECORD && !is_wanted(engine, unit, NULL))
        return; /* a unit without events */
    if (status.code == LEAT_E_BAD_RECORD) {
        leat_str reason = leat_arena_copy(&delivery->arena, leat_str_c(error.message));
        decide(unit, LEAT_OUTCOME_REJECT, reason.ptr != NULL ? reason : LEAT_STR("the record is broken"));
        return;
    }
    keep_wanted(engine, unit);
    if (!leat_is_ok(status) || !make_results(unit))
        decide(unit, LEAT_OUTCOME_RETRY, LEAT_STR("out of memory"));
}

/* --- lanes ---------------------------------------------------------------------------------------------- */

static leat_str key_of(struct leat_unit *unit, uint32_t index)
{
    const struct leat_envelope *envelope = leat_unit_envelope(unit, index);
    struct leat_event event;
    if (envelope == NULL || (envelope->extensions == NULL && envelope->extend == NULL))
        return LEAT_ABSENT;
    leat_event_init(&event, envelope, &unit->delivery->arena);
    return leat_event_attribute(&event, "partitionkey");
}

/* The key that its events share. Of several keys none orders it among other units. */
static leat_str lane_by_key(struct leat_unit *unit)
{
    leat_str key = unit->events.count > 0 ? key_of(unit, 0) : LEAT_ABSENT;
    for (uint32_t i = 1; i < unit->events.count && !unit->in_order; i++)
        unit->in_order = !leat_str_eq(key, key_of(unit, i));
    return unit->in_order ? LEAT_ABSENT : key;
}

static void choose_lane(struct leat_unit *unit)
{
    const struct leat_source *source = unit->delivery->source;
    enum leat_ordering ordering = source->settings.ordering;
    if (ordering == LEAT_ORDER_USUAL && source->ops->caps.keyed)
        ordering = LEAT_ORDER_KEY;
    if (ordering == LEAT_ORDER_NONE)
        unit->record->lane = LEAT_ABSENT;
    else if (ordering == LEAT_ORDER_PARTITION)
        unit->record->lane = leat_arena_decimal(&unit->delivery->arena, unit->domain);
    else if (ordering == LEAT_ORDER_KEY && unit->record->lane.len == 0)
        unit->record->lane = lane_by_key(unit);
}

/* --- what is known of it already ---------------------------------------------------------------------- */

/* It was here before and was handed back: what was done then is not done again. Another worker may have finished that
 * one, and this is a copy of it: then it has no attempts behind it. */
static void take_finished(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    struct leat_finished_reject reject;
    bool fresh = source->ops->caps.counts && unit->attempts < 2;
    if (unit->result_count < 2 || source->ops->caps.retry != LEAT_BY_SOURCE || fresh ||
        leat_finished_is_empty(engine->finished))
        return;
    leat_str key = leat_again_key(unit);
    for (uint32_t i = 0; i < unit->result_count && key.ptr != NULL; i++) {
        if (!leat_finished_is(engine->finished, source, key, i, unit->result_count, &reject))
            continue;
        unit->results[i] = (struct leat_result){
            .kind = reject.reason.ptr != NULL ? LEAT_OUTCOME_REJECT : LEAT_OUTCOME_OK,
            .timed_out = reject.timed_out,
            .final = true,
            .reason = leat_arena_copy(&unit->delivery->arena, reject.reason),
            .delay_ms = -1,
            .duration_us = reject.duration_us,
            .handler = reject.handler,
        };
    }
}

/* It ended the process before: not for ever. */
static void take_crashes(struct leat_engine *engine, struct leat_unit *unit)
{
    char why[64] = "";
    leat_str name = leat_unit_name(unit);
    if (engine->options.journal == NULL || name.ptr == NULL || unit->events.count == 0)
        return;
    uint32_t crashes =
        leat_journal_crashes(engine->options.journal, unit->delivery->source->settings.name, name, why, sizeof(why));
    unit->suspect = crashes > 0;
    if (crashes < engine->options.max_crashes)
        return;
    leat_str reason = leat_arena_printf(&unit->delivery->arena, "crashed its handler %u times: %s", crashes, why);
    for (uint32_t i = 0; i < unit->result_count; i++)
        if (unit->results[i].kind == LEAT_OUTCOME_NONE)
            unit->results[i] = (struct leat_result){
                .kind = LEAT_OUTCOME_REJECT,
                .reason = reason.ptr != NULL ? reason : LEAT_STR("crashed its handler"),
                .delay_ms = -1,
            };
}

/* --- all of it -------------------------------------------------------------------------------------------- */

static void prepare(struct leat_engine *engine, struct leat_unit *unit)
{
    normalise(engine, unit);
    choose_lane(unit);
    take_finished(engine, unit);
    take_crashes(engine, unit);
    if (unit->delivery->arena.overflow) /* its lane, or the cause of a reject */
        decide(unit, LEAT_OUTCOME_RETRY, LEAT_STR("out of memory"));
}

static void enter(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    bool is_free = true;
    unit->flight_at = &source->flight;
    unit->flight_next = source->flight;
    if (source->flight != NULL)
        source->flight->flight_at = &unit->flight_next;
    source->flight = unit;
    source->units++;
    source->counters.units++;
    source->counters.redelivered += unit->attempts > 1 ? 1 : 0;
    if (!leat_domain_enter(unit))
        unit->lost = true;
    if (!leat_lane_enter(engine, unit, &is_free))
        decide(unit, LEAT_OUTCOME_RETRY, LEAT_STR("out of memory"));
    leat_lease_begin(unit);
    if (is_free)
        leat_dispatch_ready(engine, unit);
}

void leat_dispatch_deliver(struct leat_engine *engine, struct leat_delivery *delivery)
{
    struct leat_source *source = delivery->source;
    uint32_t count = delivery->unit_count;
    delivery->entry = leat_entry_of(delivery);
    delivery->references = count + 1;
    delivery->open = count;
    source->in_flight += count + 1;
    for (uint32_t i = 0; i < count; i++)
        prepare(engine, &delivery->units[i]); /* the arena is read-only after this loop */
    delivery->bytes = delivery->arena.used;
    source->bytes += delivery->bytes;
    for (uint32_t i = 0; i < count; i++)
        enter(engine, &delivery->units[i]);
    if (count == 0)
        leat_settle_empty(delivery);
    else
        leat_deadline_expect(engine, delivery);
    leat_dispatch_wake(engine);
}
