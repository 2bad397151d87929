/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file: read, taken apart, put in, checked as a whole. */
#include <config/config.h>

#include <stdio.h>

static const char *folder_of(struct leat_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    return slash == path ? "/" : leat_arena_copy(arena, leat_str_of(path, (size_t)(slash - path))).ptr;
}

/* --- options that go together -------------------------------------------------------------------------------- */

static void warn(const struct leat_config *config, struct leat_problems *problems, const char *key, const char *message)
{
    struct leat_config_place place = leat_config_place(config, key);
    (void)leat_problem_warn(problems, place.at, place.len, "no-effect", "%s", message);
}

static void check_together(const struct leat_config *config, struct leat_problems *problems)
{
    if (leat_config_filed(config, "timeout_grace") && config->timeout_ms == 0)
        warn(config, problems, "timeout_grace", "timeout_grace has no effect: there is no timeout");
    if (leat_config_filed(config, "whole_batch_failure") && !config->report_items)
        warn(config, problems, "whole_batch_failure",
             "whole_batch_failure has no effect: report_batch_item_failures is false, one record fails the batch");
    if (leat_config_filed(config, "lambda_pipeline") && config->pipeline && config->timeout_ms > 0)
        warn(config, problems, "lambda_pipeline",
             "lambda_pipeline has no effect: with a timeout each answer goes out by itself");
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static leat_status tell_first(const struct leat_problems *problems, struct leat_error *reterr)
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

static leat_status take_tree(struct leat_config *config, struct leat_problems *problems, char *const *environment,
                             struct leat_node *root)
{
    struct leat_substitution how = {
        .arena = &config->arena, .problems = problems, .environment = environment, .folder = config->folder};
    struct leat_option_table table = {
        .options = leat_options, .target = config, .given = &config->filed, .places = config->places};
    struct leat_loader loader = {
        .arena = &config->arena, .problems = problems, .table = &table, .folder = config->folder};
    if (root == NULL || root->broken || (leat_node_is_null(root) && root->text.len == 0))
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
    LEAT_TRY(leat_options_take(&loader, root));
    config->given |= config->filed;
    if (problems->errors == 0)
        check_together(config, problems);
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
    return problems->errors > 0 ? tell_first(problems, reterr) : LEAT_OK;
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
