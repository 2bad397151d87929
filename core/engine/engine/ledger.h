/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of a log's partition: which of the positions that were delivered are done, and up to where all are. A
 * log is settled by that watermark alone. Positions rise, with gaps. Pure.
 */
#ifndef LEAT_ENGINE_LEDGER_H
#define LEAT_ENGINE_LEDGER_H

#include <leat/api.h>

struct leat_ledger_entry {
    uint64_t position;
    void *value; /* the caller's */
    bool done;
};

struct leat_ledger {
    struct leat_ledger_entry *entries; /* a ring */
    uint32_t size, first, count;
};

void leat_ledger_fini(struct leat_ledger *ledger);
/* A position behind all others. False: it is not, or out of memory; the ledger is as before. */
bool leat_ledger_add(struct leat_ledger *ledger, uint64_t position, void *value);
/* That position is done. False: it is not there (or is done already). */
bool leat_ledger_done(struct leat_ledger *ledger, uint64_t position);
/* Takes off the front what is done, and returns the value of the last of it: the watermark stands behind it. NULL: the
 * first is not done, or nothing is there. `each` (may be NULL) is called with every value taken, also
 * the one returned. */
void *leat_ledger_advance(struct leat_ledger *ledger, void (*each)(void *argument, void *value), void *argument);

#endif
