/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/text.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

static struct leat_arena arena;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

static void expect(leat_str got, leat_str want, const char *what)
{
    cr_expect(leat_str_eq(got, want), "%s: got \"%.*s\", want \"%.*s\"", what, LEAT_ARG(got), LEAT_ARG(want));
}

TestSuite(text, .init = setup, .fini = teardown);

Test(text, time_from_ms_is_rfc_3339_in_utc)
{
    static const struct {
        int64_t ms;
        const char *want;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1714560896250, "2024-05-01T10:54:56.250Z"},
        {951782400000, "2000-02-29T00:00:00Z"},
        {951868800000, "2000-03-01T00:00:00Z"},
        {4107542399000, "2100-02-28T23:59:59Z"},
        {4107542400000, "2100-03-01T00:00:00Z"},
        {1709251199999, "2024-02-29T23:59:59.999Z"},
        {-2203891200000, "1900-03-01T00:00:00Z"},
        {-62135596800000, "0001-01-01T00:00:00Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        leat_str got = leat_time_from_ms(&arena, cases[i].ms);
        expect(got, leat_str_c(cases[i].want), "time");
        cr_expect(leat_time_valid(got));
    }
}

Test(text, time_outside_the_calendar_is_absent)
{
    static const int64_t cases[] = {-62135596800001, 253402300800000, INT64_MIN, INT64_MAX, INT64_MIN / 1000};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_null(leat_time_from_ms(&arena, cases[i]).ptr, "%lld ms", (long long)cases[i]);
    cr_expect_null(leat_time_from_us(&arena, INT64_MIN).ptr);
    cr_expect_null(leat_time_from_us(&arena, INT64_MAX).ptr);
    cr_expect(leat_is_ok(leat_arena_status(&arena)));
}

Test(text, time_from_us_has_the_digits_it_needs)
{
    expect(leat_time_from_us(&arena, 1714560896000000), LEAT_STR("2024-05-01T10:54:56Z"), "none");
    expect(leat_time_from_us(&arena, 1714560896250000), LEAT_STR("2024-05-01T10:54:56.250Z"), "three");
    expect(leat_time_from_us(&arena, 1714560896000001), LEAT_STR("2024-05-01T10:54:56.000001Z"), "six");
    expect(leat_time_from_us(&arena, -1), LEAT_STR("1969-12-31T23:59:59.999999Z"), "before 1970");
}

Test(text, time_agrees_with_the_c_library_on_every_day_of_four_centuries)
{
    for (int64_t day = -70000; day < 80000; day++) {
        char want[32];
        time_t seconds = (time_t)(day * 86400 + 3661);
        struct tm parts;
        gmtime_r(&seconds, &parts);
        cr_assert_gt(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &parts), 0);
        leat_arena_reset(&arena);
        cr_assert(leat_str_is(leat_time_from_ms(&arena, (day * 86400 + 3661) * 1000), want), "%s", want);
    }
}

Test(text, time_valid_takes_what_rfc_3339_takes)
{
    static const char *const good[] = {
        "1985-04-12T23:20:50.52Z",        "1996-12-19T16:39:57-08:00", "1990-12-31T23:59:60Z",
        "1937-01-01T12:00:27.87+00:20",   "2024-02-29T00:00:00Z",      "2000-02-29t00:00:00z",
        "2024-05-01T12:00:00.123456789Z", "0000-01-01T00:00:00Z",      "1990-12-31T15:59:60-08:00",
    };
    static const char *const bad[] = {
        "",
        "2024-05-01",
        "2024-05-01T12:00Z",
        "2024-05-01 12:00:00Z",
        "2024-05-01T12:00:00",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-05-00T00:00:00Z",
        "2024-05-01T24:00:00Z",
        "2024-05-01T12:60:00Z",
        "2024-05-01T12:00:60Z",
        "2024-05-01T12:00:61Z",
        "2024-05-01T12:00:00.Z",
        "2024-05-01T12:00:00+0100",
        "2024-05-01T12:00:00+24:00",
        "2024-05-01T12:00:00+01:60",
        "2024-05-01T12:00:00Z ",
        "2024-5-1T12:00:00Z",
        "+024-05-01T12:00:00Z",
        "12/Mar/2020:19:03:58 +0000",
        "2024-05-01T12:00:00ZZ",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_expect(leat_time_valid(leat_str_c(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_not(leat_time_valid(leat_str_c(bad[i])), "%s", bad[i]);
    cr_expect_not(leat_time_valid(LEAT_ABSENT));
    cr_expect_not(leat_time_valid(leat_str_of("2024-05-01T12:00:00\0", 20)), "a NUL is no zone");
}

/* Peers' bug 12: keys a peer decoded once too often, or not at all. */
Test(text, form_decoding_gives_the_key_that_was_stored)
{
    static const struct {
        const char *encoded, *want;
    } cases[] = {
        {"a+b", "a b"},
        {"a%2Bb", "a+b"},
        {"100%25", "100%"},
        {"%252B%2B%2B+%2520.mp3", "%2B++ %20.mp3"},
        {"%E6%97%A5%E6%9C%AC.txt", "\xE6\x97\xA5\xE6\x9C\xAC.txt"},
        {"plain", "plain"},
        {"", ""},
        {"%e6%97%a5", "\xE6\x97\xA5"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(leat_percent_decode(&arena, leat_str_c(cases[i].encoded), true), leat_str_c(cases[i].want),
               cases[i].encoded);
}

Test(text, percent_decoding_leaves_plus_and_broken_escapes)
{
    static const struct {
        const char *encoded, *want;
    } cases[] = {
        {"a+b%20c", "a+b c"}, {"100%", "100%"}, {"%4", "%4"}, {"%zz%41", "%zzA"},
        {"%%41", "%A"},       {"%4%41", "%4A"}, {"%2", "%2"}, {"%C3%28", "\xC3("},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(leat_percent_decode(&arena, leat_str_c(cases[i].encoded), false), leat_str_c(cases[i].want),
               cases[i].encoded);
    expect(leat_percent_decode(&arena, LEAT_STR("a%00b"), false), LEAT_STR("a\0b"), "an escaped NUL");
}

Test(text, what_needs_no_decoding_is_the_same_slice)
{
    leat_str text = LEAT_STR("a+b");
    cr_expect_eq(leat_percent_decode(&arena, text, false).ptr, text.ptr);
    cr_expect_null(leat_percent_decode(&arena, LEAT_ABSENT, true).ptr);
    cr_expect_eq(leat_percent_encode(&arena, LEAT_STR("a-b.c_d~e/9"), "/").len, 11);
    cr_expect_null(leat_percent_encode(&arena, LEAT_ABSENT, "").ptr);
    cr_expect_eq(arena.used, 0);
}

Test(text, percent_encoding_keeps_what_was_asked_for)
{
    expect(leat_percent_encode(&arena, LEAT_STR("/a b/\xC3\xA9?"), "/"), LEAT_STR("/a%20b/%C3%A9%3F"), "path");
    expect(leat_percent_encode(&arena, LEAT_STR("a/b"), ""), LEAT_STR("a%2Fb"), "segment");
    expect(leat_percent_encode(&arena, LEAT_STR("\0\xFF"), "/"), LEAT_STR("%00%FF"), "bytes");
}

Test(text, percent_encoding_comes_back)
{
    char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    leat_str all = leat_str_of(bytes, sizeof(bytes));
    expect(leat_percent_decode(&arena, leat_percent_encode(&arena, all, ""), true), all, "256 bytes");
}

/* RFC 4648 section 10. */
Test(text, base64_vectors_of_the_rfc)
{
    static const char *const vectors[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        leat_str bytes = leat_str_c(vectors[i][0]), decoded = LEAT_ABSENT;
        expect(leat_base64_encode(&arena, bytes), leat_str_c(vectors[i][1]), "encoded");
        cr_expect(leat_base64_decode(&arena, leat_str_c(vectors[i][1]), &decoded));
        expect(decoded, bytes, "padded");
        decoded = LEAT_ABSENT;
        cr_expect(leat_base64_decode(&arena, leat_str_c(vectors[i][2]), &decoded));
        expect(decoded, bytes, "not padded");
    }
}

Test(text, base64_comes_back_for_every_byte_and_length)
{
    char bytes[300];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        leat_str all = leat_str_of(bytes, len), decoded;
        cr_assert(leat_base64_decode(&arena, leat_base64_encode(&arena, all), &decoded));
        cr_assert(leat_str_eq(decoded, all), "%zu bytes", len);
    }
}

Test(text, what_is_no_base64_is_refused)
{
    static const char *const bad[] = {"A",     "Zg=",  "Zg= ",     "Z===",  "====",       "=",    "Zm9v\n",
                                      " Zm9v", "Zm-_", "Zg==Zg==", "Zm9vY", "{{{body}}}", "Zm=v", "Zg==="};
    leat_str bytes = LEAT_STR("untouched");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_not(leat_base64_decode(&arena, leat_str_c(bad[i]), &bytes), "%s", bad[i]);
    cr_expect_not(leat_base64_decode(&arena, LEAT_ABSENT, &bytes));
    cr_expect_not(leat_base64_decode(&arena, leat_str_of("Zm9\0", 4), &bytes), "a NUL");
    cr_expect_not(leat_base64_decode(&arena, LEAT_STR("Zm9\x80"), &bytes), "eight bits");
    expect(bytes, LEAT_STR("untouched"), "bytes");
}

/* FIPS 180-4 examples and the lengths around a block's end; the first 16 bytes of each digest. */
Test(text, digest_is_the_start_of_sha_256)
{
    static const struct {
        const char *piece;
        size_t times;
        const char *want;
    } cases[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb924"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248d6a61d20638b8e5c026930c3e6039"},
        {"a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9a"},
        {"a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f"},
        {"a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98"},
        {"a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209"},
        {"a", 65, "635361c48bb9eab14198e76ea8ab7f1a"},
        {"a", 119, "31eba51c313a5c08226adf18d4a359cf"},
        {"a", 120, "2f3d335432c70b580af0e8e1b3674a7c"},
        {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t len = strlen(cases[i].piece);
        char *text = malloc(len * cases[i].times + 1);
        for (size_t j = 0; j < cases[i].times; j++)
            memcpy(text + j * len, cases[i].piece, len);
        expect(leat_digest(&arena, leat_str_of(text, len * cases[i].times)), leat_str_c(cases[i].want), "digest");
        free(text);
    }
}

Test(text, overflow_gives_absent_and_sticks)
{
    leat_str bytes = LEAT_STR("untouched");
    leat_alloc_fail_at(1, true);
    cr_expect_null(leat_time_from_ms(&arena, 0).ptr);
    cr_expect_null(leat_percent_decode(&arena, LEAT_STR("%41"), false).ptr);
    cr_expect_null(leat_percent_encode(&arena, LEAT_STR(" "), "").ptr);
    cr_expect_not(leat_base64_decode(&arena, LEAT_STR("Zg=="), &bytes));
    cr_expect_null(leat_base64_encode(&arena, LEAT_STR("f")).ptr);
    cr_expect_null(leat_digest(&arena, LEAT_STR("abc")).ptr);
    leat_alloc_fail_at(0, false);
    cr_expect_eq(leat_arena_status(&arena).code, LEAT_E_NO_MEMORY);
}
