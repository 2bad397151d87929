/* SPDX-License-Identifier: Apache-2.0 */
/* Archives, built here byte by byte: read, unpacked, and every allocation failing once. The command line's tests have
 * those of other tools, and the hostile ones. */
#include <leat/alloc.h>
#include <leat/buf.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip_read.h>
#include <zlib.h>

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

TestSuite(zip, .timeout = 60, .init = start, .fini = end);

static void add16(struct leat_buf *buf, unsigned value)
{
    leat_buf_char(buf, (char)(value & 255));
    leat_buf_char(buf, (char)(value >> 8));
}

static void add32(struct leat_buf *buf, unsigned long value)
{
    add16(buf, (unsigned)(value & 0xFFFF));
    add16(buf, (unsigned)(value >> 16 & 0xFFFF));
}

static leat_str deflated(leat_str text)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text.ptr, .avail_in = (unsigned)text.len};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t size = deflateBound(&stream, text.len);
    char *out = leat_arena_alloc(&arena, size);
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (unsigned)size;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size -= stream.avail_out;
    (void)deflateEnd(&stream);
    return leat_str_of(out, size);
}

struct member {
    const char *name, *content;
    unsigned mode;
    bool deflate;
};

/* What both headers have, from "version needed" to the length of the name. */
static void add_common(struct leat_buf *buf, const struct member *member, leat_str packed)
{
    leat_str content = leat_str_c(member->content);
    add16(buf, 20);
    add16(buf, 0);
    add16(buf, member->deflate ? 8 : 0);
    add32(buf, 0);
    add32(buf, crc32_z(0, (const unsigned char *)content.ptr, content.len));
    add32(buf, packed.len);
    add32(buf, content.len);
    add16(buf, (unsigned)strlen(member->name));
}

static void add_entry(const struct member *member, struct leat_buf *out, struct leat_buf *directory)
{
    leat_str packed = member->deflate ? deflated(leat_str_c(member->content)) : leat_str_c(member->content);
    size_t at = out->len;
    leat_buf_c(out, "PK\3\4");
    add_common(out, member, packed);
    add16(out, 0);
    leat_buf_c(out, member->name);
    leat_buf_add(out, packed);
    leat_buf_c(directory, "PK\1\2");
    add16(directory, 3 << 8 | 30);
    add_common(directory, member, packed);
    for (int i = 0; i < 4; i++)
        add16(directory, 0);
    add32(directory, (unsigned long)member->mode << 16);
    add32(directory, at);
    leat_buf_c(directory, member->name);
}

static leat_str archive(const struct member *members, unsigned count)
{
    struct leat_buf out, directory;
    leat_buf_init(&out, &arena);
    leat_buf_init(&directory, &arena);
    for (unsigned i = 0; i < count; i++)
        add_entry(&members[i], &out, &directory);
    size_t at = out.len;
    leat_buf_add(&out, leat_buf_str(&directory));
    leat_buf_c(&out, "PK\5\6");
    add32(&out, 0);
    add16(&out, count);
    add16(&out, count);
    add32(&out, directory.len);
    add32(&out, at);
    add16(&out, 0);
    return leat_buf_str(&out);
}

static const struct member members[] = {
    {"bootstrap", "#!/bin/sh\n", S_IFREG | 0755, false},
    {"lib/", "", S_IFDIR | 0755, false},
    {"lib/a.so.1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", S_IFREG | 0640, true},
    {"lib/a.so", "a.so.1", S_IFLNK | 0777, true},
};

static bool add_piece(void *argument, leat_str piece)
{
    leat_buf_add(argument, piece);
    return true;
}

Test(zip, entries_have_names_modes_and_what_they_hold)
{
    struct leat_zip zip;
    cr_assert(leat_is_ok(leat_zip_read(&arena, archive(members, 4), LEAT_ZIP_UNZIPPED_MAX, &zip, &error)), "%s",
              error.message);
    cr_assert_eq(zip.count, 4);
    cr_expect_eq(zip.entries[0].mode, 0755u);
    cr_expect_eq(zip.entries[1].type, LEAT_ZIP_FOLDER);
    cr_expect_str_eq(zip.entries[1].name.ptr, "lib");
    cr_expect_str_eq(zip.entries[3].target.ptr, "a.so.1");
    const struct leat_zip_entry *entry = leat_zip_find(&zip, "lib/a.so.1");
    cr_assert_not_null(entry);
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    cr_assert(leat_is_ok(leat_zip_unpack(entry, add_piece, &buf, &error)));
    cr_expect(leat_str_is(leat_buf_str(&buf), members[2].content));
    cr_expect_null(leat_zip_find(&zip, "lib/"));
}

Test(zip, the_limit_is_what_all_entries_become_together)
{
    struct leat_zip zip;
    leat_str bytes = archive(members, 4);
    size_t sum = 0;
    for (size_t i = 0; i < 4; i++)
        sum += strlen(members[i].content);
    cr_expect(leat_is_ok(leat_zip_read(&arena, bytes, sum, &zip, &error)));
    cr_expect_eq(leat_zip_read(&arena, bytes, sum - 1, &zip, &error).code, LEAT_E_CONFIG);
}

Test(zip, every_byte_that_is_cut_off_is_missed)
{
    struct leat_zip zip;
    leat_str bytes = archive(members, 4);
    for (size_t len = 0; len < bytes.len; len++) {
        char *part = leat_alloc_raw(len + 1);
        memcpy(part, bytes.ptr, len);
        error.message[0] = '\0';
        cr_expect_eq(leat_zip_read(&arena, leat_str_of(part, len), LEAT_ZIP_UNZIPPED_MAX, &zip, &error).code,
                     LEAT_E_CONFIG);
        cr_expect_neq(error.message[0], '\0');
        leat_free(part);
    }
}

static leat_status extract(leat_str bytes, const char *folder)
{
    struct leat_arena own LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_zip zip;
    leat_arena_init(&own, 0);
    LEAT_TRY(leat_zip_read(&own, bytes, LEAT_ZIP_UNZIPPED_MAX, &zip, &error));
    return leat_zip_extract(&zip, folder, &error);
}

/* Want of memory is told as such: the archive is not called damaged. */
Test(zip, each_allocation_may_fail)
{
    leat_str bytes = archive(members, 4);
    leat_status status = LEAT_STATUS(BUG);
    for (uint64_t nth = 1; !leat_is_ok(status); nth++) {
        char folder[] = "/tmp/leat-test-XXXXXX";
        cr_assert_not_null(mkdtemp(folder));
        (void)leat_alloc_fail_at(nth, false);
        status = extract(bytes, folder);
        (void)leat_alloc_fail_at(0, false);
        leat_zip_remove_folder(folder);
        cr_expect_neq(access(folder, F_OK), 0);
        cr_assert(leat_is_ok(status) ? nth > 3 : status.code == LEAT_E_NO_MEMORY, "%llu: %s", (unsigned long long)nth,
                  error.message);
    }
}
