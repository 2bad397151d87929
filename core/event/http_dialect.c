/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dialects, and what is read from a request without making its view. */
#include "http_private.h"

#include <leat/attributes.h>
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
#define METHOD_AND_PATH [LEAT_FIELD_METHOD] = {{"httpMethod"}}, [LEAT_FIELD_PATH] = {{"path"}}
#define IDENTITY_FIELDS                                                                        \
    [LEAT_FIELD_CLIENT_IP] = {{"requestContext", "identity", "sourceIp"}}, [LEAT_FIELD_TIME] = \
                                                                               IN_CONTEXT("requestTimeEpoch")
#define VERSION_1_FIELDS COMMON_FIELDS, METHOD_AND_PATH, IDENTITY_FIELDS, [LEAT_FIELD_ROUTE] = {{"resource"}}
#define VERSION_2_FIELDS                                                                                            \
    COMMON_FIELDS, [LEAT_FIELD_METHOD] = {{"requestContext", "http", "method"}}, [LEAT_FIELD_PATH] = {{"rawPath"}}, \
                   [LEAT_FIELD_ROUTE] = {{"routeKey"}},                                                             \
                   [LEAT_FIELD_CLIENT_IP] = {{"requestContext", "http", "sourceIp"}},                               \
                   [LEAT_FIELD_TIME] = IN_CONTEXT("timeEpoch")
#define WEBSOCKET_FIELDS                                                                                \
    COMMON_FIELDS, METHOD_AND_PATH, IDENTITY_FIELDS,                                                    \
        [LEAT_FIELD_ROUTE] = IN_CONTEXT("routeKey"), [LEAT_FIELD_MESSAGE_ID] = IN_CONTEXT("messageId"), \
        [LEAT_FIELD_CONNECTION] = IN_CONTEXT("connectionId"), [LEAT_FIELD_EVENT_TYPE] = IN_CONTEXT("eventType")
#define ALB_FIELDS METHOD_AND_PATH, [LEAT_FIELD_TARGET_GROUP] = {{"requestContext", "elb", "targetGroupArn"}}
#define METHOD_PATH_NEEDED (LEAT_NEED(METHOD) | LEAT_NEED(PATH))

#define TEXT(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

/* What both ALB rows share: they differ in what the reply has. 1 MB is the limit of a response. */
#define ALB_ROW                                                                                                 \
    .kind = "alb", .type = "com.amazonaws.elb.request", .fields = {ALB_FIELDS}, .needed = METHOD_PATH_NEEDED,   \
    .scheme = "https://", .path_encoded = true, .query_encoded = true, .multi_values = true, .forwarded = true, \
    .trace_id = true, .error_status = 502, .status_description = true, .hop_by_hop = true, .answer_max = 1 << 20

static const struct leat_http_row rows[] = {
    [LEAT_HTTP_REST] =
        {
            .kind = "apigateway-rest",
            .type = "com.amazonaws.apigateway.http.request",
            .fields = {VERSION_1_FIELDS},
            .needed = METHOD_PATH_NEEDED,
            .scheme = "https://",
            .path_encoded = true,
            .parameters_encoded = true,
            .multi_values = true,
            .error_status = 502,
            .error_body = TEXT("{\"message\": \"Internal server error\"}"),
            .default_type = TEXT("application/json"),
            .single_headers = true,
            .multi_headers = true,
            .multi_first = true,
        },
    [LEAT_HTTP_V1] =
        {
            .kind = "apigateway-http",
            .type = "com.amazonaws.apigateway.http.request",
            .fields = {VERSION_1_FIELDS},
            .needed = METHOD_PATH_NEEDED,
            .scheme = "https://",
            .path_encoded = true,
            .path_has_stage = true,
            .multi_values = true,
            .error_status = 500,
            .error_body = TEXT("{\"message\":\"Internal Server Error\"}"),
            .default_type = TEXT("text/plain; charset=utf-8"),
            .single_headers = true,
            .multi_headers = true,
        },
    [LEAT_HTTP_V2] =
        {
            .kind = "apigateway-http",
            .type = "com.amazonaws.apigateway.http.request",
            .fields = {VERSION_2_FIELDS},
            .needed = METHOD_PATH_NEEDED,
            .scheme = "https://",
            .path_has_stage = true,
            .raw_query = true,
            .cookie_list = true,
            .error_status = 500,
            .error_body = TEXT("{\"message\":\"Internal Server Error\"}"),
            .default_type = TEXT("text/plain; charset=utf-8"),
            .free = LEAT_FREE_TEXT,
            .any_value = true,
            .single_headers = true,
        },
    [LEAT_HTTP_URL] =
        {
            .kind = "function-url",
            .type = "com.amazonaws.lambdaurl.request",
            .fields = {VERSION_2_FIELDS},
            .needed = METHOD_PATH_NEEDED,
            .scheme = "https://",
            .path_encoded = true, /* HTTP APIs decode it, function URLs do not */
            .path_has_stage = true,
            .raw_query = true,
            .cookie_list = true,
            .error_status = 502,
            .default_type = TEXT("application/json"),
            .free = LEAT_FREE_JSON,
            .any_value = true,
            .single_headers = true,
            .prelude = true,
        },
    [LEAT_HTTP_ALB] = {ALB_ROW, .single_headers = true},
    [LEAT_HTTP_ALB_MULTI] = {ALB_ROW, .multi_headers = true},
    [LEAT_HTTP_WEBSOCKET] =
        {
            .kind = "apigateway-websocket",
            .type = "com.amazonaws.apigateway.websocket.",
            .fields = {WEBSOCKET_FIELDS},
            .needed = LEAT_NEED(CONNECTION) | LEAT_NEED(EVENT_TYPE),
            .event_types = {"CONNECT", "MESSAGE", "DISCONNECT"},
            .scheme = "wss://",
            .path_encoded = true,
            .parameters_encoded = true,
            .multi_values = true,
            .error_status = 502,
            .error_body = TEXT("{\"message\": \"Internal server error\"}"),
            .single_headers = true,
            .multi_headers = true,
        },
};

static bool is_text(const cJSON *object, const char *name)
{
    return leat_json_get_text(object, name).ptr != NULL;
}

/* A target group sends one family of maps; where a made-up request has both, the lists count. */
static enum leat_http_dialect dialect_of_alb(const cJSON *request)
{
    struct leat_http_map map = leat_http_headers(&rows[LEAT_HTTP_ALB], request);
    if (map.object == NULL)
        map = leat_http_query_map(&rows[LEAT_HTTP_ALB], request);
    return map.lists ? LEAT_HTTP_ALB_MULTI : LEAT_HTTP_ALB;
}

/* A function URL writes format 2.0 as an HTTP API does; only its domain tells. */
static enum leat_http_dialect dialect_of_2(const cJSON *context)
{
    leat_str domain = leat_json_get_text(context, "domainName");
    return leat_str_find(domain, LEAT_STR(".lambda-url.")).ptr != NULL ? LEAT_HTTP_URL : LEAT_HTTP_V2;
}

enum leat_http_dialect leat_http_dialect_of(const cJSON *request)
{
    const cJSON *context = leat_json_get_object(request, "requestContext");
    leat_str version = leat_json_get_text(request, "version");
    if (leat_json_get_object(context, "elb") != NULL)
        return dialect_of_alb(request);
    if (is_text(context, "connectionId") && is_text(context, "eventType"))
        return LEAT_HTTP_WEBSOCKET;
    if (leat_str_is(version, "2.0"))
        return dialect_of_2(context);
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

const char *leat_http_kind_of(const cJSON *request)
{
    return leat_http_row_of(request)->kind;
}

const cJSON *leat_http_find(const struct leat_http_row *row, const cJSON *request, enum leat_http_field field)
{
    const char *const *names = row->fields[field].names;
    const cJSON *item = names[0] != NULL ? request : NULL;
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

static int64_t time_of(const cJSON *epoch)
{
    /* Milliseconds, but `sam local` writes seconds; the year 9999 is 2.5e14. */
    double ms = cJSON_IsNumber(epoch) ? epoch->valuedouble : 0;
    if (ms < 1e11)
        ms *= 1000;
    return ms > 0 && ms < 1e15 ? (int64_t)ms : -1;
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
        {LEAT_STR("ce-specversion"), &facts->cloudevent},
    };
    const cJSON *entry = NULL;
    cJSON_ArrayForEach (entry, map.object) {
        leat_str name = leat_str_c(entry->string);
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
            if (wanted[i].ret->ptr == NULL && leat_str_eq_nocase(name, wanted[i].name))
                *wanted[i].ret = leat_json_text(map.lists && cJSON_IsArray(entry) ? entry->child : entry);
    }
}

leat_str leat_http_id(const cJSON *request)
{
    const struct leat_http_row *row = leat_http_row_of(request);
    struct leat_http_facts facts = {0};
    leat_str id = leat_http_text(row, request, LEAT_FIELD_MESSAGE_ID);
    if (id.len == 0)
        id = leat_http_text(row, request, LEAT_FIELD_REQUEST_ID);
    if (id.len == 0 && row->trace_id) {
        headers_of(leat_http_headers(row, request), &facts);
        id = facts.trace;
    }
    return id.len > 0 ? id : LEAT_ABSENT;
}

void leat_http_facts(struct leat_arena *arena, const cJSON *request, struct leat_http_facts *retfacts)
{
    const struct leat_http_row *row = leat_http_row_of(request);
    leat_str event_type = leat_http_text(row, request, LEAT_FIELD_EVENT_TYPE);
    *retfacts = (struct leat_http_facts){
        .id = leat_http_id(request),
        .type = LEAT_JOIN(arena, leat_str_c(row->type), leat_http_fold(arena, event_type)),
        .method = leat_http_text(row, request, LEAT_FIELD_METHOD),
        .path = leat_http_path(arena, row, request),
        .scheme = leat_str_c(row->scheme),
        .domain = leat_http_text(row, request, LEAT_FIELD_DOMAIN),
        .stage = leat_http_text(row, request, LEAT_FIELD_STAGE),
        .api = leat_http_text(row, request, LEAT_FIELD_API),
        .account = leat_http_text(row, request, LEAT_FIELD_ACCOUNT),
        .target_group = leat_http_text(row, request, LEAT_FIELD_TARGET_GROUP),
        .connection = leat_http_text(row, request, LEAT_FIELD_CONNECTION),
        .time_ms = time_of(leat_http_find(row, request, LEAT_FIELD_TIME)),
    };
    headers_of(leat_http_headers(row, request), retfacts);
}
