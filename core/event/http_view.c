/* SPDX-License-Identifier: Apache-2.0 */
/* The view of a request: every dialect's own way of writing it, read through its row. */
#include "http_private.h"

#include <leat/text.h>

struct pairs {
    struct leat_pair *items; /* NULL: the request has no such member */
    size_t count;
};

static size_t count_values(struct leat_http_map map)
{
    size_t count = 0;
    const cJSON *entry = NULL;
    cJSON_ArrayForEach (entry, map.object)
        count += map.lists && cJSON_IsArray(entry) ? (size_t)cJSON_GetArraySize(entry) : 1;
    return count;
}

/* A null is no value. */
static void add_value(struct pairs *pairs, leat_str name, const cJSON *value)
{
    leat_str text = leat_json_text(value);
    if (text.ptr != NULL)
        pairs->items[pairs->count++] = (struct leat_pair){.name = name, .value = text};
}

/* One member more than asked for, so that an empty list differs from an absent one. */
static struct pairs new_pairs(struct leat_arena *arena, size_t count)
{
    return (struct pairs){.items = LEAT_NEW_N(arena, struct leat_pair, count + 1)};
}

static struct pairs read_map(struct leat_arena *arena, struct leat_http_map map)
{
    struct pairs pairs = {0};
    const cJSON *entry = NULL, *item = NULL;
    if (map.object != NULL)
        pairs = new_pairs(arena, count_values(map));
    if (pairs.items == NULL)
        return pairs;
    cJSON_ArrayForEach (entry, map.object) {
        leat_str name = leat_json_name(arena, entry);
        if (!map.lists) {
            add_value(&pairs, name, entry);
            continue;
        }
        if (cJSON_IsArray(entry))
            cJSON_ArrayForEach (item, entry)
                add_value(&pairs, name, item);
    }
    return pairs;
}

static struct pairs read_headers(struct leat_arena *arena, const struct leat_http_row *row, const cJSON *request)
{
    struct pairs pairs = read_map(arena, leat_http_headers(row, request));
    for (size_t i = 0; i < pairs.count; i++)
        pairs.items[i].name = leat_http_fold(arena, pairs.items[i].name);
    return pairs;
}

static size_t count_pieces(leat_str text, char separator)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == separator ? 1 : 0;
    return count;
}

static struct pairs parse_query(struct leat_arena *arena, leat_str raw)
{
    struct pairs pairs = new_pairs(arena, count_pieces(raw, '&'));
    while (pairs.items != NULL && raw.ptr != NULL) {
        leat_str value = leat_str_cut(&raw, '&');
        if (value.len == 0)
            continue;
        leat_str name = leat_str_cut(&value, '=');
        if (value.ptr == NULL) /* "?flag" */
            value = LEAT_STR("");
        pairs.items[pairs.count++] = (struct leat_pair){.name = leat_percent_decode(arena, name, true),
                                                        .value = leat_percent_decode(arena, value, true)};
    }
    return pairs;
}

static struct pairs read_query(struct leat_arena *arena, const struct leat_http_row *row, const cJSON *request)
{
    /* The gateway joins repeated names with commas in the decoded map, so the raw text is better. */
    leat_str raw = row->raw_query ? leat_json_get_text(request, "rawQueryString") : LEAT_ABSENT;
    if (raw.ptr != NULL)
        return parse_query(arena, raw);
    struct pairs pairs = read_map(arena, leat_http_query_map(row, request));
    for (size_t i = 0; row->query_encoded && i < pairs.count; i++) {
        pairs.items[i].name = leat_percent_decode(arena, pairs.items[i].name, true);
        pairs.items[i].value = leat_percent_decode(arena, pairs.items[i].value, true);
    }
    return pairs;
}

static struct pairs read_parameters(struct leat_arena *arena, const struct leat_http_row *row, const cJSON *request)
{
    struct leat_http_map map = {.object = leat_json_get_object(request, "pathParameters")};
    struct pairs pairs = read_map(arena, map);
    for (size_t i = 0; row->parameters_encoded && i < pairs.count; i++)
        pairs.items[i].value = leat_percent_decode(arena, pairs.items[i].value, false);
    return pairs;
}

/* --- cookies ----------------------------------------------------------------------------------------- */

static void listed_cookies(struct leat_http *http, struct leat_arena *arena, const cJSON *list)
{
    leat_str *cookies = LEAT_NEW_N(arena, leat_str, (size_t)cJSON_GetArraySize(list) + 1);
    const cJSON *item = NULL;
    if (cookies == NULL)
        return;
    cJSON_ArrayForEach (item, list) {
        leat_str text = leat_json_text(item);
        if (text.ptr != NULL)
            cookies[http->cookie_count++] = text;
    }
    http->cookies = cookies;
}

static bool is_cookie(const struct leat_pair *header)
{
    return leat_str_is(header->name, "cookie");
}

static void header_cookies(struct leat_http *http, struct leat_arena *arena)
{
    size_t size = 0;
    for (size_t i = 0; i < http->header_count; i++)
        size += is_cookie(&http->headers[i]) ? count_pieces(http->headers[i].value, ';') : 0;
    leat_str *cookies = size > 0 ? LEAT_NEW_N(arena, leat_str, size) : NULL;
    for (size_t i = 0; cookies != NULL && i < http->header_count; i++) {
        leat_str rest = is_cookie(&http->headers[i]) ? http->headers[i].value : LEAT_ABSENT;
        while (rest.ptr != NULL) {
            leat_str cookie = leat_str_trim(leat_str_cut(&rest, ';'));
            if (cookie.len > 0)
                cookies[http->cookie_count++] = cookie;
        }
    }
    http->cookies = cookies;
}

/* The load balancer adds the address it was called from behind what the client claims. */
static leat_str last_forwarded(const struct leat_http *http)
{
    leat_str rest = LEAT_ABSENT, last = LEAT_ABSENT;
    for (size_t i = 0; i < http->header_count; i++)
        if (leat_str_is(http->headers[i].name, "x-forwarded-for"))
            rest = http->headers[i].value;
    while (rest.ptr != NULL) {
        leat_str address = leat_str_trim(leat_str_cut(&rest, ','));
        if (address.len > 0)
            last = address;
    }
    return last;
}

/* --- the view ---------------------------------------------------------------------------------------- */

const void *leat_http_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *request = envelope->record;
    const struct leat_http_row *row = leat_http_row_of(request);
    struct leat_http *http = LEAT_NEW(arena, struct leat_http);
    if (http == NULL)
        return NULL;
    http->method = leat_http_text(row, request, LEAT_FIELD_METHOD);
    http->path = leat_http_path(arena, row, request);
    http->route = leat_http_text(row, request, LEAT_FIELD_ROUTE);
    http->stage = leat_http_text(row, request, LEAT_FIELD_STAGE);

    struct pairs query = read_query(arena, row, request);
    struct pairs headers = read_headers(arena, row, request);
    struct pairs parameters = read_parameters(arena, row, request);
    http->query = query.items;
    http->query_count = query.count;
    http->headers = headers.items;
    http->header_count = headers.count;
    http->path_parameters = parameters.items;
    http->path_parameter_count = parameters.count;
    http->client_ip = row->forwarded ? last_forwarded(http) : leat_http_text(row, request, LEAT_FIELD_CLIENT_IP);

    const cJSON *cookies = row->cookie_list ? leat_json_get_array(request, "cookies") : NULL;
    if (cookies != NULL)
        listed_cookies(http, arena, cookies);
    else
        header_cookies(http, arena);
    return arena->overflow ? NULL : http;
}

static leat_str find_pair(const struct leat_pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (leat_str_is(pairs[i].name, name))
            return pairs[i].value;
    return LEAT_ABSENT;
}

leat_str leat_http_header(const struct leat_http *http, const char *name)
{
    for (size_t i = 0; http != NULL && i < http->header_count; i++)
        if (leat_str_eq_nocase(http->headers[i].name, leat_str_c(name)))
            return http->headers[i].value;
    return LEAT_ABSENT;
}

leat_str leat_http_query(const struct leat_http *http, const char *name)
{
    return http != NULL ? find_pair(http->query, http->query_count, name) : LEAT_ABSENT;
}

leat_str leat_http_path_parameter(const struct leat_http *http, const char *name)
{
    return http != NULL ? find_pair(http->path_parameters, http->path_parameter_count, name) : LEAT_ABSENT;
}
