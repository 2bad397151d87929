/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dialects, and what is read from a request without making its view. */
#include "http_private.h"

#include <leat/text.h>

#define IN_CONTEXT(name)           \
    {                              \
        {                          \
            "requestContext", name \
        }                          \
    }
#define COMMON_FIELDS                                                                            \
    [LEAT_FIELD_STAGE] = IN_CONTEXT("stage"), [LEAT_FIELD_REQUEST_ID] = IN_CONTEXT("requestId"), \
    [LEAT_FIELD_DOMAIN] = IN_CONTEXT("domainName"), [LEAT_FIELD_API] = IN_CONTEXT("apiId"),      \
    [LEAT_FIELD_ACCOUNT] = IN_CONTEXT("accountId")
#define VERSION_1_FIELDS                                                                   \
    COMMON_FIELDS, [LEAT_FIELD_METHOD] = {{"httpMethod"}}, [LEAT_FIELD_PATH] = {{"path"}}, \
                   [LEAT_FIELD_ROUTE] = {{"resource"}},                                    \
                   [LEAT_FIELD_CLIENT_IP] = {{"requestContext", "identity", "sourceIp"}},  \
                   [LEAT_FIELD_TIME] = IN_CONTEXT("requestTimeEpoch")

static const struct leat_http_row rows[] = {
    [LEAT_HTTP_REST] =
        {
            .fields = {VERSION_1_FIELDS},
            .path_encoded = true,
            .parameters_encoded = true,
            .multi_values = true,
            .error_status = 502,
            .error_body = {"{\"message\": \"Internal server error\"}", 36},
            .default_type = {"application/json", 16},
            .multi_first = true,
        },
    [LEAT_HTTP_V1] =
        {
            .fields = {VERSION_1_FIELDS},
            .path_encoded = true,
            .path_has_stage = true,
            .multi_values = true,
            .error_status = 500,
            .error_body = {"{\"message\":\"Internal Server Error\"}", 35},
            .default_type = {"text/plain; charset=utf-8", 25},
        },
    [LEAT_HTTP_V2] =
        {
            .fields =
                {
                    COMMON_FIELDS,
                    [LEAT_FIELD_METHOD] = {{"requestContext", "http", "method"}},
                    [LEAT_FIELD_PATH] = {{"rawPath"}},
                    [LEAT_FIELD_ROUTE] = {{"routeKey"}},
                    [LEAT_FIELD_CLIENT_IP] = {{"requestContext", "http", "sourceIp"}},
                    [LEAT_FIELD_TIME] = IN_CONTEXT("timeEpoch"),
                },
            .path_has_stage = true,
            .raw_query = true,
            .cookie_list = true,
            .error_status = 500,
            .error_body = {"{\"message\":\"Internal Server Error\"}", 35},
            .default_type = {"text/plain; charset=utf-8", 25},
            .free_form = true,
        },
};

enum leat_http_dialect leat_http_dialect_of(const cJSON *request)
{
    leat_str version = leat_json_get_text(request, "version");
    if (leat_str_is(version, "2.0"))
        return LEAT_HTTP_V2;
    return leat_str_is(version, "1.0") ? LEAT_HTTP_V1 : LEAT_HTTP_REST;
}

const struct leat_http_row *leat_http_row(enum leat_http_dialect dialect)
{
    return &rows[dialect];
}

const struct leat_http_row *leat_http_row_of(const cJSON *request)
{
    return leat_http_row(leat_http_dialect_of(request));
}

const cJSON *leat_http_find(const struct leat_http_row *row, const cJSON *request, enum leat_http_field field)
{
    const char *const *names = row->fields[field].names;
    const cJSON *item = request;
    for (size_t i = 0; i < 3 && names[i] != NULL; i++)
        item = leat_json_get(item, names[i]);
    return item;
}

leat_str leat_http_text(const struct leat_http_row *row, const cJSON *request, enum leat_http_field field)
{
    return leat_json_text(leat_http_find(row, request, field));
}

static struct leat_http_map map_of(const struct leat_http_row *row, const cJSON *request, const char *multi,
                                   const char *single)
{
    const cJSON *lists = row->multi_values ? leat_json_get_object(request, multi) : NULL;
    const cJSON *texts = leat_json_get_object(request, single);
    if (lists != NULL && (lists->child != NULL || texts == NULL))
        return (struct leat_http_map){.object = lists, .lists = true};
    return (struct leat_http_map){.object = texts};
}

struct leat_http_map leat_http_headers(const struct leat_http_row *row, const cJSON *request)
{
    return map_of(row, request, "multiValueHeaders", "headers");
}

struct leat_http_map leat_http_query_map(const struct leat_http_row *row, const cJSON *request)
{
    return map_of(row, request, "multiValueQueryStringParameters", "queryStringParameters");
}

leat_str leat_http_fold(struct leat_arena *arena, leat_str name)
{
    size_t upper = 0;
    while (upper < name.len && !(name.ptr[upper] >= 'A' && name.ptr[upper] <= 'Z'))
        upper++;
    if (upper == name.len)
        return name;
    char *folded = leat_arena_alloc(arena, name.len + 1);
    if (folded == NULL)
        return LEAT_ABSENT;
    for (size_t i = 0; i < name.len; i++)
        folded[i] = (char)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] + ('a' - 'A') : name.ptr[i]);
    folded[name.len] = '\0';
    return leat_str_of(folded, name.len);
}

/* Before decoding: an encoded slash behind the stage's name is no end of it. */
static leat_str without_stage(leat_str path, leat_str stage)
{
    leat_str rest = leat_str_skip(path, 1);
    if (stage.len == 0 || leat_str_is(stage, "$default") || path.len == 0 || path.ptr[0] != '/' ||
        !leat_str_starts(rest, stage))
        return path;
    rest = leat_str_skip(rest, stage.len);
    return rest.len == 0 || rest.ptr[0] == '/' ? rest : path;
}

leat_str leat_http_path(struct leat_arena *arena, const struct leat_http_row *row, const cJSON *request)
{
    leat_str path = leat_http_text(row, request, LEAT_FIELD_PATH);
    if (path.ptr == NULL)
        return LEAT_ABSENT;
    if (row->path_has_stage)
        path = without_stage(path, leat_http_text(row, request, LEAT_FIELD_STAGE));
    if (path.len == 0)
        return LEAT_STR("/");
    return row->path_encoded ? leat_percent_decode(arena, path, false) : path;
}

static leat_str time_of(struct leat_arena *arena, const cJSON *epoch)
{
    /* Milliseconds, but `sam local` writes seconds; the year 9999 is 2.5e14. */
    double ms = cJSON_IsNumber(epoch) ? epoch->valuedouble : 0;
    if (ms < 1e11)
        ms *= 1000;
    return ms > 0 && ms < 1e15 ? leat_time_from_ms(arena, (int64_t)ms) : LEAT_ABSENT;
}

/* The first value of each header that an envelope wants. */
static void headers_of(struct leat_http_map map, struct leat_http_facts *facts)
{
    const struct {
        leat_str name, *ret;
    } wanted[] = {
        {LEAT_STR("host"), &facts->host},
        {LEAT_STR("content-type"), &facts->content_type},
        {LEAT_STR("x-amzn-trace-id"), &facts->trace},
    };
    const cJSON *entry = NULL;
    cJSON_ArrayForEach (entry, map.object) {
        leat_str name = leat_str_c(entry->string);
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
            if (wanted[i].ret->ptr == NULL && leat_str_eq_nocase(name, wanted[i].name))
                *wanted[i].ret = leat_json_text(map.lists && cJSON_IsArray(entry) ? entry->child : entry);
    }
}

void leat_http_facts(struct leat_arena *arena, const cJSON *request, struct leat_http_facts *retfacts)
{
    const struct leat_http_row *row = leat_http_row_of(request);
    *retfacts = (struct leat_http_facts){
        .id = leat_http_text(row, request, LEAT_FIELD_REQUEST_ID),
        .method = leat_http_text(row, request, LEAT_FIELD_METHOD),
        .path = leat_http_path(arena, row, request),
        .domain = leat_http_text(row, request, LEAT_FIELD_DOMAIN),
        .api = leat_http_text(row, request, LEAT_FIELD_API),
        .account = leat_http_text(row, request, LEAT_FIELD_ACCOUNT),
        .time = time_of(arena, leat_http_find(row, request, LEAT_FIELD_TIME)),
    };
    headers_of(leat_http_headers(row, request), retfacts);
}
