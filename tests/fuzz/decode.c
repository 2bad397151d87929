/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes through detect, split, normalise, data, views and JSON out: an outcome or an error, never a crash.
 * Besides as detected also as another adapter's, which a user may name, and as a raw handler's.
 */
#include "fuzz.h"

/* Everything a handler or `leat show` may ask of an event; what is written must be JSON. */
static void look_at(const struct leat_event *event)
{
    struct leat_buf buf;
    leat_buf_init(&buf, event->arena);
    (void)leat_event_json(event);
    MUST(leat_event_raw(event).ptr != NULL || event->arena->overflow);
    leat_event_write(event, &buf);
    leat_str text = leat_buf_str(&buf);
    MUST(text.ptr != NULL ? fuzz_is_json(text) : event->arena->overflow);
    leat_buf_init(&buf, event->arena);
    if (!leat_event_write_view(event, &buf))
        return;
    text = leat_buf_str(&buf);
    MUST(text.ptr != NULL ? fuzz_is_json(text) : event->arena->overflow);
}

static void decode_as(leat_str text, const struct leat_adapter *as)
{
    FUZZ_PAYLOAD payload;
    fuzz_decode(&payload, text, as);
    MUST(as == NULL || !leat_is_ok(payload.status) || payload.records.adapter == as);
    /* The strict check may refuse what the parser takes, but not the other way round. */
    MUST(!(leat_json_valid(text) && payload.status.code == LEAT_E_NOT_JSON && payload.decoder.fault.ended));
    fuzz_each_event(&payload, look_at);
}

/* Which one is chosen by the length, so that it is the same each time. */
static const struct leat_adapter *another(size_t size)
{
    const struct leat_adapter *const *adapters = sorted_adapters();
    size_t count = 1; /* `unknown` is always there */
    while (adapters[count] != NULL)
        count++;
    return adapters[size % count];
}

static void decode_raw(leat_str text)
{
    FUZZ_ARENA arena, run;
    fuzz_arena_init(&arena);
    fuzz_arena_init(&run);
    struct leat_error error;
    struct leat_decoder decoder = {.arena = &arena, .reterr = &error};
    struct leat_records records;
    struct leat_events events = {0};
    struct leat_event event;
    MUST(leat_is_ok(leat_decode_raw(&decoder, text, &records)));
    MUST(leat_is_ok(leat_normalise(&decoder, &records.items[0], &events)) && events.count == 1);
    leat_event_init(&event, &events.items[0], &run);
    MUST(leat_str_eq(leat_event_data(&event), text));
    look_at(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = fuzz_guarded(data, size);
    decode_as(text, NULL);
    decode_as(text, another(size));
    decode_raw(text);
    return 0;
}
