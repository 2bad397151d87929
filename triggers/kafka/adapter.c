/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka (MSK and self-managed), as Lambda's event source mapping hands it over: a batch of one or more partitions,
 * each a lane and a checkpoint of its own. A record knows its topic and partition; the name of the list it stands in
 * says the same, but samples of others have it wrong.
 */
#include "view.h"

#include <leat/attributes.h>
#include <leat/cloudevents.h>

static bool detect(const struct leat_payload *payload)
{
    static const char *const sources[] = {"aws:kafka", "aws:SelfManagedKafka", "SelfManagedKafka"};
    leat_str source = leat_json_get_text(payload->root, "eventSource");
    if (source.ptr == NULL || leat_json_get_object(payload->root, "records") == NULL)
        return false;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        if (leat_str_is(source, sources[i]))
            return true;
    return false;
}

/* --- splitting ------------------------------------------------------------------------------------ */

/* "orders-eu-0" of topic "orders-eu" and partition 0: mostly what the list is called. */
static leat_str partition_of(struct leat_decoder *decoder, const struct leat_record *record, const char *list)
{
    const cJSON *topic = leat_json_get(record->json, "topic");
    leat_str number = leat_record_digits(decoder, record, leat_json_get(record->json, "partition"));
    leat_str name = leat_json_text(topic), listed = leat_str_c(list);
    if (number.ptr == NULL || name.len == 0)
        return LEAT_ABSENT;
    if (listed.len == name.len + 1 + number.len && leat_str_starts(listed, name) && listed.ptr[name.len] == '-' &&
        leat_str_ends(listed, number))
        return listed;
    return LEAT_JOIN(decoder->arena, name, LEAT_STR("-"), number);
}

static leat_status name_record(struct leat_decoder *decoder, struct leat_record *record, const char *list)
{
    const cJSON *offset = leat_json_get(record->json, "offset");
    record->id = leat_record_digits(decoder, record, offset);
    record->partition = record->lane = partition_of(decoder, record, list);
    if (decoder->arena->overflow)
        return leat_arena_status(decoder->arena);
    if (record->id.ptr != NULL && record->partition.ptr != NULL)
        return LEAT_OK;
    bool no_offset = record->id.ptr == NULL;
    return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD),
                          "a record of %s has %s, so a failure of it could not be reported", list,
                          no_offset ? "no whole number as offset" : "no topic and partition");
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    const cJSON *list = NULL, *entry = NULL, *lists = leat_json_get_object(payload->root, "records");
    uint32_t at = 0;
    if (lists == NULL)
        return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "records is %s (want an object)",
                              leat_json_type(leat_json_get(payload->root, "records")));
    LEAT_TRY(leat_split_list(decoder, payload, lists, out));
    cJSON_ArrayForEach (list, lists)
        cJSON_ArrayForEach (entry, list)
            LEAT_TRY(name_record(decoder, &out->items[at++], list->string));
    return LEAT_OK;
}

/* --- normalising ------------------------------------------------------------------------------------ */

static bool is_bytes(const cJSON *value)
{
    const cJSON *number = NULL;
    if (!cJSON_IsArray(value))
        return value == NULL || cJSON_IsString(value) || cJSON_IsNull(value);
    cJSON_ArrayForEach (number, value)
        if (!cJSON_IsNumber(number) || number->valuedouble < -128 || number->valuedouble > 255)
            return false;
    return true;
}

static leat_status check_headers(struct leat_decoder *decoder, const cJSON *headers)
{
    const cJSON *header = NULL, *member = NULL;
    if (headers == NULL)
        return LEAT_OK;
    if (!cJSON_IsArray(headers))
        return leat_broken(decoder, "headers is %s (want an array)", leat_json_type(headers));
    cJSON_ArrayForEach (header, headers) {
        if (!cJSON_IsObject(header))
            return leat_broken(decoder, "headers holds %s (want objects)", leat_json_type(header));
        cJSON_ArrayForEach (member, header)
            if (!is_bytes(member))
                return leat_broken(decoder, "headers: %s is %s (want a list of bytes)", member->string,
                                   cJSON_IsArray(member) ? "a list of something else" : leat_json_type(member));
    }
    return LEAT_OK;
}

struct fields {
    leat_str key, value; /* as they came */
    const cJSON *time, *headers;
};

static const struct leat_member members[] = {
    {"", "timestamp", LEAT_NUMBER, offsetof(struct fields, time)},
    {"", "key", LEAT_TEXT, offsetof(struct fields, key)},
    {"", "value", LEAT_TEXT, offsetof(struct fields, value)},
    {"", "headers", LEAT_ANY, offsetof(struct fields, headers)},
};

/* The cluster's ARN; where there is none, its first server. */
static leat_str source_of(struct leat_decoder *decoder, const struct leat_record *record)
{
    const cJSON *root = record->doc->root;
    leat_str arn = leat_json_get_text(root, "eventSourceArn"), servers = leat_json_get_text(root, "bootstrapServers");
    leat_str topic = leat_json_get_text(record->json, "topic");
    if (arn.len > 0)
        return arn;
    leat_str first = leat_str_trim(leat_str_cut(&servers, ','));
    if (first.len == 0)
        return LEAT_JOIN(decoder->arena, LEAT_STR("kafka:"), topic);
    return LEAT_JOIN(decoder->arena, LEAT_STR("kafka://"), first, LEAT_STR("/"), topic);
}

/* A key is any bytes: only one that is text is a subject. */
static leat_str subject_of(struct leat_arena *arena, const cJSON *key)
{
    leat_str bytes = leat_kafka_bytes(arena, key);
    return leat_attribute_is_clean(bytes) ? bytes : LEAT_ABSENT;
}

static void set_time(struct leat_envelope *envelope, const cJSON *time)
{
    /* -1: the producer set none */
    envelope->has_time_us = cJSON_IsNumber(time) && time->valuedouble >= 0 && time->valuedouble < 1e15;
    envelope->time_us = envelope->has_time_us ? (int64_t)time->valuedouble * 1000 : 0;
}

static void extend(const struct leat_envelope *envelope, struct leat_arena *arena, struct leat_attribute **list)
{
    leat_str key = leat_json_get_text(envelope->record, "key");
    leat_attribute_add(list, arena, "partitionkey", envelope->subject.ptr != NULL ? envelope->subject : key);
    leat_attribute_add(
        list, arena, "sequence",
        leat_attribute_sequence(arena, leat_json_digits(arena, leat_json_get(envelope->record, "offset"))));
}

/* Binary mode of the Kafka protocol binding. */
static leat_status read_cloudevent(struct leat_decoder *decoder, const cJSON *headers, struct leat_envelope *envelope)
{
    const cJSON *header = NULL, *member = NULL;
    struct leat_cloudevent event = {0};
    cJSON_ArrayForEach (header, headers)
        cJSON_ArrayForEach (member, header) {
            leat_str name = leat_cloudevent_header(decoder->arena, leat_str_c(member->string));
            if (name.ptr != NULL &&
                !leat_cloudevent_add(decoder->arena, &event, name, leat_kafka_header_bytes(decoder->arena, member)))
                return leat_arena_status(decoder->arena);
        }
    leat_cloudevent_apply_binary(&event, decoder, envelope);
    return leat_arena_status(decoder->arena);
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct leat_arena *arena = decoder->arena;
    struct fields fields = {0};
    LEAT_TRY(LEAT_READ(decoder, record->json, members, &fields));
    LEAT_TRY(check_headers(decoder, fields.headers));
    leat_status unwrapped = leat_unwrap_base64(decoder, fields.value, record, out);
    if (unwrapped.code != LEAT_E_UNKNOWN)
        return unwrapped;
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(arena);
    envelope->id = LEAT_JOIN(arena, record->partition, LEAT_STR("-"), record->id);
    envelope->source = source_of(decoder, record);
    envelope->type = LEAT_STR("org.apache.kafka.record");
    set_time(envelope, fields.time);
    if (fields.value.ptr != NULL) /* else a tombstone */
        envelope->data = (struct leat_data){.form = LEAT_DATA_BASE64, .text = fields.value};
    envelope->guess_type = fields.value.ptr != NULL;
    if (fields.key.len > 0)
        envelope->subject = subject_of(arena, leat_json_get(record->json, "key"));
    if (fields.headers != NULL && fields.headers->child != NULL)
        LEAT_TRY(read_cloudevent(decoder, fields.headers, envelope));
    return leat_arena_status(arena);
}

const struct leat_adapter leat_adapter_kafka = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "kafka",
    .help = "Apache Kafka records, of Amazon MSK or self-managed",
    .why = "eventSource is Kafka's, and records is an object",
    .order = 40,
    .shape = LEAT_REPLY_CHECKPOINT,
    .view_kind = LEAT_VIEW_KAFKA,
    .view = leat_kafka_view,
    .extend = extend,
    .detect = detect,
    .split = split,
    .normalise = normalise,
    .filtered = {.data = {"value", "key"}, .base64 = true, .any_form = true},
};
