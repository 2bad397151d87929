/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unknown: what no adapter claims, so a direct call, an EventBridge target with an input transformer,
 * a service newer than leat. The whole payload is one event; the handler's reply goes back as it is.
 */
#include <leat/adapter.h>

static bool detect(const struct leat_payload *payload)
{
    (void)payload;
    return true;
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->digest_id = true;
    envelope->source = LEAT_STR("leat:direct");
    envelope->type = LEAT_STR("leat.direct.call");
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data.form = LEAT_DATA_PLACE;
    envelope->data.place = leat_record_place(record, NULL);
    envelope->data.tree = record->json;
    return leat_arena_status(decoder->arena);
}

const struct leat_adapter leat_adapter_unknown = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "unknown",
    .help = "a direct call: any JSON that no other trigger claims",
    .why = "no other trigger claims it",
    .order = 1000,
    .shape = LEAT_REPLY_DIRECT,
    .detect = detect,
    .split = leat_split_whole,
    .normalise = normalise,
};
