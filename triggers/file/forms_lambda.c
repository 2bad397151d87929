/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where Lambda leaves what failed: the record for an on-failure destination (the event is "requestPayload"), the
 * one of a stream's destination in S3 (the batch is "payload"), and the dead-letter queue of an asynchronous function
 * (the event itself is the message, with three attributes). What they hold is what the function was sent, so it must
 * be a payload as it stands: no other form is looked for in it.
 * Source: Lambda developer guide, invocation-async, kinesis and DynamoDB on-failure destinations.
 */
#include "forms_private.h"

/* --- destinations -------------------------------------------------------------------------------------------- */

static bool has_context(const struct leat_glance *document)
{
    leat_str context = document->value[LEAT_GLANCE_REQUEST_CONTEXT];
    return leat_form_is_text(document->value[LEAT_GLANCE_VERSION]) &&
           leat_form_is_text(leat_form_member(context, "functionArn")) &&
           leat_form_is_text(leat_form_member(context, "condition"));
}

static bool recognise_destination(const struct leat_glance *document)
{
    return has_context(document) && document->value[LEAT_GLANCE_REQUEST_PAYLOAD].ptr != NULL;
}

static void convert_destination(struct leat_forms *forms, const struct leat_glance *document)
{
    (void)leat_form_give(forms, document->value[LEAT_GLANCE_REQUEST_PAYLOAD]);
}

const struct leat_form_kind leat_form_destination = {
    .form = {.name = "lambda-destination", .people = "out of a destination's record"},
    .recognise = recognise_destination,
    .convert = convert_destination,
};

static bool recognise_stream_destination(const struct leat_glance *document)
{
    return has_context(document) && document->value[LEAT_GLANCE_PAYLOAD].ptr != NULL &&
           (leat_form_is_object(document->value[LEAT_GLANCE_DYNAMODB_BATCH]) ||
            leat_form_is_object(document->value[LEAT_GLANCE_KINESIS_BATCH]));
}

/* Recorded as an object; the text of one is taken too. */
static void convert_stream_destination(struct leat_forms *forms, const struct leat_glance *document)
{
    leat_str payload = document->value[LEAT_GLANCE_PAYLOAD];
    (void)leat_form_give(forms, leat_form_is_text(payload) ? leat_form_text(forms, payload) : payload);
}

const struct leat_form_kind leat_form_stream_destination = {
    .form = {.name = "lambda-stream-destination", .people = "out of a destination's record"},
    .recognise = recognise_stream_destination,
    .convert = convert_stream_destination,
};

/* --- dead letters -------------------------------------------------------------------------------------------- */

static bool is_dead_letter(leat_str message)
{
    static const char *const members[] = {"RequestID", "ErrorCode", "ErrorMessage"};
    return leat_form_count(leat_form_member(message, "MessageAttributes"), members, 3) == 3;
}

/* Of the first message only: the others are looked at by convert. */
static bool recognise_dead_letters(const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_MESSAGES]);
    leat_str name, message;
    if (!leat_form_is_array(walk.text) || !leat_walk_next(&walk, &name, &message))
        return false;
    leat_str body = leat_form_member(message, "Body");
    return leat_form_is_text(body) &&
           (is_dead_letter(message) || leat_str_find(body, LEAT_STR("requestPayload")).ptr != NULL);
}

static bool give_letter(struct leat_forms *forms, leat_str message)
{
    struct leat_glance inner;
    leat_str body = leat_form_text(forms, leat_form_member(message, "Body"));
    if (is_dead_letter(message) && leat_form_give(forms, body))
        return true;
    if (!leat_json_valid(body))
        return false;
    leat_glance(&inner, body);
    return recognise_destination(&inner) && leat_form_give(forms, inner.value[LEAT_GLANCE_REQUEST_PAYLOAD]);
}

/* One message that is no dead letter, and it is a queue like any other. */
static void convert_dead_letters(struct leat_forms *forms, const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_MESSAGES]);
    leat_str name, message;
    bool all = true;
    while (all && leat_walk_next(&walk, &name, &message))
        all = give_letter(forms, message);
    if (!all)
        forms->count = 0;
}

const struct leat_form_kind leat_form_dead_letters = {
    .form = {.name = "lambda-dead-letters", .people = "out of a dead-letter queue"},
    .recognise = recognise_dead_letters,
    .convert = convert_dead_letters,
};
