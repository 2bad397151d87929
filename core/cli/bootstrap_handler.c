/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler a Lambda function runs: its package is LAMBDA_TASK_ROOT, then the layers in /opt. */
#include "bootstrap.h"
#include "find_handler.h"

#include <engine/handler_file.h>

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_SIZE 4096

struct package {
    const struct leat_cli *cli;
    const char *folders[2];
};

static struct package open_package(const struct leat_cli *cli)
{
    const char *root = getenv("LAMBDA_TASK_ROOT");
    return (struct package){.cli = cli, .folders = {root != NULL && root[0] != '\0' ? root : ".", "/opt"}};
}

/* FILE in the package, with `suffix` behind it. */
static bool find_file(const struct package *package, leat_str file, const char *suffix, char *path)
{
    size_t folders = file.len > 0 && file.ptr[0] == '/' ? 1 : sizeof(package->folders) / sizeof(package->folders[0]);
    for (size_t i = 0; i < folders; i++) {
        int len = file.len > 0 && file.ptr[0] == '/'
                      ? snprintf(path, PATH_SIZE, "%.*s%s", LEAT_ARG(file), suffix)
                      : snprintf(path, PATH_SIZE, "%s/%.*s%s", package->folders[i], LEAT_ARG(file), suffix);
        if (file.len > 0 && len < PATH_SIZE && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* PATH.so, PATH.so:NAME, NAME (NAME.so) or file.name (file.so): the file it means and the handler in it. */
static bool find_named(const struct package *package, leat_str spec, char *path, leat_str *retname)
{
    leat_str file, rest = spec;
    if (leat_cut_handler(spec, &file, retname))
        return find_file(package, file, "", path);
    if (find_file(package, spec, ".so", path))
        return true;
    file = leat_str_cut(&rest, '.');
    if (rest.len == 0)
        return false;
    *retname = rest;
    return find_file(package, file, ".so", path);
}

/* --- what there is, if nothing was named ------------------------------------------------------------------ */

struct found {
    unsigned count;
    char path[PATH_SIZE];              /* of the last; empty: linked in */
    const struct leat_handler *linked; /* the last one */
    char all[512];
};

static void note(struct found *found, unsigned count, const char *file, const char *names)
{
    size_t len = strlen(found->all);
    found->count += count;
    if (len + strlen(file) + strlen(names) + 8 < sizeof(found->all))
        snprintf(found->all + len, sizeof(found->all) - len, "%s%s%s%s", len > 0 ? "; " : "", file,
                 file[0] != '\0' ? ": " : "", names);
}

static void look_into(struct found *found, const char *folder)
{
    DIR *all = opendir(folder);
    char path[PATH_SIZE], names[256];
    for (const struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
        int len = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (len >= (int)sizeof(path) || !leat_str_ends(leat_str_c(entry->d_name), LEAT_STR(".so")))
            continue;
        unsigned count = leat_handler_names(path, names, sizeof(names));
        if (count == 0)
            continue;
        note(found, count, entry->d_name, names);
        memcpy(found->path, path, (size_t)len + 1);
    }
    if (all != NULL)
        (void)closedir(all);
}

static void look_everywhere(const struct package *package, struct found *found)
{
    *found = (struct found){0};
    for (const struct leat_handler *const *at = package->cli->linked_in; at != NULL && *at != NULL; at++) {
        note(found, 1, "", (*at)->name);
        found->linked = *at;
    }
    for (size_t i = 0; i < sizeof(package->folders) / sizeof(package->folders[0]); i++)
        look_into(found, package->folders[i]);
}

static leat_status not_found(leat_str spec, const struct package *package, const struct found *found,
                             struct leat_error *reterr)
{
    const char *there = found->count > 0 ? found->all : "no handler";
    if (spec.len > 0)
        (void)leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "no handler \"%.*s\"; in %s and /opt: %s", LEAT_ARG(spec),
                             package->folders[0], there);
    else
        (void)leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "no handler is named; in %s and /opt: %s",
                             package->folders[0], there);
    leat_error_fix(reterr, "set LEAT_HANDLER or the function's handler to FILE.so, FILE.so:NAME or NAME");
    return LEAT_STATUS(NOT_FOUND);
}

static leat_status take_only(const struct package *package, leat_str spec, struct leat_function_handler *ret,
                             struct leat_error *reterr)
{
    struct found found;
    look_everywhere(package, &found);
    if (found.count != 1)
        return not_found(spec, package, &found, reterr);
    ret->guessed = true;
    snprintf(ret->where, sizeof(ret->where), "%.200s", found.all);
    if (found.linked == NULL)
        return leat_handler_open(found.path, LEAT_ABSENT, &ret->handler, reterr);
    ret->handler = found.linked;
    return LEAT_OK;
}

/* NOT_FOUND without a message: it names nothing. */
static leat_status open_named(const struct package *package, leat_str spec, struct leat_function_handler *ret,
                              struct leat_error *reterr)
{
    char path[PATH_SIZE];
    leat_str name = LEAT_ABSENT;
    ret->handler = leat_find_linked(package->cli, spec);
    snprintf(ret->where, sizeof(ret->where), "%.*s", LEAT_ARG(spec));
    if (ret->handler != NULL)
        return LEAT_OK;
    if (spec.len == 0 || !find_named(package, spec, path, &name))
        return LEAT_STATUS(NOT_FOUND);
    return leat_handler_open(path, name, &ret->handler, reterr);
}

/* It must be there. */
static leat_status open_wanted(const struct package *package, leat_str spec, struct leat_function_handler *ret,
                               struct leat_error *reterr)
{
    struct found found;
    leat_status status = open_named(package, spec, ret, reterr);
    if (status.code != LEAT_E_NOT_FOUND)
        return status;
    look_everywhere(package, &found);
    return not_found(spec, package, &found, reterr);
}

leat_status leat_find_function_handler(const struct leat_cli *cli, const struct leat_handler_names *names,
                                       struct leat_function_handler *ret, leat_str *rettype, struct leat_error *reterr)
{
    struct package package = open_package(cli);
    leat_str named = leat_str_c(getenv("_HANDLER"));
    leat_status status;
    *ret = (struct leat_function_handler){0};
    *rettype = LEAT_STR("Runtime.InvalidHandler");
    if (names->variable.len > 0)
        status = open_wanted(&package, names->variable, ret, reterr);
    else {
        status = open_named(&package, named, ret, reterr);
        if (status.code == LEAT_E_NOT_FOUND && names->filed.len > 0)
            status = open_wanted(&package, names->filed, ret, reterr);
        else if (status.code == LEAT_E_NOT_FOUND)
            status = take_only(&package, named, ret, reterr);
    }
    if (status.code == LEAT_E_NOT_FOUND)
        *rettype = LEAT_STR("Runtime.HandlerNotFound");
    return status;
}
