/* SPDX-License-Identifier: Apache-2.0 */
/* API Gateway WebSocket APIs: a connection, a message, the end of a connection. */
#include <leat/http_adapter.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_http_is(payload, LEAT_HTTP_WEBSOCKET);
}

const struct leat_adapter leat_adapter_apigateway_websocket = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "apigateway-websocket",
    .help = "what happens on a connection to an API Gateway WebSocket API",
    .why = "requestContext has a connectionId and an eventType",
    .order = 90,
    .shape = LEAT_REPLY_HTTP,
    .view_kind = LEAT_VIEW_HTTP,
    .view = leat_http_view,
    .extend = leat_http_extend,
    .detect = detect,
    .split = leat_http_split,
    .normalise = leat_http_normalise,
};
