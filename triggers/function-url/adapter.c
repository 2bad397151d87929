/* SPDX-License-Identifier: Apache-2.0 */
/* Lambda function URLs. */
#include <leat/http_adapter.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_http_is(payload, LEAT_HTTP_URL) && leat_http_is_version_2(payload);
}

const struct leat_adapter leat_adapter_function_url = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "function-url",
    .help = "a request to a Lambda function URL",
    .why = "version is 2.0, and the domain is a lambda-url",
    .order = 100,
    .shape = LEAT_REPLY_HTTP,
    .view_kind = LEAT_VIEW_HTTP,
    .view = leat_http_view,
    .extend = leat_http_extend,
    .detect = detect,
    .split = leat_http_split,
    .normalise = leat_http_normalise,
};
