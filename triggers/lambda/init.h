/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to the Runtime API before the first `next`. These calls wait: nothing else goes on yet. */
#ifndef LEAT_LAMBDA_INIT_H
#define LEAT_LAMBDA_INIT_H

#include "request.h"

/* The start failed. `type`: "Function.Init" and the like. Whatever is answered, or nothing within 2 s: the process
 * ends all the same. */
void leat_lambda_init_error(const struct leat_lambda_peer *peer, leat_str type, leat_str message);

/* SnapStart: says that all is ready and returns in the process's next life, after the snapshot. AWAY: it cannot. */
leat_status leat_lambda_restore_next(const struct leat_lambda_peer *peer, struct leat_error *reterr);
void leat_lambda_restore_error(const struct leat_lambda_peer *peer, leat_str type, leat_str message);

/* Registers an internal extension without events and leaves its `next` waiting: from then on the platform says SIGTERM
 * before it ends the process. Returns the descriptor that must stay open. -1: *reterr says why. */
int leat_lambda_register(const struct leat_lambda_peer *peer, const char *name, struct leat_error *reterr);

#endif
