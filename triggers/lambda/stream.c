/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <leat/alloc.h>
#include <leat/text.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#define SIZE_LINE 12 /* "ffffffff\r\n" and to spare */

static void clear_timer(const struct leat_reply_stream *stream)
{
    if (stream->timer != NULL)
        leat_timer_clear(stream->timer);
}

static void gone(struct leat_reply_stream *stream, const char *why)
{
    snprintf(stream->why, sizeof(stream->why), "%s", why);
    stream->busy = false;
    stream->over = true;
    clear_timer(stream);
    leat_wire_expect(&stream->wire, NULL);
    leat_wire_close(&stream->wire);
    if (stream->ending)
        stream->ended(stream->argument);
    else if (!stream->writing)
        stream->writable(stream->argument);
}

static void on_broke(void *argument, const char *why)
{
    gone(argument, why);
}

/* The platform has spoken: at the end, or before, when it wants no more. */
static void on_received(void *argument)
{
    struct leat_reply_stream *stream = argument;
    char why[48];
    stream->status = stream->inbox.message.status;
    snprintf(why, sizeof(why), "the Runtime API answered %d", stream->status);
    bool well = stream->over && stream->status < 300;
    clear_timer(stream);
    leat_wire_expect(&stream->wire, NULL);
    leat_wire_close(&stream->wire);
    if (well)
        stream->ended(stream->argument);
    else
        gone(stream, why);
}

static void on_limit(void *argument)
{
    gone(argument, "nobody read its end");
}

static void set_timer(struct leat_reply_stream *stream, int64_t limit_ms)
{
    if (limit_ms == INT64_MAX)
        return;
    if (stream->timer == NULL)
        stream->timer = leat_loop_timer(stream->wire.loop, on_limit, stream);
    if (stream->timer != NULL)
        leat_timer_set(stream->timer, limit_ms);
}

static bool send_text(struct leat_reply_stream *stream, leat_str text)
{
    struct iovec part = {.iov_base = (char *)(uintptr_t)text.ptr, .iov_len = text.len};
    stream->busy = true; /* until on_written, which may come at once */
    return leat_wire_send(&stream->wire, &part, 1);
}

static void send_last(struct leat_reply_stream *stream)
{
    stream->over = true;
    if (!send_text(stream, stream->last))
        gone(stream, strerror(errno));
}

static void on_written(void *argument)
{
    struct leat_reply_stream *stream = argument;
    stream->busy = false;
    if (stream->ending && !stream->over)
        send_last(stream);
    else if (!stream->over && !stream->writing)
        stream->writable(stream->argument);
}

void leat_reply_stream_init(struct leat_reply_stream *stream)
{
    leat_wire_init(&stream->wire);
    stream->wire.received = on_received;
    stream->wire.broke = on_broke;
    stream->wire.written = on_written;
    stream->wire.argument = stream;
    leat_arena_init(&stream->arena, 0);
}

void leat_reply_stream_fini(struct leat_reply_stream *stream)
{
    leat_timer_free(stream->timer);
    leat_wire_fini(&stream->wire);
    leat_inbox_fini(&stream->inbox);
    leat_arena_fini(&stream->arena);
    leat_free(stream->room);
    stream->room = NULL;
}

static leat_str chunk(struct leat_arena *arena, leat_str bytes)
{
    if (bytes.len == 0)
        return LEAT_STR("");
    leat_str size = leat_arena_printf(arena, "%zx\r\n", bytes.len);
    char *all = leat_arena_alloc(arena, size.len + bytes.len + 2);
    if (all == NULL)
        return LEAT_ABSENT;
    memcpy(all, size.ptr, size.len);
    memcpy(all + size.len, bytes.ptr, bytes.len);
    memcpy(all + size.len + bytes.len, "\r\n", 2);
    return leat_str_of(all, size.len + bytes.len + 2);
}

bool leat_reply_stream_begin(struct leat_reply_stream *stream, leat_str head, leat_str prelude)
{
    leat_arena_reset(&stream->arena);
    if (stream->room == NULL)
        stream->room = leat_alloc_raw(SIZE_LINE + LEAT_STREAM_ROOM + 2);
    leat_str first = leat_arena_printf(&stream->arena, "%.*s", LEAT_ARG(head)), start = chunk(&stream->arena, prelude);
    if (stream->room == NULL || stream->arena.overflow)
        return false;
    stream->busy = stream->ending = stream->over = false;
    stream->status = 0;
    stream->why[0] = '\0';
    struct iovec parts[2] = {{.iov_base = (char *)(uintptr_t)first.ptr, .iov_len = first.len},
                             {.iov_base = (char *)(uintptr_t)start.ptr, .iov_len = start.len}};
    leat_wire_expect(&stream->wire, &stream->inbox);
    stream->busy = true;
    stream->open = leat_wire_send(&stream->wire, parts, 2);
    return stream->open;
}

size_t leat_reply_stream_write(struct leat_reply_stream *stream, leat_str bytes)
{
    if (stream->why[0] != '\0')
        return SIZE_MAX;
    if (stream->busy || bytes.len == 0)
        return 0;
    size_t count = bytes.len < LEAT_STREAM_ROOM ? bytes.len : LEAT_STREAM_ROOM;
    int line = snprintf(stream->room, SIZE_LINE, "%zx\r\n", count);
    memcpy(stream->room + line, bytes.ptr, count);
    memcpy(stream->room + line + count, "\r\n", 2);
    stream->writing = true; /* who writes needs no call back */
    if (!send_text(stream, leat_str_of(stream->room, (size_t)line + count + 2)))
        gone(stream, strerror(errno));
    stream->writing = false;
    return stream->why[0] == '\0' ? count : SIZE_MAX;
}

bool leat_reply_stream_wait(struct leat_reply_stream *stream, int64_t limit_ms)
{
    struct pollfd ready = {.fd = stream->wire.fd, .events = POLLOUT};
    if (!stream->busy)
        return true;
    int polled = poll(&ready, 1, limit_ms > INT_MAX ? -1 : (int)limit_ms);
    if (polled < 0 && errno == EINTR)
        return true; /* and ask again */
    if (polled > 0)
        leat_wire_flush(&stream->wire);
    return polled > 0;
}

void leat_reply_stream_end(struct leat_reply_stream *stream, leat_str error_type, leat_str error_body, int64_t limit_ms)
{
    stream->open = false;
    stream->ending = true;
    set_timer(stream, limit_ms);
    stream->last = LEAT_STR("0\r\n\r\n");
    if (error_type.ptr != NULL)
        stream->last =
            leat_arena_printf(&stream->arena,
                              "0\r\nLambda-Runtime-Function-Error-Type: %.*s\r\n"
                              "Lambda-Runtime-Function-Error-Body: %.*s\r\n\r\n",
                              LEAT_ARG(error_type), LEAT_ARG(leat_base64_encode(&stream->arena, error_body)));
    if (stream->why[0] != '\0' || stream->last.ptr == NULL)
        gone(stream, stream->why[0] != '\0' ? stream->why : "out of memory");
    else if (!stream->busy)
        send_last(stream);
}
