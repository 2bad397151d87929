/* SPDX-License-Identifier: Apache-2.0 */
/* The process that is measured: how it is started, and what the kernel says about it. */
#include "lambda_stub.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* What Lambda sets for an OS-only runtime, without credentials; --env adds to it. */
static const char *const ENVIRONMENT[] = {
    "AWS_DEFAULT_REGION=eu-west-1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
    "AWS_LAMBDA_FUNCTION_NAME=bench",
    "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
    "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/bench",
    "AWS_LAMBDA_LOG_STREAM_NAME=2024/03/13/[$LATEST]0123456789abcdef0123456789abcdef",
    "AWS_REGION=eu-west-1",
    "LAMBDA_RUNTIME_DIR=/var/runtime",
    "LANG=en_US.UTF-8",
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "TZ=:UTC",
};

int64_t stub_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool stub_pin(int cpu)
{
    cpu_set_t set;
    if (cpu < 0)
        return true;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

/* posix_spawn wants texts that may be changed, and does not change them. */
static char *as_argument(const char *text)
{
    union {
        const char *in;
        char *out;
    } same = {.in = text};
    return same.out;
}

static void fill_environment(char **env, const struct stub_options *options, char *api, char *concurrency)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof ENVIRONMENT / sizeof ENVIRONMENT[0]; i++)
        env[count++] = as_argument(ENVIRONMENT[i]);
    env[count++] = api;
    if (options->concurrency > 1)
        env[count++] = concurrency;
    for (size_t i = 0; i < options->env_count; i++)
        env[count++] = as_argument(options->env[i]);
}

/* Lambda starts a runtime in the folder of its function. */
static bool change_folder(const struct stub_options *options, posix_spawn_file_actions_t *files)
{
    static const char ROOT[] = "LAMBDA_TASK_ROOT=";
    for (size_t i = 0; i < options->env_count; i++)
        if (strncmp(options->env[i], ROOT, sizeof ROOT - 1) == 0)
            return posix_spawn_file_actions_addchdir_np(files, options->env[i] + sizeof ROOT - 1) == 0;
    return true;
}

pid_t stub_spawn(const struct stub_options *options, unsigned port, int64_t *retstart_ns)
{
    char api[64], concurrency[64], *env[sizeof ENVIRONMENT / sizeof ENVIRONMENT[0] + STUB_ENV_MAX + 3] = {NULL};
    (void)snprintf(api, sizeof api, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u", port);
    (void)snprintf(concurrency, sizeof concurrency, "AWS_LAMBDA_MAX_CONCURRENCY=%zu", options->concurrency);
    fill_environment(env, options, api, concurrency);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    pid_t child = -1;
    if (posix_spawn_file_actions_init(&files) != 0 || posix_spawnattr_init(&attributes) != 0 ||
        posix_spawn_file_actions_adddup2(&files, 2, 1) != 0 || /* stdout is the stub's */
        !change_folder(options, &files) || posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP) != 0)
        return -1;
    *retstart_ns = stub_now_ns();
    int failed = posix_spawn(&child, options->command[0], &files, &attributes, options->command, env);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    if (failed != 0)
        (void)fprintf(stderr, "%s: %s\n", options->command[0], strerror(failed));
    return failed == 0 ? child : -1;
}

int64_t stub_cpu_ns(pid_t child)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

/* The start of a file of /proc, with a NUL behind it. */
static void read_proc(pid_t child, const char *name, char *text, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)child, name);
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(text, 1, size - 1, file) : 0;
    text[len] = '\0';
    if (file != NULL)
        (void)fclose(file);
}

static long field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at != NULL ? strtol(at + strlen(name), NULL, 10) : -1;
}

/* The word number n, from 0, of words with one space between. */
static const char *word(const char *text, size_t n)
{
    for (const char *space = NULL; n > 0 && (space = strchr(text, ' ')) != NULL; n--)
        text = space + 1;
    return text;
}

void stub_look(pid_t child, struct stub_usage *ret)
{
    char status[4096], stat[1024];
    ret->cpu_ns = stub_cpu_ns(child);
    read_proc(child, "status", status, sizeof status);
    read_proc(child, "stat", stat, sizeof stat);
    ret->rss_kb = field(status, "VmRSS:");
    ret->anon_kb = field(status, "RssAnon:");
    ret->hwm_kb = field(status, "VmHWM:");
    ret->threads = field(status, "Threads:");
    const char *behind_name = strrchr(stat, ')');
    ret->faults = behind_name != NULL ? strtol(word(behind_name + 2, 7), NULL, 10) : -1; /* minflt */
}

int stub_end(pid_t child, int pidfd)
{
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};
    siginfo_t how = {0};
    (void)kill(-child, SIGTERM);
    (void)poll(&gone, 1, 2000);
    (void)kill(-child, SIGKILL);
    if (waitid(P_PID, (id_t)child, &how, WEXITED) != 0)
        return -1;
    return how.si_code == CLD_EXITED ? how.si_status : -how.si_status;
}
