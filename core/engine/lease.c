/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: a unit is ours until a time. It is extended when half of it is over, whatever the unit does meanwhile, until
 * its settlement is answered; if it ends all the same, somebody else may have the unit and its result is not settled.
 */
#include <engine/internal.h>

#define SOON_US 10000 /* until an extension that failed is tried again, at least */

static void end(struct leat_alarm *alarm)
{
    leat_lost(LEAT_ALARM_OF(alarm, struct leat_unit, lease), LEAT_LEASE_LOST);
}

static void extend(struct leat_alarm *alarm)
{
    struct leat_unit *unit = LEAT_ALARM_OF(alarm, struct leat_unit, lease);
    struct leat_source *source = unit->delivery->source;
    leat_alarm_set(source->engine, alarm, leat_us_in(0, unit->lease_until_ms), end);
    source->ops->extend(source->self, &unit, 1);
}

static void set_half(struct leat_unit *unit)
{
    struct leat_engine *engine = unit->delivery->source->engine;
    int64_t now_us = leat_engine_now_us(engine), until_us = leat_us_in(0, unit->lease_until_ms);
    leat_alarm_set(engine, &unit->lease, until_us > now_us ? now_us + (until_us - now_us) / 2 : until_us,
                   until_us > now_us ? extend : end);
}

void leat_lease_begin(struct leat_unit *unit)
{
    const struct leat_source_ops *ops = unit->delivery->source->ops;
    if (ops->caps.leases && ops->extend != NULL && unit->lease_until_ms > 0 && !unit->lost)
        set_half(unit);
}

void leat_lease_end(struct leat_unit *unit)
{
    leat_alarm_clear(unit->delivery->source->engine, &unit->lease);
}

void leat_extended(struct leat_unit *unit, int64_t until_ms)
{
    struct leat_engine *engine = unit->delivery->source->engine;
    int64_t now_us = leat_engine_now_us(engine), until_us = leat_us_in(0, unit->lease_until_ms);
    if (unit->lost || !unit->lease.node.inside)
        return;
    if (until_ms > 0) {
        unit->lease_until_ms = until_ms;
        set_half(unit);
        return;
    }
    int64_t wait_us = until_us > now_us ? (until_us - now_us) / 2 : 0;
    if (wait_us > SOON_US)
        leat_alarm_set(engine, &unit->lease, now_us + wait_us, extend);
}
