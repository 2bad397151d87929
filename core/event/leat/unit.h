/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery, record, unit, settlement. Memory, settlement and ordering are three things: a delivery is
 * memory, a unit is what is settled, a lane is what must run in order.
 */
#ifndef LEAT_UNIT_H
#define LEAT_UNIT_H

#include <leat/envelope.h>
#include <leat/heap.h>
#include <leat/outcome.h>

LEAT_BEGIN

struct leat_adapter;
struct leat_delivery;
struct leat_source;
struct leat_lane;
struct leat_run;

/* What a trigger hands over for one thing that happened. Text and native transports meet here. */
struct leat_record {
    const struct leat_adapter *adapter;
    const struct leat_doc *doc; /* text: the document it stands in; NULL: native */
    uint32_t index;             /* its place there; LEAT_WHOLE: the root */
    const cJSON *json;          /* its node */
    const void *native;         /* else what a native source filled: a struct of the adapter's own */
    leat_str id;                /* what the reply or the queue calls it (a Kafka offset: within its partition);
                                 * absent: it has no name */
    leat_str lane;              /* runs in order with others of that name; absent: with none */
    leat_str partition;         /* streams and Kafka: the part whose checkpoint it moves; absent: the whole batch */
    uint32_t attempts;          /* as the payload tells; 0: it does not */
    leat_str broken;            /* why it cannot be normalised; absent: it is whole */
    leat_str text;              /* what it was read from, where it has no doc: for dead letters */
};

/* Where a record of a document stands, or a direct member of it (NULL: all of it). */
static inline struct leat_place leat_record_place(const struct leat_record *record, const cJSON *member)
{
    struct leat_place place;
    place.doc = record->doc;
    place.index = record->index;
    place.record = record->json;
    place.member = member;
    return place;
}

struct leat_records {
    struct leat_record *items;
    uint32_t count;
    const struct leat_adapter *adapter;
    const struct leat_doc *doc; /* NULL: native */
    const char *why;            /* in a few words, why it was recognised so */
};

struct leat_events {
    struct leat_envelope *items;
    uint32_t count, size;
};

/* What became of one event of a unit. */
struct leat_result {
    enum leat_outcome_kind kind;
    bool timed_out; /* its run was given up: the handler did not return */
    bool final;     /* it stands: when the unit is tried again, its event is not */
    leat_str reason;
    int64_t delay_ms;
    int64_t duration_us; /* of its run; 0 if none */
    const char *handler; /* the handler's name; NULL: none ran */
    const struct leat_reply *reply;
};

/* Something that is to happen at a time; the engine's. */
struct leat_alarm {
    struct leat_heap_node node;
    void (*ring)(struct leat_alarm *alarm);
};

/* Settled alone. 0..n events; none is settled as ok. */
struct leat_unit {
    struct leat_delivery *delivery;
    uint32_t index;              /* in its delivery */
    uint32_t domain, generation; /* partition or shard, assignment */
    uint32_t attempts;           /* this one's number by the source's count, from 1; 0: it does not count */
    uint64_t position;           /* rises in a domain; gaps are normal */
    int64_t lease_until_ms;      /* monotonic; 0: none */
    int64_t since_ms;            /* when it came into the queue, wall clock; 0: nobody knows */
    leat_str name;               /* what the source calls it: a file, an entry; absent: the record's id */
    void *token;                 /* the source's: receipt, entry, connection */
    struct leat_record *record;  /* the first of its records */
    uint32_t record_count, result_count;
    size_t bytes;                /* of its text, about */
    struct leat_events events;   /* in the delivery's arena */
    struct leat_result *results; /* one an event; one also for a broken record */

    /* The engine's, from leat_deliver on. */
    struct leat_unit *next;
    struct leat_unit *flight_next, **flight_at; /* among those of its source that are under way */
    struct leat_alarm again, lease;             /* when it is tried again, when its lease is to be extended */
    struct leat_lane *lane;
    uint64_t order;                 /* of arrival in its lane */
    int64_t ready_us;               /* when it came into the ready queue, where a window asks */
    struct leat_run *run;           /* the run it is in, or NULL */
    struct leat_result single;      /* the results of most units */
    struct leat_emission *emission; /* what its events emitted, in order */
    uint32_t cursor;                /* events before it have a result */
    uint32_t tries;                 /* so often it was tried again in place */
    uint32_t settle_tries;
    uint32_t letters; /* that the sinks have not answered yet */
    bool kept;        /* its rejected events lie in the sink */
    bool unwritten;   /* a letter could not be written: no limit of attempts makes an end of it */
    bool in_order;    /* its events have different keys: none runs behind one that failed */
    bool lost;        /* lease gone, client gone, revoked: counted, never settled */
    bool settling;    /* the source has been told */
    bool retries;     /* among its results are retries that no limit was asked about */
    bool halted;      /* one is a retry: in order, none behind it runs */
    bool suspect;     /* it ended the process before: it runs alone */
};

/* The event that result number `index` is of; NULL: a broken record. */
static inline const struct leat_envelope *leat_unit_envelope(const struct leat_unit *unit, uint32_t index)
{
    bool there = index < unit->events.count && unit->events.items[index].kind.ptr != NULL;
    return there ? &unit->events.items[index] : NULL;
}

/* What its source calls it, or its record is called; absent: nobody calls it anything. */
static inline leat_str leat_unit_name(const struct leat_unit *unit)
{
    return unit->name.ptr != NULL ? unit->name : unit->record->id;
}

/* The record that it came out of. */
static inline const struct leat_record *leat_unit_record(const struct leat_unit *unit, uint32_t index)
{
    return index < unit->events.count ? unit->events.items[index].of : unit->record;
}

/* How one unit ends, as the source is told. */
struct leat_settlement {
    struct leat_unit *unit;
    enum leat_verdict verdict;
    enum leat_outcome_kind outcome; /* the worst of its events */
    int64_t delay_ms;               /* of a retry; of a caller's -1: no wish */
    leat_str reason;                /* absent when ok */
    const struct leat_reply *reply; /* NULL: none */
};

/* The answer to a whole payload: `text`, or an invocation error. */
struct leat_answer {
    leat_str text; /* absent: an error */
    leat_str content_type;
    leat_str error_type, error_message; /* "Function.Retry", "Runtime.UnmarshalError", ... */
};

LEAT_END

#endif
