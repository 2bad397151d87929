/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinesis Data Streams, as Lambda's event source mapping hands them over: a batch is a piece of one shard, and what is
 * settled is a checkpoint. The bytes may be anything; changes of DynamoDB, CloudWatch Logs (gzip) and other
 * notifications in them unwrap.
 */
#include <leat/adapter.h>
#include <leat/attributes.h>
#include <leat/window.h>

#include <math.h>

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
    leat_str id, stream, region, key, data;
    int64_t arrival_ms; /* -1: not told */
};

/* Seconds with a fraction, or without: producers of test events leave it out. */
static int64_t arrival_of(const cJSON *kinesis)
{
    const cJSON *time = leat_json_get(kinesis, "approximateArrivalTimestamp");
    double ms = cJSON_IsNumber(time) ? time->valuedouble * 1000 : -1;
    return ms >= 0 && ms < 1e15 ? (int64_t)(ms + 0.5) : -1;
}

static leat_status read_fields(struct leat_decoder *decoder, const cJSON *record, struct fields *ret)
{
    const cJSON *kinesis;
    LEAT_TRY(leat_want_text(decoder, record, "eventID", &ret->id));
    LEAT_TRY(leat_want_text(decoder, record, "eventSourceARN", &ret->stream));
    LEAT_TRY(leat_want_text(decoder, record, "awsRegion", &ret->region));
    LEAT_TRY(leat_want_object(decoder, record, "kinesis", &kinesis));
    LEAT_TRY(leat_want_text(decoder, kinesis, "kinesis.partitionKey", &ret->key));
    LEAT_TRY(leat_want_text(decoder, kinesis, "kinesis.data", &ret->data));
    if (ret->data.ptr == NULL)
        return leat_broken(decoder, "kinesis.data is missing");
    const cJSON *time = leat_json_get(kinesis, "approximateArrivalTimestamp");
    if (time != NULL && !cJSON_IsNumber(time) && !cJSON_IsNull(time))
        return leat_broken(decoder, "kinesis.approximateArrivalTimestamp is %s (want a number)", leat_json_type(time));
    ret->arrival_ms = arrival_of(kinesis);
    return LEAT_OK;
}

static const void *make_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *kinesis = leat_json_get_object(envelope->record, "kinesis");
    struct leat_kinesis *view = LEAT_NEW(arena, struct leat_kinesis);
    if (view == NULL)
        return NULL;
    view->partition_key = leat_json_get_text(kinesis, "partitionKey");
    view->sequence = leat_json_get_text(kinesis, "sequenceNumber");
    view->arrival_ms = arrival_of(kinesis);
    return view;
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
    envelope->time = fields.arrival_ms >= 0 ? leat_time_from_ms(arena, fields.arrival_ms) : LEAT_ABSENT;
    envelope->guess_type = true;
    envelope->data = (struct leat_data){.form = LEAT_DATA_BASE64, .text = fields.data};
    leat_envelope_extend(envelope, arena, "partitionkey", fields.key);
    leat_envelope_extend(envelope, arena, "sequence", leat_attribute_sequence(arena, record->id));
    leat_envelope_extend(envelope, arena, "awsregion", fields.region);
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
    .detect = detect,
    .split = split,
    .normalise = normalise,
};
