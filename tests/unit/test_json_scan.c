/* SPDX-License-Identifier: Apache-2.0 */
/* The strict scanner: what RFC 8259 allows, and the byte at which everything else stops being JSON. */
#include <leat/alloc.h>
#include <leat/json.h>

#include <criterion/criterion.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const valid[] = {
    "[]",
    "{}",
    " [ ] ",
    "\t\n\r 1",
    "null",
    "true",
    "false",
    "\"\"",
    "0",
    "-0",
    "-1",
    "12",
    "1.5",
    "-0.0e+10",
    "1E5",
    "1e-5",
    "1e400",
    "123456789012345678901234567890.123456789012345678901234567890123456789012345678901234567890",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0000\"",
    "\"\\uABcd\\uef01\"",
    "\"\\ud834\\udd1e\"",
    "\"\\uDBFF\\uDFFF\"",
    "\"\\uFFFF\"",
    "\"\x7F\"",
    "\"\xC2\x80\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBB\xBF\"",
    "{\"\":0}",
    "{\"a\":1,\"a\":2}",
    "[null,true,false,1,\"x\",[],{}]",
    "[[[[]],[]]]",
    "{\"a\":{\"b\":[{\"c\":[1,2]}]}}",
    "{ \"a\" : [ 1 , 2 ] }\n",
};

Test(json_scan, valid_text_is_taken_whole)
{
    for (size_t i = 0; i < COUNT(valid); i++) {
        struct leat_json_fault fault;
        leat_str text = leat_str_c(valid[i]);
        size_t at = 0;
        leat_status status = leat_json_scan(text, &at, &fault);
        cr_expect(leat_is_ok(status) && leat_is_ok(fault.status), "%s: %s", valid[i], fault.what);
        cr_expect(leat_str_empty(leat_str_trim(leat_str_skip(text, at))), "%s: stops at %zu", valid[i], at);
        cr_expect(leat_json_valid(text), "%s", valid[i]);
    }
}

Test(json_scan, what_is_valid_cjson_takes_too)
{
    for (size_t i = 0; i < COUNT(valid); i++) {
        struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
        struct leat_json_fault fault;
        cJSON *root;
        leat_arena_init(&arena, 0);
        cr_expect(leat_is_ok(leat_json_parse(&arena, leat_str_c(valid[i]), &root, &fault)), "%s: %s", valid[i],
                  fault.what);
    }
}

struct wrong {
    leat_str text;
    size_t offset;
};

#define WRONG(text, offset)                 \
    {                                       \
        {"" text, sizeof(text) - 1}, offset \
    }

static void expect_wrong(const struct wrong *cases, size_t count, bool ended)
{
    for (size_t i = 0; i < count; i++) {
        struct leat_json_fault fault;
        size_t at = 0;
        leat_status status = leat_json_scan(cases[i].text, &at, &fault);
        cr_expect_eq(status.code, LEAT_E_NOT_JSON, "%.*s", LEAT_ARG(cases[i].text));
        cr_expect_eq(fault.status.code, LEAT_E_NOT_JSON);
        cr_expect_eq(fault.offset, cases[i].offset, "%.*s: at %zu, not %zu (%s)", LEAT_ARG(cases[i].text), fault.offset,
                     cases[i].offset, fault.what);
        cr_expect_eq(fault.ended, ended, "%.*s: ended is %d", LEAT_ARG(cases[i].text), fault.ended);
        cr_expect_eq(at, 0, "%.*s: a failure moves nothing", LEAT_ARG(cases[i].text));
        cr_expect_not(leat_json_valid(cases[i].text));
        cr_expect_gt(strlen(fault.what), 5);
    }
}

Test(json_scan, wrong_text_is_told_with_its_first_wrong_byte)
{
    static const struct wrong cases[] = {
        /* structure */
        WRONG("[1,]", 3),
        WRONG("[,1]", 1),
        WRONG("[1 2]", 3),
        WRONG("[1}", 2),
        WRONG("[1,,2]", 3),
        WRONG("]", 0),
        WRONG("}", 0),
        WRONG(",", 0),
        WRONG(":", 0),
        WRONG("{]", 1),
        WRONG("{\"a\" 1}", 5),
        WRONG("{\"a\",1}", 4),
        WRONG("{\"a\":1,}", 7),
        WRONG("{\"a\":}", 5),
        WRONG("{a:1}", 1),
        WRONG("{'a':1}", 1),
        WRONG("{1:1}", 1),
        WRONG("{null:1}", 1),
        WRONG("{\"a\":1]", 6),
        WRONG("{\"a\":1 \"b\":2}", 7),
        WRONG("{,}", 1),
        /* words */
        WRONG("trux", 3),
        WRONG("True", 0),
        WRONG("nULL", 1),
        WRONG("NaN", 0),
        WRONG("Infinity", 0),
        WRONG("-Infinity", 1),
        WRONG("undefined", 0),
        WRONG("'a'", 0),
        WRONG("a", 0),
        WRONG("\\u0031", 0),
        /* numbers */
        WRONG("01", 1),
        WRONG("-01", 2),
        WRONG("+1", 0),
        WRONG(".5", 0),
        WRONG("-.5", 1),
        WRONG("1.e1", 2),
        WRONG("1.x", 2),
        WRONG("1ex", 2),
        WRONG("1e+x", 3),
        WRONG("--1", 1),
        WRONG("[1.]", 3),
        WRONG("[-]", 2),
        WRONG("\xEF\xBC\x91", 0),
        /* white space and comments that RFC 8259 does not know */
        WRONG("\v1", 0),
        WRONG("\f1", 0),
        WRONG("[1,\f2]", 3),
        WRONG("\xC2\xA0", 0),
        WRONG("\xEF\xBB\xBF{}", 0),
        WRONG("/*x*/1", 0),
        WRONG("[1//x\n]", 2),
        WRONG("\0", 0),
        WRONG("[1\0]", 2),
        /* strings */
        WRONG("\"a\nb\"", 2),
        WRONG("\"\t\"", 1),
        WRONG("\"a\0\"", 2),
        WRONG("\"\x1F\"", 1),
        WRONG("\"\\x\"", 2),
        WRONG("\"\\'\"", 2),
        WRONG("\"\\\0\"", 2),
        WRONG("\"\\u12g4\"", 5),
        WRONG("\"\\u 123\"", 3),
        WRONG("\"\\u\"", 3),
        WRONG("\"\\U0041\"", 2),
        /* half surrogate pairs */
        WRONG("\"\\ud800\"", 1),
        WRONG("\"a\\ud800\\n\"", 2),
        WRONG("\"\\udc00\"", 1),
        WRONG("\"\\udc00\\udc00\"", 1),
        WRONG("\"\\ud800\\u0041\"", 1),
        WRONG("\"\\ud800\\ud800\"", 1),
        WRONG("\"\\ud800x\"", 1),
        WRONG("\"\\ud800\\u00\"", 11),
        /* UTF-8 */
        WRONG("\"\xFF\"", 1),
        WRONG("\"a\x80\"", 2),
        WRONG("\"\xC0\x80\"", 1),
        WRONG("\"\xE0\x80\x80\"", 1),
        WRONG("\"\xED\xA0\x80\"", 1),
        WRONG("\"\xF4\x90\x80\x80\"", 1),
        WRONG("\"ab\xE2\x82\"", 3),
        WRONG("\"ab\xFF", 3),
        WRONG("\"ab\xE2\x28", 3),
        WRONG("\xFE\xFF", 0),
    };
    expect_wrong(cases, COUNT(cases), false);
}

Test(json_scan, text_that_ends_too_early_says_so)
{
    static const struct wrong cases[] = {
        WRONG("", 0),
        WRONG("  \n", 3),
        WRONG("[", 1),
        WRONG("[1", 2),
        WRONG("[1,", 3),
        WRONG("[ ", 2),
        WRONG("{", 1),
        WRONG("{\"a\"", 4),
        WRONG("{\"a\":", 5),
        WRONG("{\"a\":1", 6),
        WRONG("{\"a\":1,", 7),
        WRONG("{\"a", 3),
        WRONG("\"", 1),
        WRONG("\"abc", 4),
        WRONG("\"a\\", 3),
        WRONG("\"\\u", 3),
        WRONG("\"\\u12", 5),
        WRONG("\"\\ud800", 7),
        WRONG("\"\\ud800\\", 8),
        WRONG("\"\\ud800\\u", 9),
        WRONG("\"\\ud800\\udc", 11),
        WRONG("\"\xC3", 2),
        WRONG("\"\xE2\x82", 3),
        WRONG("\"\xE0\xA0", 3),
        WRONG("\"\xED\x9F", 3),
        WRONG("\"\xF0\x90", 3),
        WRONG("\"\xF4\x8F\xBF", 4),
        WRONG("\"\xF0", 2),
        WRONG("-", 1),
        WRONG("1.", 2),
        WRONG("1e", 2),
        WRONG("1e-", 3),
        WRONG("t", 1),
        WRONG("fals", 4),
        WRONG("[nul", 4),
    };
    expect_wrong(cases, COUNT(cases), true);
}

Test(json_scan, since_is_where_the_unfinished_thing_began)
{
    static const struct {
        const char *text, *what;
        size_t since;
    } cases[] = {
        {" {\"a\": [1, \"abc", "inside a string", 11},
        {" {\"a\": [1, 2", "inside an array", 7},
        {" {\"a\": [1, 2]", "inside an object", 1},
        {" {\"a\": [1, {", "inside an object", 11},
        {"[[1],[2],", "inside an array", 0},
        {"[12, -", "inside a number", 5},
        {"[true, fal", "inside a word", 7},
        {"{\"ab", "inside a string", 1},
        {"   ", "before any value", 3},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct leat_json_fault fault;
        size_t at = 0;
        cr_expect_eq(leat_json_scan(leat_str_c(cases[i].text), &at, &fault).code, LEAT_E_NOT_JSON);
        cr_expect(fault.ended);
        cr_expect_str_eq(fault.what, cases[i].what, "%s: %s", cases[i].text, fault.what);
        cr_expect_eq(fault.since, cases[i].since, "%s: since %zu", cases[i].text, fault.since);
    }
}

/* Cut anywhere, valid text could still go on: every start of it must ask for more. */
Test(json_scan, every_start_of_a_document_could_go_on)
{
    static const char text[] =
        " {\"a\" : [1,-2.5e+3 ,\"x\\u0041\\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\\ud834\\udd1e\","
        "true,null,false,{ } ,[ ]],\"\":{\"c\":0}}";
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *copy LEAT_CLEANUP(leat_freep) = leat_alloc_raw(len + 1); /* exact, for the sanitizer */
        struct leat_json_fault fault;
        size_t at = 0;
        memcpy(copy, text, len);
        copy[len] = '!';
        leat_status status = leat_json_scan(leat_str_of(copy, len), &at, &fault);
        cr_expect_eq(status.code, LEAT_E_NOT_JSON, "%zu bytes", len);
        cr_expect(fault.ended, "%zu bytes: %s", len, fault.what);
        cr_expect_eq(fault.offset, len);
    }
    cr_expect(leat_json_valid(leat_str_c(text)));
}

Test(json_scan, a_scan_takes_one_value_and_leaves_the_rest)
{
    leat_str text = LEAT_STR(" 1 [2]\n{}true\"x\"0x");
    static const size_t ends[] = {2, 6, 9, 13, 16, 17};
    size_t at = 0;
    for (size_t i = 0; i < COUNT(ends); i++) {
        cr_expect(leat_is_ok(leat_json_scan(text, &at, NULL)));
        cr_expect_eq(at, ends[i], "value %zu ends at %zu", i, at);
    }
    cr_expect_not(leat_is_ok(leat_json_scan(text, &at, NULL)));
    cr_expect_eq(at, 17);
}

Test(json_scan, depth_has_a_limit_that_is_told_apart)
{
    static char text[2 * LEAT_JSON_DEPTH_MAX + 2];
    struct leat_json_fault fault;
    size_t at = 0, depth = LEAT_JSON_DEPTH_MAX;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    cr_expect(leat_json_valid(leat_str_of(text, 2 * depth)));
    memset(text, '[', depth + 1);
    cr_expect_eq(leat_json_scan(leat_str_of(text, 2 * depth), &at, &fault).code, LEAT_E_TOO_DEEP);
    cr_expect_eq(fault.offset, depth);
    cr_expect_not(fault.ended);
    for (size_t i = 0; i <= depth; i++) /* objects count as well, and kinds may mix */
        memcpy(text + i, i % 2 == 0 ? "[" : "{", 1);
    at = 0;
    cr_expect_eq(leat_json_scan(leat_str_of(text, 2 * depth), &at, &fault).code, LEAT_E_NOT_JSON);
    cr_expect_eq(fault.offset, 2, "a name is missing");
}

/* Found by this test: a vertical tab behind a value was taken for white space. */
Test(json_scan, valid_means_one_value_and_json_white_space)
{
    cr_expect(leat_json_valid(LEAT_STR(" {} \t\r\n")));
    cr_expect_not(leat_json_valid(LEAT_STR("{} {}")));
    cr_expect_not(leat_json_valid(LEAT_STR("{}\v")));
    cr_expect_not(leat_json_valid(LEAT_STR("{}\f")));
    cr_expect_not(leat_json_valid(LEAT_STR("1 x")));
    cr_expect_not(leat_json_valid(LEAT_STR("")));
    cr_expect_not(leat_json_valid(LEAT_ABSENT));
}

Test(json_scan, minify_drops_white_space_between_tokens_alone)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {" { \"a b\" : [ 1 , 2.50 ,\n\t\"x \\\" y\\\\\" , null ] }\r\n", "{\"a b\":[1,2.50,\"x \\\" y\\\\\",null]}"},
        {"\"a b\"", "\"a b\""},
        {" 9007199254740993 ", "9007199254740993"},
        {"[\"\\\\\", \" \"]", "[\"\\\\\",\" \"]"},
        {"", ""},
    };
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    leat_arena_init(&arena, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct leat_buf buf;
        leat_buf_init(&buf, &arena);
        leat_json_minify(&buf, leat_str_c(cases[i].text));
        leat_str got = leat_buf_str(&buf);
        cr_expect(leat_str_is(got, cases[i].want), "got %.*s, want %s", LEAT_ARG(got), cases[i].want);
    }
}
