/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include "zip_read.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* IO: *retwhy says why. */
static leat_status read_open(struct leat_arena *arena, int fd, leat_str *ret, int *retwhy)
{
    struct stat info = {0};
    *retwhy = fd < 0 || fstat(fd, &info) != 0 ? errno : 0;
    if (*retwhy != 0)
        return LEAT_STATUS(IO);
    *retwhy = S_ISDIR(info.st_mode) ? EISDIR : !S_ISREG(info.st_mode) ? EINVAL : 0;
    if (*retwhy != 0)
        return LEAT_STATUS(IO);
    if ((uint64_t)info.st_size > LEAT_ZIP_UNZIPPED_MAX)
        return LEAT_STATUS(TOO_BIG);
    char *bytes = leat_arena_alloc(arena, (size_t)info.st_size + 1);
    size_t len = 0;
    while (bytes != NULL && len < (size_t)info.st_size) {
        ssize_t count = read(fd, bytes + len, (size_t)info.st_size - len);
        *retwhy = count < 0 && errno != EINTR ? errno : 0;
        if (*retwhy != 0)
            return LEAT_STATUS(IO);
        if (count == 0)
            break; /* it has become shorter */
        len += count > 0 ? (size_t)count : 0;
    }
    if (bytes == NULL)
        return leat_arena_status(arena);
    bytes[len] = '\0';
    *ret = leat_str_of(bytes, len);
    return LEAT_OK;
}

leat_status leat_file_read(struct leat_arena *arena, const char *path, leat_str *ret, struct leat_error *reterr)
{
    int why = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe would wait for its writer */
    leat_status status = read_open(arena, fd, ret, &why);
    if (fd >= 0)
        (void)close(fd);
    if (status.code == LEAT_E_IO)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: %s", path,
                              why == EINVAL ? "not a regular file" : strerror(why));
    if (status.code == LEAT_E_TOO_BIG)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: larger than a function may be", path);
    return leat_is_ok(status) ? status : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

bool leat_file_write(int fd, leat_str bytes)
{
    while (bytes.len > 0) {
        ssize_t count = write(fd, bytes.ptr, bytes.len);
        if (count < 0 && errno != EINTR)
            return false;
        bytes = leat_str_skip(bytes, count > 0 ? (size_t)count : 0);
    }
    return true;
}

char *leat_file_folder(const char *purpose)
{
    const char *parent = getenv("TMPDIR");
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/leat-%s-XXXXXX", parent != NULL && parent[0] != '\0' ? parent : "/tmp",
                       purpose);
    if (len < 0 || len >= (int)sizeof(path))
        errno = ENAMETOOLONG;
    if (len < 0 || len >= (int)sizeof(path) || mkdtemp(path) == NULL)
        return NULL;
    char *folder = leat_strdup(path);
    if (folder == NULL)
        (void)rmdir(path);
    return folder;
}
