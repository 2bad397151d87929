/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server is told of entries: acknowledged, given back, put aside, still being worked on. All that came up in a
 * turn of the loop goes out in one command a stream. It waits here while there is no connection, and is said again when
 * nobody knows whether it arrived.
 */
#include "scripts.h"
#include "state.h"

#include <leat/alloc.h>

/* Acknowledgements wait for each other, but not for long, nor when nothing else is left to wait for. */
enum { ACKS_AT_ONCE = 100, ACK_SOON_MS = 1 };

/* One command about entries that are held. */
struct telling {
    struct leat_redis_source *redis;
    uint32_t stream;
    struct leat_redis_entry *first;
    size_t count;
    enum what { ACK, ACK_LATE, GIVE, ASIDE } what;
};

static struct leat_redis_stream *stream_of(const struct telling *telling)
{
    return &telling->redis->streams[telling->stream];
}

void leat_redis_forget(struct leat_redis_source *redis, struct leat_redis_entry *entry)
{
    leat_redis_held_remove(&redis->held, entry);
}

/* Its memory may go with the answer. */
static void answer(struct leat_redis_source *redis, struct leat_redis_entry *entry, leat_status status)
{
    struct leat_unit *unit = entry->unit;
    if (leat_is_ok(status))
        leat_redis_forget(redis, entry);
    leat_settled(unit, status);
}

static void answer_all(const struct telling *telling, leat_status status)
{
    for (struct leat_redis_entry *entry = telling->first, *next; entry != NULL; entry = next) {
        next = entry->next;
        answer(telling->redis, entry, status);
    }
}

static struct leat_redis_entries *list_of(struct leat_redis_stream *stream, enum what what)
{
    return what == GIVE ? &stream->gives : what == ASIDE ? &stream->asides : &stream->acks;
}

/* Nobody knows whether it was heard: once more, when there is a connection. */
static void put_back(const struct telling *telling)
{
    struct leat_redis_entries *list = list_of(stream_of(telling), telling->what);
    for (struct leat_redis_entry *entry = telling->first, *next; entry != NULL; entry = next) {
        next = entry->next;
        leat_redis_entries_add(list, entry);
    }
}

/* How many of them it was true of. */
static size_t count_of(const struct leat_redis_value *reply)
{
    size_t count = 0;
    if (reply->type != LEAT_REDIS_LIST)
        return (size_t)leat_redis_number(reply, 0);
    for (size_t i = 0; i < reply->count; i++)
        count += leat_redis_number(&reply->items[i], 0) != 0 ? 1 : 0;
    return count;
}

static void on_told(void *argument, const struct leat_redis_value *reply)
{
    struct telling told = *(struct telling *)argument;
    struct leat_redis_source *redis = told.redis;
    leat_free(argument);
    redis->telling--;
    if (reply == NULL) {
        put_back(&told);
        leat_redis_finish(redis);
        return;
    }
    if (reply->type == LEAT_REDIS_ERROR && !leat_redis_is_error(reply, "NOGROUP")) {
        if (leat_redis_link_misled(&redis->works, reply)) {
            put_back(&told);
            return;
        }
        leat_redis_log(redis, LEAT_ERROR, "stream \"%.*s\" cannot be told what was done: %.*s",
                       LEAT_ARG(stream_of(&told)->name), LEAT_ARG(reply->text));
        answer_all(&told, LEAT_STATUS(AWAY));
        return;
    }
    /* Without its group the stream knows nothing of them; a new one begins with all that it holds. */
    size_t count = reply->type == LEAT_REDIS_ERROR ? 0 : count_of(reply);
    if (count < told.count)
        leat_redis_log(redis, LEAT_INFO,
                       "%zu of %zu entries of stream \"%.*s\" had been taken away or settled by others",
                       told.count - count, told.count, LEAT_ARG(stream_of(&told)->name));
    answer_all(&told, LEAT_OK);
    leat_redis_finish(redis);
}

/* --- the commands ------------------------------------------------------------------------------------------------- */

/* Ours from now on, or anybody's. */
static void begin_keeping(struct leat_redis_source *redis, uint32_t stream, bool ours)
{
    leat_redis_begin_script(redis, &redis->works, script_keep, stream);
    leat_redis_add(&redis->works, ours ? LEAT_STR("IDLE") : LEAT_STR("TIME"));
    leat_redis_add_number(&redis->works, ours ? 0 : 1);
}

/* How many deliveries it had when it comes again, less one. */
static int64_t deliveries_of(const struct leat_unit *unit)
{
    int64_t count = (int64_t)unit->attempts + unit->tries - 1;
    return count > 0 ? count : 0;
}

static leat_str reason_of(const struct leat_unit *unit)
{
    return unit->delivery->settlements[unit->index].reason;
}

static void write_command(const struct telling *telling)
{
    struct leat_redis_source *redis = telling->redis;
    struct leat_redis_link *link = &redis->works;
    switch (telling->what) {
    case ACK:
        leat_redis_begin(link, "XACK");
        leat_redis_add(link, stream_of(telling)->name);
        leat_redis_add(link, redis->options.group);
        break;
    case ACK_LATE: leat_redis_begin_script(redis, &redis->works, script_ack, telling->stream); break;
    case GIVE: begin_keeping(redis, telling->stream, false); break;
    case ASIDE: leat_redis_begin_script(redis, &redis->works, script_aside, telling->stream); break;
    }
    for (const struct leat_redis_entry *entry = telling->first; entry != NULL; entry = entry->next) {
        leat_redis_add(link, entry->text);
        if (telling->what == GIVE)
            leat_redis_add_number(link, deliveries_of(entry->unit));
        else if (telling->what == ASIDE)
            leat_redis_add(link, reason_of(entry->unit));
    }
}

/* Takes the list. */
static void tell(struct leat_redis_source *redis, uint32_t stream, enum what what, struct leat_redis_entries *list)
{
    struct telling *telling = leat_alloc(sizeof(*telling));
    const struct telling all = {
        .redis = redis, .stream = stream, .first = list->first, .count = list->count, .what = what};
    leat_redis_entries_init(list);
    if (telling != NULL) {
        *telling = all;
        write_command(telling);
        if (leat_redis_send(&redis->works, on_told, telling, NULL, 0)) {
            redis->telling++;
            return;
        }
    }
    leat_free(telling);
    put_back(&all);
    leat_timer_set(redis->turn, 100);
}

/* --- leases ------------------------------------------------------------------------------------------------------- */

/* Whose leases were to be extended, in the order of the reply. */
struct keeping {
    struct leat_redis_source *redis;
    int64_t sent_ms;
    size_t count;
    struct leat_redis_entry entries[]; /* copies: the entries themselves may be gone by then */
};

static void kept(struct leat_redis_source *redis, const struct leat_redis_entry *copy, bool ours, int64_t until_ms)
{
    struct leat_redis_entry *entry = leat_redis_held_find(&redis->held, copy->stream, &copy->id);
    if (entry == NULL || entry->unit != copy->unit || entry->unit->lost)
        return; /* it is settled */
    if (ours) {
        leat_extended(entry->unit, until_ms);
        return;
    }
    leat_redis_forget(redis, entry);
    leat_lost(entry->unit, LEAT_LEASE_LOST);
}

static void on_kept(void *argument, const struct leat_redis_value *reply)
{
    struct keeping *keeping = argument;
    struct leat_redis_source *redis = keeping->redis;
    bool heard = reply != NULL && reply->type == LEAT_REDIS_LIST && reply->count == keeping->count;
    bool gone = reply != NULL && leat_redis_is_error(reply, "NOGROUP");
    redis->telling--;
    if (reply != NULL && !heard && !gone && !leat_redis_link_misled(&redis->works, reply))
        leat_redis_log(redis, LEAT_ERROR, "leases cannot be extended: %.*s", LEAT_ARG(reply->text));
    for (size_t i = 0; i < keeping->count; i++) {
        bool ours = !gone && (!heard || leat_redis_number(&reply->items[i], 0) != 0);
        kept(redis, &keeping->entries[i], ours, heard ? keeping->sent_ms + redis->options.lease_ms : 0);
    }
    leat_free(keeping);
    leat_redis_finish(redis);
}

/* Counts are kept up too: what was tried again here is known there when this worker dies. */
static void keep_stream(struct leat_redis_source *redis, uint32_t stream, struct keeping *keeping)
{
    struct leat_redis_link *link = &redis->works;
    begin_keeping(redis, stream, true);
    for (size_t i = 0; i < redis->keep_count; i++) {
        const struct leat_redis_entry *copy = &redis->keeps[i];
        const struct leat_redis_entry *entry = leat_redis_held_find(&redis->held, copy->stream, &copy->id);
        if (copy->stream != stream || entry == NULL || entry->unit != copy->unit)
            continue;
        keeping->entries[keeping->count++] = *copy;
        leat_redis_add(link, entry->text);
        leat_redis_add_number(link, deliveries_of(entry->unit) + 1);
    }
    if (keeping->count > 0 && leat_redis_send(link, on_kept, keeping, NULL, 0)) {
        redis->telling++;
        return;
    }
    for (size_t i = 0; i < keeping->count; i++)
        kept(redis, &keeping->entries[i], true, 0); /* not now; it is tried again while the lease lasts */
    leat_free(keeping);
}

static void keep_all(struct leat_redis_source *redis)
{
    for (uint32_t i = 0; i < redis->stream_count && redis->keep_count > 0; i++) {
        struct keeping *keeping = leat_alloc(sizeof(*keeping) + redis->keep_count * sizeof(struct leat_redis_entry));
        if (keeping == NULL)
            continue; /* their leases end, unless somebody asks again */
        keeping->redis = redis;
        keeping->sent_ms = leat_redis_now_ms();
        keep_stream(redis, i, keeping);
    }
    redis->keep_count = 0;
}

void leat_redis_extend(struct leat_redis_source *redis, struct leat_unit *unit)
{
    const struct leat_redis_entry *entry = unit->token;
    if (redis->keep_count == redis->keep_size) {
        size_t size = redis->keep_size == 0 ? 64 : redis->keep_size * 2;
        struct leat_redis_entry *keeps = leat_realloc(redis->keeps, size * sizeof(*keeps));
        if (keeps == NULL) {
            leat_extended(unit, 0);
            return;
        }
        redis->keeps = keeps;
        redis->keep_size = size;
    }
    redis->keeps[redis->keep_count++] = *entry;
    leat_timer_set(redis->turn, 0);
}

/* --- from outside ---------------------------------------------------------------------------------------------------
 */

static bool is_late(const struct leat_redis_entry *entry, int64_t now_ms)
{
    return entry->unit->lease_until_ms <= now_ms;
}

/* An acknowledgement says nothing of who sends it: one that comes late might be of what another works on by now. */
static void ack_all(struct leat_redis_source *redis, uint32_t stream)
{
    struct leat_redis_entries in_time, late;
    struct leat_redis_entry *entry = redis->streams[stream].acks.first;
    int64_t now_ms = leat_redis_now_ms();
    leat_redis_entries_init(&in_time);
    leat_redis_entries_init(&late);
    leat_redis_entries_init(&redis->streams[stream].acks);
    for (struct leat_redis_entry *next; entry != NULL; entry = next) {
        next = entry->next;
        leat_redis_entries_add(is_late(entry, now_ms) ? &late : &in_time, entry);
    }
    if (in_time.count > 0)
        tell(redis, stream, ACK, &in_time);
    if (late.count > 0)
        tell(redis, stream, ACK_LATE, &late);
}

/* Each for itself: its reason goes with it. */
static void put_all_aside(struct leat_redis_source *redis, uint32_t stream)
{
    struct leat_redis_entry *entry = redis->streams[stream].asides.first;
    leat_redis_entries_init(&redis->streams[stream].asides);
    for (struct leat_redis_entry *next; entry != NULL; entry = next) {
        struct leat_redis_entries one;
        next = entry->next;
        leat_redis_entries_init(&one);
        leat_redis_entries_add(&one, entry);
        tell(redis, stream, ASIDE, &one);
    }
}

/* Without a connection nobody can be told, and it will come again by itself: the end does not wait for that. */
static void let_go(struct leat_redis_source *redis, struct leat_redis_entries *gives)
{
    const struct telling all = {.redis = redis, .first = gives->first, .count = gives->count, .what = GIVE};
    leat_redis_entries_init(gives);
    answer_all(&all, LEAT_OK);
}

void leat_redis_tell_server(struct leat_redis_source *redis)
{
    bool up = redis->works.state == LEAT_REDIS_UP;
    keep_all(redis);
    for (uint32_t i = 0; i < redis->stream_count; i++) {
        struct leat_redis_stream *stream = &redis->streams[i];
        if (up && stream->acks.count > 0)
            ack_all(redis, i);
        if (up && stream->gives.count > 0)
            tell(redis, i, GIVE, &stream->gives);
        else if (redis->deserted)
            let_go(redis, &stream->gives);
        if (up && stream->asides.count > 0)
            put_all_aside(redis, i);
    }
    leat_redis_finish(redis);
}

void leat_redis_settle(struct leat_redis_source *redis, const struct leat_settlement *settlement)
{
    struct leat_redis_entry *entry = settlement->unit->token;
    struct leat_redis_stream *stream = &redis->streams[entry->stream];
    entry->unit = settlement->unit;
    leat_redis_entries_add(settlement->verdict == LEAT_ACK    ? &stream->acks
                           : settlement->verdict == LEAT_FAIL ? &stream->asides
                                                              : &stream->gives,
                           entry);
    bool soon =
        stream->acks.count < ACKS_AT_ONCE && stream->acks.count < redis->held.count && settlement->verdict == LEAT_ACK;
    if (!soon)
        leat_timer_set(redis->turn, 0);
    else if (stream->acks.count == 1)
        leat_timer_set(redis->turn, ACK_SOON_MS);
}

static void on_loose(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    redis->telling--;
    if (reply != NULL && reply->type == LEAT_REDIS_ERROR && !leat_redis_link_misled(&redis->works, reply))
        leat_redis_log(redis, LEAT_ERROR, "an entry stays pending: %.*s", LEAT_ARG(reply->text));
    leat_redis_finish(redis);
}

void leat_redis_give_back(struct leat_redis_source *redis, uint32_t stream, leat_str id, int64_t deliveries)
{
    begin_keeping(redis, stream, false);
    leat_redis_add(&redis->works, id);
    leat_redis_add_number(&redis->works, deliveries);
    if (leat_redis_send(&redis->works, on_loose, redis, NULL, 0))
        redis->telling++;
}

void leat_redis_put_aside(struct leat_redis_source *redis, uint32_t stream, leat_str id, const char *reason)
{
    leat_str name = redis->streams[stream].name;
    leat_redis_log(redis, LEAT_ERROR, "entry %.*s of stream \"%.*s\" goes to \"%.*s.failed\": %s", LEAT_ARG(id),
                   LEAT_ARG(name), LEAT_ARG(name), reason);
    leat_redis_begin_script(redis, &redis->works, script_aside, stream);
    leat_redis_add(&redis->works, id);
    leat_redis_add(&redis->works, leat_str_c(reason));
    if (leat_redis_send(&redis->works, on_loose, redis, NULL, 0))
        redis->telling++;
}
