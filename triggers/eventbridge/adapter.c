/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EventBridge: events of any bus, schedules, and S3's events on their way through EventBridge, which
 * become S3 events. What a rule's input transformer makes has no shape, so it is "unknown".
 */
#include <leat/adapter.h>
#include <leat/attributes.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_json_get_text(payload->root, "detail-type").ptr != NULL &&
           leat_json_get_text(payload->root, "source").ptr != NULL && leat_json_get(payload->root, "detail") != NULL;
}

static bool nested(const struct leat_payload *payload)
{
    return detect(payload) && leat_json_get_text(payload->root, "id").len > 0 &&
           leat_json_get_text(payload->root, "time").len > 0;
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    LEAT_TRY(leat_split_whole(decoder, payload, out));
    leat_str id = leat_json_get_text(payload->root, "id");
    out->items->id = id.len > 0 ? id : LEAT_ABSENT;
    return LEAT_OK;
}

/* What an EventBridge event says of itself, checked. */
struct fields {
    leat_str id, source, type, time, account, region, resource;
    const cJSON *detail; /* any JSON */
};

static leat_status read_resource(struct leat_decoder *decoder, const cJSON *root, leat_str *ret)
{
    const cJSON *resources = leat_json_get(root, "resources");
    *ret = LEAT_ABSENT;
    if (resources == NULL || cJSON_IsNull(resources))
        return LEAT_OK;
    if (!cJSON_IsArray(resources))
        return leat_broken(decoder, "resources is %s (want an array)", leat_json_type(resources));
    if (resources->child == NULL || cJSON_IsNull(resources->child))
        return LEAT_OK;
    *ret = leat_json_text(resources->child);
    return ret->ptr != NULL ? LEAT_OK
                            : leat_broken(decoder, "resources[0] is %s (want text)", leat_json_type(resources->child));
}

static leat_status read_event(struct leat_decoder *decoder, const cJSON *root, struct fields *ret)
{
    ret->detail = leat_json_get(root, "detail");
    if (ret->detail == NULL)
        return leat_broken(decoder, "detail is missing");
    LEAT_TRY(leat_need_text(decoder, root, "detail-type", &ret->type));
    LEAT_TRY(leat_need_text(decoder, root, "source", &ret->source));
    LEAT_TRY(leat_want_text(decoder, root, "id", &ret->id));
    LEAT_TRY(leat_want_text(decoder, root, "time", &ret->time));
    LEAT_TRY(leat_want_text(decoder, root, "account", &ret->account));
    LEAT_TRY(leat_want_text(decoder, root, "region", &ret->region));
    return read_resource(decoder, root, &ret->resource);
}

/* Without spaces: "Object Created" -> "ObjectCreated". */
static leat_str squeeze(struct leat_arena *arena, leat_str text)
{
    char *bare = leat_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (bare == NULL)
        return LEAT_ABSENT;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ' ')
            bare[len++] = text.ptr[i];
    bare[len] = '\0';
    return leat_str_of(bare, len);
}

/* --- S3 -----------------------------------------------------------------------------------------
 * S3 events as EventBridge carries them. They say the same as S3's own notifications in other words:
 * other names, other types of event, and keys that are *not* encoded (decoding would spoil "a+b").
 */

static bool is_s3(const struct fields *event)
{
    const cJSON *bucket = leat_json_get_object(event->detail, "bucket");
    const cJSON *object = leat_json_get_object(event->detail, "object");
    return leat_str_is(event->source, "aws.s3") && leat_str_starts(event->type, LEAT_STR("Object ")) &&
           leat_json_get_text(bucket, "name").len > 0 && leat_json_get_text(object, "key").len > 0;
}

/* EventBridge's words -> the event name of S3's own notification. */
static const struct {
    const char *type, *member, *value, *name;
} names[] = {
    {"Object Created", "reason", "PutObject", "ObjectCreated:Put"},
    {"Object Created", "reason", "POST Object", "ObjectCreated:Post"},
    {"Object Created", "reason", "CopyObject", "ObjectCreated:Copy"},
    {"Object Created", "reason", "CompleteMultipartUpload", "ObjectCreated:CompleteMultipartUpload"},
    {"Object Deleted", "deletion-type", "Permanently Deleted", "ObjectRemoved:Delete"},
    {"Object Deleted", "deletion-type", "Delete Marker Created", "ObjectRemoved:DeleteMarkerCreated"},
};

static leat_str name_of(struct leat_arena *arena, leat_str type, const cJSON *detail)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (leat_str_is(type, names[i].type) &&
            leat_str_is(leat_json_get_text(detail, names[i].member), names[i].value))
            return leat_str_c(names[i].name);
    return squeeze(arena, type);
}

static const void *make_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *detail = leat_json_get_object(envelope->record, "detail");
    const cJSON *object = leat_json_get_object(detail, "object");
    struct leat_s3 *view = LEAT_NEW(arena, struct leat_s3);
    if (view == NULL)
        return NULL;
    view->bucket = leat_json_get_text(leat_json_get_object(detail, "bucket"), "name");
    view->key = leat_json_get_text(object, "key");
    view->size = leat_s3_size(leat_json_get(object, "size"));
    view->etag = leat_json_get_text(object, "etag");
    view->version = leat_json_get_text(object, "version-id");
    view->sequencer = leat_json_get_text(object, "sequencer");
    view->event = name_of(arena, leat_json_get_text(envelope->record, "detail-type"), detail);
    view->region = leat_json_get_text(envelope->record, "region");
    return view;
}

static leat_status check(struct leat_decoder *decoder, const cJSON *detail, const cJSON *object)
{
    leat_str unused;
    const cJSON *size = leat_json_get(object, "size");
    LEAT_TRY(leat_want_text(decoder, detail, "detail.reason", &unused));
    LEAT_TRY(leat_want_text(decoder, detail, "detail.deletion-type", &unused));
    LEAT_TRY(leat_want_text(decoder, object, "detail.object.etag", &unused));
    LEAT_TRY(leat_want_text(decoder, object, "detail.object.version-id", &unused));
    LEAT_TRY(leat_want_text(decoder, object, "detail.object.sequencer", &unused));
    if (size == NULL || cJSON_IsNull(size) || cJSON_IsNumber(size) || cJSON_IsString(size))
        return LEAT_OK;
    return leat_broken(decoder, "detail.object.size is %s (want a number)", leat_json_type(size));
}

static leat_status fill_s3(struct leat_decoder *decoder, const struct fields *event, struct leat_envelope *envelope)
{
    struct leat_arena *arena = decoder->arena;
    const cJSON *bucket = leat_json_get_object(event->detail, "bucket");
    const cJSON *object = leat_json_get_object(event->detail, "object");
    LEAT_TRY(check(decoder, event->detail, object));
    envelope->kind = LEAT_STR("s3");
    envelope->source =
        leat_attribute_s3_source(arena, LEAT_STR("aws:s3"), event->region, leat_json_get_text(bucket, "name"));
    envelope->type = LEAT_JOIN(arena, LEAT_STR("com.amazonaws.s3."), name_of(arena, event->type, event->detail));
    envelope->subject = leat_json_get_text(object, "key");
    envelope->view_kind = LEAT_VIEW_S3;
    envelope->view = make_view;
    leat_envelope_extend(envelope, arena, "sequence",
                         leat_attribute_s3_sequence(arena, leat_json_get_text(object, "sequencer")));
    return LEAT_OK;
}

/* --- any other ------------------------------------------------------------------------------------ */

/* Sources repeat between accounts ("orders"), so the bus's place stands before them. */
static leat_str source_of(struct leat_arena *arena, const struct fields *event)
{
    if (event->account.len == 0 || event->region.len == 0)
        return event->source;
    return LEAT_JOIN(arena, LEAT_STR("urn:aws:events:"), event->account, LEAT_STR(":"), event->region, LEAT_STR(":"),
                     event->source);
}

static void fill(struct leat_arena *arena, const struct fields *event, struct leat_envelope *envelope)
{
    envelope->source = source_of(arena, event);
    envelope->type =
        LEAT_JOIN(arena, LEAT_STR("com.amazonaws.events."), event->source, LEAT_STR("."), squeeze(arena, event->type));
    envelope->subject = event->resource;
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct fields event = {0};
    LEAT_TRY(read_event(decoder, record->json, &event));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = event.id.len > 0 ? event.id : leat_record_digest(decoder, record);
    envelope->time = event.time;
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data.form = LEAT_DATA_PLACE;
    envelope->data.place = leat_record_place(record, event.detail);
    envelope->data.tree = event.detail;
    leat_envelope_extend(envelope, decoder->arena, "awsaccount", event.account);
    leat_envelope_extend(envelope, decoder->arena, "awsregion", event.region);
    if (is_s3(&event))
        LEAT_TRY(fill_s3(decoder, &event, envelope));
    else
        fill(decoder->arena, &event, envelope);
    return leat_arena_status(decoder->arena);
}

const struct leat_adapter leat_adapter_eventbridge = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "eventbridge",
    .help = "Amazon EventBridge events and schedules (S3's become s3 events; also inside SQS and SNS)",
    .why = "it has detail-type, source and detail",
    .order = 60,
    .shape = LEAT_REPLY_ASYNC,
    .nested_names = {"detail-type"},
    .detect = detect,
    .nested = nested,
    .split = split,
    .normalise = normalise,
};
