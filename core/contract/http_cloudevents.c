/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents over HTTP (HTTP protocol binding 1.0.2). The event's attributes are taken over; kind, view and answer
 * stay those of the request, for a client must not choose by a header which handler runs.
 */
#include <leat/cloudevents.h>
#include <leat/http_adapter.h>

/* Binary mode: a header an attribute, its value percent-encoded; what is not whole is no CloudEvent. */
static leat_status read_binary(struct leat_decoder *decoder, struct leat_envelope *envelope)
{
    struct leat_arena *arena = decoder->arena;
    const struct leat_http *http = leat_http_view(envelope, arena);
    struct leat_cloudevent event = {0};
    for (size_t i = 0; http != NULL && i < http->header_count; i++) {
        leat_str name = leat_cloudevent_header(arena, http->headers[i].name);
        leat_str value = leat_percent_decode(arena, http->headers[i].value, false);
        if (name.ptr != NULL && !leat_cloudevent_add(arena, &event, name, value))
            break;
    }
    if (leat_cloudevent_is_whole(&event))
        leat_cloudevent_apply(&event, arena, envelope);
    return leat_arena_status(arena);
}

static leat_str body_of(struct leat_decoder *decoder, const struct leat_data *data)
{
    leat_str bytes;
    if (data->form == LEAT_DATA_BASE64 && leat_base64_decode(decoder->arena, data->text, &bytes))
        return bytes;
    return data->text;
}

/* Structured mode: the body is the event. One that is broken breaks the request. */
static leat_status read_structured(struct leat_decoder *decoder, struct leat_envelope *envelope)
{
    struct leat_doc *doc = NULL;
    struct leat_cloudevent event;
    struct leat_data data;
    leat_status status = leat_doc_parse(decoder->arena, body_of(decoder, &envelope->data), decoder->exact, &doc, NULL);
    if (decoder->arena->overflow)
        return leat_arena_status(decoder->arena);
    if (!leat_is_ok(status) || !cJSON_IsObject(doc->root))
        return leat_broken(decoder, "the body is no JSON object (its type says it is a CloudEvent)");
    const struct leat_record record = {.doc = doc, .index = LEAT_WHOLE, .json = doc->root};
    LEAT_TRY(leat_cloudevent_read(decoder, &record, &event, &data));
    leat_cloudevent_apply(&event, decoder->arena, envelope);
    envelope->data = data;
    return leat_arena_status(decoder->arena);
}

leat_status leat_http_cloudevent(struct leat_decoder *decoder, const struct leat_http_facts *facts,
                                 struct leat_envelope *envelope)
{
    leat_str structured = LEAT_STR("application/cloudevents+json"), type = facts->content_type;
    type.len = type.len > structured.len ? structured.len : type.len; /* parameters may follow */
    if (leat_str_eq_nocase(type, structured))
        return read_structured(decoder, envelope);
    return facts->cloudevent.len > 0 ? read_binary(decoder, envelope) : leat_arena_status(decoder->arena);
}
