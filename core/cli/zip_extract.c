/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders first, links last: nothing is ever written through a link of the archive. */
#include "files.h"
#include "zip_read.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FOLDERS 16

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static leat_status fail(const struct leat_zip_entry *entry, struct leat_error *reterr)
{
    const char *why = strerror(errno);
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "cannot unpack %.*s: %s", LEAT_ARG(entry->name), why);
}

/* The folders that the first `len` bytes of a name stand for. What is no folder makes what follows fail. */
static bool make_folders(int root, const char *name, size_t len)
{
    char path[4096];
    if (len >= sizeof(path))
        return false;
    memcpy(path, name, len);
    for (size_t i = 1; i <= len; i++) {
        if (i < len && name[i] != '/')
            continue;
        path[i] = '\0';
        if (mkdirat(root, path, 0755) != 0 && errno != EEXIST)
            return false;
        path[i] = '/';
    }
    return true;
}

static bool make_parents(int root, const struct leat_zip_entry *entry)
{
    const char *slash = strrchr(entry->name.ptr, '/');
    return slash == NULL || make_folders(root, entry->name.ptr, (size_t)(slash - entry->name.ptr));
}

static bool write_piece(void *argument, leat_str piece)
{
    const int *fd = argument;
    return leat_file_write(*fd, piece);
}

static leat_status extract_file(int root, const struct leat_zip_entry *entry, struct leat_error *reterr)
{
    int fd LEAT_CLEANUP(close_fd) = -1;
    if (!make_parents(root, entry))
        return fail(entry, reterr);
    fd = openat(root, entry->name.ptr, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(entry, reterr);
    leat_status status = leat_zip_unpack(entry, write_piece, &fd, reterr);
    if (status.code == LEAT_E_IO)
        return fail(entry, reterr);
    return leat_is_ok(status) && fchmod(fd, entry->mode) != 0 ? fail(entry, reterr) : status;
}

/* What is in it must be removable, so the owner may always write there. */
static leat_status extract_folder(int root, const struct leat_zip_entry *entry, struct leat_error *reterr)
{
    struct stat info;
    if (!make_folders(root, entry->name.ptr, entry->name.len) ||
        fstatat(root, entry->name.ptr, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return fail(entry, reterr);
    errno = ENOTDIR;
    if (!S_ISDIR(info.st_mode) || fchmodat(root, entry->name.ptr, entry->mode | 0700u, 0) != 0)
        return fail(entry, reterr);
    return LEAT_OK;
}

static leat_status extract_link(int root, const struct leat_zip_entry *entry, struct leat_error *reterr)
{
    if (symlinkat(entry->target.ptr, root, entry->name.ptr) != 0)
        return fail(entry, reterr);
    return LEAT_OK;
}

leat_status leat_zip_extract(const struct leat_zip *zip, const char *folder, struct leat_error *reterr)
{
    int root LEAT_CLEANUP(close_fd) = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "cannot open %s: %s", folder, strerror(errno));
    for (uint32_t i = 0; i < zip->count; i++) {
        const struct leat_zip_entry *entry = &zip->entries[i];
        if (entry->type == LEAT_ZIP_FILE)
            LEAT_TRY(extract_file(root, entry, reterr));
        else if (entry->type == LEAT_ZIP_FOLDER)
            LEAT_TRY(extract_folder(root, entry, reterr));
        else if (!make_parents(root, entry))
            return fail(entry, reterr);
    }
    for (uint32_t i = 0; i < zip->count; i++)
        if (zip->entries[i].type == LEAT_ZIP_LINK)
            LEAT_TRY(extract_link(root, &zip->entries[i], reterr));
    return LEAT_OK;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    (void)remove(path);
    return 0;
}

void leat_zip_remove_folder(const char *folder)
{
    (void)nftw(folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}
