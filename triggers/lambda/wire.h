/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to the Runtime API under the loop: HTTP messages out and in, nothing waits. There is no limit of time
 * on reading: between two invocations the process may be frozen for hours.
 */
#ifndef LEAT_LAMBDA_WIRE_H
#define LEAT_LAMBDA_WIRE_H

#include "address.h"
#include "message.h"

#include <leat/loop.h>

#include <sys/uio.h>

/* A message on its way in, and the memory it lies in. Zeroed it is empty. */
struct leat_inbox {
    char *bytes;
    size_t len, size;
    struct leat_message message;
};

/* Room behind `len` for more of the message. False: out of memory. */
bool leat_inbox_room(struct leat_inbox *inbox);
void leat_inbox_fini(struct leat_inbox *inbox);

#define LEAT_WIRE_PARTS 4

struct leat_wire {
    struct leat_loop *loop;
    const struct leat_address *address;
    /* A whole message lies in the inbox. */
    void (*received)(void *argument);
    /* The connection is gone, closed here already. `why` says how, for people. */
    void (*broke)(void *argument, const char *why);
    void (*written)(void *argument); /* all of the last leat_wire_send; may be NULL */
    void *argument;

    int fd; /* -1: none */
    bool connecting;
    struct leat_watch *readable, *writable;
    struct leat_inbox *inbox; /* NULL: nothing is expected */
    size_t carried;           /* bytes that leat_wire_expect took over */
    struct iovec out[LEAT_WIRE_PARTS];
    unsigned out_count;
    uint64_t connections; /* made so far */
};

/* After the caller has set the members above. Connects at the first send. */
void leat_wire_init(struct leat_wire *wire);
void leat_wire_fini(struct leat_wire *wire);
/* What comes next goes into `inbox`, which is emptied first; what has come already behind the last message is taken
 * over. From `received` too. NULL: nothing is expected, a close in the meantime is no failure. */
void leat_wire_expect(struct leat_wire *wire, struct leat_inbox *inbox);
/* Sends the parts (at most LEAT_WIRE_PARTS), which must live until written or broke. False: it broke; `broke` is not
 * called. Only one send at a time. */
bool leat_wire_send(struct leat_wire *wire, const struct iovec *parts, unsigned count);
/* Goes on with what is not sent yet: for who waited for the descriptor without the loop. */
void leat_wire_flush(struct leat_wire *wire);
/* Looks for what has come and the loop has not told of yet. True: a message has begun, or was received. */
bool leat_wire_take(struct leat_wire *wire);
void leat_wire_close(struct leat_wire *wire);

#endif
