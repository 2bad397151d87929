/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler: the one thing a user writes. Event in, outcome out, the same in Lambda, in the worker
 * and in replay.
 *
 *     static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state) { ... }
 *     LEAT_HANDLER(orders, .init = connect_db, .handle = handle, .fini = close_db)
 */
#ifndef LEAT_HANDLER_H
#define LEAT_HANDLER_H

#include <leat/event.h>
#include <leat/log.h>
#include <leat/outcome.h>
#include <leat/status.h>

LEAT_BEGIN

typedef struct leat_context leat_context;
struct leat_batch;

/* Flags. */
#define LEAT_RAW 1u /* the payload as one event, undetected and unparsed; the reply is sent as it is */

/* The order of the members is part of the API (C++20 designated initialisers); new ones go last. */
struct leat_handler {
    uint32_t abi, size;
    const char *name;
    const char *accepts; /* kinds with commas; NULL: all. Others are rejected with a reason */
    uint32_t flags;
    /* Once per process, before any slot; what it gives is leat_shared(). A failure stops the start. */
    leat_status (*load)(leat_context *ctx, void **shared);
    /* Once per slot, on the thread that calls handle; what it gives is `state`. */
    leat_status (*init)(leat_context *ctx, void **state);
    leat_outcome (*handle)(leat_context *ctx, const leat_event *event, void *state);
    /* Instead of handle: several events at once; an event without an outcome is a retry. */
    void (*handle_batch)(leat_context *ctx, struct leat_batch *batch, void *state);
    void (*cancel)(void *state); /* loop thread: break a blocking call */
    void (*fini)(void *state);
    void (*unload)(void *shared);
    /* Lambda SnapStart: before the snapshot of the process is taken, and in each life that begins from it, where
     * connections are dead, credentials are others and randomness repeats. A failure stops the start. */
    leat_status (*snapshot)(leat_context *ctx, void *state);
    leat_status (*restore)(leat_context *ctx, void *state);
};

#ifdef __cplusplus
#define LEAT_HANDLER_LINKAGE extern "C"
#else
#define LEAT_HANDLER_LINKAGE extern
#endif

/* Defines and exports the handler NAME. One .so may hold several. */
#define LEAT_HANDLER(handler_name, ...)                                                               \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"") \
        LEAT_HANDLER_LINKAGE LEAT_API const struct leat_handler leat_handler_##handler_name;          \
    const struct leat_handler leat_handler_##handler_name = {                                         \
        .abi = LEAT_ABI, .size = sizeof(struct leat_handler), .name = #handler_name, __VA_ARGS__};    \
    _Pragma("GCC diagnostic pop") LEAT_HANDLER_LINKAGE LEAT_API const struct leat_handler leat_handler_##handler_name

/* --- outcomes; a reason is for people and machines that read dead letters: no payload, no secret, no more than 4 KiB,
 *     where it is cut ---------------------------------------------------------------------------------------- */

LEAT_API leat_outcome leat_ok(leat_context *ctx);
/* May succeed later; the queue, the platform or the engine brings it again. */
LEAT_API leat_outcome leat_retry(leat_context *ctx, const char *reason);
LEAT_API leat_outcome leat_retryf(leat_context *ctx, const char *format, ...) LEAT_PRINTF(2, 3);
/* ... not before `delay_ms`, where somebody can keep that wish. */
LEAT_API leat_outcome leat_retry_after(leat_context *ctx, const char *reason, int64_t delay_ms);
/* Never will: a dead letter where one is configured, else the platform decides. */
LEAT_API leat_outcome leat_reject(leat_context *ctx, const char *reason);
LEAT_API leat_outcome leat_rejectf(leat_context *ctx, const char *format, ...) LEAT_PRINTF(2, 3);

/* --- replies: to requests (HTTP kinds) and direct calls. They return ok, so a handler may end in one;
 *     with leat_retry or leat_reject the reply set before is sent instead of the usual 503 or 422 ------ */

/* JSON text: the answer of a direct call, or a 200 with application/json. */
LEAT_API leat_outcome leat_reply_json(leat_context *ctx, const char *text);
/* `content_type` NULL: the gateway's default. `body` is copied. */
LEAT_API leat_outcome leat_reply_http(leat_context *ctx, int status, const char *content_type, const char *body);
LEAT_API leat_outcome leat_reply_bytes(leat_context *ctx, int status, const char *content_type, leat_str body);
/* Adds a header to the reply; a name may repeat (set-cookie). */
LEAT_API void leat_reply_header(leat_context *ctx, const char *name, const char *value);

/* Streams: a reply that goes out while it is made. A stream ends with the outcome: ok ends it well, another breaks it
 * off with the reason. Where begin or a write failed, ok is a retry. Where nothing can stream (replay, batches, queues)
 * it is collected and is one reply. */

/* As leat_reply_http, with the headers added so far; `status` 0: bytes of that type, as they are. Once in a call.
 * Fails with AWAY if nobody takes it, USAGE if there is a stream already. */
LEAT_API leat_status leat_stream_begin(leat_context *ctx, int status, const char *content_type);
/* Waits until all of it is taken. Fails with AWAY when the client is gone or the deadline has passed (stop then), USAGE
 * without a stream, TOO_BIG or NO_MEMORY where it is collected. */
LEAT_API leat_status leat_stream_write(leat_context *ctx, leat_str bytes);

/* --- events of one's own: published onward when the event at hand is ok, and before its unit is acknowledged -------
 */

struct leat_new_event {
    const char *type; /* must be given */
    /* NULL: made of the id of the event at hand (in a batch, of its first), so that a retry emits it with the same one.
     */
    const char *id;
    const char *source, *subject, *datacontenttype, *partition_key; /* NULL: leat/SERVICE; none; guessed; none */
    leat_str data;
};

/* The event goes to that sink of the configuration, as CloudEvents 1.0 JSON. What the sink does not take makes the
 * event at hand a retry; in a retry it may be sent again, with the same id. In a batch: emitted by the event whose
 * outcome is set next. Fails with NOT_FOUND (no such sink; replay without --sink takes any name and sends nothing),
 * USAGE, NO_MEMORY, TOO_BIG. */
LEAT_API leat_status leat_emit(leat_context *ctx, const char *sink, const leat_event *event);
LEAT_API leat_status leat_emit_new(leat_context *ctx, const char *sink, const struct leat_new_event *event);

/* --- what a handler may ask ----------------------------------------------------------------------- */

LEAT_API int64_t leat_remaining_ms(const leat_context *ctx); /* until the deadline; INT64_MAX: there is none */
LEAT_API bool leat_cancelled(const leat_context *ctx);       /* the deadline has passed: stop soon */
LEAT_API uint32_t leat_attempt(const leat_context *ctx);     /* from 1; 0: nobody counts */
LEAT_API leat_str leat_transport(const leat_context *ctx);   /* how it came: "sqs", "file", ... */
LEAT_API leat_str leat_position(const leat_context *ctx);    /* where it stood: for logs and dead letters */
LEAT_API leat_str leat_request_id(const leat_context *ctx);
LEAT_API leat_str leat_trace_id(const leat_context *ctx);
LEAT_API leat_str leat_tenant_id(const leat_context *ctx);
LEAT_API leat_str leat_function_arn(const leat_context *ctx);
LEAT_API leat_str leat_client_context(const leat_context *ctx); /* JSON, of the caller's SDK; direct calls in Lambda */
LEAT_API leat_str leat_cognito_identity(const leat_context *ctx); /* JSON */
/* The tumbling window of the event (of the batch: its first). False: there is none. The next state, JSON text of at
 * most 1 MiB, is given as reply of an event that is ok: leat_reply_json. */
LEAT_API bool leat_window(const leat_context *ctx, struct leat_window *retwindow);
/* A value of `settings:` by key, as text with a NUL behind it (not counted); JSON text for lists and maps.
 * Absent: not set. */
LEAT_API leat_str leat_setting(const leat_context *ctx, const char *key);
LEAT_API void *leat_shared(const leat_context *ctx); /* what load made */
/* One line, bound to the request, the event and the handler. Any level; payloads below info only. */
LEAT_API void leat_log(leat_context *ctx, enum leat_log_level level, const char *format, ...) LEAT_PRINTF(3, 4);
/* For load and init: a failure with the message the operator reads. `return leat_fail(ctx, "no db: %s", why);` */
LEAT_API leat_status leat_fail(leat_context *ctx, const char *format, ...) LEAT_PRINTF(2, 3);
/* Memory that lives until the handler returns; NULL: over the limit. */
LEAT_API void *leat_scratch(leat_context *ctx, size_t size) LEAT_MUST_USE;
/* The CloudEvents 1.0 JSON form, one line, until the handler returns. Absent: out of memory. */
LEAT_API leat_str leat_event_to_json(leat_context *ctx, const leat_event *event);

/* --- batches ---------------------------------------------------------------------------------------- */

LEAT_API size_t leat_batch_count(const struct leat_batch *batch);
LEAT_API const leat_event *leat_batch_event(const struct leat_batch *batch, size_t index);
/* The outcome, with the reply set since the last call if any. The last call for an event counts. */
LEAT_API void leat_batch_set(struct leat_batch *batch, size_t index, leat_outcome outcome);

/* --- a handler linked into a program of its own ------------------------------------------------------ */

/* Everything `leat` does, with these handlers linked in (NULL-terminated). Returns the exit status. */
LEAT_API int leat_main(int argc, char **argv, const struct leat_handler *const *handlers);

LEAT_END

#endif
