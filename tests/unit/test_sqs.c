/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

#define FIFO "arn:aws:sqs:eu-west-1:123456789012:orders.fifo"

/* A batch of `count` messages; `body`, `group` and `attributes` are what differs. */
#define MESSAGE(id, queue, attributes, body)                                                              \
    "{\"messageId\":\"" id "\",\"body\":" body ",\"attributes\":" attributes ",\"messageAttributes\":{}," \
    "\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"" queue "\",\"awsRegion\":\"eu-west-1\"}"
#define GROUP(group)                                                                                   \
    "{\"MessageGroupId\":\"" group "\",\"SequenceNumber\":\"18849496460467696128\",\"SentTimestamp\":" \
    "\"1714675904123\"}"

TestSuite(sqs);

Test(sqs, sample_becomes_one_event_a_message)
{
    DECODED d = decode(sample_of("sqs"));
    cr_assert(leat_is_ok(d->status));
    cr_assert_str_eq(d->records.adapter->name, "sqs");
    cr_assert_eq(d->records.count, 2);
    cr_assert_eq(d->events.count, 2);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "6f1c2b0a-8f3d-4a57-9d0e-3b6a5c7d1e42");
    cr_expect_eq(d->records.items[0].attempts, 1);
    cr_expect_eq(d->records.items[1].attempts, 2);
    EXPECT_STR(d->records.items[0].lane, NULL);
    EXPECT_STR(leat_event_kind(event), "sqs");
    EXPECT_STR(leat_event_id(event), "6f1c2b0a-8f3d-4a57-9d0e-3b6a5c7d1e42");
    EXPECT_STR(leat_event_source(event), "arn:aws:sqs:eu-west-1:123456789012:orders");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.sqs.message");
    EXPECT_STR(leat_event_subject(event), NULL);
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_ATTRIBUTE(d, 0, "awsregion", "eu-west-1");
    EXPECT_ATTRIBUTE(d, 0, "traceparent", "00-6633e0c04f2a9b7c1d5e8f3a6b9c0d1e-7a1b2c3d4e5f6071-01");
    EXPECT_ATTRIBUTE(d, 0, "awstraceheader", NULL);
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order_id"), "A-1001");
    EXPECT_STR(leat_event_id(&d->event[1]), "c2d94e71-05b8-4f6e-a1c3-9e8d7b6a5f40");
}

Test(sqs, view_has_message_attributes_in_their_order)
{
    DECODED d = decode(sample_of("sqs"));
    const struct leat_sqs *sqs = leat_sqs(&d->event[0]);
    cr_assert_not_null(sqs);
    cr_expect_eq(sqs->receive_count, 1);
    cr_expect_eq(sqs->sent_ms, 1714675904123);
    EXPECT_STR(sqs->group, NULL);
    cr_assert_eq(sqs->attribute_count, 2);
    EXPECT_STR(sqs->attributes[0].name, "channel");
    EXPECT_STR(sqs->attributes[0].value, "web");
    EXPECT_STR(sqs->attributes[1].type, "Number.int");
    EXPECT_STR(sqs->attributes[1].value, "3");
    cr_expect_not_null(leat_sqs(&d->event[1])->attributes, "an empty object is not absent");
    cr_expect_eq(leat_sqs(&d->event[1])->attribute_count, 0);
    cr_expect_null(leat_s3(&d->event[0]));
}

Test(sqs, binary_attribute_stays_base64)
{
    DECODED d = decode_changed(sample_of("sqs"), "/Records/0/messageAttributes",
                               "{\"b\":{\"dataType\":\"Binary\",\"binaryValue\":\"AAEC\",\"stringValue\":null}}");
    const struct leat_sqs *sqs = leat_sqs(&d->event[0]);
    EXPECT_STR(sqs->attributes[0].value, "AAEC");
    EXPECT_STR(sqs->attributes[0].type, "Binary");
}

Test(sqs, sparse_message_is_whole)
{
    DECODED d = decode("{\"Records\":[{\"messageId\":\"m\",\"body\":\"\",\"eventSource\":\"aws:sqs\"}]}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_source(&d->event[0]), "aws:sqs");
    EXPECT_STR(leat_event_data(&d->event[0]), "");
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "text/plain");
    EXPECT_STR(leat_event_time(&d->event[0]), NULL);
    const struct leat_sqs *sqs = leat_sqs(&d->event[0]);
    cr_expect_null(sqs->attributes);
    cr_expect_eq(sqs->receive_count, -1);
    cr_expect_eq(sqs->sent_ms, -1);
    cr_expect_eq(d->records.items[0].attempts, 0);
}

Test(sqs, null_counts_as_missing)
{
    static const char *const pointers[] = {"/Records/0/attributes",     "/Records/0/messageAttributes",
                                           "/Records/0/eventSourceARN", "/Records/0/awsRegion",
                                           "/Records/0/md5OfBody",      "/Records/0/attributes/SentTimestamp"};
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        DECODED d = decode_changed(sample_of("sqs"), pointers[i], "null");
        cr_expect_eq(d->events.count, 2, "%s", pointers[i]);
    }
}

Test(sqs, group_of_a_fifo_queue_is_lane_and_subject)
{
    DECODED d = decode("{\"Records\":[" MESSAGE("a", FIFO, GROUP("g1"), "\"1\"") "," MESSAGE(
        "b", FIFO, GROUP("g2"), "\"2\"") "," MESSAGE("c", FIFO, GROUP("g1"), "\"3\"") "]}");
    cr_assert_eq(d->events.count, 3);
    EXPECT_STR(d->records.items[0].lane, "g1");
    EXPECT_STR(d->records.items[1].lane, "g2");
    EXPECT_STR(d->records.items[2].lane, "g1");
    EXPECT_STR(leat_event_subject(&d->event[1]), "g2");
    EXPECT_ATTRIBUTE(d, 1, "partitionkey", "g2");
    EXPECT_ATTRIBUTE(d, 1, "sequence", "0000000000000000000018849496460467696128");
    EXPECT_STR(leat_sqs(&d->event[1])->group, "g2");
}

Test(sqs, group_of_a_fair_queue_is_no_lane)
{
    DECODED d =
        decode("{\"Records\":[" MESSAGE("a", "arn:aws:sqs:eu-west-1:1:orders", GROUP("tenant-7"), "\"1\"") "]}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(d->records.items[0].lane, NULL);
    EXPECT_STR(leat_event_subject(&d->event[0]), NULL);
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "tenant-7");
}

/* aws-lambda-go 445: the console's template has "{{{md5_of_body}}}". */
Test(sqs, bug_26_md5_is_never_verified)
{
    static const char *const digests[] = {"\"{{{md5_of_body}}}\"", "\"0\"", "17", "null"};
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        DECODED d = decode_changed(sample_of("sqs"), "/Records/0/md5OfBody", digests[i]);
        cr_expect_eq(d->events.count, 2, "%s", digests[i]);
    }
}

/* aws-lambda-rust-runtime 710: what the SDK returns is no Lambda payload. */
Test(sqs, bug_27_shape_of_the_sqs_api_is_unknown)
{
    DECODED d = decode("{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"b\"}]}");
    cr_assert(leat_is_ok(d->status));
    cr_expect_str_eq(d->records.adapter->name, "unknown");
    cr_expect_eq(d->events.count, 1);
}

/* powertools-lambda-python 2091: a record that cannot be read must still be reported, by its id. */
Test(sqs, bug_20_poison_record_keeps_its_id)
{
    DECODED d = decode_changed(sample_of("sqs"), "/Records/1/body", "{\"not\":\"text\"}");
    cr_assert(leat_is_ok(d->status));
    cr_assert_eq(d->records.count, 2);
    EXPECT_STR(d->records.items[1].id, "c2d94e71-05b8-4f6e-a1c3-9e8d7b6a5f40");
    cr_expect_str_eq(d->reason[1], "body is an object (SQS bodies are text)");
    cr_expect_eq(d->events.count, 1, "the other one is whole");
}

Test(sqs, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/Records/0/body", "5", "body is a number (SQS bodies are text)"},
        {"/Records/0/body", NULL, "body is missing (SQS bodies are text)"},
        {"/Records/0/body", "null", "body is null (SQS bodies are text)"},
        {"/Records/0/body", "[1]", "body is an array (SQS bodies are text)"},
        {"/Records/0/attributes", "\"x\"", "attributes is text (want an object)"},
        {"/Records/0/attributes", "[]", "attributes is an array (want an object)"},
        {"/Records/0/attributes/SentTimestamp", "1714675904123", "attributes.SentTimestamp is a number (want text)"},
        {"/Records/0/attributes/ApproximateReceiveCount", "1",
         "attributes.ApproximateReceiveCount is a number (want text)"},
        {"/Records/0/attributes/MessageGroupId", "true", "attributes.MessageGroupId is a boolean (want text)"},
        {"/Records/0/attributes/AWSTraceHeader", "{}", "attributes.AWSTraceHeader is an object (want text)"},
        {"/Records/0/attributes/SequenceNumber", "7", "attributes.SequenceNumber is a number (want text)"},
        {"/Records/0/messageAttributes", "5", "messageAttributes is a number (want an object)"},
        {"/Records/0/messageAttributes/channel", "\"web\"", "messageAttributes.channel is text (want an object)"},
        {"/Records/0/messageAttributes/channel/stringValue", "5",
         "messageAttributes.channel.stringValue is a number (want text)"},
        {"/Records/0/messageAttributes/channel/binaryValue", "[]",
         "messageAttributes.channel.binaryValue is an array (want text)"},
        {"/Records/0/messageAttributes/channel/dataType", "5",
         "messageAttributes.channel.dataType is a number (want text)"},
        {"/Records/0/eventSourceARN", "5", "eventSourceARN is a number (want text)"},
        {"/Records/0/awsRegion", "false", "awsRegion is a boolean (want text)"},
    };
    EXPECT_BROKEN(sample_of("sqs"), 0, cases);
}

Test(sqs, message_without_usable_id_breaks_the_payload)
{
    static const struct wrong_type cases[] = {
        {"/Records/1/messageId", NULL, "Records[1].messageId is missing, so a failure of it could not be reported"},
        {"/Records/1/messageId", "17", "Records[1].messageId is a number, so a failure of it could not be reported"},
        {"/Records/1/messageId", "\"\"", "Records[1].messageId is empty, so a failure of it could not be reported"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of("sqs"), cases[i].pointer, cases[i].value);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
        cr_expect_str_eq(d->error.message, cases[i].reason);
    }
}

Test(sqs, odd_numbers_in_attributes_break_nothing)
{
    DECODED d = decode("{\"Records\":[" MESSAGE("a", FIFO,
                                                "{\"SentTimestamp\":\"yesterday\",\"ApproximateReceiveCount\":"
                                                "\"99999999999\",\"SequenceNumber\":\"x\",\"MessageGroupId\":\"\"}",
                                                "\"1\"") "]}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_time(&d->event[0]), NULL);
    EXPECT_STR(d->records.items[0].lane, NULL);
    cr_expect_eq(d->records.items[0].attempts, 0);
    EXPECT_ATTRIBUTE(d, 0, "sequence", NULL);
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", NULL);
}

Test(sqs, body_is_exact_and_its_type_is_guessed)
{
    static const struct {
        const char *body, *bytes, *type;
    } cases[] = {
        {"\"plain\\r\\n\\ttext\"", "plain\r\n\ttext", "text/plain"},
        {"\"[1,2]\"", "[1,2]", "application/json"},
        {"\" {\\\"n\\\":9007199254740993} \"", " {\"n\":9007199254740993} ", "application/json"},
        {"\"5\"", "5", "text/plain"},
        {"\"{broken\"", "{broken", "text/plain"},
        {"\"\\u00e4\\ud83d\\ude00\"", "\xC3\xA4\xF0\x9F\x98\x80", "text/plain"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of("sqs"), "/Records/0/body", cases[i].body);
        cr_assert_eq(d->events.count, 2);
        EXPECT_STR(leat_event_data(&d->event[0]), cases[i].bytes);
        EXPECT_STR(leat_event_datacontenttype(&d->event[0]), cases[i].type);
    }
}

Test(sqs, trace_header_becomes_a_traceparent_only_if_it_has_that_form)
{
    static const struct {
        const char *header, *traceparent;
    } cases[] = {
        {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
         "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"},
        {"Sampled=0; Parent=53995C3F42CD8AD8 ;Root=1-5759E988-BD862E3FE1BE46A994272793;Lineage=a87bd80c:1|68fd508a:5",
         "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"},
        {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
         "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"},
        {"Root=1-5759e988-bd862e3fe1be46a994272793", NULL},
        {"Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8", NULL},
        {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=0000000000000000", NULL},
        {"Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8", NULL},
        {"Root=1-5759e98-bd862e3fe1be46a9942727930;Parent=53995c3f42cd8ad8", NULL},
        {"Root=1-5759e988-bd862e3fe1be46a99427279g;Parent=53995c3f42cd8ad8", NULL},
        {"Root=;Parent=;Sampled=", NULL},
        {";;=;", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char json[256];
        snprintf(json, sizeof(json), "\"%s\"", cases[i].header);
        DECODED d = decode_changed(sample_of("sqs"), "/Records/0/attributes/AWSTraceHeader", json);
        cr_assert_eq(d->events.count, 2);
        EXPECT_ATTRIBUTE(d, 0, "traceparent", cases[i].traceparent);
        EXPECT_ATTRIBUTE(d, 0, "awstraceheader", cases[i].traceparent == NULL ? cases[i].header : NULL);
    }
}

/* No state of one invocation may reach the next (powertools-lambda-typescript 3673), so: twice the same. */
Test(sqs, same_payload_gives_the_same_events)
{
    DECODED a = decode(sample_of("sqs"));
    DECODED b = decode(sample_of("sqs"));
    for (uint32_t i = 0; i < 2; i++)
        cr_expect(leat_str_eq(canonical(a, i), canonical(b, i)));
}

Test(sqs, sample_survives_encode)
{
    expect_survives_encode(leat_str_c(sample_of("sqs")), "sample");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "sqs", "%s", path);
    cr_expect_geq(d->events.count, d->records.count, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(sqs, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("sqs", check_shared);
}
