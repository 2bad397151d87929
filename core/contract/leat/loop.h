/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: all that sources, sinks and modules see of the event loop underneath. Loop thread only,
 * but for leat_loop_post. Nothing called from the loop may block.
 */
#ifndef LEAT_LOOP_H
#define LEAT_LOOP_H

#include <leat/clock.h>
#include <leat/status.h>

LEAT_BEGIN

struct leat_loop;
struct leat_watch;
struct leat_timer;

enum { LEAT_READABLE = 1, LEAT_WRITABLE = 2 };

/* Calls function(argument, what) whenever `fd` is ready, until freed. NULL: out of memory, or the fd
 * cannot be watched (regular files cannot). */
LEAT_API struct leat_watch *leat_loop_watch(struct leat_loop *loop, int fd, short what, void (*function)(void *, short),
                                            void *argument);
LEAT_API void leat_watch_free(struct leat_watch *watch); /* takes NULL; also from its own callback */
/* A timer that is not set. */
LEAT_API struct leat_timer *leat_loop_timer(struct leat_loop *loop, void (*function)(void *), void *argument);
LEAT_API void leat_timer_set(struct leat_timer *timer, int64_t in_ms); /* once; a new time replaces the old */
LEAT_API void leat_timer_clear(struct leat_timer *timer);
LEAT_API void leat_timer_free(struct leat_timer *timer); /* takes NULL */
/* A loop of one's own, where the engine's is not there: `put` of a source may run one until it has its answer. */
LEAT_API struct leat_loop *leat_loop_new(void);       /* NULL: out of memory or descriptors */
LEAT_API void leat_loop_free(struct leat_loop *loop); /* takes NULL; watches and timers are freed by then */
/* Until leat_loop_break; not at all if that was called already. False: the loop failed. */
LEAT_API bool leat_loop_run(struct leat_loop *loop);
LEAT_API void leat_loop_break(struct leat_loop *loop);
/* Calls function(argument) soon on the loop thread. Any thread. False: out of memory. */
LEAT_API bool leat_loop_post(struct leat_loop *loop, void (*function)(void *), void *argument) LEAT_MUST_USE;

LEAT_END

#endif
