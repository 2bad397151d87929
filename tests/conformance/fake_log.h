/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server like a log: partitions of positions with gaps, a committed position each, which one reader at a time moves
 * under the generation it was assigned the partition with. It lives in shared memory and outlives its readers. Takes
 * the suite's lock itself.
 */
#ifndef CONFORMANCE_FAKE_LOG_H
#define CONFORMANCE_FAKE_LOG_H

#include "fake.h"

enum { LOG_PARTITIONS = 3 };
enum log_owner { LOG_NOBODY, LOG_WORKER, LOG_OTHER };

struct log_entry {
    struct fake_entry is;
    uint32_t domain;
    uint64_t position;
    uint32_t reads;
    uint32_t failing_commits; /* so many more commits of it fail */
};

struct log_partition {
    uint64_t end;       /* the last position given; the next one is behind it */
    uint64_t committed; /* all up to it; 0: none */
    uint32_t generation;
    enum log_owner owner;
    uint32_t session;        /* whose reader, LOG_WORKER */
    bool revoking;           /* the worker is asked to let go of it */
    int64_t revoke_until_ms; /* and loses it then; monotonic; 0: it has lost it */
};

struct fake_log {
    struct log_entry entries[CONFORMANCE_EVENTS_MAX];
    uint32_t count, sessions;
    uint64_t seed;
    struct log_partition partitions[LOG_PARTITIONS];
    bool away, fail_init, fail_start;
};

/* A new reader, which is assigned all partitions that the other one has not. */
uint32_t fake_log_join(struct fake_log *log);
/* The first entry of the partition behind `position`. NULL: there is none, or not for that generation. */
const struct log_entry *fake_log_read(struct fake_log *log, uint32_t domain, uint32_t generation, uint64_t position);
/* AWAY: it failed, and may be tried again. */
leat_status fake_log_commit(struct fake_log *log, uint32_t domain, uint32_t generation, uint64_t position);
/* The worker lets go of it: the other reader has it. */
void fake_log_let_go(struct fake_log *log, uint32_t domain, uint32_t generation);
/* A copy of how it stands, where a revocation whose time is over has happened. */
struct log_partition fake_log_look(struct fake_log *log, uint32_t domain);
/* Is all read and committed that the worker may read? */
bool fake_log_is_idle(struct fake_log *log);

#endif
