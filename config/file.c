/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file: read, taken apart, put in, checked as a whole. */
#include "entries.h"

#include <stdio.h>

static const char *folder_of(struct leat_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    return slash == path ? "/" : leat_arena_copy(arena, leat_str_of(path, (size_t)(slash - path))).ptr;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

leat_status leat_problems_tell(const struct leat_problems *problems, struct leat_error *reterr)
{
    const struct leat_problem *first = leat_problems_first_error(problems);
    size_t line, column;
    char more[48] = "";
    if (first == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    leat_problem_place(problems, first, &line, &column);
    if (problems->errors > 1)
        snprintf(more, sizeof(more), " (and %u more)", problems->errors - 1);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s:%zu:%zu: %.*s%s", problems->file, line, column,
                         LEAT_ARG(first->message), more);
    if (first->fix.len > 0)
        leat_error_fix(reterr, "%.*s", LEAT_ARG(first->fix));
    for (char *at = reterr != NULL ? reterr->fix : NULL; at != NULL && (at = strchr(at, '\n')) != NULL;)
        *at = ' ';
    return LEAT_STATUS(CONFIG);
}

/* Modules first: they bring types. */
static leat_status take_map(const struct leat_loader *loader, const struct leat_node *root)
{
    const struct leat_node *modules = leat_node_member(root, "modules"), *sinks = leat_node_member(root, "sinks"),
                           *sources = leat_node_member(root, "sources");
    if (modules != NULL)
        LEAT_TRY(leat_modules_take(loader, modules));
    LEAT_TRY(leat_options_take(loader, root));
    if (sinks != NULL)
        LEAT_TRY(leat_sinks_take(loader, sinks));
    if (sources != NULL)
        LEAT_TRY(leat_sources_take(loader, sources));
    leat_sinks_check(loader);
    return LEAT_OK;
}

static bool is_nothing(const struct leat_node *root)
{
    return root == NULL || root->broken || (leat_node_is_null(root) && root->text.len == 0);
}

static leat_status take_tree(struct leat_config *config, struct leat_problems *problems, char *const *environment,
                             struct leat_node *root)
{
    static const char *const also[] = {"sinks", "sources", NULL};
    struct leat_sink_use *names = NULL;
    struct leat_substitution how = {
        .arena = &config->arena, .problems = problems, .environment = environment, .folder = config->folder};
    struct leat_option_table table = {
        .options = leat_options, .target = config, .given = &config->filed, .places = config->places};
    struct leat_loader loader = {.arena = &config->arena,
                                 .problems = problems,
                                 .table = &table,
                                 .folder = config->folder,
                                 .also = also,
                                 .config = config,
                                 .names = &names};
    if (is_nothing(root))
        return LEAT_OK;
    if (root->kind != LEAT_NODE_MAP) {
        problems->guarded = true;
        leat_problem_fix(problems,
                         leat_problem_add(problems, root->start, 1, "wrong-type", "a configuration is a map, not %s",
                                          leat_node_type(root)),
                         "KEY: VALUE, a line each");
        return LEAT_OK;
    }
    LEAT_TRY(leat_substitute(&how, root));
    LEAT_TRY(take_map(&loader, root));
    config->given |= config->filed;
    if (problems->errors == 0)
        leat_config_together(config, problems, environment);
    return LEAT_OK;
}

leat_status leat_config_take(struct leat_config *config, struct leat_problems *problems, char *const *environment,
                             struct leat_error *reterr)
{
    struct leat_node *root = NULL;
    leat_status status = leat_yaml_parse(&config->arena, problems, &root);
    if (leat_is_ok(status))
        status = take_tree(config, problems, environment, root);
    if (leat_is_ok(status))
        status = leat_arena_status(&problems->arena);
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "out of memory");
    return problems->errors > 0 ? leat_problems_tell(problems, reterr) : LEAT_OK;
}

leat_status leat_config_load(struct leat_config *config, struct leat_problems *problems, char *const *environment,
                             struct leat_error *reterr)
{
    leat_status status = leat_config_read(&problems->arena, problems->file, LEAT_YAML_MAX, &problems->text, reterr);
    if (!leat_is_ok(status) && status.code != LEAT_E_CONFIG)
        return leat_error_set(reterr, status, "out of memory");
    LEAT_TRY(status);
    config->folder = folder_of(&config->arena, problems->file);
    if (config->folder == NULL)
        return leat_error_set(reterr, leat_arena_status(&config->arena), "out of memory");
    return leat_config_take(config, problems, environment, reterr);
}
