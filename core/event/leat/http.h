/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP as the gateways speak it: one table of dialects for requests and replies. What the adapters of API Gateway,
 * function URLs and load balancers differ in are rows of it.
 */
#ifndef LEAT_HTTP_H
#define LEAT_HTTP_H

#include <leat/envelope.h>
#include <leat/error.h>
#include <leat/outcome.h>

LEAT_BEGIN

enum leat_http_dialect {
    LEAT_HTTP_REST,      /* API Gateway REST, proxy integration */
    LEAT_HTTP_V1,        /* HTTP API, payload format 1.0 */
    LEAT_HTTP_V2,        /* HTTP API, payload format 2.0 */
    LEAT_HTTP_URL,       /* function URL, which writes format 2.0 too */
    LEAT_HTTP_ALB,       /* load balancer */
    LEAT_HTTP_ALB_MULTI, /* load balancer whose target group has multi-value headers: the reply must have them too */
    LEAT_HTTP_WEBSOCKET, /* API Gateway WebSocket */
};

/* Which dialect a request (its root) is written in; the first that fits: ALB with requestContext.elb, WEBSOCKET with
 * connectionId and eventType, URL or V2 with "version":"2.0" (by the domain), V1 with "1.0", else REST. */
enum leat_http_dialect leat_http_dialect_of(const cJSON *request);

/* The view of a request in any dialect; a leat_view_fn. Never fails on odd types: adapters refuse those first. */
const void *leat_http_view(const struct leat_envelope *envelope, struct leat_arena *arena);

/* Is every value that the view or an envelope reads of the type it should be? Null counts as absent. Of two
 * maps for the query only the one that is read counts. BAD_RECORD: "headers is a number (want an object)". */
leat_status leat_http_check(const cJSON *request, struct leat_error *reterr);

/* The kind of trigger that writes so: "alb", "apigateway-http", ... */
const char *leat_http_kind_of(const cJSON *request);
/* What the gateway calls the request; absent: it does not. Any request, checked or not. */
leat_str leat_http_id(const cJSON *request);

/* What an envelope needs of a request that was checked, without its view. */
struct leat_http_facts {
    leat_str id, type, method;
    leat_str path; /* as in the view */
    leat_str scheme, domain, stage, api, account;
    leat_str target_group;              /* load balancers */
    leat_str connection;                /* WebSockets */
    leat_str host, content_type, trace; /* headers: the first value of each */
    leat_str cloudevent;                /* the same of ce-specversion */
    int64_t time_ms;                    /* since 1970; -1: not told */
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
 * - A name that repeats: multiValueHeaders where the dialect has them; else joined with commas, set-cookie into
 *   cookies (2.0, function URL) or, as it cannot be joined, the last of them alone (ALB). */
leat_str leat_http_encode(struct leat_arena *arena, enum leat_http_dialect dialect, const struct leat_reply *reply);
/* What stands in front of a streamed body: {"statusCode","headers","cookies"} and eight NULs. Absent: overflow. */
leat_str leat_http_prelude(struct leat_arena *arena, const struct leat_reply *reply);
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
