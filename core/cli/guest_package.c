/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_package.h"

#include "files.h"
#include "zip_read.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static leat_status fail(struct leat_error *reterr, const char *path, const char *what)
{
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: %s", path, what);
}

static leat_status no_memory(struct leat_error *reterr)
{
    return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

/* The last part of the path of the first word, without ".zip". */
static const char *name_of(struct leat_arena *arena, const char *spec)
{
    leat_str name = leat_str_trim(leat_str_c(spec)), path = leat_str_cut(&name, ' ');
    while (path.ptr != NULL)
        name = leat_str_cut(&path, '/');
    if (leat_str_ends(name, LEAT_STR(".zip")))
        name.len -= 4;
    return leat_arena_copy(arena, name.len > 0 ? name : LEAT_STR("function")).ptr;
}

static const char *resolve(struct leat_arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    const char *copy = leat_arena_copy(arena, leat_str_c(real)).ptr;
    free(real); /* realpath's */
    return copy;
}

/* --- an archive ---------------------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static leat_status make_folder(struct leat_guest_package *package, struct leat_error *reterr)
{
    package->unpacked = leat_file_folder("function");
    if (package->unpacked == NULL)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "no temporary folder: %s", strerror(errno));
    package->folder = resolve(&package->arena, package->unpacked);
    return package->folder != NULL ? LEAT_OK : no_memory(reterr);
}

static leat_status check_bootstrap(const struct leat_zip *zip, const char *spec, struct leat_error *reterr)
{
    const struct leat_zip_entry *entry = leat_zip_find(zip, "bootstrap");
    if (entry == NULL || entry->type == LEAT_ZIP_FOLDER) {
        (void)fail(reterr, spec, "it holds no bootstrap at its root");
        leat_error_fix(reterr, "zip the files, not their folder; for another runtime give its command line");
        return LEAT_STATUS(CONFIG);
    }
    if (entry->type == LEAT_ZIP_FILE && (entry->mode & 0111u) == 0) {
        (void)fail(reterr, spec, "its bootstrap is not executable");
        leat_error_fix(reterr, "chmod +x bootstrap, then zip it with a tool that keeps modes");
        return LEAT_STATUS(CONFIG);
    }
    return LEAT_OK;
}

static leat_status unpack(const char *spec, struct leat_guest_package *package, struct leat_error *reterr)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_error error = {0};
    struct leat_zip zip;
    leat_str bytes;
    leat_arena_init(&arena, 0);
    LEAT_TRY(leat_file_read(&arena, spec, &bytes, reterr));
    leat_status status = leat_zip_read(&arena, bytes, LEAT_ZIP_UNZIPPED_MAX, &zip, &error);
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "%s: %s", spec, error.message);
    LEAT_TRY(check_bootstrap(&zip, spec, reterr));
    LEAT_TRY(make_folder(package, reterr));
    status = leat_zip_extract(&zip, package->folder, &error);
    return leat_is_ok(status) ? status : leat_error_set(reterr, status, "%s: %s", spec, error.message);
}

static leat_status open_archive(const char *spec, struct leat_guest_package *package, struct leat_error *reterr)
{
    LEAT_TRY(unpack(spec, package, reterr));
    package->command[0] = leat_arena_printf(&package->arena, "%s/bootstrap", package->folder).ptr;
    return LEAT_OK;
}

/* --- a program, a command line ---------------------------------------------------------------------------- */

static leat_status open_program(const char *spec, struct leat_guest_package *package, struct leat_error *reterr)
{
    if (access(spec, X_OK) != 0) {
        (void)fail(reterr, spec, "no zip archive, and not executable");
        leat_error_fix(reterr, "chmod +x %s", spec);
        return LEAT_STATUS(CONFIG);
    }
    package->command[0] = resolve(&package->arena, spec);
    leat_str path = leat_str_c(package->command[0]);
    while (path.len > 1 && path.ptr[path.len - 1] != '/')
        path.len--;
    path.len -= path.len > 1 ? 1 : 0;
    package->folder = leat_arena_copy(&package->arena, path).ptr;
    return LEAT_OK;
}

static leat_status open_command(const char *spec, struct leat_guest_package *package)
{
    package->command[0] = "/bin/sh";
    package->command[1] = "-c";
    package->command[2] = leat_arena_printf(&package->arena, "exec %s", spec).ptr;
    package->folder = resolve(&package->arena, ".");
    return LEAT_OK;
}

static bool is_archive(const char *spec)
{
    char start[4] = "";
    int fd LEAT_CLEANUP(close_fd) = open(spec, O_RDONLY | O_CLOEXEC);
    if (leat_str_ends(leat_str_c(spec), LEAT_STR(".zip")))
        return true;
    return fd >= 0 && read(fd, start, sizeof(start)) == (ssize_t)sizeof(start) && memcmp(start, "PK\3\4", 4) == 0;
}

leat_status leat_guest_package_open(const char *spec, struct leat_guest_package *ret, struct leat_error *reterr)
{
    struct stat info;
    *ret = (struct leat_guest_package){0};
    leat_arena_init(&ret->arena, 0);
    ret->name = name_of(&ret->arena, spec);
    bool there = stat(spec, &info) == 0;
    if (there && !S_ISREG(info.st_mode))
        return fail(reterr, spec, "--bootstrap wants a program, an archive or a command line");
    if (there)
        LEAT_TRY(is_archive(spec) ? open_archive(spec, ret, reterr) : open_program(spec, ret, reterr));
    else if (strpbrk(spec, " \t\n") != NULL)
        LEAT_TRY(open_command(spec, ret));
    else
        return fail(reterr, spec, strerror(ENOENT));
    return ret->folder != NULL && !ret->arena.overflow ? LEAT_OK : no_memory(reterr);
}

void leat_guest_package_close(struct leat_guest_package *package)
{
    if (package->unpacked != NULL)
        leat_zip_remove_folder(package->unpacked);
    leat_free(package->unpacked);
    leat_arena_fini(&package->arena);
    *package = (struct leat_guest_package){0};
}
