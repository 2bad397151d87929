/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/http_adapter.h>

#include <leat/attributes.h>

static bool is_text(const cJSON *object, const char *name)
{
    return leat_json_get_text(object, name).ptr != NULL;
}

static bool is_authorizer(const cJSON *root)
{
    leat_str type = leat_json_get_text(root, "type");
    return (leat_str_is(type, "REQUEST") || leat_str_is(type, "TOKEN")) &&
           (leat_json_get(root, "methodArn") != NULL || leat_json_get(root, "routeArn") != NULL);
}

bool leat_http_is_proxy(const struct leat_payload *payload)
{
    const cJSON *context = leat_json_get_object(payload->root, "requestContext");
    bool load_balancer = leat_json_get_object(context, "elb") != NULL;
    bool websocket = is_text(context, "connectionId") && is_text(context, "eventType");
    return context != NULL && !is_authorizer(payload->root) && !load_balancer && !websocket;
}

bool leat_http_is_version_1(const struct leat_payload *payload)
{
    const cJSON *context = leat_json_get_object(payload->root, "requestContext");
    return is_text(payload->root, "httpMethod") &&
           (leat_json_get(payload->root, "resource") != NULL || leat_json_get(context, "resourcePath") != NULL ||
            leat_json_get(context, "stage") != NULL);
}

leat_status leat_http_split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    const cJSON *context = leat_json_get_object(payload->root, "requestContext");
    LEAT_TRY(leat_split_whole(decoder, payload, out));
    struct leat_record *record = &out->items[0];
    record->id = leat_json_get_text(context, "requestId");
    if (record->id.len > 0)
        return LEAT_OK; /* normalise checks it, and can say which request is broken */
    record->id = LEAT_ABSENT;
    leat_status status = leat_http_check(payload->root, decoder->reterr);
    if (leat_is_ok(status))
        return status;
    if (decoder->reterr != NULL)
        decoder->reterr->status = LEAT_STATUS(BAD_PAYLOAD);
    return LEAT_STATUS(BAD_PAYLOAD);
}

static leat_str source_of(struct leat_arena *arena, const struct leat_http_facts *facts)
{
    const leat_str hosts[] = {facts->domain, facts->host, facts->api, LEAT_STR("unknown")};
    size_t at = 0;
    while (hosts[at].len == 0)
        at++;
    return LEAT_JOIN(arena, LEAT_STR("https://"), hosts[at]);
}

static void set_body(const cJSON *request, struct leat_data *data)
{
    data->text = leat_json_get_text(request, "body");
    if (data->text.ptr == NULL)
        return;
    /* What claims to be base64 and is none (generated samples do that) is read as text by leat_event_data. */
    bool encoded = cJSON_IsTrue(leat_json_get(request, "isBase64Encoded"));
    data->form = encoded ? LEAT_DATA_BASE64 : LEAT_DATA_TEXT;
}

leat_status leat_http_normalise(struct leat_decoder *decoder, const struct leat_record *record, leat_str type,
                                struct leat_events *out)
{
    struct leat_arena *arena = decoder->arena;
    struct leat_http_facts facts;
    LEAT_TRY(leat_http_check(record->json, decoder->reterr));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(arena);
    leat_http_facts(arena, record->json, &facts);
    envelope->id = facts.id.len > 0 ? facts.id : leat_record_digest(decoder, record);
    envelope->source = source_of(arena, &facts);
    envelope->type = type;
    envelope->subject = LEAT_JOIN(arena, facts.method, LEAT_STR(" "), facts.path);
    envelope->time = facts.time;
    envelope->datacontenttype = facts.content_type;
    set_body(record->json, &envelope->data);
    leat_envelope_extend(envelope, arena, "awsaccount", facts.account);
    leat_attribute_trace(&envelope->extensions, arena, facts.trace);
    envelope->view = leat_http_view;
    envelope->view_kind = LEAT_VIEW_HTTP;
    return leat_arena_status(arena);
}
