/* SPDX-License-Identifier: Apache-2.0 */
/* The human side of a failure: what is wrong and what mends it. The caller owns the struct. */
#ifndef LEAT_ERROR_H
#define LEAT_ERROR_H

#include <leat/status.h>
#include <leat/str.h>

LEAT_BEGIN

struct leat_error {
    leat_status status;
    char message[512]; /* one line, no newline; cut with "..." */
    char fix[256];     /* what to do; empty: nothing to advise */
};

/* Fills *reterr (which may be NULL) and returns `status`, so that a failing function can end in it. */
LEAT_API leat_status leat_error_set(struct leat_error *reterr, leat_status status, const char *format, ...)
    LEAT_PRINTF(3, 4);
/* Adds the advice to an error already set. */
LEAT_API void leat_error_fix(struct leat_error *reterr, const char *format, ...) LEAT_PRINTF(2, 3);

LEAT_END

#endif
