/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/attributes.h>
#include <leat/json.h>

#include <math.h>

#define S3_SEQUENCE_WIDTH 32

leat_str leat_attribute_join(struct leat_arena *arena, const leat_str *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = leat_arena_alloc(arena, len + 1);
    if (text == NULL)
        return LEAT_ABSENT;
    char *end = text;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len == 0)
            continue;
        memcpy(end, parts[i].ptr, parts[i].len);
        end += parts[i].len;
    }
    *end = '\0';
    return leat_str_of(text, len);
}

static bool is_decimal(leat_str number)
{
    for (size_t i = 0; i < number.len; i++)
        if (number.ptr[i] < '0' || number.ptr[i] > '9')
            return false;
    return number.len > 0;
}

leat_str leat_attribute_sequence(struct leat_arena *arena, leat_str number)
{
    static const char zeros[] = "0000000000000000000000000000000000000000";
    _Static_assert(sizeof(zeros) - 1 == LEAT_SEQUENCE_WIDTH, "one zero for each place");
    if (!is_decimal(number))
        return LEAT_ABSENT;
    size_t missing = number.len < LEAT_SEQUENCE_WIDTH ? LEAT_SEQUENCE_WIDTH - number.len : 0;
    return LEAT_JOIN(arena, leat_str_of(zeros, missing), number);
}

leat_str leat_attribute_s3_sequence(struct leat_arena *arena, leat_str sequencer)
{
    size_t len = sequencer.len > S3_SEQUENCE_WIDTH ? sequencer.len : S3_SEQUENCE_WIDTH;
    char *text = sequencer.len > 0 ? leat_arena_alloc(arena, len + 1) : NULL;
    if (text == NULL)
        return LEAT_ABSENT;
    memset(text, '0', len);
    text[len] = '\0';
    for (size_t i = 0; i < sequencer.len; i++) {
        char c = sequencer.ptr[i];
        text[i] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
    }
    return leat_str_of(text, len);
}

leat_str leat_attribute_s3_source(struct leat_arena *arena, leat_str service, leat_str region, leat_str bucket)
{
    return LEAT_JOIN(arena, service, region.len > 0 ? LEAT_STR(".") : LEAT_ABSENT, region,
                     bucket.len > 0 ? LEAT_STR(".") : LEAT_ABSENT, bucket);
}

int64_t leat_s3_size(const cJSON *size)
{
    int64_t bytes;
    if (cJSON_IsNumber(size)) {
        double value = size->valuedouble;
        return value >= 0 && value < 9.2e18 && value == floor(value) ? (int64_t)value : -1;
    }
    return leat_str_int64(leat_json_text(size), &bytes) && bytes >= 0 ? bytes : -1;
}
