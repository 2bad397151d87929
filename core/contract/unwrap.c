/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications inside messages: what is inside decides what the events are. */
#include "decode_private.h"

#include <leat/cloudevents.h>
#include <leat/inflate.h>
#include <leat/text.h>

#define NESTING_MAX 8 /* S3 in SNS in SQS is 2 */
#define NAMES (sizeof(((struct leat_adapter *)NULL)->nested_names) / sizeof(const char *))
#define MARKS_MAX 32
#define INFLATED_MAX ((size_t)64 << 20) /* where the decoder says nothing */

/* The names of which a nested notification has one. False: any object may be one. */
static bool collect_marks(const struct leat_decoder *decoder, leat_str marks[MARKS_MAX], size_t *retcount)
{
    *retcount = 0;
    for (const struct leat_adapter *const *at = decoder->adapters; *at != NULL; at++) {
        if ((*at)->nested == NULL)
            continue;
        if ((*at)->nested_names[0] == NULL || *retcount + NAMES > MARKS_MAX)
            return false;
        for (size_t i = 0; i < NAMES && (*at)->nested_names[i] != NULL; i++)
            marks[(*retcount)++] = leat_str_c((*at)->nested_names[i]);
    }
    return true;
}

/* Parsing each body that is an object would double the work: the names of its members are looked over first. */
static bool may_be_nested(const struct leat_decoder *decoder, leat_str text)
{
    leat_str marks[MARKS_MAX], start = leat_str_trim(text);
    size_t count;
    if (start.len == 0 || start.ptr[0] != '{' || decoder->nesting >= NESTING_MAX)
        return false;
    return !collect_marks(decoder, marks, &count) || leat_json_any_name(start, marks, count);
}

static const struct leat_adapter *detect_nested(const struct leat_decoder *decoder, struct leat_payload *payload)
{
    if (!leat_payload_examine(payload) || leat_payload_is_empty(payload))
        return NULL;
    for (const struct leat_adapter *const *at = decoder->adapters; *at != NULL; at++)
        if ((*at)->nested != NULL && (*at)->nested(payload))
            return *at;
    return NULL;
}

static leat_status normalise_inner(struct leat_decoder *decoder, const struct leat_payload *payload,
                                   struct leat_records *inner, struct leat_events *out)
{
    LEAT_TRY(inner->adapter->split(decoder, payload, inner));
    for (uint32_t i = 0; i < inner->count; i++)
        LEAT_TRY(leat_normalise(decoder, &inner->items[i], out));
    return LEAT_OK;
}

/* A CloudEvent says nothing of its transport, so that of what carried it may be looked at. */
static void show_as(struct leat_envelope *envelope, const struct leat_record *outer)
{
    envelope->record = outer->json;
    envelope->view_kind = outer->adapter->view_kind;
    envelope->view = outer->adapter->view;
}

/* The events share what they are inside of: the node of this message goes behind those of inner ones. */
static void note_wrapping(struct leat_decoder *decoder, const struct leat_record *outer, struct leat_events *events,
                          uint32_t start)
{
    struct leat_within *node = events->count > start ? LEAT_NEW(decoder->arena, struct leat_within) : NULL;
    if (node == NULL)
        return;
    node->kind = leat_str_c(outer->adapter->name);
    for (uint32_t i = start; i < events->count; i++) {
        struct leat_within **at = &events->items[i].within;
        while (*at != NULL && *at != node)
            at = &(*at)->outer;
        *at = node;
        events->items[i].of = outer;
        if (events->items[i].view == NULL && leat_str_is(events->items[i].kind, LEAT_CLOUDEVENTS))
            show_as(&events->items[i], outer);
        if (outer->doc != NULL)
            events->items[i].raw = leat_record_place(outer, NULL);
    }
}

static leat_status unwrap_text(struct leat_decoder *decoder, leat_str inner, const struct leat_record *outer,
                               struct leat_events *out)
{
    struct leat_doc *doc = NULL;
    if (!may_be_nested(decoder, inner))
        return LEAT_STATUS(UNKNOWN);
    leat_status status = leat_doc_parse(decoder->arena, inner, decoder->exact, &doc, NULL);
    if (decoder->arena->overflow)
        return status;
    struct leat_payload payload = {.doc = doc, .root = doc != NULL ? doc->root : NULL};
    struct leat_records records = {.doc = doc};
    records.adapter = leat_is_ok(status) ? detect_nested(decoder, &payload) : NULL;
    if (records.adapter == NULL)
        return LEAT_STATUS(UNKNOWN);
    uint32_t start = out->count;
    decoder->nesting++;
    status = normalise_inner(decoder, &payload, &records, out);
    decoder->nesting--;
    if (status.code == LEAT_E_BAD_PAYLOAD)
        status = LEAT_STATUS(BAD_RECORD); /* broken inside: the message is what can be named */
    note_wrapping(decoder, outer, out, start);
    return status;
}

/* Most of what is compressed is the user's own: only what begins like an object is inflated to its end. */
static leat_status unwrap_gzip(struct leat_decoder *decoder, leat_str inner, const struct leat_record *outer,
                               struct leat_events *out)
{
    char start[64];
    size_t len = 0;
    leat_status status = leat_inflate_start(inner, start, sizeof(start), &len);
    leat_str text = leat_str_trim(leat_str_of(start, len));
    if (leat_is_ok(status) && (text.len == 0 || text.ptr[0] != '{'))
        return LEAT_STATUS(UNKNOWN);
    size_t max = decoder->max_inflated != 0 ? decoder->max_inflated : INFLATED_MAX;
    if (leat_is_ok(status))
        status = leat_inflate(decoder->arena, inner, max, &text);
    if (leat_is_ok(status))
        return unwrap_text(decoder, text, outer, out);
    if (status.code == LEAT_E_NO_MEMORY)
        decoder->arena->overflow = true; /* not another event for want of memory */
    return decoder->arena->overflow ? status : LEAT_STATUS(UNKNOWN);
}

leat_status leat_unwrap(struct leat_decoder *decoder, leat_str inner, const struct leat_record *outer,
                        struct leat_events *out)
{
    struct leat_arena_mark mark = leat_arena_snapshot(decoder->arena);
    leat_status status =
        leat_is_gzip(inner) ? unwrap_gzip(decoder, inner, outer, out) : unwrap_text(decoder, inner, outer, out);
    if (status.code == LEAT_E_UNKNOWN)
        leat_arena_rollback(decoder->arena, mark);
    return status;
}

/* How base64 starts of "{", of white space, of gzip. */
static bool may_hold_object(leat_str base64)
{
    return base64.len >= 4 && (memchr("eICD", base64.ptr[0], 4) != NULL || leat_str_starts(base64, LEAT_STR("H4s")));
}

leat_status leat_unwrap_base64(struct leat_decoder *decoder, leat_str inner, const struct leat_record *outer,
                               struct leat_events *out)
{
    struct leat_arena_mark mark = leat_arena_snapshot(decoder->arena);
    leat_str bytes;
    leat_status status = LEAT_STATUS(UNKNOWN);
    if (may_hold_object(inner) && leat_base64_decode(decoder->arena, inner, &bytes))
        status = leat_unwrap(decoder, bytes, outer, out);
    if (decoder->arena->overflow)
        return leat_arena_status(decoder->arena);
    if (status.code == LEAT_E_UNKNOWN)
        leat_arena_rollback(decoder->arena, mark);
    return status;
}
