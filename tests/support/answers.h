/* SPDX-License-Identifier: Apache-2.0 */
/* Settlements of a payload written as letters, one a record: o ok, r retry, x reject that nobody kept, k reject whose
 * dead letter is durable, n given back unstarted. */
#ifndef LEAT_TEST_ANSWERS_H
#define LEAT_TEST_ANSWERS_H

#include "decoding.h"

#include <engine/internal.h>

#define ANSWERS_MAX 16

struct answers {
    struct decoded *decoded;
    struct leat_unit units[ANSWERS_MAX];
    struct leat_settlement settlements[ANSWERS_MAX];
    size_t count;
    struct leat_answer answer;
};

static inline enum leat_outcome_kind outcome_of(char letter)
{
    switch (letter) {
    case 'o': return LEAT_OUTCOME_OK;
    case 'r': return LEAT_OUTCOME_RETRY;
    case 'x':
    case 'k': return LEAT_OUTCOME_REJECT;
    default: break;
    }
    return LEAT_OUTCOME_NONE;
}

static inline char letter_of(const struct leat_settlement *settlement)
{
    switch (settlement->outcome) {
    case LEAT_OUTCOME_OK: return 'o';
    case LEAT_OUTCOME_RETRY: return 'r';
    case LEAT_OUTCOME_REJECT: return settlement->verdict == LEAT_ACK ? 'k' : 'x';
    case LEAT_OUTCOME_NONE: break;
    }
    return 'n';
}

static inline struct answers *answers_of(const char *payload)
{
    struct answers *answers = calloc(1, sizeof(*answers));
    cr_assert_not_null(answers);
    answers->decoded = decode(payload);
    cr_assert(leat_is_ok(answers->decoded->status), "%s", answers->decoded->error.message);
    answers->count = answers->decoded->records.count;
    cr_assert_leq(answers->count, ANSWERS_MAX);
    for (size_t i = 0; i < answers->count; i++) {
        answers->units[i] = (struct leat_unit){.index = (uint32_t)i, .record = &answers->decoded->records.items[i]};
        answers->settlements[i] = (struct leat_settlement){.unit = &answers->units[i], .delay_ms = -1};
    }
    return answers;
}

/* Verdicts come from the engine's own table; the reason of record n is "why n". */
static inline void settle(struct answers *answers, const char *letters)
{
    cr_assert_eq(answers->count, strlen(letters), "%zu records, \"%s\"", answers->count, letters);
    for (size_t i = 0; i < answers->count && letters[i] != '\0'; i++) {
        struct leat_settlement *settlement = &answers->settlements[i];
        settlement->outcome = outcome_of(letters[i]);
        settlement->verdict = leat_verdict_of(settlement->outcome, letters[i] == 'k');
        if (letters[i] != 'o')
            settlement->reason = leat_arena_printf(&answers->decoded->run, "why %zu", i);
    }
}

static inline struct leat_answer *encode_answer(struct answers *answers)
{
    struct decoded *d = answers->decoded;
    leat_status status =
        leat_encode_reply(&d->run, &d->records, answers->settlements, answers->count, &answers->answer);
    cr_assert(leat_is_ok(status), "%s", leat_status_text(status));
    return &answers->answer;
}

static inline void answers_fini(struct answers *answers)
{
    decoded_fini(answers->decoded);
    free(answers);
}

/* --- expectations ------------------------------------------------------------------------------------- */

static inline void expect_text(const char *payload, const char *letters, const char *text)
{
    struct answers *answers = answers_of(payload);
    settle(answers, letters);
    const struct leat_answer *answer = encode_answer(answers);
    cr_expect(leat_str_is(answer->text, text), "%s: %.*s %.*s", letters, LEAT_ARG(answer->text),
              LEAT_ARG(answer->error_type));
    cr_expect(leat_str_is(answer->content_type, "application/json"));
    answers_fini(answers);
}

static inline void expect_error(const char *payload, const char *letters, const char *type, const char *message)
{
    struct answers *answers = answers_of(payload);
    settle(answers, letters);
    const struct leat_answer *answer = encode_answer(answers);
    cr_expect(answer->text.ptr == NULL, "%s: %.*s", letters, LEAT_ARG(answer->text));
    cr_expect(leat_str_is(answer->error_type, type), "%s: %.*s", letters, LEAT_ARG(answer->error_type));
    cr_expect(leat_str_is(answer->error_message, message), "%s: %.*s", letters, LEAT_ARG(answer->error_message));
    answers_fini(answers);
}

static inline void read_back(struct answers *answers, const struct leat_answer *answer)
{
    struct decoded *d = answers->decoded;
    for (size_t i = 0; i < answers->count; i++)
        answers->settlements[i] = (struct leat_settlement){.unit = &answers->units[i]};
    cr_assert(leat_is_ok(leat_decode_reply(&d->run, &d->records, answer, answers->settlements, answers->count)));
}

static inline void expect_letters(const struct answers *answers, const char *letters, const char *what)
{
    char got[ANSWERS_MAX + 1] = "";
    for (size_t i = 0; i < answers->count; i++)
        got[i] = letter_of(&answers->settlements[i]);
    cr_expect_str_eq(got, letters, "%s: got \"%s\", want \"%s\"", what, got, letters);
}

static inline void expect_there_and_back(const char *payload, const char *letters, const char *want)
{
    struct answers *answers = answers_of(payload);
    settle(answers, letters);
    struct leat_answer answer = *encode_answer(answers);
    read_back(answers, &answer);
    expect_letters(answers, want, letters);
    answers_fini(answers);
}

#define LISTED(items) "{\"batchItemFailures\":[" items "]}"
#define ITEM(id) "{\"itemIdentifier\":\"" id "\"}"

/* --- payloads ----------------------------------------------------------------------------------------- */

#define SQS_MESSAGE(id) \
    "{\"messageId\":\"" id "\",\"body\":\"x\",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:r:1:q\"}"
#define SQS_PAYLOAD "{\"Records\":[" SQS_MESSAGE("m0") "," SQS_MESSAGE("m1") "," SQS_MESSAGE("m2") "]}"
#define CHANGE(sequence)                                                                                      \
    "{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"" sequence \
    "\",\"Keys\":{\"id\":{\"S\":\"" sequence "\"}}}}"
#define STREAM_PAYLOAD "{\"Records\":[" CHANGE("9") "," CHANGE("10") "," CHANGE("11") "]}"
#define DATA(sequence) \
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"" sequence "\",\"data\":\"\"}}"
#define KINESIS_PAYLOAD "{\"Records\":[" DATA("9") "," DATA("10") "," DATA("11") "]}"
#define KAFKA_RECORD(topic, partition, offset) \
    "{\"topic\":\"" topic "\",\"partition\":" partition ",\"offset\":" offset "}"
#define KAFKA_LISTS(lists) "{\"eventSource\":\"aws:kafka\",\"records\":{" lists "}}"
#define KAFKA_PAYLOAD \
    KAFKA_LISTS(      \
        "\"t-0\":[" KAFKA_RECORD("t", "0", "9") "," KAFKA_RECORD("t", "0", "10") "," KAFKA_RECORD("t", "0", "11") "]")
/* A tumbling window of a stream; `final`: its last invoke. */
#define WINDOW_OF(records, state, final)                                                                       \
    "{\"Records\":[" records "],\"window\":{\"start\":\"2024-05-02T18:50:00Z\",\"end\":\"2024-05-02T18:55:00Z" \
    "\"},\"state\":" state ",\"shardId\":\"s\",\"eventSourceARN\":\"arn:aws:dynamodb:r:1:table/t/stream/s\","  \
    "\"isFinalInvokeForWindow\":" final ",\"isWindowTerminatedEarly\":false}"
#define WINDOW_PAYLOAD WINDOW_OF(CHANGE("9") "," CHANGE("10") "," CHANGE("11"), "{\"n\":1.50}", "false")
#define S3_RECORD                                                                                                      \
    "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{" \
    "\"key\":\"k\"}}}"
#define ASYNC_PAYLOAD "{\"Records\":[" S3_RECORD "]}"
#define ASYNC_THREE "{\"Records\":[" S3_RECORD "," S3_RECORD "," S3_RECORD "]}"
#define REST_PAYLOAD                                          \
    "{\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/" \
    "\",\"requestContext\":{\"requestId\":\"r\",\"stage\":\"s\"}}"
#define V1_PAYLOAD                                                                \
    "{\"version\":\"1.0\",\"httpMethod\":\"GET\",\"path\":\"/\",\"resource\":\"/" \
    "\",\"requestContext\":{\"requestId\":\"r\","                                 \
    "\"stage\":\"s\"}}"
#define V2_PAYLOAD                                                                                                 \
    "{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"requestId\":\"r\",\"http\":{\"method\":\"GET\"," \
    "\"path\":\"/\"}}}"
#define URL_PAYLOAD                                                                        \
    "{\"version\":\"2.0\",\"rawPath\":\"/"                                                 \
    "\",\"requestContext\":{\"requestId\":\"r\",\"domainName\":\"a.lambda-url.r.on.aws\"," \
    "\"http\":{\"method\":\"GET\"}}}"
#define ALB_PAYLOAD \
    "{\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}},\"httpMethod\":\"GET\",\"path\":\"/\",\"headers\":{}}"
#define ALB_MULTI_PAYLOAD                                                                               \
    "{\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}},\"httpMethod\":\"GET\",\"path\":\"/\"," \
    "\"multiValueHeaders\":{}}"
#define WEBSOCKET_PAYLOAD "{\"requestContext\":{\"connectionId\":\"c\",\"eventType\":\"CONNECT\",\"requestId\":\"r\"}}"
#define HTTP_PAYLOADS \
    REST_PAYLOAD, V1_PAYLOAD, V2_PAYLOAD, URL_PAYLOAD, ALB_MULTI_PAYLOAD, WEBSOCKET_PAYLOAD, ALB_PAYLOAD
#define DIRECT_PAYLOAD "{\"a\":1}"

#endif
