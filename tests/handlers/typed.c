/* SPDX-License-Identifier: Apache-2.0 */
/* Answers what came, with the content type that the setting `type` says, whatever bytes are in it. */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    return leat_reply_bytes(ctx, 0, leat_setting(ctx, "type").ptr, leat_event_data(event));
}

LEAT_HANDLER(typed, .flags = LEAT_RAW, .handle = handle);
