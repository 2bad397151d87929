/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks around a snapshot. Says on standard error what is called; the settings fail_snapshot and fail_restore are the
 * messages to fail with. */
#include <leat/leat.h>

#include <stdio.h>

static leat_status init(leat_context *ctx, void **state)
{
    static int made;
    (void)ctx;
    fputs("hooks: init\n", stderr);
    *state = &made;
    return LEAT_OK;
}

static leat_status called(leat_context *ctx, void *state, const char *hook, const char *setting)
{
    leat_str why = leat_setting(ctx, setting);
    (void)fprintf(stderr, "hooks: %s%s\n", hook, state != NULL ? "" : " without state");
    return why.ptr != NULL ? leat_fail(ctx, "%s", why.ptr) : LEAT_OK;
}

static leat_status snapshot(leat_context *ctx, void *state)
{
    return called(ctx, state, "snapshot", "fail_snapshot");
}

static leat_status restore(leat_context *ctx, void *state)
{
    return called(ctx, state, "restore", "fail_restore");
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    fputs("hooks: handle\n", stderr);
    return leat_ok(ctx);
}

LEAT_HANDLER(hooks, .init = init, .handle = handle, .snapshot = snapshot, .restore = restore);
