/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no handler should do, and slow ones. The instruction is a JSON object:
 *
 *     {"do": "abort" | "fault" | "exit" | "hang" | "obey" | "big", "wait_ms": 5, "until": "PATH", "size": 1000,
 *      "echo": "text"}
 *
 * hang: not before the file is there, whatever the deadline; obey: until it is cancelled; big: a reply of so many
 * bytes. What else comes is answered with the text to echo, and which slot it was.
 */
#define _GNU_SOURCE
#include <leat/leat.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP_MS 5
#define MOST_MS 20000

static int number(const cJSON *told, const char *name)
{
    const cJSON *item = leat_json_get(told, name);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : 0;
}

static void hang(const char *path)
{
    for (int ms = 0; ms < MOST_MS && access(path, F_OK) != 0; ms += STEP_MS)
        (void)poll(NULL, 0, STEP_MS);
}

static leat_outcome obey(leat_context *ctx)
{
    for (int ms = 0; ms < MOST_MS && !leat_cancelled(ctx); ms += STEP_MS)
        (void)poll(NULL, 0, STEP_MS);
    return leat_retry(ctx, leat_cancelled(ctx) ? "cancelled" : "never cancelled");
}

static leat_outcome reply_big(leat_context *ctx, size_t size)
{
    char *text = leat_scratch(ctx, size + 1);
    if (text == NULL || size < 2)
        return leat_reject(ctx, "no room for it");
    memset(text, 'x', size);
    text[0] = text[size - 1] = '"';
    text[size] = '\0';
    return leat_reply_json(ctx, text);
}

static leat_outcome reply_echo(leat_context *ctx, const cJSON *told)
{
    struct leat_arena arena = {0};
    struct leat_buf out;
    leat_buf_init(&out, &arena);
    leat_buf_printf(&out, "{\"slot\":\"%lx\"", (unsigned long)pthread_self());
    leat_buf_json_member(&out, "request", leat_request_id(ctx));
    leat_buf_json_member(&out, "trace", leat_trace_id(ctx));
    leat_buf_json_member(&out, "environment", leat_str_c(getenv("_X_AMZN_TRACE_ID")));
    leat_buf_json_member(&out, "echo", leat_json_get_text(told, "echo"));
    leat_buf_char(&out, '}');
    leat_str text = leat_buf_str(&out);
    leat_outcome outcome = text.ptr != NULL ? leat_reply_json(ctx, text.ptr) : leat_retry(ctx, "no memory");
    leat_arena_fini(&arena);
    return outcome;
}

static void end_process(leat_str how)
{
    if (leat_str_is(how, "abort"))
        abort();
    if (leat_str_is(how, "fault"))
        (void)raise(SIGSEGV);
    if (leat_str_is(how, "exit"))
        _exit(9);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do");
    end_process(todo);
    if (number(told, "wait_ms") > 0)
        (void)poll(NULL, 0, number(told, "wait_ms"));
    if (leat_str_is(todo, "hang"))
        hang(leat_json_get_text(told, "until").ptr);
    if (leat_str_is(todo, "obey"))
        return obey(ctx);
    if (leat_str_is(todo, "big"))
        return reply_big(ctx, (size_t)number(told, "size"));
    return reply_echo(ctx, told);
}

LEAT_HANDLER(unruly, .handle = handle);
