/* SPDX-License-Identifier: Apache-2.0 */
/* API Gateway HTTP APIs, payload formats 1.0 and 2.0. */
#include <leat/http_adapter.h>

static bool detect(const struct leat_payload *payload)
{
    return (leat_http_is(payload, LEAT_HTTP_V2) && leat_http_is_version_2(payload)) ||
           (leat_http_is(payload, LEAT_HTTP_V1) && leat_http_is_version_1(payload));
}

const struct leat_adapter leat_adapter_apigateway_http = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "apigateway-http",
    .help = "a request to an API Gateway HTTP API, payload format 1.0 or 2.0",
    .why = "version is 1.0 or 2.0, and requestContext is a gateway's",
    .order = 110,
    .shape = LEAT_REPLY_HTTP,
    .view_kind = LEAT_VIEW_HTTP,
    .view = leat_http_view,
    .extend = leat_http_extend,
    .detect = detect,
    .split = leat_http_split,
    .normalise = leat_http_normalise,
};
