/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-redis-raw PORT STREAM GROUP EVENTS: the least that a consumer of a group does. One blocking connection; 100
 * entries at a time; of each the one field is parsed and a member of it read; the acknowledgement of all of them goes
 * out with the next read. Ends with EVENTS entries, and prints what they took, one "name value" a line.
 */
#include <cjson/cJSON.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COUNT = 100, WORDS_MAX = COUNT + 3 };

struct consumer {
    redisContext *redis;
    const char *stream, *group;
    uint64_t events;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool ask_for_more(const struct consumer *consumer)
{
    const char *words[] = {"XREADGROUP", "GROUP",   consumer->group,  "raw", "COUNT",
                           "100",        "STREAMS", consumer->stream, ">"};
    return redisAppendCommandArgv(consumer->redis, sizeof(words) / sizeof(words[0]), words, NULL) == REDIS_OK;
}

static bool acknowledge(const struct consumer *consumer, const redisReply *entries)
{
    const char *words[WORDS_MAX] = {"XACK", consumer->stream, consumer->group};
    int count = 3;
    for (size_t i = 0; i < entries->elements && count < WORDS_MAX; i++)
        words[count++] = entries->element[i]->element[0]->str;
    return redisAppendCommandArgv(consumer->redis, count, words, NULL) == REDIS_OK;
}

static redisReply *next_reply(const struct consumer *consumer)
{
    void *reply = NULL;
    return redisGetReply(consumer->redis, &reply) == REDIS_OK ? reply : NULL;
}

/* {{stream, entries}}; NULL: there are none. */
static const redisReply *entries_of(const redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_ARRAY ? reply->element[0]->element[1] : NULL;
}

/* {id, {field, value}} */
static bool handle(const redisReply *entry)
{
    const redisReply *value = entry->element[1]->element[1];
    cJSON *tree = cJSON_ParseWithLength(value->str, (size_t)value->len);
    bool good = cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(tree, "order"));
    cJSON_Delete(tree);
    return good;
}

static bool handle_all(struct consumer *consumer, const redisReply *entries)
{
    bool good = true;
    for (size_t i = 0; good && i < entries->elements; i++)
        good = handle(entries->element[i]);
    consumer->events += entries->elements;
    return good;
}

/* Handles what a read brought; then the acknowledgement and the next read, if there is to be one, are one journey. */
static bool turn(struct consumer *consumer, redisReply **reply, uint64_t wanted)
{
    const redisReply *entries = entries_of(*reply);
    bool good = entries != NULL && handle_all(consumer, entries) && acknowledge(consumer, entries);
    bool more = consumer->events < wanted;
    good = good && (!more || ask_for_more(consumer));
    freeReplyObject(*reply);
    *reply = NULL;
    redisReply *acknowledged = good ? next_reply(consumer) : NULL;
    good = acknowledged != NULL && acknowledged->type == REDIS_REPLY_INTEGER;
    freeReplyObject(acknowledged);
    if (good && more)
        *reply = next_reply(consumer);
    return good;
}

static bool consume(struct consumer *consumer, uint64_t wanted)
{
    bool good = ask_for_more(consumer);
    redisReply *reply = good ? next_reply(consumer) : NULL;
    while (good && consumer->events < wanted)
        good = turn(consumer, &reply, wanted);
    freeReplyObject(reply);
    return good && consumer->events == wanted;
}

int main(int argc, char **argv)
{
    int port = argc == 5 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (port == 0) {
        fprintf(stderr, "bench-redis-raw PORT STREAM GROUP EVENTS\n");
        return 64;
    }
    struct consumer consumer = {.redis = redisConnect("127.0.0.1", port), .stream = argv[2], .group = argv[3]};
    if (consumer.redis == NULL || consumer.redis->err != 0)
        return 69;
    int64_t wall_ns = clock_ns(CLOCK_MONOTONIC), cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    bool good = consume(&consumer, strtoull(argv[4], NULL, 10));
    wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
    cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
    if (!good)
        fprintf(stderr, "bench-redis-raw: %" PRIu64 " entries, then no more: %s\n", consumer.events,
                consumer.redis->errstr);
    printf("events %" PRIu64 "\nseconds %.6f\ncpu_us %.1f\n", consumer.events, (double)wall_ns / 1e9,
           (double)cpu_ns / 1e3);
    redisFree(consumer.redis);
    return good ? 0 : 70;
}
