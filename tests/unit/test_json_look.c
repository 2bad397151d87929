/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into trees: members, types, RFC 6901 pointers. */
#include <leat/json.h>

#include <criterion/criterion.h>

static struct leat_arena arena;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(json_look, .init = setup, .fini = teardown);

static cJSON *parse_c(const char *text)
{
    cJSON *root = NULL;
    cr_assert(leat_is_ok(leat_json_parse(&arena, leat_str_c(text), &root, NULL)), "%s", text);
    return root;
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
    cr_expect(leat_str_is(got, want), "%s: got %.*s, want %s", what, LEAT_ARG(got), want);
}

Test(json_look, look_ups_take_what_is_missing_or_of_another_type)
{
    const cJSON *root = parse_c("{\"t\":\"x\",\"n\":1,\"o\":{},\"l\":[],\"T\":\"y\",\"z\":null}");
    cr_expect_null(leat_json_get(NULL, "t"));
    cr_expect_null(leat_json_get(leat_json_get(root, "l"), "t"));
    cr_expect_null(leat_json_get(root, "missing"));
    expect(leat_json_get_text(root, "T"), "y", "case matters");
    cr_expect_null(leat_json_get_text(root, "n").ptr);
    cr_expect_null(leat_json_text(NULL).ptr);
    cr_expect_null(leat_json_get_object(root, "l"));
    cr_expect_null(leat_json_get_array(root, "o"));
    cr_expect_not_null(leat_json_get_object(root, "o"));
    cr_expect_not_null(leat_json_get_array(root, "l"));
    cr_expect_str_eq(leat_json_type(leat_json_get(root, "z")), "null");
    cr_expect_str_eq(leat_json_type(leat_json_get(root, "n")), "a number");
    cr_expect_str_eq(leat_json_type(NULL), "missing");
}

Test(json_look, pointers_follow_rfc_6901)
{
    static const struct {
        const char *pointer, *want; /* NULL: nothing there */
    } cases[] = {
        {"/foo", "[\"bar\",\"baz\"]"},
        {"/foo/0", "\"bar\""},
        {"/foo/1", "\"baz\""},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/e^f", "3"},
        {"/g|h", "4"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
        {"/~01", "9"},
        {"foo", NULL},
        {"/foo/2", NULL},
        {"/foo/-", NULL},
        {"/foo/00", NULL},
        {"/foo/01", NULL},
        {"/foo/-1", NULL},
        {"/foo/+1", NULL},
        {"/foo/1e0", NULL},
        {"/foo/", NULL},
        {"/foo/99999999999999999999", NULL},
        {"/foo/0/x", NULL},
        {"/foo/bar", NULL},
        {"/a/b", NULL},
        {"/m~2n", NULL},
        {"/m~", NULL},
        {"/nothing", NULL},
        {"/fo", NULL},
        {"/fooo", NULL},
    };
    const cJSON *root =
        parse_c("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
                "\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9}");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const cJSON *found = leat_json_pointer(root, leat_str_c(cases[i].pointer));
        if (cases[i].want == NULL)
            cr_expect_null(found, "%s", cases[i].pointer);
        else
            expect(found != NULL ? printed(found) : LEAT_ABSENT, cases[i].want, cases[i].pointer);
    }
    cr_expect_eq(leat_json_pointer(root, LEAT_STR("")), root);
    cr_expect_eq(leat_json_pointer(root, LEAT_ABSENT), root);
    cr_expect_null(leat_json_pointer(NULL, LEAT_STR("/foo")));
}
