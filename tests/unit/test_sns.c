/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

TestSuite(sns);

Test(sns, sample_becomes_an_event)
{
    DECODED d = decode(sample_of("sns"));
    cr_assert_eq(d->events.count, 1);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "b81d6f02-3c5e-5a79-94e8-2f6a1b0c9d37");
    EXPECT_STR(leat_event_kind(event), "sns");
    EXPECT_STR(leat_event_id(event), "b81d6f02-3c5e-5a79-94e8-2f6a1b0c9d37");
    EXPECT_STR(leat_event_source(event),
               "arn:aws:sns:eu-west-1:123456789012:stock:1d7a3c58-92b4-4e06-8f1d-6c5b4a392817");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.sns.Notification");
    EXPECT_STR(leat_event_subject(event), "Stock is low");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(leat_event_data(event), "tea-green: 3 left");
    EXPECT_STR(leat_event_datacontenttype(event), "text/plain");
    EXPECT_STR(view_json(d, 0), NULL);
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_ASYNC);
}

Test(sns, json_message_has_its_type)
{
    char *text = in_sns("{\"left\": 3}");
    DECODED d = decode(text);
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "application/json");
    EXPECT_STR(leat_event_data(&d->event[0]), "{\"left\": 3}");
    free(text);
}

/* powertools-lambda-python 265, calavera/aws-lambda-events 98, 129, 141: SigningCertUrl and SigningCertURL. */
Test(sns, bug_13_both_spellings_of_url)
{
    char *text = changed(sample_of("sns"), "/Records/0/Sns/SigningCertUrl", NULL);
    DECODED d = decode_changed(text, "/Records/0/Sns/SigningCertURL", "\"https://sns.eu-west-1.amazonaws.com/c.pem\"");
    cr_expect_eq(d->events.count, 1);
    char *flat = sns_notification("hello");
    char *outer = in_sqs(flat);
    DECODED nested = decode(outer);
    cr_assert_eq(nested->events.count, 1);
    EXPECT_STR(leat_event_kind(&nested->event[0]), "sns");
    char *other = changed(flat, "/SigningCertUrl", "\"https://sns.eu-west-1.amazonaws.com/c.pem\"");
    char *outer_of_other = in_sqs(other);
    DECODED nested_other = decode(outer_of_other);
    cr_assert_eq(nested_other->events.count, 1);
    EXPECT_STR(leat_event_kind(&nested_other->event[0]), "sns");
    cJSON_free(text);
    free(flat), free(outer), free(other), free(outer_of_other);
}

Test(sns, optional_members_may_be_missing_null_or_empty)
{
    static const struct {
        const char *pointer, *value;
    } cases[] = {
        {"/Records/0/Sns/Subject", NULL},           {"/Records/0/Sns/Subject", "null"},
        {"/Records/0/Sns/Subject", "\"\""},         {"/Records/0/Sns/Type", NULL},
        {"/Records/0/Sns/MessageAttributes", NULL}, {"/Records/0/Sns/Signature", NULL},
        {"/Records/0/Sns/Timestamp", "null"},       {"/Records/0/EventSubscriptionArn", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of("sns"), cases[i].pointer, cases[i].value);
        cr_assert_eq(d->events.count, 1, "%s: %s", cases[i].pointer, d->reason[0]);
        if (i < 3)
            EXPECT_STR(leat_event_subject(&d->event[0]), NULL);
        EXPECT_STR(leat_event_type(&d->event[0]), "com.amazonaws.sns.Notification");
    }
}

Test(sns, topic_is_the_source_if_the_subscription_is_not_told)
{
    DECODED d = decode_changed(sample_of("sns"), "/Records/0/EventSubscriptionArn", NULL);
    EXPECT_STR(leat_event_source(&d->event[0]), "arn:aws:sns:eu-west-1:123456789012:stock");
}

Test(sns, message_without_id_is_named_by_its_content)
{
    DECODED d = decode_changed(sample_of("sns"), "/Records/0/Sns/MessageId", NULL);
    cr_assert_eq(d->events.count, 1);
    cr_expect_eq(leat_event_id(&d->event[0]).len, 32);
    EXPECT_STR(d->records.items[0].id, NULL);
}

Test(sns, fifo_topic_has_a_sequence)
{
    DECODED d = decode_changed(sample_of("sns"), "/Records/0/Sns/SequenceNumber", "\"10000000000000003000\"");
    EXPECT_ATTRIBUTE(d, 0, "sequence", "0000000000000000000010000000000000003000");
}

Test(sns, flat_notification_by_name)
{
    char *flat = sns_notification("hello");
    DECODED d = decode_as(leat_str_c(flat), "sns");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_source(&d->event[0]), "arn:aws:sns:eu-west-1:123456789012:uploads");
    DECODED detected = decode(flat);
    cr_expect_str_eq(detected->records.adapter->name, "unknown", "Lambda is never called with this shape");
    free(flat);
}

Test(sns, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/Records/0/EventSubscriptionArn", "5", "EventSubscriptionArn is a number (want text)"},
        {"/Records/0/Sns/Message", "{\"a\":1}", "Message is an object (SNS messages are text)"},
        {"/Records/0/Sns/Message", NULL, "Message is missing (SNS messages are text)"},
        {"/Records/0/Sns/Type", "5", "Sns.Type is a number (want text)"},
        {"/Records/0/Sns/TopicArn", "[]", "Sns.TopicArn is an array (want text)"},
        {"/Records/0/Sns/MessageId", "5", "Sns.MessageId is a number (want text)"},
        {"/Records/0/Sns/Subject", "true", "Sns.Subject is a boolean (want text)"},
        {"/Records/0/Sns/Timestamp", "1714675904", "Sns.Timestamp is a number (want text)"},
        {"/Records/0/Sns/SequenceNumber", "1", "Sns.SequenceNumber is a number (want text)"},
    };
    EXPECT_BROKEN(sample_of("sns"), 0, cases);
}

Test(sns, record_without_its_block_is_broken_not_unknown)
{
    DECODED d = decode("{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":5},"
                       "{\"EventSource\":\"aws:sns\",\"Sns\":{\"MessageId\":\"m\",\"Message\":\"hi\"}}]}");
    cr_assert_eq(d->records.count, 2);
    cr_expect_str_eq(d->reason[0], "Sns is a number (want an object)");
    cr_expect_eq(d->events.count, 1);
    EXPECT_STR(leat_event_source(&d->event[0]), "aws:sns");
}

Test(sns, sample_survives_encode)
{
    expect_survives_encode(leat_str_c(sample_of("sns")), "sample");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "sns", "%s", path);
    cr_expect_eq(d->events.count, d->records.count, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(sns, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("sns", check_shared);
}
