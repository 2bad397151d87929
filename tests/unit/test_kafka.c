/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

TestSuite(kafka);

/* One record of topic "orders-eu", partition 3; `more` members. */
#define RECORD(offset, more) "{\"topic\":\"orders-eu\",\"partition\":3,\"offset\":" offset more "}"
#define WITH(more) "{\"eventSource\":\"aws:kafka\",\"records\":{\"orders-eu-3\":[" RECORD("15", more) "]}}"
#define TOMBSTONE 1 /* the second record of the sample */

static void expect_bytes(leat_str got, const char *want, size_t len, const char *what)
{
    cr_expect(leat_str_eq(got, leat_str_of(want, len)), "%s: %zu bytes", what, got.len);
}
#define EXPECT_BYTES(got, literal) expect_bytes(got, literal, sizeof(literal) - 1, #got)

Test(kafka, sample_becomes_one_event_a_record)
{
    DECODED d = decode(sample_of("kafka"));
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_assert_eq(d->events.count, 2);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "4711");
    EXPECT_STR(d->records.items[0].partition, "orders-0");
    EXPECT_STR(d->records.items[0].lane, "orders-0");
    cr_expect_eq(d->records.items[0].attempts, 0);
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_CHECKPOINT);
    EXPECT_STR(leat_event_kind(event), "kafka");
    EXPECT_STR(leat_event_id(event), "orders-0-4711");
    EXPECT_STR(leat_event_source(event),
               "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/6f2a1c58-92b4-4e06-8f1d-6c5b4a392817-3");
    EXPECT_STR(leat_event_type(event), "org.apache.kafka.record");
    EXPECT_STR(leat_event_subject(event), "c-77");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_STR(leat_event_data(event), "{\"order_id\":\"o-1001\",\"total\":12.5}");
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order_id"), "o-1001");
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "c-77");
    EXPECT_ATTRIBUTE(d, 0, "sequence", "0000000000000000000000000000000000004711");
    EXPECT_ATTRIBUTE(d, 0, "awsregion", NULL);
    EXPECT_STR(leat_event_id(&d->event[TOMBSTONE]), "orders-0-4712");
    EXPECT_STR(leat_event_time(&d->event[TOMBSTONE]), "2024-05-02T18:51:44.500Z");
}

Test(kafka, view_is_json)
{
    DECODED d = decode(sample_of("kafka"));
    EXPECT_STR(view_json(d, 0), "{\"topic\":\"orders\",\"partition\":0,\"offset\":\"4711\",\"key\":\"c-77\","
                                "\"headers\":[[\"trace\",\"a1b2\"],[\"caf\xC3\xA9\",\"\xC3\xBC\"]]}");
    EXPECT_STR(view_json(d, TOMBSTONE),
               "{\"topic\":\"orders\",\"partition\":0,\"offset\":\"4712\",\"key\":\"c-12\",\"headers\":[]}");
    cr_expect_null(leat_kinesis(&d->event[0]));
}

/* --- headers -------------------------------------------------------------------------------------------- */

/* aws-lambda-go 422 and 506, aws-lambda-rust-runtime 688, aws-lambda-dotnet 1476. */
Test(kafka, bug_1_header_bytes_may_be_signed)
{
    static const char *const spellings[] = {
        "[118,-36,0,127,-128]",
        "[118,220,0,127,128]",
        "[118.0,-36,0e0,127,1.28e2]",
        "\"dtwAf4A=\"",
    };
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        DECODED d =
            decode_changed(WITH(",\"headers\":[{\"h\":[]}]"), "/records/orders-eu-3/0/headers/0/h", spellings[i]);
        const struct leat_kafka *kafka = leat_kafka(&d->event[0]);
        cr_assert_not_null(kafka);
        cr_assert_eq(kafka->header_count, 1);
        EXPECT_BYTES(kafka->headers[0].value, "v\xDC\0\x7F\x80");
        EXPECT_STR(view_json(d, 0), "{\"topic\":\"orders-eu\",\"partition\":3,\"offset\":\"15\","
                                    "\"headers\":[[\"h\",{\"base64\":\"dtwAf4A=\"}]]}");
    }
}

/* aws-lambda-events 107, aws-lambda-go 349 and 390: samples of others have text where the service has bytes. */
Test(kafka, bug_15_headers_as_text_and_values_that_are_no_base64)
{
    DECODED d = decode(WITH(",\"headers\":[{\"a\":\"aGk=\"},{\"b\":\"not base64!\"},{\"c\":\"\"}],\"value\":\"so, hi\","
                            "\"key\":\"k-1\""));
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    const struct leat_kafka *kafka = leat_kafka(&d->event[0]);
    EXPECT_STR(kafka->headers[0].value, "hi");
    EXPECT_STR(kafka->headers[1].value, "not base64!");
    EXPECT_STR(kafka->headers[2].value, "");
    EXPECT_STR(kafka->key, "k-1");
    EXPECT_STR(leat_event_subject(&d->event[0]), "k-1");
    EXPECT_STR(leat_event_data(&d->event[0]), "so, hi");
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "text/plain");
}

Test(kafka, headers_keep_their_order_and_names_that_come_twice)
{
    DECODED d = decode(WITH(",\"headers\":[{\"b\":[49]},{\"a\":[50]},{\"b\":[51]},{\"B\":[]},{\"n\":null},{\"\":[52]},"
                            "{\"x\":[53],\"y\":[54]},{}]"));
    EXPECT_STR(view_json(d, 0), "{\"topic\":\"orders-eu\",\"partition\":3,\"offset\":\"15\",\"headers\":[[\"b\",\"1\"],"
                                "[\"a\",\"2\"],[\"b\",\"3\"],[\"B\",\"\"],[\"n\",null],[\"\",\"4\"],[\"x\",\"5\"],"
                                "[\"y\",\"6\"]]}");
    const struct leat_kafka *kafka = leat_kafka(&d->event[0]);
    EXPECT_STR(kafka->headers[3].value, "");
    EXPECT_STR(kafka->headers[4].value, NULL);
}

/* --- keys and values -------------------------------------------------------------------------------------- */

/* powertools-lambda-python 6508 and 6523, -typescript 4988 and 5016. */
Test(kafka, bug_14_key_and_value_may_be_null)
{
    static const struct {
        const char *more, *key, *data;
    } cases[] = {
        {"", NULL, NULL},
        {",\"key\":null,\"value\":null", NULL, NULL},
        {",\"key\":\"\",\"value\":\"\"", "", ""},
        {",\"key\":\"aw==\",\"value\":null", "k", NULL},
        {",\"value\":\"dg==\"", NULL, "v"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), WITH("%s"), cases[i].more);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s: %s", text, d->reason[0]);
        EXPECT_STR(leat_kafka(&d->event[0])->key, cases[i].key);
        EXPECT_STR(leat_event_data(&d->event[0]), cases[i].data);
        bool named = cases[i].key != NULL && cases[i].key[0] != '\0';
        EXPECT_STR(leat_event_subject(&d->event[0]), named ? cases[i].key : NULL);
        EXPECT_ATTRIBUTE(d, 0, "partitionkey", named ? cases[i].key : NULL);
    }
}

Test(kafka, tombstone_has_neither_data_nor_a_type_of_it)
{
    DECODED d = decode(sample_of("kafka"));
    EXPECT_STR(leat_event_data(&d->event[TOMBSTONE]), NULL);
    EXPECT_STR(leat_event_datacontenttype(&d->event[TOMBSTONE]), NULL);
    cr_expect_null(leat_event_json(&d->event[TOMBSTONE]));
    leat_str form = canonical(d, TOMBSTONE);
    cr_expect_null(leat_str_find(form, LEAT_STR("\"data")).ptr, "%.*s", LEAT_ARG(form));
    DECODED empty = decode(WITH(",\"value\":\"\""));
    cr_expect_not_null(leat_str_find(canonical(empty, 0), LEAT_STR("\"data\":\"\"")).ptr, "empty is not absent");
}

/* An attribute is text, a key any bytes: what no attribute can say goes there as base64, and whole into the view. */
Test(kafka, key_that_is_no_text_is_named_by_its_base64)
{
    static const struct {
        const char *base64, *view;
    } cases[] = {
        {"/wA=", "{\"base64\":\"/wA=\"}"}, /* no UTF-8 */
        {"YQBi", "\"a\\u0000b\""},
        {"YQpi", "\"a\\nb\""},
        {"woU=", "\"\xC2\x85\""}, /* C1 controls too */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256], view[256];
        snprintf(text, sizeof(text), WITH(",\"key\":\"%s\""), cases[i].base64);
        snprintf(view, sizeof(view), "{\"topic\":\"orders-eu\",\"partition\":3,\"offset\":\"15\",\"key\":%s}",
                 cases[i].view);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_event_subject(&d->event[0]), NULL);
        EXPECT_ATTRIBUTE(d, 0, "partitionkey", cases[i].base64);
        EXPECT_STR(view_json(d, 0), view);
    }
}

Test(kafka, value_is_its_bytes_and_its_type_is_guessed)
{
    static const struct {
        const char *base64, *bytes, *type;
    } cases[] = {
        {"eyJuIjo5MDA3MTk5MjU0NzQwOTkzfQ==", "{\"n\":9007199254740993}", "application/json"},
        {"aGVsbG8=", "hello", "text/plain"},
        {"//79", "\xFF\xFE\xFD", "application/octet-stream"},
        {"NQ", "5", "text/plain"}, /* without padding */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), WITH(",\"value\":\"%s\""), cases[i].base64);
        DECODED d = decode(text);
        EXPECT_STR(leat_event_data(&d->event[0]), cases[i].bytes);
        EXPECT_STR(leat_event_datacontenttype(&d->event[0]), cases[i].type);
    }
}

/* --- the rest of the event ------------------------------------------------------------------------------------ */

Test(kafka, source_is_the_cluster_else_its_first_server)
{
    static const struct {
        const char *members, *source;
    } cases[] = {
        {"\"eventSourceArn\":\"arn:x\",\"bootstrapServers\":\"b:1\"", "arn:x"},
        {"\"eventSourceArn\":\"\",\"bootstrapServers\":\" b1:9092 ,b2:9092\"", "kafka://b1:9092/orders-eu"},
        {"\"eventSourceArn\":null,\"bootstrapServers\":\"b1:9092\"", "kafka://b1:9092/orders-eu"},
        {"\"bootstrapServers\":null", "kafka:orders-eu"},
        {"\"bootstrapServers\":\"\"", "kafka:orders-eu"},
        {"\"eventSourceArn\":5,\"bootstrapServers\":[\"b1\"]", "kafka:orders-eu"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "{\"eventSource\":\"SelfManagedKafka\",%s,\"records\":{\"x\":[%s]}}",
                 cases[i].members, RECORD("1", ""));
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s", text);
        EXPECT_STR(leat_event_source(&d->event[0]), cases[i].source);
    }
}

Test(kafka, time_is_left_out_where_there_is_none)
{
    static const struct {
        const char *timestamp, *time;
    } cases[] = {
        {"1596480920837", "2020-08-03T18:55:20.837Z"},
        {"0", "1970-01-01T00:00:00Z"},
        {"-1", NULL},
        {"null", NULL},
        {"1e15", NULL},
        {"-1e300", NULL},
        {"1e999", NULL},
        {"1596480920837.9", "2020-08-03T18:55:20.837Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), WITH(",\"timestamp\":%s,\"timestampType\":\"LOG_APPEND_TIME\""),
                 cases[i].timestamp);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s", text);
        EXPECT_STR(leat_event_time(&d->event[0]), cases[i].time);
    }
    DECODED none = decode(WITH(""));
    EXPECT_STR(leat_event_time(&none->event[0]), NULL);
}

Test(kafka, null_counts_as_missing)
{
    static const char *const members[] = {"key", "value", "headers", "timestamp", "timestampType", "keySchemaMetadata"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char pointer[64];
        snprintf(pointer, sizeof(pointer), "/records/orders-0/0/%s", members[i]);
        DECODED null = decode_changed(sample_of("kafka"), pointer, "null");
        DECODED gone = decode_changed(sample_of("kafka"), pointer, NULL);
        cr_assert_eq(null->events.count, 2, "%s: %s", pointer, null->reason[0]);
        cr_expect(leat_str_eq(canonical(null, 0), canonical(gone, 0)), "%s", pointer);
    }
}

Test(kafka, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/records/orders-0/0/key", "5", "key is a number (want text)"},
        {"/records/orders-0/0/value", "{}", "value is an object (want text)"},
        {"/records/orders-0/0/timestamp", "\"1714675904123\"", "timestamp is text (want a number)"},
        {"/records/orders-0/0/timestamp", "false", "timestamp is a boolean (want a number)"},
        {"/records/orders-0/0/headers", "{}", "headers is an object (want an array)"},
        {"/records/orders-0/0/headers", "\"x\"", "headers is text (want an array)"},
        {"/records/orders-0/0/headers/0", "[1]", "headers holds an array (want objects)"},
        {"/records/orders-0/0/headers/1", "null", "headers holds null (want objects)"},
        {"/records/orders-0/0/headers/0/trace", "5", "headers: trace is a number (want a list of bytes)"},
        {"/records/orders-0/0/headers/0/trace", "{}", "headers: trace is an object (want a list of bytes)"},
        {"/records/orders-0/0/headers/0/trace/3", "256",
         "headers: trace is a list of something else (want a list of bytes)"},
        {"/records/orders-0/0/headers/0/trace/0", "-129",
         "headers: trace is a list of something else (want a list of bytes)"},
        {"/records/orders-0/0/headers/0/trace/0", "\"a\"",
         "headers: trace is a list of something else (want a list of bytes)"},
        {"/records/orders-0/0/headers/0/trace/0", "null",
         "headers: trace is a list of something else (want a list of bytes)"},
    };
    EXPECT_BROKEN(sample_of("kafka"), 0, cases);
}

Test(kafka, broken_record_keeps_its_name)
{
    DECODED d = decode_changed(sample_of("kafka"), "/records/orders-0/0/headers", "5");
    EXPECT_STR(d->records.items[0].id, "4711");
    EXPECT_STR(d->records.items[0].partition, "orders-0");
    cr_expect_eq(d->events.count, 1, "the other one is whole");
}

Test(kafka, sample_survives_encode)
{
    expect_survives_encode(leat_str_c(sample_of("kafka")), "sample");
    expect_survives_encode(LEAT_STR("{\"records\":{\"a-0\":[],\"b\":[" RECORD("1", ",\"new\":1e400") "],\"c\":[" RECORD(
                               "9007199254740993", "") "]},\"eventSource\":\"aws:kafka\",\"more\":[1.50]}"),
                           "lists");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "kafka", "%s", path);
    cr_expect_geq(d->events.count, d->records.count, "%s: %s", path, d->reason[0]);
    for (uint32_t i = 0; i < d->events.count; i++)
        cr_expect_not_null(leat_kafka(&d->event[i]), "%s", path);
    expect_survives_encode(text, path);
}

Test(kafka, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("kafka", check_shared);
}
