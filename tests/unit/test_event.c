/* SPDX-License-Identifier: Apache-2.0 */
/* The event as handlers and `show` see it: attributes, lazy bodies, the CloudEvents JSON form. */
#include <leat/alloc.h>
#include <leat/envelope.h>

#include <criterion/criterion.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct leat_arena arena;
static struct leat_envelope envelope;
static struct leat_event event;

static void setup(void)
{
    leat_arena_init(&arena, 0);
    envelope = (struct leat_envelope){.kind = LEAT_STR("sqs"),
                                      .id = LEAT_STR("id-1"),
                                      .source = LEAT_STR("arn:aws:sqs:eu-west-1:1:q"),
                                      .type = LEAT_STR("com.amazonaws.sqs.message")};
    leat_event_init(&event, &envelope, &arena);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(event, .init = setup, .fini = teardown);

static void set_text(leat_str text, leat_str type)
{
    envelope.data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = text};
    envelope.datacontenttype = type;
    envelope.guess_type = type.ptr == NULL;
    leat_event_init(&event, &envelope, &arena);
}

static void expect(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_is(got, want), "%s: got %.*s, want %s", what, LEAT_ARG(got), want != NULL ? want : "(absent)");
}

static leat_str written(void)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    leat_event_write(&event, &buf);
    return leat_buf_str(&buf);
}

#define HEAD                                                                             \
    "{\"specversion\":\"1.0\",\"id\":\"id-1\",\"source\":\"arn:aws:sqs:eu-west-1:1:q\"," \
    "\"type\":\"com.amazonaws.sqs.message\""

/* --- attributes --------------------------------------------------------------------------------------- */

Test(event, attributes_are_cleaned_of_what_cloudevents_forbids)
{
    const struct {
        leat_str value;
        const char *want;
    } cases[] = {
        {LEAT_STR("plain \xC3\xA9 %41"), "plain \xC3\xA9 %41"},
        {LEAT_STR("a\nb\tc\x7F"), "a%0Ab%09c%7F"},
        {LEAT_STR("a\0b"), "a%00b"},
        {LEAT_STR("\xC2\x85\xC2\xA0"), "%C2%85\xC2\xA0"}, /* C1 controls too */
        {LEAT_STR("\xFFz"), "%FFz"},
        {LEAT_STR("\xE2\x82\xAC\xE2\x82"), "\xE2\x82\xAC%E2%82"},
        {LEAT_STR("\xED\xA0\x80"), "%ED%A0%80"},
        {LEAT_STR(""), NULL},
        {LEAT_ABSENT, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(leat_attribute_clean(&arena, cases[i].value), cases[i].want, "clean");
    leat_str same = LEAT_STR("clean");
    cr_expect_eq(leat_attribute_clean(&arena, same).ptr, same.ptr, "nothing is copied that need not be");
}

/* Fuzzing found that U+FFFE of a key came through, which CloudEvents forbids like control characters. */
Test(event, noncharacters_do_not_get_into_attributes)
{
    static const char *const cases[][2] = {
        {"a\xEF\xBF\xBE", "a%EF%BF%BE"},                       /* U+FFFE */
        {"\xEF\xBF\xBFz", "%EF%BF%BFz"},                       /* U+FFFF */
        {"\xEF\xB7\x8F\xEF\xB7\x90", "\xEF\xB7\x8F%EF%B7%90"}, /* U+FDCF is one, U+FDD0 none */
        {"\xEF\xB7\xAF\xEF\xB7\xB0", "%EF%B7%AF\xEF\xB7\xB0"}, /* U+FDEF, U+FDF0 */
        {"\xF0\x9F\xBF\xBE", "%F0%9F%BF%BE"},                  /* U+1FFFE */
        {"\xF4\x8F\xBF\xBF", "%F4%8F%BF%BF"},                  /* U+10FFFF */
        {"\xF0\x9F\xBF\xBD", "\xF0\x9F\xBF\xBD"},
        {"\xF0\x9E\xBF\xBE", "\xF0\x9E\xBF\xBE"}, /* U+1EFFE */
        {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(leat_attribute_clean(&arena, leat_str_c(cases[i][0])), cases[i][1], "clean");
}

Test(event, extensions_are_sorted_and_never_empty)
{
    leat_envelope_extend(&envelope, &arena, "sequence", LEAT_STR("7"));
    leat_envelope_extend(&envelope, &arena, "awsregion", LEAT_STR("eu\n"));
    leat_envelope_extend(&envelope, &arena, "partitionkey", LEAT_STR("p"));
    leat_envelope_extend(&envelope, &arena, "absent", LEAT_ABSENT);
    leat_envelope_extend(&envelope, &arena, "empty", LEAT_STR(""));
    expect(written(), HEAD ",\"awsregion\":\"eu%0A\",\"partitionkey\":\"p\",\"sequence\":\"7\"}", "form");
    expect(leat_event_attribute(&event, "partitionkey"), "p", "extension");
    expect(leat_event_attribute(&event, "empty"), NULL, "empty");
    expect(leat_event_attribute(&event, "id"), "id-1", "id");
    expect(leat_event_attribute(&event, "specversion"), "1.0", "specversion");
    expect(leat_event_attribute(&event, "subject"), NULL, "subject");
    expect(leat_event_kind(&event), "sqs", "kind is no attribute");
    expect(leat_event_attribute(&event, "kind"), NULL, "kind is no attribute");
}

Test(event, an_extension_set_again_has_the_newest_value)
{
    leat_envelope_extend(&envelope, &arena, "b", LEAT_STR("1"));
    leat_envelope_extend(&envelope, &arena, "a", LEAT_STR("2"));
    leat_envelope_extend(&envelope, &arena, "b", LEAT_STR("3"));
    leat_envelope_extend(&envelope, &arena, "b", LEAT_STR(""));
    expect(written(), HEAD ",\"a\":\"2\",\"b\":\"3\"}", "form");
}

Test(event, the_type_of_a_body_is_guessed_from_its_shape)
{
    static const struct {
        const char *body, *type;
    } cases[] = {
        {"{\"a\":1}", "application/json"},
        {" [1] ", "application/json"},
        {"\n{}", "application/json"},
        {"17", "text/plain"}, /* JSON as well, but as likely none */
        {"true", "text/plain"},
        {"\"x\"", "text/plain"},
        {"{broken", "text/plain"},
        {"{} {}", "text/plain"},
        {"{\"a\":\"\xFF\"}", "application/octet-stream"},
        {"\xC3\xA9", "text/plain"},
        {"\x89PNG\r\n", "application/octet-stream"},
        {"cut \xC3", "application/octet-stream"},
        {"", "text/plain"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        set_text(leat_str_c(cases[i].body), LEAT_ABSENT);
        expect(leat_event_datacontenttype(&event), cases[i].type, cases[i].body);
        expect(leat_event_attribute(&event, "datacontenttype"), cases[i].type, cases[i].body);
    }
    set_text(LEAT_STR("{}"), LEAT_STR("text/csv"));
    expect(leat_event_datacontenttype(&event), "text/csv", "what is told is not guessed");
}

/* --- the JSON form ------------------------------------------------------------------------------------ */

Test(event, the_json_form_holds_what_is_there_in_a_fixed_order)
{
    expect(written(), HEAD "}", "nothing optional");
    envelope.subject = LEAT_STR("s\"ub");
    envelope.time = LEAT_STR("2024-05-02T18:51:44Z");
    leat_envelope_extend(&envelope, &arena, "awsregion", LEAT_STR("eu-west-1"));
    set_text(LEAT_STR("hello"), LEAT_STR("text/plain"));
    expect(written(),
           HEAD ",\"subject\":\"s\\\"ub\",\"time\":\"2024-05-02T18:51:44Z\",\"datacontenttype\":\"text/plain\","
                "\"awsregion\":\"eu-west-1\",\"data\":\"hello\"}",
           "all of it");
}

Test(event, json_data_leaves_as_it_came)
{
    static const struct {
        const char *type, *body, *want;
    } cases[] = {
        {"application/json", "{ \"n\" : 9007199254740993, \"z\":1.50,\"a\":1, \"a\":2 }",
         "{\"n\":9007199254740993,\"z\":1.50,\"a\":1,\"a\":2}"},
        {"Application/JSON; charset=utf-8", "[1e3]", "[1e3]"},
        {"application/vnd.api+json", "\"x\"", "\"x\""},
        {"text/json", "null", "null"},
        {"application/json", "{broken", "\"{broken\""},
        {"application/json", "", "\"\""},
        {"application/json", "{}\v", "\"{}\\u000b\""},
        {"text/plain", "{}", "\"{}\""},
        {"application/jsonp", "{}", "\"{}\""},
        {"json", "{}", "\"{}\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        set_text(leat_str_c(cases[i].body), leat_str_c(cases[i].type));
        leat_str form = written(), data = leat_str_find(form, LEAT_STR("\"data\":"));
        leat_str value = leat_str_skip(leat_str_skip(form, (size_t)(data.ptr - form.ptr)), data.len);
        value.len -= value.len > 0 ? 1 : 0; /* the brace at the end */
        expect(value, cases[i].want, cases[i].body);
        cr_expect(leat_json_valid(form), "%.*s", LEAT_ARG(form));
    }
}

Test(event, bytes_that_are_no_text_leave_as_base64)
{
    set_text(LEAT_STR("\xFF\x00\x01"), LEAT_STR("application/json"));
    expect(written(), HEAD ",\"datacontenttype\":\"application/json\",\"data_base64\":\"/wAB\"}", "bytes");
}

/* CloudEvents reads a missing content type as JSON. */
Test(event, a_body_without_a_type_is_told_to_be_bytes)
{
    envelope.data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = LEAT_STR("{}")};
    expect(written(), HEAD ",\"datacontenttype\":\"application/octet-stream\",\"data\":\"{}\"}", "form");
    expect(leat_event_datacontenttype(&event), NULL, "the event itself does not claim it");
}

/* localstack 3897: a queue refuses messages with control characters, so a dead letter with some could not be sent. */
Test(event, bug_29_no_control_character_leaves_in_the_json_form)
{
    char all[256];
    size_t len = 0;
    for (int c = 0; c < 0x80; c++)
        all[len++] = (char)c;
    leat_str every = leat_str_of(all, len);
    envelope.id = leat_attribute_clean(&arena, every);
    envelope.subject = leat_attribute_clean(&arena, every);
    leat_envelope_extend(&envelope, &arena, "ext", every);
    const leat_str types[] = {LEAT_STR("text/plain"), LEAT_STR("application/json"), LEAT_ABSENT};
    for (size_t i = 0; i < COUNT(types); i++) {
        set_text(every, types[i]);
        leat_str form = written();
        cJSON *root = NULL;
        for (size_t at = 0; at < form.len; at++)
            cr_assert((unsigned char)form.ptr[at] >= 0x20 && form.ptr[at] != 0x7F, "byte %02x at %zu", form.ptr[at],
                      at);
        cr_assert(leat_is_ok(leat_json_parse(&arena, form, &root, NULL)));
        cr_expect(leat_str_eq(leat_json_get_text(root, "data"), every), "and nothing is lost by it");
        cr_expect(leat_str_eq(leat_json_get_text(root, "ext"), leat_event_attribute(&event, "ext")));
    }
}

/* --- bodies ------------------------------------------------------------------------------------------- */

Test(event, a_place_gives_its_exact_text)
{
    static const char text[] = "{\"Records\":[{\"n\": 9007199254740993, \"b\" : {\"x\" : 1.50}}]}";
    struct leat_doc *doc = NULL;
    cr_assert(leat_is_ok(leat_doc_parse(&arena, leat_str_c(text), false, &doc, NULL)));
    doc->records = leat_json_get_array(doc->root, "Records");
    const cJSON *record = doc->records->child;
    envelope.raw = (struct leat_place){.doc = doc, .index = 0, .record = record};
    envelope.data.form = LEAT_DATA_PLACE;
    envelope.data.place = envelope.raw;
    envelope.data.tree = record;
    envelope.datacontenttype = LEAT_STR("application/json");
    expect(leat_event_data(&event), "{\"n\": 9007199254740993, \"b\" : {\"x\" : 1.50}}", "data");
    cr_expect_eq(leat_event_data(&event).ptr, text + 12, "borrowed, not copied");
    cr_expect_eq(leat_event_raw(&event).ptr, text + 12);
    cr_expect_eq(leat_event_json(&event), record, "the tree that decode made anyway");
    expect(written(),
           HEAD ",\"datacontenttype\":\"application/json\",\"data\":{\"n\":9007199254740993,\"b\":{\"x\":1.50}}}",
           "form");
}

Test(event, base64_is_decoded_and_plain_text_in_its_place_taken_as_it_is)
{
    envelope.data = (struct leat_data){.form = LEAT_DATA_BASE64, .text = LEAT_STR("aGVsbG8=")};
    expect(leat_event_data(&event), "hello", "decoded");
    leat_event_init(&event, &envelope, &arena);
    envelope.data.text = LEAT_STR("{\"not\": \"base64\"}");
    expect(leat_event_data(&event), "{\"not\": \"base64\"}", "as it is");
}

Test(event, a_tree_is_parsed_once_and_on_demand)
{
    set_text(LEAT_STR("{\"a\":1}"), LEAT_STR("text/plain"));
    cr_expect_eq(arena.used, 0, "nothing before somebody asks");
    const cJSON *tree = leat_event_json(&event);
    cr_expect(cJSON_IsObject(tree));
    cr_expect_eq(leat_event_json(&event), tree);
    set_text(LEAT_STR("no JSON"), LEAT_ABSENT);
    cr_expect_null(leat_event_json(&event));
    cr_expect_not(arena.overflow, "no JSON is no failure");
    set_text(LEAT_STR(""), LEAT_ABSENT);
    cr_expect_null(leat_event_json(&event));
}

Test(event, an_event_without_a_body_has_none)
{
    cr_expect_null(leat_event_data(&event).ptr);
    cr_expect_null(leat_event_raw(&event).ptr);
    cr_expect_null(leat_event_json(&event));
    cr_expect_null(leat_s3(&event));
    cr_expect_null(leat_sqs(&event));
    cr_expect_null(leat_kinesis(&event));
    cr_expect_null(leat_kafka(&event));
    envelope.guess_type = true;
    leat_event_init(&event, &envelope, &arena);
    expect(leat_event_datacontenttype(&event), NULL, "there is nothing to guess from");
    expect(written(), HEAD "}", "form");
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    cr_expect_not(leat_event_write_view(&event, &buf));
    cr_expect_eq(buf.len, 0);
}

Test(event, a_form_that_does_not_fit_is_never_half_a_form)
{
    for (size_t cap = 64; cap < 3000; cap += 64) {
        leat_arena_fini(&arena);
        leat_arena_init(&arena, cap);
        envelope.data = (struct leat_data){.form = LEAT_DATA_BASE64, .text = LEAT_STR("/wAB/wAB/wAB/wAB")};
        leat_event_init(&event, &envelope, &arena);
        leat_str form = written();
        cr_expect(form.ptr == NULL || leat_json_valid(form), "cap %zu: %.*s", cap, LEAT_ARG(form));
        cr_expect_eq(form.ptr == NULL, arena.overflow, "cap %zu", cap);
    }
    cr_expect_not(arena.overflow, "the last one fits");
}
