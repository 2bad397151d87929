/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of the Runtime API, as text. Absent: the arena overflowed. */
#ifndef LEAT_LAMBDA_REQUEST_H
#define LEAT_LAMBDA_REQUEST_H

#include "address.h"

#include <leat/arena.h>
#include <leat/unit.h>

#define LEAT_LAMBDA_RUNTIME "/2018-06-01/runtime"
#define LEAT_LAMBDA_EXTENSION "/2020-01-01/extension"
#define LEAT_LAMBDA_ANSWER_MAX ((size_t)6 * 1024 * 1024 + 100) /* bytes; a longer one is refused */

/* Who talks to whom. */
struct leat_lambda_peer {
    struct leat_address address;
    char common[512]; /* what stands behind the path of every request: the version, Host, User-Agent */
};

/* `api`: AWS_LAMBDA_RUNTIME_API; `agent`: "leat/0.1.0". CONFIG: it is no address. */
leat_status leat_lambda_peer_init(struct leat_lambda_peer *peer, const char *api, const char *agent,
                                  struct leat_error *reterr);

struct leat_lambda_request {
    const char *method;
    leat_str path;           /* behind the base path */
    leat_str content_type;   /* absent: none */
    leat_str invocation_id;  /* absent: none */
    leat_str error_type;     /* of an error; absent: it is none */
    leat_str error_cause;    /* for X-Ray; absent: none */
    leat_str extension_name; /* of extension/register; absent: none */
    leat_str extension_id;   /* of extension/event/next; absent: none */
    bool stream;             /* in chunks, with trailers: a streamed reply */
    size_t length;           /* of the body of a POST that is no stream */
};

/* The request line and the headers, with the empty line. Bytes that no header may hold are left out. */
leat_str leat_lambda_head(struct leat_arena *arena, const struct leat_lambda_peer *peer,
                          const struct leat_lambda_request *request);
/* ".../invocation/ID/response" or ".../error", the id percent-encoded. */
leat_str leat_lambda_path(struct leat_arena *arena, leat_str request_id, const char *what);
/* {"errorMessage","errorType","stackTrace"} */
leat_str leat_lambda_error(struct leat_arena *arena, leat_str type, leat_str message);
/* The same for X-Ray's header: printable ASCII, one line. */
leat_str leat_lambda_cause(struct leat_arena *arena, leat_str type, leat_str message);

#endif
