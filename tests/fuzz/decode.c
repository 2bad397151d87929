/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through detect, split, normalise, views, JSON out and encode: an outcome or an error, never a crash. */
#include <leat/alloc.h>
#include <triggers.h>

#include <stdint.h>
#include <stdlib.h>

enum { MAX_ADAPTERS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct leat_adapter *const *sorted_adapters(void)
{
    static const struct leat_adapter *sorted[MAX_ADAPTERS + 1];
    if (sorted[0] == NULL) {
        size_t count = 0;
        while (leat_adapters[count] != NULL && count < MAX_ADAPTERS) {
            sorted[count] = leat_adapters[count];
            count++;
        }
        leat_adapters_sort(sorted, count);
    }
    return sorted;
}

/* Everything a handler or `leat show` may ask of an event; what is written must be JSON. */
static void look_at(const struct leat_envelope *envelope)
{
    struct leat_arena run LEAT_CLEANUP(leat_arena_fini);
    struct leat_event event;
    struct leat_buf buf;
    leat_arena_init(&run, (size_t)64 << 20);
    leat_event_init(&event, envelope, &run);
    (void)leat_event_raw(&event);
    (void)leat_event_json(&event);
    leat_buf_init(&buf, &run);
    leat_event_write(&event, &buf);
    leat_str text = leat_buf_str(&buf);
    if (text.ptr != NULL && !leat_json_valid(text))
        abort();
    leat_buf_init(&buf, &run);
    if (leat_event_write_view(&event, &buf) && (text = leat_buf_str(&buf)).ptr != NULL && !leat_json_valid(text))
        abort();
}

static void look_at_all(struct leat_decoder *decoder, const struct leat_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        struct leat_events events = {0};
        leat_status status = leat_normalise(decoder, &records->items[i], &events);
        if (!leat_is_ok(status) && events.count > 0)
            abort(); /* half a record */
        for (size_t e = 0; e < events.count; e++)
            look_at(&events.items[e]);
    }
}

/* The payload again, from the records; it must be read as what it was. */
static void encode_again(struct leat_decoder *decoder, const struct leat_records *records)
{
    struct leat_records again = {0};
    leat_str payload;
    if (!leat_is_ok(leat_encode(decoder->arena, records, &payload)))
        return;
    if (!leat_is_ok(leat_decode(decoder, payload, NULL, &again)) && !decoder->arena->overflow)
        abort();
    if (!decoder->arena->overflow && (again.adapter != records->adapter || again.count != records->count))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini);
    struct leat_error error = {.message = ""};
    struct leat_records records = {0};
    struct leat_decoder decoder = {.arena = &arena, .adapters = sorted_adapters(), .exact = true, .reterr = &error};
    leat_str text = leat_str_of((const char *)data, size);
    leat_arena_init(&arena, (size_t)64 << 20);
    leat_status status = leat_decode(&decoder, text, NULL, &records);
    if (leat_json_valid(text) && status.code == LEAT_E_NOT_JSON && decoder.fault.ended)
        abort(); /* the strict check found an end that the parser did not */
    if (!leat_is_ok(status))
        return 0;
    look_at_all(&decoder, &records);
    if (leat_str_utf8(text) == text.len) /* other bytes come back as U+FFFD */
        encode_again(&decoder, &records);
    return 0;
}
