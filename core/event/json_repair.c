/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cJSON cuts, put back into its trees: strings end at an escaped NUL there, and numbers are doubles.
 * Text and tree are walked side by side, once, and only for documents that need it.
 */
#include "json_private.h"

#include <math.h>
#include <stdlib.h>

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
    /* From 2^53 on a double does not tell which number it was read from. */
    bool small = fabs(item->valuedouble) < LEAT_JSON_EXACT;
    int len = small ? leat_json_print_double(text, sizeof(text), item->valuedouble) : 0;
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
