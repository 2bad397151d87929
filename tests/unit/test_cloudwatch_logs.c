/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions of CloudWatch Logs as Lambda is called by them; those inside Kinesis are in test_kinesis.c. */
#include "compressed.h"
#include "decoding.h"

#include <leat/alloc.h>

TestSuite(cloudwatch_logs);

static struct leat_arena arena; /* one process a test */

#define LOGS(members) "{\"messageType\":\"DATA_MESSAGE\"," members "}"
#define GROUP "\"owner\":\"123456789012\",\"logGroup\":\"/aws/lambda/shop\",\"logStream\":\"2024/05/02/[$LATEST]ab\""
#define LOG(id, message) "{\"id\":\"" id "\",\"timestamp\":1714675904123,\"message\":\"" message "\"}"
#define TWO LOGS(GROUP ",\"logEvents\":[" LOG("e1", "one") "," LOG("e2", "two") "]")

static char *payload_of(leat_str bytes)
{
    return with_base64("{\"awslogs\":{\"data\":\"\"}}", "/awslogs/data", bytes);
}

static struct decoded *decode_logs(const char *document)
{
    return decode_owned(payload_of(compressed(&arena, leat_str_c(document), AS_GZIP)));
}

static struct decoded *decode_changed_logs(const char *pointer, const char *value)
{
    char *document = changed(TWO, pointer, value);
    struct decoded *d = decode_logs(document);
    free(document);
    return d;
}

Test(cloudwatch_logs, sample_becomes_one_event_a_log_event)
{
    DECODED d = decode(sample_of("cloudwatch-logs"));
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_expect_eq(d->records.count, 1, "it is one call, so one unit");
    cr_assert_geq(d->events.count, 2);
    for (uint32_t i = 0; i < d->events.count; i++) {
        EXPECT_STR(leat_event_kind(&d->event[i]), "cloudwatch-logs");
        EXPECT_STR(leat_event_type(&d->event[i]), "com.amazonaws.logs.event");
        cr_expect_not_null(leat_event_time(&d->event[i]).ptr);
    }
}

Test(cloudwatch_logs, every_attribute_is_there)
{
    DECODED d = decode_logs(TWO);
    cr_assert_eq(d->events.count, 2, "%s", d->reason[0]);
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_id(event), "e1");
    EXPECT_STR(leat_event_source(event), "/aws/lambda/shop/2024/05/02/%5B$LATEST%5Dab");
    EXPECT_STR(leat_event_subject(event), "2024/05/02/[$LATEST]ab");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(leat_event_datacontenttype(event), "text/plain");
    EXPECT_STR(leat_event_data(event), "one");
    EXPECT_ATTRIBUTE(d, 0, "awsaccount", "123456789012");
    EXPECT_STR(leat_event_raw(event), LOG("e1", "one"));
    EXPECT_STR(leat_event_id(&d->event[1]), "e2");
    EXPECT_STR(leat_event_raw(&d->event[1]), LOG("e2", "two"));
    EXPECT_STR(view_json(d, 0), NULL);
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_ASYNC);
    EXPECT_STR(d->records.items[0].id, NULL);
    EXPECT_STR(d->records.items[0].lane, NULL);
}

Test(cloudwatch_logs, message_is_exact_and_its_type_is_guessed)
{
    static const struct {
        const char *message, *bytes, *type;
    } cases[] = {
        {"\"\"", "", "text/plain"},
        {"\"plain\\r\\n\\ttext\"", "plain\r\n\ttext", "text/plain"},
        {"\"{\\\"n\\\":9007199254740993}\"", "{\"n\":9007199254740993}", "application/json"},
        {"\"\\u001b[31mred\\u001b[0m\"", "\x1B[31mred\x1B[0m", "text/plain"},
        {"\"\\u00e4\\ud83d\\ude00\"", "\xC3\xA4\xF0\x9F\x98\x80", "text/plain"},
        /* a notification that somebody logged stays a log line */
        {"\"{\\\"Service\\\":\\\"Amazon S3\\\",\\\"Event\\\":\\\"s3:TestEvent\\\"}\"",
         "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}", "application/json"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed_logs("/logEvents/1/message", cases[i].message);
        cr_assert_eq(d->events.count, 2, "%s", d->reason[0]);
        EXPECT_STR(leat_event_kind(&d->event[1]), "cloudwatch-logs");
        EXPECT_STR(leat_event_data(&d->event[1]), cases[i].bytes);
        EXPECT_STR(leat_event_datacontenttype(&d->event[1]), cases[i].type);
    }
}

/* With it CloudWatch Logs tries whether it reaches the function. */
Test(cloudwatch_logs, control_message_has_no_events_and_succeeds)
{
    DECODED d = decode_changed_logs("/messageType", "\"CONTROL_MESSAGE\"");
    cr_assert(leat_is_ok(d->status));
    cr_expect_eq(d->records.count, 1);
    cr_expect_eq(d->events.count, 0);
    cr_expect_str_eq(d->reason[0], "");
}

Test(cloudwatch_logs, optional_members_may_be_missing_null_or_empty)
{
    static const char *const pointers[] = {"/owner", "/logGroup", "/logStream", "/subscriptionFilters", "/policyLevel"};
    static const char *const values[] = {NULL, "null", "\"\""};
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
        for (size_t v = 0; v < 3; v++) {
            DECODED d = decode_changed_logs(pointers[i], values[v]);
            cr_expect_eq(d->events.count, 2, "%s: %s", pointers[i], d->reason[0]);
        }
    DECODED ownerless = decode_changed_logs("/owner", "null");
    EXPECT_ATTRIBUTE(ownerless, 0, "awsaccount", NULL);
    DECODED groupless = decode_changed_logs("/logGroup", NULL);
    EXPECT_STR(leat_event_source(&groupless->event[0]), "/2024/05/02/%5B$LATEST%5Dab");
    DECODED streamless = decode_changed_logs("/logStream", "\"\"");
    EXPECT_STR(leat_event_subject(&streamless->event[0]), NULL);
}

Test(cloudwatch_logs, no_log_events_are_no_events)
{
    static const char *const values[] = {NULL, "null", "[]"};
    for (size_t v = 0; v < 3; v++) {
        DECODED d = decode_changed_logs("/logEvents", values[v]);
        cr_assert(leat_is_ok(d->status));
        cr_expect_eq(d->events.count, 0);
        cr_expect_str_eq(d->reason[0], "");
    }
}

Test(cloudwatch_logs, time_is_left_out_where_there_is_none)
{
    static const char *const times[][2] = {
        {"0", "1970-01-01T00:00:00Z"}, {"null", NULL}, {NULL, NULL}, {"-5", NULL}, {"1e300", NULL},
    };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        DECODED d = decode_changed_logs("/logEvents/0/timestamp", times[i][0]);
        cr_assert_eq(d->events.count, 2, "%s", d->reason[0]);
        EXPECT_STR(leat_event_time(&d->event[0]), times[i][1]);
    }
}

Test(cloudwatch_logs, wrong_types_break_the_call_and_are_named)
{
    static const struct wrong_type cases[] = {
        {"/messageType", NULL, "messageType is missing"},
        {"/messageType", "\"\"", "messageType is empty"},
        {"/messageType", "5", "messageType is a number (want text)"},
        {"/owner", "123456789012", "owner is a number (want text)"},
        {"/logGroup", "[]", "logGroup is an array (want text)"},
        {"/logStream", "{}", "logStream is an object (want text)"},
        {"/logEvents", "{}", "logEvents is an object (want an array)"},
        {"/logEvents", "\"x\"", "logEvents is text (want an array)"},
        {"/logEvents/1", "5", "logEvents holds a number (want objects)"},
        {"/logEvents/1", "null", "logEvents holds null (want objects)"},
        {"/logEvents/1/id", NULL, "logEvents.id is missing"},
        {"/logEvents/1/id", "\"\"", "logEvents.id is empty"},
        {"/logEvents/1/id", "7", "logEvents.id is a number (want text)"},
        {"/logEvents/1/message", NULL, "logEvents.message is missing"},
        {"/logEvents/1/message", "null", "logEvents.message is missing"},
        {"/logEvents/1/message", "{\"a\":1}", "logEvents.message is an object (want text)"},
        {"/logEvents/1/timestamp", "\"1714675904123\"", "logEvents.timestamp is text (want a number)"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed_logs(cases[i].pointer, cases[i].value);
        cr_assert(leat_is_ok(d->status), "%s", d->error.message);
        cr_expect_str_eq(d->reason[0], cases[i].reason, "%s = %s: %s", cases[i].pointer, cases[i].value, d->reason[0]);
        cr_expect_eq(d->events.count, 0, "no half of a call");
    }
}

/* --- what is wrapped around it --------------------------------------------------------------------------- */

static void expect_broken_payload(char *payload, const char *reason)
{
    DECODED d = decode(payload);
    cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD, "%s: %s", reason, leat_status_code(d->status));
    cr_expect_str_eq(d->error.message, reason, "%s", d->error.message);
    free(payload);
}

Test(cloudwatch_logs, both_wrappers_are_read)
{
    DECODED gzip = decode_owned(payload_of(compressed(&arena, LEAT_STR(TWO), AS_GZIP)));
    DECODED zlib = decode_owned(payload_of(compressed(&arena, LEAT_STR(TWO), AS_ZLIB)));
    cr_assert_eq(gzip->events.count, 2);
    cr_assert_eq(zlib->events.count, 2);
    cr_expect(leat_str_eq(canonical(gzip, 1), canonical(zlib, 1)));
}

Test(cloudwatch_logs, base64_may_lack_its_padding)
{
    size_t padded = 0;
    for (size_t more = 0; more < 6; more++) {
        char message[8] = "aaaaaa", document[512];
        message[more] = '\0';
        snprintf(document, sizeof(document), LOGS(GROUP ",\"logEvents\":[" LOG("e", "%s") "]"), message);
        char *payload = payload_of(compressed(&arena, leat_str_c(document), AS_GZIP)), *equals = strchr(payload, '=');
        if (equals != NULL) {
            padded++;
            char *behind = equals + strspn(equals, "=");
            memmove(equals, behind, strlen(behind) + 1);
        }
        DECODED d = decode_owned(payload);
        cr_assert_eq(d->events.count, 1, "%s", d->error.message);
        EXPECT_STR(leat_event_data(&d->event[0]), message);
    }
    cr_expect_gt(padded, 0, "one of them had some");
}

Test(cloudwatch_logs, what_is_no_stream_breaks_the_payload)
{
    leat_str whole = compressed(&arena, LEAT_STR(TWO), AS_GZIP);
    char *behind = leat_arena_alloc(&arena, whole.len + 1);
    memcpy(behind, whole.ptr, whole.len);
    behind[whole.len] = 'x';
    expect_broken_payload(payload_of(leat_str_of(whole.ptr, whole.len - 1)),
                          "awslogs.data is no whole gzip or zlib stream");
    expect_broken_payload(payload_of(leat_str_of(behind, whole.len + 1)),
                          "awslogs.data is no whole gzip or zlib stream");
    expect_broken_payload(payload_of(LEAT_STR(TWO)), "awslogs.data is no whole gzip or zlib stream");
    expect_broken_payload(payload_of(LEAT_STR("")), "awslogs.data is no whole gzip or zlib stream");
    expect_broken_payload(changed("{\"awslogs\":{}}", "/awslogs/data", "\"no base64!\""), "awslogs.data is no base64");
}

Test(cloudwatch_logs, what_holds_no_object_breaks_the_payload)
{
    static const char *const documents[] = {"", "hello", "[1]", "5", "\"x\"", "null", "{\"messageType\":", TWO " x"};
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        expect_broken_payload(payload_of(compressed(&arena, leat_str_c(documents[i]), AS_GZIP)),
                              "awslogs.data holds no JSON object");
}

Test(cloudwatch_logs, what_inflates_beyond_the_limit_is_too_big)
{
    char *payload = payload_of(compressed(&arena, LEAT_STR(TWO), AS_GZIP)), reason[80];
    DECODED fits = decode_with(leat_str_c(payload), NULL, (struct leat_decoder){.max_inflated = sizeof(TWO) - 1});
    cr_expect_eq(fits->events.count, 2, "%s", fits->error.message);
    DECODED beyond = decode_with(leat_str_c(payload), NULL, (struct leat_decoder){.max_inflated = sizeof(TWO) - 2});
    cr_expect_eq(beyond->status.code, LEAT_E_TOO_BIG);
    snprintf(reason, sizeof(reason), "awslogs.data inflates to more than %zu bytes", sizeof(TWO) - 2);
    cr_expect_str_eq(beyond->error.message, reason, "%s", beyond->error.message);
    free(payload);
}

Test(cloudwatch_logs, payloads_of_others_are_not_ours)
{
    static const char *const texts[] = {"{\"awslogs\":{}}",    "{\"awslogs\":{\"data\":5}}",
                                        "{\"awslogs\":\"x\"}", "{\"awslogs\":{\"data\":null}}",
                                        "{\"data\":\"H4sI\"}", TWO};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode(texts[i]);
        cr_expect_str_eq(d->records.adapter->name, "unknown", "%s", texts[i]);
    }
    DECODED named = decode_as(LEAT_STR("{\"awslogs\":{\"data\":5}}"), "cloudwatch-logs");
    cr_expect_str_eq(named->error.message, "awslogs.data is missing");
    DECODED bare = decode_as(LEAT_STR(TWO), "cloudwatch-logs");
    cr_expect_eq(bare->events.count, 2, "by name it may also come as it is: %s", bare->error.message);
}

Test(cloudwatch_logs, every_failed_allocation_is_told)
{
    char *payload = payload_of(compressed(&arena, LEAT_STR(TWO), AS_GZIP));
    leat_status status = LEAT_STATUS(NO_MEMORY);
    for (uint64_t nth = 1; !leat_is_ok(status); nth++) {
        cr_assert_lt(nth, 1000);
        (void)leat_alloc_fail_at(nth, true);
        struct leat_arena own;
        leat_arena_init(&own, 0);
        struct leat_error error = {0};
        struct leat_records records;
        struct leat_decoder decoder = {.arena = &own, .adapters = sorted_adapters(), .reterr = &error};
        status = leat_decode(&decoder, leat_str_c(payload), NULL, &records);
        (void)leat_alloc_fail_at(0, false);
        cr_expect(leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY, "%s", error.message);
        leat_arena_fini(&own);
    }
    free(payload);
}

Test(cloudwatch_logs, sample_survives_encode)
{
    char *exact = payload_of(compressed(
        &arena, LEAT_STR(LOGS("\"logEvents\":[{\"id\":\"e\",\"message\":\"m\",\"new\":9007199254740993}]")), AS_ZLIB));
    expect_survives_encode(leat_str_c(sample_of("cloudwatch-logs")), "sample");
    expect_survives_encode(leat_str_c(exact), "numbers");
    free(exact);
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "cloudwatch-logs", "%s", path);
    cr_expect_geq(d->events.count, 1, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(cloudwatch_logs, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("cloudwatch-logs", check_shared);
}
