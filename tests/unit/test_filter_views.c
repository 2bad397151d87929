/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter sees of each trigger's records, and what becomes of data of another form than the pattern's. */
#include "filtering.h"

#include <leat/text.h>

TestSuite(filter_views);

static const char *base64(const char *bytes)
{
    return leat_base64_encode(&filter_arena, leat_str_c(bytes)).ptr;
}

/* `part` for the @ in `format`. */
static const char *print(const char *format, const char *part)
{
    leat_str rest = leat_str_c(format), before = leat_str_cut(&rest, '@');
    return leat_arena_printf(&filter_arena, "%.*s%s%.*s", LEAT_ARG(before), part, LEAT_ARG(rest)).ptr;
}

static const char *sqs(const char *body)
{
    char *json = quoted(body);
    const char *payload = print("{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\",\"body\":@,"
                                "\"attributes\":{\"ApproximateReceiveCount\":\"2\"}}]}",
                                json);
    free(json);
    return payload;
}

static const char *kinesis(const char *data)
{
    return print("{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"eventID\":\"e\",\"kinesis\":{\"sequenceNumber\":"
                 "\"1\",\"partitionKey\":\"mill\",\"data\":\"@\"}}]}",
                 data);
}

static const char *kafka(const char *value)
{
    return print("{\"eventSource\":\"aws:kafka\",\"records\":{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":7,"
                 "\"key\":\"bWlsbA==\",\"value\":@}]}}",
                 value);
}

#define JSON_PATTERN(name) "{\"" name "\":{\"n\":[{\"numeric\":[\">\",1]}]}}"
#define TEXT_PATTERN(name) "{\"" name "\":[\"hi\"]}"

Test(filter_views, sqs_bodies_are_parsed)
{
    EXPECT_MATCH(JSON_PATTERN("body"), sqs(" {\"n\": 2}\n"));
    EXPECT_NO_MATCH(JSON_PATTERN("body"), sqs("{\"n\": 1}"));
    EXPECT_MATCH("{\"body\":{\"n\":[300.0]}}", sqs("{\"n\":300.0}"));
    EXPECT_NO_MATCH("{\"body\":{\"n\":[300.0]}}", sqs("{\"n\":300}"));
    EXPECT_MATCH(TEXT_PATTERN("body"), sqs("hi"));
    EXPECT_MATCH("{\"body\":[\"12\"]}", sqs("12")); /* JSON is what has members or elements */
}

Test(filter_views, sqs_bodies_of_another_form_are_dropped)
{
    EXPECT_NO_MATCH(JSON_PATTERN("body"), sqs("hi"));
    EXPECT_NO_MATCH(TEXT_PATTERN("body"), sqs("[\"hi\"]"));
    EXPECT_NO_MATCH("{\"body\":[{\"exists\":false}]}", sqs("{\"n\":1}"));
    EXPECT_NO_MATCH("{\"body\":{\"n\":[{\"exists\":false}]}}", sqs("{n:1}")); /* nearly JSON is text */
    EXPECT_NO_MATCH("{\"body\":{\"n\":[{\"exists\":false}]}}", sqs("hi"));
}

Test(filter_views, or_reaches_data)
{
    EXPECT_MATCH("{\"$or\":[{\"body\":[\"hi\"]},{\"body\":{\"n\":[2]}}]}", sqs("{\"n\":2}"));
    EXPECT_MATCH("{\"$or\":[{\"body\":[\"hi\"]},{\"body\":{\"n\":[2]}}]}", sqs("hi"));
    EXPECT_NO_MATCH("{\"$or\":[{\"body\":[\"hi\"]},{\"body\":{\"n\":[2]}}]}", sqs("{\"n\":3}"));
}

Test(filter_views, members_beside_data_are_seen_as_they_are)
{
    EXPECT_MATCH("{\"attributes\":{\"ApproximateReceiveCount\":[\"2\"]}}", sqs("hi"));
    EXPECT_MATCH("{\"partitionKey\":[{\"prefix\":\"mi\"}],\"eventID\":[\"e\"]}", kinesis("aGk="));
    EXPECT_NO_MATCH("{\"partitionKey\":[{\"prefix\":\"ma\"}]}", kinesis("aGk="));
    EXPECT_MATCH("{\"topic\":[\"t\"],\"offset\":[7]}", kafka("\"aGk=\""));
}

/* What is nested is not unwrapped yet. */
Test(filter_views, messages_inside_messages_stay_text)
{
    const char *notice = "{\"Type\":\"Notification\",\"MessageId\":\"i\",\"TopicArn\":\"arn:aws:sns:eu-west-1:1:t\","
                         "\"Message\":\"{\\\"n\\\":2}\"}";
    EXPECT_MATCH("{\"body\":{\"Message\":[{\"prefix\":\"{\"}]}}", sqs(notice));
    EXPECT_NO_MATCH("{\"body\":{\"Message\":{\"n\":[2]}}}", sqs(notice));
}

Test(filter_views, kinesis_data_is_decoded)
{
    EXPECT_MATCH(JSON_PATTERN("data"), kinesis(base64("{\"n\":2}")));
    EXPECT_NO_MATCH(JSON_PATTERN("data"), kinesis(base64("{\"n\":0}")));
    EXPECT_MATCH(TEXT_PATTERN("data"), kinesis(base64("hi")));
    EXPECT_NO_MATCH(TEXT_PATTERN("data"), kinesis(base64("{\"n\":2}")));
    EXPECT_NO_MATCH(JSON_PATTERN("data"), kinesis(base64("hi")));
    EXPECT_NO_MATCH("{\"data\":[{\"anything-but\":\"hi\"}]}", kinesis("/w==")); /* no UTF-8 */
    EXPECT_NO_MATCH("{\"data\":[{\"anything-but\":\"hi\"}]}", kinesis("no base64"));
}

Test(filter_views, end_of_a_window_is_never_dropped)
{
    EXPECT_MATCH(JSON_PATTERN("data"),
                 "{\"window\":{\"start\":\"2024-05-02T18:50:00Z\",\"end\":\"2024-05-02T18:55:00Z\"},\"state\":{},"
                 "\"shardId\":\"s\",\"eventSourceARN\":\"arn:aws:kinesis:eu-west-1:1:stream/x\","
                 "\"isFinalInvokeForWindow\":true,\"isWindowTerminatedEarly\":false,\"Records\":[]}");
}

Test(filter_views, kafka_values_and_keys_are_decoded)
{
    EXPECT_MATCH(JSON_PATTERN("value"), kafka("\"eyJuIjoyfQ==\""));    /* {"n":2} */
    EXPECT_NO_MATCH(JSON_PATTERN("value"), kafka("\"eyJuIjowfQ==\"")); /* {"n":0} */
    EXPECT_MATCH(TEXT_PATTERN("value"), kafka("\"aGk=\""));
    EXPECT_NO_MATCH(TEXT_PATTERN("value"), kafka("\"aGE=\""));
    EXPECT_MATCH("{\"key\":[\"mill\"]}", kafka("null"));
    EXPECT_MATCH("{\"value\":[null]}", kafka("null"));
    EXPECT_NO_MATCH("{\"value\":[\"hi\"]}", kafka("null"));
}

/* Unlike with queues and streams: the rest of the pattern decides. */
Test(filter_views, kafka_values_of_another_form_are_not_asked)
{
    EXPECT_MATCH(JSON_PATTERN("value"), kafka("\"aGk=\""));
    EXPECT_MATCH(TEXT_PATTERN("value"), kafka("\"eyJuIjowfQ==\""));
    EXPECT_MATCH(TEXT_PATTERN("value"), kafka("\"/w==\""));
    EXPECT_NO_MATCH("{\"topic\":[\"u\"],\"value\":{\"n\":[1]}}", kafka("\"aGk=\""));
}

Test(filter_views, dynamodb_records_are_seen_as_they_are)
{
    const char *change = "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"eventName\":\"INSERT\",\"dynamodb\":{"
                         "\"SequenceNumber\":\"1\",\"Keys\":{\"id\":{\"S\":\"a\"}},\"NewImage\":{\"n\":{\"N\":\"5\"},"
                         "\"tags\":{\"L\":[{\"S\":\"x\"},{\"S\":\"y\"}]}}}}]}";
    EXPECT_MATCH("{\"eventName\":[\"INSERT\"],\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":[\"5\"]}}}}", change);
    EXPECT_MATCH("{\"dynamodb\":{\"NewImage\":{\"tags\":{\"L\":{\"S\":[\"y\"]}}}}}", change);
    EXPECT_MATCH("{\"dynamodb\":{\"OldImage\":{\"n\":{\"N\":[{\"exists\":false}]}}}}", change);
    EXPECT_NO_MATCH("{\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":[{\"numeric\":[\">\",1]}]}}}}", change);
    EXPECT_NO_MATCH("{\"eventName\":[\"REMOVE\"]}", change);
}

Test(filter_views, others_are_seen_as_they_are)
{
    EXPECT_MATCH("{\"detail\":{\"n\":[1]}}",
                 "{\"version\":\"0\",\"id\":\"i\",\"detail-type\":\"Order\",\"source\":\"shop\",\"detail\":{\"n\":1}}");
    EXPECT_MATCH("{\"Sns\":{\"Message\":[\"hi\"]}}",
                 "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"MessageId\":\"i\",\"Message\":\"hi\"}}]}");
    EXPECT_MATCH("{\"s3\":{\"object\":{\"key\":[{\"suffix\":\".png\"}]}}}",
                 "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{"
                 "\"name\":\"b\"},\"object\":{\"key\":\"a.png\"}}}]}");
}

/* An adapter of an older leat has no say in what filters see. */
Test(filter_views, adapters_without_the_slot_show_the_record)
{
    struct leat_error error = {0};
    DECODED d = decode(sqs("{\"n\":2}"));
    struct leat_record record = d->records.items[0];
    struct leat_adapter older = *record.adapter;
    older.size = (uint32_t)offsetof(struct leat_adapter, filtered);
    record.adapter = &older;
    cr_expect(filter_passes(filter_of("{\"body\":[{\"prefix\":\"{\"}]}", &error), &record));
    cr_expect_not(filter_passes(filter_of(JSON_PATTERN("body"), &error), &record));
}

Test(filter_views, record_without_json_passes)
{
    struct leat_error error = {0};
    struct leat_record record = {.native = "x"};
    cr_expect(filter_passes(filter_of("{\"body\":[\"hi\"]}", &error), &record));
}

Test(filter_views, want_of_memory_lets_pass_and_says_so)
{
    struct leat_error error = {0};
    struct leat_arena scratch LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_filter *filter = filter_of(JSON_PATTERN("body"), &error);
    DECODED d = decode(sqs("{\"n\":1}"));
    leat_arena_init(&scratch, 16);
    cr_expect(leat_filter_match(filter, &d->records.items[0], &scratch));
    cr_expect(scratch.overflow);
}
