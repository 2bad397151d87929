/* SPDX-License-Identifier: Apache-2.0 */
/* Two handlers in one file; the second takes only what it accepts. */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    return leat_ok(ctx);
}

LEAT_HANDLER(one, .handle = handle);
LEAT_HANDLER(choosy, .accepts = "sqs, apigateway", .handle = handle);
