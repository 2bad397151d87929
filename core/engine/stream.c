/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streamed replies. The source is spoken to on the loop thread alone: a handler there speaks to it directly and waits
 * in the source; one on a slot's thread leaves its bytes where they lie, asks the loop thread to pass them on, and
 * waits.
 */
#include <engine/internal.h>

#include <stdio.h>

/* On the stack of a handler that waits for it. */
struct leat_stream_request {
    struct leat_stream_request *next; /* among those that wait for room */
    struct leat_run *run;
    struct leat_unit *unit;
    const struct leat_reply *begin; /* NULL: a write */
    leat_str bytes;
    leat_status status;
    bool done;
    pthread_mutex_t lock; /* guards status and done */
    pthread_cond_t changed;
};

static const struct leat_source_ops *ops_of(const struct leat_unit *unit)
{
    return unit->delivery->source->ops;
}

/* --- the loop thread's half ------------------------------------------------------------------------------- */

static void finish(struct leat_stream_request *request, leat_status status)
{
    pthread_mutex_lock(&request->lock);
    request->status = status;
    request->done = true;
    pthread_cond_signal(&request->changed); /* under the lock: the handler's stack is gone soon after */
    pthread_mutex_unlock(&request->lock);
}

static bool is_unwanted(const struct leat_run *run, const struct leat_unit *unit)
{
    return atomic_load(&run->cancelled) || unit->lost || unit->run != run;
}

/* True: it is finished. */
static bool pass_on(struct leat_stream_request *request)
{
    struct leat_unit *unit = request->unit;
    void *source = unit->delivery->source->self;
    while (request->bytes.len > 0) {
        size_t taken =
            is_unwanted(request->run, unit) ? LEAT_GONE : ops_of(unit)->reply_write(source, unit, request->bytes);
        if (taken == 0)
            return false;
        if (taken == LEAT_GONE) {
            finish(request, LEAT_STATUS(AWAY));
            return true;
        }
        request->bytes = leat_str_skip(request->bytes, taken);
    }
    finish(request, LEAT_OK);
    return true;
}

static void on_request(void *argument)
{
    struct leat_stream_request *request = argument;
    struct leat_unit *unit = request->unit;
    struct leat_engine *engine = request->run->engine;
    if (request->begin != NULL) {
        bool unwanted = is_unwanted(request->run, unit);
        finish(request, unwanted ? LEAT_STATUS(AWAY)
                                 : ops_of(unit)->reply_begin(unit->delivery->source->self, unit, request->begin));
    } else if (!pass_on(request)) {
        request->next = engine->streaming;
        engine->streaming = request;
    }
}

/* Those of the unit, or of the run, go on; a finished one is gone from the list before its handler knows. */
static void go_on(struct leat_engine *engine, const struct leat_unit *unit, const struct leat_run *run)
{
    struct leat_stream_request **at = &engine->streaming;
    while (*at != NULL) {
        struct leat_stream_request *request = *at;
        struct leat_stream_request *next = request->next;
        bool meant = (unit != NULL && request->unit == unit) || (run != NULL && request->run == run);
        bool finished = meant && pass_on(request);
        if (finished)
            *at = next;
        else
            at = &request->next;
    }
}

void leat_writable(struct leat_unit *unit)
{
    go_on(unit->delivery->source->engine, unit, NULL);
}

void leat_stream_abort(struct leat_run *run)
{
    go_on(run->engine, NULL, run);
}

/* --- the handler's half ------------------------------------------------------------------------------------ */

static leat_status ask_loop(struct leat_context *context, const struct leat_reply *begin, leat_str bytes)
{
    struct leat_stream_request request = {.run = context->run,
                                          .unit = context->work->unit,
                                          .begin = begin,
                                          .bytes = bytes,
                                          .lock = PTHREAD_MUTEX_INITIALIZER,
                                          .changed = PTHREAD_COND_INITIALIZER};
    if (!leat_loop_post(context->engine->loop, on_request, &request))
        return LEAT_STATUS(NO_MEMORY);
    pthread_mutex_lock(&request.lock);
    while (!request.done)
        pthread_cond_wait(&request.changed, &request.lock);
    pthread_mutex_unlock(&request.lock);
    pthread_cond_destroy(&request.changed);
    pthread_mutex_destroy(&request.lock);
    return request.status;
}

static bool on_loop_thread(const struct leat_context *context)
{
    return pthread_equal(pthread_self(), context->engine->thread) != 0;
}

static leat_status begin(struct leat_context *context, const struct leat_reply *reply)
{
    struct leat_unit *unit = context->work->unit;
    if (ops_of(unit)->reply_begin == NULL || context->run->count != 1)
        return LEAT_STATUS(UNKNOWN);
    if (!on_loop_thread(context))
        return ask_loop(context, reply, LEAT_STR(""));
    return ops_of(unit)->reply_begin(unit->delivery->source->self, unit, reply);
}

static leat_status write_here(struct leat_context *context, leat_str bytes)
{
    struct leat_unit *unit = context->work->unit;
    void *source = unit->delivery->source->self;
    while (bytes.len > 0) {
        size_t taken = ops_of(unit)->reply_write(source, unit, bytes);
        if (taken == LEAT_GONE || (taken == 0 && !ops_of(unit)->reply_wait(source, unit, leat_remaining_ms(context))))
            return LEAT_STATUS(AWAY);
        bytes = leat_str_skip(bytes, taken);
    }
    return LEAT_OK;
}

leat_status leat_stream_begin(leat_context *context, int status, const char *content_type)
{
    struct leat_stream *stream = &context->stream;
    if (context->work == NULL || stream->state != LEAT_STREAM_NONE)
        return LEAT_STATUS(USAGE);
    (void)leat_reply_bytes(context, status, content_type, LEAT_STR(""));
    if (context->arena->overflow)
        return leat_arena_status(context->arena);
    leat_status begun = begin(context, context->reply);
    stream->state = leat_is_ok(begun) ? LEAT_STREAM_OPEN : LEAT_STREAM_BROKEN;
    if (begun.code != LEAT_E_UNKNOWN)
        return begun;
    stream->state = LEAT_STREAM_COLLECT;
    leat_buf_init(&stream->collected, context->arena);
    return LEAT_OK;
}

leat_status leat_stream_write(leat_context *context, leat_str bytes)
{
    struct leat_stream *stream = &context->stream;
    leat_status status = LEAT_STATUS(AWAY);
    switch (stream->state) {
    case LEAT_STREAM_NONE: return LEAT_STATUS(USAGE);
    case LEAT_STREAM_COLLECT: leat_buf_add(&stream->collected, bytes); return leat_arena_status(context->arena);
    case LEAT_STREAM_OPEN:
        status = on_loop_thread(context) ? write_here(context, bytes) : ask_loop(context, NULL, bytes);
        break;
    case LEAT_STREAM_BROKEN: break;
    }
    if (!leat_is_ok(status))
        stream->state = LEAT_STREAM_BROKEN;
    return status;
}

bool leat_stream_end(struct leat_context *context)
{
    bool taken = context->stream.state != LEAT_STREAM_BROKEN;
    if (context->stream.state == LEAT_STREAM_COLLECT && context->reply != NULL)
        context->reply->body = leat_buf_str(&context->stream.collected);
    context->stream.state = LEAT_STREAM_NONE;
    return taken;
}
