/* SPDX-License-Identifier: Apache-2.0 */
/* Which entry of "sources" a record of Lambda's belongs to: tables of our own, and payloads of the triggers. */
#include "decoding.h"

#include <config/match.h>

TestSuite(match);

#define SQS "arn:aws:sqs:eu-west-1:123456789012:"
#define KINESIS "arn:aws:kinesis:eu-west-1:123456789012:stream/"
#define DYNAMODB "arn:aws:dynamodb:eu-west-1:123456789012:table/"
#define MSK "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/6cc0432b-8618-4f44-bccc-e1fbd8fb7c4d-2"

struct where {
    leat_str queue, stream, table, arn, path;
    struct leat_list topics;
};

#define ROW(key, type, member)                                               \
    {                                                                        \
        key, type, false, offsetof(struct where, member), NULL, NULL, "help" \
    }
#define END                                                \
    {                                                      \
        NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL \
    }

static const struct leat_option sqs_options[] = {ROW("arn", LEAT_OPTION_TEXT, arn), ROW("path", LEAT_OPTION_PATH, path),
                                                 ROW("queue", LEAT_OPTION_TEXT, queue), END};
static const struct leat_option kinesis_options[] = {ROW("stream", LEAT_OPTION_TEXT, stream), END};
static const struct leat_option dynamodb_options[] = {ROW("stream", LEAT_OPTION_TEXT, stream),
                                                      ROW("table", LEAT_OPTION_TEXT, table), END};
static const struct leat_option kafka_options[] = {ROW("arn", LEAT_OPTION_TEXT, arn),
                                                   ROW("topics", LEAT_OPTION_LIST, topics), END};
static const struct leat_option redis_options[] = {ROW("stream", LEAT_OPTION_TEXT, stream), END};

static const struct leat_source_ops types[] = {
    {.name = "sqs", .options = sqs_options},           {.name = "kinesis", .options = kinesis_options},
    {.name = "dynamodb", .options = dynamodb_options}, {.name = "kafka", .options = kafka_options},
    {.name = "redis", .options = redis_options},
};

static const struct leat_source_ops *type_of(const char *name)
{
    size_t i = 0;
    while (strcmp(types[i].name, name) != 0)
        i++;
    return &types[i];
}

/* Is an entry of that type with those options the one that the origin's events belong to? */
static bool fits(const char *type, struct where where, struct leat_origin origin)
{
    struct leat_config_source source = {.ops = type_of(type), .options = &where};
    const struct leat_config config = {.sources = &source, .source_count = 1};
    return leat_config_match(&config, &origin) == &source;
}

static struct leat_origin from(const char *type, const char *arn)
{
    return (struct leat_origin){.type = leat_str_c(type), .arn = leat_str_c(arn)};
}

#define FITS(type, arn, ...) cr_expect(fits(type, (struct where){__VA_ARGS__}, from(type, arn)), #__VA_ARGS__)
#define FITS_NOT(type, arn, ...) cr_expect(!fits(type, (struct where){__VA_ARGS__}, from(type, arn)), #__VA_ARGS__)

Test(match, a_queue_is_known_by_name_url_and_arn)
{
    const char *arn = SQS "orders";
    FITS("sqs", arn, .queue = LEAT_STR("orders"));
    FITS("sqs", arn, .queue = LEAT_STR(SQS "orders"));
    FITS("sqs", arn, .queue = LEAT_STR("https://sqs.eu-west-1.amazonaws.com/123456789012/orders"));
    FITS("sqs", arn, .queue = LEAT_STR("http://127.0.0.1:4566/123456789012/orders"));
    FITS("sqs", SQS "orders.fifo", .queue = LEAT_STR("orders.fifo"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR("order"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR("orders.fifo"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR(SQS "orders2"));
    FITS_NOT("sqs", SQS "orders2", .queue = LEAT_STR(SQS "orders"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR("arn:aws:sqs:eu-west-1:999999999999:orders"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR("https://sqs.eu-west-1.amazonaws.com/999999999999/orders"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR("https://sqs.eu-west-1.amazonaws.com/123456789012/bills"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR("https://orders"));
    FITS_NOT("sqs", arn, .queue = LEAT_STR("123456789012:orders"));
}

Test(match, several_options_must_all_fit)
{
    FITS("sqs", SQS "orders", .arn = LEAT_STR(SQS "orders"));
    FITS("sqs", SQS "orders", .queue = LEAT_STR("orders"), .arn = LEAT_STR(SQS "orders"));
    FITS_NOT("sqs", SQS "orders", .queue = LEAT_STR("bills"), .arn = LEAT_STR(SQS "orders"));
    FITS_NOT("sqs", SQS "orders", .queue = LEAT_STR("orders"), .arn = LEAT_STR(SQS "bills"));
}

Test(match, what_names_nothing_fits_nothing)
{
    FITS_NOT("sqs", SQS "orders", .path = LEAT_STR("orders"));
    FITS_NOT("sqs", SQS "orders", .queue = LEAT_STR(""));
    FITS_NOT("sqs", NULL, .queue = LEAT_STR("orders"));
    FITS_NOT("sqs", "", .queue = LEAT_STR("orders"));
    FITS_NOT("sqs", "orders", .queue = LEAT_STR("orders"));
    FITS_NOT("sqs", "arn:aws:sqs:::", .queue = LEAT_STR("orders"));
    FITS_NOT("sqs", "arn:aws:sqs", .queue = LEAT_STR("https://a/b/"));
}

Test(match, a_stream_is_known_by_name_and_arn)
{
    FITS("kinesis", KINESIS "clicks", .stream = LEAT_STR("clicks"));
    FITS("kinesis", KINESIS "clicks", .stream = LEAT_STR(KINESIS "clicks"));
    FITS("kinesis", KINESIS "clicks/consumer/fast:1", .stream = LEAT_STR("clicks"));
    FITS("kinesis", KINESIS "clicks/consumer/fast:1", .stream = LEAT_STR(KINESIS "clicks"));
    FITS_NOT("kinesis", KINESIS "clicks", .stream = LEAT_STR("click"));
    FITS_NOT("kinesis", KINESIS "clicks", .stream = LEAT_STR("stream"));
    FITS_NOT("kinesis", KINESIS "clicks2", .stream = LEAT_STR(KINESIS "clicks"));
}

Test(match, a_table_is_known_by_name_arn_and_stream)
{
    const char *arn = DYNAMODB "upstream/stream/2024-05-02T18:00:00.000";
    FITS("dynamodb", arn, .table = LEAT_STR("upstream"));
    FITS("dynamodb", arn, .table = LEAT_STR(DYNAMODB "upstream"));
    FITS("dynamodb", arn, .stream = LEAT_STR(DYNAMODB "upstream/stream/2024-05-02T18:00:00.000"));
    FITS("dynamodb", arn, .stream = LEAT_STR("2024-05-02T18:00:00.000"));
    FITS_NOT("dynamodb", arn, .table = LEAT_STR("up"));
    FITS_NOT("dynamodb", arn, .stream = LEAT_STR(DYNAMODB "upstream/stream/2025-05-02T18:00:00.000"));
    FITS_NOT("dynamodb", arn, .stream = LEAT_STR("upstream"));
    FITS_NOT("dynamodb", arn, .table = LEAT_STR("upstream"), .stream = LEAT_STR("2025"));
}

Test(match, kafka_is_known_by_topic_and_cluster)
{
    const leat_str both[] = {LEAT_STR("bills"), LEAT_STR("orders")};
    const struct where topics = {.topics = {both, 2}};
    struct where cluster = {.topics = {both, 2}, .arn = LEAT_STR(MSK)};
    struct leat_origin origin = from("kafka", MSK);
    cr_expect(!fits("kafka", topics, origin), "nobody said which topic");
    origin.topic = LEAT_STR("orders");
    cr_expect(fits("kafka", topics, origin));
    cr_expect(fits("kafka", cluster, origin));
    cluster.arn = LEAT_STR("arn:aws:kafka:eu-west-1:123456789012:cluster/other/1");
    cr_expect(!fits("kafka", cluster, origin));
    origin.arn = LEAT_ABSENT;
    cr_expect(fits("kafka", cluster, origin), "a cluster outside of AWS has no ARN to contradict it");
    origin.topic = LEAT_STR("clicks");
    cr_expect(!fits("kafka", topics, origin));
}

Test(match, types_must_be_the_same)
{
    const struct where where = {.stream = LEAT_STR("clicks")};
    cr_expect(fits("kinesis", where, from("kinesis", KINESIS "clicks")));
    cr_expect(!fits("redis", where, from("kinesis", KINESIS "clicks")));
}

Test(match, the_first_that_fits_is_taken)
{
    struct where first = {.queue = LEAT_STR("bills")}, second = {.queue = LEAT_STR("orders")}, third = second;
    struct leat_config_source sources[] = {{.ops = type_of("sqs"), .options = &first},
                                           {.ops = type_of("sqs"), .options = &second},
                                           {.ops = type_of("sqs"), .options = &third}};
    const struct leat_config config = {.sources = sources, .source_count = 3}, none = {.source_count = 0};
    const struct leat_origin orders = from("sqs", SQS "orders"), bills = from("sqs", SQS "bills"),
                             others = from("sqs", SQS "others");
    cr_expect_eq(leat_config_match(&config, &orders), &sources[1]);
    cr_expect_eq(leat_config_match(&config, &bills), &sources[0]);
    cr_expect_null(leat_config_match(&config, &others));
    cr_expect_null(leat_config_match(&none, &orders));
}

Test(match, an_entry_says_whether_it_names_where_events_come_from)
{
    struct where where = {.path = LEAT_STR("x")};
    const struct leat_config_source source = {.ops = type_of("sqs"), .options = &where};
    cr_expect_not(leat_config_has_origin(&source));
    where.queue = LEAT_STR("orders");
    cr_expect(leat_config_has_origin(&source));
}

/* --- what payloads say ------------------------------------------------------------------------------------------- */

static void expect_origin(char *payload, const char *type, const char *arn, const char *topic)
{
    DECODED d = decode_owned(payload);
    cr_assert_geq(d->records.count, 1, "%s", d->error.message);
    const struct leat_origin origin = leat_origin_of(&d->records.items[0]);
    cr_expect(leat_str_is(origin.type, type), "%.*s", LEAT_ARG(origin.type));
    cr_expect(leat_str_eq(origin.arn, leat_str_c(arn)), "%.*s", LEAT_ARG(origin.arn));
    cr_expect(leat_str_eq(origin.topic, leat_str_c(topic)), "%.*s", LEAT_ARG(origin.topic));
}

static char *copy(const char *text)
{
    char *heap = strdup(text);
    cr_assert_not_null(heap);
    return heap;
}

Test(match, origins_are_read_from_payloads)
{
    expect_origin(copy("{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"" SQS
                       "orders\",\"body\":\"\"}]}"),
                  "sqs", SQS "orders", NULL);
    expect_origin(copy("{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\",\"body\":\"\"}]}"), "sqs", NULL,
                  NULL);
    expect_origin(copy("{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"" MSK
                       "\",\"records\":{\"orders-0\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":1}]}}"),
                  "kafka", MSK, "orders");
    expect_origin(copy("{\"eventSource\":\"SelfManagedKafka\",\"records\":{\"orders-0\":[{\"topic\":\"orders\","
                       "\"partition\":0,\"offset\":1}]}}"),
                  "kafka", NULL, "orders");
    expect_origin(copy("{\"order\":1}"), "unknown", NULL, NULL);
}

Test(match, a_payload_that_nobody_looks_into_has_no_origin)
{
    struct leat_error error = {0};
    struct leat_arena arena;
    struct leat_records records;
    leat_arena_init(&arena, 0);
    struct leat_decoder decoder = {.arena = &arena, .reterr = &error};
    cr_assert(leat_is_ok(leat_decode_raw(&decoder, LEAT_STR("{}"), &records)));
    const struct leat_origin origin = leat_origin_of(&records.items[0]);
    cr_expect_null(origin.arn.ptr);
    cr_expect_null(origin.topic.ptr);
    leat_arena_fini(&arena);
}
