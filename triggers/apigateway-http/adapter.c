/* SPDX-License-Identifier: Apache-2.0 */
/* API Gateway HTTP APIs, payload formats 1.0 and 2.0. */
#include <leat/http_adapter.h>

/* A function URL writes format 2.0 too; only its domain tells. */
static bool is_function_url(const cJSON *context)
{
    return leat_str_find(leat_json_get_text(context, "domainName"), LEAT_STR(".lambda-url.")).ptr != NULL;
}

static bool is_version_2(const cJSON *root)
{
    const cJSON *context = leat_json_get_object(root, "requestContext");
    leat_str method = leat_json_get_text(leat_json_get_object(context, "http"), "method");
    return leat_str_is(leat_json_get_text(root, "version"), "2.0") && method.ptr != NULL && !is_function_url(context);
}

static bool detect(const struct leat_payload *payload)
{
    if (!leat_http_is_proxy(payload))
        return false;
    bool version_1 = leat_str_is(leat_json_get_text(payload->root, "version"), "1.0");
    return is_version_2(payload->root) || (version_1 && leat_http_is_version_1(payload));
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    return leat_http_normalise(decoder, record, LEAT_STR("com.amazonaws.apigateway.http.request"), out);
}

const struct leat_adapter leat_adapter_apigateway_http = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "apigateway-http",
    .help = "a request to an API Gateway HTTP API, payload format 1.0 or 2.0",
    .why = "version is 1.0 or 2.0, and requestContext is a gateway's",
    .order = 11,
    .shape = LEAT_REPLY_HTTP,
    .detect = detect,
    .split = leat_http_split,
    .normalise = normalise,
};
