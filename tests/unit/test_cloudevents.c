/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents in structured mode, alone and inside the messages of others. */
#include "decoding.h"

TestSuite(cloudevents);

#define CLOUDEVENT(more) \
    "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/shop\",\"type\":\"com.example.order\"" more "}"

/* Decodes an event with those members added. */
static struct decoded *decode_more(const char *more)
{
    char text[1024];
    snprintf(text, sizeof(text), CLOUDEVENT("%s"), more);
    struct decoded *d = decode(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", text, d->error.message);
    return d;
}

static leat_str written(struct decoded *d)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &d->run);
    leat_event_write(&d->event[0], &buf);
    return leat_buf_str(&buf);
}

Test(cloudevents, sample_keeps_its_attributes)
{
    DECODED d = decode(sample_of("cloudevents"));
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_assert_eq(d->events.count, 1);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "6f2a1c58-92b4-4e06-8f1d-6c5b4a392817");
    EXPECT_STR(d->records.items[0].lane, NULL);
    EXPECT_STR(leat_event_kind(event), "cloudevents");
    EXPECT_STR(leat_event_id(event), "6f2a1c58-92b4-4e06-8f1d-6c5b4a392817");
    EXPECT_STR(leat_event_source(event), "https://shop.example.com/orders");
    EXPECT_STR(leat_event_type(event), "com.example.order.placed");
    EXPECT_STR(leat_event_subject(event), "o-1001");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:51:44.123Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "c-77");
    EXPECT_ATTRIBUTE(d, 0, "specversion", "1.0");
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order_id"), "o-1001");
    cr_expect(leat_str_eq(leat_event_raw(event), leat_str_trim(d->text)));
    EXPECT_STR(view_json(d, 0), NULL);
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_DIRECT);
}

/* --- data ------------------------------------------------------------------------------------------------- */

Test(cloudevents, data_is_what_the_format_says)
{
    static const struct {
        const char *more, *data, *type;
    } cases[] = {
        {",\"data\": {\"n\" : 9007199254740993, \"x\":1.50}", "{\"n\" : 9007199254740993, \"x\":1.50}",
         "application/json"},
        {",\"data\":[1e3]", "[1e3]", "application/json"},
        {",\"data\":17", "17", "application/json"},
        {",\"data\":null", "null", "application/json"},
        {",\"data\":false", "false", "application/json"},
        {",\"data\":\"text\"", "\"text\"", "application/json"},
        {",\"datacontenttype\":\"application/json\",\"data\":\"a\\\"b\"", "\"a\\\"b\"", "application/json"},
        {",\"datacontenttype\":\"Application/JSON; charset=utf-8\",\"data\":\"x\"", "\"x\"",
         "Application/JSON; charset=utf-8"},
        {",\"datacontenttype\":\"application/vnd.api+json\",\"data\":\"x\"", "\"x\"", "application/vnd.api+json"},
        {",\"datacontenttype\":\"text/plain\",\"data\":\"a\\u0000b\"", NULL, "text/plain"},
        {",\"datacontenttype\":\"application/xml\",\"data\":\"<a b='c'/>\"", "<a b='c'/>", "application/xml"},
        {",\"datacontenttype\":\"application/jsonp\",\"data\":\"f()\"", "f()", "application/jsonp"},
        {",\"datacontenttype\":\"text/plain\",\"data\":{\"a\":1}", "{\"a\":1}", "text/plain"},
        {",\"datacontenttype\":\"text/plain\",\"data\":\"\"", "", "text/plain"},
        {",\"datacontenttype\":\"image/png\",\"data_base64\":\"iVBORw==\"", "\x89PNG", "image/png"},
        {",\"data_base64\":\"aGVsbG8=\"", "hello", "text/plain"},
        {",\"data_base64\":\"//79\"", "\xFF\xFE\xFD", "application/octet-stream"},
        {",\"data_base64\":\"no base64!\"", "no base64!", "text/plain"},
        {",\"data\":null,\"data_base64\":\"aGVsbG8=\"", "hello", "text/plain"},
        {",\"data\":{\"a\":1},\"data_base64\":null", "{\"a\":1}", "application/json"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_more(cases[i].more);
        cr_assert_eq(d->events.count, 1, "%s: %s", cases[i].more, d->reason[0]);
        if (cases[i].data != NULL)
            EXPECT_STR(leat_event_data(&d->event[0]), cases[i].data);
        else
            cr_expect(leat_str_eq(leat_event_data(&d->event[0]), leat_str_of("a\0b", 3)));
        EXPECT_STR(leat_event_datacontenttype(&d->event[0]), cases[i].type);
    }
}

Test(cloudevents, event_without_data_has_no_type_of_it)
{
    DECODED d = decode_more("");
    EXPECT_STR(leat_event_data(&d->event[0]), NULL);
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), NULL);
    EXPECT_STR(written(d), CLOUDEVENT(""));
    DECODED typed = decode_more(",\"datacontenttype\":\"text/csv\"");
    EXPECT_STR(leat_event_data(&typed->event[0]), NULL);
    EXPECT_STR(leat_event_datacontenttype(&typed->event[0]), "text/csv");
}

Test(cloudevents, both_kinds_of_data_are_one_too_many)
{
    DECODED d = decode_more(",\"data\":{},\"data_base64\":\"aGk=\"");
    cr_expect_str_eq(d->reason[0], "it has both data and data_base64");
    EXPECT_STR(d->records.items[0].id, "e1");
}

/* What goes in comes out. */
Test(cloudevents, event_is_written_as_it_was_read)
{
    static const char *const events[] = {
        CLOUDEVENT(",\"subject\":\"s\",\"time\":\"2024-05-02T18:51:44+02:00\",\"datacontenttype\":\"application/json\","
                   "\"a1\":\"x\",\"b\":\"y\",\"data\":{\"n\":9007199254740993,\"m\":[1.50,{}]}"),
        CLOUDEVENT(",\"datacontenttype\":\"text/plain\",\"data\":\"h\\u001b\\\"\xC3\xBC\""),
        CLOUDEVENT(",\"datacontenttype\":\"image/png\",\"data_base64\":\"iVBORw==\""),
        CLOUDEVENT(",\"datacontenttype\":\"application/json\",\"dataschema\":\"https://example.com/s\",\"data\":\"x\""),
    };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        DECODED d = decode(events[i]);
        EXPECT_STR(written(d), events[i]);
    }
}

/* --- attributes --------------------------------------------------------------------------------------------- */

Test(cloudevents, extensions_are_text_whatever_they_were)
{
    static const char *const cases[][2] = {
        {"\"text\"", "text"},
        {"\"\"", NULL},
        {"true", "true"},
        {"false", "false"},
        {"0", "0"},
        {"-2147483648", "-2147483648"},
        {"2147483647.0", "2147483647"},
        {"1e3", "1000"},
        {"9007199254740993", "9007199254740993"}, /* more than CloudEvents promises */
        {"1.50", "1.5"},
        {"null", NULL},
        {"{\"a\":1}", NULL},
        {"[1]", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), CLOUDEVENT(",\"ext1\":%s"), cases[i][0]);
        DECODED exact = decode(text);
        DECODED quick = decode_quickly(text);
        cr_assert(exact->events.count == 1 && quick->events.count == 1, "%s: %s", text, exact->reason[0]);
        EXPECT_ATTRIBUTE(exact, 0, "ext1", cases[i][1]);
        EXPECT_ATTRIBUTE(quick, 0, "ext1", cases[i][1]);
    }
}

Test(cloudevents, names_that_cloudevents_forbids_are_dropped)
{
    DECODED d = decode_more(",\"Upper\":\"1\",\"with-dash\":\"2\",\"with_line\":\"3\",\"\":\"4\",\"caf\xC3\xA9\":\"5\","
                            "\"a\\u0000b\":\"6\",\"ID\":\"7\",\"ok9\":\"8\",\"averyverylongnameofanextension\":\"9\"");
    EXPECT_STR(written(d), CLOUDEVENT(",\"averyverylongnameofanextension\":\"9\",\"ok9\":\"8\""));
}

/* As in every look-up; encoders write no name twice. */
Test(cloudevents, of_a_name_given_twice_the_first_counts)
{
    DECODED d = decode_more(",\"id\":\"e2\",\"ext\":\"a\",\"ext\":\"b\",\"subject\":\"s\",\"subject\":\"t\"");
    EXPECT_STR(written(d), CLOUDEVENT(",\"subject\":\"s\",\"ext\":\"a\""));
}

/* But a content type that is no media type is none. */
Test(cloudevents, control_characters_are_percent_encoded)
{
    DECODED d = decode("{\"specversion\":\"1.0\",\"id\":\"a\\nb\",\"source\":\"s\\u0000\",\"type\":\"t\\u007f\","
                       "\"subject\":\"\\u009f!\",\"datacontenttype\":\"text/\\tplain\",\"ext\":\"x\\r\\ny\"}");
    EXPECT_STR(written(d), "{\"specversion\":\"1.0\",\"id\":\"a%0Ab\",\"source\":\"s%00\",\"type\":\"t%7F\","
                           "\"subject\":\"%C2%9F!\",\"ext\":\"x%0D%0Ay\"}");
}

Test(cloudevents, time_that_is_none_is_dropped)
{
    static const char *const cases[][2] = {
        {"\"2024-05-02T18:51:44.123456789Z\"", "2024-05-02T18:51:44.123456789Z"},
        {"\"2024-05-02t18:51:44+02:00\"", "2024-05-02t18:51:44+02:00"},
        {"\"yesterday\"", NULL},
        {"\"2024-05-02\"", NULL},
        {"\"2024-02-30T00:00:00Z\"", NULL},
        {"\"\"", NULL},
        {"null", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char more[128];
        snprintf(more, sizeof(more), ",\"time\":%s", cases[i][0]);
        DECODED d = decode_more(more);
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_event_time(&d->event[0]), cases[i][1]);
    }
}

Test(cloudevents, null_attributes_count_as_missing)
{
    DECODED d = decode_more(",\"subject\":null,\"time\":null,\"datacontenttype\":null,\"dataschema\":null,\"ext\":null,"
                            "\"data_base64\":null");
    EXPECT_STR(written(d), CLOUDEVENT(""));
}

Test(cloudevents, wrong_types_are_named)
{
    static const struct wrong_type cases[] = {
        {"/subject", "5", "subject is a number (want text)"},
        {"/time", "1714675904", "time is a number (want text)"},
        {"/datacontenttype", "[]", "datacontenttype is an array (want text)"},
        {"/dataschema", "{}", "dataschema is an object (want text)"},
        {"/data_base64", "true", "data_base64 is a boolean (want text)"},
    };
    EXPECT_BROKEN(CLOUDEVENT(",\"data\":null"), 0, cases);
}

/* --- recognised ------------------------------------------------------------------------------------------------ */

Test(cloudevents, event_without_an_id_breaks_the_payload)
{
    static const char *const cases[][2] = {
        {NULL, "id is missing (a CloudEvent has one)"},
        {"null", "id is null (a CloudEvent has one)"},
        {"\"\"", "id is empty (a CloudEvent has one)"},
        {"7", "id is a number (a CloudEvent has one)"},
    };
    for (size_t i = 0; i < 4; i++) {
        DECODED d = decode_changed(CLOUDEVENT(""), "/id", cases[i][0]);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
        cr_expect_str_eq(d->error.message, cases[i][1], "%s", d->error.message);
    }
}

Test(cloudevents, version_1_and_its_minors_are_ours_and_lookalikes_are_not)
{
    static const char *const others[][2] = {
        {"/specversion", "\"0.3\""},
        {"/specversion", "\"2.0\""},
        {"/specversion", "\"1\""},
        {"/specversion", "1.0"},
        {"/specversion", NULL},
        {"/source", NULL},
        {"/source", "\"\""},
        {"/source", "5"},
        {"/type", NULL},
        {"/type", "\"\""},
        {"/type", "{}"},
    };
    DECODED minor = decode_changed(CLOUDEVENT(""), "/specversion", "\"1.1\"");
    cr_expect_str_eq(minor->records.adapter->name, "cloudevents");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        DECODED d = decode_changed(CLOUDEVENT(""), others[i][0], others[i][1]);
        cr_expect_str_eq(d->records.adapter->name, "unknown", "%s = %s", others[i][0], others[i][1]);
    }
    DECODED batch = decode("[" CLOUDEVENT("") "]");
    cr_expect_str_eq(batch->records.adapter->name, "unknown", "the batch format is none of a single event");
}

/* --- inside others -------------------------------------------------------------------------------------------- */

#define INNER \
    CLOUDEVENT(",\"subject\":\"o-1\",\"traceparent\":\"00-1-2-01\",\"data\":{\"n\":9007199254740993,\"x\":1.50}")

/* The same event whatever brought it; `carrier` the innermost, `unit` what is settled. */
static void expect_inside(struct decoded *d, const char *unit, const char *carrier, const char *outer)
{
    cr_assert_eq(d->events.count, 1, "%s: %s %s", unit, d->error.message, d->reason[0]);
    cr_expect_str_eq(d->records.adapter->name, unit);
    EXPECT_STR(leat_event_kind(&d->event[0]), "cloudevents");
    EXPECT_STR(written(d), CLOUDEVENT(",\"subject\":\"o-1\",\"datacontenttype\":\"application/json\","
                                      "\"traceparent\":\"00-1-2-01\",\"data\":{\"n\":9007199254740993,\"x\":1.50}"));
    const struct leat_within *within = d->event[0].envelope->within;
    cr_assert_not_null(within, "%s", unit);
    EXPECT_STR(within->kind, carrier);
    EXPECT_STR(within->outer != NULL ? within->outer->kind : LEAT_ABSENT, outer);
    cr_expect_null(outer != NULL ? within->outer->outer : within->outer);
}

Test(cloudevents, in_sqs)
{
    DECODED d = decode_owned(in_sqs(INNER));
    expect_inside(d, "sqs", "sqs", NULL);
    cr_assert_not_null(leat_sqs(&d->event[0]), "the view of the carrier stays");
    EXPECT_STR(leat_sqs(&d->event[0])->message_id, d->records.items[0].id.ptr);
    cr_expect(leat_str_starts(leat_event_raw(&d->event[0]), LEAT_STR("{\"messageId\":")));
}

Test(cloudevents, in_sns)
{
    DECODED d = decode_owned(in_sns(INNER));
    expect_inside(d, "sns", "sns", NULL);
    EXPECT_STR(view_json(d, 0), NULL);
}

Test(cloudevents, in_sns_in_sqs)
{
    DECODED d = decode_owned(in_sns_in_sqs(INNER));
    expect_inside(d, "sqs", "sns", "sqs");
    cr_expect_not_null(leat_sqs(&d->event[0]), "SNS has no view, so that of the queue");
}

Test(cloudevents, in_kinesis)
{
    DECODED d = decode_owned(in_kinesis(LEAT_STR("\n" INNER)));
    expect_inside(d, "kinesis", "kinesis", NULL);
    cr_assert_not_null(leat_kinesis(&d->event[0]));
    EXPECT_STR(leat_kinesis(&d->event[0])->partition_key, "c-77");
}

Test(cloudevents, in_kafka)
{
    DECODED d = decode_owned(in_kafka(LEAT_STR(INNER)));
    expect_inside(d, "kafka", "kafka", NULL);
    cr_assert_not_null(leat_kafka(&d->event[0]));
    EXPECT_STR(leat_kafka(&d->event[0])->offset, "4711");
}

Test(cloudevents, broken_event_breaks_its_message_alone)
{
    char *body = quoted(CLOUDEVENT(",\"data\":1,\"data_base64\":\"AA==\""));
    DECODED d = decode_changed(sample_of("sqs"), "/Records/1/body", body);
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_expect_str_eq(d->reason[1], "it has both data and data_base64");
    cr_expect_eq(d->events.count, 1);
    free(body);
}

Test(cloudevents, message_that_is_no_whole_event_is_the_carriers)
{
    static const char *const bodies[] = {
        "{\"specversion\":\"1.0\",\"source\":\"/s\",\"type\":\"t\"}",
        "{\"specversion\":\"1.0\",\"id\":7,\"source\":\"/s\",\"type\":\"t\"}",
        "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"\",\"type\":\"t\"}",
        "{\"specversion\":\"0.3\",\"id\":\"i\",\"source\":\"/s\",\"type\":\"t\"}",
        "{\"data\":{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/s\",\"type\":\"t\"}}",
        "[" CLOUDEVENT("") "]",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        DECODED d = decode_owned(in_sqs(bodies[i]));
        cr_assert_eq(d->events.count, 1);
        EXPECT_STR(leat_event_kind(&d->event[0]), "sqs");
        EXPECT_STR(leat_event_data(&d->event[0]), bodies[i]);
    }
}

/* Its data is the user's own, whatever it looks like. */
Test(cloudevents, data_is_not_unwrapped)
{
    DECODED d = decode_more(",\"data\":{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
                            "\"object\":{\"key\":\"k\"}}}]}");
    EXPECT_STR(leat_event_kind(&d->event[0]), "cloudevents");
    cr_expect_null(leat_s3(&d->event[0]));
}

Test(cloudevents, payloads_survive_encode)
{
    char *const payloads[] = {in_sqs(INNER), in_sns_in_sqs(INNER), in_kinesis(LEAT_STR(INNER)),
                              in_kafka(LEAT_STR(INNER))};
    expect_survives_encode(leat_str_c(sample_of("cloudevents")), "sample");
    expect_survives_encode(LEAT_STR(CLOUDEVENT(",\"n\":9007199254740993,\"data\":{\"m\":1e400}")), "numbers");
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        expect_survives_encode(leat_str_c(payloads[i]), payloads[i]);
        free(payloads[i]);
    }
}
