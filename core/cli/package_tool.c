/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that help: strip on copies, dpkg-query for whose file it is. Each is found by PATH and runs without a shell.
 */
#include "files.h"
#include "package.h"

#include "zip_read.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX ((size_t)1 << 20) /* of what a program says */

/* --- running ---------------------------------------------------------------------------------------------- */

/* The environment in the language of the machine: what is said is read here. */
static char **plain_environment(struct leat_arena *arena)
{
    static char plain[] = "LC_ALL=C";
    size_t count = 0, kept = 1;
    while (environ[count] != NULL)
        count++;
    char **copy = LEAT_NEW_N(arena, char *, count + 2);
    for (size_t i = 0; i < count && copy != NULL; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            copy[kept++] = environ[i];
    if (copy != NULL)
        copy[0] = plain;
    return copy;
}

static int spawn(struct leat_arena *arena, const char *const *argv, int out, pid_t *retpid)
{
    posix_spawn_file_actions_t files;
    char **environment = plain_environment(arena);
    if (environment == NULL || posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    int why = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (why == 0)
        why = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (why == 0)
        why = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (why == 0)
        why = posix_spawnp(retpid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environment);
    (void)posix_spawn_file_actions_destroy(&files);
    return why;
}

/* To its end, also of what there is no room for: nobody shall wait for a reader. */
static leat_str read_all(struct leat_arena *arena, int fd)
{
    struct leat_buf buf;
    char piece[4096];
    leat_buf_init(&buf, arena);
    for (;;) {
        ssize_t count = read(fd, piece, sizeof(piece));
        if (count == 0 || (count < 0 && errno != EINTR))
            return leat_buf_str(&buf);
        if (count > 0 && buf.len < SAID_MAX)
            leat_buf_add(&buf, leat_str_of(piece, (size_t)count));
    }
}

int leat_package_run(struct leat_arena *arena, const char *const *argv, leat_str *retsaid)
{
    int ends[2], status = 0;
    pid_t pid;
    *retsaid = LEAT_ABSENT;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    int why = spawn(arena, argv, ends[1], &pid);
    (void)close(ends[1]);
    if (why == 0)
        *retsaid = read_all(arena, ends[0]);
    (void)close(ends[0]);
    if (why != 0)
        return -1;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- strip ------------------------------------------------------------------------------------------------ */

static bool write_file(const char *path, leat_str content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && leat_file_write(fd, content);
    return fd >= 0 && close(fd) == 0 && written;
}

/* What may be called strip, the best first. */
static void strippers(unsigned machine, const char *names[3])
{
    const char *own = getenv("STRIP");
    size_t count = 0;
    memset(names, 0, 3 * sizeof(*names));
    if (own != NULL && own[0] != '\0')
        names[count++] = own;
    else {
        names[count++] = leat_package_tool_prefix(machine, "strip");
        names[count] = machine == LEAT_PACKAGE_OWN_MACHINE ? "strip" : NULL;
    }
}

/* A copy, stripped in place. Absent: nothing there does it. */
static leat_str strip_in(struct leat_arena *arena, const char *folder, const struct leat_package_item *item)
{
    const char *path = leat_arena_printf(arena, "%s/file", folder).ptr, *names[3];
    leat_str said, content = LEAT_ABSENT;
    if (path == NULL)
        return LEAT_ABSENT;
    strippers(item->elf.machine, names);
    for (size_t i = 0; i < 3 && names[i] != NULL; i++) {
        const char *argv[] = {names[i], "--strip-unneeded", path, NULL};
        (void)unlink(path);
        if (write_file(path, item->content) && leat_package_run(arena, argv, &said) == 0)
            return leat_is_ok(leat_file_read(arena, path, &content, NULL)) ? content : LEAT_ABSENT;
    }
    return LEAT_ABSENT;
}

void leat_package_strip(struct leat_arena *arena, struct leat_package_item *item)
{
    char *folder LEAT_CLEANUP(leat_freep) = leat_file_folder("package");
    if (folder == NULL)
        return;
    leat_str stripped = strip_in(arena, folder, item);
    leat_zip_remove_folder(folder);
    if (stripped.len == 0)
        return;
    item->content = stripped;
    item->stripped = true;
}

/* --- dpkg ------------------------------------------------------------------------------------------------- */

/* Patterns mean something else than themselves there. */
static bool is_plain_path(const char *path)
{
    return path[0] == '/' && strpbrk(path, "*?[\\") == NULL;
}

static bool same_file(const char *path, leat_str listed)
{
    return leat_str_is(listed, path) || (strncmp(path, "/usr/", 5) == 0 && leat_str_is(listed, path + 4));
}

/* "libcjson1:amd64: /usr/lib/x86_64-linux-gnu/libcjson.so.1.7.15" */
static void take_owner(struct leat_package *package, leat_str line)
{
    leat_str mark = leat_str_find(line, LEAT_STR(": "));
    if (mark.ptr == NULL || leat_str_starts(line, LEAT_STR("diversion ")))
        return;
    leat_str owners = leat_str_of(line.ptr, (size_t)(mark.ptr - line.ptr)), file = leat_str_skip(line, owners.len + 2);
    for (struct leat_package_item *item = package->first; item != NULL; item = item->next)
        if (item->real != NULL && item->owner.ptr == NULL && same_file(item->real, file))
            item->owner = leat_arena_copy(&package->arena, leat_str_cut(&owners, ','));
}

static void find_owners(struct leat_package *package)
{
    const char **argv = LEAT_NEW_N(&package->arena, const char *, 2 * package->count + 4);
    size_t count = 0;
    leat_str said;
    if (argv == NULL)
        return;
    argv[count++] = "dpkg-query";
    argv[count++] = "-S";
    argv[count++] = "--";
    for (const struct leat_package_item *item = package->first; item != NULL; item = item->next) {
        if (item->real == NULL || !is_plain_path(item->real))
            continue;
        argv[count++] = item->real;
        if (strncmp(item->real, "/usr/", 5) == 0) /* some packages list files where they lay before /usr was merged */
            argv[count++] = item->real + 4;
    }
    if (count == 3 || leat_package_run(&package->arena, argv, &said) < 0)
        return; /* 1: some of them are nobody's */
    while (said.len > 0)
        take_owner(package, leat_str_cut(&said, '\n'));
}

leat_str leat_package_installed(struct leat_arena *arena, leat_str name)
{
    const char *copy = leat_arena_copy(arena, name).ptr;
    const char *argv[] = {"dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", "--", copy, NULL};
    leat_str said;
    if (copy == NULL || !is_plain_path(leat_arena_printf(arena, "/%s", copy).ptr) ||
        leat_package_run(arena, argv, &said) != 0 || !leat_str_starts(said, LEAT_STR("installed ")))
        return LEAT_ABSENT;
    return leat_str_trim(leat_str_skip(said, strlen("installed ")));
}

void leat_package_find_owners(struct leat_package *package)
{
    find_owners(package);
    for (struct leat_package_item *item = package->first; item != NULL; item = item->next) {
        for (const struct leat_package_item *other = package->first; other != item && item->owner.ptr != NULL;
             other = other->next)
            if (leat_str_eq(other->owner, item->owner))
                item->version = other->version;
        if (item->owner.ptr != NULL && item->version.ptr == NULL)
            item->version = leat_package_installed(&package->arena, item->owner);
    }
}

bool leat_package_is_older(struct leat_arena *arena, leat_str version, leat_str than)
{
    const char *argv[] = {
        "dpkg", "--compare-versions", leat_arena_copy(arena, version).ptr, "lt", leat_arena_copy(arena, than).ptr,
        NULL};
    leat_str said;
    return argv[2] != NULL && argv[4] != NULL && leat_package_run(arena, argv, &said) == 0;
}
