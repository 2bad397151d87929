/* SPDX-License-Identifier: Apache-2.0 */
/* Answers a direct call with what it was called with. */
#include <leat/leat.h>

#include <string.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    leat_str data = leat_event_data(event);
    char *text = leat_scratch(ctx, data.len + 1);
    if (text == NULL)
        return leat_retry(ctx, "no memory");
    memcpy(text, data.ptr, data.len);
    text[data.len] = '\0';
    return leat_reply_json(ctx, text);
}

LEAT_HANDLER(echo, .handle = handle);
