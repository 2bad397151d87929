/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S3 notifications: straight from S3 (or MinIO, Ceph), and as text inside SQS and SNS messages. S3 events
 * of EventBridge have another shape: see triggers/eventbridge. A test event, which S3 sends when
 * notifications are set up, is one record with no event, so it is acknowledged and nobody sees it.
 */
#include "view.h"

#include <leat/attributes.h>

static bool is_test_event(const struct leat_payload *payload)
{
    return payload->records == NULL && leat_str_is(leat_json_get_text(payload->root, "Event"), "s3:TestEvent") &&
           leat_json_get(payload->root, "Service") != NULL;
}

/* Any record with its block will do, so that one broken record does not make strangers of the others. */
static bool detect(const struct leat_payload *payload)
{
    const cJSON *record = NULL;
    if (is_test_event(payload))
        return true;
    if (!leat_str_ends(payload->event_source, LEAT_STR(":s3")))
        return false;
    cJSON_ArrayForEach (record, payload->records)
        if (leat_json_get_object(record, "s3") != NULL)
            return true;
    return false;
}

/* A user's own message may well have Records: only one that names bucket and key is a notification. */
static bool nested(const struct leat_payload *payload)
{
    const cJSON *s3 = leat_json_get_object(payload->first, "s3");
    const cJSON *bucket = leat_json_get_object(s3, "bucket"), *object = leat_json_get_object(s3, "object");
    return is_test_event(payload) ||
           (leat_str_ends(payload->event_source, LEAT_STR(":s3")) && leat_json_get_text(bucket, "name").len > 0 &&
            leat_json_get_text(object, "key").len > 0);
}

/* --- ids -------------------------------------------------------------------------------------
 * Ids of S3 events. S3 gives none: request id, id-2 and sequencer name a change to one key, but one
 * DeleteObjects call makes many records, some kinds of event have no sequencer, MinIO has no id-2.
 * The id depends on the record and its notification, never on the batch the notification came in.
 */

static leat_str index_text(struct leat_arena *arena, uint32_t index)
{
    return leat_arena_printf(arena, "%u", index);
}

static leat_str name_of(struct leat_decoder *decoder, const struct leat_record *record)
{
    const cJSON *answer = leat_json_get_object(record->json, "responseElements");
    const cJSON *object = leat_json_get_object(leat_json_get_object(record->json, "s3"), "object");
    leat_str request = leat_json_get_text(answer, "x-amz-request-id");
    leat_str second = leat_json_get_text(answer, "x-amz-id-2");
    leat_str sequencer = leat_json_get_text(object, "sequencer");
    if (request.len == 0)
        return leat_record_digest(decoder, record);
    if (sequencer.len == 0)
        sequencer = index_text(decoder->arena, record->index);
    return LEAT_JOIN(decoder->arena, request, second.len > 0 ? LEAT_STR(".") : LEAT_ABSENT, second, LEAT_STR("."),
                     sequencer);
}

/* Heap sort by id: qsort may take memory, and this runs in a delivery's arena. */
static void sift_down(struct leat_record **heap, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && leat_str_compare(heap[child]->id, heap[child + 1]->id) < 0)
            child++;
        if (leat_str_compare(heap[at]->id, heap[child]->id) >= 0)
            return;
        struct leat_record *moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

static void sort_by_id(struct leat_record **items, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sift_down(items, at, count);
    for (size_t left = count; left-- > 1;) {
        struct leat_record *largest = items[0];
        items[0] = items[left];
        items[left] = largest;
        sift_down(items, 0, left);
    }
}

/* Records that share an id stand side by side in `sorted`: all of them get their index. */
static void tell_apart(struct leat_arena *arena, struct leat_record **sorted, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        leat_str shared = sorted[start]->id;
        for (end = start + 1; end < count && leat_str_eq(sorted[end]->id, shared);)
            end++;
        for (size_t i = start; i < end && end - start > 1; i++)
            sorted[i]->id = LEAT_JOIN(arena, shared, LEAT_STR("."), index_text(arena, sorted[i]->index));
    }
}

/* Gives each record of one notification the id of its event. */
static leat_status name_records(struct leat_decoder *decoder, struct leat_records *records)
{
    for (uint32_t i = 0; i < records->count; i++)
        records->items[i].id = name_of(decoder, &records->items[i]);
    if (records->count < 2 || decoder->arena->overflow)
        return leat_arena_status(decoder->arena);
    struct leat_record **sorted = LEAT_NEW_N(decoder->arena, struct leat_record *, records->count);
    if (sorted == NULL)
        return leat_arena_status(decoder->arena);
    for (uint32_t i = 0; i < records->count; i++)
        sorted[i] = &records->items[i];
    sort_by_id(sorted, records->count);
    tell_apart(decoder->arena, sorted, records->count);
    return leat_arena_status(decoder->arena);
}

/* --- splitting and normalising ------------------------------------------------------------------ */

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    if (is_test_event(payload))
        return leat_split_whole(decoder, payload, out);
    LEAT_TRY(leat_split_records(decoder, payload, out));
    return name_records(decoder, out);
}

struct fields {
    leat_str service, name, region, time, bucket, key;
    const cJSON *answer, *s3, *in_bucket, *object, *size;
};

static const struct leat_member members[] = {
    {"", "eventSource", LEAT_NEED_TEXT, offsetof(struct fields, service)},
    {"", "awsRegion", LEAT_TEXT, offsetof(struct fields, region)},
    {"", "eventTime", LEAT_TEXT, offsetof(struct fields, time)},
    {"", "eventName", LEAT_NEED_TEXT, offsetof(struct fields, name)},
    {"", "responseElements", LEAT_OBJECT, offsetof(struct fields, answer)},
    {"", "s3", LEAT_OBJECT, offsetof(struct fields, s3)},
};
static const struct leat_member answer_members[] = {
    {"responseElements.", "x-amz-request-id", LEAT_TEXT, LEAT_CHECKED},
    {"responseElements.", "x-amz-id-2", LEAT_TEXT, LEAT_CHECKED},
};
static const struct leat_member s3_members[] = {
    {"s3.", "bucket", LEAT_OBJECT, offsetof(struct fields, in_bucket)},
    {"s3.", "object", LEAT_OBJECT, offsetof(struct fields, object)},
};
static const struct leat_member bucket_members[] = {
    {"s3.bucket.", "name", LEAT_NEED_TEXT, offsetof(struct fields, bucket)},
};
static const struct leat_member object_members[] = {
    {"s3.object.", "key", LEAT_NEED_TEXT, offsetof(struct fields, key)},
    {"s3.object.", "size", LEAT_ANY, offsetof(struct fields, size)},
    {"s3.object.", "eTag", LEAT_TEXT, LEAT_CHECKED},
    {"s3.object.", "versionId", LEAT_TEXT, LEAT_CHECKED},
    {"s3.object.", "sequencer", LEAT_TEXT, LEAT_CHECKED},
};

static leat_status read_fields(struct leat_decoder *decoder, const cJSON *record, struct fields *ret)
{
    LEAT_TRY(LEAT_READ(decoder, record, members, ret));
    LEAT_TRY(LEAT_READ(decoder, ret->answer, answer_members, ret));
    if (ret->s3 == NULL)
        return leat_broken(decoder, "s3 is missing");
    LEAT_TRY(LEAT_READ(decoder, ret->s3, s3_members, ret));
    if (ret->in_bucket == NULL || ret->object == NULL)
        return leat_broken(decoder, "s3.%s is missing", ret->in_bucket == NULL ? "bucket" : "object");
    LEAT_TRY(LEAT_READ(decoder, ret->in_bucket, bucket_members, ret));
    LEAT_TRY(LEAT_READ(decoder, ret->object, object_members, ret));
    if (ret->size == NULL || cJSON_IsNumber(ret->size) || cJSON_IsString(ret->size))
        return LEAT_OK;
    return leat_broken(decoder, "s3.object.size is %s (want a number)", leat_json_type(ret->size));
}

static bool is_alone(const struct leat_doc *doc)
{
    const cJSON *records = doc != NULL ? doc->records : NULL;
    return records == NULL || records->child == NULL || records->child->next == NULL;
}

static void extend(const struct leat_envelope *envelope, struct leat_arena *arena, struct leat_attribute **list)
{
    const struct leat_place *place = &envelope->data.place; /* in its own notification */
    const cJSON *object = leat_json_get_object(leat_json_get_object(envelope->record, "s3"), "object");
    leat_attribute_add(list, arena, "awsregion", leat_json_get_text(envelope->record, "awsRegion"));
    if (!is_alone(place->doc))
        leat_attribute_add(list, arena, "recordindex", leat_arena_decimal(arena, place->index));
    leat_attribute_add(list, arena, "sequence",
                       leat_attribute_s3_sequence(arena, leat_json_get_text(object, "sequencer")));
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct fields fields = {0};
    struct leat_arena *arena = decoder->arena;
    if (record->index == LEAT_WHOLE)
        return LEAT_OK; /* a test event */
    LEAT_TRY(read_fields(decoder, record->json, &fields));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(arena);
    envelope->id = record->id;
    envelope->source = leat_attribute_s3_source(arena, fields.service, fields.region, fields.bucket);
    envelope->type = LEAT_JOIN(arena, LEAT_STR("com.amazonaws.s3."), leat_s3_bare_name(fields.name));
    envelope->subject = leat_percent_decode(arena, fields.key, true);
    envelope->time = fields.time;
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data.form = LEAT_DATA_PLACE;
    envelope->data.place = leat_record_place(record, NULL);
    envelope->data.tree = record->json;
    return leat_arena_status(arena);
}

const struct leat_adapter leat_adapter_s3 = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "s3",
    .help = "Amazon S3 notifications (also MinIO, Ceph; also inside SQS and SNS)",
    .why = "Records come from S3, or it is S3's test event",
    .order = 25,
    .shape = LEAT_REPLY_ASYNC,
    .nested_names = {"Records", "Event"},
    .view_kind = LEAT_VIEW_S3,
    .view = leat_s3_record_view,
    .extend = extend,
    .detect = detect,
    .nested = nested,
    .split = split,
    .normalise = normalise,
};
