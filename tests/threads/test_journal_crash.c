/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the journal when one of three slots crashes, in every way there is. */
#include "lives.h"

#include <sys/syscall.h>

enum { SLOTS = 3 };

#define NO_CHECKS __attribute__((noinline, no_sanitize("address", "undefined", "thread")))

static pthread_barrier_t all_begun;
static void (*crash)(void);
static struct leat_journal *in_child;

static void *serve(void *argument)
{
    uint32_t slot = (uint32_t)(uintptr_t)argument;
    static const char *const names[SLOTS] = {"a.json", "b.json", "c.json"};
    const struct leat_journal_unit unit = {LEAT_STR("inbox"), leat_str_c(names[slot]), 1};
    if (!leat_is_ok(leat_journal_thread(in_child, slot)))
        _exit(97);
    leat_journal_begin(in_child, slot, "orders", &unit, 1);
    (void)pthread_barrier_wait(&all_begun);
    if (slot == 1)
        crash();
    for (;;)
        (void)pause();
}

static void live_with_threads(void)
{
    pthread_t threads[SLOTS];
    in_child = open_it(SLOTS);
    leat_journal_catch(in_child);
    (void)pthread_barrier_init(&all_begun, NULL, SLOTS);
    for (uintptr_t i = 0; i < SLOTS; i++)
        if (in_child == NULL || pthread_create(&threads[i], NULL, serve, (void *)i) != 0)
            _exit(96);
    (void)pthread_join(threads[1], NULL);
    _exit(95);
}

static volatile uintptr_t nowhere = 16, deep;

NO_CHECKS static void crash_segv(void)
{
    *(volatile int *)nowhere = 1;
}

NO_CHECKS static unsigned fall(unsigned depth)
{
    volatile char room[512];
    room[depth % sizeof(room)] = (char)depth;
    return deep == depth ? 0 : fall(depth + 1) + (unsigned)room[depth % sizeof(room)];
}

static void crash_overflow(void)
{
    deep = UINTPTR_MAX;
    (void)fall(1);
}

static void crash_bus(void)
{
    (void)raise(SIGBUS);
}

static void crash_fpe(void)
{
    (void)raise(SIGFPE);
}

static void crash_ill(void)
{
    (void)raise(SIGILL);
}

static void crash_sys(void)
{
    (void)raise(SIGSYS);
}

static void crash_trap(void)
{
    (void)raise(SIGTRAP);
}

static void call_exit(void)
{
    exit(3);
}

static void call_quick_exit(void)
{
    quick_exit(3);
}

static void call_exit_at_once(void)
{
    _exit(3);
}

static void be_killed(void)
{
    (void)kill(getpid(), SIGKILL);
    (void)pause();
}

static int fork_one(void (*life)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        life();
    (void)waitpid(child, &status, 0);
    return status;
}

/* As a handler does whose execvp failed. */
static void fork_and_crash(void)
{
    bool died = died_of(fork_one(abort), SIGABRT), left = WIFEXITED(fork_one(call_quick_exit));
    be_killed();
    _exit(died && left ? 0 : 94);
}

/* It hits the thread that runs the event, as a watchdog's may. */
static void abort_from_outside(void)
{
    pid_t parent = getpid(), thread = gettid();
    if (fork() == 0)
        _exit((int)syscall(SYS_tgkill, parent, thread, SIGABRT));
    for (;;)
        (void)pause();
}

static void crash_behind_it(void)
{
    leat_journal_end(in_child, 1);
    abort();
}

/* A thread of the handler's own: nobody knows for which event it works. */
static void *abort_here(void *argument)
{
    (void)argument;
    abort();
}

static void crash_elsewhere(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, abort_here, NULL) == 0)
        (void)pthread_join(thread, NULL);
}

static const struct {
    const char *name;
    void (*crash)(void);
    int number; /* the signal it dies of; 0: it exits with 3 */
    const char *why;
} scenes[] = {
    {"a store to nowhere", crash_segv, SIGSEGV, "signal 11"},
    {"a stack that overflows", crash_overflow, SIGSEGV, "signal 11"},
    {"abort()", abort, SIGABRT, "signal 6"},
    {"SIGBUS", crash_bus, SIGBUS, "signal 7"},
    {"SIGFPE", crash_fpe, SIGFPE, "signal 8"},
    {"SIGILL", crash_ill, SIGILL, "signal 4"},
    {"SIGSYS", crash_sys, SIGSYS, "signal 31"},
    {"SIGTRAP", crash_trap, SIGTRAP, "signal 5"},
    {"exit()", call_exit, 0, "exit()"},
    {"quick_exit()", call_quick_exit, 0, "exit()"},
    {"_exit()", call_exit_at_once, 0, ""},
    {"SIGKILL", be_killed, SIGKILL, ""},
    {"a child that the handler forked", fork_and_crash, SIGKILL, ""},
    {"a signal from outside", abort_from_outside, SIGABRT, ""},
    {"what comes behind a run", crash_behind_it, SIGABRT, ""},
    {"a thread without a run", crash_elsewhere, SIGABRT, ""},
};

/* What it said on stderr. */
static bool said(const char *what)
{
    char text[1024] = "";
    FILE *file = fopen(errors_path, "r");
    size_t len = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    bool same = leat_str_is(leat_str_of(text, len), what);
    if (!same)
        printf("# it said: %s\n", text);
    return same;
}

static void test_crash(size_t scene)
{
    char why[32], culprit[64] = "", line[512] = "";
    start_anew();
    crash = scenes[scene].crash;
    bool counted = scenes[scene].why[0] != '\0';
    if (counted) {
        (void)snprintf(culprit, sizeof(culprit), "%s in handler orders on inbox/b.json", scenes[scene].why);
        (void)snprintf(line, sizeof(line), "leat: fatal: %s; it is noted in %s\n", culprit, path);
    }
    int status = status_of(live_with_threads), number = scenes[scene].number;
    bool good = number != 0 ? died_of(status, number) : WIFEXITED(status) && WEXITSTATUS(status) == 3;
    struct leat_journal *next = open_when_free(1);
    uint32_t count = leat_journal_crashes(next, LEAT_STR("inbox"), LEAT_STR("b.json"), why, sizeof(why));
    good = good && next != NULL && count == (counted ? 1 : 0) && leat_str_is(leat_str_c(why), scenes[scene].why);
    good = good && leat_str_is(leat_str_c(leat_journal_culprit(next)), culprit) && said(line);
    good = good && crashes_of(next, LEAT_STR("a.json")) == 0 && crashes_of(next, LEAT_STR("c.json")) == 0;
    check(good, scenes[scene].name);
    leat_journal_close(next);
}

/* --- others that want the signal -----------------------------------------------------------------------------------
 */

static void leave(int number)
{
    (void)number;
    _exit(42);
}

static void stay(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_signo != number)
        _exit(93);
}

static void die_with_handler(void)
{
    (void)signal(SIGSEGV, leave);
    die_with_it();
}

static void live_with_handler(void)
{
    struct sigaction action = {.sa_sigaction = stay, .sa_flags = SA_SIGINFO};
    (void)sigaction(SIGTRAP, &action, NULL);
    struct leat_journal *journal = open_it(1);
    leat_journal_catch(journal);
    leat_journal_begin(journal, 0, "orders", doomed, doomed_count);
    (void)raise(SIGTRAP);
    leat_journal_end(journal, 0);
    leat_journal_close(journal);
    _exit(0);
}

static void die_unheard(void)
{
    int ends[2];
    static const char filler[4096];
    if (pipe2(ends, O_NONBLOCK) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
        _exit(92);
    while (write(ends[1], filler, sizeof(filler)) > 0)
        continue;
    (void)fcntl(ends[1], F_SETFL, 0);
    die_with_it();
}

static void test_chain(void)
{
    start_anew();
    doomed = UNITS(UNIT("poison"));
    doomed_count = 1;
    int status = status_of(die_with_handler);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 42, "a handler that was there before gets the signal");
    bool unheard = died_of(status_of(die_unheard), SIGSEGV);
    check(unheard, "a reader of stderr that does not read holds nothing up");
    check(status_of(live_with_handler) == 0, "a handler that mends it lets the run go on");
    struct leat_journal *journal = open_it(1);
    check(crashes_of(journal, LEAT_STR("poison")) == 2, "the first two are counted, the last is not");
    leat_journal_close(journal);
}

int main(void)
{
    begin_tests();
    for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
        test_crash(i);
    test_chain();
    return end_tests();
}
