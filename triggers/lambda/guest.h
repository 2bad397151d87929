/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function as Lambda runs it: one child that is served the Runtime API (its server half) on the loopback, one
 * invocation at a time. Loop thread only; nothing waits but leat_guest_free.
 *
 * The child is started when there is an invocation for it, and again after it ended or ran out of time.
 */
#ifndef LEAT_LAMBDA_GUEST_H
#define LEAT_LAMBDA_GUEST_H

#include <leat/source.h>

#define LEAT_GUEST_STARTS_MAX 3       /* of a child that ends before it takes an invocation */
#define LEAT_GUEST_ANSWER_MAX 6291556 /* bytes of an answer that is no stream */
#define LEAT_GUEST_STREAM_MAX ((size_t)200 << 20)

struct leat_guest;

struct leat_guest_options {
    const char *const *command; /* argv, NULL-terminated; an absolute path */
    const char *folder;         /* absolute: LAMBDA_TASK_ROOT, and where it is started */
    const char *label;          /* what messages call it */
    const char *name;           /* of the function, unless the environment names it */
    char *const *environment;   /* ours */
    int64_t time_ms;            /* an invocation may take */
    int64_t init_ms;            /* it may take to ask for one */
};

struct leat_guest_result {
    leat_status status;        /* DONE: it was answered. CONFIG, IO, NO_MEMORY: it cannot be run, `error` says why */
    struct leat_answer answer; /* as the caller is told; lives until the call returns */
    struct leat_error error;
    int64_t duration_us;
};

struct leat_guest_call {
    leat_str payload;                  /* lives until it is answered, as what is in the next one */
    struct leat_invocation invocation; /* request_id must be there; the deadline is the guest's */
    /* Once, also from within leat_guest_invoke. May invoke again; may not free the guest. */
    void (*answered)(void *argument, const struct leat_guest_result *result);
    void *argument;
};

/* Starts nothing yet. `options` and what is in them must outlive the guest. */
leat_status leat_guest_new(struct leat_loop *loop, const struct leat_guest_options *options,
                           struct leat_guest **retguest, struct leat_error *reterr);
/* One at a time. */
void leat_guest_invoke(struct leat_guest *guest, const struct leat_guest_call *call);
/* Ends the child and all its group: SIGTERM, up to 500 ms, SIGKILL. Takes NULL. */
void leat_guest_free(struct leat_guest *guest);

#endif
