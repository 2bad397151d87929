/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Both are touched by tests only; production pays one relaxed load per allocation. */
static atomic_bool counting;
static atomic_bool fail_forever;
static _Atomic uint64_t seen, fail_nth;

static bool must_fail(void)
{
    if (!atomic_load_explicit(&counting, memory_order_relaxed))
        return false;
    uint64_t now = atomic_fetch_add(&seen, 1) + 1;
    uint64_t nth = atomic_load(&fail_nth);
    return nth != 0 && (now == nth || (now > nth && atomic_load(&fail_forever)));
}

uint64_t leat_alloc_fail_at(uint64_t nth, bool forever)
{
    uint64_t count = atomic_exchange(&seen, 0);
    atomic_store(&fail_nth, nth);
    atomic_store(&fail_forever, forever);
    atomic_store(&counting, true);
    return count;
}

void *leat_alloc(size_t size)
{
    return must_fail() ? NULL : calloc(1, size);
}

void *leat_alloc_raw(size_t size)
{
    return must_fail() ? NULL : malloc(size);
}

void *leat_realloc(void *memory, size_t size)
{
    return must_fail() ? NULL : realloc(memory, size);
}

char *leat_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = leat_alloc_raw(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void leat_free(void *memory)
{
    free(memory);
}
