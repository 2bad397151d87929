/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP as the gateways speak it: one table of dialects for requests and replies. The adapters of REST,
 * HTTP API (and later function URL and ALB) are rows of it.
 */
#ifndef LEAT_HTTP_H
#define LEAT_HTTP_H

#include <leat/envelope.h>
#include <leat/error.h>
#include <leat/outcome.h>

LEAT_BEGIN

enum leat_http_dialect {
    LEAT_HTTP_REST, /* API Gateway REST, proxy integration */
    LEAT_HTTP_V1,   /* HTTP API, payload format 1.0 */
    LEAT_HTTP_V2,   /* HTTP API, payload format 2.0 */
};

/* Which dialect a request (its root) is written in: HTTP_V2 for "version":"2.0", HTTP_V1 for "1.0", else REST. */
enum leat_http_dialect leat_http_dialect_of(const cJSON *request);

/* The view of a request in any dialect; a leat_view_fn. Never fails on odd types: adapters refuse those first. */
const void *leat_http_view(const struct leat_envelope *envelope, struct leat_arena *arena);

/* Is every value that the view or an envelope reads of the type it should be? Null counts as absent. Of two
 * maps for the query only the one that is read counts. BAD_RECORD: "headers is a number (want an object)". */
leat_status leat_http_check(const cJSON *request, struct leat_error *reterr);

/* What an envelope needs of a request that was checked, without its view. */
struct leat_http_facts {
    leat_str id, method;
    leat_str path; /* as in the view */
    leat_str domain, api, account;
    leat_str host, content_type, trace; /* headers: the first value of each */
    leat_str time;                      /* RFC 3339 */
};
void leat_http_facts(struct leat_arena *arena, const cJSON *request, struct leat_http_facts *retfacts);

/* A reply as the dialect wants it: one line of JSON. Absent: overflow.
 * - status 0 is 200 with a JSON body.
 * - Bodies that are not UTF-8 go as base64.
 * - content_type becomes the content-type header unless the reply has that header. Without either a body gets one,
 *   the same in every dialect: application/json for status 0, text/plain; charset=utf-8 for text, else
 *   application/octet-stream. Without a body: none, and the gateway adds its own default.
 * - Header names go in lower case and lose what no name has, values lose control characters but tabs; a header
 *   that has no name left is dropped.
 * - A name that repeats: multiValueHeaders in REST and 1.0; in 2.0 joined with commas, set-cookie into cookies. */
leat_str leat_http_encode(struct leat_arena *arena, enum leat_http_dialect dialect, const struct leat_reply *reply);
/* What a client of the gateway gets for a function's answer (reference: the dialects' table in
 * docs/reference/replies.md): malformed answers become the gateway's own 5xx. Header names in lower case,
 * content-type in content_type only. Borrows from `answer`. Fails with NO_MEMORY and TOO_BIG (the arena's) only. */
leat_status leat_http_decode(struct leat_arena *arena, enum leat_http_dialect dialect, leat_str answer,
                             struct leat_reply *retreply);
/* What a client gets when the function failed. */
leat_status leat_http_decode_error(struct leat_arena *arena, enum leat_http_dialect dialect,
                                   struct leat_reply *retreply);

LEAT_END

#endif
