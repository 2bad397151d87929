/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fakes around the dispatcher: a trigger whose payload says what its handler will answer, a source that
 * notes how its units end, an executor that finishes runs later, out of order and on other threads, a
 * middleware that answers later, a sink that is durable later.
 */
#ifndef LEAT_TEST_FAKES_H
#define LEAT_TEST_FAKES_H

#include <engine/engine.h>

#include <stdio.h>

/* {"fake":[{"id":"a","lane":"x","outcomes":["ok","retry"]}, {"id":"b","broken":"why"}]}: one unit each, with one
 * event an outcome; no outcomes: a unit without events. */
extern const struct leat_adapter leat_adapter_fake;
/* The fake and "unknown", sorted. */
extern const struct leat_adapter *const fake_adapters[];

/* Answers what the event's data says: "ok", "retry", "reject", "nothing"; notes the order. */
extern const struct leat_handler fake_handler, fake_batch_handler;

enum { FAKE_UNITS_MAX = 4096, FAKE_ID_MAX = 32 };

/* What happened, by all fakes of one test. Guarded by a lock: handlers run on several threads. */
struct fake_unit_log {
    char id[FAKE_ID_MAX];
    unsigned settled;          /* how often the source was told and accepted */
    enum leat_verdict verdict; /* the last one */
    enum leat_outcome_kind outcome;
    bool timed_out;         /* all of its events */
    char said[FAKE_ID_MAX]; /* its reason, else the body of its reply */
};
struct fake_log {
    struct fake_unit_log units[FAKE_UNITS_MAX];
    size_t unit_count;
    char started[FAKE_UNITS_MAX][FAKE_ID_MAX]; /* event ids "unit/index", in the order handlers saw them */
    size_t started_count;
    size_t letters, abandoned, before_calls, after_calls, freed, delivered, running, most_running;
};
extern struct fake_log fake_log;
void fake_log_reset(void);
/* The entry of that unit, or NULL. */
const struct fake_unit_log *fake_unit(const char *id);
/* The place of an event among the started ones, or -1. */
int fake_place(const char *event);

struct fake_source_options {
    bool whole;                  /* else EACH */
    bool later;                  /* settlements are answered from a posted call */
    unsigned fail_settles;       /* so many are answered with a failure first */
    const char *const *payloads; /* NULL-terminated; all delivered as credit allows */
    int64_t deadline_ms;         /* of every delivery; 0: none */
    bool hasty;                  /* stops once all is delivered, not once all is freed */
};
/* each: a queue; caller: each unit alone, but somebody waits for it. */
extern const struct leat_source_ops fake_source_each, fake_source_whole, fake_source_caller;

/* Three threads; each takes the newest run that waits. */
extern const struct leat_executor_ops fake_executor_threads;
/* Answers PENDING, and goes on from a posted call, the last event first. */
extern const struct leat_middleware_ops fake_middleware_pending;
/* Decides "reject" for events whose data is "decide", the rest goes on. */
extern const struct leat_middleware_ops fake_middleware_decide;

struct fake_sink {
    struct leat_loop *loop;
    bool now;      /* durable inside the call, else from a posted one */
    unsigned fail; /* so many letters fail first */
};
extern const struct leat_sink_ops fake_sink;

#endif
