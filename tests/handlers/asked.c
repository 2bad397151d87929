/* SPDX-License-Identifier: Apache-2.0 */
/* Replies, as JSON, what the context and the environment say, and for the how many-th time this slot was called. */
#include <leat/leat.h>

#include <stdint.h>
#include <stdlib.h>

struct slot {
    unsigned count;
};

static leat_status init(leat_context *ctx, void **state)
{
    (void)ctx;
    *state = calloc(1, sizeof(struct slot));
    return *state != NULL ? LEAT_OK : leat_fail(ctx, "no memory");
}

static void add(struct leat_buf *out, const char *name, leat_str value)
{
    leat_buf_json_member(out, name, value);
}

static void add_context(struct leat_buf *out, const leat_context *ctx)
{
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    add(out, "request", leat_request_id(ctx));
    add(out, "function", leat_function_arn(ctx));
    add(out, "trace", leat_trace_id(ctx));
    add(out, "tenant", leat_tenant_id(ctx));
    add(out, "client", leat_client_context(ctx));
    add(out, "cognito", leat_cognito_identity(ctx));
    add(out, "transport", leat_transport(ctx));
    add(out, "color", leat_setting(ctx, "color"));
    add(out, "environment", trace != NULL ? leat_str_c(trace) : (leat_str){0});
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    struct slot *slot = state;
    struct leat_arena arena = {0};
    struct leat_buf out;
    leat_buf_init(&out, &arena);
    leat_buf_printf(&out, "{\"count\":%u", ++slot->count);
    if (leat_remaining_ms(ctx) != INT64_MAX)
        leat_buf_printf(&out, ",\"remaining_ms\":%lld", (long long)leat_remaining_ms(ctx));
    leat_buf_printf(&out, ",\"cancelled\":%s", leat_cancelled(ctx) ? "true" : "false");
    add_context(&out, ctx);
    add(&out, "kind", leat_event_kind(event));
    leat_buf_char(&out, '}');
    leat_str text = leat_buf_str(&out);
    leat_outcome outcome = text.ptr != NULL ? leat_reply_json(ctx, text.ptr) : leat_retry(ctx, "no memory");
    leat_arena_fini(&arena);
    return outcome;
}

LEAT_HANDLER(asked, .init = init, .handle = handle, .fini = free);
