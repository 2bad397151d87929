/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQS, as Lambda's event source mapping hands it over: each message is settled alone, by its messageId.
 * md5OfBody is never verified: consoles and templates send digests of other bodies.
 */
#include "view.h"

#include <leat/attributes.h>
#include <leat/cloudevents.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_str_is(payload->event_source, "aws:sqs");
}

/* Fair queues put a group on standard queues too; only the queue's name tells which one keeps order. */
static bool is_fifo(const cJSON *message)
{
    return leat_str_ends(leat_json_get_text(message, "eventSourceARN"), LEAT_STR(".fifo"));
}

static leat_str group_of(const cJSON *message)
{
    return leat_json_get_text(leat_json_get_object(message, "attributes"), "MessageGroupId");
}

static uint32_t attempts_of(const cJSON *message)
{
    int64_t count;
    const cJSON *attributes = leat_json_get_object(message, "attributes");
    bool known = leat_str_int64(leat_json_get_text(attributes, "ApproximateReceiveCount"), &count);
    return known && count > 0 && count <= UINT32_MAX ? (uint32_t)count : 0;
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    LEAT_TRY(leat_split_records(decoder, payload, out));
    for (uint32_t i = 0; i < out->count; i++) {
        struct leat_record *record = &out->items[i];
        leat_str group = group_of(record->json);
        const cJSON *id = leat_json_get(record->json, "messageId");
        record->id = leat_json_text(id);
        if (record->id.len == 0)
            return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD),
                                  "Records[%u].messageId is %s, so a failure of it could not be reported", i,
                                  record->id.ptr != NULL ? "empty" : leat_json_type(id));
        if (group.len > 0 && is_fifo(record->json))
            record->lane = group;
        record->attempts = attempts_of(record->json);
    }
    return LEAT_OK;
}

struct fields {
    leat_str queue;
    const cJSON *body, *attributes, *message_attributes;
};

static const struct leat_member members[] = {
    {"", "body", LEAT_ANY, offsetof(struct fields, body)},
    {"", "attributes", LEAT_OBJECT, offsetof(struct fields, attributes)},
    {"", "messageAttributes", LEAT_OBJECT, offsetof(struct fields, message_attributes)},
    {"", "eventSourceARN", LEAT_TEXT, offsetof(struct fields, queue)},
    {"", "awsRegion", LEAT_TEXT, LEAT_CHECKED},
};

/* `attributes`: all of them are text. */
static leat_status check_attributes(struct leat_decoder *decoder, const cJSON *attributes)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach (item, attributes)
        if (!cJSON_IsString(item) && !cJSON_IsNull(item))
            return leat_broken(decoder, "attributes.%s is %s (want text)", item->string, leat_json_type(item));
    return LEAT_OK;
}

static leat_status check_message_attribute(struct leat_decoder *decoder, const cJSON *attribute)
{
    static const char *const texts[] = {"dataType", "stringValue", "binaryValue"};
    if (!cJSON_IsObject(attribute))
        return leat_broken(decoder, "messageAttributes.%s is %s (want an object)", attribute->string,
                           leat_json_type(attribute));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const cJSON *item = leat_json_get(attribute, texts[i]);
        if (item != NULL && !cJSON_IsString(item) && !cJSON_IsNull(item))
            return leat_broken(decoder, "messageAttributes.%s.%s is %s (want text)", attribute->string, texts[i],
                               leat_json_type(item));
    }
    return LEAT_OK;
}

static leat_status read_fields(struct leat_decoder *decoder, const cJSON *message, struct fields *ret)
{
    const cJSON *item = NULL;
    LEAT_TRY(LEAT_READ(decoder, message, members, ret));
    if (!cJSON_IsString(ret->body))
        return leat_broken(decoder, "body is %s (SQS bodies are text)", leat_json_type(leat_json_get(message, "body")));
    LEAT_TRY(check_attributes(decoder, ret->attributes));
    cJSON_ArrayForEach (item, ret->message_attributes)
        LEAT_TRY(check_message_attribute(decoder, item));
    return LEAT_OK;
}

/* --- normalising ------------------------------------------------------------------------------ */

static void extend(const struct leat_envelope *envelope, struct leat_arena *arena, struct leat_attribute **list)
{
    const cJSON *attributes = leat_json_get_object(envelope->record, "attributes");
    leat_attribute_add(list, arena, "awsregion", leat_json_get_text(envelope->record, "awsRegion"));
    leat_attribute_add(list, arena, "partitionkey", leat_json_get_text(attributes, "MessageGroupId"));
    leat_attribute_add(list, arena, "sequence",
                       leat_attribute_sequence(arena, leat_json_get_text(attributes, "SequenceNumber")));
    leat_attribute_trace(list, arena, leat_json_get_text(attributes, "AWSTraceHeader"));
}

static void set_time(struct leat_envelope *envelope, const cJSON *attributes)
{
    int64_t ms;
    envelope->has_time_us = leat_str_int64(leat_json_get_text(attributes, "SentTimestamp"), &ms) &&
                            !__builtin_mul_overflow(ms, (int64_t)1000, &envelope->time_us);
}

/* Binary mode: attributes as message attributes, the body is the data. */
static leat_status read_cloudevent(struct leat_decoder *decoder, const cJSON *attributes,
                                   struct leat_envelope *envelope)
{
    const cJSON *item = NULL;
    struct leat_cloudevent event = {0};
    cJSON_ArrayForEach (item, attributes) {
        leat_str name = leat_cloudevent_header(decoder->arena, leat_str_c(item->string));
        if (name.ptr != NULL &&
            !leat_cloudevent_add(decoder->arena, &event, name, leat_json_get_text(item, "stringValue")))
            break;
    }
    leat_cloudevent_apply_binary(&event, decoder, envelope);
    return leat_arena_status(decoder->arena);
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct fields fields = {0};
    LEAT_TRY(read_fields(decoder, record->json, &fields));
    leat_str body = leat_json_text(fields.body);
    leat_status unwrapped = leat_unwrap(decoder, body, record, out);
    if (unwrapped.code != LEAT_E_UNKNOWN)
        return unwrapped;
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = record->id;
    envelope->source = fields.queue.len > 0 ? fields.queue : LEAT_STR("aws:sqs");
    envelope->type = LEAT_STR("com.amazonaws.sqs.message");
    envelope->subject = record->lane;
    envelope->guess_type = true;
    envelope->data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = body};
    set_time(envelope, fields.attributes);
    return read_cloudevent(decoder, fields.message_attributes, envelope);
}

const struct leat_adapter leat_adapter_sqs = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "sqs",
    .help = "Amazon SQS messages, standard and FIFO",
    .why = "Records come from aws:sqs",
    .order = 20,
    .shape = LEAT_REPLY_ITEMS,
    .view_kind = LEAT_VIEW_SQS,
    .view = leat_sqs_view,
    .extend = extend,
    .detect = detect,
    .split = split,
    .normalise = normalise,
    .filtered = {.data = {"body"}},
};
