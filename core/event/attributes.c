/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/attributes.h>
#include <leat/json.h>

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
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    _Static_assert(sizeof(zeros) - 1 == LEAT_SEQUENCE_LONG, "one zero for each place");
    if (!is_decimal(number))
        return LEAT_ABSENT;
    size_t width = number.len <= LEAT_SEQUENCE_WIDTH ? LEAT_SEQUENCE_WIDTH : LEAT_SEQUENCE_LONG;
    size_t missing = number.len < width ? width - number.len : 0;
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
        return value >= 0 && value < 9.2e18 && value == (double)(int64_t)value ? (int64_t)value : -1;
    }
    return leat_str_int64(leat_json_text(size), &bytes) && bytes >= 0 ? bytes : -1;
}

/* --- tracing ---------------------------------------------------------------------------------- */

/* Exactly `len` hexadecimal digits, not all of them 0 (W3C calls such ids invalid). */
static bool is_id(leat_str text, size_t len)
{
    bool any = false;
    if (text.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
        any = any || c != '0';
    }
    return any;
}

static char *put_lower(char *end, leat_str digits)
{
    for (size_t i = 0; i < digits.len; i++)
        *end++ = (char)(digits.ptr[i] >= 'A' && digits.ptr[i] <= 'F' ? digits.ptr[i] + ('a' - 'A') : digits.ptr[i]);
    return end;
}

/* "1-5759e988-bd862e3fe1be46a994272793" -> its 32 digits. */
static bool read_root(leat_str root, char digits[32])
{
    leat_str version = leat_str_cut(&root, '-'), seconds = leat_str_cut(&root, '-');
    if (!leat_str_is(version, "1") || seconds.len != 8 || root.len != 24)
        return false;
    put_lower(put_lower(digits, seconds), root);
    return is_id(leat_str_of(digits, 32), 32);
}

/* A W3C traceparent of an X-Ray header ("Root=1-...;Parent=...;Sampled=1"). Absent: it has no such form. */
static leat_str traceparent_of(struct leat_arena *arena, leat_str header)
{
    leat_str root = LEAT_ABSENT, parent = LEAT_ABSENT, sampled = LEAT_ABSENT;
    char trace[32], span[16];
    while (header.ptr != NULL) {
        leat_str value = leat_str_cut(&header, ';');
        leat_str name = leat_str_trim(leat_str_cut(&value, '='));
        if (leat_str_is(name, "Root"))
            root = leat_str_trim(value);
        else if (leat_str_is(name, "Parent"))
            parent = leat_str_trim(value);
        else if (leat_str_is(name, "Sampled"))
            sampled = leat_str_trim(value);
    }
    if (root.ptr == NULL || !read_root(root, trace) || !is_id(parent, sizeof(span)))
        return LEAT_ABSENT;
    put_lower(span, parent);
    return LEAT_JOIN(arena, LEAT_STR("00-"), leat_str_of(trace, sizeof(trace)), LEAT_STR("-"),
                     leat_str_of(span, sizeof(span)), leat_str_is(sampled, "1") ? LEAT_STR("-01") : LEAT_STR("-00"));
}

void leat_attribute_trace(struct leat_attribute **list, struct leat_arena *arena, leat_str header)
{
    leat_str traceparent = traceparent_of(arena, header);
    if (traceparent.ptr != NULL)
        leat_attribute_add(list, arena, "traceparent", traceparent);
    else
        leat_attribute_add(list, arena, "awstraceheader", header);
}
