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
