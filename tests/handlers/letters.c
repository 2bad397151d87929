/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two handlers, `first` and `second`, that emit and reject as they are told:
 *
 *     {"do": "ok" | "retry" | "reject", "emit": "SINK"}
 *
 * The reason of a reject says which of them it was, and its setting "colour".
 */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, const char *name)
{
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do"), sink = leat_json_get_text(told, "emit");
    const struct leat_new_event made = {.type = "test.told", .data = LEAT_STR("{\"told\":true}")};
    if (sink.ptr != NULL && !leat_is_ok(leat_emit_new(ctx, sink.ptr, &made)))
        return leat_rejectf(ctx, "%s: no sink %s", name, sink.ptr);
    if (leat_str_is(todo, "retry"))
        return leat_retry(ctx, "told to");
    if (leat_str_is(todo, "reject"))
        return leat_rejectf(ctx, "%s, colour %.*s", name, LEAT_ARG(leat_setting(ctx, "colour")));
    return leat_ok(ctx);
}

static leat_outcome handle_first(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    return handle(ctx, event, "first");
}

static leat_outcome handle_second(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    return handle(ctx, event, "second");
}

LEAT_HANDLER(first, .handle = handle_first);
LEAT_HANDLER(second, .handle = handle_second);
