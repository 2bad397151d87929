/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streamed reply: a POST in chunks on a connection of its own, closed behind it, so that the poller's own stays
 * clean. A failure in mid-stream is told in trailers; the platform takes what went before for delivered.
 */
#ifndef LEAT_LAMBDA_STREAM_H
#define LEAT_LAMBDA_STREAM_H

#include "wire.h"

#include <leat/arena.h>

#define LEAT_STREAM_ROOM ((size_t)64 << 10)

struct leat_reply_stream {
    void (*writable)(void *argument); /* there is room again, or it is gone */
    void (*ended)(void *argument);    /* answered, or gone; after leat_reply_stream_end */
    void *argument;

    struct leat_wire wire;
    struct leat_inbox inbox;
    struct leat_timer *timer; /* of the end; made when first needed */
    struct leat_arena arena;  /* head and trailers */
    char *room;               /* one chunk under way */
    bool open, busy, writing;
    bool ending; /* the end waits for the last chunk */
    bool over;   /* all is sent, or nothing more can be */
    int status;  /* of the answer; 0: none */
    leat_str last;
    char why[96]; /* it is gone; empty: it is not */
};

/* After the caller has set the callbacks and wire.loop, wire.address. */
void leat_reply_stream_init(struct leat_reply_stream *stream);
void leat_reply_stream_fini(struct leat_reply_stream *stream);
/* `head` and `prelude` are copied. False: no connection, or out of memory. */
bool leat_reply_stream_begin(struct leat_reply_stream *stream, leat_str head, leat_str prelude);
/* How many bytes were taken: 0 if it is busy, SIZE_MAX if it is gone. */
size_t leat_reply_stream_write(struct leat_reply_stream *stream, leat_str bytes);
/* Waits until it can take more, at most so long. */
bool leat_reply_stream_wait(struct leat_reply_stream *stream, int64_t limit_ms);
/* `error_type` absent: all was well. Then `ended` is called, at once or later, at most so late (INT64_MAX: no limit).
 */
void leat_reply_stream_end(struct leat_reply_stream *stream, leat_str error_type, leat_str error_body,
                           int64_t limit_ms);

#endif
