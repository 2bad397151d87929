/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNS: as Lambda is called (Records[].Sns), and as the flat notification that SNS writes into an SQS
 * message. The two differ in the case of some names (SigningCertUrl, SigningCertURL); none of those is read.
 */
#include <leat/adapter.h>
#include <leat/attributes.h>

static bool detect(const struct leat_payload *payload)
{
    const cJSON *record = NULL;
    if (!leat_str_is(payload->event_source, "aws:sns"))
        return false;
    cJSON_ArrayForEach (record, payload->records)
        if (leat_json_get_object(record, "Sns") != NULL)
            return true;
    return false;
}

static bool nested(const struct leat_payload *payload)
{
    static const char *const types[] = {"Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"};
    leat_str type = leat_json_get_text(payload->root, "Type");
    bool known = false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        known = known || leat_str_is(type, types[i]);
    return known && leat_json_get_text(payload->root, "TopicArn").len > 0 &&
           leat_json_get_text(payload->root, "MessageId").len > 0 &&
           leat_json_get_text(payload->root, "Message").ptr != NULL;
}

/* The notification itself: the record, or a member of it when Lambda is called by SNS. */
static const cJSON *notification_of(const struct leat_record *record)
{
    return record->index == LEAT_WHOLE ? record->json : leat_json_get_object(record->json, "Sns");
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    LEAT_TRY(payload->records != NULL ? leat_split_records(decoder, payload, out)
                                      : leat_split_whole(decoder, payload, out));
    for (uint32_t i = 0; i < out->count; i++) {
        leat_str id = leat_json_get_text(notification_of(&out->items[i]), "MessageId");
        out->items[i].id = id.len > 0 ? id : LEAT_ABSENT;
    }
    return LEAT_OK;
}

struct fields {
    leat_str subscription, type, topic, id, subject, message, time, sequence;
};

static leat_status read_fields(struct leat_decoder *decoder, const struct leat_record *record, struct fields *ret)
{
    const cJSON *sns = notification_of(record);
    if (sns == NULL)
        return leat_broken(decoder, "Sns is %s (want an object)", leat_json_type(leat_json_get(record->json, "Sns")));
    const cJSON *message = leat_json_get(sns, "Message");
    ret->message = leat_json_text(message);
    if (ret->message.ptr == NULL)
        return leat_broken(decoder, "Message is %s (SNS messages are text)", leat_json_type(message));
    LEAT_TRY(leat_want_text(decoder, record->json, "EventSubscriptionArn", &ret->subscription));
    LEAT_TRY(leat_want_text(decoder, sns, "Sns.Type", &ret->type));
    LEAT_TRY(leat_want_text(decoder, sns, "Sns.TopicArn", &ret->topic));
    LEAT_TRY(leat_want_text(decoder, sns, "Sns.MessageId", &ret->id));
    LEAT_TRY(leat_want_text(decoder, sns, "Sns.Subject", &ret->subject));
    LEAT_TRY(leat_want_text(decoder, sns, "Sns.Timestamp", &ret->time));
    return leat_want_text(decoder, sns, "Sns.SequenceNumber", &ret->sequence);
}

static leat_str source_of(const struct fields *fields)
{
    if (fields->subscription.len > 0)
        return fields->subscription;
    return fields->topic.len > 0 ? fields->topic : LEAT_STR("aws:sns");
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct fields fields = {0};
    LEAT_TRY(read_fields(decoder, record, &fields));
    leat_status unwrapped = leat_unwrap(decoder, fields.message, record, out);
    if (unwrapped.code != LEAT_E_UNKNOWN)
        return unwrapped;
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = fields.id.len > 0 ? fields.id : leat_record_digest(decoder, record);
    envelope->source = source_of(&fields);
    envelope->type = LEAT_JOIN(decoder->arena, LEAT_STR("com.amazonaws.sns."),
                               fields.type.len > 0 ? fields.type : LEAT_STR("Notification"));
    envelope->subject = fields.subject;
    envelope->time = fields.time;
    envelope->guess_type = true;
    envelope->data.form = LEAT_DATA_TEXT;
    envelope->data.text = fields.message;
    leat_envelope_extend(envelope, decoder->arena, "sequence",
                         leat_attribute_sequence(decoder->arena, fields.sequence));
    return leat_arena_status(decoder->arena);
}

const struct leat_adapter leat_adapter_sns = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "sns",
    .help = "Amazon SNS notifications (also inside SQS)",
    .why = "Records come from aws:sns",
    .order = 21,
    .shape = LEAT_REPLY_ASYNC,
    .nested_names = {"TopicArn"},
    .detect = detect,
    .nested = nested,
    .split = split,
    .normalise = normalise,
};
