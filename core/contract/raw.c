/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads for LEAT_RAW handlers: one event, nothing looked at. */
#include <leat/adapter.h>

static leat_status normalise_raw(struct leat_decoder *decoder, const struct leat_record *record,
                                 struct leat_events *out)
{
    const leat_str *text = record->native;
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->digest_id = true;
    envelope->source = LEAT_STR("leat:direct");
    envelope->type = LEAT_STR("leat.direct.raw");
    envelope->guess_type = true;
    envelope->data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = *text};
    envelope->raw_text = *text;
    return LEAT_OK;
}

static leat_status encode_raw(struct leat_arena *arena, const struct leat_records *records, leat_str *retpayload)
{
    const leat_str *text = records->items[0].native;
    *retpayload = leat_arena_copy(arena, *text);
    return leat_arena_status(arena);
}

static const struct leat_adapter raw = {
    .abi = LEAT_ABI,
    .size = sizeof(raw),
    .name = "unknown",
    .help = "any bytes, for raw handlers",
    .why = "the handler is raw",
    .shape = LEAT_REPLY_DIRECT,
    .normalise = normalise_raw,
    .encode = encode_raw,
};

leat_status leat_decode_raw(struct leat_decoder *decoder, leat_str text, struct leat_records *out)
{
    *out = (struct leat_records){.adapter = &raw, .why = raw.why};
    if (decoder->max_bytes != 0 && text.len > decoder->max_bytes)
        return leat_error_set(decoder->reterr, LEAT_STATUS(TOO_BIG), "the payload has %zu bytes, the limit is %zu",
                              text.len, decoder->max_bytes);
    leat_str *kept = LEAT_NEW(decoder->arena, leat_str);
    out->items = LEAT_NEW(decoder->arena, struct leat_record);
    if (decoder->arena->overflow)
        return leat_arena_status(decoder->arena);
    *kept = text;
    out->items[0] = (struct leat_record){.adapter = &raw, .index = LEAT_WHOLE, .native = kept};
    out->count = 1;
    return LEAT_OK;
}
