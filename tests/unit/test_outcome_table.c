/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of outcomes (docs/reference/replies.md), a test a cell: first the word of the column, then the row. What a
 * source of the worker is told is the column `verdict`.
 */
#include "answers.h"

#include <leat/test.h>

TestSuite(outcome_table);

/* The answer with a reply set and `letter` as its outcome. */
static void expect_reply(const char *payload, char letter, struct leat_reply reply, const char *text)
{
    const char letters[] = {letter, '\0'};
    struct answers *answers = answers_of(payload);
    settle(answers, letters);
    answers->settlements[0].reply = &reply;
    const struct leat_answer *answer = encode_answer(answers);
    cr_expect(leat_str_is(answer->text, text), "%s: %.*s %.*s", letters, LEAT_ARG(answer->text),
              LEAT_ARG(answer->error_type));
    answers_fini(answers);
}

/* --- SQS in Lambda ----------------------------------------------------------------------------------- */

Test(outcome_table, sqs_ok_is_not_listed)
{
    expect_text(SQS_PAYLOAD, "ooo", LISTED(""));
}

Test(outcome_table, sqs_retry_is_listed)
{
    expect_text(SQS_PAYLOAD, "oro", LISTED(ITEM("m1")));
    expect_text(SQS_PAYLOAD, "rrr", LISTED(ITEM("m0") "," ITEM("m1") "," ITEM("m2")));
}

/* powertools-lambda-python 966: only one of several failures was told. */
Test(outcome_table, bug_19_n_failures_give_n_ids)
{
    struct answers *answers =
        answers_of("{\"Records\":[" SQS_MESSAGE("m0") "," SQS_MESSAGE("m1") "," SQS_MESSAGE("m2") "," SQS_MESSAGE(
            "m3") "," SQS_MESSAGE("m4") "," SQS_MESSAGE("m5") "," SQS_MESSAGE("m6") "," SQS_MESSAGE("m7") "]}");
    for (unsigned failed = 0; failed < 256; failed++) {
        char letters[9] = "", want[512] = "{\"batchItemFailures\":[";
        size_t len = strlen(want);
        for (unsigned i = 0; i < 8; i++) {
            bool fails = (failed >> i & 1) != 0;
            letters[i] = fails ? "rx"[i % 2] : 'o';
            if (fails)
                len += (size_t)snprintf(want + len, sizeof(want) - len, "%s{\"itemIdentifier\":\"m%u\"}",
                                        want[len - 1] == '[' ? "" : ",", i);
        }
        (void)snprintf(want + len, sizeof(want) - len, "]}");
        settle(answers, letters);
        cr_expect(leat_str_is(encode_answer(answers)->text, want), "%s: %.*s", letters, LEAT_ARG(answers->answer.text));
    }
    answers_fini(answers);
}

Test(outcome_table, sqs_reject_with_a_sink_is_not_listed)
{
    expect_text(SQS_PAYLOAD, "oko", LISTED(""));
}

Test(outcome_table, sqs_reject_without_a_sink_is_listed)
{
    expect_text(SQS_PAYLOAD, "oxk", LISTED(ITEM("m1")));
}

Test(outcome_table, sqs_given_back_is_listed)
{
    expect_text(SQS_PAYLOAD, "onr", LISTED(ITEM("m1") "," ITEM("m2")));
}

/* --- streams in Lambda ---------------------------------------------------------------------------------- */

Test(outcome_table, streams_ok_is_not_listed)
{
    expect_text(STREAM_PAYLOAD, "ooo", LISTED(""));
}

Test(outcome_table, streams_retry_lists_the_lowest_failed)
{
    expect_text(STREAM_PAYLOAD, "oor", LISTED(ITEM("11")));
    expect_text(STREAM_PAYLOAD, "rrr", LISTED(ITEM("9")));
    expect_text(STREAM_PAYLOAD, "orr", LISTED(ITEM("10"))); /* 9 < 10: numbers, not text */
}

Test(outcome_table, streams_reject_with_a_sink_is_not_listed)
{
    expect_text(STREAM_PAYLOAD, "kkk", LISTED(""));
    expect_text(STREAM_PAYLOAD, "kor", LISTED(ITEM("11")));
}

Test(outcome_table, streams_reject_without_a_sink_is_listed)
{
    expect_text(STREAM_PAYLOAD, "oxr", LISTED(ITEM("10")));
}

Test(outcome_table, streams_given_back_is_listed)
{
    expect_text(STREAM_PAYLOAD, "onn", LISTED(ITEM("10")));
}

/* --- asynchronous calls ---------------------------------------------------------------------------------- */

Test(outcome_table, async_ok_is_success)
{
    expect_text(ASYNC_PAYLOAD, "o", "null");
}

Test(outcome_table, async_retry_is_an_invocation_error)
{
    expect_error(ASYNC_PAYLOAD, "r", "Function.Retry", "why 0");
    expect_error(ASYNC_THREE, "oro", "Function.Retry", "why 1 (1 of 3 records failed)");
}

Test(outcome_table, async_reject_with_a_sink_is_success)
{
    expect_text(ASYNC_PAYLOAD, "k", "null");
    expect_text(ASYNC_THREE, "koo", "null");
}

Test(outcome_table, async_reject_without_a_sink_is_an_invocation_error)
{
    expect_error(ASYNC_PAYLOAD, "x", "Function.Reject", "why 0");
    expect_error(ASYNC_THREE, "xor", "Function.Retry", "why 2 (2 of 3 records failed)");
    expect_error(ASYNC_THREE, "oxk", "Function.Reject", "why 1 (1 of 3 records failed)");
}

Test(outcome_table, async_given_back_is_an_invocation_error)
{
    expect_error(ASYNC_PAYLOAD, "n", "Function.Retry", "why 0");
}

/* --- HTTP --------------------------------------------------------------------------------------------------- */

static const char *const requests[] = {REST_PAYLOAD, V1_PAYLOAD, V2_PAYLOAD};

static void expect_http(const char *letters, const char *text)
{
    for (size_t i = 0; i < 3; i++)
        expect_text(requests[i], letters, text);
}

static void expect_http_reply(char letter)
{
    const struct leat_reply reply = {.status = 418, .content_type = LEAT_STR("text/plain"), .body = LEAT_STR("tea")};
    for (size_t i = 0; i < 3; i++)
        expect_reply(requests[i], letter, reply,
                     "{\"statusCode\":418,\"headers\":{\"content-type\":\"text/plain\"},\"body\":\"tea\","
                     "\"isBase64Encoded\":false}");
}

Test(outcome_table, http_ok_is_the_reply_else_200)
{
    expect_http("o", "{\"statusCode\":200,\"body\":\"\",\"isBase64Encoded\":false}");
    expect_http_reply('o');
}

Test(outcome_table, http_retry_is_the_reply_else_503_with_retry_after)
{
    expect_http("r",
                "{\"statusCode\":503,\"headers\":{\"retry-after\":\"1\"},\"body\":\"\",\"isBase64Encoded\":false}");
    expect_http_reply('r');
}

Test(outcome_table, http_retry_after_is_the_delay_in_whole_seconds)
{
    static const struct {
        int64_t delay_ms;
        const char *seconds;
    } cases[] = {{-1, "1"}, {0, "1"}, {1, "1"}, {1000, "1"}, {1001, "2"}, {30000, "30"}, {86400000, "86400"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char header[64];
        struct answers *answers = answers_of(V2_PAYLOAD);
        settle(answers, "r");
        answers->settlements[0].delay_ms = cases[i].delay_ms;
        (void)snprintf(header, sizeof(header), "\"retry-after\":\"%s\"", cases[i].seconds);
        leat_str text = encode_answer(answers)->text;
        cr_expect(leat_str_find(text, leat_str_c(header)).ptr != NULL, "%s: %.*s", header, LEAT_ARG(text));
        answers_fini(answers);
    }
}

Test(outcome_table, http_reject_is_the_reply_else_422)
{
    expect_http("x", "{\"statusCode\":422,\"body\":\"\",\"isBase64Encoded\":false}");
    expect_http("k", "{\"statusCode\":422,\"body\":\"\",\"isBase64Encoded\":false}");
    expect_http_reply('x');
}

Test(outcome_table, http_given_back_is_503)
{
    expect_http("n",
                "{\"statusCode\":503,\"headers\":{\"retry-after\":\"1\"},\"body\":\"\",\"isBase64Encoded\":false}");
}

/* --- direct calls ------------------------------------------------------------------------------------------------ */

static const struct leat_reply json_reply = {.body = {"{\"b\":2.50}", 10}};

Test(outcome_table, direct_ok_is_the_reply_else_null)
{
    expect_text(DIRECT_PAYLOAD, "o", "null");
    expect_reply(DIRECT_PAYLOAD, 'o', json_reply, "{\"b\":2.50}");
}

Test(outcome_table, direct_retry_is_the_reply_else_an_invocation_error)
{
    expect_error(DIRECT_PAYLOAD, "r", "Function.Retry", "why 0");
    expect_reply(DIRECT_PAYLOAD, 'r', json_reply, "{\"b\":2.50}");
}

Test(outcome_table, direct_reject_is_the_reply_else_an_invocation_error)
{
    expect_error(DIRECT_PAYLOAD, "x", "Function.Reject", "why 0");
    expect_reply(DIRECT_PAYLOAD, 'x', json_reply, "{\"b\":2.50}");
}

Test(outcome_table, direct_given_back_is_an_invocation_error)
{
    expect_error(DIRECT_PAYLOAD, "n", "Function.Retry", "why 0");
}

Test(outcome_table, direct_reply_that_is_not_json_is_an_error_of_the_function)
{
    struct leat_reply reply = {.body = LEAT_STR("{\"b\":")};
    struct answers *answers = answers_of(DIRECT_PAYLOAD);
    settle(answers, "o");
    answers->settlements[0].reply = &reply;
    cr_expect(leat_str_is(encode_answer(answers)->error_type, "Runtime.MarshalError"));
    answers_fini(answers);
    reply.content_type = LEAT_STR("text/csv"); /* who names a type means these bytes */
    expect_reply(DIRECT_PAYLOAD, 'o', reply, "{\"b\":");
}

/* --- sources of the worker ------------------------------------------------------------------------------------------
 */

Test(outcome_table, verdict_ok_is_ack)
{
    cr_expect_eq(leat_verdict_of(LEAT_OUTCOME_OK, false), LEAT_ACK);
}

Test(outcome_table, verdict_retry_is_retry)
{
    cr_expect_eq(leat_verdict_of(LEAT_OUTCOME_RETRY, false), LEAT_RETRY);
    cr_expect_eq(leat_verdict_of(LEAT_OUTCOME_RETRY, true), LEAT_RETRY,
                 "a dead letter of another event changes nothing");
}

Test(outcome_table, verdict_reject_with_a_sink_is_ack)
{
    cr_expect_eq(leat_verdict_of(LEAT_OUTCOME_REJECT, true), LEAT_ACK);
}

Test(outcome_table, verdict_reject_without_a_sink_is_the_platforms)
{
    cr_expect_eq(leat_verdict_of(LEAT_OUTCOME_REJECT, false), LEAT_FAIL);
}

Test(outcome_table, verdict_given_back_is_release)
{
    cr_expect_eq(leat_verdict_of(LEAT_OUTCOME_NONE, false), LEAT_RELEASE);
}

/* --- replay: an engine around it, as `leat replay` and handler tests have it
 * ------------------------------------------- */

static leat_outcome next_outcome;

static leat_outcome answer_next(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    switch (leat_outcome_kind_of(next_outcome)) {
    case LEAT_OUTCOME_OK: return leat_ok(ctx);
    case LEAT_OUTCOME_RETRY: return leat_retry(ctx, "away");
    case LEAT_OUTCOME_REJECT: return leat_reject(ctx, "never");
    case LEAT_OUTCOME_NONE: break;
    }
    return next_outcome;
}

static void expect_replay(enum leat_outcome_kind said, enum leat_outcome_kind told, const char *reason,
                          const char *reply)
{
    static const struct leat_handler handler = {
        .abi = LEAT_ABI, .size = sizeof(handler), .name = "next", .handle = answer_next};
    struct leat_test *test = leat_test_open(&handler, NULL);
    next_outcome = (leat_outcome){(uint64_t)said};
    cr_assert_eq(leat_test_run(test, SQS_PAYLOAD), 3);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(leat_test_outcome(test, i), told);
        cr_expect(leat_str_eq(leat_test_reason(test, i), leat_str_c(reason)));
    }
    cr_expect(leat_str_is(leat_test_reply(test), reply), "%.*s", LEAT_ARG(leat_test_reply(test)));
    leat_test_close(test);
}

#define ALL_LISTED LISTED(ITEM("m0") "," ITEM("m1") "," ITEM("m2"))

Test(outcome_table, replay_ok_is_ok)
{
    expect_replay(LEAT_OUTCOME_OK, LEAT_OUTCOME_OK, NULL, LISTED(""));
}

Test(outcome_table, replay_retry_is_reported)
{
    expect_replay(LEAT_OUTCOME_RETRY, LEAT_OUTCOME_RETRY, "away", ALL_LISTED);
}

Test(outcome_table, replay_reject_is_reported)
{
    expect_replay(LEAT_OUTCOME_REJECT, LEAT_OUTCOME_REJECT, "never", ALL_LISTED);
}

Test(outcome_table, replay_no_outcome_is_a_retry)
{
    expect_replay(LEAT_OUTCOME_NONE, LEAT_OUTCOME_RETRY, "the handler gave no outcome", ALL_LISTED);
}

/* --- batches without records
 * -------------------------------------------------------------------------------------------- */

Test(outcome_table, an_empty_batch_is_success_whatever_it_was)
{
    expect_text("{\"Records\":[]}", "", LISTED(""));
}
