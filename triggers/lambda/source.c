/* SPDX-License-Identifier: Apache-2.0 */
#include "poller.h"

#include <leat/alloc.h>

static leat_status init_lambda(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                               struct leat_error *reterr)
{
    struct leat_lambda *lambda = self;
    lambda->source = source;
    lambda->loop = loop;
    lambda->options = *(const struct leat_lambda_options *)options;
    lambda->count = lambda->options.concurrency > 0 ? lambda->options.concurrency : 1;
    lambda->pollers = leat_alloc(lambda->count * sizeof(lambda->pollers[0]));
    leat_arena_init(&lambda->arena, 0);
    struct leat_lambda_request next = {.method = "GET", .path = LEAT_STR(LEAT_LAMBDA_RUNTIME "/invocation/next")};
    lambda->next = leat_lambda_head(&lambda->arena, lambda->options.peer, &next);
    if (lambda->pollers == NULL || lambda->next.ptr == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    for (uint32_t i = 0; i < lambda->count; i++)
        leat_poller_init(&lambda->pollers[i], lambda);
    return LEAT_OK;
}

static leat_status start_lambda(void *self, struct leat_error *reterr)
{
    const struct leat_lambda *lambda = self;
    (void)reterr;
    leat_source_state(lambda->source, LEAT_CONSUMING, NULL);
    return LEAT_OK;
}

static void demand_lambda(void *self, uint32_t units, size_t bytes)
{
    struct leat_lambda *lambda = self;
    lambda->wanted = units > 0 && bytes > 0;
    for (uint32_t i = 0; i < lambda->count; i++)
        leat_poller_ask(&lambda->pollers[i]);
}

static void settle_lambda(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                          size_t count)
{
    const struct leat_lambda *lambda = self;
    struct leat_answer answer;
    if (leat_poller_streams(delivery->token)) {
        leat_poller_end_stream(delivery->token, settlements);
        return;
    }
    leat_delivery_answer(delivery, settlements, count, &lambda->options.rules, &answer);
    leat_poller_answer(delivery->token, &answer);
}

/* --- streamed replies --------------------------------------------------------------------------------------- */

static leat_status begin_reply(void *self, struct leat_unit *unit, const struct leat_reply *reply)
{
    (void)self;
    return leat_poller_begin_stream(unit->delivery->token, unit, reply);
}

static size_t write_reply(void *self, struct leat_unit *unit, leat_str bytes)
{
    const struct leat_poller *poller = unit->delivery->token;
    (void)self;
    return leat_reply_stream_write(poller->stream, bytes);
}

static bool wait_reply(void *self, struct leat_unit *unit, int64_t limit_ms)
{
    const struct leat_poller *poller = unit->delivery->token;
    (void)self;
    return leat_reply_stream_wait(poller->stream, limit_ms);
}

/* --- the end -------------------------------------------------------------------------------------------------- */

static bool is_quiet(const struct leat_lambda *lambda)
{
    for (uint32_t i = 0; i < lambda->count; i++) {
        enum leat_poller_phase phase = lambda->pollers[i].phase;
        if (phase == LEAT_POLLER_ASKING || phase == LEAT_POLLER_RUNNING || phase == LEAT_POLLER_POSTING)
            return false;
    }
    return true;
}

void leat_lambda_tell_stopped(struct leat_lambda *lambda)
{
    if (!lambda->stopping || lambda->told || !is_quiet(lambda))
        return;
    lambda->told = true;
    leat_stopped(lambda->source);
}

static void stop_lambda(void *self)
{
    struct leat_lambda *lambda = self;
    lambda->stopping = true;
    for (uint32_t i = 0; i < lambda->count; i++)
        leat_poller_stop(&lambda->pollers[i]);
    leat_lambda_tell_stopped(lambda);
}

void leat_lambda_end(struct leat_lambda *lambda, const char *why)
{
    if (why != NULL)
        leat_source_state(lambda->source, LEAT_FAILED, why); /* stops us */
    stop_lambda(lambda);
}

static void free_lambda(void *self, struct leat_delivery *delivery)
{
    struct leat_poller *poller = delivery->token;
    (void)self;
    if (poller == NULL || poller->delivery != delivery)
        return;
    leat_poller_free(poller);
}

static void close_lambda(void *self)
{
    struct leat_lambda *lambda = self;
    for (uint32_t i = 0; lambda->pollers != NULL && i < lambda->count; i++)
        leat_poller_fini(&lambda->pollers[i]);
    leat_free(lambda->pollers);
    lambda->pollers = NULL;
    leat_arena_fini(&lambda->arena);
}

const struct leat_source_ops leat_source_lambda = {
    .abi = LEAT_ABI,
    .size = sizeof(leat_source_lambda),
    .name = "lambda",
    .state_size = sizeof(struct leat_lambda),
    .caps = {.settle = LEAT_SETTLE_WHOLE, .retry = LEAT_BY_CALLER},
    .init = init_lambda,
    .start = start_lambda,
    .demand = demand_lambda,
    .settle = settle_lambda,
    .stop = stop_lambda,
    .reply_begin = begin_reply,
    .reply_write = write_reply,
    .reply_wait = wait_reply,
    .free_delivery = free_lambda,
    .close = close_lambda,
};
