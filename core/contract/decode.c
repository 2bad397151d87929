/* SPDX-License-Identifier: Apache-2.0 */
/* From a payload's text to envelopes: parse once, ask the adapters in order, split, normalise. */
#include <leat/adapter.h>

#include <stdio.h>
#include <stdlib.h>

#define NESTING_MAX 8 /* S3 in SNS in SQS is 2 */

static int by_order(const void *a, const void *b)
{
    const struct leat_adapter *left = *(const struct leat_adapter *const *)a;
    const struct leat_adapter *right = *(const struct leat_adapter *const *)b;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return strcmp(left->name, right->name);
}

void leat_adapters_sort(const struct leat_adapter **adapters, size_t count)
{
    qsort(adapters, count, sizeof(*adapters), by_order);
}

const struct leat_adapter *leat_adapter_find(const struct leat_adapter *const *adapters, leat_str name)
{
    for (; *adapters != NULL; adapters++)
        if (leat_str_is(name, (*adapters)->name))
            return *adapters;
    return NULL;
}

bool leat_trigger_matches(leat_str trigger, leat_str kind)
{
    return leat_str_eq(trigger, kind) || (trigger.len > 0 && kind.len > trigger.len && leat_str_starts(kind, trigger) &&
                                          kind.ptr[trigger.len] == '-');
}

/* --- detection ----------------------------------------------------------------------------- */

static leat_str source_of(const cJSON *entry)
{
    leat_str source = leat_json_get_text(entry, "eventSource");
    return source.ptr != NULL ? source : leat_json_get_text(entry, "EventSource");
}

/* Fills what all detects look at. False: records of several sources, or something else among records. */
static bool examine(struct leat_payload *payload)
{
    const cJSON *entry = NULL;
    payload->records = leat_json_get_array(payload->root, "Records");
    if (payload->records == NULL || payload->records->child == NULL)
        return true;
    payload->first = payload->records->child;
    bool any = false, alike = true;
    leat_str common = source_of(payload->first);
    cJSON_ArrayForEach (entry, payload->records) {
        leat_str source = source_of(entry);
        any = any || source.ptr != NULL;
        alike = alike && cJSON_IsObject(entry) && leat_str_eq(source, common);
    }
    payload->event_source = alike ? common : LEAT_ABSENT;
    if (!alike && !any)
        payload->first = NULL; /* not even records: nobody's */
    return alike || !any;
}

static leat_status not_json(struct leat_decoder *decoder, leat_status status)
{
    const struct leat_json_fault *fault = &decoder->fault;
    if (status.code == LEAT_E_NOT_JSON || status.code == LEAT_E_TOO_DEEP)
        return leat_error_set(decoder->reterr, status, "not JSON: %s%s at byte %zu", fault->ended ? "it ends " : "",
                              fault->what, fault->offset);
    return leat_error_set(decoder->reterr, status, "%s", leat_status_text(status));
}

static const struct leat_adapter *detect(const struct leat_decoder *decoder, const struct leat_payload *payload)
{
    for (const struct leat_adapter *const *at = decoder->adapters; *at != NULL; at++)
        if ((*at)->detect != NULL && (*at)->detect(payload))
            return *at;
    return leat_adapter_find(decoder->adapters, LEAT_STR("unknown"));
}

static bool is_empty_batch(const struct leat_payload *payload)
{
    return payload->records != NULL && payload->records->child == NULL;
}

leat_status leat_decode(struct leat_decoder *decoder, leat_str text, const struct leat_adapter *as,
                        struct leat_records *out)
{
    struct leat_doc *doc = NULL;
    struct leat_payload payload = {0};
    *out = (struct leat_records){0};
    if (decoder->max_bytes != 0 && text.len > decoder->max_bytes)
        return leat_error_set(decoder->reterr, LEAT_STATUS(TOO_BIG), "the payload has %zu bytes, the limit is %zu",
                              text.len, decoder->max_bytes);
    leat_status status = leat_doc_parse(decoder->arena, text, decoder->exact, &doc, &decoder->fault);
    if (!leat_is_ok(status))
        return not_json(decoder, status);
    payload.doc = out->doc = doc;
    payload.root = doc->root;
    if (!examine(&payload) && as == NULL)
        return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "Records mixes records of several sources");

    bool empty = as == NULL && is_empty_batch(&payload);
    out->adapter = as != NULL ? as : empty ? NULL : detect(decoder, &payload);
    if (out->adapter == NULL)
        out->adapter = leat_adapter_find(decoder->adapters, LEAT_STR("unknown"));
    if (out->adapter == NULL)
        return leat_error_set(decoder->reterr, LEAT_STATUS(UNKNOWN), "no adapter claims it");
    out->why = empty ? "Records is empty: a batch without records" : as != NULL ? "as asked" : out->adapter->why;
    return empty ? LEAT_OK : out->adapter->split(decoder, &payload, out);
}

/* --- splitting ------------------------------------------------------------------------------ */

static void fill_record(struct leat_record *record, const struct leat_records *out, uint32_t index, const cJSON *json)
{
    record->adapter = out->adapter;
    record->doc = out->doc;
    record->index = index;
    record->json = json;
}

leat_status leat_split_records(struct leat_decoder *decoder, const struct leat_payload *payload,
                               struct leat_records *out)
{
    const cJSON *entry = NULL;
    if (payload->records == NULL)
        return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "Records is no array");
    out->items = LEAT_NEW_N(decoder->arena, struct leat_record, (size_t)cJSON_GetArraySize(payload->records));
    if (out->items == NULL)
        return leat_arena_status(decoder->arena);
    /* The document is this decode's own until the records are handed over. */
    ((struct leat_doc *)(uintptr_t)payload->doc)->records = payload->records;
    cJSON_ArrayForEach (entry, payload->records) {
        if (!cJSON_IsObject(entry))
            return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "Records[%u] is %s (want an object)",
                                  out->count, leat_json_type(entry));
        fill_record(&out->items[out->count], out, out->count, entry);
        out->count++;
    }
    return LEAT_OK;
}

leat_status leat_split_whole(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    out->items = LEAT_NEW(decoder->arena, struct leat_record);
    if (out->items == NULL)
        return leat_arena_status(decoder->arena);
    fill_record(out->items, out, LEAT_WHOLE, payload->root);
    out->count = 1;
    return LEAT_OK;
}

/* --- normalising ---------------------------------------------------------------------------- */

struct leat_envelope *leat_events_add(struct leat_decoder *decoder, const struct leat_record *record,
                                      struct leat_events *out)
{
    if (out->count == out->size) {
        uint32_t size = out->size == 0 ? 1 : out->size * 2;
        struct leat_envelope *larger = LEAT_NEW_N(decoder->arena, struct leat_envelope, size);
        if (larger == NULL)
            return NULL;
        if (out->count > 0)
            memcpy(larger, out->items, out->count * sizeof(*larger));
        out->items = larger;
        out->size = size;
    }
    struct leat_envelope *envelope = &out->items[out->count++];
    *envelope = (struct leat_envelope){.kind = leat_str_c(record->adapter->name), .record = record->json};
    if (record->doc != NULL)
        envelope->raw = leat_record_place(record, NULL);
    return envelope;
}

static leat_status finish(struct leat_decoder *decoder, struct leat_envelope *envelope)
{
    leat_str *const needed[] = {&envelope->id, &envelope->source, &envelope->type};
    static const char *const names[] = {"id", "source", "type"};
    for (size_t i = 0; i < 3; i++) {
        *needed[i] = leat_attribute_clean(decoder->arena, *needed[i]);
        if (needed[i]->ptr == NULL && !decoder->arena->overflow)
            return leat_broken(decoder, "it gives no %s", names[i]);
    }
    envelope->subject = leat_attribute_clean(decoder->arena, envelope->subject);
    envelope->datacontenttype = leat_attribute_clean(decoder->arena, envelope->datacontenttype);
    if (!leat_time_valid(envelope->time))
        envelope->time = LEAT_ABSENT;
    return leat_arena_status(decoder->arena);
}

leat_status leat_normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    uint32_t start = out->count;
    if (record->broken.ptr != NULL)
        return leat_broken(decoder, "%.*s", LEAT_ARG(record->broken));
    leat_status status = record->adapter->normalise(decoder, record, out);
    if (decoder->arena->overflow) {
        status = leat_arena_status(decoder->arena);
        (void)leat_error_set(decoder->reterr, status, "%s", leat_status_text(status));
    }
    for (uint32_t i = start; leat_is_ok(status) && i < out->count; i++)
        status = finish(decoder, &out->items[i]);
    if (!leat_is_ok(status))
        out->count = start; /* never half a record */
    return status;
}

/* Of the record as it prints, so that neither white space nor the spelling of escapes counts, and encode gives
 * the same id back; digits count, so numbers keep their text first. */
leat_str leat_record_digest(struct leat_decoder *decoder, const struct leat_record *record)
{
    struct leat_buf bare;
    if (!decoder->exact && record->doc->text.ptr != NULL) {
        leat_str text = leat_doc_extent(leat_record_place(record, NULL));
        if (text.ptr == NULL)
            decoder->arena->overflow = true; /* no memory to find it: not another id for want of memory */
        else if (!leat_is_ok(leat_json_keep_numbers(decoder->arena, text, (cJSON *)(uintptr_t)record->json)))
            return LEAT_ABSENT;
    }
    leat_buf_init(&bare, decoder->arena);
    leat_json_print(&bare, record->json);
    return leat_digest(decoder->arena, leat_buf_str(&bare));
}

/* --- nested notifications ------------------------------------------------------------------- */

static bool may_be_nested(const struct leat_decoder *decoder, leat_str text)
{
    leat_str start = leat_str_trim(text);
    if (start.len == 0 || start.ptr[0] != '{' || decoder->nesting >= NESTING_MAX)
        return false;
    for (const struct leat_adapter *const *at = decoder->adapters; *at != NULL; at++)
        if ((*at)->nested != NULL &&
            ((*at)->nested_mark == NULL || leat_str_find(start, leat_str_c((*at)->nested_mark)).ptr != NULL))
            return true;
    return false;
}

static const struct leat_adapter *detect_nested(const struct leat_decoder *decoder, struct leat_payload *payload)
{
    if (!examine(payload) || is_empty_batch(payload))
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
        if (outer->doc != NULL)
            events->items[i].raw = leat_record_place(outer, NULL);
    }
}

leat_status leat_unwrap(struct leat_decoder *decoder, leat_str inner, const struct leat_record *outer,
                        struct leat_events *out)
{
    if (!may_be_nested(decoder, inner))
        return LEAT_STATUS(UNKNOWN);
    struct leat_arena_mark mark = leat_arena_snapshot(decoder->arena);
    struct leat_doc *doc = NULL;
    leat_status status = leat_doc_parse(decoder->arena, inner, decoder->exact, &doc, NULL);
    if (decoder->arena->overflow)
        return status;
    struct leat_payload payload = {.doc = doc, .root = doc != NULL ? doc->root : NULL};
    struct leat_records records = {.doc = doc};
    records.adapter = leat_is_ok(status) ? detect_nested(decoder, &payload) : NULL;
    if (records.adapter == NULL) {
        leat_arena_rollback(decoder->arena, mark);
        return LEAT_STATUS(UNKNOWN);
    }
    uint32_t start = out->count;
    decoder->nesting++;
    status = normalise_inner(decoder, &payload, &records, out);
    decoder->nesting--;
    if (status.code == LEAT_E_BAD_PAYLOAD)
        status = LEAT_STATUS(BAD_RECORD); /* broken inside: the message is what can be named */
    note_wrapping(decoder, outer, out, start);
    return status;
}

/* --- what adapters say of broken records ---------------------------------------------------- */

leat_status leat_broken(struct leat_decoder *decoder, const char *format, ...)
{
    char reason[sizeof(decoder->reterr->message)];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_RECORD), "%s", reason);
}

static bool is_absent(const cJSON *item)
{
    return item == NULL || cJSON_IsNull(item);
}

/* Callers pass a path, so that messages name the field whole. */
static const char *last_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

leat_status leat_want_text(struct leat_decoder *decoder, const cJSON *object, const char *name, leat_str *ret)
{
    const cJSON *item = leat_json_get(object, last_of(name));
    *ret = leat_json_text(item);
    if (is_absent(item) || cJSON_IsString(item))
        return LEAT_OK;
    return leat_broken(decoder, "%s is %s (want text)", name, leat_json_type(item));
}

leat_status leat_want_object(struct leat_decoder *decoder, const cJSON *object, const char *name, const cJSON **ret)
{
    const cJSON *item = leat_json_get(object, last_of(name));
    *ret = cJSON_IsObject(item) ? item : NULL;
    if (is_absent(item) || *ret != NULL)
        return LEAT_OK;
    return leat_broken(decoder, "%s is %s (want an object)", name, leat_json_type(item));
}

leat_status leat_need_text(struct leat_decoder *decoder, const cJSON *object, const char *name, leat_str *ret)
{
    LEAT_TRY(leat_want_text(decoder, object, name, ret));
    if (ret->len > 0)
        return LEAT_OK;
    return leat_broken(decoder, "%s is %s", name, ret->ptr != NULL ? "empty" : "missing");
}
