/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/arena.h>

#include <criterion/criterion.h>

static struct leat_arena arena;

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(arena, .fini = teardown);

static void expect_refused(struct leat_arena *refusing, const char *what)
{
    cr_expect_null(leat_arena_alloc(refusing, 1), "%s: alloc", what);
    cr_expect_null(leat_arena_calloc(refusing, 1, 1), "%s: calloc", what);
    cr_expect_null(leat_arena_copy(refusing, LEAT_STR("x")).ptr, "%s: copy", what);
    cr_expect_null(leat_arena_printf(refusing, "x").ptr, "%s: printf", what);
    cr_expect_not(leat_arena_defer(refusing, NULL, NULL), "%s: defer", what);
}

Test(arena, allocations_are_aligned_apart_and_owned)
{
    leat_arena_init(&arena, 0);
    char *before = NULL;
    for (size_t size = 1; size < 5000; size += 7) {
        char *memory = leat_arena_alloc(&arena, size);
        cr_assert_not_null(memory);
        cr_expect_eq((uintptr_t)memory % 16, 0, "size %zu", size);
        cr_expect_neq((void *)memory, (void *)before);
        memset(memory, 0xAA, size); /* the sanitizer sees what is not ours */
        cr_expect(leat_arena_owns(&arena, memory) && leat_arena_owns(&arena, memory + size - 1));
        before = memory;
    }
    cr_expect_not(leat_arena_owns(&arena, &arena));
    cr_expect_not(leat_arena_owns(&arena, NULL));
}

Test(arena, nothing_is_taken_before_the_first_allocation)
{
    leat_arena_init(&arena, 0);
    cr_expect_eq(arena.used, 0);
    struct leat_arena zeroed = {0};
    leat_arena_fini(&zeroed);
    leat_arena_fini(&zeroed);
}

Test(arena, calloc_is_zeroed_even_in_used_memory)
{
    leat_arena_init(&arena, 0);
    memset(leat_arena_alloc(&arena, 1000), 0xAA, 1000);
    leat_arena_reset(&arena);
    const char *memory = leat_arena_calloc(&arena, 10, 100);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(memory[i], 0, "byte %zu", i);
}

Test(arena, copies_have_a_nul_behind_them)
{
    leat_arena_init(&arena, 0);
    leat_str copy = leat_arena_copy(&arena, leat_str_of("a\0b", 3));
    cr_expect(leat_str_eq(copy, leat_str_of("a\0b", 3)));
    cr_expect_eq(copy.ptr[3], '\0');
    cr_expect_null(leat_arena_copy(&arena, LEAT_ABSENT).ptr);
    cr_expect(leat_str_eq(leat_arena_copy(&arena, LEAT_STR("")), LEAT_STR("")));
    leat_str printed = leat_arena_printf(&arena, "%d-%s", 7, "x");
    cr_expect_str_eq(printed.ptr, "7-x");
    cr_expect_eq(printed.len, 3);
    cr_expect_not(arena.overflow);
}

Test(arena, decimal_has_all_digits_and_no_other)
{
    static const struct {
        uint64_t value;
        const char *digits;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {10, "10"},
                 {9007199254740993, "9007199254740993"},
                 {INT64_MAX, "9223372036854775807"},
                 {UINT64_MAX, "18446744073709551615"}};
    leat_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_str_eq(leat_arena_decimal(&arena, cases[i].value).ptr, cases[i].digits, "with a NUL behind it");
    leat_arena_fini(&arena);
    leat_arena_init(&arena, 8);
    cr_expect_null(leat_arena_decimal(&arena, 1).ptr);
    cr_expect(arena.overflow);
}

Test(arena, overflow_is_sticky_until_reset)
{
    leat_arena_init(&arena, 8192);
    cr_assert_not_null(leat_arena_alloc(&arena, 100));
    cr_expect_null(leat_arena_alloc(&arena, 100000));
    expect_refused(&arena, "although there is room");
    cr_expect_eq(leat_arena_status(&arena).code, LEAT_E_TOO_BIG);
    leat_arena_reset(&arena);
    cr_expect_not_null(leat_arena_alloc(&arena, 100));
    cr_expect(leat_is_ok(leat_arena_status(&arena)));
}

Test(arena, the_cap_counts_what_is_taken_from_the_heap)
{
    leat_arena_init(&arena, 100000);
    while (leat_arena_alloc(&arena, 64) != NULL)
        cr_assert_leq(arena.used, 100000);
    cr_expect_gt(arena.used, 90000, "a cap is used up, not given away: %zu", arena.used);
    cr_expect_eq(leat_arena_status(&arena).code, LEAT_E_TOO_BIG);
}

Test(arena, a_cap_smaller_than_a_chunk_still_gives_something)
{
    leat_arena_init(&arena, 200);
    cr_expect_not_null(leat_arena_alloc(&arena, 100));
    cr_expect_leq(arena.used, 200);
    leat_arena_fini(&arena);
    leat_arena_init(&arena, 1);
    expect_refused(&arena, "not even a header");
}

Test(arena, sizes_that_no_heap_has_are_refused)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 40};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        leat_arena_init(&arena, 0);
        cr_expect_null(leat_arena_alloc(&arena, sizes[i]), "%zu", sizes[i]);
        cr_expect(arena.overflow);
        leat_arena_fini(&arena);
    }
    leat_arena_init(&arena, 0);
    cr_expect_null(leat_arena_calloc(&arena, SIZE_MAX / 2, 3));
    cr_expect(arena.overflow);
    leat_arena_fini(&arena);
    leat_arena_init(&arena, 0);
    cr_expect_null(leat_arena_calloc(&arena, SIZE_MAX / 16 + 2, 16), "the product wraps to 16");
    cr_expect(arena.overflow);
}

Test(arena, the_heap_refusing_is_told_apart_from_the_cap)
{
    leat_arena_init(&arena, 0);
    leat_alloc_fail_at(1, false);
    cr_expect_null(leat_arena_alloc(&arena, 1));
    leat_alloc_fail_at(0, false);
    cr_expect_eq(leat_arena_status(&arena).code, LEAT_E_NO_MEMORY);
    expect_refused(&arena, "the heap has recovered, the arena not");
    cr_expect_null(leat_arena_alloc(&arena, SIZE_MAX));
    cr_expect_eq(leat_arena_status(&arena).code, LEAT_E_NO_MEMORY, "the first reason stays");
}

Test(arena, every_allocation_may_fail)
{
    bool failed = true;
    for (uint64_t nth = 1; failed; nth++) {
        cr_assert_lt(nth, 100);
        leat_arena_init(&arena, 0);
        leat_alloc_fail_at(nth, false);
        size_t good = 0;
        for (size_t i = 0; i < 2000; i++)
            good += leat_arena_alloc(&arena, 100) != NULL;
        failed = arena.overflow;
        leat_alloc_fail_at(0, false);
        cr_expect_eq(failed, good < 2000);
        cr_expect(!failed || nth == 1 || good > 0);
        leat_arena_fini(&arena);
        cr_expect_eq(arena.used, 0);
    }
}

static char calls[16];

static void note(void *argument)
{
    size_t len = strlen(calls);
    calls[len] = *(const char *)argument;
    calls[len + 1] = '\0';
}

Test(arena, rollback_gives_memory_back_and_runs_what_was_deferred_since)
{
    static char a = 'a', b = 'b', c = 'c';
    leat_arena_init(&arena, 0);
    char *kept = leat_arena_alloc(&arena, 10);
    memcpy(kept, "kept here", 10);
    cr_assert(leat_arena_defer(&arena, note, &a));
    struct leat_arena_mark mark = leat_arena_snapshot(&arena);
    void *first = leat_arena_alloc(&arena, 10);
    cr_assert(leat_arena_defer(&arena, note, &b));
    cr_assert_not_null(leat_arena_alloc(&arena, 100000)); /* another chunk */
    cr_assert(leat_arena_defer(&arena, note, &c));
    size_t used = arena.used;
    leat_arena_rollback(&arena, mark);
    cr_expect_str_eq(calls, "cb", "the last one first, and only those behind the mark");
    cr_expect_lt(arena.used, used);
    cr_expect_eq(leat_arena_alloc(&arena, 10), first, "the same place again");
    cr_expect_str_eq(kept, "kept here");
    leat_arena_fini(&arena);
    cr_expect_str_eq(calls, "cba");
}

Test(arena, rollback_to_the_empty_arena_frees_all)
{
    leat_arena_init(&arena, 0);
    struct leat_arena_mark mark = leat_arena_snapshot(&arena);
    cr_assert_not_null(leat_arena_alloc(&arena, 10));
    leat_arena_rollback(&arena, mark);
    cr_expect_eq(arena.used, 0);
    cr_expect_not_null(leat_arena_alloc(&arena, 10));
}

Test(arena, rollback_does_not_heal_an_overflow)
{
    leat_arena_init(&arena, 8192);
    cr_assert_not_null(leat_arena_alloc(&arena, 10));
    struct leat_arena_mark mark = leat_arena_snapshot(&arena);
    cr_assert_null(leat_arena_alloc(&arena, 100000));
    leat_arena_rollback(&arena, mark);
    expect_refused(&arena, "after rollback");
}

Test(arena, reset_runs_deferred_calls_and_keeps_one_chunk)
{
    static char a = 'a', b = 'b';
    leat_arena_init(&arena, 0);
    cr_assert(leat_arena_defer(&arena, note, &a) && leat_arena_defer(&arena, note, &b));
    for (size_t i = 0; i < 1000; i++)
        cr_assert_not_null(leat_arena_alloc(&arena, 1000));
    size_t used = arena.used;
    leat_arena_reset(&arena);
    cr_expect_str_eq(calls, "ba");
    cr_expect(arena.used > 0 && arena.used < used);
    leat_alloc_fail_at(1, true);
    cr_expect_not_null(leat_arena_alloc(&arena, 1000), "the kept chunk serves without the heap");
    leat_alloc_fail_at(0, false);
    leat_arena_reset(&arena);
    cr_expect_str_eq(calls, "ba", "each is called once");
}

/* --- the heap under it --------------------------------------------------------------------------- */

Test(alloc, the_nth_fails_alone_or_with_all_behind_it)
{
    leat_alloc_fail_at(2, false);
    void *first = leat_alloc(1), *second = leat_alloc_raw(1), *third = leat_strdup("x");
    cr_expect(first != NULL && second == NULL && third != NULL);
    cr_expect_eq(leat_alloc_fail_at(1, true), 3, "it counts");
    cr_expect_null(leat_realloc(first, 100));
    cr_expect_null(leat_strdup("x"));
    leat_alloc_fail_at(0, false);
    leat_free(first); /* realloc that failed left it as it was */
    leat_free(second);
    leat_free(third);
}

Test(alloc, memory_is_zeroed_where_it_is_said)
{
    char *memory LEAT_CLEANUP(leat_freep) = leat_alloc(1000);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(memory[i], 0);
}

Test(alloc, take_leaves_null)
{
    char *owner LEAT_CLEANUP(leat_freep) = leat_strdup("x");
    char *taken LEAT_CLEANUP(leat_freep) = LEAT_TAKE(owner);
    cr_expect_null(owner);
    cr_expect_str_eq(taken, "x");
}
