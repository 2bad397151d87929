/* SPDX-License-Identifier: Apache-2.0 */
/* A function's answer -> what the client of the gateway gets. The rows of the table in docs/reference/replies.md
 * are the tests of this file. */
#include "http_private.h"

#include <leat/text.h>

struct answer {
    struct leat_arena *arena;
    const struct leat_http_row *row;
    const cJSON *root;
    struct leat_reply *reply;
    struct leat_reply_header **tail;
    size_t count, first; /* headers; those of the map that comes first */
};

static bool is_absent(const cJSON *item)
{
    return item == NULL || cJSON_IsNull(item);
}

static void gateway_error(const struct leat_http_row *row, struct leat_reply *reply)
{
    *reply = (struct leat_reply){
        .status = row->error_status, .content_type = LEAT_STR("application/json"), .body = row->error_body};
}

/* The same pair in both maps counts once. */
static bool in_first_map(const struct answer *answer, leat_str name, leat_str value)
{
    const struct leat_reply_header *at = answer->reply->headers;
    for (size_t i = 0; i < answer->first; i++, at = at->next)
        if (leat_str_eq(at->name, name) && leat_str_eq(at->value, value))
            return true;
    return false;
}

static void add_header(struct answer *answer, const char *name, leat_str value)
{
    leat_str folded = leat_http_fold(answer->arena, leat_str_c(name));
    if (leat_str_is(folded, "content-type")) {
        if (answer->reply->content_type.ptr == NULL)
            answer->reply->content_type = value;
        return;
    }
    struct leat_reply_header *header =
        in_first_map(answer, folded, value) ? NULL : LEAT_NEW(answer->arena, struct leat_reply_header);
    if (header == NULL)
        return;
    *header = (struct leat_reply_header){.name = folded, .value = value};
    *answer->tail = header;
    answer->tail = &header->next;
    answer->count++;
}

/* Format 2.0 takes any value for text. */
static bool text_of(struct answer *answer, const cJSON *item, leat_str *ret)
{
    struct leat_buf buf;
    *ret = leat_json_text(item);
    if (ret->ptr != NULL || !answer->row->free_form)
        return ret->ptr != NULL;
    leat_buf_init(&buf, answer->arena);
    leat_json_print(&buf, item);
    *ret = leat_buf_str(&buf);
    return true;
}

static bool read_headers(struct answer *answer)
{
    const cJSON *map = leat_json_get(answer->root, "headers"), *entry = NULL;
    leat_str value;
    if (!is_absent(map) && !cJSON_IsObject(map))
        return false;
    cJSON_ArrayForEach (entry, map) {
        if (cJSON_IsNull(entry))
            continue;
        if (!text_of(answer, entry, &value))
            return false;
        add_header(answer, entry->string, value);
    }
    return true;
}

static bool add_list(struct answer *answer, const char *name, const cJSON *list)
{
    const cJSON *item = NULL;
    if (!cJSON_IsArray(list))
        return false;
    cJSON_ArrayForEach (item, list) {
        if (!cJSON_IsString(item))
            return false;
        add_header(answer, name, leat_json_text(item));
    }
    return true;
}

static bool read_multi_headers(struct answer *answer)
{
    const cJSON *map = leat_json_get(answer->root, "multiValueHeaders"), *entry = NULL;
    if (!answer->row->multi_values || is_absent(map))
        return true;
    if (!cJSON_IsObject(map))
        return false;
    cJSON_ArrayForEach (entry, map)
        if (!add_list(answer, entry->string, entry))
            return false;
    return true;
}

static bool read_both(struct answer *answer)
{
    bool (*const readers[])(struct answer *) = {read_headers, read_multi_headers};
    size_t first = answer->row->multi_first ? 1 : 0;
    if (!readers[first](answer))
        return false;
    answer->first = answer->count;
    return readers[1 - first](answer);
}

static bool read_cookies(struct answer *answer)
{
    const cJSON *cookies = leat_json_get(answer->root, "cookies");
    answer->first = 0; /* a cookie may well repeat a set-cookie header */
    return !answer->row->cookie_list || is_absent(cookies) || add_list(answer, "set-cookie", cookies);
}

/* A number without fraction, or such a number as text. */
static bool read_status(struct answer *answer)
{
    const cJSON *item = leat_json_get(answer->root, "statusCode");
    int64_t code = 0;
    double number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    if (number >= 100 && number <= 599)
        code = (double)(int)number < number ? 0 : (int)number;
    else if (!leat_str_int64(leat_json_text(item), &code))
        return false;
    answer->reply->status = (int)code;
    return code >= 100 && code <= 599;
}

static bool read_body(struct answer *answer)
{
    const cJSON *body = leat_json_get(answer->root, "body");
    const cJSON *encoded = leat_json_get(answer->root, "isBase64Encoded");
    answer->reply->body = LEAT_STR("");
    if (!is_absent(encoded) && !cJSON_IsBool(encoded))
        return false;
    if (is_absent(body))
        return true;
    if (!text_of(answer, body, &answer->reply->body))
        return false;
    return !cJSON_IsTrue(encoded) || leat_base64_decode(answer->arena, answer->reply->body, &answer->reply->body);
}

static void read_reply(struct answer *answer)
{
    bool whole = read_status(answer) && read_both(answer) && read_cookies(answer) && read_body(answer);
    if (!whole)
        gateway_error(answer->row, answer->reply);
    else if (answer->reply->content_type.ptr == NULL)
        answer->reply->content_type = answer->row->default_type;
}

leat_status leat_http_decode(struct leat_arena *arena, enum leat_http_dialect dialect, leat_str answer,
                             struct leat_reply *retreply)
{
    const struct leat_http_row *row = leat_http_row(dialect);
    cJSON *root = NULL;
    *retreply = (struct leat_reply){0};
    (void)leat_json_parse(arena, answer, &root, NULL); /* not JSON: root stays NULL */
    struct answer reading = {.arena = arena, .row = row, .root = root, .reply = retreply, .tail = &retreply->headers};
    if (leat_json_get(root, "statusCode") != NULL)
        read_reply(&reading);
    else if (!row->free_form)
        gateway_error(row, retreply);
    else
        *retreply = (struct leat_reply){.status = 200,
                                        .content_type = LEAT_STR("application/json"),
                                        .body = cJSON_IsString(root) ? leat_json_text(root) : answer};
    return leat_arena_status(arena);
}

leat_status leat_http_decode_error(struct leat_arena *arena, enum leat_http_dialect dialect,
                                   struct leat_reply *retreply)
{
    (void)arena; /* the answers are constants */
    gateway_error(leat_http_row(dialect), retreply);
    return LEAT_OK;
}
