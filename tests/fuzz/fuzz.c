/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)
#define ARENA_MAX ((size_t)256 << 20)

void fuzz_found(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* Room for `size` bytes that ends where the guard begins; grows, and is never given back. */
static char *guarded_end(size_t size)
{
    static char *end;
    static size_t room;
    if (end != NULL && size <= room)
        return end;
    if (end != NULL)
        (void)munmap(end - room, room + PAGE);
    room = (size / PAGE + 16) * PAGE;
    char *start = mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(start != MAP_FAILED);
    MUST(mprotect(start + room, PAGE, PROT_NONE) == 0);
    return end = start + room;
}

leat_str fuzz_guarded(const uint8_t *data, size_t size)
{
    char *text = guarded_end(size) - size;
    if (size > 0)
        memcpy(text, data, size);
    return leat_str_of(text, size);
}

bool fuzz_is_inside(leat_str text, leat_str part)
{
    return part.ptr >= text.ptr && part.len <= text.len && (size_t)(part.ptr - text.ptr) <= text.len - part.len;
}

bool fuzz_is_json(leat_str text)
{
    struct leat_json_fault fault;
    size_t at = 0;
    if (leat_json_valid(text))
        return true;
    return text.ptr != NULL && leat_json_scan(text, &at, &fault).code == LEAT_E_TOO_DEEP;
}

/* The character at *at, which moves behind it; the text is UTF-8. */
static uint32_t next_character(leat_str text, size_t *at)
{
    unsigned char first = (unsigned char)text.ptr[(*at)++];
    uint32_t code = first < 0x80 ? first : first < 0xE0 ? first & 0x1Fu : first < 0xF0 ? first & 0xFu : first & 7u;
    while (*at < text.len && ((unsigned char)text.ptr[*at] & 0xC0) == 0x80)
        code = code << 6 | ((unsigned char)text.ptr[(*at)++] & 0x3Fu);
    return code;
}

bool fuzz_has_control(leat_str text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t code = next_character(text, &at);
        if (code < 0x20 || (code >= 0x7F && code < 0xA0))
            return true;
    }
    return false;
}

bool fuzz_is_attribute(leat_str value)
{
    if (leat_str_utf8(value) < value.len || fuzz_has_control(value))
        return false;
    for (size_t at = 0; at < value.len;) {
        uint32_t code = next_character(value, &at);
        if ((code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE)
            return false;
    }
    return true;
}

void fuzz_arena_init(struct leat_arena *arena)
{
    leat_arena_init(arena, ARENA_MAX);
    arena->chunk_size = 0; /* and twice that is no more */
}

void fuzz_decode(struct fuzz_payload *payload, leat_str text, const struct leat_adapter *as)
{
    *payload = (struct fuzz_payload){.records = {0}};
    fuzz_arena_init(&payload->arena);
    payload->decoder = (struct leat_decoder){
        .arena = &payload->arena, .adapters = sorted_adapters(), .exact = true, .reterr = &payload->error};
    payload->status = leat_decode(&payload->decoder, text, as, &payload->records);
    if (leat_is_ok(payload->status))
        MUST(payload->records.adapter != NULL && payload->records.why != NULL);
    else
        MUST(payload->error.message[0] != '\0');
}

void fuzz_payload_fini(struct fuzz_payload *payload)
{
    leat_arena_fini(&payload->arena);
}

bool fuzz_overflown(const struct fuzz_payload *payload)
{
    return payload->arena.overflow;
}

static void each_of_record(struct fuzz_payload *payload, const struct leat_record *record,
                           void (*each)(const struct leat_event *event))
{
    struct leat_events events = {0};
    FUZZ_ARENA run;
    fuzz_arena_init(&run);
    leat_status status = leat_normalise(&payload->decoder, record, &events);
    MUST(leat_is_ok(status) || events.count == 0);
    MUST(leat_is_ok(status) || status.code == LEAT_E_BAD_RECORD || fuzz_overflown(payload));
    for (uint32_t i = 0; i < events.count; i++) {
        struct leat_event event;
        leat_event_init(&event, &events.items[i], &run);
        each(&event);
        leat_arena_reset(&run);
    }
}

void fuzz_each_event(struct fuzz_payload *payload, void (*each)(const struct leat_event *event))
{
    for (uint32_t i = 0; leat_is_ok(payload->status) && i < payload->records.count; i++)
        each_of_record(payload, &payload->records.items[i], each);
}
