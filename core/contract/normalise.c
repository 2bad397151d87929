/* SPDX-License-Identifier: Apache-2.0 */
/* From a record to envelopes, whichever adapter makes them. */
#include <leat/adapter.h>

struct leat_envelope *leat_events_add(struct leat_decoder *decoder, const struct leat_record *record,
                                      struct leat_events *out)
{
    if (out->count == out->size) {
        uint32_t size = out->size == 0 ? 1 : out->size * 2;
        struct leat_envelope *larger = LEAT_NEW_N(decoder->arena, struct leat_envelope, size);
        if (larger == NULL)
            return NULL;
        if (out->count > 0)
            memcpy(larger, out->items, out->count * sizeof(*larger));
        out->items = larger;
        out->size = size;
    }
    struct leat_envelope *envelope = &out->items[out->count++];
    *envelope = (struct leat_envelope){
        .of = record,
        .kind = leat_str_c(record->adapter->name),
        .record = record->json,
        .view_kind = record->adapter->view_kind,
        .view = record->adapter->view,
        .extend = record->adapter->extend,
    };
    if (record->doc != NULL)
        envelope->raw = leat_record_place(record, NULL);
    return envelope;
}

static leat_status finish(struct leat_decoder *decoder, struct leat_envelope *envelope)
{
    struct leat_arena *arena = decoder->arena;
    if (!envelope->digest_id)
        envelope->id = leat_attribute_clean(arena, envelope->id);
    envelope->source = leat_attribute_uri(arena, envelope->source);
    envelope->type = leat_attribute_clean(arena, envelope->type);
    envelope->subject = leat_attribute_clean(arena, envelope->subject);
    envelope->datacontenttype = leat_attribute_media_type(envelope->datacontenttype);
    if (!envelope->has_time_us && !leat_time_valid(envelope->time))
        envelope->time = LEAT_ABSENT;
    if (arena->overflow)
        return leat_arena_status(arena);
    const char *missing = envelope->id.ptr == NULL && !envelope->digest_id ? "id"
                          : envelope->source.ptr == NULL                   ? "source"
                          : envelope->type.ptr == NULL                     ? "type"
                                                                           : NULL;
    return missing == NULL ? LEAT_OK : leat_broken(decoder, "it gives no %s", missing);
}

leat_status leat_normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    uint32_t start = out->count;
    if (record->broken.ptr != NULL)
        return leat_broken(decoder, "%.*s", LEAT_ARG(record->broken));
    leat_status status = record->adapter->normalise(decoder, record, out);
    if (decoder->arena->overflow) {
        status = leat_arena_status(decoder->arena);
        (void)leat_error_set(decoder->reterr, status, "%s", leat_status_text(status));
    }
    for (uint32_t i = start; leat_is_ok(status) && i < out->count; i++)
        status = finish(decoder, &out->items[i]);
    if (!leat_is_ok(status))
        out->count = start; /* never half a record */
    return status;
}

/* Numbers of the record keep their text from here on. */
static leat_status keep_numbers(struct leat_decoder *decoder, const struct leat_record *record)
{
    if (decoder->exact || record->doc->text.ptr == NULL)
        return LEAT_OK;
    leat_str text = leat_doc_extent(leat_record_place(record, NULL));
    if (text.ptr == NULL)
        decoder->arena->overflow = true; /* no memory to find it: not another text for want of memory */
    else
        LEAT_TRY(leat_json_keep_numbers(decoder->arena, text, (cJSON *)(uintptr_t)record->json));
    return leat_arena_status(decoder->arena);
}

leat_str leat_record_digits(struct leat_decoder *decoder, const struct leat_record *record, const cJSON *number)
{
    bool large = cJSON_IsNumber(number) && number->valuedouble >= LEAT_JSON_EXACT;
    if (large && !leat_is_ok(keep_numbers(decoder, record)))
        return LEAT_ABSENT;
    return leat_json_digits(decoder->arena, number);
}

/* Of the record as it prints, so that neither white space nor the spelling of escapes counts, and encode gives
 * the same id back; digits count, so numbers keep their text first. */
leat_str leat_record_digest(struct leat_decoder *decoder, const struct leat_record *record)
{
    struct leat_buf bare;
    if (!leat_is_ok(keep_numbers(decoder, record)))
        return LEAT_ABSENT;
    leat_buf_init(&bare, decoder->arena);
    leat_json_print(&bare, record->json);
    return leat_digest(decoder->arena, leat_buf_str(&bare));
}
