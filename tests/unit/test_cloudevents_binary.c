/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents in binary mode: attributes in headers of Kafka and in message attributes of SQS. */
#include "decoding.h"

TestSuite(cloudevents_binary);

/* --- payloads: name and value by turns, NULL at the end; caller frees ---------------------------------------- */

/* Headers of Kafka, as signed bytes. */
static char *kafka_with(const char *const *pairs, const char *value)
{
    cJSON *headers = cJSON_CreateArray();
    for (; pairs[0] != NULL; pairs += 2) {
        cJSON *header = cJSON_CreateObject(), *bytes = cJSON_AddArrayToObject(header, pairs[0]);
        for (const char *at = pairs[1]; *at != '\0'; at++)
            cJSON_AddItemToArray(bytes, cJSON_CreateNumber((signed char)*at));
        cJSON_AddItemToArray(headers, header);
    }
    char *text = cJSON_PrintUnformatted(headers), *payload = in_kafka(leat_str_c(value));
    char *with_headers = changed(payload, "/records/orders-0/0/headers", text);
    cJSON_Delete(headers);
    free(text), free(payload);
    return with_headers;
}

/* Message attributes of SQS, of type String. */
static char *sqs_with(const char *const *pairs, const char *body)
{
    cJSON *attributes = cJSON_CreateObject();
    for (; pairs[0] != NULL; pairs += 2) {
        cJSON *attribute = cJSON_AddObjectToObject(attributes, pairs[0]);
        cJSON_AddStringToObject(attribute, "dataType", "String");
        cJSON_AddStringToObject(attribute, "stringValue", pairs[1]);
    }
    char *text = cJSON_PrintUnformatted(attributes), *payload = in_sqs(body);
    char *with_attributes = changed(payload, "/Records/0/messageAttributes", text);
    cJSON_Delete(attributes);
    free(text), free(payload);
    return with_attributes;
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define WHOLE "ce_specversion", "1.0", "ce_id", "e1", "ce_source", "/shop", "ce_type", "com.example.order"

static void expect_event(struct decoded *d, const char *carrier)
{
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    const leat_event *event = &d->event[0];
    cr_expect_str_eq(d->records.adapter->name, carrier);
    EXPECT_STR(leat_event_kind(event), "cloudevents");
    EXPECT_STR(leat_event_id(event), "e1");
    EXPECT_STR(leat_event_source(event), "/shop");
    EXPECT_STR(leat_event_type(event), "com.example.order");
    cr_assert_not_null(event->envelope->within);
    EXPECT_STR(event->envelope->within->kind, carrier);
    cr_expect_null(event->envelope->within->outer);
}

static void expect_carrier(struct decoded *d, const char *carrier, const char *why)
{
    cr_assert_eq(d->events.count, 1, "%s: %s", why, d->reason[0]);
    cr_expect(leat_str_is(leat_event_kind(&d->event[0]), carrier), "%s", why);
    cr_expect_null(d->event[0].envelope->within, "%s", why);
}

/* --- what is read ---------------------------------------------------------------------------------------------- */

Test(cloudevents_binary, headers_of_kafka_are_the_attributes)
{
    DECODED d = decode_owned(kafka_with(LIST(WHOLE, "ce_subject", "s\xC3\xBC", "ce_time", "2024-05-02T00:00:00Z",
                                             "content-type", "application/json", "ce_dataschema", "https://s",
                                             "ce_partitionkey", "p", "ce_n", "7", "trace", "t"),
                                        "{\"n\":9007199254740993}"));
    expect_event(d, "kafka");
    EXPECT_STR(leat_event_subject(&d->event[0]), "s\xC3\xBC");
    EXPECT_STR(leat_event_time(&d->event[0]), "2024-05-02T00:00:00Z");
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "application/json");
    EXPECT_STR(leat_event_data(&d->event[0]), "{\"n\":9007199254740993}");
    EXPECT_ATTRIBUTE(d, 0, "dataschema", "https://s");
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "p");
    EXPECT_ATTRIBUTE(d, 0, "n", "7");
    EXPECT_ATTRIBUTE(d, 0, "trace", NULL);
    EXPECT_ATTRIBUTE(d, 0, "sequence", NULL);
}

Test(cloudevents_binary, attributes_of_sqs_are_the_attributes)
{
    static const char *const spellings[][4] = {
        {"ce-specversion", "ce-id", "ce-source", "ce-type"},
        {"ce_specversion", "ce_id", "ce_source", "ce_type"},
        {"Ce-SpecVersion", "CE-ID", "cE_source", "ce-Type"},
    };
    for (size_t i = 0; i < 3; i++) {
        DECODED d = decode_owned(sqs_with(LIST(spellings[i][0], "1.0", spellings[i][1], "e1", spellings[i][2], "/shop",
                                               spellings[i][3], "com.example.order", "Content-Type", "text/csv"),
                                          "a;b"));
        expect_event(d, "sqs");
        EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "text/csv");
        EXPECT_STR(leat_event_data(&d->event[0]), "a;b");
        EXPECT_STR(leat_event_subject(&d->event[0]), NULL);
        EXPECT_STR(leat_event_time(&d->event[0]), NULL);
        EXPECT_ATTRIBUTE(d, 0, "awsregion", NULL);
        EXPECT_ATTRIBUTE(d, 0, "traceparent", NULL);
    }
}

Test(cloudevents_binary, carrier_keeps_its_view_and_its_unit)
{
    DECODED kafka = decode_owned(kafka_with(LIST(WHOLE), "x"));
    cr_assert_not_null(leat_kafka(&kafka->event[0]));
    EXPECT_STR(leat_kafka(&kafka->event[0])->offset, "4711");
    cr_expect_eq(leat_kafka(&kafka->event[0])->header_count, 4);
    EXPECT_STR(kafka->records.items[0].id, "4711");
    EXPECT_STR(kafka->records.items[0].lane, "orders-0");
    DECODED sqs = decode_owned(sqs_with(LIST(WHOLE), "x"));
    cr_assert_not_null(leat_sqs(&sqs->event[0]));
    cr_expect_eq(leat_sqs(&sqs->event[0])->attribute_count, 4);
    cr_expect(leat_str_eq(leat_sqs(&sqs->event[0])->message_id, sqs->records.items[0].id));
    cr_expect(leat_str_starts(leat_event_raw(&sqs->event[0]), LEAT_STR("{\"messageId\":")));
}

Test(cloudevents_binary, type_of_the_data_is_guessed_where_none_is_told)
{
    DECODED json = decode_owned(kafka_with(LIST(WHOLE), "{\"a\":1}"));
    EXPECT_STR(leat_event_datacontenttype(&json->event[0]), "application/json");
    DECODED text = decode_owned(sqs_with(LIST(WHOLE, "content-type", ""), "hello"));
    EXPECT_STR(leat_event_datacontenttype(&text->event[0]), "text/plain");
    DECODED named = decode_owned(kafka_with(LIST(WHOLE, "ce_datacontenttype", "text/csv"), "a;b"));
    EXPECT_STR(leat_event_datacontenttype(&named->event[0]), "text/csv");
}

Test(cloudevents_binary, tombstone_with_headers_is_an_event_without_data)
{
    char *payload = kafka_with(LIST(WHOLE), "x");
    DECODED d = decode_changed(payload, "/records/orders-0/0/value", "null");
    expect_event(d, "kafka");
    EXPECT_STR(leat_event_data(&d->event[0]), NULL);
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), NULL);
    free(payload);
}

/* --- what is passed over --------------------------------------------------------------------------------------- */

Test(cloudevents_binary, incomplete_event_is_the_carriers)
{
    static const char *const needed[] = {"ce_specversion", "ce_id", "ce_source", "ce_type"};
    static const char *const values[] = {"1.0", "e1", "/shop", "t"};
    for (size_t without = 0; without < 4; without++)
        for (int empty = 0; empty < 2; empty++) {
            const char *pairs[9] = {NULL};
            size_t count = 0;
            for (size_t i = 0; i < 4; i++) {
                if (i == without && empty == 0)
                    continue;
                pairs[count++] = needed[i];
                pairs[count++] = i == without ? "" : values[i];
            }
            DECODED kafka = decode_owned(kafka_with(pairs, "x"));
            expect_carrier(kafka, "kafka", needed[without]);
            EXPECT_STR(leat_event_id(&kafka->event[0]), "orders-0-4711");
            DECODED sqs = decode_owned(sqs_with(pairs, "x"));
            expect_carrier(sqs, "sqs", needed[without]);
            EXPECT_STR(leat_event_type(&sqs->event[0]), "com.amazonaws.sqs.message");
        }
    DECODED old = decode_owned(
        kafka_with(LIST("ce_specversion", "0.3", "ce_id", "e1", "ce_source", "/shop", "ce_type", "t"), "x"));
    expect_carrier(old, "kafka", "version 0.3");
}

Test(cloudevents_binary, other_headers_are_no_attributes)
{
    static const char *const names[] = {"ce", "ce_", "ce.id", "cee_id", "xce_id", "id", "c_e", ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        DECODED d = decode_owned(
            kafka_with(LIST("ce_specversion", "1.0", names[i], "e1", "ce_source", "/shop", "ce_type", "t"), "x"));
        expect_carrier(d, "kafka", names[i]);
    }
    DECODED bad = decode_owned(kafka_with(LIST(WHOLE, "ce_with-dash", "1", "ce_data", "2", "ce_UPPER", "3"), "x"));
    expect_event(bad, "kafka");
    EXPECT_ATTRIBUTE(bad, 0, "with-dash", NULL);
    EXPECT_ATTRIBUTE(bad, 0, "data", NULL);
    EXPECT_ATTRIBUTE(bad, 0, "upper", "3");
}

Test(cloudevents_binary, of_a_name_given_twice_the_first_counts)
{
    DECODED d = decode_owned(kafka_with(LIST(WHOLE, "ce_id", "e2", "ce_ext", "a", "CE-EXT", "b"), "x"));
    expect_event(d, "kafka");
    EXPECT_ATTRIBUTE(d, 0, "ext", "a");
}

Test(cloudevents_binary, values_that_no_attribute_can_have)
{
    DECODED d = decode_owned(kafka_with(LIST(WHOLE, "ce_a", "x\ny", "ce_b", "\xFF", "ce_time", "noon"), "x"));
    expect_event(d, "kafka");
    EXPECT_ATTRIBUTE(d, 0, "a", "x%0Ay");
    EXPECT_ATTRIBUTE(d, 0, "b", "%FF");
    EXPECT_STR(leat_event_time(&d->event[0]), NULL);
    char *whole = kafka_with(LIST(WHOLE), "x");
    DECODED null = decode_changed(whole, "/records/orders-0/0/headers/1", "{\"ce_id\":null}");
    expect_carrier(null, "kafka", "a header without a value");
    DECODED text = decode_changed(whole, "/records/orders-0/0/headers/1", "{\"ce_id\":\"ZTE=\"}");
    expect_event(text, "kafka");
    free(whole);
}

Test(cloudevents_binary, attributes_of_type_binary_are_none)
{
    char *whole = sqs_with(LIST(WHOLE), "x");
    DECODED d = decode_changed(whole, "/Records/0/messageAttributes/ce_id",
                               "{\"dataType\":\"Binary\",\"binaryValue\":\"ZTE=\"}");
    expect_carrier(d, "sqs", "binary");
    free(whole);
}

/* A body that is a notification or an event itself says more than its headers. */
Test(cloudevents_binary, body_in_structured_mode_goes_first)
{
    DECODED d = decode_owned(
        sqs_with(LIST(WHOLE), "{\"specversion\":\"1.0\",\"id\":\"inner\",\"source\":\"/i\",\"type\":\"t\"}"));
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_id(&d->event[0]), "inner");
}

Test(cloudevents_binary, payloads_survive_encode)
{
    char *kafka = kafka_with(LIST(WHOLE, "ce_ext", "\xC3\xBC", "content-type", "application/json"), "[1.50]");
    char *sqs = sqs_with(LIST(WHOLE, "ce-ext", "x\ny"), "[1.50]");
    expect_survives_encode(leat_str_c(kafka), "kafka");
    expect_survives_encode(leat_str_c(sqs), "sqs");
    free(kafka), free(sqs);
}
