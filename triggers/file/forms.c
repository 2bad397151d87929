/* SPDX-License-Identifier: Apache-2.0 */
#include "forms_private.h"

/* The first that gives a payload wins: dead letters are messages too. */
static const struct leat_form_kind *const kinds[] = {
    &leat_form_dead, &leat_form_dead_letters, &leat_form_sqs,        &leat_form_kinesis,  &leat_form_dynamodb,
    &leat_form_kcat, &leat_form_destination,  &leat_form_log_events, &leat_form_log_line, &leat_form_stream_destination,
};

void leat_forms_init(struct leat_forms *forms, const struct leat_adapter *const *adapters, size_t max_memory)
{
    *forms = (struct leat_forms){.adapters = adapters};
    leat_arena_init(&forms->arena, max_memory);
}

void leat_forms_fini(struct leat_forms *forms)
{
    leat_arena_fini(&forms->arena);
}

/* An adapter claims it, be it broken; or it is a batch without records. */
static bool is_known(struct leat_forms *forms, leat_str payload)
{
    struct leat_decoder decoder = {.arena = &forms->arena, .adapters = forms->adapters};
    struct leat_records records;
    struct leat_arena_mark mark = leat_arena_snapshot(&forms->arena);
    leat_status status = leat_decode(&decoder, payload, NULL, &records);
    bool claimed = leat_is_ok(status) && (records.count == 0 || strcmp(records.adapter->name, "unknown") != 0);
    leat_arena_rollback(&forms->arena, mark);
    return (claimed || status.code == LEAT_E_BAD_PAYLOAD) && !forms->arena.overflow;
}

bool leat_form_give_any(struct leat_forms *forms, leat_str payload)
{
    if (payload.ptr == NULL)
        return false;
    if (forms->count == forms->size) {
        leat_str *larger = LEAT_NEW_N(&forms->arena, leat_str, forms->size * 2);
        if (larger == NULL)
            return false;
        memcpy(larger, forms->payloads, forms->count * sizeof(*larger));
        forms->payloads = larger;
        forms->size *= 2;
    }
    forms->payloads[forms->count++] = payload;
    return true;
}

bool leat_form_give(struct leat_forms *forms, leat_str payload)
{
    return payload.ptr != NULL && is_known(forms, payload) && leat_form_give_any(forms, payload);
}

/* The list stands first in the arena, so that is_known has a chunk to work in that it does not take back. */
static void start(struct leat_forms *forms)
{
    leat_arena_reset(&forms->arena);
    forms->size = 4;
    forms->payloads = LEAT_NEW_N(&forms->arena, leat_str, forms->size);
}

static void convert(struct leat_forms *forms, const struct leat_form_kind *kind, const struct leat_glance *document)
{
    forms->form = &kind->form;
    kind->convert(forms, document);
    if (forms->arena.overflow)
        forms->count = 0; /* never some of the payloads */
}

/* What most documents are: a batch as Lambda sends it, which its first record tells without a look at the others. Only
 * one of DynamoDB's can be the CLI's as well. */
static bool is_batch(leat_str text)
{
    struct leat_walk walk = leat_walk_into(text);
    leat_str name, rest;
    if (!leat_form_is_object(text) || !leat_walk_peek(&walk, &name, &rest) || !leat_form_named(name, "Records"))
        return false;
    walk = leat_walk_into(rest);
    if (!leat_form_is_array(rest) || !leat_walk_peek(&walk, &name, &rest) || !leat_form_is_object(rest))
        return false;
    leat_str source = leat_form_source(rest);
    return leat_form_is_text(source) && (!leat_str_is(source, "\"aws:dynamodb\"") || !leat_form_may_be_printed(text));
}

/* Documents in no form cost one glance at most. */
leat_status leat_forms_take(struct leat_forms *forms, leat_str text)
{
    struct leat_glance document;
    leat_status status = LEAT_OK;
    forms->count = 0;
    forms->nothing = false;
    if (is_batch(text))
        return LEAT_OK;
    leat_glance(&document, text);
    for (size_t i = 0; leat_is_ok(status) && forms->count == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!kinds[i]->recognise(&document))
            continue;
        start(forms);
        if (!kinds[i]->claimed && is_known(forms, document.text))
            return LEAT_OK;
        convert(forms, kinds[i], &document);
        status = leat_arena_status(&forms->arena);
    }
    return status;
}

leat_status leat_forms_take_entry(struct leat_forms *forms, leat_str entry)
{
    const struct leat_glance document = {.text = entry};
    forms->count = 0;
    forms->nothing = false;
    start(forms);
    convert(forms, &leat_form_log_export, &document);
    return leat_arena_status(&forms->arena);
}
