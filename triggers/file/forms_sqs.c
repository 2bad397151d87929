/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `aws sqs receive-message`, and the same shape from the service's clients: the members of Lambda's event with their
 * first letter in upper case. Neither the queue nor its region is told, so the event has no ARN and knows no FIFO
 * order. Source: SQS API reference, ReceiveMessage; Lambda developer guide, with-sqs.
 */
#include "forms_private.h"

/* Two of these make a message: one may be missing, and the adapter is to say so. */
static bool is_message(leat_str value)
{
    static const char *const members[] = {"MessageId", "ReceiptHandle", "Body"};
    return leat_form_count(value, members, 3) >= 2;
}

static bool recognise(const struct leat_glance *document)
{
    leat_str messages = document->value[LEAT_GLANCE_MESSAGES], name, value;
    if (!leat_form_is_array(messages))
        return false;
    struct leat_walk walk = leat_walk_into(messages);
    bool any = leat_walk_next(&walk, &name, &value);
    if (!any)
        return true;
    do {
        if (is_message(value))
            return true;
    } while (leat_walk_next(&walk, &name, &value));
    return false;
}

/* Lambda writes the two lists, which the service does not use. */
static void add_attribute(struct leat_buf *buf, leat_str attribute)
{
    struct leat_walk walk = leat_walk_into(attribute);
    leat_str name, value;
    if (!leat_form_is_object(attribute)) {
        leat_buf_add(buf, attribute);
        return;
    }
    leat_buf_char(buf, '{');
    while (leat_walk_next(&walk, &name, &value)) {
        leat_form_lowered(buf, name);
        leat_buf_char(buf, ':');
        leat_buf_add(buf, value);
        leat_buf_char(buf, ',');
    }
    leat_buf_c(buf, "\"stringListValues\":[],\"binaryListValues\":[]}");
}

static void add_attributes(struct leat_buf *buf, leat_str attributes)
{
    struct leat_walk walk = leat_walk_into(attributes);
    leat_str name, value;
    if (!leat_form_is_object(attributes)) {
        leat_buf_add(buf, attributes);
        return;
    }
    leat_buf_char(buf, '{');
    for (bool first = true; leat_walk_next(&walk, &name, &value); first = false) {
        leat_buf_c(buf, first ? "" : ",");
        leat_buf_add(buf, name);
        leat_buf_char(buf, ':');
        add_attribute(buf, value);
    }
    leat_buf_char(buf, '}');
}

/* The source stands first, so that no member of the message comes before it. */
static void add_message(struct leat_buf *buf, leat_str message)
{
    struct leat_walk walk = leat_walk_into(message);
    leat_str name, value;
    if (!leat_form_is_object(message)) {
        leat_buf_add(buf, message);
        return;
    }
    leat_buf_c(buf, "{\"eventSource\":\"aws:sqs\"");
    while (leat_walk_next(&walk, &name, &value)) {
        leat_buf_char(buf, ',');
        leat_form_lowered(buf, name);
        leat_buf_char(buf, ':');
        if (leat_form_named(name, "MessageAttributes"))
            add_attributes(buf, value);
        else
            leat_buf_add(buf, value);
    }
    leat_buf_char(buf, '}');
}

static void convert(struct leat_forms *forms, const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_MESSAGES]);
    leat_str name, value;
    struct leat_buf buf;
    leat_buf_init(&buf, &forms->arena);
    leat_buf_c(&buf, "{\"Records\":[");
    for (bool first = true; leat_walk_next(&walk, &name, &value); first = false) {
        leat_buf_c(&buf, first ? "" : ",");
        add_message(&buf, value);
    }
    leat_buf_c(&buf, "]}");
    (void)leat_form_give(forms, leat_buf_str(&buf));
}

const struct leat_form_kind leat_form_sqs = {
    .form = {.name = "aws-sqs-receive-message", .people = "as the AWS CLI prints it"},
    .recognise = recognise,
    .convert = convert,
};
