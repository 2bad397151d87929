/* SPDX-License-Identifier: Apache-2.0 */
#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC, COPIES_MAX = 100 };

const char *const leat_spool_folder_names[LEAT_SPOOL_FOLDERS] = {"tmp", "new", "cur", "failed", "done"};

const char *leat_spool_advice(int error)
{
    switch (error) {
    case EACCES:
    case EPERM: return "let the user that runs this read, write and enter it";
    case ENOENT:
    case ENOTDIR: return "make the folder";
    case ENOSPC:
    case EDQUOT: return "free some space";
    case EFBIG: return "raise the limit of file sizes (ulimit -f, LimitFSIZE=)";
    case ENOMEM: return "give it more memory (ulimit -v, MemoryMax=)";
    case EROFS: return "mount the file system for writing";
    case EMFILE: return "raise the limit of open files (ulimit -n, LimitNOFILE=)";
    case ENFILE: return "raise fs.file-max";
    case EIO: return "look at the disk (dmesg)";
    case ELOOP: return "make it a folder of its own, not a link";
    default: return "";
    }
}

/* --- open and closed ------------------------------------------------------------------------------------- */

void leat_spool_folders_init(struct leat_spool_folders *folders)
{
    folders->root = -1;
    for (int i = 0; i < LEAT_SPOOL_FOLDERS; i++)
        folders->at[i] = -1;
}

void leat_spool_folders_close(struct leat_spool_folders *folders)
{
    for (int i = 0; i < LEAT_SPOOL_FOLDERS; i++)
        if (folders->at[i] >= 0)
            close(folders->at[i]);
    if (folders->root >= 0)
        close(folders->root);
    leat_spool_folders_init(folders);
}

static int open_or_make(int parent, const char *path, int flags, bool make)
{
    int fd = openat(parent, path, FOLDER_FLAGS | flags);
    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    if (mkdirat(parent, path, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(parent, path, FOLDER_FLAGS | flags);
}

static leat_status refuse(struct leat_spool_folders *folders, const char *path, const char *name,
                          struct leat_error *reterr)
{
    int error = errno;
    leat_spool_folders_close(folders);
    leat_status status = leat_error_set(reterr, LEAT_STATUS(IO), "spool %s%s%s: %s", path, name[0] != '\0' ? "/" : "",
                                        name, strerror(error));
    leat_error_fix(reterr, "%s", leat_spool_advice(error));
    errno = error;
    return status;
}

static bool copy_path(char out[PATH_MAX], leat_str path)
{
    if (path.len == 0 || path.len >= PATH_MAX || memchr(path.ptr, '\0', path.len) != NULL)
        return false;
    memcpy(out, path.ptr, path.len);
    out[path.len] = '\0';
    return true;
}

leat_status leat_spool_folders_open(struct leat_spool_folders *folders, leat_str path, unsigned which, bool make,
                                    struct leat_error *reterr)
{
    char root[PATH_MAX];
    errno = EINVAL;
    if (!copy_path(root, path))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "spool: path is empty or too long");
    folders->root = open_or_make(AT_FDCWD, root, 0, make);
    if (folders->root < 0)
        return refuse(folders, root, "", reterr);
    for (int i = 0; i < LEAT_SPOOL_FOLDERS; i++) {
        if ((which & 1u << i) == 0)
            continue;
        folders->at[i] = open_or_make(folders->root, leat_spool_folder_names[i], O_NOFOLLOW, true);
        if (folders->at[i] < 0)
            return refuse(folders, root, leat_spool_folder_names[i], reterr);
    }
    return LEAT_OK;
}

static bool is_same(int fd, int parent, const char *path, int flags)
{
    struct stat open_one, there;
    return fstat(fd, &open_one) == 0 && fstatat(parent, path, &there, flags) == 0 && open_one.st_ino == there.st_ino &&
           open_one.st_dev == there.st_dev;
}

bool leat_spool_folders_there(const struct leat_spool_folders *folders, leat_str path)
{
    char root[PATH_MAX];
    if (folders->root < 0 || !copy_path(root, path) || !is_same(folders->root, AT_FDCWD, root, 0))
        return false;
    for (int i = 0; i < LEAT_SPOOL_FOLDERS; i++)
        if (folders->at[i] >= 0 &&
            !is_same(folders->at[i], folders->root, leat_spool_folder_names[i], AT_SYMLINK_NOFOLLOW))
            return false;
    return true;
}

/* --- moving -------------------------------------------------------------------------------------------------- */

/* For file systems that cannot refuse to overwrite: a second name, then the first one goes. */
static int move_by_link(int from, const char *name, int to, const char *as)
{
    struct stat there;
    if (linkat(from, name, to, as, 0) == 0) {
        if (unlinkat(from, name, 0) == 0)
            return 0;
        int error = errno;
        unlinkat(to, as, 0); /* ENOENT: another worker was faster */
        return error;
    }
    if (errno == EEXIST || errno == ENOENT)
        return errno;
    if (fstatat(to, as, &there, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return renameat(from, name, to, as) == 0 ? 0 : errno;
}

static int move_to(int from, const char *name, int to, const char *as)
{
    if (renameat2(from, name, to, as, RENAME_NOREPLACE) == 0)
        return 0;
    bool unknown = errno == EINVAL || errno == ENOSYS;
    return unknown ? move_by_link(from, name, to, as) : errno;
}

int leat_spool_move(int from, const char *name, int to, const struct leat_spool_name *as,
                    char retname[LEAT_SPOOL_NAME_SIZE])
{
    int error = EEXIST;
    for (uint32_t tries = 0; tries < 2 * COPIES_MAX && error == EEXIST; tries++) {
        uint32_t copy = tries;
        if (tries >= COPIES_MAX && getrandom(&copy, sizeof(copy), GRND_NONBLOCK) < 0)
            return errno; /* with so many of one name counting on would take too long */
        leat_spool_name_write(retname, as, copy);
        error = move_to(from, name, to, retname);
    }
    return error;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static bool write_all(int fd, leat_str text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.ptr, text.len);
        if (written < 0 && errno != EINTR)
            return false;
        text = leat_str_skip(text, written > 0 ? (size_t)written : 0);
    }
    return true;
}

/* What root puts there is for those whose folder it is. */
static bool give_to_owner(int folder, int fd)
{
    struct stat owner;
    return geteuid() != 0 || (fstat(folder, &owner) == 0 && fchown(fd, owner.st_uid, owner.st_gid) == 0);
}

int leat_spool_write(int folder, const char *name, leat_str text)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int error = give_to_owner(folder, fd) && write_all(fd, text) && fsync(fd) == 0 ? 0 : errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error != 0)
        unlinkat(folder, name, 0);
    return error;
}
