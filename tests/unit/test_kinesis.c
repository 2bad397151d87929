/* SPDX-License-Identifier: Apache-2.0 */
#include "compressed.h"
#include "decoding.h"

TestSuite(kinesis);

#define STREAM "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
#define FIRST "49652817740231098765432109876543210987654321098765432101"

/* One record whose `kinesis` member is that. */
#define KINESIS(members) \
    "{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"eventID\":\"s:1\",\"kinesis\":{" members "}}]}"
#define SPARSE "\"sequenceNumber\":\"1\",\"data\":\"\""

Test(kinesis, sample_becomes_one_event_a_record)
{
    DECODED d = decode(sample_of("kinesis"));
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_assert_eq(d->events.count, 2);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, FIRST);
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_CHECKPOINT);
    EXPECT_STR(leat_event_kind(event), "kinesis");
    EXPECT_STR(leat_event_id(event), "shardId-000000000002:" FIRST);
    EXPECT_STR(leat_event_source(event), STREAM);
    EXPECT_STR(leat_event_type(event), "com.amazonaws.kinesis.record");
    EXPECT_STR(leat_event_subject(event), "c-77");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_STR(leat_event_data(event), "{\"order_id\":\"o-1001\",\"total\":12.5}");
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "c-77");
    EXPECT_ATTRIBUTE(d, 0, "sequence", "00000000" FIRST);
    EXPECT_ATTRIBUTE(d, 0, "awsregion", "eu-west-1");
    EXPECT_STR(leat_event_data(&d->event[1]), "heartbeat");
    EXPECT_STR(leat_event_datacontenttype(&d->event[1]), "text/plain");
    EXPECT_STR(leat_event_time(&d->event[1]), "2024-05-02T18:51:44.500Z");
}

Test(kinesis, batch_is_one_lane)
{
    DECODED d = decode(sample_of("kinesis"));
    for (uint32_t i = 0; i < d->records.count; i++) {
        EXPECT_STR(d->records.items[i].lane, "shard");
        EXPECT_STR(d->records.items[i].partition, NULL);
    }
}

Test(kinesis, view_is_json)
{
    DECODED d = decode(sample_of("kinesis"));
    EXPECT_STR(view_json(d, 0), "{\"partition_key\":\"c-77\",\"sequence\":\"" FIRST "\",\"arrival_ms\":1714675904123}");
    cr_expect_null(leat_kafka(&d->event[0]));
    DECODED sparse = decode(KINESIS(SPARSE));
    EXPECT_STR(view_json(sparse, 0), "{\"sequence\":\"1\"}");
    cr_expect_eq(leat_kinesis(&sparse->event[0])->arrival_ms, -1);
}

/* aws-lambda-rust-runtime 66, localstack 7372: with a fraction and without. */
Test(kinesis, bug_5_arrival_is_a_whole_number_or_has_a_fraction)
{
    static const struct {
        const char *arrival, *time;
        int64_t ms;
    } cases[] = {
        {"1546079388.123", "2018-12-29T10:29:48.123Z", 1546079388123},
        {"1546079388", "2018-12-29T10:29:48Z", 1546079388000},
        {"1546079388.0", "2018-12-29T10:29:48Z", 1546079388000},
        {"1.546079388123E9", "2018-12-29T10:29:48.123Z", 1546079388123},
        {"1480641523.477", "2016-12-02T01:18:43.477Z", 1480641523477},
        {"0", "1970-01-01T00:00:00Z", 0},
        {"null", NULL, -1},
        {"-1", NULL, -1},
        {"1e300", NULL, -1},
        {"1e999", NULL, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), KINESIS(SPARSE ",\"approximateArrivalTimestamp\":%s"), cases[i].arrival);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s: %s", text, d->reason[0]);
        EXPECT_STR(leat_event_time(&d->event[0]), cases[i].time);
        cr_expect_eq(leat_kinesis(&d->event[0])->arrival_ms, cases[i].ms, "%s", cases[i].arrival);
    }
}

Test(kinesis, sequence_is_padded_so_that_those_of_a_stream_sort_as_text)
{
    static const char *const numbers[][2] = {
        {"9", "0000000000000000000000000000000000000009"},
        {FIRST, "00000000" FIRST},
        {"123456789012345678901234567890123456789012345678901234567890123456",
         "123456789012345678901234567890123456789012345678901234567890123456"},
        {"shard-1", NULL},
    };
    for (size_t i = 0; i < 4; i++) {
        char text[256];
        snprintf(text, sizeof(text), KINESIS("\"sequenceNumber\":\"%s\",\"data\":\"\""), numbers[i][0]);
        DECODED d = decode(text);
        EXPECT_STR(d->records.items[0].id, numbers[i][0]);
        EXPECT_STR(leat_kinesis(&d->event[0])->sequence, numbers[i][0]);
        EXPECT_ATTRIBUTE(d, 0, "sequence", numbers[i][1]);
    }
}

Test(kinesis, data_is_any_bytes)
{
    static const struct {
        const char *data, *bytes, *type;
    } cases[] = {
        {"", "", "text/plain"},
        {"aGVsbG8=", "hello", "text/plain"},
        {"aGVsbG8", "hello", "text/plain"},
        {"WzEuNTBd", "[1.50]", "application/json"},
        {"//79", "\xFF\xFE\xFD", "application/octet-stream"},
        {"eyBub3QganNvbg==", "{ not json", "text/plain"},
        {"not base64!", "not base64!", "text/plain"},
        {"{\\\"plain\\\":1}", "{\"plain\":1}", "application/json"}, /* emulators send it as it is */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), KINESIS("\"sequenceNumber\":\"1\",\"data\":\"%s\""), cases[i].data);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s: %s", text, d->reason[0]);
        EXPECT_STR(leat_event_kind(&d->event[0]), "kinesis");
        EXPECT_STR(leat_event_data(&d->event[0]), cases[i].bytes);
        EXPECT_STR(leat_event_datacontenttype(&d->event[0]), cases[i].type);
    }
}

Test(kinesis, sparse_record_is_whole)
{
    DECODED d = decode("{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{" SPARSE "}}]}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_source(&d->event[0]), "aws:kinesis");
    EXPECT_STR(leat_event_subject(&d->event[0]), NULL);
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", NULL);
    cr_expect_eq(leat_event_id(&d->event[0]).len, 32, "a digest");
    DECODED other = decode("{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":"
                           "{\"sequenceNumber\":\"2\",\"data\":\"\"}}]}");
    cr_expect_not(leat_str_eq(leat_event_id(&d->event[0]), leat_event_id(&other->event[0])));
}

Test(kinesis, null_and_empty_count_as_missing)
{
    static const char *const pointers[] = {
        "/Records/0/eventID",
        "/Records/0/eventSourceARN",
        "/Records/0/awsRegion",
        "/Records/0/eventVersion",
        "/Records/0/invokeIdentityArn",
        "/Records/0/kinesis/partitionKey",
        "/Records/0/kinesis/kinesisSchemaVersion",
        "/Records/0/kinesis/encryptionType",
    };
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        DECODED gone = decode_changed(sample_of("kinesis"), pointers[i], NULL);
        DECODED null = decode_changed(sample_of("kinesis"), pointers[i], "null");
        DECODED empty = decode_changed(sample_of("kinesis"), pointers[i], "\"\"");
        cr_assert(gone->events.count == 2 && null->events.count == 2 && empty->events.count == 2, "%s", pointers[i]);
        const leat_event *events[] = {&null->event[0], &empty->event[0]};
        for (size_t e = 0; e < 2; e++) {
            cr_expect(leat_str_eq(leat_event_source(events[e]), leat_event_source(&gone->event[0])), "%s", pointers[i]);
            cr_expect(leat_str_eq(leat_event_subject(events[e]), leat_event_subject(&gone->event[0])), "%s",
                      pointers[i]);
            cr_expect_gt(leat_event_id(events[e]).len, 0);
        }
    }
}

Test(kinesis, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/Records/1/eventID", "1", "eventID is a number (want text)"},
        {"/Records/1/eventSourceARN", "[]", "eventSourceARN is an array (want text)"},
        {"/Records/1/awsRegion", "{}", "awsRegion is an object (want text)"},
        {"/Records/1/kinesis/partitionKey", "5", "kinesis.partitionKey is a number (want text)"},
        {"/Records/1/kinesis/data", "{\"a\":1}", "kinesis.data is an object (want text)"},
        {"/Records/1/kinesis/data", "null", "kinesis.data is missing"},
        {"/Records/1/kinesis/data", NULL, "kinesis.data is missing"},
        {"/Records/1/kinesis/approximateArrivalTimestamp", "\"1714675904.5\"",
         "kinesis.approximateArrivalTimestamp is text (want a number)"},
        {"/Records/1/kinesis/approximateArrivalTimestamp", "true",
         "kinesis.approximateArrivalTimestamp is a boolean (want a number)"},
    };
    EXPECT_BROKEN(sample_of("kinesis"), 1, cases);
}

Test(kinesis, record_without_sequence_number_breaks_the_payload)
{
    static const struct wrong_type cases[] = {
        {"/Records/1/kinesis/sequenceNumber", NULL, "missing"},
        {"/Records/1/kinesis/sequenceNumber", "1", "a number"},
        {"/Records/1/kinesis/sequenceNumber", "null", "null"},
        {"/Records/1/kinesis/sequenceNumber", "\"\"", "empty"},
        {"/Records/1/kinesis", NULL, "missing"},
        {"/Records/1/kinesis", "[]", "missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[160];
        snprintf(want, sizeof(want),
                 "Records[1].kinesis.sequenceNumber is %s, so a failure of it could not be reported", cases[i].reason);
        DECODED d = decode_changed(sample_of("kinesis"), cases[i].pointer, cases[i].value);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
        cr_expect_str_eq(d->error.message, want, "%s", d->error.message);
    }
}

/* --- notifications inside -------------------------------------------------------------------------------- */

static struct leat_arena arena; /* one process a test */

static struct decoded *decode_gzip(const char *inner)
{
    return decode_owned(in_kinesis(compressed(&arena, leat_str_c(inner), AS_GZIP)));
}

#define LOGS(events)                                                                              \
    "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logGroup\":\"/shop/orders\"," \
    "\"logStream\":\"i-1\",\"subscriptionFilters\":[\"f\"],\"logEvents\":[" events "]}"
#define LOG(id) "{\"id\":\"" id "\",\"timestamp\":1714675904123,\"message\":\"line " id "\"}"

Test(kinesis, compressed_log_events_become_events_of_their_own)
{
    DECODED d = decode_gzip(LOGS(LOG("e1") "," LOG("e2")));
    cr_assert_eq(d->events.count, 2, "%s", d->reason[0]);
    EXPECT_STR(leat_event_kind(&d->event[1]), "cloudwatch-logs");
    EXPECT_STR(leat_event_id(&d->event[1]), "e2");
    EXPECT_STR(leat_event_source(&d->event[1]), "/shop/orders/i-1");
    EXPECT_STR(leat_event_data(&d->event[1]), "line e2");
    EXPECT_STR(leat_event_time(&d->event[1]), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(d->records.items[0].id, FIRST);
    cr_expect_null(leat_kinesis(&d->event[1]));
    cr_expect(leat_str_starts(leat_event_raw(&d->event[1]), LEAT_STR("{\"kinesis\":")), "raw is the outermost record");
    DECODED control =
        decode_gzip("{\"messageType\":\"CONTROL_MESSAGE\",\"logGroup\":\"\",\"logEvents\":[" LOG("c") "]}");
    cr_expect_eq(control->events.count, 0);
    cr_expect_str_eq(control->reason[0], "", "it is no failure");
}

Test(kinesis, log_events_may_also_come_uncompressed)
{
    DECODED d = decode_owned(in_kinesis(LEAT_STR(LOGS(LOG("e1")))));
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_kind(&d->event[0]), "cloudwatch-logs");
}

/* What users compress themselves stays as they sent it. */
Test(kinesis, other_compressed_bytes_are_left_alone)
{
    static const char *const inner[] = {"hello", "{\"a\":1}", "{ not json",
                                        "",      "[1,2]",     "{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"g\"}"};
    for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
        leat_str bytes = compressed(&arena, leat_str_c(inner[i]), AS_GZIP);
        DECODED d = decode_owned(in_kinesis(bytes));
        cr_assert_eq(d->events.count, 1, "%s: %s", inner[i], d->reason[0]);
        EXPECT_STR(leat_event_kind(&d->event[0]), "kinesis");
        cr_expect(leat_str_eq(leat_event_data(&d->event[0]), bytes), "%s", inner[i]);
        EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "application/octet-stream");
    }
    leat_str cut = compressed(&arena, LEAT_STR(LOGS(LOG("e1"))), AS_GZIP);
    cut.len -= 9;
    DECODED d = decode_owned(in_kinesis(cut));
    EXPECT_STR(leat_event_kind(&d->event[0]), "kinesis");
}

Test(kinesis, what_inflates_beyond_the_limit_is_left_alone)
{
    static const char text[] = LOGS(LOG("e1"));
    char *payload = in_kinesis(compressed(&arena, leat_str_c(text), AS_GZIP));
    for (size_t less = 0; less < 2; less++) {
        struct leat_decoder options = {.exact = true, .max_inflated = sizeof(text) - 1 - less};
        DECODED d = decode_with(leat_str_c(payload), NULL, options);
        cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
        EXPECT_STR(leat_event_kind(&d->event[0]), less == 0 ? "cloudwatch-logs" : "kinesis");
    }
    free(payload);
}

#define S3_RECORD                                                                                  \
    "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"awsRegion\":\"eu-west-1\"," \
    "\"responseElements\":{\"x-amz-request-id\":\"R\",\"x-amz-id-2\":\"I\"},"                      \
    "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a+b\",\"sequencer\":\"0A\"}}}"

Test(kinesis, notification_of_s3_inside)
{
    static const char notification[] = " {\"Records\":[" S3_RECORD "]}";
    for (int i = 0; i < 2; i++) {
        DECODED d = i == 0 ? decode_owned(in_kinesis(leat_str_c(notification))) : decode_gzip(notification);
        cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
        EXPECT_STR(leat_event_kind(&d->event[0]), "s3");
        EXPECT_STR(leat_event_id(&d->event[0]), "R.I.0A");
        EXPECT_STR(leat_s3(&d->event[0])->key, "a b");
        EXPECT_STR(leat_event_data(&d->event[0]), S3_RECORD);
    }
}

Test(kinesis, notification_that_is_broken_breaks_its_record_alone)
{
    char *payload =
        with_base64(sample_of("kinesis"), "/Records/0/kinesis/data",
                    LEAT_STR("{\"Records\":[" S3_RECORD ",{\"eventSource\":\"aws:s3\",\"eventName\":5,\"s3\":"
                             "{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}"));
    DECODED d = decode_owned(payload);
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_expect_str_eq(d->reason[0], "eventName is a number (want text)");
    cr_expect_str_eq(d->reason[1], "");
    cr_expect_eq(d->events.count, 1, "no half of a record");
    EXPECT_STR(d->records.items[0].id, FIRST);
}

Test(kinesis, sample_survives_encode)
{
    char *logs = in_kinesis(compressed(&arena, LEAT_STR(LOGS(LOG("e1") "," LOG("e2"))), AS_GZIP));
    expect_survives_encode(leat_str_c(sample_of("kinesis")), "sample");
    expect_survives_encode(leat_str_c(logs), "logs");
    expect_survives_encode(LEAT_STR(KINESIS(SPARSE ",\"approximateArrivalTimestamp\":1.635734407123456789E9")),
                           "number");
    free(logs);
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "kinesis", "%s", path);
    cr_expect_geq(d->events.count, d->records.count, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(kinesis, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("kinesis", check_shared);
}
