/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes down what it does, for a judge who kills it meanwhile: a line when it begins, a line just before it returns.
 *
 *     {"id": "17", "lane": "3", "number": 5, "retries": 1, "reject": true, "emit": true, "work_ms": 2}
 *
 *     start|ok|retry|reject ID LANE NUMBER ATTEMPT PID
 */
#define _POSIX_C_SOURCE 200809L
#include <leat/leat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;

static leat_status load(leat_context *ctx, void **shared)
{
    leat_str path = leat_setting(ctx, "log");
    *shared = NULL;
    log_fd = open(path.ptr != NULL ? path.ptr : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return log_fd >= 0 ? LEAT_OK : leat_fail(ctx, "%s: %s", path.ptr, strerror(errno));
}

static void unload(void *shared)
{
    (void)shared;
    close(log_fd);
}

static int number(const cJSON *data, const char *name)
{
    const cJSON *item = leat_json_get(data, name);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : 0;
}

/* One write: whole, or not there. */
static void note(leat_context *ctx, const cJSON *data, const char *what)
{
    char line[256];
    int len = snprintf(line, sizeof(line), "%s %s %s %d %u %d\n", what, leat_json_get_text(data, "id").ptr,
                       leat_json_get_text(data, "lane").ptr, number(data, "number"), leat_attempt(ctx), (int)getpid());
    if (write(log_fd, line, (size_t)len) != len)
        leat_log(ctx, LEAT_ERROR, "the line of an event cannot be written: %s", strerror(errno));
}

static bool emit(leat_context *ctx, const cJSON *data)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "{\"of\":\"%s\"}", leat_json_get_text(data, "id").ptr);
    const struct leat_new_event event = {.type = "chaos.emitted", .data = leat_str_of(text, (size_t)len)};
    return leat_is_ok(leat_emit_new(ctx, "emitted", &event));
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    const cJSON *data = leat_event_json(event);
    (void)state;
    note(ctx, data, "start");
    (void)poll(NULL, 0, number(data, "work_ms")); /* what a handler does all day: it waits for others */
    if ((int)leat_attempt(ctx) <= number(data, "retries")) {
        note(ctx, data, "retry");
        return leat_retry(ctx, "not yet");
    }
    if (cJSON_IsTrue(leat_json_get(data, "reject"))) {
        note(ctx, data, "reject");
        return leat_reject(ctx, "never");
    }
    if (cJSON_IsTrue(leat_json_get(data, "emit")) && !emit(ctx, data))
        return leat_retry(ctx, "cannot emit");
    note(ctx, data, "ok");
    return leat_ok(ctx);
}

LEAT_HANDLER(chaos, .load = load, .handle = handle, .unload = unload);
