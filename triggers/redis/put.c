/* SPDX-License-Identifier: Apache-2.0 */
/* `leat put`: a payload as the one field of a new entry, in the source's first stream. */
#include "append.h"
#include "once.h"

#include <leat/alloc.h>

static leat_status refused(const struct leat_redis_value *reply, leat_str stream, struct leat_error *reterr)
{
    leat_status status =
        leat_error_set(reterr, LEAT_STATUS(IO), "stream \"%.*s\": %.*s", LEAT_ARG(stream), LEAT_ARG(reply->text));
    if (leat_redis_is_error(reply, "OOM"))
        leat_error_fix(reterr, "the server's maxmemory is reached: raise it, or trim the stream");
    return status;
}

static leat_status put_into(struct leat_redis_once *once, leat_str stream, leat_str payload, struct leat_arena *arena,
                            leat_str *retname, struct leat_error *reterr)
{
    leat_redis_append(&once->link, stream, 0, LEAT_STR("payload"), payload);
    LEAT_TRY(leat_redis_once_ask(once, reterr));
    leat_str id = leat_redis_text(once->reply);
    if (id.ptr == NULL)
        return refused(once->reply, stream, reterr);
    *retname = leat_arena_printf(arena, "%.*s/%.*s", LEAT_ARG(stream), LEAT_ARG(id));
    leat_redis_sync(&once->link);
    LEAT_TRY(leat_redis_once_ask(once, reterr));
    if (leat_redis_synced(once->reply) == LEAT_REDIS_UNSYNCED)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%.*s is there, but the server has not written it to its disk",
                              LEAT_ARG(*retname));
    return retname->ptr != NULL ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

leat_status leat_redis_put(const void *options, leat_str payload, struct leat_arena *arena, leat_str *retname,
                           struct leat_error *reterr)
{
    struct leat_redis_once once LEAT_CLEANUP(leat_redis_once_close) = {.up = false};
    const struct leat_redis_source_options *given = options;
    LEAT_TRY(leat_redis_once_open(&once, &given->server, reterr));
    return put_into(&once, given->streams.items[0], payload, arena, retname, reterr);
}
