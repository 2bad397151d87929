/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/arena.h>

#include <stdio.h>

#define ALIGN 16u
#define FIRST_CHUNK (4u << 10)
#define LARGEST_STEP (1u << 20)
#define KEPT_MAX ((size_t)8 << 20) /* of an arena that waits for its next use */

struct leat_arena_chunk {
    struct leat_arena_chunk *older;
    size_t size; /* of the whole chunk, this header included */
};

struct leat_arena_deferred {
    struct leat_arena_deferred *older;
    void (*function)(void *);
    void *argument;
};

#define HEADER ((sizeof(struct leat_arena_chunk) + ALIGN - 1) & ~(size_t)(ALIGN - 1))

void leat_arena_init(struct leat_arena *arena, size_t cap)
{
    *arena = (struct leat_arena){.chunk_size = FIRST_CHUNK, .cap = cap};
}

static void run_deferred(struct leat_arena *arena, const struct leat_arena_deferred *until)
{
    while (arena->deferred != until) {
        struct leat_arena_deferred *deferred = arena->deferred;
        arena->deferred = deferred->older;
        deferred->function(deferred->argument);
    }
}

static void drop_chunk(struct leat_arena *arena)
{
    struct leat_arena_chunk *chunk = arena->chunks;
    arena->chunks = chunk->older;
    arena->used -= chunk->size;
    leat_free(chunk);
}

void leat_arena_fini(struct leat_arena *arena)
{
    run_deferred(arena, NULL);
    while (arena->chunks != NULL)
        drop_chunk(arena);
    leat_arena_init(arena, arena->cap);
}

static void open_chunk(struct leat_arena *arena, struct leat_arena_chunk *chunk, char *at)
{
    arena->at = at;
    arena->end = chunk != NULL ? (char *)chunk + chunk->size : at;
}

static struct leat_arena_chunk *new_chunk(size_t size)
{
    struct leat_arena_chunk *chunk = leat_alloc_raw(size);
    if (chunk != NULL)
        *chunk = (struct leat_arena_chunk){.size = size};
    return chunk;
}

/* The next use is likely to be like the last: one chunk for all of it spares the heap, and the pages, each time. */
void leat_arena_reset(struct leat_arena *arena)
{
    run_deferred(arena, NULL);
    bool several = arena->chunks != NULL && arena->chunks->older != NULL;
    struct leat_arena_chunk *keep = several && arena->used <= KEPT_MAX ? new_chunk(arena->used - HEADER) : NULL;
    if (keep == NULL && arena->chunks != NULL && arena->chunks->size <= KEPT_MAX) {
        keep = arena->chunks;
        arena->chunks = keep->older;
        arena->used -= keep->size;
        keep->older = NULL;
    }
    while (arena->chunks != NULL)
        drop_chunk(arena);
    arena->chunks = keep;
    arena->used = keep != NULL ? keep->size : 0;
    open_chunk(arena, keep, keep != NULL ? (char *)keep + HEADER : NULL);
    arena->overflow = arena->over_cap = false;
}

struct leat_arena_mark leat_arena_snapshot(const struct leat_arena *arena)
{
    return (struct leat_arena_mark){.chunk = arena->chunks, .at = arena->at, .deferred = arena->deferred};
}

void leat_arena_rollback(struct leat_arena *arena, struct leat_arena_mark mark)
{
    run_deferred(arena, mark.deferred);
    while (arena->chunks != mark.chunk)
        drop_chunk(arena);
    open_chunk(arena, mark.chunk, mark.at);
}

static void *refuse(struct leat_arena *arena, bool over_cap)
{
    arena->over_cap = arena->overflow ? arena->over_cap : over_cap;
    arena->overflow = true;
    arena->at = arena->end; /* so that the quick path of leat_arena_alloc fails as well */
    return NULL;
}

static void *alloc_in_new_chunk(struct leat_arena *arena, size_t size)
{
    if (arena->overflow || size > SIZE_MAX - HEADER - ALIGN)
        return refuse(arena, true);
    size_t want = size + HEADER;
    size_t chunk_size = want > arena->chunk_size ? want : arena->chunk_size;
    size_t room = arena->cap == 0 ? SIZE_MAX : arena->cap - arena->used;
    if (want > room)
        return refuse(arena, true);
    if (chunk_size > room)
        chunk_size = room;
    struct leat_arena_chunk *chunk = new_chunk(chunk_size);
    if (chunk == NULL)
        return refuse(arena, false);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->used += chunk_size;
    if (arena->chunk_size < LARGEST_STEP)
        arena->chunk_size *= 2;
    open_chunk(arena, chunk, (char *)chunk + HEADER + size);
    return (char *)chunk + HEADER;
}

void *leat_arena_alloc(struct leat_arena *arena, size_t size)
{
    size_t rounded = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (rounded < size)
        return refuse(arena, true);
    if (rounded > (size_t)(arena->end - arena->at) || arena->chunks == NULL || arena->overflow)
        return alloc_in_new_chunk(arena, rounded);
    void *memory = arena->at;
    arena->at += rounded;
    return memory;
}

void *leat_arena_calloc(struct leat_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return refuse(arena, true);
    void *memory = leat_arena_alloc(arena, bytes);
    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

leat_str leat_arena_copy(struct leat_arena *arena, leat_str text)
{
    if (text.ptr == NULL)
        return LEAT_ABSENT;
    char *copy = text.len < SIZE_MAX ? leat_arena_alloc(arena, text.len + 1) : NULL;
    if (copy == NULL)
        return LEAT_ABSENT;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return leat_str_of(copy, text.len);
}

leat_str leat_arena_vprintf(struct leat_arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = len >= 0 ? leat_arena_alloc(arena, (size_t)len + 1) : NULL;
    if (text == NULL)
        return LEAT_ABSENT;
    vsnprintf(text, (size_t)len + 1, format, args);
    return leat_str_of(text, (size_t)len);
}

leat_str leat_arena_printf(struct leat_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leat_str text = leat_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

leat_str leat_arena_decimal(struct leat_arena *arena, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    return leat_arena_copy(arena, leat_str_of(digits + at, sizeof(digits) - at));
}

bool leat_arena_defer(struct leat_arena *arena, void (*function)(void *), void *argument)
{
    struct leat_arena_deferred *deferred = leat_arena_alloc(arena, sizeof(*deferred));
    if (deferred == NULL)
        return false;
    *deferred = (struct leat_arena_deferred){.older = arena->deferred, .function = function, .argument = argument};
    arena->deferred = deferred;
    return true;
}

bool leat_arena_owns(const struct leat_arena *arena, const void *memory)
{
    uintptr_t at = (uintptr_t)memory;
    for (const struct leat_arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->older)
        if (at >= (uintptr_t)chunk && at < (uintptr_t)chunk + chunk->size)
            return true;
    return false;
}

leat_status leat_arena_status(const struct leat_arena *arena)
{
    if (!arena->overflow)
        return LEAT_OK;
    return arena->over_cap ? LEAT_STATUS(TOO_BIG) : LEAT_STATUS(NO_MEMORY);
}
