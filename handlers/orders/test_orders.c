/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/leat.h>
#include <leat/test.h>

#include <stdio.h>

#define QUEUE "arn:aws:sqs:eu-west-1:123456789012:orders"
#define DB "test_orders.db"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

extern const struct leat_handler leat_handler_orders;

struct message {
    const char *id, *group, *body;
};

static cJSON *record_of(const char *queue, const struct message *message)
{
    cJSON *record = cJSON_CreateObject();
    cJSON_AddStringToObject(record, "messageId", message->id);
    cJSON_AddStringToObject(record, "body", message->body);
    cJSON_AddStringToObject(record, "eventSource", "aws:sqs");
    cJSON_AddStringToObject(record, "eventSourceARN", queue);
    cJSON *attributes = cJSON_AddObjectToObject(record, "attributes");
    if (message->group != NULL)
        cJSON_AddStringToObject(attributes, "MessageGroupId", message->group);
    return record;
}

static void run(struct leat_test *test, const char *queue, const struct message *messages, size_t count)
{
    cJSON *payload = cJSON_CreateObject();
    cJSON *records = cJSON_AddArrayToObject(payload, "Records");
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(records, record_of(queue, &messages[i]));
    char *text = cJSON_PrintUnformatted(payload);
    leat_test_check(leat_test_run(test, text) == count, "each message is an event");
    cJSON_free(text);
    cJSON_Delete(payload);
}

static void a_batch_may_fail_in_part(struct leat_test *test)
{
    static const struct message messages[] = {
        {"m-1", NULL, "{\"order_id\": \"A-1\"}"}, {"m-2", NULL, "{\"order_id\": \"A-2\", \"database_away\": true}"},
        {"m-3", NULL, "two cups, please"},        {"m-4", NULL, "{\"customer\": \"c-4\"}"},
        {"m-5", NULL, "{\"order_id\": \"A-5\"}"},
    };
    run(test, QUEUE, messages, COUNT(messages));
    leat_test_check(leat_test_outcome(test, 0) == LEAT_OUTCOME_OK, "an order is stored");
    leat_test_check(leat_test_outcome(test, 1) == LEAT_OUTCOME_RETRY, "a database that is away is a retry");
    leat_test_check(leat_str_is(leat_test_reason(test, 1), "database is away (planned)"), "... which says so");
    leat_test_check(leat_test_outcome(test, 2) == LEAT_OUTCOME_REJECT, "a body that is not JSON is a reject");
    leat_test_check(leat_str_is(leat_test_reason(test, 3), "no field \"order_id\""), "so is one without order_id");
    leat_test_check(leat_test_outcome(test, 4) == LEAT_OUTCOME_OK, "what comes after the failures is stored");
    leat_test_check(leat_str_is(leat_test_reply(test), "{\"batchItemFailures\":[{\"itemIdentifier\":\"m-2\"},"
                                                       "{\"itemIdentifier\":\"m-3\"},{\"itemIdentifier\":\"m-4\"}]}"),
                    "Lambda is told which messages failed");
}

static void a_group_waits_for_its_failed_message(struct leat_test *test)
{
    static const struct message messages[] = {
        {"f-1", "c-22", "{\"order_id\": \"A-11\", \"database_away\": true}"},
        {"f-2", "c-17", "{\"order_id\": \"A-12\"}"},
        {"f-3", "c-22", "{\"order_id\": \"A-13\"}"},
    };
    run(test, QUEUE ".fifo", messages, COUNT(messages));
    leat_test_check(leat_test_outcome(test, 1) == LEAT_OUTCOME_OK, "other groups go on");
    leat_test_check(leat_test_outcome(test, 2) == LEAT_OUTCOME_NONE, "the rest of the group is given back unseen");
    leat_test_check(leat_str_is(leat_test_reply(test), "{\"batchItemFailures\":[{\"itemIdentifier\":\"f-1\"},"
                                                       "{\"itemIdentifier\":\"f-3\"}]}"),
                    "Lambda is told of both");
}

static bool file_is(const char *path, const char *expected)
{
    char text[512];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t len = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    return leat_str_eq(leat_str_of(text, len), leat_str_c(expected));
}

int main(void)
{
    (void)remove(DB);
    struct leat_test *test = leat_test_open(&leat_handler_orders, "{\"db\": \"" DB "\"}");
    a_batch_may_fail_in_part(test);
    a_group_waits_for_its_failed_message(test);
    leat_test_close(test);
    leat_test_check(file_is(DB, "{\"order_id\":\"A-1\"}\n{\"order_id\":\"A-5\"}\n{\"order_id\":\"A-12\"}\n"),
                    "the database has what was ok, and nothing else");
    (void)remove(DB);
    return leat_test_done();
}
