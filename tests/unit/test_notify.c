/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64], path[96];
static int fd = -1;

static void start(void)
{
    snprintf(folder, sizeof(folder), "/tmp/leat-notify-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/n", folder);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void end(void)
{
    close(fd);
    (void)unlink(path);
    (void)rmdir(folder);
}

TestSuite(notify, .timeout = 60, .init = start, .fini = end);

static void listen_on(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static const char *heard(void)
{
    static char text[4096];
    ssize_t len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

Test(notify, lines_come_as_one_datagram)
{
    listen_on(path);
    leat_notify("READY=1\nSTATUS=%d sources", 2);
    leat_notify("STOPPING=1");
    cr_assert_str_eq(heard(), "READY=1\nSTATUS=2 sources");
    cr_assert_str_eq(heard(), "STOPPING=1");
    cr_assert_str_eq(heard(), "");
}

Test(notify, an_abstract_name_is_found)
{
    char name[64];
    snprintf(name, sizeof(name), "@leat-notify-%d", (int)getpid());
    listen_on(name);
    leat_notify("WATCHDOG=1");
    cr_assert_str_eq(heard(), "WATCHDOG=1");
}

Test(notify, a_supervisor_that_is_not_there_or_does_not_read_changes_nothing)
{
    static const char *const names[] = {"", "x", "@", "/nonexistent/n", "vsock:1:2"};
    unsetenv("NOTIFY_SOCKET");
    leat_notify("READY=1");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        leat_notify("READY=1");
    }
    listen_on(path);
    for (int i = 0; i < 2000; i++)
        leat_notify("STATUS=%d", i); /* far more than its queue holds */
    cr_assert_str_eq(heard(), "STATUS=0");
}

Test(notify, a_long_line_is_cut)
{
    char text[5000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    listen_on(path);
    leat_notify("STATUS=%s", text);
    cr_assert_eq(strlen(heard()), 2047u);
}

Test(notify, the_watchdog_is_for_the_process_it_names)
{
    char own[32], other[32];
    snprintf(own, sizeof(own), "%d", (int)getpid());
    snprintf(other, sizeof(other), "%d", (int)getppid());
    unsetenv("WATCHDOG_PID");
    cr_assert_eq(leat_notify_watchdog_us(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    cr_assert_eq(leat_notify_watchdog_us(), 30000000);
    setenv("WATCHDOG_PID", own, 1);
    cr_assert_eq(leat_notify_watchdog_us(), 30000000);
    setenv("WATCHDOG_PID", other, 1);
    cr_assert_eq(leat_notify_watchdog_us(), 0);
    setenv("WATCHDOG_PID", own, 1);
    setenv("WATCHDOG_USEC", "soon", 1);
    cr_assert_eq(leat_notify_watchdog_us(), 0);
}
