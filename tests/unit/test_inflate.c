/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed bytes: what comes out, where the bound is, and that nothing half comes out. */
#include "compressed.h"

#include <leat/alloc.h>
#include <leat/inflate.h>

#define NO_LIMIT ((size_t)1 << 30)

static struct leat_arena arena;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(inflate, .init = setup, .fini = teardown);

static leat_status inflated(leat_str bytes, size_t max, leat_str *ret)
{
    *ret = LEAT_ABSENT;
    return leat_inflate(&arena, bytes, max, ret);
}

static void expect_text(leat_str bytes, leat_str want, const char *what)
{
    leat_str got;
    leat_status status = inflated(bytes, NO_LIMIT, &got);
    cr_expect(leat_is_ok(status), "%s: %s", what, leat_status_code(status));
    cr_expect(leat_str_eq(got, want), "%s: %zu bytes", what, got.len);
}

static void expect_refused(leat_str bytes, const char *what)
{
    leat_str got;
    cr_expect_eq(inflated(bytes, NO_LIMIT, &got).code, LEAT_E_BAD_RECORD, "%s", what);
    cr_expect_null(got.ptr, "%s: nothing half comes out", what);
    cr_expect_not(arena.overflow, "%s: it is no want of memory", what);
}

/* So many bytes that repeat with a period of 251. */
static leat_str pattern(size_t len)
{
    char *bytes = leat_arena_alloc(&arena, len + 1);
    cr_assert_not_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i % 251);
    return leat_str_of(bytes, len);
}

static leat_str zeros(size_t len)
{
    return leat_str_of(leat_arena_calloc(&arena, len, 1), len);
}

static leat_str together(leat_str a, leat_str b)
{
    char *bytes = leat_arena_alloc(&arena, a.len + b.len + 1);
    cr_assert_not_null(bytes);
    memcpy(bytes, a.ptr, a.len);
    memcpy(bytes + a.len, b.ptr, b.len);
    return leat_str_of(bytes, a.len + b.len);
}

Test(inflate, gzip_is_known_by_its_first_bytes)
{
    cr_expect(leat_is_gzip(compressed(&arena, LEAT_STR("x"), AS_GZIP)));
    cr_expect(leat_is_gzip(LEAT_STR("\x1F\x8B\x08")));
    cr_expect_not(leat_is_gzip(LEAT_STR("\x1F\x8B")));
    cr_expect_not(leat_is_gzip(LEAT_STR("\x1F\x8C\x08")));
    cr_expect_not(leat_is_gzip(LEAT_STR("")));
    cr_expect_not(leat_is_gzip(LEAT_ABSENT));
    cr_expect_not(leat_is_gzip(compressed(&arena, LEAT_STR("x"), AS_ZLIB)), "zlib's own wrapper is another");
}

Test(inflate, both_wrappers_come_back)
{
    static const size_t lengths[] = {0, 1, 13, 16383, 16384, 16385, 32768, 300000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        leat_str bytes = pattern(lengths[i]);
        expect_text(compressed(&arena, bytes, AS_GZIP), bytes, "gzip");
        expect_text(compressed(&arena, bytes, AS_ZLIB), bytes, "zlib");
    }
}

/* Not by zlib: a stored block between the header and the trailer of RFC 1952, with a name in it. */
Test(inflate, a_stream_written_by_hand)
{
    static const char bytes[] = "\x1F\x8B\x08\x08\0\0\0\0\0\xFF"
                                "a.txt\0"
                                "\x01\x05\x00\xFA\xFFhello"
                                "\x86\xA6\x10\x36\x05\0\0\0";
    expect_text(leat_str_of(bytes, sizeof(bytes) - 1), LEAT_STR("hello"), "stored");
}

Test(inflate, what_is_no_stream_is_refused)
{
    expect_refused(LEAT_ABSENT, "absent");
    expect_refused(LEAT_STR(""), "empty");
    expect_refused(LEAT_STR("{\"plain\":\"text\"}"), "text");
    expect_refused(LEAT_STR("\x1F\x8B\x08"), "a header alone");
    expect_refused(LEAT_STR("\x1F\x8B\x07\0\0\0\0\0\0\xFF"), "another method");
    expect_refused(compressed(&arena, LEAT_STR("hello"), AS_RAW_DEFLATE), "no wrapper");
}

Test(inflate, a_stream_cut_anywhere_is_refused)
{
    leat_str whole = compressed(&arena, pattern(5000), AS_GZIP);
    for (size_t len = 0; len < whole.len; len++)
        expect_refused(leat_str_of(whole.ptr, len), "cut");
    expect_text(whole, pattern(5000), "whole");
}

Test(inflate, a_changed_byte_of_the_trailer_is_noticed)
{
    leat_str whole = compressed(&arena, pattern(5000), AS_GZIP);
    for (size_t back = 1; back <= 8; back++) {
        leat_str other = leat_arena_copy(&arena, whole);
        ((char *)(uintptr_t)other.ptr)[other.len - back] ^= 1;
        expect_refused(other, "checksum and length");
    }
}

Test(inflate, anything_behind_the_stream_is_refused)
{
    leat_str whole = compressed(&arena, LEAT_STR("hello"), AS_GZIP);
    expect_refused(together(whole, LEAT_STR("x")), "a byte");
    expect_refused(together(whole, LEAT_STR("\0")), "a NUL");
    expect_refused(together(whole, whole), "a second stream");
}

/* A short text may hold a very long one. */
Test(inflate, the_bound_is_kept_to_the_byte)
{
    static const size_t lengths[] = {1, 1000, 16384, 100000};
    leat_str got;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        leat_str bytes = compressed(&arena, zeros(lengths[i]), AS_GZIP);
        cr_expect_eq(inflated(bytes, lengths[i] - 1, &got).code, LEAT_E_TOO_BIG, "%zu", lengths[i]);
        cr_expect_null(got.ptr);
        cr_expect(leat_is_ok(inflated(bytes, lengths[i], &got)), "%zu", lengths[i]);
        cr_expect_eq(got.len, lengths[i]);
    }
    cr_expect_not(arena.overflow, "a bound is not the arena's cap");
}

Test(inflate, a_bomb_takes_no_more_than_the_bound)
{
    leat_str bomb = compressed(&arena, zeros((size_t)32 << 20), AS_GZIP), got;
    struct leat_arena small;
    leat_arena_init(&small, 0);
    cr_assert_lt(bomb.len, 64 << 10);
    cr_expect_eq(leat_inflate(&small, bomb, (size_t)1 << 20, &got).code, LEAT_E_TOO_BIG);
    cr_expect_lt(small.used, (size_t)8 << 20, "%zu bytes", small.used);
    leat_arena_fini(&small);
}

Test(inflate, the_arenas_cap_is_told_as_its_own)
{
    leat_str bytes = compressed(&arena, zeros(100000), AS_GZIP), got;
    struct leat_arena small;
    leat_arena_init(&small, 20000);
    cr_expect_eq(leat_inflate(&small, bytes, NO_LIMIT, &got).code, LEAT_E_TOO_BIG);
    cr_expect(small.overflow);
    leat_arena_fini(&small);
}

Test(inflate, every_allocation_may_fail)
{
    leat_str bytes = compressed(&arena, pattern(40000), AS_GZIP);
    leat_status status = LEAT_STATUS(NO_MEMORY);
    uint64_t nth = 0;
    while (!leat_is_ok(status) && nth++ < 1000) {
        struct leat_arena other;
        leat_str got = LEAT_ABSENT;
        leat_arena_init(&other, 0);
        (void)leat_alloc_fail_at(nth, true);
        status = leat_inflate(&other, bytes, NO_LIMIT, &got);
        (void)leat_alloc_fail_at(0, false);
        cr_expect(leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY, "%s", leat_status_code(status));
        cr_expect_eq(leat_is_ok(status), got.ptr != NULL);
        leat_arena_fini(&other);
    }
    cr_expect_gt(nth, 2, "zlib's own memory is asked for here too");
    cr_expect(leat_is_ok(status));
}

/* --- the start alone ------------------------------------------------------------------------------------ */

static void expect_start(leat_str bytes, size_t size, leat_str want, const char *what)
{
    char start[32];
    size_t len = 99;
    cr_expect(leat_is_ok(leat_inflate_start(bytes, start, size, &len)), "%s", what);
    cr_expect(leat_str_eq(leat_str_of(start, len), want), "%s: %zu bytes", what, len);
}

Test(inflate, the_start_is_the_first_bytes_and_no_more)
{
    leat_str whole = compressed(&arena, LEAT_STR("  {\"messageType\":\"DATA_MESSAGE\"}"), AS_GZIP);
    expect_start(whole, 5, LEAT_STR("  {\"m"), "five");
    expect_start(whole, 1, LEAT_STR(" "), "one");
    expect_start(whole, 32, LEAT_STR("  {\"messageType\":\"DATA_MESSAGE\"}"), "all");
    expect_start(compressed(&arena, LEAT_STR("ab"), AS_ZLIB), 32, LEAT_STR("ab"), "shorter than asked for");
    expect_start(compressed(&arena, LEAT_STR(""), AS_GZIP), 32, LEAT_STR(""), "nothing in it");
}

Test(inflate, the_start_of_what_is_no_stream_is_nothing)
{
    char start[32];
    size_t len = 99;
    expect_start(LEAT_STR("plain text"), 32, LEAT_STR(""), "text");
    expect_start(LEAT_STR("\x1F\x8B\x08"), 32, LEAT_STR(""), "cut");
    cr_expect_eq(leat_inflate_start(LEAT_ABSENT, start, sizeof(start), &len).code, LEAT_E_BAD_RECORD);
    cr_expect_eq(len, 0);
}

Test(inflate, the_start_needs_memory_too)
{
    leat_str whole = compressed(&arena, LEAT_STR("hello"), AS_GZIP);
    char start[8];
    size_t len;
    (void)leat_alloc_fail_at(1, true);
    leat_status status = leat_inflate_start(whole, start, sizeof(start), &len);
    (void)leat_alloc_fail_at(0, false);
    cr_expect_eq(status.code, LEAT_E_NO_MEMORY);
    cr_expect_eq(len, 0);
}
