/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/internal.h>
#include <engine/middleware.h>

/* --- time left: no event of a batch is started that the invocation cannot wait for ---------------- */

static bool no_time_left(const struct leat_engine *engine, const struct leat_unit *unit)
{
    const struct leat_delivery *delivery = unit->delivery;
    bool batch = delivery->unit_count > 1 || unit->events.count > 1;
    if (delivery->invocation.deadline_ms == 0 || !batch)
        return false;
    int64_t remaining = delivery->invocation.deadline_ms - leat_clock_wall_ms(engine->options.clock);
    return remaining < engine->options.reserve_ms || remaining * 1000 < 2 * delivery->slowest_us;
}

static void time_before(void *self, struct leat_work *const *work, size_t count)
{
    const struct leat_engine *engine = self;
    for (size_t i = 0; i < count; i++) {
        if (!no_time_left(engine, work[i]->unit))
            continue;
        *work[i]->result =
            (struct leat_result){.kind = LEAT_OUTCOME_RETRY, .reason = LEAT_STR("no time left"), .delay_ms = -1};
        work[i]->step = LEAT_DECIDED;
    }
}

static void time_after(void *self, struct leat_work *const *work, size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++) {
        struct leat_delivery *delivery = work[i]->unit->delivery;
        if (work[i]->result->duration_us > delivery->slowest_us)
            delivery->slowest_us = work[i]->result->duration_us;
    }
}

/* --- logging ---------------------------------------------------------------------------------------- */

static void log_after(void *self, struct leat_work *const *work, size_t count)
{
    struct leat_engine *engine = self;
    struct leat_logger *logger = leat_engine_logger(engine);
    for (size_t i = 0; i < count; i++) {
        const struct leat_result *result = work[i]->result;
        bool fine = result->kind == LEAT_OUTCOME_OK;
        if (result->kind == LEAT_OUTCOME_NONE)
            continue;
        enum leat_log_level level = engine->options.outcome_level;
        if (fine)
            level = level > LEAT_DEBUG ? LEAT_DEBUG : LEAT_TRACE;
        if (level < logger->level)
            continue;
        const struct leat_invocation *invocation = &work[i]->unit->delivery->invocation;
        struct leat_log_fields fields = {
            .request = invocation->request_id,
            .tenant = invocation->tenant_id,
            .trace = invocation->trace_id,
            .handler = leat_str_c(result->handler),
            .error_type = fine ? LEAT_ABSENT : leat_outcome_error(result->kind, result->timed_out),
            .event = work[i]->event != NULL ? leat_event_id(work[i]->event) : work[i]->unit->record->id,
        };
        leat_logger_write(logger, level, &fields, "%s in %.2f ms%s%.*s", leat_outcome_name(result->kind),
                          (double)result->duration_us / 1000.0, result->reason.ptr != NULL ? ": " : "",
                          LEAT_ARG(result->reason));
    }
}

/* --- counting ----------------------------------------------------------------------------------------- */

static void count_after(void *self, struct leat_work *const *work, size_t count)
{
    struct leat_engine *engine = self;
    for (size_t i = 0; i < count; i++) {
        if (work[i]->result->kind == LEAT_OUTCOME_NONE)
            continue;
        const char *trigger = work[i]->unit->record->adapter->name;
        leat_str kind = work[i]->event != NULL ? leat_event_kind(work[i]->event) : leat_str_c(trigger);
        leat_metrics_count(&engine->metrics, kind, work[i]->result->kind, work[i]->result->duration_us);
    }
}

static const struct leat_middleware_ops own[] = {
    {.abi = LEAT_ABI, .size = sizeof(own[0]), .name = "count", .after = count_after},
    {.abi = LEAT_ABI, .size = sizeof(own[0]), .name = "log", .after = log_after},
    {.abi = LEAT_ABI, .size = sizeof(own[0]), .name = "time", .before = time_before, .after = time_after},
};

bool leat_middleware_add_own(struct leat_engine *engine)
{
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (!leat_is_ok(leat_engine_add_middleware(engine, &own[i], engine)))
            return false;
    return true;
}
