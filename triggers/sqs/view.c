/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

static int64_t number_of(leat_str text)
{
    int64_t value;
    return leat_str_int64(text, &value) && value >= 0 ? value : -1;
}

/* Message attributes, in the order of the message. False: out of memory. */
static bool read_attributes(const cJSON *messages, struct leat_arena *arena, struct leat_sqs *view)
{
    struct leat_sqs_attribute *attributes =
        LEAT_NEW_N(arena, struct leat_sqs_attribute, (size_t)cJSON_GetArraySize(messages));
    const cJSON *item = NULL;
    if (attributes == NULL)
        return false;
    cJSON_ArrayForEach (item, messages) {
        struct leat_sqs_attribute *attribute = &attributes[view->attribute_count++];
        attribute->name = leat_json_name(arena, item);
        attribute->type = leat_json_get_text(item, "dataType");
        attribute->value = leat_json_get_text(item, "stringValue");
        if (attribute->value.ptr == NULL)
            attribute->value = leat_json_get_text(item, "binaryValue");
    }
    view->attributes = attributes;
    return true;
}

const void *leat_sqs_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    struct leat_sqs *view = LEAT_NEW(arena, struct leat_sqs);
    const cJSON *attributes = leat_json_get_object(envelope->record, "attributes");
    const cJSON *messages = leat_json_get_object(envelope->record, "messageAttributes");
    if (view == NULL)
        return NULL;
    view->message_id = leat_json_get_text(envelope->record, "messageId");
    view->group = leat_json_get_text(attributes, "MessageGroupId");
    view->deduplication = leat_json_get_text(attributes, "MessageDeduplicationId");
    view->receive_count = number_of(leat_json_get_text(attributes, "ApproximateReceiveCount"));
    view->sent_ms = number_of(leat_json_get_text(attributes, "SentTimestamp"));
    return messages == NULL || read_attributes(messages, arena, view) ? view : NULL;
}
