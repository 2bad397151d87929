/* SPDX-License-Identifier: Apache-2.0 */
/* Which file the letters are in, and which sources there are. */
#include "configuration.h"
#include "dead.h"
#include "run.h"
#include "state.h"
#include "types.h"

#include <file/sink.h>

static int use_path(struct leat_dead_call *dead, leat_str path)
{
    if (path.len >= sizeof(dead->path_buffer))
        return leat_cli_fail(EXIT_CONFIG, NULL, "a path of %zu bytes is too long", path.len);
    snprintf(dead->path_buffer, sizeof(dead->path_buffer), "%.*s", LEAT_ARG(path));
    dead->path = dead->path_buffer;
    return EXIT_DONE;
}

/* Where a worker writes to that is told of no sink. */
static int use_state_folder(struct leat_dead_call *dead, const char *file)
{
    char service[256], folder[LEAT_LINES_PATH_MAX - 16], path[LEAT_LINES_PATH_MAX];
    leat_run_name(&dead->config, file, service, sizeof(service));
    if (!leat_state_folder(service, folder, sizeof(folder)))
        return leat_cli_fail(EXIT_CONFIG, "--file FILE names it", "nobody says where the dead letters are");
    snprintf(path, sizeof(path), "%s/dead.ndjson", folder);
    return use_path(dead, leat_str_c(path));
}

/* The service's sink of dead letters, else the first that a source names. */
static int use_configured(struct leat_dead_call *dead, const char *file)
{
    const struct leat_config *config = &dead->config;
    leat_str name = config->dead_letter;
    for (size_t i = 0; i < config->source_count && name.ptr == NULL; i++)
        name = config->sources[i].settings.dead_letter;
    const struct leat_config_sink *sink = name.ptr != NULL ? leat_config_find_sink(config, name) : NULL;
    if (sink == NULL)
        return use_state_folder(dead, file);
    if (sink->ops->list != NULL) {
        dead->sink = sink;
        return use_path(dead, name); /* what messages call it */
    }
    if (sink->ops != &leat_sink_file)
        return leat_cli_fail(EXIT_CONFIG, "--file FILE names another", "dead letters go to the sink %.*s, a %s",
                             LEAT_ARG(name), sink->ops->name);
    return use_path(dead, ((const struct leat_file_sink_options *)sink->options)->path);
}

int leat_dead_setup(struct leat_dead_call *dead, bool sources)
{
    const char *file = leat_find_config(dead->config_path, leat_cli_config_places);
    int status = EXIT_DONE;
    if (dead->path != NULL && !sources)
        return EXIT_DONE;
    status = leat_cli_configure(dead->cli, &dead->config, file);
    dead->sources = dead->config.sources;
    dead->source_count = dead->config.source_count;
    return status == EXIT_DONE && dead->path == NULL ? use_configured(dead, file) : status;
}
