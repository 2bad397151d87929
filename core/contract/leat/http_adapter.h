/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the adapters of all HTTP gateways share. One payload is one request, so one record; what differs
 * between gateways is a row of the dialects' table (http.h) and how each one is recognised.
 */
#ifndef LEAT_HTTP_ADAPTER_H
#define LEAT_HTTP_ADAPTER_H

#include <leat/adapter.h>

LEAT_BEGIN

/* Could it be a request to a gateway's proxy integration? Authorizer requests, ALB and WebSocket events look
 * alike but are not: rules 7 to 9 of the discriminator table come before those of all gateways. */
bool leat_http_is_proxy(const struct leat_payload *payload);
/* Format 1.0 of whatever gateway: rule 12. */
bool leat_http_is_version_1(const struct leat_payload *payload);

/* One record whose id is the request's. A broken request that has no id is BAD_PAYLOAD. */
leat_status leat_http_split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out);
/* The envelope of a request, or BAD_RECORD if leat_http_check finds fault with it. */
leat_status leat_http_normalise(struct leat_decoder *decoder, const struct leat_record *record, leat_str type,
                                struct leat_events *out);

LEAT_END

#endif
