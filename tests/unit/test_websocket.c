/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket APIs, through decode and normalise. */
#include "answers.h"

#define MESSAGE sample_of("apigateway-websocket")
#define CONTEXT(type, more)                                                                                  \
    "\"requestContext\":{\"connectionId\":\"c=\",\"eventType\":\"" type "\",\"requestId\":\"r=\","           \
    "\"domainName\":\"d.execute-api.eu-west-1.amazonaws.com\",\"stage\":\"prod\",\"routeKey\":\"$connect\"," \
    "\"identity\":{\"sourceIp\":\"192.0.2.1\"},\"requestTimeEpoch\":1714560896250,\"apiId\":\"d\"" more "}"
#define CONNECT                                                                                                   \
    "{\"headers\":{\"Host\":\"d\",\"Cookie\":\"a=1; b=2\"},\"multiValueHeaders\":{\"Host\":[\"d\"],\"Cookie\":["  \
    "\"a=1; b=2\"]},\"queryStringParameters\":{\"q\":\"a+b\"},\"multiValueQueryStringParameters\":{\"q\":[\"1\"," \
    "\"a+b\"]}," CONTEXT("CONNECT", ",\"connectedAt\":1714560896249") ",\"isBase64Encoded\":false}"
#define DISCONNECT                                                                                                \
    "{\"headers\":{\"Host\":\"d\"},\"multiValueHeaders\":{\"Host\":[\"d\"]}," CONTEXT(                            \
        "DISCONNECT", ",\"disconnectStatusCode\":1005,\"disconnectReason\":\"Client-side close frame status not " \
                      "set\"") ",\"isBase64Encoded\":false}"

TestSuite(websocket);

/* --- envelopes --------------------------------------------------------------------------------------- */

/* Peers' bug 9: a message has neither method nor path nor headers. */
Test(websocket, bug_9_a_message_has_no_method)
{
    DECODED d = decode(MESSAGE);
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    const leat_event *event = &d->event[0];
    EXPECT_STR(d->records.items[0].id, "XHk7cd5oliACJxQ=");
    EXPECT_STR(leat_event_id(event), "XHk7cd5oliACJxQ=");
    EXPECT_STR(leat_event_kind(event), "apigateway-websocket");
    EXPECT_STR(leat_event_source(event), "wss://k1l2m3n4o5.execute-api.eu-central-1.amazonaws.com/prod");
    EXPECT_STR(leat_event_type(event), "com.amazonaws.apigateway.websocket.message");
    EXPECT_STR(leat_event_subject(event), "XHk5pd2vliACJxQ=");
    EXPECT_STR(leat_event_time(event), "2024-05-01T10:55:08.417Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_STR(leat_json_get_text(leat_event_json(event), "order"), "o-1001");
    cr_expect_eq(d->records.adapter->shape, LEAT_REPLY_HTTP);
    cr_expect_null(leat_http(event)->method.ptr);
    EXPECT_STR(view_json(d, 0), "{\"client_ip\":\"203.0.113.17\",\"route\":\"order\",\"stage\":\"prod\"}");
}

Test(websocket, connecting_has_headers_and_a_query)
{
    DECODED d = decode(CONNECT);
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    EXPECT_STR(leat_event_id(&d->event[0]), "r=");
    EXPECT_STR(leat_event_type(&d->event[0]), "com.amazonaws.apigateway.websocket.connect");
    EXPECT_STR(leat_event_time(&d->event[0]), "2024-05-01T10:54:56.250Z");
    EXPECT_STR(leat_event_data(&d->event[0]), NULL);
    EXPECT_STR(view_json(d, 0),
               "{\"query\":[[\"q\",\"1\"],[\"q\",\"a+b\"]],\"headers\":[[\"host\",\"d\"],[\"cookie\",\"a=1; b=2\"]],"
               "\"cookies\":[\"a=1\",\"b=2\"],\"client_ip\":\"192.0.2.1\",\"route\":\"$connect\",\"stage\":\"prod\"}");
}

Test(websocket, disconnecting_is_an_event_too)
{
    DECODED d = decode(DISCONNECT);
    cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
    EXPECT_STR(leat_event_type(&d->event[0]), "com.amazonaws.apigateway.websocket.disconnect");
    EXPECT_STR(leat_event_subject(&d->event[0]), "c=");
    EXPECT_STR(leat_event_source(&d->event[0]), "wss://d.execute-api.eu-west-1.amazonaws.com/prod");
}

Test(websocket, what_made_up_requests_have_is_shown)
{
    DECODED d = decode("{\"httpMethod\":\"GET\",\"path\":\"/a%20b\",\"resource\":\"/{p}\",\"pathParameters\":{\"p\":"
                       "\"a%20b\"}," CONTEXT("CONNECT", "") "}");
    const struct leat_http *http = leat_http(&d->event[0]);
    EXPECT_STR(http->method, "GET");
    EXPECT_STR(http->path, "/a b");
    EXPECT_STR(leat_http_path_parameter(http, "p"), "a b");
    EXPECT_STR(leat_event_subject(&d->event[0]), "c=");
}

Test(websocket, ids_and_sources_fall_back)
{
    static const struct {
        const char *pointer, *value, *id, *source;
    } cases[] = {
        {"/requestContext/messageId", "null",
         "XHk7cGeGFiAFz4w=", "wss://k1l2m3n4o5.execute-api.eu-central-1.amazonaws.com/prod"},
        {"/requestContext/messageId", "\"\"",
         "XHk7cGeGFiAFz4w=", "wss://k1l2m3n4o5.execute-api.eu-central-1.amazonaws.com/prod"},
        {"/requestContext/stage", "null",
         "XHk7cd5oliACJxQ=", "wss://k1l2m3n4o5.execute-api.eu-central-1.amazonaws.com"},
        {"/requestContext/stage", "\"\"",
         "XHk7cd5oliACJxQ=", "wss://k1l2m3n4o5.execute-api.eu-central-1.amazonaws.com"},
        {"/requestContext/domainName", NULL, "XHk7cd5oliACJxQ=", "wss://k1l2m3n4o5/prod"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(MESSAGE, cases[i].pointer, cases[i].value);
        cr_assert_eq(d->events.count, 1, "%s", d->reason[0]);
        expect_str(d->records.items[0].id, cases[i].id, cases[i].pointer);
        expect_str(leat_event_id(&d->event[0]), cases[i].id, cases[i].pointer);
        expect_str(leat_event_source(&d->event[0]), cases[i].source, cases[i].pointer);
    }
    DECODED zero = decode_changed(MESSAGE, "/requestContext/requestTimeEpoch", "0");
    EXPECT_STR(leat_event_time(&zero->event[0]), NULL);
}

Test(websocket, bodies_are_text_bytes_or_nothing)
{
    DECODED text = decode_changed(MESSAGE, "/body", "\"a\\r\\n\\tb\"");
    cr_expect(leat_str_eq(leat_event_data(&text->event[0]), LEAT_STR("a\r\n\tb")));
    DECODED none = decode_changed(MESSAGE, "/body", "null");
    EXPECT_STR(leat_event_data(&none->event[0]), NULL);
    char *encoded = changed(MESSAGE, "/isBase64Encoded", "true");
    DECODED bytes = decode_changed(encoded, "/body", "\"AP8=\"");
    cr_expect(leat_str_eq(leat_event_data(&bytes->event[0]), LEAT_STR("\0\xFF")));
    cJSON_free(encoded);
}

/* --- detection --------------------------------------------------------------------------------------- */

static void expect_kind(const char *text, const char *kind)
{
    DECODED d = decode(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", text, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, kind, "%s: %s", text, d->records.adapter->name);
}

Test(websocket, connection_and_event_type_tell)
{
    expect_kind("{" CONTEXT("MESSAGE", "") "}", "apigateway-websocket");
    expect_kind("{\"httpMethod\":\"POST\",\"path\":\"/\",\"resource\":\"/\"," CONTEXT("MESSAGE", "") "}",
                "apigateway-websocket");
    expect_kind("{\"version\":\"2.0\",\"rawPath\":\"/\"," CONTEXT("MESSAGE", ",\"http\":{\"method\":\"GET\"}") "}",
                "apigateway-websocket");
    /* rule 7: an authorizer of $connect carries the same context */
    expect_kind("{\"type\":\"REQUEST\",\"methodArn\":\"arn\"," CONTEXT("CONNECT", "") "}", "unknown");
    expect_kind("{\"requestContext\":{\"connectionId\":\"c=\"}}", "unknown");
    expect_kind("{\"requestContext\":{\"eventType\":\"CONNECT\"}}", "unknown");
    expect_kind("{\"requestContext\":{\"connectionId\":7,\"eventType\":\"CONNECT\"}}", "unknown");
    expect_kind("{\"requestContext\":{\"connectionId\":\"c=\",\"eventType\":null}}", "unknown");
    expect_kind("{\"connectionId\":\"c=\",\"eventType\":\"CONNECT\",\"requestContext\":{}}", "unknown");
    /* AppSync asks for authorization with a context of its own */
    expect_kind("{\"authorizationToken\":\"t\",\"requestContext\":{\"apiId\":\"a\",\"accountId\":\"1\",\"requestId\":"
                "\"r\",\"operationName\":\"Q\",\"variables\":{}}}",
                "unknown");
}

/* --- replies ----------------------------------------------------------------------------------------- */

static void expect_answer(const char *payload, const char *letter, const char *want)
{
    struct answers *answers = answers_of(payload);
    settle(answers, letter);
    EXPECT_STR(encode_answer(answers)->text, want);
    answers_fini(answers);
}

Test(websocket, outcomes_are_answered_alike_whatever_happened)
{
    static const char *const payloads[] = {CONNECT, DISCONNECT};
    for (size_t i = 0; i < 2; i++) {
        expect_answer(payloads[i], "o", "{\"statusCode\":200,\"body\":\"\",\"isBase64Encoded\":false}");
        expect_answer(payloads[i], "x", "{\"statusCode\":422,\"body\":\"\",\"isBase64Encoded\":false}");
        expect_answer(
            payloads[i], "r",
            "{\"statusCode\":503,\"headers\":{\"retry-after\":\"1\"},\"body\":\"\",\"isBase64Encoded\":false}");
    }
}

Test(websocket, a_message_is_answered_with_a_body)
{
    struct leat_reply reply = {.body = LEAT_STR("{\"a\":1}")};
    struct answers *answers = answers_of(MESSAGE);
    settle(answers, "o");
    answers->settlements[0].reply = &reply;
    struct leat_answer answer = *encode_answer(answers);
    EXPECT_STR(answer.text, "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/json\"},"
                            "\"body\":\"{\\\"a\\\":1}\",\"isBase64Encoded\":false}");
    struct decoded *d = answers->decoded;
    cr_assert(leat_is_ok(leat_decode_reply(&d->run, &d->records, &answer, answers->settlements, 1)));
    EXPECT_STR(answers->settlements[0].reply->body, "{\"a\":1}");
    answers_fini(answers);
}

/* --- broken ------------------------------------------------------------------------------------------ */

Test(websocket, wrong_types_break_the_record)
{
    static const struct wrong_type cases[] = {
        {"/requestContext/connectionId", "\"\"", "requestContext.connectionId is empty"},
        {"/requestContext/eventType", "\"\"", "requestContext.eventType is empty"},
        {"/requestContext/eventType", "\"message\"",
         "requestContext.eventType is none of CONNECT, MESSAGE, DISCONNECT"},
        {"/requestContext/eventType", "\"CONNECTED\"",
         "requestContext.eventType is none of CONNECT, MESSAGE, DISCONNECT"},
        {"/requestContext/requestId", "7", "requestContext.requestId is a number (want text)"},
        {"/requestContext/messageId", "7", "requestContext.messageId is a number (want text)"},
        {"/requestContext/domainName", "{}", "requestContext.domainName is an object (want text)"},
        {"/requestContext/stage", "7", "requestContext.stage is a number (want text)"},
        {"/requestContext/apiId", "[]", "requestContext.apiId is an array (want text)"},
        {"/requestContext/routeKey", "7", "requestContext.routeKey is a number (want text)"},
        {"/requestContext/accountId", "7", "requestContext.accountId is a number (want text)"},
        {"/requestContext/requestTimeEpoch", "\"1\"", "requestContext.requestTimeEpoch is text (want a number)"},
        {"/requestContext/identity", "\"x\"", "requestContext.identity is text (want an object)"},
        {"/requestContext/identity/sourceIp", "7", "requestContext.identity.sourceIp is a number (want text)"},
        {"/httpMethod", "7", "httpMethod is a number (want text)"},
        {"/path", "7", "path is a number (want text)"},
        {"/headers", "7", "headers is a number (want an object)"},
        {"/headers", "{\"a\":7}", "headers.a is a number (want text)"},
        {"/multiValueHeaders", "{\"a\":\"1\"}", "multiValueHeaders.a is text (want an array)"},
        {"/queryStringParameters", "7", "queryStringParameters is a number (want an object)"},
        {"/multiValueQueryStringParameters", "[]", "multiValueQueryStringParameters is an array (want an object)"},
        {"/pathParameters", "7", "pathParameters is a number (want an object)"},
        {"/body", "{}", "body is an object (want text)"},
        {"/isBase64Encoded", "\"false\"", "isBase64Encoded is text (want a boolean)"},
    };
    EXPECT_BROKEN(MESSAGE, 0, cases);
}

Test(websocket, broken_without_an_id_breaks_the_payload)
{
    DECODED d = decode("{\"requestContext\":{\"connectionId\":\"c=\",\"eventType\":\"OTHER\"}}");
    cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
    cr_expect_str_eq(d->error.message, "requestContext.eventType is none of CONNECT, MESSAGE, DISCONNECT");
    DECODED whole = decode("{\"requestContext\":{\"connectionId\":\"c=\",\"eventType\":\"CONNECT\"}}");
    cr_assert_eq(whole->events.count, 1, "%s", whole->error.message);
    cr_expect_eq(leat_event_id(&whole->event[0]).len, 32, "a digest");
    EXPECT_STR(leat_event_source(&whole->event[0]), "wss://unknown");
    DECODED other = decode_as(leat_str_c(sample_of("apigateway-rest")), "apigateway-websocket");
    cr_expect_str_eq(other->reason[0], "the request is written as apigateway-rest does");
}

/* --- back again, and the shared payloads ------------------------------------------------------------- */

Test(websocket, requests_survive_encode)
{
    expect_survives_encode(leat_str_c(MESSAGE), "message");
    expect_survives_encode(LEAT_STR(CONNECT), "connect");
    expect_survives_encode(LEAT_STR(DISCONNECT), "disconnect");
}

static void check_shared(const char *path, leat_str text)
{
    DECODED d = decode_str(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", path, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, "apigateway-websocket", "%s", path);
    cr_expect_eq(d->events.count, 1, "%s: %s", path, d->reason[0]);
    expect_survives_encode(text, path);
}

Test(websocket, shared_payloads_decode_and_survive_encode)
{
    for_shared_payloads("apigateway-websocket", check_shared);
}
