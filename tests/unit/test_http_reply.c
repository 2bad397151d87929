/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: what the gateways are told, and what they make of an answer. */
#include <leat/alloc.h>
#include <leat/http.h>

#include <criterion/criterion.h>

static struct leat_arena arena;
static const enum leat_http_dialect dialects[] = {LEAT_HTTP_REST, LEAT_HTTP_V1, LEAT_HTTP_V2};

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(http_reply, .init = setup, .fini = teardown);

static void expect(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_eq(got, leat_str_c(want)), "%s: got \"%.*s\", want \"%s\"", what, LEAT_ARG(got),
              want != NULL ? want : "(absent)");
}

static void add(struct leat_reply *reply, leat_str name, leat_str value)
{
    struct leat_reply_header **at = &reply->headers;
    while (*at != NULL)
        at = &(*at)->next;
    *at = LEAT_NEW(&arena, struct leat_reply_header);
    **at = (struct leat_reply_header){.name = name, .value = value};
}

static void expect_encoded(enum leat_http_dialect dialect, const struct leat_reply *reply, const char *want)
{
    leat_str text = leat_http_encode(&arena, dialect, reply);
    expect(text, want, "encoded");
    cr_expect(leat_json_valid(text));
}

static struct leat_reply decoded(enum leat_http_dialect dialect, leat_str answer)
{
    struct leat_reply reply;
    cr_assert(leat_is_ok(leat_http_decode(&arena, dialect, answer, &reply)));
    return reply;
}

/* "name=value|name=value" */
static leat_str headers_of(const struct leat_reply *reply)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    for (const struct leat_reply_header *at = reply->headers; at != NULL; at = at->next)
        leat_buf_printf(&buf, "%s%.*s=%.*s", at != reply->headers ? "|" : "", LEAT_ARG(at->name), LEAT_ARG(at->value));
    return leat_buf_str(&buf);
}

/* --- encode ------------------------------------------------------------------------------------------ */

Test(http_reply, text_goes_with_a_type_of_its_own)
{
    struct leat_reply reply = {.status = 201, .body = LEAT_STR("h\xC3\xA9 \"there\"\n")};
    for (size_t i = 0; i < 3; i++)
        expect_encoded(dialects[i], &reply,
                       "{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain; charset=utf-8\"},"
                       "\"body\":\"h\xC3\xA9 \\\"there\\\"\\n\",\"isBase64Encoded\":false}");
}

Test(http_reply, nothing_to_say_needs_no_headers)
{
    struct leat_reply reply = {.status = 204};
    for (size_t i = 0; i < 3; i++)
        expect_encoded(dialects[i], &reply, "{\"statusCode\":204,\"body\":\"\",\"isBase64Encoded\":false}");
}

Test(http_reply, plain_json_is_status_200)
{
    struct leat_reply reply = {.body = LEAT_STR("{\"a\":1}")};
    for (size_t i = 0; i < 3; i++)
        expect_encoded(dialects[i], &reply,
                       "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/json\"},"
                       "\"body\":\"{\\\"a\\\":1}\",\"isBase64Encoded\":false}");
}

Test(http_reply, bytes_go_as_base64)
{
    struct leat_reply reply = {.status = 200, .body = LEAT_STR("\xFF\xD8\xFF")};
    for (size_t i = 0; i < 3; i++)
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
    expect_encoded(LEAT_HTTP_V2, &reply,
                   "{\"statusCode\":200,\"headers\":{\"x-tag\":\"a,b\"},\"cookies\":[\"s=1; Path=/\",\"t=2\"],"
                   "\"body\":\"\",\"isBase64Encoded\":false}");
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

Test(http_reply, what_is_encoded_decodes_to_the_same_reply)
{
    static const leat_str bodies[] = {
        {"", 0}, {"text \xE2\x98\x95 \\ \"", 12}, {"a\0b", 3}, {"\x00\xFF\xFE\x80z", 5}, {"{}", 2}};
    static const int statuses[] = {100, 200, 204, 301, 404, 422, 503, 599};
    for (size_t d = 0; d < 3; d++)
        for (size_t i = 0; i < 40; i++) {
            struct leat_reply reply = {
                .status = statuses[i % 8], .content_type = LEAT_STR("a/b"), .body = bodies[i / 8]};
            add(&reply, LEAT_STR("x-one"), LEAT_STR("a, b"));
            add(&reply, LEAT_STR("set-cookie"), LEAT_STR("s=1, t"));
            add(&reply, LEAT_STR("set-cookie"), LEAT_STR("s=2"));
            struct leat_reply got = decoded(dialects[d], leat_http_encode(&arena, dialects[d], &reply));
            cr_expect_eq(got.status, reply.status);
            expect(got.content_type, "a/b", "content type");
            cr_expect(leat_str_eq(got.body, reply.body));
            expect(headers_of(&got), "x-one=a, b|set-cookie=s=1, t|set-cookie=s=2", "headers");
        }
}

/* --- decode: the rows of the table -------------------------------------------------------------------- */

static void expect_reply(enum leat_http_dialect dialect, const char *answer, int status, const char *type,
                         const char *body)
{
    struct leat_reply reply = decoded(dialect, leat_str_c(answer));
    cr_expect_eq(reply.status, status, "%d, %s: status %d", dialect, answer, reply.status);
    expect(reply.content_type, type, answer);
    expect(reply.body, body, answer);
}

#define REST_ERROR 502, "application/json", "{\"message\": \"Internal server error\"}"
#define HTTP_ERROR 500, "application/json", "{\"message\":\"Internal Server Error\"}"
#define PLAIN "text/plain; charset=utf-8"

Test(http_reply, a_failed_function_is_the_gateways_own_error)
{
    struct leat_reply reply;
    cr_expect(leat_is_ok(leat_http_decode_error(&arena, LEAT_HTTP_REST, &reply)));
    cr_expect_eq(reply.status, 502);
    expect(reply.body, "{\"message\": \"Internal server error\"}", "REST");
    for (size_t i = 1; i < 3; i++) {
        cr_expect(leat_is_ok(leat_http_decode_error(&arena, dialects[i], &reply)));
        cr_expect_eq(reply.status, 500);
        expect(reply.body, "{\"message\":\"Internal Server Error\"}", "HTTP API");
        expect(reply.content_type, "application/json", "HTTP API");
    }
}

Test(http_reply, what_has_no_status_code_is_an_error_but_in_2_0_the_body)
{
    static const char *const answers[] = {
        "{\"name\": \"J\", \"age\":",
        "{\"name\": \"J\",  \"age\": 30}",
        "[1, 2]",
        "42",
        "true",
        "null",
        "Hello, World!",
        "{}",
        "{\"StatusCode\":200}",
        "",
        " ",
        "{\"statusCode\":200} x",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        expect_reply(LEAT_HTTP_REST, answers[i], REST_ERROR);
        expect_reply(LEAT_HTTP_V1, answers[i], HTTP_ERROR);
        expect_reply(LEAT_HTTP_V2, answers[i], 200, "application/json", answers[i]);
    }
}

Test(http_reply, a_json_string_loses_its_quotes_in_2_0)
{
    expect_reply(LEAT_HTTP_REST, "\"Hello\"", REST_ERROR);
    expect_reply(LEAT_HTTP_V1, "\"Hello\"", HTTP_ERROR);
    expect_reply(LEAT_HTTP_V2, "\"Hello\"", 200, "application/json", "Hello");
    expect_reply(LEAT_HTTP_V2, "\"Special \\\"quoted\\\" text\"", 200, "application/json", "Special \"quoted\" text");
    expect_reply(LEAT_HTTP_V2, "\"\"", 200, "application/json", "");
}

Test(http_reply, a_status_code_that_is_none_is_an_error_everywhere)
{
    static const char *const answers[] = {
        "{\"statusCode\":0}",
        "{\"statusCode\":200.5,\"body\":\"Hello\"}",
        "{\"statusCode\":\"abc\"}",
        "{\"statusCode\":\"\"}",
        "{\"statusCode\":null}",
        "{\"statusCode\":true}",
        "{\"statusCode\":[200]}",
        "{\"statusCode\":{}}",
        "{\"statusCode\":-1}",
        "{\"statusCode\":99}",
        "{\"statusCode\":600}",
        "{\"statusCode\":1e300}",
        "{\"statusCode\":\"200.5\"}",
        "{\"statusCode\":\"99999999999999999999\"}",
        "{\"statusCode\":\"4294967496\"}",
        "{\"statusCode\":599.5}",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        expect_reply(LEAT_HTTP_REST, answers[i], REST_ERROR);
        expect_reply(LEAT_HTTP_V1, answers[i], HTTP_ERROR);
        expect_reply(LEAT_HTTP_V2, answers[i], HTTP_ERROR);
    }
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(decoded(dialects[i], LEAT_STR("{\"statusCode\":\"201\"}")).status, 201);
}

Test(http_reply, each_gateway_has_its_default_content_type)
{
    expect_reply(LEAT_HTTP_REST, "{\"statusCode\":200,\"body\":\"x\"}", 200, "application/json", "x");
    expect_reply(LEAT_HTTP_V1, "{\"statusCode\":200,\"body\":\"x\"}", 200, PLAIN, "x");
    expect_reply(LEAT_HTTP_V2, "{\"statusCode\":200,\"body\":\"x\"}", 200, PLAIN, "x");
    for (size_t i = 0; i < 3; i++)
        expect_reply(dialects[i], "{\"statusCode\":200,\"headers\":{\"CONTENT-type\":\"a/b\"}}", 200, "a/b", "");
}

Test(http_reply, single_and_multi_headers_are_merged_in_the_gateways_order)
{
    leat_str answer = LEAT_STR("{\"statusCode\":200,\"headers\":{\"X-A\":\"1\",\"Same\":\"s\",\"x-null\":null},"
                               "\"multiValueHeaders\":{\"x-a\":[\"2\",\"2\"],\"same\":[\"s\"]}}");
    struct leat_reply reply = decoded(LEAT_HTTP_REST, answer);
    expect(headers_of(&reply), "x-a=2|x-a=2|same=s|x-a=1", "REST: multi first, and a pair in both counts once");
    reply = decoded(LEAT_HTTP_V1, answer);
    expect(headers_of(&reply), "x-a=1|same=s|x-a=2|x-a=2", "1.0: single first");
    reply = decoded(LEAT_HTTP_V2, answer);
    expect(headers_of(&reply), "x-a=1|same=s", "2.0 knows no multiValueHeaders");
}

/* Peers' bug 25. */
Test(http_reply, a_multi_value_that_is_no_array_is_an_error)
{
    static const char *const answers[] = {
        "{\"statusCode\":200,\"multiValueHeaders\":{\"x-a\":\"1\"}}",
        "{\"statusCode\":200,\"multiValueHeaders\":{\"x-a\":[1]}}",
        "{\"statusCode\":200,\"multiValueHeaders\":[]}",
        "{\"statusCode\":200,\"headers\":[]}",
        "{\"statusCode\":200,\"headers\":{\"a\":1}}",
        "{\"statusCode\":200,\"body\":{}}",
        "{\"statusCode\":200,\"body\":1}",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        expect_reply(LEAT_HTTP_REST, answers[i], REST_ERROR);
        expect_reply(LEAT_HTTP_V1, answers[i], HTTP_ERROR);
    }
    expect_reply(LEAT_HTTP_V2, "{\"statusCode\":200,\"headers\":[]}", HTTP_ERROR);
    expect_reply(LEAT_HTTP_V2, "{\"statusCode\":200,\"multiValueHeaders\":[]}", 200, PLAIN, "");
}

Test(http_reply, any_value_passes_as_text_in_2_0)
{
    struct leat_reply reply = decoded(
        LEAT_HTTP_V2,
        LEAT_STR("{\"statusCode\":200,\"headers\":{\"n\":7,\"b\":true,\"l\":[1,\"a\"],\"z\":null},\"body\":12.5}"));
    expect(headers_of(&reply), "n=7|b=true|l=[1,\"a\"]", "headers");
    expect(reply.body, "12.5", "body");
}

Test(http_reply, cookies_become_set_cookie_headers_in_2_0)
{
    leat_str answer = LEAT_STR("{\"statusCode\":200,\"headers\":{\"x\":\"1\"},\"cookies\":[\"a=1\",\"b=2; Secure\"]}");
    struct leat_reply reply = decoded(LEAT_HTTP_V2, answer);
    expect(headers_of(&reply), "x=1|set-cookie=a=1|set-cookie=b=2; Secure", "2.0");
    reply = decoded(LEAT_HTTP_REST, answer);
    expect(headers_of(&reply), "x=1", "REST knows no cookies");
    expect_reply(LEAT_HTTP_V2, "{\"statusCode\":200,\"cookies\":\"a=1\"}", HTTP_ERROR);
    expect_reply(LEAT_HTTP_V2, "{\"statusCode\":200,\"cookies\":[1]}", HTTP_ERROR);
    expect_reply(LEAT_HTTP_V2, "{\"statusCode\":200,\"cookies\":null}", 200, PLAIN, "");
}

Test(http_reply, base64_bodies_are_decoded)
{
    static const struct leat_reply errors[] = {{.status = 502}, {.status = 500}, {.status = 500}};
    for (size_t i = 0; i < 3; i++) {
        struct leat_reply reply =
            decoded(dialects[i], LEAT_STR("{\"statusCode\":200,\"body\":\"AP8=\",\"isBase64Encoded\":true}"));
        cr_expect(leat_str_eq(reply.body, LEAT_STR("\0\xFF")));
        reply = decoded(dialects[i], LEAT_STR("{\"statusCode\":200,\"body\":\"AP8=\",\"isBase64Encoded\":null}"));
        expect(reply.body, "AP8=", "not encoded");
        reply = decoded(dialects[i], LEAT_STR("{\"statusCode\":200,\"body\":\"no base64\",\"isBase64Encoded\":true}"));
        cr_expect_eq(reply.status, errors[i].status);
        reply = decoded(dialects[i], LEAT_STR("{\"statusCode\":200,\"body\":\"AP8=\",\"isBase64Encoded\":\"true\"}"));
        cr_expect_eq(reply.status, errors[i].status);
        reply = decoded(dialects[i], LEAT_STR("{\"statusCode\":200,\"body\":null,\"isBase64Encoded\":true}"));
        expect(reply.body, "", "no body");
    }
}

Test(http_reply, an_error_leaves_nothing_of_the_answer)
{
    struct leat_reply reply = decoded(
        LEAT_HTTP_REST, LEAT_STR("{\"statusCode\":200,\"headers\":{\"x\":\"1\",\"content-type\":\"a/b\"},\"body\":7}"));
    cr_expect_null(reply.headers);
    expect(reply.content_type, "application/json", "content type");
}

/* --- without memory ---------------------------------------------------------------------------------- */

Test(http_reply, without_memory_there_is_no_half_answer)
{
    struct leat_reply reply = {.status = 200, .body = LEAT_STR("\xFF body that goes as base64")};
    add(&reply, LEAT_STR("X-\rOne"), LEAT_STR("a\nb"));
    add(&reply, LEAT_STR("x-one"), LEAT_STR("c"));
    leat_str whole = leat_http_encode(&arena, LEAT_HTTP_V2, &reply);
    for (uint64_t nth = 1;; nth++) {
        struct leat_arena small;
        struct leat_reply got;
        leat_arena_init(&small, 0);
        small.chunk_size = 16; /* every allocation asks the heap */
        leat_alloc_fail_at(nth, false);
        leat_str text = leat_http_encode(&small, LEAT_HTTP_V2, &reply);
        bool encoded = !small.overflow;
        leat_status status = leat_http_decode(&small, LEAT_HTTP_V2, whole, &got);
        leat_alloc_fail_at(0, false);
        cr_expect_eq(text.ptr != NULL, encoded);
        cr_expect_eq(status.code, small.overflow ? LEAT_E_NO_MEMORY : LEAT_E_DONE);
        bool done = !small.overflow;
        leat_arena_fini(&small);
        if (done)
            break;
    }
}
