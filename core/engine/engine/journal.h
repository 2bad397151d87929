/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crash journal: a mapped file with a line a slot, which says what runs there. Written by the slot's thread and by
 * the handler of fatal signals, read at the next start: the event that a crash was marked for has crashed once more,
 * and no other. A kill from outside marks nothing.
 */
#ifndef LEAT_ENGINE_JOURNAL_H
#define LEAT_ENGINE_JOURNAL_H

#include <leat/error.h>
#include <leat/log.h>

struct leat_journal;

/* Opens or makes the file (0600, its folder must be there), reads what the last life left, and locks it: a second
 * process is told. `slots` of this life. */
leat_status leat_journal_open(const char *path, uint32_t slots, struct leat_journal **retjournal,
                              struct leat_error *reterr);
/* Nothing runs any more. Takes NULL. */
void leat_journal_close(struct leat_journal *journal);
/* Fatal signals, and exit() out of a handler, mark the slot of their thread from here on. Once a process. */
void leat_journal_catch(struct leat_journal *journal);

/* What the last life ended in, if a crash was marked: "signal 11 in handler orders on inbox/a.json". "": it was not. */
const char *leat_journal_culprit(const struct leat_journal *journal);
/* How often that unit of that source crashed its handler, in all lives it is remembered for. *retwhy: "signal 11". */
uint32_t leat_journal_crashes(const struct leat_journal *journal, leat_str source, leat_str unit, char *retwhy,
                              size_t size);
/* It is settled: forget what it did. */
void leat_journal_forget(struct leat_journal *journal, leat_str source, leat_str unit);

/* On the slot's thread: this runs there from now on, and no more. */
void leat_journal_begin(struct leat_journal *journal, uint32_t slot, leat_str source, leat_str unit,
                        const char *handler, uint32_t attempt);
void leat_journal_end(struct leat_journal *journal, uint32_t slot);

#endif
