/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/leat.h>
#include <leat/test.h>

#include <stdio.h>

#define TOTALS "test_project.json"
#define BATCH(changes) "{\"Records\": [" changes "]}"
#define CHANGE(number, name, images)                                                                  \
    "{\"eventID\": \"e-" number "\", \"eventName\": \"" name "\", \"eventSource\": \"aws:dynamodb\"," \
    " \"dynamodb\": {\"SequenceNumber\": \"" number "\", \"Keys\": {\"order_id\": {\"S\": \"A-1\"}}" images "}}"
#define ORDER(customer, total) \
    ", \"NewImage\": {\"order_id\": {\"S\": \"A-1\"}, \"customer\": {\"S\": \"" customer "\"}, \"total\": " total "}"

extern const struct leat_handler leat_handler_project;

static bool totals_are(const char *expected)
{
    char text[512];
    FILE *file = fopen(TOTALS, "r");
    if (file == NULL)
        return false;
    size_t len = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    return leat_str_eq(leat_str_trim(leat_str_of(text, len)), leat_str_c(expected));
}

static void totals_follow_the_table(struct leat_test *test)
{
    const char *insert = BATCH(CHANGE("1", "INSERT", ORDER("c-17", "{\"N\": \"9.00\"}")));
    leat_test_check(leat_test_run(test, insert) == 1 && totals_are("{\"c-17\":9}"), "an inserted order counts");
    leat_test_run(test, insert);
    leat_test_check(totals_are("{\"c-17\":9}"), "a change that comes twice counts once");
    leat_test_run(test, BATCH(CHANGE("2", "MODIFY", ORDER("c-17", "{\"N\": \"7.5\"}"))));
    leat_test_check(totals_are("{\"c-17\":7.5}"), "a changed order counts for what it is now");
    leat_test_run(test, BATCH(CHANGE("3", "MODIFY", ORDER("c-4", "{\"N\": \"7.5\"}")) "," CHANGE("4", "REMOVE", "")));
    leat_test_check(totals_are("{}"), "a removed order does not count");
    leat_test_check(leat_str_is(leat_test_reply(test), "{\"batchItemFailures\":[]}"), "nothing failed");
}

static void other_items_are_rejected(struct leat_test *test)
{
    leat_test_run(test, BATCH(CHANGE("5", "INSERT", ORDER("c-17", "{\"S\": \"9.00\"}"))));
    leat_test_check(leat_test_outcome(test, 0) == LEAT_OUTCOME_REJECT, "an item without a total is no order");
    leat_test_check(leat_str_is(leat_test_reason(test, 0), "no number in \"total\""), "... and is told so");
    leat_test_run(test, BATCH(CHANGE("6", "MODIFY", "")));
    leat_test_check(leat_str_is(leat_test_reason(test, 0), "the stream carries no new images"),
                    "a stream of keys only is of no use");
}

static void a_batch_that_is_not_written_is_a_retry(void)
{
    struct leat_test *test = leat_test_open(&leat_handler_project, "{\"totals\": \"no/such/folder/totals.json\"}");
    leat_test_run(test, BATCH(CHANGE("7", "INSERT", ORDER("c-17", "{\"N\": \"9\"}"))));
    leat_test_check(leat_test_outcome(test, 0) == LEAT_OUTCOME_RETRY, "a batch that cannot be written is a retry");
    leat_test_check(leat_str_is(leat_test_reply(test), "{\"batchItemFailures\":[{\"itemIdentifier\":\"7\"}]}"),
                    "... of the whole batch, from its first change on");
    leat_test_close(test);
}

int main(void)
{
    (void)remove(TOTALS);
    struct leat_test *test = leat_test_open(&leat_handler_project, "{\"totals\": \"" TOTALS "\"}");
    totals_follow_the_table(test);
    other_items_are_rejected(test);
    leat_test_close(test);
    a_batch_that_is_not_written_is_a_retry();
    (void)remove(TOTALS);
    return leat_test_done();
}
