/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries are looked for as the loader would, but for the machine of the package: --libs, the RUNPATH of who needs
 * it, LD_LIBRARY_PATH, /etc/ld.so.conf, the folders of the system and those of cross compilers. A file for another
 * machine is passed over.
 */
#include "package.h"

#include <elf.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define INCLUDES_MAX 4 /* how deep files of ld.so.conf include others */

/* Of glibc, whose package wants libgcc_s: for it threads that are cancelled unwind their stack. */
bool leat_package_is_present(leat_str library)
{
    static const char *const names[] = {
        "libc.so.6",       "libm.so.6",        "libpthread.so.0",      "libdl.so.2",
        "librt.so.1",      "libresolv.so.2",   "libutil.so.1",         "libanl.so.1",
        "libmvec.so.1",    "libgcc_s.so.1",    "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
        "libnss_dns.so.2", "libnss_files.so.2"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (leat_str_is(library, names[i]))
            return true;
    return false;
}

struct search {
    struct leat_package *package;
    leat_str name;
    const struct leat_package_item *needer;
    struct leat_package_item *found;
    struct leat_error *reterr; /* of a file that is there and cannot be used */
    leat_status status;
    bool other_machine; /* there was one */
};

/* --- a file, a folder ------------------------------------------------------------------------------------- */

static void try_file(struct search *search, const char *path)
{
    struct leat_package *package = search->package;
    struct leat_package_item *item;
    struct stat info;
    struct leat_error error = {0};
    if (search->found != NULL || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return;
    struct leat_arena_mark mark = leat_arena_snapshot(&package->arena);
    leat_status status = leat_package_make(package, LEAT_PACKAGE_LIBRARY, path, &item, &error);
    if (leat_is_ok(status) && item->elf.type == ET_DYN && item->elf.machine == package->machine)
        search->found = item;
    else {
        search->other_machine |= leat_is_ok(status);
        leat_arena_rollback(&package->arena, mark); /* a linker's script, or a library for another machine */
    }
    if (status.code == LEAT_E_NO_MEMORY)
        search->status = status;
}

static void try_folder(struct search *search, leat_str folder)
{
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof(path), "%.*s/%.*s", LEAT_ARG(folder), LEAT_ARG(search->name));
    if (folder.len > 0 && len > 0 && len < (int)sizeof(path))
        try_file(search, path);
}

static void try_folders(struct search *search, leat_str folders)
{
    while (folders.ptr != NULL && search->found == NULL)
        try_folder(search, leat_str_cut(&folders, ':'));
}

/* --- what the command line names --------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void try_libs(struct search *search)
{
    for (size_t i = 0; i < search->package->lib_count && search->found == NULL; i++) {
        const char *path = search->package->libs[i];
        if (is_folder(path)) {
            try_folder(search, leat_str_c(path));
            continue;
        }
        try_file(search, path);
        if (search->found != NULL && !leat_str_eq(leat_str_base(leat_str_c(path)), search->name) &&
            !leat_str_eq(search->found->elf.soname, search->name))
            search->found = NULL;
    }
}

/* --- who needs it ------------------------------------------------------------------------------------------ */

/* "$ORIGIN/lib" beside its file; what has other variables is not looked into. */
static void try_relative(struct search *search, leat_str folder, leat_str origin)
{
    char path[PATH_SIZE];
    leat_str rest = folder;
    if (leat_str_starts(folder, LEAT_STR("$ORIGIN")))
        rest = leat_str_skip(folder, strlen("$ORIGIN"));
    else if (leat_str_starts(folder, LEAT_STR("${ORIGIN}")))
        rest = leat_str_skip(folder, strlen("${ORIGIN}"));
    else
        origin.len = 0;
    int len = snprintf(path, sizeof(path), "%.*s%.*s", LEAT_ARG(origin), LEAT_ARG(rest));
    if (len > 0 && len < (int)sizeof(path) && strchr(path, '$') == NULL)
        try_folder(search, leat_str_of(path, (size_t)len));
}

static void try_runpath(struct search *search)
{
    if (search->needer == NULL)
        return;
    leat_str folders = search->needer->elf.runpath, file = leat_str_base(leat_str_c(search->needer->path));
    size_t len = (size_t)(file.ptr - search->needer->path);
    leat_str origin = len > 0 ? leat_str_of(search->needer->path, len > 1 ? len - 1 : 1) : LEAT_STR(".");
    while (folders.ptr != NULL && search->found == NULL)
        try_relative(search, leat_str_cut(&folders, ':'), origin);
}

/* --- the system -------------------------------------------------------------------------------------------- */

static void try_conf(struct search *search, const char *path, unsigned depth);

static void try_conf_line(struct search *search, leat_str line, unsigned depth)
{
    char pattern[PATH_SIZE];
    glob_t found;
    line = leat_str_trim(leat_str_cut(&line, '#'));
    if (!leat_str_starts(line, LEAT_STR("include "))) {
        try_folder(search, line);
        return;
    }
    leat_str what = leat_str_trim(leat_str_skip(line, strlen("include ")));
    int len = snprintf(pattern, sizeof(pattern), "%s%.*s", leat_str_starts(what, LEAT_STR("/")) ? "" : "/etc/",
                       LEAT_ARG(what));
    if (len <= 0 || len >= (int)sizeof(pattern) || depth == INCLUDES_MAX || glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        try_conf(search, found.gl_pathv[i], depth + 1);
    globfree(&found);
}

static void try_conf(struct search *search, const char *path, unsigned depth)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    while (file != NULL && search->found == NULL && getline(&line, &size, file) >= 0)
        try_conf_line(search, leat_str_c(line), depth);
    free(line); /* getline's */
    if (file != NULL)
        (void)fclose(file);
}

static const char *triplet_of(unsigned machine)
{
    return machine == EM_AARCH64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
}

const char *leat_package_tool_prefix(unsigned machine, const char *tool)
{
    static char name[64];
    snprintf(name, sizeof(name), "%s-%s", triplet_of(machine), tool);
    return name;
}

static void try_system(struct search *search)
{
    static const char *const folders[] = {"/lib/%s", "/usr/lib/%s", "/usr/%s/lib"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        leat_str before = leat_str_c(folders[i]), after = before;
        before = leat_str_cut(&after, '%');
        snprintf(path, sizeof(path), "%.*s%s%.*s", LEAT_ARG(before), triplet_of(search->package->machine),
                 LEAT_ARG(leat_str_skip(after, 1)));
        try_folder(search, leat_str_c(path));
    }
    try_folders(search, LEAT_STR("/lib64:/usr/lib64:/lib:/usr/lib"));
}

/* --- all of it --------------------------------------------------------------------------------------------- */

static leat_status not_found(const struct search *search)
{
    const struct leat_package_item *needer = search->needer;
    const char *machine = leat_elf_machine(search->package->machine);
    (void)leat_error_set(search->reterr, LEAT_STATUS(CONFIG), "%.*s is not found%s%s%s%.*s%s", LEAT_ARG(search->name),
                         search->other_machine ? " for " : "", search->other_machine ? machine : "",
                         needer != NULL ? "; " : "", LEAT_ARG(needer != NULL ? needer->name : LEAT_ABSENT),
                         needer != NULL ? " needs it" : "");
    leat_error_fix(search->reterr, "name it or its folder: --libs FILE|DIR");
    return LEAT_STATUS(CONFIG);
}

leat_status leat_package_find_library(struct leat_package *package, leat_str name,
                                      const struct leat_package_item *needer, struct leat_package_item **ret,
                                      struct leat_error *reterr)
{
    struct search search = {.package = package, .name = name, .needer = needer, .reterr = reterr};
    const char *path = getenv("LD_LIBRARY_PATH");
    try_libs(&search);
    try_runpath(&search);
    if (search.found == NULL)
        try_folders(&search, leat_str_c(path));
    if (search.found == NULL)
        try_conf(&search, "/etc/ld.so.conf", 0);
    if (search.found == NULL)
        try_system(&search);
    *ret = search.found;
    if (search.found == NULL)
        return leat_is_ok(search.status) ? not_found(&search) : search.status;
    search.found->needed_by = needer;
    return LEAT_OK;
}

const char *leat_package_own_bootstrap(struct leat_arena *arena)
{
    static const char *const places[] = {"bootstrap", "../libexec/leat/bootstrap"};
    char self[PATH_SIZE];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self));
    if (len <= 0 || len >= (ssize_t)sizeof(self))
        return NULL;
    while (len > 0 && self[len - 1] != '/')
        len--;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const char *path = leat_arena_printf(arena, "%.*s%s", (int)len, self, places[i]).ptr;
        if (path != NULL && access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}
