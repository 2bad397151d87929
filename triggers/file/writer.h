/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of a file sink: so the loop never waits for a disk. All that has come in while it was busy is the next
 * group, of one write and one sync. Letters are copied when they come, and their answers go to the loop through a
 * descriptor that is there from the start: neither can fail for want of anything later.
 */
#ifndef LEAT_FILE_WRITER_H
#define LEAT_FILE_WRITER_H

#include "lines.h"

#include <leat/sink.h>

struct leat_writer;

/* One call of write; the caller's again once it is done. */
struct leat_writer_job {
    struct leat_writer_job *next;
    void (*durable)(void *argument, size_t index, leat_status status);
    void *argument;
    size_t count, len;
    leat_status status;
    char text[];
};

/* What happened, for the log. */
struct leat_writer_story {
    uint64_t completed, torn, rotated, dropped;
    bool failed; /* the last group */
    struct leat_error error;
};

/* `options->path` need not be NUL-terminated: `path` is it. NULL: out of memory or descriptors. */
struct leat_writer *leat_writer_new(leat_str path, const struct leat_lines_options *options);
/* Opens the file. It may wait for its disk. */
leat_status leat_writer_open(struct leat_writer *writer, struct leat_error *reterr);
/* Readable while something is done. */
int leat_writer_answers(const struct leat_writer *writer);
/* All that is done, in order; the caller frees each (leat_free). */
struct leat_writer_job *leat_writer_done(struct leat_writer *writer, struct leat_writer_story *retstory);
/* NULL: out of memory. */
struct leat_writer_job *leat_writer_job_new(const struct leat_letter *const *letters, size_t count);
/* Starts the thread with the first one. False: it cannot be started, and the job is still the caller's. */
bool leat_writer_add(struct leat_writer *writer, struct leat_writer_job *job);
/* Writes what is there, and frees all; answers are lost. Takes NULL. False: the disk has hung for LEAT_WRITER_CLOSE_S,
 * and the thread is left behind, which frees it if it ever ends. */
bool leat_writer_close(struct leat_writer *writer);
#define LEAT_WRITER_CLOSE_S 5

#endif
