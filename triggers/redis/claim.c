/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others left: entries that nobody has touched for a lease are claimed, and consumers that have nothing and were
 * not seen for long are removed. And is there anything left at all?
 */
#include "scripts.h"
#include "state.h"

#include <leat/alloc.h>

#include <stdio.h>

enum { CLAIM_MAX = 100, TIDY_MS = 3600000, OTHERS_MS = 1000, STARVED_MS = 200 };

/* --- claims ------------------------------------------------------------------------------------------------------ */

static bool may_go_on(const struct leat_redis_source *redis)
{
    return redis->units > 0 && redis->bytes > 0 && !redis->stopping;
}

/* In half a lease, more or less: workers that were started together do not ask together. A round that ended for want of
 * credit goes on soon after there is some. */
static void set_next(struct leat_redis_source *redis)
{
    redis->starved = !may_go_on(redis);
    int64_t half_ms = redis->options.lease_ms / 2, part = half_ms / 8 + 1;
    leat_timer_set(redis->claim, half_ms - part + leat_redis_now_ms() % (2 * part));
}

void leat_redis_claim_on(struct leat_redis_source *redis)
{
    if (redis->starved && may_go_on(redis))
        leat_timer_set(redis->claim, STARVED_MS);
    redis->starved = redis->starved && !may_go_on(redis);
}

static void ask(struct leat_redis_source *redis);

static void end_round(struct leat_redis_source *redis)
{
    redis->claiming = false;
    if (redis->stopping)
        return;
    set_next(redis);
    if (redis->others > 0)
        leat_redis_look_at_others(redis);
}

static void next_stream(struct leat_redis_source *redis)
{
    if (++redis->claim_stream < redis->stream_count && may_go_on(redis))
        ask(redis);
    else
        end_round(redis);
}

static void on_claimed(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    struct leat_delivery *delivery = LEAT_TAKE(redis->claimed);
    struct leat_redis_stream *stream = &redis->streams[redis->claim_stream];
    leat_str cursor = reply != NULL ? leat_redis_text(leat_redis_item(reply, 0)) : LEAT_ABSENT;
    if (cursor.ptr == NULL) {
        bool error = reply != NULL && reply->type == LEAT_REDIS_ERROR;
        if (error && !leat_redis_link_misled(&redis->works, reply))
            leat_redis_log(redis, LEAT_ERROR, "nothing can be claimed in stream \"%.*s\": %.*s", LEAT_ARG(stream->name),
                           LEAT_ARG(reply->text));
        leat_delivery_drop(delivery);
        end_round(redis);
        leat_redis_finish(redis);
        return;
    }
    snprintf(stream->cursor, sizeof(stream->cursor), "%.*s", LEAT_ARG(cursor));
    bool whole_round = leat_str_is(cursor, "0-0");
    if (redis->stopping) {
        leat_redis_give_back_all(redis, redis->claim_stream, leat_redis_item(reply, 1));
        leat_delivery_drop(delivery);
        redis->claiming = false;
        leat_redis_finish(redis);
        return;
    }
    const struct leat_redis_value *entries = leat_redis_item(reply, 1);
    if (entries->count > 0) { /* who had these may have more */
        redis->others_ms = 0;
        leat_redis_look_at_others(redis);
        leat_redis_report(redis);
    }
    enum leat_redis_taken taken = leat_redis_take(redis, delivery, redis->claim_stream, entries);
    if (leat_redis_deliver(redis, delivery, taken) == LEAT_REDIS_LEFT)
        leat_redis_catch_up(redis);
    if (!whole_round && may_go_on(redis))
        ask(redis);
    else
        next_stream(redis);
    leat_redis_read_on(redis);
}

static void ask(struct leat_redis_source *redis)
{
    struct leat_redis_link *link = &redis->works;
    uint32_t count = redis->careful ? 1 : redis->units < CLAIM_MAX ? redis->units : CLAIM_MAX;
    redis->claimed = leat_redis_delivery(redis);
    if (redis->claimed == NULL) {
        end_round(redis);
        return;
    }
    leat_redis_begin_script(redis, &redis->works, script_claim, redis->claim_stream);
    leat_redis_add_number(link, redis->options.lease_ms);
    leat_redis_add(link, leat_str_c(redis->streams[redis->claim_stream].cursor));
    leat_redis_add_number(link, count);
    if (leat_redis_send(link, on_claimed, redis, leat_delivery_arena(redis->claimed), 0))
        return;
    leat_delivery_drop(LEAT_TAKE(redis->claimed));
    end_round(redis);
}

static void on_tidied(void *argument, const struct leat_redis_value *reply)
{
    const struct leat_redis_source *redis = argument;
    int64_t count = reply != NULL ? leat_redis_number(reply, 0) : 0;
    if (count > 0)
        leat_redis_log(redis, LEAT_INFO, "%lld consumers that had nothing and were gone for an hour were removed",
                       (long long)count);
}

static void tidy(struct leat_redis_source *redis)
{
    int64_t now_ms = leat_redis_now_ms();
    if (now_ms - redis->tidied_ms < TIDY_MS && redis->tidied_ms != 0)
        return;
    redis->tidied_ms = now_ms;
    for (uint32_t i = 0; i < redis->stream_count; i++) {
        leat_redis_begin_script(redis, &redis->works, script_tidy, i);
        leat_redis_add_number(&redis->works, TIDY_MS);
        (void)leat_redis_send(&redis->works, on_tidied, redis, NULL, 0);
    }
}

/* What is ours of the life before comes first: it is looked for by its owner, without waiting for a lease. */
void leat_redis_claim(struct leat_redis_source *redis)
{
    if (redis->claiming || redis->stopping)
        return;
    if (redis->works.state != LEAT_REDIS_UP || redis->phase != LEAT_REDIS_READING || !may_go_on(redis)) {
        set_next(redis);
        return;
    }
    tidy(redis);
    redis->claiming = true;
    redis->claim_stream = 0;
    ask(redis);
}

/* --- the others -------------------------------------------------------------------------------------------------- */

/* {count, first, last, {{consumer, count}...}} */
static uint64_t count_others(const struct leat_redis_source *redis, const struct leat_redis_value *reply)
{
    const struct leat_redis_value *consumers = leat_redis_item(reply, 3);
    uint64_t count = 0;
    for (size_t i = 0; i < consumers->count; i++) {
        leat_str name = leat_redis_text(leat_redis_item(&consumers->items[i], 0));
        int64_t pending = leat_redis_number(leat_redis_item(&consumers->items[i], 1), 0);
        count += leat_str_is(name, redis->consumer) || pending < 0 ? 0 : (uint64_t)pending;
    }
    return count;
}

static void on_summary(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    if (reply != NULL)
        redis->others_found += count_others(redis, reply);
    if (--redis->others_asked > 0)
        return;
    redis->others = redis->others_found;
    redis->others_ms = leat_redis_now_ms();
    leat_redis_report(redis);
}

void leat_redis_look_at_others(struct leat_redis_source *redis)
{
    bool known = redis->others_ms != 0 && redis->others == 0 && leat_redis_now_ms() - redis->others_ms < OTHERS_MS;
    if (known || redis->others_asked > 0 || redis->stopping)
        return;
    redis->others_found = 0;
    for (uint32_t i = 0; i < redis->stream_count; i++) {
        leat_redis_begin(&redis->works, "XPENDING");
        leat_redis_add(&redis->works, redis->streams[i].name);
        leat_redis_add(&redis->works, redis->options.group);
        if (leat_redis_send(&redis->works, on_summary, redis, NULL, 0))
            redis->others_asked++;
    }
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void stopped(struct leat_redis_source *redis)
{
    if (redis->stopped)
        return;
    redis->stopped = true;
    leat_stopped(redis->source);
}

static void on_left(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    (void)reply;
    if (--redis->telling == 0)
        stopped(redis);
}

/* Nothing is held any more: what the server thinks that we have never got here. */
void leat_redis_leave(struct leat_redis_source *redis)
{
    if (redis->leaving)
        return;
    redis->leaving = true;
    for (uint32_t i = 0; i < redis->stream_count; i++) {
        leat_redis_begin_script(redis, &redis->works, script_leave, i);
        if (leat_redis_send(&redis->works, on_left, redis, NULL, 0))
            redis->telling++;
    }
    if (redis->telling == 0)
        stopped(redis);
}
