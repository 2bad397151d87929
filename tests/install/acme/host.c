/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the source and the sink of a module through the engine: host MODULE FILE DEAD. It is the one file here that sees
 * more than what is installed. The handler rejects what has no "total".
 */
#include <engine/engine.h>
#include <engine/module.h>

#include "acme.h"

#include <stdio.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    leat_str id = leat_event_id(event), transport = leat_transport(ctx);
    printf("%.*s by %.*s\n", LEAT_ARG(id), LEAT_ARG(transport));
    if (cJSON_GetObjectItemCaseSensitive(leat_event_json(event), "total") == NULL)
        return leat_reject(ctx, "no total");
    return leat_ok(ctx);
}

LEAT_HANDLER(host, .handle = handle);

static leat_status run(struct leat_engine *engine, const struct leat_module *module, char **argv,
                       struct leat_error *reterr)
{
    const struct acme_options in = {.file = leat_str_c(argv[2])}, out = {.file = leat_str_c(argv[3])};
    const struct leat_source_settings settings = {.dead_letter = LEAT_STR("dead")};
    LEAT_TRY(leat_engine_add_handler(engine, LEAT_ABSENT, &leat_handler_host, reterr));
    LEAT_TRY(leat_engine_add_sink(engine, LEAT_STR("dead"), module->sinks[0], &out, reterr));
    LEAT_TRY(leat_engine_add_source(engine, module->sources[0], &in, &settings, reterr));
    LEAT_TRY(leat_engine_start(engine, reterr));
    return leat_engine_run(engine, reterr);
}

int main(int argc, char **argv)
{
    const struct leat_module *module = NULL, *again = NULL;
    struct leat_error error = {.message = "out of memory"};
    if (argc != 4)
        return 64;
    leat_status status = leat_module_open(argv[1], &module, &error);
    if (leat_is_ok(status))
        status = leat_module_open(argv[1], &again, &error);
    if (leat_is_ok(status) && module != again)
        status = leat_error_set(&error, LEAT_STATUS(BUG), "opened twice, it is two modules");
    if (leat_is_ok(status)) {
        struct leat_engine_options options = {.adapters = module->adapters};
        struct leat_engine *engine = leat_engine_new(&options);
        status = engine != NULL ? run(engine, module, argv, &error) : LEAT_STATUS(NO_MEMORY);
        leat_engine_free(engine);
    }
    if (!leat_is_ok(status))
        fprintf(stderr, "%s\n", error.message);
    return leat_is_ok(status) ? 0 : 1;
}
