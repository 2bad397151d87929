/* SPDX-License-Identifier: Apache-2.0 */
/* Archives as they are written: our own reader has them back, and they are the same bytes each time. Info-ZIP and
 * Python read them in tests/package. */
#include <leat/alloc.h>
#include <leat/buf.h>

#include <criterion/criterion.h>
#include <zip_read.h>
#include <zip_write.h>

static struct leat_arena arena;
static struct leat_error error;

static void start(void)
{
    leat_arena_init(&arena, 0);
    error = (struct leat_error){0};
}

static void end(void)
{
    leat_arena_fini(&arena);
}

TestSuite(zip_write, .timeout = 60, .init = start, .fini = end);

static const char noise[] = "\x8f\x1d\xc3\x77\x02\xe9";

/* Not in order: a file that gets smaller, one that does not, one without bytes. */
static size_t make_files(struct leat_zip_file *files)
{
    static char much[5000];
    memset(much, 'm', sizeof(much));
    files[0] = (struct leat_zip_file){.name = LEAT_STR("lib/liba.so.1"), .content = leat_str_of(much, sizeof(much))};
    files[1] = (struct leat_zip_file){.name = LEAT_STR("bootstrap"), .content = leat_str_c(noise), .executable = true};
    files[2] = (struct leat_zip_file){.name = LEAT_STR("empty"), .content = LEAT_STR("")};
    files[3] = (struct leat_zip_file){.name = LEAT_STR("lib/liba.so"), .content = LEAT_STR("a")};
    return 4;
}

static leat_str written(void)
{
    struct leat_zip_file files[4];
    leat_str bytes = LEAT_ABSENT;
    size_t count = make_files(files);
    cr_assert(leat_is_ok(leat_zip_write(&arena, files, count, &bytes)));
    return bytes;
}

static bool add_piece(void *argument, leat_str piece)
{
    leat_buf_add(argument, piece);
    return true;
}

static leat_str content_of(const struct leat_zip_entry *entry)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    cr_assert(leat_is_ok(leat_zip_unpack(entry, add_piece, &buf, &error)), "%s", error.message);
    return leat_buf_str(&buf);
}

Test(zip_write, the_reader_has_all_of_it_back_in_order)
{
    static const char *const names[] = {"bootstrap", "empty", "lib/liba.so", "lib/liba.so.1"};
    struct leat_zip zip;
    cr_assert(leat_is_ok(leat_zip_read(&arena, written(), LEAT_ZIP_UNZIPPED_MAX, &zip, &error)), "%s", error.message);
    cr_assert_eq(zip.count, 4);
    for (uint32_t i = 0; i < zip.count; i++) {
        cr_expect_str_eq(zip.entries[i].name.ptr, names[i]);
        cr_expect_eq(zip.entries[i].mode, i == 0 ? 0755u : 0644u);
        cr_expect_eq(zip.entries[i].type, LEAT_ZIP_FILE);
    }
    cr_expect(leat_str_is(content_of(&zip.entries[0]), noise));
    cr_expect_eq(content_of(&zip.entries[1]).len, 0);
    cr_expect_eq(content_of(&zip.entries[3]).len, 5000);
    cr_expect_eq(zip.entries[0].method, 0, "what gets no smaller is stored");
    cr_expect_eq(zip.entries[3].method, 8);
    cr_expect_lt(zip.entries[3].packed.len, 100);
}

Test(zip_write, the_same_files_are_the_same_bytes_in_any_order)
{
    struct leat_zip_file files[4];
    leat_str first = written(), second = LEAT_ABSENT;
    size_t count = make_files(files);
    struct leat_zip_file last = files[3];
    files[3] = files[0];
    files[0] = last;
    cr_assert(leat_is_ok(leat_zip_write(&arena, files, count, &second)));
    cr_expect(leat_str_eq(first, second));
}

Test(zip_write, nothing_is_an_archive_too)
{
    struct leat_zip zip;
    leat_str bytes = LEAT_ABSENT;
    cr_assert(leat_is_ok(leat_zip_write(&arena, NULL, 0, &bytes)));
    cr_assert(leat_is_ok(leat_zip_read(&arena, bytes, 0, &zip, &error)), "%s", error.message);
    cr_expect_eq(zip.count, 0);
}

Test(zip_write, more_than_an_archive_holds_is_refused)
{
    struct leat_zip_file file = {.name = LEAT_STR("a"), .content = leat_str_of("", (size_t)INT32_MAX)};
    leat_str bytes = LEAT_ABSENT;
    cr_expect_eq(leat_zip_write(&arena, &file, 1, &bytes).code, LEAT_E_TOO_BIG);
    file.content = LEAT_STR("");
    file.name = leat_str_of("", UINT16_MAX + 1);
    cr_expect_eq(leat_zip_write(&arena, &file, 1, &bytes).code, LEAT_E_TOO_BIG);
}

Test(zip_write, each_allocation_may_fail)
{
    leat_status status = LEAT_STATUS(BUG);
    for (uint64_t nth = 1; !leat_is_ok(status); nth++) {
        struct leat_arena own LEAT_CLEANUP(leat_arena_fini) = {0};
        struct leat_zip_file files[4];
        leat_str bytes = LEAT_ABSENT;
        size_t count = make_files(files);
        leat_arena_init(&own, 0);
        (void)leat_alloc_fail_at(nth, false);
        status = leat_zip_write(&own, files, count, &bytes);
        (void)leat_alloc_fail_at(0, false);
        cr_assert(leat_is_ok(status) ? nth > 3 : status.code == LEAT_E_NO_MEMORY);
    }
}
