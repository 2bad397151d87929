/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handler from a bad world. The instruction is a JSON object:
 *
 *     {"do": "ok" | "retry" | "reject" | "hang" | "fault" | "abort" | "exit" | "deep" | "leak" | "files" | "other" |
 *            "garbage" | "nothing" | "reason" | "big" | "emit",
 *      "wait_ms": 5, "hex": "1b5b", "size": 1000, "sink": "nobody", "first": true}
 *
 * `first`: only in the first attempt, then it is ok. Each call is a line "POSITION ATTEMPT THREAD" of the file that the
 * setting `ran` names.
 */
#define _GNU_SOURCE
#include <leat/leat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static leat_outcome kept; /* of another call */
static volatile int sink_of_all;

static int number(const cJSON *told, const char *name)
{
    const cJSON *item = leat_json_get(told, name);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : 0;
}

static void note(leat_context *ctx)
{
    leat_str path = leat_setting(ctx, "ran"), position = leat_position(ctx);
    char line[512];
    int fd = path.ptr != NULL ? open(path.ptr, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    int len =
        snprintf(line, sizeof(line), "%.*s %u %d\n", (int)position.len, position.ptr, leat_attempt(ctx), (int)gettid());
    (void)!write(fd, line, (size_t)len);
    (void)close(fd);
}

static leat_str from_hex(leat_context *ctx, const char *hex)
{
    size_t len = strlen(hex) / 2;
    char *bytes = leat_scratch(ctx, len + 1);
    for (size_t i = 0; bytes != NULL && i < len; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    if (bytes != NULL)
        bytes[len] = '\0';
    return leat_str_of(bytes, bytes != NULL ? len : 0);
}

/* Deeper than any stack. */
static int deep(int n)
{
    volatile char room[4096];
    room[n % 4096] = (char)n;
    return n < 0 ? 0 : deep(n + 1) + room[0];
}

/* All memory there is; then what most programs do. */
static void leak(void)
{
    for (;;) {
        char *more = malloc(1 << 20);
        if (more == NULL)
            (void)raise(SIGSEGV);
        memset(more, 1, 1 << 20);
    }
}

static void use_up_files(void)
{
    while (open("/dev/null", O_RDONLY) >= 0)
        continue;
}

static void wreck(leat_str how)
{
    if (leat_str_is(how, "hang"))
        for (;;)
            (void)poll(NULL, 0, 1000);
    if (leat_str_is(how, "fault"))
        (void)raise(SIGSEGV);
    if (leat_str_is(how, "abort"))
        abort();
    if (leat_str_is(how, "exit"))
        exit(0);
    if (leat_str_is(how, "deep"))
        sink_of_all = deep(1);
    if (leat_str_is(how, "leak"))
        leak();
    if (leat_str_is(how, "files"))
        use_up_files();
}

static char *text_of(size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memset(text, 'x', size);
    text[size] = '\0';
    return text;
}

static leat_outcome give_much(leat_context *ctx, const cJSON *told)
{
    char *text = text_of((size_t)number(told, "size"));
    leat_outcome outcome = leat_str_is(leat_json_get_text(told, "do"), "big")
                               ? leat_reply_bytes(ctx, 200, "text/plain", leat_str_c(text))
                               : leat_reject(ctx, text);
    free(text);
    return outcome;
}

static leat_outcome garble(leat_context *ctx, leat_str todo, const cJSON *told)
{
    leat_outcome outcome;
    if (leat_str_is(todo, "other"))
        return kept;
    if (leat_str_is(todo, "garbage")) {
        memset(&outcome, 0xa5, sizeof(outcome));
        return outcome;
    }
    if (leat_str_is(todo, "nothing"))
        return (leat_outcome){0};
    if (leat_str_is(todo, "reason") && number(told, "size") == 0)
        return leat_reject(ctx, from_hex(ctx, leat_json_get_text(told, "hex").ptr).ptr);
    if (leat_str_is(todo, "big") || leat_str_is(todo, "reason"))
        return give_much(ctx, told);
    if (leat_str_is(todo, "emit")) {
        const struct leat_new_event event = {.type = "t", .data = LEAT_STR("{}")};
        return leat_is_ok(leat_emit_new(ctx, leat_json_get_text(told, "sink").ptr, &event))
                   ? leat_ok(ctx)
                   : leat_retry(ctx, "cannot emit");
    }
    return leat_ok(ctx);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do");
    note(ctx);
    if (number(told, "wait_ms") > 0)
        (void)poll(NULL, 0, number(told, "wait_ms"));
    if (cJSON_IsTrue(leat_json_get(told, "first")) && leat_attempt(ctx) > 1)
        return leat_ok(ctx);
    wreck(todo);
    if (leat_str_is(todo, "retry"))
        return leat_retry(ctx, "not yet");
    if (leat_str_is(todo, "reject")) {
        kept = leat_reject(ctx, "of its own");
        return kept;
    }
    return garble(ctx, todo, told);
}

LEAT_HANDLER(nasty, .handle = handle);
