/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/module.h>

#include <engine/object.h>

#include <leat/alloc.h>
#include <leat/arena.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_PATH "/usr/local/lib/leat/modules:/usr/lib/leat/modules"
#define TABLES_MAX 64 /* of one kind, in one module */

static const struct leat_object_kind modules = {
    .noun = "module",
    .symbol = "leat_module",
    .how = "a module is PATH.so, or NAME alone: one of LEAT_MODULE_PATH",
};

/* Those that are open, for good: nothing that points into them ever dangles. */
struct opened {
    struct opened *next;
    const struct leat_module *given;
    struct leat_module module;
    const char *file;
    struct leat_arena arena; /* of tables that had to be completed, and of the lists */
};
static struct opened *all;

/* --- finding ---------------------------------------------------------------------------------------------- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* A function's package and its layers are looked into as they are for _HANDLER. */
leat_status leat_module_find(const char *name, char *path, size_t size, struct leat_error *reterr)
{
    const char *set = getenv("LEAT_MODULE_PATH"), *root = variable("LAMBDA_TASK_ROOT");
    bool function = variable("AWS_LAMBDA_RUNTIME_API") != NULL;
    char folders[4096];
    snprintf(folders, sizeof(folders), "%s%s%s%s", set != NULL ? set : DEFAULT_PATH, function ? ":" : "",
             !function      ? ""
             : root != NULL ? root
                            : ".",
             function ? ":/opt" : "");
    if (leat_object_find(leat_str_c(folders), leat_str_c(name), path, size))
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "no module \"%s\": no %s.so in %s", name, name, folders);
    leat_error_fix(reterr, "set LEAT_MODULE_PATH, or give a path: ./%s.so", name);
    return LEAT_STATUS(NOT_FOUND);
}

/* --- older headers ---------------------------------------------------------------------------------------- */

/* What every table begins with. */
struct head {
    uint32_t abi, size;
};

static leat_status check_abi(const char *path, const char *what, uint32_t abi, struct leat_error *reterr)
{
    if (abi == LEAT_ABI)
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s%s was built for ABI %u, this leat has %u", path, what, abi,
                         LEAT_ABI);
    leat_error_fix(reterr, "build it again with the headers of this leat");
    return LEAT_STATUS(CONFIG);
}

/* The table itself, or a copy with NULL for the members that it lacks. */
static const void *complete(struct leat_arena *arena, const void *given, size_t size)
{
    const struct head *head = given;
    if (head->size >= size)
        return given;
    void *full = leat_arena_calloc(arena, 1, size);
    if (full != NULL)
        memcpy(full, given, head->size);
    return full;
}

/* What is being opened, and the tables of it that are looked at. */
struct opening {
    struct opened *opened;
    const char *path;
    const char *noun;
    size_t size; /* of each */
    struct leat_error *reterr;
};

/* A list of tables, each of our ABI and complete. */
static leat_status complete_list(const struct opening *opening, const void *const *given, const void *const **ret)
{
    struct leat_arena *arena = &opening->opened->arena;
    size_t count = 0;
    while (given != NULL && given[count] != NULL && count <= TABLES_MAX)
        count++;
    if (count > TABLES_MAX)
        return leat_error_set(opening->reterr, LEAT_STATUS(CONFIG), "%s has more than %d %ss, or no NULL behind them",
                              opening->path, TABLES_MAX, opening->noun);
    const void **full = LEAT_NEW_N(arena, const void *, count + 1);
    for (size_t i = 0; i < count && full != NULL; i++) {
        char what[64];
        snprintf(what, sizeof(what), ": its %s %zu", opening->noun, i + 1);
        LEAT_TRY(check_abi(opening->path, what, ((const struct head *)given[i])->abi, opening->reterr));
        full[i] = complete(arena, given[i], opening->size);
    }
    *ret = full;
    return arena->overflow ? leat_error_set(opening->reterr, LEAT_STATUS(NO_MEMORY), "out of memory") : LEAT_OK;
}

static leat_status complete_module(struct opened *opened, const char *path, struct leat_error *reterr)
{
    struct leat_module *module = &opened->module;
    struct opening opening = {.opened = opened, .path = path, .reterr = reterr};
    const void *const *list;
    LEAT_TRY(check_abi(path, "", opened->given->abi, reterr));
    memcpy(module, opened->given, opened->given->size < sizeof(*module) ? opened->given->size : sizeof(*module));
    opening.noun = "adapter";
    opening.size = sizeof(struct leat_adapter);
    LEAT_TRY(complete_list(&opening, (const void *const *)module->adapters, &list));
    module->adapters = (const struct leat_adapter *const *)list;
    opening.noun = "source";
    opening.size = sizeof(struct leat_source_ops);
    LEAT_TRY(complete_list(&opening, (const void *const *)module->sources, &list));
    module->sources = (const struct leat_source_ops *const *)list;
    opening.noun = "sink";
    opening.size = sizeof(struct leat_sink_ops);
    LEAT_TRY(complete_list(&opening, (const void *const *)module->sinks, &list));
    module->sinks = (const struct leat_sink_ops *const *)list;
    return LEAT_OK;
}

/* --- opening ---------------------------------------------------------------------------------------------- */

static leat_status load(const char *path, const struct leat_module **retgiven, struct leat_error *reterr)
{
    struct leat_object_exports exports;
    void *object;
    LEAT_TRY(leat_object_read(path, &modules, &exports, reterr));
    if (exports.wanted_count == 0) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: not a leat module: it exports %s", path,
                             exports.other_count > 0 ? exports.others : "nothing");
        leat_error_fix(reterr, "add LEAT_MODULE(NAME, .adapters = adapters, .sources = sources, .sinks = sinks);");
        return LEAT_STATUS(CONFIG);
    }
    LEAT_TRY(leat_object_open(path, &modules, &object, reterr));
    *retgiven = dlsym(object, modules.symbol);
    return *retgiven != NULL ? LEAT_OK
                             : leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: its leat_module is NULL", path);
}

static void free_opened(struct opened **opened)
{
    if (*opened != NULL)
        leat_arena_fini(&(*opened)->arena);
    leat_free(*opened);
}

static leat_status take(const char *path, const struct leat_module *given, const struct leat_module **retmodule,
                        struct leat_error *reterr)
{
    struct opened *opened LEAT_CLEANUP(free_opened) = leat_alloc(sizeof(*opened));
    if (opened == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    leat_arena_init(&opened->arena, 0);
    opened->given = given;
    opened->file = leat_arena_copy(&opened->arena, leat_str_c(path)).ptr;
    LEAT_TRY(complete_module(opened, path, reterr));
    LEAT_TRY(leat_module_check(path, &opened->module, reterr));
    opened->next = all;
    all = opened;
    *retmodule = &LEAT_TAKE(opened)->module;
    return LEAT_OK;
}

leat_status leat_module_open(const char *name, const struct leat_module **retmodule, struct leat_error *reterr)
{
    char path[4096];
    const struct leat_module *given;
    size_t len = strlen(name);
    bool is_path = strchr(name, '/') != NULL || leat_str_ends(leat_str_c(name), LEAT_STR(".so"));
    if (len + sizeof("./.so") > sizeof(path))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "a path of %zu bytes is too long", len);
    if (is_path)
        memcpy(path, name, len + 1);
    else
        LEAT_TRY(leat_module_find(name, path, sizeof(path), reterr));
    LEAT_TRY(load(path, &given, reterr));
    for (struct opened *opened = all; opened != NULL; opened = opened->next)
        if (opened->given == given) {
            *retmodule = &opened->module;
            return LEAT_OK;
        }
    return take(path, given, retmodule, reterr);
}

const char *leat_module_file(const struct leat_module *module)
{
    return ((const struct opened *)(const void *)((const char *)module - offsetof(struct opened, module)))->file;
}
