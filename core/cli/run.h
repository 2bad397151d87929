/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker: what the files of `leat run` share. Life: configured -> opened -> running -> draining -> ended, or the
 * process begins anew in the middle of it (SIGHUP).
 */
#ifndef LEAT_CLI_RUN_H
#define LEAT_CLI_RUN_H

#include "admin.h"
#include "cli.h"

#include <config/config.h>
#include <engine/engine.h>
#include <engine/journal.h>
#include <engine/status.h>

#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define LEAT_RUN_HANDLERS_MAX 64
#define LEAT_RUN_FOLDER_MAX 4000 /* bytes of a path, so that file names fit behind it */

enum leat_worker_phase { LEAT_WORKER_STARTING, LEAT_WORKER_RUNNING, LEAT_WORKER_DRAINING, LEAT_WORKER_RELOADING };

/* SIGHUP: a process of its own looks at the new files. */
struct leat_reload {
    pid_t pid; /* 0: none is looking */
    int told;  /* what it says */
    struct leat_watch *watch;
    struct leat_timer *limit;
    char line[1024];
    size_t len;
};

struct leat_worker {
    struct leat_cli *cli;
    int argc; /* as `run` got them: for the next life */
    char **argv;
    /* --- the command line */
    const char *file;  /* the configuration */
    const char *state; /* NULL: where it is by default */
    const char *handlers[LEAT_RUN_HANDLERS_MAX];
    size_t handler_count; /* 0: those of the configuration */
    uint64_t max_events;  /* 0: no limit */
    bool until_idle, only_check;
    /* --- what is open */
    struct leat_config config;
    char service[128], folder[LEAT_RUN_FOLDER_MAX];
    struct leat_logger logger;
    struct leat_journal *journal;
    struct leat_engine *engine;
    struct leat_admin *admin;
    leat_str named[LEAT_RUN_HANDLERS_MAX]; /* the triggers that have a handler */
    size_t named_count;
    const char *handler; /* the name of the service's only one */
    void *dead;          /* options of the default sink; in the configuration's arena */
    /* --- how it goes */
    enum leat_worker_phase phase;
    bool started, hard;             /* hard: nothing is waited for any more */
    int64_t started_us, started_ms; /* monotonic, wall */
    char why[96];                   /* it ends */
    char status[256];               /* what the supervisor was told last */
    int signals;                    /* descriptor, -1: none */
    struct leat_watch *signal_watch;
    struct leat_timer *patience, *watchdog;
    int64_t watchdog_ms; /* 0: nobody waits for it */
    struct leat_reload reload;
};

/* run_state.c: what the configuration calls it, else its file's name without folder and .yaml, else "leat" (`path`
 * NULL: there is no file). */
void leat_run_name(const struct leat_config *config, const char *path, char *buf, size_t size);
/* Makes it, 0700, with what is above it. IO: `reterr` says why not. */
leat_status leat_run_make_folder(const char *folder, struct leat_error *reterr);

/* run_open.c: what the configuration names, found and put together; nothing has started then. */
leat_status leat_run_find_handlers(struct leat_worker *worker, struct leat_error *reterr);
leat_status leat_run_make_engine(struct leat_worker *worker, struct leat_error *reterr);
leat_status leat_run_add_sinks_and_sources(struct leat_worker *worker, struct leat_error *reterr);
/* The name of the handler that a source's events go to, for people. */
const char *leat_run_handler_name(const struct leat_worker *worker, const struct leat_config_source *source);

/* run_signals.c: before any thread; behind the engine. */
bool leat_run_block_signals(struct leat_worker *worker);
bool leat_run_watch_signals(struct leat_worker *worker);
/* No more is taken; `why` is the reason that the last line gives. */
void leat_run_drain(struct leat_worker *worker, enum leat_worker_phase phase, const char *why);

/* run_reload.c */
void leat_run_reload(struct leat_worker *worker);
void leat_run_reload_fini(struct leat_worker *worker);
/* This process begins anew. Returns only if it cannot. */
void leat_run_again(struct leat_worker *worker, int kept);
/* What the life before kept open under that name, or -1; asked once. */
int leat_run_kept(const char *name);

/* run_tell.c: lines for the operator, and what the supervisor hears. */
void leat_run_tell_sources(struct leat_worker *worker);
void leat_run_tell_change(struct leat_worker *worker);
void leat_run_tell_dump(struct leat_worker *worker);
void leat_run_tell_end(struct leat_worker *worker);
/* Every source has tried, or has had its time. */
void leat_run_tell_start(struct leat_worker *worker);

/* run_status.c: for struct leat_admin_options; `argument` is the worker. */
void leat_run_answer(void *argument, leat_str path, struct leat_admin_answer *answer);
/* The loop turns, and no more handlers are past their grace than may be. */
bool leat_run_is_alive(const struct leat_worker *worker);
/* Every source is consuming or idle; else *why says which is not. */
bool leat_run_is_ready(const struct leat_worker *worker, char *why, size_t size);

#endif
