/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/attributes.h>
#include <leat/window.h>

const cJSON *leat_window_find(const cJSON *root)
{
    return cJSON_IsBool(leat_json_get(root, "isFinalInvokeForWindow")) ? leat_json_get_object(root, "window") : NULL;
}

/* Exact: a number in the state keeps its digits. */
static leat_str state_of(const struct leat_doc *doc)
{
    const cJSON *state = leat_json_get(doc->root, "state");
    leat_str text = LEAT_ABSENT;
    if (state != NULL && !cJSON_IsNull(state))
        text =
            leat_doc_extent((struct leat_place){.doc = doc, .index = LEAT_WHOLE, .record = doc->root, .member = state});
    return text.ptr != NULL ? text : LEAT_STR("{}");
}

bool leat_window_read(const struct leat_records *records, struct leat_window *ret)
{
    const struct leat_doc *doc = records->doc;
    const cJSON *window = doc != NULL ? leat_window_find(doc->root) : NULL;
    if (window == NULL || records->adapter->shape != LEAT_REPLY_CHECKPOINT)
        return false;
    *ret = (struct leat_window){
        .start = leat_json_get_text(window, "start"),
        .end = leat_json_get_text(window, "end"),
        .shard = leat_json_get_text(doc->root, "shardId"),
        .state = state_of(doc),
        .final = cJSON_IsTrue(leat_json_get(doc->root, "isFinalInvokeForWindow")),
        .early = cJSON_IsTrue(leat_json_get(doc->root, "isWindowTerminatedEarly")),
    };
    return true;
}

static leat_status read_fields(struct leat_decoder *decoder, const cJSON *root, struct leat_window *ret,
                               leat_str *retstream)
{
    const cJSON *window = leat_window_find(root);
    LEAT_TRY(leat_need_text(decoder, window, "window.start", &ret->start));
    LEAT_TRY(leat_need_text(decoder, window, "window.end", &ret->end));
    LEAT_TRY(leat_want_text(decoder, root, "shardId", &ret->shard));
    return leat_want_text(decoder, root, "eventSourceARN", retstream);
}

leat_status leat_window_normalise(struct leat_decoder *decoder, const struct leat_record *record, leat_str type,
                                  leat_str fallback, struct leat_events *out)
{
    struct leat_window window = {0};
    leat_str stream;
    LEAT_TRY(read_fields(decoder, record->json, &window, &stream));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = LEAT_JOIN(decoder->arena, window.shard, LEAT_STR(":"), window.start, LEAT_STR("/"), window.end);
    envelope->source = stream.len > 0 ? stream : fallback;
    envelope->type = type;
    envelope->subject = window.shard;
    envelope->time = window.end;
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data.form = LEAT_DATA_PLACE;
    envelope->data.tree = leat_window_find(record->json);
    envelope->data.place = leat_record_place(record, envelope->data.tree);
    envelope->view_kind = LEAT_VIEW_NONE;
    envelope->view = NULL;
    envelope->extend = NULL;
    return leat_arena_status(decoder->arena);
}
