/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <leat/alloc.h>

#include <stdio.h>

struct native {
    leat_str id, body;
    bool empty;
};

static leat_status normalise_native(struct leat_decoder *decoder, const struct leat_record *record,
                                    struct leat_events *out)
{
    const struct native *native = record->native;
    if (native->empty)
        return LEAT_OK;
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = native->id;
    envelope->source = LEAT_STR("conformance");
    envelope->type = LEAT_STR("conformance.event");
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = native->body};
    envelope->raw_text = native->body;
    return LEAT_OK;
}

static leat_status split_whole(struct leat_decoder *decoder, const struct leat_payload *payload,
                               struct leat_records *out)
{
    return leat_split_whole(decoder, payload, out);
}

static const struct leat_adapter adapter = {
    .abi = LEAT_ABI,
    .size = sizeof(adapter),
    .name = "conformance",
    .help = "what the conformance suite puts into a queue",
    .why = "the fakes make it",
    .order = 1,
    .shape = LEAT_REPLY_ITEMS,
    .split = split_whole,
    .normalise = normalise_native,
};

extern const struct leat_adapter leat_adapter_unknown;

const struct leat_adapter *const *fake_adapters(void)
{
    static const struct leat_adapter *const adapters[] = {&adapter, &leat_adapter_unknown, NULL};
    return adapters;
}

bool fake_entry_fill(struct fake_entry *entry, const struct conformance_event *event)
{
    *entry = (struct fake_entry){
        .number = event->number, .form = event->form, .since_ms = leat_clock_wall_ms(&leat_clock_system)};
    return snprintf(entry->id, FAKE_ID_MAX, "%s", event->id) < FAKE_ID_MAX &&
           snprintf(entry->lane, FAKE_ID_MAX, "%s", event->lane) < FAKE_ID_MAX &&
           snprintf(entry->body, FAKE_TEXT_MAX, "%s", event->body) < FAKE_TEXT_MAX;
}

leat_status fake_deliver_entry(struct leat_delivery *delivery, const struct fake_entry *entry, struct leat_unit *given)
{
    struct leat_arena *arena = leat_delivery_arena(delivery);
    struct native *native = LEAT_NEW(arena, struct native);
    struct leat_record record = {.adapter = &adapter, .index = LEAT_WHOLE};
    cJSON *tree = NULL;
    if (native == NULL)
        return leat_arena_status(arena);
    native->id = leat_arena_copy(arena, leat_str_c(entry->id));
    native->body = leat_arena_copy(arena, leat_str_c(entry->body));
    native->empty = entry->form == CONFORMANCE_EMPTY;
    record.native = native;
    record.id = native->id;
    record.text = native->body;
    if (entry->lane[0] != '\0')
        record.lane = leat_arena_copy(arena, leat_str_c(entry->lane));
    if (entry->form == CONFORMANCE_BROKEN)
        record.broken = LEAT_STR("it was put so");
    else if (leat_is_ok(leat_json_parse(arena, native->body, &tree, NULL)))
        record.json = tree; /* for filters */
    if (arena->overflow)
        return leat_arena_status(arena);
    given->name = native->id;
    given->since_ms = entry->since_ms;
    given->bytes = native->body.len;
    return leat_delivery_record(delivery, &record, given);
}

/* --- answers ------------------------------------------------------------------------------------------ */

static void give(const struct fake_answer *answer)
{
    switch (answer->kind) {
    case FAKE_SETTLED: leat_settled(answer->unit, answer->status); break;
    case FAKE_EXTENDED: leat_extended(answer->unit, answer->until_ms); break;
    case FAKE_LOST: leat_lost(answer->unit, LEAT_LEASE_LOST); break;
    }
}

void fake_answer_later(struct fake_answers *answers, struct fake_answer answer)
{
    struct fake_answer *kept = leat_alloc(sizeof(*kept)), **last = &answers->first;
    if (kept == NULL) {
        give(&answer);
        return;
    }
    *kept = answer;
    kept->next = NULL;
    while (*last != NULL)
        last = &(*last)->next;
    *last = kept;
}

/* Does a settlement of that unit stand in the list? */
static bool is_settling(const struct fake_answer *list, const struct leat_unit *unit)
{
    while (list != NULL && (list->kind != FAKE_SETTLED || list->unit != unit))
        list = list->next;
    return list != NULL;
}

/* Takes what else is owed to a unit off a list; `tell`: and gives it. */
static void clear_owed(struct fake_answer **at, const struct leat_unit *unit, bool tell)
{
    while (*at != NULL) {
        struct fake_answer *answer = *at;
        if (answer->unit != unit || answer->kind == FAKE_SETTLED) {
            at = &answer->next;
            continue;
        }
        *at = answer->next;
        if (tell && answer->kind == FAKE_EXTENDED)
            give(answer);
        leat_free(answer);
    }
}

void fake_answers_give(struct fake_answers *answers)
{
    struct fake_answer *list = answers->first;
    answers->first = NULL;
    while (list != NULL) {
        struct fake_answer *answer = list;
        list = answer->next;
        bool settled = answer->kind == FAKE_SETTLED;
        bool over = settled || answer->kind == FAKE_LOST;
        bool settling = !settled && (is_settling(list, answer->unit) || is_settling(answers->first, answer->unit));
        if (over && !settling) { /* the unit may be no more behind it */
            clear_owed(&list, answer->unit, settled);
            clear_owed(&answers->first, answer->unit, settled);
        }
        if (answer->kind != FAKE_LOST || !settling)
            give(answer);
        leat_free(answer);
    }
}

void fake_answers_drop(struct fake_answers *answers)
{
    while (answers->first != NULL) {
        struct fake_answer *answer = answers->first;
        answers->first = answer->next;
        leat_free(answer);
    }
}
