/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGHUP. Nothing is reconfigured in place, and nothing of this process looks at the new files: shared objects that are
 * open already would hide the new ones. A child does (`leat run --check`, with the same arguments); if it finds nothing
 * wrong, this process drains and begins anew by execve, with the listening admin socket kept.
 */
#include "notify.h"
#include "run.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#define SELF "/proc/self/exe"
#define KEPT "LEAT_KEPT_FDS" /* NAME=DESCRIPTOR, with commas */
#define CHECK_LIMIT_MS 30000

/* argv of this process, with `extra` (or NULL) behind the verb; on the heap. */
static char **arguments(const struct leat_worker *worker, const char *extra)
{
    size_t count = 0;
    char **argv = leat_alloc(((size_t)worker->argc + 3) * sizeof(*argv));
    if (argv == NULL)
        return NULL;
    argv[count++] = (char *)(uintptr_t)worker->cli->program;
    argv[count++] = worker->argv[0];
    if (extra != NULL)
        argv[count++] = (char *)(uintptr_t)extra;
    for (int i = 1; i < worker->argc; i++)
        argv[count++] = worker->argv[i];
    return argv;
}

/* --- the child that looks ------------------------------------------------------------------------------------ */

static void stop_looking(struct leat_reload *reload)
{
    leat_watch_free(LEAT_TAKE(reload->watch));
    leat_timer_free(LEAT_TAKE(reload->limit));
    if (reload->told >= 0)
        close(reload->told);
    reload->told = -1;
    reload->pid = 0;
    reload->len = 0;
}

static void refuse(struct leat_worker *worker, const char *why)
{
    leat_logger_write(&worker->logger, LEAT_ERROR, NULL, "SIGHUP: %s: still running with the old one", why);
}

static void tell_line(struct leat_worker *worker)
{
    struct leat_reload *reload = &worker->reload;
    if (reload->len > 0)
        leat_logger_write(&worker->logger, LEAT_ERROR, NULL, "%.*s", (int)reload->len, reload->line);
    reload->len = 0;
}

static void take_text(struct leat_worker *worker, const char *text, size_t len)
{
    struct leat_reload *reload = &worker->reload;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n')
            tell_line(worker);
        else if (reload->len < sizeof(reload->line))
            reload->line[reload->len++] = text[i];
}

static void begin_anew(struct leat_worker *worker)
{
    struct timespec now;
    if (worker->phase >= LEAT_WORKER_DRAINING)
        return; /* it ends anyway */
    clock_gettime(CLOCK_MONOTONIC, &now);
    leat_logger_write(&worker->logger, LEAT_INFO, NULL,
                      "SIGHUP: the configuration is good: draining, then a new start");
    leat_notify("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reloading",
                (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    leat_run_drain(worker, LEAT_WORKER_RELOADING, "SIGHUP");
}

/* It has closed its end: it is over, or will be at once. */
static void on_answer(struct leat_worker *worker)
{
    int status = 0;
    pid_t pid = worker->reload.pid, ended;
    tell_line(worker);
    stop_looking(&worker->reload);
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE)
        begin_anew(worker);
    else
        refuse(worker, "the new configuration cannot be used");
}

static void on_told(void *argument, short what)
{
    struct leat_worker *worker = argument;
    char text[4096];
    (void)what;
    ssize_t count = read(worker->reload.told, text, sizeof(text));
    if (count > 0)
        take_text(worker, text, (size_t)count);
    else if (count == 0 || (errno != EAGAIN && errno != EINTR))
        on_answer(worker);
}

/* Its end of the pipe closes, and on_told has the rest. */
static void on_limit(void *argument)
{
    struct leat_worker *worker = argument;
    leat_logger_write(&worker->logger, LEAT_ERROR, NULL, "SIGHUP: the check took longer than %d s",
                      CHECK_LIMIT_MS / 1000);
    (void)kill(worker->reload.pid, SIGKILL);
}

/* Its messages go into the pipe, and no signal is blocked in it. An errno. */
static int spawn(struct leat_worker *worker, int told, char **argv)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    int why = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (why == 0)
        why = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (why == 0)
        why = posix_spawn_file_actions_adddup2(&files, told, STDERR_FILENO);
    if (why == 0)
        why = posix_spawnattr_setsigmask(&how, &none);
    if (why == 0)
        why = posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
    if (why == 0)
        why = posix_spawn(&worker->reload.pid, SELF, &files, &how, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return why;
}

/* False: the pipe cannot be watched. */
static bool watch(struct leat_worker *worker, int told)
{
    struct leat_reload *reload = &worker->reload;
    struct leat_loop *loop = leat_engine_loop(worker->engine);
    reload->told = told;
    reload->watch = leat_loop_watch(loop, told, LEAT_READABLE, on_told, worker);
    reload->limit = leat_loop_timer(loop, on_limit, worker);
    if (reload->watch == NULL || reload->limit == NULL)
        return false;
    leat_timer_set(reload->limit, CHECK_LIMIT_MS);
    return true;
}

void leat_run_reload(struct leat_worker *worker)
{
    int ends[2];
    char **argv LEAT_CLEANUP(leat_freep) = arguments(worker, "--check");
    if (worker->reload.pid != 0 || worker->phase >= LEAT_WORKER_DRAINING) {
        leat_logger_write(&worker->logger, LEAT_INFO, NULL, "SIGHUP: %s",
                          worker->reload.pid != 0 ? "the files are being looked at already" : "draining already");
        return;
    }
    if (argv == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        refuse(worker, "no memory or no descriptor for a check");
        return;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int why = watch(worker, ends[0]) ? spawn(worker, ends[1], argv) : ENOMEM;
    close(ends[1]);
    if (why == 0)
        return;
    stop_looking(&worker->reload);
    refuse(worker, strerror(why));
}

void leat_run_reload_fini(struct leat_worker *worker)
{
    pid_t pid = worker->reload.pid;
    stop_looking(&worker->reload);
    if (pid == 0)
        return;
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* --- from life to life ----------------------------------------------------------------------------------------- */

void leat_run_again(struct leat_worker *worker, int kept)
{
    char text[32];
    char **argv = arguments(worker, NULL);
    snprintf(text, sizeof(text), "admin=%d", kept);
    if (argv == NULL || (kept >= 0 && setenv(KEPT, text, 1) != 0))
        return;
    (void)execve(SELF, argv, environ);
    leat_logger_write(&worker->logger, LEAT_ERROR, NULL, "SIGHUP: the new start failed: %s", strerror(errno));
    leat_free(argv);
}

int leat_run_kept(const char *name)
{
    leat_str rest = leat_str_c(getenv(KEPT));
    int64_t fd = -1, found = -1;
    while (rest.ptr != NULL) {
        leat_str value = leat_str_cut(&rest, ',');
        leat_str key = leat_str_cut(&value, '=');
        if (leat_str_is(key, name) && leat_str_int64(value, &fd) && fd > STDERR_FILENO && fd <= INT32_MAX)
            found = fd;
    }
    (void)unsetenv(KEPT);
    return (int)found;
}
