/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an event (outcome), what a handler answers (reply), what becomes of a unit (verdict). */
#ifndef LEAT_OUTCOME_H
#define LEAT_OUTCOME_H

#include <leat/str.h>

LEAT_BEGIN

/* Ordered by how bad it is: a unit settles by its worst event. */
enum leat_outcome_kind {
    LEAT_OUTCOME_NONE,   /* not started: given back */
    LEAT_OUTCOME_OK,     /* done */
    LEAT_OUTCOME_REJECT, /* will never succeed */
    LEAT_OUTCOME_RETRY,  /* may succeed later */
};

/* Small for ever; reason, delay and reply live in the context that made it. */
typedef struct leat_outcome {
    uint64_t bits; /* kind in the low byte, index of the detail above it */
} leat_outcome;

static inline enum leat_outcome_kind leat_outcome_kind_of(leat_outcome outcome)
{
    return (enum leat_outcome_kind)(outcome.bits & 0xff);
}

/* "none", "ok", "reject", "retry" */
LEAT_API const char *leat_outcome_name(enum leat_outcome_kind kind);

/* What Lambda is told a failure is called: "Function.Retry", "Function.Reject", "Function.Timeout". */
LEAT_API leat_str leat_outcome_error(enum leat_outcome_kind kind, bool timed_out);

struct leat_reply_header {
    leat_str name, value;
    struct leat_reply_header *next; /* in the order they were added; a name may repeat */
};

/* A handler's answer. `status` 0: no HTTP reply, `body` is the answer itself (JSON text). */
struct leat_reply {
    int status;
    leat_str content_type; /* absent: the dialect's default */
    leat_str body;         /* any bytes */
    struct leat_reply_header *headers;
};

/* What settling a unit does. */
enum leat_verdict {
    LEAT_ACK,     /* finished, or its dead letter is durable */
    LEAT_RETRY,   /* again, after a delay */
    LEAT_RELEASE, /* never started: no attempt used */
    LEAT_FAIL,    /* rejected and not kept: the platform decides */
};

/* "ack", "retry", "release", "fail" */
LEAT_API const char *leat_verdict_name(enum leat_verdict verdict);

LEAT_END

#endif
