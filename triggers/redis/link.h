/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a server that comes back by itself: the next of its targets, a Sentinel asked where the master is,
 * TLS, password, database, and is it a master at all. Commands are answered in their order; when the connection goes,
 * each of those that wait is answered with NULL. Loop thread only.
 */
#ifndef LEAT_REDIS_LINK_H
#define LEAT_REDIS_LINK_H

#include "resolve.h"
#include "target.h"
#include "tls.h"
#include "value.h"

#include <leat/log.h>
#include <leat/loop.h>

#define LEAT_REDIS_COMMAND_MS                                                              \
    5000 /* the longest that an answer may take, beside what a command waits for by itself \
          */

/* `reply` NULL: the connection is gone, and nobody knows whether the command was carried out. It lives as long as the
 * call, or as the arena that was named. */
typedef void leat_redis_reply_fn(void *argument, const struct leat_redis_value *reply);

struct leat_redis_link;

struct leat_redis_link_options {
    struct leat_loop *loop;
    const struct leat_redis_targets *targets;
    const struct leat_redis_tls_context *tls; /* NULL: none of the targets wants it */
    const char *name;                         /* CLIENT SETNAME; NULL: none */
    size_t text_max;                          /* longer texts of replies are left out; 0: no limit */
    void (*up)(void *argument);
    void (*down)(void *argument, const char *why); /* it is tried again by itself */
    void *argument;
};

enum leat_redis_link_state {
    LEAT_REDIS_CLOSED,
    LEAT_REDIS_WAITING, /* to try again */
    LEAT_REDIS_RESOLVING,
    LEAT_REDIS_CONNECTING,
    LEAT_REDIS_SHAKING, /* hands, for TLS */
    LEAT_REDIS_GREETING,
    LEAT_REDIS_UP,
};

struct leat_redis_command {
    struct leat_redis_command *next;
    leat_redis_reply_fn *function;
    void *argument;
    struct leat_arena *arena; /* of its reply; NULL: the link's */
    int64_t limit_ms;         /* monotonic */
};

struct leat_redis_link {
    struct leat_redis_link_options options;
    enum leat_redis_link_state state;
    size_t target; /* which one is tried, or in use */
    size_t tried;  /* in a row, since one of them worked */
    char master_host[256], master_port[8];
    bool asking;    /* the Sentinel; else what it answered, if `master_host` is set, or the target itself */
    int64_t client; /* what the server calls us */
    struct leat_redis_resolver *resolver;
    struct leat_redis_addresses addresses; /* still to be tried */
    size_t address;
    int fd;
    struct leat_redis_tls *tls;
    struct leat_watch *watch;
    short watched;
    struct leat_timer *timer; /* the limit of what goes on, or when it is tried again */
    int64_t again_ms;         /* how long the longest next wait is */
    int64_t up_ms;            /* since when it is up */
    uint64_t chance;
    char why[256]; /* it goes down with the next turn of the loop; "": it does not */

    struct leat_redis_parser parser;
    char *in;                  /* what was read last */
    struct leat_arena scratch; /* of replies that have no arena */
    struct leat_redis_command *first, **last, *spare;

    /* The command that is being written, and what waits for the wire. */
    const char **words;
    size_t *word_lens, word_count, word_size;
    struct leat_arena digits;
    bool broken; /* no memory for it */
    char *out;
    size_t out_len, out_sent, out_size;
};

int64_t leat_redis_now_ms(void); /* monotonic */
/* False: out of memory; fini all the same. */
bool leat_redis_link_init(struct leat_redis_link *link, const struct leat_redis_link_options *options);
void leat_redis_link_open(struct leat_redis_link *link);
void leat_redis_link_close(struct leat_redis_link *link); /* what waits is answered with NULL; `down` does not come */
void leat_redis_link_fini(struct leat_redis_link *link);  /* takes a zeroed one */
/* It works but is of no use as it is: goes down, and is tried again. */
void leat_redis_link_fail(struct leat_redis_link *link, const char *format, ...) LEAT_PRINTF(2, 3);
/* An error that says that another server, or this one later, is the one to talk to; the link goes down. */
bool leat_redis_link_misled(struct leat_redis_link *link, const struct leat_redis_value *reply);

/* A command: begin, its words, send. Nothing is sent while it is not UP. */
void leat_redis_begin(struct leat_redis_link *link, const char *words); /* with a space between them */
void leat_redis_add(struct leat_redis_link *link, leat_str word);       /* which lives until it is sent */
void leat_redis_add_number(struct leat_redis_link *link, int64_t number);
/* `wait_ms`: for which the command itself may wait. False: not UP, or out of memory; `function` is not called. */
bool leat_redis_send(struct leat_redis_link *link, leat_redis_reply_fn *function, void *argument,
                     struct leat_arena *arena, int64_t wait_ms);

#endif
