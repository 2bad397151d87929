/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading link. On each new connection: the groups are made where they are not there; then, stream by stream, what
 * the server says is pending of ours and is not held here (a worker that was killed, a reply that never came, entries
 * there was no room for); only then what is new. So what was first in a lane stays first.
 */
#include "scripts.h"
#include "state.h"

#include <leat/alloc.h>

#include <stdio.h>

/* Under load credit comes back one by one, and little of it waits for more while there is enough to do. */
enum { WAIT_MS = 5000, PAGE = 100, MORE_CREDIT_MS = 10, AGAIN_MS = 100 /* for want of memory */ };

static const char first_page[] = "-";

static void add_group(struct leat_redis_source *redis)
{
    leat_redis_add(&redis->reads, redis->options.group);
    leat_redis_add(&redis->reads, leat_str_c(redis->consumer));
}

/* What cannot be understood: the connection is of no use. True: it is no answer. */
static bool is_refused(struct leat_redis_source *redis, const struct leat_redis_value *reply)
{
    if (reply->type != LEAT_REDIS_ERROR)
        return false;
    if (!leat_redis_link_misled(&redis->reads, reply))
        leat_redis_link_fail(&redis->reads, "%.*s", LEAT_ARG(reply->text));
    return true;
}

static void start_catching(struct leat_redis_source *redis)
{
    redis->phase = LEAT_REDIS_CATCHING;
    redis->catching = 0;
    snprintf(redis->page, sizeof(redis->page), "%s", first_page);
}

/* --- groups --------------------------------------------------------------------------------------------------- */

static void on_group(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    struct leat_redis_stream *stream = &redis->streams[redis->groups_asked];
    if (reply == NULL)
        return;
    bool was_there = leat_redis_is_error(reply, "BUSYGROUP");
    bool full = leat_redis_is_error(reply, "OOM"); /* it may be there all the same; reading it will tell */
    if (!was_there && !full && is_refused(redis, reply))
        return;
    if (!was_there && !full && stream->grouped)
        leat_redis_log(redis, LEAT_WARN,
                       "group \"%.*s\" of stream \"%.*s\" was gone and is made anew: all that the stream holds comes "
                       "again",
                       LEAT_ARG(redis->options.group), LEAT_ARG(stream->name));
    stream->grouped = stream->grouped || !full;
    if (++redis->groups_asked < redis->stream_count)
        return;
    start_catching(redis);
    leat_redis_read_on(redis);
}

void leat_redis_read_up(void *argument)
{
    struct leat_redis_source *redis = argument;
    redis->phase = LEAT_REDIS_GROUPS;
    redis->groups_asked = 0;
    for (uint32_t i = 0; i < redis->stream_count; i++) {
        const struct leat_redis_stream *stream = &redis->streams[i];
        bool from_now = redis->options.start == LEAT_REDIS_NEW && !stream->grouped;
        leat_redis_begin(&redis->reads, "XGROUP CREATE");
        leat_redis_add(&redis->reads, stream->name);
        leat_redis_add(&redis->reads, redis->options.group);
        leat_redis_add(&redis->reads, from_now ? LEAT_STR("$") : LEAT_STR("0"));
        leat_redis_add(&redis->reads, LEAT_STR("MKSTREAM"));
        if (!leat_redis_send(&redis->reads, on_group, redis, NULL, 0))
            leat_redis_link_fail(&redis->reads, "out of memory");
    }
}

void leat_redis_read_down(struct leat_redis_source *redis)
{
    redis->phase = LEAT_REDIS_GROUPS;
    redis->asked = redis->waits = redis->exhausted = redis->again = false;
}

/* --- catching up ------------------------------------------------------------------------------------------------ */

static void next_stream(struct leat_redis_source *redis)
{
    snprintf(redis->page, sizeof(redis->page), "%s", first_page);
    if (++redis->catching < redis->stream_count)
        return;
    redis->phase = LEAT_REDIS_READING;
    redis->begun = true;
    redis->careful = false;
    leat_redis_claim(redis); /* what others left */
}

static void go_on_catching(struct leat_redis_source *redis)
{
    if (redis->page_is_last)
        next_stream(redis);
    leat_redis_read_on(redis);
}

/* What the life before had is one attempt more: once, however often it is fetched. What came since never arrived. */
static bool is_one_more(const struct leat_redis_source *redis, uint32_t stream, const struct leat_redis_id *id)
{
    const struct leat_redis_id *counted = &redis->streams[stream].counted;
    return !redis->begun && (id->ms > counted->ms || (id->ms == counted->ms && id->number > counted->number));
}

/* A reply came. False: it is none, or of no use, for catching up began anew since it was asked for. */
static bool is_of_use(struct leat_redis_source *redis, const struct leat_redis_value *reply)
{
    redis->asked = false;
    if (LEAT_TAKE(redis->again)) {
        leat_redis_read_soon(redis);
        return false;
    }
    return reply != NULL && !is_refused(redis, reply);
}

static void on_fetched(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    struct leat_delivery *delivery = LEAT_TAKE(redis->delivery);
    bool carried_out = reply != NULL && reply->type != LEAT_REDIS_ERROR;
    if (carried_out && is_one_more(redis, redis->fetching, &redis->fetched))
        redis->streams[redis->fetching].counted = redis->fetched;
    bool good = is_of_use(redis, reply);
    if (good && redis->stopping)
        leat_redis_give_back_all(redis, redis->catching, reply);
    if (!good || redis->stopping) {
        leat_delivery_drop(delivery);
        leat_redis_finish(redis);
        return;
    }
    enum leat_redis_taken taken = leat_redis_take(redis, delivery, redis->catching, reply);
    if (leat_redis_deliver(redis, delivery, taken) == LEAT_REDIS_LEFT) {
        leat_redis_catch_up(redis); /* from the start: what was left stands before the next page */
        leat_timer_set(redis->read, AGAIN_MS);
        return;
    }
    go_on_catching(redis);
}

/* It goes on behind that entry. */
static void turn_page(struct leat_redis_source *redis, leat_str id)
{
    redis->page_is_last = false;
    snprintf(redis->page, sizeof(redis->page), "(%.*s", LEAT_ARG(id));
}

/* Those of the page that are not here and are attempts alike, as many as there is credit for. False: there are none. */
static bool ask_for_missing(struct leat_redis_source *redis, const struct leat_redis_value *page)
{
    struct leat_redis_link *link = &redis->reads;
    leat_str last = LEAT_ABSENT;
    size_t missing = 0;
    bool one_more = false;
    leat_redis_begin_script(redis, link, script_fetch, redis->catching);
    for (size_t i = 0; i < page->count; i++) {
        leat_str text = leat_redis_text(leat_redis_item(&page->items[i], 0));
        struct leat_redis_id id = {0, 0};
        (void)leat_redis_id_read(text, &id);
        if (leat_redis_is_held(leat_redis_held_find(&redis->held, redis->catching, &id)))
            continue;
        if (missing > 0 && (missing >= redis->units || one_more != is_one_more(redis, redis->catching, &id))) {
            turn_page(redis, last);
            break;
        }
        if (missing++ == 0) {
            one_more = is_one_more(redis, redis->catching, &id);
            leat_redis_add_number(link, one_more ? 1 : 0);
        }
        leat_redis_add(link, text);
        last = text;
        redis->fetched = id;
    }
    redis->fetching = redis->catching;
    if (missing == 0)
        return false;
    redis->delivery = leat_redis_delivery(redis);
    redis->asked = redis->delivery != NULL;
    if (redis->asked && !leat_redis_send(link, on_fetched, redis, leat_delivery_arena(redis->delivery), 0)) {
        leat_delivery_drop(LEAT_TAKE(redis->delivery));
        redis->asked = false;
        leat_redis_link_fail(link, "out of memory");
    }
    return true;
}

static void on_page(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    if (!is_of_use(redis, reply) || redis->stopping) {
        leat_redis_finish(redis);
        return;
    }
    char before[sizeof(redis->page)];
    memcpy(before, redis->page, sizeof(before));
    if (reply->count > 0)
        turn_page(redis, leat_redis_text(leat_redis_item(&reply->items[reply->count - 1], 0)));
    redis->page_is_last = reply->count < redis->page_asked;
    if (!ask_for_missing(redis, reply))
        go_on_catching(redis);
    else if (!redis->asked)
        memcpy(redis->page, before, sizeof(before)); /* no memory: the same page once more */
}

static void ask_for_page(struct leat_redis_source *redis)
{
    redis->page_asked = redis->careful ? 1 : PAGE;
    leat_redis_begin(&redis->reads, "XPENDING");
    leat_redis_add(&redis->reads, redis->streams[redis->catching].name);
    leat_redis_add(&redis->reads, redis->options.group);
    leat_redis_add(&redis->reads, leat_str_c(redis->page));
    leat_redis_add(&redis->reads, LEAT_STR("+"));
    leat_redis_add_number(&redis->reads, redis->page_asked);
    leat_redis_add(&redis->reads, leat_str_c(redis->consumer));
    redis->asked = leat_redis_send(&redis->reads, on_page, redis, NULL, 0);
    if (!redis->asked)
        leat_timer_set(redis->read, AGAIN_MS);
}

void leat_redis_catch_up(struct leat_redis_source *redis)
{
    if (redis->phase == LEAT_REDIS_GROUPS)
        return;
    redis->again = redis->asked && redis->phase == LEAT_REDIS_CATCHING;
    redis->exhausted = false; /* there is something to do */
    start_catching(redis);
    leat_redis_report(redis);
}

/* --- what is new ------------------------------------------------------------------------------------------------- */

static void ask_for_new(struct leat_redis_source *redis, uint32_t count);

static uint32_t stream_of(const struct leat_redis_source *redis, leat_str name)
{
    uint32_t i = 0;
    while (i < redis->stream_count && !leat_str_eq(redis->streams[i].name, name))
        i++;
    return i;
}

static enum leat_redis_taken take_all(struct leat_redis_source *redis, struct leat_delivery *delivery,
                                      const struct leat_redis_value *reply)
{
    enum leat_redis_taken taken = LEAT_REDIS_TAKEN;
    for (size_t i = 0; i < reply->count; i++) {
        uint32_t stream = stream_of(redis, leat_redis_text(leat_redis_item(&reply->items[i], 0)));
        const struct leat_redis_value *entries = leat_redis_item(&reply->items[i], 1);
        if (stream == redis->stream_count)
            continue;
        if (redis->stopping)
            leat_redis_give_back_all(redis, stream, entries);
        else if (leat_redis_take(redis, delivery, stream, entries) == LEAT_REDIS_LEFT)
            taken = LEAT_REDIS_LEFT;
    }
    return taken;
}

static uint32_t count_of(const struct leat_redis_value *reply)
{
    size_t count = 0;
    for (size_t i = 0; i < reply->count; i++)
        count += leat_redis_item(&reply->items[i], 1)->count;
    return (uint32_t)count;
}

/* Under load the server looks for the next ones while these are taken, as far as there is credit for both. */
static void ask_ahead(struct leat_redis_source *redis, uint32_t count, const struct leat_arena *reply)
{
    bool room =
        redis->units > count && redis->units - count > LEAT_REDIS_READ_MAX && redis->bytes > leat_redis_in_use(reply);
    if (room && !redis->exhausted && !redis->stopping)
        ask_for_new(redis, LEAT_REDIS_READ_MAX);
}

static void on_new(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    struct leat_delivery *delivery = LEAT_TAKE(redis->delivery);
    redis->asked = redis->waits = false;
    if (reply == NULL || is_refused(redis, reply)) {
        leat_delivery_drop(delivery);
        leat_redis_finish(redis);
        return;
    }
    if (redis->phase != LEAT_REDIS_READING && !redis->stopping) { /* what was left meanwhile comes before these */
        leat_delivery_drop(delivery);
        leat_redis_read_soon(redis);
        return;
    }
    uint32_t count = count_of(reply);
    redis->exhausted = count < redis->page_asked;
    ask_ahead(redis, count, leat_delivery_arena(delivery));
    enum leat_redis_taken taken = take_all(redis, delivery, reply);
    if (leat_redis_deliver(redis, delivery, taken) == LEAT_REDIS_LEFT)
        leat_redis_catch_up(redis);
    if (redis->exhausted)
        leat_redis_look_at_others(redis);
    leat_redis_report(redis);
    leat_redis_read_soon(redis);
    leat_redis_finish(redis);
}

/* Once fewer came than were asked for, the next one waits at the server. */
static void ask_for_new(struct leat_redis_source *redis, uint32_t count)
{
    struct leat_redis_link *link = &redis->reads;
    count = count > redis->stream_count ? count / redis->stream_count : 1; /* of each stream */
    redis->delivery = leat_redis_delivery(redis);
    if (redis->delivery == NULL)
        return;
    redis->page_asked = count;
    leat_redis_begin(link, "XREADGROUP GROUP");
    add_group(redis);
    leat_redis_add(link, LEAT_STR("COUNT"));
    leat_redis_add_number(link, count);
    if (redis->exhausted) {
        leat_redis_add(link, LEAT_STR("BLOCK"));
        leat_redis_add_number(link, WAIT_MS);
    }
    leat_redis_add(link, LEAT_STR("STREAMS"));
    for (uint32_t i = 0; i < redis->stream_count; i++)
        leat_redis_add(link, redis->streams[i].name);
    for (uint32_t i = 0; i < redis->stream_count; i++)
        leat_redis_add(link, LEAT_STR(">"));
    redis->waits = redis->exhausted;
    redis->asked =
        leat_redis_send(link, on_new, redis, leat_delivery_arena(redis->delivery), redis->exhausted ? WAIT_MS : 0);
    if (redis->asked)
        return;
    leat_delivery_drop(LEAT_TAKE(redis->delivery));
    leat_timer_set(redis->read, AGAIN_MS);
}

void leat_redis_read_on(struct leat_redis_source *redis)
{
    if (redis->asked || redis->stopping || redis->phase == LEAT_REDIS_GROUPS || redis->units == 0 || redis->bytes == 0)
        return;
    if (redis->phase == LEAT_REDIS_CATCHING)
        ask_for_page(redis);
    else
        ask_for_new(redis, redis->units < LEAT_REDIS_READ_MAX ? redis->units : LEAT_REDIS_READ_MAX);
}

void leat_redis_read_soon(struct leat_redis_source *redis)
{
    bool worth_it = redis->units >= LEAT_REDIS_READ_MAX || redis->held.count < LEAT_REDIS_READ_MAX;
    if (!redis->asked && !redis->stopping && redis->units > 0 && redis->bytes > 0)
        leat_timer_set(redis->read, worth_it ? 0 : MORE_CREDIT_MS);
}
