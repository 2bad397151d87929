/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_log.h"

#include <inttypes.h>

static void assign(struct log_partition *partition, enum log_owner owner, uint32_t session)
{
    partition->generation++;
    partition->owner = owner;
    partition->session = session;
    partition->revoking = false;
}

uint32_t fake_log_join(struct fake_log *log)
{
    conformance_lock();
    uint32_t session = ++log->sessions;
    for (uint32_t i = 0; i < LOG_PARTITIONS; i++)
        if (log->partitions[i].owner != LOG_OTHER)
            assign(&log->partitions[i], LOG_WORKER, session);
    conformance_unlock();
    return session;
}

static bool is_current(const struct log_partition *partition, uint32_t generation)
{
    return partition->owner == LOG_WORKER && partition->generation == generation;
}

const struct log_entry *fake_log_read(struct fake_log *log, uint32_t domain, uint32_t generation, uint64_t position)
{
    struct log_entry *found = NULL;
    conformance_lock();
    for (uint32_t i = 0; i < log->count && found == NULL && !log->away; i++)
        if (log->entries[i].domain == domain && log->entries[i].position > position)
            found = &log->entries[i];
    if (!is_current(&log->partitions[domain], generation) || log->partitions[domain].revoking)
        found = NULL;
    if (found != NULL)
        found->reads++;
    conformance_unlock();
    return found;
}

/* All that a commit says is done must be so. */
static void check_commit(const struct fake_log *log, uint32_t domain, uint64_t position)
{
    if (position < log->partitions[domain].committed)
        conformance_wrong("domain %u: a commit went back to %" PRIu64, domain, position);
    for (uint32_t i = 0; i < log->count; i++) {
        const struct log_entry *entry = &log->entries[i];
        if (entry->domain == domain && entry->position <= position && !conformance_is_finished(entry->is.number))
            conformance_wrong("domain %u: the commit of %" PRIu64 " passes %s, which is not finished", domain, position,
                              entry->is.id);
    }
}

static bool commit_fails(struct fake_log *log, uint32_t domain, uint64_t position)
{
    bool fails = log->away;
    for (uint32_t i = 0; i < log->count; i++) {
        struct log_entry *entry = &log->entries[i];
        if (entry->domain != domain || entry->position > position || entry->failing_commits == 0)
            continue;
        entry->failing_commits--;
        fails = true;
    }
    return fails;
}

leat_status fake_log_commit(struct fake_log *log, uint32_t domain, uint32_t generation, uint64_t position)
{
    struct log_partition *partition = &log->partitions[domain];
    conformance_lock();
    bool fails = commit_fails(log, domain, position);
    if (!fails && is_current(partition, generation)) { /* another generation's is refused, for good */
        check_commit(log, domain, position);
        partition->committed = position;
    }
    conformance_unlock();
    return fails ? LEAT_STATUS(AWAY) : LEAT_OK;
}

void fake_log_let_go(struct fake_log *log, uint32_t domain, uint32_t generation)
{
    conformance_lock();
    if (is_current(&log->partitions[domain], generation))
        assign(&log->partitions[domain], LOG_OTHER, 0);
    conformance_unlock();
}

struct log_partition fake_log_look(struct fake_log *log, uint32_t domain)
{
    struct log_partition *partition = &log->partitions[domain];
    conformance_lock();
    if (partition->revoking && partition->revoke_until_ms <= conformance_now_ms())
        assign(partition, LOG_OTHER, 0);
    struct log_partition copy = *partition;
    conformance_unlock();
    return copy;
}

bool fake_log_is_idle(struct fake_log *log)
{
    bool idle = true;
    conformance_lock();
    for (uint32_t i = 0; i < log->count; i++) {
        const struct log_partition *partition = &log->partitions[log->entries[i].domain];
        idle = idle && (partition->owner == LOG_OTHER || log->entries[i].position <= partition->committed);
    }
    conformance_unlock();
    return idle;
}
