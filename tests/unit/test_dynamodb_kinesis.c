/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a DynamoDB table that come through Kinesis: no sequence number, no stream, no version, other times. */
#include "compressed.h"
#include "decoding.h"

TestSuite(dynamodb_kinesis);

#define HEAD                                                                                          \
    "\"awsRegion\":\"eu-west-1\",\"eventID\":\"c40\",\"eventName\":\"MODIFY\",\"userIdentity\":null," \
    "\"recordFormat\":\"application/json\",\"tableName\":\"orders\",\"eventSource\":\"aws:dynamodb\""
#define ITEM \
    "\"Keys\":{\"Id\":{\"N\":\"101\"}},\"NewImage\":{\"Id\":{\"N\":\"101\"},\"n\":{\"N\":\"9007199254740993\"}}"
#define CHANGE(more) "{" HEAD ",\"dynamodb\":{" ITEM more "}}"

static struct decoded *decode_change(const char *text)
{
    return decode_owned(in_kinesis(leat_str_c(text)));
}

Test(dynamodb_kinesis, change_becomes_an_event_of_dynamodb)
{
    DECODED d = decode_change(CHANGE(",\"SizeBytes\": 9007199254740993"));
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_kind(event), "dynamodb");
    EXPECT_STR(leat_event_id(event), "c40");
    EXPECT_STR(leat_event_source(event), "aws:dynamodb.eu-west-1.orders");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.dynamodb.MODIFY");
    EXPECT_STR(leat_event_subject(event), "Id=N:101");
    EXPECT_STR(leat_event_time(event), NULL);
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_STR(leat_event_data(event), "{" ITEM ",\"SizeBytes\": 9007199254740993}");
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "Id=N:101");
    EXPECT_ATTRIBUTE(d, 0, "sequence", NULL);
    EXPECT_ATTRIBUTE(d, 0, "awsregion", "eu-west-1");
    EXPECT_STR(view_json(d, 0), "{\"event\":\"MODIFY\",\"keys\":{\"Id\":101},"
                                "\"new\":{\"Id\":101,\"n\":\"9007199254740993\"}}");
    cr_expect_null(leat_kinesis(event));
}

Test(dynamodb_kinesis, kinesis_is_what_is_settled)
{
    DECODED d = decode_change(CHANGE(""));
    cr_expect_str_eq(d->records.adapter->name, "kinesis");
    EXPECT_STR(d->records.items[0].id, "49652817740231098765432109876543210987654321098765432101");
    EXPECT_STR(d->records.items[0].lane, "shard");
    EXPECT_STR(d->event[0].envelope->within->kind, "kinesis");
    cr_expect_null(d->event[0].envelope->within->outer);
    cr_expect(leat_str_starts(leat_event_raw(&d->event[0]), LEAT_STR("{\"kinesis\":")), "raw is the outermost record");
}

Test(dynamodb_kinesis, time_comes_in_three_magnitudes)
{
    static const struct {
        const char *members, *time;
    } cases[] = {
        {"1733504434", "2024-12-06T17:00:34Z"},
        {"1733504434.5", "2024-12-06T17:00:34.500Z"},
        {"1733504434250", "2024-12-06T17:00:34.250Z"},
        {"1733504434250125", "2024-12-06T17:00:34.250125Z"},
        {"1733504434250,\"ApproximateCreationDateTimePrecision\":\"MILLISECOND\"", "2024-12-06T17:00:34.250Z"},
        {"1733504434250125,\"ApproximateCreationDateTimePrecision\":\"MICROSECOND\"", "2024-12-06T17:00:34.250125Z"},
        {"1000,\"ApproximateCreationDateTimePrecision\":\"MICROSECOND\"", "1970-01-01T00:00:00.001Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), CHANGE(",\"ApproximateCreationDateTime\":%s"), cases[i].members);
        DECODED d = decode_change(text);
        cr_assert_eq(d->events.count, 1, "%s: %s", text, d->reason[0]);
        EXPECT_STR(leat_event_time(&d->event[0]), cases[i].time);
    }
}

Test(dynamodb_kinesis, source_names_what_is_known_of_the_table)
{
    static const struct {
        const char *pointer, *value, *source;
    } cases[] = {
        {"/tableName", NULL, "aws:dynamodb"},
        {"/tableName", "\"\"", "aws:dynamodb"},
        {"/awsRegion", NULL, "aws:dynamodb.orders"},
        {"/awsRegion", "null", "aws:dynamodb.orders"},
        {"/eventSourceARN", "\"arn:stream\"", "arn:stream"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *inner = changed(CHANGE(""), cases[i].pointer, cases[i].value);
        DECODED d = decode_change(inner);
        cr_assert_eq(d->events.count, 1, "%s: %s", inner, d->reason[0]);
        EXPECT_STR(leat_event_source(&d->event[0]), cases[i].source);
        free(inner);
    }
}

Test(dynamodb_kinesis, change_without_an_id_is_named_by_its_content)
{
    char *inner = changed(CHANGE(""), "/eventID", NULL);
    char *other = changed(inner, "/dynamodb/NewImage/n/N", "\"9007199254740992\"");
    DECODED a = decode_change(inner);
    DECODED b = decode_change(inner);
    DECODED c = decode_change(other);
    cr_expect_eq(leat_event_id(&a->event[0]).len, 32);
    cr_expect(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&b->event[0])));
    cr_expect_not(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&c->event[0])));
    free(inner), free(other);
}

Test(dynamodb_kinesis, broken_change_breaks_its_record_alone)
{
    static const struct {
        const char *pointer, *value, *reason;
    } cases[] = {
        {"/eventName", "\"UPSERT\"", "eventName is \"UPSERT\" (want INSERT, MODIFY or REMOVE)"},
        {"/tableName", "5", "tableName is a number (want text)"},
        {"/dynamodb/Keys", "{}", "dynamodb.Keys is empty"},
        {"/dynamodb/NewImage/n", "{\"N\":5}", "dynamodb.NewImage.n: N is a number (want text)"},
        {"/dynamodb/ApproximateCreationDateTime", "\"now\"",
         "dynamodb.ApproximateCreationDateTime is text (want a number)"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *inner = changed(CHANGE(""), cases[i].pointer, cases[i].value);
        DECODED d = decode_owned(with_base64(sample_of("kinesis"), "/Records/1/kinesis/data", leat_str_c(inner)));
        cr_assert(leat_is_ok(d->status));
        cr_expect_str_eq(d->reason[1], cases[i].reason, "%s: %s", inner, d->reason[1]);
        cr_expect_eq(d->events.count, 1, "the other one is whole");
        free(inner);
    }
}

Test(dynamodb_kinesis, what_only_looks_alike_is_left_alone)
{
    static const char *const texts[] = {
        "{\"dynamodb\":{\"Keys\":{\"Id\":{\"N\":\"1\"}}},\"eventName\":\"MODIFY\"}",
        "{\"eventSource\":\"my:dynamodb\",\"dynamodb\":{\"Keys\":{\"Id\":{\"N\":\"1\"}}},\"eventName\":\"MODIFY\"}",
        "{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{},\"eventName\":\"MODIFY\"}",
        "{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"Keys\":{\"Id\":{\"N\":\"1\"}}}}",
        "{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"Keys\":[]},\"eventName\":\"MODIFY\"}",
        "{\"eventSource\":\"aws:dynamodb\",\"eventName\":\"MODIFY\"}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode_change(texts[i]);
        cr_assert_eq(d->events.count, 1, "%s: %s", texts[i], d->reason[0]);
        EXPECT_STR(leat_event_kind(&d->event[0]), "kinesis");
        EXPECT_STR(leat_event_data(&d->event[0]), texts[i]);
    }
}

Test(dynamodb_kinesis, change_by_name_is_no_batch)
{
    DECODED alone = decode(CHANGE(""));
    cr_expect_str_eq(alone->records.adapter->name, "unknown", "only Kinesis brings it bare");
    DECODED named = decode_as(LEAT_STR(CHANGE("")), "dynamodb");
    cr_assert_eq(named->events.count, 1, "%s", named->error.message);
    EXPECT_STR(leat_event_id(&named->event[0]), "c40");
}

Test(dynamodb_kinesis, payload_survives_encode)
{
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    char *plain = in_kinesis(LEAT_STR(CHANGE(",\"SizeBytes\":9007199254740993")));
    char *gzip = in_kinesis(compressed(&arena, LEAT_STR(CHANGE("")), AS_GZIP));
    expect_survives_encode(leat_str_c(plain), "plain");
    expect_survives_encode(leat_str_c(gzip), "gzip");
    free(plain), free(gzip);
    leat_arena_fini(&arena);
}
