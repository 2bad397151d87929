/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that share a spool, and one that dies. */
#include "spooling.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

TestSuite(spool_shared, .timeout = 120, .init = spool_init, .fini = spool_fini);

static void drop_many(unsigned count)
{
    char name[16], text[64];
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%06u", i);
        snprintf(text, sizeof(text), "{\"fake\":[{\"id\":\"%s\",\"outcomes\":[\"ok\"]}]}", name);
        drop(name, text);
    }
}

/* --- together ----------------------------------------------------------------------------------------------------- */

static pid_t start_sharer(int out)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    bool good = work_until(is_idle);
    for (size_t i = 0; i < spool_seen_count; i++)
        good = good && dprintf(out, "%s\n", spool_seen[i]) > 0;
    _exit(good ? 0 : 1);
}

Test(spool_shared, each_file_is_taken_by_one)
{
    enum { COUNT = 2000 };
    static unsigned taken[COUNT];
    int pipe_fds[2], status;
    drop_many(COUNT);
    cr_assert(pipe(pipe_fds) == 0);
    pid_t pids[] = {start_sharer(pipe_fds[1]), start_sharer(pipe_fds[1])};
    close(pipe_fds[1]);
    FILE *in = fdopen(pipe_fds[0], "r");
    char line[32];
    while (fgets(line, sizeof(line), in) != NULL)
        taken[strtoul(line, NULL, 10) % COUNT]++;
    (void)fclose(in);
    for (size_t i = 0; i < 2; i++)
        cr_expect(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    for (unsigned i = 0; i < COUNT; i++)
        cr_expect_eq(taken[i], 1, "%u was taken %u times", i, taken[i]);
    cr_expect_eq(count_in("new", NULL) + count_in("cur", NULL) + count_in("failed", NULL), 0);
}

/* --- one dies -------------------------------------------------------------------------------------------------------
 */

static int told;

static void hang(void)
{
    (void)!write(told, "x", 1);
    for (;;)
        pause();
}

/* A worker that hangs in its first event, with claims. */
static pid_t start_hanging(void)
{
    int pipe_fds[2];
    char one;
    cr_assert(pipe(pipe_fds) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        told = pipe_fds[1];
        spool_on_event = hang;
        (void)work_until(is_idle);
        _exit(1);
    }
    cr_assert(read(pipe_fds[0], &one, 1) == 1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return pid;
}

static void end(pid_t pid)
{
    cr_assert(kill(pid, SIGKILL) == 0);
    cr_assert(waitpid(pid, NULL, 0) == pid);
}

Test(spool_shared, what_a_dead_worker_had_claimed_is_taken_over_in_order)
{
    char name[16];
    drop_many(100);
    end(start_hanging());
    cr_expect_eq(count_in("cur", NULL), 1);
    cr_expect_leq(count_in("new", NULL), 99);
    cr_expect(work_until(is_idle));
    cr_assert_eq(spool_seen_count, 100);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "%06u", i);
        cr_expect_str_eq(spool_seen[i], name, "stale claims come first, and attempts are as before");
    }
    cr_expect_eq(count_in("cur", NULL), 0);
}

static pid_t hanging;

static bool until_taken_over(struct worker *worker)
{
    if (worker->step == 0 && is_idle(worker)) {
        worker->step = 1;
        cr_expect_eq(count_in("cur", NULL), 2, "a living one keeps what it has");
        end(hanging);
    }
    return is_idle(worker) && worker->step == 1 && count_in("cur", NULL) == 1 && count_in("new", NULL) == 0;
}

Test(spool_shared, the_end_of_another_is_noticed)
{
    drop_many(100);
    hanging = start_hanging();
    cr_expect(work_until(until_taken_over));
    cr_expect_eq(spool_seen_count, 100);
    cr_expect_eq(count_in("cur", NULL), 0);
}

/* --- both have nothing to do ----------------------------------------------------------------------------------------
 */

static bool rest(struct worker *worker)
{
    worker->quiet = is_idle(worker) && worker->step++ > 10;
    if (worker->quiet)
        (void)!write(told, "x", 1);
    return false;
}

/* How often it gave up the processor by itself. */
static unsigned long count_waits(pid_t pid)
{
    char path[64], line[128];
    unsigned long count = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "r");
    cr_assert_not_null(status);
    while (fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
            count = strtoul(line + 24, NULL, 10);
    (void)fclose(status);
    return count;
}

static bool is_asleep(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *stat = fopen(path, "r");
    cr_assert_not_null(stat);
    size_t len = fread(text, 1, sizeof(text) - 1, stat);
    (void)fclose(stat);
    text[len] = '\0';
    const char *end_of_name = strrchr(text, ')');
    return end_of_name != NULL && end_of_name[2] == 'S';
}

Test(spool_shared, idle_workers_do_not_wake_up)
{
    int pipe_fds[2];
    pid_t pids[2];
    unsigned long before[2];
    char both[2];
    drop_many(10);
    cr_assert(pipe(pipe_fds) == 0);
    told = pipe_fds[1];
    for (size_t i = 0; i < 2; i++)
        if ((pids[i] = fork()) == 0)
            _exit(work_until(rest) ? 0 : 1);
    for (size_t got = 0; got < 2; got++)
        cr_assert(read(pipe_fds[0], both + got, 1) == 1);
    struct pollfd nothing = {.fd = pipe_fds[0], .events = POLLIN};
    cr_expect_eq(poll(&nothing, 1, 2500), 0, "time passes: longer than any timer of theirs");
    for (size_t i = 0; i < 2; i++)
        before[i] = count_waits(pids[i]);
    cr_expect_eq(poll(&nothing, 1, 2500), 0);
    for (size_t i = 0; i < 2; i++) {
        cr_expect(is_asleep(pids[i]));
        cr_expect_eq(count_waits(pids[i]), before[i]);
        end(pids[i]);
    }
}
