/* SPDX-License-Identifier: Apache-2.0 */
#include "assemble.h"

#include "find_handler.h"

leat_status leat_cli_blame(leat_status status, leat_str name, const struct leat_error *error, struct leat_error *reterr)
{
    (void)leat_error_set(reterr, status, "%.*s: %s", LEAT_ARG(name),
                         error->message[0] != '\0' ? error->message : leat_status_text(status));
    if (error->fix[0] != '\0')
        leat_error_fix(reterr, "%s", error->fix);
    return status;
}

const char *leat_cli_service_name(struct leat_config *config, const char *otherwise)
{
    if (config->service.len > 0)
        return leat_arena_copy(&config->arena, config->service).ptr; /* with a NUL behind it */
    return otherwise != NULL && otherwise[0] != '\0' ? otherwise : "leat";
}

leat_status leat_cli_open_own_handler(const struct leat_cli *cli, struct leat_config *config,
                                      struct leat_config_source *source, struct leat_error *reterr)
{
    struct leat_named_handler named = {0};
    leat_str spec = leat_arena_copy(&config->arena, source->handler); /* with a NUL behind it */
    if (spec.ptr == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(leat_find_handler(cli, spec.ptr, &named, reterr));
    if (named.trigger.ptr != NULL)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "the handler of source %.*s takes all: no TRIGGER= here",
                              LEAT_ARG(source->settings.name));
    source->settings.handler = named.handler;
    return LEAT_OK;
}

leat_status leat_cli_add_sinks(struct leat_engine *engine, const struct leat_config *config, struct leat_error *reterr)
{
    struct leat_error error = {0};
    for (size_t i = 0; i < config->sink_count; i++) {
        const struct leat_config_sink *sink = &config->sinks[i];
        leat_status status = leat_engine_add_sink(engine, sink->name, sink->ops, sink->options, &error);
        if (!leat_is_ok(status))
            return leat_cli_blame(status, sink->name, &error, reterr);
    }
    return LEAT_OK;
}
