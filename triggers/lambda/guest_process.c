/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- in the child: only what is allowed between fork and exec ------------------------------------------- */

/* What leat ignores or blocks must not come to those who do not know. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &action, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool set_standard_files(void)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

/* Does not outlive leat even if that is killed. */
static bool follow_parent(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

_Noreturn static void become(const struct leat_guest_start *start, pid_t parent, int report)
{
    (void)setpgid(0, 0);
    reset_signals();
    if (follow_parent(parent) && set_standard_files() && chdir(start->folder) == 0)
        (void)execve(start->command[0], start->command, start->environment);
    int why = errno;
    (void)!write(report, &why, sizeof(why));
    _exit(127);
}

/* --- in leat ------------------------------------------------------------------------------------------------ */

/* 0 once it has become the program; else why it could not. */
static int read_report(int fd)
{
    int why = 0;
    ssize_t count;
    while ((count = read(fd, &why, sizeof(why))) < 0 && errno == EINTR)
        continue;
    return count == (ssize_t)sizeof(why) ? why : 0;
}

static int start_child(struct leat_guest_process *process, const struct leat_guest_start *start)
{
    int report[2];
    pid_t parent = getpid();
    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    process->pid = fork();
    if (process->pid == 0)
        become(start, parent, report[1]);
    int why = process->pid < 0 ? errno : 0;
    close(report[1]);
    if (why == 0)
        why = read_report(report[0]);
    close(report[0]);
    if (process->pid < 0)
        process->pid = 0;
    return why;
}

static bool watch_end(struct leat_guest_process *process, struct leat_loop *loop, const struct leat_guest_start *start)
{
    process->fd = (int)syscall(SYS_pidfd_open, process->pid, 0); /* glibc 2.34 has no function for it */
    if (process->fd >= 0)
        process->watch = leat_loop_watch(loop, process->fd, LEAT_READABLE, start->ended, start->argument);
    return process->watch != NULL;
}

leat_status leat_guest_process_start(struct leat_guest_process *process, struct leat_loop *loop,
                                     const struct leat_guest_start *start, struct leat_error *reterr)
{
    *process = (struct leat_guest_process){.fd = -1};
    int why = start_child(process, start);
    if (why == 0 && watch_end(process, loop, start))
        return LEAT_OK;
    (void)leat_guest_process_stop(process, 0);
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s cannot be started: %s", start->command[0],
                          why != 0 ? strerror(why) : "its end cannot be watched");
}

static void wait_for_end(const struct leat_guest_process *process, int grace_ms)
{
    struct pollfd watched = {.fd = process->fd, .events = POLLIN};
    (void)poll(&watched, 1, grace_ms); /* interrupted: it is ended sooner */
}

int leat_guest_process_stop(struct leat_guest_process *process, int grace_ms)
{
    int status = 0;
    if (process->pid <= 0)
        return 0;
    if (grace_ms > 0 && process->fd >= 0 && kill(-process->pid, SIGTERM) == 0)
        wait_for_end(process, grace_ms);
    (void)kill(-process->pid, SIGKILL); /* before it is reaped: the number is still its own */
    (void)kill(process->pid, SIGKILL);  /* if it has no group yet */
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    leat_watch_free(process->watch);
    if (process->fd >= 0)
        close(process->fd);
    *process = (struct leat_guest_process){.fd = -1};
    return status;
}
