/* SPDX-License-Identifier: Apache-2.0 */
/* Decode, encode, decode: the same records and events, from what decode made alone. */
#include "fuzz.h"

/* What a payload says, kept for a comparison with the next. */
struct told {
    struct leat_arena *arena;
    leat_str *lines; /* of each event, in order; in its place the reason why a record is broken */
    size_t count, size;
};

static void tell(struct told *told, leat_str line)
{
    if (told->count == told->size) {
        size_t size = told->size == 0 ? 16 : told->size * 2;
        leat_str *larger = LEAT_NEW_N(told->arena, leat_str, size);
        if (larger == NULL)
            return;
        if (told->count > 0)
            memcpy(larger, told->lines, told->count * sizeof(*larger));
        told->lines = larger;
        told->size = size;
    }
    told->lines[told->count++] = leat_arena_copy(told->arena, line);
}

static void tell_event(struct told *told, const struct leat_envelope *envelope)
{
    FUZZ_ARENA run;
    struct leat_event event;
    fuzz_arena_init(&run);
    leat_event_init(&event, envelope, &run);
    leat_str line = canonical_event(&event);
    MUST(line.ptr != NULL || run.overflow);
    told->arena->overflow = told->arena->overflow || run.overflow;
    tell(told, line);
}

/* The record itself stands before its events: nothing that leat does not know may get lost. */
static void tell_record(struct told *told, struct fuzz_payload *payload, const struct leat_record *record)
{
    struct leat_events events = {0};
    struct leat_buf line;
    leat_buf_init(&line, told->arena);
    leat_json_print(&line, record->json);
    tell(told, leat_buf_str(&line));
    leat_status status = leat_normalise(&payload->decoder, record, &events);
    if (!leat_is_ok(status))
        tell(told, leat_str_c(payload->error.message));
    for (uint32_t i = 0; i < events.count; i++)
        tell_event(told, &events.items[i]);
}

static void tell_all(struct told *told, struct leat_arena *arena, struct fuzz_payload *payload)
{
    *told = (struct told){.arena = arena};
    for (uint32_t i = 0; i < payload->records.count; i++)
        tell_record(told, payload, &payload->records.items[i]);
    arena->overflow = arena->overflow || fuzz_overflown(payload);
}

static void expect_same_records(const struct leat_records *a, const struct leat_records *b)
{
    MUST(a->adapter == b->adapter);
    MUST(a->count == b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct leat_record *left = &a->items[i], *right = &b->items[i];
        MUST(leat_str_eq(left->id, right->id));
        MUST(leat_str_eq(left->lane, right->lane));
        MUST(leat_str_eq(left->partition, right->partition));
        MUST(leat_str_eq(left->broken, right->broken));
        MUST(left->attempts == right->attempts && left->index == right->index);
    }
}

static void expect_same(const struct told *a, const struct told *b)
{
    MUST(a->count == b->count);
    for (size_t i = 0; i < a->count; i++)
        MUST(leat_str_eq(a->lines[i], b->lines[i]));
}

/* The kept text is spoilt before encode, which may use the tree only. False: out of memory. */
static bool encode_from_tree(struct fuzz_payload *payload, leat_str text, struct leat_arena *arena, leat_str *ret)
{
    memset((char *)(uintptr_t)text.ptr, '#', text.len);
    leat_status status = leat_encode(arena, &payload->records, ret);
    MUST(leat_is_ok(status) || arena->overflow);
    return leat_is_ok(status);
}

static void expect_same_again(const struct fuzz_payload *first, const struct told *before, leat_str encoded)
{
    FUZZ_ARENA arena;
    FUZZ_PAYLOAD second;
    struct told after;
    leat_str again;
    fuzz_arena_init(&arena);
    fuzz_decode(&second, leat_arena_copy(&arena, encoded), NULL);
    MUST(leat_is_ok(second.status) || fuzz_overflown(&second));
    tell_all(&after, &arena, &second);
    if (arena.overflow)
        return;
    expect_same_records(&first->records, &second.records);
    expect_same(before, &after);
    if (encode_from_tree(&second, second.records.doc->text, &arena, &again))
        MUST(leat_str_eq(encoded, again));
}

void fuzz_survive(leat_str text)
{
    leat_str encoded;
    struct told before;
    FUZZ_ARENA arena;
    FUZZ_PAYLOAD first;
    fuzz_arena_init(&arena);
    fuzz_decode(&first, text, NULL);
    if (!leat_is_ok(first.status) || leat_str_utf8(text) < text.len) /* other bytes come back as U+FFFD */
        return;
    tell_all(&before, &arena, &first);
    if (!arena.overflow && encode_from_tree(&first, text, &arena, &encoded))
        expect_same_again(&first, &before, encoded);
}
