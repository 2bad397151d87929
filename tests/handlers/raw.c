/* SPDX-License-Identifier: Apache-2.0 */
/* Takes any bytes and answers them backwards, as they are; "json" is answered through leat_reply_json. */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    leat_str data = leat_event_data(event);
    char *back = leat_scratch(ctx, data.len + 1);
    if (back == NULL)
        return leat_retry(ctx, "no memory");
    for (size_t i = 0; i < data.len; i++)
        back[i] = data.ptr[data.len - 1 - i];
    if (leat_str_is(data, "json"))
        return leat_reply_json(ctx, "not json");
    (void)leat_reply_bytes(ctx, 0, "application/octet-stream", leat_str_of(back, data.len));
    if (leat_str_starts(data, LEAT_STR("reject")))
        return leat_reject(ctx, "rejected, with a reply");
    return leat_ok(ctx);
}

LEAT_HANDLER(raw, .flags = LEAT_RAW, .handle = handle);
