/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a worker: does what it is told, and leaves a line of JSON in the file that the setting `log` names for each call:
 * {"do": "retry", "name": "a", "attempt": 1, "ms": 1714675904123}. The instruction is a JSON object:
 *
 *     {"do": "ok" | "retry" | "reject" | "hang" | "obey" | "abort" | "null" | "exit", or a list: one an attempt, the
 *      last one for all others, "name": "a", "reason": "...", "delay_ms": 5, "touch": "PATH", "until": "PATH",
 *      "emit": ["SINK", ...]}
 *
 * It first makes the file `touch`, emits to each of the sinks, and then waits for the file `until`. hang: for ever, if
 * there is none; obey: until it is cancelled; both are ok then. null: writes where nothing is. With BATCH it takes
 * batches, and does all of one.
 */
#define _GNU_SOURCE
#include <leat/leat.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 5
#define MOST_MS 60000

static leat_str todo_of(const leat_context *ctx, const cJSON *told)
{
    const cJSON *todo = leat_json_get(told, "do");
    int attempt = (int)leat_attempt(ctx), last = cJSON_GetArraySize(todo);
    if (cJSON_IsArray(todo))
        todo = cJSON_GetArrayItem(todo, attempt < last ? attempt - 1 : last - 1);
    return leat_str_c(cJSON_GetStringValue(todo));
}

/* One write: several slots may have the file open. */
static bool note(leat_context *ctx, const cJSON *told, leat_str todo)
{
    char line[512];
    struct timespec now;
    leat_str name = leat_json_get_text(told, "name");
    (void)timespec_get(&now, TIME_UTC);
    int len =
        snprintf(line, sizeof(line), "{\"do\":\"%.*s\",\"name\":\"%.*s\",\"attempt\":%u,\"ms\":%lld}\n", LEAT_ARG(todo),
                 LEAT_ARG(name), leat_attempt(ctx), (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    int out = open(leat_setting(ctx, "log").ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool written = out >= 0 && write(out, line, (size_t)len) == len;
    if (out >= 0)
        (void)close(out);
    return written;
}

static void touch(const char *path)
{
    int made = path != NULL ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (made >= 0)
        (void)close(made);
}

static void wait_for(const char *path)
{
    for (int ms = 0; ms < MOST_MS && access(path, F_OK) != 0; ms += STEP_MS)
        (void)poll(NULL, 0, STEP_MS);
}

static void wait_cancelled(const leat_context *ctx)
{
    for (int ms = 0; ms < MOST_MS && !leat_cancelled(ctx); ms += STEP_MS)
        (void)poll(NULL, 0, STEP_MS);
}

static void end_process(leat_str how)
{
    int *volatile nowhere = NULL;
    if (leat_str_is(how, "abort"))
        abort();
    if (leat_str_is(how, "null"))
        *nowhere = 1;
    if (leat_str_is(how, "exit"))
        exit(3);
}

static bool emit_all(leat_context *ctx, const leat_event *event, const cJSON *sinks)
{
    const struct leat_new_event given = {.type = "made", .data = leat_event_data(event)};
    const cJSON *sink = NULL;
    cJSON_ArrayForEach (sink, sinks)
        if (!leat_is_ok(leat_emit_new(ctx, sink->valuestring, &given)))
            return false;
    return true;
}

static leat_outcome outcome_of(leat_context *ctx, const cJSON *told, leat_str todo)
{
    const char *reason = leat_json_get_text(told, "reason").ptr;
    const cJSON *delay = leat_json_get(told, "delay_ms");
    if (leat_str_is(todo, "retry") && cJSON_IsNumber(delay))
        return leat_retry_after(ctx, reason, (int64_t)delay->valuedouble);
    if (leat_str_is(todo, "retry"))
        return leat_retry(ctx, reason);
    if (leat_str_is(todo, "reject"))
        return leat_reject(ctx, reason);
    return leat_ok(ctx);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const cJSON *told = leat_event_json(event);
    leat_str todo = todo_of(ctx, told);
    const char *until = leat_json_get_text(told, "until").ptr;
    if (!note(ctx, told, todo))
        return leat_reject(ctx, "cannot write");
    touch(leat_json_get_text(told, "touch").ptr);
    if (!emit_all(ctx, event, leat_json_get_array(told, "emit")))
        return leat_reject(ctx, "cannot emit");
    if (until != NULL || leat_str_is(todo, "hang"))
        wait_for(until != NULL ? until : "/nowhere");
    if (leat_str_is(todo, "obey"))
        wait_cancelled(ctx);
    end_process(todo);
    return outcome_of(ctx, told, todo);
}

#ifdef BATCH
static void handle_batch(leat_context *ctx, struct leat_batch *batch, void *state)
{
    for (size_t i = 0; i < leat_batch_count(batch); i++)
        leat_batch_set(batch, i, handle(ctx, leat_batch_event(batch, i), state));
}

LEAT_HANDLER(worked, .handle_batch = handle_batch);
#else
LEAT_HANDLER(worked, .handle = handle);
#endif
