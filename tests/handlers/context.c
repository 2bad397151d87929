/* SPDX-License-Identifier: Apache-2.0 */
/* Tells by its reason what the context and the event say, one "name=value" a line. */
#include <leat/leat.h>

#include <stdint.h>

static void add(struct leat_buf *out, const char *name, leat_str value)
{
    leat_buf_printf(out, "%s=%.*s\n", name, LEAT_ARG(value.ptr != NULL ? value : LEAT_STR("(absent)")));
}

static void add_context(struct leat_buf *out, const leat_context *ctx)
{
    add(out, "request", leat_request_id(ctx));
    add(out, "function", leat_function_arn(ctx));
    add(out, "trace", leat_trace_id(ctx));
    add(out, "tenant", leat_tenant_id(ctx));
    add(out, "transport", leat_transport(ctx));
    add(out, "position", leat_position(ctx));
    add(out, "color", leat_setting(ctx, "color"));
    add(out, "list", leat_setting(ctx, "list"));
    leat_buf_printf(out, "attempt=%u\n", leat_attempt(ctx));
    leat_buf_printf(out, "deadline=%s\n", leat_remaining_ms(ctx) == INT64_MAX ? "none" : "some");
    leat_buf_printf(out, "cancelled=%s\n", leat_cancelled(ctx) ? "yes" : "no");
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    struct leat_arena arena = {0};
    struct leat_buf out;
    (void)state;
    leat_buf_init(&out, &arena);
    add_context(&out, ctx);
    add(&out, "kind", leat_event_kind(event));
    add(&out, "id", leat_event_id(event));
    add(&out, "type", leat_event_type(event));
    leat_outcome outcome = leat_reject(ctx, leat_buf_str(&out).ptr);
    leat_arena_fini(&arena);
    return outcome;
}

LEAT_HANDLER(context, .handle = handle);
