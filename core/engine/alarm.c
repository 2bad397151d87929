/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms: things that happen at a time, in a heap under one timer of the loop. */
#include <engine/internal.h>

#define NEVER INT64_MAX

int64_t leat_engine_now_us(const struct leat_engine *engine)
{
    return leat_clock_us(engine->options.clock);
}

int64_t leat_us_in(int64_t from_us, int64_t ms)
{
    int64_t us;
    if (ms <= 0)
        return from_us;
    return __builtin_mul_overflow(ms, (int64_t)1000, &us) || us > NEVER - from_us ? NEVER : from_us + us;
}

static void arm(struct leat_engine *engine)
{
    const struct leat_heap_node *first = engine->alarms.first;
    if (first == NULL) {
        leat_timer_clear(engine->alarm_timer);
        engine->alarm_us = NEVER;
        return;
    }
    if (first->key >= engine->alarm_us)
        return;
    int64_t now_us = leat_engine_now_us(engine);
    engine->alarm_us = first->key;
    leat_timer_set(engine->alarm_timer, first->key > now_us ? (first->key - now_us + 999) / 1000 : 0);
}

/* One that sets itself again at once waits for the next time. */
static void ring_due(void *argument)
{
    struct leat_engine *engine = argument;
    struct leat_heap_node *node;
    int64_t now_us = leat_engine_now_us(engine);
    uint64_t until = engine->alarms.added;
    engine->alarm_us = NEVER;
    while (engine->alarms.first != NULL && engine->alarms.first->order < until &&
           (node = leat_heap_take(&engine->alarms, now_us)) != NULL) {
        struct leat_alarm *alarm = LEAT_ALARM_OF(node, struct leat_alarm, node);
        alarm->ring(alarm);
    }
    arm(engine);
    leat_dispatch_wake(engine);
}

void leat_alarm_set(struct leat_engine *engine, struct leat_alarm *alarm, int64_t at_us,
                    void (*ring)(struct leat_alarm *alarm))
{
    leat_heap_remove(&engine->alarms, &alarm->node);
    alarm->ring = ring;
    leat_heap_add(&engine->alarms, &alarm->node, at_us);
    arm(engine);
}

void leat_alarm_clear(struct leat_engine *engine, struct leat_alarm *alarm)
{
    if (!alarm->node.inside)
        return;
    leat_heap_remove(&engine->alarms, &alarm->node);
    if (engine->alarms.first == NULL)
        arm(engine);
}

/* False: out of memory. */
bool leat_alarms_init(struct leat_engine *engine)
{
    engine->alarm_us = NEVER;
    engine->alarm_timer = leat_loop_timer(engine->loop, ring_due, engine);
    return engine->alarm_timer != NULL;
}
