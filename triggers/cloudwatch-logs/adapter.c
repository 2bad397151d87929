/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudWatch Logs subscriptions: a compressed document of log events. Straight from CloudWatch Logs it is one call,
 * so one unit, with an event for each log event; the same document also comes as a record of Kinesis. A control
 * message, with which CloudWatch Logs tries the way out, has no events.
 */
#include <leat/adapter.h>
#include <leat/attributes.h>
#include <leat/inflate.h>

#define INFLATED_MAX ((size_t)64 << 20) /* where the decoder says nothing */

static bool detect(const struct leat_payload *payload)
{
    return leat_json_get_text(leat_json_get_object(payload->root, "awslogs"), "data").ptr != NULL;
}

static bool nested(const struct leat_payload *payload)
{
    return leat_json_get_text(payload->root, "messageType").len > 0 &&
           leat_json_get_text(payload->root, "logGroup").ptr != NULL &&
           leat_json_get_array(payload->root, "logEvents") != NULL;
}

static leat_status broken_payload(struct leat_decoder *decoder, const char *why)
{
    return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "awslogs.data %s", why);
}

static leat_status inflate_data(struct leat_decoder *decoder, leat_str base64, leat_str *rettext)
{
    leat_str bytes;
    size_t max = decoder->max_inflated != 0 ? decoder->max_inflated : INFLATED_MAX;
    if (!leat_base64_decode(decoder->arena, base64, &bytes))
        return decoder->arena->overflow ? leat_arena_status(decoder->arena) : broken_payload(decoder, "is no base64");
    leat_status status = leat_inflate(decoder->arena, bytes, max, rettext);
    if (status.code == LEAT_E_BAD_RECORD)
        return broken_payload(decoder, "is no whole gzip or zlib stream");
    if (status.code == LEAT_E_TOO_BIG && !decoder->arena->overflow)
        return leat_error_set(decoder->reterr, status, "awslogs.data inflates to more than %zu bytes", max);
    return status;
}

/* The document inside, so that what is broken there is known before anything runs: nothing in it could be named. */
static leat_status open_document(struct leat_decoder *decoder, const cJSON *root, struct leat_doc **retdoc)
{
    leat_str text = LEAT_ABSENT;
    leat_str base64 = leat_json_get_text(leat_json_get_object(root, "awslogs"), "data");
    if (base64.ptr == NULL)
        return broken_payload(decoder, "is missing");
    LEAT_TRY(inflate_data(decoder, base64, &text));
    leat_status status = leat_doc_parse(decoder->arena, text, decoder->exact, retdoc, NULL);
    if (decoder->arena->overflow)
        return status;
    if (!leat_is_ok(status) || !cJSON_IsObject((*retdoc)->root))
        return broken_payload(decoder, "holds no JSON object");
    (*retdoc)->records = leat_json_get_array((*retdoc)->root, "logEvents");
    return LEAT_OK;
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    struct leat_doc *inner = NULL;
    LEAT_TRY(leat_split_whole(decoder, payload, out));
    if (nested(payload))
        return LEAT_OK; /* it stands in another message, inflated */
    LEAT_TRY(open_document(decoder, payload->root, &inner));
    out->items->native = inner;
    return LEAT_OK;
}

struct fields {
    leat_str type, owner, group, stream;
    leat_str source;
    const cJSON *events;
};

/* Log groups have no region in them, so there is no ARN to make: a path, as CloudWatch shows it. */
static leat_str source_of(struct leat_decoder *decoder, const struct fields *fields)
{
    static const char path[] = "/!$&'()*+,;=:@";
    return LEAT_JOIN(decoder->arena, leat_percent_encode(decoder->arena, fields->group, path), LEAT_STR("/"),
                     leat_percent_encode(decoder->arena, fields->stream, path));
}

static leat_status read_fields(struct leat_decoder *decoder, const cJSON *root, struct fields *ret)
{
    LEAT_TRY(leat_need_text(decoder, root, "messageType", &ret->type));
    LEAT_TRY(leat_want_text(decoder, root, "owner", &ret->owner));
    LEAT_TRY(leat_want_text(decoder, root, "logGroup", &ret->group));
    LEAT_TRY(leat_want_text(decoder, root, "logStream", &ret->stream));
    const cJSON *events = leat_json_get(root, "logEvents");
    ret->events = cJSON_IsArray(events) ? events : NULL;
    if (events != NULL && !cJSON_IsNull(events) && ret->events == NULL)
        return leat_broken(decoder, "logEvents is %s (want an array)", leat_json_type(events));
    ret->source = source_of(decoder, ret);
    return LEAT_OK;
}

static leat_status add_event(struct leat_decoder *decoder, const struct leat_record *record,
                             const struct fields *fields, const cJSON *item, struct leat_events *out)
{
    leat_str id, message;
    const cJSON *time = leat_json_get(item, "timestamp");
    if (!cJSON_IsObject(item))
        return leat_broken(decoder, "logEvents holds %s (want objects)", leat_json_type(item));
    LEAT_TRY(leat_need_text(decoder, item, "logEvents.id", &id));
    LEAT_TRY(leat_want_text(decoder, item, "logEvents.message", &message));
    if (message.ptr == NULL)
        return leat_broken(decoder, "logEvents.message is missing");
    if (cJSON_IsNull(time))
        time = NULL;
    if (time != NULL && !cJSON_IsNumber(time))
        return leat_broken(decoder, "logEvents.timestamp is %s (want a number)", leat_json_type(time));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = id;
    envelope->source = fields->source;
    envelope->type = LEAT_STR("com.amazonaws.logs.event");
    envelope->subject = fields->stream;
    envelope->has_time_us = time != NULL && time->valuedouble >= 0 && time->valuedouble < 1e15;
    envelope->time_us = envelope->has_time_us ? (int64_t)time->valuedouble * 1000 : 0;
    envelope->guess_type = true;
    envelope->data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = message};
    leat_envelope_extend(envelope, decoder->arena, "awsaccount", fields->owner);
    return leat_arena_status(decoder->arena);
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    const struct leat_doc *inner = record->native != NULL ? record->native : record->doc;
    struct fields fields = {0};
    const cJSON *item = NULL;
    uint32_t index = 0;
    LEAT_TRY(read_fields(decoder, inner->root, &fields));
    if (leat_str_is(fields.type, "CONTROL_MESSAGE"))
        return LEAT_OK;
    cJSON_ArrayForEach (item, fields.events) {
        LEAT_TRY(add_event(decoder, record, &fields, item, out));
        out->items[out->count - 1].raw =
            (struct leat_place){.doc = inner, .index = inner->records != NULL ? index++ : LEAT_WHOLE, .record = item};
    }
    return leat_arena_status(decoder->arena);
}

const struct leat_adapter leat_adapter_cloudwatch_logs = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "cloudwatch-logs",
    .help = "Amazon CloudWatch Logs subscriptions (also inside Kinesis)",
    .why = "awslogs.data is text",
    .order = 50,
    .shape = LEAT_REPLY_ASYNC,
    .nested_names = {"logEvents"},
    .detect = detect,
    .nested = nested,
    .split = split,
    .normalise = normalise,
};
