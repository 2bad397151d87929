/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the journal share: the line as it stands in the file, and the journal. */
#ifndef LEAT_JOURNAL_PRIVATE_H
#define LEAT_JOURNAL_PRIVATE_H

#include <engine/journal.h>

#include <sys/types.h>

enum { MARK_NONE = '-', MARK_RUNS = '>', MARK_ALSO = '+', MARK_CRASHED = '!', MARK_HUNG = '?', MARK_CULPRIT = '*' };

/* Columns are padded with spaces. A culprit's `number` is that of its crash, its `count` how many it had. */
struct leat_journal_line {
    char mark, gap_0;
    char cause[4], gap_1; /* a signal's number, "exit", or "hang" */
    char number[10], gap_2;
    char count[5], gap_3;
    char attempt[10], gap_4;
    char handler[40], gap_5;
    char source[40], gap_6;
    char unit[138], newline;
};

_Static_assert(sizeof(struct leat_journal_line) == 256, "a line has 256 bytes");

struct leat_journal_slot {
    struct leat_journal *journal;
    struct leat_journal_line *lines; /* LEAT_JOURNAL_NAMES of them; the first one's mark counts */
    uint64_t runs;
    uint32_t named; /* lines of the last run */
    void *stack;    /* for the signal handler; NULL: the thread has one that is not ours */
};

struct leat_journal {
    char *path;
    char *fresh; /* where the file is made */
    int file;    /* holds the lock */
    pid_t pid;   /* a child that a handler forked is not to mark anything */
    struct leat_journal_line *lines;
    uint32_t slot_count, remembered; /* culprits in the file */
    struct leat_journal_line *culprits;
    struct leat_journal_slot *slots;
    char culprit[512], warning[512];
};

/* --- journal_line.c: pure, and safe in a signal handler but for names --------------------------------------- */

/* As it goes through the file. More digits than the column has: the largest number that fits. */
void leat_journal_put_number(char *column, size_t size, uint64_t value);
uint64_t leat_journal_number(const char *column, size_t size);
void leat_journal_put_name(char *column, size_t size, leat_str name);
/* Without the padding. */
leat_str leat_journal_column(const char *column, size_t size);
void leat_journal_clear(struct leat_journal_line *line);
/* The first line of a file, and how many lines there are behind it. */
void leat_journal_put_header(struct leat_journal_line *line, uint32_t slots);
static inline size_t leat_journal_lines(uint32_t slots)
{
    return (size_t)slots * LEAT_JOURNAL_NAMES + LEAT_JOURNAL_CULPRITS;
}
/* "signal 11 in handler orders on inbox/a.json and 2 more", cut, with a NUL. Returns its length. */
size_t leat_journal_describe(const struct leat_journal_line *line, char *text, size_t size);
size_t leat_journal_describe_cause(const struct leat_journal_line *line, char *text, size_t size);

/* --- journal_file.c ------------------------------------------------------------------------------------------ */

/* The last life's file, opened and locked. */
leat_status leat_journal_lock(const char *path, int *retfile, struct leat_error *reterr);
/* All of it on the heap, the header first; NULL with OK: there was none, or it is no journal (*retgarbage). */
leat_status leat_journal_read(int file, struct leat_journal_line **retlines, uint32_t *retslots, bool *retgarbage);
/* Keeps a file that is no journal; says what became of it. */
void leat_journal_keep(const char *path, char *warning, size_t size);
/* A new file beside it, with room on the disk, locked and mapped: journal->file, ->lines. Nobody sees it before
 * leat_journal_publish puts it into its place. */
leat_status leat_journal_make(struct leat_journal *journal, struct leat_error *reterr);
leat_status leat_journal_publish(struct leat_journal *journal, struct leat_error *reterr);

#endif
