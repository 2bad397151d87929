/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: the view, the facts and the check, dialect by dialect. Replies are in test_http_reply.c. */
#include <leat/alloc.h>
#include <leat/http.h>
#include <leat/text.h>

#include <criterion/criterion.h>

static struct leat_arena arena;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(http, .init = setup, .fini = teardown);

static cJSON *parse(const char *text)
{
    cJSON *root = NULL;
    cr_assert(leat_is_ok(leat_json_parse(&arena, leat_str_c(text), &root, NULL)), "%s", text);
    return root;
}

static const struct leat_http *view_of(const char *text)
{
    struct leat_envelope envelope = {.record = parse(text)};
    const struct leat_http *http = leat_http_view(&envelope, &arena);
    cr_assert_not_null(http);
    return http;
}

static void expect(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_eq(got, leat_str_c(want)), "%s: got \"%.*s\", want \"%s\"", what, LEAT_ARG(got),
              want != NULL ? want : "(absent)");
}

/* "name=value|name=value" */
static void expect_pairs(const struct leat_pair *pairs, size_t count, const char *want)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(&buf, "%s%.*s=%.*s", i > 0 ? "|" : "", LEAT_ARG(pairs[i].name), LEAT_ARG(pairs[i].value));
    expect(leat_buf_str(&buf), want, "pairs");
}

#define REST(path, more) \
    "{\"httpMethod\":\"GET\",\"path\":\"" path "\",\"requestContext\":{\"stage\":\"prod\"}" more "}"
#define V1(path, stage, more)                                                                                  \
    "{\"version\":\"1.0\",\"httpMethod\":\"GET\",\"path\":\"" path "\",\"requestContext\":{\"stage\":\"" stage \
    "\"}" more "}"
#define V2(path, stage, more)                                                              \
    "{\"version\":\"2.0\",\"rawPath\":\"" path "\",\"requestContext\":{\"stage\":\"" stage \
    "\",\"http\":{\"method\":\"GET\",\"sourceIp\":\"192.0.2.1\"}}" more "}"

Test(http, dialect_follows_the_version)
{
    cr_expect_eq(leat_http_dialect_of(parse("{}")), LEAT_HTTP_REST);
    cr_expect_eq(leat_http_dialect_of(parse("{\"version\":null}")), LEAT_HTTP_REST);
    cr_expect_eq(leat_http_dialect_of(parse("{\"version\":2.0}")), LEAT_HTTP_REST);
    cr_expect_eq(leat_http_dialect_of(parse("{\"version\":\"1.0\"}")), LEAT_HTTP_V1);
    cr_expect_eq(leat_http_dialect_of(parse("{\"version\":\"2.0\"}")), LEAT_HTTP_V2);
    cr_expect_eq(leat_http_dialect_of(NULL), LEAT_HTTP_REST);
}

Test(http, path_is_decoded_once_and_without_the_stage)
{
    static const struct {
        const char *request, *path;
    } cases[] = {
        /* REST: encoded, never with the stage, even if it looks so. */
        {REST("/a%20b/%E2%98%95", ""), "/a b/\xE2\x98\x95"},
        {REST("/100%2525", ""), "/100%25"},
        {REST("/a+b", ""), "/a+b"},
        {REST("/prod/orders", ""), "/prod/orders"},
        {REST("", ""), "/"},
        /* 1.0: encoded, with the stage. */
        {V1("/prod/a%20b", "prod", ""), "/a b"},
        {V1("/prod", "prod", ""), "/"},
        {V1("/prod/", "prod", ""), "/"},
        {V1("/production/x", "prod", ""), "/production/x"},
        {V1("/prod%2Fx", "prod", ""), "/prod/x"},
        {V1("/orders", "$default", ""), "/orders"},
        {V1("/$default/x", "$default", ""), "/$default/x"},
        {V1("/x/prod/y", "prod", ""), "/x/prod/y"},
        /* 2.0: decoded by the gateway, with the stage. */
        {V2("/prod/a b/\xE2\x98\x95", "prod", ""), "/a b/\xE2\x98\x95"},
        {V2("/100%25", "$default", ""), "/100%25"},
        {V2("/prod", "prod", ""), "/"},
        {V2("/prod/prod/x", "prod", ""), "/prod/x"},
        {V2("/a+b", "", ""), "/a+b"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(view_of(cases[i].request)->path, cases[i].path, cases[i].request);
}

Test(http, rest_query_is_not_decoded_twice)
{
    /* Peers' bug 28: the gateway has decoded already, plus signs too. */
    const struct leat_http *http =
        view_of(REST("/", ",\"multiValueQueryStringParameters\":{\"q\":[\"a+b\",\"100%25\"],\"e\":[\"\"]},"
                          "\"queryStringParameters\":{\"q\":\"100%25\",\"e\":\"\"}"));
    expect_pairs(http->query, http->query_count, "q=a+b|q=100%25|e=");
    expect(leat_http_query(http, "q"), "a+b", "first");
    expect(leat_http_query(http, "e"), "", "empty is not absent");
    expect(leat_http_query(http, "Q"), NULL, "query names keep their case");
}

Test(http, single_maps_serve_where_the_multi_ones_are_missing)
{
    const struct leat_http *http = view_of(REST("/", ",\"multiValueQueryStringParameters\":null,"
                                                     "\"queryStringParameters\":{\"q\":\"1\"},"
                                                     "\"multiValueHeaders\":{},\"headers\":{\"Host\":\"h\"}"));
    expect_pairs(http->query, http->query_count, "q=1");
    expect_pairs(http->headers, http->header_count, "host=h");
}

Test(http, version_2_query_comes_from_the_raw_text)
{
    const struct leat_http *http = view_of(V2("/", "$default",
                                              ",\"rawQueryString\":\"a=1%2C2&a=3&b=x+y%2Bz&flag&=v&&c=d=e&n%61me=%zz\","
                                              "\"queryStringParameters\":{\"a\":\"1,2,3\"}"));
    expect_pairs(http->query, http->query_count, "a=1,2|a=3|b=x y+z|flag=|=v|c=d=e|name=%zz");
    http = view_of(V2("/", "$default", ",\"queryStringParameters\":{\"a\":\"1,2+3\"}"));
    expect_pairs(http->query, http->query_count, "a=1,2+3");
}

/* Peers' bugs 6 and 7: null is absent, and absent differs from empty. */
Test(http, null_maps_are_absent_and_empty_ones_are_empty)
{
    const struct leat_http *http =
        view_of(REST("/", ",\"headers\":null,\"multiValueHeaders\":null,\"queryStringParameters\":null,"
                          "\"multiValueQueryStringParameters\":null,\"pathParameters\":null,\"resource\":null"));
    cr_expect_null(http->headers);
    cr_expect_null(http->query);
    cr_expect_null(http->path_parameters);
    cr_expect_null(http->cookies);
    cr_expect_null(http->route.ptr);
    cr_expect_null(http->client_ip.ptr);
    cr_expect_null(leat_http_header(http, "host").ptr);
    http = view_of(V2("/", "$default", ",\"headers\":{},\"rawQueryString\":\"\",\"pathParameters\":{},\"cookies\":[]"));
    cr_expect_not_null(http->headers);
    cr_expect_not_null(http->query);
    cr_expect_not_null(http->path_parameters);
    cr_expect_not_null(http->cookies);
    cr_expect_eq(http->header_count + http->query_count + http->path_parameter_count + http->cookie_count, 0);
}

Test(http, headers_are_found_whatever_their_case)
{
    const struct leat_http *http = view_of(
        REST("/", ",\"headers\":{\"X-One\":\"last\"},"
                  "\"multiValueHeaders\":{\"X-One\":[\"first\",\"last\"],\"x-two\":[null,\"2\"],\"X-None\":[]}"));
    expect_pairs(http->headers, http->header_count, "x-one=first|x-one=last|x-two=2");
    expect(leat_http_header(http, "x-ONE"), "first", "header");
    expect(leat_http_header(http, "x-none"), NULL, "header");
    http = view_of(V2("/", "$default", ",\"headers\":{\"x-tag\":\"a,b\",\"x-null\":null}"));
    expect_pairs(http->headers, http->header_count, "x-tag=a,b");
}

Test(http, cookies_are_listed_alike_in_every_dialect)
{
    static const char *const requests[] = {
        REST("/", ",\"multiValueHeaders\":{\"Cookie\":[\"a=1; b=2\",\" c=3;\"]}"),
        V1("/", "$default", ",\"headers\":{\"cookie\":\"a=1;b=2 ; ; c=3\"}"),
        V2("/", "$default", ",\"cookies\":[\"a=1\",\"b=2\",null,\"c=3\"]"),
        V2("/", "$default", ",\"headers\":{\"Cookie\":\"a=1; b=2; c=3\"}"),
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const struct leat_http *http = view_of(requests[i]);
        cr_assert_eq(http->cookie_count, 3, "%s", requests[i]);
        expect(http->cookies[0], "a=1", requests[i]);
        expect(http->cookies[1], "b=2", requests[i]);
        expect(http->cookies[2], "c=3", requests[i]);
    }
}

Test(http, path_parameters_are_decoded_where_the_gateway_did_not)
{
    const struct leat_http *http = view_of(REST("/", ",\"pathParameters\":{\"p\":\"a%20b%2525\",\"none\":null}"));
    expect_pairs(http->path_parameters, http->path_parameter_count, "p=a b%25");
    http = view_of(V1("/", "$default", ",\"pathParameters\":{\"p\":\"100%25\"}"));
    expect(leat_http_path_parameter(http, "p"), "100%25", "1.0");
    http = view_of(V2("/", "$default", ",\"pathParameters\":{\"p\":\"100%25\"}"));
    expect(leat_http_path_parameter(http, "p"), "100%25", "2.0");
    expect(leat_http_path_parameter(http, "q"), NULL, "2.0");
}

Test(http, method_route_stage_and_address_come_from_their_places)
{
    const struct leat_http *http = view_of(
        "{\"httpMethod\":\"PUT\",\"path\":\"/\",\"resource\":\"/{proxy+}\",\"requestContext\":{\"stage\":\"prod\","
        "\"httpMethod\":\"no\",\"identity\":{\"sourceIp\":\"2001:db8::1\"}}}");
    expect(http->method, "PUT", "method");
    expect(http->route, "/{proxy+}", "route");
    expect(http->stage, "prod", "stage");
    expect(http->client_ip, "2001:db8::1", "client_ip");
    http = view_of(V2("/", "$default", ",\"routeKey\":\"GET /x\",\"httpMethod\":\"no\""));
    expect(http->method, "GET", "method");
    expect(http->route, "GET /x", "route");
    expect(http->stage, "$default", "stage");
    expect(http->client_ip, "192.0.2.1", "client_ip");
}

Test(http, values_with_an_escaped_nul_keep_their_length)
{
    const struct leat_http *http = view_of(REST("/a%00b", ",\"headers\":{\"x\":\"a\\u0000b\"}"));
    cr_expect(leat_str_eq(leat_http_header(http, "x"), LEAT_STR("a\0b")));
    cr_expect(leat_str_eq(http->path, LEAT_STR("/a\0b")));
}

Test(http, lookups_take_no_view)
{
    cr_expect_null(leat_http_header(NULL, "x").ptr);
    cr_expect_null(leat_http_query(NULL, "x").ptr);
    cr_expect_null(leat_http_path_parameter(NULL, "x").ptr);
}

/* The adapters refuse odd types first, but a view never trips over one. */
Test(http, view_survives_odd_types)
{
    static const char *const requests[] = {
        "[]",
        "null",
        "7",
        "{}",
        "{\"version\":\"2.0\"}",
        "{\"version\":\"1.0\",\"path\":[],\"requestContext\":{\"stage\":{}}}",
        REST("/", ",\"multiValueHeaders\":{\"a\":\"text\",\"b\":[1,{}],\"c\":7}"),
        REST("/", ",\"multiValueQueryStringParameters\":[1],\"queryStringParameters\":{\"a\":[]},\"pathParameters\":7"),
        V2("/", "$default", ",\"cookies\":[1,[],{}],\"headers\":[\"a\"],\"rawQueryString\":7"),
        V2("/", "$default", ",\"cookies\":{\"a\":1},\"queryStringParameters\":\"x\""),
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const struct leat_http *http = view_of(requests[i]);
        cr_expect_eq(http->header_count + http->query_count + http->path_parameter_count + http->cookie_count, 0, "%s",
                     requests[i]);
    }
}

/* --- facts ------------------------------------------------------------------------------------------- */

static struct leat_http_facts facts_of(const char *text)
{
    struct leat_http_facts facts;
    leat_http_facts(&arena, parse(text), &facts);
    return facts;
}

static leat_str time_of(const char *text)
{
    int64_t ms = facts_of(text).time_ms;
    return ms >= 0 ? leat_time_from_ms(&arena, ms) : LEAT_ABSENT;
}

Test(http, facts_prefer_the_first_of_several_headers)
{
    struct leat_http_facts facts =
        facts_of(REST("/a%20b", ",\"headers\":{\"HOST\":\"last\",\"content-TYPE\":\"text/html\"},"
                                "\"multiValueHeaders\":{\"HOST\":[\"first\",\"last\"],\"content-TYPE\":[\"text/css\"],"
                                "\"X-Amzn-Trace-Id\":[\"Root=1\"]}"));
    expect(facts.host, "first", "host");
    expect(facts.content_type, "text/css", "content type");
    expect(facts.trace, "Root=1", "trace");
    expect(facts.path, "/a b", "path");
    cr_expect_null(facts.id.ptr);
    cr_expect_eq(facts.time_ms, -1);
}

/* Peers' bug 8 and others: `sam local` writes seconds, AWS milliseconds; INT_MAX is cJSON's valueint. */
Test(http, time_is_read_from_seconds_and_milliseconds)
{
#define AT(epoch) "{\"version\":\"2.0\",\"requestContext\":{\"timeEpoch\":" epoch "}}"
    expect(time_of(AT("1583348638390")), "2020-03-04T19:03:58.390Z", "milliseconds");
    expect(time_of(AT("1583348638")), "2020-03-04T19:03:58Z", "seconds");
    expect(time_of(AT("1583348638.25")), "2020-03-04T19:03:58.250Z", "a fraction");
    expect(time_of(AT("99999999999")), "5138-11-16T09:46:39Z", "the last second");
    expect(time_of(AT("100000000000")), "1973-03-03T09:46:40Z", "the first millisecond");
    expect(time_of(AT("0")), NULL, "zero");
    expect(time_of(AT("-5")), NULL, "negative");
    expect(time_of(AT("1e300")), NULL, "enormous");
    expect(time_of(AT("-1e300")), NULL, "enormous");
    expect(time_of(AT("900000000000000")), NULL, "after year 9999");
    expect(time_of(AT("null")), NULL, "null");
    expect(time_of("{\"requestContext\":{\"requestTimeEpoch\":1583348638390}}"), "2020-03-04T19:03:58.390Z", "REST");
}

/* --- the check --------------------------------------------------------------------------------------- */

static void expect_fault(const char *request, const char *message)
{
    struct leat_error error = {0};
    leat_status status = leat_http_check(parse(request), &error);
    cr_expect_eq(status.code, message != NULL ? LEAT_E_BAD_RECORD : LEAT_E_DONE, "%s: %s", request, error.message);
    if (message != NULL)
        cr_expect_str_eq(error.message, message, "%s: got \"%s\"", request, error.message);
    cr_expect_eq(leat_http_check(parse(request), NULL).code, status.code);
}

#define CONTEXT(more) "{\"httpMethod\":\"GET\",\"path\":\"/\",\"requestContext\":{" more "}}"
#define CONTEXT2(more) "{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{" more "}}"

Test(http, check_names_the_field_and_what_it_is_instead)
{
    static const struct {
        const char *request, *message;
    } cases[] = {
        {"[]", "the request is an array (want an object)"},
        {"{}", "requestContext is missing (want an object)"},
        {"{\"requestContext\":\"x\"}", "requestContext is text (want an object)"},
        {"{\"requestContext\":{}}", "httpMethod is missing (want text)"},
        {"{\"httpMethod\":7,\"requestContext\":{}}", "httpMethod is a number (want text)"},
        {"{\"httpMethod\":\"\",\"path\":\"/\",\"requestContext\":{}}", "httpMethod is empty"},
        {"{\"httpMethod\":\"GET\",\"requestContext\":{}}", "path is missing (want text)"},
        {"{\"httpMethod\":\"GET\",\"path\":null,\"requestContext\":{}}", "path is missing (want text)"},
        {"{\"httpMethod\":\"GET\",\"path\":{},\"requestContext\":{}}", "path is an object (want text)"},
        {REST("/", ",\"resource\":1"), "resource is a number (want text)"},
        {REST("/", ",\"headers\":7"), "headers is a number (want an object)"},
        {REST("/", ",\"headers\":{\"Accept\":7}"), "headers.Accept is a number (want text)"},
        {REST("/", ",\"headers\":{\"a\\nb\":true}"), "headers.a?b is a boolean (want text)"},
        {REST("/", ",\"multiValueHeaders\":[]"), "multiValueHeaders is an array (want an object)"},
        {REST("/", ",\"multiValueHeaders\":{\"a\":\"b\"}"), "multiValueHeaders.a is text (want an array)"},
        {REST("/", ",\"multiValueHeaders\":{\"a\":[\"b\",1]}"), "multiValueHeaders.a[1] is a number (want text)"},
        {REST("/", ",\"queryStringParameters\":\"x\""), "queryStringParameters is text (want an object)"},
        {REST("/", ",\"queryStringParameters\":{\"x\":1}"), "queryStringParameters.x is a number (want text)"},
        {REST("/", ",\"multiValueQueryStringParameters\":7"),
         "multiValueQueryStringParameters is a number (want an object)"},
        {REST("/", ",\"multiValueQueryStringParameters\":{\"a\":{}}"),
         "multiValueQueryStringParameters.a is an object (want an array)"},
        {REST("/", ",\"pathParameters\":[]"), "pathParameters is an array (want an object)"},
        {REST("/", ",\"pathParameters\":{\"p\":false}"), "pathParameters.p is a boolean (want text)"},
        {REST("/", ",\"body\":7"), "body is a number (want text)"},
        {REST("/", ",\"body\":{}"), "body is an object (want text)"},
        {REST("/", ",\"isBase64Encoded\":\"true\""), "isBase64Encoded is text (want a boolean)"},
        {CONTEXT("\"stage\":1"), "requestContext.stage is a number (want text)"},
        {CONTEXT("\"requestId\":1"), "requestContext.requestId is a number (want text)"},
        {CONTEXT("\"domainName\":[]"), "requestContext.domainName is an array (want text)"},
        {CONTEXT("\"apiId\":true"), "requestContext.apiId is a boolean (want text)"},
        {CONTEXT("\"accountId\":123456789012"), "requestContext.accountId is a number (want text)"},
        {CONTEXT("\"requestTimeEpoch\":\"1\""), "requestContext.requestTimeEpoch is text (want a number)"},
        {CONTEXT("\"identity\":\"x\""), "requestContext.identity is text (want an object)"},
        {CONTEXT("\"identity\":{\"sourceIp\":1}"), "requestContext.identity.sourceIp is a number (want text)"},
        {"{\"version\":\"2.0\",\"requestContext\":{}}", "requestContext.http.method is missing (want text)"},
        {CONTEXT2("\"http\":7"), "requestContext.http is a number (want an object)"},
        {CONTEXT2("\"http\":{\"method\":7}"), "requestContext.http.method is a number (want text)"},
        {CONTEXT2("\"http\":{\"method\":\"GET\",\"sourceIp\":[]}"),
         "requestContext.http.sourceIp is an array (want text)"},
        {CONTEXT2("\"http\":{\"method\":\"GET\"},\"timeEpoch\":{}"),
         "requestContext.timeEpoch is an object (want a number)"},
        {"{\"version\":\"2.0\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}", "rawPath is missing (want text)"},
        {V2("/", "$default", ",\"routeKey\":{}"), "routeKey is an object (want text)"},
        {V2("/", "$default", ",\"rawQueryString\":1"), "rawQueryString is a number (want text)"},
        {V2("/", "$default", ",\"queryStringParameters\":1"), "queryStringParameters is a number (want an object)"},
        {V2("/", "$default", ",\"cookies\":\"a=1\""), "cookies is text (want an array)"},
        {V2("/", "$default", ",\"cookies\":[\"a\",1]"), "cookies[1] is a number (want text)"},
        {V2("/", "$default", ",\"headers\":{\"a\":[\"b\"]}"), "headers.a is an array (want text)"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_fault(cases[i].request, cases[i].message);
}

Test(http, check_takes_null_for_absent_and_what_nobody_reads)
{
    expect_fault(REST("/", ""), NULL);
    expect_fault(REST("/", ",\"headers\":null,\"multiValueHeaders\":null,\"queryStringParameters\":null,"
                           "\"multiValueQueryStringParameters\":null,\"pathParameters\":null,\"body\":null,"
                           "\"isBase64Encoded\":null,\"resource\":null,\"stageVariables\":7"),
                 NULL);
    expect_fault(REST("/", ",\"headers\":{\"a\":null},\"multiValueHeaders\":{\"a\":null,\"b\":[null],\"c\":[]}"), NULL);
    /* A generated sample: a placeholder beside the map that is read. */
    expect_fault(
        REST("/", ",\"queryStringParameters\":\"{{{q}}}\",\"multiValueQueryStringParameters\":{\"a\":[\"b\"]}"), NULL);
    expect_fault(V2("/", "$default", ",\"rawQueryString\":\"\",\"queryStringParameters\":7,\"multiValueHeaders\":7"),
                 NULL);
    expect_fault(V2("/", "$default", ",\"cookies\":null"), NULL);
    expect_fault(CONTEXT("\"identity\":null,\"requestId\":null,\"requestTimeEpoch\":null"), NULL);
}

Test(http, view_without_memory_is_none)
{
    const cJSON *request = parse(V2("/prod/x", "prod",
                                    ",\"headers\":{\"A\":\"1\",\"Cookie\":\"a;b\"},\"rawQueryString\":\"a=%41\","
                                    "\"pathParameters\":{\"p\":\"1\"}"));
    struct leat_envelope envelope = {.record = request};
    for (uint64_t nth = 1;; nth++) {
        struct leat_arena small;
        leat_arena_init(&small, 0);
        small.chunk_size = 16; /* every allocation asks the heap */
        leat_alloc_fail_at(nth, false);
        const struct leat_http *http = leat_http_view(&envelope, &small);
        bool failed = small.overflow;
        leat_alloc_fail_at(0, false);
        cr_expect_eq(http == NULL, failed, "allocation %u", (unsigned)nth);
        leat_arena_fini(&small);
        if (!failed)
            break;
    }
}
