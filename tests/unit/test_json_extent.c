/* SPDX-License-Identifier: Apache-2.0 */
/* Where values stand in their text, and records in their document. */
#include <leat/alloc.h>
#include <leat/doc.h>

#include <criterion/criterion.h>
#include <stdio.h>

static const char text[] =
    " { \"a\" : [ 1 , \"x ] } \\\" , \\\\\" ,\t{\"b\":[]} , -2.50e3 ] , \"a\":\tnull,\"c,\":{}} ";

static void expect(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_is(got, want), "%s: got %.*s, want %s", what, LEAT_ARG(got), want != NULL ? want : "(absent)");
}

Test(json_extent, children_are_exact_slices)
{
    leat_str root = leat_json_value_at(leat_str_c(text), 0);
    expect(leat_str_of(root.ptr, 1), "{", "starts at the brace");
    cr_expect_eq(root.len, strlen(text) - 2);
    leat_str list = leat_json_child(root, 0);
    expect(leat_json_child(list, 0), "1", "number");
    expect(leat_json_child(list, 1), "\"x ] } \\\" , \\\\\"", "a string full of brackets");
    expect(leat_json_child(list, 2), "{\"b\":[]}", "object");
    expect(leat_json_child(list, 3), "-2.50e3", "the number's own spelling");
    expect(leat_json_child(list, 4), NULL, "no fifth");
    expect(leat_json_child(root, 1), "null", "names may repeat, places do not");
    expect(leat_json_child(root, 2), "{}", "a comma in a name");
    expect(leat_json_child(root, 3), NULL, "no fourth member");
}

Test(json_extent, a_byte_order_mark_is_no_part_of_the_value)
{
    expect(leat_json_value_at(LEAT_STR("\xEF\xBB\xBF [1] "), 0), "[1]", "value");
    expect(leat_json_value_at(LEAT_STR("  \"x\" "), 0), "\"x\"", "value");
    expect(leat_json_child(LEAT_STR("[]"), 0), NULL, "empty");
    expect(leat_json_child(LEAT_STR("{ }"), 0), NULL, "empty");
}

/* It checks nothing, so text that is cut or random must keep it inside; the sanitizer watches. */
Test(json_extent, no_text_leads_it_outside)
{
    static const char *const more[] = {"\"\\", "\"\\\\\\", "{\"a\"", "{\"a\":", "[1,",
                                       "{:}",  "}}}",      "[[[",    ",,,",     "{\"a\"1}"};
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy LEAT_CLEANUP(leat_freep) = leat_alloc_raw(len > 0 ? len : 1);
        memcpy(copy, text, len);
        leat_str value = leat_json_value_at(leat_str_of(copy, len), 0);
        cr_expect(value.ptr >= copy && value.ptr + value.len <= copy + len);
        for (size_t n = 0; n < 5; n++)
            (void)leat_json_child(value, n);
    }
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        size_t len = strlen(more[i]);
        char *copy LEAT_CLEANUP(leat_freep) = leat_alloc_raw(len);
        memcpy(copy, more[i], len);
        for (size_t n = 0; n < 3; n++) {
            leat_str child = leat_json_child(leat_json_value_at(leat_str_of(copy, len), 0), n);
            cr_expect(child.ptr == NULL || (child.ptr >= copy && child.ptr + child.len <= copy + len), "%s", more[i]);
        }
    }
}

static const leat_str marks[] = {{"Records", 7}, {"specversion", 11}, {"x", 1}};

static bool has_mark(leat_str object)
{
    return leat_json_any_name(object, marks, sizeof(marks) / sizeof(marks[0]));
}

/* Each text also behind members of every length, so that what is looked for stands at every place of a block. */
static void expect_mark(const char *object, bool wanted)
{
    char longer[256];
    cr_expect_eq(has_mark(leat_str_c(object)), wanted, "%s", object);
    for (int before = 0; before < 40 && object[0] == '{' && object[1] != '\0'; before++) {
        (void)snprintf(longer, sizeof(longer), "{\"%.*s\":[1,\"\\\\\\\"{\"],%s", before,
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", object + 1);
        cr_expect_eq(has_mark(leat_str_c(longer)), wanted, "%s", longer);
    }
}

Test(json_extent, any_name_looks_at_the_names_of_the_object_alone)
{
    static const struct {
        const char *text;
        bool wanted;
    } cases[] = {
        {"{\"Records\":[]}", true},
        {"{ \"a\" : 1 ,\n\"Records\" : []}", true},
        {"{\"a\":{\"b\":[{}]},\"specversion\":\"1.0\"}", true},
        {"{\"a\":-1e5,\"x\":true}", true},
        {"{\"a\":\"Records\"}", false},
        {"{\"a\":{\"Records\":[]}}", false},
        {"{\"a\":[\"b\",\"Records\"]}", false},
        {"{\"a\":[{\"Records\":1}]}", false},
        {"{\"records\":1,\"Record\":1,\"Recordss\":1,\"xx\":1}", false},
        {"{\"a\":\"\\\"Records\\\":1\"}", false},
        {"{\"\\u0052ecords\":1}", false}, /* as it is spelt */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_mark(cases[i].text, cases[i].wanted);
    cr_expect_not(has_mark(LEAT_STR("{}")));
    cr_expect_not(has_mark(LEAT_STR("[\"a\",\"Records\"]")), "no object");
    cr_expect_not(has_mark(LEAT_STR("\"Records\"")), "no object");
    cr_expect_not(has_mark(LEAT_ABSENT));
}

/* More first letters than are looked for at once. */
Test(json_extent, any_name_takes_any_number_of_names)
{
    static const leat_str many[] = {{"a1", 2}, {"b1", 2}, {"c1", 2}, {"d1", 2}, {"e1", 2},
                                    {"f1", 2}, {"g1", 2}, {"h1", 2}, {"i1", 2}, {"j1", 2}};
    cr_expect(leat_json_any_name(LEAT_STR("{\"z\":1,\"j1\":2}"), many, 10));
    cr_expect_not(leat_json_any_name(LEAT_STR("{\"z\":1,\"j2\":2}"), many, 10));
}

/* Bodies of users are looked at before anything has parsed them. */
Test(json_extent, any_name_stays_inside_whatever_the_text)
{
    static const char *const texts[] = {"{",
                                        "{\"",
                                        "{\"x",
                                        "{\"x\"",
                                        "{\"x\":",
                                        "{\"x\":\"",
                                        "{\"x\\",
                                        "{\"x\" 1 ,",
                                        "{\"x\"}",
                                        "{,\"x\":1}",
                                        "{\"x\":1,",
                                        "{\"x\":[{",
                                        "{1:2}",
                                        "{\"\\\"",
                                        "{\"a\":}}",
                                        "{\"a\":1 \"x\"",
                                        "{{{{",
                                        "{\"a\",\"x\"",
                                        "{\"aaaaaaaaaaaaaa\"",
                                        "{\"aaaaaaaaaaaaa\"x",
                                        "{\"aaaaaaaaaaaaaa\"Record"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]);
        char *copy LEAT_CLEANUP(leat_freep) = leat_alloc_raw(len);
        memcpy(copy, texts[i], len);
        (void)has_mark(leat_str_of(copy, len)); /* the sanitizer looks where it reads */
    }
}

/* --- documents --------------------------------------------------------------------------------------- */

static struct leat_arena arena;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(doc, .init = setup, .fini = teardown);

static struct leat_doc *parse_batch(void)
{
    static const char batch[] =
        "{\"x\":[0],\"Records\": [ {\"n\": 9007199254740993, \"b\":{\"k\" : 1.50}} , {\"b\":\"two\"} ] }";
    struct leat_doc *doc = NULL;
    cr_assert(leat_is_ok(leat_doc_parse(&arena, leat_str_c(batch), false, &doc, NULL)));
    doc->records = leat_json_get_array(doc->root, "Records");
    return doc;
}

static struct leat_place place_of(const struct leat_doc *doc, uint32_t index, const char *member)
{
    const cJSON *record = index == LEAT_WHOLE ? doc->root : cJSON_GetArrayItem(doc->records, (int)index);
    return (struct leat_place){
        .doc = doc, .index = index, .record = record, .member = member != NULL ? leat_json_get(record, member) : NULL};
}

Test(doc, records_and_their_members_give_back_their_text)
{
    struct leat_doc *doc = parse_batch();
    cr_expect_null(doc->extents, "none is looked for before somebody asks");
    expect(leat_doc_extent(place_of(doc, 0, NULL)), "{\"n\": 9007199254740993, \"b\":{\"k\" : 1.50}}", "first record");
    expect(leat_doc_extent(place_of(doc, 0, "n")), "9007199254740993", "a number to the last digit");
    expect(leat_doc_extent(place_of(doc, 0, "b")), "{\"k\" : 1.50}", "an object as it was written");
    expect(leat_doc_extent(place_of(doc, 1, "b")), "\"two\"", "second record");
    expect(leat_doc_extent(place_of(doc, LEAT_WHOLE, "x")), "[0]", "a member of the root");
    cr_expect(leat_str_eq(leat_doc_extent(place_of(doc, LEAT_WHOLE, NULL)), doc->text));
}

Test(doc, an_extent_that_finds_no_memory_is_absent_and_may_be_asked_again)
{
    struct leat_doc *doc = parse_batch();
    leat_alloc_fail_at(1, false);
    cr_expect_null(leat_doc_extent(place_of(doc, 1, NULL)).ptr);
    leat_alloc_fail_at(0, false);
    expect(leat_doc_extent(place_of(doc, 1, NULL)), "{\"b\":\"two\"}", "again");
}

Test(doc, without_text_there_is_no_extent)
{
    struct leat_doc *doc = parse_batch();
    doc->text = LEAT_ABSENT;
    cr_expect_null(leat_doc_extent(place_of(doc, 0, NULL)).ptr);
}

/* An object of arrays, as Kafka has a list for each partition. */
Test(doc, records_may_stand_in_several_lists)
{
    static const char lists[] = "{\"records\": {\"a-0\" : [ {\"n\":1.50} ,{\"n\": 2}], \"none\":[], \"odd\":5, "
                                "\"a-1\":[{\"n\" :3}] }, \"x\":1}";
    static const char *const wanted[] = {"{\"n\":1.50}", "{\"n\": 2}", "{\"n\" :3}"};
    struct leat_doc *doc = NULL;
    cr_assert(leat_is_ok(leat_doc_parse(&arena, leat_str_c(lists), false, &doc, NULL)));
    doc->records = leat_json_get_object(doc->root, "records");
    cr_expect_eq(leat_doc_count(doc->records), 3, "what is no array has none");
    cr_expect_eq(leat_doc_count(leat_json_get(doc->records, "a-0")), 2);
    cr_expect_eq(leat_doc_count(leat_json_get(doc->root, "x")), 0);
    for (uint32_t i = 0; i < 3; i++)
        expect(leat_doc_extent((struct leat_place){.doc = doc, .index = i}), wanted[i], "record");
    cr_expect_null(leat_doc_extent((struct leat_place){.doc = doc, .index = 3}).ptr);
}
