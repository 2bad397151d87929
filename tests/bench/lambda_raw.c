/* SPDX-License-Identifier: Apache-2.0 */
/* Answers any bytes with the same bytes. */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    return leat_reply_bytes(ctx, 0, "application/json", leat_event_data(event));
}

LEAT_HANDLER(raw, .flags = LEAT_RAW, .handle = handle);
