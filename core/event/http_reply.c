/* SPDX-License-Identifier: Apache-2.0 */
/* A handler's reply -> the JSON that the gateway expects of the function. */
#include "http_private.h"

#include <leat/text.h>

#include <stdlib.h>

struct header {
    leat_str name, value; /* safe, the name in lower case */
    struct header *next;  /* of the same name */
    bool again;           /* not the first of its name */
};

struct headers {
    struct header *items;
    size_t count;
    bool repeats; /* a name stands there twice */
};

/* RFC 9110: what a field name is made of. */
static bool is_token(unsigned char c)
{
    return leat_is_alnum((char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
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
        headers->items[headers->count++] = (struct header){.name = safe, .value = only(arena, value, is_field_text)};
}

static bool has_header(const struct headers *headers, leat_str name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (leat_str_eq(headers->items[i].name, name))
            return true;
    return false;
}

/* By name, those of one name in their order. */
static int by_name(const void *a, const void *b)
{
    const struct header *left = *(const struct header *const *)a, *right = *(const struct header *const *)b;
    if (left->name.len != right->name.len)
        return left->name.len < right->name.len ? -1 : 1;
    int order = memcmp(left->name.ptr, right->name.ptr, left->name.len);
    return order != 0 ? order : left < right ? -1 : 1;
}

static void link_names(struct headers *headers, struct leat_arena *arena)
{
    struct header **sorted = LEAT_NEW_N(arena, struct header *, headers->count + 1);
    if (sorted == NULL)
        return;
    for (size_t i = 0; i < headers->count; i++)
        sorted[i] = &headers->items[i];
    qsort(sorted, headers->count, sizeof(*sorted), by_name);
    for (size_t i = 1; i < headers->count; i++) {
        if (!leat_str_eq(sorted[i - 1]->name, sorted[i]->name))
            continue;
        sorted[i - 1]->next = sorted[i];
        sorted[i]->again = headers->repeats = true;
    }
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
    struct headers headers = {.items = LEAT_NEW_N(arena, struct header, count)};
    if (headers.items == NULL)
        return headers;
    for (const struct leat_reply_header *at = reply->headers; at != NULL; at = at->next)
        add_header(&headers, arena, at->name, at->value);
    leat_str type = content_type_of(reply, text);
    if (type.ptr != NULL && !has_header(&headers, LEAT_STR("content-type")))
        add_header(&headers, arena, LEAT_STR("content-type"), type);
    link_names(&headers, arena);
    return headers;
}

/* --- writing ----------------------------------------------------------------------------------------- */

static bool is_cookie(const struct header *header)
{
    return leat_str_is(header->name, "set-cookie");
}

static void comma(struct leat_buf *buf, bool *first)
{
    if (!*first)
        leat_buf_char(buf, ',');
    *first = false;
}

/* ["a","b"]: every value of the name whose first header this is. */
static void write_list(struct leat_buf *buf, const struct header *header)
{
    bool first = true;
    leat_buf_char(buf, '[');
    for (; header != NULL; header = header->next) {
        comma(buf, &first);
        leat_buf_json_string(buf, header->value);
    }
    leat_buf_char(buf, ']');
}

/* "a,b"; a cookie may hold a comma, so of several only the last is left. */
static void write_joined(struct leat_buf *buf, const struct header *header)
{
    struct leat_buf joined;
    bool first = true;
    while (is_cookie(header) && header->next != NULL)
        header = header->next;
    leat_buf_init(&joined, buf->arena);
    for (; header != NULL; header = header->next) {
        comma(&joined, &first);
        leat_buf_add(&joined, header->value);
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
        const struct header *header = &headers->items[i];
        if (header->again || (!cookies && is_cookie(header)))
            continue;
        comma(buf, &first);
        leat_buf_json_string(buf, header->name);
        leat_buf_char(buf, ':');
        if (lists)
            write_list(buf, header);
        else
            write_joined(buf, header);
    }
    leat_buf_char(buf, '}');
}

static void write_cookies(struct leat_buf *buf, const struct headers *headers)
{
    size_t at = 0;
    while (at < headers->count && !is_cookie(&headers->items[at]))
        at++;
    if (at == headers->count)
        return;
    leat_buf_json_name(buf, "cookies");
    write_list(buf, &headers->items[at]);
}

static void write_headers(struct leat_buf *buf, const struct leat_http_row *row, const struct headers *headers)
{
    if (headers->count > 0 || row->status_description)
        write_map(buf, headers, row->multi_headers && (headers->repeats || !row->single_headers), !row->cookie_list);
    if (row->cookie_list)
        write_cookies(buf, headers);
}

static void write_status(struct leat_buf *buf, const struct leat_http_row *row, int status)
{
    const char *reason = row->status_description ? leat_http_reason(status) : NULL;
    leat_buf_printf(buf, "{\"statusCode\":%d", status);
    if (reason != NULL)
        leat_buf_printf(buf, ",\"statusDescription\":\"%d %s\"", status, reason);
}

leat_str leat_http_encode(struct leat_arena *arena, enum leat_http_dialect dialect, const struct leat_reply *reply)
{
    const struct leat_http_row *row = leat_http_row(dialect);
    struct leat_buf buf;
    bool text = leat_str_utf8(reply->body) == reply->body.len;
    struct headers headers = collect(arena, reply, text);
    leat_buf_init(&buf, arena);
    write_status(&buf, row, reply->status != 0 ? reply->status : 200);
    write_headers(&buf, row, &headers);
    leat_buf_c(&buf, ",\"body\":");
    leat_buf_json_string(&buf, text ? reply->body : leat_base64_encode(arena, reply->body));
    leat_buf_printf(&buf, ",\"isBase64Encoded\":%s}", text ? "false" : "true");
    return arena->overflow ? LEAT_ABSENT : leat_buf_str(&buf);
}

/* Headers that the gateway writes itself: with them in the prelude it answers nonsense. */
static bool is_framing(leat_str name)
{
    return leat_str_eq_nocase(name, LEAT_STR("content-length")) || leat_str_eq_nocase(name, LEAT_STR("connection")) ||
           leat_str_eq_nocase(name, LEAT_STR("transfer-encoding"));
}

leat_str leat_http_prelude(struct leat_arena *arena, const struct leat_reply *reply)
{
    const struct leat_http_row *row = leat_http_row(LEAT_HTTP_URL);
    struct leat_reply head = {.status = reply->status, .content_type = reply->content_type, .body = LEAT_STR("-")};
    struct leat_reply_header **last = &head.headers;
    for (const struct leat_reply_header *at = reply->headers; at != NULL; at = at->next) {
        struct leat_reply_header *copy = is_framing(at->name) ? NULL : LEAT_NEW(arena, struct leat_reply_header);
        if (copy == NULL)
            continue;
        copy->name = at->name;
        copy->value = at->value;
        *last = copy;
        last = &copy->next;
    }
    struct headers headers = collect(arena, &head, true);
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    write_status(&buf, row, head.status != 0 ? head.status : 200);
    write_headers(&buf, row, &headers);
    leat_buf_char(&buf, '}');
    leat_buf_add(&buf, leat_str_of("\0\0\0\0\0\0\0", 8));
    return arena->overflow ? LEAT_ABSENT : leat_buf_str(&buf);
}
