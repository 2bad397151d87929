/* SPDX-License-Identifier: Apache-2.0 */
#include "logs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LOG_FD "_LAMBDA_TELEMETRY_LOG_FD"
#define LOG_SOCKET "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"

static leat_str variable(const char *name)
{
    return leat_str_trim(leat_str_c(getenv(name)));
}

static bool on_managed_instances(void)
{
    int64_t slots;
    return leat_str_int64(variable("AWS_LAMBDA_MAX_CONCURRENCY"), &slots) && slots > 1;
}

/* False: it is neither. */
static bool choose_format(struct leat_logger *logger, leat_str name)
{
    bool json = leat_str_eq_nocase(name, LEAT_STR("json")) || on_managed_instances();
    logger->format = json ? LEAT_LOG_JSON : LEAT_LOG_LAMBDA;
    return json || leat_str_empty(name) || leat_str_eq_nocase(name, LEAT_STR("text"));
}

/* --- where to ------------------------------------------------------------------------------------------ */

/* NULL, or why frames cannot be written to it. */
static const char *take_fd(leat_str number, int *retfd)
{
    int64_t fd;
    if (!leat_str_int64(number, &fd) || fd < 0 || fd > INT_MAX)
        return "it is no descriptor";
    int flags = fcntl((int)fd, F_GETFL);
    if (flags < 0 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
        return strerror(errno);
    if ((flags & O_ACCMODE) == O_RDONLY)
        return "it cannot be written";
    *retfd = (int)fd;
    return NULL;
}

static const char *connect_socket(leat_str path, int *retfd)
{
    /* Also bounds the wait for a peer that does not accept. */
    const struct timeval patience = {.tv_usec = LEAT_LOG_WAIT_MS * 1000};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path.len >= sizeof(address.sun_path))
        return "the path is too long";
    memcpy(address.sun_path, path.ptr, path.len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return strerror(errno);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        int error = errno;
        close(fd);
        return strerror(error);
    }
    *retfd = fd;
    return NULL;
}

/* True: frames go there. */
static bool choose_descriptor(struct leat_logger *logger, const char *name, const char *(*open_it)(leat_str, int *))
{
    leat_str value = variable(name);
    if (leat_str_empty(value))
        return false;
    const char *bad = open_it(value, &logger->fd);
    logger->framed = bad == NULL;
    if (bad != NULL)
        leat_logger_write(logger, LEAT_WARN, NULL, "%s=%.*s cannot be used for logs: %s", name, LEAT_ARG(value), bad);
    return bad == NULL;
}

void leat_lambda_logs(struct leat_logger *logger, bool level_given, bool format_given)
{
    leat_str format = variable("AWS_LAMBDA_LOG_FORMAT"), level = variable("AWS_LAMBDA_LOG_LEVEL");
    bool format_known = format_given || choose_format(logger, format);
    bool level_known = level_given || leat_str_empty(level) || leat_log_level_parse(level, &logger->level);
    if (!choose_descriptor(logger, LOG_FD, take_fd))
        (void)choose_descriptor(logger, LOG_SOCKET, connect_socket);
    unsetenv(LOG_FD);
    unsetenv(LOG_SOCKET);
    if (!format_known)
        leat_logger_write(logger, LEAT_WARN, NULL, "AWS_LAMBDA_LOG_FORMAT=%.*s is neither JSON nor Text: text it is",
                          LEAT_ARG(format));
    if (!level_known)
        leat_logger_write(logger, LEAT_WARN, NULL, "AWS_LAMBDA_LOG_LEVEL=%.*s is no level: %s it is", LEAT_ARG(level),
                          leat_log_level_name(logger->level));
}
