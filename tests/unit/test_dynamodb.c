/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

TestSuite(dynamodb);

/* One record whose `dynamodb` member is that. */
#define CHANGE(change)                                                                             \
    "{\"Records\":[{\"eventID\":\"e1\",\"eventName\":\"MODIFY\",\"eventSource\":\"aws:dynamodb\"," \
    "\"eventSourceARN\":\"arn:stream\",\"awsRegion\":\"eu-west-1\",\"dynamodb\":" change "}]}"
#define KEYS "\"Keys\":{\"Id\":{\"N\":\"101\"}},\"SequenceNumber\":\"111\""
/* One attribute `a` of a new image. */
#define VALUE(value) CHANGE("{" KEYS ",\"NewImage\":{\"a\":" value "}}")

Test(dynamodb, sample_becomes_one_event_a_change)
{
    DECODED d = decode(sample_of("dynamodb"));
    cr_assert(leat_is_ok(d->status));
    cr_assert_eq(d->events.count, 3);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "100000000000000000001");
    EXPECT_STR(leat_event_kind(event), "dynamodb");
    EXPECT_STR(leat_event_id(event), "0a1b2c3d4e5f60718293a4b5c6d7e8f9");
    EXPECT_STR(leat_event_source(event),
               "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2024-04-01T09:00:00.000");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.dynamodb.INSERT");
    EXPECT_STR(leat_event_type(&d->event[1]), "com.amazonaws.dynamodb.MODIFY");
    EXPECT_STR(leat_event_type(&d->event[2]), "com.amazonaws.dynamodb.REMOVE");
    EXPECT_STR(leat_event_subject(event), "customer=S:c-17,order=N:1001");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "customer=S:c-17,order=N:1001");
    EXPECT_ATTRIBUTE(d, 0, "sequence", "0000000000000000000100000000000000000001");
    EXPECT_ATTRIBUTE(d, 0, "awsregion", "eu-west-1");
    cr_expect(leat_str_starts(leat_event_data(event), LEAT_STR("{\n        \"ApproximateCreationDateTime\"")));
    cr_expect_not_null(leat_json_get_object(leat_event_json(event), "NewImage"));
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_CHECKPOINT);
}

Test(dynamodb, batch_is_one_lane)
{
    DECODED d = decode(sample_of("dynamodb"));
    for (uint32_t i = 0; i < d->records.count; i++) {
        EXPECT_STR(d->records.items[i].lane, "shard");
        EXPECT_STR(d->records.items[i].partition, NULL);
    }
}

Test(dynamodb, view_is_plain_json)
{
    DECODED d = decode(sample_of("dynamodb"));
    EXPECT_STR(view_json(d, 0),
               "{\"event\":\"INSERT\",\"keys\":{\"customer\":\"c-17\",\"order\":1001},"
               "\"new\":{\"customer\":\"c-17\",\"order\":1001,\"state\":\"placed\",\"total\":9,\"gift\":false,"
               "\"tags\":[\"tea\",\"web\"],\"items\":[{\"sku\":\"tea-green\",\"count\":2}],\"label\":\"bGVhdA==\","
               "\"note\":null},\"stream_view\":\"NEW_AND_OLD_IMAGES\"}");
    const struct leat_dynamodb *removed = leat_dynamodb(&d->event[2]);
    cr_expect_null(removed->new_image);
    cr_expect_not_null(removed->old_image);
    EXPECT_STR(removed->sequence, "100000000000000000003");
}

Test(dynamodb, numbers_that_do_not_fit_a_double_stay_text)
{
    static const struct {
        const char *number, *plain;
    } cases[] = {
        {"0", "0"},
        {"-12.5", "-12.5"},
        {"1.50", "1.5"},
        {"9007199254740992", "9007199254740992"},
        {"9007199254740993", "\"9007199254740993\""},
        {"3.14159265358979323846264338327950288419", "\"3.14159265358979323846264338327950288419\""},
        {"12345678901234567890123456789012345678", "\"12345678901234567890123456789012345678\""},
        {"1E+3", "1000"},
        {"1e-130", "1e-130"},
        {"", "\"\""},
        {"NaN", "\"NaN\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char value[96], want[96];
        snprintf(value, sizeof(value), "{\"NS\":[\"%s\"]}", cases[i].number);
        DECODED d = decode_changed(VALUE("{}"), "/Records/0/dynamodb/NewImage/a", value);
        cr_assert_eq(d->events.count, 1, "%s: %s", value, d->reason[0]);
        struct leat_buf out;
        leat_buf_init(&out, &d->run);
        leat_json_print(&out, leat_json_get(leat_dynamodb(&d->event[0])->new_image, "a"));
        snprintf(want, sizeof(want), "[%s]", cases[i].plain);
        EXPECT_STR(leat_buf_str(&out), want);
    }
}

Test(dynamodb, empty_values_are_whole)
{
    DECODED d = decode(CHANGE("{" KEYS ",\"NewImage\":{\"m\":{\"M\":{}},\"l\":{\"L\":[]},\"s\":{\"S\":\"\"},"
                              "\"b\":{\"B\":\"\"},\"ss\":{\"SS\":[]}}}"));
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    EXPECT_STR(
        view_json(d, 0),
        "{\"event\":\"MODIFY\",\"keys\":{\"Id\":101},\"new\":{\"m\":{},\"l\":[],\"s\":\"\",\"b\":\"\",\"ss\":[]}}");
}

Test(dynamodb, nul_in_a_string_reaches_the_view)
{
    DECODED d = decode(VALUE("{\"S\":\"a\\u0000b\"}"));
    const cJSON *image = leat_dynamodb(&d->event[0])->new_image;
    cr_expect(leat_str_eq(leat_json_get_text(image, "a"), leat_str_of("a\0b", 3)));
}

/* aws-lambda-go 478, aws-lambda-dotnet 839, java-libs 543: seconds, ms and us, said or unsaid. */
Test(dynamodb, bug_2_time_in_three_magnitudes)
{
    static const struct {
        const char *members, *time;
    } cases[] = {
        {"\"ApproximateCreationDateTime\":1428537600", "2015-04-09T00:00:00Z"},
        {"\"ApproximateCreationDateTime\":1428537600.0", "2015-04-09T00:00:00Z"},
        {"\"ApproximateCreationDateTime\":1.4285376005E9", "2015-04-09T00:00:00.500Z"},
        {"\"ApproximateCreationDateTime\":1428537600250", "2015-04-09T00:00:00.250Z"},
        {"\"ApproximateCreationDateTime\":1428537600250125", "2015-04-09T00:00:00.250125Z"},
        {"\"ApproximateCreationDateTime\":1000,\"ApproximateCreationDateTimePrecision\":\"MILLISECOND\"",
         "1970-01-01T00:00:01Z"},
        {"\"ApproximateCreationDateTime\":1000,\"ApproximateCreationDateTimePrecision\":\"MICROSECOND\"",
         "1970-01-01T00:00:00.001Z"},
        {"\"ApproximateCreationDateTime\":1428537600250,\"ApproximateCreationDateTimePrecision\":\"MILLISECOND\"",
         "2015-04-09T00:00:00.250Z"},
        {"\"ApproximateCreationDateTime\":1428537600,\"ApproximateCreationDateTimePrecision\":null",
         "2015-04-09T00:00:00Z"},
        {"\"ApproximateCreationDateTime\":0", "1970-01-01T00:00:00Z"},
        {"\"ApproximateCreationDateTime\":1e300", NULL},
        {"\"ApproximateCreationDateTime\":-1e300", NULL},
        {"\"ApproximateCreationDateTime\":1e999", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[640];
        snprintf(text, sizeof(text), CHANGE("{" KEYS ",%s}"), cases[i].members);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s: %s", text, d->reason[0]);
        EXPECT_STR(leat_event_time(&d->event[0]), cases[i].time);
    }
}

/* aws-lambda-rust-runtime 889. */
Test(dynamodb, bug_3_time_may_be_missing)
{
    static const char *const texts[] = {CHANGE("{" KEYS "}"),
                                        CHANGE("{" KEYS ",\"ApproximateCreationDateTime\":null}")};
    for (size_t i = 0; i < 2; i++) {
        DECODED d = decode(texts[i]);
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_event_time(&d->event[0]), NULL);
    }
}

/* calavera/aws-lambda-events 84. */
Test(dynamodb, bug_4_no_version_and_no_user)
{
    DECODED d = decode_changed(CHANGE("{" KEYS "}"), "/Records/0/userIdentity", "null");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_id(&d->event[0]), "e1");
}

Test(dynamodb, images_are_those_of_the_stream)
{
    DECODED d = decode(CHANGE("{" KEYS ",\"StreamViewType\":\"KEYS_ONLY\"}"));
    const struct leat_dynamodb *view = leat_dynamodb(&d->event[0]);
    cr_expect_not_null(view->keys);
    cr_expect_null(view->new_image);
    cr_expect_null(view->old_image);
    EXPECT_STR(view->stream_view, "KEYS_ONLY");
}

Test(dynamodb, subject_is_sorted_by_name)
{
    DECODED d = decode(CHANGE("{\"Keys\":{\"b\":{\"B\":\"AAE=\"},\"a\":{\"S\":\"x,y\"},\"B\":{\"N\":\"1.0\"}},"
                              "\"SequenceNumber\":\"1\"}"));
    EXPECT_STR(leat_event_subject(&d->event[0]), "B=N:1.0,a=S:x,y,b=B:AAE=");
}

Test(dynamodb, sequence_longer_than_its_width_stays_and_other_text_is_none)
{
    static const char *const numbers[][2] = {
        {"\"12345678901234567890123456789012345678901234567890123456789012345\"",
         "12345678901234567890123456789012345678901234567890123456789012345"},
        {"\"shard-1\"", NULL},
    };
    for (size_t i = 0; i < 2; i++) {
        DECODED d = decode_changed(CHANGE("{" KEYS "}"), "/Records/0/dynamodb/SequenceNumber", numbers[i][0]);
        cr_assert_eq(d->events.count, 1);
        EXPECT_ATTRIBUTE(d, 0, "sequence", numbers[i][1]);
    }
}

Test(dynamodb, sparse_record_is_whole)
{
    DECODED d =
        decode("{\"Records\":[{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{" KEYS "}}]}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_source(&d->event[0]), "aws:dynamodb");
    cr_expect_eq(leat_event_id(&d->event[0]).len, 32);
}

Test(dynamodb, tumbling_window_is_a_plain_batch)
{
    DECODED d = decode_changed(sample_of("dynamodb"), "/window",
                               "{\"start\":\"2024-05-02T18:50:00Z\",\"end\":\"2024-05-02T18:55:00Z\"}");
    cr_expect_str_eq(d->records.adapter->name, "dynamodb");
    cr_expect_eq(d->events.count, 3);
}

Test(dynamodb, record_without_sequence_number_breaks_the_payload)
{
    static const struct {
        const char *pointer, *value;
    } cases[] = {
        {"/Records/2/dynamodb/SequenceNumber", NULL},
        {"/Records/2/dynamodb/SequenceNumber", "111"},
        {"/Records/2/dynamodb/SequenceNumber", "\"\""},
        {"/Records/2/dynamodb", "\"x\""},
        {"/Records/2/dynamodb", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of("dynamodb"), cases[i].pointer, cases[i].value);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
        cr_expect(leat_str_starts(leat_str_c(d->error.message), LEAT_STR("Records[2].dynamodb.SequenceNumber is ")),
                  "%s", d->error.message);
    }
}

Test(dynamodb, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/Records/1/eventName", "5", "eventName is a number (want text)"},
        {"/Records/1/eventName", NULL, "eventName is missing"},
        {"/Records/1/eventName", "\"DELETE\"", "eventName is \"DELETE\" (want INSERT, MODIFY or REMOVE)"},
        {"/Records/1/eventID", "1", "eventID is a number (want text)"},
        {"/Records/1/eventSourceARN", "[]", "eventSourceARN is an array (want text)"},
        {"/Records/1/awsRegion", "{}", "awsRegion is an object (want text)"},
        {"/Records/1/dynamodb/Keys", "[]", "dynamodb.Keys is an array (want an object)"},
        {"/Records/1/dynamodb/Keys", NULL, "dynamodb.Keys is missing"},
        {"/Records/1/dynamodb/Keys", "{}", "dynamodb.Keys is empty"},
        {"/Records/1/dynamodb/Keys", "{\"Id\":{\"BOOL\":true}}",
         "dynamodb.Keys.Id has the type BOOL (keys are S, N or B)"},
        {"/Records/1/dynamodb/Keys", "{\"Id\":{\"N\":101}}", "dynamodb.Keys.Id: N is a number (want text)"},
        {"/Records/1/dynamodb/NewImage", "\"x\"", "dynamodb.NewImage is text (want an object)"},
        {"/Records/1/dynamodb/OldImage", "5", "dynamodb.OldImage is a number (want an object)"},
        {"/Records/1/dynamodb/StreamViewType", "5", "dynamodb.StreamViewType is a number (want text)"},
        {"/Records/1/dynamodb/ApproximateCreationDateTime", "\"1714675904\"",
         "dynamodb.ApproximateCreationDateTime is text (want a number)"},
        {"/Records/1/dynamodb/ApproximateCreationDateTimePrecision", "3",
         "dynamodb.ApproximateCreationDateTimePrecision is a number (want text)"},
    };
    EXPECT_BROKEN(sample_of("dynamodb"), 1, cases);
}

Test(dynamodb, too_many_keys_are_refused)
{
    struct leat_arena arena;
    struct leat_buf keys;
    leat_arena_init(&arena, 0);
    leat_buf_init(&keys, &arena);
    for (int i = 0; i < 17; i++)
        leat_buf_printf(&keys, "%c\"k%d\":{\"N\":\"1\"}", i == 0 ? '{' : ',', i);
    leat_buf_c(&keys, "}");
    DECODED d = decode_changed(CHANGE("{" KEYS "}"), "/Records/0/dynamodb/Keys", leat_buf_str(&keys).ptr);
    cr_expect_str_eq(d->reason[0], "dynamodb.Keys has 17 members (tables have one or two)");
    leat_arena_fini(&arena);
}

Test(dynamodb, broken_attribute_values_are_named)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {VALUE("5"), "is a number (want an attribute value such as {\"S\": ...})"},
        {VALUE("{}"), "has no type"},
        {VALUE("{\"S\":\"x\",\"N\":\"1\"}"), "has two types, S and N"},
        {VALUE("{\"X\":\"x\"}"), "has the unknown type X"},
        {VALUE("{\"s\":\"x\"}"), "has the unknown type s"},
        {VALUE("{\"S\":5}"), ": S is a number (want text)"},
        {VALUE("{\"S\":null}"), ": S is null (want text)"},
        {VALUE("{\"N\":101}"), ": N is a number (want text)"},
        {VALUE("{\"B\":[]}"), ": B is an array (want text)"},
        {VALUE("{\"B\":\"no base64!\"}"), ": B is no base64"},
        {VALUE("{\"BOOL\":\"true\"}"), ": BOOL is text (want a boolean)"},
        {VALUE("{\"NULL\":false}"), ": NULL is a boolean (want true)"},
        {VALUE("{\"M\":[]}"), ": M is an array (want an object)"},
        {VALUE("{\"L\":{}}"), ": L is an object (want an array)"},
        {VALUE("{\"SS\":\"x\"}"), ": SS is text (want an array)"},
        {VALUE("{\"SS\":[\"x\",5]}"), ": SS holds a number (want text)"},
        {VALUE("{\"NS\":[1]}"), ": NS holds a number (want text)"},
        {VALUE("{\"BS\":[\"AAE=\",\"!\"]}"), ": BS holds text that is no base64"},
        {VALUE("{\"M\":{\"x\":{\"L\":[{\"S\":5}]}}}"), ": S is a number (want text)"},
        {VALUE("{\"L\":[\"x\"]}"), "is text (want an attribute value such as {\"S\": ...})"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[160];
        DECODED d = decode(cases[i].text);
        snprintf(want, sizeof(want), "dynamodb.NewImage.a%s%s", cases[i].reason[0] == ':' ? "" : " ", cases[i].reason);
        cr_assert(leat_is_ok(d->status));
        cr_expect_str_eq(d->reason[0], want, "got \"%s\"", d->reason[0]);
        EXPECT_STR(d->records.items[0].id, "111");
    }
}

/* {"L":[{"L":[ ... ]}]} of that many levels around a string. */
static struct decoded *decode_nested(int levels)
{
    struct leat_arena arena;
    struct leat_buf value;
    leat_arena_init(&arena, 0);
    leat_buf_init(&value, &arena);
    for (int i = 0; i < levels; i++)
        leat_buf_c(&value, i % 2 == 0 ? "{\"L\":[" : "{\"M\":{\"m\":");
    leat_buf_c(&value, "{\"S\":\"x\"}");
    for (int i = levels; i-- > 0;)
        leat_buf_c(&value, i % 2 == 0 ? "]}" : "}}");
    struct decoded *d = decode_changed(VALUE("{}"), "/Records/0/dynamodb/NewImage/a", leat_buf_str(&value).ptr);
    leat_arena_fini(&arena);
    return d;
}

Test(dynamodb, nesting_ends_at_32_levels)
{
    DECODED deepest = decode_nested(32);
    cr_assert_eq(deepest->events.count, 1, "%s", deepest->reason[0]);
    cr_expect_not_null(leat_dynamodb(&deepest->event[0]));
    DECODED deeper = decode_nested(33);
    cr_expect_str_eq(deeper->reason[0], "dynamodb.NewImage.a is nested deeper than 32 levels");
}

Test(dynamodb, sample_survives_encode)
{
    expect_survives_encode(leat_str_c(sample_of("dynamodb")), "sample");
    expect_survives_encode(LEAT_STR(CHANGE("{" KEYS ",\"ApproximateCreationDateTime\":1.635734407123456789E9,"
                                           "\"SizeBytes\":9007199254740993}")),
                           "numbers");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "dynamodb", "%s", path);
    for (uint32_t i = 0; i < d->records.count; i++)
        cr_expect_str_eq(d->reason[i], "", "%s: record %u: %s", path, i, d->reason[i]);
    expect_survives_encode(text, path);
}

Test(dynamodb, shared_payloads_are_recognised_and_survive_encode)
{
    for_shared_payloads("dynamodb", check_shared);
}
