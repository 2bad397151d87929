/* SPDX-License-Identifier: Apache-2.0 */
/* Tumbling windows of streams: what becomes of their payloads, and what handlers see of them. Their answers are in
 * test_outcome_streams.c. */
#include "decoding.h"

#include <leat/test.h>
#include <leat/window.h>

TestSuite(window);

#define DYNAMODB "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s"
#define KINESIS "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
#define CHANGE(number)                                                                                      \
    "{\"eventID\":\"e" number "\",\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{" \
    "\"SequenceNumber\":\"" number "\",\"Keys\":{\"id\":{\"S\":\"" number "\"}}}}"
#define DATA(number)                                                                                     \
    "{\"eventID\":\"s:" number "\",\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"partitionKey\":\"p\"," \
    "\"sequenceNumber\":\"" number "\",\"data\":\"aGk=\"}}"
#define TIMES "{\"start\":\"2024-05-02T18:50:00Z\",\"end\":\"2024-05-02T18:55:00Z\"}"
#define WINDOW(stream, final, state, records)                                                         \
    "{\"window\": " TIMES ",\"state\":" state ",\"shardId\":\"shard-1\",\"eventSourceARN\":\"" stream \
    "\",\"isFinalInvokeForWindow\":" final ",\"isWindowTerminatedEarly\":false,\"Records\":[" records "]}"

/* --- what is told of it ---------------------------------------------------------------------------------- */

Test(window, invoke_tells_its_window)
{
    struct leat_window window;
    DECODED d = decode(WINDOW(DYNAMODB, "false", "{\"total\": 9007199254740993}", CHANGE("1") "," CHANGE("2")));
    cr_assert(leat_is_ok(d->status), "%s", d->error.message);
    cr_expect_eq(d->events.count, 2, "the window is no event of its own yet");
    cr_assert(leat_window_read(&d->records, &window));
    EXPECT_STR(window.start, "2024-05-02T18:50:00Z");
    EXPECT_STR(window.end, "2024-05-02T18:55:00Z");
    EXPECT_STR(window.shard, "shard-1");
    EXPECT_STR(window.state, "{\"total\": 9007199254740993}");
    cr_expect_not(window.final);
    cr_expect_not(window.early);
}

Test(window, state_is_exact_and_an_empty_object_where_there_is_none)
{
    static const char *const states[][2] = {
        {"{ \"n\" : 1.50 }", "{ \"n\" : 1.50 }"},
        {"{}", "{}"},
        {"[1]", "[1]"},
        {"\"x\"", "\"x\""},
        {"0", "0"},
        {"false", "false"},
        {"null", "{}"},
    };
    struct leat_window window;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        char text[1024];
        snprintf(text, sizeof(text), WINDOW(KINESIS, "false", "%s", DATA("1")), states[i][0]);
        DECODED d = decode(text);
        cr_assert(leat_window_read(&d->records, &window));
        EXPECT_STR(window.state, states[i][1]);
    }
    DECODED none = decode_changed(WINDOW(KINESIS, "false", "1", DATA("1")), "/state", NULL);
    cr_assert(leat_window_read(&none->records, &window));
    EXPECT_STR(window.state, "{}");
}

Test(window, flags_are_read)
{
    struct leat_window window;
    DECODED final = decode(WINDOW(KINESIS, "true", "{}", DATA("1")));
    cr_assert(leat_window_read(&final->records, &window));
    cr_expect(window.final && !window.early);
    DECODED early = decode_changed(WINDOW(KINESIS, "true", "{}", ""), "/isWindowTerminatedEarly", "true");
    cr_assert(leat_window_read(&early->records, &window));
    cr_expect(window.final && window.early);
    DECODED odd = decode_changed(WINDOW(KINESIS, "false", "{}", ""), "/isWindowTerminatedEarly", "\"true\"");
    cr_assert(leat_window_read(&odd->records, &window));
    cr_expect_not(window.early, "text is no truth");
}

Test(window, what_has_none_is_a_plain_batch)
{
    static const char *const others[][2] = {
        {"/window", NULL},
        {"/window", "null"},
        {"/window", "\"now\""},
        {"/isFinalInvokeForWindow", NULL},
        {"/isFinalInvokeForWindow", "\"true\""},
    };
    struct leat_window window;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        DECODED d = decode_changed(WINDOW(DYNAMODB, "true", "{}", CHANGE("1")), others[i][0], others[i][1]);
        cr_expect_str_eq(d->records.adapter->name, "dynamodb");
        cr_expect_eq(d->records.count, 1, "%s = %s", others[i][0], others[i][1]);
        cr_expect_not(leat_window_read(&d->records, &window));
    }
    DECODED call = decode_changed(WINDOW("arn:aws:sns:r:1:t", "true", "{}", ""), "/Records", "{}");
    cr_expect_str_eq(call->records.adapter->name, "unknown");
    cr_expect_not(leat_window_read(&call->records, &window), "a direct call that looks alike");
}

/* --- the end of it ------------------------------------------------------------------------------------------- */

static void expect_end(struct decoded *d, uint32_t index, const char *kind, const char *stream)
{
    char type[64];
    snprintf(type, sizeof(type), "com.amazonaws.%s.window", kind);
    cr_assert_eq(d->events.count, index + 1, "%s: %s", kind, d->error.message);
    cr_assert_eq(d->records.count, index + 1);
    const leat_event *event = &d->event[index];
    EXPECT_STR(d->records.items[index].id, NULL);
    EXPECT_STR(d->records.items[index].lane, "shard");
    EXPECT_STR(leat_event_kind(event), kind);
    EXPECT_STR(leat_event_id(event), "shard-1:2024-05-02T18:50:00Z/2024-05-02T18:55:00Z");
    EXPECT_STR(leat_event_source(event), stream);
    EXPECT_STR(leat_event_type(event), type);
    EXPECT_STR(leat_event_subject(event), "shard-1");
    EXPECT_STR(leat_event_time(event), "2024-05-02T18:55:00Z");
    EXPECT_STR(leat_event_datacontenttype(event), "application/json");
    EXPECT_STR(leat_event_data(event), TIMES);
    EXPECT_STR(view_json(d, index), NULL);
    cr_expect_null(leat_dynamodb(event));
    cr_expect_null(leat_kinesis(event));
}

Test(window, last_invoke_has_the_end_as_its_last_event)
{
    DECODED changes = decode(WINDOW(DYNAMODB, "true", "{}", CHANGE("1") "," CHANGE("2")));
    expect_end(changes, 2, "dynamodb", DYNAMODB);
    cr_expect_not_null(leat_dynamodb(&changes->event[1]));
    DECODED data = decode(WINDOW(KINESIS, "true", "{}", DATA("1")));
    expect_end(data, 1, "kinesis", KINESIS);
}

Test(window, last_invoke_without_records_has_the_end_alone)
{
    DECODED changes = decode(WINDOW(DYNAMODB, "true", "{}", ""));
    expect_end(changes, 0, "dynamodb", DYNAMODB);
    DECODED data = decode(WINDOW(KINESIS, "true", "{}", ""));
    expect_end(data, 0, "kinesis", KINESIS);
    cr_expect(leat_str_eq(leat_event_raw(&data->event[0]), data->text), "its raw record is the payload");
}

Test(window, invoke_between_without_records_has_no_events)
{
    struct leat_window window;
    static const char *const texts[][2] = {{WINDOW(DYNAMODB, "false", "{}", ""), "dynamodb"},
                                           {WINDOW(KINESIS, "false", "{}", ""), "kinesis"}};
    for (size_t i = 0; i < 2; i++) {
        DECODED d = decode(texts[i][0]);
        cr_assert(leat_is_ok(d->status));
        cr_expect_str_eq(d->records.adapter->name, texts[i][1]);
        cr_expect_eq(d->records.count, 0);
        cr_expect(leat_window_read(&d->records, &window));
    }
}

Test(window, end_of_an_unnamed_stream_or_shard)
{
    char *text = changed(WINDOW(DYNAMODB, "true", "{}", CHANGE("1")), "/shardId", NULL);
    DECODED d = decode_changed(text, "/eventSourceARN", "null");
    cr_assert_eq(d->events.count, 2, "%s", d->reason[1]);
    EXPECT_STR(leat_event_id(&d->event[1]), ":2024-05-02T18:50:00Z/2024-05-02T18:55:00Z");
    EXPECT_STR(leat_event_source(&d->event[1]), "aws:dynamodb");
    EXPECT_STR(leat_event_subject(&d->event[1]), NULL);
    free(text);
}

Test(window, wrong_types_break_the_end_alone)
{
    static const struct wrong_type cases[] = {
        {"/window/start", NULL, "window.start is missing"},
        {"/window/start", "null", "window.start is missing"},
        {"/window/start", "\"\"", "window.start is empty"},
        {"/window/end", "1714675904", "window.end is a number (want text)"},
        {"/shardId", "7", "shardId is a number (want text)"},
        {"/eventSourceARN", "{}", "eventSourceARN is an object (want text)"},
    };
    EXPECT_BROKEN(WINDOW(KINESIS, "true", "{}", DATA("1") "," DATA("2")), 2, cases);
    EXPECT_BROKEN(WINDOW(DYNAMODB, "true", "{}", CHANGE("1") "," CHANGE("2")), 2, cases);
}

Test(window, payloads_survive_encode)
{
    static const char *const texts[] = {
        WINDOW(DYNAMODB, "true", "{\"n\":9007199254740993}", CHANGE("1") "," CHANGE("2")),
        WINDOW(DYNAMODB, "false", "{\"n\":1.50}", CHANGE("1")),
        WINDOW(KINESIS, "true", "null", DATA("1")),
        WINDOW(KINESIS, "true", "{}", ""),
        WINDOW(KINESIS, "false", "{}", ""),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct leat_window before, after;
        leat_str encoded;
        expect_survives_encode(leat_str_c(texts[i]), texts[i]);
        DECODED d = decode(texts[i]);
        cr_assert(leat_is_ok(leat_encode(&d->run, &d->records, &encoded)));
        DECODED again = decode_str(encoded);
        cr_assert(leat_window_read(&d->records, &before) && leat_window_read(&again->records, &after));
        cr_expect(leat_str_eq(before.state, after.state), "%.*s", LEAT_ARG(after.state));
        cr_expect(before.final == after.final && leat_str_eq(before.start, after.start));
    }
}

/* --- what a handler sees ------------------------------------------------------------------------------------- */

static char seen[512]; /* a line an event: its type and the state before it */

static void note(leat_context *ctx, const leat_event *event)
{
    struct leat_window window = {.state = LEAT_STR("none")};
    bool any = leat_window(ctx, &window);
    size_t len = strlen(seen);
    leat_str type = leat_event_type(event);
    snprintf(seen + len, sizeof(seen) - len, "%.*s %.*s%s\n", LEAT_ARG(leat_str_skip(type, strlen("com.amazonaws."))),
             LEAT_ARG(window.state), any && window.early ? " early" : "");
}

/* Answers with the id of the event. */
static leat_outcome answer_id(leat_context *ctx, const leat_event *event, void *state)
{
    char text[64];
    (void)state;
    note(ctx, event);
    snprintf(text, sizeof(text), "\"%.*s\"", LEAT_ARG(leat_event_id(event)));
    return leat_reply_json(ctx, text);
}

/* The first event is looked at, the last is answered with how many came at once. */
static void answer_count(leat_context *ctx, struct leat_batch *batch, void *state)
{
    size_t count = leat_batch_count(batch);
    char text[16];
    (void)state;
    snprintf(text, sizeof(text), "%zu", count);
    note(ctx, leat_batch_event(batch, 0));
    for (size_t i = 0; i + 1 < count; i++)
        leat_batch_set(batch, i, leat_ok(ctx));
    leat_batch_set(batch, count - 1, leat_reply_json(ctx, text));
}

static void expect_seen(const struct leat_handler *handler, const char *payload, const char *lines, const char *reply)
{
    struct leat_test *test = leat_test_open(handler, NULL);
    seen[0] = '\0';
    (void)leat_test_run(test, payload);
    cr_expect_str_eq(seen, lines, "%s", seen);
    cr_expect(leat_str_is(leat_test_reply(test), reply), "%.*s", LEAT_ARG(leat_test_reply(test)));
    leat_test_close(test);
}

static const struct leat_handler one_by_one = {
    .abi = LEAT_ABI, .size = sizeof(one_by_one), .name = "one_by_one", .handle = answer_id};
static const struct leat_handler at_once = {
    .abi = LEAT_ABI, .size = sizeof(at_once), .name = "at_once", .handle_batch = answer_count};

Test(window, each_event_sees_the_state_that_the_one_before_answered)
{
    expect_seen(&one_by_one, WINDOW(DYNAMODB, "false", "{\"a\":1.50}", CHANGE("1") "," CHANGE("2")),
                "dynamodb.INSERT {\"a\":1.50}\ndynamodb.INSERT \"e1\"\n",
                "{\"state\":\"e2\",\"batchItemFailures\":[]}");
    expect_seen(&one_by_one, WINDOW(KINESIS, "true", "null", DATA("1")), "kinesis.record {}\nkinesis.window \"s:1\"\n",
                "{\"state\":\"shard-1:2024-05-02T18:50:00Z/2024-05-02T18:55:00Z\",\"batchItemFailures\":[]}");
}

Test(window, batch_sees_the_state_before_its_first_event)
{
    expect_seen(&at_once, WINDOW(DYNAMODB, "true", "{\"a\":1}", CHANGE("1") "," CHANGE("2")),
                "dynamodb.INSERT {\"a\":1}\n", "{\"state\":3,\"batchItemFailures\":[]}");
    expect_seen(&at_once, WINDOW(KINESIS, "true", "7", ""), "kinesis.window 7\n",
                "{\"state\":1,\"batchItemFailures\":[]}");
}

Test(window, event_of_a_plain_batch_sees_none)
{
    expect_seen(&one_by_one, "{\"Records\":[" CHANGE("1") "]}", "dynamodb.INSERT none\n", "{\"batchItemFailures\":[]}");
    expect_seen(&one_by_one, "{\"Records\":[" DATA("1") "]}", "kinesis.record none\n", "{\"batchItemFailures\":[]}");
}
