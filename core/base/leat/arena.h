/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: memory with one lifetime. A delivery has one, a run has one.
 *
 * Overflow is sticky: once an allocation was refused (by the cap or by the heap), every later one is
 * refused too, until reset. So a builder may make many calls and look once, at the end, whether all
 * of it is there: never half a result.
 *
 * Not for several threads at a time. Nothing in it is freed alone.
 */
#ifndef LEAT_ARENA_H
#define LEAT_ARENA_H

#include <leat/status.h>
#include <leat/str.h>

#include <stdarg.h>

LEAT_BEGIN

struct leat_arena_chunk;
struct leat_arena_deferred;

struct leat_arena {
    struct leat_arena_chunk *chunks; /* newest first */
    char *at, *end;                  /* free part of the newest */
    size_t chunk_size;               /* of the next chunk */
    size_t used, cap;                /* bytes taken from the heap; cap 0: no limit */
    bool overflow;                   /* sticky */
    bool over_cap;                   /* the overflow was the cap's, not the heap's */
    struct leat_arena_deferred *deferred;
};

/* A point to go back to. What was allocated after it is gone; deferred calls made since are run. */
struct leat_arena_mark {
    struct leat_arena_chunk *chunk;
    char *at;
    struct leat_arena_deferred *deferred;
};

/* `cap`: most bytes it may take from the heap, 0 for no limit. Allocates nothing yet. */
LEAT_API void leat_arena_init(struct leat_arena *arena, size_t cap);
/* Frees all; takes a zeroed arena. Deferred calls run first, the last one first. */
LEAT_API void leat_arena_fini(struct leat_arena *arena);
/* Empties it for the next use and keeps up to 8 MiB in one chunk; clears overflow. */
LEAT_API void leat_arena_reset(struct leat_arena *arena);

LEAT_API struct leat_arena_mark leat_arena_snapshot(const struct leat_arena *arena);
/* Goes back to `mark`; overflow stays as it is. */
LEAT_API void leat_arena_rollback(struct leat_arena *arena, struct leat_arena_mark mark);

/* 16-byte aligned, not zeroed; NULL after overflow. `size` 0 gives a pointer that must not be read. */
LEAT_API void *leat_arena_alloc(struct leat_arena *arena, size_t size) LEAT_MUST_USE;
/* `count` zeroed members of `size` bytes; overflow of the product counts as overflow of the arena. */
LEAT_API void *leat_arena_calloc(struct leat_arena *arena, size_t count, size_t size) LEAT_MUST_USE;
/* A copy with a NUL behind it (not counted). Absent stays absent. After overflow: absent. */
LEAT_API leat_str leat_arena_copy(struct leat_arena *arena, leat_str text) LEAT_MUST_USE;
LEAT_API leat_str leat_arena_printf(struct leat_arena *arena, const char *format, ...) LEAT_PRINTF(2, 3) LEAT_MUST_USE;
LEAT_API leat_str leat_arena_vprintf(struct leat_arena *arena, const char *format, va_list args) LEAT_PRINTF(2, 0)
    LEAT_MUST_USE;

/* The decimal digits of a number. After overflow: absent. */
LEAT_API leat_str leat_arena_decimal(struct leat_arena *arena, uint64_t value) LEAT_MUST_USE;

/* Calls function(argument) when the arena is reset, rolled back beyond here, or finished. False: overflow. */
LEAT_API bool leat_arena_defer(struct leat_arena *arena, void (*function)(void *), void *argument) LEAT_MUST_USE;

/* Does `memory` lie in it? */
LEAT_API bool leat_arena_owns(const struct leat_arena *arena, const void *memory);

/* DONE, or why it overflowed: TOO_BIG (the cap) or NO_MEMORY (the heap). */
LEAT_API leat_status leat_arena_status(const struct leat_arena *arena);

#define LEAT_NEW(arena, type) ((type *)leat_arena_calloc((arena), 1, sizeof(type)))
#define LEAT_NEW_N(arena, type, count) ((type *)leat_arena_calloc((arena), (count), sizeof(type)))

LEAT_END

#endif
