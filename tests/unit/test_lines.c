/* SPDX-License-Identifier: Apache-2.0 */
/* The file of lines: what a killed writer left is mended, what failed is taken back, rotation survives its own end. */
#include <file/lines.h>

#include <leat/str.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];
static struct leat_lines lines;
static struct leat_error error;

static void setup(void)
{
    snprintf(folder, sizeof(folder), "/tmp/leat-lines-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/f", folder);
    lines = (struct leat_lines){.fd = -1, .lock = -1};
}

static void teardown(void)
{
    char command[128];
    leat_lines_close(&lines);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    (void)!system(command);
}

TestSuite(lines, .init = setup, .fini = teardown, .timeout = 60);

static const char *named(const char *suffix)
{
    static char name[128];
    snprintf(name, sizeof(name), "%s%s", path, suffix);
    return name;
}

static void put(const char *suffix, const char *text)
{
    FILE *file = fopen(named(suffix), "we");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

static void expect(const char *suffix, const char *want)
{
    static char text[1 << 17];
    FILE *file = fopen(named(suffix), "re");
    cr_assert_not_null(file, "%s", named(suffix));
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    cr_expect_str_eq(text, want, "%s", named(suffix));
}

static void open_with(size_t max_size, uint32_t keep)
{
    const struct leat_lines_options options = {path, max_size, keep, true};
    leat_lines_close(&lines);
    cr_assert(leat_is_ok(leat_lines_open(&lines, &options, &error)), "%s", error.message);
}

static leat_status append(const char *text)
{
    char copy[64];
    int len = snprintf(copy, sizeof(copy), "%s\n", text);
    struct iovec piece = {.iov_base = copy, .iov_len = (size_t)len};
    return leat_lines_append(&lines, &piece, 1, 0, &error);
}

#define APPEND(text) cr_assert(leat_is_ok(append(text)), "%s", error.message)

Test(lines, a_last_line_that_is_no_json_is_cut_off_and_kept)
{
    put("", "{\"a\":1}\n{\"b\":");
    open_with(0, 5);
    APPEND("{\"c\":3}");
    expect("", "{\"a\":1}\n{\"c\":3}\n");
    expect(".torn", "{\"b\":\n");
    cr_expect_eq(lines.torn, 1);
}

Test(lines, a_last_line_that_only_lacks_its_newline_gets_it)
{
    put("", "{\"a\":1}\n{\"b\":2}");
    open_with(0, 5);
    APPEND("{\"c\":3}");
    expect("", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
    cr_expect_eq(lines.completed, 1);
    cr_expect_neq(access(named(".torn"), F_OK), 0);
}

Test(lines, a_torn_line_may_be_longer_than_a_read)
{
    static char text[20000];
    static const size_t starts[] = {0, 1, 4095, 4096, 4097, 8192};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        memset(text, 'x', sizeof(text) - 1);
        if (starts[i] > 0)
            text[sizeof(text) - 2 - starts[i]] = '\n';
        put("", text);
        open_with(0, 5);
        struct stat about;
        cr_assert_eq(stat(path, &about), 0);
        cr_expect_eq((size_t)about.st_size, starts[i] > 0 ? sizeof(text) - 1 - starts[i] : 0, "%zu", starts[i]);
    }
}

Test(lines, what_another_left_half_written_is_mended_before_the_next_line)
{
    open_with(0, 5);
    APPEND("{}");
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    cr_assert_eq(write(fd, "{\"half", 6), 6);
    (void)close(fd);
    APPEND("[]");
    expect("", "{}\n[]\n");
    expect(".torn", "{\"half\n");
}

Test(lines, rotated_files_move_on)
{
    open_with(10, 2);
    static const char *const texts[] = {"1111111", "2222222", "3333333", "4444444"};
    for (size_t i = 0; i < 4; i++)
        APPEND(texts[i]);
    expect("", "4444444\n");
    expect(".1", "3333333\n");
    expect(".2", "2222222\n");
    cr_expect_neq(access(named(".3"), F_OK), 0);
    cr_expect_eq(lines.rotated, 3);
    cr_expect_eq(lines.dropped, 1);
}

Test(lines, a_line_longer_than_the_limit_has_a_file_of_its_own)
{
    open_with(10, 5);
    APPEND("\"0123456789abcdef\"");
    APPEND("1");
    expect(".1", "\"0123456789abcdef\"\n");
    expect("", "1\n");
}

/* The process ended between two renames: one number is missing. */
Test(lines, a_rotation_that_was_cut_short_goes_on)
{
    put(".2", "old\n");
    put("", "1111111\n");
    open_with(10, 3);
    APPEND("2222222");
    expect("", "2222222\n");
    expect(".1", "1111111\n");
    expect(".3", "old\n");
}

Test(lines, a_file_that_was_replaced_is_the_one_that_counts)
{
    open_with(0, 5);
    APPEND("1");
    put(".new", "{}\n");
    char fresh[128];
    snprintf(fresh, sizeof(fresh), "%s", named(".new"));
    cr_assert_eq(rename(fresh, path), 0);
    APPEND("2");
    expect("", "{}\n2\n");
}

Test(lines, who_holds_the_lock_keeps_others_out)
{
    open_with(0, 5);
    int fd = open(named(".lock"), O_RDWR | O_CLOEXEC);
    cr_assert_eq(flock(fd, LOCK_EX), 0);
    cr_expect_eq(append("1").code, LEAT_E_AWAY);
    cr_expect_not_null(strstr(error.message, "another process holds"), "%s", error.message);
    expect("", "");
    (void)close(fd);
    APPEND("2");
    expect("", "2\n");
}

/* Else whoever opened the old one would lock out nobody. */
Test(lines, a_lock_file_that_was_removed_is_made_again)
{
    open_with(0, 5);
    cr_assert_eq(unlink(named(".lock")), 0);
    APPEND("1");
    int fd = open(named(".lock"), O_RDWR | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    cr_expect_eq(append("2").code, LEAT_E_AWAY);
    (void)close(fd);
}

Test(lines, folders_are_made_for_their_owner)
{
    struct stat about;
    snprintf(path, sizeof(path), "%s/a/b/f", folder);
    open_with(0, 5);
    snprintf(path, sizeof(path), "%s/a/b", folder);
    cr_assert_eq(stat(path, &about), 0);
    cr_expect_eq(about.st_mode & 07777, 0700);
}

Test(lines, what_is_no_file_is_refused)
{
    const struct leat_lines_options options = {path, 0, 5, true};
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_eq(leat_lines_open(&lines, &options, &error).code, LEAT_E_AWAY);
    cr_expect_not_null(strstr(error.message, "no regular file"), "%s", error.message);
    leat_lines_close(&lines);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect(!leat_is_ok(leat_lines_open(&lines, &options, &error)));
}
