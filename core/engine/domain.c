/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains: partitions and shards. Where a log is settled by its watermark, the ledger of the assignment says how far it
 * may go; where an assignment ends, nothing of it starts any more, and what is not done in time is not ours.
 */
#include <engine/internal.h>

#include <stdio.h>

static bool has_domains(const struct leat_source *source)
{
    return source->ops->caps.domains || source->ops->caps.settle == LEAT_SETTLE_LOG;
}

static bool is_log(const struct leat_domain *domain)
{
    return domain->source->ops->caps.settle == LEAT_SETTLE_LOG;
}

static struct leat_domain *find(const struct leat_source *source, uint32_t number, uint32_t generation)
{
    struct leat_domain *domain = source->domains;
    while (domain != NULL && (domain->number != number || domain->generation != generation))
        domain = domain->next;
    return domain;
}

static struct leat_domain *domain_of(const struct leat_unit *unit)
{
    return find(unit->delivery->source, unit->domain, unit->generation);
}

/* NULL: out of memory. */
static struct leat_domain *make(struct leat_source *source, uint32_t number, uint32_t generation)
{
    struct leat_domain *domain = find(source, number, generation);
    if (domain != NULL)
        return domain;
    domain = leat_alloc(sizeof(*domain));
    if (domain == NULL)
        return NULL;
    domain->source = source;
    domain->number = number;
    domain->generation = generation;
    domain->next = source->domains;
    source->domains = domain;
    return domain;
}

static void free_domain(struct leat_domain *domain)
{
    struct leat_domain **at = &domain->source->domains;
    while (*at != domain)
        at = &(*at)->next;
    *at = domain->next;
    leat_alarm_clear(domain->source->engine, &domain->deadline);
    leat_ledger_fini(&domain->ledger);
    leat_free(domain);
}

void leat_domains_free(struct leat_source *source)
{
    while (source->domains != NULL)
        free_domain(source->domains);
}

/* One partition that does not move must not have all of the credit. */
static void hold_or_let_go(struct leat_domain *domain)
{
    struct leat_source *source = domain->source;
    uint32_t limit = source->settings.max_in_flight / 2;
    bool hold = domain->held ? domain->ledger.count > limit / 2 : domain->ledger.count >= limit && limit > 0;
    if (source->ops->hold == NULL || hold == domain->held)
        return;
    domain->held = hold;
    source->ops->hold(source->self, domain->number, hold);
}

/* False: it cannot be kept account of, so it must not be settled by anyone behind it. */
bool leat_domain_enter(struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    if (!has_domains(source))
        return true;
    if (source->failed)
        return false; /* perhaps for one that is missing in the ledger: this one may not be settled over it */
    struct leat_domain *domain = make(source, unit->domain, unit->generation);
    if (domain == NULL || (is_log(domain) && !leat_ledger_add(&domain->ledger, unit->position, unit))) {
        leat_source_state(source, LEAT_FAILED, "no memory for the positions of a partition, or one came out of order");
        return false;
    }
    domain->live++;
    if (domain->revoking || domain->cut)
        leat_lost(unit, LEAT_REVOKED);
    hold_or_let_go(domain);
    return true;
}

/* --- the watermark ------------------------------------------------------------------------------------ */

struct taking {
    struct leat_unit *last;
};

/* The last one stands for those before it. */
static void take(void *argument, void *value)
{
    struct taking *taking = argument;
    if (taking->last != NULL)
        leat_unit_drop(taking->last);
    taking->last = value;
}

/* There is no answer: the source commits it in its own time. */
static void settle(struct leat_unit *unit)
{
    struct leat_delivery *delivery = unit->delivery;
    struct leat_source *source = delivery->source;
    source->ops->settle(source->self, delivery, &delivery->settlements[unit->index], 1);
    leat_unit_drop(unit);
}

/* The unit is done: the watermark moves as far as it can. */
void leat_domain_settle(struct leat_unit *unit)
{
    struct leat_domain *domain = domain_of(unit);
    struct taking taking = {NULL};
    if (domain == NULL || !leat_ledger_done(&domain->ledger, unit->position)) {
        leat_unit_drop(unit); /* behind one that was given back */
        return;
    }
    (void)leat_ledger_advance(&domain->ledger, take, &taking);
    if (taking.last != NULL)
        settle(taking.last);
    hold_or_let_go(domain);
}

/* Nothing from that position on can be settled any more. */
static void cut(struct leat_domain *domain, uint64_t position)
{
    struct leat_ledger *ledger = &domain->ledger;
    domain->cut = true; /* nor can what comes later */
    while (ledger->count > 0) {
        struct leat_ledger_entry *last = &ledger->entries[(ledger->first + ledger->count - 1) % ledger->size];
        if (last->position < position)
            return;
        ledger->count--;
        if (last->done)
            leat_unit_drop(last->value);
    }
}

/* A log has no place for what was rejected: neither passed over nor in the way for ever without a word. */
static void tell_of_reject(struct leat_source *source, uint32_t number, uint64_t position)
{
    char why[96];
    if (source->failed)
        return;
    leat_source_log(source, LEAT_ERROR, LEAT_ABSENT,
                    "position %llu of partition %u was rejected: it will come again, until there is a dead-letter sink",
                    (unsigned long long)position, number);
    snprintf(why, sizeof(why), "an event of partition %u was rejected and there is no sink to keep it", number);
    leat_source_state(source, LEAT_FAILED, why);
}

/* A partition that stands still is no state to stay in: the next life begins at the gap. */
static void tell_of_gap(struct leat_source *source)
{
    if (!source->stopping && !source->failed)
        leat_source_state(source, LEAT_FAILED, "an event was not finished, and its partition cannot go on behind it");
}

/* It goes back unfinished: so does all behind it. */
void leat_domain_give_back(struct leat_unit *unit)
{
    struct leat_domain *domain = domain_of(unit);
    struct leat_source *source = unit->delivery->source;
    bool rejected = unit->delivery->settlements[unit->index].verdict == LEAT_FAIL;
    uint32_t number = unit->domain;
    uint64_t position = unit->position;
    if (domain != NULL)
        cut(domain, position);
    leat_unit_drop(unit);
    if (rejected)
        tell_of_reject(source, number, position);
    else
        tell_of_gap(source);
}

/* --- the end of an assignment ------------------------------------------------------------------------- */

static void answer(struct leat_alarm *alarm)
{
    struct leat_domain *domain = LEAT_ALARM_OF(alarm, struct leat_domain, deadline);
    struct leat_source *source = domain->source;
    uint32_t number = domain->number, generation = domain->generation;
    free_domain(domain);
    if (source->ops->revoked != NULL)
        source->ops->revoked(source->self, number, generation);
}

static void answer_soon(struct leat_domain *domain)
{
    struct leat_engine *engine = domain->source->engine;
    leat_alarm_set(engine, &domain->deadline, leat_engine_now_us(engine), answer);
}

/* The unit is settled, or not ours any more. */
void leat_domain_leave(struct leat_unit *unit)
{
    struct leat_source *source = unit->delivery->source;
    struct leat_domain *domain = has_domains(source) ? domain_of(unit) : NULL;
    if (domain == NULL)
        return;
    bool gap = unit->lost && is_log(domain) && !domain->revoking;
    if (unit->lost && is_log(domain))
        cut(domain, unit->position);
    if (--domain->live == 0 && domain->revoking)
        answer_soon(domain);
    if (gap)
        tell_of_gap(source);
}

static bool is_under_way(const struct leat_unit *unit)
{
    return unit->run != NULL || unit->settling || unit->letters > 0;
}

/* The next unit of the assignment that is still ours, and need not or cannot be waited for. */
static struct leat_unit *next_to_lose(const struct leat_domain *domain, bool all)
{
    struct leat_unit *unit = domain->source->flight;
    while (unit != NULL && (unit->lost || unit->domain != domain->number || unit->generation != domain->generation ||
                            (!all && (is_under_way(unit) || unit->cursor == unit->result_count))))
        unit = unit->flight_next;
    return unit;
}

static void lose(struct leat_domain *domain, bool all)
{
    struct leat_unit *unit;
    while ((unit = next_to_lose(domain, all)) != NULL)
        leat_lost(unit, LEAT_REVOKED);
}

static void pass_deadline(struct leat_alarm *alarm)
{
    struct leat_domain *domain = LEAT_ALARM_OF(alarm, struct leat_domain, deadline);
    lose(domain, true);
    answer_soon(domain);
}

void leat_revoke(struct leat_source *source, uint32_t number, uint32_t generation, int64_t deadline_ms)
{
    struct leat_domain *domain = make(source, number, generation);
    if (domain == NULL) {
        leat_source_state(source, LEAT_FAILED, "out of memory for a revocation");
        return;
    }
    domain->revoking = true;
    lose(domain, deadline_ms == 0);
    if (domain->live == 0)
        answer_soon(domain);
    else
        leat_alarm_set(source->engine, &domain->deadline, leat_us_in(0, deadline_ms), pass_deadline);
}
