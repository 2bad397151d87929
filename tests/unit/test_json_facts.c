/* SPDX-License-Identifier: Apache-2.0 */
/* What cJSON does that one must know, a test a fact; each first shows the fact, then that nothing of ours suffers. */
#include "decoding.h"

#include <limits.h>

#define BOM "\xEF\xBB\xBF"
#define MESSAGE(id, body) "{\"messageId\":\"" id "\",\"body\":" body ",\"eventSource\":\"aws:sqs\",\"awsRegion\":\"r\"}"

/* The payload with a mark in front. */
static char *marked(const char *text)
{
    size_t len = strlen(text);
    char *out = malloc(len + sizeof(BOM));
    cr_assert_not_null(out);
    memcpy(out, BOM, strlen(BOM));
    memcpy(out + strlen(BOM), text, len + 1);
    return out;
}

Test(json, fact_a_byte_order_mark_is_accepted)
{
    cJSON *root = cJSON_Parse(BOM "{\"a\":1}");
    cr_expect(cJSON_IsObject(root));
    cJSON_Delete(root);
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++) {
        DECODED plain = decode(sample->text);
        DECODED with_mark = decode_owned(marked(sample->text));
        cr_expect_str_eq(with_mark->records.adapter->name, sample->name);
        cr_assert_eq(with_mark->events.count, plain->events.count, "%s", sample->name);
        for (uint32_t i = 0; i < plain->events.count; i++)
            cr_expect(leat_str_eq(canonical(plain, i), canonical(with_mark, i)), "%s", sample->name);
    }
}

/* A digest of the text as it stands would differ. */
Test(json, fact_a_byte_order_mark_is_no_part_of_an_id)
{
    DECODED plain = decode("{\"n\":9007199254740993}");
    DECODED with_mark = decode(BOM "{\"n\":9007199254740993}");
    DECODED spaced = decode(BOM " { \"n\" : 9007199254740993 } ");
    EXPECT_STR(leat_event_kind(&plain->event[0]), "unknown");
    cr_expect(leat_str_eq(leat_event_id(&plain->event[0]), leat_event_id(&with_mark->event[0])));
    cr_expect(leat_str_eq(leat_event_id(&plain->event[0]), leat_event_id(&spaced->event[0])));
}

Test(json, fact_get_object_item_takes_any_case)
{
    cJSON *root = cJSON_Parse("{\"records\":[]}");
    cJSON *(*const look_up)(const cJSON *, const char *) = cJSON_GetObjectItem; /* nowhere else */
    cr_expect_not_null(look_up(root, "Records"));
    cr_expect_null(leat_json_get(root, "Records"));
    cr_expect_not_null(leat_json_get(root, "records"));
    cJSON_Delete(root);
    DECODED lower = decode("{\"records\":[" MESSAGE("m", "\"b\"") "]}");
    cr_expect_str_eq(lower->records.adapter->name, "unknown");
    DECODED upper = decode("{\"RECORDS\":[" MESSAGE("m", "\"b\"") "]}");
    cr_expect_str_eq(upper->records.adapter->name, "unknown");
    DECODED body = decode("{\"Records\":[{\"messageId\":\"m\",\"Body\":\"b\",\"eventSource\":\"aws:sqs\"}]}");
    cr_expect_str_eq(body->reason[0], "body is missing (SQS bodies are text)");
}

/* Milliseconds since 1970 do not fit an int. */
Test(json, fact_valueint_saturates)
{
    cJSON *root = cJSON_Parse("1583348638390");
    cr_expect_eq(root->valueint, INT_MAX);
    cr_expect_eq(root->valuedouble, 1583348638390.0);
    cJSON_Delete(root);
    DECODED kafka = decode_changed(sample_of("kafka"), "/records/orders-0/0/timestamp", "1583348638390");
    EXPECT_STR(leat_event_time(&kafka->event[0]), "2020-03-04T19:03:58.390Z");
    DECODED request = decode_changed(sample_of("apigateway-http"), "/requestContext/timeEpoch", "1583348638390");
    EXPECT_STR(leat_event_time(&request->event[0]), "2020-03-04T19:03:58.390Z");
}

Test(json, fact_printing_loses_digits)
{
    cJSON *root = cJSON_Parse("{\"n\":9007199254740993}");
    char *text = cJSON_PrintUnformatted(root);
    cr_expect_null(strstr(text, "9007199254740993"), "%s", text);
    cJSON_free(text);
    cJSON_Delete(root);
    static const char payload[] = "{\"n\":9007199254740993,\"m\":1.10}";
    for (int quick = 0; quick < 2; quick++) {
        DECODED d = quick == 0 ? decode(payload) : decode_quickly(payload);
        struct leat_buf buf;
        leat_buf_init(&buf, &d->run);
        leat_event_write(&d->event[0], &buf);
        cr_expect_not_null(leat_str_find(leat_buf_str(&buf), leat_str_c(payload)).ptr, "%s", buf.ptr);
    }
}

Test(json, fact_strings_end_at_an_escaped_nul)
{
    cJSON *root = cJSON_Parse("\"a\\u0000b\"");
    cr_expect_eq(strlen(root->valuestring), 1);
    cJSON_Delete(root);
    DECODED d = decode("{\"Records\":[" MESSAGE("m\\u0000n", "\"a\\u0000b\"") "," MESSAGE("m", "\"a\"") "]}");
    cr_assert_eq(d->events.count, 2);
    cr_expect(leat_str_eq(leat_event_data(&d->event[0]), leat_str_of("a\0b", 3)));
    cr_expect(leat_str_eq(d->records.items[0].id, leat_str_of("m\0n", 3)), "no other message's id");
    EXPECT_STR(leat_event_id(&d->event[0]), "m%00n");
    DECODED name = decode("{\"Records\\u0000\":[" MESSAGE("m", "\"b\"") "]}");
    cr_expect_str_eq(name->records.adapter->name, "unknown", "a name cut at its NUL is no other name");
}

/* Most parsers take the last; ours takes the first, everywhere. */
Test(json, fact_of_a_name_given_twice_the_first_is_found)
{
    cJSON *root = cJSON_Parse("{\"a\":1,\"a\":2}");
    cr_expect_eq(cJSON_GetObjectItemCaseSensitive(root, "a")->valuedouble, 1);
    cr_expect_eq(leat_json_get(root, "a")->valuedouble, 1);
    cJSON_Delete(root);
    DECODED d = decode("{\"Records\":[{\"messageId\":\"m1\",\"messageId\":\"m2\",\"body\":\"1\",\"body\":\"2\","
                       "\"eventSource\":\"aws:sqs\",\"eventSource\":\"aws:s3\"}],\"Records\":5}");
    cr_assert_eq(d->events.count, 1, "%s", d->error.message);
    EXPECT_STR(d->records.items[0].id, "m1");
    EXPECT_STR(leat_event_data(&d->event[0]), "1");
    leat_str raw = leat_event_raw(&d->event[0]);
    cr_expect_not_null(leat_str_find(raw, LEAT_STR("\"body\":\"2\"")).ptr, "what is passed on is passed on whole");
}

Test(json, fact_bytes_behind_the_value_are_accepted)
{
    cJSON *root = cJSON_Parse("{} trailing");
    cr_expect_not_null(root);
    cJSON_Delete(root);
    static const char *const texts[] = {"{} trailing", "{}{}", "{},", "1 2", "null x", "{\"Records\":[]}]"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        DECODED d = decode(texts[i]);
        cr_expect_eq(d->status.code, LEAT_E_NOT_JSON, "%s", texts[i]);
    }
    DECODED space = decode("{} \r\n\t");
    cr_expect(leat_is_ok(space->status));
    DECODED nul = decode_str(leat_str_of("{}\0x", 4));
    cr_expect_eq(nul->status.code, LEAT_E_NOT_JSON, "a NUL ends no text");
}

/* Half a surrogate pair is no character: the payload is malformed, and says where. */
Test(json, fact_half_a_surrogate_pair_fails_the_whole_parse)
{
    static const char *const texts[] = {"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\u0041\""};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char payload[128];
        cr_expect_null(cJSON_Parse(texts[i]), "%s", texts[i]);
        snprintf(payload, sizeof(payload), "{\"Records\":[" MESSAGE("m", "%s") "]}", texts[i]);
        DECODED d = decode(payload);
        cr_expect_eq(d->status.code, LEAT_E_NOT_JSON, "%s", payload);
        cr_expect(leat_str_starts(leat_str_c(d->error.message), LEAT_STR("not JSON: ")), "%s", d->error.message);
        cr_expect_gt(d->decoder.fault.offset, 30, "%zu", d->decoder.fault.offset);
    }
    cJSON *pair = cJSON_Parse("\"\\ud83d\\ude00\"");
    cr_expect_not_null(pair);
    cJSON_Delete(pair);
}

Test(json, fact_bytes_that_are_no_utf_8_are_accepted)
{
    cJSON *root = cJSON_Parse("\"\xFF\xC3\"");
    cr_expect_not_null(root);
    cJSON_Delete(root);
    DECODED d = decode("{\"Records\":[" MESSAGE("m\xFF", "\"\xFF\xC3(\"") "]}");
    cr_assert_eq(d->events.count, 1);
    EXPECT_STR(leat_event_data(&d->event[0]), "\xFF\xC3(");
    EXPECT_STR(leat_event_id(&d->event[0]), "m%FF");
    struct leat_buf buf;
    leat_buf_init(&buf, &d->run);
    leat_event_write(&d->event[0], &buf);
    cr_expect(leat_json_valid(leat_buf_str(&buf)), "%s", buf.ptr);
    cr_expect_not_null(leat_str_find(leat_buf_str(&buf), LEAT_STR("\"data_base64\":\"/8Mo\"")).ptr, "%s", buf.ptr);
    cr_expect(leat_json_valid(view_json(d, 0)));
}

/* So many arrays in each other. */
static char *nested_arrays(size_t depth)
{
    char *text = malloc(2 * depth + 1);
    cr_assert_not_null(text);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    return text;
}

Test(json, fact_nesting_ends_at_1000_levels)
{
    char *deepest = nested_arrays(LEAT_JSON_DEPTH_MAX), *deeper = nested_arrays(LEAT_JSON_DEPTH_MAX + 1);
    cr_expect_null(cJSON_Parse(deeper));
    DECODED good = decode(deepest);
    cr_expect(leat_is_ok(good->status), "%s", good->error.message);
    DECODED bad = decode(deeper);
    cr_expect_eq(bad->status.code, LEAT_E_TOO_DEEP, "told apart from what is no JSON");
    free(deepest), free(deeper);
}
