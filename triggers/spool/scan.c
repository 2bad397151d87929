/* SPDX-License-Identifier: Apache-2.0 */
/* Reading new/, a part at a time: at the start, when more waits than is remembered, and when notices were lost. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { NAMES_A_TURN = 8192 };

void leat_spool_scan_end(struct leat_spool *spool)
{
    if (spool->scan != NULL)
        closedir(spool->scan);
    spool->scan = NULL;
}

void leat_spool_seen(struct leat_spool *spool, leat_str name)
{
    struct leat_spool_now now = leat_spool_now();
    if (name.len == 0 || name.ptr[0] == '.' || spool->stopping)
        return;
    if (!leat_spool_waiting_add(&spool->waiting, name, &now))
        spool->waiting.more = true; /* no memory: it is read again */
    leat_spool_go_on(spool);
}

static void begin(struct leat_spool *spool)
{
    leat_spool_scan_end(spool);
    if (leat_spool_take_over(spool))
        leat_spool_check(spool);
    int fd = openat(spool->folders.at[LEAT_SPOOL_NEW], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    spool->scan = fd >= 0 ? fdopendir(fd) : NULL;
    if (spool->scan != NULL) {
        leat_spool_waiting_begin(&spool->waiting);
        return;
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    leat_spool_trouble(spool, "new/ cannot be read", error);
}

void leat_spool_rescan(struct leat_spool *spool)
{
    if (spool->troubled || spool->stopping)
        return;
    begin(spool);
    leat_spool_go_on(spool);
}

/* A part of it, so that nothing else waits long. */
void leat_spool_scan_on(struct leat_spool *spool)
{
    struct leat_spool_now now = leat_spool_now();
    const struct dirent *entry = NULL;
    int error = 0;
    for (int names = 0; names < NAMES_A_TURN && error == 0; names++) {
        errno = 0;
        entry = readdir(spool->scan);
        if (entry == NULL) {
            error = errno;
            break;
        }
        if (entry->d_name[0] != '.' && !leat_spool_waiting_add(&spool->waiting, leat_str_c(entry->d_name), &now))
            error = ENOMEM;
    }
    if (error == 0 && entry != NULL)
        return;
    leat_spool_scan_end(spool);
    leat_spool_waiting_end(&spool->waiting);
    if (error != 0)
        leat_spool_trouble(spool, "new/ cannot be read", error);
    else if (spool->waiting.count == 0)
        leat_spool_fine(spool);
}
