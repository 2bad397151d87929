/* SPDX-License-Identifier: Apache-2.0 */
/* What clients of the gateways get for a function's answer: the rows of the table in docs/reference/replies.md. */
#include "http_replies.h"

#include <stdio.h>

TestSuite(http_answer, .init = setup, .fini = teardown);

/* The columns. A load balancer reads both families of headers alike but for their name. */
static const struct column {
    enum leat_http_dialect dialect;
    const char *name;
} columns[] = {
    {LEAT_HTTP_REST, "REST"},    {LEAT_HTTP_V1, "1.0"},  {LEAT_HTTP_V2, "2.0"},
    {LEAT_HTTP_URL, "URL"},      {LEAT_HTTP_ALB, "ALB"}, {LEAT_HTTP_ALB_MULTI, "ALB, multi-value"},
    {LEAT_HTTP_WEBSOCKET, "WS"},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct cell {
    int status;
    const char *type, *body;
};

#define JSON "application/json"
#define PLAIN "text/plain; charset=utf-8"
#define REST_ERROR                                            \
    {                                                         \
        502, JSON, "{\"message\": \"Internal server error\"}" \
    }
#define API_ERROR                                            \
    {                                                        \
        500, JSON, "{\"message\":\"Internal Server Error\"}" \
    }
#define BARE_ERROR    \
    {                 \
        502, NULL, "" \
    }
#define ALB_ERRORS BARE_ERROR, BARE_ERROR

static const struct cell errors[COLUMNS] = {REST_ERROR, API_ERROR, API_ERROR, BARE_ERROR, ALB_ERRORS, REST_ERROR};

static void expect_cell(const struct leat_reply *reply, const struct cell *cell, const char *column, const char *answer)
{
    char what[256];
    (void)snprintf(what, sizeof(what), "%s: %.200s", column, answer);
    cr_expect_eq(reply->status, cell->status, "%s: status %d", what, reply->status);
    expect(reply->content_type, cell->type, what);
    expect(reply->body, cell->body, what);
    if (cell->status >= 500)
        cr_expect_null(reply->headers, "%s: an error leaves nothing of the answer", what);
}

static void expect_row(const char *answer, const struct cell cells[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        struct leat_reply reply = decoded(columns[i].dialect, leat_str_c(answer));
        expect_cell(&reply, &cells[i], columns[i].name, answer);
    }
}

/* All but the two columns that take an answer without statusCode. */
static void expect_free(const char *answer, struct cell version_2, struct cell url)
{
    const struct cell cells[COLUMNS] = {REST_ERROR, API_ERROR, version_2, url, ALB_ERRORS, REST_ERROR};
    expect_row(answer, cells);
}

Test(http_answer, row_function_error)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        struct leat_reply reply;
        cr_expect(leat_is_ok(leat_http_decode_error(&arena, columns[i].dialect, &reply)));
        expect_cell(&reply, &errors[i], columns[i].name, "(error)");
    }
}

Test(http_answer, row_not_an_object)
{
    static const char *const answers[] = {"[1, 2]", "42", "true", "null", " [ ] "};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct cell whole = {200, JSON, answers[i]};
        expect_free(answers[i], whole, whole);
    }
}

Test(http_answer, row_bad_json)
{
    static const char *const answers[] = {"Hello, World!", "{\"name\": \"J\", \"age\":", "", " ",
                                          "{\"statusCode\":200} x"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        expect_free(answers[i], (struct cell){200, JSON, answers[i]}, (struct cell)BARE_ERROR);
}

Test(http_answer, row_object_without_status_code)
{
    static const char *const answers[] = {"{\"name\": \"J\",  \"age\": 30}", "{}", "{\"StatusCode\":200}",
                                          "{\"body\":\"x\",\"headers\":{}}"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct cell whole = {200, JSON, answers[i]};
        expect_free(answers[i], whole, whole);
    }
}

Test(http_answer, row_json_string)
{
    expect_free("\"Hello\"", (struct cell){200, JSON, "Hello"}, (struct cell){200, JSON, "\"Hello\""});
    expect_free("\"\"", (struct cell){200, JSON, ""}, (struct cell){200, JSON, "\"\""});
    expect_free("\"Special \\\"quoted\\\" text\"", (struct cell){200, JSON, "Special \"quoted\" text"},
                (struct cell){200, JSON, "\"Special \\\"quoted\\\" text\""});
}

Test(http_answer, row_status_code_zero)
{
    expect_row("{\"statusCode\":0}", errors);
    expect_row("{\"statusCode\":\"0\",\"body\":\"Hello\"}", errors);
}

Test(http_answer, row_status_code_float_or_garbage)
{
    static const char *const codes[] = {"200.5",
                                        "\"abc\"",
                                        "\"\"",
                                        "null",
                                        "true",
                                        "[200]",
                                        "{}",
                                        "-1",
                                        "99",
                                        "600",
                                        "1e300",
                                        "\"200.5\"",
                                        "599.5",
                                        "\"4294967496\"",
                                        "\"99999999999999999999\""};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char answer[96];
        (void)snprintf(answer, sizeof(answer), "{\"statusCode\":%s,\"body\":\"Hello\"}", codes[i]);
        expect_row(answer, errors);
    }
    for (size_t i = 0; i < COLUMNS; i++)
        cr_expect_eq(decoded(columns[i].dialect, LEAT_STR("{\"statusCode\":\"201\"}")).status, 201);
}

Test(http_answer, row_no_content_type)
{
    static const struct cell cells[COLUMNS] = {{200, JSON, "x"}, {200, PLAIN, "x"}, {200, PLAIN, "x"}, {200, JSON, "x"},
                                               {200, NULL, "x"}, {200, NULL, "x"},  {200, NULL, "x"}};
    static const struct cell given = {200, "a/b", ""};
    expect_row("{\"statusCode\":200,\"body\":\"x\"}", cells);
    for (size_t i = 0; i < COLUMNS; i++) {
        bool lists = columns[i].dialect == LEAT_HTTP_ALB_MULTI;
        const char *answer = lists ? "{\"statusCode\":200,\"multiValueHeaders\":{\"CONTENT-type\":[\"a/b\"]}}"
                                   : "{\"statusCode\":200,\"headers\":{\"CONTENT-type\":\"a/b\"}}";
        struct leat_reply reply = decoded(columns[i].dialect, leat_str_c(answer));
        expect_cell(&reply, &given, columns[i].name, answer);
    }
}

Test(http_answer, row_multi_headers)
{
    static const char *const wanted[COLUMNS] = {
        "x-a=2|x-a=2|same=s|x-a=1", /* multi first; a pair in both counts once */
        "x-a=1|same=s|x-a=2|x-a=2", /* single first */
        "x-a=1|same=s",
        "x-a=1|same=s",
        "x-a=1|same=s", /* the other family is not looked at */
        "x-a=2|x-a=2|same=s",
        "x-a=1|same=s|x-a=2|x-a=2",
    };
    leat_str answer = LEAT_STR("{\"statusCode\":200,\"headers\":{\"X-A\":\"1\",\"Same\":\"s\",\"x-null\":null},"
                               "\"multiValueHeaders\":{\"x-a\":[\"2\",\"2\"],\"same\":[\"s\"]}}");
    for (size_t i = 0; i < COLUMNS; i++) {
        struct leat_reply reply = decoded(columns[i].dialect, answer);
        expect(headers_of(&reply), wanted[i], columns[i].name);
    }
}

Test(http_answer, row_multi_headers_cookies)
{
    leat_str answer = LEAT_STR("{\"statusCode\":200,\"headers\":{\"x\":\"1\"},\"multiValueHeaders\":{\"x\":[\"1\"]},"
                               "\"cookies\":[\"a=1\",\"b=2; Secure\"]}");
    static const char *const bad[] = {"{\"statusCode\":200,\"cookies\":\"a=1\"}",
                                      "{\"statusCode\":200,\"cookies\":[1]}"};
    for (size_t i = 0; i < COLUMNS; i++) {
        bool listed = columns[i].dialect == LEAT_HTTP_V2 || columns[i].dialect == LEAT_HTTP_URL;
        struct leat_reply reply = decoded(columns[i].dialect, answer);
        expect(headers_of(&reply), listed ? "x=1|set-cookie=a=1|set-cookie=b=2; Secure" : "x=1", columns[i].name);
        for (size_t n = 0; n < 2; n++)
            cr_expect_eq(decoded(columns[i].dialect, leat_str_c(bad[n])).status, listed ? errors[i].status : 200);
        cr_expect_eq(decoded(columns[i].dialect, LEAT_STR("{\"statusCode\":200,\"cookies\":null}")).status, 200);
    }
}

/* Peers' bug 25: bref 534 and others. */
Test(http_answer, bug_25_a_multi_value_that_is_no_array)
{
    static const char *const answers[] = {
        "{\"statusCode\":200,\"multiValueHeaders\":{\"x-a\":\"1\"}}",
        "{\"statusCode\":200,\"multiValueHeaders\":{\"x-a\":[1]}}",
        "{\"statusCode\":200,\"multiValueHeaders\":{\"x-a\":null}}",
        "{\"statusCode\":200,\"multiValueHeaders\":[]}",
    };
    static const struct cell cells[COLUMNS] = {REST_ERROR,      API_ERROR,  {200, PLAIN, ""}, {200, JSON, ""},
                                               {200, NULL, ""}, BARE_ERROR, REST_ERROR};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        expect_row(answers[i], cells);
}

Test(http_answer, row_binary)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        enum leat_http_dialect dialect = columns[i].dialect;
        struct leat_reply reply =
            decoded(dialect, LEAT_STR("{\"statusCode\":200,\"body\":\"AP8=\",\"isBase64Encoded\":true}"));
        cr_expect(leat_str_eq(reply.body, LEAT_STR("\0\xFF")), "%s", columns[i].name);
        reply = decoded(dialect, LEAT_STR("{\"statusCode\":200,\"body\":\"AP8=\",\"isBase64Encoded\":null}"));
        expect(reply.body, "AP8=", "not encoded");
        reply = decoded(dialect, LEAT_STR("{\"statusCode\":200,\"body\":null,\"isBase64Encoded\":true}"));
        expect(reply.body, "", "no body");
    }
    expect_row("{\"statusCode\":200,\"body\":\"no base64\",\"isBase64Encoded\":true}", errors);
    expect_row("{\"statusCode\":200,\"body\":\"AP8=\",\"isBase64Encoded\":\"true\"}", errors);
}

Test(http_answer, row_other_values_that_are_no_text)
{
    static const struct cell body[COLUMNS] = {
        REST_ERROR, API_ERROR, {200, PLAIN, "12.5"}, {200, JSON, "12.5"}, BARE_ERROR, BARE_ERROR, REST_ERROR};
    expect_row("{\"statusCode\":200,\"body\":12.5}", body);
    static const struct cell headers[COLUMNS] = {REST_ERROR, API_ERROR,       {200, PLAIN, ""}, {200, JSON, ""},
                                                 BARE_ERROR, {200, NULL, ""}, REST_ERROR};
    expect_row("{\"statusCode\":200,\"headers\":{\"n\":7,\"l\":[1,\"a\"]}}", headers);
    for (size_t i = 2; i < 4; i++) {
        struct leat_reply reply = decoded(
            columns[i].dialect,
            LEAT_STR("{\"statusCode\":200,\"headers\":{\"n\":7,\"b\":true,\"l\":[1,\"a\"],\"z\":null},\"body\":{}}"));
        expect(headers_of(&reply), "n=7|b=true|l=[1,\"a\"]", columns[i].name);
        expect(reply.body, "{}", columns[i].name);
    }
    static const struct cell maps[COLUMNS] = {REST_ERROR, API_ERROR,       API_ERROR, BARE_ERROR,
                                              BARE_ERROR, {200, NULL, ""}, REST_ERROR};
    expect_row("{\"statusCode\":200,\"headers\":[]}", maps);
}

Test(http_answer, row_other_load_balancers_want_a_description_that_is_text)
{
    static const struct cell cells[COLUMNS] = {{200, JSON, ""}, {200, PLAIN, ""}, {200, PLAIN, ""}, {200, JSON, ""},
                                               BARE_ERROR,      BARE_ERROR,       {200, NULL, ""}};
    expect_row("{\"statusCode\":200,\"statusDescription\":200}", cells);
    static const enum leat_http_dialect both[] = {LEAT_HTTP_ALB, LEAT_HTTP_ALB_MULTI};
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(decoded(both[i], LEAT_STR("{\"statusCode\":201,\"statusDescription\":\"201 Created\"}")).status,
                     201);
        cr_expect_eq(decoded(both[i], LEAT_STR("{\"statusCode\":201,\"statusDescription\":null}")).status, 201);
    }
}

Test(http_answer, row_other_load_balancers_drop_hop_by_hop_headers)
{
    leat_str single = LEAT_STR("{\"statusCode\":200,\"headers\":{\"Connection\":\"close\",\"keep-alive\":\"1\","
                               "\"X-A\":\"1\",\"TE\":\"x\",\"Trailer\":\"x\",\"Transfer-Encoding\":\"chunked\","
                               "\"upgrade\":\"h2c\",\"proxy-authenticate\":\"x\",\"connections\":\"2\"}}");
    leat_str multi =
        LEAT_STR("{\"statusCode\":200,\"multiValueHeaders\":{\"Connection\":[\"close\"],\"X-A\":[\"1\"]}}");
    struct leat_reply reply = decoded(LEAT_HTTP_ALB, single);
    expect(headers_of(&reply), "x-a=1|connections=2", "single");
    reply = decoded(LEAT_HTTP_ALB_MULTI, multi);
    expect(headers_of(&reply), "x-a=1", "multi");
    reply = decoded(LEAT_HTTP_REST, multi);
    expect(headers_of(&reply), "connection=close|x-a=1", "REST");
}

/* {"statusCode":200,"body":"aaa..."} of that many bytes. */
static leat_str answer_of(size_t size)
{
    leat_str start = LEAT_STR("{\"statusCode\":200,\"body\":\"");
    char *text = leat_arena_alloc(&arena, size);
    memset(text, 'a', size);
    memcpy(text, start.ptr, start.len);
    memcpy(text + size - 2, "\"}", 2);
    return leat_str_of(text, size);
}

Test(http_answer, row_other_load_balancers_take_one_megabyte)
{
    static const size_t limit = 1024 * 1024;
    for (size_t i = 0; i < COLUMNS; i++) {
        bool limited = columns[i].dialect == LEAT_HTTP_ALB || columns[i].dialect == LEAT_HTTP_ALB_MULTI;
        cr_expect_eq(decoded(columns[i].dialect, answer_of(limit)).status, 200, "%s", columns[i].name);
        cr_expect_eq(decoded(columns[i].dialect, answer_of(limit + 1)).status, limited ? 502 : 200, "%s",
                     columns[i].name);
    }
}

#define NULS "\0\0\0\0\0\0\0\0"

Test(http_answer, row_other_function_urls_stream_behind_a_prelude)
{
    leat_str answer = LEAT_STR("{\"statusCode\":206,\"headers\":{\"Content-Type\":\"a/b\",\"x\":\"1\"},"
                               "\"cookies\":[\"a=1\"]}" NULS "\0bytes\xFF");
    struct leat_reply reply = decoded(LEAT_HTTP_URL, answer);
    cr_expect_eq(reply.status, 206);
    expect(reply.content_type, "a/b", "type");
    expect(headers_of(&reply), "x=1|set-cookie=a=1", "headers");
    cr_expect(leat_str_eq(reply.body, LEAT_STR("\0bytes\xFF")));
    reply = decoded(LEAT_HTTP_URL, LEAT_STR("{}" NULS));
    expect_cell(&reply, &(struct cell){200, JSON, ""}, "URL", "an empty prelude");
    static const leat_str bad[] = {{"{\"statusCode\":0}" NULS "x", 25},
                                   {"[]" NULS "x", 11},
                                   {"{}\0\0\0\0\0\0\0", 9},
                                   {"{}x" NULS, 11},
                                   {NULS "x", 9},
                                   {"{" NULS, 9}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_eq(decoded(LEAT_HTTP_URL, bad[i]).status, 502, "%zu", i);
    cr_expect_eq(decoded(LEAT_HTTP_REST, answer).status, 502);
    cr_expect_eq(decoded(LEAT_HTTP_ALB, answer).status, 502);
}

/* So the status must come through as the handler gave it. */
Test(http_answer, a_connection_is_refused_by_any_status_but_200)
{
    static const int statuses[] = {200, 401, 403, 503};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct leat_reply reply = {.status = statuses[i]};
        leat_str answer = leat_http_encode(&arena, LEAT_HTTP_WEBSOCKET, &reply);
        cr_expect_eq(decoded(LEAT_HTTP_WEBSOCKET, answer).status, statuses[i]);
    }
}
