/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consumer's name. It is the same in the next life, so that what a killed worker had is found at once; and no two
 * processes of a machine have the same one at a time, for each would take what the other works on for its own. A socket
 * in the abstract namespace is the lock: it goes with its process, however that ends.
 */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NAMES_MAX 1024 /* of one machine, at one stream */

static uint64_t mix(uint64_t hash, leat_str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

/* Of one server, group and stream; the address of the server is as it was written. */
static uint64_t digest(const struct leat_redis_source *redis)
{
    const struct leat_redis_target *target = redis->server.targets.items;
    uint64_t hash = 0xcbf29ce484222325u;
    hash = mix(hash, target->path.ptr != NULL ? target->path : target->host);
    hash = mix(hash, target->path.ptr != NULL ? LEAT_STR("") : target->port);
    hash = mix(hash, leat_str_of((const char *)&target->database, sizeof(target->database)));
    hash = mix(hash, redis->options.group);
    hash = mix(hash, redis->streams[0].name);
    return mix(hash, leat_str_c(redis->consumer));
}

/* 0, or an errno; EADDRINUSE: somebody has it. */
static int lock(struct leat_redis_source *redis)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "leat/redis/%016llx",
                       (unsigned long long)digest(redis));
    redis->guard = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    if (redis->guard >= 0 && bind(redis->guard, (const struct sockaddr *)&address, size) == 0)
        return 0;
    int why = errno;
    leat_redis_consumer_free(redis);
    return why;
}

leat_status leat_redis_consumer_choose(struct leat_redis_source *redis, struct leat_error *reterr)
{
    leat_str given = redis->options.consumer;
    char host[128] = "localhost";
    int why = EADDRINUSE;
    if (redis->guard >= 0)
        return LEAT_OK;
    (void)gethostname(host, sizeof(host) - 1);
    for (int number = 1; why == EADDRINUSE && number <= (given.len > 0 ? 1 : NAMES_MAX); number++) {
        if (given.len > 0)
            snprintf(redis->consumer, sizeof(redis->consumer), "%.*s", LEAT_ARG(given));
        else
            snprintf(redis->consumer, sizeof(redis->consumer), "%s-%d", host, number);
        why = lock(redis);
    }
    if (why == 0)
        return LEAT_OK;
    leat_status status =
        leat_error_set(reterr, why == EADDRINUSE ? LEAT_STATUS(AWAY) : LEAT_STATUS(IO), "consumer \"%s\": %s",
                       redis->consumer, why == EADDRINUSE ? "another process here reads as that one" : strerror(why));
    if (why == EADDRINUSE)
        leat_error_fix(reterr, "leave `consumer` out, or give each worker one of its own");
    return status;
}

void leat_redis_consumer_free(struct leat_redis_source *redis)
{
    if (redis->guard >= 0)
        close(redis->guard);
    redis->guard = -1;
}
