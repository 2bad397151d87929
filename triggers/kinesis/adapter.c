/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinesis Data Streams, as Lambda's event source mapping hands them over: a batch is a piece of one shard, and what is
 * settled is a checkpoint. The bytes may be anything; changes of DynamoDB, CloudWatch Logs (gzip) and other
 * notifications in them unwrap.
 */
#include <leat/adapter.h>
#include <leat/attributes.h>
#include <leat/window.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_str_is(payload->event_source, "aws:kinesis");
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    LEAT_TRY(leat_split_records(decoder, payload, out));
    for (uint32_t i = 0; i < out->count; i++) {
        struct leat_record *record = &out->items[i];
        record->lane = LEAT_STR("shard");
        if (record->index == LEAT_WHOLE)
            continue; /* the end of a window */
        const cJSON *number = leat_json_get(leat_json_get(record->json, "kinesis"), "sequenceNumber");
        record->id = leat_json_text(number);
        if (record->id.len == 0)
            return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD),
                                  "Records[%u].kinesis.sequenceNumber is %s, so a failure of it could not be reported",
                                  i, record->id.ptr != NULL ? "empty" : leat_json_type(number));
    }
    return LEAT_OK;
}

struct fields {
    leat_str id, stream, key, data;
    const cJSON *kinesis, *arrival;
};

static const struct leat_member members[] = {
    {"", "kinesis", LEAT_OBJECT, offsetof(struct fields, kinesis)},
    {"", "eventID", LEAT_TEXT, offsetof(struct fields, id)},
    {"", "awsRegion", LEAT_TEXT, LEAT_CHECKED},
    {"", "eventSourceARN", LEAT_TEXT, offsetof(struct fields, stream)},
};
static const struct leat_member inner_members[] = {
    {"kinesis.", "partitionKey", LEAT_TEXT, offsetof(struct fields, key)},
    {"kinesis.", "data", LEAT_TEXT, offsetof(struct fields, data)},
    {"kinesis.", "approximateArrivalTimestamp", LEAT_NUMBER, offsetof(struct fields, arrival)},
};

/* Seconds with a fraction, or without: producers of test events leave it out. */
static int64_t arrival_of(const cJSON *time)
{
    double ms = cJSON_IsNumber(time) ? time->valuedouble * 1000 : -1;
    return ms >= 0 && ms < 1e15 ? (int64_t)(ms + 0.5) : -1;
}

static leat_status read_fields(struct leat_decoder *decoder, const cJSON *record, struct fields *ret)
{
    LEAT_TRY(LEAT_READ(decoder, record, members, ret));
    LEAT_TRY(LEAT_READ(decoder, ret->kinesis, inner_members, ret));
    return ret->data.ptr != NULL ? LEAT_OK : leat_broken(decoder, "kinesis.data is missing");
}

static const void *make_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *kinesis = leat_json_get_object(envelope->record, "kinesis");
    struct leat_kinesis *view = LEAT_NEW(arena, struct leat_kinesis);
    if (view == NULL)
        return NULL;
    view->partition_key = leat_json_get_text(kinesis, "partitionKey");
    view->sequence = leat_json_get_text(kinesis, "sequenceNumber");
    view->arrival_ms = arrival_of(leat_json_get(kinesis, "approximateArrivalTimestamp"));
    return view;
}

static void extend(const struct leat_envelope *envelope, struct leat_arena *arena, struct leat_attribute **list)
{
    const cJSON *kinesis = leat_json_get_object(envelope->record, "kinesis");
    leat_attribute_add(list, arena, "awsregion", leat_json_get_text(envelope->record, "awsRegion"));
    leat_attribute_add(list, arena, "partitionkey", leat_json_get_text(kinesis, "partitionKey"));
    leat_attribute_add(list, arena, "sequence",
                       leat_attribute_sequence(arena, leat_json_get_text(kinesis, "sequenceNumber")));
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct leat_arena *arena = decoder->arena;
    struct fields fields = {0};
    if (record->index == LEAT_WHOLE)
        return leat_window_normalise(decoder, record, LEAT_STR("com.amazonaws.kinesis.window"), LEAT_STR("aws:kinesis"),
                                     out);
    LEAT_TRY(read_fields(decoder, record->json, &fields));
    leat_status unwrapped = leat_unwrap_base64(decoder, fields.data, record, out);
    if (unwrapped.code != LEAT_E_UNKNOWN)
        return unwrapped;
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(arena);
    envelope->id = fields.id.len > 0 ? fields.id : leat_record_digest(decoder, record);
    envelope->source = fields.stream.len > 0 ? fields.stream : LEAT_STR("aws:kinesis");
    envelope->type = LEAT_STR("com.amazonaws.kinesis.record");
    envelope->subject = fields.key;
    envelope->time_us = arrival_of(fields.arrival) * 1000;
    envelope->has_time_us = envelope->time_us >= 0;
    envelope->guess_type = true;
    envelope->data = (struct leat_data){.form = LEAT_DATA_BASE64, .text = fields.data};
    return leat_arena_status(arena);
}

const struct leat_adapter leat_adapter_kinesis = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "kinesis",
    .help = "Amazon Kinesis Data Streams (also with DynamoDB changes and CloudWatch Logs inside)",
    .why = "Records come from aws:kinesis",
    .order = 23,
    .shape = LEAT_REPLY_CHECKPOINT,
    .view_kind = LEAT_VIEW_KINESIS,
    .view = make_view,
    .extend = extend,
    .detect = detect,
    .split = split,
    .normalise = normalise,
    .filtered = {.within = "kinesis", .data = {"data"}, .base64 = true},
};
