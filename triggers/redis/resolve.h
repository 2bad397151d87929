/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to an address, without making the loop wait: a thread asks. */
#ifndef LEAT_REDIS_RESOLVE_H
#define LEAT_REDIS_RESOLVE_H

#include <leat/loop.h>
#include <leat/str.h>

#include <sys/socket.h>

#define LEAT_REDIS_ADDRESSES_MAX 8

struct leat_redis_address {
    struct sockaddr_storage storage;
    socklen_t len;
};

struct leat_redis_addresses {
    struct leat_redis_address items[LEAT_REDIS_ADDRESSES_MAX];
    size_t count;
    char why[128]; /* if there are none */
};

struct leat_redis_resolver; /* one question */

/* Calls answer(argument, addresses) once on the loop thread, soon, unless it is dropped before. NULL: no memory or no
 * thread. */
struct leat_redis_resolver *leat_redis_resolve(struct leat_loop *loop, leat_str host, leat_str port,
                                               void (*answer)(void *argument, const struct leat_redis_addresses *found),
                                               void *argument);
/* Nobody wants the answer any more. The thread may go on for a while. Takes NULL. */
void leat_redis_resolver_drop(struct leat_redis_resolver *resolver);

#endif
