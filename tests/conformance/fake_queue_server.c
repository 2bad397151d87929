/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_queue.h"

/* Leases and delays that are over. */
static void look_at_clock(struct fake_queue *queue)
{
    int64_t now_ms = conformance_now_ms();
    for (uint32_t i = 0; i < queue->count; i++) {
        struct queue_entry *entry = &queue->entries[i];
        bool lapsed = entry->place == CONFORMANCE_CLAIMED && entry->lease_until_ms <= now_ms;
        bool due = entry->place == CONFORMANCE_DELAYED && entry->visible_at_ms <= now_ms;
        if (lapsed || due)
            entry->place = CONFORMANCE_WAITING;
    }
}

/* In an ordered queue an entry waits for those of its lane before it, unless they go out together with it. */
static bool is_next_of_lane(const struct fake_queue *queue, uint32_t index, uint32_t session, uint64_t with)
{
    const struct queue_entry *entry = &queue->entries[index];
    if (!queue->ordered || entry->is.lane[0] == '\0')
        return true;
    for (uint32_t i = 0; i < index; i++) {
        const struct queue_entry *other = &queue->entries[i];
        bool over = other->place == CONFORMANCE_ACKED || other->place == CONFORMANCE_FAILED;
        bool together =
            other->place == CONFORMANCE_CLAIMED && other->session == session && with != 0 && other->receipt >= with;
        if (strcmp(other->is.lane, entry->is.lane) == 0 && !over && !together)
            return false;
    }
    return true;
}

static void claim(struct fake_queue *queue, uint32_t index, uint32_t session, struct queue_claim *ret)
{
    struct queue_entry *entry = &queue->entries[index];
    entry->place = CONFORMANCE_CLAIMED;
    entry->deliveries++;
    entry->receipt = ++queue->receipts;
    entry->session = session;
    entry->lease_until_ms = conformance_now_ms() + queue->lease_ms;
    *ret = (struct queue_claim){.queue = queue, .index = index, .receipt = entry->receipt};
}

bool fake_queue_claim(struct fake_queue *queue, uint32_t session, uint64_t with, struct queue_claim *ret)
{
    bool found = false;
    conformance_lock();
    look_at_clock(queue);
    for (uint32_t i = 0; i < queue->count && !found && !queue->away; i++) {
        found = queue->entries[i].place == CONFORMANCE_WAITING && is_next_of_lane(queue, i, session, with);
        if (found)
            claim(queue, i, session, ret);
    }
    conformance_unlock();
    return found;
}

static void settle(struct fake_queue *queue, struct queue_entry *entry, enum leat_verdict verdict, int64_t delay_ms)
{
    entry->receipt = ++queue->receipts; /* of nobody */
    switch (verdict) {
    case LEAT_ACK:
        if (!conformance_is_finished(entry->is.number))
            conformance_wrong("%s was acknowledged unfinished", entry->is.id);
        entry->place = CONFORMANCE_ACKED;
        break;
    case LEAT_RETRY:
        entry->place = CONFORMANCE_DELAYED;
        entry->visible_at_ms = conformance_now_ms() + delay_ms;
        break;
    case LEAT_RELEASE:
        entry->place = CONFORMANCE_WAITING;
        entry->deliveries--;
        break;
    case LEAT_FAIL: entry->place = CONFORMANCE_FAILED; break;
    }
}

leat_status fake_queue_settle(const struct queue_claim *claim, enum leat_verdict verdict, int64_t delay_ms)
{
    struct fake_queue *queue = claim->queue;
    struct queue_entry *entry = &queue->entries[claim->index];
    conformance_lock();
    bool fails = queue->away || entry->failing_settles > 0;
    entry->failing_settles -= entry->failing_settles > 0 ? 1 : 0;
    /* A lease that is over counts until somebody else has taken the entry. */
    if (!fails && entry->receipt == claim->receipt)
        settle(queue, entry, verdict, delay_ms);
    conformance_unlock();
    return fails ? LEAT_STATUS(AWAY) : LEAT_OK;
}

int64_t fake_queue_extend(const struct queue_claim *claim)
{
    struct queue_entry *entry = &claim->queue->entries[claim->index];
    int64_t until_ms = -1;
    conformance_lock();
    if (claim->queue->away) {
        until_ms = 0;
    } else if (entry->receipt == claim->receipt) {
        entry->place = CONFORMANCE_CLAIMED;
        until_ms = conformance_now_ms() + claim->queue->lease_ms;
        entry->lease_until_ms = until_ms;
    }
    conformance_unlock();
    return until_ms;
}

bool fake_queue_is_idle(struct fake_queue *queue, uint32_t session)
{
    bool idle = true;
    conformance_lock();
    for (uint32_t i = 0; i < queue->count; i++) {
        const struct queue_entry *entry = &queue->entries[i];
        bool over = entry->place == CONFORMANCE_ACKED || entry->place == CONFORMANCE_FAILED;
        idle = idle && (over || (entry->place == CONFORMANCE_CLAIMED && entry->session == session));
    }
    conformance_unlock();
    return idle;
}
