/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a unit whose events have results: letters, another try in place, or its end. In a lane units end in
 * order; behind a failed one all are given back, and behind one that is tried again all wait.
 */
#include <engine/internal.h>

static const struct leat_result released = {
    .kind = LEAT_OUTCOME_NONE, .reason = {"behind a failed one of its lane", 31}, .delay_ms = -1};

/* Also what ran in one batch with the failed one, and what had no events at all: in order means all or nothing. */
static const struct leat_result *release(struct leat_unit *unit)
{
    for (uint32_t i = 0; i < unit->result_count; i++)
        unit->results[i] = released;
    return &released;
}

/* What is not ours any more stops those behind it where it comes again before them. */
static bool stops_lane(const struct leat_unit *unit, const struct leat_result *worst)
{
    bool log = unit->delivery->source->ops->caps.settle == LEAT_SETTLE_LOG;
    return leat_verdict_of(worst->kind, unit->kept) != LEAT_ACK && !(log && unit->lost);
}

static void finish_now(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_lane *lane = unit->lane;
    const struct leat_result *worst = lane != NULL && lane->stopped ? release(unit) : leat_unit_worst(unit);
    if (lane != NULL) {
        lane->stopped = lane->stopped || stops_lane(unit, worst);
        (void)leat_queue_pop(&lane->finished);
        unit->lane = NULL;
    }
    leat_unit_end(engine, unit, worst);
}

enum next { WAITS, AGAIN, ENDS };

static enum next next_of(struct leat_engine *engine, struct leat_unit *unit)
{
    if (unit->letters > 0)
        return WAITS;
    if (unit->lane != NULL && unit->lane->stopped)
        return ENDS;
    if (leat_letters_write(engine, unit))
        return WAITS; /* the sink's answer goes on */
    return leat_again_here(unit) ? AGAIN : ENDS;
}

/* What ran behind one that is tried again runs again too. */
static void put_back(struct leat_lane *lane, struct leat_unit *unit)
{
    leat_results_clear(unit);
    unit->emission = NULL;
    unit->halted = false;
    unit->cursor = 0;
    leat_lane_wait(lane, unit);
}

static void try_again(struct leat_engine *engine, struct leat_lane *lane)
{
    struct leat_unit *unit = leat_queue_pop(&lane->finished);
    lane->running++;
    lane->aside = unit;
    leat_again_later(engine, unit);
    while ((unit = leat_queue_pop(&lane->finished)) != NULL)
        put_back(lane, unit);
}

/* Ends the lane's finished units in order, then gives the rest back, lets the next one go, or closes it. */
static void finish_lane(struct leat_engine *engine, struct leat_lane *lane)
{
    struct leat_unit *unit;
    while ((unit = lane->finished.first) != NULL) {
        enum next next = next_of(engine, unit);
        if (next == AGAIN)
            try_again(engine, lane);
        if (next != ENDS)
            return;
        finish_now(engine, unit);
    }
    if (lane->running > 0)
        return;
    while (lane->stopped && (unit = leat_queue_pop(&lane->waiting)) != NULL) {
        leat_queue_push(&lane->finished, unit);
        finish_now(engine, unit);
    }
    unit = leat_queue_pop(&lane->waiting);
    if (unit == NULL) {
        if (lane->held == 0)
            leat_lane_free(engine, lane);
        return;
    }
    lane->running++;
    leat_dispatch_ready(engine, unit);
}

/* Its sinks have answered, or there are none. */
void leat_unit_go_on(struct leat_engine *engine, struct leat_unit *unit)
{
    if (unit->lane != NULL) {
        finish_lane(engine, unit->lane);
        return;
    }
    switch (next_of(engine, unit)) {
    case WAITS: break;
    case AGAIN: leat_again_later(engine, unit); break;
    case ENDS: finish_now(engine, unit); break;
    }
}

/* Its events have results, or will get none. */
void leat_unit_finish(struct leat_engine *engine, struct leat_unit *unit)
{
    struct leat_lane *lane = unit->lane;
    if (lane != NULL) {
        lane->running--;
        if (lane->aside != NULL && lane->aside != unit) {
            put_back(lane, unit);
            return;
        }
        lane->aside = NULL;
        leat_queue_push(&lane->finished, unit);
    }
    leat_unit_go_on(engine, unit);
}

/* What is left of it will not be started. */
void leat_unit_give_back(struct leat_engine *engine, struct leat_unit *unit, const char *why)
{
    for (; unit->cursor < unit->result_count; unit->cursor++)
        if (!unit->results[unit->cursor].final)
            unit->results[unit->cursor] =
                (struct leat_result){.kind = LEAT_OUTCOME_NONE, .reason = leat_str_c(why), .delay_ms = -1};
    leat_unit_finish(engine, unit);
}

/* The source stops: what waits in its lanes goes back at once, before anybody waits for what runs. */
void leat_lanes_release(struct leat_source *source)
{
    struct leat_unit_queue waiting;
    struct leat_unit *unit;
    leat_lanes_take_waiting(source, &waiting);
    while ((unit = leat_queue_pop(&waiting)) != NULL) {
        unit->lane = NULL;
        leat_unit_give_back(source->engine, unit, "shutting down");
    }
}

/* The handler of one of its events has returned at last. */
void leat_lane_let_go(struct leat_engine *engine, const struct leat_unit *unit)
{
    struct leat_lane *lane = leat_lane_find(engine, unit);
    if (lane != NULL && --lane->held == 0)
        finish_lane(engine, lane);
}
