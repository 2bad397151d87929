/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums the amounts of a tumbling window in its state, {"total": N}. A record may say what to do instead:
 * {"amount": 5, "do": "retry" | "reject" | "silent", "answer": "reply text"}; what the end does is the setting
 * "at_end". The end's reply, or its reason, tells all that is known of the window.
 */
#include <leat/leat.h>

#include <stdio.h>

static const cJSON *item_of(const leat_event *event)
{
    const struct leat_dynamodb *change = leat_dynamodb(event);
    return change != NULL ? change->new_image : leat_event_json(event);
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *number = leat_json_get(object, name);
    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

static double total_of(const struct leat_window *window)
{
    cJSON *state = cJSON_ParseWithLength(window->state.ptr, window->state.len);
    double total = number_of(state, "total");
    cJSON_Delete(state);
    return total;
}

static leat_outcome answer(leat_context *ctx, leat_str todo, const char *text)
{
    if (leat_str_is(todo, "retry"))
        return leat_retry(ctx, text);
    if (leat_str_is(todo, "reject"))
        return leat_reject(ctx, text);
    return leat_str_is(todo, "silent") ? leat_ok(ctx) : leat_reply_json(ctx, text);
}

static leat_outcome end(leat_context *ctx, const struct leat_window *window)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "{\"total\":%.17g,\"window\":\"%.*s/%.*s\",\"shard\":\"%.*s\",\"ends\":\"%s\"}",
                   total_of(window), LEAT_ARG(window->start), LEAT_ARG(window->end), LEAT_ARG(window->shard),
                   window->early ? "early" : "whole");
    return answer(ctx, leat_setting(ctx, "at_end"), text);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    struct leat_window window;
    char text[64];
    (void)state;
    if (!leat_window(ctx, &window))
        return leat_reject(ctx, "no window");
    if (leat_str_ends(leat_event_type(event), LEAT_STR(".window")))
        return end(ctx, &window);
    const cJSON *item = item_of(event);
    leat_str todo = leat_json_get_text(item, "do");
    if (leat_str_empty(todo) && leat_json_get(item, "answer") != NULL)
        return leat_reply_json(ctx, leat_json_get_text(item, "answer").ptr);
    (void)snprintf(text, sizeof(text), "{\"total\":%.17g}", total_of(&window) + number_of(item, "amount"));
    return answer(ctx, todo, text);
}

LEAT_HANDLER(window, .handle = handle);
