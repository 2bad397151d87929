/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes each event, its kind in front, as a line to the file that the setting `out` names. The outcome is a matter
 * of the event's id: the same in every mode, and mixed within a batch; with the setting `outcome` (ok, reject) it
 * is always that.
 */
#include <leat/leat.h>

#include <stdio.h>

#ifndef FLAGS
#define FLAGS 0 /* or LEAT_RAW */
#endif

static unsigned digest(leat_str id)
{
    unsigned sum = 2166136261u;
    for (size_t i = 0; i < id.len; i++)
        sum = (sum ^ (unsigned char)id.ptr[i]) * 16777619u;
    return sum >> 8;
}

static bool write_line(leat_context *ctx, const leat_event *event)
{
    leat_str kind = leat_event_kind(event), text = leat_event_to_json(ctx, event);
    FILE *out = fopen(leat_setting(ctx, "out").ptr, "a");
    if (out == NULL)
        return false;
    bool written = fprintf(out, "%.*s %.*s\n", LEAT_ARG(kind), LEAT_ARG(text)) > 0;
    return fclose(out) == 0 && written && text.ptr != NULL;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    if (!write_line(ctx, event))
        return leat_reject(ctx, "cannot write");
    leat_str always = leat_setting(ctx, "outcome");
    if (always.ptr != NULL)
        return leat_str_is(always, "ok") ? leat_ok(ctx) : leat_reject(ctx, "always");
    unsigned sum = digest(leat_event_id(event));
    if (sum % 4 == 0)
        return leat_retryf(ctx, "digest %u", sum);
    if (sum % 4 == 1)
        return leat_rejectf(ctx, "digest %u", sum);
    return leat_ok(ctx);
}

LEAT_HANDLER(journal, .flags = FLAGS, .handle = handle);
