/* SPDX-License-Identifier: Apache-2.0 */
/* Signals come through the loop: nothing of ours runs inside a signal handler. */
#include "notify.h"
#include "run.h"

#include <engine/loop.h>

#include <signal.h>
#include <sys/signalfd.h>

/* Before any thread: they are to leave the signals to the loop. They stay blocked over execve, so that none that comes
 * in between is lost. */
bool leat_run_block_signals(struct leat_worker *worker)
{
    static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        sigaddset(&set, taken[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    worker->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return worker->signals >= 0;
}

static void say(struct leat_worker *worker, enum leat_log_level level, const char *text)
{
    leat_logger_write(&worker->logger, level, NULL, "%s", text);
}

void leat_run_drain(struct leat_worker *worker, enum leat_worker_phase phase, const char *why)
{
    bool draining = worker->phase >= LEAT_WORKER_DRAINING;
    snprintf(worker->why, sizeof(worker->why), "%s", why);
    worker->phase = phase;
    if (phase == LEAT_WORKER_DRAINING)
        leat_notify("STOPPING=1\nSTATUS=draining: %s", why);
    if (!draining)
        leat_engine_drain(worker->engine, worker->config.drain_ms);
}

/* The first drains, the second is hard. */
static void on_end(struct leat_worker *worker, const char *name)
{
    char text[160];
    if (worker->phase == LEAT_WORKER_DRAINING && worker->hard)
        return;
    if (worker->phase == LEAT_WORKER_DRAINING) {
        snprintf(text, sizeof(text), "%s again: ending at once", name);
        say(worker, LEAT_WARN, text);
        worker->hard = true;
        leat_engine_drain(worker->engine, 0);
        return;
    }
    snprintf(text, sizeof(text), "%s: draining, at most %lld s", name,
             (long long)(worker->config.drain_ms + 999) / 1000);
    say(worker, LEAT_INFO, text);
    leat_run_drain(worker, LEAT_WORKER_DRAINING, name);
}

static void on_signal(void *argument, short what)
{
    struct leat_worker *worker = argument;
    struct signalfd_siginfo info;
    (void)what;
    while (read(worker->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        switch ((int)info.ssi_signo) {
        case SIGTERM: on_end(worker, "SIGTERM"); break;
        case SIGINT: on_end(worker, "SIGINT"); break;
        case SIGHUP: leat_run_reload(worker); break;
        case SIGUSR1: leat_run_tell_dump(worker); break;
        default: break;
        }
}

bool leat_run_watch_signals(struct leat_worker *worker)
{
    worker->signal_watch =
        leat_loop_watch(leat_engine_loop(worker->engine), worker->signals, LEAT_READABLE, on_signal, worker);
    if (worker->signal_watch == NULL)
        return false;
    leat_watch_urgent(worker->signal_watch);
    return true;
}
