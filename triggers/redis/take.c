/* SPDX-License-Identifier: Apache-2.0 */
/* From entries to units: what a reply brought is delivered, as far as there is credit for it. */
#include "state.h"

#include <leat/alloc.h>

#include <stdio.h>

struct leat_delivery *leat_redis_delivery(struct leat_redis_source *redis)
{
    struct leat_delivery *delivery = leat_delivery_new(redis->source);
    if (delivery == NULL)
        leat_timer_set(redis->read, 100);
    return delivery;
}

/* Somebody had it meanwhile, or we were late: what still goes on here with it counts for nothing. */
static void drop_old(struct leat_redis_source *redis, uint32_t stream, const struct leat_redis_id *id)
{
    struct leat_redis_entry *old = leat_redis_held_find(&redis->held, stream, id);
    if (old == NULL)
        return;
    leat_redis_held_remove(&redis->held, old);
    if (!old->unit->lost)
        leat_lost(old->unit, LEAT_LEASE_LOST);
}

/* "STREAM/ID" */
static leat_str name_of(struct leat_arena *arena, leat_str stream, leat_str id)
{
    char *name =
        leat_arena_alloc(arena, stream.len + 1 + id.len); /* printf would be a tenth of all that an entry costs */
    if (name == NULL)
        return LEAT_ABSENT;
    memcpy(name, stream.ptr, stream.len);
    name[stream.len] = '/';
    memcpy(name + stream.len + 1, id.ptr, id.len);
    return leat_str_of(name, stream.len + 1 + id.len);
}

/* NULL: it is not here. */
static struct leat_redis_entry *held_of(const struct leat_redis_source *redis, uint32_t stream, leat_str id)
{
    struct leat_redis_id parts;
    return leat_redis_id_read(id, &parts) ? leat_redis_held_find(&redis->held, stream, &parts) : NULL;
}

void leat_redis_give_back_all(struct leat_redis_source *redis, uint32_t stream, const struct leat_redis_value *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        const struct leat_redis_value *item = &entries->items[i];
        leat_str id = leat_redis_text(leat_redis_item(item, 0));
        int64_t deliveries = leat_redis_number(leat_redis_item(item, 2), 1);
        if (id.ptr != NULL && held_of(redis, stream, id) == NULL)
            leat_redis_give_back(redis, stream, id, deliveries - 1);
    }
}

static leat_status add_unit(struct leat_redis_source *redis, struct leat_delivery *delivery, uint32_t stream,
                            const struct leat_redis_value *item, int64_t lease_until_ms)
{
    struct leat_arena *arena = leat_delivery_arena(delivery);
    leat_str stream_name = redis->streams[stream].name, id = leat_redis_text(leat_redis_item(item, 0));
    struct leat_redis_entry *entry = LEAT_NEW(arena, struct leat_redis_entry);
    leat_str text = leat_redis_entry_text(arena, stream_name, id, leat_redis_item(item, 1));
    if (entry == NULL || text.ptr == NULL)
        return leat_arena_status(arena);
    entry->stream = stream;
    entry->text = id;
    if (!leat_redis_id_read(id, &entry->id))
        return LEAT_STATUS(BAD_RECORD);
    const struct leat_unit given = {
        .attempts = (uint32_t)leat_redis_number(leat_redis_item(item, 2), 1),
        .position = entry->id.ms,
        .lease_until_ms = lease_until_ms,
        .since_ms = leat_redis_id_time_ms(&entry->id),
        .name = name_of(arena, stream_name, id),
        .token = entry,
        .bytes = text.len,
    };
    return leat_delivery_file(delivery, text, &given);
}

/* It can never be delivered: it would be in the way for ever. */
static void refuse_field(struct leat_redis_source *redis, uint32_t stream, leat_str id, size_t len)
{
    char reason[160];
    snprintf(reason, sizeof(reason), "a field has %zu bytes, limits.payload is %zu", len,
             leat_max_payload(redis->source));
    leat_redis_put_aside(redis, stream, id, reason);
}

/* It is finished, and its acknowledgement is on its way: it is claimed by us only because that took longer than a
 * lease. */
static bool is_settling(const struct leat_redis_source *redis, uint32_t stream, leat_str id)
{
    const struct leat_redis_entry *entry = held_of(redis, stream, id);
    return entry != NULL && entry->unit->settling;
}

enum leat_redis_taken leat_redis_take(struct leat_redis_source *redis, struct leat_delivery *delivery, uint32_t stream,
                                      const struct leat_redis_value *entries)
{
    /* Less credit than when it was asked for is no reason to leave any of it; none at all is. */
    if (entries->count > 0 && redis->units == 0)
        return LEAT_REDIS_LEFT;
    int64_t lease_until_ms = leat_redis_now_ms() + redis->options.lease_ms;
    for (size_t i = 0; i < entries->count; i++) {
        const struct leat_redis_value *item = &entries->items[i];
        leat_str id = leat_redis_text(leat_redis_item(item, 0));
        size_t left_out = leat_redis_entry_left_out(leat_redis_item(item, 1));
        bool overflow = leat_delivery_arena(delivery)->overflow;
        if (left_out > 0 && !overflow) {
            refuse_field(redis, stream, id, left_out);
            continue;
        }
        if (is_settling(redis, stream, id))
            continue;
        if (!overflow && leat_is_ok(add_unit(redis, delivery, stream, item, lease_until_ms)))
            continue;
        redis->full = true;
        if (redis->careful && entries->count == 1 && id.ptr != NULL)
            leat_redis_put_aside(redis, stream, id, "it does not fit into limits.payload or limits.memory");
        return LEAT_REDIS_LEFT;
    }
    return LEAT_REDIS_TAKEN;
}

/* The units stand where they will stay. */
static bool hold_all(struct leat_redis_source *redis, struct leat_delivery *delivery)
{
    for (uint32_t i = 0; i < delivery->unit_count; i++) {
        struct leat_redis_entry *entry = delivery->units[i].token;
        entry->unit = &delivery->units[i];
        drop_old(redis, entry->stream, &entry->id);
        if (leat_redis_held_add(&redis->held, entry))
            continue;
        while (i-- > 0)
            leat_redis_held_remove(&redis->held, delivery->units[i].token);
        return false;
    }
    return true;
}

enum leat_redis_taken leat_redis_deliver(struct leat_redis_source *redis, struct leat_delivery *delivery,
                                         enum leat_redis_taken taken)
{
    size_t bytes = 0;
    const struct leat_arena *arena = leat_delivery_arena(delivery);
    bool full = LEAT_TAKE(redis->full) || arena->overflow; /* a list may be missing as a whole */
    /* What the engine makes of them must fit in, too: it would release what does not, past those behind it. */
    full = full || (delivery->unit_count > 1 && arena->cap > 0 && leat_redis_in_use(arena) > arena->cap / 2);
    if (full || !hold_all(redis, delivery)) {
        redis->careful = true;
        leat_delivery_drop(delivery);
        return LEAT_REDIS_LEFT;
    }
    if (delivery->unit_count == 0) {
        leat_delivery_drop(delivery);
        return taken;
    }
    for (uint32_t i = 0; i < delivery->unit_count; i++)
        bytes += delivery->units[i].bytes;
    uint32_t counted = delivery->unit_count + 1; /* as the engine counts */
    redis->units -= counted < redis->units ? counted : redis->units;
    redis->bytes -= bytes < redis->bytes ? bytes : redis->bytes;
    leat_deliver(delivery);
    return taken;
}
