/* SPDX-License-Identifier: Apache-2.0 */
/* From a name in new/ to a delivery: claimed, looked at, read. What cannot be a payload goes to failed/. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_of_file(int error)
{
    return error == EACCES || error == EPERM || error == ELOOP || error == ENXIO || error == ENAMETOOLONG ||
           error == EXDEV || error == EBUSY || error == EINVAL || error == ENODEV || error == ENOTDIR ||
           error == EOVERFLOW;
}

/* --- what is wrong with it ----------------------------------------------------------------------------------- */

static void reject(struct leat_spool *spool, struct leat_spool_claim *claim, const char *why, const char *fix)
{
    leat_spool_log(spool, LEAT_ERROR, "%s: %s: it goes to failed/; %s", claim->base, why, fix);
    leat_spool_claim_end(spool, claim, LEAT_SPOOL_REJECTED);
}

static void fail(struct leat_spool *spool, struct leat_spool_claim *claim, const char *what, int error)
{
    if (is_of_file(error)) {
        reject(spool, claim, strerror(error),
               error == EACCES || error == EPERM ? "let the worker's user read it, and move it back into new/"
                                                 : "mend it, and move it back into new/");
        return;
    }
    leat_spool_claim_end(spool, claim, LEAT_SPOOL_GIVEN_BACK);
    if (error != ENOENT) /* else it was removed, as was said */
        leat_spool_trouble(spool, what, error);
}

static const char *kind_of(mode_t mode)
{
    return S_ISLNK(mode)    ? "it is a symbolic link"
           : S_ISDIR(mode)  ? "it is a folder"
           : S_ISFIFO(mode) ? "it is a pipe"
           : S_ISSOCK(mode) ? "it is a socket"
                            : "it is a device";
}

/* --- reading -------------------------------------------------------------------------------------------------- */

/* 0 or an errno; EFBIG: more than a delivery may hold. */
static int read_open(int fd, struct leat_arena *arena, off_t size, leat_str *rettext)
{
    size_t room = (size_t)size, len = 0;
    char *text = leat_arena_alloc(arena, room);
    if (text == NULL)
        return arena->over_cap ? EFBIG : ENOMEM;
    while (len < room) {
        ssize_t got = read(fd, text + len, room - len);
        if (got < 0 && errno != EINTR)
            return errno;
        if (got == 0)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    *rettext = leat_str_of(text, len);
    return 0;
}

static int read_file(const struct leat_spool *spool, const struct leat_spool_claim *claim, struct leat_arena *arena,
                     off_t size, leat_str *rettext)
{
    int fd = openat(spool->own, claim->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = read_open(fd, arena, size, rettext);
    close(fd);
    return error;
}

static void deliver(struct leat_spool *spool, struct leat_spool_claim *claim, struct leat_delivery *delivery,
                    const struct stat *info)
{
    struct leat_arena *arena = leat_delivery_arena(delivery);
    leat_str text = LEAT_ABSENT;
    struct leat_unit given = {
        .name = leat_arena_copy(arena, claim->as.base),
        .attempts = claim->as.tries + 1,
        .position = spool->taken,
        .since_ms = (int64_t)info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000,
        .token = claim,
        .bytes = (size_t)info->st_size,
    };
    bool too_big = (uintmax_t)info->st_size > leat_max_payload(spool->source);
    int error = too_big ? EFBIG : read_file(spool, claim, arena, info->st_size, &text);
    leat_status status = error == 0 ? leat_delivery_file(delivery, text, &given) : LEAT_OK;
    if (error == 0 && leat_is_ok(status)) {
        spool->taken++;
        spool->units--;
        spool->bytes -= spool->bytes < text.len ? spool->bytes : text.len;
        leat_deliver(delivery);
        return;
    }
    leat_delivery_drop(delivery);
    if (error == EFBIG || status.code == LEAT_E_TOO_BIG)
        reject(spool, claim, "it is larger than the limit allows",
               "split it, or raise limits.payload or limits.memory, and move it back into new/");
    else
        fail(spool, claim, "a file cannot be read", error != 0 ? error : ENOMEM);
}

static void look(struct leat_spool *spool, struct leat_spool_claim *claim)
{
    struct stat info;
    if (fstatat(spool->own, claim->name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        fail(spool, claim, "a file cannot be read", errno);
        return;
    }
    if (!S_ISREG(info.st_mode)) {
        reject(spool, claim, kind_of(info.st_mode), "only plain files are payloads");
        return;
    }
    struct leat_delivery *delivery = leat_delivery_new(spool->source);
    if (delivery == NULL)
        fail(spool, claim, "a file cannot be read", ENOMEM);
    else
        deliver(spool, claim, delivery, &info);
}

/* --- claiming ------------------------------------------------------------------------------------------------- */

/* It is still there, but cannot be claimed. */
static bool is_left(const struct leat_spool *spool, const struct leat_spool_entry *entry)
{
    struct stat there;
    return fstatat(spool->folders.at[LEAT_SPOOL_NEW], entry->name, &there, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_folder_closed(const struct leat_spool *spool)
{
    return faccessat(spool->folders.at[LEAT_SPOOL_NEW], ".", W_OK | X_OK, AT_EACCESS) != 0 ||
           faccessat(spool->own, ".", W_OK | X_OK, AT_EACCESS) != 0;
}

bool leat_spool_take(struct leat_spool *spool, struct leat_spool_entry *entry)
{
    struct leat_spool_claim *claim = NULL;
    int error = leat_spool_claim(spool, entry, &claim);
    if (error == 0) {
        look(spool, claim);
        return true;
    }
    if (error == ENOENT && !is_left(spool, entry)) {
        leat_spool_check(spool); /* another worker has it */
        return true;
    }
    if (is_of_file(error) && !is_folder_closed(spool)) {
        leat_spool_log(spool, LEAT_ERROR, "%s cannot be moved out of new/, and stays there: %s", entry->name,
                       strerror(error));
        return true;
    }
    leat_spool_trouble(spool, "new files cannot be taken", error);
    return false;
}
