/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP files of this folder share: the table of dialects. */
#ifndef LEAT_HTTP_PRIVATE_H
#define LEAT_HTTP_PRIVATE_H

#include <leat/http.h>

enum leat_http_field {
    LEAT_FIELD_METHOD,
    LEAT_FIELD_PATH, /* every request has these two */
    LEAT_FIELD_ROUTE,
    LEAT_FIELD_CLIENT_IP,
    LEAT_FIELD_STAGE,
    LEAT_FIELD_REQUEST_ID,
    LEAT_FIELD_DOMAIN,
    LEAT_FIELD_API,
    LEAT_FIELD_ACCOUNT,
    LEAT_FIELD_TIME, /* a number; all others are text */
    LEAT_FIELD_COUNT,
};

/* Where a value stands: names from the root inwards. */
struct leat_http_member {
    const char *names[3];
};

/* A dialect: one row for both directions. */
struct leat_http_row {
    struct leat_http_member fields[LEAT_FIELD_COUNT];
    bool path_encoded;       /* the path still has its %XX */
    bool path_has_stage;     /* the path begins with the stage, unless that is $default */
    bool parameters_encoded; /* path parameters still have their %XX */
    bool multi_values;       /* multiValueHeaders and multiValueQueryStringParameters; replies too */
    bool raw_query;          /* rawQueryString, undecoded */
    bool cookie_list;        /* cookies beside the headers; replies too */

    int error_status; /* of the gateway's own answer to a malformed reply or a failed function */
    leat_str error_body;
    leat_str default_type; /* a reply without a content type gets this one */
    bool free_form;        /* an answer without statusCode is the body itself; header values may be any JSON */
    bool multi_first;      /* multiValueHeaders come before headers when both are given */
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

#endif
