/* SPDX-License-Identifier: Apache-2.0 */
/* Fails in init, without a message of its own. */
#include <leat/leat.h>

static leat_status init(leat_context *ctx, void **state)
{
    (void)ctx;
    (void)state;
    return LEAT_STATUS(HANDLER);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    return leat_ok(ctx);
}

LEAT_HANDLER(later, .init = init, .handle = handle);
