/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes, if that is what the event wants: {"do": "crash"}. */
#include <leat/leat.h>

#include <signal.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    if (leat_str_is(leat_json_get_text(leat_event_json(event), "do"), "crash"))
        (void)raise(SIGSEGV);
    return leat_ok(ctx);
}

LEAT_HANDLER(crashing, .handle = handle);
