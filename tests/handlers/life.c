/* SPDX-License-Identifier: Apache-2.0 */
/* Says on standard error what is called. Settings fail_load and fail_init are the messages to fail with. */
#include <leat/leat.h>

#include <stdio.h>

static leat_status load(leat_context *ctx, void **shared)
{
    static int made;
    leat_str why = leat_setting(ctx, "fail_load");
    fputs("life: load\n", stderr);
    *shared = &made;
    return why.ptr != NULL ? leat_fail(ctx, "%s", why.ptr) : LEAT_OK;
}

static leat_status init(leat_context *ctx, void **state)
{
    leat_str why = leat_setting(ctx, "fail_init");
    fputs("life: init\n", stderr);
    *state = leat_shared(ctx);
    return why.ptr != NULL ? leat_fail(ctx, "%s", why.ptr) : LEAT_OK;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    fputs("life: handle\n", stderr);
    leat_log(ctx, LEAT_INFO, "a line of the log");
    return state == leat_shared(ctx) ? leat_ok(ctx) : leat_reject(ctx, "another state");
}

static void fini(void *state)
{
    (void)state;
    fputs("life: fini\n", stderr);
}

static void unload(void *shared)
{
    (void)shared;
    fputs("life: unload\n", stderr);
}

LEAT_HANDLER(life, .load = load, .init = init, .handle = handle, .fini = fini, .unload = unload);
