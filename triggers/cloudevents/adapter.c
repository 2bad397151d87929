/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents in structured mode: a direct call with one, or one inside another trigger's message. */
#include <leat/cloudevents.h>

static bool detect(const struct leat_payload *payload)
{
    return leat_str_starts(leat_json_get_text(payload->root, "specversion"), LEAT_STR("1.")) &&
           leat_json_get_text(payload->root, "source").len > 0 && leat_json_get_text(payload->root, "type").len > 0;
}

static bool nested(const struct leat_payload *payload)
{
    return detect(payload) && leat_json_get_text(payload->root, "id").len > 0;
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    LEAT_TRY(leat_split_whole(decoder, payload, out));
    const cJSON *id = leat_json_get(payload->root, "id");
    out->items->id = leat_json_text(id);
    if (out->items->id.len > 0)
        return LEAT_OK;
    return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_PAYLOAD), "id is %s (a CloudEvent has one)",
                          out->items->id.ptr != NULL ? "empty" : leat_json_type(id));
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct leat_cloudevent event;
    struct leat_data data;
    LEAT_TRY(leat_cloudevent_read(decoder, record, &event, &data));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    leat_cloudevent_apply(&event, decoder->arena, envelope);
    envelope->data = data;
    return leat_arena_status(decoder->arena);
}

const struct leat_adapter leat_adapter_cloudevents = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = LEAT_CLOUDEVENTS,
    .help = "a CloudEvent in structured mode (also inside SQS, SNS, Kinesis, Kafka)",
    .why = "it has specversion 1.x, source and type",
    .order = 130,
    .shape = LEAT_REPLY_DIRECT,
    .nested_names = {"specversion"},
    .detect = detect,
    .nested = nested,
    .split = split,
    .normalise = normalise,
};
