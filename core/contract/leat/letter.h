/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a dead letter: docs/reference/dead-letters.md. Pure. Not installed: sinks get the text. */
#ifndef LEAT_LETTER_H
#define LEAT_LETTER_H

#include <leat/unit.h>

LEAT_BEGIN

struct leat_dead {
    leat_str id;           /* SOURCE/POSITION/INDEX, or SOURCE/NAME@SINCE/INDEX */
    const char *service;   /* whose worker wrote it */
    leat_str source;       /* as the configuration calls it */
    const char *transport; /* the source's type */
    leat_str position;     /* what the source calls the unit */
    const struct leat_unit *unit;
    uint32_t index;    /* which of its results */
    uint32_t attempts; /* 0: nobody counts */
    int64_t time_ms;   /* wall clock: now */
};

/* One line of JSON in `arena`. Loop thread, while other units of the delivery may run: it changes nothing of theirs.
 * Absent: out of memory, or the record cannot be written down (a native one without `encode`). */
leat_str leat_dead_text(struct leat_arena *arena, const struct leat_dead *dead);

LEAT_END

#endif
