/* SPDX-License-Identifier: Apache-2.0 */
/* leat_delivery_file, one payload a file: what is no payload is a broken record, and blank is one without events. */
#include <engine/internal.h>

static leat_status normalise_nothing(struct leat_decoder *decoder, const struct leat_record *record,
                                     struct leat_events *out)
{
    (void)decoder;
    (void)record;
    (void)out;
    return LEAT_OK;
}

static const struct leat_adapter nothing = {.abi = LEAT_ABI,
                                            .size = sizeof(struct leat_adapter),
                                            .name = "unknown",
                                            .shape = LEAT_REPLY_ITEMS,
                                            .normalise = normalise_nothing};

leat_status leat_delivery_file(struct leat_delivery *delivery, leat_str text, const struct leat_unit *given)
{
    leat_status status = leat_delivery_text(delivery, text, NULL);
    if (status.code == LEAT_E_TOO_BIG || status.code == LEAT_E_NO_MEMORY)
        return status;
    if (delivery->unit_count == 0) {
        struct leat_record *record = LEAT_NEW(&delivery->arena, struct leat_record);
        delivery->units = LEAT_NEW(&delivery->arena, struct leat_unit);
        delivery->settlements = LEAT_NEW(&delivery->arena, struct leat_settlement);
        if (delivery->arena.overflow)
            return leat_arena_status(&delivery->arena);
        *record = (struct leat_record){.adapter = &nothing, .text = text};
        if (!leat_is_ok(status) && text.len > 0)
            record->broken = leat_str_c(delivery->error.message);
        delivery->units[0] = (struct leat_unit){.delivery = delivery, .record = record};
    }
    delivery->decoded = LEAT_OK;
    delivery->unit_count = 1;
    if (given == NULL)
        return LEAT_OK;
    delivery->units[0].name = given->name;
    delivery->units[0].attempts = given->attempts;
    delivery->units[0].position = given->position;
    delivery->units[0].since_ms = given->since_ms;
    delivery->units[0].token = given->token;
    delivery->units[0].bytes = given->bytes;
    return LEAT_OK;
}
