/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in the forms of other tools -> payloads, to the byte. What is not quite a form stays as it is. */
#include "decoding.h"

#include <file/forms.h>

#include <leat/alloc.h>

static struct leat_forms forms;

/* Stand-ins for triggers that this build may be without: the forms of their records are converted all the same. */
static bool is_kinesis(const struct leat_payload *payload)
{
    return leat_str_is(payload->event_source, "aws:kinesis");
}

static bool is_kafka(const struct leat_payload *payload)
{
    return leat_json_get_object(payload->root, "records") != NULL &&
           leat_str_is(leat_json_get_text(payload->root, "eventSource"), "SelfManagedKafka");
}

static const struct leat_adapter kinesis = {.name = "kinesis", .detect = is_kinesis, .split = leat_split_records};
static const struct leat_adapter kafka = {.name = "kafka", .detect = is_kafka, .split = leat_split_whole};

static const struct leat_adapter *const *all_adapters(void)
{
    static const struct leat_adapter *all[64];
    const struct leat_adapter *const stand_ins[] = {&kinesis, &kafka};
    size_t count = 0;
    for (const struct leat_adapter *const *at = sorted_adapters(); *at != NULL; at++)
        all[count++] = *at;
    all[count] = NULL;
    for (size_t i = 0; i < 2; i++)
        if (leat_adapter_find(sorted_adapters(), leat_str_c(stand_ins[i]->name)) == NULL)
            all[count++] = stand_ins[i];
    leat_adapters_sort(all, count);
    all[count] = NULL;
    return all;
}

static void setup(void)
{
    leat_forms_init(&forms, all_adapters(), 0);
}

static void teardown(void)
{
    leat_forms_fini(&forms);
}

TestSuite(forms, .init = setup, .fini = teardown, .timeout = 60);

static void take(const char *text)
{
    cr_assert(leat_json_valid(leat_str_c(text)), "the test's text is no JSON: %s", text);
    cr_assert(leat_is_ok(leat_forms_take(&forms, leat_str_c(text))), "%s", text);
}

static void expect_none(const char *text)
{
    take(text);
    cr_expect_eq(forms.count, 0, "%s: %s", text, forms.count > 0 ? forms.form->name : "");
}

/* `payloads` ends with NULL. */
static void expect_taken(const char *text, const char *form, const char *const *payloads)
{
    size_t count = 0;
    take(text);
    while (payloads[count] != NULL)
        count++;
    cr_assert_eq(forms.count, count, "%zu payloads, want %zu, of %s", forms.count, count, text);
    cr_expect_str_eq(forms.form->name, form);
    for (size_t i = 0; i < count; i++)
        EXPECT_STR(forms.payloads[i], payloads[i]);
}

static void expect_one(const char *text, const char *form, const char *payload)
{
    expect_taken(text, form, (const char *const[]){payload, NULL});
}

/* --- aws sqs receive-message ----------------------------------------------------------------------------- */

#define SQS "aws-sqs-receive-message"

Test(forms, messages_become_lambdas_event)
{
    expect_one("{\"Messages\": [ {\"MessageId\": \"m1\", \"ReceiptHandle\": \"r1\", \"MD5OfBody\": \"d\",\n"
               "  \"MD5OfMessageAttributes\": \"e\", \"Body\": \"a \\\"b\\\"\",\n"
               "  \"Attributes\": {\"ApproximateReceiveCount\": \"1\"},\n"
               "  \"MessageAttributes\": {\"Name\": {\"StringValue\": \"v\", \"DataType\": \"String\"}}},\n"
               " {\"MessageId\": \"m2\", \"ReceiptHandle\": \"r2\", \"Body\": \"\"} ]}\n",
               SQS,
               "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m1\",\"receiptHandle\":\"r1\",\"md5OfBody\":"
               "\"d\",\"md5OfMessageAttributes\":\"e\",\"body\":\"a \\\"b\\\"\",\"attributes\":"
               "{\"ApproximateReceiveCount\": \"1\"},\"messageAttributes\":{\"Name\":{\"stringValue\":\"v\","
               "\"dataType\":\"String\",\"stringListValues\":[],\"binaryListValues\":[]}}},"
               "{\"eventSource\":\"aws:sqs\",\"messageId\":\"m2\",\"receiptHandle\":\"r2\",\"body\":\"\"}]}");
}

Test(forms, what_a_message_has_beside_goes_with_it)
{
    expect_one(
        "{\"Messages\":[{\"Body\":\"\",\"MessageId\":\"m\",\"New\":[1.50],\"\":0,\"eventSource\":\"x\"}],\"x\":1}", SQS,
        "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"\",\"messageId\":\"m\",\"new\":[1.50],\"\":0,"
        "\"eventSource\":\"x\"}]}");
}

/* What is missing or of a wrong type must not make a direct call of it: the adapter says what is broken. */
Test(forms, broken_messages_are_the_adapters_to_refuse)
{
    static const char *const texts[][2] = {
        {"{\"Messages\":[{\"ReceiptHandle\":\"r\",\"Body\":\"b\"}]}",
         "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"receiptHandle\":\"r\",\"body\":\"b\"}]}"},
        {"{\"Messages\":[{\"MessageId\":7,\"Body\":\"b\"}]}",
         "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":7,\"body\":\"b\"}]}"},
        {"{\"Messages\":[{\"MessageId\":\"m\",\"Body\":7}]}",
         "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":7}]}"},
        {"{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"b\"},7]}",
         "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":\"b\"},7]}"},
        {"{\"Messages\":[{},{\"MessageId\":\"m\",\"Body\":\"b\",\"MessageAttributes\":[]}]}",
         "{\"Records\":[{\"eventSource\":\"aws:sqs\"},{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":\"b\","
         "\"messageAttributes\":[]}]}"},
        {"{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"b\",\"MessageAttributes\":{\"a\":null}}]}",
         "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":\"b\",\"messageAttributes\":"
         "{\"a\":null}}]}"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_one(texts[i][0], SQS, texts[i][1]);
}

Test(forms, of_two_members_of_a_name_the_first_counts)
{
    expect_one("{\"Messages\":[],\"Messages\":7}", SQS, "{\"Records\":[]}");
    expect_none("{\"Messages\":7,\"Messages\":[]}");
}

Test(forms, no_messages_are_an_empty_batch)
{
    expect_one("{\"Messages\":[]}", SQS, "{\"Records\":[]}");
}

Test(forms, other_messages_stay_as_they_are)
{
    static const char *const texts[] = {
        "{\"Messages\":7}",
        "{\"Messages\":{\"MessageId\":\"m\",\"Body\":\"b\"}}",
        "{\"Messages\":[1,2]}",
        "{\"Messages\":[{\"MessageId\":\"m\"}]}",
        "{\"Messages\":[{\"From\":\"a\",\"Body\":\"b\"}]}",
        "{\"messages\":[{\"MessageId\":\"m\",\"Body\":\"b\"}]}",
        "[{\"MessageId\":\"m\",\"Body\":\"b\"}]",
        "{\"a\":{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"b\"}]}}",
        "{\"Messages\":null}",
        "{}",
        "[]",
        "\"Messages\"",
        "7",
        "null",
        "{\"\":0}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_none(texts[i]);
}

Test(forms, what_an_adapter_claims_is_no_form)
{
    expect_none(
        "{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"b\"}],\"detail-type\":\"t\",\"source\":\"s\",\"detail\":{}}");
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++)
        expect_none(sample->text);
}

/* --- aws kinesis get-records ------------------------------------------------------------------------------- */

#define KINESIS "aws-kinesis-get-records"
#define KINESIS_HEAD                                                                                                \
    "{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventName\":\"aws:kinesis:record\"," \
    "\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\","

Test(forms, kinesis_records_become_lambdas_event)
{
    expect_one("{\"Records\": [{\"SequenceNumber\": \"49626\", \"ApproximateArrivalTimestamp\": 1714564800.250,\n"
               "  \"Data\": \"eyJhIjoxfQ==\", \"PartitionKey\": \"k 1\", \"EncryptionType\": \"KMS\"}],\n"
               " \"NextShardIterator\": \"AAA\", \"MillisBehindLatest\": 0}",
               KINESIS,
               KINESIS_HEAD "\"sequenceNumber\":\"49626\",\"approximateArrivalTimestamp\":1714564800.250,"
                            "\"data\":\"eyJhIjoxfQ==\",\"partitionKey\":\"k 1\",\"encryptionType\":\"KMS\"}}]}");
}

Test(forms, kinesis_records_without_a_member_are_the_adapters_to_refuse)
{
    expect_one("{\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"k\"}]}", KINESIS,
               KINESIS_HEAD "\"data\":\"\",\"partitionKey\":\"k\"}}]}");
    expect_one("{\"Records\":[{\"Data\":7,\"SequenceNumber\":\"1\",\"ApproximateArrivalTimestamp\":\"soon\"}]}",
               KINESIS,
               KINESIS_HEAD "\"data\":7,\"sequenceNumber\":\"1\",\"approximateArrivalTimestamp\":\"soon\"}}]}");
    expect_one("{\"Records\":[7,{\"Data\":\"\",\"SequenceNumber\":\"1\"}]}", KINESIS,
               "{\"Records\":[7,{\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventName\":"
               "\"aws:kinesis:record\",\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"data\":\"\","
               "\"sequenceNumber\":\"1\"}}]}");
}

Test(forms, other_records_stay_as_they_are)
{
    static const char *const texts[] = {
        "{\"Records\":7}",
        "{\"Records\":[]}",
        "{\"Records\":[],\"NextShardIterator\":\"AAA\",\"MillisBehindLatest\":0}",
        "{\"Records\":[1,\"x\",null]}",
        "{\"FailedRecordCount\":0,\"Records\":[{\"SequenceNumber\":\"1\",\"ShardId\":\"s\"}]}",
        "{\"Records\":[{\"cf\":{}}],\"NextShardIterator\":\"AAA\"}",
        "{\"Records\":[{\"eventSource\":\"aws:ses\",\"SequenceNumber\":\"1\",\"PartitionKey\":\"k\",\"Data\":\"\"}]}",
        "{\"Records\":{\"SequenceNumber\":\"1\",\"PartitionKey\":\"k\",\"Data\":\"\"}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_none(texts[i]);
}

Test(forms, times_become_seconds)
{
    static const char *const times[][2] = {
        {"\"1970-01-01T00:00:00Z\"", "0"},
        {"\"2024-05-01T14:00:00+02:00\"", "1714564800"},
        {"\"2024-05-01T06:30:00-05:30\"", "1714564800"},
        {"\"2021-01-13T22:19:48.342000+01:00\"", "1610572788.342"},
        {"\"2024-05-01T12:00:00.000001+00:00\"", "1714564800.000001"},
        {"\"2024-05-01T12:00:00.1234567+00:00\"", "1714564800.123456"},
        {"\"2024-05-01T12:00:00.000+00:00\"", "1714564800"},
        {"\"2024-02-29T23:59:59.5Z\"", "1709251199.5"},
        {"\"2000-03-01T00:00:00Z\"", "951868800"},
        {"\"1900-03-01T00:00:00Z\"", "-2203891200"},
        {"\"1969-12-31T23:59:59.250Z\"", "-0.75"},
        {"\"0001-01-01T00:00:00Z\"", "-62135596800"},
        {"\"9999-12-31T23:59:59Z\"", "253402300799"},
        {"\"0000-01-01T00:00:00Z\"", "\"0000-01-01T00:00:00Z\""},
        {"\"2023-02-29T00:00:00Z\"", "\"2023-02-29T00:00:00Z\""},
        {"\"2024-05-01T12:00:00\"", "\"2024-05-01T12:00:00\""},
        {"\"2024-05-01T12:00:00\\u005a\"", "\"2024-05-01T12:00:00\\u005a\""},
        {"\"\"", "\"\""},
        {"1441215410.8670001", "1441215410.8670001"},
        {"null", "null"},
    };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[256], want[512];
        snprintf(text, sizeof(text),
                 "{\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"k\",\"ApproximateArrivalTimestamp\":%s}]}",
                 times[i][0]);
        snprintf(want, sizeof(want),
                 KINESIS_HEAD "\"data\":\"\",\"partitionKey\":\"k\",\"approximateArrivalTimestamp\":%s}}]}",
                 times[i][1]);
        expect_one(text, KINESIS, want);
    }
}

/* --- aws dynamodbstreams get-records ----------------------------------------------------------------------- */

#define DYNAMODB "aws-dynamodbstreams-get-records"

/* All but the times keeps its spelling; the rest of the document goes with it. */
Test(forms, changes_keep_all_but_their_times)
{
    expect_one("{\"Records\": [\n {\"eventSource\": \"aws:dynamodb\", \"dynamodb\": {\"ApproximateCreationDateTime\": "
               "\"2024-05-01T14:00:00+02:00\", \"SequenceNumber\": \"1\", \"n\": 1.50}},\n"
               " {\"eventSource\": \"aws:dynamodb\", \"dynamodb\": {\"SequenceNumber\": \"2\"}},\n"
               " {\"eventSource\": \"aws:dynamodb\", \"dynamodb\": {\"SequenceNumber\": \"3\", "
               "\"ApproximateCreationDateTime\": \"2024-05-01T14:00:00.5+02:00\"}}], \"x\": []}",
               DYNAMODB,
               "{\"Records\": [\n {\"eventSource\": \"aws:dynamodb\", \"dynamodb\": {\"ApproximateCreationDateTime\": "
               "1714564800, \"SequenceNumber\": \"1\", \"n\": 1.50}},\n"
               " {\"eventSource\": \"aws:dynamodb\", \"dynamodb\": {\"SequenceNumber\": \"2\"}},\n"
               " {\"eventSource\": \"aws:dynamodb\", \"dynamodb\": {\"SequenceNumber\": \"3\", "
               "\"ApproximateCreationDateTime\": 1714564800.5}}], \"x\": []}");
}

Test(forms, changes_are_the_clis_by_iterator_time_or_user)
{
    static const char *const texts[] = {
        "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"1\"}}],"
        "\"NextShardIterator\":\"A\"}",
        "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"1\"}},{\"eventSource\":"
        "\"aws:dynamodb\",\"userIdentity\":{\"PrincipalId\":\"dynamodb.amazonaws.com\",\"Type\":\"Service\"}}]}",
        "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"ApproximateCreationDateTime\":\"never\"}}]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_one(texts[i], DYNAMODB, texts[i]);
    expect_one("{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"ApproximateCreationDateTime\":1}},"
               "{\"dynamodb\":{\"ApproximateCreationDateTime\" : "
               "\"1970-01-01T00:00:02Z\"},\"eventSource\":\"aws:dynamodb\"}]}",
               DYNAMODB,
               "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"ApproximateCreationDateTime\":1}},"
               "{\"dynamodb\":{\"ApproximateCreationDateTime\" : 2},\"eventSource\":\"aws:dynamodb\"}]}");
    expect_none("{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"userIdentity\":{\"principalId\":\"p\"},\"dynamodb\":"
                "{\"SequenceNumber\":\"1\",\"ApproximateCreationDateTime\":1714564800}}]}");
    expect_none("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\"}],\"NextShardIterator\":\"A\"}");
}

/* --- kcat -J ----------------------------------------------------------------------------------------------- */

#define KCAT "kcat-json"
#define KAFKA "{\"eventSource\":\"SelfManagedKafka\",\"records\":"

Test(forms, a_line_of_kcat_becomes_a_record)
{
    expect_one(
        "{\"topic\":\"a-b\",\"partition\":3,\"offset\":9223372036854775807,\"tstype\":\"create\",\"ts\":1603987358147,"
        "\"broker\":1,\"headers\":[\"n\",\"v\\u00fc\",\"none\",null,\"empty\",\"\",\"n\",\"2\"],\"key\":\"k\\n\","
        "\"payload\":"
        "\"{\\\"a\\\":1}\"}",
        KCAT,
        KAFKA
        "{\"a-b-3\":[{\"topic\":\"a-b\",\"partition\":3,\"offset\":9223372036854775807,\"timestamp\":1603987358147,"
        "\"timestampType\":\"CREATE_TIME\",\"key\":\"awo=\",\"value\":\"eyJhIjoxfQ==\",\"headers\":[{\"n\":"
        "[118,-61,-68]},{\"none\":null},{\"empty\":[]},{\"n\":[50]}]}]}}");
}

Test(forms, null_is_no_key_and_a_tombstone)
{
    expect_one("{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"tstype\":\"logappend\",\"ts\":1,\"key\":null,"
               "\"payload\":null}",
               KCAT,
               KAFKA "{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"timestamp\":1,\"timestampType\":"
                     "\"LOG_APPEND_TIME\",\"headers\":[]}]}}");
    expect_one(
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"broker\":1,\"key\":\"\",\"payload\":\"\"}", KCAT,
        KAFKA "{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":\"\",\"value\":\"\",\"headers\":[]}]}}");
    expect_one(
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"tstype\":\"unknown\",\"ts\":0,\"key\":\"\\u0000\",\"payload\":"
        "\"\"}",
        KCAT,
        KAFKA
        "{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":\"AA==\",\"value\":\"\",\"headers\":[]}]}}");
}

Test(forms, headers_may_be_a_map)
{
    expect_one(
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"headers\":{\"a\":[\"1\",null],\"b\":[]},\"key\":null,"
        "\"payload\":\"\"}",
        KCAT,
        KAFKA
        "{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"value\":\"\",\"headers\":[{\"a\":[49]},{\"a\":null}]"
        "}]}}");
}

/* What Avro was decoded from is JSON; its text is the value, as Lambda's own schema registry hands it over. */
Test(forms, decoded_avro_is_json)
{
    expect_one(
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":7,\"key_schema_id\":1,\"payload\":{\"a\": 1.50},"
        "\"value_schema_id\":2}",
        KCAT,
        KAFKA "{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":\"Nw==\",\"value\":\"eyJhIjogMS41MH0=\","
              "\"headers\":[]}]}}");
}

Test(forms, odd_values_of_kcat_are_the_adapters_to_refuse)
{
    expect_one(
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"headers\":[\"a\"],\"key\":[],\"payload\":7}", KCAT,
        KAFKA "{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":[],\"value\":7,\"headers\":[\"a\"]}]}}");
    static const char *const headers[] = {"[1,\"a\"]", "[\"a\",{}]", "{\"a\":\"b\"}", "{\"a\":[7]}", "7", "null"};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        char text[256], want[256];
        snprintf(text, sizeof(text),
                 "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"headers\":%s,\"key\":null,\"payload\":null}",
                 headers[i]);
        snprintf(want, sizeof(want), KAFKA "{\"t-0\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"headers\":%s}]}}",
                 headers[i]);
        expect_one(text, KCAT, want);
    }
}

Test(forms, what_is_not_quite_kcats_stays_as_it_is)
{
    static const char *const texts[] = {
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":null}",
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"payload\":null}",
        "{\"topic\":\"t\",\"partition\":\"0\",\"offset\":0,\"key\":null,\"payload\":null}",
        "{\"topic\":\"t\",\"partition\":0,\"offset\":null,\"key\":null,\"payload\":null}",
        "{\"topic\":7,\"partition\":0,\"offset\":0,\"key\":null,\"payload\":null}",
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":null,\"payload\":null,\"payload_error\":\"no schema\"}",
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":null,\"key_error\":\"no schema\",\"payload\":\"\"}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_none(texts[i]);
}

/* --- what Lambda leaves ------------------------------------------------------------------------------------ */

#define CONTEXT "\"version\":\"1.0\",\"requestContext\":{\"functionArn\":\"f\",\"condition\":\"RetriesExhausted\"}"
#define QUEUE "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\", \"n\": 9007199254740993}]}"
#define CHANGE "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"1\"}}]}"

Test(forms, a_destinations_record_holds_the_event)
{
    expect_one("{" CONTEXT ", \"requestPayload\" : " QUEUE " , \"responsePayload\":{}}", "lambda-destination", QUEUE);
}

Test(forms, a_stream_destination_holds_the_batch)
{
    expect_one("{" CONTEXT ",\"DDBStreamBatchInfo\":{},\"payload\":" CHANGE "}", "lambda-stream-destination", CHANGE);
    expect_one("{" CONTEXT ",\"KinesisBatchInfo\":{},\"DDBStreamBatchInfo\":null,\"payload\":" CHANGE "}",
               "lambda-stream-destination", CHANGE);
    expect_one("{" CONTEXT
               ",\"KinesisBatchInfo\":{},\"payload\":\"{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:sqs\\\"}]}\"}",
               "lambda-stream-destination", "{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}");
}

Test(forms, an_empty_batch_is_known)
{
    expect_one("{" CONTEXT ",\"requestPayload\":{\"Records\":[]}}", "lambda-destination", "{\"Records\":[]}");
}

/* A direct call that failed cannot be told from the record itself being one; and what a function was sent is no form.
 */
Test(forms, destinations_without_a_known_event_stay_as_they_are)
{
    static const char *const texts[] = {
        "{" CONTEXT "}",
        "{" CONTEXT ",\"requestPayload\":{\"a\":1}}",
        "{" CONTEXT ",\"requestPayload\":null}",
        "{" CONTEXT ",\"requestPayload\":\"{\\\"Records\\\":[]}\"}",
        "{" CONTEXT ",\"requestPayload\":{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"b\"}]}}",
        "{" CONTEXT ",\"payload\":" CHANGE "}",
        "{" CONTEXT ",\"KinesisBatchInfo\":null,\"payload\":" CHANGE "}",
        "{\"version\":\"1.0\",\"requestPayload\":" QUEUE "}",
        "{\"version\":\"1.0\",\"requestContext\":{\"functionArn\":\"f\"},\"requestPayload\":" QUEUE "}",
        "{\"requestContext\":{\"functionArn\":\"f\",\"condition\":\"c\"},\"requestPayload\":" QUEUE "}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_none(texts[i]);
}

#define LETTER_ATTRIBUTES \
    "\"MessageAttributes\":{\"RequestID\":{\"StringValue\":\"r\"},\"ErrorCode\":{},\"ErrorMessage\":{}}"
#define TOPIC_EVENT "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{}}]}"
#define TOPIC_EVENT_BODY "\"{\\\"Records\\\":[{\\\"EventSource\\\":\\\"aws:sns\\\",\\\"Sns\\\":{}}]}\""
#define RECORD_BODY                                                                                           \
    "\"{\\\"version\\\":\\\"1.0\\\",\\\"requestContext\\\":{\\\"functionArn\\\":\\\"f\\\",\\\"condition\\\":" \
    "\\\"c\\\"},"                                                                                             \
    "\\\"requestPayload\\\":{\\\"Records\\\":[{\\\"EventSource\\\":\\\"aws:sns\\\",\\\"Sns\\\":{}}]}}\""

Test(forms, dead_letters_are_the_events_themselves)
{
    expect_taken("{\"Messages\":[{\"MessageId\":\"1\",\"Body\":" TOPIC_EVENT_BODY "," LETTER_ATTRIBUTES "},"
                 "{\"MessageId\":\"2\",\"Body\":" RECORD_BODY "},{\"MessageId\":\"3\",\"Body\":" RECORD_BODY
                 "," LETTER_ATTRIBUTES "}]}",
                 "lambda-dead-letters", (const char *const[]){TOPIC_EVENT, TOPIC_EVENT, TOPIC_EVENT, NULL});
    expect_one("{\"Messages\":[{\"MessageId\":\"1\",\"Body\":" RECORD_BODY "}]}", "lambda-dead-letters", TOPIC_EVENT);
}

static void expect_messages(const char *messages)
{
    char text[2048];
    snprintf(text, sizeof(text), "{\"Messages\":[%s]}", messages);
    take(text);
    cr_expect_eq(forms.count, 1, "%s", text);
    cr_expect_str_eq(forms.form->name, SQS, "%s", text);
}

/* A notification in a body is the adapters' business, unless the message says that it is a dead letter. */
Test(forms, one_message_that_is_no_dead_letter_makes_it_a_queue)
{
    expect_messages("{\"MessageId\":\"1\",\"Body\":" TOPIC_EVENT_BODY "}");
    expect_messages("{\"MessageId\":\"1\",\"Body\":" TOPIC_EVENT_BODY "," LETTER_ATTRIBUTES "},"
                    "{\"MessageId\":\"2\",\"Body\":\"b\"," LETTER_ATTRIBUTES "}");
    expect_messages("{\"MessageId\":\"1\",\"Body\":" RECORD_BODY "},{\"MessageId\":\"2\",\"Body\":7}");
    expect_messages("{\"MessageId\":\"1\",\"Body\":\"requestPayload\"}");
    expect_messages("{\"MessageId\":\"1\",\"Body\":\"{\\\"requestPayload\\\":\"}");
    expect_messages("{\"MessageId\":\"1\",\"Body\":\"{\\\"a\\\":1}\"," LETTER_ATTRIBUTES "}");
    expect_messages("{\"MessageId\":\"1\",\"Body\":" TOPIC_EVENT_BODY ",\"MessageAttributes\":{\"RequestID\":{}}}");
}

/* --- logs -------------------------------------------------------------------------------------------------- */

static void expect_entry(const char *entry, const char *payload)
{
    cr_assert(leat_is_ok(leat_forms_take_entry(&forms, leat_str_c(entry))), "%s", entry);
    cr_assert_eq(forms.count, payload != NULL ? 1 : 0, "%s", entry);
    if (payload == NULL)
        return;
    cr_expect_str_eq(forms.form->name, "log-export");
    EXPECT_STR(forms.payloads[0], payload);
}

Test(forms, an_entry_ends_in_its_event)
{
    expect_entry("2024-05-01T12:00:00.000Z " TOPIC_EVENT "\n", TOPIC_EVENT);
    expect_entry("2024-05-01T12:00:00.000Z 2024-05-01T12:00:00.000Z\tid\tINFO\tevent {x} {} [{\"a\":{}}]: " QUEUE
                 " \r\n",
                 QUEUE);
    expect_entry("2024-05-01T12:00:00Z EVENT: {\n  \"Records\": [\n  {\"eventSource\": \"aws:sqs\"}]\n}\n\n",
                 "{\n  \"Records\": [\n  {\"eventSource\": \"aws:sqs\"}]\n}");
    expect_entry("2024-05-01T12:00:00Z {\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":" QUEUE "}", QUEUE);
    expect_entry(
        "2024-05-01T12:00:00Z {\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":\"event: {\\\"Records\\\":[]}\"}",
        "{\"Records\":[]}");
    expect_entry("2024-05-01T12:00:00Z {\"open\": {\"never\": " QUEUE, QUEUE);
    expect_entry("\xFF\xFE" QUEUE, QUEUE);
}

Test(forms, entries_without_an_event_give_none)
{
    static const char *const entries[] = {
        "",
        "2024-05-01T12:00:00.000Z START RequestId: 8f5e Version: $LATEST\n",
        "2024-05-01T12:00:00.000Z {\"a\":1}",
        "2024-05-01T12:00:00.000Z " QUEUE " done",
        "2024-05-01T12:00:00.000Z {'Records': [{'eventSource': 'aws:sqs'}]}",
        "2024-05-01T12:00:00.000Z {\"Records\":[{\"eventSource\":\"aws:sqs\"}",
        "2024-05-01T12:00:00.000Z {\"Records\":[{\"eventSource\":\"aws:sqs\",\"b\":\"\\ud800\"}]}",
        "2024-05-01T12:00:00.000Z {\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"b\"}]}",
        "2024-05-01T12:00:00.000Z {\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":{\"a\":1}}",
        "2024-05-01T12:00:00.000Z "
        "{\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":{\"timestamp\":\"t\",\"level\":\"INFO\","
        "\"message\":" QUEUE "}}",
        "{{{{{{{{",
    };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        expect_entry(entries[i], NULL);
}

Test(forms, a_json_line_holds_its_event)
{
    expect_one("{\"timestamp\":\"2024-05-01T12:00:00.000Z\",\"level\":\"INFO\",\"requestId\":\"r\",\"message\": " QUEUE
               "}",
               "lambda-json-log", QUEUE);
    expect_one("{\"level\":\"INFO\",\"message\":\"EVENT "
               "{\\\"Records\\\":[]}\\n\",\"timestamp\":\"t\"}",
               "lambda-json-log", "{\"Records\":[]}");
    expect_none("{\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":{\"a\":1}}");
    expect_none("{\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":[" QUEUE "]}");
    expect_none("{\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":\"\"}");
    expect_none("{\"timestamp\":1,\"level\":\"INFO\",\"message\":" QUEUE "}");
    expect_none("{\"timestamp\":\"t\",\"message\":" QUEUE "}");
}

Test(forms, printed_log_events_give_each_of_their_events)
{
    static const char text[] =
        "{\"events\":[{\"timestamp\":1,\"message\":\"START\\n\"},"
        "{\"timestamp\":2,\"message\":\"event: {\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:sqs\\\"}]}\\n\"},"
        "{\"timestamp\":3,\"message\":\"{\\\"timestamp\\\":\\\"t\\\",\\\"level\\\":\\\"INFO\\\",\\\"message\\\":"
        "{\\\"Records\\\":[]}}\"},{\"timestamp\":4,\"message\":7},{\"timestamp\":5},6]}";
    expect_taken(text, "aws-logs-events",
                 (const char *const[]){"{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}", "{\"Records\":[]}", NULL});
    expect_none("{\"events\":[{\"timestamp\":1,\"message\":\"START\\n\"}]}");
    expect_none("{\"events\":[{\"message\":\"{\\\"Records\\\":[]}\"}]}");
    expect_none("{\"events\":[]}");
    expect_none("{\"events\":{\"timestamp\":1,\"message\":\"{\\\"Records\\\":[]}\"}}");
}

/* Once each brace was scanned to the end of the text: a thousand levels that are never closed took a thousand times
 * its length. */
Test(forms, objects_that_never_close_are_given_up_soon, .timeout = 20)
{
    struct leat_arena arena;
    struct leat_buf text;
    leat_arena_init(&arena, 0);
    leat_buf_init(&text, &arena);
    leat_buf_c(&text, "2024-05-01T12:00:00.000Z ");
    for (int i = 0; i < 990; i++)
        leat_buf_c(&text, "{\"a\":");
    leat_buf_c(&text, "[1");
    for (int i = 0; i < 4000000; i++)
        leat_buf_c(&text, ",1");
    cr_assert(leat_is_ok(leat_forms_take_entry(&forms, leat_buf_str(&text))));
    cr_expect_eq(forms.count, 0);
    leat_arena_fini(&arena);
}

/* --- bounds ------------------------------------------------------------------------------------------------ */

static const char *const samples[] = {
    "{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r\",\"Body\":\"b\",\"Attributes\":{},"
    "\"MessageAttributes\":"
    "{\"n\":{\"StringValue\":\"v\",\"DataType\":\"String\"}}},{\"MessageId\":\"m2\",\"Body\":\"\"}]}",
    "{\"Records\":[{\"SequenceNumber\":\"1\",\"ApproximateArrivalTimestamp\":\"2024-05-01T14:00:00.5+02:00\","
    "\"Data\":\"\",\"PartitionKey\":\"k\"}]}",
    "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"ApproximateCreationDateTime\":"
    "\"2024-05-01T14:00:00+02:00\",\"SequenceNumber\":\"1\"}}]}",
    "{\"topic\":\"t\",\"partition\":0,\"offset\":1,\"tstype\":\"create\",\"ts\":1,\"headers\":[\"a\",\"\\u00fc\"],"
    "\"key\":\"k\\n\",\"payload\":\"p\"}",
    "{" CONTEXT ",\"requestPayload\":" QUEUE "}",
    "{" CONTEXT ",\"KinesisBatchInfo\":{},\"payload\":\"{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:sqs\\\"}]}\"}",
    "{\"Messages\":[{\"MessageId\":\"1\",\"Body\":" TOPIC_EVENT_BODY "," LETTER_ATTRIBUTES "},{\"MessageId\":\"2\","
    "\"Body\":" RECORD_BODY "}]}",
    "{\"timestamp\":\"t\",\"level\":\"INFO\",\"message\":" QUEUE "}",
    "{\"events\":[{\"timestamp\":1,\"message\":\"a {\\\"Records\\\":[]}\"},{\"timestamp\":2,\"message\":"
    "\"{\\\"timestamp\\\":\\\"t\\\",\\\"level\\\":\\\"i\\\",\\\"message\\\":{\\\"Records\\\":[]}}\"},"
    "{\"timestamp\":1,\"message\":\"{\\\"Records\\\":[]}\"},{\"timestamp\":1,\"message\":\"{\\\"Records\\\":[]}\"},"
    "{\"timestamp\":1,\"message\":\"{\\\"Records\\\":[]}\"}]}",
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

Test(forms, want_of_room_is_too_big_and_gives_nothing)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        bool fits = false;
        for (size_t limit = 1; !fits; limit += 64) {
            struct leat_forms tight;
            leat_forms_init(&tight, all_adapters(), limit);
            leat_status status = leat_forms_take(&tight, leat_str_c(samples[i]));
            fits = leat_is_ok(status) && tight.count > 0;
            cr_expect(fits || (status.code == LEAT_E_TOO_BIG && tight.count == 0), "%zu bytes: %s", limit, samples[i]);
            leat_forms_fini(&tight);
            cr_assert_lt(limit, 1 << 20);
        }
    }
}

/* All that was taken, in order. False: it was said that memory ran out. */
static bool try_take(const char *text, bool fine, struct leat_buf *out)
{
    struct leat_forms tried;
    leat_forms_init(&tried, all_adapters(), 0);
    if (fine)
        tried.arena.chunk_size = 0; /* each allocation of the arena is one of the heap */
    leat_status status = leat_forms_take(&tried, leat_str_c(text));
    cr_assert(leat_is_ok(status) || (status.code == LEAT_E_NO_MEMORY && tried.count == 0));
    (void)leat_alloc_fail_at(0, false);
    for (size_t i = 0; i < tried.count; i++) {
        leat_buf_add(out, tried.payloads[i]);
        leat_buf_char(out, '\n');
    }
    leat_forms_fini(&tried);
    return leat_is_ok(status);
}

static uint64_t try_each(struct leat_arena *arena, const char *text, bool fine)
{
    struct leat_buf want;
    leat_buf_init(&want, arena);
    (void)leat_alloc_fail_at(UINT64_MAX, false);
    struct leat_forms counted;
    leat_forms_init(&counted, all_adapters(), 0);
    counted.arena.chunk_size = fine ? 0 : counted.arena.chunk_size;
    cr_assert(leat_is_ok(leat_forms_take(&counted, leat_str_c(text))));
    leat_forms_fini(&counted);
    uint64_t count = leat_alloc_fail_at(0, false), failures = 0;
    cr_assert(try_take(text, fine, &want) && want.len > 0, "%s", text);
    for (uint64_t nth = 1; nth <= count; nth++) {
        struct leat_buf got;
        leat_buf_init(&got, arena);
        (void)leat_alloc_fail_at(nth, false);
        bool good = try_take(text, fine, &got);
        failures += good ? 0 : 1;
        cr_expect(!good || leat_str_eq(leat_buf_str(&got), leat_buf_str(&want)),
                  "allocation %llu failed and nobody said so: %s", (unsigned long long)nth, text);
    }
    cr_expect_gt(failures, 0, "%s", text);
    return count;
}

Test(forms, each_allocation_may_fail)
{
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    for (size_t i = 0; i < SAMPLES; i++)
        cr_expect_gt(try_each(&arena, samples[i], true), try_each(&arena, samples[i], false), "%s", samples[i]);
    leat_arena_fini(&arena);
}

static bool is_known(leat_str payload)
{
    struct leat_arena arena;
    struct leat_records records;
    struct leat_decoder decoder = {.arena = &arena, .adapters = all_adapters()};
    leat_arena_init(&arena, 0);
    leat_status status = leat_decode(&decoder, payload, NULL, &records);
    bool known = leat_is_ok(status) && (records.count == 0 || strcmp(records.adapter->name, "unknown") != 0);
    leat_arena_fini(&arena);
    return known || status.code == LEAT_E_BAD_PAYLOAD;
}

/* Whatever bytes: what is given is known, and nothing reads beyond the text (a copy on the heap, for the sanitizer). */
static void try_bytes(const char *bytes, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    cr_assert_not_null(copy);
    memcpy(copy, bytes, len);
    cr_assert(leat_is_ok(leat_forms_take(&forms, leat_str_of(copy, len))));
    for (size_t i = 0; i < forms.count; i++)
        cr_expect(is_known(forms.payloads[i]), "%.*s", LEAT_ARG(forms.payloads[i]));
    free(copy);
}

Test(forms, text_that_is_changed_anywhere_does_no_harm)
{
    static const char bytes[] = "\"{}[],:\\0x";
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t len = strlen(samples[i]);
        char *text = strdup(samples[i]);
        for (size_t at = 0; at < len; at++) {
            try_bytes(text, at);
            for (size_t b = 0; b < sizeof(bytes); b++) {
                char kept = text[at];
                text[at] = bytes[b];
                try_bytes(text, len);
                text[at] = kept;
            }
        }
        free(text);
    }
}
