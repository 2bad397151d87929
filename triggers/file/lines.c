/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <leat/clock.h>
#include <leat/json.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_LOOK_MS 5
#define OPEN_WAIT_MS 5000
#define PIECES_MAX 512 /* of one write; less than IOV_MAX */
#define TAIL_STEP ((off_t)4096)

typedef char path_buffer[LEAT_LINES_PATH_MAX + 16];

/* --- failures -------------------------------------------------------------------------------------------------- */

static bool is_away(int why)
{
    return why == ENOENT || why == ENOTDIR || why == EACCES || why == EPERM || why == EROFS || why == EMFILE ||
           why == ENFILE || why == ELOOP;
}

static const char *advice(int why)
{
    switch (why) {
    case ENOSPC:
    case EDQUOT: return "make room on that disk";
    case EFBIG: return "raise the limit of file sizes (ulimit -f, LimitFSIZE=), or lower max_size";
    case EROFS:
    case EACCES:
    case EPERM: return "the worker must be able to write there: see the folder's owner and mode, or ReadWritePaths=";
    case EMFILE:
    case ENFILE: return "raise the limit of open files (ulimit -n, LimitNOFILE=)";
    case ELOOP: return "it is a symbolic link: name the file that it leads to";
    default: return NULL;
    }
}

static leat_status failed(const char *what, const char *path, int why, struct leat_error *reterr)
{
    leat_status status = is_away(why) ? LEAT_STATUS(AWAY) : LEAT_STATUS(IO);
    (void)leat_error_set(reterr, status, "cannot %s %s: %s", what, path, strerror(why));
    if (advice(why) != NULL)
        leat_error_fix(reterr, "%s", advice(why));
    return status;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* --- folders --------------------------------------------------------------------------------------------------- */

/* All folders above the file that are not there. */
static leat_status make_folders(const char *path, struct leat_error *reterr)
{
    path_buffer folder;
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
        int why = mkdir(folder, 0700) == 0 ? 0 : errno;
        if (why != 0 && why != EEXIST && access(folder, X_OK) != 0)
            return failed("make the folder", folder, why, reterr);
    }
    return LEAT_OK;
}

static void folder_of(const char *path, path_buffer *ret)
{
    const char *slash = strrchr(path, '/');
    snprintf(*ret, sizeof(*ret), "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1, slash != NULL ? path : ".");
}

leat_status leat_lines_sync_folder(const char *path, struct leat_error *reterr)
{
    path_buffer folder;
    folder_of(path, &folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed("open the folder", folder, errno, reterr);
    int why = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    /* Some file systems have nothing to sync there. */
    return why == 0 || why == EINVAL ? LEAT_OK : failed("sync the folder", folder, why, reterr);
}

/* What root makes is the folder's owner's: the worker, who is not root, is to open it later. */
static void give_to_owner(int fd, const char *path)
{
    path_buffer folder;
    struct stat about;
    folder_of(path, &folder);
    if (geteuid() == 0 && stat(folder, &about) == 0 && about.st_uid != 0)
        (void)!fchown(fd, about.st_uid, about.st_gid);
}

/* --- the lock -------------------------------------------------------------------------------------------------- */

static leat_status open_lock(struct leat_lines *lines, const char *path, struct leat_error *reterr)
{
    LEAT_TRY(make_folders(lines->options.path, reterr));
    bool fresh = access(path, F_OK) != 0;
    lines->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (lines->lock < 0)
        return failed("open", path, errno, reterr);
    if (fresh)
        give_to_owner(lines->lock, path);
    return LEAT_OK;
}

/* Is it still the file of that name? */
static bool is_same(int fd, const char *path)
{
    struct stat ours, theirs;
    return fstat(fd, &ours) == 0 && lstat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

static leat_status wait_for_lock(struct leat_lines *lines, const char *path, int64_t limit_us,
                                 struct leat_error *reterr)
{
    while (flock(lines->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return failed("lock", path, errno, reterr);
        if (leat_clock_us(&leat_clock_system) >= limit_us)
            return leat_error_set(reterr, LEAT_STATUS(AWAY), "cannot write %s: another process holds %s",
                                  lines->options.path, path);
        (void)poll(NULL, 0, LOCK_LOOK_MS);
    }
    return LEAT_OK;
}

/* A lock file that was removed locks nobody out: then it is the new one's turn. */
leat_status leat_lines_lock(struct leat_lines *lines, int64_t wait_ms, struct leat_error *reterr)
{
    path_buffer path;
    int64_t limit_us = leat_clock_us(&leat_clock_system) + wait_ms * 1000;
    snprintf(path, sizeof(path), "%s.lock", lines->options.path);
    for (;;) {
        if (lines->lock < 0)
            LEAT_TRY(open_lock(lines, path, reterr));
        LEAT_TRY(wait_for_lock(lines, path, limit_us, reterr));
        if (is_same(lines->lock, path))
            return LEAT_OK;
        shut(&lines->lock);
    }
}

void leat_lines_unlock(struct leat_lines *lines)
{
    if (lines->lock >= 0)
        (void)flock(lines->lock, LOCK_UN);
}

/* --- the last line --------------------------------------------------------------------------------------------- */

/* Where it begins, looked for from the end. */
static bool find_tail(int fd, off_t size, off_t *retstart)
{
    char bytes[TAIL_STEP];
    for (off_t end = size; end > 0;) {
        off_t start = end > TAIL_STEP ? end - TAIL_STEP : 0;
        if (pread(fd, bytes, (size_t)(end - start), start) != (ssize_t)(end - start))
            return false;
        const char *newline = memrchr(bytes, '\n', (size_t)(end - start));
        *retstart = newline != NULL ? start + (newline - bytes) + 1 : start;
        if (newline != NULL)
            return true;
        end = start;
    }
    return true;
}

static bool write_all(int fd, leat_str text)
{
    while (text.len > 0) {
        ssize_t count = write(fd, text.ptr, text.len);
        if (count < 0 && errno != EINTR)
            return false;
        text = leat_str_skip(text, count > 0 ? (size_t)count : 0);
    }
    return true;
}

/* What was cut off may be somebody's: it is kept beside the file. */
static leat_status keep_torn(struct leat_lines *lines, leat_str tail, struct leat_error *reterr)
{
    path_buffer path;
    snprintf(path, sizeof(path), "%s.torn", lines->options.path);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return failed("open", path, errno, reterr);
    bool good = write_all(fd, tail) && write_all(fd, LEAT_STR("\n")) && fsync(fd) == 0;
    int why = good ? 0 : errno;
    (void)close(fd);
    return good ? LEAT_OK : failed("write", path, why, reterr);
}

static leat_status mend_tail(struct leat_lines *lines, off_t start, leat_str tail, struct leat_error *reterr)
{
    const char *path = lines->options.path;
    if (leat_json_valid(tail)) {
        if (!write_all(lines->fd, LEAT_STR("\n")))
            return failed("write", path, errno, reterr);
        lines->completed++;
        return LEAT_OK;
    }
    LEAT_TRY(keep_torn(lines, tail, reterr));
    if (ftruncate(lines->fd, start) != 0)
        return failed("cut", path, errno, reterr);
    lines->torn++;
    return LEAT_OK;
}

/* Who was killed while it wrote left a line without its newline. */
static leat_status mend(struct leat_lines *lines, off_t size, struct leat_error *reterr)
{
    char last;
    off_t start = size;
    struct leat_arena arena;
    const char *path = lines->options.path;
    if (size == 0 || (pread(lines->fd, &last, 1, size - 1) == 1 && last == '\n'))
        return LEAT_OK;
    if (!find_tail(lines->fd, size, &start))
        return failed("read", path, errno, reterr);
    leat_arena_init(&arena, 0);
    char *bytes = leat_arena_alloc(&arena, (size_t)(size - start));
    leat_status status = LEAT_STATUS(NO_MEMORY);
    if (bytes == NULL)
        (void)leat_error_set(reterr, status, "out of memory");
    else if (pread(lines->fd, bytes, (size_t)(size - start), start) != (ssize_t)(size - start))
        status = failed("read", path, errno, reterr);
    else
        status = mend_tail(lines, start, leat_str_of(bytes, (size_t)(size - start)), reterr);
    leat_arena_fini(&arena);
    return status;
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static leat_status open_file(struct leat_lines *lines, struct leat_error *reterr)
{
    const char *path = lines->options.path;
    struct stat about;
    LEAT_TRY(make_folders(path, reterr));
    bool fresh = access(path, F_OK) != 0;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return failed("open", path, errno, reterr);
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        (void)close(fd);
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "%s is no regular file", path);
    }
    shut(&lines->fd);
    lines->fd = fd;
    if (fresh)
        give_to_owner(fd, path);
    lines->unsynced = lines->unsynced || (fresh && lines->options.sync);
    return LEAT_OK;
}

/* Until that is done nothing counts as kept, however often it fails. */
static leat_status sync_name(struct leat_lines *lines, struct leat_error *reterr)
{
    if (!lines->unsynced)
        return LEAT_OK;
    LEAT_TRY(leat_lines_sync_folder(lines->options.path, reterr));
    lines->unsynced = false;
    return LEAT_OK;
}

/* Another may have rotated or rewritten it, or somebody removed it. The descriptor that is there is kept as long as it
 * is the right one: none may be left for a new one. */
static leat_status refresh(struct leat_lines *lines, off_t *retsize, struct leat_error *reterr)
{
    struct stat about;
    if (lines->fd < 0 || !is_same(lines->fd, lines->options.path))
        LEAT_TRY(open_file(lines, reterr));
    LEAT_TRY(sync_name(lines, reterr));
    if (fstat(lines->fd, &about) != 0)
        return failed("look at", lines->options.path, errno, reterr);
    LEAT_TRY(mend(lines, about.st_size, reterr));
    if (fstat(lines->fd, &about) != 0)
        return failed("look at", lines->options.path, errno, reterr);
    *retsize = about.st_size;
    return LEAT_OK;
}

leat_status leat_lines_open(struct leat_lines *lines, const struct leat_lines_options *options,
                            struct leat_error *reterr)
{
    off_t size;
    *lines = (struct leat_lines){.options = *options, .fd = -1, .lock = -1};
    if (strlen(options->path) > LEAT_LINES_PATH_MAX || options->path[0] == '\0')
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "the path of the file is %s",
                              options->path[0] == '\0' ? "empty" : "too long");
    LEAT_TRY(leat_lines_lock(lines, OPEN_WAIT_MS, reterr));
    leat_status status = refresh(lines, &size, reterr);
    leat_lines_unlock(lines);
    return status;
}

void leat_lines_close(struct leat_lines *lines)
{
    shut(&lines->fd);
    shut(&lines->lock);
}

/* --- rotation -------------------------------------------------------------------------------------------------- */

/* PATH.n becomes PATH.n+1; number 0 is PATH. One that is missing is no matter: a rotation may have been cut short. */
static leat_status move_on(const char *path, uint32_t n, struct leat_error *reterr)
{
    path_buffer from, to;
    snprintf(to, sizeof(to), "%s.%u", path, n + 1);
    if (n == 0)
        snprintf(from, sizeof(from), "%s", path);
    else
        snprintf(from, sizeof(from), "%s.%u", path, n);
    return rename(from, to) == 0 || errno == ENOENT ? LEAT_OK : failed("rotate", from, errno, reterr);
}

static leat_status rotate(struct leat_lines *lines, struct leat_error *reterr)
{
    path_buffer oldest;
    const char *path = lines->options.path;
    snprintf(oldest, sizeof(oldest), "%s.%u", path, lines->options.keep);
    lines->dropped += access(oldest, F_OK) == 0 ? 1 : 0; /* the next one moves over it */
    for (uint32_t n = lines->options.keep; n > 0; n--)
        LEAT_TRY(move_on(path, n - 1, reterr));
    lines->rotated++;
    lines->unsynced = lines->options.sync;
    LEAT_TRY(open_file(lines, reterr));
    return sync_name(lines, reterr);
}

/* --- appending ------------------------------------------------------------------------------------------------- */

static size_t length_of(const struct iovec *pieces, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].iov_len;
    return len;
}

/* Takes what was written off the pieces: a write may end anywhere. */
static void advance(struct iovec **pieces, size_t *count, size_t written)
{
    while (*count > 0 && written >= (*pieces)->iov_len) {
        written -= (*pieces)->iov_len;
        ++*pieces;
        --*count;
    }
    if (*count > 0) {
        (*pieces)->iov_base = (char *)(*pieces)->iov_base + written;
        (*pieces)->iov_len -= written;
    }
}

static leat_status write_pieces(struct leat_lines *lines, struct iovec *pieces, size_t count, struct leat_error *reterr)
{
    while (count > 0) {
        ssize_t written = writev(lines->fd, pieces, (int)(count < PIECES_MAX ? count : PIECES_MAX));
        if (written < 0 && errno != EINTR)
            return failed("write", lines->options.path, errno, reterr);
        advance(&pieces, &count, written > 0 ? (size_t)written : 0);
    }
    if (lines->options.sync && fdatasync(lines->fd) != 0)
        return failed("sync", lines->options.path, errno, reterr);
    return LEAT_OK;
}

static leat_status append_locked(struct leat_lines *lines, struct iovec *pieces, size_t count,
                                 struct leat_error *reterr)
{
    off_t size = 0;
    size_t limit = lines->options.max_size;
    LEAT_TRY(refresh(lines, &size, reterr));
    if (limit != 0 && size > 0 && (size_t)size + length_of(pieces, count) > limit) {
        LEAT_TRY(rotate(lines, reterr));
        size = 0;
    }
    leat_status status = write_pieces(lines, pieces, count, reterr);
    if (leat_is_ok(status) || ftruncate(lines->fd, size) == 0)
        return status;
    shut(&lines->fd); /* whoever opens it next mends it */
    return status;
}

leat_status leat_lines_append(struct leat_lines *lines, struct iovec *pieces, size_t count, int64_t wait_ms,
                              struct leat_error *reterr)
{
    LEAT_TRY(leat_lines_lock(lines, wait_ms, reterr));
    leat_status status = append_locked(lines, pieces, count, reterr);
    leat_lines_unlock(lines);
    return status;
}
