/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis Streams, at a server of the program's own, on a Unix socket. Each check has a stream of its own; entries have
 * the ids TIME-(NUMBER + 1).
 */
#include "conformance.h"

#include "canonical.h"

#include <leat/alloc.h>
#include <redis/redis.h>

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 96, ID_BYTES = 48, START_MS = 10000 };

/* --- the server ------------------------------------------------------------------------------------------------- */

static char folder[PATH_BYTES / 2], own_path[PATH_BYTES], worker_path[PATH_BYTES];
static pid_t server, parent;

/* Also where a check ends the program. */
static void end_server(void)
{
    char command[PATH_BYTES + 16];
    if (server == 0 || getpid() != parent)
        return;
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    (void)!system(command);
}

static void run_server(void)
{
    const char *program = getenv("LEAT_REDIS_SERVER");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    execlp(program != NULL ? program : "redis-server", "redis-server", "--port", "0", "--unixsocket", own_path, "--dir",
           folder, "--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", "server.log", (char *)NULL);
    _exit(127);
}

static void start_server(void)
{
    const char *temporary = getenv("TMPDIR");
    int64_t until_ms = conformance_now_ms() + START_MS;
    snprintf(folder, sizeof(folder), "%s/leat-redis-XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL)
        abort();
    snprintf(own_path, sizeof(own_path), "%s/own.sock", folder);
    snprintf(worker_path, sizeof(worker_path), "%s/worker.sock", folder);
    parent = getpid();
    server = fork();
    if (server == 0)
        run_server();
    (void)atexit(end_server);
    while (access(own_path, F_OK) != 0 && conformance_now_ms() < until_ms && waitpid(server, NULL, WNOHANG) == 0)
        (void)poll(NULL, 0, 5);
    if (symlink(own_path, worker_path) != 0)
        abort();
}

/* The suite's own connection, of this process. */
static redisContext *connection(void)
{
    static redisContext *context;
    static pid_t owner;
    if (server == 0)
        start_server();
    if (context != NULL && owner == getpid())
        return context;
    context = redisConnectUnix(own_path);
    owner = getpid();
    if (context == NULL || context->err != 0) {
        fprintf(stderr, "there is no redis-server: %s\n", context != NULL ? context->errstr : "out of memory");
        exit(1);
    }
    return context;
}

/* All that is asked is asked under the lock: threads share the connection. */
static redisReply *ask_in_turn(const char *format, va_list args)
{
    conformance_lock();
    redisReply *reply = redisvCommand(connection(), format, args);
    conformance_unlock();
    if (reply != NULL && reply->type != REDIS_REPLY_ERROR)
        return reply;
    fprintf(stderr, "redis-server: %s\n", reply != NULL ? reply->str : "it is gone");
    abort();
}

static redisReply *ask(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = ask_in_turn(format, args);
    va_end(args);
    return reply;
}

static void tell(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    freeReplyObject(ask_in_turn(format, args));
    va_end(args);
}

/* --- the queue --------------------------------------------------------------------------------------------------- */

/* In shared memory. */
struct queue {
    char stream[32], url[PATH_BYTES + 16];
    bool fail_init;
    uint32_t count;
    char ids[CONFORMANCE_EVENTS_MAX][ID_BYTES];
    int64_t last_ms;
    int64_t lease_ms;
    struct leat_redis_source_options options;
    leat_str items[2];
};

static void *make_queue(const struct conformance_wish *wish)
{
    static unsigned number;
    struct queue *queue = conformance_memory(sizeof(*queue));
    (void)connection();
    snprintf(queue->stream, sizeof(queue->stream), "stream-%u", ++number);
    snprintf(queue->url, sizeof(queue->url), "unix://%s", worker_path);
    queue->lease_ms = wish->lease_ms;
    return queue;
}

static void unmake_queue(void *argument)
{
    const struct queue *queue = argument;
    tell("DEL %s %s.failed", queue->stream, queue->stream);
}

static const void *options_of(void *argument)
{
    struct queue *queue = argument;
    queue->items[0] = leat_str_c(queue->fail_init ? "http://localhost" : queue->url);
    queue->items[1] = leat_str_c(queue->stream);
    queue->fail_init = false;
    queue->options = (struct leat_redis_source_options){
        .server.urls = {.items = &queue->items[0], .count = 1},
        .streams = {.items = &queue->items[1], .count = 1},
        .group = LEAT_STR("workers"),
        .lease_ms = queue->lease_ms,
    };
    return &queue->options;
}

static leat_str wrap(struct leat_arena *arena, const struct conformance_event *event)
{
    struct leat_buf text;
    leat_buf_init(&text, arena);
    if (event->form == CONFORMANCE_EMPTY)
        return LEAT_STR("{\"Records\":[]}");
    if (event->form == CONFORMANCE_BROKEN)
        return leat_arena_printf(arena, "{\"%s", event->id);
    leat_buf_c(&text, "{\"specversion\":\"1.0\",\"source\":\"conformance\",\"type\":\"conformance.event\"");
    leat_buf_json_member(&text, "id", leat_str_c(event->id));
    if (event->lane[0] != '\0')
        leat_buf_json_member(&text, "partitionkey", leat_str_c(event->lane));
    leat_buf_printf(&text, ",\"data\":%s}", event->body);
    return leat_buf_str(&text);
}

static const char *new_id(struct queue *queue, uint32_t number)
{
    int64_t now_ms = leat_clock_wall_ms(&leat_clock_system);
    queue->last_ms = now_ms > queue->last_ms ? now_ms : queue->last_ms;
    snprintf(queue->ids[number], ID_BYTES, "%" PRId64 "-%u", queue->last_ms, number + 1);
    queue->count = number + 1;
    return queue->ids[number];
}

/* Every second one as fields of its own, where it can be. */
static bool put(void *argument, const struct conformance_event *event)
{
    struct queue *queue = argument;
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    const char *id = new_id(queue, event->number);
    leat_arena_init(&arena, 0);
    if (event->form == CONFORMANCE_WHOLE && event->number % 2 == 1) {
        tell("XADD %s %s specversion 1.0 source conformance type conformance.event id %s data %s %s %s", queue->stream,
             id, event->id, event->body, event->lane[0] != '\0' ? "partitionkey" : "unkeyed",
             event->lane[0] != '\0' ? event->lane : "yes");
        return true;
    }
    leat_str text = wrap(&arena, event);
    tell("XADD %s %s payload %b", queue->stream, id, text.ptr, text.len);
    return true;
}

/* A line an event. */
static bool put_together(void *argument, const struct conformance_event *events, uint32_t count)
{
    struct queue *queue = argument;
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf lines;
    leat_arena_init(&arena, 0);
    leat_buf_init(&lines, &arena);
    for (uint32_t i = 0; i < count; i++) {
        leat_buf_add(&lines, wrap(&arena, &events[i]));
        leat_buf_c(&lines, "\n");
    }
    leat_str text = leat_buf_str(&lines);
    const char *id = new_id(queue, events->number);
    for (uint32_t i = 1; i < count; i++)
        memcpy(queue->ids[events[i].number], id, ID_BYTES);
    queue->count = events->number + count;
    tell("XADD %s %s payload %b", queue->stream, id, text.ptr, text.len);
    return true;
}

/* --- where it is ------------------------------------------------------------------------------------------------- */

static const char where[] =
    "local k,id=KEYS[1],ARGV[1] "
    "local ok,groups=pcall(redis.call,'XINFO','GROUPS',k) if not ok or #groups==0 then return 'waiting' end "
    "local p=redis.call('XPENDING',k,'workers',id,id,1)[1] "
    "if p then if p[2]=='thief' or p[3]>1000000000 then return 'waiting' end return 'claimed' end "
    "for _,e in ipairs(redis.call('XRANGE',k..'.failed','-','+')) do "
    "for i=1,#e[2],2 do if e[2][i]=='leat.id' and e[2][i+1]==id then return 'failed' end end end "
    "local last for i=1,#groups[1],2 do if groups[1][i]=='last-delivered-id' then last=groups[1][i+1] end end "
    "local after=redis.call('XRANGE',k,'('..last,id,'COUNT',1) "
    "if #after>0 then return 'waiting' end return 'acked'";

static enum conformance_place place_of(void *argument, uint32_t number)
{
    const struct queue *queue = argument;
    enum conformance_place place = CONFORMANCE_ABSENT;
    if (number >= queue->count)
        return place;
    redisReply *reply = ask("EVAL %s 1 %s %s", where, queue->stream, queue->ids[number]);
    switch (reply->str[0]) {
    case 'w': place = CONFORMANCE_WAITING; break;
    case 'c': place = CONFORMANCE_CLAIMED; break;
    case 'f': place = CONFORMANCE_FAILED; break;
    default: place = CONFORMANCE_ACKED; break;
    }
    freeReplyObject(reply);
    if (place == CONFORMANCE_ACKED && !conformance_is_finished(number))
        conformance_wrong("ev%ux was acknowledged unfinished", number);
    return place;
}

/* --- trouble ----------------------------------------------------------------------------------------------------- */

static void fail_init(void *queue)
{
    ((struct queue *)queue)->fail_init = true;
}

static void disconnect(void *queue)
{
    (void)queue;
    if (unlink(worker_path) != 0)
        abort();
    tell("CLIENT KILL TYPE normal SKIPME yes");
}

static void reconnect(void *queue)
{
    (void)queue;
    if (symlink(own_path, worker_path) != 0)
        abort();
}

static void take_lease(void *argument, uint32_t number)
{
    const struct queue *queue = argument;
    tell("XCLAIM %s workers thief 0 %s IDLE 100000000 JUSTID", queue->stream, queue->ids[number]);
}

static const struct conformance_subject subject = {
    .ops = &leat_source_redis,
    .adapters = sorted_adapters,
    .kind = "cloudevents",
    .filter = "{\"data\":{\"do\":[\"o\"]}}",
    .lasting = true,
    .shared = true,
    .lanes = true,
    .ordering = LEAT_ORDER_KEY,
    .dated = true,
    .deaths = true,
    .broken = true,
    .empty = true,
    .delivery = 1,
    .make = make_queue,
    .unmake = unmake_queue,
    .options = options_of,
    .put = put,
    .put_together = put_together,
    .wrap = wrap,
    .place = place_of,
    .fail_init = fail_init,
    .disconnect = disconnect,
    .reconnect = reconnect,
    .take_lease = take_lease,
};

const struct conformance_subject *const conformance_subjects[] = {&subject, NULL};
