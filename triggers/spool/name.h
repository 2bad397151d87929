/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of files that wait. A producer's is any name; one that was tried carries how often and from when on again:
 *
 *     NAME,a=3,t=1732800000000,d=60000,x=1a2b3c4d
 *
 * x is a digest of all before it, so that a producer's own name that looks like this is still only a name.
 */
#ifndef LEAT_SPOOL_NAME_H
#define LEAT_SPOOL_NAME_H

#include <leat/str.h>

#define LEAT_SPOOL_NAME_SIZE 256 /* NAME_MAX and a NUL */

struct leat_spool_name {
    leat_str base;    /* what the producer called it */
    uint32_t tries;   /* so many attempts were made */
    int64_t due_ms;   /* not before, wall clock; 0 without tries */
    int64_t delay_ms; /* how long that was ahead when it was written: all that a clock set back may add */
};

/* `base` is a part of `text`. */
void leat_spool_name_read(leat_str text, struct leat_spool_name *retname);
/* Copy number `copy` of that name has .COPY behind its base; 0: none. Returns the length. */
size_t leat_spool_name_write(char out[LEAT_SPOOL_NAME_SIZE], const struct leat_spool_name *name, uint32_t copy);
/* The base as it is called from here on: a long one makes room for what we add, a digest instead of its end. */
size_t leat_spool_name_base(char out[LEAT_SPOOL_NAME_SIZE], leat_str base);
/* TIME-TAIL: sorts behind all that this process made before, even if the clock was set back. */
void leat_spool_name_make(char out[LEAT_SPOOL_NAME_SIZE], int64_t wall_us, const char *tail);
uint64_t leat_spool_digest(leat_str text);
int leat_spool_compare(leat_str a, leat_str b); /* by bytes */

#endif
