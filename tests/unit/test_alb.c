/* SPDX-License-Identifier: Apache-2.0 */
/* Load balancers, through decode and normalise. */
#include "answers.h"

#define ALB sample_of("alb")
#define GROUP "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/orders/5d2c8e7f1a3b4c6d"
#define REQUEST(more) \
    "{\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}},\"httpMethod\":\"GET\",\"path\":\"/\"" more "}"

TestSuite(alb);

static const struct leat_http *view_of(const struct decoded *d)
{
    cr_assert_eq(d->events.count, 1, "%s%s", d->error.message, d->reason[0]);
    return leat_http(&d->event[0]);
}

/* --- envelopes --------------------------------------------------------------------------------------- */

Test(alb, sample_becomes_one_event)
{
    DECODED d = decode(ALB);
    cr_assert_eq(d->events.count, 1);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "Root=1-66321f80-0c4f1f6a2b7d4e9a8c3b5d7e");
    EXPECT_STR(leat_event_id(event), "Root=1-66321f80-0c4f1f6a2b7d4e9a8c3b5d7e");
    EXPECT_STR(leat_event_kind(event), "alb");
    EXPECT_STR(leat_event_source(event), GROUP);
    EXPECT_STR(leat_event_type(event), "com.amazonaws.elb.request");
    EXPECT_STR(leat_event_subject(event), "POST /shops/corner shop/orders");
    EXPECT_STR(leat_event_time(event), NULL);
    EXPECT_STR(leat_event_datacontenttype(event), "application/json; charset=utf-8");
    EXPECT_ATTRIBUTE(d, 0, "awsaccount", NULL);
    EXPECT_ATTRIBUTE(d, 0, "awstraceheader", "Root=1-66321f80-0c4f1f6a2b7d4e9a8c3b5d7e");
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order"), "o-1001");
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_HTTP);
    EXPECT_STR(
        view_json(d, 0),
        "{\"method\":\"POST\",\"path\":\"/shops/corner shop/orders\",\"query\":[[\"dry-run\",\"false\"],"
        "[\"notify\",\"b+c@example.com\"]],\"headers\":[[\"accept\",\"application/json\"],"
        "[\"content-length\",\"85\"],[\"content-type\",\"application/json; charset=utf-8\"],"
        "[\"cookie\",\"session=8b1d2f40; theme=dark\"],[\"host\",\"shop.example.com\"],"
        "[\"user-agent\",\"leat-sample/1.0\"],[\"x-amzn-trace-id\",\"Root=1-66321f80-0c4f1f6a2b7d4e9a8c3b5d7e\"],"
        "[\"x-forwarded-for\",\"198.51.100.4, 203.0.113.17\"],[\"x-forwarded-port\",\"443\"],"
        "[\"x-forwarded-proto\",\"https\"],[\"x-tag\",\"fragile\"]],\"cookies\":[\"session=8b1d2f40\","
        "\"theme=dark\"],\"client_ip\":\"203.0.113.17\"}");
}

Test(alb, whatever_else_it_carries_a_load_balancer_comes_first)
{
    static const char *const texts[] = {
        REQUEST(""),
        REQUEST(",\"version\":\"2.0\",\"resource\":\"/\""),
        "{\"requestContext\":{\"elb\":{},\"connectionId\":\"c=\",\"eventType\":\"CONNECT\",\"stage\":\"s\"}}",
        ("{\"version\":\"2.0\",\"requestContext\":{\"elb\":{},\"http\":{\"method\":\"GET\"},\"domainName\":"
         "\"a.lambda-url.eu-west-1.on.aws\"}}"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode(texts[i]);
        cr_expect_str_eq(leat_is_ok(d->status) ? d->records.adapter->name : "alb", "alb", "%s", texts[i]);
        cr_expect(leat_is_ok(d->status) == (i < 2), "%s", texts[i]);
    }
}

Test(alb, lookalikes_are_not_ours)
{
    static const char *const texts[] = {
        /* rule 7: an authorizer request, whatever its context */
        "{\"type\":\"REQUEST\",\"methodArn\":\"arn\",\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}}}",
        "{\"type\":\"TOKEN\",\"routeArn\":\"arn\",\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}}}",
        "{\"requestContext\":{\"elb\":null},\"httpMethod\":\"GET\",\"path\":\"/\"}",
        "{\"requestContext\":{\"elb\":\"arn\"},\"httpMethod\":\"GET\",\"path\":\"/\"}",
        "{\"requestContext\":{\"ELB\":{}},\"httpMethod\":\"GET\",\"path\":\"/\"}",
        "{\"elb\":{\"targetGroupArn\":\"arn\"},\"httpMethod\":\"GET\",\"path\":\"/\"}",
        /* VPC Lattice has target groups too */
        ("{\"version\":\"2.0\",\"path\":\"/\",\"method\":\"GET\",\"requestContext\":{\"serviceNetworkArn\":\"arn\","
         "\"targetGroupArn\":\"arn\"}}"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode(texts[i]);
        cr_expect_str_eq(d->records.adapter->name, "unknown", "%s", texts[i]);
    }
}

Test(alb, query_is_decoded_once_names_too)
{
    DECODED d = decode(REQUEST(",\"queryStringParameters\":{\"q\":\"a+b%2Bc%2525\",\"f%6F%6f+1\":\"%zz\",\"e\":\"\","
                               "\"none\":null}"));
    EXPECT_STR(view_json(d, 0), "{\"method\":\"GET\",\"path\":\"/\",\"query\":[[\"q\",\"a b+c%25\"],[\"foo 1\","
                                "\"%zz\"],[\"e\",\"\"]]}");
    DECODED multi = decode(REQUEST(",\"multiValueQueryStringParameters\":{\"q\":[\"a%20b\",\"c+d\"]}"));
    EXPECT_STR(view_json(multi, 0), "{\"method\":\"GET\",\"path\":\"/\",\"query\":[[\"q\",\"a b\"],[\"q\",\"c d\"]]}");
}

Test(alb, of_two_families_the_lists_count)
{
    DECODED d = decode(
        REQUEST(",\"headers\":{\"x-a\":\"2\",\"x-amzn-trace-id\":\"last\"},\"queryStringParameters\":{\"q\":\"2\"},"
                "\"multiValueHeaders\":{\"x-a\":[\"1\",\"2\"],\"x-amzn-trace-id\":[\"first\",\"last\"]},"
                "\"multiValueQueryStringParameters\":{\"q\":[\"1\",\"2\"]}"));
    EXPECT_STR(d->records.items[0].id, "first");
    EXPECT_STR(
        view_json(d, 0),
        "{\"method\":\"GET\",\"path\":\"/\",\"query\":[[\"q\",\"1\"],[\"q\",\"2\"]],\"headers\":[[\"x-a\",\"1\"],"
        "[\"x-a\",\"2\"],[\"x-amzn-trace-id\",\"first\"],[\"x-amzn-trace-id\",\"last\"]]}");
}

Test(alb, client_is_the_last_address_forwarded)
{
#define FORWARDED(value) REQUEST(",\"headers\":{\"x-forwarded-for\":" value "}")
    static const char *const cases[][2] = {
        {FORWARDED("\"192.0.2.1\""), "192.0.2.1"},
        {FORWARDED("\"10.0.0.1,192.0.2.1\""), "192.0.2.1"},
        {FORWARDED("\" 10.0.0.1 , 2001:db8::1 \""), "2001:db8::1"},
        {FORWARDED("\"192.0.2.1, \""), "192.0.2.1"},
        {FORWARDED("\"\""), NULL},
        {FORWARDED("\",\""), NULL},
        {FORWARDED("null"), NULL},
        {REQUEST(""), NULL},
        {REQUEST(",\"headers\":{\"X-Forwarded-For\":\"192.0.2.1\"}"), "192.0.2.1"},
        {REQUEST(",\"multiValueHeaders\":{\"x-forwarded-for\":[\"10.0.0.1\",\"10.0.0.2, 192.0.2.1\"]}"), "192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode(cases[i][0]);
        expect_str(view_of(d)->client_ip, cases[i][1], cases[i][0]);
    }
}

/* Its own checks come without a host, with empty maps, and want an answer as anybody does. */
Test(alb, health_checks_are_ordinary_requests)
{
    static const char *const texts[] = {
        REQUEST(",\"queryStringParameters\":{},\"headers\":{\"user-agent\":\"ELB-HealthChecker/2.0\"},\"body\":\"\","
                "\"isBase64Encoded\":false"),
        REQUEST(",\"multiValueQueryStringParameters\":{},\"multiValueHeaders\":{\"user-agent\":[\"ELB-HealthChecker/2."
                "0\"]},\"body\":\"\",\"isBase64Encoded\":false"),
        REQUEST(",\"queryStringParameters\":{},\"headers\":{},\"body\":\"\""),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode(texts[i]);
        cr_assert_eq(d->events.count, 1, "%s: %s", texts[i], d->reason[0]);
        cr_expect_null(d->records.items[0].id.ptr);
        cr_expect_eq(leat_event_id(&d->event[0]).len, 32, "a digest");
        EXPECT_STR(leat_event_source(&d->event[0]), "arn");
        EXPECT_STR(leat_event_subject(&d->event[0]), "GET /");
        EXPECT_STR(leat_event_data(&d->event[0]), "");
        expect_survives_encode(leat_str_c(texts[i]), texts[i]);
    }
}

Test(alb, source_falls_back_to_the_host)
{
    DECODED d = decode_changed(ALB, "/requestContext/elb", "{}");
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    EXPECT_STR(leat_event_source(&d->event[0]), "https://shop.example.com");
}

Test(alb, bodies_in_base64_are_bytes)
{
    DECODED d = decode(REQUEST(",\"body\":\"AP8=\",\"isBase64Encoded\":true"));
    cr_assert_eq(d->events.count, 1);
    cr_expect(leat_str_eq(leat_event_data(&d->event[0]), LEAT_STR("\0\xFF")));
}

/* --- replies ----------------------------------------------------------------------------------------- */

static void expect_answer(const char *payload, const char *letter, const char *want)
{
    struct answers *answers = answers_of(payload);
    settle(answers, letter);
    EXPECT_STR(encode_answer(answers)->text, want);
    answers_fini(answers);
}

#define SINGLE REQUEST(",\"headers\":{\"host\":\"h\"}")
#define MULTI REQUEST(",\"multiValueHeaders\":{\"host\":[\"h\"]}")

Test(alb, outcomes_are_answered_in_the_family_that_was_asked_in)
{
    expect_answer(SINGLE, "o",
                  "{\"statusCode\":200,\"statusDescription\":\"200 OK\",\"headers\":{},\"body\":\"\","
                  "\"isBase64Encoded\":false}");
    expect_answer(MULTI, "o",
                  "{\"statusCode\":200,\"statusDescription\":\"200 OK\",\"multiValueHeaders\":{},\"body\":\"\","
                  "\"isBase64Encoded\":false}");
    expect_answer(SINGLE, "r",
                  "{\"statusCode\":503,\"statusDescription\":\"503 Service Unavailable\",\"headers\":{\"retry-after\":"
                  "\"1\"},\"body\":\"\",\"isBase64Encoded\":false}");
    expect_answer(MULTI, "x",
                  "{\"statusCode\":422,\"statusDescription\":\"422 Unprocessable Content\",\"multiValueHeaders\":{},"
                  "\"body\":\"\",\"isBase64Encoded\":false}");
}

Test(alb, family_is_known_from_whatever_map_there_is)
{
    static const struct {
        const char *request;
        enum leat_http_dialect dialect;
    } cases[] = {
        {REQUEST(""), LEAT_HTTP_ALB},
        {REQUEST(",\"headers\":{}"), LEAT_HTTP_ALB},
        {REQUEST(",\"multiValueHeaders\":{}"), LEAT_HTTP_ALB_MULTI},
        {REQUEST(",\"headers\":{\"a\":\"1\"},\"multiValueHeaders\":{}"), LEAT_HTTP_ALB},
        {REQUEST(",\"headers\":{\"a\":\"1\"},\"multiValueHeaders\":null"), LEAT_HTTP_ALB},
        {REQUEST(",\"headers\":null,\"multiValueHeaders\":{\"a\":[\"1\"]}"), LEAT_HTTP_ALB_MULTI},
        {REQUEST(",\"multiValueQueryStringParameters\":{}"), LEAT_HTTP_ALB_MULTI},
        {REQUEST(",\"headers\":{},\"multiValueQueryStringParameters\":{\"a\":[\"1\"]}"), LEAT_HTTP_ALB},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode(cases[i].request);
        cr_expect_eq(leat_http_dialect_of(d->records.items[0].json), cases[i].dialect, "%s", cases[i].request);
    }
}

/* --- broken ------------------------------------------------------------------------------------------ */

Test(alb, wrong_types_break_the_record)
{
    static const struct wrong_type cases[] = {
        {"/httpMethod", "7", "httpMethod is a number (want text)"},
        {"/httpMethod", NULL, "httpMethod is missing (want text)"},
        {"/httpMethod", "\"\"", "httpMethod is empty"},
        {"/path", "null", "path is missing (want text)"},
        {"/path", "{}", "path is an object (want text)"},
        {"/requestContext/elb/targetGroupArn", "7", "requestContext.elb.targetGroupArn is a number (want text)"},
        {"/headers/accept", "[]", "headers.accept is an array (want text)"},
        {"/multiValueHeaders", "7", "multiValueHeaders is a number (want an object)"},
        {"/queryStringParameters", "[]", "queryStringParameters is an array (want an object)"},
        {"/queryStringParameters/notify", "7", "queryStringParameters.notify is a number (want text)"},
        {"/multiValueQueryStringParameters", "\"x\"", "multiValueQueryStringParameters is text (want an object)"},
        {"/body", "{}", "body is an object (want text)"},
        {"/isBase64Encoded", "0", "isBase64Encoded is a number (want a boolean)"},
    };
    EXPECT_BROKEN(ALB, 0, cases);
    static const struct wrong_type multi[] = {
        {"/multiValueHeaders/a", "\"1\"", "multiValueHeaders.a is text (want an array)"},
        {"/multiValueHeaders/a", "[7]", "multiValueHeaders.a[0] is a number (want text)"},
        {"/multiValueQueryStringParameters", "{\"q\":{}}",
         "multiValueQueryStringParameters.q is an object (want an array)"},
    };
    EXPECT_BROKEN(REQUEST(",\"multiValueHeaders\":{\"x-amzn-trace-id\":[\"Root=1\"],\"a\":[\"1\"]}"), 0, multi);
}

Test(alb, broken_without_a_trace_id_breaks_the_payload)
{
    static const char *const headers[] = {"7", "{\"x-amzn-trace-id\":7}", "[]"};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        DECODED d = decode_changed(ALB, "/headers", headers[i]);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD, "%s", headers[i]);
        cr_expect_eq(d->events.count, 0);
    }
    DECODED d = decode(REQUEST(",\"body\":7"));
    cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
    cr_expect_str_eq(d->error.message, "body is a number (want text)");
}

Test(alb, named_by_hand_another_gateways_request_is_broken)
{
    DECODED rest = decode_as(leat_str_c(sample_of("apigateway-rest")), "alb");
    cr_assert(leat_is_ok(rest->status));
    cr_expect_str_eq(rest->reason[0], "the request is written as apigateway-rest does");
    DECODED nothing = decode_as(LEAT_STR("{}"), "alb");
    cr_expect_eq(nothing->status.code, LEAT_E_BAD_PAYLOAD);
}

/* --- back again, and the shared payloads ------------------------------------------------------------- */

Test(alb, requests_survive_encode)
{
    expect_survives_encode(leat_str_c(ALB), "sample");
    expect_survives_encode(LEAT_STR(MULTI), "multi");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "alb", "%s", path);
    cr_expect_eq(d->events.count, 1, "%s: %s", path, d->reason[0]);
    bool multi = leat_str_find(text, LEAT_STR("\"multiValueHeaders\"")).ptr != NULL;
    cr_expect_eq(leat_http_dialect_of(d->records.items[0].json), multi ? LEAT_HTTP_ALB_MULTI : LEAT_HTTP_ALB, "%s",
                 path);
    expect_survives_encode(text, path);
}

Test(alb, shared_payloads_decode_and_survive_encode)
{
    for_shared_payloads("alb", check_shared);
}
