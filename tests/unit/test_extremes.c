/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that a double or an integer does not hold, and lists far longer than any that was meant. What the whole
 * program does with such payloads is in tests/cli/test_extremes*.py. */
#include "decoding.h"

#include <leat/http.h>

TestSuite(extremes, .timeout = 120);

/* --- numbers -------------------------------------------------------------------------------------- */

static struct decoded *kafka(const char *partition, const char *offset)
{
    char text[512];
    snprintf(text, sizeof(text),
             "{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"arn\",\"records\":{\"t-0\":["
             "{\"topic\":\"t\",\"partition\":%s,\"offset\":%s,\"value\":\"eA==\"}]}}",
             partition, offset);
    return decode(text);
}

/* Regression: of the numbers from 2^53 on, those that a double holds had no digits (the others had their text). */
Test(extremes, an_offset_beyond_a_double_keeps_its_digits_whether_even_or_odd)
{
    static const char *const offsets[] = {"9007199254740991", "9007199254740992",    "9007199254740993",
                                          "9007199254740994", "9223372036854774784", "9223372036854775807"};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        DECODED d = kafka("0", offsets[i]);
        cr_assert(leat_is_ok(d->status), "%s: %s", offsets[i], d->error.message);
        EXPECT_STR(d->records.items[0].id, offsets[i]);
        EXPECT_STR(leat_kafka(&d->event[0])->offset, offsets[i]);
    }
}

/* Regression: the double nearest to 2^63 - 1 is 2^63, which was cast to an int64_t. */
Test(extremes, a_partition_as_large_as_an_integer_may_be_is_read_as_one)
{
    DECODED d = kafka("9223372036854775807", "0");
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    EXPECT_STR(d->records.items[0].partition, "t-9223372036854775807");
    cr_expect_eq(leat_kafka(&d->event[0])->partition, INT64_MAX);
}

Test(extremes, an_offset_that_is_no_integer_cannot_name_its_record)
{
    static const char *const others[] = {
        "1e400", "-1e400", "9223372036854775808", "0.5", "-1", "1E-2", "1111111111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        DECODED d = kafka("0", others[i]);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD, "%s", others[i]);
        DECODED e = kafka(others[i], "0");
        cr_expect_eq(e->status.code, LEAT_E_BAD_PAYLOAD, "%s", others[i]);
    }
}

Test(extremes, an_offset_is_a_number_however_it_is_spelt)
{
    static const struct {
        const char *spelt, *digits;
    } cases[] = {{"1E+2", "100"}, {"-0", "0"}, {"1.0", "1"}, {"12e-1e0", NULL}, {"1e15", "1000000000000000"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        DECODED d = kafka("0", cases[i].spelt);
        if (cases[i].digits == NULL)
            cr_expect_eq(d->status.code, LEAT_E_NOT_JSON, "%s", cases[i].spelt);
        else
            EXPECT_STR(d->records.items[0].id, cases[i].digits);
    }
}

Test(extremes, a_status_code_beyond_all_numbers_is_a_malformed_answer)
{
    static const char *const codes[] = {
        "1e400", "-1e400", "-0", "9007199254740993", "1e-400", "1111111111111111111111111111111111111111"};
    struct leat_arena arena __attribute__((cleanup(leat_arena_fini)));
    struct leat_reply reply;
    char answer[128];
    leat_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        snprintf(answer, sizeof(answer), "{\"statusCode\":%s}", codes[i]);
        cr_assert(leat_is_ok(leat_http_decode(&arena, LEAT_HTTP_REST, leat_str_c(answer), &reply)));
        cr_expect_eq(reply.status, 502, "%s: %d", answer, reply.status);
    }
    cr_assert(leat_is_ok(leat_http_decode(&arena, LEAT_HTTP_REST, LEAT_STR("{\"statusCode\":2E+2}"), &reply)));
    cr_expect_eq(reply.status, 200);
}

/* --- CloudEvents ------------------------------------------------------------------------------------ */

#define EXTENSIONS 50000

/* {"specversion":...,"x49999":"last",...,"x1":"first"}: from the last name to the first, or the other way round. */
static char *many_extensions(bool rising)
{
    size_t size = (size_t)EXTENSIONS * 20 + 100;
    char *text = malloc(size);
    cr_assert_not_null(text);
    int len = snprintf(text, size, "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"t\"");
    for (int i = 0; i < EXTENSIONS; i++) {
        int number = rising ? i : EXTENSIONS - 1 - i;
        len += snprintf(text + len, size - (size_t)len, ",\"x%d\":\"%d\"", number, number);
    }
    snprintf(text + len, size - (size_t)len, "}");
    return text;
}

static void expect_sorted(const struct leat_attribute *extensions)
{
    size_t count = 0;
    for (const struct leat_attribute *at = extensions; at != NULL; at = at->next, count++) {
        cr_assert(at->next == NULL || strcmp(at->name.ptr, at->next->name.ptr) < 0, "%s", at->name.ptr);
        cr_assert(leat_str_eq(leat_str_skip(at->name, 1), at->value), "%s", at->name.ptr);
    }
    cr_expect_eq(count, EXTENSIONS);
}

/* Regression: each went to its place from the front, so that 1.6 MB of them took 18 seconds. */
Test(extremes, a_cloudevent_with_many_extensions_has_all_of_them_in_order)
{
    for (int rising = 0; rising < 2; rising++) {
        char *text = many_extensions(rising != 0);
        DECODED d = decode(text);
        free(text);
        cr_assert(leat_is_ok(d->status) && d->events.count == 1, "%s", d->error.message);
        expect_sorted(d->events.items[0].extensions);
    }
}

Test(extremes, of_an_extension_given_twice_the_first_counts)
{
    DECODED d = decode("{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"t\",\"b\":\"1\",\"a\":\"2\","
                       "\"b\":\"3\",\"c\":\"4\",\"b\":\"5\"}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_attribute(&d->event[0], "a"), "2");
    EXPECT_STR(leat_event_attribute(&d->event[0], "b"), "1");
    EXPECT_STR(leat_event_attribute(&d->event[0], "c"), "4");
}
