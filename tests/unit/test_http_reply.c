/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: what the gateways are told. What they make of an answer is in test_http_answer.c. */
#include "http_replies.h"

#include <leat/alloc.h>

static const enum leat_http_dialect dialects[] = {LEAT_HTTP_REST, LEAT_HTTP_V1, LEAT_HTTP_V2, LEAT_HTTP_URL,
                                                  LEAT_HTTP_WEBSOCKET};
#define DIALECTS (sizeof(dialects) / sizeof(dialects[0]))

TestSuite(http_reply, .init = setup, .fini = teardown);

static void expect_encoded(enum leat_http_dialect dialect, const struct leat_reply *reply, const char *want)
{
    leat_str text = leat_http_encode(&arena, dialect, reply);
    expect(text, want, "encoded");
    cr_expect(leat_json_valid(text));
}

/* --- encode ------------------------------------------------------------------------------------------ */

Test(http_reply, text_goes_with_a_type_of_its_own)
{
    struct leat_reply reply = {.status = 201, .body = LEAT_STR("h\xC3\xA9 \"there\"\n")};
    for (size_t i = 0; i < DIALECTS; i++)
        expect_encoded(dialects[i], &reply,
                       "{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain; charset=utf-8\"},"
                       "\"body\":\"h\xC3\xA9 \\\"there\\\"\\n\",\"isBase64Encoded\":false}");
}

Test(http_reply, nothing_to_say_needs_no_headers)
{
    struct leat_reply reply = {.status = 204};
    for (size_t i = 0; i < DIALECTS; i++)
        expect_encoded(dialects[i], &reply, "{\"statusCode\":204,\"body\":\"\",\"isBase64Encoded\":false}");
}

Test(http_reply, plain_json_is_status_200)
{
    struct leat_reply reply = {.body = LEAT_STR("{\"a\":1}")};
    for (size_t i = 0; i < DIALECTS; i++)
        expect_encoded(dialects[i], &reply,
                       "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/json\"},"
                       "\"body\":\"{\\\"a\\\":1}\",\"isBase64Encoded\":false}");
}

Test(http_reply, bytes_go_as_base64)
{
    struct leat_reply reply = {.status = 200, .body = LEAT_STR("\xFF\xD8\xFF")};
    for (size_t i = 0; i < DIALECTS; i++)
        expect_encoded(dialects[i], &reply,
                       "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/octet-stream\"},"
                       "\"body\":\"/9j/\",\"isBase64Encoded\":true}");
}

Test(http_reply, the_handlers_own_content_type_wins)
{
    struct leat_reply reply = {.status = 200, .content_type = LEAT_STR("text/css"), .body = LEAT_STR("b{}")};
    expect_encoded(
        LEAT_HTTP_V2, &reply,
        "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/css\"},\"body\":\"b{}\",\"isBase64Encoded\":false}");
    add(&reply, LEAT_STR("Content-Type"), LEAT_STR("text/html"));
    expect_encoded(
        LEAT_HTTP_V2, &reply,
        "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/html\"},\"body\":\"b{}\",\"isBase64Encoded\":false}");
}

Test(http_reply, repeated_names_go_as_each_dialect_can)
{
    struct leat_reply reply = {.status = 200};
    add(&reply, LEAT_STR("X-Tag"), LEAT_STR("a"));
    add(&reply, LEAT_STR("Set-Cookie"), LEAT_STR("s=1; Path=/"));
    add(&reply, LEAT_STR("x-tag"), LEAT_STR("b"));
    add(&reply, LEAT_STR("set-cookie"), LEAT_STR("t=2"));
    const char *lists = "{\"statusCode\":200,\"multiValueHeaders\":{\"x-tag\":[\"a\",\"b\"],"
                        "\"set-cookie\":[\"s=1; Path=/\",\"t=2\"]},\"body\":\"\",\"isBase64Encoded\":false}";
    expect_encoded(LEAT_HTTP_REST, &reply, lists);
    expect_encoded(LEAT_HTTP_V1, &reply, lists);
    expect_encoded(LEAT_HTTP_WEBSOCKET, &reply, lists);
    const char *joined = "{\"statusCode\":200,\"headers\":{\"x-tag\":\"a,b\"},\"cookies\":[\"s=1; Path=/\",\"t=2\"],"
                         "\"body\":\"\",\"isBase64Encoded\":false}";
    expect_encoded(LEAT_HTTP_V2, &reply, joined);
    expect_encoded(LEAT_HTTP_URL, &reply, joined);
}

Test(http_reply, one_cookie_stays_single_but_in_2_0)
{
    struct leat_reply reply = {.status = 200};
    add(&reply, LEAT_STR("Set-Cookie"), LEAT_STR("s=1"));
    expect_encoded(LEAT_HTTP_REST, &reply,
                   "{\"statusCode\":200,\"headers\":{\"set-cookie\":\"s=1\"},\"body\":\"\",\"isBase64Encoded\":false}");
    expect_encoded(LEAT_HTTP_V2, &reply,
                   "{\"statusCode\":200,\"headers\":{},\"cookies\":[\"s=1\"],\"body\":\"\",\"isBase64Encoded\":false}");
}

Test(http_reply, no_header_can_be_smuggled_in)
{
    struct leat_reply reply = {.status = 200, .content_type = LEAT_STR("text/x\r\nX-Evil: 1"), .body = LEAT_STR("b")};
    add(&reply, LEAT_STR("x-a\r\nx-evil"), LEAT_STR("1"));
    add(&reply, LEAT_STR("x-b"), LEAT_STR("1\r\nSet-Cookie: x\0y\x01\x7F\tz"));
    add(&reply, LEAT_STR("x c: d"), LEAT_STR(""));
    add(&reply, LEAT_STR("\r\n :"), LEAT_STR("gone"));
    add(&reply, LEAT_STR(""), LEAT_STR("gone"));
    add(&reply, LEAT_ABSENT, LEAT_STR("gone"));
    add(&reply, LEAT_STR("x-absent"), LEAT_ABSENT);
    expect_encoded(LEAT_HTTP_REST, &reply,
                   "{\"statusCode\":200,\"headers\":{\"x-ax-evil\":\"1\",\"x-b\":\"1Set-Cookie: xy\\tz\",\"xcd\":\"\","
                   "\"x-absent\":\"\",\"content-type\":\"text/xX-Evil: 1\"},\"body\":\"b\",\"isBase64Encoded\":false}");
}

Test(http_reply, load_balancers_want_a_description_and_headers)
{
    static const struct {
        int status;
        const char *single, *multi;
    } cases[] = {
        {0,
         "{\"statusCode\":200,\"statusDescription\":\"200 OK\",\"headers\":{},\"body\":\"\",\"isBase64Encoded\":false}",
         "{\"statusCode\":200,\"statusDescription\":\"200 OK\",\"multiValueHeaders\":{},\"body\":\"\","
         "\"isBase64Encoded\":false}"},
        {422,
         "{\"statusCode\":422,\"statusDescription\":\"422 Unprocessable Content\",\"headers\":{},\"body\":\"\","
         "\"isBase64Encoded\":false}",
         "{\"statusCode\":422,\"statusDescription\":\"422 Unprocessable Content\",\"multiValueHeaders\":{},"
         "\"body\":\"\",\"isBase64Encoded\":false}"},
        /* a status that is not registered has no description */
        {299, "{\"statusCode\":299,\"headers\":{},\"body\":\"\",\"isBase64Encoded\":false}",
         "{\"statusCode\":299,\"multiValueHeaders\":{},\"body\":\"\",\"isBase64Encoded\":false}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct leat_reply reply = {.status = cases[i].status};
        expect_encoded(LEAT_HTTP_ALB, &reply, cases[i].single);
        expect_encoded(LEAT_HTTP_ALB_MULTI, &reply, cases[i].multi);
    }
}

Test(http_reply, load_balancers_get_the_family_of_headers_they_sent)
{
    struct leat_reply reply = {.status = 404, .content_type = LEAT_STR("a/b"), .body = LEAT_STR("x")};
    add(&reply, LEAT_STR("X-Tag"), LEAT_STR("a"));
    add(&reply, LEAT_STR("Set-Cookie"), LEAT_STR("s=1, 2"));
    add(&reply, LEAT_STR("x-tag"), LEAT_STR("b"));
    add(&reply, LEAT_STR("set-cookie"), LEAT_STR("t=2"));
    expect_encoded(LEAT_HTTP_ALB, &reply,
                   "{\"statusCode\":404,\"statusDescription\":\"404 Not Found\",\"headers\":{\"x-tag\":\"a,b\","
                   "\"set-cookie\":\"t=2\",\"content-type\":\"a/b\"},\"body\":\"x\",\"isBase64Encoded\":false}");
    expect_encoded(LEAT_HTTP_ALB_MULTI, &reply,
                   "{\"statusCode\":404,\"statusDescription\":\"404 Not Found\",\"multiValueHeaders\":{\"x-tag\":"
                   "[\"a\",\"b\"],\"set-cookie\":[\"s=1, 2\",\"t=2\"],\"content-type\":[\"a/b\"]},\"body\":\"x\","
                   "\"isBase64Encoded\":false}");
}

Test(http_reply, what_is_encoded_decodes_to_the_same_reply)
{
    static const leat_str bodies[] = {
        {"", 0}, {"text \xE2\x98\x95 \\ \"", 12}, {"a\0b", 3}, {"\x00\xFF\xFE\x80z", 5}, {"{}", 2}};
    static const int statuses[] = {100, 200, 204, 301, 404, 422, 503, 599};
    for (int dialect = LEAT_HTTP_REST; dialect <= LEAT_HTTP_WEBSOCKET; dialect++)
        for (size_t i = 0; i < 40; i++) {
            enum leat_http_dialect which = (enum leat_http_dialect)dialect;
            struct leat_reply reply = {
                .status = statuses[i % 8], .content_type = LEAT_STR("a/b"), .body = bodies[i / 8]};
            add(&reply, LEAT_STR("x-one"), LEAT_STR("a, b"));
            add(&reply, LEAT_STR("set-cookie"), LEAT_STR("s=1, t"));
            add(&reply, LEAT_STR("set-cookie"), LEAT_STR("s=2"));
            struct leat_reply got = decoded(which, leat_http_encode(&arena, which, &reply));
            cr_expect_eq(got.status, reply.status);
            expect(got.content_type, "a/b", "content type");
            cr_expect(leat_str_eq(got.body, reply.body));
            expect(headers_of(&got),
                   which == LEAT_HTTP_ALB ? "x-one=a, b|set-cookie=s=2" : "x-one=a, b|set-cookie=s=1, t|set-cookie=s=2",
                   "headers");
        }
}

/* --- without memory ---------------------------------------------------------------------------------- */

Test(http_reply, without_memory_there_is_no_half_answer)
{
    struct leat_reply reply = {.status = 200, .body = LEAT_STR("\xFF body that goes as base64")};
    add(&reply, LEAT_STR("X-\rOne"), LEAT_STR("a\nb"));
    add(&reply, LEAT_STR("x-one"), LEAT_STR("c"));
    leat_str whole = leat_http_encode(&arena, LEAT_HTTP_REST, &reply);
    for (uint64_t nth = 1;; nth++) {
        struct leat_arena small;
        struct leat_reply got;
        leat_arena_init(&small, 0);
        small.chunk_size = 16; /* every allocation asks the heap */
        leat_alloc_fail_at(nth, false);
        leat_str text = leat_http_encode(&small, LEAT_HTTP_REST, &reply);
        bool encoded = !small.overflow;
        leat_status status = leat_http_decode(&small, LEAT_HTTP_REST, whole, &got);
        leat_alloc_fail_at(0, false);
        cr_expect_eq(text.ptr != NULL, encoded);
        cr_expect_eq(status.code, small.overflow ? LEAT_E_NO_MEMORY : LEAT_E_DONE);
        bool done = !small.overflow;
        leat_arena_fini(&small);
        if (done)
            break;
    }
}
