/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <leat/alloc.h>

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define LOCK_WAIT_MS 5000
#define GROUP_MAX 1024 /* calls of write */

struct jobs {
    struct leat_writer_job *first, **last;
};

struct leat_writer {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake, ended;
    struct jobs todo, done;
    struct leat_writer_story story;
    bool closing, running;
    bool abandoned;   /* nobody waits for the thread any more: it frees all of this */
    pthread_t thread; /* the loop's, as the next */
    bool threaded;
    int answers;             /* an eventfd: something is in `done` */
    struct leat_lines lines; /* the thread's, once there is one */
    struct leat_lines_options options;
    struct iovec pieces[GROUP_MAX];
    char path[LEAT_LINES_PATH_MAX + 1];
};

/* --- jobs ------------------------------------------------------------------------------------------------------ */

static void jobs_init(struct jobs *jobs)
{
    *jobs = (struct jobs){.last = &jobs->first};
}

static void jobs_add(struct jobs *jobs, struct leat_writer_job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct leat_writer_job *jobs_take(struct jobs *jobs)
{
    struct leat_writer_job *job = jobs->first;
    jobs->first = job != NULL ? job->next : NULL;
    if (jobs->first == NULL)
        jobs->last = &jobs->first;
    return job;
}

static void jobs_free(struct jobs *jobs)
{
    struct leat_writer_job *job;
    while ((job = jobs_take(jobs)) != NULL)
        leat_free(job);
}

/* NULL: out of memory. */
struct leat_writer_job *leat_writer_job_new(const struct leat_letter *const *letters, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += letters[i]->text.len + 1;
    struct leat_writer_job *job = leat_alloc_raw(sizeof(*job) + len);
    if (job == NULL)
        return NULL;
    *job = (struct leat_writer_job){.count = count, .len = len};
    char *at = job->text;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, letters[i]->text.ptr, letters[i]->text.len);
        at += letters[i]->text.len;
        *at++ = '\n';
    }
    return job;
}

/* --- the writer ------------------------------------------------------------------------------------------------ */

static void writer_free(struct leat_writer *writer)
{
    jobs_free(&writer->todo);
    jobs_free(&writer->done);
    leat_lines_close(&writer->lines);
    if (writer->answers >= 0)
        (void)close(writer->answers);
    (void)pthread_cond_destroy(&writer->wake);
    (void)pthread_cond_destroy(&writer->ended);
    (void)pthread_mutex_destroy(&writer->lock);
    leat_free(writer);
}

struct leat_writer *leat_writer_new(leat_str path, const struct leat_lines_options *options)
{
    struct leat_writer *writer = leat_alloc(sizeof(*writer));
    pthread_condattr_t monotonic;
    if (writer == NULL)
        return NULL;
    jobs_init(&writer->todo);
    jobs_init(&writer->done);
    (void)pthread_mutex_init(&writer->lock, NULL);
    (void)pthread_cond_init(&writer->wake, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&writer->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    memcpy(writer->path, path.ptr, path.len < LEAT_LINES_PATH_MAX ? path.len : LEAT_LINES_PATH_MAX);
    writer->options = *options;
    writer->options.path = writer->path;
    writer->lines.fd = writer->lines.lock = -1;
    writer->answers = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (writer->answers >= 0)
        return writer;
    writer_free(writer);
    return NULL;
}

/* With the lock. */
static void note_story(struct leat_writer *writer, bool failed, const struct leat_error *error)
{
    const struct leat_lines *lines = &writer->lines;
    writer->story = (struct leat_writer_story){.completed = lines->completed,
                                               .torn = lines->torn,
                                               .rotated = lines->rotated,
                                               .dropped = lines->dropped,
                                               .failed = failed};
    if (failed)
        writer->story.error = *error;
}

/* With the lock. The next group; none: it is the end. */
static size_t take_group(struct leat_writer *writer, struct jobs *group)
{
    size_t count = 0;
    jobs_init(group);
    while (writer->todo.first == NULL && !writer->closing)
        (void)pthread_cond_wait(&writer->wake, &writer->lock);
    for (; count < GROUP_MAX && writer->todo.first != NULL; count++) {
        struct leat_writer_job *job = jobs_take(&writer->todo);
        writer->pieces[count] = (struct iovec){.iov_base = job->text, .iov_len = job->len};
        jobs_add(group, job);
    }
    return count;
}

/* All of a group or nothing: what failed comes again. */
static leat_status write_group(struct leat_writer *writer, struct jobs *group, size_t count, struct leat_error *reterr)
{
    leat_status status = leat_lines_append(&writer->lines, writer->pieces, count, LOCK_WAIT_MS, reterr);
    for (struct leat_writer_job *job = group->first; job != NULL; job = job->next)
        job->status = status;
    return status;
}

static void *write_all_groups(void *argument)
{
    struct leat_writer *writer = argument;
    struct jobs group;
    size_t count;
    (void)pthread_mutex_lock(&writer->lock);
    while ((count = take_group(writer, &group)) > 0) {
        struct leat_error error = {0};
        (void)pthread_mutex_unlock(&writer->lock);
        leat_status status = write_group(writer, &group, count, &error);
        (void)pthread_mutex_lock(&writer->lock);
        struct leat_writer_job *job;
        while ((job = jobs_take(&group)) != NULL)
            jobs_add(&writer->done, job);
        note_story(writer, !leat_is_ok(status), &error);
        if (!writer->abandoned)
            (void)eventfd_write(writer->answers, 1);
    }
    writer->running = false;
    bool abandoned = writer->abandoned;
    (void)pthread_cond_signal(&writer->ended);
    (void)pthread_mutex_unlock(&writer->lock);
    if (abandoned)
        writer_free(writer);
    return NULL;
}

/* --- on the loop ----------------------------------------------------------------------------------------------- */

leat_status leat_writer_open(struct leat_writer *writer, struct leat_error *reterr)
{
    LEAT_TRY(leat_lines_open(&writer->lines, &writer->options, reterr));
    note_story(writer, false, NULL);
    return LEAT_OK;
}

int leat_writer_answers(const struct leat_writer *writer)
{
    return writer->answers;
}

struct leat_writer_job *leat_writer_done(struct leat_writer *writer, struct leat_writer_story *retstory)
{
    eventfd_t count;
    (void)eventfd_read(writer->answers, &count);
    (void)pthread_mutex_lock(&writer->lock);
    struct leat_writer_job *done = writer->done.first;
    jobs_init(&writer->done);
    *retstory = writer->story;
    (void)pthread_mutex_unlock(&writer->lock);
    return done;
}

/* Signals are the loop's; the one for files that grow too large would end the process. */
static bool start_thread(struct leat_writer *writer)
{
    sigset_t all, before;
    if (writer->threaded)
        return true;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    writer->running = true;
    writer->threaded = pthread_create(&writer->thread, NULL, write_all_groups, writer) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return writer->threaded;
}

bool leat_writer_add(struct leat_writer *writer, struct leat_writer_job *job)
{
    if (!start_thread(writer))
        return false;
    (void)pthread_mutex_lock(&writer->lock);
    jobs_add(&writer->todo, job);
    (void)pthread_cond_signal(&writer->wake);
    (void)pthread_mutex_unlock(&writer->lock);
    return true;
}

/* True: the thread has ended. Else it is its own from here on. */
static bool wait_for_end(struct leat_writer *writer)
{
    struct timespec limit;
    (void)clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += LEAT_WRITER_CLOSE_S;
    (void)pthread_mutex_lock(&writer->lock);
    writer->closing = true;
    (void)pthread_cond_signal(&writer->wake);
    int waited = 0;
    while (writer->running && waited == 0)
        waited = pthread_cond_timedwait(&writer->ended, &writer->lock, &limit);
    bool ended = !writer->running;
    writer->abandoned = !ended;
    if (!ended)
        (void)pthread_detach(writer->thread);
    (void)pthread_mutex_unlock(&writer->lock);
    return ended;
}

bool leat_writer_close(struct leat_writer *writer)
{
    if (writer == NULL)
        return true;
    if (writer->threaded) {
        if (!wait_for_end(writer))
            return false;
        (void)pthread_join(writer->thread, NULL);
    }
    writer_free(writer);
    return true;
}
