/* SPDX-License-Identifier: Apache-2.0 */
/* A few commands for somebody who waits: no engine, and a loop that ends with the last answer. */
#ifndef LEAT_REDIS_ONCE_H
#define LEAT_REDIS_ONCE_H

#include "link.h"
#include "server.h"

struct leat_redis_once {
    struct leat_redis_server server;
    struct leat_loop *loop;
    struct leat_redis_link link;
    struct leat_timer *limit;
    const struct leat_redis_value *reply; /* of the last command, in `arena`; NULL: it never came */
    struct leat_arena arena;
    char why[256];
    bool up, over;
};

/* Waits until it is connected. CONFIG, AWAY, NO_MEMORY; close all the same. */
leat_status leat_redis_once_open(struct leat_redis_once *once, const struct leat_redis_server_options *options,
                                 struct leat_error *reterr);
void leat_redis_once_close(struct leat_redis_once *once); /* takes a zeroed one */
/* Sends the command that was written into once->link, and waits for its reply, which may be an error. AWAY: it never
 * came. */
leat_status leat_redis_once_ask(struct leat_redis_once *once, struct leat_error *reterr);

#endif
