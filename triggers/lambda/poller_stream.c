/* SPDX-License-Identifier: Apache-2.0 */
/* A poller whose handler streams its reply. */
#include "poller.h"

#include <leat/alloc.h>
#include <leat/http.h>

#define LATE_MS 1000 /* past the deadline, for the end of a stream */

static void on_writable(void *argument)
{
    const struct leat_poller *poller = argument;
    if (poller->delivery != NULL)
        leat_writable(&poller->delivery->units[0]);
}

static void on_ended(void *argument)
{
    struct leat_poller *poller = argument;
    const struct leat_reply_stream *stream = poller->stream;
    if (stream->status >= 500)
        leat_lambda_end(poller->lambda, stream->why);
    else if (stream->why[0] != '\0')
        leat_source_log(poller->lambda->source, LEAT_WARN, poller->delivery->invocation.request_id,
                        "the streamed answer was cut off: %s", stream->why);
    leat_poller_posted(poller);
}

static struct leat_reply_stream *stream_of(struct leat_poller *poller)
{
    if (poller->stream != NULL)
        return poller->stream;
    struct leat_reply_stream *stream = leat_alloc(sizeof(*stream));
    if (stream == NULL)
        return NULL;
    stream->writable = on_writable;
    stream->ended = on_ended;
    stream->argument = poller;
    stream->wire.loop = poller->lambda->loop;
    stream->wire.address = &poller->lambda->options.peer->address;
    leat_reply_stream_init(stream);
    poller->stream = stream;
    return stream;
}

/* HTTP answers have a prelude, those to direct calls are bytes as they are; nothing else can be streamed. */
leat_status leat_poller_begin_stream(struct leat_poller *poller, const struct leat_unit *unit,
                                     const struct leat_reply *reply)
{
    enum leat_reply_shape shape = unit->record->adapter->shape;
    bool http = shape == LEAT_REPLY_HTTP;
    if ((!http && shape != LEAT_REPLY_DIRECT) || unit->events.count != 1 || poller->delivery->unit_count != 1)
        return LEAT_STATUS(UNKNOWN);
    struct leat_reply_stream *stream = stream_of(poller);
    if (stream == NULL)
        return LEAT_STATUS(NO_MEMORY);
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini);
    leat_arena_init(&arena, 0);
    struct leat_lambda_request request = {
        .method = "POST",
        .path = leat_lambda_path(&arena, poller->delivery->invocation.request_id, "response"),
        .content_type = http ? LEAT_STR("application/vnd.awslambda.http-integration-response")
                        : reply->content_type.ptr != NULL ? reply->content_type
                                                          : LEAT_STR("application/octet-stream"),
        .invocation_id = poller->invocation_id,
        .stream = true,
    };
    leat_str head = leat_lambda_head(&arena, poller->lambda->options.peer, &request);
    leat_str prelude = http ? leat_http_prelude(&arena, reply) : LEAT_STR("");
    if (arena.overflow)
        return leat_arena_status(&arena);
    return leat_reply_stream_begin(stream, head, prelude) ? LEAT_OK : LEAT_STATUS(AWAY);
}

bool leat_poller_streams(const struct leat_poller *poller)
{
    return poller->stream != NULL && poller->stream->open;
}

/* Whoever has not read the rest by then is not waited for. */
static int64_t limit_of(const struct leat_delivery *delivery)
{
    if (delivery->invocation.deadline_ms == 0)
        return INT64_MAX;
    int64_t left_ms = delivery->invocation.deadline_ms - leat_clock_wall_ms(&leat_clock_system);
    return (left_ms > 0 ? left_ms : 0) + LATE_MS;
}

void leat_poller_end_stream(struct leat_poller *poller, const struct leat_settlement *settlement)
{
    struct leat_arena *arena = &poller->delivery->results;
    leat_str type = LEAT_ABSENT, body = LEAT_ABSENT;
    if (settlement->outcome != LEAT_OUTCOME_OK) {
        type = leat_error_type(settlement);
        body = leat_lambda_error(arena, type, settlement->reason.ptr != NULL ? settlement->reason : LEAT_STR("failed"));
    }
    poller->phase = LEAT_POLLER_POSTING;
    leat_reply_stream_end(poller->stream, type, body, limit_of(poller->delivery));
}
