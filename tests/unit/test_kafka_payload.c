/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka's payload as a whole: which are ours, their lists, and how each record is named. */
#include "decoding.h"

TestSuite(kafka_payload);

/* One record of topic "orders-eu", partition 3; `more` members. */
#define RECORD(offset, more) "{\"topic\":\"orders-eu\",\"partition\":3,\"offset\":" offset more "}"
#define LISTS(lists) "{\"eventSource\":\"aws:kafka\",\"records\":{" lists "}}"
#define KAFKA(records) LISTS("\"orders-eu-3\":[" records "]")

/* --- names of records --------------------------------------------------------------------------------------- */

static void expect_offset(struct decoded *d, const char *offset)
{
    char id[64], sequence[64];
    snprintf(id, sizeof(id), "orders-eu-3-%s", offset);
    snprintf(sequence, sizeof(sequence), "%.*s%s", (int)(40 - strlen(offset)),
             "0000000000000000000000000000000000000000", offset);
    cr_assert(leat_is_ok(d->status), "%s: %s", offset, d->error.message);
    cr_assert_eq(d->events.count, 1, "%s", offset);
    EXPECT_STR(d->records.items[0].id, offset);
    EXPECT_STR(leat_event_id(&d->event[0]), id);
    EXPECT_ATTRIBUTE(d, 0, "sequence", sequence);
    EXPECT_STR(leat_kafka(&d->event[0])->offset, offset);
}

/* 2^53 and what lies around it: some of those numbers a double holds, some not. */
Test(kafka_payload, offset_is_whole_to_the_last_digit)
{
    static const char *const offsets[] = {
        "0",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "99999999999999984",
        "1152921504606846976",
        "9223372036854775806",
        "9223372036854775807",
    };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), KAFKA("{\"topic\":\"orders-eu\",\"partition\":3, \"offset\" : %s }"), offsets[i]);
        DECODED exact = decode(text);
        expect_offset(exact, offsets[i]);
        DECODED quick = decode_quickly(text);
        expect_offset(quick, offsets[i]);
        expect_survives_encode(leat_str_c(text), offsets[i]);
    }
}

/* samples of others have list names such as "mytopic-01" for partition 0 */
Test(kafka_payload, record_knows_its_topic_and_partition_better_than_its_list)
{
    static const struct {
        const char *list, *topic, *partition, *want;
    } cases[] = {
        {"orders-eu-0", "\"orders-eu\"", "0", "orders-eu-0"},
        {"orders-01", "\"orders\"", "0", "orders-0"},
        {"x", "\"orders\"", "12", "orders-12"},
        {"orders-12", "\"orders-1\"", "2", "orders-1-2"},
        {"a-1", "\"b\"", "1", "b-1"},
        {"", "\"-\"", "0", "--0"},
        {"orders-1", "\"orders\"", "1.0", "orders-1"},
        {"o-2147483647", "\"o\"", "2147483647", "o-2147483647"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), LISTS("\"%s\":[{\"topic\":%s,\"partition\":%s,\"offset\":7}]"), cases[i].list,
                 cases[i].topic, cases[i].partition);
        DECODED d = decode(text);
        cr_assert_eq(d->events.count, 1, "%s: %s", text, d->error.message);
        EXPECT_STR(d->records.items[0].partition, cases[i].want);
        EXPECT_STR(d->records.items[0].lane, cases[i].want);
        cr_expect(leat_str_starts(leat_event_id(&d->event[0]), d->records.items[0].partition));
    }
}

Test(kafka_payload, several_partitions_are_several_lanes)
{
    DECODED d = decode(LISTS("\"a-0\":[{\"topic\":\"a\",\"partition\":0,\"offset\":1},"
                             "{\"topic\":\"a\",\"partition\":0, \"offset\":2}],\"b-0\":[],"
                             "\"a-1\": [ {\"topic\":\"a\",\"partition\":1,\"offset\" : 1,\"new\":[1.50]} ]"));
    static const char *const lanes[] = {"a-0", "a-0", "a-1"}, *const ids[] = {"a-0-1", "a-0-2", "a-1-1"};
    cr_assert_eq(d->events.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT_STR(d->records.items[i].lane, lanes[i]);
        EXPECT_STR(leat_event_id(&d->event[i]), ids[i]);
    }
    EXPECT_STR(leat_event_raw(&d->event[1]), "{\"topic\":\"a\",\"partition\":0, \"offset\":2}");
    EXPECT_STR(leat_event_raw(&d->event[2]), "{\"topic\":\"a\",\"partition\":1,\"offset\" : 1,\"new\":[1.50]}");
}

Test(kafka_payload, record_without_a_name_breaks_the_payload)
{
    static const char offset[] =
        "a record of orders-eu-3 has no whole number as offset, so a failure of it could not be reported";
    static const char place[] =
        "a record of orders-eu-3 has no topic and partition, so a failure of it could not be reported";
    static const struct {
        const char *member, *value, *reason;
    } cases[] = {
        {"offset", NULL, offset},      {"offset", "null", offset},  {"offset", "\"15\"", offset},
        {"offset", "-1", offset},      {"offset", "-9e18", offset}, {"offset", "1.5", offset},
        {"offset", "1e300", offset},   {"partition", NULL, place},  {"partition", "null", place},
        {"partition", "-1", place},    {"partition", "0.5", place}, {"partition", "\"0\"", place},
        {"partition", "1e300", place}, {"topic", NULL, place},      {"topic", "null", place},
        {"topic", "\"\"", place},      {"topic", "5", place},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char pointer[64];
        snprintf(pointer, sizeof(pointer), "/records/orders-eu-3/1/%s", cases[i].member);
        DECODED d = decode_changed(KAFKA(RECORD("1", "") "," RECORD("2", "")), pointer, cases[i].value);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD, "%s = %s", pointer, cases[i].value);
        cr_expect_str_eq(d->error.message, cases[i].reason, "%s = %s: %s", pointer, cases[i].value, d->error.message);
    }
    DECODED beyond = decode(KAFKA(RECORD("9223372036854775808", "")));
    cr_expect_str_eq(beyond->error.message, offset, "beyond 64 bits");
}

/* --- the rest of the payload --------------------------------------------------------------------------------- */

Test(kafka_payload, lists_that_are_none_break_the_payload)
{
    static const struct {
        const char *lists, *reason;
    } cases[] = {
        {"\"a-0\":{}", "records.a-0 is an object (want an array)"},
        {"\"a-0\":null", "records.a-0 is null (want an array)"},
        {"\"a-0\":[],\"a-1\":5", "records.a-1 is a number (want an array)"},
        {"\"a-0\":[5]", "records.a-0[0] is a number (want an object)"},
        {"\"a-0\":[" RECORD("1", "") "],\"a-1\":[" RECORD("1", "") ",[]]",
         "records.a-1[1] is an array (want an object)"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), LISTS("%s"), cases[i].lists);
        DECODED d = decode(text);
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD, "%s", text);
        cr_expect_str_eq(d->error.message, cases[i].reason, "%s", d->error.message);
    }
    DECODED named = decode_as(LEAT_STR("{\"records\":[]}"), "kafka");
    cr_expect_str_eq(named->error.message, "records is an array (want an object)");
}

Test(kafka_payload, lists_without_records_are_a_batch_without_events)
{
    static const char *const texts[] = {LISTS(""), LISTS("\"a-0\":[]"), LISTS("\"a-0\":[],\"a-1\":[]")};
    for (size_t i = 0; i < 3; i++) {
        DECODED d = decode(texts[i]);
        cr_assert(leat_is_ok(d->status), "%s", texts[i]);
        cr_expect_str_eq(d->records.adapter->name, "kafka");
        cr_expect_eq(d->records.count, 0);
    }
}

Test(kafka_payload, clusters_of_every_kind_are_recognised_and_lookalikes_are_not)
{
    static const char *const ours[] = {"\"aws:kafka\"", "\"aws:SelfManagedKafka\"", "\"SelfManagedKafka\""};
    static const char *const others[] = {"\"aws:mq\"", "\"aws:Kafka\"", "5", "null", NULL};
    for (size_t i = 0; i < 3; i++) {
        DECODED d = decode_changed(sample_of("kafka"), "/eventSource", ours[i]);
        cr_expect_str_eq(d->records.adapter->name, "kafka");
        cr_expect_eq(d->events.count, 2);
    }
    for (size_t i = 0; i < 5; i++) {
        DECODED d = decode_changed(sample_of("kafka"), "/eventSource", others[i]);
        cr_expect_str_eq(d->records.adapter->name, "unknown", "%s", others[i]);
    }
    static const char *const lists[] = {"[]", "null", "\"x\"", NULL};
    for (size_t i = 0; i < 4; i++) {
        DECODED d = decode_changed(sample_of("kafka"), "/records", lists[i]);
        cr_expect_str_eq(d->records.adapter->name, "unknown", "%s", lists[i]);
    }
}
