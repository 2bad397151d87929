/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams its reply, as told: {"status": 200, "type": "text/plain", "header": "value", "parts": ["...", ...],
 * "count": 10, "size": 1000, "after": "PATH", "do": "ok" | "retry" | "reject" | "abort" | "early" | "again"}. First the
 * parts, then (once the file is there) `count` times `size` bytes. early: rejects before it has begun. Says on standard
 * error what leat_stream_write() did not take.
 */
#include <leat/leat.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP_MS 5
#define MOST_MS 10000

static int number(const cJSON *told, const char *name)
{
    const cJSON *item = leat_json_get(told, name);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : 0;
}

static void wait_for(const char *path)
{
    for (int ms = 0; path != NULL && ms < MOST_MS && access(path, F_OK) != 0; ms += STEP_MS)
        (void)poll(NULL, 0, STEP_MS);
}

static bool write_all(leat_context *ctx, const cJSON *told)
{
    const cJSON *part = NULL;
    cJSON_ArrayForEach (part, leat_json_get_array(told, "parts"))
        if (!leat_is_ok(leat_stream_write(ctx, leat_str_c(part->valuestring))))
            return false;
    wait_for(leat_json_get_text(told, "after").ptr);
    size_t size = (size_t)number(told, "size");
    char *block = leat_scratch(ctx, size + 1);
    if (block == NULL)
        return false;
    memset(block, 'x', size + 1);
    for (int i = 0; i < number(told, "count"); i++)
        if (!leat_is_ok(leat_stream_write(ctx, leat_str_of(block, size))))
            return false;
    return true;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do");
    if (leat_str_is(todo, "early"))
        return leat_reject(ctx, "before it began");
    if (leat_json_get(told, "header") != NULL)
        leat_reply_header(ctx, "x-own", leat_json_get_text(told, "header").ptr);
    if (!leat_is_ok(leat_stream_begin(ctx, number(told, "status"), leat_json_get_text(told, "type").ptr)))
        return leat_reject(ctx, "cannot stream");
    if (!write_all(ctx, told))
        fputs("streamed: not taken\n", stderr);
    if (leat_str_is(todo, "abort"))
        abort();
    if (leat_str_is(todo, "retry"))
        return leat_retry(ctx, "broke off");
    return leat_str_is(todo, "reject") ? leat_reject(ctx, "broke off") : leat_ok(ctx);
}

LEAT_HANDLER(streamed, .handle = handle);
