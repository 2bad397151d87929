/* SPDX-License-Identifier: Apache-2.0 */
/* The spool as a source, under the real engine: what comes, in which order, and where it goes. */
#include "spooling.h"
#include "valgrind.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

TestSuite(spool, .timeout = 120, .init = spool_init, .fini = spool_fini);

static void expect_counts(size_t waiting, size_t failed, size_t done)
{
    cr_expect_eq(count_in("new", NULL), waiting, "new/ has %zu", count_in("new", NULL));
    cr_expect_eq(count_in("failed", NULL), failed, "failed/ has %zu", count_in("failed", NULL));
    cr_expect_eq(count_in("done", NULL), done, "done/ has %zu", count_in("done", NULL));
    cr_expect_eq(count_in("cur", NULL), 0, "cur/ has %zu", count_in("cur", NULL));
}

/* --- what comes ---------------------------------------------------------------------------------------------- */

static bool drop_three(struct worker *worker)
{
    if (!is_idle(worker) || (int)spool_seen_count != worker->step + 1)
        return false;
    worker->step++;
    if (worker->step == 1)
        drop("b", PAYLOAD("b", "ok"));
    if (worker->step == 2)
        write_file(in_spool("new/c"), PAYLOAD("c", "ok")); /* not by the book, but it is closed */
    if (worker->step == 3) {
        write_file(in_spool("tmp/d"), PAYLOAD("d", "ok"));
        cr_assert(link(in_spool("tmp/d"), in_spool("new/d")) == 0);
    }
    return worker->step == 4;
}

Test(spool, files_that_lie_there_and_files_that_come_are_taken)
{
    drop("a", PAYLOAD("a", "ok"));
    cr_expect(work_until(drop_three));
    expect_counts(0, 0, 0);
}

Test(spool, names_decide_the_order_of_what_waits)
{
    enum { COUNT = 5000 };
    char name[16], text[64];
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "%06u", i * 1237 % COUNT);
        snprintf(text, sizeof(text), "{\"fake\":[{\"id\":\"%s\",\"outcomes\":[\"ok\"]}]}", name);
        drop(name, text);
    }
    cr_expect(work_until(is_idle));
    cr_assert_eq(spool_seen_count, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "%06u", i);
        cr_assert_str_eq(spool_seen[i], name);
    }
    expect_counts(0, 0, 0);
}

static bool out_of_order;

static void compare_with_last(void)
{
    size_t last = spool_seen_count - 1, before = spool_seen_count - 2;
    if (spool_seen_count > 1 && strcmp(spool_seen[before % SPOOL_SEEN_MAX], spool_seen[last % SPOOL_SEEN_MAX]) >= 0)
        out_of_order = true;
}

Test(spool, more_than_it_remembers_is_taken_in_order_too)
{
    enum { COUNT = 34000 }; /* 32768 are remembered */
    char name[16], text[64];
    if (under_valgrind())
        cr_skip("it would take minutes");
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "%06u", i * 1237 % COUNT);
        snprintf(text, sizeof(text), "{\"fake\":[{\"id\":\"%s\",\"outcomes\":[\"ok\"]}]}", name);
        drop(name, text);
    }
    spool_on_event = compare_with_last;
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, COUNT);
    cr_expect_not(out_of_order);
}

static bool flood(struct worker *worker)
{
    if (worker->step == 0 && is_idle(worker)) {
        worker->step = 1;
        write_file(in_spool("tmp/a"), PAYLOAD("a", "ok"));
        for (int i = 0; i < 20000; i++) { /* more than the kernel keeps notices of (16384) */
            cr_assert(rename(in_spool("tmp/a"), in_spool("new/a")) == 0);
            cr_assert(rename(in_spool("new/a"), in_spool("tmp/a")) == 0);
        }
        drop("b", PAYLOAD("b", "ok"));
    }
    return worker->step == 1 && is_idle(worker) && spool_seen_count == 1;
}

Test(spool, where_notices_were_lost_it_looks_itself)
{
    cr_expect(work_until(flood));
    expect_counts(0, 0, 0);
}

Test(spool, it_is_idle_only_when_nothing_waits)
{
    char name[LEAT_SPOOL_NAME_SIZE];
    struct leat_spool_name as;
    drop("job", PAYLOAD("a", "later"));
    cr_expect(work_until(is_waiting));
    expect_counts(1, 0, 0);
    count_in("new", name);
    leat_spool_name_read(leat_str_c(name), &as);
    cr_expect(leat_str_is(as.base, "job") && as.tries == 1 && as.delay_ms == 60000, "%s", name);
    spool_seen_count = 0;
    cr_expect(work_until(is_waiting)); /* another life does not take it either */
    cr_expect_eq(spool_seen_count, 0);
}

/* --- where they go -------------------------------------------------------------------------------------------- */

static void expect_one(const char *folder, const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    cr_expect(is_file(path), "%s", path);
}

Test(spool, rejects_go_to_failed_and_overwrite_nothing)
{
    for (int i = 0; i < 3; i++) {
        drop("x", PAYLOAD("x", "reject"));
        cr_expect(work_until(is_idle));
    }
    expect_counts(0, 3, 0);
    expect_one("failed", "x");
    expect_one("failed", "x.1");
    expect_one("failed", "x.2");
}

Test(spool, what_a_sink_has_goes_to_failed_too)
{
    drop("broken", "not JSON");
    drop("empty", "");
    cr_expect(work_until(is_idle));
    expect_counts(0, 1, 0);
    expect_one("failed", "broken");
}

Test(spool, what_is_done_is_kept_if_one_wants)
{
    spool_options.keep_done = true;
    for (int i = 0; i < 2; i++) {
        drop("x", PAYLOAD("x", "ok"));
        cr_expect(work_until(is_idle));
    }
    expect_counts(0, 0, 2);
    expect_one("done", "x");
    expect_one("done", "x.1");
}

static unsigned attempts_seen;

static bool third_time(struct worker *worker)
{
    char name[LEAT_SPOOL_NAME_SIZE] = "";
    struct leat_spool_name as;
    if (count_in("new", name) == 1) {
        leat_spool_name_read(leat_str_c(name), &as);
        cr_expect(leat_str_is(as.base, "job"), "%s", name);
        attempts_seen = as.tries > attempts_seen ? as.tries : attempts_seen;
    }
    (void)worker;
    return spool_seen_count >= 3;
}

Test(spool, a_retry_comes_again_when_its_time_has_come)
{
    drop("job", PAYLOAD("a", "soon"));
    cr_expect(work_until(third_time));
    cr_expect_geq(attempts_seen, 2);
    expect_counts(1, 0, 0);
}

static void drop_delayed(const char *base, int64_t due_ms, int64_t delay_ms)
{
    char out[LEAT_SPOOL_NAME_SIZE];
    struct leat_spool_name name = {leat_str_c(base), 2, due_ms, delay_ms};
    leat_spool_name_write(out, &name, 0);
    drop(out, PAYLOAD("a", "ok"));
}

Test(spool, a_clock_set_back_delays_nothing_beyond_its_delay)
{
    drop_delayed("job", leat_clock_wall_ms(&leat_clock_system) + 3600000, 50);
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, 1);
    expect_counts(0, 0, 0);
}

static struct leat_engine *engine_here;

static void stop_engine(void)
{
    spool_on_event = NULL;
    leat_engine_stop(engine_here);
}

static bool drop_lane(struct worker *worker)
{
    engine_here = worker->engine;
    spool_on_event = stop_engine;
    drop("a", "{\"fake\":[{\"id\":\"a\",\"lane\":\"one\",\"outcomes\":[\"later\"]}]}");
    drop("b", "{\"fake\":[{\"id\":\"b\",\"lane\":\"one\",\"outcomes\":[\"ok\"]}]}");
    worker->quiet = true;
    return false;
}

/* It went back with its delay, and in the next life those behind it ran while it waited. */
Test(spool, a_retry_while_it_stops_keeps_its_place_in_its_lane)
{
    char name[LEAT_SPOOL_NAME_SIZE] = "";
    struct leat_spool_name as;
    (void)work_until(drop_lane);
    cr_assert_eq(spool_seen_count, 1);
    cr_assert(unlink(in_spool("new/b")) == 0);
    cr_assert_eq(count_in("new", name), 1);
    leat_spool_name_read(leat_str_c(name), &as);
    cr_expect(leat_str_is(as.base, "a"), "%s", name);
    cr_expect_eq(as.tries, 1, "%s", name);
    cr_expect_eq(as.delay_ms, 0, "%s", name);
    expect_counts(1, 0, 0);
}

static bool drop_five(struct worker *worker)
{
    engine_here = worker->engine;
    spool_on_event = stop_engine;
    for (int id = 'a'; id < 'f'; id++)
        drop((const char[]){(char)id, '\0'}, PAYLOAD("a", "ok"));
    worker->quiet = true;
    return false;
}

Test(spool, what_was_not_started_goes_back_as_it_was)
{
    (void)work_until(drop_five);
    cr_expect_eq(spool_seen_count, 1, "%zu have run", (size_t)spool_seen_count);
    for (int id = 'b'; id < 'f'; id++)
        cr_expect_eq(access(in_spool((const char[]){'n', 'e', 'w', '/', (char)id, '\0'}), F_OK), 0, "%c", id);
    cr_expect_eq(count_in("cur", NULL), 0);
}

/* --- hostile files ---------------------------------------------------------------------------------------------- */

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    cr_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    close(fd);
}

Test(spool, only_plain_files_are_read)
{
    cr_assert(mkfifo(in_spool("new/pipe"), 0600) == 0);
    cr_assert(mkdir(in_spool("new/folder"), 0700) == 0);
    write_file(in_spool("new/folder/x"), PAYLOAD("inside", "ok"));
    write_file(in_spool("secret"), PAYLOAD("outside", "ok"));
    cr_assert(symlink("../secret", in_spool("new/link")) == 0);
    cr_assert(symlink("nowhere", in_spool("new/dangling")) == 0);
    make_socket(in_spool("new/socket"));
    drop("plain", PAYLOAD("plain", "ok"));
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, 1);
    cr_expect_str_eq(spool_seen[0], "plain");
    expect_counts(0, 5, 0);
    expect_one("failed", "folder/x");
    cr_expect(is_file("secret"));
}

Test(spool, any_name_is_a_name_but_for_dot_files)
{
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = '\0';
    spool_options.keep_done = true;
    const char *names[] = {"new\nline", "\xff\xfe", "%s%n", "a,a=3", "job,a=3,t=1,d=1,x=00000000", "-rf", longest};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        drop(names[i], PAYLOAD("a", "ok"));
    drop(".hidden", PAYLOAD("hidden", "ok"));
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, 7);
    expect_counts(1, 0, 7);
    for (size_t i = 0; i < 6; i++)
        expect_one("done", names[i]);
}

Test(spool, what_is_too_big_goes_to_failed_unread)
{
    spool_engine.max_payload = 1000;
    spool_engine.max_bytes = 1 << 20;
    char text[2000];
    memset(text, ' ', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    drop("big", text);
    write_file(in_spool("tmp/huge"), "{");
    cr_assert(truncate(in_spool("tmp/huge"), (off_t)1 << 40) == 0);
    cr_assert(rename(in_spool("tmp/huge"), in_spool("new/huge")) == 0);
    drop("small", PAYLOAD("small", "ok"));
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, 1);
    expect_counts(0, 2, 0);
}

static bool twice_in_flight(struct worker *worker)
{
    if (worker->step == 0 && is_waiting(worker)) {
        worker->step = 1;
        drop("job", PAYLOAD("b", "later")); /* while the first one of that name waits */
    }
    return worker->step == 1 && is_waiting(worker) && spool_seen_count == 2;
}

Test(spool, two_files_of_one_name_stay_two)
{
    drop("job", PAYLOAD("a", "later"));
    cr_expect(work_until(twice_in_flight));
    expect_counts(2, 0, 0);
}

/* --- without inotify ---------------------------------------------------------------------------------------------- */

/* A user namespace of our own, in which nobody gets an inotify instance. */
static bool forbid_inotify(void)
{
    if (unshare(CLONE_NEWUSER) != 0)
        return false;
    FILE *limit = fopen("/proc/sys/user/max_inotify_instances", "w");
    if (limit == NULL)
        return false;
    bool written = fputs("0", limit) >= 0;
    return fclose(limit) == 0 && written;
}

static bool polled(struct worker *worker)
{
    if (worker->step == 0 && is_idle(worker) && worker->spool->polls) {
        worker->step = 1;
        drop("b", PAYLOAD("b", "ok"));
    }
    return worker->step == 1 && is_idle(worker) && spool_seen_count == 2;
}

enum { FORBIDS_NOTHING = 77 };

Test(spool, without_inotify_it_looks_from_time_to_time)
{
    int status = 0;
    drop("a", PAYLOAD("a", "ok"));
    pid_t pid = fork(); /* a process of one thread, which alone may have such a namespace */
    if (pid == 0)
        _exit(!forbid_inotify() ? FORBIDS_NOTHING : work_until(polled) ? 0 : 1);
    cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    if (WEXITSTATUS(status) == FORBIDS_NOTHING)
        cr_skip("no user namespaces here");
    cr_expect_eq(WEXITSTATUS(status), 0);
    expect_counts(0, 0, 0);
}
