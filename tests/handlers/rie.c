/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what it is told, for the tests on the Runtime Interface Emulator. The instruction is the payload of a direct
 * call, or the body of a message or request:
 *
 *     {"do": "tell"}                      what the context says, how often this slot was called, and "name"
 *     {"do": "wait", "at": SOCKET}        says "name" there, waits for a byte, then tells
 *     {"do": "echo"}                      the payload
 *     {"do": "fill", "bytes": N}          an answer of N bytes
 *     {"do": "stream", "parts": N}        "part 1\n", "part 2\n", ...; then the outcome "then"
 *     {"do": "http", "status": N, "body": TEXT}
 *     {"do": "log", "text": TEXT}
 *     {"do": "retry" | "reject", "reason": TEXT}
 *     {"do": "exit" | "crash"}
 *
 * Setting fail_init: the message to fail with. At a good end it says "rie: fini" on standard error.
 */
#include <leat/leat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { EXIT_AS_TOLD = 3, WAIT_LIMIT_S = 30 };

struct slot {
    int calls;
};

static leat_status init(leat_context *ctx, void **state)
{
    leat_str why = leat_setting(ctx, "fail_init");
    if (why.ptr != NULL)
        return leat_fail(ctx, "%s", why.ptr);
    *state = calloc(1, sizeof(struct slot));
    return *state != NULL ? LEAT_OK : LEAT_STATUS(NO_MEMORY);
}

static void fini(void *state)
{
    free(state);
    fputs("rie: fini\n", stderr);
}

static leat_outcome reply_with(leat_context *ctx, cJSON *reply)
{
    char *text = cJSON_PrintUnformatted(reply);
    leat_outcome outcome = text != NULL ? leat_reply_json(ctx, text) : leat_retry(ctx, "out of memory");
    cJSON_free(text);
    cJSON_Delete(reply);
    return outcome;
}

static void add(leat_context *ctx, cJSON *reply, const char *name, leat_str value)
{
    char *copy = leat_scratch(ctx, value.len + 1);
    if (copy == NULL || value.ptr == NULL)
        return;
    memcpy(copy, value.ptr, value.len);
    copy[value.len] = '\0';
    cJSON_AddStringToObject(reply, name, copy);
}

static leat_outcome tell(leat_context *ctx, const cJSON *told, const struct slot *slot)
{
    cJSON *reply = cJSON_CreateObject();
    add(ctx, reply, "name", leat_json_get_text(told, "name"));
    add(ctx, reply, "request", leat_request_id(ctx));
    add(ctx, reply, "function", leat_function_arn(ctx));
    add(ctx, reply, "client", leat_client_context(ctx));
    cJSON_AddNumberToObject(reply, "remaining_ms", (double)leat_remaining_ms(ctx));
    cJSON_AddNumberToObject(reply, "calls", slot->calls);
    cJSON_AddNumberToObject(reply, "pid", getpid());
    return reply_with(ctx, reply);
}

/* A limit of time makes a read end with EINTR whenever the process was stopped, as sanitizers do at its end. */
static bool read_byte(int fd)
{
    char byte;
    ssize_t got;
    do
        got = read(fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

/* True once somebody at that socket has let us go on. */
static bool wait_at(const char *path, leat_str name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = WAIT_LIMIT_S};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    bool good = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
                connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                write(fd, name.ptr, name.len) == (ssize_t)name.len && write(fd, "\n", 1) == 1 && read_byte(fd);
    close(fd);
    return good;
}

static leat_outcome fill(leat_context *ctx, size_t bytes)
{
    char *text = malloc(bytes + 1);
    if (text == NULL || bytes < 2) {
        free(text);
        return leat_retry(ctx, "no such answer");
    }
    memset(text, 'x', bytes);
    text[0] = text[bytes - 1] = '"';
    text[bytes] = '\0';
    leat_outcome outcome = leat_reply_json(ctx, text);
    free(text);
    return outcome;
}

static leat_outcome stream(leat_context *ctx, int parts, leat_str then)
{
    char part[32];
    if (!leat_is_ok(leat_stream_begin(ctx, 200, "text/plain")))
        return leat_retry(ctx, "no stream");
    for (int i = 1; i <= parts; i++) {
        int len = snprintf(part, sizeof(part), "part %d\n", i);
        if (!leat_is_ok(leat_stream_write(ctx, leat_str_of(part, (size_t)len))))
            return leat_retry(ctx, "the stream broke");
    }
    return leat_str_is(then, "retry") ? leat_retry(ctx, "broken off") : leat_ok(ctx);
}

static int number(const cJSON *told, const char *name)
{
    const cJSON *item = leat_json_get(told, name);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : 0;
}

static leat_outcome reply(leat_context *ctx, const leat_event *event, const struct slot *slot)
{
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do");
    const char *path = leat_json_get_text(told, "at").ptr;
    if (leat_str_is(todo, "wait") && (path == NULL || !wait_at(path, leat_json_get_text(told, "name"))))
        return leat_retry(ctx, "nobody let it go on");
    if (leat_str_is(todo, "tell") || leat_str_is(todo, "wait"))
        return tell(ctx, told, slot);
    if (leat_str_is(todo, "echo"))
        return reply_with(ctx, cJSON_Duplicate(told, true));
    if (leat_str_is(todo, "fill"))
        return fill(ctx, (size_t)number(told, "bytes"));
    if (leat_str_is(todo, "stream"))
        return stream(ctx, number(told, "parts"), leat_json_get_text(told, "then"));
    if (leat_str_is(todo, "http"))
        return leat_reply_http(ctx, number(told, "status"), "text/plain", leat_json_get_text(told, "body").ptr);
    return leat_ok(ctx);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    struct slot *slot = state;
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do");
    slot->calls++;
    if (leat_str_is(todo, "exit"))
        exit(EXIT_AS_TOLD);
    if (leat_str_is(todo, "crash"))
        abort();
    if (leat_str_is(todo, "log"))
        leat_log(ctx, LEAT_INFO, "%s", leat_json_get_text(told, "text").ptr);
    if (leat_str_is(todo, "retry"))
        return leat_retry(ctx, leat_json_get_text(told, "reason").ptr);
    if (leat_str_is(todo, "reject"))
        return leat_reject(ctx, leat_json_get_text(told, "reason").ptr);
    return reply(ctx, event, slot);
}

LEAT_HANDLER(rie, .init = init, .handle = handle, .fini = fini);
