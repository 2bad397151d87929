/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way core and triggers get heap memory, so that a test can make the Nth allocation fail.
 * Every function may return NULL; nothing here ends the process.
 */
#ifndef LEAT_ALLOC_H
#define LEAT_ALLOC_H

#include <leat/api.h>

LEAT_BEGIN

LEAT_API void *leat_alloc(size_t size) LEAT_MUST_USE;                 /* zeroed */
LEAT_API void *leat_alloc_raw(size_t size) LEAT_MUST_USE;             /* not zeroed */
LEAT_API void *leat_realloc(void *memory, size_t size) LEAT_MUST_USE; /* NULL: `memory` stays as it was */
LEAT_API char *leat_strdup(const char *text) LEAT_MUST_USE;
LEAT_API void leat_free(void *memory); /* takes NULL */

/* For tests: the `nth` allocation from now on fails (1: the next), and all after it if `forever`.
 * 0 switches it off. Returns how many allocations there were since the last call. Per process. */
uint64_t leat_alloc_fail_at(uint64_t nth, bool forever);

/* Runs `free` on a variable when it leaves its scope. */
#define LEAT_CLEANUP(function) __attribute__((cleanup(function)))
/* Gives a pointer away: its variable is NULL afterwards. */
#define LEAT_TAKE(pointer)                          \
    __extension__({                                 \
        __typeof__(pointer) leat_taken = (pointer); \
        (pointer) = NULL;                           \
        leat_taken;                                 \
    })

static inline void leat_freep(void *pointer)
{
    leat_free(*(void **)pointer);
}

LEAT_END

#endif
