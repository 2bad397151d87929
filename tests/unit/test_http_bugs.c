/* SPDX-License-Identifier: Apache-2.0 */
/* Bugs of others that any kind of HTTP trigger can have. Those of one kind alone stand in its own file. */
#include "decoding.h"

TestSuite(http_bugs);

static const char *const kinds[] = {"apigateway-rest", "apigateway-http", "apigateway-websocket", "function-url",
                                    "alb"};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void expect_whole(const struct decoded *d, const char *kind, const char *what)
{
    cr_assert(leat_is_ok(d->status), "%s: %s: %s", kind, what, d->error.message);
    cr_expect_str_eq(d->records.adapter->name, kind, "%s", what);
    cr_assert_eq(d->events.count, 1, "%s: %s: %s", kind, what, d->reason[0]);
}

/* A member of the root, in every kind: null and missing are both absent, empty is not. */
static void expect_absent_when(const char *member, const char *value, leat_str (*read)(const leat_event *))
{
    for (size_t i = 0; i < KINDS; i++) {
        DECODED d = decode_changed(sample_of(kinds[i]), member, value);
        expect_whole(d, kinds[i], member);
        EXPECT_STR(read(&d->event[0]), NULL);
    }
}

Test(http_bugs, bug_6_body_is_null_or_absent)
{
    expect_absent_when("/body", "null", leat_event_data);
    expect_absent_when("/body", NULL, leat_event_data);
    for (size_t i = 0; i < KINDS; i++) {
        DECODED d = decode_changed(sample_of(kinds[i]), "/body", "\"\"");
        expect_whole(d, kinds[i], "an empty body");
        EXPECT_STR(leat_event_data(&d->event[0]), "");
    }
}

static const char *const queries[] = {"/rawQueryString", "/queryStringParameters", "/multiValueQueryStringParameters"};

/* The sample with all the members at `pointers` so. */
static struct decoded *with(const char *kind, const char *const *pointers, size_t count, const char *value)
{
    char *text = changed(sample_of(kind), pointers[0], value);
    for (size_t i = 1; i < count; i++) {
        char *next = changed(text, pointers[i], value);
        cJSON_free(text);
        text = next;
    }
    struct decoded *d = decode(text);
    cJSON_free(text);
    return d;
}

Test(http_bugs, bug_6_query_is_null_or_absent)
{
    static const char *const values[] = {"null", NULL};
    for (size_t i = 0; i < 2 * KINDS; i++) {
        const char *kind = kinds[i / 2];
        DECODED d = with(kind, queries, 3, values[i % 2]);
        expect_whole(d, kind, "query");
        cr_expect_null(leat_http(&d->event[0])->query, "%s", kind);
    }
}

Test(http_bugs, bug_7_headers_are_null_or_absent)
{
    static const char *const headers[] = {"/headers", "/multiValueHeaders"}, *const values[] = {"null", NULL};
    for (size_t i = 0; i < 2 * KINDS; i++) {
        const char *kind = kinds[i / 2];
        DECODED d = with(kind, headers, 2, values[i % 2]);
        expect_whole(d, kind, "headers");
        const struct leat_http *http = leat_http(&d->event[0]);
        cr_expect_null(http->headers, "%s", kind);
        cr_expect_null(leat_http_header(http, "host").ptr, "%s", kind);
        if (strcmp(kind, "apigateway-websocket") != 0) /* whose messages have no headers in any case */
            EXPECT_STR(leat_event_datacontenttype(&d->event[0]), NULL);
    }
}

Test(http_bugs, bug_8_maps_are_empty_or_their_values_null)
{
    static const char *const maps[] = {
        "/headers",        "/multiValueHeaders", "/queryStringParameters", "/multiValueQueryStringParameters",
        "/pathParameters", "/stageVariables"};
    static const char *const values[] = {"{}", "{\"a\":null}"};
    for (size_t i = 0; i < 2 * KINDS; i++) {
        const char *kind = kinds[i / 2];
        DECODED d = with(kind, maps, 6, values[i % 2]);
        expect_whole(d, kind, values[i % 2]);
        const struct leat_http *http = leat_http(&d->event[0]);
        cr_expect_not_null(http->headers, "%s", kind);
        cr_expect_eq(http->header_count + http->path_parameter_count, 0, "%s", kind);
    }
}

/* sam local: seconds instead of milliseconds, no ids, no trace. */
Test(http_bugs, bug_8_sam_local_counts_seconds)
{
    static const struct {
        const char *kind, *pointer;
    } cases[] = {{"apigateway-rest", "/requestContext/requestTimeEpoch"},
                 {"apigateway-http", "/requestContext/timeEpoch"},
                 {"function-url", "/requestContext/timeEpoch"},
                 {"apigateway-websocket", "/requestContext/requestTimeEpoch"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of(cases[i].kind), cases[i].pointer, "1714560896");
        expect_whole(d, cases[i].kind, "seconds");
        EXPECT_STR(leat_event_time(&d->event[0]), "2024-05-01T10:54:56Z");
    }
}

/* aws-cdk 19827: what API Gateway has decoded stays; what a load balancer has not is decoded, and only once. */
Test(http_bugs, bug_28_plus_signs_are_not_decoded_twice)
{
    static const struct {
        const char *kind, *pointer, *value, *want;
    } cases[] = {
        {"apigateway-rest", "/multiValueQueryStringParameters", "{\"q\":[\"a+b %41\"]}", "a+b %41"},
        {"apigateway-websocket", "/multiValueQueryStringParameters", "{\"q\":[\"a+b %41\"]}", "a+b %41"},
        {"apigateway-websocket", "/queryStringParameters", "{\"q\":\"a+b %41\"}", "a+b %41"},
        {"apigateway-http", "/rawQueryString", "\"q=a%2Bb+%2541\"", "a+b %41"},
        {"function-url", "/rawQueryString", "\"q=a%2Bb+%2541\"", "a+b %41"},
        {"alb", "/queryStringParameters", "{\"q\":\"a%2Bb+%2541\"}", "a+b %41"},
        {"alb", "/multiValueQueryStringParameters", "{\"q\":[\"a%2Bb+%2541\"]}", "a+b %41"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = decode_changed(sample_of(cases[i].kind), cases[i].pointer, cases[i].value);
        expect_whole(d, cases[i].kind, cases[i].value);
        expect_str(leat_http_query(leat_http(&d->event[0]), "q"), cases[i].want, cases[i].pointer);
    }
    char *version = changed(sample_of("apigateway-rest"), "/version", "\"1.0\"");
    DECODED d = decode_changed(version, "/multiValueQueryStringParameters", "{\"q\":[\"a+b %41\"]}");
    expect_whole(d, "apigateway-http", "1.0");
    EXPECT_STR(leat_http_query(leat_http(&d->event[0]), "q"), "a+b %41");
    cJSON_free(version);
}
