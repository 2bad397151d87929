/* SPDX-License-Identifier: Apache-2.0 */
#include "types.h"

#include <config/builtin.h>
#include <config/closest.h>

#define TYPES_MAX 64 /* that are guessed from */

/* "no source type "spol"", and which was meant. */
static void no_type(const char *what, leat_str type, const char *const *names, size_t count, struct leat_error *reterr)
{
    char wrong[64];
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(type));
    const char *closest = leat_closest(wrong, names, count);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no %s type \"%.*s\"", what, LEAT_ARG(type));
    if (closest != NULL)
        leat_error_fix(reterr, "did you mean \"%s\"?", closest);
}

static const struct leat_source_ops *find_source(void *argument, leat_str type, struct leat_error *reterr)
{
    const char *names[TYPES_MAX];
    size_t count = 0;
    (void)argument;
    for (; leat_builtin_sources[count] != NULL && count < TYPES_MAX; count++) {
        names[count] = leat_builtin_sources[count]->name;
        if (leat_str_is(type, names[count]))
            return leat_builtin_sources[count];
    }
    no_type("source", type, names, count, reterr);
    return NULL;
}

static const struct leat_sink_ops *find_sink(void *argument, leat_str type, struct leat_error *reterr)
{
    const char *names[TYPES_MAX];
    size_t count = 0;
    (void)argument;
    for (; leat_builtin_sinks[count] != NULL && count < TYPES_MAX; count++) {
        names[count] = leat_builtin_sinks[count]->name;
        if (leat_str_is(type, names[count]))
            return leat_builtin_sinks[count];
    }
    no_type("sink", type, names, count, reterr);
    return NULL;
}

static leat_status open_module(void *argument, leat_str name, struct leat_error *reterr)
{
    (void)argument;
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "no module \"%.*s\"", LEAT_ARG(name));
}

void leat_cli_types(struct leat_cli *cli, struct leat_config_types *types)
{
    *types =
        (struct leat_config_types){.source = find_source, .sink = find_sink, .module = open_module, .argument = cli};
}
