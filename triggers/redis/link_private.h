/* SPDX-License-Identifier: Apache-2.0 */
/* Between link.c and dial.c. */
#ifndef LEAT_REDIS_LINK_PRIVATE_H
#define LEAT_REDIS_LINK_PRIVATE_H

#include "link.h"

/* link.c */
/* As leat_redis_send, in any state, and not flushed. */
bool leat_redis_queue(struct leat_redis_link *link, leat_redis_reply_fn *function, void *argument,
                      struct leat_arena *arena, int64_t wait_ms);
void leat_redis_flush(struct leat_redis_link *link);
void leat_redis_readable(struct leat_redis_link *link);
void leat_redis_answer_all(struct leat_redis_link *link); /* with NULL */

/* dial.c */
struct leat_timer *leat_redis_dial_timer(struct leat_redis_link *link);
void leat_redis_watch(struct leat_redis_link *link, short what);
bool leat_redis_shake(struct leat_redis_link *link); /* true: hands are shaken, and it has been greeted */

#endif
