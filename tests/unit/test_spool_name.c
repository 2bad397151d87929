/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a spool, what is remembered of those that wait, and `put`. */
#include "spooling.h"

TestSuite(spool_name, .timeout = 60, .init = spool_init, .fini = spool_fini);

static struct leat_spool_name read_name(const char *text)
{
    struct leat_spool_name name;
    leat_spool_name_read(leat_str_c(text), &name);
    return name;
}

static void expect_there_and_back(const char *base, uint32_t tries, int64_t due_ms, int64_t delay_ms)
{
    char out[LEAT_SPOOL_NAME_SIZE];
    struct leat_spool_name name = {leat_str_c(base), tries, due_ms, delay_ms};
    cr_expect_eq(leat_spool_name_write(out, &name, 0), strlen(out));
    struct leat_spool_name back = read_name(out);
    cr_expect(leat_str_eq(back.base, name.base), "%s: %s", base, out);
    cr_expect(back.tries == tries && back.due_ms == due_ms && back.delay_ms == delay_ms, "%s", out);
}

Test(spool_name, what_is_written_is_read)
{
    expect_there_and_back("job", 0, 0, 0);
    expect_there_and_back("job.json", 1, 1732800000000, 60000);
    expect_there_and_back("a b\nc\xff", 4294967294u, INT64_MAX, INT64_MAX);
    expect_there_and_back(",a=1", 3, 1, 0);
    expect_there_and_back("x,a=1,t=2,d=3,x=00000000", 3, 1, 0);
    char out[LEAT_SPOOL_NAME_SIZE];
    struct leat_spool_name name = {LEAT_STR("job"), 3, 1732800000000, 60000};
    leat_spool_name_write(out, &name, 0);
    cr_expect(strncmp(out, "job,a=3,t=1732800000000,d=60000,x=", 34) == 0, "%s", out);
    expect_there_and_back(out, 2, 5, 6); /* also where a producer gave it such a name */
}

Test(spool_name, a_producers_name_is_never_a_count)
{
    static const char *const names[] = {"job,a=3",
                                        "job,a=3,t=1,d=1",
                                        "job,a=3,t=1,d=1,x=00000000",
                                        ",a=3,t=1,d=1,x=12345678",
                                        "job,x=1a2b3c4d",
                                        ",",
                                        "job,a=3,t=1732800000000,d=60000,x=1a2b3c4d",
                                        "=",
                                        "x=",
                                        "job,a=,t=,d=,x="};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct leat_spool_name name = read_name(names[i]);
        cr_expect(name.tries == 0 && leat_str_is(name.base, names[i]), "%s", names[i]);
    }
}

Test(spool_name, copies_are_numbered_before_the_count)
{
    char out[LEAT_SPOOL_NAME_SIZE];
    struct leat_spool_name name = {.base = LEAT_STR("job")};
    leat_spool_name_write(out, &name, 2);
    cr_expect_str_eq(out, "job.2");
    name.tries = 1;
    leat_spool_name_write(out, &name, 2);
    cr_expect(leat_str_is(read_name(out).base, "job.2") && read_name(out).tries == 1, "%s", out);
}

Test(spool_name, long_names_make_room_and_stay_apart)
{
    char longest[256], other[256], out[LEAT_SPOOL_NAME_SIZE], short_one[LEAT_SPOOL_NAME_SIZE],
        short_other[LEAT_SPOOL_NAME_SIZE];
    memset(longest, 'n', 255);
    longest[255] = '\0';
    memcpy(other, longest, sizeof(other));
    other[254] = 'm';
    struct leat_spool_name name = {leat_str_c(longest), 4294967294u, INT64_MAX, INT64_MAX};
    size_t len = leat_spool_name_write(out, &name, 4294967295u);
    cr_expect_leq(len, 255);
    cr_expect_eq(read_name(out).tries, 4294967294u);
    leat_spool_name_base(short_one, leat_str_c(longest));
    leat_spool_name_base(short_other, leat_str_c(other));
    cr_expect_str_neq(short_one, short_other);
    leat_spool_name_base(out, leat_str_c(short_one));
    cr_expect_str_eq(out, short_one);
    name = (struct leat_spool_name){.base = leat_str_c(short_one)};
    (void)leat_spool_name_write(out, &name, 4294967295u);
    leat_spool_name_base(short_other, leat_str_c(out));
    cr_expect_str_eq(out, short_other, "a numbered copy keeps its name too");
}

Test(spool_name, new_names_rise_though_the_clock_is_set_back)
{
    char before[LEAT_SPOOL_NAME_SIZE], name[LEAT_SPOOL_NAME_SIZE];
    leat_spool_name_make(before, 2000000000000000, "z");
    for (int64_t i = 0; i < 100; i++) {
        leat_spool_name_make(name, 1000000000000000 - i, "a");
        cr_expect(strcmp(before, name) < 0, "%s %s", before, name);
        memcpy(before, name, sizeof(before));
    }
}

/* --- those that wait ------------------------------------------------------------------------------------------- */

static struct leat_spool_waiting waiting;
static struct leat_spool_now now = {.ms = 1000, .wall_ms = 1700000000000};

static void add(const char *name)
{
    cr_assert(leat_spool_waiting_add(&waiting, leat_str_c(name), &now));
}

/* Takes all that there is, and expects "a b c". */
static void expect_taken(const char *names)
{
    char got[256] = "";
    for (struct leat_spool_entry *entry; (entry = leat_spool_waiting_take(&waiting, now.ms)) != NULL;) {
        size_t len = strlen(got);
        struct leat_spool_name name = read_name(entry->name);
        snprintf(got + len, sizeof(got) - len, "%s%.*s", len > 0 ? " " : "", LEAT_ARG(name.base));
        leat_free(entry);
    }
    cr_expect_str_eq(got, names, "got \"%s\", want \"%s\"", got, names);
}

static const char *delayed(const char *base, int64_t due_ms, int64_t delay_ms)
{
    static char out[LEAT_SPOOL_NAME_SIZE];
    struct leat_spool_name name = {leat_str_c(base), 1, due_ms, delay_ms};
    leat_spool_name_write(out, &name, 0);
    return out;
}

static void fill(const char *letters)
{
    leat_spool_waiting_begin(&waiting);
    for (; *letters != '\0'; letters++)
        add((const char[]){*letters, '\0'});
    leat_spool_waiting_end(&waiting);
}

Test(spool_name, the_first_ones_are_kept_and_more_is_known)
{
    cr_assert(leat_spool_waiting_init(&waiting, 4));
    fill("hgbdcafe");
    cr_expect(waiting.more);
    add("ca"); /* before the last one known */
    add("x");  /* behind it: read again later */
    expect_taken("a b c ca");
    add("aa"); /* nobody knows what is before it */
    expect_taken("");
    fill("xd");
    cr_expect_not(waiting.more);
    add("e");
    add("x");
    add("y");
    cr_expect_not(waiting.more);
    add("z");
    cr_expect(waiting.more);
    expect_taken("d e x y");
    fill("bab"); /* read, and heard of meanwhile */
    expect_taken("a b");
    for (int i = 0; i < 20; i++) { /* it moves in its array */
        fill("");
        add("1");
        add("0");
        expect_taken("0 1");
    }
    leat_spool_waiting_fini(&waiting);
}

Test(spool_name, what_is_not_due_waits_its_time_however_the_clock_is_set)
{
    cr_assert(leat_spool_waiting_init(&waiting, 4));
    fill("");
    add(delayed("late", now.wall_ms + 500, 60000));
    add(delayed("capped", now.wall_ms + 3600000, 200));
    add(delayed("past", now.wall_ms - 1, 60000));
    add(delayed("late", now.wall_ms + 500, 60000));
    expect_taken("past");
    cr_expect_eq(leat_spool_waiting_due(&waiting), 1200);
    now.ms += 200;
    now.wall_ms -= 3600000; /* set back */
    fill("");
    add(delayed("late", 1700000000000 + 500, 60000));
    expect_taken("capped");
    now.ms += 300;
    expect_taken("late");
    cr_expect_eq(leat_spool_waiting_due(&waiting), 0);
    leat_spool_waiting_fini(&waiting);
}

Test(spool_name, too_many_that_are_not_due_are_read_again)
{
    cr_assert(leat_spool_waiting_init(&waiting, 2));
    fill("");
    add(delayed("a", now.wall_ms + 300, 300));
    add(delayed("b", now.wall_ms + 200, 300));
    add(delayed("c", now.wall_ms + 100, 300));
    cr_expect_eq(leat_spool_waiting_due(&waiting), now.ms + 100);
    expect_taken("");
    now.ms += 100;
    now.wall_ms += 100;
    expect_taken("");
    cr_expect(waiting.more);
    fill("");
    add(delayed("c", now.wall_ms, 300));
    expect_taken("c");
    leat_spool_waiting_fini(&waiting);
}

/* --- put -----------------------------------------------------------------------------------------------------------
 */

Test(spool_name, put_makes_folders_and_rising_names)
{
    char path[128], before[LEAT_SPOOL_NAME_SIZE] = "", file[400], text[32];
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    snprintf(path, sizeof(path), "%s/fresh", spool_path);
    spool_options.path = leat_str_c(path);
    for (int i = 0; i < 20; i++) {
        leat_str name = LEAT_ABSENT;
        struct stat info;
        snprintf(text, sizeof(text), "{\"n\":%d}", i);
        cr_assert(leat_is_ok(leat_source_spool.put(&spool_options, leat_str_c(text), &arena, &name, NULL)));
        cr_expect(strcmp(before, name.ptr) < 0, "%s %s", before, name.ptr);
        snprintf(before, sizeof(before), "%s", name.ptr);
        snprintf(file, sizeof(file), "%s/new/%s", path, name.ptr);
        cr_assert(stat(file, &info) == 0 && (size_t)info.st_size == strlen(text));
        cr_expect_eq(info.st_mode & 0777, 0600);
    }
    snprintf(file, sizeof(file), "%s/tmp", path);
    cr_expect(rmdir(file) == 0, "nothing stays in tmp/");
    leat_arena_fini(&arena);
}

Test(spool_name, put_says_what_is_in_its_way)
{
    char path[128];
    struct leat_arena arena;
    struct leat_error error = {0};
    leat_str name = LEAT_ABSENT;
    leat_arena_init(&arena, 0);
    snprintf(path, sizeof(path), "%s/none/queue", spool_path);
    spool_options.path = leat_str_c(path);
    leat_status status = leat_source_spool.put(&spool_options, LEAT_STR("{}"), &arena, &name, &error);
    cr_expect_eq(status.code, LEAT_E_IO);
    cr_expect(strstr(error.message, "none/queue") != NULL && error.fix[0] != '\0', "%s: %s", error.message, error.fix);
    spool_options.path = LEAT_STR("");
    status = leat_source_spool.put(&spool_options, LEAT_STR("{}"), &arena, &name, &error);
    cr_expect_eq(status.code, LEAT_E_CONFIG);
    leat_arena_fini(&arena);
}
