/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that share a spool. Each has a folder of its own in cur/, and holds a lock on it as long as it lives: a
 * folder whose lock can be had is a dead worker's.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOIN_TRIES = 100, FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static bool is_there(int folder, int cur, const char *name)
{
    struct stat mine, there;
    return fstat(folder, &mine) == 0 && fstatat(cur, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_ino == there.st_ino;
}

/* Another worker may take a new folder for a dead one's, until it is locked. */
static bool make_own(struct leat_spool *spool)
{
    int cur = spool->folders.at[LEAT_SPOOL_CUR];
    uint32_t chance = 0;
    if (getrandom(&chance, sizeof(chance), 0) < 0)
        return false;
    snprintf(spool->id, sizeof(spool->id), "%d-%08x", (int)getpid(), chance);
    if (mkdirat(cur, spool->id, 0700) != 0 && errno != EEXIST)
        return false;
    int own = openat(cur, spool->id, FOLDER_FLAGS);
    if (own >= 0 && flock(own, LOCK_EX | LOCK_NB) == 0 && is_there(own, cur, spool->id)) {
        spool->own = own;
        spool->generation++;
        return true;
    }
    int error = errno;
    if (own >= 0)
        close(own);
    errno = error == ENOENT || error == EWOULDBLOCK ? EAGAIN : error;
    return false;
}

leat_status leat_spool_join(struct leat_spool *spool, struct leat_error *reterr)
{
    if (spool->own >= 0 && is_there(spool->own, spool->folders.at[LEAT_SPOOL_CUR], spool->id))
        return LEAT_OK;
    if (spool->own >= 0)
        close(spool->own);
    spool->own = -1;
    errno = EAGAIN;
    for (int tries = 0; tries < JOIN_TRIES && errno == EAGAIN; tries++)
        if (make_own(spool))
            return LEAT_OK;
    int error = errno;
    leat_status status = leat_error_set(reterr, LEAT_STATUS(IO), "spool %.*s/cur/%s: %s", LEAT_ARG(spool->options.path),
                                        spool->id, strerror(error));
    leat_error_fix(reterr, "%s", leat_spool_advice(error));
    errno = error;
    return status;
}

/* All that lies in `folder` goes back under its name. Returns how many; -1: not all. */
static int give_back(const struct leat_spool *spool, int folder)
{
    int copy = openat(folder, ".", FOLDER_FLAGS), moved = 0, error = 0;
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    if (list == NULL) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(list)) != NULL && error == 0;) {
        struct leat_spool_name as;
        char name[LEAT_SPOOL_NAME_SIZE];
        if (entry->d_name[0] == '.')
            continue;
        leat_spool_name_read(leat_str_c(entry->d_name), &as);
        error = leat_spool_move(folder, entry->d_name, spool->folders.at[LEAT_SPOOL_NEW], &as, name);
        moved += error == 0 ? 1 : 0;
        error = error == ENOENT ? 0 : error;
    }
    closedir(list);
    return error == 0 ? moved : -1;
}

void leat_spool_leave(struct leat_spool *spool)
{
    if (spool->own < 0)
        return;
    if (give_back(spool, spool->own) >= 0)
        (void)unlinkat(spool->folders.at[LEAT_SPOOL_CUR], spool->id, AT_REMOVEDIR);
    close(spool->own);
    spool->own = -1;
}

static bool is_empty(int folder)
{
    DIR *list = fdopendir(folder); /* takes it */
    bool empty = true;
    for (const struct dirent *entry; list != NULL && empty && (entry = readdir(list)) != NULL;)
        empty = entry->d_name[0] == '.';
    if (list != NULL)
        closedir(list);
    else
        close(folder);
    return empty;
}

/* True: it lives, and has claims. */
static bool visit(const struct leat_spool *spool, const char *id)
{
    int cur = spool->folders.at[LEAT_SPOOL_CUR], folder = openat(cur, id, FOLDER_FLAGS);
    if (folder < 0)
        return false; /* no folder; or it has left */
    if (flock(folder, LOCK_EX | LOCK_NB) != 0)
        return !is_empty(folder);
    int moved = give_back(spool, folder);
    if (moved >= 0)
        (void)unlinkat(cur, id, AT_REMOVEDIR);
    if (moved > 0)
        leat_spool_log(spool, LEAT_WARN, "took back %d files of worker %s, which ended without finishing them", moved,
                       id);
    close(folder);
    return moved < 0;
}

bool leat_spool_take_over(struct leat_spool *spool)
{
    int cur = openat(spool->folders.at[LEAT_SPOOL_CUR], ".", FOLDER_FLAGS);
    DIR *list = cur >= 0 ? fdopendir(cur) : NULL;
    bool others = false;
    if (list == NULL) {
        if (cur >= 0)
            close(cur);
        return true; /* nobody knows */
    }
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, spool->id) != 0)
            others = visit(spool, entry->d_name) || others;
    closedir(list);
    return others;
}
