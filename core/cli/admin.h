/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admin socket: a Unix stream socket that answers GET of HTTP/1. Bounded, and it never blocks the loop: so many
 * connections at a time (others wait in the kernel's queue), so long a request, so long for all of it. Loop thread.
 */
#ifndef LEAT_CLI_ADMIN_H
#define LEAT_CLI_ADMIN_H

#include <leat/buf.h>
#include <leat/error.h>
#include <leat/loop.h>

#define LEAT_ADMIN_CONNECTIONS 16
#define LEAT_ADMIN_REQUEST_MAX 8192 /* bytes, with its headers */
#define LEAT_ADMIN_TIME_MS 5000     /* from the connection to the last byte of the answer */

struct leat_admin;

struct leat_admin_answer {
    int status;       /* 200 or 503; 404: there is no such path */
    const char *type; /* of the body */
    struct leat_buf body;
};

struct leat_admin_options {
    struct leat_loop *loop;
    leat_str listen; /* "unix:PATH" */
    int kept;        /* what leat_admin_keep gave the life before, or -1; taken over or closed in any case */
    int64_t time_ms; /* 0: LEAT_ADMIN_TIME_MS */
    void *argument;
    /* `path` without the query; *answer is 200, text/plain, and empty. */
    void (*answer)(void *argument, leat_str path, struct leat_admin_answer *answer);
};

/* A socket that nobody listens on any more is replaced. CONFIG: `listen` is no such name; AWAY: another process listens
 * there; IO. */
leat_status leat_admin_open(const struct leat_admin_options *options, struct leat_admin **retadmin,
                            struct leat_error *reterr);
/* Answers who is connected (those that are silent for 0.2 s together are cut off) and closes all but the listening
 * descriptor, which it gives away for the next life (it stays open over execve). */
int leat_admin_keep(struct leat_admin *admin);
/* The same, and removes the socket too. Takes NULL. */
void leat_admin_close(struct leat_admin *admin);

/* admin_socket.c. Listening, non-blocking, 0600; *retfd. `path` is for removing it. */
leat_status leat_admin_listen(leat_str listen, int kept, int *retfd, char *path, struct leat_error *reterr);
/* Closes what the life before kept and nobody wants any more, and removes its file; takes -1. */
void leat_admin_forget(int kept);
#define LEAT_ADMIN_PATH_MAX 108 /* with its NUL: what the kernel takes */

#endif
