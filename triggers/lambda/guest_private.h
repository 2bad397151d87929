/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the guest share. */
#ifndef LEAT_LAMBDA_GUEST_PRIVATE_H
#define LEAT_LAMBDA_GUEST_PRIVATE_H

#include "guest.h"
#include "guest_process.h"
#include "message.h"

#include <leat/buf.h>

enum leat_guest_hold { LEAT_GUEST_SERVED, LEAT_GUEST_WAITS_FOR_NEXT, LEAT_GUEST_WAITS_FOR_EVENT };

struct leat_guest_connection {
    struct leat_guest_connection *next;
    struct leat_guest *guest;
    int fd;
    struct leat_watch *watch;
    bool watches_writing;
    char *in; /* the message at hand, and what came behind it */
    size_t in_len, in_size;
    struct leat_message message;
    char *out;
    size_t out_len, out_sent;
    enum leat_guest_hold hold;
    bool continued;   /* the client was told to send its body */
    bool closing;     /* once `out` is written */
    bool in_progress; /* its messages are being read further down the stack */
};

/* The runtime, as the server sees it. */
enum leat_guest_state {
    LEAT_GUEST_STARTED, /* it has asked for nothing yet */
    LEAT_GUEST_FAILED,  /* it has told that its initialisation failed */
    LEAT_GUEST_READY,   /* it waits for an invocation */
    LEAT_GUEST_RUNNING, /* it has one */
    LEAT_GUEST_ANSWERED,
};

struct leat_guest {
    struct leat_loop *loop;
    struct leat_guest_options options;
    struct leat_arena arena; /* of the environment */
    char **environment;
    char *function_name;

    int listener;
    uint16_t port;
    struct leat_watch *accepting;
    struct leat_guest_connection *connections;
    uint32_t connection_count;

    struct leat_guest_process process;
    struct leat_timer *timer; /* of what is awaited: init, answer, the last bytes of a child that ended */
    enum leat_guest_state state;
    bool ended;      /* the child has, and what it sent last is still read */
    int wait_status; /* its */
    uint32_t starts; /* since the last invocation that was taken */
    char init_error[256];
    bool extension; /* one has registered */

    bool called; /* there is a call that is not answered */
    struct leat_guest_call call;
    int64_t deadline_ms, taken_us;
    uint64_t attempts;    /* invocations given out */
    char request_id[129]; /* of the last one given out */
    char attempt_id[40];  /* its Lambda-Runtime-Invocation-Id */
};

/* guest.c */
/* The runtime may get the call, if there is one and it waits. */
void leat_guest_offer(struct leat_guest *guest);
void leat_guest_answer(struct leat_guest *guest, const struct leat_answer *answer);
void leat_guest_init_failed(struct leat_guest *guest, leat_str type, leat_str message);
/* No connection is left, or one was lost in the middle of a message. */
void leat_guest_disconnected(struct leat_guest *guest);

/* guest_environment.c */
leat_status leat_guest_make_environment(struct leat_guest *guest, struct leat_error *reterr);

/* guest_server.c */
leat_status leat_guest_listen(struct leat_guest *guest, struct leat_error *reterr);
void leat_guest_accept(struct leat_guest *guest); /* all that wait to be */
void leat_guest_reply(struct leat_guest_connection *connection, int status, leat_str headers, leat_str body);
void leat_guest_disconnect(struct leat_guest *guest); /* all */

/* guest_api.c */
/* The whole message of the connection, which is a request. */
void leat_guest_serve(struct leat_guest_connection *connection);
/* The connection was closed within a message whose head has come. */
void leat_guest_truncated(struct leat_guest_connection *connection);
/* Gives the call to a runtime that has asked for it. */
void leat_guest_give(struct leat_guest_connection *connection);

/* guest_answer.c: what a runtime posts -> what the caller is told. */
leat_status leat_guest_read_response(struct leat_arena *arena, leat_str content_type, leat_str body,
                                     struct leat_answer *ret);
leat_status leat_guest_read_error(struct leat_arena *arena, leat_str type, leat_str body, struct leat_answer *ret);

#endif
