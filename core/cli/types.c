/* SPDX-License-Identifier: Apache-2.0 */
#include "types.h"

#include "configuration.h"
#include "modules.h"

#include <config/closest.h>

#define NAMES_MAX 64

const struct leat_source_ops *leat_cli_find_source(const struct leat_cli *cli, leat_str type)
{
    for (const struct leat_source_ops *const *at = cli->sources; at != NULL && *at != NULL; at++)
        if (leat_str_is(type, (*at)->name))
            return *at;
    return leat_cli_module_source(cli, type);
}

const struct leat_sink_ops *leat_cli_find_sink(const struct leat_cli *cli, leat_str type)
{
    for (const struct leat_sink_ops *const *at = cli->sinks; at != NULL && *at != NULL; at++)
        if (leat_str_is(type, (*at)->name))
            return *at;
    return leat_cli_module_sink(cli, type);
}

/* What was meant, among what is built in. */
static leat_status unknown(leat_str type, const char *noun, const char *const *names, size_t count,
                           struct leat_error *reterr)
{
    char wrong[64];
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(type));
    const char *closest = leat_closest(wrong, names, count);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no %s type \"%.*s\"", noun, LEAT_ARG(type));
    if (closest != NULL)
        leat_error_fix(reterr, "did you mean \"%s\"?", closest);
    return LEAT_STATUS(CONFIG);
}

/* A module of that name may have it. DONE: look again. */
static leat_status ask_modules(struct leat_cli *cli, leat_str type, struct leat_error *reterr)
{
    struct leat_error error = {0};
    leat_status status = leat_cli_module_for_type(cli, type, &error);
    if (status.code == LEAT_E_NOT_FOUND)
        return LEAT_OK;
    if (!leat_is_ok(status) && reterr != NULL)
        *reterr = error;
    return status;
}

static const struct leat_source_ops *source_of(void *argument, leat_str type, struct leat_error *reterr)
{
    struct leat_cli *cli = argument;
    const struct leat_source_ops *found = leat_cli_find_source(cli, type);
    const char *names[NAMES_MAX];
    size_t count = 0;
    if (found == NULL && !leat_is_ok(ask_modules(cli, type, reterr)))
        return NULL;
    if (found == NULL)
        found = leat_cli_find_source(cli, type);
    for (const struct leat_source_ops *const *at = cli->sources; at != NULL && *at != NULL && count < NAMES_MAX; at++)
        if ((*at)->options != NULL)
            names[count++] = (*at)->name;
    if (found == NULL || found->options == NULL) {
        (void)unknown(type, "source", names, count, reterr);
        return NULL;
    }
    return found;
}

static const struct leat_sink_ops *sink_of(void *argument, leat_str type, struct leat_error *reterr)
{
    struct leat_cli *cli = argument;
    const struct leat_sink_ops *found = leat_cli_find_sink(cli, type);
    const char *names[NAMES_MAX];
    size_t count = 0;
    if (found == NULL && !leat_is_ok(ask_modules(cli, type, reterr)))
        return NULL;
    if (found == NULL)
        found = leat_cli_find_sink(cli, type);
    for (const struct leat_sink_ops *const *at = cli->sinks; at != NULL && *at != NULL && count < NAMES_MAX; at++)
        names[count++] = (*at)->name;
    if (found == NULL)
        (void)unknown(type, "sink", names, count, reterr);
    return found;
}

static leat_status open_module(void *argument, leat_str name, struct leat_error *reterr)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%.*s", LEAT_ARG(name));
    if (len < 0 || (size_t)len >= sizeof(path))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "a module's name of %d bytes is too long", len);
    return leat_cli_module_open(argument, path, reterr);
}

void leat_cli_types(struct leat_cli *cli, struct leat_config_types *types)
{
    *types = (struct leat_config_types){.source = source_of, .sink = sink_of, .module = open_module, .argument = cli};
}

const char *const leat_cli_config_places[] = {"./leat.yaml", "/etc/leat/leat.yaml", NULL};

const char *leat_cli_find_worker_config(const char *verb, const char *named)
{
    char fix[96];
    const char *path = leat_find_config(named, leat_cli_config_places);
    snprintf(fix, sizeof(fix), "name one: leat %s --config FILE", verb);
    if (path == NULL)
        (void)leat_cli_fail(EXIT_CONFIG, fix, "no configuration: no LEAT_CONFIG, ./leat.yaml or /etc/leat/leat.yaml");
    return path;
}
