/* SPDX-License-Identifier: Apache-2.0 */
/* What other branches bring: dropped at the merge. */
#include "modules.h"

#include <config/config.h>
#include <engine/internal.h>
#include <engine/journal.h>
#include <engine/status.h>

#include <stdio.h>

const struct leat_source_ops *leat_cli_module_source(const struct leat_cli *cli, leat_str type)
{
    (void)cli, (void)type;
    return NULL;
}

const struct leat_sink_ops *leat_cli_module_sink(const struct leat_cli *cli, leat_str type)
{
    (void)cli, (void)type;
    return NULL;
}

leat_status leat_cli_module_for_type(struct leat_cli *cli, leat_str type, struct leat_error *reterr)
{
    (void)cli, (void)type, (void)reterr;
    return LEAT_STATUS(NOT_FOUND);
}

leat_status leat_cli_module_open(struct leat_cli *cli, const char *name, struct leat_error *reterr)
{
    (void)cli;
    return leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "no module %s", name);
}

leat_status leat_journal_open(const char *path, uint32_t slots, struct leat_journal **retjournal,
                              struct leat_error *reterr)
{
    (void)path, (void)slots, (void)reterr;
    *retjournal = NULL;
    return LEAT_OK;
}

void leat_journal_close(struct leat_journal *journal)
{
    (void)journal;
}

void leat_journal_catch(struct leat_journal *journal)
{
    (void)journal;
}

const char *leat_journal_culprit(const struct leat_journal *journal)
{
    (void)journal;
    return "";
}

const char *leat_journal_warning(const struct leat_journal *journal)
{
    (void)journal;
    return "";
}

void leat_engine_drain(struct leat_engine *engine, int64_t limit_ms)
{
    (void)limit_ms;
    leat_engine_stop(engine);
}

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
    *ret = (struct leat_source_status){0};
    if (source == NULL)
        return false;
    ret->name = source->settings.name;
    ret->type = source->ops->name;
    ret->state = source->failed ? LEAT_FAILED : LEAT_CONSUMING;
    ret->why = source->why;
    ret->in_flight = source->in_flight;
    ret->counters.events = engine->metrics.events;
    return true;
}

bool leat_engine_sink_status(const struct leat_engine *engine, uint32_t index, struct leat_sink_status *ret)
{
    const struct leat_sink *sink = engine->sinks;
    while (sink != NULL && index-- > 0)
        sink = sink->next;
    *ret = (struct leat_sink_status){0};
    if (sink != NULL)
        *ret = (struct leat_sink_status){.name = sink->name, .type = sink->ops->name};
    return sink != NULL;
}

bool leat_engine_is_idle(const struct leat_engine *engine)
{
    return engine->sources == NULL;
}

void leat_engine_waits_for(const struct leat_engine *engine, char *buf, size_t size)
{
    (void)engine;
    snprintf(buf, size, "nothing");
}

leat_status leat_config_check(const struct leat_config *config, char *const *environment, struct leat_error *reterr)
{
    (void)config, (void)environment, (void)reterr;
    return LEAT_OK;
}

struct leat_config_source *leat_config_find_source(const struct leat_config *config, leat_str name)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (leat_str_eq(config->sources[i].settings.name, name))
            return &config->sources[i];
    return NULL;
}

leat_status leat_options_default(struct leat_arena *arena, void *target, const struct leat_option *options)
{
    for (; options != NULL && options->key != NULL; options++)
        if (options->fallback != NULL)
            LEAT_TRY(leat_option_set(arena, target, options, leat_str_c(options->fallback), NULL));
    return LEAT_OK;
}
