/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server like a queue: entries are claimed with a lease and settled one by one, whoever has the newest receipt owns
 * an entry, deliveries are counted. It lives in shared memory and outlives its workers. Takes the suite's lock itself.
 */
#ifndef CONFORMANCE_FAKE_QUEUE_H
#define CONFORMANCE_FAKE_QUEUE_H

#include "fake.h"

struct queue_entry {
    struct fake_entry is;
    enum conformance_place place;
    uint32_t deliveries;
    uint64_t receipt;         /* of the newest claim */
    uint32_t session;         /* whose claim that is */
    int64_t lease_until_ms;   /* CLAIMED; monotonic */
    int64_t visible_at_ms;    /* DELAYED */
    uint32_t failing_settles; /* so many more fail */
};

struct fake_queue {
    struct queue_entry entries[CONFORMANCE_EVENTS_MAX];
    uint32_t count;
    uint64_t receipts, seed;
    uint32_t sessions;
    int64_t lease_ms;
    bool ordered; /* nothing of a lane is handed out while something before it is under way or delayed */
    bool away, fail_init, fail_start;
};

struct queue_claim {
    struct fake_queue *queue;
    uint32_t index;
    uint64_t receipt;
};

/* Takes the next entry that may be taken into *ret. `with`: the receipt of the first of the same delivery, 0: this is
 * the first. False: there is none now. */
bool fake_queue_claim(struct fake_queue *queue, uint32_t session, uint64_t with, struct queue_claim *ret);
/* DONE, or AWAY: it failed and may be tried again. A claim that was lost is refused, which is DONE. */
leat_status fake_queue_settle(const struct queue_claim *claim, enum leat_verdict verdict, int64_t delay_ms);
/* The new end of the lease; 0: the server is away; -1: the claim was lost. */
int64_t fake_queue_extend(const struct queue_claim *claim);
/* Does nothing wait there, nor will, but what that session has? */
bool fake_queue_is_idle(struct fake_queue *queue, uint32_t session);

#endif
