/* SPDX-License-Identifier: Apache-2.0 */
/* How the source hears of new files: inotify. Without it, which a limit may forbid, it looks once a second. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READS_A_TURN = 16, POLL_MS = 1000 };

/* A folder that is removed tells nobody of itself while we have it open; the one that it was in does. */
#define GONE (IN_DELETE_SELF | IN_MOVE_SELF)
#define GONE_FROM (IN_DELETE | IN_MOVED_FROM)

static bool is_folder_gone(const struct leat_spool *spool, const struct inotify_event *event)
{
    if ((event->mask & (GONE | IN_UNMOUNT)) != 0)
        return true;
    if (event->wd != spool->root_watch || (event->mask & GONE_FROM) == 0 || event->len == 0)
        return false;
    for (int i = 0; i < LEAT_SPOOL_FOLDERS; i++)
        if (spool->folders.at[i] >= 0 && strcmp(event->name, leat_spool_folder_names[i]) == 0)
            return true;
    return false;
}

/* Something made in new/: what is still being written is heard of again when it is closed. */
static bool is_whole(const struct leat_spool *spool, const struct inotify_event *event)
{
    struct stat made;
    if ((event->mask & IN_CREATE) == 0)
        return true;
    return fstatat(spool->folders.at[LEAT_SPOOL_NEW], event->name, &made, AT_SYMLINK_NOFOLLOW) == 0 &&
           (!S_ISREG(made.st_mode) || made.st_nlink > 1);
}

static void hear(struct leat_spool *spool, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        leat_spool_rescan(spool);
    else if (is_folder_gone(spool, event))
        leat_spool_trouble(spool, "a folder of it was moved or removed", ENOENT);
    else if (event->wd == spool->new_watch && event->len > 0 && is_whole(spool, event))
        leat_spool_seen(spool, leat_str_c(event->name));
}

static void on_notice(void *argument, short what)
{
    struct leat_spool *spool = argument;
    union {
        char bytes[16384];
        struct inotify_event aligned;
    } buffer;
    (void)what;
    for (int reads = 0; reads < READS_A_TURN && spool->notice >= 0; reads++) {
        ssize_t got = read(spool->notice, buffer.bytes, sizeof(buffer.bytes));
        if (got <= 0)
            break;
        for (const char *at = buffer.bytes; at < buffer.bytes + got;) {
            const struct inotify_event *event = (const void *)at;
            at += sizeof(*event) + event->len;
            hear(spool, event);
        }
    }
    leat_spool_go_on(spool);
}

static int watch_folder(int notice, leat_str path, const char *name, uint32_t mask)
{
    char full[PATH_MAX + 8];
    snprintf(full, sizeof(full), "%.*s%s", LEAT_ARG(path), name);
    return inotify_add_watch(notice, full, mask | IN_ONLYDIR);
}

static bool open_notice(struct leat_spool *spool)
{
    leat_str path = spool->options.path;
    spool->notice = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (spool->notice < 0)
        return false;
    spool->root_watch = watch_folder(spool->notice, path, "", GONE | GONE_FROM);
    spool->new_watch = watch_folder(spool->notice, path, "/new", IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | GONE);
    if (spool->root_watch < 0 || spool->new_watch < 0)
        return false;
    spool->watch = leat_loop_watch(spool->loop, spool->notice, LEAT_READABLE, on_notice, spool);
    errno = spool->watch != NULL ? errno : ENOMEM;
    return spool->watch != NULL;
}

void leat_spool_notice_open(struct leat_spool *spool)
{
    if (open_notice(spool))
        return;
    int error = errno;
    leat_spool_notice_close(spool);
    if (!spool->polls)
        leat_spool_log(spool, LEAT_WARN,
                       "no inotify (%s): it looks for new files once a second; raise fs.inotify.max_user_%s",
                       strerror(error), error == ENOSPC ? "watches" : "instances");
    spool->polls = true;
    leat_timer_set(spool->poll, POLL_MS);
}

void leat_spool_notice_close(struct leat_spool *spool)
{
    leat_watch_free(spool->watch);
    spool->watch = NULL;
    if (spool->notice >= 0)
        close(spool->notice);
    spool->notice = -1;
}
