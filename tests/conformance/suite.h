/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the suite share: what is noted of each event, workers, and how a check is written. */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include "conformance.h"

#include <engine/status.h>
#include <leat/filter.h>

#include <pthread.h>
#include <stdio.h>
#include <sys/types.h>

enum { BODY_MAX = 160, LANE_MAX = 16, STATES_MAX = 64, BATCHES_MAX = 256, WAIT_MS = 10000 };

/* --- what is noted, in shared memory; under conformance_lock ------------------------------------------ */

/* What the handler does at each call is a letter of the event's `do`; the last one is for all further calls.
 *   o  ok                        r  retry        x  reject
 *   g  ok, once the gate is open s  ok, but slowly (noted->slow_ms)
 *   f  retry while noted->failing, else ok
 *   -  it must not be called */
struct seen {
    char body[BODY_MAX], lane[LANE_MAX];
    uint32_t domain;
    enum conformance_form form;
    uint32_t calls, ok, rejected, letters; /* letters: durable ones */
    uint32_t first_attempt, last_attempt;
    uint32_t verdicts[4]; /* as the source was told, also in vain */
    uint64_t done_at;     /* the place of its last success, or else of its last reject, in noted->sequence */
    int64_t first_ms;     /* of its first call */
    bool changed;         /* the handler saw something else than was put */
    bool attempts_stand;  /* an attempt had no higher number than the one before */
};

struct batch {
    uint32_t size;
    int64_t at_ms;
};

struct noted {
    const char *kind, *transport; /* as every event must have them */
    struct seen events[CONFORMANCE_EVENTS_MAX];
    uint32_t count; /* of events that were put */
    uint64_t sequence;
    uint32_t calls, running, most_running;
    bool gate_open, failing;
    int64_t slow_ms;
    struct batch batches[BATCHES_MAX];
    uint32_t batch_count;
    enum leat_source_state states[STATES_MAX]; /* as the engine said, without repeats */
    uint32_t state_count;
    uint32_t failing_letters; /* so many more fail */
    bool letters_wait;        /* the sink answers none */
    uint32_t letters_pending;
    char wrong[256]; /* the first rule that was broken */
};

extern struct noted *noted;
void noted_reset(void); /* before each check */

/* --- workers ------------------------------------------------------------------------------------------ */

struct setup {
    struct leat_source_settings source;
    const char *filter; /* a pattern */
    uint32_t slots;     /* 0: 4 */
    bool here;          /* handlers run on the loop's own thread */
    bool batches;       /* the handler takes them */
    bool no_sink;
};

struct suite;

/* Zeroed, it is none. */
struct worker {
    struct suite *suite;
    struct setup setup;
    pthread_t thread;
    bool threaded; /* the thread is to be joined */
    pid_t process; /* else: in a process of its own, which is to be killed; 0: none */
    /* Under conformance_lock. */
    bool up, over, may_free;
    leat_status status;
    char error[512];
    struct leat_source_status last; /* when it was over */
    struct leat_engine *engine;
    struct leat_logger logger;
    struct leat_arena arena; /* the filter's */
    /* What the source was told; its own thread, then after join. */
    uint32_t closes, finis, zero_demands, holds, revoked;
    int held[8];
};

/* What one check works with. */
struct suite {
    const struct conformance_subject *subject;
    void *queue;
    const struct leat_adapter *const *adapters; /* asked for once: workers run side by side */
    struct worker worker, other;
    unsigned seed; /* rand_r's */
    char failure[320];
};

/* Starts it on a thread of its own; waits until the engine is up or has failed. */
bool worker_start(struct suite *suite, struct worker *worker, const struct setup *setup);
/* In a process of its own, which worker_kill ends without a word. */
void worker_fork(struct suite *suite, struct worker *worker, const struct setup *setup);
void worker_kill(struct worker *worker);
/* Asks it to stop, or to drain, and does not wait. */
void worker_stop(struct worker *worker);
void worker_drain(struct worker *worker, int64_t limit_ms);
/* Waits until it is over and frees it. False: it did not end. */
bool worker_join(struct worker *worker);
/* stop, then join, and it ended without an error. */
bool worker_end(struct worker *worker);
/* However it stands: so that the next check begins with none. */
void worker_clear(struct worker *worker);
struct leat_source_status worker_status(struct worker *worker);
bool worker_is_idle(struct worker *worker);
extern const struct leat_handler suite_handler, suite_batch_handler;
extern const struct leat_sink_ops suite_sink;
/* The subject's ops, with an ear on every call; while there are no workers. */
void spy_on(const struct leat_source_ops *ops);
const struct leat_source_ops *spied_ops(void);
/* Whose source the spy hears on this thread. */
extern _Thread_local struct worker *own_worker;

/* --- checks ------------------------------------------------------------------------------------------- */

struct check {
    const char *name;
    /* NULL: it can be run; else why not. */
    const char *(*lacks)(const struct conformance_subject *subject);
    void (*run)(struct suite *suite);
    int64_t lease_ms; /* 0: longer than any check */
};

extern const struct check delivery_checks[], settle_checks[], order_checks[], loss_checks[], lease_checks[],
    flow_checks[], drain_checks[], life_checks[], domain_checks[], unit_checks[];

/* Puts an event with a number of its own. `lane` NULL: none. Returns the number. */
uint32_t put_event(struct suite *suite, const char *lane, const char *script);
uint32_t put_form(struct suite *suite, enum conformance_form form, const char *script);
uint32_t put_in_domain(struct suite *suite, uint32_t domain, const char *lane, const char *script);
/* One unit of several events. */
uint32_t put_unit(struct suite *suite, const char *const *lanes, const char *const *scripts, uint32_t count);
uint32_t chance_of(struct suite *suite, uint32_t below);
typedef bool condition_fn(struct suite *suite, uint32_t argument);
/* Waits, up to WAIT_MS, until `is` says so; asked under the lock. */
bool wait_for(struct suite *suite, condition_fn *is, uint32_t argument);
/* Watches for `watch_ms` that it stays so. */
bool stays(struct suite *suite, condition_fn *is, uint32_t argument, int64_t watch_ms);

bool all_settled(struct suite *suite, uint32_t from); /* events from that number on: acknowledged or failed */
bool all_acked(struct suite *suite, uint32_t from);
bool is_acked(struct suite *suite, uint32_t number);
bool is_called(struct suite *suite, uint32_t number);  /* at least once */
bool calls_reach(struct suite *suite, uint32_t calls); /* of all events */
bool running_reach(struct suite *suite, uint32_t count);
uint32_t count_in(struct suite *suite, enum conformance_place place);
void open_gate(void);
struct seen seen_of(uint32_t number);

/* The check ends there with that line as its failure. */
#define FAIL_UNLESS(suite, condition)                              \
    do {                                                           \
        if (!(condition)) {                                        \
            note_failure((suite), __FILE__, __LINE__, #condition); \
            return;                                                \
        }                                                          \
    } while (0)
void note_failure(struct suite *suite, const char *file, int line, const char *condition);

#endif
