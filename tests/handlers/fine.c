/* SPDX-License-Identifier: Apache-2.0 */
/* All is well, whatever comes. */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    return leat_ok(ctx);
}

LEAT_HANDLER(fine, .handle = handle);
