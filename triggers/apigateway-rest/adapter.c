/* SPDX-License-Identifier: Apache-2.0 */
/* API Gateway REST APIs with a Lambda proxy integration. */
#include <leat/http_adapter.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_http_is(payload, LEAT_HTTP_REST) && leat_http_is_version_1(payload);
}

const struct leat_adapter leat_adapter_apigateway_rest = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "apigateway-rest",
    .help = "a request to an API Gateway REST API",
    .why = "httpMethod is text, and requestContext is a gateway's",
    .order = 120,
    .shape = LEAT_REPLY_HTTP,
    .view_kind = LEAT_VIEW_HTTP,
    .view = leat_http_view,
    .extend = leat_http_extend,
    .detect = detect,
    .split = leat_http_split,
    .normalise = leat_http_normalise,
};
