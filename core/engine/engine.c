/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/internal.h>
#include <engine/middleware.h>

#include <stdio.h>

static const struct leat_engine_options defaults = {.slots = 1,
                                                    .batch = 10,
                                                    .max_in_flight = 1000,
                                                    .max_payload = LEAT_MAX_PAYLOAD,
                                                    .max_bytes = LEAT_MAX_BYTES,
                                                    .grace_ms = 1000,
                                                    .max_crashes = 3};

static void take_defaults(struct leat_engine_options *options)
{
#define DEFAULT(member) options->member = options->member != 0 ? options->member : defaults.member
    DEFAULT(slots);
    DEFAULT(batch);
    DEFAULT(max_in_flight);
    DEFAULT(max_payload);
    DEFAULT(max_bytes);
    DEFAULT(grace_ms);
    DEFAULT(max_crashes);
#undef DEFAULT
    options->service = options->service != NULL ? options->service : "leat";
    options->reserve_ms = options->reserve_ms >= 0 ? options->reserve_ms : 500;
    options->executor = options->executor != NULL ? options->executor : &leat_executor_inline;
    options->clock = options->clock != NULL ? options->clock : &leat_clock_system;
}

/* Settings as text, once: what leat_setting gives needs no memory then. False: out of memory. */
bool leat_pairs_make(struct leat_arena *arena, const cJSON *settings, struct leat_setting_pair **retfirst)
{
    const cJSON *item = NULL;
    struct leat_setting_pair **last = retfirst;
    cJSON_ArrayForEach (item, settings) {
        struct leat_buf text;
        struct leat_setting_pair *pair = LEAT_NEW(arena, struct leat_setting_pair);
        if (pair == NULL)
            return false;
        leat_buf_init(&text, arena);
        leat_json_print(&text, item);
        pair->key = leat_arena_copy(arena, leat_str_c(item->string));
        pair->value = cJSON_IsString(item) ? leat_arena_copy(arena, leat_json_text(item)) : leat_buf_str(&text);
        *last = pair;
        last = &pair->next;
    }
    return !arena->overflow;
}

static bool make_slots(struct leat_engine *engine)
{
    uint32_t count = engine->options.slots;
    engine->slots = leat_alloc(count * sizeof(*engine->slots));
    engine->slot_list = leat_alloc(count * sizeof(*engine->slot_list));
    if (engine->slots == NULL || engine->slot_list == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        engine->slots[i].engine = engine;
        engine->slots[i].index = i;
        engine->slot_list[i] = &engine->slots[i];
    }
    return true;
}

struct leat_engine *leat_engine_new(const struct leat_engine_options *options)
{
    struct leat_engine *engine = leat_alloc(sizeof(*engine));
    if (engine == NULL)
        return NULL;
    engine->options = *options;
    take_defaults(&engine->options);
    engine->thread = pthread_self();
    engine->last_done = &engine->done;
    engine->last_here = &engine->done_here;
    pthread_mutex_init(&engine->done_lock, NULL);
    leat_arena_init(&engine->arena, 0);
    leat_arena_init(&engine->metrics.arena, 0);
    leat_logger_init(&engine->own_logger);
    engine->chance = engine->options.seed != 0 ? engine->options.seed : (uint64_t)leat_clock_us(engine->options.clock);
    engine->loop = leat_loop_new();
    size_t state_size = engine->options.executor->state_size;
    engine->executor = leat_alloc(state_size > 0 ? state_size : 1);
    if (engine->loop == NULL || engine->executor == NULL || !make_slots(engine) ||
        !leat_pairs_make(&engine->arena, options->settings, &engine->settings) || !leat_middleware_add_own(engine) ||
        !leat_deadline_init(engine) || !leat_alarms_init(engine) || !leat_ahead_init(engine)) {
        leat_engine_free(engine);
        return NULL;
    }
    leat_loop_on_wake(engine->loop, leat_dispatch_turn, engine);
    return engine;
}

static void free_sources(struct leat_engine *engine)
{
    while (engine->sources != NULL) {
        struct leat_source *source = engine->sources;
        engine->sources = source->next;
        source->ops->close(source->self);
        if (source->ops->fini != NULL)
            source->ops->fini(source->self);
        leat_domains_free(source);
        leat_alarm_clear(engine, &source->gate);
        leat_free(source->self);
        leat_free(source);
    }
}

static void free_handlers(struct leat_engine *engine)
{
    while (engine->handlers != NULL) {
        struct leat_bound *bound = engine->handlers;
        engine->handlers = bound->next;
        if (bound->loaded && bound->handler.unload != NULL)
            bound->handler.unload(bound->shared);
        leat_free(bound);
    }
}

static void free_runs(struct leat_engine *engine)
{
    while (engine->spare != NULL) {
        struct leat_run *run = engine->spare;
        engine->spare = run->next;
        leat_arena_fini(&run->arena);
        leat_free(run);
    }
}

void leat_engine_free(struct leat_engine *engine)
{
    if (engine == NULL || engine->lost > 0)
        return;
    if (engine->executor_open)
        engine->options.executor->close(engine->executor);
    leat_sinks_free(engine);
    free_sources(engine);
    leat_deliveries_free(engine);
    free_handlers(engine);
    free_runs(engine);
    while (engine->first_link != NULL) {
        struct leat_link *link = engine->first_link;
        engine->first_link = link->next;
        leat_free(link);
    }
    for (uint32_t i = 0; engine->slots != NULL && i < engine->options.slots; i++)
        leat_free(engine->slots[i].states);
    leat_free(engine->slots);
    leat_free(engine->slot_list);
    leat_free(engine->executor);
    leat_timer_free(engine->timer);
    leat_timer_free(engine->alarm_timer);
    leat_timer_free(engine->ahead.nap);
    leat_finished_free(engine->finished);
    leat_loop_free(engine->loop);
    leat_arena_fini(&engine->arena);
    leat_arena_fini(&engine->metrics.arena);
    leat_logger_fini(&engine->own_logger);
    pthread_mutex_destroy(&engine->done_lock);
    leat_free(engine);
}

leat_status leat_engine_add_middleware(struct leat_engine *engine, const struct leat_middleware_ops *ops, void *self)
{
    struct leat_link *link = leat_alloc(sizeof(*link));
    if (link == NULL)
        return LEAT_STATUS(NO_MEMORY);
    link->ops = ops;
    link->self = self;
    link->previous = engine->last_link;
    if (engine->last_link != NULL)
        engine->last_link->next = link;
    else
        engine->first_link = link;
    engine->last_link = link;
    return LEAT_OK;
}

/* --- start, run, stop ---------------------------------------------------------------------------- */

static leat_status load_handler(struct leat_engine *engine, struct leat_bound *bound, struct leat_error *reterr)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_context context;
    leat_arena_init(&arena, engine->options.max_bytes);
    leat_context_init(&context, engine, bound, &arena);
    leat_status status = bound->handler.load != NULL ? bound->handler.load(&context, &bound->shared) : LEAT_OK;
    bound->loaded = leat_is_ok(status);
    if (bound->loaded)
        return LEAT_OK;
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: load failed: %s", bound->handler.name,
                          context.error.message[0] != '\0' ? context.error.message : leat_status_text(status));
}

static leat_status open_slots(struct leat_engine *engine, struct leat_error *reterr)
{
    for (uint32_t i = 0; i < engine->options.slots; i++) {
        engine->slots[i].states = leat_alloc((engine->handler_count + 1) * sizeof(void *));
        if (engine->slots[i].states == NULL)
            return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    }
    LEAT_TRY(engine->options.executor->open(engine->executor, engine->slot_list, engine->options.slots, reterr));
    engine->executor_open = true;
    return LEAT_OK;
}

leat_status leat_engine_open(struct leat_engine *engine, struct leat_error *reterr)
{
    for (struct leat_bound *bound = engine->handlers; bound != NULL; bound = bound->next)
        LEAT_TRY(load_handler(engine, bound, reterr));
    return open_slots(engine, reterr);
}

static leat_status call_hook(struct leat_engine *engine, const struct leat_bound *bound, const char *what,
                             leat_status (*hook)(leat_context *, void *), struct leat_error *reterr)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_context context;
    if (hook == NULL)
        return LEAT_OK;
    leat_arena_init(&arena, engine->options.max_bytes);
    leat_context_init(&context, engine, bound, &arena);
    leat_status status = hook(&context, engine->slots[0].states[bound->index]);
    if (leat_is_ok(status))
        return LEAT_OK;
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: %s failed: %s", bound->handler.name, what,
                          context.error.message[0] != '\0' ? context.error.message : leat_status_text(status));
}

leat_status leat_engine_snapshot(struct leat_engine *engine, struct leat_error *reterr)
{
    for (uint32_t i = engine->handler_count; i-- > 0;) {
        const struct leat_bound *bound = engine->handlers;
        while (bound->index != i)
            bound = bound->next;
        LEAT_TRY(call_hook(engine, bound, "snapshot", bound->handler.snapshot, reterr));
    }
    return LEAT_OK;
}

leat_status leat_engine_restore(struct leat_engine *engine, struct leat_error *reterr)
{
    for (const struct leat_bound *bound = engine->handlers; bound != NULL; bound = bound->next)
        LEAT_TRY(call_hook(engine, bound, "restore", bound->handler.restore, reterr));
    return LEAT_OK;
}

leat_status leat_engine_start(struct leat_engine *engine, struct leat_error *reterr)
{
    if (!engine->executor_open)
        LEAT_TRY(leat_engine_open(engine, reterr));
    LEAT_TRY(leat_sinks_start(engine, reterr));
    for (struct leat_source *source = engine->sources; source != NULL; source = source->next) {
        source->started = true; /* it may fail at once, with a word of its own */
        leat_status status = source->ops->start(source->self, reterr);
        source->started = leat_is_ok(status);
        LEAT_TRY(status);
    }
    return LEAT_OK;
}

leat_status leat_engine_run(struct leat_engine *engine, struct leat_error *reterr)
{
    leat_dispatch_turn(engine);
    if (!leat_loop_run(engine->loop))
        return leat_error_set(reterr, LEAT_STATUS(BUG), "the event loop failed");
    LEAT_TRY(leat_deadline_verdict(engine, reterr));
    if (leat_drain_is_over(engine))
        return leat_error_set(reterr, LEAT_STATUS(LATE), "the limit of the drain was reached");
    for (const struct leat_source *source = engine->sources; source != NULL; source = source->next)
        if (source->failed)
            return leat_error_set(reterr, LEAT_STATUS(IO), "%s", source->why);
    return LEAT_OK;
}

const struct leat_metrics *leat_engine_metrics(const struct leat_engine *engine)
{
    return &engine->metrics;
}

struct leat_loop *leat_engine_loop(struct leat_engine *engine)
{
    return engine->loop;
}
