/* SPDX-License-Identifier: Apache-2.0 */
/* Both API Gateway adapters, through decode and normalise. */
#include "decoding.h"

#include <leat/alloc.h>

#define REST sample_of("apigateway-rest")
#define HTTP sample_of("apigateway-http")

TestSuite(apigateway);

/* --- envelopes --------------------------------------------------------------------------------------- */

static void expect_order(const struct decoded *d)
{
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_type(event), "com.amazonaws.apigateway.http.request");
    EXPECT_STR(leat_event_subject(event), "POST /shops/corner shop/orders");
    EXPECT_STR(leat_event_time(event), "2024-05-01T10:54:56.250Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json; charset=utf-8");
    EXPECT_ATTRIBUTE(d, 0, "awsaccount", "123456789012");
    EXPECT_ATTRIBUTE(d, 0, "awstraceheader", "Root=1-66321f80-0c4f1f6a2b7d4e9a8c3b5d7e");
    EXPECT_ATTRIBUTE(d, 0, "traceparent", NULL);
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order"), "o-1001");
    cr_expect_eq(leat_event_data(event).len, 85);
    cr_expect_eq(leat_event_raw(event).len, d->text.len - 1, "all but the last line's end");
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_HTTP);
}

Test(apigateway, rest_sample_becomes_one_event)
{
    DECODED d = decode(REST);
    cr_assert_eq(d->records.count, 1);
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(d->records.items[0].id, "5f0c9a3e-2b6d-4d1a-9c57-1d3f0e8a7b42");
    EXPECT_STR(leat_event_id(&d->event[0]), "5f0c9a3e-2b6d-4d1a-9c57-1d3f0e8a7b42");
    EXPECT_STR(leat_event_kind(&d->event[0]), "apigateway-rest");
    EXPECT_STR(leat_event_source(&d->event[0]), "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com");
    expect_order(d);
    EXPECT_STR(
        view_json(d, 0),
        "{\"method\":\"POST\",\"path\":\"/shops/corner shop/orders\",\"query\":[[\"dry-run\",\"false\"],"
        "[\"notify\",\"a@example.com\"],[\"notify\",\"b+c@example.com\"]],\"headers\":[[\"accept\",\"application/"
        "json\"],"
        "[\"content-type\",\"application/json; charset=utf-8\"],[\"cookie\",\"session=8b1d2f40; theme=dark\"],"
        "[\"host\",\"a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com\"],[\"user-agent\",\"leat-sample/1.0\"],"
        "[\"x-amzn-trace-id\",\"Root=1-66321f80-0c4f1f6a2b7d4e9a8c3b5d7e\"],[\"x-forwarded-for\",\"203.0.113.17\"],"
        "[\"x-forwarded-port\",\"443\"],[\"x-forwarded-proto\",\"https\"],[\"x-tag\",\"urgent\"],[\"x-tag\","
        "\"fragile\"]],"
        "\"cookies\":[\"session=8b1d2f40\",\"theme=dark\"],\"client_ip\":\"203.0.113.17\","
        "\"route\":\"/shops/{shop}/orders\",\"stage\":\"prod\"}");
}

Test(apigateway, http_sample_becomes_the_same_event_but_for_the_api)
{
    DECODED d = decode(HTTP);
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(d->records.items[0].id, "XHk5pjYYliAEJ7g=");
    EXPECT_STR(leat_event_kind(&d->event[0]), "apigateway-http");
    EXPECT_STR(leat_event_source(&d->event[0]), "https://f6g7h8i9j0.execute-api.eu-central-1.amazonaws.com");
    expect_order(d);
    const struct leat_http *http = leat_http(&d->event[0]);
    cr_assert_eq(http->query_count, 3);
    EXPECT_STR(http->query[2].value, "b+c@example.com");
    EXPECT_STR(leat_http_header(http, "X-Tag"), "urgent,fragile");
    EXPECT_STR(leat_http_path_parameter(http, "shop"), "corner shop");
    EXPECT_STR(http->route, "POST /shops/{shop}/orders");
    cr_assert_eq(http->cookie_count, 2);
    cr_expect_null(leat_sqs(&d->event[0]));
}

/* Format 1.0 of an HTTP API: like REST, but path parameters are decoded and the path has the stage. */
Test(apigateway, format_1_0_is_read_by_its_own_rules)
{
    char *first = changed(REST, "/version", "\"1.0\"");
    char *second = changed(first, "/path", "\"/prod/a%20b\"");
    DECODED d = decode_changed(second, "/pathParameters", "{\"shop\":\"100%25\"}");
    cJSON_free(first);
    cJSON_free(second);
    EXPECT_STR(leat_event_kind(&d->event[0]), "apigateway-http");
    EXPECT_STR(leat_event_subject(&d->event[0]), "POST /a b");
    EXPECT_STR(leat_http_path_parameter(leat_http(&d->event[0]), "shop"), "100%25");
}

/* Peers' bugs 6, 7 and 8: a test event of the console, null or without whatever can be. */
Test(apigateway, bug_7_console_test_event_is_whole)
{
    DECODED d = decode(
        "{\"resource\":\"/a\",\"path\":\"/a\",\"httpMethod\":\"GET\",\"headers\":null,\"multiValueHeaders\":null,"
        "\"queryStringParameters\":null,\"multiValueQueryStringParameters\":null,\"pathParameters\":null,"
        "\"stageVariables\":{},\"requestContext\":{\"requestId\":\"r-1\",\"apiId\":\"abc\",\"identity\":{\"sourceIp\":"
        "\"test-invoke-source-ip\",\"userArn\":null},\"requestTimeEpoch\":1714560896250,\"stage\":\"test-invoke-"
        "stage\"},"
        "\"body\":null}");
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    const leat_event *event = &d->event[0];
    EXPECT_STR(leat_event_source(event), "https://abc");
    EXPECT_STR(leat_event_datacontenttype(event), NULL);
    EXPECT_STR(leat_event_data(event), NULL);
    cr_expect_null(leat_event_json(event));
    EXPECT_STR(view_json(d, 0),
               "{\"method\":\"GET\",\"path\":\"/a\",\"client_ip\":\"test-invoke-source-ip\",\"route\":\"/a\","
               "\"stage\":\"test-invoke-stage\"}");
}

Test(apigateway, source_falls_back_from_domain_to_host_to_api)
{
#define REQUEST(context, more)                                                                                  \
    "{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\",\"requestContext\":{\"requestId\":\"r\"" context \
    "}" more "}"
    static const char *const cases[][2] = {
        {REQUEST(",\"domainName\":\"d\",\"apiId\":\"a\"", ",\"headers\":{\"HOST\":\"h\"}"), "https://d"},
        {REQUEST(",\"domainName\":\"\",\"apiId\":\"a\"", ",\"headers\":{\"HOST\":\"h\"}"), "https://h"},
        {REQUEST(",\"apiId\":\"a\"", ",\"headers\":{}"), "https://a"},
        {REQUEST(",\"apiId\":\"\"", ""), "https://unknown"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode(cases[i][0]);
        expect_str(leat_event_source(&d->event[0]), cases[i][1], cases[i][0]);
    }
}

Test(apigateway, body_is_text_base64_or_nothing)
{
    static const struct {
        const char *more;
        leat_str data;
    } cases[] = {
        {"", {NULL, 0}},
        {",\"body\":null,\"isBase64Encoded\":true", {NULL, 0}},
        {",\"body\":\"\"", {"", 0}},
        {",\"body\":\"\",\"isBase64Encoded\":true", {"", 0}},
        {",\"body\":\"AP8=\"", {"AP8=", 4}},
        {",\"body\":\"AP8=\",\"isBase64Encoded\":null", {"AP8=", 4}},
        {",\"body\":\"AP8=\",\"isBase64Encoded\":true", {"\0\xFF", 2}},
        {",\"body\":\"a\\u0000b\"", {"a\0b", 3}},
        /* generated samples claim base64 where there is none */
        {",\"body\":\"{{{body}}}\",\"isBase64Encoded\":true", {"{{{body}}}", 10}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), REQUEST("", "%s"), cases[i].more);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s: %s", text, d->reason[0]);
        leat_str data = leat_event_data(&d->event[0]);
        cr_expect(leat_str_eq(data, cases[i].data), "%s: \"%.*s\"", text, LEAT_ARG(data));
    }
}

Test(apigateway, subject_has_no_control_characters_but_the_view_does)
{
    DECODED d = decode("{\"httpMethod\":\"GET\",\"path\":\"/a%0Ab%00c%FF%20d\",\"resource\":\"/"
                       "\",\"requestContext\":{\"requestId\":\"r\"}}");
    EXPECT_STR(leat_event_subject(&d->event[0]), "GET /a%0Ab%00c%FF d");
    cr_expect(leat_str_eq(leat_http(&d->event[0])->path, LEAT_STR("/a\nb\0c\xFF d")));
}

Test(apigateway, a_request_without_id_is_named_by_its_content)
{
    DECODED a = decode_changed(REST, "/requestContext/requestId", "null");
    DECODED b = decode_changed(REST, "/requestContext/requestId", "null");
    DECODED c = decode_changed(REST, "/requestContext/requestId", "\"\"");
    cr_assert_eq(a->events.count, 1, "%s", a->error.message);
    cr_expect_null(a->records.items[0].id.ptr);
    cr_expect_eq(leat_event_id(&a->event[0]).len, 32);
    cr_expect(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&b->event[0])));
    cr_expect_not(leat_str_eq(leat_event_id(&a->event[0]), leat_event_id(&c->event[0])));
}

/* --- back again -------------------------------------------------------------------------------------- */

Test(apigateway, samples_survive_encode)
{
    expect_survives_encode(leat_str_c(REST), "rest");
    expect_survives_encode(leat_str_c(HTTP), "http");
}

static leat_str reply_of(struct decoded *d, const struct leat_reply *reply, enum leat_outcome_kind outcome)
{
    struct leat_unit unit = {.record = d->records.items};
    struct leat_settlement settlement = {.unit = &unit, .outcome = outcome, .delay_ms = -1, .reply = reply};
    struct leat_answer answer;
    cr_assert(leat_is_ok(leat_encode_reply(&d->run, &d->records, &settlement, 1, &answer)));
    return answer.text;
}

Test(apigateway, replies_are_written_in_the_dialect_of_the_request)
{
    struct leat_reply_header second = {LEAT_STR("Set-Cookie"), LEAT_STR("b=2"), NULL};
    struct leat_reply_header first = {LEAT_STR("Set-Cookie"), LEAT_STR("a=1"), &second};
    struct leat_reply reply = {.status = 201, .headers = &first};
    DECODED rest = decode(REST);
    DECODED http = decode(HTTP);
    EXPECT_STR(reply_of(rest, &reply, LEAT_OUTCOME_OK),
               "{\"statusCode\":201,\"multiValueHeaders\":{\"set-cookie\":[\"a=1\",\"b=2\"]},"
               "\"body\":\"\",\"isBase64Encoded\":false}");
    EXPECT_STR(reply_of(http, &reply, LEAT_OUTCOME_OK),
               "{\"statusCode\":201,\"headers\":{},\"cookies\":[\"a=1\",\"b=2\"],"
               "\"body\":\"\",\"isBase64Encoded\":false}");
}

Test(apigateway, answers_are_read_as_the_gateway_would)
{
    DECODED d = decode(REST);
    struct leat_unit unit = {.record = d->records.items};
    struct leat_settlement settlement = {.unit = &unit};
    struct leat_answer answer = {.text = LEAT_STR("\"Hello\"")};
    cr_assert(leat_is_ok(leat_decode_reply(&d->run, &d->records, &answer, &settlement, 1)));
    cr_expect_eq(settlement.reply->status, 502);
    answer = (struct leat_answer){.error_type = LEAT_STR("Function.Retry"), .error_message = LEAT_STR("away")};
    cr_assert(leat_is_ok(leat_decode_reply(&d->run, &d->records, &answer, &settlement, 1)));
    cr_expect_eq(settlement.reply->status, 502);
}

/* --- without memory ---------------------------------------------------------------------------------- */

static bool decodes_without_allocation(const char *text, uint64_t nth)
{
    struct leat_arena arena;
    struct leat_records records;
    struct leat_events events = {0};
    leat_arena_init(&arena, 0);
    arena.chunk_size = 64; /* most allocations ask the heap */
    struct leat_decoder decoder = {.arena = &arena, .adapters = sorted_adapters()};
    leat_alloc_fail_at(nth, false);
    leat_status status = leat_decode(&decoder, leat_str_c(text), NULL, &records);
    if (leat_is_ok(status))
        status = leat_normalise(&decoder, &records.items[0], &events);
    leat_alloc_fail_at(0, false);
    bool good = leat_is_ok(status);
    cr_expect_eq(status.code, arena.overflow ? LEAT_E_NO_MEMORY : LEAT_E_DONE, "allocation %u", (unsigned)nth);
    cr_expect_eq(events.count, good ? 1 : 0, "never half an event");
    leat_arena_fini(&arena);
    return good;
}

Test(apigateway, every_failed_allocation_is_an_error)
{
    char *nameless = changed(REST, "/requestContext/requestId", "null");
    const char *const texts[] = {REST, HTTP, nameless};
    for (size_t i = 0; i < 3; i++) {
        uint64_t nth = 1;
        while (!decodes_without_allocation(texts[i], nth))
            nth++;
        cr_expect_gt(nth, 1);
    }
    cJSON_free(nameless);
}

/* --- the shared payloads ------------------------------------------------------------------------------ */

static void check_shared(const char *path, leat_str text, const char *kind)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, kind, "%s", path);
    cr_expect_eq(d->events.count, 1, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

static void check_rest(const char *path, leat_str text)
{
    bool version_1 = leat_str_find(text, LEAT_STR("\"version\": \"1.0\"")).ptr != NULL;
    check_shared(path, text, version_1 ? "apigateway-http" : "apigateway-rest");
}

static void check_http(const char *path, leat_str text)
{
    check_shared(path, text, "apigateway-http");
}

Test(apigateway, shared_rest_payloads_decode_and_survive_encode)
{
    for_shared_payloads("apigateway-rest", check_rest);
}

Test(apigateway, shared_http_payloads_decode_and_survive_encode)
{
    for_shared_payloads("apigateway-http", check_http);
}
