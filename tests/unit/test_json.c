/* SPDX-License-Identifier: Apache-2.0 */
/* Trees on arenas, what cJSON cuts and how it comes back, printing. */
#include <leat/alloc.h>
#include <leat/doc.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct leat_arena arena;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(json, .init = setup, .fini = teardown);

static cJSON *parse(leat_str text)
{
    struct leat_json_fault fault;
    cJSON *root = NULL;
    cr_assert(leat_is_ok(leat_json_parse(&arena, text, &root, &fault)), "%.*s: %s at %zu", LEAT_ARG(text), fault.what,
              fault.offset);
    return root;
}

static cJSON *parse_c(const char *text)
{
    return parse(leat_str_c(text));
}

static leat_str printed(const cJSON *item)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    leat_json_print(&buf, item);
    return leat_buf_str(&buf);
}

static void expect(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_is(got, want), "%s: got %.*s, want %s", what, LEAT_ARG(got), want != NULL ? want : "(absent)");
}

/* --- parsing ----------------------------------------------------------------------------------------- */

Test(json, trees_lie_in_the_arena)
{
    cJSON *root = parse_c(" {\"a\":[1,\"two\",{\"b\":null}]} ");
    const cJSON *list = leat_json_get_array(root, "a");
    const cJSON *text = cJSON_GetArrayItem(list, 1);
    cr_expect(leat_arena_owns(&arena, root) && leat_arena_owns(&arena, list) && leat_arena_owns(&arena, text));
    cr_expect(leat_arena_owns(&arena, text->valuestring) && leat_arena_owns(&arena, list->string));
    cr_expect_not(leat_json_hooks_lost());
}

Test(json, what_is_no_json_is_told_with_its_place)
{
    const struct {
        leat_str text;
        size_t offset;
        bool ended;
        int code;
    } cases[] = {
        {LEAT_STR("{\"a\":tru}"), 8, false, LEAT_E_NOT_JSON},
        {LEAT_STR("{\"a\":1"), 6, true, LEAT_E_NOT_JSON},
        {LEAT_STR(""), 0, true, LEAT_E_NOT_JSON},
        {LEAT_STR("{} x"), 3, false, LEAT_E_NOT_JSON},
        {LEAT_STR("{\"a\":1}\0"), 7, false, LEAT_E_NOT_JSON},
        {LEAT_STR("{\"a\":\0 1}"), 5, false, LEAT_E_NOT_JSON},
        {LEAT_STR("\xEF\xBB\xBF{]"), 4, false, LEAT_E_NOT_JSON},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct leat_json_fault fault;
        cJSON *root = NULL;
        leat_status status = leat_json_parse(&arena, cases[i].text, &root, &fault);
        cr_expect_eq(status.code, cases[i].code, "case %zu", i);
        cr_expect_eq(fault.status.code, cases[i].code);
        cr_expect_eq(fault.offset, cases[i].offset, "case %zu: %zu", i, fault.offset);
        cr_expect_eq(fault.ended, cases[i].ended, "case %zu", i);
        cr_expect_null(root);
    }
}

Test(json, a_byte_order_mark_may_stand_in_front)
{
    cr_expect(cJSON_IsObject(parse_c("\xEF\xBB\xBF{}")));
}

Test(json, depth_is_limited_and_told_apart)
{
    static char text[2 * LEAT_JSON_DEPTH_MAX + 2];
    struct leat_json_fault fault;
    cJSON *root;
    size_t depth = LEAT_JSON_DEPTH_MAX;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    cr_expect(cJSON_IsArray(parse(leat_str_of(text, 2 * depth))));
    memset(text, '[', depth + 1);
    memset(text + depth + 1, ']', depth + 1);
    cr_expect_eq(leat_json_parse(&arena, leat_str_of(text, 2 * depth + 2), &root, &fault).code, LEAT_E_TOO_DEEP);
    cr_expect_eq(fault.offset, depth);
}

Test(json, strings_keep_what_stands_behind_a_nul)
{
    cJSON *root = parse_c(
        "{\"a\":\"x\\u0000y\\n\\ud83d\\ude00\",\"b\\u0000c\":1,\"d\":\"\\u0000\",\"e\":\"\\\\u0000\",\"f\":\"\"}");
    leat_str text = leat_json_get_text(root, "a");
    cr_expect(leat_str_eq(text, LEAT_STR("x\0y\n\xF0\x9F\x98\x80")), "%zu bytes", text.len);
    cr_expect(leat_str_eq(leat_json_get_text(root, "d"), leat_str_of("\0", 1)));
    cr_expect(leat_str_eq(leat_json_get_text(root, "e"), LEAT_STR("\\u0000")), "no NUL but its spelling");
    cr_expect(leat_str_eq(leat_json_get_text(root, "f"), LEAT_STR("")));
    cr_expect_null(leat_json_get(root, "b"), "a name cut at its NUL is no other name");
    expect(printed(leat_json_get(root, "a")), "\"x\\u0000y\\n\xF0\x9F\x98\x80\"", "back");
}

/* Fuzzing found that cJSON takes such an escape for a NUL: the string was cut there, and none the wiser. */
Test(json, an_escape_without_four_digits_is_no_json)
{
    static const char *const cases[] = {
        "[\"ab\\u00zzcd\"]",           "[\"ab\\u008\xCB\xA3zz\"]", "[\"ab\\\\\\u+041\"]",
        "[\"\\u0000\", \"\\u 041 \"]", "{\"\\u00g0 \":1}",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct leat_json_fault fault;
        cJSON *root = NULL;
        cr_expect_eq(leat_json_parse(&arena, leat_str_c(cases[i]), &root, &fault).code, LEAT_E_NOT_JSON, "%s",
                     cases[i]);
        cr_expect(leat_str_is(leat_str_c(fault.what), "\\u wants four hexadecimal digits"), "%s", fault.what);
    }
    const cJSON *list = parse_c("[\"\\\\uzzzz\",\"\\u00e9\\u00E9\\\\\\u0041\"]");
    expect(leat_json_text(list->child), "\\uzzzz", "an escaped backslash escapes no u");
    expect(leat_json_text(list->child->next), "\xC3\xA9\xC3\xA9\\A", "digits of any case");
}

Test(json, numbers_keep_their_text_when_asked)
{
    static const char *const numbers[] = {
        "9007199254740993",
        "1.50",
        "1E3",
        "-0",
        "0.1",
        "123456789012345678901234567890",
        "1e400",
        "-1e400",
        "5e-324",
        "0.30000000000000004",
        "100000000000000000000000000000000000000000000000000000000000000000000000000000001",
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char text[200];
        snprintf(text, sizeof(text), " [ {\"a\\u0000\" : %s } , \"%s\" ]", numbers[i], numbers[i]);
        cJSON *root = parse_c(text);
        cr_assert(leat_is_ok(leat_json_keep_numbers(&arena, leat_str_c(text), root)));
        expect(printed(root->child->child), numbers[i], "number");
        expect(leat_json_text(root->child->next), numbers[i], "text is left alone");
    }
}

Test(json, digits_are_those_of_whole_numbers_that_fit_64_bits)
{
    static const char *const cases[][2] = {
        {"0", "0"},
        {"-0", "0"},
        {"15", "15"},
        {"15.0", "15"},
        {"1e3", "1000"},
        {"9007199254740991", "9007199254740991"},
        {"9007199254740992", "9007199254740992"},
        {"9007199254740993", "9007199254740993"},
        {"1152921504606846976", "1152921504606846976"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", NULL},
        {"1e18", NULL}, /* digits, but not written as such */
        {"1e400", NULL},
        {"-1", NULL},
        {"1.5", NULL},
        {"\"15\"", NULL},
        {"null", NULL},
        {"[]", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cJSON *root = parse_c(cases[i][0]);
        cr_assert(leat_is_ok(leat_json_keep_numbers(&arena, leat_str_c(cases[i][0]), root)));
        expect(leat_json_digits(&arena, root), cases[i][1], cases[i][0]);
    }
    expect(leat_json_digits(&arena, parse_c("9007199254740993")), NULL, "a double alone does not know");
    expect(leat_json_digits(&arena, NULL), NULL, "nothing");
}

Test(json, numbers_print_as_the_shortest_that_reads_back)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"1", "1"},
        {"1.0", "1"},
        {"-0", "0"},
        {"0.1", "0.1"},
        {"4.5", "4.5"},
        {"1e3", "1000"},
        {"9007199254740991", "9007199254740991"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1e21", "1e+21"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"1e400", "1e999"},
        {"-1e400", "-1e999"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cJSON *root = parse_c(cases[i].text);
        leat_str got = printed(root);
        expect(got, cases[i].want, cases[i].text);
        cr_expect_eq(strtod(got.ptr, NULL), root->valuedouble);
    }
}

Test(json, trees_print_as_one_line)
{
    static const char text[] = "{\"a\":[1,true,false,null,\"\\\"\\n\\u0001\"],\"\":{},\"\xC3\xA9\":[]}";
    expect(printed(parse_c(text)), text, "tree");
}

Test(json, a_number_fits_if_its_value_survives_a_double)
{
    static const struct {
        const char *text;
        bool fits;
    } cases[] = {
        {"0", true},
        {"-0", true},
        {"1.50", true},
        {"1e3", true},
        {"0.1", true},
        {"-12.75", true},
        {"9007199254740992", true},
        {"9007199254740993", false},
        {"9007199254740994", true},
        {"0.30000000000000004", true},
        {"3.14159265358979323846", false},
        {"100000000000000000000", true},
        {"123456789012345678901", false},
        {"1e308", true},
        {"1e309", false},
        {"1e-400", false},
        {"99999999999999999999999999999999999999", false},
        {"", false},
        {"-", false},
        {".", false},
        {"abc", false},
        {"1x", false},
        {"1.2.3", false},
        {"1e", false},
        {"NaN", false},
        {"0x10", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(leat_json_number_fits(leat_str_c(cases[i].text)), cases[i].fits, "%s", cases[i].text);
    cr_expect_not(leat_json_number_fits(LEAT_ABSENT));
}

/* --- memory ------------------------------------------------------------------------------------------ */

static const char order[] =
    "{\"id\":\"a\\u0000b\",\"n\":9007199254740993,\"items\":[{\"sku\":\"x\"},[1.50,{\"y\":{}}]]}";

Test(json, every_allocation_may_fail)
{
    for (uint64_t nth = 1;; nth++) {
        struct leat_doc *doc = NULL;
        struct leat_json_fault fault;
        cr_assert_lt(nth, 100);
        leat_arena_fini(&arena);
        leat_arena_init(&arena, 0);
        arena.chunk_size = 64; /* many small chunks: many places to fail */
        leat_alloc_fail_at(nth, false);
        leat_status status = leat_doc_parse(&arena, leat_str_c(order), true, &doc, &fault);
        leat_alloc_fail_at(0, false);
        if (leat_is_ok(status)) {
            cr_expect_gt(nth, 3);
            cr_expect(cJSON_IsObject(doc->root));
            return;
        }
        cr_expect_eq(status.code, LEAT_E_NO_MEMORY, "allocation %llu", (unsigned long long)nth);
        cr_expect_null(doc);
    }
}

Test(json, a_tree_beyond_the_cap_is_too_big)
{
    struct leat_json_fault fault;
    cJSON *root;
    for (size_t cap = 32; cap < 1500; cap += 16) {
        leat_arena_fini(&arena);
        leat_arena_init(&arena, cap);
        leat_status status = leat_json_parse(&arena, leat_str_c(order), &root, &fault);
        cr_expect(leat_is_ok(status) || status.code == LEAT_E_TOO_BIG, "cap %zu: %s", cap, leat_status_code(status));
        cr_expect_eq(root == NULL, !leat_is_ok(status));
        if (cap == 32)
            cr_expect_eq(fault.status.code, LEAT_E_TOO_BIG);
    }
    cr_expect_not_null(root, "the last one fits");
}

Test(json, a_handler_uses_cjson_as_ever)
{
    leat_arena_init(&arena, 0);
    (void)parse_c("[1]");
    size_t used = arena.used;
    cJSON *own = cJSON_Parse("{\"a\":[1,2,3]}");
    cr_expect_not(leat_arena_owns(&arena, own));
    char *text = cJSON_PrintUnformatted(own);
    cr_expect_str_eq(text, "{\"a\":[1,2,3]}");
    free(text); /* malloc's, as cJSON says */
    cJSON_Delete(own);
    cr_expect_eq(arena.used, used);
}

/* Found by this test: what repair puts into a tree was given to cJSON_Delete. */
Test(json, a_library_that_takes_the_hooks_away_is_survived)
{
    (void)parse_c("[1]");
    cr_expect_not(leat_json_hooks_lost());
    cJSON_InitHooks(NULL);
    cJSON *root = parse_c(order);
    cr_expect(leat_json_hooks_lost());
    cr_expect(leat_str_eq(leat_json_get_text(root, "id"), LEAT_STR("a\0b")));
    cr_assert(leat_is_ok(leat_json_keep_numbers(&arena, leat_str_c(order), root)));
    expect(printed(root), "{\"id\":\"a\\u0000b\",\"n\":9007199254740993,\"items\":[{\"sku\":\"x\"},[1.50,{\"y\":{}}]]}",
           "exact");
    leat_arena_fini(&arena); /* the leak checker sees what is left */
}

static size_t foreign_count, foreign_calls;

static void *foreign_alloc(size_t size)
{
    foreign_count++;
    foreign_calls++;
    return malloc(size);
}

static void foreign_free(void *memory)
{
    foreign_count -= memory != NULL;
    free(memory);
}

Test(json, a_tree_of_foreign_hooks_goes_back_where_it_came_from)
{
    cJSON_Hooks hooks = {foreign_alloc, foreign_free};
    (void)parse_c("[1]");
    cJSON_InitHooks(&hooks);
    expect(printed(parse_c("{\"a\":[\"b\",2,{}],\"\":null}")), "{\"a\":[\"b\",2,{}],\"\":null}", "tree");
    cr_expect_gt(foreign_calls, 0);
    cr_expect_eq(foreign_count, 0, "none of it stays");
    for (uint64_t nth = 1; nth < 4; nth++) {
        struct leat_json_fault fault;
        cJSON *root;
        leat_arena_fini(&arena);
        arena.chunk_size = 64;
        leat_alloc_fail_at(nth, false);
        cr_expect_eq(leat_json_parse(&arena, leat_str_c(order), &root, &fault).code, LEAT_E_NO_MEMORY);
        leat_alloc_fail_at(0, false);
        cr_expect_eq(foreign_count, 0, "nor of one that finds no room");
    }
}

Test(json, a_copy_is_the_callers)
{
    cJSON *copy = leat_json_copy(parse_c("{\"a\":[1,\"x\"]}"));
    leat_arena_fini(&arena);
    expect(printed(copy), "{\"a\":[1,\"x\"]}", "copy");
    cJSON_Delete(copy);
}
