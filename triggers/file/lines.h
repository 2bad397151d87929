/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of lines that several processes append to, and that is rotated by its size: PATH, PATH.1, PATH.2, ...
 *
 * Lines are whole: what a write that failed half-way left is taken back, and what a killed one left is mended by the
 * next that writes. All who write hold the lock PATH.lock; who only reads needs none. Blocks: for threads that may.
 */
#ifndef LEAT_FILE_LINES_H
#define LEAT_FILE_LINES_H

#include <leat/error.h>

#include <sys/types.h>
#include <sys/uio.h>

struct leat_lines_options {
    const char *path; /* lives as long as the file is open */
    size_t max_size;  /* bytes; 0: it is never rotated */
    uint32_t keep;    /* so many rotated files */
    bool sync;        /* what is appended is on the disk before it returns */
};

struct leat_lines {
    struct leat_lines_options options;
    int fd, lock;  /* -1: not open */
    bool unsynced; /* its name is not on the disk yet */
    /* What happened so far, for who logs it. */
    uint64_t completed; /* last lines that lacked their newline only */
    uint64_t torn;      /* last lines that were no JSON: they lie in PATH.torn */
    uint64_t rotated, dropped;
};

#define LEAT_LINES_PATH_MAX 4000
#define LEAT_LINES_KEEP_MAX 1000

/* Makes the parent folders (0700) and the file (0600), mends its last line, and keeps it open; one that was opened
 * already is looked at again. IO, AWAY. */
leat_status leat_lines_open(struct leat_lines *lines, const struct leat_lines_options *options,
                            struct leat_error *reterr);
void leat_lines_close(struct leat_lines *lines); /* also one that could not be opened */

/* `pieces` are whole lines, newlines and all; they are written as one and changed. All or nothing. Waits for the lock
 * at most `wait_ms`. IO: there is no room, or the disk is broken; AWAY: the file cannot be reached, or another holds
 * it. Both may be over the next time. */
leat_status leat_lines_append(struct leat_lines *lines, struct iovec *pieces, size_t count, int64_t wait_ms,
                              struct leat_error *reterr);

/* For who rewrites the files. AWAY: another holds it. */
leat_status leat_lines_lock(struct leat_lines *lines, int64_t wait_ms, struct leat_error *reterr);
void leat_lines_unlock(struct leat_lines *lines);

/* The folder that `path` is in, on the disk. */
leat_status leat_lines_sync_folder(const char *path, struct leat_error *reterr);

#endif
