/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes: units of one name run in order, lanes run in parallel. A lane exists while one of its units
 * is under way. Where deliveries settle as a whole (Lambda, replay), each delivery has lanes of its
 * own: a group that failed in one invocation is forgotten in the next.
 */
#include <engine/internal.h>

void leat_queue_init(struct leat_unit_queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

void leat_queue_push(struct leat_unit_queue *queue, struct leat_unit *unit)
{
    unit->next = NULL;
    *queue->last = unit;
    queue->last = &unit->next;
}

/* Into its place by order of arrival. */
void leat_lane_wait(struct leat_lane *lane, struct leat_unit *unit)
{
    struct leat_unit_queue *queue = &lane->waiting;
    struct leat_unit **at = &queue->first;
    while (*at != NULL && (*at)->order < unit->order)
        at = &(*at)->next;
    unit->next = *at;
    *at = unit;
    if (unit->next == NULL)
        queue->last = &unit->next;
}

void leat_queue_push_front(struct leat_unit_queue *queue, struct leat_unit *unit)
{
    unit->next = queue->first;
    queue->first = unit;
    if (unit->next == NULL)
        queue->last = &unit->next;
}

struct leat_unit *leat_queue_pop(struct leat_unit_queue *queue)
{
    struct leat_unit *unit = queue->first;
    if (unit == NULL)
        return NULL;
    queue->first = unit->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    unit->next = NULL;
    return unit;
}

static uint64_t hash_of(const void *scope, leat_str name)
{
    uint64_t hash = 1469598103934665603u ^ (uint64_t)(uintptr_t)scope;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

static const void *scope_of(const struct leat_unit *unit)
{
    const struct leat_source *source = unit->delivery->source;
    return source->ops->caps.settle == LEAT_SETTLE_WHOLE ? (const void *)unit->delivery : (const void *)source;
}

static struct leat_lane *find_lane(struct leat_lane *lane, uint64_t hash, const void *scope, leat_str name)
{
    while (lane != NULL && (lane->hash != hash || lane->scope != scope || !leat_str_eq(lane->name, name)))
        lane = lane->next;
    return lane;
}

/* Its lane, also when it has ended; NULL: it has none. */
struct leat_lane *leat_lane_find(struct leat_engine *engine, const struct leat_unit *unit)
{
    leat_str name = unit->record->lane;
    const void *scope = scope_of(unit);
    uint64_t hash = hash_of(scope, name);
    return name.len > 0 ? find_lane(engine->lanes[hash % LEAT_LANE_BUCKETS], hash, scope, name) : NULL;
}

/* Its handler is given up, so the lane stays when the unit has ended: leat_lane_let_go. */
void leat_lane_hold(struct leat_unit *unit)
{
    if (unit->lane != NULL)
        unit->lane->held++;
}

static struct leat_lane *new_lane(struct leat_lane **bucket, uint64_t hash, const void *scope, leat_str name)
{
    struct leat_lane *lane = leat_alloc(sizeof(*lane) + name.len);
    if (lane == NULL)
        return NULL;
    memcpy(lane + 1, name.ptr, name.len);
    lane->hash = hash;
    lane->scope = scope;
    lane->name = leat_str_of((const char *)(lane + 1), name.len);
    leat_queue_init(&lane->waiting);
    leat_queue_init(&lane->finished);
    lane->next = *bucket;
    *bucket = lane;
    return lane;
}

/* Puts a unit into its lane. *retfree: it is the first there and may run now, or the lane is held and it must not at
 * all. False: out of memory. */
bool leat_lane_enter(struct leat_engine *engine, struct leat_unit *unit, bool *retfree)
{
    leat_str name = unit->record->lane;
    *retfree = true;
    if (name.len == 0)
        return true;
    const void *scope = scope_of(unit);
    uint64_t hash = hash_of(scope, name);
    struct leat_lane **bucket = &engine->lanes[hash % LEAT_LANE_BUCKETS];
    struct leat_lane *lane = find_lane(*bucket, hash, scope, name);
    if (lane == NULL) {
        unit->order = engine->arrived++;
        unit->lane = lane = new_lane(bucket, hash, scope, name);
        if (lane != NULL)
            lane->running = 1;
        return lane != NULL;
    }
    unit->lane = lane;
    unit->order = engine->arrived++;
    if (lane->held > 0 && lane->stopped) {
        lane->running++; /* nobody else would give it back */
        return true;
    }
    leat_queue_push(&lane->waiting, unit);
    *retfree = false;
    return true;
}

void leat_lane_free(struct leat_engine *engine, struct leat_lane *lane)
{
    struct leat_lane **at = &engine->lanes[lane->hash % LEAT_LANE_BUCKETS];
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    leat_free(lane);
}

/* All that wait in the lanes of a source, lane by lane; they wait there no longer. */
void leat_lanes_take_waiting(struct leat_source *source, struct leat_unit_queue *retqueue)
{
    struct leat_engine *engine = source->engine;
    struct leat_unit *unit;
    leat_queue_init(retqueue);
    for (size_t i = 0; i < LEAT_LANE_BUCKETS; i++)
        for (struct leat_lane *lane = engine->lanes[i]; lane != NULL; lane = lane->next)
            while (lane->scope == source && (unit = leat_queue_pop(&lane->waiting)) != NULL)
                leat_queue_push(retqueue, unit);
}
