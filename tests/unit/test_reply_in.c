/* SPDX-License-Identifier: Apache-2.0 */
/* Answers read back as the platform reads them: docs/reference/replies.md, a test a row, and there and back again. */
#include "answers.h"

TestSuite(reply_in);

/* What an answer does to the three records of a queue and of a stream. */
static void expect_read(const char *text, const char *queue, const char *stream)
{
    const struct leat_answer answer = {.text = leat_str_c(text)};
    static const char *const payloads[] = {SQS_PAYLOAD, STREAM_PAYLOAD};
    const char *const letters[] = {queue, stream};
    for (size_t i = 0; i < 2; i++) {
        struct answers *answers = answers_of(payloads[i]);
        read_back(answers, &answer);
        expect_letters(answers, letters[i], text);
        for (size_t n = 0; n < answers->count; n++) {
            bool good = answers->settlements[n].outcome == LEAT_OUTCOME_OK;
            cr_expect_eq(answers->settlements[n].reason.ptr == NULL, good, "%s: a reason stands where it failed", text);
            cr_expect_eq(answers->settlements[n].verdict, good ? LEAT_ACK : LEAT_RETRY, "%s", text);
        }
        answers_fini(answers);
    }
}

static void expect_success(const char *text)
{
    expect_read(text, "ooo", "ooo");
}

static void expect_all_fail(const char *text)
{
    expect_read(text, "rrr", "rrr");
}

static void expect_error_read(const char *payload, const char *type, const char *letters)
{
    const struct leat_answer answer = {.error_type = leat_str_c(type), .error_message = LEAT_STR("why")};
    struct answers *answers = answers_of(payload);
    read_back(answers, &answer);
    expect_letters(answers, letters, type);
    for (size_t i = 0; i < answers->count; i++)
        cr_expect(leat_str_is(answers->settlements[i].reason, "why"));
    answers_fini(answers);
}

/* --- queues and streams ------------------------------------------------------------------------------- */

Test(reply_in, an_error_fails_all)
{
    static const char *const types[] = {"Unhandled", "Function.Retry", "Runtime.ExitError", NULL};
    for (size_t i = 0; i < 4; i++) {
        expect_error_read(SQS_PAYLOAD, types[i], "rrr");
        expect_error_read(STREAM_PAYLOAD, types[i], "rrr");
    }
}

Test(reply_in, nothing_is_success)
{
    static const char *const texts[] = {"",
                                        " \n",
                                        "null",
                                        "\"\"",
                                        "{}",
                                        "[]",
                                        "{\"batchItemFailures\":null}",
                                        "{\"batchItemFailures\":[]}",
                                        "{\"other\":[1]}",
                                        "\"text\"",
                                        "7",
                                        "true",
                                        "[1]"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_success(texts[i]);
}

Test(reply_in, what_is_not_json_fails_all)
{
    expect_all_fail("not json");
    expect_all_fail("{\"batchItemFailures\":[");
    expect_all_fail("{\"batchItemFailures\":[]} x");
}

Test(reply_in, an_entry_without_an_identifier_fails_all)
{
    expect_all_fail("{\"batchItemFailures\":[{}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"foo\":123}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"foo\":null}]}");
    expect_all_fail("{\"batchItemFailures\":[null]}");
    expect_all_fail("{\"batchItemFailures\":[\"m1\"]}");
    expect_all_fail("{\"batchItemFailures\":[[]]}");
}

Test(reply_in, an_empty_identifier_fails_all)
{
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":null}]}");
}

Test(reply_in, an_identifier_that_is_not_in_the_batch_fails_all)
{
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":\"m9\"}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":\"M1\"}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":\"m1 \"}]}");
}

Test(reply_in, an_identifier_that_is_no_text_fails_all)
{
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":123}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":10}]}"); /* a sequence number, but no text */
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"m1\"}}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":[\"m1\"]}]}");
    expect_all_fail("{\"batchItemFailures\":[{\"itemIdentifier\":true}]}");
}

Test(reply_in, failures_that_are_no_array_fail_all)
{
    expect_all_fail("{\"batchItemFailures\":{}}");
    expect_all_fail("{\"batchItemFailures\":\"m1\"}");
    expect_all_fail("{\"batchItemFailures\":0}");
    expect_all_fail("{\"batchItemFailures\":false}");
}

static void expect_queue(const char *text, const char *letters)
{
    const struct leat_answer answer = {.text = leat_str_c(text)};
    struct answers *answers = answers_of(SQS_PAYLOAD);
    read_back(answers, &answer);
    expect_letters(answers, letters, text);
    answers_fini(answers);
}

static void expect_stream(const char *text, const char *letters)
{
    const struct leat_answer answer = {.text = leat_str_c(text)};
    struct answers *answers = answers_of(STREAM_PAYLOAD);
    read_back(answers, &answer);
    expect_letters(answers, letters, text);
    answers_fini(answers);
}

Test(reply_in, some_identifiers_fail_those_of_a_queue)
{
    expect_queue("{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}", "oro");
    expect_queue("{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},{\"itemIdentifier\":\"m0\"}]}", "ror");
    expect_queue(" { \"more\" : 1, \"batchItemFailures\" : [ { \"x\" : 1, \"itemIdentifier\" : \"\\u006d1\" } ] }\n",
                 "oro");
}

Test(reply_in, some_identifiers_fail_a_stream_from_the_lowest_on)
{
    expect_stream("{\"batchItemFailures\":[{\"itemIdentifier\":\"11\"}]}", "oor");
    expect_stream("{\"batchItemFailures\":[{\"itemIdentifier\":\"10\"}]}", "orr");
    expect_stream("{\"batchItemFailures\":[{\"itemIdentifier\":\"11\"},{\"itemIdentifier\":\"10\"}]}", "orr");
    expect_stream("{\"batchItemFailures\":[{\"itemIdentifier\":\"9\"}]}", "rrr");
    expect_stream("{\"batchItemFailures\":[{\"itemIdentifier\":\"10\"},{\"itemIdentifier\":\"9\"}]}", "rrr");
}

Test(reply_in, the_same_identifier_twice_counts_once)
{
    expect_queue("{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"},{\"itemIdentifier\":\"m1\"}]}", "oro");
    expect_stream("{\"batchItemFailures\":[{\"itemIdentifier\":\"10\"},{\"itemIdentifier\":\"10\"}]}", "orr");
}

Test(reply_in, one_bad_entry_among_good_ones_fails_all)
{
    expect_queue("{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"},{\"itemIdentifier\":\"\"}]}", "rrr");
    expect_queue("{\"batchItemFailures\":[{},{\"itemIdentifier\":\"m1\"}]}", "rrr");
    expect_stream("{\"batchItemFailures\":[{\"itemIdentifier\":\"11\"},{\"itemIdentifier\":\"12\"}]}", "rrr");
}

Test(reply_in, no_records_take_any_answer)
{
    const struct leat_answer answer = {.text = LEAT_STR("not json")};
    struct answers *answers = answers_of("{\"Records\":[]}");
    read_back(answers, &answer);
    answers_fini(answers);
}

/* --- the other columns ------------------------------------------------------------------------------------ */

Test(reply_in, an_answer_to_an_asynchronous_call_is_ignored)
{
    static const char *const texts[] = {"", "null", "not json", "{\"batchItemFailures\":[{\"itemIdentifier\":\"x\"}]}"};
    for (size_t i = 0; i < 4; i++) {
        const struct leat_answer answer = {.text = leat_str_c(texts[i])};
        struct answers *answers = answers_of(ASYNC_PAYLOAD);
        read_back(answers, &answer);
        expect_letters(answers, "o", texts[i]);
        answers_fini(answers);
    }
    expect_error_read(ASYNC_PAYLOAD, "Function.Retry", "r");
    expect_error_read(ASYNC_PAYLOAD, "Function.Reject", "x");
    expect_error_read(ASYNC_PAYLOAD, "Unhandled", "r");
}

Test(reply_in, a_direct_call_gets_what_was_answered)
{
    static const char *const texts[] = {"null", "{\"a\":9007199254740993}", " 1.50 ", "not json", ""};
    for (size_t i = 0; i < 5; i++) {
        const struct leat_answer answer = {.text = leat_str_c(texts[i])};
        struct answers *answers = answers_of(DIRECT_PAYLOAD);
        read_back(answers, &answer);
        expect_letters(answers, "o", texts[i]);
        cr_assert_not_null(answers->settlements[0].reply);
        cr_expect(leat_str_is(answers->settlements[0].reply->body, texts[i]) &&
                  answers->settlements[0].reply->status == 0);
        answers_fini(answers);
    }
    expect_error_read(DIRECT_PAYLOAD, "Function.Reject", "x");
    expect_error_read(DIRECT_PAYLOAD, "Sandbox.Timedout", "r");
}

/* status, and its outcome; a gateway never asks again, so the verdict is always ack */
static void expect_http(const char *payload, const char *text, int status, enum leat_outcome_kind outcome)
{
    const struct leat_answer answer = {.text = leat_str_c(text), .error_type = LEAT_STR("Unhandled")};
    struct answers *answers = answers_of(payload);
    read_back(answers, &answer);
    const struct leat_settlement *settlement = &answers->settlements[0];
    cr_assert_not_null(settlement->reply);
    cr_expect_eq(settlement->reply->status, status, "%s: %d", text, settlement->reply->status);
    cr_expect_eq(settlement->outcome, outcome, "%s", text);
    cr_expect_eq(settlement->verdict, LEAT_ACK);
    answers_fini(answers);
}

Test(reply_in, a_status_of_http_is_an_outcome)
{
    static const char *const payloads[] = {HTTP_PAYLOADS};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        expect_http(payloads[i], "{\"statusCode\":200}", 200, LEAT_OUTCOME_OK);
        expect_http(payloads[i], "{\"statusCode\":404}", 404, LEAT_OUTCOME_OK);
        expect_http(payloads[i], "{\"statusCode\":422}", 422, LEAT_OUTCOME_REJECT);
        expect_http(payloads[i], "{\"statusCode\":503}", 503, LEAT_OUTCOME_RETRY);
    }
}

Test(reply_in, a_failed_function_is_what_each_gateway_makes_of_it)
{
    expect_http(REST_PAYLOAD, NULL, 502, LEAT_OUTCOME_RETRY);
    expect_http(V1_PAYLOAD, NULL, 500, LEAT_OUTCOME_RETRY);
    expect_http(V2_PAYLOAD, NULL, 500, LEAT_OUTCOME_RETRY);
    expect_http(URL_PAYLOAD, NULL, 502, LEAT_OUTCOME_RETRY);
    expect_http(ALB_PAYLOAD, NULL, 502, LEAT_OUTCOME_RETRY);
    expect_http(WEBSOCKET_PAYLOAD, NULL, 502, LEAT_OUTCOME_RETRY);
    expect_http(REST_PAYLOAD, "\"Hello\"", 502, LEAT_OUTCOME_RETRY);
    expect_http(V1_PAYLOAD, "not json", 500, LEAT_OUTCOME_RETRY);
    expect_http(V2_PAYLOAD, "not json", 200, LEAT_OUTCOME_OK);
    expect_http(URL_PAYLOAD, "not json", 502, LEAT_OUTCOME_RETRY);
}

/* --- there and back ------------------------------------------------------------------------------------------- */

/* Every word of three letters; a listed record is a retry whatever made it fail. */
Test(reply_in, a_queue_comes_back_as_it_went)
{
    static const char letters[] = "orxkn", backs[] = "orror";
    for (unsigned i = 0; i < 125; i++) {
        const unsigned at[] = {i / 25, i / 5 % 5, i % 5};
        const char word[] = {letters[at[0]], letters[at[1]], letters[at[2]], '\0'};
        const char want[] = {backs[at[0]], backs[at[1]], backs[at[2]], '\0'};
        expect_there_and_back(SQS_PAYLOAD, word, want);
    }
}

Test(reply_in, a_stream_comes_back_from_its_first_failure_on)
{
    static const char letters[] = "orxkn", backs[] = "orror";
    for (unsigned i = 0; i < 125; i++) {
        const unsigned at[] = {i / 25, i / 5 % 5, i % 5};
        const char word[] = {letters[at[0]], letters[at[1]], letters[at[2]], '\0'};
        char want[] = {backs[at[0]], backs[at[1]], backs[at[2]], '\0'};
        for (size_t n = 1; n < 3; n++)
            want[n] = want[n - 1] == 'r' ? 'r' : want[n];
        expect_there_and_back(STREAM_PAYLOAD, word, want);
    }
}

Test(reply_in, an_asynchronous_call_comes_back_as_it_went)
{
    expect_there_and_back(ASYNC_PAYLOAD, "o", "o");
    expect_there_and_back(ASYNC_PAYLOAD, "r", "r");
    expect_there_and_back(ASYNC_PAYLOAD, "x", "x");
    expect_there_and_back(ASYNC_PAYLOAD, "k", "o");
    expect_there_and_back(ASYNC_PAYLOAD, "n", "r");
}

static void expect_same_reply(const struct leat_reply *got, const struct leat_reply *want, const char *what)
{
    cr_expect_eq(got->status, want->status, "%s: %d", what, got->status);
    cr_expect(leat_str_eq(got->body, want->body), "%s: %.*s", what, LEAT_ARG(got->body));
    cr_expect(leat_str_eq(got->content_type, want->content_type), "%s: %.*s", what, LEAT_ARG(got->content_type));
    const struct leat_reply_header *a = got->headers, *b = want->headers;
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        cr_expect(leat_str_eq(a->name, b->name) && leat_str_eq(a->value, b->value), "%s: %.*s: %.*s", what,
                  LEAT_ARG(a->name), LEAT_ARG(a->value));
    cr_expect(a == NULL && b == NULL, "%s: as many headers", what);
}

static void expect_reply_back(const char *payload, char letter, const struct leat_reply *reply)
{
    const char letters[] = {letter, '\0'};
    struct answers *answers = answers_of(payload);
    settle(answers, letters);
    answers->settlements[0].reply = reply;
    struct leat_answer answer = *encode_answer(answers);
    cr_assert_not_null(answer.text.ptr);
    read_back(answers, &answer);
    cr_assert_not_null(answers->settlements[0].reply);
    expect_same_reply(answers->settlements[0].reply, reply, payload);
    answers_fini(answers);
}

Test(reply_in, an_http_reply_comes_back_as_it_went)
{
    static const char *const payloads[] = {HTTP_PAYLOADS};
    const size_t count = sizeof(payloads) / sizeof(payloads[0]) - 1; /* the last one has no room for two cookies */
    struct leat_reply_header second = {LEAT_STR("set-cookie"), LEAT_STR("b=2"), NULL};
    struct leat_reply_header first = {LEAT_STR("set-cookie"), LEAT_STR("a=1; Path=/"), &second};
    struct leat_reply_header other = {LEAT_STR("x-a"), LEAT_STR("\xC3\xA9, \"q\""), &first};
    static const leat_str bodies[] = {{"", 0}, {"text \xE8\x8C\xB6", 8}, {"\x89PNG\0\xFF", 6}, {"{\"a\":1}", 7}};
    static const int statuses[] = {200, 204, 301, 422, 503};
    for (size_t p = 0; p < count; p++)
        for (size_t b = 0; b < 4; b++)
            for (size_t s = 0; s < 5; s++) {
                struct leat_reply reply = {statuses[s], LEAT_STR("image/png"), bodies[b], &other};
                expect_reply_back(payloads[p], 'o', &reply);
                reply.headers = NULL;
                expect_reply_back(payloads[p], 'x', &reply);
            }
}

Test(reply_in, a_direct_reply_comes_back_as_it_went)
{
    const struct leat_reply reply = {.body = LEAT_STR("{\"n\": 9007199254740993}")};
    expect_reply_back(DIRECT_PAYLOAD, 'o', &reply);
    expect_reply_back(DIRECT_PAYLOAD, 'r', &reply);
    expect_there_and_back(DIRECT_PAYLOAD, "r", "r");
    expect_there_and_back(DIRECT_PAYLOAD, "x", "x");
}
