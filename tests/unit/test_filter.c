/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern language: every operator, arrays, $or. Payloads are direct calls, which a filter sees as they are. */
#include "filtering.h"

TestSuite(filter);

/* --- exact values ------------------------------------------------------------------------------------------ */

Test(filter, text_is_matched_whole)
{
    EXPECT_MATCH("{\"town\":[\"Leiden\"]}", "{\"town\":\"Leiden\",\"n\":1}");
    EXPECT_NO_MATCH("{\"town\":[\"Leiden\"]}", "{\"town\":\"leiden\"}");
    EXPECT_NO_MATCH("{\"town\":[\"Leiden\"]}", "{\"town\":\"Leiden \"}");
    EXPECT_NO_MATCH("{\"town\":[\"Leiden\"]}", "{\"Town\":\"Leiden\"}");
    EXPECT_NO_MATCH("{\"town\":[\"Leiden\"]}", "{\"x\":{\"town\":\"Leiden\"}}");
}

Test(filter, text_and_number_differ)
{
    EXPECT_NO_MATCH("{\"n\":[\"1\"]}", "{\"n\":1}");
    EXPECT_NO_MATCH("{\"n\":[1]}", "{\"n\":\"1\"}");
    EXPECT_NO_MATCH("{\"n\":[null]}", "{\"n\":\"null\"}");
    EXPECT_NO_MATCH("{\"n\":[true]}", "{\"n\":\"true\"}");
}

Test(filter, values_of_a_list_are_alternatives)
{
    EXPECT_MATCH("{\"n\":[\"a\",\"b\"]}", "{\"n\":\"b\"}");
    EXPECT_NO_MATCH("{\"n\":[\"a\",\"b\"]}", "{\"n\":\"c\"}");
    EXPECT_MATCH("{\"n\":[\"a\",{\"prefix\":\"x\"},3]}", "{\"n\":3}");
}

Test(filter, all_members_must_match)
{
    EXPECT_MATCH("{\"a\":[1],\"b\":{\"c\":[2]}}", "{\"a\":1,\"b\":{\"c\":2,\"d\":3}}");
    EXPECT_NO_MATCH("{\"a\":[1],\"b\":{\"c\":[2]}}", "{\"a\":1,\"b\":{\"c\":3}}");
    EXPECT_NO_MATCH("{\"a\":[1],\"b\":{\"c\":[2]}}", "{\"a\":1,\"b\":2}");
}

/* Lambda compares a plain number by its text. */
Test(filter, plain_numbers_are_compared_by_their_text)
{
    EXPECT_MATCH("{\"n\":[300]}", "{\"n\":300}");
    EXPECT_NO_MATCH("{\"n\":[300]}", "{\"n\":300.0}");
    EXPECT_NO_MATCH("{\"n\":[300]}", "{\"n\":3.0e2}");
    EXPECT_MATCH("{\"n\":[300.0]}", "{\"n\":300.0}");
    EXPECT_NO_MATCH("{\"n\":[300.0]}", "{\"n\":300}");
    EXPECT_MATCH("{\"n\":[0.1]}", "{\"n\": 0.1 }");
}

Test(filter, large_numbers_are_compared_to_the_digit)
{
    EXPECT_MATCH("{\"n\":[9007199254740993]}", "{\"n\":9007199254740993}");
    EXPECT_NO_MATCH("{\"n\":[9007199254740993]}", "{\"n\":9007199254740992}");
}

Test(filter, null_true_false_and_empty_are_values)
{
    EXPECT_MATCH("{\"n\":[null]}", "{\"n\":null}");
    EXPECT_NO_MATCH("{\"n\":[null]}", "{\"m\":null}");
    EXPECT_MATCH("{\"n\":[true]}", "{\"n\":true}");
    EXPECT_NO_MATCH("{\"n\":[true]}", "{\"n\":false}");
    EXPECT_MATCH("{\"n\":[\"\"]}", "{\"n\":\"\"}");
    EXPECT_NO_MATCH("{\"n\":[\"\"]}", "{\"n\":null}");
    EXPECT_NO_MATCH("{\"n\":[\"\"]}", "{\"m\":\"\"}");
}

Test(filter, nul_in_text_is_a_byte_like_others)
{
    EXPECT_MATCH("{\"n\":[\"a\\u0000b\"]}", "{\"n\":\"a\\u0000b\"}");
    EXPECT_NO_MATCH("{\"n\":[\"a\\u0000b\"]}", "{\"n\":\"a\\u0000c\"}");
    EXPECT_NO_MATCH("{\"n\":[\"a\"]}", "{\"n\":\"a\\u0000c\"}");
}

/* cJSON would take the first. */
Test(filter, last_of_two_members_of_one_name_counts)
{
    EXPECT_MATCH("{\"n\":[1],\"n\":[2]}", "{\"n\":2}");
    EXPECT_NO_MATCH("{\"n\":[1],\"n\":[2]}", "{\"n\":1}");
}

/* --- texts --------------------------------------------------------------------------------------------------- */

Test(filter, prefix)
{
    EXPECT_MATCH("{\"n\":[{\"prefix\":\"eu-\"}]}", "{\"n\":\"eu-west-1\"}");
    EXPECT_MATCH("{\"n\":[{\"prefix\":\"eu-\"}]}", "{\"n\":\"eu-\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"prefix\":\"eu-\"}]}", "{\"n\":\"us-eu-1\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"prefix\":\"1\"}]}", "{\"n\":12}");
}

Test(filter, suffix)
{
    EXPECT_MATCH("{\"n\":[{\"suffix\":\".png\"}]}", "{\"n\":\"mill.png\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"suffix\":\".png\"}]}", "{\"n\":\"mill.png.gz\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"suffix\":\".png\"}]}", "{\"n\":\"png\"}");
}

Test(filter, case_is_ignored_where_asked)
{
    EXPECT_MATCH("{\"n\":[{\"equals-ignore-case\":\"mill\"}]}", "{\"n\":\"MiLL\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"equals-ignore-case\":\"mill\"}]}", "{\"n\":\"mills\"}");
    EXPECT_MATCH("{\"n\":[{\"prefix\":{\"equals-ignore-case\":\"EU-\"}}]}", "{\"n\":\"eu-west-1\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"prefix\":{\"equals-ignore-case\":\"EU-\"}}]}", "{\"n\":\"e\"}");
    EXPECT_MATCH("{\"n\":[{\"suffix\":{\"equals-ignore-case\":\".png\"}}]}", "{\"n\":\"A.PNG\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"suffix\":{\"equals-ignore-case\":\".png\"}}]}", "{\"n\":\"PNG\"}");
}

Test(filter, wildcard)
{
    EXPECT_MATCH("{\"n\":[{\"wildcard\":\"*/lib/*\"}]}", "{\"n\":\"/usr/lib/x\"}");
    EXPECT_MATCH("{\"n\":[{\"wildcard\":\"a*\"}]}", "{\"n\":\"a\"}");
    EXPECT_MATCH("{\"n\":[{\"wildcard\":\"*\"}]}", "{\"n\":\"\"}");
    EXPECT_MATCH("{\"n\":[{\"wildcard\":\"a*b*c\"}]}", "{\"n\":\"aXbYbZc\"}");
    EXPECT_MATCH("{\"n\":[{\"wildcard\":\"plain\"}]}", "{\"n\":\"plain\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"wildcard\":\"plain\"}]}", "{\"n\":\"plain.\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"wildcard\":\"ab*ba\"}]}", "{\"n\":\"aba\"}"); /* no byte counts twice */
    EXPECT_NO_MATCH("{\"n\":[{\"wildcard\":\"a*b*c\"}]}", "{\"n\":\"acb\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"wildcard\":\"*\"}]}", "{\"n\":1}");
}

Test(filter, stars_and_backslashes_are_escaped_with_a_backslash)
{
    EXPECT_MATCH("{\"n\":[{\"wildcard\":\"a\\\\*b*\"}]}", "{\"n\":\"a*bc\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"wildcard\":\"a\\\\*b*\"}]}", "{\"n\":\"aXbc\"}");
    EXPECT_MATCH("{\"n\":[{\"wildcard\":\"a\\\\\\\\*\"}]}", "{\"n\":\"a\\\\c\"}");
}

/* --- numbers, addresses ------------------------------------------------------------------------------------------ */

Test(filter, numeric_comparisons)
{
    EXPECT_MATCH("{\"n\":[{\"numeric\":[\"=\",5]}]}", "{\"n\":5.0}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\"=\",5]}]}", "{\"n\":5.000001}");
    EXPECT_MATCH("{\"n\":[{\"numeric\":[\"<\",5]}]}", "{\"n\":4.999999}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\"<\",5]}]}", "{\"n\":5}");
    EXPECT_MATCH("{\"n\":[{\"numeric\":[\"<=\",5]}]}", "{\"n\":5}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\">\",-5]}]}", "{\"n\":-5}");
    EXPECT_MATCH("{\"n\":[{\"numeric\":[\">=\",-5]}]}", "{\"n\":-5}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\">=\",0]}]}", "{\"n\":\"1\"}");
}

Test(filter, numeric_ranges)
{
    EXPECT_MATCH("{\"n\":[{\"numeric\":[\">\",0,\"<=\",5]}]}", "{\"n\":5}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\">\",0,\"<=\",5]}]}", "{\"n\":0}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\">=\",0,\"<\",5]}]}", "{\"n\":5}");
}

Test(filter, numeric_has_six_decimals_and_a_range)
{
    EXPECT_MATCH("{\"n\":[{\"numeric\":[\"=\",4999999999.000001]}]}", "{\"n\":4999999999.000001}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\"=\",4999999999.000001]}]}", "{\"n\":4999999999.000002}");
    EXPECT_MATCH("{\"n\":[{\"numeric\":[\">\",0]}]}", "{\"n\":5e9}");
    EXPECT_NO_MATCH("{\"n\":[{\"numeric\":[\">\",0]}]}", "{\"n\":6e9}");
}

Test(filter, cidr)
{
    EXPECT_MATCH("{\"n\":[{\"cidr\":\"10.0.0.0/24\"}]}", "{\"n\":\"10.0.0.255\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"cidr\":\"10.0.0.0/24\"}]}", "{\"n\":\"10.0.1.0\"}");
    EXPECT_MATCH("{\"n\":[{\"cidr\":\"10.0.0.0/20\"}]}", "{\"n\":\"10.0.15.255\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"cidr\":\"10.0.0.0/20\"}]}", "{\"n\":\"10.0.16.0\"}");
    EXPECT_MATCH("{\"n\":[{\"cidr\":\"0.0.0.0/0\"}]}", "{\"n\":\"192.0.2.1\"}");
    EXPECT_MATCH("{\"n\":[{\"cidr\":\"192.0.2.1/32\"}]}", "{\"n\":\"192.0.2.1\"}");
    EXPECT_MATCH("{\"n\":[{\"cidr\":\"2001:db8::/33\"}]}", "{\"n\":\"2001:DB8:7fff::1\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"cidr\":\"2001:db8::/33\"}]}", "{\"n\":\"2001:db8:8000::1\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"cidr\":\"::/0\"}]}", "{\"n\":\"10.0.0.1\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"cidr\":\"0.0.0.0/0\"}]}", "{\"n\":\"no address\"}");
}

/* --- presence --------------------------------------------------------------------------------------------------- */

Test(filter, exists)
{
    EXPECT_MATCH("{\"a\":{\"n\":[{\"exists\":true}]}}", "{\"a\":{\"n\":null}}");
    EXPECT_NO_MATCH("{\"a\":{\"n\":[{\"exists\":true}]}}", "{\"a\":{}}");
    EXPECT_MATCH("{\"a\":{\"n\":[{\"exists\":false}]}}", "{\"a\":{\"m\":1}}");
    EXPECT_MATCH("{\"a\":{\"n\":[{\"exists\":false}]}}", "{\"b\":1}");
    EXPECT_MATCH("{\"a\":{\"n\":[{\"exists\":false}]}}", "{\"a\":1}");
    EXPECT_NO_MATCH("{\"a\":{\"n\":[{\"exists\":false}]}}", "{\"a\":{\"n\":\"\"}}");
    EXPECT_MATCH("{\"n\":[{\"exists\":false},\"x\"]}", "{\"n\":\"x\"}");
}

Test(filter, only_leaves_exist)
{
    EXPECT_NO_MATCH("{\"n\":[{\"exists\":true}]}", "{\"n\":{\"m\":1}}");
    EXPECT_MATCH("{\"n\":[{\"exists\":false}]}", "{\"n\":{\"m\":1}}");
    EXPECT_NO_MATCH("{\"n\":[{\"exists\":true}]}", "{\"n\":[]}");
    EXPECT_MATCH("{\"n\":[{\"exists\":true}]}", "{\"n\":[1]}");
}

/* --- anything-but ------------------------------------------------------------------------------------------------ */

Test(filter, anything_but_values)
{
    EXPECT_MATCH("{\"n\":[{\"anything-but\":\"a\"}]}", "{\"n\":\"b\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":\"a\"}]}", "{\"n\":\"a\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":[\"a\",\"b\"]}]}", "{\"n\":\"b\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":[100,200]}]}", "{\"n\":200}");
    EXPECT_MATCH("{\"n\":[{\"anything-but\":[100,200]}]}", "{\"n\":201}");
    EXPECT_MATCH("{\"n\":[{\"anything-but\":\"1\"}]}", "{\"n\":1}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":\"a\"}]}", "{\"m\":\"b\"}"); /* there must be something */
}

Test(filter, anything_but_operators)
{
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":{\"prefix\":\"us-\"}}]}", "{\"n\":\"us-east-1\"}");
    EXPECT_MATCH("{\"n\":[{\"anything-but\":{\"prefix\":\"us-\"}}]}", "{\"n\":\"eu-west-1\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":{\"prefix\":[\"us-\",\"eu-\"]}}]}", "{\"n\":\"eu-west-1\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":{\"suffix\":\".png\"}}]}", "{\"n\":\"a.png\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":{\"equals-ignore-case\":[\"a\",\"b\"]}}]}", "{\"n\":\"B\"}");
    EXPECT_MATCH("{\"n\":[{\"anything-but\":{\"equals-ignore-case\":\"a\"}}]}", "{\"n\":\"B\"}");
    EXPECT_NO_MATCH("{\"n\":[{\"anything-but\":{\"wildcard\":\"*/lib/*\"}}]}", "{\"n\":\"/lib/x\"}");
    EXPECT_MATCH("{\"n\":[{\"anything-but\":{\"wildcard\":[\"*/lib/*\",\"*/bin/*\"]}}]}", "{\"n\":\"/etc/x\"}");
}

/* --- arrays, alternatives
 * --------------------------------------------------------------------------------------------- */

Test(filter, any_element_of_an_array_will_do)
{
    EXPECT_MATCH("{\"n\":[\"b\"]}", "{\"n\":[\"a\",\"b\"]}");
    EXPECT_MATCH("{\"n\":[\"b\"]}", "{\"n\":[[\"a\"],[[\"b\"]]]}");
    EXPECT_NO_MATCH("{\"n\":[\"b\"]}", "{\"n\":[]}");
    EXPECT_MATCH("{\"n\":[{\"anything-but\":\"a\"}]}", "{\"n\":[\"a\",\"b\"]}");
    EXPECT_MATCH("{\"n\":{\"m\":[2]}}", "{\"n\":[{\"m\":1},{\"m\":2}]}");
}

Test(filter, members_must_match_in_one_element)
{
    EXPECT_MATCH("{\"n\":{\"a\":[1],\"b\":[2]}}", "{\"n\":[{\"a\":1,\"b\":1},{\"a\":1,\"b\":2}]}");
    EXPECT_NO_MATCH("{\"n\":{\"a\":[1],\"b\":[2]}}", "{\"n\":[{\"a\":1,\"b\":1},{\"a\":2,\"b\":2}]}");
}

Test(filter, what_must_not_exist_may_stand_in_no_element)
{
    EXPECT_NO_MATCH("{\"n\":{\"a\":[1],\"b\":[{\"exists\":false}]}}", "{\"n\":[{\"a\":1},{\"b\":2}]}");
    EXPECT_MATCH("{\"n\":{\"a\":[1],\"b\":[{\"exists\":false}]}}", "{\"n\":[{\"a\":1},{\"c\":2}]}");
    EXPECT_MATCH("{\"n\":{\"b\":[{\"exists\":false}]}}", "{\"n\":[]}");
}

Test(filter, or_takes_one_of_its_objects)
{
    const char *pattern = "{\"s\":[\"m\"],\"$or\":[{\"a\":[1],\"b\":[2]},{\"c\":[3]}]}";
    EXPECT_MATCH(pattern, "{\"s\":\"m\",\"a\":1,\"b\":2}");
    EXPECT_MATCH(pattern, "{\"s\":\"m\",\"c\":3}");
    EXPECT_NO_MATCH(pattern, "{\"s\":\"m\",\"a\":1}");
    EXPECT_NO_MATCH(pattern, "{\"c\":3}");
    EXPECT_MATCH("{\"x\":{\"$or\":[{\"a\":[{\"exists\":false}]},{\"b\":[1]}]}}", "{\"x\":{\"c\":1}}");
    EXPECT_MATCH("{\"$or\":[{\"$or\":[{\"a\":[1]},{\"a\":[2]}]},{\"b\":[1]}]}", "{\"a\":2}");
}

Test(filter, or_is_a_field_where_it_can_be_nothing_else)
{
    EXPECT_MATCH("{\"$or\":[{\"prefix\":\"a\"},{\"prefix\":\"b\"}]}", "{\"$or\":\"bc\"}");
    EXPECT_MATCH("{\"$or\":{\"a\":[1]}}", "{\"$or\":{\"a\":1}}");
}

Test(filter, several_patterns_are_alternatives)
{
    struct leat_error error = {0};
    struct leat_filter *filter = filter_of("{\"n\":[1]}", &error);
    cr_assert(leat_is_ok(leat_filter_add(filter, LEAT_STR("{\"n\":[2]}"), &error)));
    cr_expect(filter_passes_payload(filter, "{\"n\":2}"));
    cr_expect(filter_passes_payload(filter, "{\"n\":1}"));
    cr_expect_not(filter_passes_payload(filter, "{\"n\":3}"));
}

Test(filter, without_patterns_all_pass)
{
    cr_expect(filter_passes_payload(leat_filter_new(&filter_arena, NULL), "{}"));
}

Test(filter, trees_are_patterns_too)
{
    struct leat_error error = {0};
    struct leat_filter *filter = leat_filter_new(&filter_arena, NULL);
    cJSON *tree = cJSON_Parse("{\"n\":[{\"prefix\":\"a\"}]}");
    cr_assert(leat_is_ok(leat_filter_add_tree(filter, tree, &error)), "%s", error.message);
    cr_expect(filter_passes_payload(filter, "{\"n\":\"ab\"}"));
    cr_expect_not(filter_passes_payload(filter, "{\"n\":\"b\"}"));
    cJSON_Delete(tree);
}
