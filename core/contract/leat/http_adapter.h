/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the adapters of all HTTP gateways share. One payload is one request, so one record; what differs
 * between gateways is a row of the dialects' table (http.h) and how each one is recognised.
 */
#ifndef LEAT_HTTP_ADAPTER_H
#define LEAT_HTTP_ADAPTER_H

#include <leat/adapter.h>

LEAT_BEGIN

/* The dialect of a request, or -1. Authorizer requests look alike but are none: rule 7 of the discriminator table
 * comes before those of all gateways, which are in the order of leat_http_dialect_of. */
int leat_http_detect(const cJSON *root);
bool leat_http_is(const struct leat_payload *payload, enum leat_http_dialect dialect);
/* Has it the method of format 2.0 (rules 10 and 11), or what marks format 1.0 of whatever gateway (rule 12)? */
bool leat_http_is_version_2(const struct leat_payload *payload);
bool leat_http_is_version_1(const struct leat_payload *payload);

/* One record whose id is the request's. A broken request that has no id is BAD_PAYLOAD. */
leat_status leat_http_split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out);
/* The envelope of a request. BAD_RECORD: leat_http_check finds fault with it, or its dialect is another kind's, which
 * happens only if the adapter was named by hand. */
leat_status leat_http_normalise(struct leat_decoder *decoder, const struct leat_record *record,
                                struct leat_events *out);

/* A leat_extend_fn. */
void leat_http_extend(const struct leat_envelope *envelope, struct leat_arena *arena, struct leat_attribute **list);
/* If the request carries a CloudEvent, the envelope gets its attributes and its data. */
leat_status leat_http_cloudevent(struct leat_decoder *decoder, const struct leat_http_facts *facts,
                                 struct leat_envelope *envelope);

LEAT_END

#endif
