/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: one line of JSON, out of which the payload comes back as it was, to the digit. */
#include "decoding.h"

#include <file/forms.h>
#include <leat/letter.h>

#include <dirent.h>

TestSuite(letter, .timeout = 120);

static struct leat_result rejected = {
    .kind = LEAT_OUTCOME_REJECT, .reason = {"no field \"a\"\n", 13}, .handler = "orders", .duration_us = 1250};

static struct leat_dead dead_of(const struct leat_unit *unit, uint32_t index)
{
    return (struct leat_dead){
        .id = LEAT_STR("spool/a.json/0"),
        .service = "shop",
        .source = LEAT_STR("inbox"),
        .transport = "spool",
        .position = LEAT_STR("a.json"),
        .unit = unit,
        .index = index,
        .attempts = 3,
        .time_ms = 1714564800250,
    };
}

/* The letter of one event of a record; of a broken one if it has none. */
static leat_str letter_of(struct decoded *d, uint32_t record, uint32_t event)
{
    uint32_t first = d->first_event[record], count = d->first_event[record + 1] - first;
    struct leat_result *results = LEAT_NEW_N(&d->run, struct leat_result, count + 1);
    struct leat_unit unit = {
        .record = &d->records.items[record],
        .record_count = 1,
        .events = {.items = count > 0 ? d->events.items + first : NULL, .count = count},
        .results = results,
        .result_count = count > 0 ? count : 1,
        .since_ms = 1714564799000,
    };
    for (uint32_t i = 0; i <= count; i++)
        results[i] = rejected;
    const struct leat_dead dead = dead_of(&unit, event);
    return leat_dead_text(&d->run, &dead);
}

/* What a file sink's file gives back of it. */
static struct decoded *decode_letter(leat_str letter, const char *what)
{
    struct leat_forms forms;
    cr_assert(leat_json_valid(letter), "%s: %.*s", what, LEAT_ARG(letter));
    cr_assert_null(memchr(letter.ptr, '\n', letter.len), "%s", what);
    leat_forms_init(&forms, sorted_adapters(), 0);
    cr_assert(leat_is_ok(leat_forms_take(&forms, letter)));
    cr_assert_eq(forms.count, 1, "%s: %.*s", what, LEAT_ARG(letter));
    cr_expect_str_eq(forms.form->name, "leat-dead-letter");
    struct decoded *d = decode_str(forms.payloads[0]);
    leat_forms_fini(&forms);
    return d;
}

/* Where a record stood among others is not kept: S3's attribute recordindex is that. */
static char *without_place(struct decoded *d, uint32_t event)
{
    leat_str line = canonical_event(&d->event[event]);
    char *text = strndup(line.ptr, line.len), *at = strstr(text, "\"recordindex\":\"");
    for (at = at != NULL ? at + strlen("\"recordindex\":\"") : NULL; at != NULL && *at != '"'; at++)
        *at = '0';
    return text;
}

/* An event of the first and the same of the second: `what` is where they came from. */
static void expect_same_event(struct decoded *a, uint32_t i, struct decoded *b, uint32_t j, const char *what)
{
    char *before = without_place(a, i), *after = without_place(b, j);
    cr_expect_str_eq(before, after, "%s", what);
    free(before);
    free(after);
}

/* The letter was made of `quick`, which holds numbers as doubles; `exact` says what must come back. */
static void expect_comes_back(struct decoded *quick, struct decoded *exact, uint32_t record, const char *what)
{
    uint32_t first = exact->first_event[record], count = exact->first_event[record + 1] - first;
    for (uint32_t i = 0; i < (count > 0 ? count : 1); i++) {
        DECODED back = decode_letter(letter_of(quick, record, i), what);
        cr_assert(leat_is_ok(back->status), "%s: %s", what, back->error.message);
        cr_expect_str_eq(back->records.adapter->name, exact->records.adapter->name, "%s", what);
        cr_expect_eq(back->records.count, 1, "%s", what);
        cr_assert_eq(back->events.count, count, "%s: record %u", what, record);
        cr_expect_str_eq(back->reason[0], exact->reason[record], "%s", what);
        cr_expect(leat_str_eq(back->records.items[0].id, exact->records.items[record].id), "%s", what);
        for (uint32_t e = 0; e < count; e++)
            expect_same_event(exact, first + e, back, e, what);
    }
}

static void try_payload(const char *what, leat_str text)
{
    DECODED exact = decode_str(text);
    if (!leat_is_ok(exact->status))
        return;
    DECODED quick = decode_with(text, NULL, (struct leat_decoder){.exact = false});
    cr_assert_eq(quick->records.count, exact->records.count);
    for (uint32_t i = 0; i < exact->records.count; i++)
        expect_comes_back(quick, exact, i, what);
}

static leat_str member(struct leat_arena *arena, leat_str letter, const char *name)
{
    cJSON *root;
    cr_assert(leat_is_ok(leat_json_parse(arena, letter, &root, NULL)));
    return leat_json_get_text(root, name);
}

/* --- what stands in it ------------------------------------------------------------------------------------------ */

Test(letter, it_says_what_happened_to_what)
{
    DECODED d = decode("{\"n\": 1.50}");
    leat_str id = leat_event_id(&d->event[0]), letter = letter_of(d, 0, 0);
    leat_str want = leat_arena_printf(
        &d->run,
        "{\"dead\":1,\"id\":\"spool/a.json/0\",\"time\":\"2024-05-01T12:00:00.250Z\",\"service\":\"shop\",\"source\":"
        "\"inbox\",\"transport\":\"spool\",\"position\":\"a.json\",\"since\":\"2024-05-01T11:59:59Z\",\"kind\":"
        "\"unknown\",\"handler\":\"orders\",\"attempts\":3,\"outcome\":\"reject\",\"duration_us\":1250,\"reason\":"
        "\"no field \\\"a\\\"\\n\",\"event\":{\"specversion\":\"1.0\",\"id\":\"%.*s\",\"source\":\"leat:direct\","
        "\"type\":\"leat.direct.call\",\"datacontenttype\":\"application/json\",\"data\":{\"n\":1.50}},"
        "\"payload\":{\"n\":1.50}}",
        LEAT_ARG(id));
    cr_expect(leat_str_eq(letter, want), "%.*s\n%.*s", LEAT_ARG(letter), LEAT_ARG(want));
}

Test(letter, what_is_not_known_is_left_out)
{
    DECODED d = decode("7");
    struct leat_result result = {.kind = LEAT_OUTCOME_REJECT, .timed_out = true, .reason = LEAT_STR("late")};
    struct leat_unit unit = {
        .record = d->records.items, .record_count = 1, .events = d->events, .results = &result, .result_count = 1};
    struct leat_dead dead = dead_of(&unit, 0);
    dead.attempts = 0;
    dead.service = NULL;
    dead.position = LEAT_ABSENT;
    leat_str letter = leat_dead_text(&d->run, &dead);
    cr_expect(leat_json_valid(letter));
    for (const char *const *at =
             (const char *const[]){"since", "attempts", "service", "position", "handler", "duration_us", NULL};
         *at != NULL; at++) {
        leat_str name = leat_arena_printf(&d->run, "\"%s\":", *at);
        cr_expect_null(leat_str_find(letter, name).ptr, "%s: %.*s", *at, LEAT_ARG(letter));
    }
    cr_expect_not_null(leat_str_find(letter, LEAT_STR("\"timed_out\":true")).ptr);
}

Test(letter, a_broken_record_has_no_event_and_its_payload)
{
    DECODED d = decode("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":7}]}");
    cr_assert_eq(d->events.count, 0);
    leat_str letter = letter_of(d, 0, 0);
    cr_expect_null(leat_str_find(letter, LEAT_STR("\"event\":")).ptr);
    DECODED back = decode_letter(letter, "a broken record");
    cr_expect_str_eq(back->reason[0], d->reason[0]);
}

/* --- the payload ------------------------------------------------------------------------------------------------- */

Test(letter, each_sample_comes_back)
{
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++)
        try_payload(sample->name, leat_str_of(sample->text, sample->len));
}

Test(letter, no_digit_changes)
{
    static const char number[] = "9007199254740993";
    char *body = changed(sample_of("sqs"), "/Records/1/new", "{\"n\":0}");
    char *at = strstr(body, "{\"n\":0}");
    DECODED d = decode_quickly("{\"n\":9007199254740993,\"m\":[1e400,0.10,-0,12345678901234567890.12]}");
    leat_str letter = letter_of(d, 0, 0);
    cr_expect_not_null(
        leat_str_find(letter,
                      LEAT_STR("\"payload\":{\"n\":9007199254740993,\"m\":[1e400,0.10,-0,12345678901234567890.12]}"))
            .ptr,
        "%.*s", LEAT_ARG(letter));
    cr_assert_not_null(at);
    struct leat_buf text;
    leat_buf_init(&text, &d->run);
    leat_buf_add(&text, leat_str_of(body, (size_t)(at - body)));
    leat_buf_printf(&text, "{ \"n\" : %s }%s", number, at + strlen("{\"n\":0}"));
    DECODED sqs = decode_quickly(leat_buf_str(&text).ptr);
    letter = letter_of(sqs, 1, 0);
    cr_expect_not_null(leat_str_find(letter, LEAT_STR("\"new\":{\"n\":9007199254740993}")).ptr, "%.*s",
                       LEAT_ARG(letter));
    cJSON_free(body);
}

Test(letter, it_holds_the_one_record_and_all_that_stands_beside_them)
{
    DECODED d =
        decode("{ \"x\" : [ 1 , {} ], \"Records\":[ {\"eventSource\":\"aws:sqs\",\"messageId\":\"a\",\"body\":\"\"},"
               " {\"eventSource\":\"aws:sqs\",\"messageId\":\"b\",\"body\":\"\"}], \"y\":\"\\u0000\" } ");
    leat_str letter = letter_of(d, 1, 0);
    cr_expect_not_null(
        leat_str_find(letter, LEAT_STR("\"payload\":{\"x\":[1,{}],\"Records\":[{\"eventSource\":\"aws:sqs\","
                                       "\"messageId\":\"b\",\"body\":\"\"}],\"y\":\"\\u0000\"}}"))
            .ptr,
        "%.*s", LEAT_ARG(letter));
}

Test(letter, of_several_partitions_the_others_are_empty)
{
    char *text = changed(sample_of("kafka"), "/records/a-1", "[{\"topic\":\"a\",\"partition\":1,\"offset\":4}]");
    DECODED d = decode(text);
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    uint32_t last = d->records.count - 1;
    leat_str letter = letter_of(d, last, 0);
    cr_expect_not_null(leat_str_find(letter, LEAT_STR("\"orders-0\":[],")).ptr, "%.*s", LEAT_ARG(letter));
    try_payload("partitions", leat_str_c(text));
    cJSON_free(text);
}

/* The record is the message in the queue, not what was found inside of it. */
Test(letter, a_nested_notification_comes_back_in_what_it_came_in)
{
    char *payload = in_sns_in_sqs(sample_of("s3"));
    DECODED d = decode(payload);
    cr_expect_str_eq(leat_event_kind(&d->event[0]).ptr, "s3");
    leat_str letter = letter_of(d, 0, 0);
    cr_expect(leat_str_is(member(&d->run, letter, "kind"), "sqs"), "%.*s", LEAT_ARG(letter));
    try_payload("nested", leat_str_c(payload));
    cJSON_free(payload);
}

/* With the last record of a window its end must not come a second time. */
Test(letter, a_window_ends_in_its_own_letter_only)
{
    char *open = changed(sample_of("kinesis"), "/window",
                         "{\"start\":\"2020-12-09T07:04:00Z\",\"end\":\"2020-12-09T07:06:00Z\"}");
    char *named = changed(open, "/eventSourceARN", "\"arn:aws:kinesis:eu-west-1:123456789012:stream/orders\"");
    char *text = changed(named, "/isFinalInvokeForWindow", "true");
    DECODED d = decode(text);
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_assert_eq(d->records.items[d->records.count - 1].index, LEAT_WHOLE);
    try_payload("window", leat_str_c(text));
    cJSON_free(open);
    cJSON_free(named);
    cJSON_free(text);
}

/* cJSON takes it, others do not: it must not make the whole line one that nobody can read. */
Test(letter, what_only_cjson_takes_for_json_stays_bytes)
{
    DECODED zero = decode("{\"n\":007}");
    cr_assert(leat_is_ok(zero->status));
    leat_str text = member(&zero->run, letter_of(zero, 0, 0), "payload_text");
    cr_expect(leat_str_is(text, "{\"n\":007}"), "%.*s", LEAT_ARG(text));
    DECODED latin = decode("{\"n\":\"\xE9\"}");
    cr_assert(leat_is_ok(latin->status));
    leat_str letter = letter_of(latin, 0, 0), bytes = LEAT_ABSENT;
    cr_assert(leat_base64_decode(&latin->run, member(&latin->run, letter, "payload_base64"), &bytes));
    cr_expect(leat_str_is(bytes, "{\"n\":\"\xE9\"}"));
    DECODED back = decode_letter(letter, "latin");
    expect_same_event(latin, 0, back, 0, "latin");
}

Test(letter, the_deepest_payload_is_kept_as_text)
{
    struct leat_arena arena;
    struct leat_buf text;
    leat_arena_init(&arena, 0);
    leat_buf_init(&text, &arena);
    for (int i = 0; i < 2 * LEAT_JSON_DEPTH_MAX; i++)
        leat_buf_c(&text, i < LEAT_JSON_DEPTH_MAX ? "[" : "]");
    try_payload("depth", leat_buf_str(&text));
    DECODED d = decode_str(leat_buf_str(&text));
    cr_expect(leat_str_eq(member(&d->run, letter_of(d, 0, 0), "payload_text"), leat_buf_str(&text)));
    leat_arena_fini(&arena);
}

/* --- what is no document -------------------------------------------------------------------------------------------
 */

static leat_str letter_of_record(struct leat_arena *arena, const struct leat_record *record)
{
    struct leat_record copy = *record;
    struct leat_unit unit = {.record = &copy, .record_count = 1, .results = &rejected, .result_count = 1};
    const struct leat_dead dead = dead_of(&unit, 0);
    return leat_dead_text(arena, &dead);
}

static void expect_bytes(leat_str bytes, const char *name, bool raw)
{
    struct leat_arena arena;
    struct leat_forms forms;
    leat_arena_init(&arena, 0);
    leat_forms_init(&forms, sorted_adapters(), 0);
    struct leat_decoder decoder = {.arena = &arena, .adapters = sorted_adapters()};
    struct leat_records records;
    cr_assert(leat_is_ok(leat_decode_raw(&decoder, bytes, &records)));
    struct leat_record record = records.items[0];
    if (!raw)
        record = (struct leat_record){.adapter = record.adapter, .text = bytes, .broken = LEAT_STR("not JSON")};
    leat_str letter = letter_of_record(&arena, &record);
    cr_assert(leat_json_valid(letter));
    cr_expect_not_null(leat_str_find(letter, leat_str_c(name)).ptr, "%s: %.*s", name, LEAT_ARG(letter));
    cr_assert(leat_is_ok(leat_forms_take(&forms, letter)));
    cr_assert_eq(forms.count, 1);
    cr_expect(leat_str_eq(forms.payloads[0], bytes), "%.*s", LEAT_ARG(letter));
    leat_forms_fini(&forms);
    leat_arena_fini(&arena);
}

Test(letter, bytes_come_back_as_they_came)
{
    for (int raw = 0; raw < 2; raw++) {
        expect_bytes(LEAT_STR("{\"half\": "), "\"payload_text\":", raw == 1);
        expect_bytes(LEAT_STR("a \"line\"\nand \x01 one\n"), "\"payload_text\":", raw == 1);
        expect_bytes(LEAT_STR("\xFF\xFE\0x"), "\"payload_base64\":", raw == 1);
        expect_bytes(LEAT_STR("{\"a\": 1}"), "\"payload_text\":", raw == 1);
        expect_bytes(LEAT_STR("{\"a\":1}"), "\"payload\":{\"a\":1}}", raw == 1);
        expect_bytes(LEAT_STR(""), "\"payload_text\":\"\"", raw == 1);
    }
}

Test(letter, a_record_that_nobody_can_write_down_makes_no_letter)
{
    static const struct leat_adapter mute = {.name = "mute"};
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    const struct leat_record record = {.adapter = &mute, .native = &mute};
    cr_expect_null(letter_of_record(&arena, &record).ptr);
    leat_arena_fini(&arena);
}

Test(letter, want_of_memory_makes_no_letter)
{
    struct leat_arena arena;
    DECODED d = decode(sample_of("sqs"));
    bool made = false;
    for (size_t cap = 64; !made; cap += 512) {
        leat_arena_init(&arena, cap);
        struct leat_unit unit = {.record = d->records.items,
                                 .record_count = 1,
                                 .events = {.items = d->events.items, .count = 1},
                                 .results = &rejected,
                                 .result_count = 1};
        const struct leat_dead dead = dead_of(&unit, 0);
        leat_str letter = leat_dead_text(&arena, &dead);
        made = letter.ptr != NULL;
        cr_expect(!made || leat_json_valid(letter));
        cr_expect(made || arena.overflow);
        leat_arena_fini(&arena);
        cr_assert_lt(cap, 1 << 20);
    }
}

/* --- the shared payloads --------------------------------------------------------------------------------------------
 */

static size_t tried;

static void try_shared(const char *path, leat_str text)
{
    tried++;
    try_payload(path, text);
}

Test(letter, each_shared_payload_comes_back)
{
    const char *events = getenv("LEAT_EVENTS");
    if (events == NULL || events[0] == '\0')
        cr_skip_test("LEAT_EVENTS is not set: the shared payloads are not tried");
    DIR *folder = opendir(events);
    cr_assert_not_null(folder, "%s", events);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
            for_shared_payloads(entry->d_name, try_shared);
    closedir(folder);
    cr_expect_gt(tried, 50);
}
