/* SPDX-License-Identifier: Apache-2.0 */
/* Ten thousand headers: what they cost grows with their number, not with its square. */
#include "decoding.h"

#include <time.h>

TestSuite(http_many);

#define FEW 1250
#define MANY 10000 /* eight times as many: square would be 64 times the cost */
#define FACTOR_MAX 32

/* The processor's time, the least of three, so that other processes do not count. */
static double cost_of(void (*work)(size_t), size_t count)
{
    double least = 1e9;
    for (int i = 0; i < 3; i++) {
        clock_t start = clock();
        work(count);
        double cost = (double)(clock() - start);
        least = cost < least ? cost : least;
    }
    return least;
}

static void expect_linear(void (*work)(size_t), const char *what)
{
    double few = cost_of(work, FEW), many = cost_of(work, MANY);
    cr_expect_lt(many, FACTOR_MAX * few + 1000, "%s: %.0f us for %d, %.0f us for %d", what, few, FEW, many, MANY);
}

/* --- requests ---------------------------------------------------------------------------------------- */

static void add_names(struct leat_buf *buf, size_t count)
{
    leat_buf_c(buf, ",\"headers\":{");
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(buf, "%s\"X-%zu\":\"v\"", i > 0 ? "," : "", i);
    leat_buf_c(buf, "}");
}

static void add_lists(struct leat_buf *buf, size_t count)
{
    leat_buf_c(buf, ",\"multiValueHeaders\":{");
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(buf, "%s\"X-%zu\":[\"v\",\"w\"]", i > 0 ? "," : "", i);
    leat_buf_c(buf, "}");
}

static void add_addresses(struct leat_buf *buf, size_t count)
{
    leat_buf_c(buf, ",\"multiValueHeaders\":{\"X-Forwarded-For\":[");
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(buf, "%s\"10.0.0.1, 192.0.2.%zu\"", i > 0 ? "," : "", i % 256);
    leat_buf_c(buf, "]}");
}

static void add_query(struct leat_buf *buf, size_t count)
{
    leat_buf_c(buf, ",\"multiValueQueryStringParameters\":{");
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(buf, "%s\"a%%20%zu\":[\"%%41\"]", i > 0 ? "," : "", i);
    leat_buf_c(buf, "}");
}

static void add_cookies(struct leat_buf *buf, size_t count)
{
    leat_buf_c(buf, ",\"headers\":{\"Cookie\":\"");
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(buf, "c%zu=1; ", i);
    leat_buf_c(buf, "\"}");
}

static void read_request(void (*add)(struct leat_buf *, size_t), size_t count)
{
    struct leat_arena arena;
    struct leat_buf buf;
    leat_arena_init(&arena, 0);
    leat_buf_init(&buf, &arena);
    leat_buf_c(&buf,
               "{\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}},\"httpMethod\":\"GET\",\"path\":\"/\"");
    add(&buf, count);
    leat_buf_c(&buf, "}");
    DECODED d = decode_str(leat_buf_str(&buf));
    cr_assert_eq(d->events.count, 1);
    const struct leat_http *http = leat_http(&d->event[0]);
    cr_assert_geq(http->header_count + http->query_count + http->cookie_count, count);
    leat_arena_fini(&arena);
}

static void read_names(size_t count)
{
    read_request(add_names, count);
}

static void read_lists(size_t count)
{
    read_request(add_lists, count);
}

static void read_addresses(size_t count)
{
    read_request(add_addresses, count);
}

static void read_query(size_t count)
{
    read_request(add_query, count);
}

static void read_cookies(size_t count)
{
    read_request(add_cookies, count);
}

Test(http_many, requests_are_read_in_linear_time)
{
    expect_linear(read_names, "names");
    expect_linear(read_lists, "lists");
    expect_linear(read_addresses, "addresses");
    expect_linear(read_query, "query");
    expect_linear(read_cookies, "cookies");
}

/* --- replies and answers ----------------------------------------------------------------------------- */

/* Names in no order, each twice; or the same name each time. */
static void write_reply(enum leat_http_dialect dialect, const char *name, size_t count)
{
    struct leat_arena arena;
    struct leat_reply reply = {.status = 200};
    leat_arena_init(&arena, 0);
    for (size_t i = 0; i < count; i++) {
        struct leat_reply_header *header = LEAT_NEW(&arena, struct leat_reply_header);
        header->name = name != NULL ? leat_str_c(name) : leat_arena_printf(&arena, "x-%zu", i * 7919 % (count / 2));
        header->value = LEAT_STR("v");
        header->next = reply.headers;
        reply.headers = header;
    }
    cr_assert_gt(leat_http_encode(&arena, dialect, &reply).len, 2 * count);
    leat_arena_fini(&arena);
}

static void write_names(size_t count)
{
    write_reply(LEAT_HTTP_REST, NULL, count);
}

static void write_joined(size_t count)
{
    write_reply(LEAT_HTTP_ALB, NULL, count);
}

static void write_one_name(size_t count)
{
    write_reply(LEAT_HTTP_ALB_MULTI, "x-tag", count);
}

static void write_cookies(size_t count)
{
    write_reply(LEAT_HTTP_V2, "set-cookie", count);
}

/* Both maps, all names alike in them, and most values. */
static void read_answer(size_t count)
{
    struct leat_arena arena;
    struct leat_buf buf;
    struct leat_reply reply;
    leat_arena_init(&arena, 0);
    leat_buf_init(&buf, &arena);
    leat_buf_c(&buf, "{\"statusCode\":200,\"headers\":{");
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(&buf, "%s\"x-%zu\":\"v\"", i > 0 ? "," : "", i);
    leat_buf_c(&buf, "},\"multiValueHeaders\":{");
    for (size_t i = 0; i < count; i++)
        leat_buf_printf(&buf, "%s\"X-%zu\":[\"%s\"]", i > 0 ? "," : "", i, i % 10 == 0 ? "w" : "v");
    leat_buf_c(&buf, "}}");
    cr_assert(leat_is_ok(leat_http_decode(&arena, LEAT_HTTP_V1, leat_buf_str(&buf), &reply)));
    size_t headers = 0;
    for (const struct leat_reply_header *at = reply.headers; at != NULL; at = at->next)
        headers++;
    cr_assert_eq(headers, count + (count + 9) / 10);
    leat_arena_fini(&arena);
}

Test(http_many, replies_are_written_in_linear_time)
{
    expect_linear(write_names, "names");
    expect_linear(write_joined, "joined");
    expect_linear(write_one_name, "one name");
    expect_linear(write_cookies, "cookies");
}

Test(http_many, answers_are_read_in_linear_time)
{
    expect_linear(read_answer, "both maps");
}
