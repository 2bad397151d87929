/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP messages: all that is said of one lies in its bytes, and it is the same however they come. */
#include "fuzz.h"

#include <lambda/message.h>

struct outcome {
    struct leat_message message;
    char *bytes;
    enum leat_message_state state;
};

/* `piece` bytes at a time, in a heap block of just what has come: the sanitizer sees where it ends. */
static void read_in_pieces(struct outcome *outcome, enum leat_message_kind kind, leat_str text, size_t piece)
{
    size_t len = 0;
    *outcome = (struct outcome){.state = LEAT_MESSAGE_MORE};
    leat_message_init(&outcome->message, kind);
    while (len < text.len && outcome->state == LEAT_MESSAGE_MORE) {
        size_t here = text.len - len < piece ? text.len - len : piece;
        char *bytes = leat_realloc(outcome->bytes, len + here);
        if (bytes == NULL)
            return;
        outcome->bytes = bytes;
        memcpy(bytes + len, text.ptr + len, here);
        len += here;
        outcome->state = leat_message_read(&outcome->message, bytes, len);
        MUST(outcome->message.at <= len);
        MUST(outcome->state != LEAT_MESSAGE_MORE || outcome->message.wanted == 0 || outcome->message.wanted > len);
    }
}

static void expect_inside(const struct outcome *outcome)
{
    const struct leat_message *message = &outcome->message;
    leat_str all = leat_str_of(outcome->bytes, message->end);
    MUST(fuzz_is_inside(all, leat_message_body(message, outcome->bytes)));
    MUST(message->head_fields <= message->field_count && message->field_count <= LEAT_MESSAGE_FIELDS_MAX);
    for (uint32_t i = 0; i < message->field_count; i++) {
        const struct leat_message_field *field = &message->fields[i];
        MUST(field->name_len > 0 && (size_t)field->value + field->value_len <= message->end);
    }
    if (message->kind == LEAT_HTTP_REQUEST)
        MUST(leat_message_method(message, outcome->bytes).len > 0 &&
             leat_message_target(message, outcome->bytes).len > 0);
}

static void expect_same(const struct outcome *a, const struct outcome *b)
{
    MUST(a->state == b->state);
    if (a->state == LEAT_MESSAGE_BROKEN)
        MUST(a->message.why != NULL && b->message.why != NULL);
    if (a->state != LEAT_MESSAGE_WHOLE)
        return;
    MUST(a->message.end == b->message.end && a->message.status == b->message.status);
    MUST(a->message.close == b->message.close && a->message.field_count == b->message.field_count);
    MUST(leat_str_eq(leat_message_body(&a->message, a->bytes), leat_message_body(&b->message, b->bytes)));
}

static void try_kind(enum leat_message_kind kind, leat_str text)
{
    static const size_t pieces[] = {1, 7, 4096};
    struct outcome whole;
    read_in_pieces(&whole, kind, text, SIZE_MAX);
    if (whole.state == LEAT_MESSAGE_WHOLE)
        expect_inside(&whole);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct outcome parts;
        read_in_pieces(&parts, kind, text, pieces[i]);
        expect_same(&whole, &parts);
        leat_free(parts.bytes);
    }
    leat_free(whole.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = leat_str_of((const char *)data, size);
    if (size == 0 || size > 2048)
        return 0;
    try_kind(LEAT_HTTP_RESPONSE, text);
    try_kind(LEAT_HTTP_REQUEST, text);
    return 0;
}
