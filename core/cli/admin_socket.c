/* SPDX-License-Identifier: Apache-2.0 */
/* Where the admin socket comes from: the life before, or a new one in the place of one that is dead. */
#include "admin.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static leat_status read_path(leat_str listen_on, char *path, struct leat_error *reterr)
{
    leat_str prefix = LEAT_STR("unix:"), rest = leat_str_skip(listen_on, prefix.len);
    bool fits = leat_str_starts(listen_on, prefix) && rest.len > 0 && rest.len < LEAT_ADMIN_PATH_MAX;
    if (!fits || memchr(rest.ptr, '\0', rest.len) != NULL || rest.ptr[0] == '@') {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "admin.listen wants unix:PATH, not \"%.*s\"",
                             LEAT_ARG(listen_on));
        leat_error_fix(reterr, "unix:/run/leat/admin.sock, a path of at most %d bytes", LEAT_ADMIN_PATH_MAX - 1);
        return LEAT_STATUS(CONFIG);
    }
    memcpy(path, rest.ptr, rest.len);
    path[rest.len] = '\0';
    return LEAT_OK;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    return address;
}

/* Is it a listening socket, and of which path? False: it is none of ours. */
static bool is_listening(int fd, struct sockaddr_un *retaddress)
{
    int listening = 0;
    socklen_t size = sizeof(listening), len = sizeof(*retaddress);
    *retaddress = (struct sockaddr_un){0};
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0 &&
           getsockname(fd, (struct sockaddr *)retaddress, &len) == 0 && retaddress->sun_family == AF_UNIX;
}

void leat_admin_forget(int kept)
{
    struct sockaddr_un bound;
    if (kept < 0 || !is_listening(kept, &bound))
        return; /* somebody else's descriptor */
    if (bound.sun_path[0] != '\0')
        (void)unlink(bound.sun_path);
    close(kept);
}

/* The socket of the life before, if it is still the one that is wanted; else it goes. */
static bool take_over(int kept, const char *path)
{
    struct sockaddr_un bound;
    bool same = kept >= 0 && is_listening(kept, &bound) && strncmp(bound.sun_path, path, sizeof(bound.sun_path)) == 0 &&
                access(path, F_OK) == 0;
    if (!same)
        leat_admin_forget(kept);
    return same && fcntl(kept, F_SETFD, FD_CLOEXEC) == 0 && fcntl(kept, F_SETFL, O_NONBLOCK) == 0;
}

static leat_status fail(const char *path, int why, struct leat_error *reterr)
{
    return leat_error_set(reterr, LEAT_STATUS(IO), "admin.listen: %s: %s", path, strerror(why));
}

/* Away with what a process left that did not end well; nothing else is ever removed. */
static leat_status remove_dead(const char *path, struct leat_error *reterr)
{
    struct stat found;
    struct sockaddr_un address = address_of(path);
    if (lstat(path, &found) != 0)
        return errno == ENOENT ? LEAT_OK : fail(path, errno, reterr);
    if (!S_ISSOCK(found.st_mode))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "admin.listen: %s is there, and no socket", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(path, errno, reterr);
    int why = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    close(fd);
    if (why == 0 || why == EAGAIN)
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "admin.listen: another process listens on %s", path);
    if (why != ECONNREFUSED)
        return fail(path, why, reterr);
    return unlink(path) == 0 || errno == ENOENT ? LEAT_OK : fail(path, errno, reterr);
}

leat_status leat_admin_listen(leat_str listen_on, int kept, int *retfd, char *path, struct leat_error *reterr)
{
    LEAT_TRY(read_path(listen_on, path, reterr));
    if (take_over(kept, path)) {
        *retfd = kept;
        return LEAT_OK;
    }
    LEAT_TRY(remove_dead(path, reterr));
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(path, errno, reterr);
    /* The mode of the descriptor becomes that of the file: there is no moment at which others could connect. */
    if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, LEAT_ADMIN_CONNECTIONS) != 0) {
        int why = errno;
        close(fd);
        return fail(path, why, reterr);
    }
    *retfd = fd;
    return LEAT_OK;
}
