/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the forms share. They work on text, not on trees: whatever a form does not know goes into the payload as it
 * stands, to the digit, and what is of a wrong type is for the adapter to refuse.
 */
#ifndef LEAT_FILE_FORMS_PRIVATE_H
#define LEAT_FILE_FORMS_PRIVATE_H

#include "forms.h"

/* Over an array or object that is JSON. */
struct leat_walk {
    leat_str text;
    size_t at;
};

struct leat_walk leat_walk_into(leat_str container);
/* The next value, and in an object the token of its name. False: there is none. */
bool leat_walk_next(struct leat_walk *walk, leat_str *retname, leat_str *retvalue);
/* The same, but what is given of the value is all text from its start on: nothing looks for its end. */
bool leat_walk_peek(struct leat_walk *walk, leat_str *retname, leat_str *retrest);
/* What stands between the quotes of a text's token, as it stands. */
leat_str leat_form_inside(leat_str token);
/* Does the token of a name name this member? */
bool leat_form_named(leat_str token, const char *name);
/* The value of a member, the first of that name; absent: there is none, or `object` is none. */
leat_str leat_form_member(leat_str object, const char *name);
/* eventSource or EventSource, whichever a record has. */
leat_str leat_form_source(leat_str record);
bool leat_form_is_object(leat_str value);
bool leat_form_is_array(leat_str value);
bool leat_form_is_text(leat_str value);
bool leat_form_is_number(leat_str value);
/* How many of these members an object has. */
size_t leat_form_count(leat_str object, const char *const *names, size_t count);

/* The members of a document that forms are recognised by: X(name, member). */
#define LEAT_GLANCE_TABLE(X)                    \
    X(DEAD, "dead")                             \
    X(EVENTS, "events")                         \
    X(DYNAMODB_BATCH, "DDBStreamBatchInfo")     \
    X(HEADERS, "headers")                       \
    X(KEY, "key")                               \
    X(KEY_ERROR, "key_error")                   \
    X(KEY_SCHEMA_ID, "key_schema_id")           \
    X(KINESIS_BATCH, "KinesisBatchInfo")        \
    X(LEVEL, "level")                           \
    X(MESSAGE, "message")                       \
    X(MESSAGES, "Messages")                     \
    X(NEXT_SHARD_ITERATOR, "NextShardIterator") \
    X(OFFSET, "offset")                         \
    X(PARTITION, "partition")                   \
    X(PAYLOAD, "payload")                       \
    X(PAYLOAD_BASE64, "payload_base64")         \
    X(PAYLOAD_ERROR, "payload_error")           \
    X(PAYLOAD_TEXT, "payload_text")             \
    X(RECORDS, "Records")                       \
    X(REDRIVEN, "redriven")                     \
    X(REQUEST_CONTEXT, "requestContext")        \
    X(REQUEST_PAYLOAD, "requestPayload")        \
    X(TIMESTAMP, "timestamp")                   \
    X(TOPIC, "topic")                           \
    X(TS, "ts")                                 \
    X(TS_TYPE, "tstype")                        \
    X(VALUE_SCHEMA_ID, "value_schema_id")       \
    X(VERSION, "version")

enum leat_glance_name {
#define LEAT_GLANCE_ENUM(name, member) LEAT_GLANCE_##name,
    LEAT_GLANCE_TABLE(LEAT_GLANCE_ENUM)
#undef LEAT_GLANCE_ENUM
        LEAT_GLANCE_COUNT
};

/* One look over a document, each byte once: the values of those members. */
struct leat_glance {
    leat_str text;
    leat_str value[LEAT_GLANCE_COUNT];
};

void leat_glance(struct leat_glance *ret, leat_str text);

struct leat_form_kind {
    struct leat_form form;
    bool claimed;                                          /* a form also if an adapter claims the document */
    bool (*recognise)(const struct leat_glance *document); /* NULL: by whoever reads it */
    /* Gives the payloads; none: it was not that form after all. */
    void (*convert)(struct leat_forms *forms, const struct leat_glance *document);
};

extern const struct leat_form_kind leat_form_dead, leat_form_dead_letters, leat_form_destination, leat_form_dynamodb,
    leat_form_kcat, leat_form_kinesis, leat_form_log_events, leat_form_log_export, leat_form_log_line, leat_form_sqs,
    leat_form_stream_destination;

/* Quickly: is there anything in changes of DynamoDB that only the CLI writes? */
bool leat_form_may_be_printed(leat_str changes);

/* A payload of the document. False: no adapter claims it, and it is not taken. */
bool leat_form_give(struct leat_forms *forms, leat_str payload);
/* The same, whoever claims it, be it JSON or not; absent is not taken. */
bool leat_form_give_any(struct leat_forms *forms, leat_str payload);
/* The bytes of a text's token; absent: it is no text, or the arena overflowed. */
leat_str leat_form_text(struct leat_forms *forms, leat_str token);
/* The token of a name with its first letter lowered, as Lambda's events have it: "MessageId" becomes "messageId",
 * "MD5OfBody" "md5OfBody". */
void leat_form_lowered(struct leat_buf *buf, leat_str token);

#endif
