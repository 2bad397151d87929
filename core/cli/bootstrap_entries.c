/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file, three modes: in Lambda a source of the file starts nothing, since the platform reads the queue; but what
 * its event source mapping brings takes the entry's handler, settings, dead letters and limits.
 */
#include "assemble.h"
#include "bootstrap.h"

#include <config/match.h>

/* A mapping brings batches of that type, and the entry says of which queue. */
static bool is_mapped(const struct leat_cli *cli, const struct leat_config_source *source)
{
    const struct leat_adapter *adapter = leat_adapter_find(cli->adapters, leat_str_c(source->ops->name));
    return adapter != NULL && (adapter->shape == LEAT_REPLY_ITEMS || adapter->shape == LEAT_REPLY_CHECKPOINT) &&
           leat_config_has_origin(source);
}

leat_status leat_function_open_entries(const struct leat_cli *cli, struct leat_config *config, size_t *retcount,
                                       struct leat_error *reterr)
{
    *retcount = 0;
    for (size_t i = 0; i < config->source_count; i++) {
        struct leat_config_source *source = &config->sources[i];
        struct leat_error error = {0};
        if (source->handler.ptr == NULL || !is_mapped(cli, source))
            continue;
        leat_status status = leat_cli_open_own_handler(cli, config, source, &error);
        if (!leat_is_ok(status))
            return leat_cli_blame(status, source->settings.name, &error, reterr);
        ++*retcount;
    }
    return LEAT_OK;
}

/* A worker gives up after ten attempts unless it is told otherwise; here the queue has a policy of its own. */
static void take_limits(struct leat_config_source *source)
{
    if (!leat_config_source_given(source, "max_attempts"))
        source->settings.max_attempts = 0;
}

leat_status leat_function_add_entries(const struct leat_cli *cli, struct leat_config *config,
                                      struct leat_engine *engine, struct leat_error *reterr)
{
    for (size_t i = 0; i < config->source_count; i++) {
        struct leat_config_source *source = &config->sources[i];
        struct leat_error error = {0};
        if (!is_mapped(cli, source))
            continue;
        take_limits(source);
        leat_status status = leat_engine_add_entry(engine, &source->settings, &error);
        if (!leat_is_ok(status))
            return leat_cli_blame(status, source->settings.name, &error, reterr);
    }
    return LEAT_OK;
}

/* A mapping has one source, so the first record tells for all. */
const struct leat_source_settings *leat_function_entry_of(void *config, const struct leat_delivery *delivery)
{
    const struct leat_origin origin = leat_origin_of(&delivery->records.items[0]);
    const struct leat_config_source *source = leat_config_match(config, &origin);
    return source != NULL ? &source->settings : NULL;
}
