/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the engine share. Loop thread only unless said otherwise. */
#ifndef LEAT_ENGINE_INTERNAL_H
#define LEAT_ENGINE_INTERNAL_H

#include <engine/ahead.h>
#include <engine/backoff.h>
#include <engine/breaker.h>
#include <engine/finished.h>
#include <engine/gather.h>
#include <engine/journal.h>
#include <engine/ledger.h>
#include <engine/loop.h>
#include <engine/rate.h>
#include <engine/status.h>

#include <leat/alloc.h>

#include <pthread.h>
#include <stdatomic.h>

/* A handler, once however many triggers it serves. */
struct leat_bound {
    struct leat_bound *next;
    const struct leat_handler *given;
    struct leat_handler handler; /* completed: members that an older ABI lacks are NULL */
    void *shared;                /* what load made */
    bool loaded;
    uint32_t index; /* of its state in every slot */
};

/* Which handler takes a trigger's events. */
struct leat_route {
    struct leat_route *next;
    leat_str trigger; /* absent: all kinds */
    struct leat_bound *bound;
};

struct leat_slot {
    struct leat_engine *engine;
    uint32_t index;
    void **states;   /* one a handler */
    uint32_t opened; /* so many inits succeeded */
};

struct leat_link {
    struct leat_link *next, *previous;
    const struct leat_middleware_ops *ops;
    void *self;
};

struct leat_unit_queue {
    struct leat_unit *first, **last;
};

struct leat_setting_pair {
    struct leat_setting_pair *next;
    leat_str key, value;
};

/* An assignment of a partition, of a source that settles by a watermark or whose partitions are revoked. */
struct leat_domain {
    struct leat_domain *next;
    struct leat_source *source;
    uint32_t number, generation;
    uint32_t live; /* units that are ours and not settled */
    struct leat_ledger ledger;
    bool held, revoking;
    bool cut; /* of a log: one is not ours any more, so nothing behind it can be settled in this life */
    struct leat_alarm deadline;
};

/* What a source or an entry was told, as far as it goes with each delivery. */
struct leat_entry {
    struct leat_entry *next;
    const struct leat_source_settings *settings;
    struct leat_sink *dead;          /* NULL: it has none */
    struct leat_bound *bound;        /* NULL: by the engine's routes */
    struct leat_setting_pair *pairs; /* of its settings */
};

struct leat_source {
    struct leat_source *next;
    struct leat_engine *engine;
    const struct leat_source_ops *ops;
    void *self;
    struct leat_source_settings settings;
    struct leat_entry own;            /* of its settings */
    uint32_t in_flight;               /* units delivered and not done, and one for each delivery */
    uint32_t units, waiting, running; /* units in flight; of them, those tried again later; runs */
    uint32_t settling;                /* settlements without an answer */
    size_t bytes;                     /* of deliveries in flight */
    uint32_t demanded;                /* the credit it was told last; LEAT_UNTOLD: it has changed since */
    struct leat_unit_queue ready;     /* units that go on as soon as a slot takes them */
    struct leat_unit *flight;         /* all in flight */
    struct leat_domain *domains;
    struct leat_gather gather;
    struct leat_rate rate;
    struct leat_breaker breaker;
    struct leat_alarm gate; /* when it may start more, as far as time says */
    struct leat_source_counters counters;
    enum leat_source_state state;
    int64_t state_since_ms;
    bool started, stopped, stopping, failed, told; /* told: of a state */
    char why[160];                                 /* of the last state */
};

struct leat_sink {
    struct leat_sink *next;
    struct leat_engine *engine;
    leat_str name;
    const struct leat_sink_ops *ops;
    void *self;
    uint32_t pending; /* letters without an answer */
    uint64_t written, failed;
};

/* What an event emitted: written when its unit ends, if it is ok. */
struct leat_emission {
    struct leat_emission *next;
    struct leat_sink *sink;
    leat_str id, key, text;
    uint32_t index; /* of the event in its unit */
    bool durable;
};

/* Units of one name that must run in order. */
struct leat_lane {
    struct leat_lane *next; /* in its hash bucket */
    uint64_t hash;
    const void *scope;               /* the source, or the delivery where each settles as a whole */
    leat_str name;                   /* of its first unit; copied */
    struct leat_unit_queue waiting;  /* not started */
    struct leat_unit_queue finished; /* their events have results; they end in this order */
    uint32_t running;                /* units in the ready queue or in a run */
    uint32_t held;                   /* events of it in lost runs: it stays, stopped, until their handlers return */
    struct leat_unit *aside;         /* is tried again in place: those behind it wait */
    bool stopped;                    /* one failed: what follows is given back */
};

enum leat_run_phase { LEAT_RUN_BEFORE, LEAT_RUN_RUNNING, LEAT_RUN_AFTER, LEAT_RUN_LOST };

struct leat_detail {
    leat_str reason;
    int64_t delay_ms;
};

/* The reply that the handler streams. */
struct leat_stream {
    enum { LEAT_STREAM_NONE, LEAT_STREAM_COLLECT, LEAT_STREAM_OPEN, LEAT_STREAM_BROKEN } state;
    struct leat_buf collected;
};

struct leat_context {
    struct leat_engine *engine;
    const struct leat_bound *bound;
    struct leat_run *run; /* NULL in load and init */
    struct leat_arena *arena;
    struct leat_work *work;      /* the event at hand; in a batch the first */
    struct leat_detail *details; /* of this call's outcomes; outcome bits >> 8 is index + 1 */
    uint32_t detail_count, detail_size;
    struct leat_reply *reply; /* being built */
    struct leat_reply_header **last_header;
    struct leat_emission *emission; /* of the event at hand, the last one first */
    uint32_t emitted;               /* with an id made here */
    struct leat_stream stream;
    struct leat_error error; /* leat_fail's; the last member: long, and not cleared for every run */
};

struct leat_run {
    struct leat_run *next; /* in the done list or among the spare ones */
    struct leat_engine *engine;
    struct leat_bound *bound;
    struct leat_arena arena;
    struct leat_work *work;
    struct leat_event *events;
    struct leat_result *results;       /* one a work, until the after-steps are through: then the unit's */
    struct leat_delivery **deliveries; /* of the works: held until the run is freed */
    uint32_t count;
    size_t bytes;        /* of its units, about */
    uint32_t generation; /* of the breaker */
    enum leat_run_phase phase;
    _Atomic uint32_t slot;   /* that it was given to */
    struct leat_link *link;  /* the next before-step */
    struct leat_work **list; /* room for all of them, for one middleware call */
    uint32_t pending;        /* works whose before-step is not answered */
    _Atomic bool cancelled;
    int64_t started_us, deadline_us;         /* set before it starts; 0: it has no deadline of its own */
    int64_t end_us;                          /* whenever it begins, it has no longer; INT64_MAX: it may be any time */
    _Atomic int64_t late_us;                 /* it began so long after it was started */
    int64_t due_us;                          /* when the timer must look at it: the deadline, then its grace */
    int64_t took_us;                         /* the handler */
    bool overdue, recalled;                  /* its deadline has passed and it was told; no slot has begun it */
    struct leat_run *watch_next, **watch_at; /* among those with a deadline; watch_at NULL: it is not there */
    struct leat_context context;             /* the last member */
};

struct leat_batch {
    struct leat_run *run;
    struct leat_work **work; /* those no middleware decided */
    size_t count;
};

#define LEAT_LANE_BUCKETS 256
#define LEAT_UNTOLD UINT32_MAX
#define LEAT_SPARE_DELIVERIES 8

struct leat_engine {
    struct leat_engine_options options;
    struct leat_loop *loop;
    struct leat_logger own_logger;
    struct leat_arena arena; /* settings, routes */
    struct leat_setting_pair *settings;
    struct leat_bound *handlers;
    struct leat_route *routes;
    void *executor;
    struct leat_slot *slots;
    struct leat_slot **slot_list;
    struct leat_link *first_link, *last_link;
    struct leat_sink *sinks;
    struct leat_entry *entries;
    struct leat_source *sources;
    struct leat_source *turn; /* whose units are asked first */
    struct leat_finished *finished;
    struct leat_heap alarms;
    struct leat_timer *alarm_timer;
    int64_t alarm_us; /* when it fires; INT64_MAX: not at all */
    uint64_t chance, started_events;
    uint64_t arrived; /* units that entered a lane */
    struct leat_drain {
        struct leat_alarm tell, limit;
        int64_t until_us;
        bool on, cancelled, over;
    } drain;
    struct leat_lane *lanes[LEAT_LANE_BUCKETS];
    pthread_mutex_t done_lock; /* guards done, last_done and wake_after */
    struct leat_run *done, **last_done;
    struct leat_run *done_here, **last_here; /* the loop thread's own: no lock */
    struct leat_run *spare;
    struct leat_delivery *spare_deliveries;
    pthread_t thread; /* the loop's */
    uint32_t handler_count;
    uint32_t letters;        /* that no sink has answered yet */
    uint32_t spare_count;    /* of deliveries */
    uint32_t runs, reserved; /* runs that exist; slots promised to runs whose before-steps go on */
    uint32_t lost;           /* runs that were given up and are still under way: each has a slot */
    bool executor_open;
    bool changing;       /* options.changed is to be told */
    uint32_t wake_after; /* the loop is to be woken when so many runs have ended; 0: it looks by itself */
    struct leat_ahead ahead;
    atomic_bool done_elsewhere; /* there may be some in `done` */
    bool in_turn, again;        /* again: something moved outside the turn's own steps */
    bool hooks_told;
    bool gave_up; /* more slots were lost than may be */
    struct leat_metrics metrics;
    struct leat_stream_request *streaming; /* writes that wait for room */
    struct leat_timer *timer;              /* of deadlines; NULL: nobody enforces them */
    int64_t armed_us;                      /* when it fires */
    struct leat_run *watched;              /* with a deadline, under way */
    const char *loser;                     /* the handler of the last lost run */
    char loss[160];                        /* as the operator reads it */
};

/* dispatch.c */
void leat_dispatch_wake(struct leat_engine *engine); /* loop thread: something may move now */
void leat_dispatch_turn(void *engine);
bool leat_dispatch_take_back(struct leat_engine *engine);
void leat_dispatch_results(struct leat_run *run);
void leat_dispatch_forward(struct leat_engine *engine, struct leat_unit *unit);
void leat_dispatch_ready(struct leat_engine *engine, struct leat_unit *unit);

/* arrive.c */
void leat_dispatch_deliver(struct leat_engine *engine, struct leat_delivery *delivery);
void leat_results_clear(struct leat_unit *unit);

/* alarm.c */
bool leat_alarms_init(struct leat_engine *engine);
void leat_alarm_set(struct leat_engine *engine, struct leat_alarm *alarm, int64_t at_us,
                    void (*ring)(struct leat_alarm *alarm));
void leat_alarm_clear(struct leat_engine *engine, struct leat_alarm *alarm);
int64_t leat_engine_now_us(const struct leat_engine *engine);
int64_t leat_us_in(int64_t from_us, int64_t ms);
#define LEAT_ALARM_OF(alarm, type, member) ((type *)(void *)((char *)(alarm)-offsetof(type, member)))

/* gate.c */
void leat_gate_init(struct leat_source *source);
bool leat_gate_is_open(struct leat_source *source);
void leat_gate_add(struct leat_source *source, struct leat_unit *unit);
struct leat_unit *leat_gate_take(struct leat_source *source);
void leat_gate_started(struct leat_run *run);
void leat_gate_ended(const struct leat_run *run);

/* again.c */
uint32_t leat_unit_attempt(const struct leat_unit *unit);
void leat_again_limit(struct leat_engine *engine, struct leat_unit *unit);
bool leat_again_here(const struct leat_unit *unit);
int64_t leat_again_delay_ms(struct leat_engine *engine, const struct leat_unit *unit, int64_t wish_ms);
void leat_again_later(struct leat_engine *engine, struct leat_unit *unit);
void leat_again_reset(struct leat_unit *unit);
leat_str leat_again_key(struct leat_unit *unit);
void leat_again_stop(struct leat_source *source);
void leat_again_drop(struct leat_unit *unit);

/* lease.c */
void leat_lease_begin(struct leat_unit *unit);
void leat_lease_end(struct leat_unit *unit);

/* domain.c */
bool leat_domain_enter(struct leat_unit *unit);
void leat_domain_settle(struct leat_unit *unit);
void leat_domain_give_back(struct leat_unit *unit);
void leat_domain_leave(struct leat_unit *unit);
void leat_domains_free(struct leat_source *source);

/* drain.c: engine.h */
bool leat_drain_is_over(const struct leat_engine *engine);

/* sink.c */
struct leat_sink *leat_sink_find(const struct leat_engine *engine, leat_str name);
leat_status leat_sinks_start(struct leat_engine *engine, struct leat_error *reterr);
void leat_sinks_free(struct leat_engine *engine);

/* letters.c */
bool leat_letters_write(struct leat_engine *engine, struct leat_unit *unit);
void leat_emissions_keep(struct leat_unit *unit, uint32_t index, const struct leat_emission *newest);

/* entry.c */
leat_status leat_entry_bind(struct leat_engine *engine, struct leat_entry *entry, struct leat_error *reterr);
const struct leat_entry *leat_entry_of(const struct leat_delivery *delivery);

/* source.c, delivery.c */
bool leat_pairs_make(struct leat_arena *arena, const cJSON *settings, struct leat_setting_pair **retfirst);
void leat_deliveries_free(struct leat_engine *engine);
void leat_engine_change(struct leat_engine *engine);

/* lane.c */
bool leat_lane_enter(struct leat_engine *engine, struct leat_unit *unit, bool *retfree);
void leat_lane_free(struct leat_engine *engine, struct leat_lane *lane);
void leat_queue_init(struct leat_unit_queue *queue);
void leat_queue_push(struct leat_unit_queue *queue, struct leat_unit *unit);
void leat_queue_push_front(struct leat_unit_queue *queue, struct leat_unit *unit);
struct leat_unit *leat_queue_pop(struct leat_unit_queue *queue);
struct leat_lane *leat_lane_find(struct leat_engine *engine, const struct leat_unit *unit);
void leat_lane_hold(struct leat_unit *unit);
void leat_lane_wait(struct leat_lane *lane, struct leat_unit *unit);
void leat_lanes_take_waiting(struct leat_source *source, struct leat_unit_queue *retqueue);

/* deadline.c */
bool leat_deadline_init(struct leat_engine *engine);
void leat_deadline_start(struct leat_run *run);
void leat_deadline_cancel_all(struct leat_engine *engine);
bool leat_deadline_end(struct leat_run *run);
void leat_deadline_expect(struct leat_engine *engine, const struct leat_delivery *delivery);
bool leat_deadline_is_hopeless(const struct leat_engine *engine);
leat_status leat_deadline_verdict(struct leat_engine *engine, struct leat_error *reterr);

/* route.c */
struct leat_bound *leat_route(const struct leat_unit *unit, const struct leat_envelope *envelope, const char **retwhy);
struct leat_bound *leat_bind(struct leat_engine *engine, const struct leat_handler *handler, struct leat_error *reterr);

/* chain.c */
void leat_chain_before(struct leat_run *run);
void leat_chain_after(struct leat_run *run);

/* run.c */
int64_t leat_run_deadline_us(const struct leat_run *run);
struct leat_run *leat_run_new(struct leat_engine *engine, struct leat_bound *bound, uint32_t size);
void leat_run_add(struct leat_run *run, struct leat_unit *unit, uint32_t index);
void leat_run_free(struct leat_run *run);
struct leat_logger *leat_engine_logger(struct leat_engine *engine);
void leat_context_init(struct leat_context *context, struct leat_engine *engine, const struct leat_bound *bound,
                       struct leat_arena *arena);

/* stream.c */
struct leat_reply *leat_context_reply(struct leat_context *context);
/* The handler gave its outcome: what was collected is the body of its reply. False: nobody took the reply, or its end.
 */
bool leat_stream_end(struct leat_context *context);
/* What the run streams is not wanted any more: its handler is told. */
void leat_stream_abort(struct leat_run *run);

/* settle.c, finish.c */
void leat_unit_end(struct leat_engine *engine, struct leat_unit *unit, const struct leat_result *worst);
enum leat_verdict leat_verdict_of(enum leat_outcome_kind worst, bool kept);
void leat_unit_finish(struct leat_engine *engine, struct leat_unit *unit);
void leat_unit_give_back(struct leat_engine *engine, struct leat_unit *unit, const char *why);
void leat_unit_drop(struct leat_unit *unit);
void leat_unit_go_on(struct leat_engine *engine, struct leat_unit *unit);
void leat_lanes_release(struct leat_source *source);
void leat_give_up(struct leat_delivery *delivery, uint32_t references);
void leat_settle_unit(struct leat_unit *unit);
const struct leat_result *leat_unit_worst(const struct leat_unit *unit);
void leat_lane_let_go(struct leat_engine *engine, const struct leat_unit *unit);
void leat_settle_empty(struct leat_delivery *delivery);
void leat_delivery_unref(struct leat_delivery *delivery);
/* A copy in `arena`, unless it is a part of the delivery's text, which lives as long. */
leat_str leat_delivery_copy(const struct leat_delivery *delivery, struct leat_arena *arena, leat_str bytes);
void leat_result_keep(struct leat_delivery *delivery, struct leat_result *result);

#endif
