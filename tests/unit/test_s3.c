/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

TestSuite(s3);

/* A record with that responseElements and object. */
#define RECORD(answer, object)                                                                            \
    "{\"eventSource\":\"aws:s3\",\"awsRegion\":\"eu-west-1\",\"eventTime\":\"2024-05-02T18:51:44.123Z\"," \
    "\"eventName\":\"ObjectCreated:Put\",\"responseElements\":" answer                                    \
    ",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":" object "}}"
#define RECORDS(list) "{\"Records\":[" list "]}"
#define R1 "{\"x-amz-request-id\":\"R1\",\"x-amz-id-2\":\"I2/+=\"}"

Test(s3, sample_becomes_an_event)
{
    DECODED d = decode(sample_of("s3"));
    cr_assert_eq(d->events.count, 1);
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_kind(event), "s3");
    EXPECT_STR(leat_event_id(event), "7QX2M4SAMPLE0001."
                                     "Zk9sampleExtendedRequestIdOfThePutRequest0123456789abcdefghijklmnopqrstuv=."
                                     "006633E0C01F2A3B4C");
    EXPECT_STR(leat_event_source(event), "aws:s3.eu-west-1.uploads-example");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.s3.ObjectCreated:Put");
    EXPECT_STR(leat_event_subject(event), "reports/2024/tea & cups \xE8\x8C\xB6.pdf");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_ATTRIBUTE(d, 0, "awsregion", "eu-west-1");
    EXPECT_ATTRIBUTE(d, 0, "sequence", "006633E0C01F2A3B4C00000000000000");
    EXPECT_ATTRIBUTE(d, 0, "recordindex", NULL);
    EXPECT_STR(view_json(d, 0),
               "{\"bucket\":\"uploads-example\",\"key\":\"reports/2024/tea & cups \xE8\x8C\xB6.pdf\",\"size\":48213,"
               "\"etag\":\"9b2f1c7d3e5a4860b1d2c3e4f5a60718\",\"version\":\"4hXsampleVersionIdOfTheObject01\","
               "\"event\":\"ObjectCreated:Put\",\"region\":\"eu-west-1\"}");
    cr_expect(leat_str_eq(leat_event_data(event), leat_event_raw(event)));
    cr_expect(leat_str_starts(leat_event_data(event), LEAT_STR("{\n      \"eventVersion\": \"2.1\",")), "exact text");
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_ASYNC);
}

/* aws-lambda-go 82, aws-sdk-net 1417, cloud-custodian 1554: "+" is a space, then %XX, once. */
Test(s3, bug_12_keys_are_decoded_once)
{
    static const struct {
        const char *encoded, *key, *subject;
    } cases[] = {
        {"a+b", "a b", "a b"},
        {"a%2Bb", "a+b", "a+b"},
        {"100%25", "100%", "100%"},
        {"%252B%2B%2B+%2520.mp3", "%2B++ %20.mp3", "%2B++ %20.mp3"},
        {"%E6%97%A5%E6%9C%AC.txt", "\xE6\x97\xA5\xE6\x9C\xAC.txt", "\xE6\x97\xA5\xE6\x9C\xAC.txt"},
        {"\xE6\x97\xA5\xE6\x9C\xAC.txt", "\xE6\x97\xA5\xE6\x9C\xAC.txt", "\xE6\x97\xA5\xE6\x9C\xAC.txt"},
        {"100%", "100%", "100%"},
        {"a%zzb%2", "a%zzb%2", "a%zzb%2"},
        {"a%0Ab", "a\nb", "a%0Ab"},
        {"a%FFb",
         "a\xFF"
         "b",
         "a%FFb"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char json[128];
        snprintf(json, sizeof(json), "\"%s\"", cases[i].encoded);
        DECODED d = decode_changed(sample_of("s3"), "/Records/0/s3/object/key", json);
        cr_assert_eq(d->events.count, 1, "%s", cases[i].encoded);
        EXPECT_STR(leat_s3(&d->event[0])->key, cases[i].key);
        EXPECT_STR(leat_event_subject(&d->event[0]), cases[i].subject);
    }
}

Test(s3, nul_in_a_key_is_kept_in_the_view)
{
    DECODED d = decode_changed(sample_of("s3"), "/Records/0/s3/object/key", "\"a%00b\"");
    cr_assert_eq(d->events.count, 1);
    cr_expect(leat_str_eq(leat_s3(&d->event[0])->key, leat_str_of("a\0b", 3)));
    EXPECT_STR(leat_event_subject(&d->event[0]), "a%00b");
}

/* powertools-lambda-python 1637, 4156, 5129, 6150 and others: only the key is certain. */
Test(s3, bug_11_size_etag_and_sequencer_are_optional)
{
    static const struct {
        const char *event, *object, *view;
    } cases[] = {
        {"ObjectCreated:Copy", "{\"key\":\"k\",\"size\":0,\"eTag\":\"e\",\"sequencer\":\"0a\"}",
         "{\"bucket\":\"b\",\"key\":\"k\",\"size\":0,\"etag\":\"e\",\"event\":\"ObjectCreated:Copy\",\"region\":\"eu-"
         "west-1\"}"},
        {"ObjectRemoved:Delete", "{\"key\":\"k\",\"sequencer\":\"0A\"}",
         "{\"bucket\":\"b\",\"key\":\"k\",\"event\":\"ObjectRemoved:Delete\",\"region\":\"eu-west-1\"}"},
        {"ObjectRemoved:DeleteMarkerCreated", "{\"key\":\"k\",\"eTag\":\"e\",\"versionId\":\"v\",\"sequencer\":\"0A\"}",
         "{\"bucket\":\"b\",\"key\":\"k\",\"etag\":\"e\",\"version\":\"v\","
         "\"event\":\"ObjectRemoved:DeleteMarkerCreated\",\"region\":\"eu-west-1\"}"},
        {"ObjectTagging:Put", "{\"key\":\"k\",\"eTag\":\"e\"}",
         "{\"bucket\":\"b\",\"key\":\"k\",\"etag\":\"e\",\"event\":\"ObjectTagging:Put\",\"region\":\"eu-west-1\"}"},
        {"LifecycleExpiration:Delete", "{\"key\":\"k\",\"size\":null,\"eTag\":null,\"sequencer\":null}",
         "{\"bucket\":\"b\",\"key\":\"k\",\"event\":\"LifecycleExpiration:Delete\",\"region\":\"eu-west-1\"}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "\"%s\"", cases[i].event);
        char *text = changed(RECORDS(RECORD(R1, "{}")), "/Records/0/s3/object", cases[i].object);
        DECODED d = decode_changed(text, "/Records/0/eventName", name);
        cr_assert_eq(d->events.count, 1, "%s: %s", name, d->reason[0]);
        EXPECT_STR(view_json(d, 0), cases[i].view);
        cJSON_free(text);
    }
}

/* aws-lambda-go's s3-lifecycle-event.json, MinIO: eventName with "s3:". */
Test(s3, bug_30_prefix_of_the_event_name_is_dropped_once)
{
    static const struct {
        const char *json, *type, *event;
    } cases[] = {
        {"\"s3:LifecycleTransition\"", "com.amazonaws.s3.LifecycleTransition", "LifecycleTransition"},
        {"\"ObjectCreated:Put\"", "com.amazonaws.s3.ObjectCreated:Put", "ObjectCreated:Put"},
        {"\"s3:s3:X\"", "com.amazonaws.s3.s3:X", "s3:X"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of("s3"), "/Records/0/eventName", cases[i].json);
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_event_type(&d->event[0]), cases[i].type);
        EXPECT_STR(leat_s3(&d->event[0])->event, cases[i].event);
    }
}

Test(s3, minio_and_ceph_are_s3)
{
    DECODED minio = decode("{\"EventName\":\"s3:ObjectCreated:Put\",\"Key\":\"images/a.png\",\"Records\":["
                           "{\"eventVersion\":\"2.0\",\"eventSource\":\"minio:s3\",\"awsRegion\":\"\","
                           "\"eventTime\":\"2024-05-02T18:51:44.123Z\",\"eventName\":\"s3:ObjectCreated:Put\","
                           "\"requestParameters\":{\"sourceIPAddress\":\"10.0.0.7:41522\"},"
                           "\"responseElements\":{\"x-amz-request-id\":\"17CBC1A2\",\"content-length\":\"0\"},"
                           "\"s3\":{\"bucket\":{\"name\":\"images\"},\"object\":{\"key\":\"a+1.png\",\"size\":12,"
                           "\"contentType\":\"image/png\",\"sequencer\":\"17cbc1a2e5\"}},"
                           "\"source\":{\"host\":\"10.0.0.7\"}}]}");
    cr_assert_eq(minio->events.count, 1);
    EXPECT_STR(leat_event_source(&minio->event[0]), "minio:s3.images");
    EXPECT_STR(leat_event_id(&minio->event[0]), "17CBC1A2.17cbc1a2e5");
    EXPECT_STR(leat_s3(&minio->event[0])->key, "a 1.png");
    EXPECT_ATTRIBUTE(minio, 0, "sequence", "17CBC1A2E50000000000000000000000");
    EXPECT_ATTRIBUTE(minio, 0, "awsregion", NULL);

    DECODED ceph = decode("{\"Records\":[{\"eventSource\":\"ceph:s3\",\"awsRegion\":\"zone1\","
                          "\"eventTime\":\"2024-05-02T18:51:44.123Z\",\"eventName\":\"ObjectCreated:Put\","
                          "\"responseElements\":{\"x-amz-request-id\":\"tx01\",\"x-amz-id-2\":\"z\"},"
                          "\"s3\":{\"bucket\":{\"name\":\"b\",\"id\":\"x\"},"
                          "\"object\":{\"key\":\"k\",\"size\":\"1024\",\"sequencer\":\"0F\"}}}]}");
    cr_assert_eq(ceph->events.count, 1);
    EXPECT_STR(leat_event_source(&ceph->event[0]), "ceph:s3.zone1.b");
    cr_expect_eq(leat_s3(&ceph->event[0])->size, 1024);
}

Test(s3, sizes_that_are_no_size_are_not_told)
{
    static const struct {
        const char *json;
        int64_t size;
    } cases[] = {
        {"5497558138880", 5497558138880}, {"-1", -1}, {"1.5", -1}, {"1e300", -1}, {"\"\"", -1}, {"\"-4\"", -1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of("s3"), "/Records/0/s3/object/size", cases[i].json);
        cr_assert_eq(d->events.count, 1);
        cr_expect_eq(leat_s3(&d->event[0])->size, cases[i].size, "%s", cases[i].json);
    }
}

/* --- ids ------------------------------------------------------------------------------------------ */

Test(s3, records_of_one_request_are_told_apart)
{
    DECODED d = decode(RECORDS(RECORD(R1, "{\"key\":\"a\",\"sequencer\":\"0A\"}") "," RECORD(
        R1, "{\"key\":\"b\",\"sequencer\":"
            "\"0B\"}") "," RECORD(R1, "{\"key\":\"c\",\"sequencer\":\"0A\"}") "," RECORD(R1, "{\"key\":\"d\"}")));
    cr_assert_eq(d->events.count, 4);
    EXPECT_STR(leat_event_id(&d->event[0]), "R1.I2/+=.0A.0");
    EXPECT_STR(leat_event_id(&d->event[1]), "R1.I2/+=.0B");
    EXPECT_STR(leat_event_id(&d->event[2]), "R1.I2/+=.0A.2");
    EXPECT_STR(leat_event_id(&d->event[3]), "R1.I2/+=.3");
    EXPECT_ATTRIBUTE(d, 0, "recordindex", "0");
    EXPECT_ATTRIBUTE(d, 3, "recordindex", "3");
}

Test(s3, absent_id_2_leaves_no_empty_part)
{
    DECODED d = decode(RECORDS(RECORD("{\"x-amz-request-id\":\"R9\"}", "{\"key\":\"a\"}")));
    EXPECT_STR(leat_event_id(&d->event[0]), "R9.0");
}

Test(s3, record_without_request_id_is_named_by_its_content)
{
    static const char *const answers[] = {"{}", "null", "{\"x-amz-id-2\":\"I2\"}", "{\"xAmzRequestId\":\"R\"}"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        char *text = changed(sample_of("s3"), "/Records/0/responseElements", answers[i]);
        DECODED a = decode(text);
        DECODED b = decode_changed(text, "/Records/0/s3/object/key", "\"other\"");
        cr_assert_eq(a->events.count, 1);
        cr_expect_eq(leat_event_id(&a->event[0]).len, 32, "%s", answers[i]);
        cr_expect_not(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&b->event[0])));
        cJSON_free(text);
    }
}

Test(s3, equal_records_without_request_id_get_their_index)
{
    DECODED d = decode(RECORDS(RECORD("{}", "{\"key\":\"a\"}") "," RECORD("{}", "{\"key\":\"a\"}")));
    cr_assert_eq(d->events.count, 2);
    leat_str first = leat_event_id(&d->event[0]), second = leat_event_id(&d->event[1]);
    cr_expect_eq(first.len, 34);
    cr_expect(leat_str_ends(first, LEAT_STR(".0")) && leat_str_ends(second, LEAT_STR(".1")));
}

/* In `arena`. */
static leat_str many_records(struct leat_arena *arena, size_t count)
{
    struct leat_buf text;
    leat_buf_init(&text, arena);
    leat_buf_c(&text, "{\"Records\":[");
    for (size_t i = 0; i < count; i++) {
        leat_buf_c(&text, i > 0 ? "," : "");
        leat_buf_c(&text, RECORD(R1, "{\"key\":\"a\",\"sequencer\":\"0A\"}"));
    }
    leat_buf_c(&text, "]}");
    return leat_buf_str(&text);
}

/* Twenty thousand of the same id: what is quadratic takes minutes here, not milliseconds. */
Test(s3, ids_of_a_huge_notification_are_found_quickly, .timeout = 20)
{
    enum { COUNT = 20000 };
    struct leat_arena arena;
    struct leat_records records;
    struct leat_error error;
    leat_arena_init(&arena, 0);
    struct leat_decoder decoder = {.arena = &arena, .adapters = sorted_adapters(), .reterr = &error};
    cr_assert(leat_is_ok(leat_decode(&decoder, many_records(&arena, COUNT), NULL, &records)));
    cr_assert_eq(records.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        char want[32];
        snprintf(want, sizeof(want), "R1.I2/+=.0A.%u", i);
        cr_assert(leat_str_is(records.items[i].id, want), "%u: %.*s", i, LEAT_ARG(records.items[i].id));
    }
    leat_arena_fini(&arena);
}

Test(s3, id_does_not_depend_on_the_way)
{
    char *inside = in_sqs(RECORDS(RECORD(R1, "{\"key\":\"a\",\"sequencer\":\"0A\"}")));
    DECODED nested = decode(inside);
    DECODED direct = decode(RECORDS(RECORD(R1, "{\"key\":\"a\",\"sequencer\":\"0A\"}")));
    cr_assert_eq(nested->events.count, 1);
    cr_expect(leat_str_eq(canonical(nested, 0), canonical(direct, 0)));
    free(inside);
}

/* --- test event ------------------------------------------------------------------------------------ */

Test(s3, test_event_is_a_record_without_events)
{
    DECODED d = decode("{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Time\":\"2024-05-02T18:51:44.123Z\","
                       "\"Bucket\":\"b\",\"RequestId\":\"R\",\"HostId\":\"H\"}");
    cr_assert(leat_is_ok(d->status));
    cr_expect_str_eq(d->records.adapter->name, "s3");
    cr_expect_eq(d->records.count, 1);
    cr_expect_eq(d->events.count, 0);
    cr_expect_str_eq(d->reason[0], "");
}

/* --- broken ------------------------------------------------------------------------------------------ */

Test(s3, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/Records/0/eventName", "5", "eventName is a number (want text)"},
        {"/Records/0/eventName", NULL, "eventName is missing"},
        {"/Records/0/awsRegion", "[]", "awsRegion is an array (want text)"},
        {"/Records/0/eventTime", "1714675904", "eventTime is a number (want text)"},
        {"/Records/0/responseElements", "\"x\"", "responseElements is text (want an object)"},
        {"/Records/0/responseElements/x-amz-request-id", "5",
         "responseElements.x-amz-request-id is a number (want text)"},
        {"/Records/0/responseElements/x-amz-id-2", "{}", "responseElements.x-amz-id-2 is an object (want text)"},
        {"/Records/0/s3/bucket", "\"b\"", "s3.bucket is text (want an object)"},
        {"/Records/0/s3/bucket", NULL, "s3.bucket is missing"},
        {"/Records/0/s3/bucket/name", "7", "s3.bucket.name is a number (want text)"},
        {"/Records/0/s3/bucket/name", "\"\"", "s3.bucket.name is empty"},
        {"/Records/0/s3/object", "[]", "s3.object is an array (want an object)"},
        {"/Records/0/s3/object", "null", "s3.object is missing"},
        {"/Records/0/s3/object/key", NULL, "s3.object.key is missing"},
        {"/Records/0/s3/object/key", "\"\"", "s3.object.key is empty"},
        {"/Records/0/s3/object/key", "false", "s3.object.key is a boolean (want text)"},
        {"/Records/0/s3/object/size", "true", "s3.object.size is a boolean (want a number)"},
        {"/Records/0/s3/object/eTag", "5", "s3.object.eTag is a number (want text)"},
        {"/Records/0/s3/object/versionId", "5", "s3.object.versionId is a number (want text)"},
        {"/Records/0/s3/object/sequencer", "5", "s3.object.sequencer is a number (want text)"},
    };
    EXPECT_BROKEN(sample_of("s3"), 0, cases);
}

Test(s3, one_broken_record_does_not_spoil_the_others)
{
    static const char text[] = RECORDS(RECORD(R1, "{\"key\":\"a\"}") "," RECORD(R1, "{\"key\":\"b\"}"));
    static const struct wrong_type cases[] = {
        {"/Records/0/s3", "5", "s3 is a number (want an object)"},
        {"/Records/0/s3", NULL, "s3 is missing"},
        {"/Records/0/s3/object/key", "{}", "s3.object.key is an object (want text)"},
    };
    EXPECT_BROKEN(text, 0, cases);
}

Test(s3, record_that_is_no_object_breaks_the_payload)
{
    DECODED d = decode("{\"Records\":[" RECORD(R1, "{\"key\":\"a\"}") ",5]}");
    cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
}

Test(s3, odd_time_is_left_out)
{
    DECODED d = decode_changed(sample_of("s3"), "/Records/0/eventTime", "\"yesterday\"");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_time(&d->event[0]), NULL);
}

Test(s3, samples_survive_encode)
{
    expect_survives_encode(leat_str_c(sample_of("s3")), "sample");
    expect_survives_encode(LEAT_STR(RECORDS(RECORD(R1, "{\"key\":\"a\",\"x\":9007199254740993}") "," RECORD(
                               "{}", "{\"key\":\"b\",\"size\":1.50}"))),
                           "two records");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "s3", "%s", path);
    cr_expect_eq(d->events.count, d->records.count, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(s3, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("s3", check_shared);
}
