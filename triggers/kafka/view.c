/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

leat_str leat_kafka_bytes(struct leat_arena *arena, const cJSON *item)
{
    leat_str text = leat_json_text(item), bytes;
    if (text.ptr == NULL || leat_base64_decode(arena, text, &bytes))
        return text.ptr != NULL ? bytes : LEAT_ABSENT;
    return arena->overflow ? LEAT_ABSENT : text;
}

leat_str leat_kafka_header_bytes(struct leat_arena *arena, const cJSON *value)
{
    const cJSON *number = NULL;
    if (!cJSON_IsArray(value))
        return leat_kafka_bytes(arena, value);
    char *bytes = leat_arena_alloc(arena, (size_t)cJSON_GetArraySize(value) + 1);
    size_t len = 0;
    if (bytes == NULL)
        return LEAT_ABSENT;
    cJSON_ArrayForEach (number, value)
        bytes[len++] = (char)(unsigned char)(int)number->valuedouble;
    bytes[len] = '\0';
    return leat_str_of(bytes, len);
}

static size_t count_headers(const cJSON *headers)
{
    const cJSON *header = NULL;
    size_t count = 0;
    cJSON_ArrayForEach (header, headers)
        count += (size_t)cJSON_GetArraySize(header);
    return count;
}

/* A list of objects of one member each; the order of names, and names that come twice, count. */
static void read_headers(struct leat_kafka *view, struct leat_arena *arena, const cJSON *headers)
{
    const cJSON *header = NULL, *member = NULL;
    struct leat_pair *pairs = LEAT_NEW_N(arena, struct leat_pair, count_headers(headers) + 1);
    if (pairs == NULL)
        return;
    cJSON_ArrayForEach (header, headers)
        cJSON_ArrayForEach (member, header)
            pairs[view->header_count++] = (struct leat_pair){.name = leat_str_c(member->string),
                                                             .value = leat_kafka_header_bytes(arena, member)};
    view->headers = pairs;
}

const void *leat_kafka_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *record = envelope->record;
    const cJSON *headers = leat_json_get_array(record, "headers");
    struct leat_kafka *view = LEAT_NEW(arena, struct leat_kafka);
    if (view == NULL)
        return NULL;
    view->topic = leat_json_get_text(record, "topic");
    (void)leat_str_int64(leat_json_digits(arena, leat_json_get(record, "partition")), &view->partition);
    view->offset = leat_json_digits(arena, leat_json_get(record, "offset"));
    view->key = leat_kafka_bytes(arena, leat_json_get(record, "key"));
    if (headers != NULL)
        read_headers(view, arena, headers);
    return arena->overflow ? NULL : view;
}
