/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the source share. Loop thread only.
 *
 * Two links: `reads` for what may wait at the server (XREADGROUP), `works` for all else. Of a new life, and of each new
 * connection, the first thing that `reads` does is to look for what the server thinks that we have (read.c).
 */
#ifndef LEAT_REDIS_STATE_H
#define LEAT_REDIS_STATE_H

#include "held.h"
#include "link.h"
#include "redis.h"
#include "server.h"

enum { LEAT_REDIS_STREAMS_MAX = 64, LEAT_REDIS_READ_MAX = 100 /* entries at a time */ };

struct leat_redis_entries { /* a list, in order */
    struct leat_redis_entry *first, **last;
    size_t count;
};

struct leat_redis_stream {
    leat_str name;
    bool grouped;                                  /* its group was seen */
    struct leat_redis_entries acks, gives, asides; /* to be told to the server */
    char cursor[LEAT_REDIS_ID_SIZE];               /* of the round of claims */
    struct leat_redis_id counted;                  /* up to it the attempts of the life before were counted */
};

enum leat_redis_phase {
    LEAT_REDIS_GROUPS,   /* they are made, where they are not there */
    LEAT_REDIS_CATCHING, /* up with what is ours already */
    LEAT_REDIS_READING,  /* what is new */
};

struct leat_redis_source {
    struct leat_source *source;
    struct leat_loop *loop;
    struct leat_redis_source_options options;
    struct leat_redis_server server;
    char consumer[160];
    int guard; /* a socket whose name no other process can have meanwhile; -1: none */
    struct leat_redis_link reads, works;
    struct leat_redis_stream *streams;
    uint32_t stream_count;
    struct leat_redis_held held;
    uint32_t units; /* credit */
    size_t bytes;

    /* read.c */
    enum leat_redis_phase phase;
    uint32_t groups_asked;
    uint32_t catching; /* which stream */
    uint32_t page_asked;
    bool page_is_last;
    struct leat_redis_id fetched;      /* the last entry that was asked for, ... */
    uint32_t fetching;                 /* ... and its stream */
    bool again;                        /* catching up began anew while it was under way: its reply is of no use */
    bool asked;                        /* a command of `reads` is under way */
    bool waits;                        /* and it is one that waits for new entries */
    bool exhausted;                    /* the last one found fewer than it asked for */
    bool careful;                      /* one at a time: more did not fit into memory */
    bool begun;                        /* it has caught up once in this life */
    bool full;                         /* of the delivery that is being filled nothing can be used */
    char page[LEAT_REDIS_ID_SIZE + 1]; /* where its next page begins: "-", "(ID" */
    struct leat_delivery *delivery;    /* that is being filled */

    /* claim.c */
    struct leat_delivery *claimed; /* that is being filled */
    uint32_t claim_stream;
    uint32_t others_asked;         /* streams whose summary is under way */
    uint64_t others_found, others; /* entries that other consumers have */
    int64_t others_ms;             /* when that was seen; 0: never */
    int64_t tidied_ms;
    bool claiming;
    bool starved; /* the last round ended for want of credit */

    /* settle.c */
    struct leat_redis_entry *keeps; /* an array of copies: whose leases are to be extended */
    size_t keep_count, keep_size;
    uint64_t telling; /* commands about entries that are under way */

    struct leat_timer *turn;  /* something is to be told to the server */
    struct leat_timer *read;  /* there is credit */
    struct leat_timer *claim; /* the next round */
    bool stopping, leaving, stopped;
    bool deserted; /* it stops, and the server could not be reached since */
    enum leat_source_state state;
    char why[256];
};

/* source.c */
void leat_redis_log(const struct leat_redis_source *redis, enum leat_log_level level, const char *format, ...)
    LEAT_PRINTF(3, 4);
/* A command that calls one of scripts.h, for one stream; its own arguments follow. */
void leat_redis_begin_script(const struct leat_redis_source *redis, struct leat_redis_link *link, const char *script,
                             uint32_t stream);
void leat_redis_tell(struct leat_redis_source *redis, enum leat_source_state state, const char *why);
void leat_redis_report(struct leat_redis_source *redis); /* consuming or idle, where nothing is wrong */
void leat_redis_finish(struct leat_redis_source *redis); /* it stops, if nothing is under way any more */

/* consumer.c. AWAY: another process of this machine has that name. */
leat_status leat_redis_consumer_choose(struct leat_redis_source *redis, struct leat_error *reterr);
void leat_redis_consumer_free(struct leat_redis_source *redis);

/* read.c */
void leat_redis_read_up(void *argument); /* the link is */
void leat_redis_read_down(struct leat_redis_source *redis);
void leat_redis_read_on(struct leat_redis_source *redis);
void leat_redis_read_soon(struct leat_redis_source *redis); /* with the next turn, or a little more credit */
/* What the server thinks that we have, and we do not: it is looked for before anything new. */
void leat_redis_catch_up(struct leat_redis_source *redis);

/* take.c */
enum leat_redis_taken {
    LEAT_REDIS_TAKEN,
    LEAT_REDIS_LEFT, /* some, for want of credit or memory: they are ours at the server, and not delivered */
};
/* Fills the delivery with entries: {id, fields} or {id, fields, deliveries}. */
enum leat_redis_taken leat_redis_take(struct leat_redis_source *redis, struct leat_delivery *delivery, uint32_t stream,
                                      const struct leat_redis_value *entries);
/* Hands it over, or drops it where it is empty. */
enum leat_redis_taken leat_redis_deliver(struct leat_redis_source *redis, struct leat_delivery *delivery,
                                         enum leat_redis_taken taken);
/* They go back as they were before they were fetched, but for those that are here: our handler may be at work on them.
 */
void leat_redis_give_back_all(struct leat_redis_source *redis, uint32_t stream, const struct leat_redis_value *entries);
/* The arena for the reply to a command that fetches entries. NULL: no memory now. */
struct leat_delivery *leat_redis_delivery(struct leat_redis_source *redis);

/* settle.c */
void leat_redis_settle(struct leat_redis_source *redis, const struct leat_settlement *settlement);
void leat_redis_extend(struct leat_redis_source *redis, struct leat_unit *unit);
void leat_redis_tell_server(struct leat_redis_source *redis); /* all that waits */
/* An entry that was never delivered goes back as it was, or aside. */
void leat_redis_give_back(struct leat_redis_source *redis, uint32_t stream, leat_str id, int64_t deliveries);
void leat_redis_put_aside(struct leat_redis_source *redis, uint32_t stream, leat_str id, const char *reason);
void leat_redis_forget(struct leat_redis_source *redis, struct leat_redis_entry *entry);

/* claim.c */
void leat_redis_claim(struct leat_redis_source *redis);    /* a round begins */
void leat_redis_claim_on(struct leat_redis_source *redis); /* there is credit again */
void leat_redis_look_at_others(struct leat_redis_source *redis);
void leat_redis_leave(struct leat_redis_source *redis); /* the group, and leat_stopped */

/* Bytes that stand in an arena: of its last use it may have kept more. */
static inline size_t leat_redis_in_use(const struct leat_arena *arena)
{
    return arena->used - (size_t)(arena->end - arena->at);
}

static inline void leat_redis_entries_init(struct leat_redis_entries *list)
{
    list->first = NULL;
    list->last = &list->first;
    list->count = 0;
}

static inline void leat_redis_entries_add(struct leat_redis_entries *list, struct leat_redis_entry *entry)
{
    entry->next = NULL;
    *list->last = entry;
    list->last = &entry->next;
    list->count++;
}

#endif
