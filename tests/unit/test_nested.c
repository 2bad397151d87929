/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications inside messages: the innermost decides what the event is, the outermost is settled. */
#include "compressed.h"
#include "decoding.h"

TestSuite(nested);

#define S3_RECORD(key)                                                                                            \
    "{\"eventSource\":\"aws:s3\",\"awsRegion\":\"eu-west-1\",\"eventTime\":\"2024-05-02T18:51:44.123Z\","         \
    "\"eventName\":\"ObjectCreated:Put\",\"responseElements\":{\"x-amz-request-id\":\"R\",\"x-amz-id-2\":\"I\"}," \
    "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"" key "\",\"size\":1,\"sequencer\":\"0A\"}}}"
#define S3(list) "{\"Records\":[" list "]}"
#define TEST_EVENT                                                                                                  \
    "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Time\":\"2024-05-02T18:51:44.123Z\",\"Bucket\":\"b\"," \
    "\"RequestId\":\"R\",\"HostId\":\"H\"}"
#define EVENTBRIDGE(source, type, detail)                                                                        \
    "{\"version\":\"0\",\"id\":\"e1\",\"detail-type\":\"" type "\",\"source\":\"" source "\",\"account\":\"1\"," \
    "\"time\":\"2024-05-02T18:51:44Z\",\"region\":\"eu-west-1\",\"resources\":[],\"detail\":" detail "}"
#define S3_DETAIL "{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a+b\"},\"reason\":\"PutObject\"}"

#define MESSAGE_ID "6f1c2b0a-8f3d-4a57-9d0e-3b6a5c7d1e42" /* of the SQS sample */

static void expect_s3_in_sqs(struct decoded *d, const char *key)
{
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    cr_expect_str_eq(d->records.adapter->name, "sqs", "settled as SQS");
    EXPECT_STR(d->records.items[0].id, MESSAGE_ID);
    EXPECT_STR(leat_event_kind(&d->event[0]), "s3");
    EXPECT_STR(leat_event_source(&d->event[0]), "aws:s3.eu-west-1.b");
    EXPECT_STR(leat_event_subject(&d->event[0]), key);
    cr_assert_not_null(leat_s3(&d->event[0]));
    EXPECT_STR(leat_s3(&d->event[0])->key, key);
    cr_expect_null(leat_sqs(&d->event[0]));
    cr_expect(leat_str_starts(leat_event_raw(&d->event[0]), LEAT_STR("{\"messageId\":\"" MESSAGE_ID "\"")),
              "raw is the outermost record");
}

Test(nested, s3_in_sqs)
{
    DECODED d = decode_owned(in_sqs(S3(S3_RECORD("a+b"))));
    expect_s3_in_sqs(d, "a b");
    EXPECT_STR(leat_event_id(&d->event[0]), "R.I.0A");
    EXPECT_STR(leat_event_data(&d->event[0]), S3_RECORD("a+b"));
    EXPECT_ATTRIBUTE(d, 0, "traceparent", NULL);
}

Test(nested, s3_in_sns)
{
    DECODED d = decode_owned(in_sns(S3(S3_RECORD("k"))));
    cr_assert_eq(d->events.count, 1);
    cr_expect_str_eq(d->records.adapter->name, "sns");
    EXPECT_STR(leat_event_kind(&d->event[0]), "s3");
    EXPECT_STR(leat_event_id(&d->event[0]), "R.I.0A");
    cr_expect(leat_str_starts(leat_event_raw(&d->event[0]), LEAT_STR("{\"EventSource\":\"aws:sns\"")));
}

Test(nested, s3_in_sns_in_sqs)
{
    DECODED d = decode_owned(in_sns_in_sqs(S3(S3_RECORD("%E6%97%A5%E6%9C%AC.txt"))));
    expect_s3_in_sqs(d, "\xE6\x97\xA5\xE6\x9C\xAC.txt");
}

Test(nested, s3_in_eventbridge_in_sqs)
{
    DECODED d = decode_owned(in_sqs(EVENTBRIDGE("aws.s3", "Object Created", S3_DETAIL)));
    expect_s3_in_sqs(d, "a+b");
    EXPECT_STR(leat_event_data(&d->event[0]), S3_DETAIL);
    EXPECT_STR(leat_event_id(&d->event[0]), "e1");
}

Test(nested, s3_in_eventbridge_in_sns_in_sqs)
{
    DECODED d = decode_owned(in_sns_in_sqs(EVENTBRIDGE("aws.s3", "Object Created", S3_DETAIL)));
    expect_s3_in_sqs(d, "a+b");
}

Test(nested, eventbridge_in_sqs)
{
    DECODED d = decode_owned(in_sqs(EVENTBRIDGE("com.example.shop", "Order Placed", "{\"n\":9007199254740993}")));
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_kind(&d->event[0]), "eventbridge");
    EXPECT_STR(leat_event_source(&d->event[0]), "urn:aws:events:1:eu-west-1:com.example.shop");
    EXPECT_STR(leat_event_data(&d->event[0]), "{\"n\":9007199254740993}");
    EXPECT_STR(d->records.items[0].id, MESSAGE_ID);
}

Test(nested, eventbridge_in_sns)
{
    DECODED d = decode_owned(in_sns(EVENTBRIDGE("com.example.shop", "Order Placed", "{}")));
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_kind(&d->event[0]), "eventbridge");
}

Test(nested, sns_in_sqs)
{
    DECODED d = decode_owned(in_sns_in_sqs("hello"));
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_kind(&d->event[0]), "sns");
    EXPECT_STR(leat_event_id(&d->event[0]), "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324");
    EXPECT_STR(leat_event_source(&d->event[0]), "arn:aws:sns:eu-west-1:123456789012:uploads");
    EXPECT_STR(leat_event_type(&d->event[0]), "com.amazonaws.sns.Notification");
    EXPECT_STR(leat_event_time(&d->event[0]), "2024-05-02T18:51:45.000Z");
    EXPECT_STR(leat_event_data(&d->event[0]), "hello");
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "text/plain");
}

Test(nested, subscription_confirmation_in_sqs)
{
    char *notification = sns_notification("You have chosen to subscribe");
    char *confirmation = changed(notification, "/Type", "\"SubscriptionConfirmation\"");
    DECODED d = decode_owned(in_sqs(confirmation));
    EXPECT_STR(leat_event_type(&d->event[0]), "com.amazonaws.sns.SubscriptionConfirmation");
    free(notification), free(confirmation);
}

Test(nested, several_records_are_several_events_of_one_message)
{
    DECODED d = decode_owned(in_sqs(S3(S3_RECORD("a") "," S3_RECORD("b") "," S3_RECORD("c"))));
    cr_assert_eq(d->records.count, 1);
    cr_assert_eq(d->events.count, 3);
    EXPECT_STR(leat_event_id(&d->event[0]), "R.I.0A.0");
    EXPECT_STR(leat_event_id(&d->event[2]), "R.I.0A.2");
    EXPECT_STR(leat_event_subject(&d->event[1]), "b");
    EXPECT_ATTRIBUTE(d, 1, "recordindex", "1");
    EXPECT_STR(leat_event_data(&d->event[1]), S3_RECORD("b"));
}

/* The index is that inside its own notification, wherever its message stands in the batch. */
Test(nested, id_does_not_depend_on_the_batch)
{
    char *body = quoted(S3(S3_RECORD("a") "," S3_RECORD("b")));
    char *text = changed(sample_of("sqs"), "/Records/1/body", body);
    DECODED second = decode(text);
    DECODED alone = decode_owned(in_sqs(S3(S3_RECORD("a") "," S3_RECORD("b"))));
    cr_assert_eq(second->events.count, 3);
    cr_assert_eq(alone->events.count, 2);
    cr_expect(leat_str_eq(canonical(second, 1), canonical(alone, 0)));
    cr_expect(leat_str_eq(canonical(second, 2), canonical(alone, 1)));
    free(body), free(text);
}

Test(nested, test_event_is_a_message_without_events)
{
    DECODED in_queue = decode_owned(in_sqs(TEST_EVENT));
    cr_expect_eq(in_queue->records.count, 1);
    cr_expect_eq(in_queue->events.count, 0);
    cr_expect_str_eq(in_queue->reason[0], "");
    DECODED in_topic = decode_owned(in_sns(TEST_EVENT));
    cr_expect_eq(in_topic->events.count, 0);
    DECODED in_both = decode_owned(in_sns_in_sqs(TEST_EVENT));
    cr_expect_eq(in_both->events.count, 0);
}

/* A user's own message may look like a notification at first. */
Test(nested, messages_that_only_look_alike_are_not_unwrapped)
{
    static const char *const bodies[] = {
        "{\"Records\":[]}",
        "{\"Records\":[{\"id\":1,\"text\":\"aws:s3\"}]}",
        "{\"Records\":[{\"eventSource\":\"aws:s3\"}]}",
        "{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{}}}]}",
        "{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":{\"name\":5},\"object\":{\"key\":\"k\"}}}]}",
        "{\"Records\":[{\"eventSource\":\"my:store\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]"
        "}",
        "{\"Records\":{\"eventSource\":\"aws:s3\"}}",
        "{\"Records\":[" S3_RECORD("k") ",5]}",
        "{\"Records\":[{\"messageId\":\"m\",\"body\":\"b\",\"eventSource\":\"aws:sqs\"}]}",
        "{\"text\":\"s3:TestEvent\"}",
        "\"s3:TestEvent\"",
        "{\"Event\":\"s3:TestEvent\"}",
        "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"MessageId\":\"m\"}",
        "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"MessageId\":\"m\",\"Message\":{}}",
        "{\"Type\":\"Receipt\",\"TopicArn\":\"t\",\"MessageId\":\"m\",\"Message\":\"x\"}",
        "{\"detail-type\":\"t\",\"source\":\"s\",\"detail\":{}}",
        "{\"detail-type\":\"t\",\"source\":\"s\",\"detail\":{},\"id\":\"i\",\"time\":5}",
        "[" S3(S3_RECORD("k")) "]",
        S3(S3_RECORD("k")) " trailing",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        DECODED d = decode_owned(in_sqs(bodies[i]));
        cr_assert_eq(d->events.count, 1, "%s: %s", bodies[i], d->reason[0]);
        EXPECT_STR(leat_event_kind(&d->event[0]), "sqs");
        EXPECT_STR(leat_event_data(&d->event[0]), bodies[i]);
    }
}

/* What an event was wrapped in, from the inside out, as "sns sqs ". */
static void expect_within(struct decoded *d, const char *want)
{
    char got[64] = "";
    cr_assert_geq(d->events.count, 1, "%s", d->reason[0]);
    for (const struct leat_within *at = d->events.items->within; at != NULL; at = at->outer)
        (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s ", LEAT_ARG(at->kind));
    cr_expect_str_eq(got, want, "got \"%s\"", got);
}

Test(nested, event_knows_what_it_was_wrapped_in)
{
    DECODED bare = decode(S3(S3_RECORD("k")));
    expect_within(bare, "");
    DECODED queue = decode_owned(in_sqs(S3(S3_RECORD("a") "," S3_RECORD("b"))));
    expect_within(queue, "sqs ");
    cr_expect_eq(queue->events.items[0].within, queue->events.items[1].within, "events of one message share it");
    DECODED both = decode_owned(in_sns_in_sqs(S3(S3_RECORD("k"))));
    expect_within(both, "sns sqs ");
    DECODED stream = decode_owned(in_kinesis(LEAT_STR(S3(S3_RECORD("k")))));
    expect_within(stream, "kinesis ");
    DECODED plain = decode_owned(in_sqs("x"));
    expect_within(plain, "");
}

Test(nested, s3_in_sns_in_kafka_and_in_kinesis)
{
    char *notification = sns_notification(S3(S3_RECORD("a+b")));
    DECODED kafka = decode_owned(in_kafka(leat_str_c(notification)));
    DECODED kinesis = decode_owned(in_kinesis(leat_str_c(notification)));
    struct decoded *const both[] = {kafka, kinesis};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(both[i]->events.count, 1, "%s", both[i]->reason[0]);
        EXPECT_STR(leat_event_kind(&both[i]->event[0]), "s3");
        EXPECT_STR(leat_event_id(&both[i]->event[0]), "R.I.0A");
        EXPECT_STR(leat_s3(&both[i]->event[0])->key, "a b");
    }
    expect_within(kafka, "sns kafka ");
    expect_within(kinesis, "sns kinesis ");
    EXPECT_STR(kafka->records.items[0].id, "4711");
    free(notification);
}

Test(nested, compressed_notification_in_kafka)
{
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    DECODED d = decode_owned(in_kafka(compressed(&arena, LEAT_STR(" \n" S3(S3_RECORD("k"))), AS_GZIP)));
    expect_within(d, "kafka ");
    EXPECT_STR(leat_event_kind(&d->event[0]), "s3");
    DECODED zlib = decode_owned(in_kafka(compressed(&arena, LEAT_STR(S3(S3_RECORD("k"))), AS_ZLIB)));
    EXPECT_STR(leat_event_kind(&zlib->event[0]), "kafka"); /* nobody sends that */
    leat_arena_fini(&arena);
}

/* Bodies are read as base64 only where the transport has bytes. */
Test(nested, base64_in_a_queue_is_the_users_own)
{
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    leat_str base64 = leat_base64_encode(&arena, LEAT_STR(S3(S3_RECORD("k"))));
    DECODED d = decode_owned(in_sqs(base64.ptr));
    EXPECT_STR(leat_event_kind(&d->event[0]), "sqs");
    EXPECT_STR(leat_event_data(&d->event[0]), base64.ptr);
    leat_arena_fini(&arena);
}

/* The names of its members are looked at before a body is parsed, as services write them. */
Test(nested, names_that_are_deeper_or_spelt_with_escapes_are_no_marks)
{
    static const char *const bodies[] = {
        "{\"wrapped\":" S3(S3_RECORD("k")) "}",
        "{\"\\u0052ecords\":[" S3_RECORD("k") "]}",
        "{\"records\":[" S3_RECORD("k") "]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        DECODED d = decode_owned(in_sqs(bodies[i]));
        EXPECT_STR(leat_event_kind(&d->event[0]), "sqs");
        EXPECT_STR(leat_event_data(&d->event[0]), bodies[i]);
    }
    DECODED last = decode_owned(in_sqs("{\"a\":{\"b\":[1,\"}\"]},\"c\":\"\\\"{\",\"Records\":[" S3_RECORD("k") "]}"));
    expect_s3_in_sqs(last, "k");
}

Test(nested, white_space_around_a_notification_does_not_matter)
{
    DECODED d = decode_owned(in_sqs("\r\n " S3(S3_RECORD("k")) " \n"));
    expect_s3_in_sqs(d, "k");
}

Test(nested, broken_record_inside_breaks_the_message_alone)
{
    char *body = quoted(S3(S3_RECORD("a") ",{\"eventSource\":\"aws:s3\",\"eventName\":\"x\","
                                          "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":5}}}"));
    DECODED d = decode_changed(sample_of("sqs"), "/Records/0/body", body);
    cr_assert(leat_is_ok(d->status));
    cr_expect_str_eq(d->reason[0], "s3.object.key is a number (want text)");
    cr_expect_str_eq(d->reason[1], "");
    cr_expect_eq(d->events.count, 1, "no half of a message");
    free(body);
}

Test(nested, message_in_message_in_message_ends_somewhere)
{
    char *text = sns_notification("the end");
    for (int i = 0; i < 12; i++) {
        char *wrapped = sns_notification(text);
        free(text);
        text = wrapped;
    }
    DECODED d = decode_owned(in_sqs(text));
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_kind(&d->event[0]), "sns");
    free(text);
}

Test(nested, payloads_survive_encode)
{
    char *const payloads[] = {
        in_sqs(S3(S3_RECORD("a") "," S3_RECORD("b"))),
        in_sns(S3(S3_RECORD("a"))),
        in_sns_in_sqs(S3(S3_RECORD("a"))),
        in_sqs(EVENTBRIDGE("aws.s3", "Object Created", S3_DETAIL)),
        in_sqs(EVENTBRIDGE("s", "t", "{\"n\":9007199254740993}")),
        in_sns_in_sqs(TEST_EVENT),
        in_kafka(LEAT_STR(S3(S3_RECORD("a") "," S3_RECORD("b")))),
    };
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        expect_survives_encode(leat_str_c(payloads[i]), payloads[i]);
        free(payloads[i]);
    }
}

static void check_kind(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    bool s3 = strstr(path, "s3SqsEvent") != NULL, sns = strstr(path, "snsSqsEvent") != NULL;
    cr_assert(leat_is_ok(d->status), "%s", path);
    for (uint32_t i = 0; i < d->events.count; i++)
        EXPECT_STR(leat_event_kind(&d->event[i]), s3 ? "s3" : sns ? "sns" : "sqs");
}

Test(nested, shared_payloads_unwrap_as_their_names_say)
{
    for_shared_payloads("sqs", check_kind);
}
