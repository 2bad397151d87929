/* SPDX-License-Identifier: Apache-2.0 */
/* Application Load Balancers, with and without multi-value headers. */
#include <leat/http_adapter.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_http_is(payload, LEAT_HTTP_ALB) || leat_http_is(payload, LEAT_HTTP_ALB_MULTI);
}

const struct leat_adapter leat_adapter_alb = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "alb",
    .help = "a request to an Application Load Balancer",
    .why = "requestContext.elb is an object",
    .order = 80,
    .shape = LEAT_REPLY_HTTP,
    .view_kind = LEAT_VIEW_HTTP,
    .view = leat_http_view,
    .extend = leat_http_extend,
    .detect = detect,
    .split = leat_http_split,
    .normalise = leat_http_normalise,
};
