/* SPDX-License-Identifier: Apache-2.0 */
/* A trigger as somebody else would write it: {"demo": "text"} is one event. For test_new_trigger.py. */
#include <leat/adapter.h>
#include <leat/json.h>

static bool detect(const struct leat_payload *payload)
{
    return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(payload->root, "demo"));
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = leat_record_digest(decoder, record);
    envelope->source = LEAT_STR("demo:test");
    envelope->type = LEAT_STR("demo.event");
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data.form = LEAT_DATA_PLACE;
    envelope->data.place = leat_record_place(record, NULL);
    envelope->data.tree = record->json;
    return leat_arena_status(decoder->arena);
}

const struct leat_adapter leat_adapter_demo_trigger = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "demo-trigger",
    .help = "a trigger for a test",
    .why = "it has a text \"demo\"",
    .order = 1,
    .shape = LEAT_REPLY_DIRECT,
    .detect = detect,
    .split = leat_split_whole,
    .normalise = normalise,
};
