/* SPDX-License-Identifier: Apache-2.0 */
/* leat/source.h: what a source fills deliveries with. */
#include <engine/internal.h>

/* Its one handler is raw: payloads go to it undetected and unparsed. */
static bool is_raw(const struct leat_source *source)
{
    const struct leat_route *route = source->engine->routes;
    const struct leat_bound *bound = source->own.bound;
    if (bound == NULL && route != NULL && route->trigger.ptr == NULL)
        bound = route->bound;
    return bound != NULL && (bound->handler.flags & LEAT_RAW) != 0;
}

struct leat_delivery *leat_delivery_new(struct leat_source *source)
{
    struct leat_engine *engine = source->engine;
    struct leat_delivery *delivery = engine->spare_deliveries;
    if (delivery == NULL) {
        delivery = leat_alloc(sizeof(*delivery));
        if (delivery == NULL)
            return NULL;
        leat_arena_init(&delivery->arena, engine->options.max_bytes);
        leat_arena_init(&delivery->results, engine->options.max_bytes);
    } else {
        engine->spare_deliveries = delivery->next;
        engine->spare_count--;
        struct leat_arena arena = delivery->arena, results = delivery->results; /* their memory serves again */
        *delivery = (struct leat_delivery){.arena = arena, .results = results};
    }
    delivery->source = source;
    return delivery;
}

static void free_delivery(struct leat_delivery *delivery)
{
    leat_arena_fini(&delivery->arena);
    leat_arena_fini(&delivery->results);
    leat_free(delivery);
}

void leat_delivery_drop(struct leat_delivery *delivery)
{
    if (delivery == NULL)
        return;
    struct leat_engine *engine = delivery->source->engine;
    if (engine->spare_count == LEAT_SPARE_DELIVERIES) {
        free_delivery(delivery);
        return;
    }
    leat_arena_reset(&delivery->arena);
    leat_arena_reset(&delivery->results);
    delivery->next = engine->spare_deliveries;
    engine->spare_deliveries = delivery;
    engine->spare_count++;
}

void leat_deliveries_free(struct leat_engine *engine)
{
    while (engine->spare_deliveries != NULL) {
        struct leat_delivery *delivery = engine->spare_deliveries;
        engine->spare_deliveries = delivery->next;
        free_delivery(delivery);
    }
}

struct leat_arena *leat_delivery_arena(struct leat_delivery *delivery)
{
    return &delivery->arena;
}

size_t leat_max_payload(const struct leat_source *source)
{
    return source->engine->options.max_payload;
}

/* --- units ---------------------------------------------------------------------------------------------- */

/* Room for one more unit and its settlement. NULL: overflow. */
static struct leat_unit *add_unit(struct leat_delivery *delivery)
{
    if (delivery->unit_count == delivery->unit_size) {
        uint32_t size = delivery->unit_size == 0 ? 1 : delivery->unit_size * 2;
        struct leat_unit *units = LEAT_NEW_N(&delivery->arena, struct leat_unit, size);
        delivery->settlements = LEAT_NEW_N(&delivery->arena, struct leat_settlement, size);
        if (delivery->arena.overflow)
            return NULL;
        if (delivery->unit_count > 0)
            memcpy(units, delivery->units, delivery->unit_count * sizeof(*units));
        delivery->units = units;
        delivery->unit_size = size;
    }
    return &delivery->units[delivery->unit_count++];
}

/* NULL: overflow. The records move with it. */
static struct leat_record *add_record(struct leat_delivery *delivery)
{
    struct leat_records *records = &delivery->records;
    if (records->count == delivery->record_size) {
        uint32_t size = delivery->record_size == 0 ? 1 : delivery->record_size * 2;
        struct leat_record *items = LEAT_NEW_N(&delivery->arena, struct leat_record, size);
        if (items == NULL)
            return NULL;
        if (records->count > 0)
            memcpy(items, records->items, records->count * sizeof(*items));
        records->items = items;
        delivery->record_size = size;
    }
    return &records->items[records->count++];
}

/* Of the given one only what is the source's. */
static void take_given(struct leat_unit *unit, const struct leat_unit *given)
{
    if (given == NULL)
        return;
    unit->domain = given->domain;
    unit->generation = given->generation;
    unit->attempts = given->attempts;
    unit->position = given->position;
    unit->lease_until_ms = given->lease_until_ms;
    unit->since_ms = given->since_ms;
    unit->name = given->name;
    unit->token = given->token;
    unit->bytes = given->bytes;
}

leat_status leat_delivery_record(struct leat_delivery *delivery, const struct leat_record *record,
                                 const struct leat_unit *given)
{
    struct leat_record *own = add_record(delivery);
    struct leat_unit *unit = own != NULL ? add_unit(delivery) : NULL;
    if (unit == NULL)
        return leat_arena_status(&delivery->arena);
    *own = *record;
    *unit = (struct leat_unit){.record_count = 1, .attempts = record->attempts};
    take_given(unit, given);
    return LEAT_OK;
}

static leat_status make_units(struct leat_delivery *delivery)
{
    uint32_t count = delivery->records.count;
    delivery->units = LEAT_NEW_N(&delivery->arena, struct leat_unit, count);
    delivery->settlements = LEAT_NEW_N(&delivery->arena, struct leat_settlement, count);
    if (delivery->arena.overflow)
        return leat_arena_status(&delivery->arena);
    for (uint32_t i = 0; i < count; i++)
        delivery->units[i] = (struct leat_unit){
            .position = i,
            .record_count = 1,
            .attempts = delivery->records.items[i].attempts,
            .bytes = delivery->text.len / count,
        };
    delivery->unit_count = count;
    return LEAT_OK;
}

/* Nothing moves any more: each gets its place and its records. */
static void place_units(struct leat_delivery *delivery)
{
    struct leat_record *record = delivery->records.items;
    for (uint32_t i = 0; i < delivery->unit_count; i++) {
        struct leat_unit *unit = &delivery->units[i];
        unit->delivery = delivery;
        unit->index = i;
        unit->record = record;
        record += unit->record_count > 0 ? unit->record_count : 1;
    }
}

void leat_deliver(struct leat_delivery *delivery)
{
    place_units(delivery);
    leat_dispatch_deliver(delivery->source->engine, delivery);
}

/* --- text --------------------------------------------------------------------------------------------------- */

static leat_status read_text(struct leat_decoder *decoder, const struct leat_source *source, leat_str text,
                             const struct leat_adapter *as, struct leat_records *out)
{
    const struct leat_engine *engine = source->engine;
    decoder->adapters = engine->options.adapters;
    decoder->max_bytes = engine->options.max_payload;
    decoder->max_inflated = engine->options.max_inflated;
    decoder->exact = engine->options.exact;
    return is_raw(source) ? leat_decode_raw(decoder, text, out) : leat_decode(decoder, text, as, out);
}

static leat_status decode(struct leat_delivery *delivery, leat_str text, const struct leat_adapter *as)
{
    struct leat_decoder decoder = {.arena = &delivery->arena, .reterr = &delivery->error};
    leat_status status = read_text(&decoder, delivery->source, text, as, &delivery->records);
    delivery->fault = decoder.fault;
    if (leat_is_ok(status))
        status = make_units(delivery);
    if (!leat_is_ok(status) && leat_is_ok(delivery->error.status))
        (void)leat_error_set(&delivery->error, status, "%s", leat_status_text(status));
    return status;
}

static void tell_of_hooks(struct leat_engine *engine)
{
    if (!leat_json_hooks_lost() || engine->hooks_told)
        return;
    engine->hooks_told = true;
    leat_logger_write(leat_engine_logger(engine), LEAT_WARN, NULL,
                      "a library replaced cJSON's hooks: trees take heap memory from now on");
}

leat_status leat_delivery_text(struct leat_delivery *delivery, leat_str text, const struct leat_adapter *as)
{
    delivery->text = text;
    delivery->decoded = decode(delivery, text, as);
    tell_of_hooks(delivery->source->engine);
    return delivery->decoded;
}

/* --- files ---------------------------------------------------------------------------------------------------- */

static leat_status add_broken(struct leat_delivery *delivery, leat_str text, const struct leat_error *error)
{
    struct leat_record *record = add_record(delivery);
    leat_str why = leat_arena_copy(&delivery->arena, leat_str_c(error->message));
    if (record == NULL || why.ptr == NULL)
        return leat_arena_status(&delivery->arena);
    *record = (struct leat_record){
        .adapter = leat_adapter_find(delivery->source->engine->options.adapters, LEAT_STR("unknown")),
        .index = LEAT_WHOLE,
        .broken = why,
        .text = text,
    };
    return record->adapter != NULL ? LEAT_OK : LEAT_STATUS(UNKNOWN);
}

/* The records of one payload; what cannot be read is one that says so. */
static leat_status add_payload(struct leat_delivery *delivery, leat_str text)
{
    struct leat_error error = {0};
    struct leat_records found = {0};
    struct leat_decoder decoder = {.arena = &delivery->arena, .reterr = &error};
    leat_status status = read_text(&decoder, delivery->source, text, NULL, &found);
    if (delivery->arena.overflow || status.code == LEAT_E_TOO_BIG)
        return delivery->arena.overflow ? leat_arena_status(&delivery->arena) : status;
    if (!leat_is_ok(status))
        return add_broken(delivery, text, &error);
    for (uint32_t i = 0; i < found.count; i++) {
        struct leat_record *record = add_record(delivery);
        if (record == NULL)
            return leat_arena_status(&delivery->arena);
        *record = found.items[i];
    }
    return LEAT_OK;
}

static leat_str cut_line(leat_str *rest)
{
    leat_str line = leat_str_cut(rest, '\n');
    return leat_str_trim(line);
}

/* Several payloads if the first line is one by itself and more follows; a line that is broken is one record. */
static bool is_lines(leat_str text)
{
    leat_str rest = text;
    leat_str line = cut_line(&rest);
    return rest.ptr != NULL && leat_str_trim(rest).len > 0 && leat_json_valid(line);
}

static leat_status add_payloads(struct leat_delivery *delivery, leat_str text)
{
    if (leat_str_trim(text).len == 0)
        return LEAT_OK;
    if (is_raw(delivery->source) || !is_lines(text))
        return add_payload(delivery, text);
    while (text.ptr != NULL) {
        leat_str line = cut_line(&text);
        if (line.len > 0)
            LEAT_TRY(add_payload(delivery, line));
    }
    return LEAT_OK;
}

leat_status leat_delivery_file(struct leat_delivery *delivery, leat_str text, const struct leat_unit *given)
{
    uint32_t before = delivery->records.count;
    struct leat_unit *unit = add_unit(delivery);
    if (unit == NULL)
        return leat_arena_status(&delivery->arena);
    *unit = (struct leat_unit){.bytes = text.len};
    take_given(unit, given);
    if (delivery->text.ptr == NULL)
        delivery->text = text;
    LEAT_TRY(add_payloads(delivery, text));
    if (delivery->records.count == before) {
        const struct leat_error nothing = {0};
        return add_broken(delivery, LEAT_STR(""), &nothing); /* to have a record, of which it makes no event */
    }
    unit->record_count = delivery->records.count - before;
    tell_of_hooks(delivery->source->engine);
    return LEAT_OK;
}
