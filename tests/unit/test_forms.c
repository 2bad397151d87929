/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in the forms of other tools -> payloads, to the byte. What is not quite a form stays as it is. */
#include "decoding.h"

#include <file/forms.h>

#include <leat/alloc.h>

static struct leat_forms forms;

static void setup(void)
{
    leat_forms_init(&forms, sorted_adapters(), 0);
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

/* --- bounds ------------------------------------------------------------------------------------------------ */

static const char *const samples[] = {
    "{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r\",\"Body\":\"b\",\"Attributes\":{},"
    "\"MessageAttributes\":"
    "{\"n\":{\"StringValue\":\"v\",\"DataType\":\"String\"}}},{\"MessageId\":\"m2\",\"Body\":\"\"}]}",
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

Test(forms, want_of_room_is_too_big_and_gives_nothing)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        bool fits = false;
        for (size_t limit = 1; !fits; limit += 64) {
            struct leat_forms tight;
            leat_forms_init(&tight, sorted_adapters(), limit);
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
    leat_forms_init(&tried, sorted_adapters(), 0);
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
    leat_forms_init(&counted, sorted_adapters(), 0);
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
    struct leat_decoder decoder = {.arena = &arena, .adapters = sorted_adapters()};
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
