/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/str.h>

#include <criterion/criterion.h>

static void expect(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_eq(got, leat_str_c(want)), "%s: got \"%.*s\", want \"%s\"", what, LEAT_ARG(got),
              want != NULL ? want : "(absent)");
}

Test(str, absent_equals_absent_only)
{
    cr_expect(leat_str_eq(LEAT_ABSENT, LEAT_ABSENT));
    cr_expect_not(leat_str_eq(LEAT_ABSENT, LEAT_STR("")));
    cr_expect_not(leat_str_eq(LEAT_STR(""), LEAT_ABSENT));
    cr_expect(leat_str_eq(LEAT_STR(""), leat_str_of("x", 0)));
    cr_expect_null(leat_str_c(NULL).ptr);
    cr_expect(leat_str_is(LEAT_ABSENT, NULL));
    cr_expect(leat_str_eq_nocase(LEAT_ABSENT, LEAT_ABSENT));
    cr_expect_not(leat_str_eq_nocase(LEAT_STR(""), LEAT_ABSENT));
}

Test(str, equality_looks_at_every_byte_even_behind_a_nul)
{
    cr_expect(leat_str_eq(leat_str_of("a\0b", 3), leat_str_of("a\0b", 3)));
    cr_expect_not(leat_str_eq(leat_str_of("a\0b", 3), leat_str_of("a\0c", 3)));
    cr_expect_not(leat_str_eq(LEAT_STR("a"), LEAT_STR("ab")));
    cr_expect_not(leat_str_is(leat_str_of("a\0", 2), "a"));
}

Test(str, case_folds_ascii_alone)
{
    cr_expect(leat_str_eq_nocase(LEAT_STR("Content-TYPE"), LEAT_STR("content-type")));
    cr_expect_not(leat_str_eq_nocase(LEAT_STR("[a]"), LEAT_STR("{A}"))); /* 0x20 apart as well */
    cr_expect_not(leat_str_eq_nocase(LEAT_STR("\xC3\x84"), LEAT_STR("\xC3\xA4")));
    cr_expect_not(leat_str_eq_nocase(LEAT_STR("ab"), LEAT_STR("abc")));
}

Test(str, starts_and_ends_take_empty_and_too_long_ones)
{
    cr_expect(leat_str_starts(LEAT_STR("aws:sqs"), LEAT_STR("aws:")));
    cr_expect(leat_str_ends(LEAT_STR("aws:sqs"), LEAT_STR(":sqs")));
    cr_expect(leat_str_starts(LEAT_ABSENT, LEAT_STR("")));
    cr_expect(leat_str_ends(LEAT_ABSENT, LEAT_STR("")));
    cr_expect_not(leat_str_starts(LEAT_STR("a"), LEAT_STR("ab")));
    cr_expect_not(leat_str_ends(LEAT_STR("b"), LEAT_STR("ab")));
    cr_expect_not(leat_str_starts(LEAT_STR("abc"), LEAT_STR("abd")));
}

Test(str, skip_stops_at_the_end)
{
    expect(leat_str_skip(LEAT_STR("abc"), 1), "bc", "1");
    expect(leat_str_skip(LEAT_STR("abc"), 3), "", "3");
    expect(leat_str_skip(LEAT_STR("abc"), 4), "", "4");
    cr_expect_null(leat_str_skip(LEAT_ABSENT, 1).ptr);
}

Test(str, find_gives_the_first_place_or_absent)
{
    leat_str text = LEAT_STR("abcabc");
    cr_expect_eq(leat_str_find(text, LEAT_STR("bc")).ptr, text.ptr + 1);
    cr_expect_eq(leat_str_find(text, LEAT_STR("")).ptr, text.ptr);
    cr_expect_eq(leat_str_find(text, text).ptr, text.ptr, "all of it");
    cr_expect_null(leat_str_find(text, LEAT_STR("x")).ptr);
    cr_expect_null(leat_str_find(text, LEAT_STR("abcabca")).ptr);
    cr_expect_null(leat_str_find(LEAT_ABSENT, LEAT_STR("")).ptr);
    cr_expect_not_null(leat_str_find(leat_str_of("a\0b", 3), leat_str_of("\0b", 2)).ptr);
}

Test(str, cut_gives_pieces_and_ends_absent)
{
    leat_str rest = LEAT_STR("a//b");
    expect(leat_str_cut(&rest, '/'), "a", "first");
    expect(leat_str_cut(&rest, '/'), "", "second");
    expect(leat_str_cut(&rest, '/'), "b", "third");
    cr_expect_null(rest.ptr);
    cr_expect_null(leat_str_cut(&rest, '/').ptr);
    rest = LEAT_STR("a/");
    expect(leat_str_cut(&rest, '/'), "a", "before the last");
    expect(rest, "", "a separator at the end leaves an empty piece");
}

Test(str, trim_takes_white_space_at_both_ends)
{
    expect(leat_str_trim(LEAT_STR(" \t\r\n\v\fa b \n")), "a b", "both");
    expect(leat_str_trim(LEAT_STR("  ")), "", "nothing else");
    cr_expect_null(leat_str_trim(LEAT_ABSENT).ptr);
    expect(leat_str_trim(LEAT_STR("\xC2\xA0")), "\xC2\xA0", "not ASCII");
}

Test(str, int64_takes_whole_numbers_in_range)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"0x1", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 42;
        bool good = leat_str_int64(leat_str_c(cases[i].text), &value);
        cr_expect_eq(good, cases[i].good, "\"%s\"", cases[i].text);
        cr_expect_eq(value, cases[i].good ? cases[i].value : 42, "\"%s\": %lld", cases[i].text, (long long)value);
    }
    int64_t value;
    cr_expect_not(leat_str_int64(LEAT_ABSENT, &value));
}

/* The corners of Unicode's table 3-7: first and last of each row, and their neighbours. */
Test(str, utf8_stops_at_the_first_broken_sequence)
{
    static const struct {
        const char *text;
        size_t good;
    } cases[] = {
        {"", 0},
        {"a\x7F", 2},
        {"\x80", 0},
        {"a\xBF", 1},
        {"\xC1\xBF", 0},
        {"\xC2\x80", 2},
        {"\xDF\xBF", 2},
        {"\xC2", 0},
        {"\xC2\x41", 0},
        {"\xE0\x9F\xBF", 0},
        {"\xE0\xA0\x80", 3},
        {"\xEC\xBF\xBF", 3},
        {"\xED\x9F\xBF", 3},
        {"\xED\xA0\x80", 0}, /* half of a surrogate pair */
        {"\xEE\x80\x80", 3},
        {"\xEF\xBF\xBF", 3},
        {"\xE2\x82", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF0\x90\x80\x80", 4},
        {"\xF4\x8F\xBF\xBF", 4},
        {"\xF4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", 0},
        {"\xFF", 0},
        {"ab\xC3\xA9\xF0\x9F\x98\x80z\xFE", 9},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(leat_str_utf8(leat_str_c(cases[i].text)), cases[i].good, "case %zu", i);
    cr_expect_eq(leat_str_utf8(leat_str_of("a\0b", 3)), 3, "NUL is a character");
    cr_expect_eq(leat_str_utf8(LEAT_ABSENT), 0);
}
