/* SPDX-License-Identifier: Apache-2.0 */
#include "once.h"

#include <leat/alloc.h>

#include <stdio.h>

enum { LIMIT_MS = 10000 };

static void on_up(void *argument)
{
    struct leat_redis_once *once = argument;
    once->up = true;
    leat_loop_break(once->loop);
}

static void on_down(void *argument, const char *why)
{
    struct leat_redis_once *once = argument;
    snprintf(once->why, sizeof(once->why), "%s", why);
    leat_loop_break(once->loop);
}

static void on_limit(void *argument)
{
    struct leat_redis_once *once = argument;
    snprintf(once->why, sizeof(once->why), "no answer within %d s", LIMIT_MS / 1000);
    leat_loop_break(once->loop);
}

static leat_status away(const struct leat_redis_once *once, struct leat_error *reterr)
{
    return leat_error_set(reterr, LEAT_STATUS(AWAY), "redis: %s", once->why[0] != '\0' ? once->why : "out of memory");
}

leat_status leat_redis_once_open(struct leat_redis_once *once, const struct leat_redis_server_options *options,
                                 struct leat_error *reterr)
{
    *once = (struct leat_redis_once){.up = false};
    leat_arena_init(&once->arena, 0);
    LEAT_TRY(leat_redis_server_init(&once->server, options, reterr));
    once->loop = leat_loop_new();
    const struct leat_redis_link_options link = {.loop = once->loop,
                                                 .targets = &once->server.targets,
                                                 .tls = once->server.tls,
                                                 .name = "leat",
                                                 .up = on_up,
                                                 .down = on_down,
                                                 .argument = once};
    bool made = once->loop != NULL && leat_redis_link_init(&once->link, &link);
    once->limit = once->loop != NULL ? leat_loop_timer(once->loop, on_limit, once) : NULL;
    if (!made || once->limit == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    leat_redis_link_open(&once->link);
    leat_timer_set(once->limit, LIMIT_MS);
    (void)leat_loop_run(once->loop);
    return once->up ? LEAT_OK : away(once, reterr);
}

void leat_redis_once_close(struct leat_redis_once *once)
{
    leat_redis_link_fini(&once->link);
    leat_timer_free(LEAT_TAKE(once->limit));
    leat_loop_free(LEAT_TAKE(once->loop));
    leat_redis_server_fini(&once->server);
    leat_arena_fini(&once->arena);
}

static void on_reply(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_once *once = argument;
    once->reply = reply; /* the parser's root, until the next one */
    if (reply != NULL)
        leat_loop_break(once->loop);
}

leat_status leat_redis_once_ask(struct leat_redis_once *once, struct leat_error *reterr)
{
    once->reply = NULL;
    leat_arena_reset(&once->arena);
    leat_timer_set(once->limit, LIMIT_MS);
    if (!leat_redis_send(&once->link, on_reply, once, &once->arena,
                         LIMIT_MS)) /* the timer's limit is the shorter one */
        return away(once, reterr);
    (void)leat_loop_run(once->loop);
    if (once->arena.overflow)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return once->reply != NULL ? LEAT_OK : away(once, reterr);
}
