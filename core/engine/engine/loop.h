/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's own side of the loop. */
#ifndef LEAT_ENGINE_LOOP_H
#define LEAT_ENGINE_LOOP_H

#include <leat/loop.h>

/* Of what is ready at the same time it comes first: signals, so that nothing more is begun behind one. */
void leat_watch_urgent(struct leat_watch *watch);
/* What leat_loop_wake calls, on the loop thread. */
void leat_loop_on_wake(struct leat_loop *loop, void (*function)(void *), void *argument);
/* Any thread; never fails; several wakes before the call are one. */
void leat_loop_wake(struct leat_loop *loop);

#endif
