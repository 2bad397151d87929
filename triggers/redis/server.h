/* SPDX-License-Identifier: Apache-2.0 */
/* What links need of the options: the targets, and TLS where one of them wants it. */
#ifndef LEAT_REDIS_SERVER_H
#define LEAT_REDIS_SERVER_H

#include "redis.h"
#include "target.h"

struct leat_redis_server {
    struct leat_arena arena;
    struct leat_redis_targets targets;
    struct leat_redis_tls_context *tls; /* NULL: none of them */
};

/* CONFIG, NO_MEMORY; fini all the same. */
leat_status leat_redis_server_init(struct leat_redis_server *server, const struct leat_redis_server_options *options,
                                   struct leat_error *reterr);
void leat_redis_server_fini(struct leat_redis_server *server); /* takes a zeroed one */

/* The rows of an option table; `base` is the offset of the struct leat_redis_server_options. */
#define LEAT_REDIS_SERVER_OPTIONS(base)                                                                      \
    {"tls.ca",                                                                                               \
     LEAT_OPTION_PATH,                                                                                       \
     false,                                                                                                  \
     (base) + offsetof(struct leat_redis_server_options, tls.ca),                                            \
     NULL,                                                                                                   \
     NULL,                                                                                                   \
     "with rediss://: a file or folder of the certificates that are trusted; without it the system's"},      \
        {"tls.cert",                                                                                         \
         LEAT_OPTION_PATH,                                                                                   \
         false,                                                                                              \
         (base) + offsetof(struct leat_redis_server_options, tls.cert),                                      \
         NULL,                                                                                               \
         NULL,                                                                                               \
         "a certificate of our own"},                                                                        \
        {"tls.key",                                                                                          \
         LEAT_OPTION_PATH,                                                                                   \
         false,                                                                                              \
         (base) + offsetof(struct leat_redis_server_options, tls.key),                                       \
         NULL,                                                                                               \
         NULL,                                                                                               \
         "its key; without it tls.cert has both"},                                                           \
        {"tls.server_name",                                                                                  \
         LEAT_OPTION_TEXT,                                                                                   \
         false,                                                                                              \
         (base) + offsetof(struct leat_redis_server_options, tls.server_name),                               \
         NULL,                                                                                               \
         NULL,                                                                                               \
         "how the server's certificate calls it; without it as the URL does"},                               \
    {                                                                                                        \
        "url", LEAT_OPTION_LIST, true, (base) + offsetof(struct leat_redis_server_options, urls), NULL, "!", \
            "redis://, rediss://, unix:// or redis+sentinel://; of several the one that is master"           \
    }

#endif
