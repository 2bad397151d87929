/* SPDX-License-Identifier: Apache-2.0 */
/* Letters as lines of a file, which a thread writes. */
#include "sink.h"

#include "writer.h"

#include <leat/alloc.h>

#include <stddef.h>

#define LOG_PAUSE_US ((int64_t)10 * 1000000)

struct file_sink {
    struct leat_sink *sink;
    leat_str path;
    struct leat_writer *writer; /* NULL: closed */
    struct leat_watch *watch;
    bool started;
    bool failing; /* and the log says so */
    int64_t next_log_us;
    struct leat_writer_story told;
};

static void tell_of_failure(struct file_sink *file, const struct leat_writer_story *story)
{
    int64_t now_us = leat_clock_us(&leat_clock_system);
    if (now_us < file->next_log_us)
        return;
    file->failing = true;
    file->next_log_us = now_us + LOG_PAUSE_US;
    leat_sink_log(file->sink, LEAT_ERROR, "%s%s%s; what could not be written stays in its queue and comes again",
                  story->error.message, story->error.fix[0] != '\0' ? ": " : "", story->error.fix);
}

static void tell(struct file_sink *file, const struct leat_writer_story *story)
{
    leat_str path = file->path;
    struct leat_writer_story *told = &file->told;
    if (story->torn != told->torn)
        leat_sink_log(file->sink, LEAT_WARN, "the last line of %.*s was not whole: it lies in %.*s.torn",
                      LEAT_ARG(path), LEAT_ARG(path));
    if (story->completed != told->completed)
        leat_sink_log(file->sink, LEAT_WARN, "the last line of %.*s had no newline: it has one now", LEAT_ARG(path));
    if (story->rotated != told->rotated)
        leat_sink_log(file->sink, LEAT_INFO, "%.*s was full: it is %.*s.1 now", LEAT_ARG(path), LEAT_ARG(path));
    if (story->dropped != told->dropped)
        leat_sink_log(file->sink, LEAT_WARN, "the oldest of the rotated files of %.*s is gone: see keep and max_size",
                      LEAT_ARG(path));
    if (story->failed) {
        tell_of_failure(file, story);
    } else if (file->failing) {
        file->failing = false;
        leat_sink_log(file->sink, LEAT_INFO, "%.*s can be written again", LEAT_ARG(path));
    }
    *told = *story;
}

static void answer(struct leat_writer_job *job)
{
    for (size_t i = 0; i < job->count; i++)
        job->durable(job->argument, i, job->status);
    leat_free(job);
}

/* An answer may bring new letters: those are another group's. */
static void on_answers(void *argument, short what)
{
    struct file_sink *file = argument;
    struct leat_writer_story story;
    struct leat_writer_job *job = leat_writer_done(file->writer, &story), *next;
    (void)what;
    tell(file, &story);
    for (; job != NULL; job = next) {
        next = job->next;
        answer(job);
    }
}

static leat_status sink_init(void *self, struct leat_sink *sink, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct file_sink *file = self;
    const struct leat_file_sink_options *given = options;
    const struct leat_lines_options lines = {
        .max_size = given->max_size, .keep = given->keep > 0 ? given->keep : 1, .sync = given->fsync};
    file->sink = sink;
    file->path = given->path;
    if (given->path.len == 0 || given->path.len > LEAT_LINES_PATH_MAX)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "the file sink's path is %s",
                              given->path.len == 0 ? "missing" : "too long");
    file->writer = leat_writer_new(given->path, &lines);
    if (file->writer != NULL)
        file->watch = leat_loop_watch(loop, leat_writer_answers(file->writer), LEAT_READABLE, on_answers, file);
    return file->watch != NULL ? LEAT_OK
                               : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory or descriptors");
}

static leat_status sink_start(void *self, struct leat_error *reterr)
{
    struct file_sink *file = self;
    struct leat_writer_story story;
    LEAT_TRY(leat_writer_open(file->writer, reterr));
    file->started = true;
    (void)leat_writer_done(file->writer, &story); /* nothing is, by now */
    tell(file, &story);
    return LEAT_OK;
}

static void tell_of_no_thread(struct file_sink *file, bool no_memory)
{
    struct leat_writer_story story = file->told;
    story.failed = true;
    (void)leat_error_set(&story.error, LEAT_STATUS(NO_MEMORY), "no %s to write %.*s", no_memory ? "memory" : "thread",
                         LEAT_ARG(file->path));
    leat_error_fix(&story.error, "raise the limit of %s",
                   no_memory ? "memory (ulimit -v, MemoryMax=)" : "threads (ulimit -u, TasksMax=)");
    tell(file, &story);
}

static void sink_write(void *self, const struct leat_letter *const *letters, size_t count,
                       void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    struct file_sink *file = self;
    struct leat_writer_job *job = file->writer != NULL && file->started ? leat_writer_job_new(letters, count) : NULL;
    if (job != NULL) {
        job->durable = durable;
        job->argument = argument;
    }
    if (job != NULL && leat_writer_add(file->writer, job))
        return;
    tell_of_no_thread(file, job == NULL);
    leat_free(job);
    for (size_t i = 0; i < count; i++)
        durable(argument, i, LEAT_STATUS(NO_MEMORY));
}

/* What was handed over is written, as far as the disk lets it; nobody is there for the answers. */
static void sink_close(void *self)
{
    struct file_sink *file = self;
    leat_watch_free(file->watch);
    file->watch = NULL;
    if (!leat_writer_close(LEAT_TAKE(file->writer)))
        leat_sink_log(file->sink, LEAT_ERROR, "%.*s has not taken what was to be written for %d s: left behind",
                      LEAT_ARG(file->path), LEAT_WRITER_CLOSE_S);
}

#define AT(member) offsetof(struct leat_file_sink_options, member)
static const struct leat_option options_table[] = {
    {"path", LEAT_OPTION_PATH, false, AT(path), NULL, "!", "the file; missing folders above it are made"},
    {"max_size", LEAT_OPTION_SIZE, false, AT(max_size), "100MiB", NULL,
     "a file that would grow beyond it is rotated; 0: never"},
    {"keep", LEAT_OPTION_COUNT, false, AT(keep), "5", "1 1000", "how many rotated files there are; older ones go"},
    {"fsync", LEAT_OPTION_FLAG, false, AT(fsync), "true", NULL,
     "a letter counts as kept once it is on the disk, not before"},
    {NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL},
};
#undef AT

const struct leat_sink_ops leat_sink_file = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_sink_ops),
    .name = "file",
    .state_size = sizeof(struct file_sink),
    .options = options_table,
    .options_size = sizeof(struct leat_file_sink_options),
    .init = sink_init,
    .start = sink_start,
    .write = sink_write,
    .close = sink_close,
};
