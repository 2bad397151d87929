/* SPDX-License-Identifier: Apache-2.0 */
/* Replies on their way through hiredis into an arena: in whatever pieces they come, and when there is no room. */
#include <redis/value.h>

#include <leat/alloc.h>
#include <leat/buf.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* A slice of a literal, NULs included, in a table. */
#define BYTES(literal)                  \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

static struct leat_redis_parser parser;
static struct leat_arena arena, shown;

static void setup(void)
{
    leat_arena_init(&arena, 0);
    leat_arena_init(&shown, 0);
    cr_assert(leat_redis_parser_init(&parser));
    parser.arena = &arena;
}

static void teardown(void)
{
    leat_redis_parser_fini(&parser);
    leat_arena_fini(&arena);
    leat_arena_fini(&shown);
}

TestSuite(redis_value, .init = setup, .fini = teardown, .timeout = 60);

/* After an error a parser is of no use. */
static void renew(void)
{
    leat_redis_parser_fini(&parser);
    cr_assert(leat_redis_parser_init(&parser));
    parser.arena = &arena;
}

/* The bytes end where their memory does, and are gone afterwards. */
static void feed(leat_str bytes)
{
    char *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    cr_assert_not_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    cr_assert_eq(redisReaderFeed(parser.reader, copy, bytes.len), REDIS_OK);
    free(copy);
}

/* NULL: no whole one is there. */
static const struct leat_redis_value *next(void)
{
    void *reply = NULL;
    cr_assert_eq(redisReaderGetReply(parser.reader, &reply), REDIS_OK, "%s", parser.reader->errstr);
    cr_assert(reply == NULL || reply == &parser.root);
    return reply;
}

/* One reply in pieces of `step` bytes: whole with the last of them, not before. */
static const struct leat_redis_value *read_reply(leat_str reply, size_t step)
{
    const struct leat_redis_value *got = NULL;
    for (size_t at = 0; at < reply.len; at += step) {
        leat_str rest = leat_str_skip(reply, at);
        cr_assert_null(got, "after %zu bytes of %.*s", at, LEAT_ARG(reply));
        feed(leat_str_of(rest.ptr, rest.len < step ? rest.len : step));
        got = next();
    }
    cr_assert_not_null(got, "%.*s", LEAT_ARG(reply));
    cr_assert_null(next());
    return got;
}

/* --- as text ---------------------------------------------------------------------------------------------------- */

static void add_value(struct leat_buf *buf, const struct leat_redis_value *value)
{
    switch (value->type) {
    case LEAT_REDIS_NIL: leat_buf_c(buf, "nil"); break;
    case LEAT_REDIS_TEXT: leat_buf_json_string(buf, value->text); break;
    case LEAT_REDIS_NUMBER: leat_buf_printf(buf, "%lld", (long long)value->number); break;
    case LEAT_REDIS_ERROR: leat_buf_printf(buf, "error:%.*s", LEAT_ARG(value->text)); break;
    case LEAT_REDIS_LEFT_OUT: leat_buf_printf(buf, "left out:%zu", value->text.len); break;
    case LEAT_REDIS_LIST:
        leat_buf_c(buf, "[");
        for (size_t i = 0; i < value->count; i++) {
            leat_buf_c(buf, i > 0 ? " " : "");
            add_value(buf, &value->items[i]);
        }
        leat_buf_c(buf, "]");
        break;
    default: cr_assert_fail("type %d", (int)value->type);
    }
}

static const char *show(const struct leat_redis_value *value)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &shown);
    add_value(&buf, value);
    const char *text = leat_buf_str(&buf).ptr;
    cr_assert_not_null(text);
    return text;
}

static void expect_shown(leat_str reply, const char *want)
{
    const size_t steps[] = {1, 2, 3, 7, 16, reply.len};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        leat_arena_reset(&arena);
        leat_arena_reset(&shown);
        const char *got = show(read_reply(reply, steps[i]));
        cr_expect_str_eq(got, want, "%.*s in pieces of %zu: %s", LEAT_ARG(reply), steps[i], got);
    }
}

#define ENTRY(id, field, value) "*2\r\n$3\r\n" id "\r\n*2\r\n$1\r\n" field "\r\n$2\r\n" value "\r\n"
/* What XREADGROUP brings: two streams, an entry that was deleted, one of no time. */
#define STREAMS                                                                                                    \
    "*2\r\n*2\r\n$6\r\norders\r\n*3\r\n" ENTRY("1-0", "a", "b\n")                                                  \
        ENTRY("1-1", "\"",                                                                                         \
              "\r\n") "*2\r\n$3\r\n2-0\r\n*-1\r\n*2\r\n$1\r\nx\r\n*1\r\n*2\r\n$3\r\n0-1\r\n*4\r\n$0\r\n\r\n$0\r\n" \
                      "\r\n$1\r\nk\r\n$11\r\n*1\r\n$3\r\nabc\r\n"
#define STREAMS_SHOWN                                                                                            \
    "[[\"orders\" [[\"1-0\" [\"a\" \"b\\n\"]] [\"1-1\" [\"\\\"\" \"\\r\\n\"]] [\"2-0\" nil]]] [\"x\" [[\"0-1\" " \
    "[\"\" \"\" \"k\" \"*1\\r\\n$3\\r\\nabc\"]]]]]"

Test(redis_value, replies_are_kept_as_they_are)
{
    static const struct {
        leat_str reply;
        const char *want;
    } cases[] = {
        {BYTES("+OK\r\n"), "\"OK\""},
        {BYTES("+\r\n"), "\"\""},
        {BYTES("$5\r\nhello\r\n"), "\"hello\""},
        {BYTES("$0\r\n\r\n"), "\"\""},
        {BYTES("$6\r\n\0\r\n\"\\\x7F\r\n"), "\"\\u0000\\r\\n\\\"\\\\\\u007f\""},
        {BYTES("$-1\r\n"), "nil"},
        {BYTES("*-1\r\n"), "nil"},
        {BYTES("*0\r\n"), "[]"},
        {BYTES(":0\r\n"), "0"},
        {BYTES(":-1\r\n"), "-1"},
        {BYTES(":9223372036854775807\r\n"), "9223372036854775807"},
        {BYTES(":-9223372036854775808\r\n"), "-9223372036854775808"},
        {BYTES("-ERR no such thing\r\n"), "error:ERR no such thing"},
        {BYTES("-NOGROUP\r\n"), "error:NOGROUP"},
        {BYTES("*3\r\n:1\r\n$-1\r\n+x\r\n"), "[1 nil \"x\"]"},
        {BYTES("*2\r\n*0\r\n*-1\r\n"), "[[] nil]"},
        {BYTES("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n"), "[[[[[7]]]]]"},
        /* a transaction of which one part failed */
        {BYTES("*3\r\n:1\r\n-WRONGTYPE x\r\n*1\r\n:2\r\n"), "[1 error:WRONGTYPE x [2]]"},
        {BYTES(STREAMS), STREAMS_SHOWN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_shown(cases[i].reply, cases[i].want);
}

/* --- many replies ----------------------------------------------------------------------------------------------- */

Test(redis_value, several_in_one_piece_come_one_after_the_other)
{
    static const char *const wanted[] = {"1", "[2 \"three\"]", "nil", "error:ERR", "[]", "\"six\""};
    feed(LEAT_STR(":1\r\n*2\r\n:2\r\n$5\r\nthree\r\n$-1\r\n-ERR\r\n*0\r\n$3\r\nsix\r\n:"));
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct leat_redis_value *value = next();
        cr_assert_not_null(value, "%zu", i);
        cr_expect_str_eq(show(value), wanted[i]);
    }
    cr_expect_null(next());
    feed(LEAT_STR("7\r\n"));
    cr_expect_str_eq(show(next()), "7", "nothing is left of those before");
}

/* They stay while their arena does, whatever becomes of the parser. */
Test(redis_value, texts_are_in_the_arena_of_their_reply)
{
    struct leat_arena other;
    leat_arena_init(&other, 0);
    struct leat_redis_value first = *read_reply(LEAT_STR(STREAMS), 64);
    parser.arena = &other;
    struct leat_redis_value second = *read_reply(LEAT_STR("*2\r\n$6\r\nsecond\r\n-ERR\r\n"), 1);
    cr_expect(leat_arena_owns(&arena, first.items));
    cr_expect(leat_arena_owns(&arena, first.items[0].items[0].text.ptr));
    cr_expect(leat_arena_owns(&other, second.items));
    cr_expect(leat_arena_owns(&other, second.items[0].text.ptr));
    cr_expect(leat_arena_owns(&other, second.items[1].text.ptr));
    leat_redis_parser_fini(&parser);
    cr_expect_str_eq(show(&first), STREAMS_SHOWN);
    cr_expect_str_eq(show(&second), "[\"second\" error:ERR]");
    leat_arena_fini(&other);
}

/* --- too long --------------------------------------------------------------------------------------------------- */

Test(redis_value, longer_texts_are_left_out_and_their_length_is_kept)
{
    parser.text_max = 4;
    expect_shown(LEAT_STR("*2\r\n$4\r\nfour\r\n$5\r\nfive!\r\n"), "[\"four\" left out:5]");
    expect_shown(LEAT_STR("$11\r\nhello world\r\n"), "left out:11");
    expect_shown(LEAT_STR("+hello\r\n"), "left out:5");
    expect_shown(LEAT_STR("-ERR of any length\r\n"), "error:ERR of any length");
    expect_shown(LEAT_STR("*2\r\n:123456789\r\n*2\r\n$0\r\n\r\n$5\r\nhello\r\n"), "[123456789 [\"\" left out:5]]");
    expect_shown(LEAT_STR(STREAMS), "[[left out:6 [[\"1-0\" [\"a\" \"b\\n\"]] [\"1-1\" [\"\\\"\" \"\\r\\n\"]] [\"2-0\" "
                                    "nil]]] [\"x\" [[\"0-1\" [\"\" \"\" \"k\" left out:11]]]]]");
    cr_expect_not(arena.overflow);
    parser.text_max = 0;
    expect_shown(LEAT_STR("$11\r\nhello world\r\n"), "\"hello world\"");
}

/* What is left out costs its arena nothing. */
Test(redis_value, what_is_left_out_takes_no_room)
{
    enum { LEN = 1 << 20 };
    char *reply = malloc(LEN + 64);
    cr_assert_not_null(reply);
    size_t head = (size_t)snprintf(reply, 64, "*2\r\n$3\r\n1-0\r\n$%d\r\n", LEN);
    memset(reply + head, 'x', LEN);
    memcpy(reply + head + LEN, "\r\n", 2);
    leat_arena_fini(&arena);
    leat_arena_init(&arena, 8192);
    parser.text_max = 1000;
    const struct leat_redis_value *value = read_reply(leat_str_of(reply, head + LEN + 2), 5000);
    cr_expect_str_eq(show(value), "[\"1-0\" left out:1048576]");
    cr_expect_null(value->items[1].text.ptr);
    cr_expect_not(arena.overflow);
    free(reply);
}

/* --- no room ---------------------------------------------------------------------------------------------------- */

/* What there was memory for is as it is; of a text else its length, of a list else nothing. False: less is there. */
static bool expect_part(const struct leat_redis_value *part, const struct leat_redis_value *whole)
{
    if (part->type == LEAT_REDIS_LEFT_OUT) {
        cr_expect(whole->type == LEAT_REDIS_TEXT || whole->type == LEAT_REDIS_ERROR);
        cr_expect_eq(part->text.len, whole->text.len);
        cr_expect_null(part->text.ptr);
        return false;
    }
    cr_assert_eq(part->type, whole->type, "%d, not %d", (int)part->type, (int)whole->type);
    cr_expect(leat_str_eq(part->text, whole->text));
    cr_expect_eq(part->number, whole->number);
    if (part->type != LEAT_REDIS_LIST || whole->count == 0)
        return true;
    if (part->count == 0)
        return false;
    bool all = true;
    cr_assert_eq(part->count, whole->count);
    for (size_t i = 0; i < part->count; i++)
        all = expect_part(&part->items[i], &whole->items[i]) && all;
    return all;
}

/* A reply like XREADGROUP's of `count` entries, the last one larger than the others. */
static leat_str many_entries(struct leat_arena *in, int count)
{
    struct leat_buf buf;
    leat_buf_init(&buf, in);
    leat_buf_printf(&buf, "*1\r\n*2\r\n$6\r\norders\r\n*%d\r\n", count);
    for (int i = 0; i < count; i++) {
        int len = i == count - 1 ? 3000 : 40 + i;
        leat_buf_printf(&buf, "*2\r\n$7\r\n1000-%02d\r\n*4\r\n$1\r\nk\r\n:%d\r\n$1\r\nv\r\n$%d\r\n%0*d\r\n", i, i, len,
                        len, i);
    }
    return leat_buf_str(&buf);
}

Test(redis_value, what_does_not_fit_into_the_arena_is_left_out)
{
    struct leat_arena whole_arena;
    leat_arena_init(&whole_arena, 0);
    leat_str reply = many_entries(&whole_arena, 20);
    parser.arena = &whole_arena;
    struct leat_redis_value whole = *read_reply(reply, reply.len);
    parser.arena = &arena;
    int full = 0, part = 0;
    for (size_t cap = 1; cap < 24000; cap += 61) {
        leat_arena_fini(&arena);
        leat_arena_init(&arena, cap);
        const struct leat_redis_value *value = read_reply(reply, cap % 3 == 0 ? 100 : reply.len);
        bool all = expect_part(value, &whole);
        cr_expect_eq(all, !arena.overflow, "%zu bytes", cap);
        full += all ? 1 : 0;
        part += all ? 0 : 1;
    }
    cr_expect(full > 10 && part > 10, "%d and %d", full, part);
    leat_arena_reset(&arena);
    cr_expect_str_eq(show(read_reply(LEAT_STR("*1\r\n+x\r\n"), 1)), "[\"x\"]", "the next one is whole again");
    leat_arena_fini(&whole_arena);
}

Test(redis_value, what_there_is_no_memory_for_is_left_out)
{
    struct leat_arena whole_arena;
    leat_arena_init(&whole_arena, 0);
    leat_str reply = LEAT_STR(STREAMS);
    parser.arena = &whole_arena;
    struct leat_redis_value whole = *read_reply(reply, reply.len);
    parser.arena = &arena;
    uint64_t count = 0;
    for (uint64_t nth = 0; nth <= count; nth++) {
        leat_arena_fini(&arena);
        arena.chunk_size = 0; /* each allocation is one of the heap */
        (void)leat_alloc_fail_at(nth, false);
        const struct leat_redis_value *value = read_reply(reply, 9);
        uint64_t allocations = leat_alloc_fail_at(0, false);
        count = nth == 0 ? allocations : count;
        bool all = expect_part(value, &whole);
        cr_expect(all == (nth == 0) && arena.overflow == (nth > 0), "allocation %llu", (unsigned long long)nth);
    }
    cr_expect_gt(count, 20, "%llu", (unsigned long long)count);
    leat_arena_fini(&whole_arena);
}

/* --- what is no reply ------------------------------------------------------------------------------------------- */

static void expect_protocol_error(leat_str bytes, size_t step)
{
    void *reply = NULL;
    int status = REDIS_OK;
    for (size_t at = 0; at < bytes.len && status == REDIS_OK; at += step) {
        leat_str rest = leat_str_skip(bytes, at);
        feed(leat_str_of(rest.ptr, rest.len < step ? rest.len : step));
        status = redisReaderGetReply(parser.reader, &reply);
        cr_expect_null(reply, "%.*s", LEAT_ARG(bytes));
    }
    cr_expect_eq(status, REDIS_ERR, "%.*s", LEAT_ARG(bytes));
    cr_expect_eq(parser.reader->err, REDIS_ERR_PROTOCOL, "%.*s", LEAT_ARG(bytes));
    cr_expect_neq(parser.reader->errstr[0], '\0', "%.*s", LEAT_ARG(bytes));
    cr_expect_eq(redisReaderGetReply(parser.reader, &reply), REDIS_ERR, "and it stays so");
}

Test(redis_value, what_is_not_the_protocol_is_an_error)
{
    static const leat_str cases[] = {
        BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"),
        BYTES("\r\n"),
        BYTES("\x15\x03\x01\x00\x02\x02\x16"), /* TLS, where it was not expected */
        BYTES("$-2\r\n"),
        BYTES("*-2\r\n"),
        BYTES("*3\r\n:1\r\n$3\r\nabc\r\n?\r\n"),
        BYTES("*2\r\n*2\r\n+a\r\n+b\r\nx\r\n"),
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_protocol_error(cases[i], cases[i].len);
        renew();
        expect_protocol_error(cases[i], 1);
        renew();
        cr_expect_str_eq(show(read_reply(LEAT_STR("*1\r\n+x\r\n"), 1)), "[\"x\"]", "a new one is as new");
    }
}

/* Each round some bytes of good replies are others: an answer, an error, or it waits for more. */
Test(redis_value, any_bytes_are_read_or_refused)
{
    static const char likely[] = "$*:+-\r\n0123456789x";
    static const char good[] = "+OK\r\n" STREAMS ":1\r\n*2\r\n-ERR\r\n$-1\r\n";
    unsigned seed = 20240503;
    int answers = 0, errors = 0;
    leat_arena_fini(&arena);
    leat_arena_init(&arena, 1 << 16); /* lists may say that they are long */
    for (int round = 0; round < 5000; round++) {
        char bytes[sizeof(good)];
        memcpy(bytes, good, sizeof(good));
        for (int change = rand_r(&seed) % 4; change >= 0; change--)
            bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)] =
                (char)(rand_r(&seed) % 8 == 0 ? rand_r(&seed) % 256
                                              : likely[(size_t)rand_r(&seed) % (sizeof(likely) - 1)]);
        leat_arena_reset(&arena);
        leat_arena_reset(&shown);
        parser.text_max = (size_t)rand_r(&seed) % 8;
        feed(leat_str_of(bytes, sizeof(bytes) - 1));
        void *reply = &parser;
        while (reply != NULL && redisReaderGetReply(parser.reader, &reply) == REDIS_OK && reply != NULL) {
            cr_assert_not_null(show(reply));
            answers++;
        }
        errors += parser.reader->err != 0 ? 1 : 0;
        renew();
    }
    cr_expect(answers > 5000 && errors > 500 && errors < 5000, "%d answers, %d errors", answers, errors);
}

/* --- looking ---------------------------------------------------------------------------------------------------- */

Test(redis_value, where_there_is_no_item_there_is_a_nil)
{
    const struct leat_redis_value *value = read_reply(LEAT_STR("*2\r\n+x\r\n*1\r\n:5\r\n"), 4);
    cr_expect_eq(leat_redis_item(value, 0), &value->items[0]);
    cr_expect_eq(leat_redis_number(leat_redis_item(leat_redis_item(value, 1), 0), -1), 5);
    cr_expect_eq(leat_redis_item(value, 2)->type, LEAT_REDIS_NIL);
    cr_expect_eq(leat_redis_item(value, SIZE_MAX)->type, LEAT_REDIS_NIL);
    cr_expect_eq(leat_redis_item(leat_redis_item(value, 0), 0)->type, LEAT_REDIS_NIL, "of a text");
    cr_expect_eq(leat_redis_item(leat_redis_item(value, 2), 0)->type, LEAT_REDIS_NIL, "of a nil");
    const struct leat_redis_value *empty = read_reply(LEAT_STR("*0\r\n"), 4);
    cr_expect_eq(leat_redis_item(empty, 0)->type, LEAT_REDIS_NIL);
}

Test(redis_value, a_value_is_asked_for_what_it_may_be)
{
    static const struct {
        leat_str reply;
        const char *text; /* NULL: it is none */
        int64_t number;   /* -99: it is none */
        bool busy;        /* an error that begins with BUSY */
    } cases[] = {
        {BYTES("+OK\r\n"), "OK", -99, false},
        {BYTES("$0\r\n\r\n"), "", -99, false},
        {BYTES(":17\r\n"), NULL, 17, false},
        {BYTES("$2\r\n17\r\n"), "17", 17, false},
        {BYTES("$20\r\n-9223372036854775808\r\n"), "-9223372036854775808", INT64_MIN, false},
        {BYTES("$19\r\n9223372036854775808\r\n"), "9223372036854775808", -99, false},
        {BYTES("$3\r\n17x\r\n"), "17x", -99, false},
        {BYTES("$3\r\n 17\r\n"), " 17", -99, false},
        {BYTES("$4\r\nBUSY\r\n"), "BUSY", -99, false},
        {BYTES("-BUSYGROUP x\r\n"), NULL, -99, true},
        {BYTES("-BUSY\r\n"), NULL, -99, true},
        {BYTES("-BUS\r\n"), NULL, -99, false},
        {BYTES("-17\r\n"), NULL, -99, false},
        {BYTES("-ERR BUSY\r\n"), NULL, -99, false},
        {BYTES("$-1\r\n"), NULL, -99, false},
        {BYTES("*1\r\n:17\r\n"), NULL, -99, false},
        {BYTES("$9\r\n123456789\r\n"), NULL, -99, false}, /* left out */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parser.text_max = i + 1 == sizeof(cases) / sizeof(cases[0]) ? 8 : 0;
        const struct leat_redis_value *value = read_reply(cases[i].reply, 100);
        leat_str text = leat_redis_text(value);
        cr_expect(leat_str_eq(text, leat_str_c(cases[i].text)), "%zu: %.*s", i, LEAT_ARG(text));
        cr_expect_eq(leat_redis_number(value, -99), cases[i].number, "%zu", i);
        cr_expect_eq(leat_redis_is_error(value, "BUSY"), cases[i].busy, "%zu", i);
    }
}

Test(redis_value, a_parser_ends_twice_and_before_it_began)
{
    struct leat_redis_parser none = {.reader = NULL};
    leat_redis_parser_fini(&none);
    feed(LEAT_STR("*2\r\n$3\r\nabc\r\n*9\r\n$5\r\nhal")); /* in the middle of a reply */
    cr_expect_null(next());
    leat_redis_parser_fini(&parser);
    leat_redis_parser_fini(&parser);
    cr_expect_null(parser.reader);
}
