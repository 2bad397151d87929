/* SPDX-License-Identifier: Apache-2.0 */
/* Appending to a stream so that it stays: XADD, and WAITAOF where the server has that (7.2). */
#ifndef LEAT_REDIS_APPEND_H
#define LEAT_REDIS_APPEND_H

#include "link.h"

#define LEAT_REDIS_SYNC_MS 5000 /* the longest that WAITAOF waits */

/* Writes the command, to be sent. `max_len` 0: no limit. */
void leat_redis_append(struct leat_redis_link *link, leat_str stream, uint32_t max_len, leat_str field, leat_str value);
void leat_redis_sync(struct leat_redis_link *link);

enum leat_redis_synced {
    LEAT_REDIS_SYNCED,  /* on disk */
    LEAT_REDIS_UNKNOWN, /* the server has no WAITAOF, or no file: as durable as its configuration makes it */
    LEAT_REDIS_UNSYNCED /* not in time */
};
enum leat_redis_synced leat_redis_synced(const struct leat_redis_value *reply);

#endif
