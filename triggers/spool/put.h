/* SPDX-License-Identifier: Apache-2.0 */
/* How a producer puts a file into the queue: first tmp/, then new/. */
#ifndef LEAT_SPOOL_PUT_H
#define LEAT_SPOOL_PUT_H

#include "folders.h"

#include <leat/arena.h>

/* The folders that it needs. */
enum { LEAT_SPOOL_OF_PRODUCERS = 1u << LEAT_SPOOL_TMP | 1u << LEAT_SPOOL_NEW };

int64_t leat_spool_wall_us(void);
/* A file of that text in tmp/, durable, under a new name that ends in `tail`. 0 or an errno. */
int leat_spool_stage(const struct leat_spool_folders *folders, const char *tail, leat_str text,
                     char retname[LEAT_SPOOL_NAME_SIZE]);
/* It waits from here on, under `retname`; durable when the folder was synced. 0 or an errno; then it is gone. */
int leat_spool_publish(const struct leat_spool_folders *folders, const char *name, char retname[LEAT_SPOOL_NAME_SIZE]);
leat_status leat_spool_put(const void *options, leat_str payload, struct leat_arena *arena, leat_str *retname,
                           struct leat_error *reterr);

#endif
