/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DynamoDB Streams, as Lambda's event source mapping hands them over. A batch is a piece of one shard:
 * its records run in order, and what is settled is a checkpoint, the lowest sequence number that failed.
 * A table may also write its changes to Kinesis: such a change has no sequence number and names its table, not a
 * stream.
 */
#include "view.h"

#include <leat/attributes.h>
#include <leat/window.h>

#include <math.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_str_is(payload->event_source, "aws:dynamodb");
}

/* A change on its way through Kinesis. */
static bool nested(const struct leat_payload *payload)
{
    const cJSON *change = leat_json_get_object(payload->root, "dynamodb");
    return leat_str_is(leat_json_get_text(payload->root, "eventSource"), "aws:dynamodb") &&
           leat_json_get_object(change, "Keys") != NULL && leat_json_get_text(payload->root, "eventName").len > 0;
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    if (payload->records == NULL && nested(payload))
        return leat_split_whole(decoder, payload, out);
    LEAT_TRY(leat_split_records(decoder, payload, out));
    for (uint32_t i = 0; i < out->count; i++) {
        struct leat_record *record = &out->items[i];
        record->lane = LEAT_STR("shard");
        if (record->index == LEAT_WHOLE)
            continue; /* the end of a window */
        const cJSON *number = leat_json_get(leat_json_get(record->json, "dynamodb"), "SequenceNumber");
        record->id = leat_json_text(number);
        if (record->id.len == 0)
            return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD),
                                  "Records[%u].dynamodb.SequenceNumber is %s, so a failure of it could not be reported",
                                  i, record->id.ptr != NULL ? "empty" : leat_json_type(number));
    }
    return LEAT_OK;
}

struct fields {
    leat_str id, name, stream, region, table, precision, subject;
    int64_t time_us;
    bool has_time;
    const cJSON *change, *time, *keys, *fresh, *old;
};

static const struct leat_member members[] = {
    {"", "eventID", LEAT_TEXT, offsetof(struct fields, id)},
    {"", "eventName", LEAT_NEED_TEXT, offsetof(struct fields, name)},
    {"", "awsRegion", LEAT_TEXT, offsetof(struct fields, region)},
    {"", "dynamodb", LEAT_OBJECT, offsetof(struct fields, change)},
    {"", "tableName", LEAT_TEXT, offsetof(struct fields, table)},
    {"", "eventSourceARN", LEAT_TEXT, offsetof(struct fields, stream)},
};
static const struct leat_member change_members[] = {
    {"dynamodb.", "ApproximateCreationDateTime", LEAT_NUMBER, offsetof(struct fields, time)},
    {"dynamodb.", "ApproximateCreationDateTimePrecision", LEAT_TEXT, offsetof(struct fields, precision)},
    {"dynamodb.", "Keys", LEAT_OBJECT, offsetof(struct fields, keys)},
    {"dynamodb.", "NewImage", LEAT_OBJECT, offsetof(struct fields, fresh)},
    {"dynamodb.", "OldImage", LEAT_OBJECT, offsetof(struct fields, old)},
    {"dynamodb.", "StreamViewType", LEAT_TEXT, LEAT_CHECKED},
};

/* Streams give seconds; a stream through Kinesis gives ms or us and says so, or does not: then the size tells. */
static void read_time(struct fields *fields)
{
    if (fields->time == NULL)
        return;
    double value = fields->time->valuedouble;
    bool ms = leat_str_is(fields->precision, "MILLISECOND"), us = leat_str_is(fields->precision, "MICROSECOND");
    if (!ms && !us) {
        ms = fabs(value) >= 1e11 && fabs(value) < 1e14;
        us = fabs(value) >= 1e14;
    }
    value *= us ? 1 : ms ? 1e3 : 1e6;
    fields->has_time = fabs(value) < 9e18; /* the rest is beyond year 9999 in any case */
    fields->time_us = fields->has_time ? (int64_t)(value + (value < 0 ? -0.5 : 0.5)) : 0;
}

static bool is_event_name(leat_str name)
{
    return leat_str_is(name, "INSERT") || leat_str_is(name, "MODIFY") || leat_str_is(name, "REMOVE");
}

#define KEYS_MAX 16 /* a table has two at most; the limit keeps next_key cheap */

/* The key that sorts next behind `last` (NULL: the first). */
static const cJSON *next_key(const cJSON *keys, const cJSON *last)
{
    const cJSON *item = NULL, *next = NULL;
    cJSON_ArrayForEach (item, keys)
        if ((last == NULL || strcmp(item->string, last->string) > 0) &&
            (next == NULL || strcmp(item->string, next->string) < 0))
            next = item;
    return next;
}

/* "Id=N:101,Range=S:a": sorted by name, the values as they are. It names the item for people and for
 * lanes; nothing parses it, so a comma in a value needs no escape. The view has the true keys. */
static leat_status read_subject(struct leat_decoder *decoder, const cJSON *keys, leat_str *retsubject)
{
    struct leat_buf subject;
    leat_buf_init(&subject, decoder->arena);
    for (const cJSON *key = next_key(keys, NULL); key != NULL; key = next_key(keys, key)) {
        const cJSON *value = key->child;
        if (!cJSON_IsString(value))
            return leat_broken(decoder, "dynamodb.Keys.%s has the type %s (keys are S, N or B)", key->string,
                               value->string);
        leat_buf_c(&subject, subject.len > 0 ? "," : "");
        leat_buf_add(&subject, leat_json_name(decoder->arena, key));
        leat_buf_c(&subject, "=");
        leat_buf_c(&subject, value->string);
        leat_buf_c(&subject, ":");
        leat_buf_add(&subject, leat_json_text(value));
    }
    *retsubject = leat_buf_str(&subject);
    return LEAT_OK;
}

static leat_status read_change(struct leat_decoder *decoder, struct fields *ret)
{
    LEAT_TRY(LEAT_READ(decoder, ret->change, change_members, ret));
    if (ret->keys == NULL || ret->keys->child == NULL)
        return leat_broken(decoder, "dynamodb.Keys is %s", ret->keys == NULL ? "missing" : "empty");
    if (cJSON_GetArraySize(ret->keys) > KEYS_MAX)
        return leat_broken(decoder, "dynamodb.Keys has %d members (tables have one or two)",
                           cJSON_GetArraySize(ret->keys));
    LEAT_TRY(leat_dynamodb_check(decoder, ret->keys, "dynamodb.Keys"));
    LEAT_TRY(leat_dynamodb_check(decoder, ret->fresh, "dynamodb.NewImage"));
    LEAT_TRY(leat_dynamodb_check(decoder, ret->old, "dynamodb.OldImage"));
    LEAT_TRY(read_subject(decoder, ret->keys, &ret->subject));
    read_time(ret);
    return LEAT_OK;
}

static leat_status read_fields(struct leat_decoder *decoder, const cJSON *record, struct fields *ret)
{
    LEAT_TRY(LEAT_READ(decoder, record, members, ret));
    if (!is_event_name(ret->name))
        return leat_broken(decoder, "eventName is \"%.*s\" (want INSERT, MODIFY or REMOVE)", LEAT_ARG(ret->name));
    return read_change(decoder, ret);
}

static leat_str source_of(struct leat_arena *arena, const struct fields *fields)
{
    if (fields->stream.len > 0)
        return fields->stream;
    if (fields->table.len == 0)
        return LEAT_STR("aws:dynamodb");
    leat_str dot = fields->region.len > 0 ? LEAT_STR(".") : LEAT_ABSENT;
    return LEAT_JOIN(arena, LEAT_STR("aws:dynamodb"), dot, fields->region, LEAT_STR("."), fields->table);
}

static void extend(const struct leat_envelope *envelope, struct leat_arena *arena, struct leat_attribute **list)
{
    const cJSON *change = leat_json_get_object(envelope->record, "dynamodb");
    leat_attribute_add(list, arena, "awsregion", leat_json_get_text(envelope->record, "awsRegion"));
    leat_attribute_add(list, arena, "partitionkey", envelope->subject);
    leat_attribute_add(list, arena, "sequence",
                       leat_attribute_sequence(arena, leat_json_get_text(change, "SequenceNumber")));
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct fields fields = {0};
    struct leat_arena *arena = decoder->arena;
    if (record->index == LEAT_WHOLE && leat_window_find(record->json) != NULL)
        return leat_window_normalise(decoder, record, LEAT_STR("com.amazonaws.dynamodb.window"),
                                     LEAT_STR("aws:dynamodb"), out);
    LEAT_TRY(read_fields(decoder, record->json, &fields));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(arena);
    envelope->id = fields.id.len > 0 ? fields.id : leat_record_digest(decoder, record);
    envelope->source = source_of(arena, &fields);
    envelope->type = LEAT_JOIN(arena, LEAT_STR("com.amazonaws.dynamodb."), fields.name);
    envelope->subject = fields.subject;
    envelope->has_time_us = fields.has_time;
    envelope->time_us = fields.time_us;
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data.form = LEAT_DATA_PLACE;
    envelope->data.place = leat_record_place(record, fields.change);
    envelope->data.tree = fields.change;
    return leat_arena_status(arena);
}

const struct leat_adapter leat_adapter_dynamodb = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "dynamodb",
    .help = "Amazon DynamoDB Streams: changes of items (also inside Kinesis)",
    .why = "Records come from aws:dynamodb",
    .order = 22,
    .shape = LEAT_REPLY_CHECKPOINT,
    .nested_names = {"dynamodb"},
    .view_kind = LEAT_VIEW_DYNAMODB,
    .view = leat_dynamodb_view,
    .extend = extend,
    .detect = detect,
    .nested = nested,
    .split = split,
    .normalise = normalise,
};
