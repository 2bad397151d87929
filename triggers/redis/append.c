/* SPDX-License-Identifier: Apache-2.0 */
#include "append.h"

void leat_redis_append(struct leat_redis_link *link, leat_str stream, uint32_t max_len, leat_str field, leat_str value)
{
    leat_redis_begin(link, "XADD");
    leat_redis_add(link, stream);
    if (max_len > 0) {
        leat_redis_add(link, LEAT_STR("MAXLEN"));
        leat_redis_add(link, LEAT_STR("~"));
        leat_redis_add_number(link, max_len);
    }
    leat_redis_add(link, LEAT_STR("*"));
    leat_redis_add(link, field);
    leat_redis_add(link, value);
}

/* Of this server's disk, and of no replica's. */
void leat_redis_sync(struct leat_redis_link *link)
{
    leat_redis_begin(link, "WAITAOF 1 0");
    leat_redis_add_number(link, LEAT_REDIS_SYNC_MS);
}

enum leat_redis_synced leat_redis_synced(const struct leat_redis_value *reply)
{
    if (reply->type == LEAT_REDIS_ERROR)
        return LEAT_REDIS_UNKNOWN;
    return leat_redis_number(leat_redis_item(reply, 0), 0) >= 1 ? LEAT_REDIS_SYNCED : LEAT_REDIS_UNSYNCED;
}
