/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a stream as payloads: whatever a producer wrote, it is JSON, and nothing of it is lost. Ids and times. */
#include "decoding.h"

#include <redis/entry.h>

#include <leat/alloc.h>
#include <leat/text.h>

#include <inttypes.h>
#include <stdio.h>

/* A slice of a literal, NULs included, in a table. */
#define BYTES(literal)                  \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

static struct leat_arena arena;
static struct leat_redis_value items[64], fields;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(redis_entry, .init = setup, .fini = teardown, .timeout = 60);

#define STREAM LEAT_STR("orders")
#define ID LEAT_STR("1714552200000-3")

static struct leat_redis_value text_of(leat_str text)
{
    return (struct leat_redis_value){.type = LEAT_REDIS_TEXT, .text = text};
}

static const struct leat_redis_value *fields_of(const leat_str *texts, size_t count)
{
    cr_assert_leq(count, sizeof(items) / sizeof(items[0]));
    for (size_t i = 0; i < count; i++)
        items[i] = text_of(texts[i]);
    fields = (struct leat_redis_value){.type = LEAT_REDIS_LIST, .items = items, .count = count};
    return &fields;
}

/* Up to a NULL. */
static const struct leat_redis_value *named(const char *const *texts)
{
    leat_str strs[64];
    size_t count = 0;
    for (; texts[count] != NULL; count++)
        strs[count] = leat_str_c(texts[count]);
    return fields_of(strs, count);
}
#define FIELDS(...) named((const char *const[]){__VA_ARGS__, NULL})

static leat_str entry_text(const struct leat_redis_value *of)
{
    return leat_redis_entry_text(&arena, STREAM, ID, of);
}

static void expect_json(leat_str got, const char *want)
{
    cr_expect(leat_str_is(got, want), "got  %.*s\nwant %s", LEAT_ARG(got), want);
    cr_expect(leat_json_valid(got), "%.*s", LEAT_ARG(got));
    cr_expect(got.ptr != NULL && got.ptr[got.len] == '\0');
}

/* --- ids -------------------------------------------------------------------------------------------------------- */

Test(redis_entry, an_id_is_two_numbers)
{
    static const struct {
        const char *text;
        uint64_t ms, number;
    } cases[] = {
        {"0-0", 0, 0},
        {"0-1", 0, 1},
        {"1714552200000-3", 1714552200000, 3},
        {"18446744073709551615-18446744073709551615", UINT64_MAX, UINT64_MAX},
        {"9223372036854775808-9223372036854775807", UINT64_C(9223372036854775808), INT64_MAX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct leat_redis_id id = {.ms = 7, .number = 7};
        cr_assert(leat_redis_id_read(leat_str_c(cases[i].text), &id), "%s", cases[i].text);
        cr_expect(id.ms == cases[i].ms && id.number == cases[i].number, "%s", cases[i].text);
    }
    struct leat_redis_id padded;
    cr_expect(leat_redis_id_read(LEAT_STR("000000000000000000000000001-02"), &padded));
    cr_expect(padded.ms == 1 && padded.number == 2, "zeros before a number are not too many digits");
}

Test(redis_entry, what_is_no_id_is_not_read)
{
    static const char *const cases[] = {
        "",
        "-",
        "1",
        "1714552200000",
        "1-",
        "-1",
        "--1",
        "1--1",
        "1-2-3",
        "1-2-",
        "+1-2",
        "1-+2",
        " 1-2",
        "1-2 ",
        "1 -2",
        "1-2\n",
        "0x1-2",
        "1.0-2",
        "1-*",
        "$",
        ">",
        "*",
        "18446744073709551616-0",
        "0-18446744073709551616",
        "18446744073709551620-0",
        "99999999999999999999-0",
        "0-184467440737095516150",
        "1714552200000\xE2\x80\x93" /* a dash, but not that one */,
    };
    struct leat_redis_id id;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_not(leat_redis_id_read(leat_str_c(cases[i]), &id), "\"%s\"", cases[i]);
    cr_expect_not(leat_redis_id_read(LEAT_ABSENT, &id));
    cr_expect_not(leat_redis_id_read(LEAT_STR("1-2\0"), &id));
    cr_expect_not(leat_redis_id_read(LEAT_STR("1\0-2"), &id));
}

Test(redis_entry, an_id_is_read_no_further_than_it_goes)
{
    struct leat_redis_id id;
    cr_expect(leat_redis_id_read(leat_str_of("12-345", 5), &id));
    cr_expect(id.ms == 12 && id.number == 34);
    cr_expect_not(leat_redis_id_read(leat_str_of("12-345", 3), &id));
    cr_expect_not(leat_redis_id_read(leat_str_of("12-345", 2), &id));
}

Test(redis_entry, any_id_is_read)
{
    unsigned seed = 20240501;
    for (int round = 0; round < 20000; round++) {
        struct leat_redis_id id = {.ms = 0}, back = {.ms = 0};
        char out[LEAT_REDIS_ID_SIZE];
        for (int i = 0; i < 5; i++) {
            id.ms = id.ms << 15 ^ (uint64_t)rand_r(&seed);
            id.number = id.number << 15 ^ (uint64_t)rand_r(&seed);
        }
        id.ms >>= rand_r(&seed) % 64;
        id.number >>= rand_r(&seed) % 64;
        snprintf(out, sizeof(out), "%" PRIu64 "-%" PRIu64, id.ms, id.number);
        cr_assert(leat_redis_id_read(leat_str_c(out), &back), "%s", out);
        cr_assert(back.ms == id.ms && back.number == id.number, "%s", out);
    }
}

/* Whoever numbers entries otherwise, from 1 or in microseconds, gives them no time. */
Test(redis_entry, a_time_is_a_plausible_one)
{
    static const struct {
        uint64_t ms;
        int64_t time_ms;
    } cases[] = {
        {0, 0},
        {1, 0},
        {1714552200, 0}, /* seconds */
        {978307199999, 0},
        {978307200000, 978307200000},
        {1714552200000, 1714552200000},
        {7258118399999, 7258118399999},
        {7258118400000, 0},
        {1714552200000000, 0}, /* microseconds */
        {INT64_MAX, 0},
        {(uint64_t)INT64_MAX + 1, 0},
        {UINT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct leat_redis_id id = {.ms = cases[i].ms, .number = UINT64_MAX};
        cr_expect_eq(leat_redis_id_time_ms(&id), cases[i].time_ms, "%llu", (unsigned long long)cases[i].ms);
    }
}

/* --- one field -------------------------------------------------------------------------------------------------- */

Test(redis_entry, one_field_of_json_is_the_payload)
{
    static const char *const cases[] = {
        "{}",
        "[]",
        "{\"a\":1}",
        "[1, 2]",
        " {\"a\":1} ",
        "\n\t\r [1]\n",
        "{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}",
    };
    static const char *const names[] = {"payload", "data", "", "specversion"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t name = 0; name < sizeof(names) / sizeof(names[0]); name++) {
            leat_str text = entry_text(FIELDS(names[name], cases[i]));
            cr_expect(text.ptr == cases[i] && text.len == strlen(cases[i]), "%s: %.*s", cases[i], LEAT_ARG(text));
        }
    cr_expect_eq(arena.used, 0, "nothing is copied");
}

#define HEAD                                                                                               \
    "{\"specversion\":\"1.0\",\"type\":\"io.redis.stream.entry\",\"id\":\"1714552200000-3\",\"source\":\"" \
    "redis:orders\",\"time\":\"2024-05-01T08:30:00Z\""
#define DATA ",\"datacontenttype\":\"application/json\",\"data\":"
#define PLAIN(data) HEAD DATA data "}"

Test(redis_entry, one_field_of_anything_else_is_a_field)
{
    static const char *const cases[][2] = {
        {"17", "\"17\""},
        {"true", "\"true\""},
        {"null", "\"null\""},
        {"\"text\"", "\"\\\"text\\\"\""},
        {"hello", "\"hello\""},
        {"", "\"\""},
        {"   ", "\"   \""},
        {"-{}", "\"-{}\""},
        {"\xEF\xBB\xBF{}", "\"\xEF\xBB\xBF{}\""},
        {"x [1]", "\"x [1]\""},
        {"}{", "\"}{\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[400];
        snprintf(want, sizeof(want), PLAIN("{\"f\":%s}"), cases[i][1]);
        expect_json(entry_text(FIELDS("f", cases[i][0])), want);
    }
}

Test(redis_entry, json_beside_another_field_is_text)
{
    expect_json(entry_text(FIELDS("a", "{\"b\":1}", "c", "[2]")), PLAIN("{\"a\":\"{\\\"b\\\":1}\",\"c\":\"[2]\"}"));
    expect_json(entry_text(FIELDS("a", "{}", "a", "{}")), PLAIN("{\"a\":\"{}\",\"a\":\"{}\"}"));
}

/* --- CloudEvents ------------------------------------------------------------------------------------------------ */

#define GIVEN "specversion", "1.0", "id", "e1", "source", "/shop", "type", "order"
#define WRITTEN "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/shop\",\"type\":\"order\""

Test(redis_entry, fields_with_the_names_of_a_cloudevent_are_one)
{
    expect_json(entry_text(FIELDS(GIVEN)), WRITTEN "}");
    expect_json(entry_text(FIELDS(GIVEN, "subject", "o-1", "partitionkey", "c-7", "any", "")),
                WRITTEN ",\"subject\":\"o-1\",\"partitionkey\":\"c-7\",\"any\":\"\"}");
    expect_json(entry_text(FIELDS("type", "t", "data", "[1]", "source", "s", "id", "i", "specversion", "0.3")),
                "{\"type\":\"t\",\"source\":\"s\",\"id\":\"i\",\"specversion\":\"0.3\",\"data\":[1]}");
    expect_json(entry_text(FIELDS("data", "1", GIVEN)), WRITTEN ",\"data\":\"1\"}");
}

Test(redis_entry, without_one_of_the_names_it_is_none)
{
    static const char *const given[] = {GIVEN};
    for (size_t missing = 0; missing < 4; missing++)
        for (int how = 0; how < 3; how++) {
            const char *texts[16] = {0};
            size_t count = 0;
            for (size_t i = 0; i < 4; i++) {
                if (i == missing && how == 0)
                    continue;
                texts[count++] = i == missing && how == 1 ? "Source" : given[i * 2];
                texts[count++] = i == missing && how == 2 ? "" : given[i * 2 + 1];
            }
            leat_str text = entry_text(named(texts));
            cr_expect(leat_str_starts(text, LEAT_STR(HEAD)), "%s: %.*s", given[missing * 2], LEAT_ARG(text));
        }
    (void)FIELDS("id", "e1", "source", "/shop", "type", "order", "specversion", "1.0");
    fields.count--; /* what lies behind the last one is no value */
    leat_str name_alone = entry_text(&fields);
    cr_expect(leat_str_starts(name_alone, LEAT_STR(HEAD)), "%.*s", LEAT_ARG(name_alone));
}

Test(redis_entry, the_body_of_a_cloudevent_is_what_its_type_says)
{
    static const struct {
        const char *type; /* NULL: none is given */
        leat_str body;
        const char *want;
    } cases[] = {
        {NULL, BYTES("{\"n\" : 9007199254740993, \"x\":1.50}"), "\"data\":{\"n\" : 9007199254740993, \"x\":1.50}"},
        {NULL, BYTES(" [1,\n2] "), "\"data\": [1,\n2] "},
        {NULL, BYTES("17"), "\"data\":\"17\""},
        {NULL, BYTES("hello"), "\"data\":\"hello\""},
        {NULL, BYTES(""), "\"data\":\"\""},
        {NULL, BYTES("{broken"), "\"data\":\"{broken\""},
        {NULL, BYTES("[1],[2]"), "\"data\":\"[1],[2]\""},
        {NULL, BYTES("{}\",\"x\":\""), "\"data\":\"{}\\\",\\\"x\\\":\\\"\""},
        {"", BYTES("[1]"), "\"data\":[1]"},
        {"application/json", BYTES("17"), "\"data\":17"},
        {"application/json", BYTES(" null "), "\"data\": null "},
        {"application/json", BYTES("\"a\\u0000b\""), "\"data\":\"a\\u0000b\""},
        {"application/json", BYTES("no JSON"), "\"data\":\"no JSON\""},
        {"application/json", BYTES(""), "\"data\":\"\""},
        {"Application/JSON; charset=utf-8", BYTES("{\"a\":1}"), "\"data\":{\"a\":1}"},
        {"application/vnd.shop+json", BYTES("{\"a\": 1}"), "\"data\":{\"a\": 1}"},
        {"text/json", BYTES("[]"), "\"data\":[]"},
        {"text/plain", BYTES("{\"a\":1}"), "\"data\":\"{\\\"a\\\":1}\""},
        {"text/plain", BYTES("a\0b\n\x7F"), "\"data\":\"a\\u0000b\\n\\u007f\""},
        {"application/xml", BYTES("<a b=\"c\"/>"), "\"data\":\"<a b=\\\"c\\\"/>\""},
        {"application/jsonp", BYTES("[1]"), "\"data\":\"[1]\""},
        {"image/png", BYTES("\x89PNG"), "\"data_base64\":\"iVBORw==\""},
        {NULL, BYTES("\xFF\xFE\xFD"), "\"data_base64\":\"//79\""},
        {"text/plain", BYTES("caf\xE9"), "\"data_base64\":\"Y2Fm6Q==\""},
        {"text/plain", BYTES("caf\xC3\xA9"), "\"data\":\"caf\xC3\xA9\""},
        {"application/json", BYTES("{\"\xFF\":1}"), "\"data_base64\":\"eyL/IjoxfQ==\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool has_type = cases[i].type != NULL;
        leat_str strs[] = {LEAT_STR("specversion"),
                           LEAT_STR("1.0"),
                           LEAT_STR("id"),
                           LEAT_STR("e1"),
                           LEAT_STR("data"),
                           cases[i].body,
                           LEAT_STR("source"),
                           LEAT_STR("/shop"),
                           LEAT_STR("type"),
                           LEAT_STR("order"),
                           LEAT_STR("datacontenttype"),
                           leat_str_c(cases[i].type)};
        char want[400], type[100] = "";
        if (has_type)
            snprintf(type, sizeof(type), ",\"datacontenttype\":\"%s\"", cases[i].type);
        snprintf(want, sizeof(want), WRITTEN "%s,%s}", type, cases[i].want);
        expect_json(entry_text(fields_of(strs, has_type ? 12 : 10)), want);
    }
}

/* With both of them nobody could read it. */
Test(redis_entry, a_body_is_given_once)
{
    expect_json(entry_text(FIELDS(GIVEN, "data_base64", "aGk=")), WRITTEN ",\"data_base64\":\"aGk=\"}");
    expect_json(entry_text(FIELDS(GIVEN, "data_base64", "aGk=", "data", "text")), WRITTEN ",\"data\":\"text\"}");
    expect_json(entry_text(FIELDS(GIVEN, "data", "\xFF", "data_base64", "aGk=")), WRITTEN ",\"data_base64\":\"/w==\"}");
    expect_json(entry_text(FIELDS(GIVEN, "data", "", "data_base64", "aGk=")), WRITTEN ",\"data\":\"\"}");
    expect_json(entry_text(FIELDS(GIVEN, "data", "[1]", "data", "[2]")), WRITTEN ",\"data\":[1]}");
}

Test(redis_entry, attributes_hold_any_characters)
{
    expect_json(entry_text(FIELDS("specversion", "1.0", "id", "\"a\\b\"", "source", "/s\n\t\x01", "type", "caf\xC3\xA9",
                                  "sub\"ject", "x", "", "y", "broken", "a\xFF z")),
                "{\"specversion\":\"1.0\",\"id\":\"\\\"a\\\\b\\\"\",\"source\":\"/s\\n\\t\\u0001\",\"type\":\"caf\xC3"
                "\xA9\",\"sub\\\"ject\":\"x\",\"\":\"y\",\"broken\":\"a\xEF\xBF\xBD z\"}");
}

Test(redis_entry, a_cloudevent_is_decoded_as_it_was_meant)
{
    leat_str strs[] = {LEAT_STR("specversion"),
                       LEAT_STR("1.0"),
                       LEAT_STR("id"),
                       LEAT_STR("e\"1"),
                       LEAT_STR("source"),
                       LEAT_STR("/shop"),
                       LEAT_STR("type"),
                       LEAT_STR("order"),
                       LEAT_STR("time"),
                       LEAT_STR("2024-05-02T18:51:44Z"),
                       LEAT_STR("datacontenttype"),
                       LEAT_STR("image/png"),
                       LEAT_STR("data"),
                       LEAT_STR("\x89PNG\0"),
                       LEAT_STR("data_base64"),
                       LEAT_STR("aGk="),
                       LEAT_STR("partitionkey"),
                       LEAT_STR("c-7")};
    DECODED d = decode_str(entry_text(fields_of(strs, sizeof(strs) / sizeof(strs[0]))));
    cr_assert(leat_is_ok(d->status) && d->events.count == 1, "%s%s", d->error.message, d->reason[0]);
    EXPECT_STR(leat_event_kind(&d->event[0]), "cloudevents");
    EXPECT_STR(leat_event_id(&d->event[0]), "e\"1");
    EXPECT_STR(leat_event_time(&d->event[0]), "2024-05-02T18:51:44Z");
    EXPECT_STR(d->records.items[0].lane, NULL);
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "c-7");
    leat_str data = leat_event_data(&d->event[0]);
    cr_expect(leat_str_eq(data, LEAT_STR("\x89PNG\0")), "%zu bytes", data.len);
}

/* --- plain fields ----------------------------------------------------------------------------------------------- */

Test(redis_entry, fields_are_an_object_in_their_order)
{
    expect_json(entry_text(FIELDS("b", "1", "a", "2", "c", "")), PLAIN("{\"b\":\"1\",\"a\":\"2\",\"c\":\"\"}"));
    expect_json(entry_text(FIELDS("a", "1", "b", "2", "a", "3")), PLAIN("{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"}"));
    expect_json(entry_text(FIELDS("", "x")), PLAIN("{\"\":\"x\"}"));
    expect_json(entry_text(FIELDS("q\"\\\n", "\"\\\r\n\t\x1F\x7F")),
                PLAIN("{\"q\\\"\\\\\\n\":\"\\\"\\\\\\r\\n\\t\\u001f\\u007f\"}"));
    expect_json(entry_text(FIELDS("caf\xC3\xA9", "\xF0\x9F\x8E\x89", "\xFF", "x")),
                PLAIN("{\"caf\xC3\xA9\":\"\xF0\x9F\x8E\x89\",\"\xEF\xBF\xBD\":\"x\"}"));
    expect_json(entry_text(FIELDS("data", "x", "id", "y")), PLAIN("{\"data\":\"x\",\"id\":\"y\"}"));
}

Test(redis_entry, bytes_that_are_no_text_are_base64)
{
    expect_json(entry_text(FIELDS("a", "\xFF\xFE", "b", "text", "c", "caf\xE9")),
                PLAIN("{\"a\":{\"base64\":\"//4=\"},\"b\":\"text\",\"c\":{\"base64\":\"Y2Fm6Q==\"}}"));
    const leat_str strs[] = {LEAT_STR("n\0ul"), LEAT_STR("a\0b"), LEAT_STR("half"), LEAT_STR("\xED\xA0\x80\0")};
    expect_json(entry_text(fields_of(strs, 4)),
                PLAIN("{\"n\\u0000ul\":\"a\\u0000b\",\"half\":{\"base64\":\"7aCAAA==\"}}"));
}

Test(redis_entry, a_partition_key_is_one_of_the_event_too)
{
    expect_json(entry_text(FIELDS("a", "1", "partitionkey", "c-7")),
                HEAD ",\"partitionkey\":\"c-7\"" DATA "{\"a\":\"1\",\"partitionkey\":\"c-7\"}}");
    expect_json(entry_text(FIELDS("partitionkey", "\"\n", "partitionkey", "second")), HEAD
                ",\"partitionkey\":\"\\\"\\n\"" DATA "{\"partitionkey\":\"\\\"\\n\",\"partitionkey\":\"second\"}}");
    expect_json(entry_text(FIELDS("partitionkey", "", "PartitionKey", "x")),
                PLAIN("{\"partitionkey\":\"\",\"PartitionKey\":\"x\"}"));
}

static void expect_stream_and_id(leat_str stream, leat_str id, const char *want)
{
    leat_str got = leat_redis_entry_text(&arena, stream, id, FIELDS("a", "1"));
    char whole[400];
    snprintf(whole, sizeof(whole),
             "{\"specversion\":\"1.0\",\"type\":\"io.redis.stream.entry\",%s" DATA "{\"a\":\"1\"}}", want);
    expect_json(got, whole);
}

Test(redis_entry, a_time_is_given_where_an_id_tells_it)
{
    static const char *const cases[][2] = {
        {"978307200000-0", ",\"time\":\"2001-01-01T00:00:00Z\""},
        {"1714552200250-1", ",\"time\":\"2024-05-01T08:30:00.250Z\""},
        {"7258118399999-0", ",\"time\":\"2199-12-31T23:59:59.999Z\""},
        {"0-1", ""},
        {"978307199999-0", ""},
        {"7258118400000-0", ""},
        {"18446744073709551615-18446744073709551615", ""},
        {"1714552200250", ""},
        {"no id", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[200];
        snprintf(want, sizeof(want), "\"id\":\"%s\",\"source\":\"redis:orders\"%s", cases[i][0], cases[i][1]);
        expect_stream_and_id(STREAM, leat_str_c(cases[i][0]), want);
    }
}

Test(redis_entry, a_source_is_a_uri_whatever_the_stream_is_called)
{
    static const struct {
        leat_str stream;
        const char *source;
    } cases[] = {
        {BYTES("orders:{eu}/1"), "redis:orders:%7Beu%7D/1"},
        {BYTES("a b\"c\\d"), "redis:a%20b%22c%5Cd"},
        {BYTES("caf\xC3\xA9\n"), "redis:caf%C3%A9%0A"},
        {BYTES("\xFF\0x"), "redis:%FF%00x"},
        {BYTES("50%"), "redis:50%25"},
        {BYTES("a%20b"), "redis:a%20b"},
        {BYTES(""), "redis:"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[200];
        snprintf(want, sizeof(want), "\"id\":\"0-1\",\"source\":\"%s\"", cases[i].source);
        expect_stream_and_id(cases[i].stream, LEAT_STR("0-1"), want);
    }
}

/* An entry that was deleted while it was pending, and replies that no server should give. */
Test(redis_entry, without_fields_it_is_an_empty_object)
{
    const struct leat_redis_value nil = {.type = LEAT_REDIS_NIL};
    expect_json(entry_text(&nil), PLAIN("{}"));
    expect_json(entry_text(fields_of(NULL, 0)), PLAIN("{}"));
    expect_json(entry_text(FIELDS("lonely")), PLAIN("{}"));
    expect_json(entry_text(FIELDS("a", "1", "{\"lonely\":1}")), PLAIN("{\"a\":\"1\"}"));
    (void)FIELDS("a", "x", "b", "y", "c", "z");
    items[1] = (struct leat_redis_value){.type = LEAT_REDIS_NUMBER, .number = 5};
    items[2] = (struct leat_redis_value){.type = LEAT_REDIS_NIL};
    items[5] = (struct leat_redis_value){.type = LEAT_REDIS_LEFT_OUT, .text = {NULL, 5}};
    leat_str text = entry_text(&fields);
    cr_expect(leat_json_valid(text), "%.*s", LEAT_ARG(text));
}

Test(redis_entry, a_plain_entry_is_decoded_as_an_event)
{
    DECODED d = decode_str(leat_redis_entry_text(&arena, LEAT_STR("a b"), ID, FIELDS("k", "v", "partitionkey", "p")));
    cr_assert(leat_is_ok(d->status) && d->events.count == 1, "%s%s", d->error.message, d->reason[0]);
    EXPECT_STR(leat_event_kind(&d->event[0]), "cloudevents");
    EXPECT_STR(leat_event_type(&d->event[0]), "io.redis.stream.entry");
    EXPECT_STR(leat_event_id(&d->event[0]), "1714552200000-3");
    EXPECT_STR(leat_event_source(&d->event[0]), "redis:a%20b");
    EXPECT_STR(leat_event_time(&d->event[0]), "2024-05-01T08:30:00Z");
    EXPECT_STR(leat_event_datacontenttype(&d->event[0]), "application/json");
    EXPECT_STR(leat_event_data(&d->event[0]), "{\"k\":\"v\",\"partitionkey\":\"p\"}");
    EXPECT_ATTRIBUTE(d, 0, "partitionkey", "p");
}

/* --- left out --------------------------------------------------------------------------------------------------- */

Test(redis_entry, a_field_that_was_left_out_is_told)
{
    const struct leat_redis_value nil = {.type = LEAT_REDIS_NIL};
    const struct leat_redis_value left_out = {.type = LEAT_REDIS_LEFT_OUT, .text = {NULL, 12345}};
    cr_expect_eq(leat_redis_entry_left_out(&nil), 0);
    cr_expect_eq(leat_redis_entry_left_out(FIELDS("a", "1", "b", "2")), 0);
    for (size_t i = 0; i < 4; i++) {
        (void)FIELDS("a", "1", "b", "2");
        items[i] = left_out;
        cr_expect_eq(leat_redis_entry_left_out(&fields), 12345, "%zu", i);
    }
    (void)FIELDS("a", "1", "b", "2", "c");
    items[4] = left_out;
    cr_expect_eq(leat_redis_entry_left_out(&fields), 12345);
    fields.count = 4;
    cr_expect_eq(leat_redis_entry_left_out(&fields), 0);
}

/* --- any bytes -------------------------------------------------------------------------------------------------- */

static unsigned seed = 20240501;

static size_t below(size_t limit)
{
    return (size_t)rand_r(&seed) % limit;
}

/* Text, all but text, or what JSON is made of. */
static leat_str random_bytes(char *room, size_t most)
{
    static const char likely[] = "{}[]:,\"\\/ \n\t\0u0019eatrufls\xC3\xA9\xE2\x80\xA8\xED\xA0\x80\xF0\x9F\x8E\x89\x7F";
    size_t len = below(most + 1), how = below(4);
    for (size_t i = 0; i < len; i++)
        room[i] = (char)(how == 0   ? below(256)
                         : how == 1 ? 'a' + below(26)
                                    : (unsigned char)likely[below(sizeof(likely) - 1)]);
    return leat_str_of(room, len);
}

static bool is_utf8(leat_str text)
{
    return leat_str_utf8(text) == text.len;
}

/* What a member of the object says is what the field held. */
static void expect_value(const cJSON *member, leat_str value, leat_str text)
{
    leat_str bytes = LEAT_ABSENT;
    if (is_utf8(value))
        cr_assert(leat_str_eq(leat_json_text(member), value), "%.*s", LEAT_ARG(text));
    else
        cr_assert(leat_base64_decode(&arena, leat_json_get_text(member, "base64"), &bytes) && leat_str_eq(bytes, value),
                  "%.*s", LEAT_ARG(text));
}

static void expect_plain(const cJSON *root, leat_str text)
{
    size_t at = 0;
    const cJSON *member = NULL;
    cJSON_ArrayForEach (member, leat_json_get_object(root, "data")) {
        cr_assert_lt(at + 1, fields.count, "%.*s", LEAT_ARG(text));
        if (is_utf8(items[at].text))
            cr_assert(leat_str_eq(leat_json_name(&arena, member), items[at].text) ||
                          memchr(items[at].text.ptr, '\0', items[at].text.len) != NULL,
                      "%.*s", LEAT_ARG(text));
        expect_value(member, items[at + 1].text, text);
        at += 2;
    }
    cr_assert_eq(at, fields.count & ~(size_t)1, "%zu of %zu: %.*s", at, fields.count, LEAT_ARG(text));
    cr_assert_eq(leat_json_get_text(root, "id").len, ID.len);
}

static leat_str field(const char *name)
{
    for (size_t i = 0; i + 1 < fields.count; i += 2)
        if (leat_str_is(items[i].text, name))
            return items[i + 1].text;
    return LEAT_ABSENT;
}

static void expect_cloudevent(const cJSON *root, leat_str text)
{
    static const char *const names[] = {"specversion", "id", "source", "type", "datacontenttype"};
    leat_str bytes = LEAT_ABSENT, body = field("data");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (field(names[i]).ptr != NULL && is_utf8(field(names[i])))
            cr_assert(leat_str_eq(leat_json_get_text(root, names[i]), field(names[i])), "%.*s", LEAT_ARG(text));
    const cJSON *data = leat_json_get(root, "data"), *base64 = leat_json_get(root, "data_base64");
    if (body.ptr == NULL) {
        cr_assert(data == NULL && (base64 != NULL) == (field("data_base64").ptr != NULL), "%.*s", LEAT_ARG(text));
        return;
    }
    cr_assert((data != NULL) == is_utf8(body) && (base64 == NULL) == is_utf8(body), "%.*s", LEAT_ARG(text));
    if (base64 != NULL)
        cr_assert(leat_base64_decode(&arena, leat_json_text(base64), &bytes) && leat_str_eq(bytes, body), "%.*s",
                  LEAT_ARG(text));
    else if (!cJSON_IsString(data) || !leat_str_eq(leat_json_text(data), body))
        cr_assert(leat_json_valid(body) && leat_str_find(text, body).ptr != NULL, "%.*s", LEAT_ARG(text));
}

/* Is it an event? Then half of the time the body is JSON, or nearly. */
static bool random_fields(char *room)
{
    static const char *const names[] = {"specversion", "id",          "source",         "type",
                                        "data",        "data_base64", "datacontenttype"};
    static const char *const types[] = {"application/json", "text/plain", "", "a/b+json"};
    static const char *const bodies[] = {"{\"a\":[1,\"\\\"\"]}", " [1] ", "17", "\"x\"", "nul", "{", "null\n"};
    leat_str strs[24];
    bool is_event = below(2) == 0;
    size_t count = 0, named_count = is_event ? 4 + below(4) : 0;
    for (size_t i = 0; i < named_count; i++) {
        strs[count++] = leat_str_c(names[i]);
        strs[count] = random_bytes(room + count * 40, 20);
        if (i < 4 && strs[count].len == 0)
            strs[count] = LEAT_STR("x");
        if (i == 4 && below(2) == 0)
            strs[count] = leat_str_c(bodies[below(7)]);
        if (i == 6 && below(4) != 0)
            strs[count] = leat_str_c(types[below(4)]);
        count++;
    }
    if (!is_event && below(10) == 0) {
        strs[count++] = random_bytes(room, 20);
        strs[count++] = leat_str_c(bodies[below(7)]);
        (void)fields_of(strs, count);
        return false;
    }
    for (size_t more = below(9); more > 0; more--) {
        strs[count] = random_bytes(room + count * 40, 20);
        count++;
    }
    for (size_t i = 0; i < count / 2; i++) { /* in any order */
        size_t other = below(count / 2);
        leat_str name = strs[i * 2], value = strs[i * 2 + 1];
        strs[i * 2] = strs[other * 2];
        strs[i * 2 + 1] = strs[other * 2 + 1];
        strs[other * 2] = name;
        strs[other * 2 + 1] = value;
    }
    (void)fields_of(strs, count);
    return is_event;
}

Test(redis_entry, any_bytes_are_valid_json_that_holds_them)
{
    int passed_on = 0, events = 0, plain = 0;
    for (int round = 0; round < 6000; round++) {
        char room[24 * 40], stream_room[40];
        cJSON *root = NULL;
        leat_arena_reset(&arena);
        bool is_event = random_fields(room);
        leat_str stream = random_bytes(stream_room, 30), text = leat_redis_entry_text(&arena, stream, ID, &fields);
        if (fields.count == 2 && text.ptr == items[1].text.ptr) {
            leat_str trimmed = leat_str_trim(text);
            cr_assert(trimmed.len > 0 && (trimmed.ptr[0] == '{' || trimmed.ptr[0] == '['));
            passed_on++;
            continue;
        }
        cr_assert(leat_json_valid(text), "%.*s", LEAT_ARG(text));
        cr_assert(leat_is_ok(leat_json_parse(&arena, text, &root, NULL)), "%.*s", LEAT_ARG(text));
        if (is_event)
            expect_cloudevent(root, text);
        else
            expect_plain(root, text);
        events += is_event ? 1 : 0;
        plain += is_event ? 0 : 1;
    }
    cr_expect(passed_on > 100 && events > 1000 && plain > 1000, "%d, %d and %d", passed_on, events, plain);
}

/* --- memory ----------------------------------------------------------------------------------------------------- */

/* Each allocation fails once: it is absent, not without what there was no room for. */
static void expect_all_or_nothing(const char *const *texts)
{
    uint64_t count = 0;
    char want[600] = "";
    for (uint64_t nth = 0; nth <= count; nth++) {
        leat_arena_fini(&arena);
        arena.chunk_size = 0; /* each allocation is one of the heap */
        (void)leat_alloc_fail_at(nth, false);
        leat_str text = leat_redis_entry_text(&arena, LEAT_STR("a b"), LEAT_STR("1714552200000-3"), named(texts));
        uint64_t allocations = leat_alloc_fail_at(0, false);
        if (nth == 0) {
            count = allocations;
            snprintf(want, sizeof(want), "%.*s", LEAT_ARG(text));
        }
        cr_expect_eq(text.ptr == NULL, nth > 0, "allocation %llu of %llu: %.*s", (unsigned long long)nth,
                     (unsigned long long)count, LEAT_ARG(text));
    }
    cr_expect(count > 0 && want[0] == '{', "%llu: %s", (unsigned long long)count, want);
}

Test(redis_entry, without_memory_there_is_no_text)
{
    static const char *const plain[] = {"a", "1", "partitionkey", "k", "bytes", "\xFF", NULL};
    static const char *const event[] = {GIVEN, "data", "\xFF\xFE", NULL};
    static const char *const text[] = {GIVEN, "data", "hello", "datacontenttype", "text/plain", NULL};
    expect_all_or_nothing(plain);
    expect_all_or_nothing(event);
    expect_all_or_nothing(text);
}
