/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of answers to queues and streams, as the platform reads them: a test for each row and column. An answer to
 * a window must bring its state, so where a row has none that column fails. In the texts of answers $0, $1 and $2 stand
 * for the identifiers of the three records, $x for one that none of them has, and $S for the state of a window.
 */
#include "answers.h"

struct column {
    const char *payload;
    const char *identifiers[3], *other; /* as JSON */
    const char *state;
};

static const struct column sqs = {SQS_PAYLOAD, {"\"m0\"", "\"m1\"", "\"m2\""}, "\"m3\"", ""};
static const struct column dynamodb = {STREAM_PAYLOAD, {"\"9\"", "\"10\"", "\"11\""}, "\"12\"", ""};
static const struct column kinesis = {KINESIS_PAYLOAD, {"\"9\"", "\"10\"", "\"11\""}, "\"12\"", ""};
static const struct column kafka = {KAFKA_PAYLOAD,
                                    {"{\"partition\":\"t-0\",\"offset\":9}", "{\"partition\":\"t-0\",\"offset\":10}",
                                     "{\"offset\":11,\"partition\":\"t-0\"}"},
                                    "{\"partition\":\"t-0\",\"offset\":12}",
                                    ""};
static const struct column window = {WINDOW_PAYLOAD, {"\"9\"", "\"10\"", "\"11\""}, "\"12\"", "\"state\":{\"n\":2},"};

/* The answer with its marks replaced. */
static leat_str fill(struct leat_arena *arena, const struct column *column, const char *answer)
{
    struct leat_buf text;
    leat_buf_init(&text, arena);
    for (const char *at = answer; *at != '\0'; at++) {
        char mark = *at == '$' ? *++at : '\0';
        if (mark == '\0')
            leat_buf_char(&text, *at);
        else if (mark == 'S')
            leat_buf_c(&text, column->state);
        else
            leat_buf_c(&text, mark == 'x' ? column->other : column->identifiers[mark - '0']);
    }
    return leat_buf_str(&text);
}

static void expect_row(const struct column *column, const char *text, const char *letters)
{
    struct answers *answers = answers_of(column->payload);
    const struct leat_answer answer = {.text = fill(&answers->decoded->run, column, text)};
    read_back(answers, &answer);
    expect_letters(answers, letters, answer.text.ptr);
    for (size_t i = 0; i < answers->count; i++) {
        bool good = answers->settlements[i].outcome == LEAT_OUTCOME_OK;
        cr_expect_eq(answers->settlements[i].reason.ptr == NULL, good, "%s: a reason stands where it failed", text);
        cr_expect_eq(answers->settlements[i].verdict, good ? LEAT_ACK : LEAT_RETRY, "%s", text);
    }
    answers_fini(answers);
}

#define CELL(row, column, answer, letters)      \
    Test(reply_in, row_##row##_##column)        \
    {                                           \
        expect_row(&(column), answer, letters); \
    }
#define ROW(row, answer, of_sqs, of_streams, of_windows) \
    CELL(row, sqs, answer, of_sqs)                       \
    CELL(row, dynamodb, answer, of_streams)              \
    CELL(row, kinesis, answer, of_streams)               \
    CELL(row, kafka, answer, of_streams)                 \
    CELL(row, window, answer, of_windows)
#define ITEMS(items) "{$S\"batchItemFailures\":[" items "]}"

ROW(nothing_at_all, "", "ooo", "ooo", "rrr")
ROW(white_space, " \r\n", "ooo", "ooo", "rrr")
ROW(null, "null", "ooo", "ooo", "rrr")
ROW(empty_text, "\"\"", "ooo", "ooo", "rrr")
ROW(empty_array, "[]", "ooo", "ooo", "rrr")
ROW(empty_object, "{}", "ooo", "ooo", "rrr")
ROW(another_object, "{$S\"other\":1}", "ooo", "ooo", "ooo")
ROW(null_failures, "{$S\"batchItemFailures\":null}", "ooo", "ooo", "ooo")
ROW(empty_failures, ITEMS(""), "ooo", "ooo", "ooo")
ROW(not_json, "not json", "rrr", "rrr", "rrr")
ROW(json_cut_off, "{$S\"batchItemFailures\":[", "rrr", "rrr", "rrr")
ROW(json_and_more, ITEMS("") " x", "rrr", "rrr", "rrr")
ROW(entry_without_an_identifier, ITEMS("{}"), "rrr", "rrr", "rrr")
ROW(entry_with_a_wrong_key, ITEMS("{\"foo\":123}"), "rrr", "rrr", "rrr")
ROW(entry_with_a_wrong_key_of_null, ITEMS("{\"foo\":null}"), "rrr", "rrr", "rrr")
ROW(entry_that_is_no_object, ITEMS("$1"), "rrr", "rrr", "rrr")
ROW(identifier_empty, ITEMS("{\"itemIdentifier\":\"\"}"), "rrr", "rrr", "rrr")
ROW(identifier_null, ITEMS("{\"itemIdentifier\":null}"), "rrr", "rrr", "rrr")
ROW(identifier_a_number, ITEMS("{\"itemIdentifier\":10}"), "rrr", "rrr", "rrr")
ROW(identifier_not_in_the_batch, ITEMS("{\"itemIdentifier\":$x}"), "rrr", "rrr", "rrr")
ROW(failures_an_object, "{$S\"batchItemFailures\":{\"itemIdentifier\":$1}}", "rrr", "rrr", "rrr")
ROW(failures_a_text, "{$S\"batchItemFailures\":\"x\"}", "rrr", "rrr", "rrr")
ROW(one_identifier, ITEMS("{\"itemIdentifier\":$1}"), "oro", "orr", "orr")
ROW(the_last_identifier, ITEMS("{\"itemIdentifier\":$2}"), "oor", "oor", "oor")
ROW(some_identifiers, ITEMS("{\"itemIdentifier\":$2},{\"itemIdentifier\":$1}"), "orr", "orr", "orr")
ROW(the_first_identifier, ITEMS("{\"itemIdentifier\":$0}"), "roo", "rrr", "rrr")
ROW(first_and_last_identifier, ITEMS("{\"itemIdentifier\":$0},{\"itemIdentifier\":$2}"), "ror", "rrr", "rrr")
ROW(the_same_identifier_twice, ITEMS("{\"itemIdentifier\":$1},{\"itemIdentifier\":$1}"), "oro", "orr", "orr")
ROW(one_bad_among_good, ITEMS("{\"itemIdentifier\":$1},{\"itemIdentifier\":$x}"), "rrr", "rrr", "rrr")
ROW(one_bad_before_good, ITEMS("{\"foo\":1},{\"itemIdentifier\":$1}"), "rrr", "rrr", "rrr")
ROW(more_members_are_ignored, "{\"more\":[1],$S\"batchItemFailures\":[{\"x\":1,\"itemIdentifier\":$1,\"y\":{}}]}",
    "oro", "orr", "orr")

static const struct column *const columns[] = {&sqs, &dynamodb, &kinesis, &kafka, &window};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* aws-lambda-developer-guide 320: another spelling of the list is no list, so nothing has failed; that of an
 * identifier is no identifier, so all has. */
Test(reply_in, bug_23_pascal_case_is_another_name)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        expect_row(columns[c], "{$S\"BatchItemFailures\":[{\"itemIdentifier\":$1}]}", "ooo");
        expect_row(columns[c], ITEMS("{\"ItemIdentifier\":$1}"), "rrr");
    }
}

/* --- what only one column has ---------------------------------------------------------------------------------- */

Test(reply_in, row_state_missing_fails_a_window)
{
    expect_row(&window, "{\"batchItemFailures\":[]}", "rrr");
    expect_row(&window, "{\"batchItemFailures\":[{\"itemIdentifier\":\"11\"}]}", "rrr");
    expect_row(&window, "{\"State\":{},\"batchItemFailures\":[]}", "rrr");
}

Test(reply_in, row_state_of_any_json_is_one)
{
    static const char *const states[] = {"{}", "null", "[]", "0", "\"\"", "false"};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "{\"state\":%s,\"batchItemFailures\":null}", states[i]);
        expect_row(&window, text, "ooo");
    }
}

/* The end of a window has no name, so it cannot be listed; it comes again with what stands before it. */
Test(reply_in, row_end_of_a_window_comes_again_with_its_records)
{
    static const struct column last = {
        WINDOW_OF(CHANGE("9") "," CHANGE("10"), "{}", "true"), {"\"9\"", "\"10\"", "null"}, "\"12\"", "\"state\":1,"};
    expect_row(&last, ITEMS(""), "ooo");
    expect_row(&last, ITEMS("{\"itemIdentifier\":$1}"), "orr");
    expect_row(&last, ITEMS("{\"itemIdentifier\":$0}"), "rrr");
    expect_row(&last, ITEMS("{\"itemIdentifier\":$2}"), "rrr");
    static const struct column alone = {WINDOW_OF("", "{}", "true"), {"", "", ""}, "\"s\"", "\"state\":1,"};
    expect_row(&alone, ITEMS(""), "o");
    expect_row(&alone, "{}", "r");
    expect_row(&alone, ITEMS("{\"itemIdentifier\":$x}"), "r");
}

Test(reply_in, row_key_of_a_partition_was_once_another)
{
    expect_row(&kafka, "{\"batchItemFailures\":[{\"itemIdentifier\":{\"topic-partition\":\"t-0\",\"offset\":10}}]}",
               "orr");
}

Test(reply_in, row_kafka_identifiers_that_are_none)
{
    static const char *const identifiers[] = {
        "\"t-0-10\"",
        "10",
        "{}",
        "[]",
        "{\"partition\":\"t-0\"}",
        "{\"offset\":10}",
        "{\"partition\":\"t-0\",\"offset\":\"10\"}",
        "{\"partition\":\"t-0\",\"offset\":10.5}",
        "{\"partition\":\"t-0\",\"offset\":-10}",
        "{\"partition\":\"t-1\",\"offset\":10}",
        "{\"partition\":\"t\",\"offset\":10}",
        "{\"partition\":0,\"offset\":10}",
        "{\"Partition\":\"t-0\",\"Offset\":10}",
    };
    for (size_t i = 0; i < sizeof(identifiers) / sizeof(identifiers[0]); i++) {
        char text[160];
        (void)snprintf(text, sizeof(text), "{\"batchItemFailures\":[{\"itemIdentifier\":%s}]}", identifiers[i]);
        expect_row(&kafka, text, "rrr");
    }
    expect_row(&kafka, "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"t-0\",\"offset\":10.0}}]}", "orr");
}

/* floci 3152 and ministack 287: an answer that is not understood must not delete a message. */
Test(reply_in, bug_24_no_malformed_answer_acknowledges_anything)
{
    static const char *const values[] = {"null",  "0",      "true",     "\"\"",     "\"x\"",
                                         "[]",    "[[]]",   "{}",       "[\"m1\"]", "{\"m1\":null}",
                                         "1e999", "[null]", "[{}, {}]", "[true]",   "{\"id\":\"\"}"};
    for (size_t c = 0; c < COLUMNS; c++)
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            char entry[160], identifier[160];
            (void)snprintf(entry, sizeof(entry), ITEMS("{\"itemIdentifier\":$2},%s"), values[i]);
            (void)snprintf(identifier, sizeof(identifier), ITEMS("{\"itemIdentifier\":$2},{\"itemIdentifier\":%s}"),
                           values[i]);
            expect_row(columns[c], entry, "rrr");
            expect_row(columns[c], identifier, "rrr");
        }
}

/* --- partitions of Kafka ------------------------------------------------------------------------------------------ */

#define ODD "9007199254740993" /* no double holds it */
static const struct column partitions = {
    KAFKA_LISTS("\"a-0\":[" KAFKA_RECORD("a", "0", "9007199254740992") "," KAFKA_RECORD(
        "a", "0", ODD) "],"
                       "\"a-1\":[" KAFKA_RECORD("a", "1", ODD) "," KAFKA_RECORD("a", "1", "9007199254740994") "]"),
    {"{\"partition\":\"a-0\",\"offset\":" ODD "}", "{\"partition\":\"a-1\",\"offset\":" ODD "}",
     "{\"partition\":\"a-0\",\"offset\":9007199254740992}"},
    "{\"partition\":\"a-1\",\"offset\":9007199254740992}",
    ""};

Test(reply_in, row_partitions_are_independent_and_offsets_whole)
{
    expect_row(&partitions, ITEMS("{\"itemIdentifier\":$0}"), "oroo");
    expect_row(&partitions, ITEMS("{\"itemIdentifier\":$1}"), "oorr");
    expect_row(&partitions, ITEMS("{\"itemIdentifier\":$2}"), "rroo");
    expect_row(&partitions, ITEMS("{\"itemIdentifier\":$1},{\"itemIdentifier\":$0}"), "orrr");
    expect_row(&partitions, ITEMS("{\"itemIdentifier\":$x}"), "rrrr");
}

/* --- there and back
 * --------------------------------------------------------------------------------------------------- */

/* Every word of three letters: what stands behind a failed record comes again too. */
static void expect_streams_back(const char *payload)
{
    static const char letters[] = "orxkn", backs[] = "orror";
    for (unsigned i = 0; i < 125; i++) {
        const unsigned at[] = {i / 25, i / 5 % 5, i % 5};
        const char word[] = {letters[at[0]], letters[at[1]], letters[at[2]], '\0'};
        char want[] = {backs[at[0]], backs[at[1]], backs[at[2]], '\0'};
        for (size_t n = 1; n < 3; n++)
            want[n] = want[n - 1] == 'r' ? 'r' : want[n];
        expect_there_and_back(payload, word, want);
    }
}

Test(reply_in, kinesis_kafka_and_windows_come_back_as_they_went)
{
    expect_streams_back(KINESIS_PAYLOAD);
    expect_streams_back(KAFKA_PAYLOAD);
    expect_streams_back(WINDOW_PAYLOAD);
    expect_there_and_back(partitions.payload, "orro", "orrr");
    expect_there_and_back(partitions.payload, "okor", "ooor");
}
