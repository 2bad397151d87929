/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source: the I/O half of a trigger. It takes deliveries in and settles them; a mode is only a
 * source. Everything here happens on the loop thread and nothing blocks.
 *
 * The engine allocates `state_size` bytes of state, zeroed, and passes it as `self`. Life:
 * init -> start -> (demand, settle)* -> stop -> settle* -> leat_stopped -> close -> fini.
 */
#ifndef LEAT_SOURCE_H
#define LEAT_SOURCE_H

#include <leat/adapter.h>
#include <leat/log.h>
#include <leat/loop.h>
#include <leat/option.h>

LEAT_BEGIN

struct leat_source; /* the engine's half */

enum leat_settle_shape {
    LEAT_SETTLE_EACH, /* each unit alone: queues */
    LEAT_SETTLE_LOG,  /* a watermark in each domain: Kafka, shards. Only ACK comes, of the last unit before which all of
                       * its domain are done; it stands for those too. There is no answer to it: the source commits when
                       * it likes, but before leat_stopped, and before it lets go of an assignment in `revoked` */
    LEAT_SETTLE_WHOLE, /* all units of a delivery in one call: Lambda, replay */
};
enum leat_retry_owner {
    LEAT_BY_SOURCE, /* a retry is handed back with its delay; but in a lane, unless `ordered`, as BY_ENGINE */
    LEAT_BY_ENGINE, /* it waits here, holding its lane and its lease; what is handed back is RELEASE only */
    LEAT_BY_CALLER, /* a delay is only a wish: Lambda, requests, replay */
};

struct leat_source_caps {
    enum leat_settle_shape settle;
    enum leat_retry_owner retry;
    bool counts;  /* unit.attempts is the source's own count */
    bool leases;  /* unit.lease_until_ms; `extend` is there */
    bool domains; /* `hold` is there, leat_revoke may come with `revoked` */
    bool ordered; /* what it hands out of a lane waits for what was handed back of that lane */
    bool keyed;   /* by default units without a lane of their own run in order of their events' partition key */
};

struct leat_source_ops {
    uint32_t abi, size; /* LEAT_ABI, sizeof(struct leat_source_ops) */
    const char *name;   /* also the transport handlers see */
    size_t state_size;
    struct leat_source_caps caps;
    const struct leat_option *options; /* of the configuration, ends with key NULL; NULL: it cannot be configured */
    size_t options_size;               /* of the struct they fill; it lives as long as the engine */
    /* Prepares; no I/O that waits. On failure close and fini still come. `options` are the source's own. */
    leat_status (*init)(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                        struct leat_error *reterr);
    leat_status (*start)(void *self, struct leat_error *reterr);
    /* Credit, absolute: so many more units and bytes may be delivered; 0 pauses. A delivery counts as one unit more
     * than it has units. One that is larger than the rest of the credit may still come whole. */
    void (*demand)(void *self, uint32_t units, size_t bytes);
    /* No more of that domain (held), or more again. What was fetched already may still come. */
    void (*hold)(void *self, uint32_t domain, bool held);
    /* EACH: units of one delivery, each answered by leat_settled. LOG: one unit, not answered, gone when this returns.
     * WHOLE: all of its units in their order, or none (an empty batch, or a payload that could not be decoded),
     * answered once by leat_delivery_settled. Now or later. `settlements` live until the answer. */
    void (*settle)(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements, size_t count);
    /* Half of their leases is over. Each is answered by leat_extended, or by leat_lost. Goes on while they are
     * buffered, wait, run or drain, and until a settlement is answered. */
    void (*extend)(void *self, struct leat_unit *const *units, size_t count);
    /* The answer to leat_revoke: of that assignment nothing is under way any more, and no settlement will come. */
    void (*revoked)(void *self, uint32_t domain, uint32_t generation);
    /* Take no more; settle still comes for what was delivered; ends in leat_stopped. */
    void (*stop)(void *self);
    /* Streamed replies; all three NULL: it has none. UNKNOWN: not this unit, whose reply then comes whole. `reply` has
     * no body and lives as long as the call. settle ends the stream. */
    leat_status (*reply_begin)(void *self, struct leat_unit *unit, const struct leat_reply *reply);
    /* How many of the bytes were taken; fewer: the others after leat_writable. LEAT_GONE: nobody takes them any more.
     */
    size_t (*reply_write)(void *self, struct leat_unit *unit, leat_str bytes);
    /* Waits until more can be written: for a handler on the loop's own thread. False: the limit has passed. */
    bool (*reply_wait)(void *self, struct leat_unit *unit, int64_t limit_ms);
    void (*free_delivery)(void *self, struct leat_delivery *delivery); /* the last reference is gone; may be NULL */
    void (*close)(void *self);                                         /* idempotent */
    void (*fini)(void *self);                                          /* may be NULL */
    /* Puts a payload into the queue, for `leat put` and for redriving: no engine and no loop (leat_loop_new is one), it
     * may wait. Durable when it returns; *retname (in `arena`) is what the queue calls it. NULL: nothing can be put
     * there. */
    leat_status (*put)(const void *options, leat_str payload, struct leat_arena *arena, leat_str *retname,
                       struct leat_error *reterr);
    /* For `leat check --live`, as `put`: looks at the real queue and says what it finds, LEAT_WARN for what may lose
     * events or stand still, LEAT_ERROR for what cannot work. NULL: nobody can be asked. */
    void (*probe)(const void *options, leat_probe_fn *say, void *argument);
};

/* --- a delivery: memory that is read-only once delivered ---------------------------------------------- */

/* What the platform says of an invocation; absent members are unknown. Slices must live as long as the
 * delivery (leat_delivery_arena gives memory for that). */
struct leat_invocation {
    leat_str request_id, function_arn, trace_id, tenant_id;
    leat_str client_context, cognito_identity; /* JSON */
    int64_t deadline_ms;                       /* wall clock; 0: none */
};

struct leat_delivery {
    struct leat_delivery *next; /* the engine's: among spare ones */
    struct leat_source *source;
    struct leat_arena arena;
    struct leat_records records;
    struct leat_unit *units;
    uint32_t unit_count, unit_size, record_size; /* the sizes: how many there is room for */
    struct leat_invocation invocation;
    void *token;             /* the source's */
    leat_str text;           /* what it was filled from; absent: native records */
    leat_status decoded;     /* DONE, or why leat_delivery_text failed */
    struct leat_error error; /* its words: an invocation error Runtime.UnmarshalError */
    struct leat_json_fault fault;

    /* The engine's, from leat_deliver on. */
    const struct leat_entry *entry; /* whose settings it takes: its source's, or an entry's */
    struct leat_arena results;      /* reasons and replies: the other arena stays as decode left it */
    size_t bytes;                   /* of the source's credit */
    uint32_t references;            /* units, runs, and the delivery's own settlement */
    uint32_t open;                  /* units that have not ended */
    uint32_t settle_tries;
    int64_t slowest_us;                  /* of its runs so far */
    struct leat_settlement *settlements; /* one a unit */
};

/* --- upward: the whole list --------------------------------------------------------------------------- */

enum leat_loss { LEAT_LEASE_LOST, LEAT_CLIENT_GONE, LEAT_REVOKED };
enum leat_source_state { LEAT_STARTING, LEAT_CONSUMING, LEAT_IDLE, LEAT_DISCONNECTED, LEAT_FAILED };

/* NULL: no memory now; wait for the next demand. */
LEAT_API struct leat_delivery *leat_delivery_new(struct leat_source *source) LEAT_MUST_USE;
LEAT_API struct leat_arena *leat_delivery_arena(struct leat_delivery *delivery);
/* Longer payloads are refused: they need not be read. */
LEAT_API size_t leat_max_payload(const struct leat_source *source);
/* Fills it from text that lives as long as it does. A failure is kept in the delivery, which may be
 * delivered all the same (nothing runs, settle is called with no settlements) or dropped. */
LEAT_API leat_status leat_delivery_text(struct leat_delivery *delivery, leat_str text, const struct leat_adapter *as);
/* The same of a file, as one unit with the records of all that stands in it: a payload, or one a line. What is broken
 * is a record that says so. `given` has the unit's own members; may be NULL. Fails with NO_MEMORY and TOO_BIG only. */
LEAT_API leat_status leat_delivery_file(struct leat_delivery *delivery, leat_str text, const struct leat_unit *given);
/* Adds a unit of one record, which a native source made; both are copied, their slices must live as long as the
 * delivery. */
LEAT_API leat_status leat_delivery_record(struct leat_delivery *delivery, const struct leat_record *record,
                                          const struct leat_unit *given);
/* Drops one that was not delivered. */
LEAT_API void leat_delivery_drop(struct leat_delivery *delivery);
/* Hands it over. Never fails: credit was given. Not from inside `settle`. */
LEAT_API void leat_deliver(struct leat_delivery *delivery);
/* The answer to a settlement (EACH, WHOLE); a failed one is settled again, up to LEAT_SETTLE_TRIES times. */
LEAT_API void leat_settled(struct leat_unit *unit, leat_status status);
LEAT_API void leat_delivery_settled(struct leat_delivery *delivery, leat_status status);
/* The answer to all of a delivery, for sources that settle it whole; in its memory. */
struct leat_answer_rules {
    bool any_fails; /* one failed record of a batch fails the invocation: nothing is told by name */
    bool all_fail;  /* so does a batch of which every record failed */
};
LEAT_API void leat_delivery_answer(struct leat_delivery *delivery, const struct leat_settlement *settlements,
                                   size_t count, const struct leat_answer_rules *rules, struct leat_answer *retanswer);
/* The answer to `extend`: the lease now ends then (monotonic; 0: it could not be extended, and is tried again while it
 * lasts). */
LEAT_API void leat_extended(struct leat_unit *unit, int64_t until_ms);
/* That assignment ends at `deadline_ms` (monotonic): nothing more of it starts, what runs may end and is settled until
 * then. `deadline_ms` 0: it has ended, and nothing of it is settled. Ends in `revoked`. */
LEAT_API void leat_revoke(struct leat_source *source, uint32_t domain, uint32_t generation, int64_t deadline_ms);
/* The unit is not ours any more: its runs are cancelled, its result is counted and not settled. */
LEAT_API void leat_lost(struct leat_unit *unit, enum leat_loss loss);
/* More of the unit's streamed reply can be taken, or is refused. */
LEAT_API void leat_writable(struct leat_unit *unit);
#define LEAT_GONE SIZE_MAX
/* For status and logs; each change is a line. IDLE: nothing waits there, nor will for being delayed. DISCONNECTED: it
 * tries again by itself. FAILED stops the engine with `why`. */
LEAT_API void leat_source_state(struct leat_source *source, enum leat_source_state state, const char *why);
/* A line bound to a request; absent: to none. */
LEAT_API void leat_source_log(struct leat_source *source, enum leat_log_level level, leat_str request,
                              const char *format, ...) LEAT_PRINTF(4, 5);
/* Nothing more will come. Also without being asked, when a finite source is at its end. */
LEAT_API void leat_stopped(struct leat_source *source);

#define LEAT_SETTLE_TRIES 5

LEAT_END

#endif
