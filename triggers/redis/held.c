/* SPDX-License-Identifier: Apache-2.0 */
#include "held.h"

#include <leat/alloc.h>

#define SIZE_FIRST 256

static size_t place_of(const struct leat_redis_held *held, uint32_t stream, const struct leat_redis_id *id)
{
    uint64_t mixed = (id->ms ^ ((uint64_t)stream << 48)) * 0x9e3779b97f4a7c15u + id->number;
    mixed *= 0xbf58476d1ce4e5b9u;
    return (size_t)(mixed >> 32) & (held->size - 1);
}

static bool is_of(const struct leat_redis_entry *entry, uint32_t stream, const struct leat_redis_id *id)
{
    return entry->stream == stream && entry->id.ms == id->ms && entry->id.number == id->number;
}

/* Where it is, or the free place where it would be. */
static size_t look(const struct leat_redis_held *held, uint32_t stream, const struct leat_redis_id *id)
{
    size_t at = place_of(held, stream, id);
    while (held->places[at] != NULL && !is_of(held->places[at], stream, id))
        at = (at + 1) & (held->size - 1);
    return at;
}

static bool grow(struct leat_redis_held *held)
{
    struct leat_redis_held larger = {.size = held->size == 0 ? SIZE_FIRST : held->size * 2, .count = held->count};
    larger.places = leat_alloc(larger.size * sizeof(struct leat_redis_entry *));
    if (larger.places == NULL)
        return false;
    for (size_t i = 0; i < held->size; i++)
        if (held->places[i] != NULL)
            larger.places[look(&larger, held->places[i]->stream, &held->places[i]->id)] = held->places[i];
    leat_free((void *)held->places);
    *held = larger;
    return true;
}

bool leat_redis_held_add(struct leat_redis_held *held, struct leat_redis_entry *entry)
{
    if (held->count * 2 >= held->size && !grow(held))
        return false;
    held->places[look(held, entry->stream, &entry->id)] = entry;
    held->count++;
    return true;
}

struct leat_redis_entry *leat_redis_held_find(const struct leat_redis_held *held, uint32_t stream,
                                              const struct leat_redis_id *id)
{
    return held->size > 0 ? held->places[look(held, stream, id)] : NULL;
}

/* Those behind it that could not stand nearer to their places move up. */
void leat_redis_held_remove(struct leat_redis_held *held, const struct leat_redis_entry *entry)
{
    size_t hole = held->size > 0 ? look(held, entry->stream, &entry->id) : 0, mask = held->size - 1;
    if (held->size == 0 || held->places[hole] != entry)
        return;
    held->count--;
    for (size_t at = (hole + 1) & mask; held->places[at] != NULL; at = (at + 1) & mask) {
        size_t home = place_of(held, held->places[at]->stream, &held->places[at]->id);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue; /* it must stay behind its home */
        held->places[hole] = held->places[at];
        hole = at;
    }
    held->places[hole] = NULL;
}

void leat_redis_held_fini(struct leat_redis_held *held)
{
    leat_free((void *)held->places);
    *held = (struct leat_redis_held){.places = NULL};
}
