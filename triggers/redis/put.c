/* SPDX-License-Identifier: Apache-2.0 */
/* For who waits: `leat put` adds an entry with one field to the source's first stream; `leat dead` looks into a sink.
 */
#include "append.h"
#include "entry.h"
#include "once.h"

#include <leat/alloc.h>

#include <stdio.h>

static leat_status refused(const struct leat_redis_value *reply, leat_str stream, struct leat_error *reterr)
{
    leat_status status =
        leat_error_set(reterr, LEAT_STATUS(IO), "stream \"%.*s\": %.*s", LEAT_ARG(stream), LEAT_ARG(reply->text));
    if (leat_redis_is_error(reply, "OOM"))
        leat_error_fix(reterr, "the server's maxmemory is reached: raise it, or trim the stream");
    return status;
}

static leat_status add(struct leat_redis_once *once, leat_str stream, leat_str field, leat_str payload,
                       struct leat_arena *arena, leat_str *retname, struct leat_error *reterr)
{
    leat_redis_append(&once->link, stream, 0, field, payload);
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
    return add(&once, given->streams.items[0], LEAT_STR("payload"), payload, arena, retname, reterr);
}

/* --- a sink ----------------------------------------------------------------------------------------------------- */

enum { PAGE = 200 };

/* The next page behind `cursor`, which moves on. False: there is none, or `each` has had enough. */
static bool list_page(struct leat_redis_once *once, char cursor[LEAT_REDIS_ID_SIZE + 1],
                      bool (*each)(void *argument, leat_str name, leat_str text), void *argument)
{
    const struct leat_redis_value *page = once->reply;
    for (size_t i = 0; i < page->count; i++) {
        const struct leat_redis_value *fields = leat_redis_item(&page->items[i], 1);
        leat_str id = leat_redis_text(leat_redis_item(&page->items[i], 0));
        leat_str text = leat_redis_text(leat_redis_item(fields, 1));
        snprintf(cursor, LEAT_REDIS_ID_SIZE + 1, "(%.*s", LEAT_ARG(id));
        if (text.ptr != NULL && !each(argument, id, text))
            return false;
    }
    return page->count == PAGE;
}

leat_status leat_redis_sink_list(const void *options, bool (*each)(void *argument, leat_str name, leat_str text),
                                 void *argument, struct leat_error *reterr)
{
    struct leat_redis_once once LEAT_CLEANUP(leat_redis_once_close) = {.up = false};
    const struct leat_redis_sink_options *given = options;
    char cursor[LEAT_REDIS_ID_SIZE + 1] = "-";
    LEAT_TRY(leat_redis_once_open(&once, &given->server, reterr));
    do {
        leat_redis_begin(&once.link, "XRANGE");
        leat_redis_add(&once.link, given->stream);
        leat_redis_add(&once.link, leat_str_c(cursor));
        leat_redis_add(&once.link, LEAT_STR("+"));
        leat_redis_add(&once.link, LEAT_STR("COUNT"));
        leat_redis_add_number(&once.link, PAGE);
        LEAT_TRY(leat_redis_once_ask(&once, reterr));
        if (once.reply->type != LEAT_REDIS_LIST)
            return refused(once.reply, given->stream, reterr);
    } while (list_page(&once, cursor, each, argument));
    return LEAT_OK;
}

leat_status leat_redis_sink_append(const void *options, leat_str text, struct leat_error *reterr)
{
    struct leat_redis_once once LEAT_CLEANUP(leat_redis_once_close) = {.up = false};
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    const struct leat_redis_sink_options *given = options;
    leat_str name;
    leat_arena_init(&arena, 0);
    LEAT_TRY(leat_redis_once_open(&once, &given->server, reterr));
    return add(&once, given->stream, LEAT_STR("mark"), text, &arena, &name, reterr);
}

leat_status leat_redis_sink_drop(const void *options, const leat_str *names, size_t count, struct leat_error *reterr)
{
    struct leat_redis_once once LEAT_CLEANUP(leat_redis_once_close) = {.up = false};
    const struct leat_redis_sink_options *given = options;
    LEAT_TRY(leat_redis_once_open(&once, &given->server, reterr));
    leat_redis_begin(&once.link, "XDEL");
    leat_redis_add(&once.link, given->stream);
    for (size_t i = 0; i < count; i++)
        leat_redis_add(&once.link, names[i]);
    LEAT_TRY(leat_redis_once_ask(&once, reterr));
    return once.reply->type == LEAT_REDIS_NUMBER ? LEAT_OK : refused(once.reply, given->stream, reterr);
}
