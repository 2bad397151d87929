/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a unit leaves behind before it ends: what its fine events emitted, and dead letters of its rejected ones, if
 * none is a retry. The unit ends when all of it is durable; what is not makes its event a retry: never a silent loss.
 */
#include <engine/internal.h>

#include <leat/letter.h>

#include <inttypes.h>

struct outgoing {
    struct leat_letter letter;
    struct leat_unit *unit;
    struct leat_sink *sink;
    struct leat_emission *emission; /* NULL: a dead letter */
    uint32_t index;                 /* of its result */
};

/* --- emitted events -------------------------------------------------------------------------------------- */

/* The run's emissions of one event become the unit's; want of memory is a retry. */
void leat_emissions_keep(struct leat_unit *unit, uint32_t index, const struct leat_emission *newest)
{
    struct leat_arena *arena = &unit->delivery->results;
    struct leat_emission *first = NULL, **last = &unit->emission;
    for (; newest != NULL; newest = newest->next) {
        struct leat_emission *copy = LEAT_NEW(arena, struct leat_emission);
        if (copy == NULL)
            break;
        *copy = (struct leat_emission){.next = first,
                                       .sink = newest->sink,
                                       .id = leat_arena_copy(arena, newest->id),
                                       .key = leat_arena_copy(arena, newest->key),
                                       .text = leat_arena_copy(arena, newest->text),
                                       .index = index};
        first = copy;
    }
    if (arena->overflow) {
        unit->results[index].kind = LEAT_OUTCOME_RETRY;
        unit->results[index].reason = LEAT_STR("out of memory for what it emitted");
        return;
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = first;
}

static bool is_to_write(const struct leat_unit *unit, const struct leat_emission *emission)
{
    return !emission->durable && unit->results[emission->index].kind == LEAT_OUTCOME_OK;
}

static bool is_request(const struct leat_unit *unit)
{
    enum leat_reply_shape shape = unit->record->adapter->shape;
    return unit->delivery->source->ops->caps.retry == LEAT_BY_CALLER &&
           (shape == LEAT_REPLY_HTTP || shape == LEAT_REPLY_DIRECT);
}

static bool wants_dead(const struct leat_unit *unit)
{
    return unit->delivery->entry->dead != NULL && !unit->kept && !is_request(unit) &&
           leat_unit_worst(unit)->kind == LEAT_OUTCOME_REJECT;
}

/* --- answers ------------------------------------------------------------------------------------------------ */

/* Its event counts as a retry. What was rejected without a run is not run for that: its letter alone is tried again. */
static void fail(struct leat_unit *unit, uint32_t index, const char *why)
{
    unit->unwritten = true;
    if (leat_unit_envelope(unit, index) == NULL || unit->results[index].handler == NULL)
        return;
    unit->results[index].kind = LEAT_OUTCOME_RETRY;
    unit->results[index].reason = leat_str_c(why);
    unit->results[index].delay_ms = -1;
}

static void take_answer(struct outgoing *out, leat_status status)
{
    struct leat_source *source = out->unit->delivery->source;
    bool durable = leat_is_ok(status);
    out->sink->written += durable ? 1 : 0;
    out->sink->failed += durable ? 0 : 1;
    if (!durable) {
        fail(out->unit, out->index,
             out->emission == NULL ? "the dead letter could not be written" : "what it emitted could not be written");
        return;
    }
    if (out->emission == NULL)
        source->counters.dead++;
    else {
        out->emission->durable = true;
        source->counters.emitted++;
    }
}

static void answered(void *argument, size_t index, leat_status status)
{
    struct outgoing *out = argument;
    struct leat_unit *unit = out->unit;
    struct leat_engine *engine = unit->delivery->source->engine;
    (void)index;
    out->sink->pending--;
    engine->letters--;
    take_answer(out, status);
    if (--unit->letters > 0)
        return;
    unit->kept = !unit->unwritten && wants_dead(unit);
    leat_unit_go_on(engine, unit);
    leat_dispatch_wake(engine);
}

/* --- dead letters --------------------------------------------------------------------------------------------- */

/* What no other unit of the source has: an offset is one of its partition alone, a place in a payload one of its
 * invocation. */
static leat_str position_of(const struct leat_unit *unit, struct leat_arena *arena)
{
    leat_str request = unit->delivery->invocation.request_id;
    const struct leat_record *record = unit->record;
    if (unit->name.ptr != NULL)
        return unit->name;
    if (record->id.ptr != NULL && record->partition.ptr != NULL)
        return leat_arena_printf(arena, "%.*s.%.*s", LEAT_ARG(record->partition), LEAT_ARG(record->id));
    if (record->id.ptr != NULL)
        return record->id;
    leat_str place = leat_arena_decimal(arena, unit->position);
    return request.len > 0 ? leat_arena_printf(arena, "%.*s.%.*s", LEAT_ARG(request), LEAT_ARG(place)) : place;
}

/* Copies of a letter have the same one. A file's name alone does not say which: another of that name may come later. */
static leat_str id_of(const struct leat_unit *unit, const struct leat_dead *dead, struct leat_arena *arena)
{
    if (unit->name.ptr == NULL || unit->since_ms == 0)
        return leat_arena_printf(arena, "%.*s/%.*s/%u", LEAT_ARG(dead->source), LEAT_ARG(dead->position), dead->index);
    return leat_arena_printf(arena, "%.*s/%.*s@%" PRId64 "/%u", LEAT_ARG(dead->source), LEAT_ARG(dead->position),
                             unit->since_ms, dead->index);
}

static bool write_dead(struct leat_unit *unit, uint32_t index, struct outgoing *out)
{
    const struct leat_source *source = unit->delivery->source;
    const struct leat_entry *entry = unit->delivery->entry;
    struct leat_arena *arena = &unit->delivery->results;
    leat_str position = position_of(unit, arena);
    struct leat_dead dead = {
        .service = source->engine->options.service,
        .source = entry->settings->name,
        .transport = source->ops->name,
        .position = position,
        .unit = unit,
        .index = index,
        .attempts = leat_unit_attempt(unit),
        .time_ms = leat_clock_wall_ms(source->engine->options.clock),
    };
    dead.id = id_of(unit, &dead, arena);
    *out = (struct outgoing){.unit = unit, .sink = entry->dead, .index = index};
    out->letter = (struct leat_letter){.dead = true, .id = dead.id, .key = unit->record->lane};
    out->letter.text = leat_dead_text(arena, &dead);
    return !arena->overflow && out->letter.text.ptr != NULL;
}

/* --- all of it ------------------------------------------------------------------------------------------------ */

static uint32_t count_letters(const struct leat_unit *unit, bool dead)
{
    uint32_t count = 0;
    for (const struct leat_emission *emission = unit->emission; emission != NULL; emission = emission->next)
        count += is_to_write(unit, emission) ? 1 : 0;
    for (uint32_t i = 0; dead && i < unit->result_count; i++)
        count += unit->results[i].kind == LEAT_OUTCOME_REJECT ? 1 : 0;
    return count;
}

/* False: out of memory. */
static bool fill(struct leat_unit *unit, bool dead, struct outgoing *out)
{
    for (struct leat_emission *emission = unit->emission; emission != NULL; emission = emission->next) {
        if (!is_to_write(unit, emission))
            continue;
        *out = (struct outgoing){.unit = unit, .sink = emission->sink, .emission = emission, .index = emission->index};
        out->letter = (struct leat_letter){.id = emission->id, .key = emission->key, .text = emission->text};
        out++;
    }
    for (uint32_t i = 0; dead && i < unit->result_count; i++)
        if (unit->results[i].kind == LEAT_OUTCOME_REJECT && !write_dead(unit, i, out++))
            return false;
    return true;
}

/* There is no memory for them: nothing of it is written. */
static void fail_all(struct leat_unit *unit, bool dead)
{
    for (uint32_t i = 0; dead && i < unit->result_count; i++)
        if (unit->results[i].kind == LEAT_OUTCOME_REJECT)
            fail(unit, i, "out of memory for the dead letter");
    for (const struct leat_emission *emission = unit->emission; emission != NULL; emission = emission->next)
        if (is_to_write(unit, emission))
            fail(unit, emission->index, "out of memory for what it emitted");
}

/* True: the unit goes on when the sinks have answered. */
bool leat_letters_write(struct leat_engine *engine, struct leat_unit *unit)
{
    bool dead = wants_dead(unit);
    if ((unit->emission == NULL && !dead) || unit->lost)
        return false;
    uint32_t count = count_letters(unit, dead);
    struct outgoing *out = count > 0 ? LEAT_NEW_N(&unit->delivery->results, struct outgoing, count) : NULL;
    if (count == 0)
        return false;
    unit->unwritten = false;
    if (out == NULL || !fill(unit, dead, out)) {
        fail_all(unit, dead);
        return false;
    }
    unit->letters = count + 1; /* the last falls when all have been handed over: answers may come at once */
    engine->letters += count;
    for (uint32_t i = 0; i < count; i++) {
        const struct leat_letter *letter = &out[i].letter;
        out[i].sink->pending++;
        out[i].sink->ops->write(out[i].sink->self, &letter, 1, answered, &out[i]);
    }
    if (--unit->letters > 0)
        return true;
    unit->kept = !unit->unwritten && dead;
    return false;
}
