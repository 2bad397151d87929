/* SPDX-License-Identifier: Apache-2.0 */
/* The crash journal: what it remembers, its names, its file, and many threads at once. */
#include "lives.h"

#include <leat/alloc.h>

#include <dirent.h>

enum { SLOTS = 3, LINE = 256, THREADS = 4, RUNS = 5000 };

/* --- what is remembered ------------------------------------------------------------------------------------------- */

static void test_counts(void)
{
    start_anew();
    bool died = true;
    for (int i = 0; i < 3; i++)
        died = died && crash_on(UNITS(UNIT("poison")), 1);
    died = died && crash_on(UNITS(UNIT("other")), 1);
    struct leat_journal *journal = open_it(7);
    check(died && crashes_of(journal, LEAT_STR("poison")) == 3 && crashes_of(journal, LEAT_STR("other")) == 1,
          "three crashes are three, over lives with other numbers of slots");
    leat_journal_close(journal);
    journal = open_it(2);
    check(leat_journal_culprit(journal)[0] == '\0' && crashes_of(journal, LEAT_STR("poison")) == 3,
          "a life that ended well adds nothing, and forgets nothing");
    leat_journal_forget(journal, LEAT_STR("inbox"), LEAT_STR("poison"));
    leat_journal_forget(journal, LEAT_STR("outbox"), LEAT_STR("other"));
    leat_journal_close(journal);
    journal = open_it(2);
    check(crashes_of(journal, LEAT_STR("poison")) == 0 && crashes_of(journal, LEAT_STR("other")) == 1,
          "what is settled is forgotten for good, of its own source only");
    leat_journal_close(journal);
}

static void test_batch(void)
{
    start_anew();
    const struct leat_journal_unit units[LEAT_JOURNAL_NAMES] = {UNIT("0"), UNIT("1"), UNIT("1"), UNIT("3"),
                                                                UNIT("4"), UNIT("5"), UNIT("6"), UNIT("7")};
    bool died = crash_on(units, 20);
    struct leat_journal *journal = open_it(1);
    uint32_t counted = 0;
    for (size_t i = 0; i < LEAT_JOURNAL_NAMES; i++)
        counted += crashes_of(journal, units[i].unit) == 1 ? 1 : 0;
    check(died && counted == LEAT_JOURNAL_NAMES, "all that are named of a batch are counted, each once");
    check(leat_str_is(leat_str_c(leat_journal_culprit(journal)), "signal 11 in handler orders on inbox/0 and 19 more"),
          "and it is said that there were more");
    leat_journal_close(journal);
}

static void test_oldest(void)
{
    char names[LEAT_JOURNAL_CULPRITS + 1][16];
    bool good = true;
    start_anew();
    for (uint32_t i = 0; i <= LEAT_JOURNAL_CULPRITS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "unit %u", i);
        good = good && crash_on(&(const struct leat_journal_unit){LEAT_STR("inbox"), leat_str_c(names[i]), 1}, 1);
        if (i == 1) /* has crashed again, so it is not the oldest any more */
            good = good && crash_on(&(const struct leat_journal_unit){LEAT_STR("inbox"), LEAT_STR("unit 0"), 1}, 1);
    }
    struct leat_journal *journal = open_it(1);
    for (uint32_t i = 0; i <= LEAT_JOURNAL_CULPRITS; i++)
        good = good && crashes_of(journal, leat_str_c(names[i])) == (i == 1 ? 0 : i == 0 ? 2 : 1);
    check(good, "the one whose crash is the longest ago makes room");
    leat_journal_close(journal);
}

/* --- names ---------------------------------------------------------------------------------------------------------
 */

static size_t read_file(const char *name, char *text, size_t size)
{
    FILE *file = fopen(name, "r");
    size_t len = file != NULL ? fread(text, 1, size - 1, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    text[len] = '\0';
    return len;
}

static bool is_plain_text(const char *text, size_t len)
{
    bool plain = len > 0 && len % LINE == 0;
    for (size_t i = 0; plain && i < len; i++)
        plain = (i + 1) % LINE == 0 ? text[i] == '\n' : text[i] >= ' ' && text[i] < 0x7f;
    return plain;
}

static void test_text(void)
{
    static char text[64 << 10];
    struct stat facts = {0};
    start_anew();
    struct leat_journal *journal = open_it(SLOTS);
    leat_journal_begin(journal, 1, "orders\x1b[1m",
                       UNITS({LEAT_STR("in box"), LEAT_STR("a\nb\x01\x7f %~\xc3\xa9\0z"), 4000000000u}, UNIT("c")), 2);
    size_t len = read_file(path, text, sizeof(text));
    check(journal != NULL && is_plain_text(text, len), "the file is lines of printable text, whatever the names hold");
    check(strstr(text, "a%0Ab%01%7F%20%25%7E%C3%A9%00z ") != NULL && strstr(text, "in%20box ") != NULL &&
              strstr(text, "orders%1B[1m ") != NULL && strstr(text, " 4000000000 ") != NULL &&
              strstr(text, "\n>      1          2 ") != NULL && strstr(text, "\n+      1 ") != NULL,
          "which says what runs");
    leat_journal_end(journal, 1);
    (void)read_file(path, text, sizeof(text));
    check(strchr(text, '>') == NULL && strstr(text, "\n+") == NULL, "and what does not any more");
    check(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0600, "its owner alone may read it");
    leat_journal_close(journal);
}

static void test_long_names(void)
{
    enum { LONG = 10000 };
    static char names[3][LONG];
    leat_str unit[3];
    start_anew();
    for (int i = 0; i < 3; i++) {
        memset(names[i], i < 2 ? 'n' : '\n', LONG);
        names[i][LONG - 1] = (char)('0' + i);
        unit[i] = leat_str_of(names[i], LONG);
    }
    bool died = crash_on(UNITS({unit[0], unit[1], 1}), 1) && crash_on(UNITS({unit[0], unit[1], 2}), 1) &&
                crash_on(UNITS({unit[0], unit[2], 1}), 1) && crash_on(UNITS({LEAT_ABSENT, LEAT_ABSENT, 1}), 1);
    struct leat_journal *journal = open_it(1);
    char why[4];
    check(died && leat_journal_crashes(journal, unit[0], unit[1], why, sizeof(why)) == 2 &&
              leat_journal_crashes(journal, unit[0], unit[2], why, sizeof(why)) == 1 &&
              leat_journal_crashes(journal, unit[0], unit[0], why, sizeof(why)) == 0 &&
              leat_journal_crashes(journal, unit[1], unit[1], why, sizeof(why)) == 0,
          "names of 10,000 bytes are told apart by their ends");
    check(leat_str_is(leat_str_c(why), "") && leat_journal_crashes(journal, LEAT_ABSENT, LEAT_ABSENT, why, 4) == 1 &&
              leat_str_is(leat_str_c(why), "sig"),
          "no name is a name; what is too long for the caller is cut");
    leat_journal_close(journal);
}

/* --- the file ------------------------------------------------------------------------------------------------------
 */

static void open_too(void)
{
    struct leat_error error = {0};
    struct leat_journal *journal;
    leat_status status = leat_journal_open(path, 1, &journal, &error);
    leat_str message = leat_str_c(error.message);
    bool told = status.code == LEAT_E_CONFIG && leat_str_ends(message, LEAT_STR(": another leat runs with it"));
    _exit(told && leat_str_starts(message, leat_str_c(path)) && journal == NULL ? 0 : 1);
}

static void test_lock(void)
{
    start_anew();
    struct leat_journal *journal = open_it(1);
    check(journal != NULL && status_of(open_too) == 0, "a second process is told");
    leat_journal_close(journal);
    journal = open_it(1);
    check(journal != NULL, "the next one is not");
    leat_journal_close(journal);
}

static void write_file(const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(text, 1, len, file) != len || fclose(file) != 0)
        abort();
}

static void expect_kept(const char *text, size_t len, const char *what)
{
    static char kept[64 << 10];
    write_file(text, len);
    struct leat_journal *journal = open_it(1);
    bool good = journal != NULL && strstr(leat_journal_warning(journal), "; it is kept as ") != NULL;
    good = good && read_file(bad_path, kept, sizeof(kept)) == len && memcmp(kept, text, len) == 0;
    check(good && crashes_of(journal, LEAT_STR("poison")) == 0, what);
    leat_journal_close(journal);
}

static void test_garbage(void)
{
    static char text[64 << 10];
    start_anew();
    bool died = crash_on(UNITS(UNIT("poison")), 1);
    size_t len = read_file(path, text, sizeof(text));
    check(died && is_plain_text(text, len) && strstr(text, "\n!") != NULL, "a crash is marked in the file");
    expect_kept("x", 1, "a file that is no journal is kept beside it");
    expect_kept(text, len - LINE, "so is one that lacks a line");
    expect_kept(text, len - 1, "or a byte");
    text[LINE] = '\0';
    expect_kept(text, len, "or holds a NUL");
    text[LINE] = '!';
    text[2 * LINE - 1] = ' ';
    expect_kept(text, len, "or a line without an end");
    text[2 * LINE - 1] = '\n';
    text[strcspn(text, "1")] = '2';
    expect_kept(text, len, "or is of another version");
    memset(text, 0, len);
    expect_kept(text, len, "or is all zeros");
    write_file("", 0);
    struct leat_journal *journal = open_it(1);
    check(journal != NULL && leat_journal_warning(journal)[0] == '\0', "an empty one is a new one");
    leat_journal_close(journal);
}

/* Whatever stands in it: it is opened, and its successor is a journal again. */
static void test_any_byte(void)
{
    static char text[64 << 10], next[64 << 10];
    start_anew();
    bool good = crash_on(UNITS(UNIT("poison"), UNIT("other")), 2) && crash_on(UNITS(UNIT("other")), 1);
    size_t len = read_file(path, text, sizeof(text));
    for (size_t i = 0; good && i < LINE * 12; i += 3) {
        size_t at = i < LINE * 10 ? i : len - 1 - (i - LINE * 10) * 7 % (len - 1);
        char byte = text[at];
        text[at] = (char)(i * 37);
        write_file(text, len);
        text[at] = byte;
        struct leat_journal *journal = open_it(1);
        good = journal != NULL && read_file(path, next, sizeof(next)) == len && strstr(next, "leat journal") == next;
        leat_journal_close(journal);
    }
    check(good, "no byte that is wrong keeps it from being opened");
}

static bool fails_with(const char *name, const char *why)
{
    struct leat_error error = {0};
    struct leat_journal *journal;
    leat_status status = leat_journal_open(name, 1, &journal, &error);
    bool told = status.code == LEAT_E_IO && journal == NULL && strstr(error.message, why) != NULL;
    if (!told)
        printf("# %s\n", error.message);
    leat_journal_close(journal);
    return told;
}

static void test_no_file(void)
{
    char link_path[310], missing[310];
    start_anew();
    write_file("precious", 8);
    (void)snprintf(link_path, sizeof(link_path), "%s/link", folder);
    (void)snprintf(missing, sizeof(missing), "%s/missing/journal", folder);
    check(symlink(path, link_path) == 0 && fails_with(link_path, "a symbolic link"), "a link is not followed");
    check(unlink(link_path) == 0 && mkfifo(link_path, 0600) == 0 && fails_with(link_path, "not a regular file"),
          "nor is a pipe waited for");
    check(fails_with(folder, "Is a directory") && fails_with(missing, "No such file"), "what cannot be opened is told");
    check(unlink(link_path) == 0, "and left as it is");
}

static void open_with_little_room(void)
{
    struct rlimit limit = {0};
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = LINE;
    _exit(setrlimit(RLIMIT_FSIZE, &limit) == 0 && fails_with(path, "no room for it") ? 0 : 1);
}

static void test_no_room(void)
{
    start_anew();
    bool died = crash_on(UNITS(UNIT("poison")), 1);
    check(died && status_of(open_with_little_room) == 0, "a disk without room is told at the start");
    struct leat_journal *journal = open_it(1);
    check(crashes_of(journal, LEAT_STR("poison")) == 1, "and costs nothing of what is known");
    leat_journal_close(journal);
}

static size_t open_files(void)
{
    DIR *list = opendir("/proc/self/fd");
    size_t count = 0;
    while (list != NULL && readdir(list) != NULL)
        count++;
    if (list != NULL)
        (void)closedir(list);
    return count;
}

static void test_no_memory(void)
{
    struct leat_error error = {0};
    struct leat_journal *journal = NULL;
    start_anew();
    bool good = crash_on(UNITS(UNIT("poison")), 1);
    size_t before = open_files();
    uint64_t nth = 0;
    while (good && journal == NULL && nth < 20) {
        (void)leat_alloc_fail_at(++nth, false);
        leat_status status = leat_journal_open(path, 1, &journal, &error);
        good = leat_is_ok(status) ? journal != NULL : status.code == LEAT_E_NO_MEMORY && journal == NULL;
        good = good && (journal != NULL || open_files() == before);
    }
    (void)leat_alloc_fail_at(0, false);
    check(good && nth > 3 && crashes_of(journal, LEAT_STR("poison")) == 1, "without memory nothing is opened or lost");
    leat_journal_begin(journal, 0, "orders", UNITS(UNIT("poison")), 1);
    leat_journal_end(journal, 0);
    check(leat_alloc_fail_at(0, false) == 0, "what runs is noted without any");
    leat_journal_close(journal);
}

/* --- many threads --------------------------------------------------------------------------------------------------
 */

static struct leat_journal *shared;

static void *run_many(void *argument)
{
    uint32_t slot = (uint32_t)(uintptr_t)argument;
    if (!leat_is_ok(leat_journal_thread(shared, slot)))
        return argument;
    for (uint32_t i = 0; i < RUNS; i++) {
        leat_journal_begin(shared, slot, "orders", UNITS(UNIT("a"), UNIT("b"), UNIT("c")), 1 + i % 3);
        leat_journal_end(shared, slot);
    }
    leat_journal_thread_end(shared, slot);
    return NULL;
}

static void test_threads(void)
{
    static char text[64 << 10];
    pthread_t threads[THREADS];
    start_anew();
    bool good = crash_on(UNITS(UNIT("poison")), 1);
    shared = open_it(THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run_many, (void *)i) != 0)
            abort();
    for (int i = 0; i < RUNS; i++)
        good = good && crashes_of(shared, LEAT_STR("a")) == 0 && crashes_of(shared, LEAT_STR("poison")) == 1;
    leat_journal_forget(shared, LEAT_STR("inbox"), LEAT_STR("poison"));
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    size_t len = read_file(path, text, sizeof(text)), ended = 0;
    for (const char *at = text; (at = strstr(at, "\n-      5000       2 ")) != NULL; at++)
        ended++;
    check(good && is_plain_text(text, len), "slots write while the loop asks");
    check(ended == THREADS, "and the last run of each has ended");
    leat_journal_close(shared);
}

int main(void)
{
    begin_tests();
    test_counts();
    test_batch();
    test_oldest();
    test_text();
    test_long_names();
    test_lock();
    test_garbage();
    test_any_byte();
    test_no_file();
    test_no_room();
    test_no_memory();
    test_threads();
    return end_tests();
}
