/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns that are none, and what is said of them; limits. */
#include "filtering.h"

TestSuite(filter_broken);

static void expect_fault(const char *pattern, int code, const char *message)
{
    struct leat_arena arena = {0};
    struct leat_error error = {0};
    struct leat_filter *filter = leat_filter_new(&arena, NULL);
    leat_status status = leat_filter_add(filter, leat_str_c(pattern), &error);
    cr_expect_eq(status.code, code, "%s", pattern);
    cr_expect_str_eq(error.message, message);
    cr_expect(leat_is_ok(leat_filter_add(filter, LEAT_STR("{\"n\":[{\"exists\":false}]}"), &error)), "as it was");
    leat_arena_fini(&arena);
}

#define EXPECT_FAULT(pattern, message) expect_fault(pattern, LEAT_E_CONFIG, message)

Test(filter_broken, text_that_is_no_json)
{
    expect_fault("", LEAT_E_NOT_JSON, "the pattern is no JSON, byte 0: before any value");
    expect_fault("{\"a\":[1]} x", LEAT_E_NOT_JSON, "the pattern is no JSON, byte 9: something stands behind it");
}

Test(filter_broken, shapes)
{
    EXPECT_FAULT("[1]", "the pattern: an array (want an object)");
    EXPECT_FAULT("{}", "the pattern: an empty object says nothing");
    EXPECT_FAULT("{\"a\":{\"b\":{}}}", "/a/b: an empty object says nothing");
    EXPECT_FAULT("{\"a\":[]}", "/a: an empty array matches nothing");
    EXPECT_FAULT("{\"a\":\"x\"}", "/a: text stands alone (want an array of values, or an object)");
    EXPECT_FAULT("{\"a/b\":{\"~\":[[1]]}}", "/a~1b/~0/0: an array in an array (want a value, or an operator)");
    EXPECT_FAULT("{\"$or\":[{\"a\":[1]}]}", "/$or: $or takes two or more objects");
    EXPECT_FAULT("{\"$or\":[{\"a\":[1]},{\"b\":1}]}",
                 "/$or/1/b: a number stands alone (want an array of values, or an object)");
}

Test(filter_broken, operators)
{
    EXPECT_FAULT("{\"body\":{\"price\":[{\"numerc\":[\"<\",1]}]}}",
                 "/body/price/0: \"numerc\" is no operator; did you mean numeric?");
    EXPECT_FAULT("{\"a\":[1,{\"regex\":\"x\"}]}", "/a/1: \"regex\" is no operator");
    EXPECT_FAULT("{\"a\":[{}]}", "/a/0: an object with nothing in it (want one operator)");
    EXPECT_FAULT("{\"a\":[{\"prefix\":\"x\",\"suffix\":\"y\"}]}",
                 "/a/0: an object with several members (want one operator)");
    EXPECT_FAULT("{\"a\":[{\"prefix\":1}]}", "/a/0: prefix is a number (want text, or {\"equals-ignore-case\": text})");
    EXPECT_FAULT("{\"a\":[{\"equals-ignore-case\":[\"x\"]}]}", "/a/0: equals-ignore-case is an array (want text)");
    EXPECT_FAULT("{\"a\":[{\"exists\":\"true\"}]}", "/a/0: exists is text (want true or false)");
    EXPECT_FAULT("{\"a\":[{\"cidr\":\"10.0.0.0\"}]}",
                 "/a/0: cidr is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32");
    EXPECT_FAULT("{\"a\":[{\"cidr\":\"10.0.0.0/33\"}]}",
                 "/a/0: cidr is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32");
}

Test(filter_broken, wildcards)
{
    EXPECT_FAULT("{\"a\":[{\"wildcard\":\"a**b\"}]}", "/a/0: wildcard has two stars side by side: one does the same");
    EXPECT_FAULT("{\"a\":[{\"wildcard\":\"a\\\\b\"}]}",
                 "/a/0: wildcard has a backslash before something else than * and \\");
    EXPECT_FAULT("{\"a\":[{\"wildcard\":\"a\\\\\"}]}",
                 "/a/0: wildcard has a backslash before something else than * and \\");
}

#define WANT "(want [\"=\", 5], [\">\", 0], or a range such as [\">\", 0, \"<=\", 5])"

Test(filter_broken, numeric)
{
    EXPECT_FAULT("{\"a\":[{\"numeric\":5}]}",
                 "/a/0: numeric is a number (want [\"=\", 5], [\">\", 0], or a range such as [\">\", 0, \"<=\", 5])");
    EXPECT_FAULT("{\"a\":[{\"numeric\":[\"!\",5]}]}", "/a/0: numeric is no comparison " WANT);
    EXPECT_FAULT("{\"a\":[{\"numeric\":[\"<\",5,\">\",0]}]}", "/a/0: numeric is no comparison " WANT);
    EXPECT_FAULT("{\"a\":[{\"numeric\":[\"=\",5,\"<\",9]}]}", "/a/0: numeric is no comparison " WANT);
    EXPECT_FAULT("{\"a\":[{\"numeric\":[\">\"]}]}", "/a/0: numeric has missing behind a comparison (want a number)");
    EXPECT_FAULT("{\"a\":[{\"numeric\":[\">\",\"5\"]}]}", "/a/0: numeric has text behind a comparison (want a number)");
    EXPECT_FAULT("{\"a\":[{\"numeric\":[\">\",5,\"<\",5]}]}",
                 "/a/0: numeric has its lower bound not below its upper bound");
    EXPECT_FAULT("{\"a\":[{\"numeric\":[\">\",5000000001]}]}", "/a/0: numeric compares numbers from -5e9 to 5e9 only");
}

Test(filter_broken, anything_but)
{
    EXPECT_FAULT("{\"a\":[{\"anything-but\":[]}]}", "/a/0: anything-but has an empty array");
    EXPECT_FAULT("{\"a\":[{\"anything-but\":[\"x\",1]}]}", "/a/0: anything-but mixes text and numbers");
    EXPECT_FAULT("{\"a\":[{\"anything-but\":null}]}",
                 "/a/0: anything-but has null (want text, numbers, or an operator)");
    EXPECT_FAULT("{\"a\":[{\"anything-but\":{\"numeric\":[\"<\",1]}}]}",
                 "/a/0: anything-but takes one of prefix, suffix, equals-ignore-case, wildcard");
    EXPECT_FAULT("{\"a\":[{\"anything-but\":{\"prefix\":\"\"}}]}", "/a/0: anything-but has an empty prefix");
    EXPECT_FAULT("{\"a\":[{\"anything-but\":{\"suffix\":[1]}}]}",
                 "/a/0: suffix is a number (want text, or {\"equals-ignore-case\": text})");
}

/* `text` so many times. */
static leat_str repeated(const char *text, size_t count)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &filter_arena);
    while (count-- > 0)
        leat_buf_c(&buf, text);
    return leat_arena_copy(&filter_arena, leat_buf_str(&buf));
}

Test(filter_broken, long_places_are_cut)
{
    struct leat_error error = {0};
    leat_str open = repeated("{\"member\":", 100), close = repeated("}", 100);
    leat_str pattern = leat_arena_printf(&filter_arena, "%.*s1%.*s", LEAT_ARG(open), LEAT_ARG(close));
    cr_expect_null(filter_of(pattern.ptr, &error));
    leat_str message = leat_str_c(error.message);
    cr_expect(leat_str_starts(message, LEAT_STR("/member/member/")));
    cr_expect(leat_str_ends(message, LEAT_STR("(want an array of values, or an object)")));
}

Test(filter_broken, limits_are_those_of_lambda_and_can_be_others)
{
    const struct leat_filter_limits limits = {.pattern_bytes = 9000, .patterns = 2, .wildcards = 1};
    struct leat_error error = {0};
    leat_str pattern = leat_arena_printf(&filter_arena, "{\"a\":[\"%.*s\"]}", LEAT_ARG(repeated("x", 4096)));
    expect_fault(pattern.ptr, LEAT_E_TOO_BIG, "the pattern has 4106 bytes (at most 4096)");
    struct leat_filter *filter = leat_filter_new(&filter_arena, &limits);
    cr_expect(leat_is_ok(leat_filter_add(filter, pattern, &error)));
    cr_expect_eq(leat_filter_add(filter, LEAT_STR("{\"a\":[{\"wildcard\":\"*a*\"}]}"), &error).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "/a/0: wildcard has 2 stars (at most 1)");
    cr_expect(leat_is_ok(leat_filter_add(filter, LEAT_STR("{\"a\":[1]}"), &error)));
    cr_expect_eq(leat_filter_add(filter, LEAT_STR("{\"a\":[1]}"), &error).code, LEAT_E_TOO_BIG);
    cr_expect_str_eq(error.message, "more than 2 patterns");
}

Test(filter_broken, want_of_memory_is_said)
{
    struct leat_error error = {0};
    size_t failed = 0;
    for (size_t cap = 64; cap < 20000; cap += 64) {
        struct leat_arena arena;
        leat_arena_init(&arena, cap);
        struct leat_filter *filter = leat_filter_new(&arena, NULL);
        leat_str pattern =
            LEAT_STR("{\"a\":[{\"wildcard\":\"*a*\"},{\"exists\":false}],\"$or\":[{\"b\":[1]},{\"c\":[2]}]}");
        leat_status status = filter != NULL ? leat_filter_add(filter, pattern, &error) : LEAT_STATUS(TOO_BIG);
        cr_expect(leat_is_ok(status) || status.code == LEAT_E_TOO_BIG || status.code == LEAT_E_NO_MEMORY);
        failed += leat_is_ok(status) ? 0 : 1;
        leat_arena_fini(&arena);
    }
    cr_expect(failed > 0);
}
