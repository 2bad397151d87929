/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP messages: the same however they are cut into pieces, and broken ones refused. */
#include <lambda/message.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdio.h>

static struct leat_message message;
static char bytes[8192];
static size_t size;

TestSuite(message, .timeout = 60);

static enum leat_message_state read_pieces(enum leat_message_kind kind, const char *text, size_t piece)
{
    enum leat_message_state state = LEAT_MESSAGE_MORE;
    size = strlen(text);
    memset(bytes, '#', sizeof(bytes));
    leat_message_init(&message, kind);
    for (size_t len = 0; len < size && state == LEAT_MESSAGE_MORE;) {
        size_t here = size - len < piece ? size - len : piece;
        memcpy(bytes + len, text + len, here);
        len += here;
        state = leat_message_read(&message, bytes, len);
    }
    return state;
}

static void expect_text(leat_str got, const char *wanted)
{
    cr_expect(leat_str_is(got, wanted), "got \"%.*s\", wanted \"%s\"", LEAT_ARG(got), wanted);
}

Test(message, a_response_with_a_length_is_read_in_any_pieces)
{
    const char *text =
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id:  a b \r\ncontent-LENGTH: 5\r\nEmpty:\r\n\r\nhelloHTTP";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        cr_assert_eq(read_pieces(LEAT_HTTP_RESPONSE, text, piece), LEAT_MESSAGE_WHOLE, "piece %zu", piece);
        cr_expect_eq(message.status, 200);
        expect_text(leat_message_body(&message, bytes), "hello");
        expect_text(leat_message_header(&message, bytes, LEAT_STR("lambda-runtime-aws-request-id")), "a b");
        cr_expect_null(leat_message_header(&message, bytes, LEAT_STR("empty")).ptr);
        cr_expect_null(leat_message_header(&message, bytes, LEAT_STR("absent")).ptr);
        cr_expect_eq(message.end, strlen(text) - strlen("HTTP"));
    }
}

Test(message, chunks_are_moved_together_and_trailers_read)
{
    const char *text =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;name=value\r\nhello\r\n1\r\n \r\n00a\r\n0123456789\r\n0\r\nKind: last\r\nother: x\r\n\r\nHTTP/1.1 ";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        cr_assert_eq(read_pieces(LEAT_HTTP_RESPONSE, text, piece), LEAT_MESSAGE_WHOLE, "piece %zu", piece);
        expect_text(leat_message_body(&message, bytes), "hello 0123456789");
        expect_text(leat_message_trailer(&message, bytes, LEAT_STR("kind")), "last");
        cr_expect_null(leat_message_header(&message, bytes, LEAT_STR("kind")).ptr);
        cr_expect_eq(message.end, strlen(text) - strlen("HTTP/1.1 "));
    }
}

Test(message, a_single_chunk_stays_where_it_lies)
{
    const char *text = "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    cr_assert_eq(read_pieces(LEAT_HTTP_RESPONSE, text, SIZE_MAX), LEAT_MESSAGE_WHOLE);
    cr_expect_eq(message.body, (size_t)(strstr(text, "abc") - text));
    cr_expect_eq(message.end, strlen(text));
}

Test(message, a_chunked_body_may_be_empty)
{
    const char *text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    cr_assert_eq(read_pieces(LEAT_HTTP_RESPONSE, text, 1), LEAT_MESSAGE_WHOLE);
    cr_expect_eq(message.body_len, 0);
    cr_expect_eq(message.end, strlen(text));
}

Test(message, a_request_has_a_method_and_a_target)
{
    const char *text =
        "\r\nPOST /2018-06-01/runtime/invocation/a%20b/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        cr_assert_eq(read_pieces(LEAT_HTTP_REQUEST, text, piece), LEAT_MESSAGE_WHOLE);
        expect_text(leat_message_method(&message, bytes), "POST");
        expect_text(leat_message_target(&message, bytes), "/2018-06-01/runtime/invocation/a%20b/response");
        expect_text(leat_message_body(&message, bytes), "{}");
    }
    cr_assert_eq(read_pieces(LEAT_HTTP_REQUEST, "GET / HTTP/1.0\n\n", 1), LEAT_MESSAGE_WHOLE, "bare LF, no body");
    cr_expect(message.close);
}

Test(message, what_has_no_body_ends_with_its_head)
{
    cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE, "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 3),
                 LEAT_MESSAGE_WHOLE);
    cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", 3), LEAT_MESSAGE_WHOLE);
    cr_expect_eq(message.status, 100);
}

Test(message, a_body_without_a_length_ends_with_the_connection)
{
    cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\n\r\nabc", 3), LEAT_MESSAGE_MORE);
    cr_assert(leat_message_closed(&message));
    expect_text(leat_message_body(&message, bytes), "abc");
    cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", 3),
                 LEAT_MESSAGE_MORE);
    cr_expect_not(leat_message_closed(&message), "cut off is not ended");
    cr_expect_eq(message.wanted, strlen("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd"));
}

Test(message, the_sender_may_say_that_it_closes)
{
    cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE,
                             "HTTP/1.1 202 Accepted\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", 9),
                 LEAT_MESSAGE_WHOLE);
    cr_expect(message.close);
    cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 9),
                 LEAT_MESSAGE_WHOLE);
    cr_expect_not(message.close);
}

Test(message, broken_ones_are_refused_in_any_pieces)
{
    static const char *const texts[] = {
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "hello world, this is no http\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2z\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t piece = 1; piece <= strlen(texts[i]); piece += 7) {
            cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE, texts[i], piece), LEAT_MESSAGE_BROKEN, "%s", texts[i]);
            cr_expect_not_null(message.why);
        }
    cr_expect_eq(read_pieces(LEAT_HTTP_REQUEST, "GET /\r\n\r\n", 1), LEAT_MESSAGE_BROKEN);
}

Test(message, too_many_headers_are_refused)
{
    char text[4096];
    size_t len = (size_t)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i <= LEAT_MESSAGE_FIELDS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "a%d: b\r\n", i);
    snprintf(text + len, sizeof(text) - len, "\r\n");
    cr_expect_eq(read_pieces(LEAT_HTTP_RESPONSE, text, 100), LEAT_MESSAGE_BROKEN);
}

Test(message, a_head_without_end_is_refused)
{
    size_t len = LEAT_MESSAGE_HEAD_MAX + 4096;
    char *text = leat_alloc(len);
    cr_assert_not_null(text);
    memset(text, 'a', len);
    leat_message_init(&message, LEAT_HTTP_RESPONSE);
    cr_expect_eq(leat_message_read(&message, text, LEAT_MESSAGE_HEAD_MAX), LEAT_MESSAGE_MORE);
    cr_expect_eq(leat_message_read(&message, text, len), LEAT_MESSAGE_BROKEN);
    leat_free(text);
}
