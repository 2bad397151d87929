/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a file or of a named pipe. Neither takes anything back: what is given back is named in the log. */
#include "acme.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 65536 };

struct lines {
    struct leat_source *source;
    struct leat_loop *loop;
    struct leat_watch *watch; /* of a pipe, while there is credit: what is ready and not read would call for ever */
    char path[4096];
    char buffer[LINE_MAX_BYTES + 1]; /* and the end of a last line that has none */
    size_t len;
    int fd;
    uint32_t credit, under_way;
    uint64_t count;
    bool regular, posted, ended, stopped;
};

static void stop_if_over(struct lines *lines)
{
    if (!lines->ended || lines->len > 0 || lines->under_way > 0 || lines->stopped)
        return;
    lines->stopped = true;
    leat_source_state(lines->source, LEAT_IDLE, NULL);
    leat_stopped(lines->source);
}

static bool deliver(struct lines *lines, leat_str line)
{
    struct leat_delivery *delivery = leat_delivery_new(lines->source);
    if (delivery == NULL)
        return false;
    struct leat_arena *arena = leat_delivery_arena(delivery);
    leat_str text = leat_arena_copy(arena, line);
    delivery->invocation.request_id = leat_arena_printf(arena, "line-%llu", (unsigned long long)++lines->count);
    if (!leat_is_ok(leat_delivery_text(delivery, text, NULL))) {
        leat_source_log(lines->source, LEAT_WARN, delivery->invocation.request_id, "%s", delivery->error.message);
        leat_delivery_drop(delivery);
        return true;
    }
    lines->under_way += delivery->unit_count;
    lines->credit -= delivery->unit_count < lines->credit ? delivery->unit_count : lines->credit;
    leat_deliver(delivery);
    return true;
}

/* Whole lines of the buffer, as far as the credit goes. */
static void deliver_lines(struct lines *lines)
{
    size_t at = 0;
    while (lines->credit > 0) {
        const char *end = (const char *)memchr(lines->buffer + at, '\n', lines->len - at);
        if (end == NULL || !deliver(lines, leat_str_of(lines->buffer + at, (size_t)(end - lines->buffer) - at)))
            break;
        at = (size_t)(end - lines->buffer) + 1;
    }
    lines->len -= at;
    memmove(lines->buffer, lines->buffer + at, lines->len);
}

static void unwatch(struct lines *lines)
{
    leat_watch_free(lines->watch);
    lines->watch = NULL;
}

static void end(struct lines *lines)
{
    unwatch(lines);
    lines->ended = true;
    if (lines->len > 0 && lines->buffer[lines->len - 1] != '\n')
        lines->buffer[lines->len++] = '\n';
}

static void fail(struct lines *lines, const char *why)
{
    unwatch(lines);
    lines->ended = true;
    lines->len = 0;
    leat_source_state(lines->source, LEAT_FAILED, why);
}

/* False: there is nothing to read now, or never again. */
static bool read_more(struct lines *lines)
{
    if (lines->len == LINE_MAX_BYTES) {
        fail(lines, "acme: a line is longer than 64 KiB");
        return false;
    }
    ssize_t got = read(lines->fd, lines->buffer + lines->len, LINE_MAX_BYTES - lines->len);
    if (got > 0) {
        lines->len += (size_t)got;
        return true;
    }
    if (got == 0)
        end(lines);
    else if (errno != EAGAIN && errno != EINTR)
        fail(lines, "acme: the file cannot be read");
    return false;
}

static void on_readable(void *argument, short what);

static void watch(struct lines *lines)
{
    bool wanted = !lines->regular && !lines->ended && lines->credit > 0;
    if (!wanted)
        unwatch(lines);
    else if (lines->watch == NULL)
        lines->watch = leat_loop_watch(lines->loop, lines->fd, LEAT_READABLE, on_readable, lines);
    if (wanted && lines->watch == NULL)
        fail(lines, "acme: the file cannot be watched");
}

/* A pipe is only read when it is ready: before its first writer it looks as if it were at its end. */
static void go_on(struct lines *lines, bool ready)
{
    bool more = true;
    while (more) {
        deliver_lines(lines);
        more = ready && !lines->ended && lines->credit > 0 && read_more(lines);
    }
    deliver_lines(lines); /* the last one, which may have had no end */
    watch(lines);
    stop_if_over(lines);
}

static void on_readable(void *argument, short what)
{
    (void)what;
    go_on((struct lines *)argument, true);
}

static void on_turn(void *argument)
{
    struct lines *lines = (struct lines *)argument;
    lines->posted = false;
    go_on(lines, lines->regular);
}

/* --- what the engine calls ----------------------------------------------------------------------------- */

static leat_status init(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                        struct leat_error *reterr)
{
    struct lines *lines = (struct lines *)self;
    leat_str file = ((const struct acme_options *)options)->file;
    lines->source = source;
    lines->loop = loop;
    lines->fd = -1;
    if (file.len == 0 || file.len >= sizeof(lines->path))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "acme: file is no path");
    memcpy(lines->path, file.ptr, file.len);
    return LEAT_OK;
}

static leat_status start(void *self, struct leat_error *reterr)
{
    struct lines *lines = (struct lines *)self;
    struct stat info;
    lines->fd = open(lines->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (lines->fd < 0 || fstat(lines->fd, &info) != 0)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "acme: %s: %s", lines->path, strerror(errno));
    lines->regular = S_ISREG(info.st_mode);
    leat_source_state(lines->source, LEAT_CONSUMING, NULL);
    return LEAT_OK;
}

static void demand(void *self, uint32_t units, size_t bytes)
{
    struct lines *lines = (struct lines *)self;
    (void)bytes;
    lines->credit = units;
    if (!lines->posted) /* what it delivers is for the engine's next turn, not for this one */
        lines->posted = leat_loop_post(lines->loop, on_turn, lines);
}

static void settle(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements, size_t count)
{
    struct lines *lines = (struct lines *)self;
    for (size_t i = 0; i < count; i++) {
        if (settlements[i].verdict != LEAT_ACK)
            leat_source_log(lines->source, LEAT_WARN, delivery->invocation.request_id, "unit %u is not done: %.*s",
                            settlements[i].unit->index, LEAT_ARG(settlements[i].reason));
        lines->under_way--;
        leat_settled(settlements[i].unit, LEAT_OK);
    }
    stop_if_over(lines);
}

static void stop(void *self)
{
    struct lines *lines = (struct lines *)self;
    unwatch(lines);
    lines->ended = true;
    lines->len = 0;
    stop_if_over(lines);
}

static void close_lines(void *self)
{
    struct lines *lines = (struct lines *)self;
    unwatch(lines);
    if (lines->fd >= 0)
        close(lines->fd);
    lines->fd = -1;
}

const struct leat_option acme_options[] = {
    {.key = "file",
     .type = LEAT_OPTION_PATH,
     .offset = offsetof(struct acme_options, file),
     .choices = "!",
     .help = "the file, or the named pipe"},
    {.key = NULL},
};

const struct leat_source_ops acme_source = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_source_ops),
    .name = "acme",
    .state_size = sizeof(struct lines),
    .caps = {.settle = LEAT_SETTLE_EACH, .retry = LEAT_BY_ENGINE},
    .options = acme_options,
    .options_size = sizeof(struct acme_options),
    .init = init,
    .start = start,
    .demand = demand,
    .settle = settle,
    .stop = stop,
    .close = close_lines,
};
