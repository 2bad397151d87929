/* SPDX-License-Identifier: Apache-2.0 */
/* leat/handler.h: what a handler says and asks, on its own thread. */
#include <engine/internal.h>

#include <leat/window.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#define REASON_MAX ((size_t)4096) /* bytes */

/* --- outcomes ------------------------------------------------------------------------------------ */

static leat_outcome plain(enum leat_outcome_kind kind)
{
    return (leat_outcome){(uint64_t)kind};
}

static struct leat_detail *new_detail(struct leat_context *context)
{
    if (context->detail_count == context->detail_size) {
        uint32_t size = context->detail_size == 0 ? 4 : context->detail_size * 2;
        struct leat_detail *larger = LEAT_NEW_N(context->arena, struct leat_detail, size);
        if (larger == NULL)
            return NULL;
        if (context->detail_count > 0)
            memcpy(larger, context->details, context->detail_count * sizeof(*larger));
        context->details = larger;
        context->detail_size = size;
    }
    return &context->details[context->detail_count++];
}

/* It goes into log lines and dead letters: what is longer is no reason. No character is cut in half. */
static leat_str cut_reason(leat_str reason)
{
    leat_str start = leat_str_of(reason.ptr, REASON_MAX);
    if (reason.len <= REASON_MAX)
        return reason;
    size_t whole = leat_str_utf8(start);
    return leat_str_of(reason.ptr, REASON_MAX - whole < 4 ? whole : REASON_MAX);
}

/* Without memory for the reason the run is over its limit, and that is the reason then. */
static leat_outcome outcome(struct leat_context *context, enum leat_outcome_kind kind, int64_t delay_ms,
                            leat_str reason)
{
    struct leat_detail *detail = new_detail(context);
    if (detail == NULL)
        return plain(kind);
    *detail = (struct leat_detail){.reason = cut_reason(reason), .delay_ms = delay_ms};
    return (leat_outcome){(uint64_t)context->detail_count << 8 | (uint64_t)kind};
}

static leat_str reason_copy(struct leat_context *context, const char *reason)
{
    return leat_arena_copy(context->arena, cut_reason(leat_str_c(reason != NULL ? reason : "no reason given")));
}

leat_outcome leat_ok(leat_context *context)
{
    (void)context;
    return plain(LEAT_OUTCOME_OK);
}

leat_outcome leat_retry(leat_context *context, const char *reason)
{
    return outcome(context, LEAT_OUTCOME_RETRY, -1, reason_copy(context, reason));
}

leat_outcome leat_retry_after(leat_context *context, const char *reason, int64_t delay_ms)
{
    return outcome(context, LEAT_OUTCOME_RETRY, delay_ms > 0 ? delay_ms : 0, reason_copy(context, reason));
}

leat_outcome leat_reject(leat_context *context, const char *reason)
{
    return outcome(context, LEAT_OUTCOME_REJECT, -1, reason_copy(context, reason));
}

leat_outcome leat_retryf(leat_context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leat_str reason = leat_arena_vprintf(context->arena, format, args);
    va_end(args);
    return outcome(context, LEAT_OUTCOME_RETRY, -1, reason);
}

leat_outcome leat_rejectf(leat_context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leat_str reason = leat_arena_vprintf(context->arena, format, args);
    va_end(args);
    return outcome(context, LEAT_OUTCOME_REJECT, -1, reason);
}

/* --- replies -------------------------------------------------------------------------------------- */

struct leat_reply *leat_context_reply(struct leat_context *context)
{
    if (context->reply == NULL) {
        context->reply = LEAT_NEW(context->arena, struct leat_reply);
        if (context->reply != NULL)
            context->last_header = &context->reply->headers;
    }
    return context->reply;
}

leat_outcome leat_reply_bytes(leat_context *context, int status, const char *content_type, leat_str body)
{
    struct leat_reply *reply = leat_context_reply(context);
    if (reply != NULL) {
        reply->status = status;
        reply->content_type = leat_arena_copy(context->arena, leat_str_c(content_type));
        reply->body = context->work != NULL ? leat_delivery_copy(context->work->unit->delivery, context->arena, body)
                                            : leat_arena_copy(context->arena, body);
    }
    return plain(LEAT_OUTCOME_OK);
}

leat_outcome leat_reply_http(leat_context *context, int status, const char *content_type, const char *body)
{
    return leat_reply_bytes(context, status, content_type, leat_str_c(body != NULL ? body : ""));
}

leat_outcome leat_reply_json(leat_context *context, const char *text)
{
    return leat_reply_bytes(context, 0, NULL, leat_str_c(text != NULL ? text : "null"));
}

void leat_reply_header(leat_context *context, const char *name, const char *value)
{
    struct leat_reply *reply = leat_context_reply(context);
    struct leat_reply_header *header = reply != NULL ? LEAT_NEW(context->arena, struct leat_reply_header) : NULL;
    if (header == NULL)
        return;
    header->name = leat_arena_copy(context->arena, leat_str_c(name));
    header->value = leat_arena_copy(context->arena, leat_str_c(value));
    *context->last_header = header;
    context->last_header = &header->next;
}

/* --- questions --------------------------------------------------------------------------------------- */

static const struct leat_delivery *delivery_of(const leat_context *context)
{
    return context->work != NULL ? context->work->unit->delivery : NULL;
}

int64_t leat_remaining_ms(const leat_context *context)
{
    const struct leat_delivery *delivery = delivery_of(context);
    if (context->run != NULL && context->run->deadline_us != 0) {
        int64_t left_us = leat_run_deadline_us(context->run) - leat_clock_us(context->engine->options.clock);
        return left_us > 0 ? left_us / 1000 : 0;
    }
    if (delivery == NULL || delivery->invocation.deadline_ms == 0)
        return INT64_MAX;
    int64_t remaining = delivery->invocation.deadline_ms - leat_clock_wall_ms(context->engine->options.clock);
    return remaining > 0 ? remaining : 0;
}

bool leat_cancelled(const leat_context *context)
{
    return context->run != NULL && (atomic_load(&context->run->cancelled) || leat_remaining_ms(context) == 0);
}

uint32_t leat_attempt(const leat_context *context)
{
    return context->work != NULL ? leat_unit_attempt(context->work->unit) : 0;
}

leat_str leat_transport(const leat_context *context)
{
    const struct leat_delivery *delivery = delivery_of(context);
    return delivery != NULL ? leat_str_c(delivery->source->ops->name) : LEAT_ABSENT;
}

leat_str leat_position(const leat_context *context)
{
    if (context->work == NULL)
        return LEAT_ABSENT;
    const struct leat_unit *unit = context->work->unit;
    if (leat_unit_name(unit).ptr != NULL)
        return leat_unit_name(unit);
    return leat_arena_printf(context->arena, "%" PRIu64, unit->position);
}

#define INVOCATION_FIELD(function, member)                                   \
    leat_str function(const leat_context *context)                           \
    {                                                                        \
        const struct leat_delivery *delivery = delivery_of(context);         \
        return delivery != NULL ? delivery->invocation.member : LEAT_ABSENT; \
    }
INVOCATION_FIELD(leat_request_id, request_id)
INVOCATION_FIELD(leat_trace_id, trace_id)
INVOCATION_FIELD(leat_tenant_id, tenant_id)
INVOCATION_FIELD(leat_function_arn, function_arn)
INVOCATION_FIELD(leat_client_context, client_context)
INVOCATION_FIELD(leat_cognito_identity, cognito_identity)
#undef INVOCATION_FIELD

/* What the events before said: their units have ended, for a window is one lane. */
static leat_str state_before(const struct leat_unit *unit, leat_str state)
{
    for (uint32_t i = unit->index; i-- > 0;) {
        const struct leat_unit *before = &unit->delivery->units[i];
        if (!leat_str_eq(before->record->lane, unit->record->lane))
            continue; /* it may be under way on another thread */
        for (uint32_t r = before->result_count; r-- > 0;)
            if (before->results[r].kind == LEAT_OUTCOME_OK && before->results[r].reply != NULL)
                return before->results[r].reply->body;
    }
    return state;
}

bool leat_window(const leat_context *context, struct leat_window *retwindow)
{
    const struct leat_delivery *delivery = delivery_of(context);
    if (delivery == NULL || !leat_window_read(&delivery->records, retwindow))
        return false;
    retwindow->state = state_before(context->work->unit, retwindow->state);
    return true;
}

static leat_str find_pair(const struct leat_setting_pair *pair, const char *key)
{
    while (pair != NULL && !leat_str_is(pair->key, key))
        pair = pair->next;
    return pair != NULL ? pair->value : LEAT_ABSENT;
}

/* The entry's own goes before the service's. */
leat_str leat_setting(const leat_context *context, const char *key)
{
    const struct leat_delivery *delivery = delivery_of(context);
    leat_str value = delivery != NULL ? find_pair(delivery->entry->pairs, key) : LEAT_ABSENT;
    return value.ptr != NULL ? value : find_pair(context->engine->settings, key);
}

void *leat_shared(const leat_context *context)
{
    return context->bound->shared;
}

void leat_log(leat_context *context, enum leat_log_level level, const char *format, ...)
{
    struct leat_log_fields fields = {
        .request = leat_request_id(context),
        .trace = leat_trace_id(context),
        .tenant = leat_tenant_id(context),
        .handler = leat_str_c(context->bound->handler.name),
    };
    if (context->work != NULL && context->work->event != NULL) {
        fields.event = leat_event_id(context->work->event);
        fields.source = leat_event_source(context->work->event);
    }
    va_list args;
    va_start(args, format);
    leat_logger_vwrite(leat_engine_logger(context->engine), level, &fields, format, args);
    va_end(args);
}

leat_status leat_fail(leat_context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(context->error.message, sizeof(context->error.message), format, args);
    va_end(args);
    return LEAT_STATUS(HANDLER);
}

void *leat_scratch(leat_context *context, size_t size)
{
    return leat_arena_alloc(context->arena, size);
}

leat_str leat_event_to_json(leat_context *context, const leat_event *event)
{
    struct leat_buf buf;
    leat_buf_init(&buf, context->arena);
    leat_event_write(event, &buf);
    return leat_buf_str(&buf);
}
