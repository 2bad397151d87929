/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that needs a function nobody has: -DMISSING names it. */
#include <leat/leat.h>

void MISSING(void);

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    MISSING();
    return leat_ok(ctx);
}

LEAT_HANDLER(lacking, .handle = handle);
