/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crash journal: a mapped file with a line a slot, which says what runs there. Written by the slot's thread and by
 * the handler of fatal signals, read at the next start: the unit that a crash was marked for has crashed once more,
 * and no other. A kill from outside, _exit() and a loss of power mark nothing.
 *
 * Only one unit of a batch is to blame, and nobody knows which: all that the journal names are counted, which are the
 * first LEAT_JOURNAL_NAMES of it. So a unit that has crashed belongs in a batch of its own: an innocent one is settled
 * and forgotten then, the guilty one is found, and the others of a longer batch move up among the named.
 *
 * The file is text, 256 bytes a line: mark, cause, number of the run, units of the run, attempt, handler, source, unit.
 * Marks: '-' nothing, '>' runs, '+' runs in the batch above it, '!' crashed. Behind the slots stand the units that are
 * remembered, '*': cause of the last crash, its number, how often, attempt, and so on. In names all but printable
 * ASCII, and ' ', '%' and '~', is percent-encoded; what is longer than its field is cut, with '~' and a digest behind.
 */
#ifndef LEAT_ENGINE_JOURNAL_H
#define LEAT_ENGINE_JOURNAL_H

#include <leat/error.h>

#define LEAT_JOURNAL_NAMES 8u     /* of one run */
#define LEAT_JOURNAL_CULPRITS 64u /* remembered; the one whose last crash is the longest ago goes first */
#define LEAT_JOURNAL_SLOTS 65536u /* most slots */

struct leat_journal;

/* --- loop thread --------------------------------------------------------------------------------------- */

/* Opens or makes the file (0600, its folder must be there), counts what the last life left, and locks it: a second
 * process is told, with CONFIG. `slots` of this life, at least 1. What cannot be read is no failure: it is kept as
 * PATH.bad. Room on the disk is taken here, with IO if there is none, so that nothing later can fail for it. */
leat_status leat_journal_open(const char *path, uint32_t slots, struct leat_journal **retjournal,
                              struct leat_error *reterr);
/* Nothing runs any more. Takes NULL. */
void leat_journal_close(struct leat_journal *journal);
/* Fatal signals, and exit() out of a handler, mark the slot of their thread from here on, say so on stderr, and go on
 * as they would have: to the handler that was there before, else to the end. Before threads of slots start; once a
 * process. */
void leat_journal_catch(struct leat_journal *journal);

/* What the last life ended in, if a crash was marked: "signal 11 in handler orders on inbox/a.json". "": it was not. */
const char *leat_journal_culprit(const struct leat_journal *journal);
/* What is to be told of the file: "PATH is no journal of this version; it is kept as PATH.bad". "": nothing. */
const char *leat_journal_warning(const struct leat_journal *journal);
/* How often that unit of that source crashed its handler, in all lives it is remembered for. *retwhy: "signal 11" or
 * "exit()", cut at `size`; "" if never. Takes NULL: never. */
uint32_t leat_journal_crashes(const struct leat_journal *journal, leat_str source, leat_str unit, char *retwhy,
                              size_t size);
/* It is settled: forget what it did. Takes NULL. */
void leat_journal_forget(struct leat_journal *journal, leat_str source, leat_str unit);

/* --- on the slot's thread -------------------------------------------------------------------------------- */

/* First and last on the thread: a stack for the signal handler, without which an overflow of the thread's own is not
 * noted. NO_MEMORY: there is none, all else works. A thread that has one keeps it. Take NULL. */
leat_status leat_journal_thread(struct leat_journal *journal, uint32_t slot);
void leat_journal_thread_end(struct leat_journal *journal, uint32_t slot);

struct leat_journal_unit {
    leat_str source, unit;
    uint32_t attempt;
};

/* This runs there from now on, and no more. `count` units, of which at most LEAT_JOURNAL_NAMES are read. Writes memory
 * and nothing else: no call into the kernel, no lock, no allocation. Take NULL. */
void leat_journal_begin(struct leat_journal *journal, uint32_t slot, const char *handler,
                        const struct leat_journal_unit *units, uint32_t count);
void leat_journal_end(struct leat_journal *journal, uint32_t slot);

#endif
