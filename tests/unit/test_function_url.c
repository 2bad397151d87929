/* SPDX-License-Identifier: Apache-2.0 */
/* Function URLs, through decode and normalise. */
#include "answers.h"

#define URL sample_of("function-url")
#define DOMAIN "q7w3e5r9t1y2u4i6o8p0a2s4d6f8g0h1.lambda-url.eu-central-1.on.aws"
#define REQUEST(context, more)                                                                                      \
    "{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"requestId\":\"r\",\"domainName\":\"a.lambda-url." \
    "eu-west-1.on.aws\",\"http\":{\"method\":\"GET\"}" context "}" more "}"

TestSuite(function_url);

static void expect_kind(const char *text, const char *kind)
{
    DECODED d = decode(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", text, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, kind, "%s: %s", text, d->records.adapter->name);
}

/* --- envelopes --------------------------------------------------------------------------------------- */

Test(function_url, sample_becomes_one_event)
{
    DECODED d = decode(URL);
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "8f4d2c61-7b3e-4a95-b0d8-2e6f1c9a5d73");
    EXPECT_STR(leat_event_id(event), "8f4d2c61-7b3e-4a95-b0d8-2e6f1c9a5d73");
    EXPECT_STR(leat_event_kind(event), "function-url");
    EXPECT_STR(leat_event_source(event), "https://" DOMAIN);
    EXPECT_STR(leat_event_type(event), "com.amazonaws.lambdaurl.request");
    EXPECT_STR(leat_event_subject(event), "POST /shops/corner shop/orders");
    EXPECT_STR(leat_event_time(event), "2024-05-01T10:54:56.250Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json; charset=utf-8");
    EXPECT_ATTRIBUTE(d, 0, "awsaccount", "123456789012");
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order"), "o-1001");
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_HTTP);
    const struct leat_http *http = leat_http(event);
    EXPECT_STR(http->path, "/shops/corner shop/orders");
    EXPECT_STR(http->route, "$default");
    EXPECT_STR(http->stage, "$default");
    EXPECT_STR(http->client_ip, "203.0.113.17");
    EXPECT_STR(leat_http_header(http, "X-Tag"), "urgent,fragile");
    cr_assert_eq(http->query_count, 3);
    EXPECT_STR(http->query[2].value, "b+c@example.com");
    cr_assert_eq(http->cookie_count, 2);
    cr_expect_null(http->path_parameters);
}

Test(function_url, domain_alone_tells_it_from_an_http_api)
{
    expect_kind(REQUEST("", ""), "function-url");
    static const char *const domains[] = {"null",
                                          "\"\"",
                                          "\"a.execute-api.eu-west-1.amazonaws.com\"",
                                          "\"lambda-url.eu-west-1.on.aws\"",
                                          "\"a.lambda-url\"",
                                          "7"};
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        DECODED d = decode_changed(URL, "/requestContext/domainName", domains[i]);
        cr_expect_str_eq(d->records.adapter->name, "apigateway-http", "%s", domains[i]);
    }
    DECODED host = decode_changed(URL, "/requestContext/domainName", NULL); /* the host header does not count */
    cr_expect_str_eq(host->records.adapter->name, "apigateway-http");
}

Test(function_url, lookalikes_are_not_ours)
{
#define CONTEXT "\"requestContext\":{\"domainName\":\"a.lambda-url.eu-west-1.on.aws\",\"http\":"
    expect_kind("{\"version\":\"2.0\",\"type\":\"REQUEST\",\"routeArn\":\"arn\"," CONTEXT "{\"method\":\"GET\"}}}",
                "unknown");
    expect_kind("{\"version\":\"2.0\"," CONTEXT "{\"method\":7}}}", "unknown");
    expect_kind("{\"version\":\"2.0\"," CONTEXT "\"GET\"}}", "unknown");
    expect_kind("{\"version\":2.0," CONTEXT "{\"method\":\"GET\"}}}", "unknown");
    expect_kind("{" CONTEXT "{\"method\":\"GET\"}}}", "unknown");
    expect_kind("{\"version\":\"2.0\",\"requestContext\":{\"domainName\":\"a.lambda-url.eu-west-1.on.aws\"}}",
                "unknown");
}

/* Function URLs leave the path as the client wrote it; an HTTP API's rawPath is decoded already. */
Test(function_url, path_is_decoded_once)
{
    static const char *const cases[][2] = {{"\"/a%20b/%E2%98%95\"", "/a b/\xE2\x98\x95"},
                                           {"\"/100%2525\"", "/100%25"},
                                           {"\"/a+b\"", "/a+b"},
                                           {"\"\"", "/"},
                                           {"\"/$default/x\"", "/$default/x"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(URL, "/rawPath", cases[i][0]);
        expect_str(leat_http(&d->event[0])->path, cases[i][1], cases[i][0]);
    }
}

/* Peers' bug 10: powertools-typescript 2427 and others. Nobody reads the authorizer, so it may be anything. */
Test(function_url, bug_10_members_of_the_authorizer_are_null)
{
    static const char *const authorizers[] = {
        "null",
        "{}",
        "{\"iam\":null}",
        "{\"iam\":{}}",
        "{\"iam\":{\"principalOrgId\":null,\"cognitoIdentity\":null}}",
        "{\"iam\":{\"principalOrgId\":\"o-1\",\"cognitoIdentity\":{\"amr\":[],\"identityId\":null}}}",
        "{\"jwt\":{\"claims\":{\"aud\":[\"a\"],\"exp\":1},\"scopes\":null}}",
    };
    for (size_t i = 0; i < sizeof(authorizers) / sizeof(authorizers[0]); i++) {
        DECODED d = decode_changed(URL, "/requestContext/authorizer", authorizers[i]);
        cr_expect_eq(d->events.count, 1, "%s: %s", authorizers[i], d->reason[0]);
    }
    DECODED absent = decode_changed(URL, "/requestContext/authorizer", NULL);
    cr_expect_eq(absent->events.count, 1);
}

Test(function_url, bodies_in_base64_are_bytes)
{
    DECODED d = decode(REQUEST("", ",\"body\":\"AP8=\",\"isBase64Encoded\":true"));
    cr_assert_eq(d->events.count, 1);
    cr_expect(leat_str_eq(leat_event_data(&d->event[0]), LEAT_STR("\0\xFF")));
}

/* --- replies ----------------------------------------------------------------------------------------- */

Test(function_url, replies_have_cookies_of_their_own)
{
    struct leat_reply_header second = {LEAT_STR("Set-Cookie"), LEAT_STR("b=2"), NULL};
    struct leat_reply_header first = {LEAT_STR("Set-Cookie"), LEAT_STR("a=1"), &second};
    struct leat_reply reply = {.status = 201, .headers = &first, .body = LEAT_STR("x")};
    struct answers *answers = answers_of(URL);
    settle(answers, "o");
    answers->settlements[0].reply = &reply;
    EXPECT_STR(encode_answer(answers)->text,
               "{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain; charset=utf-8\"},"
               "\"cookies\":[\"a=1\",\"b=2\"],\"body\":\"x\",\"isBase64Encoded\":false}");
    answers_fini(answers);
}

Test(function_url, answers_are_read_by_its_own_column)
{
    struct answers *answers = answers_of(URL);
    struct leat_answer answer = {.text = LEAT_STR("\"Hello, world!\"")};
    struct leat_settlement *settlement = &answers->settlements[0];
    struct decoded *d = answers->decoded;
    cr_assert(leat_is_ok(leat_decode_reply(&d->run, &d->records, &answer, settlement, 1)));
    cr_expect_eq(settlement->reply->status, 200);
    cr_expect_eq(settlement->reply->body.len, 15, "with its quotes");
    answer = (struct leat_answer){.error_type = LEAT_STR("Function.Retry"), .error_message = LEAT_STR("away")};
    cr_assert(leat_is_ok(leat_decode_reply(&d->run, &d->records, &answer, settlement, 1)));
    cr_expect_eq(settlement->reply->status, 502);
    answers_fini(answers);
}

/* --- broken ------------------------------------------------------------------------------------------ */

Test(function_url, wrong_types_break_the_record)
{
    static const struct wrong_type cases[] = {
        {"/rawPath", "7", "rawPath is a number (want text)"},
        {"/rawPath", NULL, "rawPath is missing (want text)"},
        {"/rawQueryString", "{}", "rawQueryString is an object (want text)"},
        {"/routeKey", "7", "routeKey is a number (want text)"},
        {"/cookies", "\"a=1\"", "cookies is text (want an array)"},
        {"/cookies/0", "{}", "cookies[0] is an object (want text)"},
        {"/headers", "[]", "headers is an array (want an object)"},
        {"/headers/host", "7", "headers.host is a number (want text)"},
        {"/pathParameters", "7", "pathParameters is a number (want an object)"},
        {"/body", "[]", "body is an array (want text)"},
        {"/isBase64Encoded", "\"true\"", "isBase64Encoded is text (want a boolean)"},
        {"/requestContext/http/method", "\"\"", "requestContext.http.method is empty"},
        {"/requestContext/http/sourceIp", "7", "requestContext.http.sourceIp is a number (want text)"},
        {"/requestContext/accountId", "123456789012", "requestContext.accountId is a number (want text)"},
        {"/requestContext/apiId", "{}", "requestContext.apiId is an object (want text)"},
        {"/requestContext/stage", "7", "requestContext.stage is a number (want text)"},
        {"/requestContext/timeEpoch", "\"1\"", "requestContext.timeEpoch is text (want a number)"},
    };
    EXPECT_BROKEN(URL, 0, cases);
}

Test(function_url, broken_without_an_id_breaks_the_payload)
{
    DECODED d = decode_changed(URL, "/requestContext/requestId", "7");
    cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
    cr_expect_str_eq(d->error.message, "requestContext.requestId is a number (want text)");
    DECODED other = decode_as(leat_str_c(sample_of("apigateway-http")), "function-url");
    cr_expect_str_eq(other->reason[0], "the request is written as apigateway-http does");
}

/* --- back again, and the shared payloads ------------------------------------------------------------- */

Test(function_url, sample_survives_encode)
{
    expect_survives_encode(leat_str_c(URL), "sample");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "function-url", "%s", path);
    cr_expect_eq(d->events.count, 1, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(function_url, shared_payloads_decode_and_survive_encode)
{
    for_shared_payloads("function-url", check_shared);
}
