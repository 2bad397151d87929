/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the source share: one poller is one invocation at a time, on a connection of its own. */
#ifndef LEAT_LAMBDA_POLLER_H
#define LEAT_LAMBDA_POLLER_H

#include "source.h"
#include "stream.h"

enum leat_poller_phase {
    LEAT_POLLER_IDLE,    /* asks for nothing */
    LEAT_POLLER_ASKING,  /* waits for the answer to `next` */
    LEAT_POLLER_WAITING, /* to try again */
    LEAT_POLLER_RUNNING, /* its delivery is with the engine */
    LEAT_POLLER_POSTING, /* waits for the answer to its answer */
    LEAT_POLLER_POSTED,  /* answered; something still holds the delivery: a handler that has not returned */
};

struct leat_lambda;

struct leat_poller {
    struct leat_lambda *lambda;
    struct leat_wire wire;
    struct leat_inbox event;  /* the payload lies here until its delivery is gone */
    struct leat_inbox answer; /* what is said to our answer */
    struct leat_timer *timer; /* made when first needed */
    enum leat_poller_phase phase;
    struct leat_delivery *delivery;
    leat_str invocation_id;
    struct leat_reply_stream *stream; /* made when first needed */
    struct iovec post[2];             /* head and body of the answer; in the delivery's memory */
    unsigned post_tries;
    bool asked;     /* the next `next` is out already: behind the answer */
    unsigned tries; /* of `next` without an answer */
};

/* The source's own state. */
struct leat_lambda {
    struct leat_source *source;
    struct leat_loop *loop;
    struct leat_lambda_options options;
    struct leat_arena arena; /* of the text of `next` */
    leat_str next;
    struct leat_poller *pollers;
    uint32_t count;
    bool wanted;   /* there is credit */
    bool stopping; /* no `next` any more */
    bool told;     /* leat_stopped was said */
};

void leat_poller_init(struct leat_poller *poller, struct leat_lambda *lambda);
void leat_poller_fini(struct leat_poller *poller);
/* Asks for the next event if it is idle and the source wants one. */
void leat_poller_ask(struct leat_poller *poller);
void leat_poller_answer(struct leat_poller *poller, const struct leat_answer *answer);
/* The same for a reply that was streamed. */
bool leat_poller_streams(const struct leat_poller *poller);
void leat_poller_end_stream(struct leat_poller *poller, const struct leat_settlement *settlement);
leat_status leat_poller_begin_stream(struct leat_poller *poller, const struct leat_unit *unit,
                                     const struct leat_reply *reply);
/* The answer was given, or is lost: the invocation is over. */
void leat_poller_posted(struct leat_poller *poller);
/* Its delivery is out of memory. */
void leat_poller_free(struct leat_poller *poller);
/* Gives up waiting for an event; what runs goes on. */
void leat_poller_stop(struct leat_poller *poller);

/* source.c: if nothing is to come and all is answered, the engine is told. A handler that never returns is no reason to
 * wait. */
void leat_lambda_tell_stopped(struct leat_lambda *lambda);
/* Nothing more will come; `why` NULL: all is well, else the engine ends with it. */
void leat_lambda_end(struct leat_lambda *lambda, const char *why);

#endif
