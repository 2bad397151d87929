/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/internal.h>

const char *leat_source_state_name(enum leat_source_state state)
{
    static const char *const names[] = {"starting", "consuming", "idle", "disconnected", "failed"};
    return names[state];
}

bool leat_engine_source_status(const struct leat_engine *engine, uint32_t index, struct leat_source_status *ret)
{
    const struct leat_source *source = engine->sources;
    while (source != NULL && index-- > 0)
        source = source->next;
    if (source == NULL)
        return false;
    *ret = (struct leat_source_status){
        .name = source->settings.name,
        .type = source->ops->name,
        .state = source->state,
        .why = source->why,
        .since_ms = source->state_since_ms,
        .paused = source->settings.paused,
        .stopped = source->stopped,
        .breaker_open = source->breaker.state == LEAT_BREAKER_OPEN,
        .in_flight = source->units,
        .running = source->running,
        .waiting = source->waiting,
        .counters = source->counters,
    };
    return true;
}

bool leat_engine_sink_status(const struct leat_engine *engine, uint32_t index, struct leat_sink_status *ret)
{
    const struct leat_sink *sink = engine->sinks;
    while (sink != NULL && index-- > 0)
        sink = sink->next;
    if (sink == NULL)
        return false;
    *ret = (struct leat_sink_status){.name = sink->name,
                                     .type = sink->ops->name,
                                     .pending = sink->pending,
                                     .written = sink->written,
                                     .failed = sink->failed};
    return true;
}

bool leat_engine_is_idle(const struct leat_engine *engine)
{
    for (const struct leat_source *source = engine->sources; source != NULL; source = source->next) {
        bool idle = source->state == LEAT_IDLE || source->stopped || source->settings.paused;
        if (!idle || source->in_flight > 0)
            return false;
    }
    return true;
}
