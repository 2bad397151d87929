/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Middleware: a link of the chain around every run. Batch-wise, resumable, on the loop thread, never on
 * the handler's stack.
 */
#ifndef LEAT_MIDDLEWARE_H
#define LEAT_MIDDLEWARE_H

#include <leat/run.h>

LEAT_BEGIN

struct leat_engine;

struct leat_middleware_ops {
    uint32_t abi, size;
    const char *name;
    /* Sets work->step of each: NEXT, DECIDED (with work->result filled), or PENDING, which ends in
     * leat_resume. NULL: nothing to do before. */
    void (*before)(void *self, struct leat_work *const *work, size_t count);
    /* In reverse order, for all of them, decided ones too. May change work->result. NULL: nothing. */
    void (*after)(void *self, struct leat_work *const *work, size_t count);
    /* The unit was lost while its event ran, or its handler did not return in time and still runs: write nothing.
     * NULL: nothing; but what timed out goes to `after` then, as a retry like any other. */
    void (*abandon)(void *self, struct leat_work *work);
};

/* Answers a PENDING with NEXT or DECIDED. Loop thread. */
void leat_resume(struct leat_work *work, enum leat_step step);

LEAT_END

#endif
