/* SPDX-License-Identifier: Apache-2.0 */
/* From a payload's text to envelopes: parse once, ask the adapters in order, split, normalise. */
#include "decode_private.h"

#include <leat/http_adapter.h>
#include <leat/window.h>

#include <stdlib.h>

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

/* The end of a window may come without records; then the stream's name tells where it is from. */
static leat_str source_of_window(const cJSON *root)
{
    leat_str arn = leat_json_get_text(root, "eventSourceARN");
    for (int i = 0; i < 2; i++)
        (void)leat_str_cut(&arn, ':');
    leat_str service = leat_str_cut(&arn, ':');
    return leat_str_is(service, "kinesis")    ? LEAT_STR("aws:kinesis")
           : leat_str_is(service, "dynamodb") ? LEAT_STR("aws:dynamodb")
                                              : LEAT_ABSENT;
}

bool leat_payload_is_empty(const struct leat_payload *payload)
{
    return payload->records != NULL && payload->records->child == NULL && payload->window == NULL;
}

bool leat_payload_examine(struct leat_payload *payload)
{
    const cJSON *entry = NULL;
    payload->dialect = leat_http_detect(payload->root);
    payload->records = leat_json_get_array(payload->root, "Records");
    payload->window = payload->records != NULL ? leat_window_find(payload->root) : NULL;
    if (payload->window != NULL)
        payload->event_source = source_of_window(payload->root);
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
    return NULL;
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
    if (!leat_payload_examine(&payload) && as == NULL)
        return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "Records mixes records of several sources");

    bool empty = as == NULL && leat_payload_is_empty(&payload);
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

/* Elements of one array; `where` names it in messages: "Records", or "records.orders-0". */
static leat_status add_elements(struct leat_decoder *decoder, const cJSON *array, const char *group, const char *name,
                                struct leat_records *out)
{
    const cJSON *entry = NULL;
    uint32_t at = 0;
    const char *dot = group != NULL ? "." : "";
    group = group != NULL ? group : "";
    if (!cJSON_IsArray(array))
        return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "%s%s%s is %s (want an array)", group, dot,
                              name, leat_json_type(array));
    cJSON_ArrayForEach (entry, array) {
        if (!cJSON_IsObject(entry))
            return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "%s%s%s[%u] is %s (want an object)", group,
                                  dot, name, at, leat_json_type(entry));
        fill_record(&out->items[out->count], out, out->count, entry);
        out->count++;
        at++;
    }
    return LEAT_OK;
}

static bool ends_window(const struct leat_payload *payload)
{
    return payload->window != NULL && cJSON_IsTrue(leat_json_get(payload->root, "isFinalInvokeForWindow"));
}

leat_status leat_split_list(struct leat_decoder *decoder, const struct leat_payload *payload, const cJSON *list,
                            struct leat_records *out)
{
    const cJSON *group = NULL;
    /* The document is this decode's own until the records are handed over. */
    struct leat_doc *doc = (struct leat_doc *)(uintptr_t)payload->doc;
    bool last = ends_window(payload);
    doc->records = list;
    out->items = LEAT_NEW_N(decoder->arena, struct leat_record, leat_doc_count(list) + (last ? 1 : 0));
    if (out->items == NULL)
        return leat_arena_status(decoder->arena);
    if (cJSON_IsArray(list))
        LEAT_TRY(add_elements(decoder, list, NULL, list->string, out));
    else
        cJSON_ArrayForEach (group, list)
            LEAT_TRY(add_elements(decoder, group, list->string, group->string, out));
    if (last)
        fill_record(&out->items[out->count++], out, LEAT_WHOLE, payload->root);
    return LEAT_OK;
}

leat_status leat_split_records(struct leat_decoder *decoder, const struct leat_payload *payload,
                               struct leat_records *out)
{
    if (payload->records == NULL)
        return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "Records is no array");
    return leat_split_list(decoder, payload, payload->records, out);
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
