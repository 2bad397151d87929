/* SPDX-License-Identifier: Apache-2.0 */
#include <lambda/logs.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOG_FD "_LAMBDA_TELEMETRY_LOG_FD"
#define LOG_SOCKET "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"

static const char *const variables[] = {"AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "AWS_LAMBDA_MAX_CONCURRENCY",
                                        LOG_FD, LOG_SOCKET};
static int ends[2], frames[2];
static struct leat_logger logger;

static void setup(void)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(pipe(frames), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(frames[0], F_SETFL, O_NONBLOCK);
    leat_logger_init(&logger);
    logger.fd = ends[1]; /* in the place of stderr */
}

static void teardown(void)
{
    leat_logger_fini(&logger);
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(frames[i]);
    }
}

TestSuite(lambda_logs, .init = setup, .fini = teardown);

static const char *read_from(int fd)
{
    static char text[4096];
    ssize_t len = read(fd, text, sizeof(text) - 1);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static enum leat_log_format format_for(const char *name, bool given)
{
    if (name != NULL)
        setenv("AWS_LAMBDA_LOG_FORMAT", name, true);
    logger.format = LEAT_LOG_TEXT;
    leat_lambda_logs(&logger, false, given);
    return logger.format;
}

Test(lambda_logs, format_is_text_unless_json_is_asked_for)
{
    cr_expect_eq(format_for(NULL, false), LEAT_LOG_LAMBDA);
    cr_expect_eq(format_for("Text", false), LEAT_LOG_LAMBDA);
    cr_expect_eq(format_for("", false), LEAT_LOG_LAMBDA);
    cr_expect_eq(format_for("JSON", false), LEAT_LOG_JSON);
    cr_expect_eq(format_for("json", false), LEAT_LOG_JSON);
    cr_expect_str_eq(read_from(ends[0]), "");
    cr_expect_eq(logger.fd, ends[1]);
    cr_expect_not(logger.framed);
}

Test(lambda_logs, a_format_nobody_knows_is_text_and_a_warning)
{
    cr_expect_eq(format_for("xml\n", false), LEAT_LOG_LAMBDA);
    const char *line = read_from(ends[0]);
    cr_expect_not_null(strstr(line, "\tWARN\tAWS_LAMBDA_LOG_FORMAT=xml is neither JSON nor Text"), "%s", line);
    cr_expect_eq(format_for("xml", true), LEAT_LOG_TEXT);
    cr_expect_str_eq(read_from(ends[0]), "", "nobody looked at it");
}

Test(lambda_logs, managed_instances_write_json)
{
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", "1", true);
    cr_expect_eq(format_for("Text", false), LEAT_LOG_LAMBDA);
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", "many", true);
    cr_expect_eq(format_for("Text", false), LEAT_LOG_LAMBDA);
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", "10", true);
    cr_expect_eq(format_for("Text", false), LEAT_LOG_JSON);
    cr_expect_eq(format_for("Text", true), LEAT_LOG_TEXT, "the user's own word");
}

Test(lambda_logs, level_is_lambdas_unless_the_user_gave_one)
{
    leat_lambda_logs(&logger, false, false);
    cr_expect_eq(logger.level, LEAT_INFO, "not set: as it was");
    setenv("AWS_LAMBDA_LOG_LEVEL", "FATAL", true);
    leat_lambda_logs(&logger, true, false);
    cr_expect_eq(logger.level, LEAT_INFO);
    leat_lambda_logs(&logger, false, false);
    cr_expect_eq(logger.level, LEAT_FATAL);
    setenv("AWS_LAMBDA_LOG_LEVEL", "trace", true);
    leat_lambda_logs(&logger, false, false);
    cr_expect_eq(logger.level, LEAT_TRACE);
    cr_expect_str_eq(read_from(ends[0]), "");
    setenv("AWS_LAMBDA_LOG_LEVEL", "LOUD", true);
    leat_lambda_logs(&logger, false, false);
    cr_expect_eq(logger.level, LEAT_TRACE);
    const char *line = read_from(ends[0]);
    cr_expect_not_null(strstr(line, "AWS_LAMBDA_LOG_LEVEL=LOUD is no level: trace it is\n"), "%s", line);
}

static void name_fd(int fd)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", fd);
    setenv(LOG_FD, number, true);
}

Test(lambda_logs, frames_go_to_the_descriptor_that_lambda_names)
{
    name_fd(frames[1]);
    setenv(LOG_SOCKET, "/nowhere", true);
    leat_lambda_logs(&logger, false, false);
    cr_expect_eq(logger.fd, frames[1]);
    cr_expect(logger.framed);
    cr_expect_eq(fcntl(frames[1], F_GETFD), FD_CLOEXEC);
    cr_expect_null(getenv(LOG_FD));
    cr_expect_null(getenv(LOG_SOCKET));
    leat_logger_write(&logger, LEAT_INFO, NULL, "hello");
    const char *frame = read_from(frames[0]);
    cr_expect_arr_eq(frame, "\xa5\x5a\x00\x0f\x00\x00\x00", 7);
    cr_expect_str_eq(frame + 16 + strlen("2024-05-02T18:51:44.007Z"), "\t\tINFO\thello");
    cr_expect_str_eq(read_from(ends[0]), "");
}

static void expect_unusable(const char *name, const char *value)
{
    setenv(name, value, true);
    leat_lambda_logs(&logger, false, false);
    cr_expect_eq(logger.fd, ends[1], "%s", value);
    cr_expect_not(logger.framed);
    cr_expect_null(getenv(name));
    const char *line = read_from(ends[0]);
    char wanted[256];
    snprintf(wanted, sizeof(wanted), "WARN\t%s=%.100s", name, value);
    cr_expect_not_null(strstr(line, wanted), "%s", line);
    cr_expect_not_null(strstr(line, " cannot be used for logs: "), "%s", line);
}

Test(lambda_logs, a_descriptor_that_is_none_is_a_warning)
{
    static const char *const bad[] = {"x", "-1", "3x", "99999999999999999999", "2147483648"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_unusable(LOG_FD, bad[i]);
    char number[16];
    snprintf(number, sizeof(number), "%d", frames[0]);
    expect_unusable(LOG_FD, number); /* the end that reads */
    close(frames[1]);
    snprintf(number, sizeof(number), "%d", frames[1]);
    expect_unusable(LOG_FD, number);
    frames[1] = -1;
}

/* --- the socket of managed instances ------------------------------------------------------------------- */

static char folder[] = "/tmp/leat-logs-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int listen_in_folder(int backlog)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/logs", folder);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(listener, backlog), 0);
    return listener;
}

static void remove_folder(int listener)
{
    close(listener);
    unlink(address.sun_path);
    rmdir(folder);
}

Test(lambda_logs, frames_go_to_the_socket_that_lambda_names)
{
    int listener = listen_in_folder(1);
    setenv(LOG_SOCKET, address.sun_path, true);
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", "2", true);
    leat_lambda_logs(&logger, false, false);
    cr_expect(logger.framed);
    cr_expect_neq(logger.fd, ends[1]);
    cr_expect_eq(fcntl(logger.fd, F_GETFD), FD_CLOEXEC);
    cr_expect_null(getenv(LOG_SOCKET));
    int peer = accept(listener, NULL, NULL);
    cr_assert_geq(peer, 0);
    leat_logger_write(&logger, LEAT_ERROR, NULL, "hello");
    const char *frame = read_from(peer);
    cr_expect_arr_eq(frame, "\xa5\x5a\x00\x16\x00\x00\x00", 7);
    cr_expect_not_null(strstr(frame + 16, "\"level\":\"ERROR\",\"message\":\"hello\"}"));
    /* A peer that goes away costs lines, not the process. */
    close(peer);
    leat_logger_write(&logger, LEAT_ERROR, NULL, "lost");
    cr_expect_eq(logger.dropped, 1);
    close(logger.fd);
    remove_folder(listener);
}

Test(lambda_logs, a_socket_that_is_none_is_a_warning)
{
    char deep[200] = "/";
    memset(deep + 1, 'd', sizeof(deep) - 2);
    expect_unusable(LOG_SOCKET, "/nowhere/at/all");
    expect_unusable(LOG_SOCKET, deep);
}

Test(lambda_logs, a_socket_where_nobody_accepts_is_given_up)
{
    int listener = listen_in_folder(0), waiting = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(connect(waiting, (const struct sockaddr *)&address, sizeof(address)), 0);
    expect_unusable(LOG_SOCKET, address.sun_path);
    close(waiting);
    remove_folder(listener);
}

Test(lambda_logs, a_descriptor_that_cannot_be_used_gives_way_to_the_socket)
{
    int listener = listen_in_folder(1);
    setenv(LOG_FD, "none", true);
    setenv(LOG_SOCKET, address.sun_path, true);
    leat_lambda_logs(&logger, false, false);
    cr_expect(logger.framed);
    cr_expect_not_null(strstr(read_from(ends[0]), LOG_FD "=none cannot be used"));
    close(logger.fd);
    remove_folder(listener);
}
