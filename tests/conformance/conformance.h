/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every source must hold, whatever its type: the checks of this folder, run on a subject.
 *
 * A subject is a source, a queue that outlives the worker, and what can be done to that queue from outside. To add one:
 * a file subject_NAME.c that defines conformance_subjects, and NAME in meson.build. What it leaves NULL or false it
 * cannot do, and the checks that need it are skipped with that reason; nothing else skips a check.
 *
 * An event is put with a body, one line of JSON that has its id: {"id":"ev12x","lane":"a","do":"rro"}. The body must
 * reach the handler as the event's data, byte for byte. "ev12x" must stand in the id of the record or in the name of
 * the unit, in the body, and so in the dead letter: this is how the suite finds number 12 again.
 *
 * The queue must be where a killed worker leaves it and where a forked one finds it: in files, in a server, or in
 * memory of conformance_memory.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <leat/settings.h>
#include <leat/source.h>

enum {
    CONFORMANCE_EVENTS_MAX = 512, /* of one queue; numbers are below it */
    CONFORMANCE_UNIT_MAX = 8,     /* events of one unit */
};

enum conformance_form { CONFORMANCE_WHOLE, CONFORMANCE_BROKEN, CONFORMANCE_EMPTY };

struct conformance_event {
    uint32_t number;
    const char *id, *lane, *body; /* lane "": none */
    uint32_t domain;              /* below subject->domains; the same for all of a lane */
    enum conformance_form form;   /* BROKEN: its record is; EMPTY: it holds no event */
};

enum conformance_place {
    CONFORMANCE_ABSENT,  /* it was never there */
    CONFORMANCE_WAITING, /* nobody has it */
    CONFORMANCE_DELAYED, /* the same, and nobody may take it yet */
    CONFORMANCE_CLAIMED, /* a worker has it, and it is not settled */
    CONFORMANCE_ACKED,   /* acknowledged; gone */
    CONFORMANCE_FAILED,  /* put aside by the queue: LEAT_FAIL */
};

/* What a new queue is to be like. */
struct conformance_wish {
    int64_t lease_ms; /* how long a claim lasts: of a worker that died, it comes again then */
    uint64_t seed;
};

struct conformance_subject {
    const struct leat_source_ops *ops;
    const struct leat_adapter *const *(*adapters)(void); /* of the engine: NULL-terminated, sorted */
    const char *kind;                                    /* of its events */
    const char *filter; /* a pattern that lets pass what is to "do" "o"; NULL: no filter sees that */
    /* What it can do, besides its caps. */
    bool lasting; /* it is endless, and what was not settled comes again; else all is put before the start */
    bool shared;  /* two workers may take from one queue */
    bool lanes;   /* lanes are kept, and so is their order */
    enum leat_ordering ordering; /* which its source is told, to keep them */
    bool dated;                  /* its units say since when they wait */
    bool deaths;                 /* caps.counts: what a worker had when it was killed counts as an attempt */
    bool broken, empty;
    uint32_t domains;  /* caps.domains: how many */
    uint32_t delivery; /* most units it delivers at once */
    /* A queue with nothing in it. NULL: out of memory. */
    void *(*make)(const struct conformance_wish *wish);
    void (*unmake)(void *queue);
    /* What ops->init is given; before each start. */
    const void *(*options)(void *queue);
    bool (*put)(void *queue, const struct conformance_event *event);
    /* All of them as one unit, which is called by the first; their numbers follow one another. NULL: a unit of it has
     * one event. */
    bool (*put_together)(void *queue, const struct conformance_event *events, uint32_t count);
    /* The payload that has the event in it, for ops->put. NULL: it is the body. */
    leat_str (*wrap)(struct leat_arena *arena, const struct conformance_event *event);
    enum conformance_place (*place)(void *queue, uint32_t number);
    /* Behind a release: the count of deliveries that the next one will be told. NULL: it does not count. */
    uint32_t (*deliveries)(void *queue, uint32_t number);
    /* The rest may be NULL. The next init, or start, fails with a message. */
    void (*fail_init)(void *queue);
    void (*fail_start)(void *queue);
    /* So many settlements of it fail (a log: commits). */
    void (*fail_settle)(void *queue, uint32_t number, uint32_t times);
    void (*disconnect)(void *queue);
    void (*reconnect)(void *queue);
    void (*take_lease)(void *queue, uint32_t number); /* it is not the worker's any more, and comes again */
    /* That domain goes to another reader, who does nothing with it; in `grace_ms`, or (0) at once. */
    void (*revoke)(void *queue, uint32_t domain, int64_t grace_ms);
    void (*assign)(void *queue, uint32_t domain); /* and comes back */
};

/* The program's; NULL-terminated. */
extern const struct conformance_subject *const conformance_subjects[];

/* Zeroed memory that forked workers share, until the end of the check; never fails. */
void *conformance_memory(size_t size);
/* One lock for all that is shared, over processes; recursive. No worker is killed while it is held. */
void conformance_lock(void);
void conformance_unlock(void);
/* A rule is broken: the check fails with the first one. */
void conformance_wrong(const char *format, ...) LEAT_PRINTF(1, 2);
/* May it be acknowledged: is it handled, or its dead letter kept, or has it nothing to be handled? */
bool conformance_is_finished(uint32_t number);
bool conformance_is_kept(uint32_t number); /* is its dead letter? */
/* The number in a text that has an id in it; CONFORMANCE_EVENTS_MAX: there is none. */
uint32_t conformance_number(leat_str text);
/* A monotonic clock, the same in all processes. */
int64_t conformance_now_ms(void);

#endif
