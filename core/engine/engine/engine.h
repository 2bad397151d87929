/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: one loop, one dispatcher, any number of sources. Life:
 * new -> add handlers, middleware, sources -> start -> run -> free.
 */
#ifndef LEAT_ENGINE_ENGINE_H
#define LEAT_ENGINE_ENGINE_H

#include <engine/metrics.h>

#include <leat/handler.h>
#include <leat/middleware.h>
#include <leat/settings.h>
#include <leat/sink.h>
#include <leat/source.h>

struct leat_engine;

struct leat_engine_options {
    const struct leat_adapter *const *adapters; /* NULL-terminated, sorted; must outlive the engine */
    const struct leat_executor_ops *executor;   /* NULL: inline */
    uint32_t slots;                             /* 0: 1 */
    uint32_t batch;                             /* most events a handle_batch gets; 0: 10 */
    uint32_t max_in_flight;                     /* units a source may have delivered and not settled; 0: 1000 */
    size_t max_payload;                         /* bytes; 0: LEAT_MAX_PAYLOAD */
    size_t max_bytes;                           /* of one delivery's, and of one run's, memory; 0: LEAT_MAX_BYTES */
    size_t max_inflated;                        /* bytes that something compressed may become; 0: 64 MiB */
    int64_t reserve_ms;                         /* of a batch's time, kept for the answer; < 0: 500 */
    int64_t timeout_ms;                         /* one call of a handler, where the executor enforces it; 0: no limit */
    int64_t grace_ms;                           /* from a run's deadline until its slot counts as lost; 0: 1000 */
    uint32_t max_lost_slots;                    /* with more at a time the engine stops; UINT32_MAX: never */
    bool exact;                                 /* numbers keep their text, for encode */
    const cJSON *settings;                      /* an object or NULL; must outlive the engine */
    const struct leat_clock *clock;             /* NULL: the machine's */
    struct leat_logger *logger;                 /* NULL: stderr, info, text */
    enum leat_log_level outcome_level;          /* failed events are logged at it, fine ones at debug, or below it */
    /* Asked for every event (and broken record: envelope NULL) before anything runs; false: it is settled as ok,
     * unseen. NULL: all. */
    bool (*keep)(void *argument, const struct leat_unit *unit, const struct leat_envelope *envelope);
    void *keep_argument;
    /* --- of a worker ------------------------------------------------------------------------------------- */
    bool emits_nowhere;           /* leat_emit takes any name of a sink; to those that are not there nothing is sent */
    const char *service;          /* for dead letters; NULL: "leat" */
    leat_str dead_letter;         /* the sink of sources that name none; absent: none */
    struct leat_journal *journal; /* what runs, for the next life; NULL: nobody notes it */
    uint32_t max_crashes;         /* after so many an event is rejected; 0: 3 */
    uint64_t max_events;          /* the engine stops when so many have run; 0: no limit */
    uint64_t seed;                /* of back-off; 0: of the clock */
    /* Loop thread, once after any number of changes: of a source's state, or nothing is in flight any more. NULL:
     * nobody asks. */
    void (*changed)(void *argument);
    void *changed_argument;
    /* --- of Lambda --------------------------------------------------------------------------------------- */
    /* Loop thread, for every delivery that has records: whose settings it takes, one that leat_engine_add_entry got;
     * NULL: its source's. NULL: nobody asks. */
    const struct leat_source_settings *(*entry_of)(void *argument, const struct leat_delivery *delivery);
    void *entry_argument;
};

#define LEAT_MAX_PAYLOAD ((size_t)64 << 20)
#define LEAT_MAX_BYTES ((size_t)1 << 30)

/* NULL: out of memory. */
struct leat_engine *leat_engine_new(const struct leat_engine_options *options);
/* Stops nothing: call it after run, or before start. Takes NULL. While slots are lost it frees nothing: their threads
 * use it. The caller ends with _exit then. */
void leat_engine_free(struct leat_engine *engine);

/* Events whose kind `trigger` means go to this handler; absent: all that no other takes. The first fit wins.
 * `handler` and `trigger` must outlive the engine. */
leat_status leat_engine_add_handler(struct leat_engine *engine, leat_str trigger, const struct leat_handler *handler,
                                    struct leat_error *reterr);
/* Behind those there already; `self` is the caller's. */
leat_status leat_engine_add_middleware(struct leat_engine *engine, const struct leat_middleware_ops *ops, void *self);
/* `name` and `options` must outlive the engine, as those of a source. */
leat_status leat_engine_add_sink(struct leat_engine *engine, leat_str name, const struct leat_sink_ops *ops,
                                 const void *options, struct leat_error *reterr);
/* `settings` NULL: the engine's options alone. Sinks it names must be there. */
leat_status leat_engine_add_source(struct leat_engine *engine, const struct leat_source_ops *ops, const void *options,
                                   const struct leat_source_settings *settings, struct leat_error *reterr);

/* Settings that deliveries of another source may take (options.entry_of): handler, settings, dead letters, limits of
 * attempts and age. Before open. They must outlive the engine; sinks they name must be there. */
leat_status leat_engine_add_entry(struct leat_engine *engine, const struct leat_source_settings *settings,
                                  struct leat_error *reterr);

/* load, then every slot's init. */
leat_status leat_engine_open(struct leat_engine *engine, struct leat_error *reterr);
/* SnapStart, between open and start, on the loop thread, so for the inline executor: the handlers' hooks, the last one
 * first before a snapshot. */
leat_status leat_engine_snapshot(struct leat_engine *engine, struct leat_error *reterr);
leat_status leat_engine_restore(struct leat_engine *engine, struct leat_error *reterr);
/* The sinks' start, then the sources'; open before it, if nobody did. */
leat_status leat_engine_start(struct leat_engine *engine, struct leat_error *reterr);
/* Until every source has stopped and all is settled. Fails if a source failed, with LATE if the limit of a drain was
 * reached first, and with BUG if slots are lost or too many were: so it ends although their handlers have not returned.
 */
leat_status leat_engine_run(struct leat_engine *engine, struct leat_error *reterr);
/* Asks every source to stop, and gives back what has not started. Loop thread. */
void leat_engine_stop(struct leat_engine *engine);
/* The same, with a limit: every 5 s a line says what it waits for; then runs are cancelled and, a grace later, left
 * behind: their units are not settled. `limit_ms` 0: at once. */
void leat_engine_drain(struct leat_engine *engine, int64_t limit_ms);
/* How many handlers are past their deadline and its grace and have not returned. */
uint32_t leat_engine_lost_slots(const struct leat_engine *engine);

const struct leat_metrics *leat_engine_metrics(const struct leat_engine *engine);
struct leat_loop *leat_engine_loop(struct leat_engine *engine);

#endif
