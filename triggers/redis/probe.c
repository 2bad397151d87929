/* SPDX-License-Identifier: Apache-2.0 */
/* `leat check --live`: is the server there, may it lose what it was told, is the group there, how far is it behind? */
#include "once.h"

#include <leat/alloc.h>

#include <inttypes.h>
#include <stdio.h>

struct probe {
    struct leat_redis_once once;
    leat_probe_fn *say;
    void *argument;
    char line[512];
};

#define SAY(probe, level, fix, ...)                                     \
    do {                                                                \
        snprintf((probe)->line, sizeof((probe)->line), __VA_ARGS__);    \
        (probe)->say((probe)->argument, (level), (probe)->line, (fix)); \
    } while (0)

/* NULL, after a message: nobody answered. */
static const struct leat_redis_value *ask(struct probe *probe)
{
    struct leat_error error = {0};
    if (leat_is_ok(leat_redis_once_ask(&probe->once, &error)))
        return probe->once.reply;
    SAY(probe, LEAT_ERROR, NULL, "%s", error.message);
    return NULL;
}

static bool open_probe(struct probe *probe, const struct leat_redis_server_options *options)
{
    struct leat_error error = {0};
    if (leat_is_ok(leat_redis_once_open(&probe->once, options, &error)))
        return true;
    SAY(probe, LEAT_ERROR, error.fix[0] != '\0' ? error.fix : NULL, "%s", error.message);
    return false;
}

/* --- the server -------------------------------------------------------------------------------------------------- */

/* The value of a line "NAME:VALUE"; absent: there is none. */
static leat_str info_of(leat_str info, const char *name)
{
    while (info.ptr != NULL) {
        leat_str value = leat_str_cut(&info, '\n'), key = leat_str_cut(&value, ':');
        if (leat_str_is(key, name))
            return leat_str_trim(value);
    }
    return LEAT_ABSENT;
}

static void judge_memory(struct probe *probe, leat_str info)
{
    leat_str policy = info_of(info, "maxmemory_policy"), max = info_of(info, "maxmemory");
    if (max.ptr != NULL && !leat_str_is(max, "0") && !leat_str_is(policy, "noeviction"))
        SAY(probe, LEAT_WARN, "CONFIG SET maxmemory-policy noeviction",
            "maxmemory-policy is %.*s: a stream may be evicted whole", LEAT_ARG(policy));
}

static void judge_sync(struct probe *probe)
{
    leat_redis_begin(&probe->once.link, "CONFIG GET appendfsync");
    const struct leat_redis_value *reply = ask(probe);
    leat_str sync = reply != NULL ? leat_redis_text(leat_redis_item(reply, 1)) : LEAT_ABSENT;
    if (sync.ptr == NULL)
        SAY(probe, LEAT_INFO, NULL, "appendfsync is not told to this user; wanted: always");
    else if (!leat_str_is(sync, "always"))
        SAY(probe, LEAT_WARN, "CONFIG SET appendfsync always",
            "appendfsync is %.*s: a power cut loses what was added last, and acknowledgements come again",
            LEAT_ARG(sync));
}

static bool judge_server(struct probe *probe)
{
    leat_redis_begin(&probe->once.link, "INFO");
    const struct leat_redis_value *reply = ask(probe);
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    if (reply == NULL)
        return false;
    leat_arena_init(&arena, 0);
    leat_str info = leat_arena_copy(&arena, leat_redis_text(reply)); /* the next answer takes its place */
    if (info.ptr == NULL) {
        SAY(probe, LEAT_INFO, NULL, "INFO is not for this user: what the server keeps is not known");
        return true;
    }
    leat_str version = info_of(info, "redis_version");
    int64_t major = 0, minor = 0;
    leat_str rest = version;
    (void)leat_str_int64(leat_str_cut(&rest, '.'), &major);
    (void)leat_str_int64(leat_str_cut(&rest, '.'), &minor);
    leat_str valkey = info_of(info, "valkey_version"); /* its redis_version is the last that it is compatible with */
    SAY(probe, LEAT_INFO, NULL, "%s %.*s, a master", valkey.ptr != NULL ? "Valkey" : "Redis",
        LEAT_ARG(valkey.ptr != NULL ? valkey : version));
    if (major < 6 || (major == 6 && minor < 2))
        SAY(probe, LEAT_ERROR, "use Redis 6.2 or later", "Redis %.*s has no XAUTOCLAIM", LEAT_ARG(version));
    judge_memory(probe, info);
    if (leat_str_is(info_of(info, "aof_enabled"), "1"))
        judge_sync(probe);
    else
        SAY(probe, LEAT_WARN, "CONFIG SET appendonly yes, and appendfsync always",
            "appendonly is no: a restart loses all since the last snapshot");
    return true;
}

/* --- streams ----------------------------------------------------------------------------------------------------- */

static const struct leat_redis_value *member(const struct leat_redis_value *map, const char *name)
{
    for (size_t i = 0; i + 1 < map->count; i += 2)
        if (leat_str_is(leat_redis_text(&map->items[i]), name))
            return &map->items[i + 1];
    return leat_redis_item(map, map->count);
}

static void judge_group(struct probe *probe, leat_str stream, leat_str group, const struct leat_redis_value *found)
{
    int64_t lag = leat_redis_number(member(found, "lag"), -1);
    char behind[64] = "how far it is behind the server cannot say"; /* after XDEL or XTRIM */
    if (lag >= 0)
        snprintf(behind, sizeof(behind), "%" PRId64 " to be read", lag);
    SAY(probe, LEAT_INFO, NULL, "stream \"%.*s\", group \"%.*s\": %s, %" PRId64 " pending, %" PRId64 " consumers",
        LEAT_ARG(stream), LEAT_ARG(group), behind, leat_redis_number(member(found, "pending"), 0),
        leat_redis_number(member(found, "consumers"), 0));
}

static void judge_stream(struct probe *probe, leat_str stream, leat_str group)
{
    leat_redis_begin(&probe->once.link, "XINFO GROUPS");
    leat_redis_add(&probe->once.link, stream);
    const struct leat_redis_value *reply = ask(probe);
    if (reply == NULL)
        return;
    if (leat_redis_is_error(reply, "WRONGTYPE")) {
        SAY(probe, LEAT_ERROR, "name another `stream`", "\"%.*s\" is no stream", LEAT_ARG(stream));
        return;
    }
    for (size_t i = 0; i < reply->count; i++)
        if (leat_str_eq(leat_redis_text(member(&reply->items[i], "name")), group)) {
            judge_group(probe, stream, group, &reply->items[i]);
            return;
        }
    SAY(probe, LEAT_INFO, NULL, "stream \"%.*s\" has no group \"%.*s\" yet: the first worker makes it",
        LEAT_ARG(stream), LEAT_ARG(group));
}

void leat_redis_source_probe(const void *options, leat_probe_fn *say, void *argument)
{
    const struct leat_redis_source_options *given = options;
    struct probe probe = {.say = say, .argument = argument};
    if (open_probe(&probe, &given->server) && judge_server(&probe))
        for (size_t i = 0; i < given->streams.count; i++)
            judge_stream(&probe, given->streams.items[i], given->group);
    leat_redis_once_close(&probe.once);
}

void leat_redis_sink_probe(const void *options, leat_probe_fn *say, void *argument)
{
    const struct leat_redis_sink_options *given = options;
    struct probe probe = {.say = say, .argument = argument};
    if (open_probe(&probe, &given->server) && judge_server(&probe)) {
        leat_redis_begin(&probe.once.link, "XLEN");
        leat_redis_add(&probe.once.link, given->stream);
        const struct leat_redis_value *reply = ask(&probe);
        if (reply != NULL && reply->type == LEAT_REDIS_NUMBER)
            SAY(&probe, LEAT_INFO, NULL, "stream \"%.*s\": %" PRId64 " entries", LEAT_ARG(given->stream),
                reply->number);
        else if (reply != NULL)
            SAY(&probe, LEAT_ERROR, "name another `stream`", "stream \"%.*s\": %.*s", LEAT_ARG(given->stream),
                LEAT_ARG(reply->text));
    }
    leat_redis_once_close(&probe.once);
}
