/* SPDX-License-Identifier: Apache-2.0 */
/* leat/source.h: what a source says upward. */
#include <engine/internal.h>

#include <stdio.h>

leat_status leat_engine_add_source(struct leat_engine *engine, const struct leat_source_ops *ops, const void *options,
                                   const struct leat_source_settings *settings, struct leat_error *reterr)
{
    struct leat_source *source = leat_alloc(sizeof(*source)), **last = &engine->sources;
    if (source != NULL)
        source->self = leat_alloc(ops->state_size > 0 ? ops->state_size : 1);
    if (source == NULL || source->self == NULL) {
        leat_free(source);
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    }
    source->engine = engine;
    source->ops = ops;
    if (settings != NULL)
        source->settings = *settings;
    if (source->settings.name.ptr == NULL)
        source->settings.name = leat_str_c(ops->name);
    if (source->settings.dead_letter.ptr == NULL)
        source->settings.dead_letter = engine->options.dead_letter;
    source->dead = leat_sink_find(engine, source->settings.dead_letter);
    while (*last != NULL)
        last = &(*last)->next;
    *last = source;
    return ops->init(source->self, source, engine->loop, options, reterr);
}

/* The one handler is raw: payloads go to it undetected and unparsed. */
static bool is_raw(const struct leat_engine *engine)
{
    for (const struct leat_bound *bound = engine->handlers; bound != NULL; bound = bound->next)
        if ((bound->handler.flags & LEAT_RAW) != 0)
            return true;
    return false;
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

static leat_status make_units(struct leat_delivery *delivery)
{
    uint32_t count = delivery->records.count;
    delivery->units = LEAT_NEW_N(&delivery->arena, struct leat_unit, count);
    delivery->settlements = LEAT_NEW_N(&delivery->arena, struct leat_settlement, count);
    if (delivery->arena.overflow)
        return leat_arena_status(&delivery->arena);
    for (uint32_t i = 0; i < count; i++)
        delivery->units[i] = (struct leat_unit){
            .delivery = delivery,
            .index = i,
            .position = i,
            .record = &delivery->records.items[i],
            .attempts = delivery->records.items[i].attempts,
        };
    delivery->unit_count = count;
    return LEAT_OK;
}

static leat_status decode(struct leat_delivery *delivery, leat_str text, const struct leat_adapter *as)
{
    const struct leat_engine *engine = delivery->source->engine;
    struct leat_decoder decoder = {
        .arena = &delivery->arena,
        .adapters = engine->options.adapters,
        .max_bytes = engine->options.max_payload,
        .max_inflated = engine->options.max_inflated,
        .exact = engine->options.exact,
        .reterr = &delivery->error,
    };
    leat_status status = is_raw(engine) ? leat_decode_raw(&decoder, text, &delivery->records)
                                        : leat_decode(&decoder, text, as, &delivery->records);
    delivery->fault = decoder.fault;
    if (leat_is_ok(status))
        status = make_units(delivery);
    if (!leat_is_ok(status) && leat_is_ok(delivery->error.status))
        (void)leat_error_set(&delivery->error, status, "%s", leat_status_text(status));
    return status;
}

leat_status leat_delivery_text(struct leat_delivery *delivery, leat_str text, const struct leat_adapter *as)
{
    struct leat_engine *engine = delivery->source->engine;
    delivery->text = text;
    delivery->decoded = decode(delivery, text, as);
    if (leat_json_hooks_lost() && !engine->hooks_told) {
        engine->hooks_told = true;
        leat_logger_write(leat_engine_logger(engine), LEAT_WARN, NULL,
                          "a library replaced cJSON's hooks: trees take heap memory from now on");
    }
    return delivery->decoded;
}

void leat_deliver(struct leat_delivery *delivery)
{
    leat_dispatch_deliver(delivery->source->engine, delivery);
}

void leat_source_state(struct leat_source *source, enum leat_source_state state, const char *why)
{
    snprintf(source->why, sizeof(source->why), "%s", why != NULL ? why : "");
    if (state != LEAT_FAILED)
        return;
    source->failed = true;
    leat_engine_stop(source->engine);
}

void leat_source_log(struct leat_source *source, enum leat_log_level level, leat_str request, const char *format, ...)
{
    struct leat_log_fields fields = {.request = request};
    va_list args;
    va_start(args, format);
    leat_logger_vwrite(leat_engine_logger(source->engine), level, &fields, format, args);
    va_end(args);
}

void leat_stopped(struct leat_source *source)
{
    source->stopped = true;
    leat_dispatch_wake(source->engine);
}
