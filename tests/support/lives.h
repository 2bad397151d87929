/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the crash journal, over lives: a child opens it, runs something and dies; the next one that opens it is
 * asked what it makes of that. Children set fatal signals back to their default first, so that no sanitizer reports
 * what is meant. Includes come from here too.
 */
#ifndef TESTS_LIVES_H
#define TESTS_LIVES_H

#include <engine/journal.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_S = 60 };

#define UNITS(...) ((const struct leat_journal_unit[]){__VA_ARGS__})
#define UNIT(name)                                                        \
    {                                                                     \
        .source = LEAT_STR("inbox"), .unit = LEAT_STR(name), .attempt = 1 \
    }

static unsigned checks, failures;
static char folder[256], path[300], bad_path[310], errors_path[300];

static inline void check(bool good, const char *what)
{
    failures += good ? 0 : 1;
    printf("%sok %u - journal: %s\n", good ? "" : "not ", ++checks, what);
}

static inline void begin_tests(void)
{
    const char *temporary = getenv("TMPDIR");
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    (void)snprintf(folder, sizeof(folder), "%s/leat-journal-XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL)
        abort();
    (void)snprintf(path, sizeof(path), "%s/running.journal", folder);
    (void)snprintf(bad_path, sizeof(bad_path), "%s.bad", path);
    (void)snprintf(errors_path, sizeof(errors_path), "%s/stderr", folder);
}

static inline void start_anew(void)
{
    (void)unlink(path);
    (void)unlink(bad_path);
}

static inline int end_tests(void)
{
    start_anew();
    (void)unlink(errors_path);
    check(rmdir(folder) == 0, "nothing else is left in its folder");
    printf("1..%u\n", checks);
    return failures > 0;
}

/* --- lives ------------------------------------------------------------------------------------------------------ */

static inline struct leat_journal *open_it(uint32_t slots)
{
    struct leat_error error = {0};
    struct leat_journal *journal = NULL;
    if (!leat_is_ok(leat_journal_open(path, slots, &journal, &error)))
        printf("# %s\n", error.message);
    return journal;
}

/* After a crash: a child that the handler forked may hold the lock a little longer. */
static inline struct leat_journal *open_when_free(uint32_t slots)
{
    struct leat_journal *journal = NULL;
    struct leat_error error = {0};
    for (int i = 0; i < 5000; i++) {
        if (leat_is_ok(leat_journal_open(path, slots, &journal, &error)))
            return journal;
        (void)poll(NULL, 0, 1);
    }
    printf("# %s\n", error.message);
    return NULL;
}

static inline void die_by_default(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)signal(numbers[i], SIG_DFL);
}

static inline void be_child(void)
{
    const struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)alarm(PATIENCE_S);
    int errors = open(errors_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (errors < 0 || dup2(errors, STDERR_FILENO) < 0)
        _exit(99);
    die_by_default();
}

/* How a child that lives `life` ended, as wait has it. */
static inline int status_of(void (*life)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        be_child();
        life();
        _exit(98);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static inline bool died_of(int status, int number)
{
    bool died = WIFSIGNALED(status) && WTERMSIG(status) == number;
    if (!died)
        printf("# status %x instead of signal %d\n", (unsigned)status, number);
    return died;
}

static inline uint32_t crashes_of(const struct leat_journal *journal, leat_str unit)
{
    char why[32];
    return leat_journal_crashes(journal, LEAT_STR("inbox"), unit, why, sizeof(why));
}

/* --- a life of one run ----------------------------------------------------------------------------------------------
 */

static const struct leat_journal_unit *doomed;
static uint32_t doomed_count;

static inline void die_with_it(void)
{
    struct leat_journal *journal = open_it(1);
    leat_journal_catch(journal);
    leat_journal_begin(journal, 0, "orders", doomed, doomed_count);
    (void)raise(SIGSEGV);
}

static inline bool crash_on(const struct leat_journal_unit *units, uint32_t count)
{
    doomed = units;
    doomed_count = count;
    return died_of(status_of(die_with_it), SIGSEGV);
}

#endif
