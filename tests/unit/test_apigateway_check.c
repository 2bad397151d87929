/* SPDX-License-Identifier: Apache-2.0 */
/* What the API Gateway adapters claim, and what they refuse. */
#include "decoding.h"

#define REST sample_of("apigateway-rest")
#define HTTP sample_of("apigateway-http")

TestSuite(apigateway_check);

static void expect_kind(const char *text, const char *kind)
{
    DECODED d = decode(text);
    cr_assert(leat_is_ok(d->status), "%s: %s", text, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, kind, "%s: %s", text, d->records.adapter->name);
}

/* --- detection --------------------------------------------------------------------------------------- */

Test(apigateway_check, requests_are_told_apart_by_values)
{
    expect_kind(REST, "apigateway-rest");
    expect_kind(HTTP, "apigateway-http");
    expect_kind("{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\",\"requestContext\":{}}", "apigateway-rest");
    expect_kind("{\"httpMethod\":\"GET\",\"path\":\"/\",\"requestContext\":{\"stage\":\"s\"}}", "apigateway-rest");
    expect_kind("{\"httpMethod\":\"GET\",\"path\":\"/\",\"requestContext\":{\"resourcePath\":\"/\"}}",
                "apigateway-rest");
    expect_kind("{\"version\":\"1.0\",\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\",\"requestContext\":{}}",
                "apigateway-http");
    expect_kind("{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
                "apigateway-http");
}

Test(apigateway_check, lookalikes_are_not_ours)
{
    static const char *const texts[] = {
        /* rule 7: authorizers, though they carry a proxy's context */
        "{\"type\":\"REQUEST\",\"methodArn\":\"arn\",\"httpMethod\":\"GET\",\"resource\":\"/\",\"path\":\"/"
        "\",\"requestContext\":{\"stage\":\"s\"}}",
        "{\"version\":\"2.0\",\"type\":\"REQUEST\",\"routeArn\":\"arn\",\"rawPath\":\"/"
        "\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
        "{\"version\":\"1.0\",\"type\":\"TOKEN\",\"methodArn\":\"arn\",\"httpMethod\":\"GET\",\"resource\":\"/"
        "\",\"requestContext\":{}}",
        /* rule 8: a load balancer */
        "{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/"
        "\",\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}}}",
        /* rule 9: WebSockets, some with a method */
        "{\"httpMethod\":\"GET\",\"resource\":\"/"
        "\",\"requestContext\":{\"connectionId\":\"c=\",\"eventType\":\"CONNECT\",\"stage\":\"s\"}}",
        /* rule 10: a function URL */
        "{\"version\":\"2.0\",\"rawPath\":\"/"
        "\",\"requestContext\":{\"http\":{\"method\":\"GET\"},\"domainName\":\"a.lambda-url.eu-west-1.on.aws\"}}",
        /* VPC Lattice, versions 2 and 1; a Bedrock agent */
        "{\"version\":\"2.0\",\"path\":\"/"
        "\",\"method\":\"GET\",\"requestContext\":{\"serviceNetworkArn\":\"arn\",\"timeEpoch\":\"1\"}}",
        "{\"raw_path\":\"/\",\"method\":\"GET\",\"is_base64_encoded\":false}",
        "{\"messageVersion\":\"1.0\",\"apiPath\":\"/a\",\"httpMethod\":\"GET\",\"agent\":{}}",
        /* no context, a wrong one, wrong types in what tells */
        "{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\"}",
        "{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\",\"requestContext\":null}",
        "{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\",\"requestContext\":\"x\"}",
        "{\"httpMethod\":7,\"path\":\"/\",\"resource\":\"/\",\"requestContext\":{}}",
        "{\"httpMethod\":\"GET\",\"path\":\"/\",\"requestContext\":{}}",
        "{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"http\":{\"method\":7}}}",
        "{\"version\":2.0,\"rawPath\":\"/\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
        "{\"HttpMethod\":\"GET\",\"path\":\"/\",\"Resource\":\"/\",\"requestContext\":{\"Stage\":\"s\"}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode(texts[i]);
        cr_expect_not(leat_trigger_matches(LEAT_STR("apigateway"), leat_str_c(d->records.adapter->name)) &&
                          strcmp(d->records.adapter->name, "apigateway-websocket") != 0,
                      "%s: %s", texts[i], d->records.adapter->name);
    }
}

Test(apigateway_check, a_connection_id_alone_makes_no_websocket)
{
    expect_kind("{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\",\"requestContext\":{\"connectionId\":null,"
                "\"eventType\":null,\"elb\":null}}",
                "apigateway-rest");
    /* aws-lambda-go 445 and others: "type" is a body's word too */
    expect_kind("{\"type\":\"REQUEST\",\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/\",\"requestContext\":{}}",
                "apigateway-rest");
}

/* --- broken ------------------------------------------------------------------------------------------ */

Test(apigateway_check, wrong_types_in_rest_break_the_record)
{
    static const struct wrong_type cases[] = {
        {"/path", "7", "path is a number (want text)"},
        {"/path", NULL, "path is missing (want text)"},
        {"/httpMethod", "\"\"", "httpMethod is empty"},
        {"/resource", "[]", "resource is an array (want text)"},
        {"/headers", "7", "headers is a number (want an object)"},
        {"/headers/Accept", "{}", "headers.Accept is an object (want text)"},
        {"/multiValueHeaders", "\"x\"", "multiValueHeaders is text (want an object)"},
        {"/multiValueHeaders/Accept", "\"x\"", "multiValueHeaders.Accept is text (want an array)"},
        {"/multiValueHeaders/X-Tag/1", "false", "multiValueHeaders.X-Tag[1] is a boolean (want text)"},
        {"/multiValueQueryStringParameters", "[]", "multiValueQueryStringParameters is an array (want an object)"},
        {"/multiValueQueryStringParameters/notify", "\"x\"",
         "multiValueQueryStringParameters.notify is text (want an array)"},
        {"/pathParameters", "7", "pathParameters is a number (want an object)"},
        {"/pathParameters/shop", "7", "pathParameters.shop is a number (want text)"},
        {"/body", "7", "body is a number (want text)"},
        {"/isBase64Encoded", "\"false\"", "isBase64Encoded is text (want a boolean)"},
        {"/requestContext/domainName", "7", "requestContext.domainName is a number (want text)"},
        {"/requestContext/apiId", "7", "requestContext.apiId is a number (want text)"},
        {"/requestContext/accountId", "123456789012", "requestContext.accountId is a number (want text)"},
        {"/requestContext/stage", "{}", "requestContext.stage is an object (want text)"},
        {"/requestContext/requestTimeEpoch", "\"1\"", "requestContext.requestTimeEpoch is text (want a number)"},
        {"/requestContext/identity", "[]", "requestContext.identity is an array (want an object)"},
        {"/requestContext/identity/sourceIp", "7", "requestContext.identity.sourceIp is a number (want text)"},
    };
    EXPECT_BROKEN(REST, 0, cases);
}

Test(apigateway_check, wrong_types_in_2_0_break_the_record)
{
    static const struct wrong_type cases[] = {
        {"/rawPath", "7", "rawPath is a number (want text)"},
        {"/rawPath", "null", "rawPath is missing (want text)"},
        {"/rawQueryString", "{}", "rawQueryString is an object (want text)"},
        {"/routeKey", "7", "routeKey is a number (want text)"},
        {"/cookies", "\"a=1\"", "cookies is text (want an array)"},
        {"/cookies/1", "7", "cookies[1] is a number (want text)"},
        {"/headers", "[]", "headers is an array (want an object)"},
        {"/headers/host", "[\"h\"]", "headers.host is an array (want text)"},
        {"/pathParameters/shop", "[]", "pathParameters.shop is an array (want text)"},
        {"/body", "{}", "body is an object (want text)"},
        {"/isBase64Encoded", "1", "isBase64Encoded is a number (want a boolean)"},
        {"/requestContext/http/method", "\"\"", "requestContext.http.method is empty"},
        {"/requestContext/http/sourceIp", "7", "requestContext.http.sourceIp is a number (want text)"},
        {"/requestContext/domainName", "7", "requestContext.domainName is a number (want text)"},
        {"/requestContext/accountId", "7", "requestContext.accountId is a number (want text)"},
        {"/requestContext/stage", "7", "requestContext.stage is a number (want text)"},
        {"/requestContext/timeEpoch", "\"1\"", "requestContext.timeEpoch is text (want a number)"},
    };
    EXPECT_BROKEN(HTTP, 0, cases);
}

Test(apigateway_check, a_broken_request_without_an_id_breaks_the_payload)
{
    static const char *const ids[] = {"null", "\"\"", "7", "{}", NULL};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        char *nameless = changed(REST, "/requestContext/requestId", ids[i]);
        DECODED d = decode_changed(nameless, "/headers", "7");
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD, "%s", ids[i]);
        cr_expect_eq(d->error.status.code, LEAT_E_BAD_PAYLOAD);
        cr_expect_eq(d->events.count, 0);
        cJSON_free(nameless);
    }
    DECODED d = decode_changed(HTTP, "/requestContext/requestId", "7");
    cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD);
    cr_expect_str_eq(d->error.message, "requestContext.requestId is a number (want text)");
}

Test(apigateway_check, named_by_hand_anything_else_is_broken)
{
    static const char *const texts[] = {
        "[]", "7", "null", "{}", "{\"requestContext\":7}", "{\"requestContext\":{\"http\":{}}}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED rest = decode_as(leat_str_c(texts[i]), "apigateway-rest");
        DECODED http = decode_as(leat_str_c(texts[i]), "apigateway-http");
        cr_expect_eq(rest->status.code, LEAT_E_BAD_PAYLOAD, "%s", texts[i]);
        cr_expect_eq(http->status.code, LEAT_E_BAD_PAYLOAD, "%s", texts[i]);
    }
}
