/* SPDX-License-Identifier: Apache-2.0 */
/* `leat package HANDLER.so`: an archive that runs as a Lambda function, or its layer, or what is in the one alone. */
#include "package.h"
#include "files.h"

#include "zip_read.h"

#include <config/config.h>

#include <leat/alloc.h>
#include <leat/text.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECT_UPLOAD_MAX ((size_t)50 << 20)

enum { BOOTSTRAP, CHECK, CONFIG, FORCE, JSON, KEEP_DEBUG, LAYER, LIBS, NO_RUNTIME, OUTPUT };

static const struct leat_cli_option options[] = {
    [BOOTSTRAP] = {"bootstrap", "FILE", "leat's bootstrap, if not the one of this leat: for another machine"},
    [CHECK] = {"check", "FILE", "say what in an archive is older than what this machine has"},
    [CONFIG] = {"config", "FILE", "goes in as leat.yaml, with the handlers and modules it names"},
    [FORCE] = {"force", NULL, "write over a file that is no archive"},
    [JSON] = {"json", NULL, "one JSON value a line"},
    [KEEP_DEBUG] = {"keep-debug", NULL, "strip nothing"},
    [LAYER] = {"layer", NULL, "the runtime alone, for a layer: bootstrap, modules, libraries"},
    [LIBS] = {"libs", "FILE|DIR", "where libraries are; a FILE goes in anyway; may be given several times"},
    [NO_RUNTIME] = {"no-runtime", NULL, "all but what that layer has"},
    [OUTPUT] = {"o", "FILE", "the archive; default: function.zip, or layer.zip"},
    {NULL, NULL, NULL},
};

struct making {
    struct leat_package package;
    struct leat_config config;
    const char *bootstrap, *check, *config_path, *output;
    bool force, json, layer, no_runtime;
    const char **handlers;
    size_t handler_count;
    leat_str name; /* of the function */
    struct leat_zip_file *files;
    size_t file_count;
    leat_str zip;
};

static bool take_option(void *argument, size_t index, const char *value)
{
    struct making *making = argument;
    switch (index) {
    case BOOTSTRAP: making->bootstrap = value; break;
    case CHECK: making->check = value; break;
    case CONFIG: making->config_path = value; break;
    case FORCE: making->force = true; break;
    case JSON: making->json = true; break;
    case KEEP_DEBUG: making->package.keep_debug = true; break;
    case LAYER: making->layer = true; break;
    case LIBS: making->package.libs[making->package.lib_count++] = value; break;
    case NO_RUNTIME: making->no_runtime = true; break;
    case OUTPUT: making->output = value; break;
    default: break;
    }
    return true;
}

/* --- what goes in ------------------------------------------------------------------------------------------ */

static leat_status add_bootstrap(struct making *making, struct leat_error *reterr)
{
    struct leat_package *package = &making->package;
    struct leat_package_item *item;
    const char *path = making->bootstrap != NULL ? making->bootstrap : leat_package_own_bootstrap(&package->arena);
    if (path == NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG),
                             "there is no bootstrap beside this leat, nor in ../libexec/leat");
        leat_error_fix(reterr, "name it: --bootstrap FILE");
        return LEAT_STATUS(CONFIG);
    }
    LEAT_TRY(leat_package_make(package, LEAT_PACKAGE_BOOTSTRAP, path, &item, reterr));
    if (!item->elf.leat) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: not leat's bootstrap", path);
        leat_error_fix(reterr, "a build has it beside leat, an installation in libexec/leat");
        return LEAT_STATUS(CONFIG);
    }
    LEAT_TRY(leat_package_add(package, item, LEAT_STR("bootstrap"), reterr));
    return leat_package_close(package, NULL, reterr);
}

/* A program of leat_main() is the runtime too. */
static leat_status has_program(struct making *making, bool *ret, struct leat_error *reterr)
{
    struct leat_package_item *item;
    *ret = false;
    for (size_t i = 0; i < making->handler_count; i++) {
        LEAT_TRY(leat_package_make(&making->package, LEAT_PACKAGE_HANDLER, making->handlers[i], &item, reterr));
        *ret |= item->elf.leat && item->elf.program;
    }
    if (*ret && (making->layer || making->no_runtime || making->bootstrap != NULL || making->handler_count > 1)) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s is a program of leat_main(), which has the runtime in it",
                             making->handlers[0]);
        leat_error_fix(reterr, "package it alone, without --layer, --no-runtime and --bootstrap");
        return LEAT_STATUS(CONFIG);
    }
    return LEAT_OK;
}

/* All before this is a layer's. */
static void mark_runtime(struct leat_package *package)
{
    for (struct leat_package_item *item = package->first; item != NULL; item = item->next)
        item->runtime = true;
}

static leat_status add_handlers(struct making *making, struct leat_error *reterr)
{
    struct leat_package *package = &making->package;
    if (making->config_path != NULL)
        LEAT_TRY(leat_package_add_config(package, &making->config, making->config_path, reterr));
    for (size_t i = 0; i < making->handler_count; i++)
        LEAT_TRY(leat_package_add_handler(package, making->handlers[i], leat_str_base(leat_str_c(making->handlers[i])),
                                          reterr));
    for (const struct leat_package_item *item = package->first; item != NULL; item = item->next)
        if (item->role == LEAT_PACKAGE_HANDLER || item->role == LEAT_PACKAGE_PROGRAM)
            return leat_package_close(package, item, reterr);
    (void)leat_error_set(reterr, LEAT_STATUS(USAGE), "package wants a handler");
    leat_error_fix(reterr, "leat package HANDLER.so, or --config FILE that names one, or --layer");
    return LEAT_STATUS(USAGE);
}

static leat_status plan(struct making *making, struct leat_error *reterr)
{
    struct leat_package *package = &making->package;
    bool program;
    LEAT_TRY(has_program(making, &program, reterr));
    if (!program)
        LEAT_TRY(add_bootstrap(making, reterr));
    else /* for the machine that modules and libraries must fit */
        LEAT_TRY(leat_package_add_handler(package, making->handlers[0], leat_str_base(leat_str_c(making->handlers[0])),
                                          reterr));
    if (making->config_path != NULL)
        LEAT_TRY(leat_package_add_modules(package, &making->config, reterr));
    if (making->layer) {
        LEAT_TRY(leat_package_add_libs(package, reterr));
        return leat_package_close(package, NULL, reterr);
    }
    if (!program)
        mark_runtime(package);
    making->handler_count = program ? 0 : making->handler_count;
    LEAT_TRY(add_handlers(making, reterr));
    LEAT_TRY(leat_package_add_libs(package, reterr));
    LEAT_TRY(leat_package_close(package, NULL, reterr));
    return leat_package_check(package, reterr);
}

/* --no-runtime: what the layer has is known now, and leaves the list. */
static void leave_runtime_out(struct leat_package *package)
{
    struct leat_package_item **at = &package->first;
    while (*at != NULL)
        if ((*at)->runtime) {
            *at = (*at)->next;
            package->count--;
        } else
            at = &(*at)->next;
    package->last = at;
}

/* --- the archive ------------------------------------------------------------------------------------------- */

static leat_status check_size(const struct making *making, struct leat_error *reterr)
{
    uint64_t size = 0;
    for (size_t i = 0; i < making->file_count; i++)
        size += making->files[i].content.len;
    if (size <= LEAT_ZIP_UNZIPPED_MAX)
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG),
                         "unzipped it has %.0f MB, and a function with its layers may have "
                         "250",
                         (double)size / (1 << 20));
    leat_error_fix(reterr, "what is so large: leat package --json lists files; or package a container image");
    return LEAT_STATUS(CONFIG);
}

static leat_status make_archive(struct making *making, struct leat_error *reterr)
{
    struct leat_package *package = &making->package;
    leat_package_find_owners(package);
    leat_str list = leat_package_list(package, making->name);
    making->files = LEAT_NEW_N(&package->arena, struct leat_zip_file, package->count + 1);
    if (making->files == NULL || list.ptr == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    for (const struct leat_package_item *item = package->first; item != NULL; item = item->next)
        making->files[making->file_count++] = (struct leat_zip_file){
            .name = item->name, .content = item->content, .executable = item->role != LEAT_PACKAGE_CONFIGURATION};
    making->files[making->file_count++] = (struct leat_zip_file){.name = LEAT_STR("sbom.json"), .content = list};
    LEAT_TRY(check_size(making, reterr));
    leat_status status = leat_zip_write(&package->arena, making->files, making->file_count, &making->zip);
    return leat_is_ok(status) ? status : leat_error_set(reterr, status, "%s", leat_status_text(status));
}

/* --- the file ---------------------------------------------------------------------------------------------- */

/* An archive may be written over, and nothing else. */
static int check_target(const struct making *making)
{
    struct stat info;
    char start[4] = "";
    if (lstat(making->output, &info) != 0)
        return EXIT_DONE;
    if (!S_ISREG(info.st_mode))
        return leat_cli_fail(EXIT_CANNOT_CREATE, NULL, "%s: not a regular file", making->output);
    int fd = open(making->output, O_RDONLY | O_CLOEXEC);
    bool archive =
        fd >= 0 && read(fd, start, sizeof(start)) == (ssize_t)sizeof(start) && memcmp(start, "PK\3\4", 4) == 0;
    if (fd >= 0)
        (void)close(fd);
    if (archive || making->force || info.st_size == 0)
        return EXIT_DONE;
    return leat_cli_fail(EXIT_CANNOT_CREATE, "--force writes over it", "%s is there, and no archive", making->output);
}

/* Beside its place, then into it: nobody sees half of it. */
static int write_archive(struct making *making)
{
    leat_str made = leat_arena_printf(&making->package.arena, "%s.XXXXXX", making->output);
    char *path LEAT_CLEANUP(leat_freep) = leat_strdup(made.ptr != NULL ? made.ptr : "");
    mode_t mask = umask(0);
    (void)umask(mask);
    if (path == NULL || made.ptr == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int fd = mkostemp(path, O_CLOEXEC), status = EXIT_DONE;
    if (fd < 0)
        return leat_cli_fail(EXIT_CANNOT_CREATE, NULL, "%s: %s", making->output, strerror(errno));
    bool written = leat_file_write(fd, making->zip) && fchmod(fd, 0666 & ~mask) == 0;
    written = close(fd) == 0 && written && rename(path, making->output) == 0;
    if (!written) {
        status = leat_cli_fail(EXIT_CANNOT_WRITE, NULL, "%s: %s", making->output, strerror(errno));
        (void)unlink(path);
    }
    return status;
}

/* --- the verb ---------------------------------------------------------------------------------------------- */

static leat_str function_name(const struct making *making)
{
    leat_str name = making->handler_count > 0 ? leat_str_base(leat_str_c(making->handlers[0]))
                                              : leat_str_base(leat_str_c(making->output));
    return leat_str_cut(&name, '.');
}

static int make(struct making *making)
{
    struct leat_error error = {0};
    if (making->output == NULL)
        making->output = making->layer ? "layer.zip" : "function.zip";
    making->name = function_name(making);
    int status = check_target(making);
    if (status == EXIT_DONE && making->config_path != NULL)
        status = leat_package_open_config(&making->package, &making->config, making->config_path);
    if (status != EXIT_DONE)
        return status;
    leat_status made = plan(making, &error);
    if (leat_is_ok(made) && making->no_runtime)
        leave_runtime_out(&making->package);
    if (leat_is_ok(made))
        made = make_archive(making, &error);
    if (!leat_is_ok(made))
        return leat_cli_fail_with(leat_cli_exit_of(made), &error);
    status = write_archive(making);
    if (status != EXIT_DONE)
        return status;
    if (making->zip.len > DIRECT_UPLOAD_MAX)
        fprintf(stderr, "leat: warning: above 50 MB Lambda takes an archive from S3 only\n");
    const struct leat_package_result result = {
        .output = making->output,
        .name = making->name,
        .files = making->files,
        .file_count = making->file_count,
        .size = making->zip.len,
        .function = !making->layer && !making->no_runtime,
    };
    leat_package_tell(&making->package, &result, making->json);
    return EXIT_DONE;
}

static int check(struct making *making)
{
    const struct leat_package_question question = {
        .archive = making->check,
        .bootstrap = making->bootstrap,
        .config = making->config_path,
        .handlers = making->handlers,
        .handler_count = making->handler_count,
        .json = making->json,
    };
    if (making->layer || making->no_runtime || making->output != NULL)
        return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "--check goes without -o, --layer and --no-runtime");
    return leat_package_compare(&making->package, &question);
}

static int run(struct making *making, int argc, char **argv)
{
    int count = leat_cli_parse(&leat_verb_package, argc, argv, take_option, making, making->handlers);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    making->handler_count = (size_t)count;
    if (making->check != NULL)
        return check(making);
    if (making->layer && (making->no_runtime || count > 0))
        return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "a layer has no handler: --layer goes without %s",
                             count > 0 ? "one" : "--no-runtime");
    return make(making);
}

static int package_main(struct leat_cli *cli, int argc, char **argv)
{
    struct making making = {.package = {.cli = cli}};
    making.package.last = &making.package.first;
    making.handlers = leat_alloc((size_t)(argc + 1) * sizeof(*making.handlers));
    making.package.libs = leat_alloc((size_t)(argc + 1) * sizeof(*making.package.libs));
    leat_arena_init(&making.package.arena, 0);
    int status = EXIT_BUG;
    if (making.handlers != NULL && making.package.libs != NULL && leat_is_ok(leat_config_init(&making.config)))
        status = run(&making, argc, argv);
    else
        (void)leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    leat_config_fini(&making.config);
    leat_arena_fini(&making.package.arena);
    leat_free((void *)making.handlers);
    leat_free((void *)making.package.libs);
    return status;
}

const struct leat_cli_verb leat_verb_package = {
    .name = "package",
    .arguments = "HANDLER.so...",
    .summary = "an archive of a handler that runs as a Lambda function",
    .examples = "leat package hello.so -o function.zip\n"
                "leat package hello.so --config lambda.yaml      # with its configuration and the modules it names\n"
                "leat package hello.so --libs ./vendor           # libraries of your own\n"
                "leat package --layer -o layer.zip && leat package --no-runtime hello.so    # the runtime in a layer\n"
                "leat package --check function.zip               # is anything in it out of date?\n",
    .notes =
        "What goes in: bootstrap, the handlers (at the root; handlers that --config names, where it names them), what "
        "all\n"
        "of these need beyond Lambda's glibc (in lib/), and sbom.json. Files are stripped on copies. A leat.yaml\n"
        "beside the handler stays out unless --config names it: a worker's is no function's. A handler that is\n"
        "linked into a program with leat_main() is the archive's bootstrap itself.\n"
        "The same files give the same bytes. Refused, with the reason and exit status 78: what is no handler, is for\n"
        "another machine, needs a glibc newer than 2.34, or a library that is not found. --check exits with 1 if\n"
        "something is older or another. docs/reference/package.md has layers, limits and arm64.\n",
    .options = options,
    .run = package_main,
};
