/* SPDX-License-Identifier: Apache-2.0 */
/* Appends to the file of the setting `out`, a line an event, how long ago the event says that it was sent: nanoseconds
 * of the monotonic clock, which all processes of a machine share. */
#include <leat/leat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static leat_status open_out(leat_context *ctx, void **retstate)
{
    leat_str path = leat_setting(ctx, "out");
    if (path.ptr == NULL)
        return leat_fail(ctx, "the setting out is missing");
    *retstate = fopen(path.ptr, "a");
    return *retstate != NULL ? LEAT_OK : leat_fail(ctx, "%s: %s", path.ptr, strerror(errno));
}

static leat_outcome note(leat_context *ctx, const leat_event *event, void *state)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const cJSON *sent = leat_json_get(leat_event_json(event), "sent_ns");
    if (!cJSON_IsNumber(sent))
        return leat_reject(ctx, "it does not say when it was sent");
    int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    fprintf(state, "%" PRId64 "\n", now_ns - (int64_t)sent->valuedouble);
    return leat_ok(ctx);
}

static void close_out(void *state)
{
    (void)fclose(state);
}

LEAT_HANDLER(latency, .init = open_out, .handle = note, .fini = close_out);
