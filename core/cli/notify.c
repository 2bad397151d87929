/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <leat/str.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_MAX 2048

/* A path, or with @ in front an abstract name. 0: there is no socket that we could reach. */
static socklen_t read_address(struct sockaddr_un *retaddress)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t len = name != NULL ? strlen(name) : 0;
    if (len < 2 || (name[0] != '/' && name[0] != '@') || len >= sizeof(retaddress->sun_path))
        return 0;
    *retaddress = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(retaddress->sun_path, name, len);
    if (name[0] == '@')
        retaddress->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len); /* an abstract name ends where its length says */
}

void leat_notify(const char *format, ...)
{
    struct sockaddr_un address;
    char text[TEXT_MAX];
    va_list args;
    socklen_t len = read_address(&address);
    int fd = len > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    if (fd < 0)
        return;
    va_start(args, format);
    int size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t sent = size < 0 ? 0 : (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1;
    (void)sendto(fd, text, sent, MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
    close(fd);
}

int64_t leat_notify_watchdog_us(void)
{
    int64_t us, pid;
    const char *own = getenv("WATCHDOG_PID");
    if (!leat_str_int64(leat_str_c(getenv("WATCHDOG_USEC")), &us) || us <= 0)
        return 0;
    if (own != NULL && (!leat_str_int64(leat_str_c(own), &pid) || pid != getpid()))
        return 0; /* another process is waited for */
    return us;
}
