/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

TestSuite(unknown);

static void expect_unknown(const char *what, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", what, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "unknown", "%s", what);
    cr_assert_eq(d->events.count, 1, "%s", what);
    EXPECT_STR(leat_event_kind(&d->event[0]), "unknown");
}

Test(unknown, direct_call_is_one_event_of_the_whole_text)
{
    DECODED d = decode("  {\"name\": \"world\", \"n\": 9007199254740993} \n");
    cr_assert_eq(d->events.count, 1);
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_source(event), "leat:direct");
    EXPECT_STR(leat_event_type(event), "leat.direct.call");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_STR(leat_event_data(event), "{\"name\": \"world\", \"n\": 9007199254740993}");
    EXPECT_STR(leat_event_raw(event), "{\"name\": \"world\", \"n\": 9007199254740993}");
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "name"), "world");
    cr_expect_eq(leat_event_id(event).len, 32);
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_DIRECT);
}

Test(unknown, id_depends_on_the_content_only)
{
    DECODED a = decode("{\"name\":\"world\"}");
    DECODED b = decode("{ \"name\" :\n\"world\" }");
    DECODED c = decode("{\"name\":\"World\"}");
    DECODED e = decode("{\"n\\u0061me\":\"w\\u006frld\"}");
    cr_expect(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&b->event[0])), "white space does not count");
    cr_expect(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&e->event[0])), "escapes do not count");
    cr_expect_not(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&c->event[0])));
}

/* `text` as the one event of a decoder that keeps numbers for encode, or not. */
static leat_str id_of(struct leat_arena *arena, leat_str text, bool exact)
{
    struct leat_records records;
    struct leat_events events = {0};
    struct leat_decoder decoder = {.arena = arena, .adapters = sorted_adapters(), .exact = exact};
    cr_assert(leat_is_ok(leat_decode(&decoder, text, NULL, &records)));
    cr_assert(leat_is_ok(leat_normalise(&decoder, records.items, &events)));
    return leat_envelope_id(events.items, arena);
}

Test(unknown, id_counts_every_digit_in_every_decoder)
{
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    static const leat_str one = {"{\"n\":9007199254740992}", 22}, other = {"{\"n\":9007199254740993}", 22};
    cr_expect(leat_str_eq(id_of(&arena, other, true), id_of(&arena, other, false)));
    cr_expect_not(leat_str_eq(id_of(&arena, one, false), id_of(&arena, other, false)));
    leat_arena_fini(&arena);
}

Test(unknown, any_json_is_a_call)
{
    static const char *const texts[] = {
        "5", "\"text\"", "null", "true", "[]", "{}", "[{\"Records\":[]}]", "{\"Records\":{}}", "{\"Records\":5}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_unknown(texts[i], leat_str_c(texts[i]));
}

/* aws-lambda-rust-runtime 1064: a rule with an input transformer sends any JSON. */
Test(unknown, bug_16_transformed_eventbridge_input)
{
    static const char *const texts[] = {
        "{\"instance\":\"i-0abcd\",\"status\":\"stopped\"}",
        "{\"source\":\"aws.ec2\",\"detail\":{\"state\":\"stopped\"}}",
        "{\"detail-type\":\"State Change\",\"source\":\"aws.ec2\"}",
        "{\"detail-type\":5,\"source\":\"aws.ec2\",\"detail\":{}}",
        "{\"detail-type\":\"State Change\",\"source\":null,\"detail\":{}}",
        "\"instance i-0abcd is stopped\"",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_unknown(texts[i], leat_str_c(texts[i]));
}

/* aws-lambda-rust-runtime 788: none of these is what it looks like at first. */
Test(unknown, bug_17_lookalikes)
{
    static const char *const texts[] = {
        /* a Bedrock agent */
        "{\"messageVersion\":\"1.0\",\"agent\":{},\"apiPath\":\"/claims\",\"httpMethod\":\"GET\",\"inputText\":\"t\"}",
        /* CloudFront */
        "{\"Records\":[{\"cf\":{\"config\":{\"eventType\":\"viewer-request\"},\"request\":{\"uri\":\"/\"}}}]}",
        /* SES, CodeCommit */
        "{\"Records\":[{\"eventSource\":\"aws:ses\",\"eventVersion\":\"1.0\",\"ses\":{}}]}",
        "{\"Records\":[{\"eventSource\":\"aws:codecommit\",\"codecommit\":{}}]}",
        /* Firehose */
        "{\"invocationId\":\"i\",\"deliveryStreamArn\":\"arn\",\"records\":[{\"recordId\":\"1\",\"data\":\"aGk=\"}]}",
        /* an S3 batch job, an alarm */
        "{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"i\",\"job\":{\"id\":\"j\"},\"tasks\":[]}",
        "{\"source\":\"aws.cloudwatch\",\"alarmArn\":\"arn\",\"alarmData\":{\"alarmName\":\"a\"}}",
        /* names of another case, other sources, records that are no records */
        "{\"records\":[{\"messageId\":\"m\",\"body\":\"b\",\"eventSource\":\"aws:sqs\"}]}",
        "{\"Records\":[{\"messageId\":\"m\",\"body\":\"b\",\"eventSource\":\"AWS:SQS\"}]}",
        "{\"Records\":[{\"messageId\":\"m\",\"body\":\"b\",\"eventSource\":5}]}",
        "{\"Records\":[{\"eventSource\":\"aws:s3\"}]}",
        "{\"Records\":[{\"EventSource\":\"aws:sns\"}]}",
        "{\"Records\":[1,2,3]}",
        "{\"Event\":\"s3:TestEvent\"}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_unknown(texts[i], leat_str_c(texts[i]));
}

Test(unknown, empty_batch_has_no_events)
{
    DECODED d = decode("{\"Records\":[]}");
    cr_assert(leat_is_ok(d->status));
    cr_expect_str_eq(d->records.adapter->name, "unknown");
    cr_expect_eq(d->records.count, 0);
}

Test(unknown, records_of_several_sources_break_the_payload)
{
    DECODED d = decode("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":\"\"},"
                       "{\"eventSource\":\"aws:s3\",\"s3\":{}}]}");
    cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
    DECODED e = decode("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":\"\"},5]}");
    cr_expect_eq(e->status.code, LEAT_E_BAD_PAYLOAD);
}

Test(unknown, sample_survives_encode)
{
    expect_survives_encode(leat_str_c(sample_of("unknown")), "sample");
    expect_survives_encode(LEAT_STR("{\"n\":[9007199254740993,1.50,1e3,-0]}"), "numbers");
    expect_survives_encode(LEAT_STR("{\"\\u00e4\":\"\\u00e4\\/\\ud83d\\ude00\\u0000\\u007f\"}"), "escapes");
    expect_survives_encode(LEAT_STR("{\"a\\u0000b\":1,\"\\u0000\":{\"\\u0000\\u0000c\":2}}"), "names with a NUL");
}

static void check_shared(const char *path, leat_str text)
{
    expect_unknown(path, text);
    expect_survives_encode(text, path);
}

Test(unknown, shared_payloads_of_other_services_are_unknown)
{
    for_shared_payloads("other-not-tier1", check_shared);
}

Test(unknown, shared_responses_are_unknown)
{
    for_shared_payloads("responses", check_shared);
}
