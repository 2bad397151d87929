/* SPDX-License-Identifier: Apache-2.0 */
#include "configuration.h"
#include "types.h"

#include <leat/alloc.h>

#include <stdlib.h>
#include <unistd.h>

const char *leat_find_config(const char *named, const char *const *places)
{
    const char *variable = getenv("LEAT_CONFIG");
    if (named != NULL)
        return named;
    if (variable != NULL && variable[0] != '\0')
        return variable;
    while (places != NULL && *places != NULL && access(*places, F_OK) != 0)
        places++;
    return places != NULL ? *places : NULL;
}

static void print_problem(const struct leat_problems *problems, const struct leat_problem *problem, bool json)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf buf;
    leat_arena_init(&arena, 0);
    leat_buf_init(&buf, &arena);
    if (json)
        leat_problem_print_json(&buf, problems, problem);
    else
        leat_problem_print(&buf, problems, problem);
    leat_str text = leat_buf_str(&buf);
    fwrite(text.ptr != NULL ? text.ptr : "out of memory\n", 1, text.ptr != NULL ? text.len : strlen("out of memory\n"),
           json ? stdout : stderr);
}

void leat_cli_print_problems(const struct leat_problems *problems, bool json)
{
    for (const struct leat_problem *problem = problems->first; problem != NULL; problem = problem->next)
        print_problem(problems, problem, json);
}

static int load(struct leat_config *config, const char *path)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    struct leat_error error = {0};
    leat_problems_init(&problems, path);
    leat_status status = leat_config_load(config, &problems, environ, &error);
    leat_cli_print_problems(&problems, false);
    if (leat_is_ok(status))
        return EXIT_DONE;
    if (problems.errors == 0)
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    fprintf(stderr, "%u error%s. Nothing was started.\n", problems.errors, problems.errors == 1 ? "" : "s");
    return EXIT_CONFIG;
}

int leat_cli_configure(struct leat_cli *cli, struct leat_config *config, const char *named)
{
    struct leat_error error = {0};
    const char *path = leat_find_config(named, NULL);
    leat_cli_types(cli, &config->types);
    int status = path != NULL ? load(config, path) : EXIT_DONE;
    if (status != EXIT_DONE)
        return status;
    cli->config_folder = config->folder;
    if (!leat_is_ok(leat_config_environment(config, environ, &error)))
        return leat_cli_fail_with(EXIT_CONFIG, &error);
    return EXIT_DONE;
}

static leat_status load_quietly(struct leat_config *config, const char *path, struct leat_error *reterr)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    leat_problems_init(&problems, path);
    return leat_config_load(config, &problems, environ, reterr);
}

leat_status leat_function_configure(struct leat_cli *cli, struct leat_config *config, struct leat_error *reterr)
{
    const char *root = getenv("LAMBDA_TASK_ROOT");
    char packaged[4096];
    const char *const places[] = {packaged, "/opt/leat.yaml", NULL};
    snprintf(packaged, sizeof(packaged), "%.4000s/leat.yaml", root != NULL && root[0] != '\0' ? root : ".");
    const char *path = leat_find_config(NULL, places);
    if (path != NULL)
        LEAT_TRY(load_quietly(config, path, reterr));
    cli->config_folder = config->folder;
    return leat_config_environment(config, environ, reterr);
}
