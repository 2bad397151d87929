/* SPDX-License-Identifier: Apache-2.0 */
/* A function's answer -> what the client of the gateway gets. The rows of the table in docs/reference/replies.md
 * are the tests of this file. */
#include "http_private.h"

#include <leat/text.h>

#include <stdlib.h>

struct answer {
    struct leat_arena *arena;
    const struct leat_http_row *row;
    const cJSON *root;
    leat_str streamed; /* the body behind a prelude; absent: there is none */
    struct leat_reply *reply;
    struct leat_reply_header **tail;
    size_t count;                           /* headers */
    const struct leat_reply_header **first; /* those of the map that comes first, sorted */
    size_t first_count;
};

static bool is_absent(const cJSON *item)
{
    return item == NULL || cJSON_IsNull(item);
}

static void gateway_error(const struct leat_http_row *row, struct leat_reply *reply)
{
    *reply = (struct leat_reply){.status = row->error_status, .body = LEAT_STR("")};
    if (row->error_body.ptr == NULL)
        return;
    reply->content_type = LEAT_STR("application/json");
    reply->body = row->error_body;
}

static int compare(leat_str a, leat_str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len > 0 ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

static int by_pair(const void *a, const void *b)
{
    const struct leat_reply_header *left = *(const struct leat_reply_header *const *)a;
    const struct leat_reply_header *right = *(const struct leat_reply_header *const *)b;
    int order = compare(left->name, right->name);
    return order != 0 ? order : compare(left->value, right->value);
}

/* The same pair in both maps counts once. */
static void remember_first_map(struct answer *answer)
{
    answer->first = LEAT_NEW_N(answer->arena, const struct leat_reply_header *, answer->count + 1);
    if (answer->first == NULL)
        return;
    for (const struct leat_reply_header *at = answer->reply->headers; at != NULL; at = at->next)
        answer->first[answer->first_count++] = at;
    qsort(answer->first, answer->first_count, sizeof(*answer->first), by_pair);
}

static bool in_first_map(const struct answer *answer, leat_str name, leat_str value)
{
    const struct leat_reply_header pair = {.name = name, .value = value}, *key = &pair;
    return answer->first_count > 0 &&
           bsearch(&key, answer->first, answer->first_count, sizeof(*answer->first), by_pair) != NULL;
}

static bool is_hop_by_hop(leat_str name)
{
    static const char *const names[] = {"connection",
                                        "keep-alive",
                                        "proxy-authenticate",
                                        "proxy-authorization",
                                        "proxy-connection",
                                        "te",
                                        "trailer",
                                        "transfer-encoding",
                                        "upgrade"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (leat_str_is(name, names[i]))
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
    if ((answer->row->hop_by_hop && is_hop_by_hop(folded)) || in_first_map(answer, folded, value))
        return;
    struct leat_reply_header *header = LEAT_NEW(answer->arena, struct leat_reply_header);
    if (header == NULL)
        return;
    *header = (struct leat_reply_header){.name = folded, .value = value};
    *answer->tail = header;
    answer->tail = &header->next;
    answer->count++;
}

/* Some gateways take any value for text. */
static bool text_of(struct answer *answer, const cJSON *item, leat_str *ret)
{
    struct leat_buf buf;
    *ret = leat_json_text(item);
    if (ret->ptr != NULL || !answer->row->any_value)
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
    if (!answer->row->single_headers || is_absent(map))
        return true;
    if (!cJSON_IsObject(map))
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
    if (!answer->row->multi_headers || is_absent(map))
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
    remember_first_map(answer);
    return readers[1 - first](answer);
}

static bool read_cookies(struct answer *answer)
{
    const cJSON *cookies = leat_json_get(answer->root, "cookies");
    answer->first_count = 0; /* a cookie may well repeat a set-cookie header */
    return !answer->row->cookie_list || is_absent(cookies) || add_list(answer, "set-cookie", cookies);
}

/* A number without fraction, or such a number as text. */
static bool read_status(struct answer *answer)
{
    const cJSON *item = leat_json_get(answer->root, "statusCode");
    int64_t code = 0;
    double number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    if (item == NULL) /* only a prelude may leave it out */
        code = 200;
    else if (number >= 100 && number <= 599)
        code = (double)(int)number < number ? 0 : (int)number;
    else if (!leat_str_int64(leat_json_text(item), &code))
        return false;
    answer->reply->status = (int)code;
    return code >= 100 && code <= 599;
}

static bool good_description(const struct answer *answer)
{
    const cJSON *description = leat_json_get(answer->root, "statusDescription");
    return !answer->row->status_description || is_absent(description) || cJSON_IsString(description);
}

static bool read_body(struct answer *answer)
{
    const cJSON *body = leat_json_get(answer->root, "body");
    const cJSON *encoded = leat_json_get(answer->root, "isBase64Encoded");
    answer->reply->body = answer->streamed.ptr != NULL ? answer->streamed : LEAT_STR("");
    if (answer->streamed.ptr != NULL)
        return true;
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
    bool whole = read_status(answer) && good_description(answer) && read_both(answer) && read_cookies(answer) &&
                 read_body(answer);
    if (!whole)
        gateway_error(answer->row, answer->reply);
    else if (answer->reply->content_type.ptr == NULL)
        answer->reply->content_type = answer->row->default_type;
}

/* What has no statusCode. */
static void read_free(const struct answer *answer, leat_str text)
{
    enum leat_http_free free = answer->row->free;
    if (free == LEAT_FREE_NOT || (free == LEAT_FREE_JSON && answer->root == NULL)) {
        gateway_error(answer->row, answer->reply);
        return;
    }
    bool bare = free == LEAT_FREE_TEXT && cJSON_IsString(answer->root);
    *answer->reply = (struct leat_reply){.status = 200,
                                         .content_type = LEAT_STR("application/json"),
                                         .body = bare ? leat_json_text(answer->root) : text};
}

/* Leaves the prelude in *text and returns what stands behind its NULs; absent: it is no prelude. */
static leat_str cut_prelude(leat_str *text)
{
    size_t at = 0;
    if (text->len == 0 || text->ptr[0] != '{' || !leat_is_ok(leat_json_scan(*text, &at, NULL)))
        return LEAT_ABSENT;
    leat_str rest = leat_str_skip(*text, at);
    if (!leat_str_starts(rest, LEAT_STR("\0\0\0\0\0\0\0\0")))
        return LEAT_ABSENT;
    text->len = at;
    return leat_str_skip(rest, 8);
}

leat_status leat_http_decode(struct leat_arena *arena, enum leat_http_dialect dialect, leat_str answer,
                             struct leat_reply *retreply)
{
    const struct leat_http_row *row = leat_http_row(dialect);
    cJSON *root = NULL;
    *retreply = (struct leat_reply){0};
    if (row->answer_max != 0 && answer.len > row->answer_max) {
        gateway_error(row, retreply);
        return LEAT_OK;
    }
    leat_str streamed = row->prelude ? cut_prelude(&answer) : LEAT_ABSENT;
    (void)leat_json_parse(arena, answer, &root, NULL); /* not JSON: root stays NULL */
    struct answer reading = {
        .arena = arena, .row = row, .root = root, .streamed = streamed, .reply = retreply, .tail = &retreply->headers};
    if (streamed.ptr != NULL || leat_json_get(root, "statusCode") != NULL)
        read_reply(&reading);
    else
        read_free(&reading, answer);
    return leat_arena_status(arena);
}

leat_status leat_http_decode_error(struct leat_arena *arena, enum leat_http_dialect dialect,
                                   struct leat_reply *retreply)
{
    (void)arena; /* the answers are constants */
    gateway_error(leat_http_row(dialect), retreply);
    return LEAT_OK;
}
