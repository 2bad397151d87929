/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server is, as a URL says. Pure. */
#ifndef LEAT_REDIS_TARGET_H
#define LEAT_REDIS_TARGET_H

#include <leat/arena.h>
#include <leat/error.h>
#include <leat/option.h>

/* How it is reached; all texts end with a NUL too. */
struct leat_redis_target {
    bool tls;
    leat_str path;           /* of a Unix socket; absent: host and port */
    leat_str host, port;     /* of the server, or of a Sentinel */
    leat_str service;        /* whose master a Sentinel is asked for; absent: it is the server itself */
    leat_str user, password; /* absent: none */
    uint32_t database;
};

struct leat_redis_targets {
    struct leat_redis_target *items;
    size_t count;
};

#define LEAT_REDIS_TARGETS_MAX 64

/* redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// (TLS), unix:///PATH[?db=DATABASE],
 * redis+sentinel://HOST[:PORT],HOST.../SERVICE[/DATABASE] and rediss+sentinel://. What is percent-encoded in user,
 * password, path and service is decoded. CONFIG, with no password in the message; NO_MEMORY. */
leat_status leat_redis_targets_read(struct leat_redis_targets *targets, struct leat_arena *arena,
                                    const struct leat_list *urls, struct leat_error *reterr);
/* "cache:6379", "/run/redis.sock": without what is secret. */
leat_str leat_redis_target_name(const struct leat_redis_target *target, struct leat_arena *arena);

#endif
