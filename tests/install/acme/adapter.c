/* SPDX-License-Identifier: Apache-2.0 */
#include "acme.h"

#include <leat/json.h>

static const cJSON *orders_of(const struct leat_payload *payload)
{
    const cJSON *orders = cJSON_GetObjectItemCaseSensitive(payload->root, "acme");
    return cJSON_IsArray(orders) ? orders : NULL;
}

static bool detect(const struct leat_payload *payload)
{
    return orders_of(payload) != NULL;
}

static leat_status split(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out)
{
    LEAT_TRY(leat_split_list(decoder, payload, orders_of(payload), out));
    for (uint32_t i = 0; i < out->count; i++) {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(out->items[i].json, "id");
        out->items[i].id = leat_str_c(cJSON_GetStringValue(id));
        out->items[i].lane =
            leat_str_c(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(out->items[i].json, "customer")));
    }
    return LEAT_OK;
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    leat_str id;
    LEAT_TRY(leat_need_text(decoder, record->json, "id", &id));
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->id = id;
    envelope->source = LEAT_STR("acme:shop");
    envelope->type = LEAT_STR("com.example.acme.order");
    envelope->datacontenttype = LEAT_STR("application/json");
    envelope->data.form = LEAT_DATA_PLACE;
    envelope->data.place = leat_record_place(record, NULL);
    envelope->data.tree = record->json;
    return leat_arena_status(decoder->arena);
}

const struct leat_adapter acme_adapter = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_adapter),
    .name = "acme",
    .help = "orders of ACME's shop",
    .why = "it has an array \"acme\"",
    .order = 1, /* behind the built-in ones all the same */
    .shape = LEAT_REPLY_ITEMS,
    .detect = detect,
    .split = split,
    .normalise = normalise,
};
