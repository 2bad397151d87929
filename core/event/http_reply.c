/* SPDX-License-Identifier: Apache-2.0 */
/* A handler's reply -> the JSON that the gateway expects of the function. */
#include "http_private.h"

#include <leat/text.h>

struct headers {
    struct leat_pair *items; /* safe, names in lower case */
    size_t count;
};

/* RFC 9110: what a field name is made of. */
static bool is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* A tab is allowed inside a value; anything else that controls could end the line and begin another header. */
static bool is_field_text(unsigned char c)
{
    return (c >= 0x20 && c != 0x7F) || c == '\t';
}

/* Without the bytes that may not stand there; the same slice if all may. */
static leat_str only(struct leat_arena *arena, leat_str text, bool (*allowed)(unsigned char))
{
    size_t good = 0;
    while (good < text.len && allowed((unsigned char)text.ptr[good]))
        good++;
    if (good == text.len)
        return text;
    char *kept = leat_arena_alloc(arena, text.len);
    size_t len = 0;
    if (kept == NULL)
        return LEAT_ABSENT;
    for (size_t i = 0; i < text.len; i++)
        if (allowed((unsigned char)text.ptr[i]))
            kept[len++] = text.ptr[i];
    return leat_str_of(kept, len);
}

static void add_header(struct headers *headers, struct leat_arena *arena, leat_str name, leat_str value)
{
    leat_str safe = leat_http_fold(arena, only(arena, name, is_token));
    if (safe.len > 0)
        headers->items[headers->count++] = (struct leat_pair){.name = safe, .value = only(arena, value, is_field_text)};
}

static bool has_header(const struct headers *headers, size_t count, leat_str name)
{
    for (size_t i = 0; i < count; i++)
        if (leat_str_eq(headers->items[i].name, name))
            return true;
    return false;
}

/* The gateways' own defaults differ, so that one reply would give three; ours is always the same. */
static leat_str content_type_of(const struct leat_reply *reply, bool text)
{
    if (reply->content_type.len > 0)
        return reply->content_type;
    if (reply->body.len == 0)
        return LEAT_ABSENT;
    if (reply->status == 0)
        return LEAT_STR("application/json");
    return text ? LEAT_STR("text/plain; charset=utf-8") : LEAT_STR("application/octet-stream");
}

static struct headers collect(struct leat_arena *arena, const struct leat_reply *reply, bool text)
{
    size_t count = 1;
    for (const struct leat_reply_header *at = reply->headers; at != NULL; at = at->next)
        count++;
    struct headers headers = {.items = LEAT_NEW_N(arena, struct leat_pair, count)};
    if (headers.items == NULL)
        return headers;
    for (const struct leat_reply_header *at = reply->headers; at != NULL; at = at->next)
        add_header(&headers, arena, at->name, at->value);
    leat_str type = content_type_of(reply, text);
    if (type.ptr != NULL && !has_header(&headers, headers.count, LEAT_STR("content-type")))
        add_header(&headers, arena, LEAT_STR("content-type"), type);
    return headers;
}

/* --- writing ----------------------------------------------------------------------------------------- */

static bool is_cookie(const struct leat_pair *header)
{
    return leat_str_is(header->name, "set-cookie");
}

static void comma(struct leat_buf *buf, bool *first)
{
    if (!*first)
        leat_buf_char(buf, ',');
    *first = false;
}

/* ["a","b"]: every value of the name of header `at`. */
static void write_list(struct leat_buf *buf, const struct headers *headers, size_t at)
{
    bool first = true;
    leat_buf_char(buf, '[');
    for (size_t i = at; i < headers->count; i++) {
        if (!leat_str_eq(headers->items[i].name, headers->items[at].name))
            continue;
        comma(buf, &first);
        leat_buf_json_string(buf, headers->items[i].value);
    }
    leat_buf_char(buf, ']');
}

/* "a,b" */
static void write_joined(struct leat_buf *buf, const struct headers *headers, size_t at)
{
    struct leat_buf joined;
    bool first = true;
    leat_buf_init(&joined, buf->arena);
    for (size_t i = at; i < headers->count; i++) {
        if (!leat_str_eq(headers->items[i].name, headers->items[at].name))
            continue;
        comma(&joined, &first);
        leat_buf_add(&joined, headers->items[i].value);
    }
    leat_buf_json_string(buf, leat_buf_str(&joined));
}

/* Each name once, in the order of first use. */
static void write_map(struct leat_buf *buf, const struct headers *headers, bool lists, bool cookies)
{
    bool first = true;
    leat_buf_json_name(buf, lists ? "multiValueHeaders" : "headers");
    leat_buf_char(buf, '{');
    for (size_t i = 0; i < headers->count; i++) {
        if (has_header(headers, i, headers->items[i].name) || (!cookies && is_cookie(&headers->items[i])))
            continue;
        comma(buf, &first);
        leat_buf_json_string(buf, headers->items[i].name);
        leat_buf_char(buf, ':');
        if (lists)
            write_list(buf, headers, i);
        else
            write_joined(buf, headers, i);
    }
    leat_buf_char(buf, '}');
}

static bool any_repeats(const struct headers *headers)
{
    for (size_t i = 1; i < headers->count; i++)
        if (has_header(headers, i, headers->items[i].name))
            return true;
    return false;
}

static void write_headers(struct leat_buf *buf, const struct leat_http_row *row, const struct headers *headers)
{
    if (headers->count == 0)
        return;
    write_map(buf, headers, row->multi_values && any_repeats(headers), !row->cookie_list);
    for (size_t i = 0; row->cookie_list && i < headers->count; i++) {
        if (!is_cookie(&headers->items[i]))
            continue;
        leat_buf_json_name(buf, "cookies");
        write_list(buf, headers, i);
        break;
    }
}

leat_str leat_http_encode(struct leat_arena *arena, enum leat_http_dialect dialect, const struct leat_reply *reply)
{
    struct leat_buf buf;
    bool text = leat_str_utf8(reply->body) == reply->body.len;
    struct headers headers = collect(arena, reply, text);
    leat_buf_init(&buf, arena);
    leat_buf_printf(&buf, "{\"statusCode\":%d", reply->status != 0 ? reply->status : 200);
    write_headers(&buf, leat_http_row(dialect), &headers);
    leat_buf_c(&buf, ",\"body\":");
    leat_buf_json_string(&buf, text ? reply->body : leat_base64_encode(arena, reply->body));
    leat_buf_printf(&buf, ",\"isBase64Encoded\":%s}", text ? "false" : "true");
    return arena->overflow ? LEAT_ABSENT : leat_buf_str(&buf);
}
