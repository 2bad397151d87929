/* SPDX-License-Identifier: Apache-2.0 */
/* API Gateway REST APIs with a Lambda proxy integration. */
#include <leat/http_adapter.h>

static bool detect(const struct leat_payload *payload)
{
    /* HTTP APIs write format 1.0 the same way but say so. */
    return leat_http_is_proxy(payload) && leat_http_is_version_1(payload) &&
           !leat_str_is(leat_json_get_text(payload->root, "version"), "1.0");
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    return leat_http_normalise(decoder, record, LEAT_STR("com.amazonaws.apigateway.http.request"), out);
}

const struct leat_adapter leat_adapter_apigateway_rest = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "apigateway-rest",
    .help = "a request to an API Gateway REST API",
    .why = "httpMethod is text, and requestContext is a gateway's",
    .order = 12,
    .shape = LEAT_REPLY_HTTP,
    .detect = detect,
    .split = leat_http_split,
    .normalise = normalise,
};
