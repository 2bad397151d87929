/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

TestSuite(eventbridge);

/* An S3 event with that detail-type, of an object that is `object`; `more`: further members of detail. */
#define S3_EVENT(type, object, more)                                                                 \
    "{\"version\":\"0\",\"id\":\"e1\",\"detail-type\":\"" type                                       \
    "\",\"source\":\"aws.s3\",\"account\":\"123456789012\","                                         \
    "\"time\":\"2024-05-02T18:51:44Z\",\"region\":\"eu-west-1\",\"resources\":[\"arn:aws:s3:::b\"]," \
    "\"detail\":{\"version\":\"0\",\"bucket\":{\"name\":\"b\"},\"object\":" object more "}}"

Test(eventbridge, sample_becomes_an_event)
{
    DECODED d = decode(sample_of("eventbridge"));
    cr_assert_eq(d->events.count, 1);
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_kind(event), "eventbridge");
    EXPECT_STR(leat_event_id(event), "3e8f5a1c-7b2d-4960-8c4e-d1f0a9b8c7e6");
    EXPECT_STR(leat_event_source(event), "urn:aws:events:123456789012:eu-west-1:com.example.shop");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.events.com.example.shop.OrderPlaced");
    EXPECT_STR(leat_event_subject(event), "urn:example:order:A-1001");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_ATTRIBUTE(d, 0, "awsaccount", "123456789012");
    EXPECT_ATTRIBUTE(d, 0, "awsregion", "eu-west-1");
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order_id"), "A-1001");
    cr_expect(leat_str_starts(leat_event_data(event), LEAT_STR("{\n    \"order_id\": \"A-1001\",")), "exact text");
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_ASYNC);
}

Test(eventbridge, scheduled_event)
{
    DECODED d = decode("{\"version\":\"0\",\"id\":\"s1\",\"detail-type\":\"Scheduled Event\",\"source\":\"aws.events\","
                       "\"account\":\"1\",\"time\":\"1970-01-01T00:00:00Z\",\"region\":\"eu-west-1\","
                       "\"resources\":[\"arn:aws:events:eu-west-1:1:rule/nightly\"],\"detail\":{}}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_type(&d->event[0]), "com.amazonaws.events.aws.events.ScheduledEvent");
    EXPECT_STR(leat_event_data(&d->event[0]), "{}");
}

Test(eventbridge, detail_may_be_any_json)
{
    static const char *const details[] = {"null", "5", "\"text\"", "[1,2]", "9007199254740993"};
    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "{\"detail-type\":\"T\",\"source\":\"s\",\"id\":\"i\",\"detail\": %s }",
                 details[i]);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s", details[i]);
        EXPECT_STR(leat_event_data(&d->event[0]), details[i]);
        EXPECT_STR(leat_event_source(&d->event[0]), "s");
        EXPECT_STR(leat_event_subject(&d->event[0]), NULL);
        EXPECT_STR(leat_event_time(&d->event[0]), NULL);
    }
}

Test(eventbridge, event_without_id_is_named_by_its_content)
{
    DECODED d = decode_changed(sample_of("eventbridge"), "/id", NULL);
    cr_assert_eq(d->events.count, 1);
    cr_expect_eq(leat_event_id(&d->event[0]).len, 32);
}

Test(eventbridge, s3_event_becomes_an_s3_event)
{
    DECODED d = decode(
        S3_EVENT("Object Created",
                 "{\"key\":\"k\",\"size\":5,\"etag\":\"e\",\"version-id\":\"v\",\"sequencer\":\"617f08299329d189\"}",
                 ",\"request-id\":\"R\",\"reason\":\"PutObject\""));
    cr_assert_eq(d->events.count, 1);
    cr_expect_str_eq(d->records.adapter->name, "eventbridge");
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_kind(event), "s3");
    EXPECT_STR(leat_event_id(event), "e1");
    EXPECT_STR(leat_event_source(event), "aws:s3.eu-west-1.b");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.s3.ObjectCreated:Put");
    EXPECT_STR(leat_event_subject(event), "k");
    EXPECT_ATTRIBUTE(d, 0, "sequence", "617F08299329D1890000000000000000");
    EXPECT_STR(view_json(d, 0), "{\"bucket\":\"b\",\"key\":\"k\",\"size\":5,\"etag\":\"e\",\"version\":\"v\","
                                "\"event\":\"ObjectCreated:Put\",\"region\":\"eu-west-1\"}");
    cr_expect(leat_str_starts(leat_event_data(event), LEAT_STR("{\"version\":\"0\",\"bucket\"")));
    cr_expect(leat_str_starts(leat_event_raw(event), LEAT_STR("{\"version\":\"0\",\"id\"")));
}

Test(eventbridge, s3_event_types_are_those_of_s3)
{
    static const struct {
        const char *text, *event;
    } cases[] = {
        {S3_EVENT("Object Created", "{\"key\":\"k\"}", ",\"reason\":\"CopyObject\""), "ObjectCreated:Copy"},
        {S3_EVENT("Object Created", "{\"key\":\"k\"}", ",\"reason\":\"POST Object\""), "ObjectCreated:Post"},
        {S3_EVENT("Object Created", "{\"key\":\"k\"}", ",\"reason\":\"CompleteMultipartUpload\""),
         "ObjectCreated:CompleteMultipartUpload"},
        {S3_EVENT("Object Created", "{\"key\":\"k\"}", ",\"reason\":\"Something New\""), "ObjectCreated"},
        {S3_EVENT("Object Created", "{\"key\":\"k\"}", ""), "ObjectCreated"},
        {S3_EVENT("Object Deleted", "{\"key\":\"k\"}", ",\"deletion-type\":\"Permanently Deleted\""),
         "ObjectRemoved:Delete"},
        {S3_EVENT("Object Deleted", "{\"key\":\"k\"}", ",\"deletion-type\":\"Delete Marker Created\""),
         "ObjectRemoved:DeleteMarkerCreated"},
        {S3_EVENT("Object Restore Completed", "{\"key\":\"k\"}", ""), "ObjectRestoreCompleted"},
        {S3_EVENT("Object Tags Added", "{\"key\":\"k\"}", ",\"reason\":\"PutObject\""), "ObjectTagsAdded"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode(cases[i].text);
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_s3(&d->event[0])->event, cases[i].event);
        cr_expect(leat_str_ends(leat_event_type(&d->event[0]), leat_str_c(cases[i].event)));
    }
}

/* medialake-on-aws 21: these keys are not encoded, so decoding spoils them. */
Test(eventbridge, bug_12_s3_keys_are_not_decoded)
{
    static const char *const keys[] = {"a b", "a+b", "100%", "%2B++ %20.mp3", "\xE6\x97\xA5\xE6\x9C\xAC.txt",
                                       "%0A", "%00"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char json[64];
        snprintf(json, sizeof(json), "\"%s\"", keys[i]);
        DECODED d = decode_changed(S3_EVENT("Object Created", "{}", ""), "/detail/object/key", json);
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_s3(&d->event[0])->key, keys[i]);
        EXPECT_STR(leat_event_subject(&d->event[0]), keys[i]);
    }
    DECODED newline = decode_changed(S3_EVENT("Object Created", "{}", ""), "/detail/object/key", "\"a\\nb\"");
    EXPECT_STR(leat_s3(&newline->event[0])->key, "a\nb");
    EXPECT_STR(leat_event_subject(&newline->event[0]), "a%0Ab");
}

/* powertools-lambda-python 4156: no etag on deletes, no size and sequencer on ACL and tagging events. */
Test(eventbridge, bug_11_members_of_an_s3_object_are_optional)
{
    DECODED d = decode(S3_EVENT("Object Deleted", "{\"key\":\"k\",\"sequencer\":null}", ""));
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(view_json(d, 0),
               "{\"bucket\":\"b\",\"key\":\"k\",\"event\":\"ObjectDeleted\",\"region\":\"eu-west-1\"}");
    EXPECT_ATTRIBUTE(d, 0, "sequence", NULL);
}

Test(eventbridge, other_events_of_s3_stay_eventbridge_events)
{
    static const char *const texts[] = {
        S3_EVENT("AWS API Call via CloudTrail", "{\"key\":\"k\"}", ""),
        S3_EVENT("Object Created", "{}", ""),
        S3_EVENT("Object Created", "{\"key\":5}", ""),
        S3_EVENT("Object Created", "[]", ""),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode(texts[i]);
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_event_kind(&d->event[0]), "eventbridge");
        cr_expect_null(leat_s3(&d->event[0]));
    }
}

Test(eventbridge, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/detail-type", "\"\"", "detail-type is empty"},
        {"/source", "\"\"", "source is empty"},
        {"/id", "5", "id is a number (want text)"},
        {"/time", "1714675904", "time is a number (want text)"},
        {"/account", "123456789012", "account is a number (want text)"},
        {"/region", "[]", "region is an array (want text)"},
        {"/resources", "\"urn\"", "resources is text (want an array)"},
        {"/resources", "[5]", "resources[0] is a number (want text)"},
    };
    EXPECT_BROKEN(sample_of("eventbridge"), 0, cases);
}

Test(eventbridge, wrong_types_in_an_s3_event_are_named)
{
    static const char text[] = S3_EVENT("Object Created", "{\"key\":\"k\"}", ",\"reason\":\"PutObject\"");
    static const struct wrong_type cases[] = {
        {"/detail/reason", "5", "detail.reason is a number (want text)"},
        {"/detail/deletion-type", "5", "detail.deletion-type is a number (want text)"},
        {"/detail/object/etag", "5", "detail.object.etag is a number (want text)"},
        {"/detail/object/version-id", "{}", "detail.object.version-id is an object (want text)"},
        {"/detail/object/sequencer", "5", "detail.object.sequencer is a number (want text)"},
        {"/detail/object/size", "[]", "detail.object.size is an array (want a number)"},
    };
    EXPECT_BROKEN(text, 0, cases);
}

Test(eventbridge, samples_survive_encode)
{
    expect_survives_encode(leat_str_c(sample_of("eventbridge")), "sample");
    expect_survives_encode(
        LEAT_STR(S3_EVENT("Object Created", "{\"key\":\"a\\u0000\\nb\",\"size\":9007199254740993}", "")), "s3");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "eventbridge", "%s", path);
    cr_expect_eq(d->events.count, 1, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(eventbridge, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("eventbridge", check_shared);
}
