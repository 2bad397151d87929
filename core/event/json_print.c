/* SPDX-License-Identifier: Apache-2.0 */
/* Trees back to text, and which numbers a double holds. */
#include "json_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The shortest decimal that reads back as `value`. */
int leat_json_print_double(char *text, size_t size, double value)
{
    int len = 0;
    if (fabs(value) < LEAT_JSON_EXACT && value == (double)(int64_t)value)
        return snprintf(text, size, "%lld", (long long)value);
    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return len;
}

void leat_json_print_number(struct leat_buf *buf, const cJSON *item)
{
    char text[40];
    if (item->valuestring != NULL) {
        leat_buf_c(buf, item->valuestring);
    } else if (isfinite(item->valuedouble)) {
        leat_json_print_double(text, sizeof(text), item->valuedouble);
        leat_buf_c(buf, text);
    } else {
        leat_buf_c(buf, item->valuedouble < 0 ? "-1e999" : "1e999"); /* JSON knows no infinity */
    }
}

leat_str leat_json_digits(struct leat_arena *arena, const cJSON *number)
{
    int64_t value;
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0))
        return LEAT_ABSENT;
    if (number->valuedouble < LEAT_JSON_EXACT) {
        value = (int64_t)number->valuedouble;
        return (double)value == number->valuedouble ? leat_arena_decimal(arena, (uint64_t)value) : LEAT_ABSENT;
    }
    leat_str text = leat_str_c(number->valuestring);
    return leat_str_int64(text, &value) ? text : LEAT_ABSENT;
}

/* A NUL in a name is kept as C0 80 (repair_name), for a C string cannot hold it; here it comes back. */
leat_str leat_json_name(struct leat_arena *arena, const cJSON *item)
{
    leat_str kept = leat_str_c(item->string), mark = LEAT_STR("\xC0\x80");
    leat_str at = leat_str_find(kept, mark);
    if (at.ptr == NULL)
        return kept;
    struct leat_buf bytes;
    leat_buf_init(&bytes, arena);
    for (; at.ptr != NULL; at = leat_str_find(kept, mark)) {
        leat_buf_add(&bytes, leat_str_of(kept.ptr, (size_t)(at.ptr - kept.ptr)));
        leat_buf_char(&bytes, '\0');
        kept = leat_str_skip(kept, (size_t)(at.ptr - kept.ptr) + mark.len);
    }
    leat_buf_add(&bytes, kept);
    return leat_buf_str(&bytes);
}

static void print_children(struct leat_buf *buf, const cJSON *item, bool names)
{
    const cJSON *child = NULL;
    cJSON_ArrayForEach (child, item) {
        if (child != item->child)
            leat_buf_char(buf, ',');
        if (names) {
            leat_buf_json_string(buf, leat_json_name(buf->arena, child));
            leat_buf_char(buf, ':');
        }
        leat_json_print(buf, child);
    }
}

void leat_json_print(struct leat_buf *buf, const cJSON *item)
{
    switch (item->type & 0xFF) {
    case cJSON_False: leat_buf_c(buf, "false"); break;
    case cJSON_True: leat_buf_c(buf, "true"); break;
    case cJSON_Number: leat_json_print_number(buf, item); break;
    case cJSON_String: leat_buf_json_string(buf, leat_json_text(item)); break;
    case cJSON_Array:
        leat_buf_char(buf, '[');
        print_children(buf, item, false);
        leat_buf_char(buf, ']');
        break;
    case cJSON_Object:
        leat_buf_char(buf, '{');
        print_children(buf, item, true);
        leat_buf_char(buf, '}');
        break;
    default: leat_buf_c(buf, "null"); break;
    }
}

/* A decimal as its digits without zeros at both ends, and the place of the point. */
struct decimal {
    char digits[80];
    int count;
    long exponent;
    bool negative;
};

/* Takes the digits in front of an exponent. False: no number, or more digits than any that is read here. */
static bool read_digits(leat_str mantissa, struct decimal *d)
{
    bool fraction = false, any = false;
    for (size_t i = 0; i < mantissa.len; i++) {
        char c = mantissa.ptr[i];
        if (c == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (c < '0' || c > '9' || d->count == (int)sizeof(d->digits))
            return false;
        any = true;
        d->exponent -= fraction ? 1 : 0;
        if (c != '0' || d->count > 0)
            d->digits[d->count++] = c;
    }
    return any;
}

static bool read_exponent(leat_str text, struct decimal *d)
{
    int64_t exponent;
    if (text.len > 0 && text.ptr[0] == '+')
        text = leat_str_skip(text, 1);
    if (!leat_str_int64(text, &exponent) || exponent > 100000 || exponent < -100000)
        return false;
    d->exponent += (long)exponent;
    return true;
}

static bool read_decimal(leat_str text, struct decimal *d)
{
    *d = (struct decimal){.negative = text.len > 0 && text.ptr[0] == '-'};
    size_t start = d->negative || (text.len > 0 && text.ptr[0] == '+') ? 1 : 0, end = start;
    while (end < text.len && text.ptr[end] != 'e' && text.ptr[end] != 'E')
        end++;
    if (!read_digits(leat_str_of(text.ptr + start, end - start), d))
        return false;
    if (end < text.len && !read_exponent(leat_str_skip(text, end + 1), d))
        return false;
    while (d->count > 0 && d->digits[d->count - 1] == '0') {
        d->count--;
        d->exponent++;
    }
    d->exponent = d->count == 0 ? 0 : d->exponent;
    return true;
}

bool leat_json_number_fits(leat_str number)
{
    struct decimal wanted, got;
    char text[128], back[40];
    if (number.len == 0 || number.len >= sizeof(text) || !read_decimal(number, &wanted))
        return false;
    memcpy(text, number.ptr, number.len);
    text[number.len] = '\0';
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    int len = leat_json_print_double(back, sizeof(back), value);
    return read_decimal(leat_str_of(back, (size_t)len), &got) && got.count == wanted.count &&
           got.exponent == wanted.exponent && (got.negative == wanted.negative || wanted.count == 0) &&
           memcmp(got.digits, wanted.digits, (size_t)got.count) == 0;
}
