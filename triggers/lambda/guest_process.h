/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a guest: a group of its own, seen to end by the loop, and never left behind. */
#ifndef LEAT_LAMBDA_GUEST_PROCESS_H
#define LEAT_LAMBDA_GUEST_PROCESS_H

#include <leat/error.h>
#include <leat/loop.h>

#include <sys/types.h>

struct leat_guest_process {
    pid_t pid; /* 0: none */
    int fd;    /* readable when it has ended */
    struct leat_watch *watch;
};

struct leat_guest_start {
    char *const *command;     /* argv; an absolute path */
    char *const *environment; /* "NAME=value", NULL-terminated */
    const char *folder;       /* it is started there */
    void (*ended)(void *argument, short what);
    void *argument;
};

/* Its standard input is empty; what it prints goes to our standard error. CONFIG: it cannot be started. */
leat_status leat_guest_process_start(struct leat_guest_process *process, struct leat_loop *loop,
                                     const struct leat_guest_start *start, struct leat_error *reterr);
/* Ends its whole group: asks, waits up to `grace_ms` (0: does not ask), kills, reaps. Returns its wait status.
 * Takes a process that is none. */
int leat_guest_process_stop(struct leat_guest_process *process, int grace_ms);

#endif
