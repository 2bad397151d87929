/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink: each letter becomes a file that waits. A thread writes them: all that came while it was at it make one
 * group, whose folder is synced once.
 */
#include "put.h"
#include "spool.h"

#include <leat/alloc.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
    struct job *next;
    const struct leat_letter *letter;
    void (*durable)(void *argument, size_t index, leat_status status);
    void *argument;
    size_t index;
    int error;
    char name[LEAT_SPOOL_NAME_SIZE]; /* in tmp/ */
};

struct jobs {
    struct job *first, **last;
};

struct spool_sink {
    struct leat_sink *sink;
    struct leat_loop *loop;
    struct leat_spool_sink_options options;
    bool begun; /* the lock is there */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards waiting, written and quitting */
    pthread_cond_t some;
    struct jobs waiting, written;
    bool quitting;
    int wake; /* written to when there are some in `written` */
    struct leat_watch *watch;
    int told; /* the failure that was logged last; 0: none */
};

static void jobs_init(struct jobs *jobs)
{
    jobs->first = NULL;
    jobs->last = &jobs->first;
}

static struct job *take_all(struct jobs *jobs)
{
    struct job *first = jobs->first;
    jobs_init(jobs);
    return first;
}

static void add_all(struct jobs *jobs, struct job *first)
{
    *jobs->last = first;
    while (*jobs->last != NULL)
        jobs->last = &(*jobs->last)->next;
}

static void free_all(struct job *first)
{
    while (first != NULL) {
        struct job *next = first->next;
        leat_free(first);
        first = next;
    }
}

/* --- the thread ---------------------------------------------------------------------------------------------- */

static void fail_all(struct job *first, int error)
{
    for (struct job *job = first; job != NULL; job = job->next)
        job->error = job->error != 0 ? job->error : error;
}

/* The folders are opened each time: they may have been moved, and made anew. */
static void write_group(const struct spool_sink *self, struct job *first)
{
    struct leat_spool_folders folders;
    char tail[32], name[LEAT_SPOOL_NAME_SIZE];
    leat_spool_folders_init(&folders);
    if (!leat_is_ok(leat_spool_folders_open(&folders, self->options.path, LEAT_SPOOL_OF_PRODUCERS, false, NULL))) {
        fail_all(first, errno);
        return;
    }
    for (struct job *job = first; job != NULL; job = job->next) {
        snprintf(tail, sizeof(tail), "%016llx", (unsigned long long)leat_spool_digest(job->letter->id));
        job->error = leat_spool_stage(&folders, tail, job->letter->text, job->name);
    }
    for (struct job *job = first; job != NULL; job = job->next)
        if (job->error == 0)
            job->error = leat_spool_publish(&folders, job->name, name);
    if (fsync(folders.at[LEAT_SPOOL_NEW]) != 0)
        fail_all(first, errno);
    leat_spool_folders_close(&folders);
}

static void wake_loop(const struct spool_sink *self)
{
    uint64_t one = 1;
    while (write(self->wake, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
}

static void *write_on(void *argument)
{
    struct spool_sink *self = argument;
    pthread_mutex_lock(&self->lock);
    for (;;) {
        while (self->waiting.first == NULL && !self->quitting)
            pthread_cond_wait(&self->some, &self->lock);
        if (self->quitting)
            break;
        struct job *group = take_all(&self->waiting);
        pthread_mutex_unlock(&self->lock);
        write_group(self, group);
        pthread_mutex_lock(&self->lock);
        add_all(&self->written, group);
        wake_loop(self);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* --- the loop's side ------------------------------------------------------------------------------------------- */

/* A failure is a line when it begins, and one when it is over. */
static void tell(struct spool_sink *self, int error)
{
    const char *advice = leat_spool_advice(error);
    if (error != 0 && error != self->told)
        leat_sink_log(self->sink, LEAT_ERROR, "spool %.*s cannot be written: %s%s%s; its letters' events come again",
                      LEAT_ARG(self->options.path), strerror(error), advice[0] != '\0' ? ": " : "", advice);
    else if (error == 0 && self->told != 0)
        leat_sink_log(self->sink, LEAT_INFO, "spool %.*s can be written again", LEAT_ARG(self->options.path));
    self->told = error;
}

static void on_written(void *argument, short what)
{
    struct spool_sink *self = argument;
    uint64_t count;
    (void)what;
    while (read(self->wake, &count, sizeof(count)) < 0 && errno == EINTR)
        continue;
    pthread_mutex_lock(&self->lock);
    struct job *job = take_all(&self->written);
    pthread_mutex_unlock(&self->lock);
    while (job != NULL) {
        struct job *next = job->next;
        tell(self, job->error);
        job->durable(job->argument, job->index, job->error == 0 ? LEAT_OK : LEAT_STATUS(IO));
        leat_free(job);
        job = next;
    }
}

static leat_status init_sink(void *self, struct leat_sink *sink, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct spool_sink *spool = self;
    (void)reterr;
    spool->sink = sink;
    spool->loop = loop;
    spool->options = *(const struct leat_spool_sink_options *)options;
    spool->wake = -1;
    jobs_init(&spool->waiting);
    jobs_init(&spool->written);
    pthread_mutex_init(&spool->lock, NULL);
    pthread_cond_init(&spool->some, NULL);
    spool->begun = true;
    return LEAT_OK;
}

static bool start_thread(struct spool_sink *self)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
    self->running = pthread_create(&self->thread, NULL, write_on, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self->running;
}

static leat_status start_sink(void *self, struct leat_error *reterr)
{
    struct spool_sink *spool = self;
    struct leat_spool_folders folders;
    leat_spool_folders_init(&folders);
    LEAT_TRY(leat_spool_folders_open(&folders, spool->options.path, LEAT_SPOOL_OF_PRODUCERS, true, reterr));
    leat_spool_folders_close(&folders);
    spool->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (spool->wake >= 0)
        spool->watch = leat_loop_watch(spool->loop, spool->wake, LEAT_READABLE, on_written, spool);
    if (spool->watch == NULL || !start_thread(spool))
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "spool %.*s: out of memory, threads or descriptors",
                              LEAT_ARG(spool->options.path));
    return LEAT_OK;
}

static void write_sink(void *self, const struct leat_letter *const *letters, size_t count,
                       void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    struct spool_sink *spool = self;
    struct jobs jobs;
    size_t made = 0;
    jobs_init(&jobs);
    for (struct job *job; made < count && (job = leat_alloc(sizeof(*job))) != NULL; made++) {
        job->letter = letters[made];
        job->durable = durable;
        job->argument = argument;
        job->index = made;
        add_all(&jobs, job);
    }
    if (jobs.first != NULL) {
        pthread_mutex_lock(&spool->lock);
        add_all(&spool->waiting, jobs.first);
        pthread_cond_signal(&spool->some);
        pthread_mutex_unlock(&spool->lock);
    }
    for (size_t i = made; i < count; i++)
        durable(argument, i, LEAT_STATUS(NO_MEMORY));
}

static void close_sink(void *self)
{
    struct spool_sink *spool = self;
    if (spool->running) {
        pthread_mutex_lock(&spool->lock);
        spool->quitting = true;
        pthread_cond_signal(&spool->some);
        pthread_mutex_unlock(&spool->lock);
        pthread_join(spool->thread, NULL);
        spool->running = false;
    }
    leat_watch_free(spool->watch);
    spool->watch = NULL;
    if (spool->begun && spool->wake >= 0)
        close(spool->wake);
    spool->wake = -1;
    if (!spool->begun)
        return;
    free_all(take_all(&spool->waiting)); /* nobody waits for an answer any more */
    free_all(take_all(&spool->written));
}

static void fini_sink(void *self)
{
    struct spool_sink *spool = self;
    if (!spool->begun)
        return;
    pthread_mutex_destroy(&spool->lock);
    pthread_cond_destroy(&spool->some);
    spool->begun = false;
}

static const struct leat_option options[] = {
    {"path", LEAT_OPTION_PATH, false, offsetof(struct leat_spool_sink_options, path), NULL, "!",
     "the folder; made if its parent is there"},
    {.key = NULL},
};

const struct leat_sink_ops leat_sink_spool = {
    .abi = LEAT_ABI,
    .size = sizeof(leat_sink_spool),
    .name = "spool",
    .state_size = sizeof(struct spool_sink),
    .options = options,
    .options_size = sizeof(struct leat_spool_sink_options),
    .init = init_sink,
    .start = start_sink,
    .write = write_sink,
    .close = close_sink,
    .fini = fini_sink,
};
