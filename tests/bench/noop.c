/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that does nothing: what is left is decode, dispatch and settle. */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    return leat_ok(ctx);
}

LEAT_HANDLER(noop, .handle = handle);
