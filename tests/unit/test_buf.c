/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/buf.h>

#include <criterion/criterion.h>

static struct leat_arena arena;
static struct leat_buf buf;

static void setup(void)
{
    leat_arena_init(&arena, 0);
    leat_buf_init(&buf, &arena);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(buf, .init = setup, .fini = teardown);

static void expect(const char *want, const char *what)
{
    leat_str got = leat_buf_str(&buf);
    cr_expect(leat_str_is(got, want), "%s: got %.*s, want %s", what, LEAT_ARG(got), want);
    leat_buf_init(&buf, &arena);
}

Test(buf, text_grows_and_has_a_nul_behind_it)
{
    cr_expect(leat_str_eq(leat_buf_str(&buf), LEAT_STR("")), "empty is not absent");
    for (int i = 0; i < 1000; i++)
        leat_buf_printf(&buf, "%d,", i % 10);
    leat_buf_char(&buf, '.');
    leat_buf_c(&buf, "end");
    leat_buf_add(&buf, LEAT_ABSENT);
    leat_buf_add(&buf, leat_str_of("\0x", 2));
    leat_str text = leat_buf_str(&buf);
    cr_expect_eq(text.len, 2006);
    cr_expect(leat_str_starts(text, LEAT_STR("0,1,2,")) && leat_str_ends(text, leat_str_of(",.end\0x", 7)));
    cr_expect_eq(text.ptr[text.len], '\0');
}

Test(buf, failure_is_sticky_and_gives_absent)
{
    leat_arena_fini(&arena);
    leat_arena_init(&arena, 1000);
    leat_buf_c(&buf, "fits");
    char *large LEAT_CLEANUP(leat_freep) = leat_alloc(5000);
    leat_buf_add(&buf, leat_str_of(large, 5000));
    leat_buf_c(&buf, "x");
    cr_expect_null(leat_buf_str(&buf).ptr);
    cr_expect(buf.failed && arena.overflow);
    leat_arena_reset(&arena);
    leat_buf_c(&buf, "x");
    cr_expect_null(leat_buf_str(&buf).ptr, "not even when the arena has room again");
}

Test(buf, every_allocation_may_fail)
{
    for (uint64_t nth = 1;; nth++) {
        cr_assert_lt(nth, 100);
        leat_arena_fini(&arena);
        leat_buf_init(&buf, &arena);
        leat_alloc_fail_at(nth, false);
        for (int i = 0; i < 3000; i++)
            leat_buf_json_member(&buf, "n", LEAT_STR("value"));
        leat_alloc_fail_at(0, false);
        if (leat_buf_str(&buf).ptr != NULL)
            return;
    }
}

Test(buf, json_strings_are_strict)
{
    const struct {
        leat_str text;
        const char *want;
    } cases[] = {
        {LEAT_STR(""), "\"\""},
        {LEAT_STR("plain"), "\"plain\""},
        {LEAT_STR("\"\\/"), "\"\\\"\\\\/\""},
        {LEAT_STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {LEAT_STR("a\0b"), "\"a\\u0000b\""},
        {LEAT_STR("\x01\x1F\x7F"), "\"\\u0001\\u001f\\u007f\""},
        {LEAT_STR("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\""},
        {LEAT_STR("a\xFFz"), "\"a\xEF\xBF\xBDz\""},
        {LEAT_STR("\xFF\xFE"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {LEAT_STR("\xE2\x82z"), "\"\xEF\xBF\xBDz\""}, /* a cut character is one piece */
        {LEAT_STR("z\xF0\x9F\x98"), "\"z\xEF\xBF\xBD\""},
        {LEAT_STR("\xED\xA0\x80"), "\"\xEF\xBF\xBD\""},
        {LEAT_STR("\xFF\"\n"), "\"\xEF\xBF\xBD\\\"\\n\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        leat_buf_json_string(&buf, cases[i].text);
        expect(cases[i].want, "string");
    }
}

Test(buf, json_members_have_commas_where_they_must)
{
    leat_buf_char(&buf, '{');
    leat_buf_json_member(&buf, "a", LEAT_STR("1"));
    leat_buf_json_member(&buf, "absent", LEAT_ABSENT);
    leat_buf_json_member(&buf, "b", LEAT_STR("{"));
    leat_buf_json_name(&buf, "c");
    leat_buf_char(&buf, '{');
    leat_buf_json_member(&buf, "d", LEAT_STR(""));
    leat_buf_c(&buf, "}}");
    expect("{\"a\":\"1\",\"b\":\"{\",\"c\":{\"d\":\"\"}}", "object");
}

Test(buf, visible_text_moves_no_cursor)
{
    const struct {
        leat_str text;
        const char *want;
    } cases[] = {
        {LEAT_STR("plain \xC3\xA9 \xF0\x9F\x98\x80"), "plain \xC3\xA9 \xF0\x9F\x98\x80"},
        {LEAT_STR("a\nb\tc\rd"), "a\\nb\\tc\\x0dd"},
        {LEAT_STR("\033[31mred\a"), "\\x1b[31mred\\x07"},
        {LEAT_STR("\0\x7F"), "\\x00\\x7f"},
        {LEAT_STR("\xC2\x9B"
                  "31m"),
         "\\xc2\\x9b31m"}, /* U+009B is CSI too */
        {LEAT_STR("\xC2\xA0"), "\xC2\xA0"},
        {LEAT_STR("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xAE\xE2\x80\xAF"), /* U+2027..8, U+202E..F */
         "\xE2\x80\xA7\\xe2\\x80\\xa8\\xe2\\x80\\xae\xE2\x80\xAF"},
        {LEAT_STR("\xE2\x81\xA5\xE2\x81\xA6\xE2\x81\xA9\xE2\x81\xAA"), /* U+2065..6, U+2069..A */
         "\xE2\x81\xA5\\xe2\\x81\\xa6\\xe2\\x81\\xa9\xE2\x81\xAA"},
        {LEAT_STR("\xFFz\xE2\x82"), "\\xffz\\xe2\\x82"},
        {LEAT_STR("\xC2"), "\\xc2"},
        {LEAT_ABSENT, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        leat_buf_visible(&buf, cases[i].text);
        expect(cases[i].want, "visible");
    }
}

/* Once the rest of the text was looked over again behind each control character: here that would take minutes. */
Test(buf, many_control_characters_are_quick, .timeout = 30)
{
    enum { COUNT = 1 << 20 };
    char *text = leat_arena_alloc(&arena, COUNT);
    cr_assert_not_null(text);
    memset(text, '\n', COUNT);
    leat_buf_visible(&buf, leat_str_of(text, COUNT));
    leat_str visible = leat_buf_str(&buf);
    cr_expect_eq(visible.len, 2 * COUNT);
    cr_expect(leat_str_ends(visible, LEAT_STR("\\n\\n")));
}
