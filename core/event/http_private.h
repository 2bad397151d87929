/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP files of this folder share: the table of dialects. */
#ifndef LEAT_HTTP_PRIVATE_H
#define LEAT_HTTP_PRIVATE_H

#include <leat/http.h>

enum leat_http_field {
    LEAT_FIELD_METHOD,
    LEAT_FIELD_PATH,
    LEAT_FIELD_ROUTE,
    LEAT_FIELD_CLIENT_IP,
    LEAT_FIELD_STAGE,
    LEAT_FIELD_MESSAGE_ID,
    LEAT_FIELD_REQUEST_ID,
    LEAT_FIELD_DOMAIN,
    LEAT_FIELD_API,
    LEAT_FIELD_ACCOUNT,
    LEAT_FIELD_TARGET_GROUP,
    LEAT_FIELD_CONNECTION,
    LEAT_FIELD_EVENT_TYPE,
    LEAT_FIELD_TIME, /* a number; all others are text */
    LEAT_FIELD_COUNT,
};
#define LEAT_NEED(field) (1u << LEAT_FIELD_##field)

/* Where a value stands: names from the root inwards. None: the dialect has no such field. */
struct leat_http_member {
    const char *names[3];
};

/* A function's answer that has no statusCode. */
enum leat_http_free {
    LEAT_FREE_NOT,  /* is malformed */
    LEAT_FREE_JSON, /* is the body, if it is JSON */
    LEAT_FREE_TEXT, /* is the body whatever it is; a JSON string loses its quotes */
};

/* A dialect: one row for both directions. */
struct leat_http_row {
    const char *kind, *type; /* of the trigger, of the envelope; behind the type comes EVENT_TYPE in lower case */
    struct leat_http_member fields[LEAT_FIELD_COUNT];
    const char *event_types[3]; /* what EVENT_TYPE may be */
    const char *scheme;         /* of the source */
    leat_str error_body;        /* of the gateway's own answer to a malformed reply or a failed function */
    leat_str default_type;      /* a reply without a content type gets this one; absent: none */
    size_t answer_max;          /* bytes of an answer; 0: any */
    unsigned needed;            /* LEAT_NEED of the fields without which it is no request */
    int error_status;           /* as error_body */
    enum leat_http_free free;

    /* requests */
    bool path_encoded;       /* the path still has its %XX */
    bool path_has_stage;     /* the path begins with the stage, unless that is $default */
    bool parameters_encoded; /* path parameters still have their %XX */
    bool query_encoded;      /* names and values of the query's maps still have their %XX and plus signs */
    bool multi_values;       /* multiValueHeaders and multiValueQueryStringParameters */
    bool raw_query;          /* rawQueryString, undecoded */
    bool cookie_list;        /* cookies beside the headers; replies too */
    bool forwarded;          /* the client's address is the last of x-forwarded-for */
    bool trace_id;           /* x-amzn-trace-id is the request's id */

    /* replies */
    bool any_value;          /* a body and header values may be any JSON */
    bool single_headers;     /* "headers" */
    bool multi_headers;      /* "multiValueHeaders"; beside "headers" used only for names that repeat */
    bool multi_first;        /* multiValueHeaders come before headers when both are given */
    bool status_description; /* "200 OK"; and headers even if there are none */
    bool hop_by_hop;         /* the gateway drops headers that are for one connection only */
    bool prelude;            /* an answer may be JSON, eight NULs and the bare body */
};

const struct leat_http_row *leat_http_row(enum leat_http_dialect dialect);
const struct leat_http_row *leat_http_row_of(const cJSON *request);
/* The value of a field as it stands, or NULL. */
const cJSON *leat_http_find(const struct leat_http_row *row, const cJSON *request, enum leat_http_field field);
/* The same as text; absent if it is none. */
leat_str leat_http_text(const struct leat_http_row *row, const cJSON *request, enum leat_http_field field);
/* Percent-decoded, without the stage, "/" at least; absent if the request has none. */
leat_str leat_http_path(struct leat_arena *arena, const struct leat_http_row *row, const cJSON *request);

/* Names to values: one text each, or a list of texts each. */
struct leat_http_map {
    const cJSON *object; /* NULL: there is none */
    bool lists;
};
/* The map that counts: gateways write both, but the single one keeps only each name's last value. */
struct leat_http_map leat_http_headers(const struct leat_http_row *row, const cJSON *request);
struct leat_http_map leat_http_query_map(const struct leat_http_row *row, const cJSON *request);

/* In ASCII lower case; the same slice if it is already. Absent after overflow. */
leat_str leat_http_fold(struct leat_arena *arena, leat_str name);

/* "Not Found"; NULL for what is not registered. */
const char *leat_http_reason(int status);

#endif
