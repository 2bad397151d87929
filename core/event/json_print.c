/* SPDX-License-Identifier: Apache-2.0 */
/* Trees back to text, and the repair that lets trees hold what cJSON cuts: NULs and long numbers. */
#include "json_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The shortest decimal that reads back as `value`. */
static int print_double(char *text, size_t size, double value)
{
    int len = 0;
    if (fabs(value) < 9007199254740992.0 && value == (double)(int64_t)value)
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
        print_double(text, sizeof(text), item->valuedouble);
        leat_buf_c(buf, text);
    } else {
        leat_buf_c(buf, item->valuedouble < 0 ? "-1e999" : "1e999"); /* JSON knows no infinity */
    }
}

/* A NUL in a name is kept as C0 80 (repair_name), for a C string cannot hold it; here it comes back. */
static void print_name(struct leat_buf *buf, const char *name)
{
    leat_str kept = leat_str_c(name), mark = LEAT_STR("\xC0\x80");
    leat_str at = leat_str_find(kept, mark);
    if (at.ptr == NULL) {
        leat_buf_json_string(buf, kept);
        return;
    }
    struct leat_buf bytes;
    leat_buf_init(&bytes, buf->arena);
    for (; at.ptr != NULL; at = leat_str_find(kept, mark)) {
        leat_buf_add(&bytes, leat_str_of(kept.ptr, (size_t)(at.ptr - kept.ptr)));
        leat_buf_char(&bytes, '\0');
        kept = leat_str_skip(kept, (size_t)(at.ptr - kept.ptr) + mark.len);
    }
    leat_buf_add(&bytes, kept);
    leat_buf_json_string(buf, leat_buf_str(&bytes));
}

static void print_children(struct leat_buf *buf, const cJSON *item, bool names)
{
    const cJSON *child = NULL;
    cJSON_ArrayForEach (child, item) {
        if (child != item->child)
            leat_buf_char(buf, ',');
        if (names) {
            print_name(buf, child->string);
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
    int len = print_double(back, sizeof(back), value);
    return read_decimal(leat_str_of(back, (size_t)len), &got) && got.count == wanted.count &&
           got.exponent == wanted.exponent && (got.negative == wanted.negative || wanted.count == 0) &&
           memcmp(got.digits, wanted.digits, (size_t)got.count) == 0;
}

static unsigned hex4(const char *at)
{
    char digits[5];
    memcpy(digits, at, 4);
    digits[4] = '\0';
    return (unsigned)strtoul(digits, NULL, 16);
}

static size_t put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* "\uXXXX" at raw[*i], one or a pair; cJSON has seen that it is well-formed. */
static unsigned unescape_unicode(leat_str raw, size_t *i)
{
    unsigned code = raw.len - *i >= 6 ? hex4(raw.ptr + *i + 2) : '?';
    *i += 6;
    if (code < 0xD800 || code > 0xDBFF || raw.len < *i + 6)
        return code;
    unsigned low = hex4(raw.ptr + *i + 2);
    *i += 6;
    return 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
}

/* The bytes of a string token (with its quotes), NULs included. Absent: out of memory. */
static leat_str unescape(struct leat_arena *arena, leat_str token)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    leat_str raw = token.len >= 2 ? leat_str_of(token.ptr + 1, token.len - 2) : LEAT_STR("");
    char *out = leat_arena_alloc(arena, raw.len + 1);
    size_t len = 0;
    if (out == NULL)
        return LEAT_ABSENT;
    for (size_t i = 0; i < raw.len;) {
        if (raw.ptr[i] != '\\' || i + 1 == raw.len) {
            out[len++] = raw.ptr[i++];
        } else if (raw.ptr[i + 1] == 'u') {
            len += put_utf8(out + len, unescape_unicode(raw, &i));
        } else {
            const char *known = memchr(from, raw.ptr[i + 1], sizeof(from) - 1);
            out[len++] = known != NULL ? to[known - from] : raw.ptr[i + 1];
            i += 2;
        }
    }
    out[len] = '\0';
    return leat_str_of(out, len);
}

static bool has_nul(leat_str token)
{
    return leat_str_find(token, LEAT_STR("\\u0000")).ptr != NULL;
}

static leat_status repair_string(struct leat_arena *arena, leat_str token, cJSON *item)
{
    leat_str bytes = has_nul(token) ? unescape(arena, token) : LEAT_STR("");
    if (bytes.ptr == NULL)
        return leat_arena_status(arena);
    if (bytes.len == 0)
        return LEAT_OK;
    item->valuestring = (char *)(uintptr_t)bytes.ptr;
    item->valuedouble = (double)bytes.len;
    return LEAT_OK;
}

static leat_status repair_number(struct leat_arena *arena, leat_str token, cJSON *item)
{
    char text[40];
    int len = isfinite(item->valuedouble) ? print_double(text, sizeof(text), item->valuedouble) : 0;
    if (leat_str_eq(token, leat_str_of(text, (size_t)len)))
        return LEAT_OK;
    leat_str kept = leat_arena_copy(arena, token);
    item->valuestring = (char *)(uintptr_t)kept.ptr;
    return leat_arena_status(arena);
}

/* A name cut at a NUL must not be taken for the shorter one: the NUL becomes C0 80, which no name has. */
static leat_status repair_name(struct leat_arena *arena, leat_str token, cJSON *item)
{
    leat_str bytes = has_nul(token) ? unescape(arena, token) : LEAT_STR("");
    if (bytes.ptr == NULL)
        return leat_arena_status(arena);
    if (bytes.len == 0)
        return LEAT_OK;
    struct leat_buf name;
    leat_buf_init(&name, arena);
    for (size_t i = 0; i < bytes.len; i++)
        leat_buf_add(&name, bytes.ptr[i] != '\0' ? leat_str_of(bytes.ptr + i, 1) : LEAT_STR("\xC0\x80"));
    item->string = (char *)(uintptr_t)leat_buf_str(&name).ptr;
    return leat_arena_status(arena);
}

/* One step of the walk; *at moves behind the value. Recursion is as deep as the tree: LEAT_JSON_DEPTH_MAX. */
static leat_status repair_value(struct leat_arena *arena, leat_str text, size_t *at, cJSON *item, bool numbers)
{
    *at = leat_json_skip_space(text, *at);
    if (!cJSON_IsObject(item) && !cJSON_IsArray(item)) {
        size_t end = leat_json_skip_value(text, *at);
        leat_str token = leat_str_of(text.ptr + *at, end - *at);
        *at = end;
        if (cJSON_IsString(item))
            return repair_string(arena, token, item);
        return numbers && cJSON_IsNumber(item) ? repair_number(arena, token, item) : LEAT_OK;
    }
    *at = leat_json_skip_space(text, *at + 1);
    for (cJSON *child = item->child; child != NULL; child = child->next) {
        if (cJSON_IsObject(item)) {
            size_t end = leat_json_skip_value(text, *at);
            LEAT_TRY(repair_name(arena, leat_str_of(text.ptr + *at, end - *at), child));
            *at = leat_json_skip_space(text, end) + 1; /* the colon */
        }
        LEAT_TRY(repair_value(arena, text, at, child, numbers));
        *at = leat_json_skip_space(text, *at) + (child->next != NULL ? 1 : 0); /* the comma */
        *at = leat_json_skip_space(text, *at);
    }
    (*at)++;
    return LEAT_OK;
}

leat_status leat_json_repair(struct leat_arena *arena, leat_str text, cJSON *root, bool numbers)
{
    size_t at = leat_str_starts(text, LEAT_STR("\xEF\xBB\xBF")) ? 3 : 0;
    return repair_value(arena, text, &at, root, numbers);
}
