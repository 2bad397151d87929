/* SPDX-License-Identifier: Apache-2.0 */
/* Named sinks: who they are, and what is under way to them. */
#include <engine/internal.h>

leat_status leat_engine_add_sink(struct leat_engine *engine, leat_str name, const struct leat_sink_ops *ops,
                                 const void *options, struct leat_error *reterr)
{
    struct leat_sink *sink = leat_alloc(sizeof(*sink)), **last = &engine->sinks;
    if (sink != NULL)
        sink->self = leat_alloc(ops->state_size > 0 ? ops->state_size : 1);
    if (sink == NULL || sink->self == NULL) {
        leat_free(sink);
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    }
    sink->engine = engine;
    sink->name = name;
    sink->ops = ops;
    while (*last != NULL)
        last = &(*last)->next;
    *last = sink;
    return ops->init != NULL ? ops->init(sink->self, sink, engine->loop, options, reterr) : LEAT_OK;
}

/* NULL: there is none of that name. */
struct leat_sink *leat_sink_find(const struct leat_engine *engine, leat_str name)
{
    struct leat_sink *sink = name.ptr != NULL ? engine->sinks : NULL;
    while (sink != NULL && !leat_str_eq(sink->name, name))
        sink = sink->next;
    return sink;
}

leat_status leat_sinks_start(struct leat_engine *engine, struct leat_error *reterr)
{
    for (struct leat_sink *sink = engine->sinks; sink != NULL; sink = sink->next)
        if (sink->ops->start != NULL)
            LEAT_TRY(sink->ops->start(sink->self, reterr));
    return LEAT_OK;
}

void leat_sinks_free(struct leat_engine *engine)
{
    while (engine->sinks != NULL) {
        struct leat_sink *sink = engine->sinks;
        engine->sinks = sink->next;
        if (sink->ops->close != NULL)
            sink->ops->close(sink->self);
        if (sink->ops->fini != NULL)
            sink->ops->fini(sink->self);
        leat_free(sink->self);
        leat_free(sink);
    }
}

void leat_sink_log(struct leat_sink *sink, enum leat_log_level level, const char *format, ...)
{
    struct leat_log_fields fields = {.source = sink->name};
    va_list args;
    va_start(args, format);
    leat_logger_vwrite(leat_engine_logger(sink->engine), level, &fields, format, args);
    va_end(args);
}
