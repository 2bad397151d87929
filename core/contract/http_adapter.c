/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/http_adapter.h>

#include <leat/attributes.h>

static bool is_authorizer(const cJSON *root)
{
    leat_str type = leat_json_get_text(root, "type");
    return (leat_str_is(type, "REQUEST") || leat_str_is(type, "TOKEN")) &&
           (leat_json_get(root, "methodArn") != NULL || leat_json_get(root, "routeArn") != NULL);
}

int leat_http_detect(const cJSON *root)
{
    bool request = leat_json_get_object(root, "requestContext") != NULL && !is_authorizer(root);
    return request ? (int)leat_http_dialect_of(root) : -1;
}

bool leat_http_is(const struct leat_payload *payload, enum leat_http_dialect dialect)
{
    return payload->dialect == (int)dialect;
}

bool leat_http_is_version_2(const struct leat_payload *payload)
{
    const cJSON *context = leat_json_get_object(payload->root, "requestContext");
    return leat_json_get_text(leat_json_get_object(context, "http"), "method").ptr != NULL;
}

bool leat_http_is_version_1(const struct leat_payload *payload)
{
    const cJSON *context = leat_json_get_object(payload->root, "requestContext");
    return leat_json_get_text(payload->root, "httpMethod").ptr != NULL &&
           (leat_json_get(payload->root, "resource") != NULL || leat_json_get(context, "resourcePath") != NULL ||
            leat_json_get(context, "stage") != NULL);
}

static leat_status check(struct leat_decoder *decoder, const struct leat_adapter *adapter, const cJSON *request)
{
    const char *kind = leat_http_kind_of(request);
    LEAT_TRY(leat_http_check(request, decoder->reterr));
    if (strcmp(kind, adapter->name) == 0)
        return LEAT_OK;
    return leat_broken(decoder, "the request is written as %s does", kind);
}

leat_status leat_http_split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    LEAT_TRY(leat_split_whole(decoder, payload, out));
    out->items[0].id = leat_http_id(payload->root);
    if (out->items[0].id.ptr != NULL)
        return LEAT_OK; /* normalise checks it, and can say which request is broken */
    leat_status status = check(decoder, out->adapter, payload->root);
    if (leat_is_ok(status))
        return status;
    if (decoder->reterr != NULL)
        decoder->reterr->status = LEAT_STATUS(BAD_PAYLOAD);
    return LEAT_STATUS(BAD_PAYLOAD);
}

static leat_str source_of(struct leat_arena *arena, const struct leat_http_facts *facts)
{
    const leat_str hosts[] = {facts->domain, facts->host, facts->api, LEAT_STR("unknown")};
    bool staged = facts->connection.ptr != NULL && facts->stage.len > 0;
    size_t at = 0;
    if (facts->target_group.len > 0)
        return facts->target_group;
    while (hosts[at].len == 0)
        at++;
    return LEAT_JOIN(arena, facts->scheme, hosts[at], staged ? LEAT_STR("/") : LEAT_ABSENT,
                     staged ? facts->stage : LEAT_ABSENT);
}

static leat_str subject_of(struct leat_arena *arena, const struct leat_http_facts *facts)
{
    if (facts->connection.ptr != NULL)
        return facts->connection;
    return LEAT_JOIN(arena, facts->method, LEAT_STR(" "), facts->path);
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

void leat_http_extend(const struct leat_envelope *envelope, struct leat_arena *arena, struct leat_attribute **list)
{
    struct leat_http_facts facts;
    leat_http_facts(arena, envelope->record, &facts);
    leat_attribute_add(list, arena, "awsaccount", facts.account);
    leat_attribute_trace(list, arena, facts.trace);
}

leat_status leat_http_normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct leat_arena *arena = decoder->arena;
    struct leat_http_facts facts;
    LEAT_TRY(check(decoder, record->adapter, record->json));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(arena);
    leat_http_facts(arena, record->json, &facts);
    envelope->id = facts.id.len > 0 ? facts.id : leat_record_digest(decoder, record);
    envelope->source = source_of(arena, &facts);
    envelope->type = facts.type;
    envelope->subject = subject_of(arena, &facts);
    envelope->has_time_us = facts.time_ms >= 0;
    envelope->time_us = facts.time_ms * 1000;
    envelope->datacontenttype = facts.content_type;
    set_body(record->json, &envelope->data);
    /* a WebSocket's message has no headers that would say it */
    envelope->guess_type = facts.connection.ptr != NULL && envelope->data.form != LEAT_DATA_NONE;
    return leat_http_cloudevent(decoder, &facts, envelope);
}
