/* SPDX-License-Identifier: Apache-2.0 */
/* Redis Streams: docs/reference/redis.md. */
#ifndef LEAT_REDIS_H
#define LEAT_REDIS_H

#include "tls.h"

#include <leat/sink.h>
#include <leat/source.h>

struct leat_redis_server_options {
    struct leat_list urls;
    struct leat_redis_tls_options tls;
};

struct leat_redis_source_options {
    struct leat_redis_server_options server;
    struct leat_list streams;
    leat_str group, consumer; /* consumer absent: one that no other process of this machine has */
    int64_t lease_ms;
    int start; /* enum leat_redis_start */
};
enum leat_redis_start { LEAT_REDIS_OLDEST, LEAT_REDIS_NEW };

struct leat_redis_sink_options {
    struct leat_redis_server_options server;
    leat_str stream;
    uint32_t max_len; /* entries, about; 0: no limit */
};

extern const struct leat_source_ops leat_source_redis;
extern const struct leat_sink_ops leat_sink_redis;

/* put.c */
leat_status leat_redis_put(const void *options, leat_str payload, struct leat_arena *arena, leat_str *retname,
                           struct leat_error *reterr);
leat_status leat_redis_sink_list(const void *options, bool (*each)(void *argument, leat_str name, leat_str text),
                                 void *argument, struct leat_error *reterr);
leat_status leat_redis_sink_append(const void *options, leat_str text, struct leat_error *reterr);
leat_status leat_redis_sink_drop(const void *options, const leat_str *names, size_t count, struct leat_error *reterr);

/* probe.c */
void leat_redis_source_probe(const void *options, leat_probe_fn *say, void *argument);
void leat_redis_sink_probe(const void *options, leat_probe_fn *say, void *argument);

#endif
