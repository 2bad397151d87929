/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of a function: it goes in as leat.yaml, and with it what it names, each where `bootstrap` will look
 * for it: handlers as they stand beside the file, modules at the root.
 */
#include "configuration.h"
#include "find_handler.h"
#include "modules.h"
#include "package.h"
#include "types.h"

#include <config/config.h>
#include <engine/module.h>
#include <engine/object.h>

#include <leat/alloc.h>

#include <stdlib.h>
#include <unistd.h>

/* --- the file ------------------------------------------------------------------------------------------------ */

static bool is_hidden(const struct leat_problems *problems, size_t start, size_t end)
{
    for (const struct leat_hidden *at = problems->hidden; at != NULL; at = at->next)
        if (at->start < end && start < at->end)
            return true;
    return false;
}

static void warn(struct leat_problems *problems, size_t start, size_t len)
{
    struct leat_problem *problem =
        leat_problem_warn(problems, start, len, "clear-secret", "a secret in clear text goes into the archive");
    leat_problem_fix(problems, problem, "write ${NAME}, and give the function that variable");
}

/* Passwords in URLs, of whatever option. */
static void warn_of_urls(struct leat_problems *problems)
{
    leat_str text = problems->text;
    while (text.len > 0) {
        leat_str line = leat_str_cut(&text, '\n'), rest = line;
        leat_str code = leat_str_cut(&rest, '#');
        leat_str password = leat_find_password(code, &rest);
        size_t start = password.len > 0 ? (size_t)(password.ptr - problems->text.ptr) : 0;
        if (password.len == 0 || leat_str_starts(password, LEAT_STR("${")) ||
            is_hidden(problems, start, start + password.len))
            continue;
        leat_problems_hide(problems, start, start + password.len);
        warn(problems, start, password.len);
    }
}

static void warn_of_secrets(struct leat_problems *problems)
{
    for (const struct leat_hidden *at = problems->hidden; at != NULL; at = at->next) {
        leat_str value = leat_str_of(problems->text.ptr + at->start, at->end - at->start);
        if (value.len > 0 && leat_str_find(value, LEAT_STR("${")).ptr == NULL)
            warn(problems, at->start, value.len);
    }
    warn_of_urls(problems);
}

static int load(struct leat_config *config, struct leat_problems *problems)
{
    struct leat_error error = {0};
    leat_status status = leat_config_load(config, problems, environ, &error);
    if (leat_is_ok(status)) {
        warn_of_secrets(problems);
        status = leat_config_check_lambda(config, problems, &error);
        leat_cli_print_problems(problems, false);
        return leat_is_ok(status) ? EXIT_DONE : leat_cli_fail_with(leat_cli_exit_of(status), &error);
    }
    leat_cli_print_problems(problems, false);
    if (problems->errors == 0)
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    fprintf(stderr, "%u error%s. Nothing was packaged.\n", problems->errors, problems->errors == 1 ? "" : "s");
    return EXIT_CONFIG;
}

int leat_package_open_config(struct leat_package *package, struct leat_config *config, const char *path)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    leat_problems_init(&problems, path);
    leat_cli_types(package->cli, &config->types);
    int status = load(config, &problems);
    package->cli->config_folder = config->folder;
    return status;
}

/* --- modules ------------------------------------------------------------------------------------------------- */

/* A path in the archive: it leads down from its root. Absent: it does not. */
static leat_str inside(leat_str path)
{
    leat_str rest;
    while (leat_str_starts(path, LEAT_STR("./")))
        path = leat_str_skip(path, 2);
    rest = path;
    if (path.len == 0 || path.ptr[0] == '/')
        return LEAT_ABSENT;
    while (rest.ptr != NULL) {
        leat_str part = leat_str_cut(&rest, '/');
        if (part.len == 0 || leat_str_is(part, ".") || leat_str_is(part, ".."))
            return LEAT_ABSENT;
    }
    return path;
}

static leat_status leads_out(const char *what, leat_str path, struct leat_error *reterr)
{
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG),
                         "the configuration names the %s %.*s by a path that the archive "
                         "cannot have",
                         what, LEAT_ARG(path));
    leat_error_fix(reterr, "name it relative to the file, without \"..\"");
    return LEAT_STATUS(CONFIG);
}

/* The module for the machine of the archive: where --libs say, or the one that was opened. */
static leat_status make_module(struct leat_package *package, const char *file, struct leat_package_item **ret,
                               struct leat_error *reterr)
{
    char path[4096];
    for (size_t i = 0; i < package->lib_count; i++) {
        int len = snprintf(path, sizeof(path), "%s/%.*s", package->libs[i], LEAT_ARG(leat_str_base(leat_str_c(file))));
        if (len <= 0 || len >= (int)sizeof(path) || access(path, R_OK) != 0)
            continue;
        LEAT_TRY(leat_package_make(package, LEAT_PACKAGE_MODULE, path, ret, reterr));
        if ((*ret)->elf.machine == package->machine)
            return LEAT_OK;
    }
    LEAT_TRY(leat_package_make(package, LEAT_PACKAGE_MODULE, file, ret, reterr));
    if (package->machine == 0 || (*ret)->elf.machine == package->machine)
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "module %s is not found for %s", file,
                         leat_elf_machine(package->machine));
    leat_error_fix(reterr, "name the folder that has it: --libs DIR");
    return LEAT_STATUS(CONFIG);
}

/* A path stands for itself, since a function runs in its package; all else is found at the root. */
static leat_status add_module(struct leat_package *package, const struct leat_config *config, const char *file,
                              struct leat_error *reterr)
{
    struct leat_package_item *item;
    leat_str name = leat_str_base(leat_str_c(file));
    for (uint32_t i = 0; i < config->modules.count; i++)
        if (leat_str_is(config->modules.items[i], file)) {
            name = inside(config->modules.items[i]);
            if (name.ptr == NULL)
                return leads_out("module", config->modules.items[i], reterr);
        }
    LEAT_TRY(make_module(package, file, &item, reterr));
    LEAT_TRY(leat_package_add(package, item, leat_arena_copy(&package->arena, name), reterr));
    return leat_package_close(package, item, reterr);
}

leat_status leat_package_add_modules(struct leat_package *package, const struct leat_config *config,
                                     struct leat_error *reterr)
{
    const struct leat_cli_modules *modules = &package->cli->modules;
    for (size_t i = 0; i < modules->count; i++)
        LEAT_TRY(add_module(package, config, leat_module_file(modules->items[i]), reterr));
    return LEAT_OK;
}

/* --- handlers ------------------------------------------------------------------------------------------------ */

/* NAME alone: where handlers are found. The archive has it as NAME.so. */
static leat_status find_named(const struct leat_config *config, leat_str name, char *path, size_t size,
                              struct leat_error *reterr)
{
    const char *set = getenv("LEAT_HANDLER_PATH");
    char folders[4096];
    snprintf(folders, sizeof(folders), "%s%s%s", config->folder, set != NULL ? ":" : "", set != NULL ? set : "");
    if (leat_object_find(leat_str_c(folders), name, path, size))
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "the configuration names the handler \"%.*s\": no %.*s.so in %s",
                         LEAT_ARG(name), LEAT_ARG(name), folders);
    leat_error_fix(reterr, "set LEAT_HANDLER_PATH, or name it by its path");
    return LEAT_STATUS(CONFIG);
}

static leat_status add_handler(struct leat_package *package, const struct leat_config *config, leat_str spec,
                               struct leat_error *reterr)
{
    leat_str file, name, place;
    char path[4096];
    bool named = !leat_cut_handler(spec, &file, &name) && (file.len == 0 || memchr(file.ptr, '/', file.len) == NULL);
    if (named) {
        const struct leat_package_item *bootstrap = leat_package_find(package, LEAT_STR("bootstrap"));
        if (bootstrap != NULL && bootstrap->role == LEAT_PACKAGE_PROGRAM)
            return LEAT_OK; /* it is linked in */
        LEAT_TRY(find_named(config, file, path, sizeof(path), reterr));
        place = leat_arena_printf(&package->arena, "%.*s.so", LEAT_ARG(file));
    } else {
        leat_str folder = leat_arena_printf(&package->arena, "%s/", config->folder);
        snprintf(path, sizeof(path), "%.*s", LEAT_ARG(file));
        place = inside(leat_str_starts(file, folder) ? leat_str_skip(file, folder.len) : file);
    }
    if (place.ptr == NULL)
        return package->arena.overflow ? leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory")
                                       : leads_out("handler", file, reterr);
    if (leat_package_find(package, place) != NULL)
        return LEAT_OK;
    return leat_package_add_handler(package, path, leat_arena_copy(&package->arena, place), reterr);
}

leat_status leat_package_add_config(struct leat_package *package, const struct leat_config *config, const char *path,
                                    struct leat_error *reterr)
{
    struct leat_package_item *item;
    LEAT_TRY(leat_package_make(package, LEAT_PACKAGE_CONFIGURATION, path, &item, reterr));
    LEAT_TRY(leat_package_add(package, item, LEAT_STR("leat.yaml"), reterr));
    if (leat_config_filed(config, "handler"))
        LEAT_TRY(add_handler(package, config, config->handler, reterr));
    for (size_t i = 0; i < config->source_count; i++)
        if (config->sources[i].handler.ptr != NULL)
            LEAT_TRY(add_handler(package, config, config->sources[i].handler, reterr));
    return LEAT_OK;
}
