/* SPDX-License-Identifier: Apache-2.0 */
/* The table of outcomes (docs/reference/replies.md) for what keeps checkpoints: Kinesis, Kafka, tumbling windows. */
#include "answers.h"

#include <leat/window.h>

/* --- Kinesis in Lambda ------------------------------------------------------------------------------------ */

Test(outcome_table, kinesis_ok_is_not_listed)
{
    expect_text(KINESIS_PAYLOAD, "ooo", LISTED(""));
}

Test(outcome_table, kinesis_retry_lists_the_lowest_failed)
{
    expect_text(KINESIS_PAYLOAD, "oor", LISTED(ITEM("11")));
    expect_text(KINESIS_PAYLOAD, "orr", LISTED(ITEM("10")));
    expect_text(KINESIS_PAYLOAD, "ror", LISTED(ITEM("9"))); /* 9 < 10: numbers, not text */
}

Test(outcome_table, kinesis_reject_with_a_sink_is_not_listed)
{
    expect_text(KINESIS_PAYLOAD, "kko", LISTED(""));
    expect_text(KINESIS_PAYLOAD, "kor", LISTED(ITEM("11")));
}

Test(outcome_table, kinesis_reject_without_a_sink_is_listed)
{
    expect_text(KINESIS_PAYLOAD, "oxn", LISTED(ITEM("10")));
}

Test(outcome_table, kinesis_given_back_is_listed)
{
    expect_text(KINESIS_PAYLOAD, "onn", LISTED(ITEM("10")));
}

#define LONG "4965281774023109876543210987654321098765432109876543210" /* and one more digit */

Test(outcome_table, kinesis_sequences_of_56_digits_are_told_apart_and_whole)
{
    expect_text("{\"Records\":[" DATA(LONG "2") "," DATA(LONG "1") "," DATA("00" LONG "3") "]}", "rrr",
                LISTED(ITEM(LONG "1")));
    expect_text("{\"Records\":[" DATA(LONG "2") "," DATA(LONG "1") "," DATA("00" LONG "3") "]}", "oor",
                LISTED(ITEM("00" LONG "3")));
}

/* --- Kafka in Lambda ----------------------------------------------------------------------------------------- */

#define PLACE(partition, offset) "{\"itemIdentifier\":{\"partition\":\"" partition "\",\"offset\":" offset "}}"

Test(outcome_table, kafka_ok_is_not_listed)
{
    expect_text(KAFKA_PAYLOAD, "ooo", LISTED(""));
}

Test(outcome_table, kafka_retry_lists_partition_and_lowest_failed_offset)
{
    expect_text(KAFKA_PAYLOAD, "oor", LISTED(PLACE("t-0", "11")));
    expect_text(KAFKA_PAYLOAD, "orr", LISTED(PLACE("t-0", "10")));
    expect_text(KAFKA_PAYLOAD, "ror", LISTED(PLACE("t-0", "9")));
}

Test(outcome_table, kafka_reject_with_a_sink_is_not_listed)
{
    expect_text(KAFKA_PAYLOAD, "kko", LISTED(""));
    expect_text(KAFKA_PAYLOAD, "kor", LISTED(PLACE("t-0", "11")));
}

Test(outcome_table, kafka_reject_without_a_sink_is_listed)
{
    expect_text(KAFKA_PAYLOAD, "oxn", LISTED(PLACE("t-0", "10")));
}

Test(outcome_table, kafka_given_back_is_listed)
{
    expect_text(KAFKA_PAYLOAD, "onn", LISTED(PLACE("t-0", "10")));
}

#define PARTITIONS                                                               \
    KAFKA_LISTS("\"a-0\":[" KAFKA_RECORD("a", "0", "5") "," KAFKA_RECORD(        \
        "a", "0", "6") "],"                                                      \
                       "\"a-1\":[" KAFKA_RECORD("a", "1", "5") "," KAFKA_RECORD( \
                           "a", "1", "6") "],"                                   \
                                          "\"b-0\":[" KAFKA_RECORD("b", "0", "1") "]")

Test(outcome_table, kafka_partitions_are_independent)
{
    expect_text(PARTITIONS, "ooooo", LISTED(""));
    expect_text(PARTITIONS, "oroor", LISTED(PLACE("a-0", "6") "," PLACE("b-0", "1")));
    expect_text(PARTITIONS, "oorno", LISTED(PLACE("a-1", "5")));
    expect_text(PARTITIONS, "rnrnr", LISTED(PLACE("a-0", "5") "," PLACE("a-1", "5") "," PLACE("b-0", "1")));
}

Test(outcome_table, kafka_offsets_and_names_are_whole)
{
    expect_text(KAFKA_LISTS("\"x\":[" KAFKA_RECORD("eu\\\"-1", "12", "9007199254740993") "]"), "r",
                LISTED(PLACE("eu\\\"-1-12", "9007199254740993")));
    expect_text(KAFKA_LISTS("\"x\":[" KAFKA_RECORD("t", "0", "9223372036854775807") "," KAFKA_RECORD(
                    "t", "0", "9223372036854775806") "]"),
                "rr", LISTED(PLACE("t-0", "9223372036854775806")));
}

Test(outcome_table, kafka_without_records_is_an_empty_list)
{
    expect_text(KAFKA_LISTS(""), "", LISTED(""));
    expect_text(KAFKA_LISTS("\"t-0\":[]"), "", LISTED(""));
}

/* --- tumbling windows in Lambda -------------------------------------------------------------------------------- */

#define STATE(state, items) "{\"state\":" state ",\"batchItemFailures\":[" items "]}"
#define FIRST_STATE "{\"n\":1.50}" /* what WINDOW_PAYLOAD begins with */
#define LAST(state) WINDOW_OF(CHANGE("9") "," CHANGE("10"), state, "true")

/* The answer where record n answered states[n]; NULL: it said nothing. Caller ends `answers`. */
static struct leat_answer answer_with(struct answers *answers, const char *letters, const char *const *states)
{
    struct decoded *d = answers->decoded;
    settle(answers, letters);
    for (size_t i = 0; i < answers->count; i++) {
        struct leat_reply *reply = states[i] != NULL ? LEAT_NEW(&d->run, struct leat_reply) : NULL;
        if (reply != NULL)
            reply->body = leat_str_c(states[i]);
        answers->settlements[i].reply = reply;
    }
    return *encode_answer(answers);
}

static void expect_state(const char *payload, const char *letters, const char *const *states, const char *text)
{
    struct answers *answers = answers_of(payload);
    struct leat_answer answer = answer_with(answers, letters, states);
    cr_expect(leat_str_is(answer.text, text), "%s: %.*s %.*s", letters, LEAT_ARG(answer.text),
              LEAT_ARG(answer.error_message));
    answers_fini(answers);
}

static void expect_refused(const char *payload, const char *letters, const char *const *states, const char *why)
{
    struct answers *answers = answers_of(payload);
    struct leat_answer answer = answer_with(answers, letters, states);
    cr_expect_null(answer.text.ptr, "%.*s", LEAT_ARG(answer.text));
    cr_expect(leat_str_is(answer.error_type, "Runtime.MarshalError"), "%.*s", LEAT_ARG(answer.error_type));
    cr_expect(leat_str_is(answer.error_message, why), "%.*s", LEAT_ARG(answer.error_message));
    answers_fini(answers);
}

#define STATES(...) ((const char *const[ANSWERS_MAX]){__VA_ARGS__})

Test(outcome_table, window_state_is_the_last_reply_of_what_was_ok)
{
    expect_state(WINDOW_PAYLOAD, "ooo", STATES("1", "2", "{\"x\": 9007199254740993}"),
                 STATE("{\"x\": 9007199254740993}", ""));
    expect_state(WINDOW_PAYLOAD, "ooo", STATES("1", "2", NULL), STATE("2", ""));
    expect_state(WINDOW_PAYLOAD, "oko", STATES("1", "2", NULL), STATE("1", ""));
    expect_state(WINDOW_PAYLOAD, "orn", STATES("1", "2", NULL), STATE("1", ITEM("10")));
    expect_state(WINDOW_PAYLOAD, "oxn", STATES("1", "2", NULL), STATE("1", ITEM("10")));
}

Test(outcome_table, window_state_is_given_back_where_nobody_changed_it)
{
    expect_state(WINDOW_PAYLOAD, "ooo", STATES(NULL), STATE(FIRST_STATE, ""));
    expect_state(WINDOW_PAYLOAD, "rnn", STATES("5", NULL), STATE(FIRST_STATE, ITEM("9")));
    expect_state(WINDOW_OF("", FIRST_STATE, "false"), "", STATES(NULL), STATE(FIRST_STATE, ""));
}

Test(outcome_table, window_state_is_an_empty_object_where_there_is_none)
{
    expect_state(WINDOW_OF(CHANGE("9"), "null", "false"), "o", STATES(NULL), STATE("{}", ""));
    expect_state(WINDOW_OF("", "null", "false"), "", STATES(NULL), STATE("{}", ""));
    expect_state(WINDOW_OF("", "null", "true"), "o", STATES(NULL), STATE("{}", ""));
}

Test(outcome_table, window_end_may_change_the_state_too)
{
    expect_state(LAST("1"), "ooo", STATES("2", "3", NULL), STATE("3", ""));
    expect_state(LAST("1"), "ooo", STATES("2", "3", "4"), STATE("4", ""));
    expect_state(LAST("1"), "ook", STATES("2", "3", "4"), STATE("3", ""));
}

Test(outcome_table, window_end_that_fails_alone_is_an_invocation_error)
{
    expect_error(LAST("1"), "oor", "Function.Retry", "why 2 (1 of 3 records failed)");
    expect_error(LAST("1"), "oox", "Function.Reject", "why 2 (1 of 3 records failed)");
    expect_error(WINDOW_OF("", "1", "true"), "r", "Function.Retry", "why 0");
    expect_error(WINDOW_OF("", "1", "true"), "x", "Function.Reject", "why 0");
}

/* The checkpoint brings the invoke again, and the end with it. */
Test(outcome_table, window_end_behind_a_failed_record_is_given_back)
{
    expect_state(LAST("1"), "orn", STATES("2", NULL, NULL), STATE("2", ITEM("10")));
    expect_state(LAST("1"), "xnn", STATES(NULL), STATE("1", ITEM("9")));
}

Test(outcome_table, window_state_that_is_not_json_is_an_error_of_the_function)
{
    static const char *const bodies[] = {"", "{", "{\"a\":}", "sum: 5", "{} {}", "\xFF"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        expect_refused(WINDOW_PAYLOAD, "ooo", STATES("1", NULL, bodies[i]), "the window's state is not JSON");
        expect_refused(LAST("1"), "ooo", STATES(NULL, NULL, bodies[i]), "the window's state is not JSON");
    }
}

Test(outcome_table, window_state_has_at_most_one_mebibyte)
{
    static char body[LEAT_WINDOW_STATE_MAX + 2];
    memset(body, 'x', sizeof(body) - 1);
    body[0] = '"';
    body[LEAT_WINDOW_STATE_MAX - 1] = '"';
    body[LEAT_WINDOW_STATE_MAX] = '\0';
    struct answers *answers = answers_of(WINDOW_PAYLOAD);
    struct leat_answer answer = answer_with(answers, "ooo", STATES(body, NULL, NULL));
    cr_expect_gt(answer.text.len, LEAT_WINDOW_STATE_MAX, "%.*s", LEAT_ARG(answer.error_message));
    answers_fini(answers);
    body[LEAT_WINDOW_STATE_MAX - 1] = 'x';
    body[LEAT_WINDOW_STATE_MAX] = '"';
    expect_refused(WINDOW_PAYLOAD, "ooo", STATES(body, NULL, NULL), "the window's state is longer than 1 MiB");
}
