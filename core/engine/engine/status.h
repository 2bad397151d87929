/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine can be asked while it runs: for /status, /readyz and the supervisor. Loop thread only. */
#ifndef LEAT_ENGINE_STATUS_H
#define LEAT_ENGINE_STATUS_H

#include <engine/engine.h>

struct leat_source_counters {
    uint64_t events, outcomes[4]; /* by enum leat_outcome_kind */
    uint64_t units, filtered;     /* delivered; of them, those no filter let pass */
    uint64_t redelivered;         /* units whose attempt was not the first */
    uint64_t retried;             /* in place, by the engine */
    uint64_t dead;                /* dead letters that are durable */
    uint64_t emitted;
    uint64_t lease_lost, late_results, settle_failures;
};

struct leat_source_status {
    leat_str name;
    const char *type;
    enum leat_source_state state;
    const char *why;      /* "" if there is nothing to say */
    int64_t since_ms;     /* wall clock: in this state */
    bool paused, stopped; /* stopped: nothing more will come */
    bool breaker_open;
    uint32_t in_flight; /* units */
    uint32_t running;   /* runs */
    uint32_t waiting;   /* units that are tried again later */
    struct leat_source_counters counters;
};

struct leat_sink_status {
    leat_str name;
    const char *type;
    uint32_t pending; /* letters without an answer */
    uint64_t written, failed;
};

/* False: there are not so many. */
bool leat_engine_source_status(const struct leat_engine *engine, uint32_t index, struct leat_source_status *ret);
bool leat_engine_sink_status(const struct leat_engine *engine, uint32_t index, struct leat_sink_status *ret);
/* "starting", "consuming", "idle", "disconnected", "failed" */
const char *leat_source_state_name(enum leat_source_state state);
/* Is every source idle, and nothing in flight? */
bool leat_engine_is_idle(const struct leat_engine *engine);
/* What a drain waits for, for people: "inbox: 3 running, 2 to be settled; sink dead: 1 letter". */
void leat_engine_waits_for(const struct leat_engine *engine, char *buf, size_t size);

#endif
