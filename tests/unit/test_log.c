/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/log.h>

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int ends[2];
static struct leat_logger logger;

static int64_t frozen_wall_ms(void *argument)
{
    (void)argument;
    return 1714675904007;
}

static const struct leat_clock frozen = {.monotonic_us = frozen_wall_ms, .wall_ms = frozen_wall_ms};

static void setup(void)
{
    cr_assert_eq(pipe(ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    leat_logger_init(&logger);
    cr_assert_eq(logger.fd, STDERR_FILENO);
    logger.fd = ends[1];
    logger.clock = &frozen;
}

static void teardown(void)
{
    leat_logger_fini(&logger);
    close(ends[0]);
    close(ends[1]);
}

TestSuite(log, .init = setup, .fini = teardown);

/* What was written since the last call. */
static leat_str written_bytes(void)
{
    static char text[1 << 17];
    size_t len = 0;
    for (ssize_t count; len < sizeof(text) - 1 && (count = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0;)
        len += (size_t)count;
    text[len] = '\0';
    return leat_str_of(text, len);
}

static const char *written(void)
{
    return written_bytes().ptr;
}

static uint64_t big_endian(const char *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

/* Takes one frame off *bytes. */
static void expect_frame(leat_str *bytes, uint32_t type, leat_str text)
{
    cr_assert_geq(bytes->len, 16);
    cr_expect_eq(big_endian(bytes->ptr, 4), type, "%x", (unsigned)big_endian(bytes->ptr, 4));
    size_t len = big_endian(bytes->ptr + 4, 4);
    cr_expect_eq(big_endian(bytes->ptr + 8, 8), 1714675904007000);
    cr_assert_leq(len, bytes->len - 16);
    cr_expect(leat_str_eq(leat_str_of(bytes->ptr + 16, len), text), "%.*s", (int)len, bytes->ptr + 16);
    *bytes = leat_str_skip(*bytes, 16 + len);
}

#define TEXT(text)             \
    {                          \
        text, sizeof(text) - 1 \
    }

static const struct leat_log_fields bound = {
    .request = TEXT("r-1"), .event = TEXT("e-1"), .source = TEXT("aws:sqs"), .handler = TEXT("orders")};

Test(log, text_lines_name_level_handler_and_event)
{
    leat_logger_write(&logger, LEAT_INFO, NULL, "%d orders", 3);
    cr_expect_str_eq(written(), "info: 3 orders\n");
    leat_logger_write(&logger, LEAT_ERROR, &bound, "away");
    cr_expect_str_eq(written(), "error: orders e-1: away\n");
    struct leat_log_fields handler = {.handler = LEAT_STR("orders")};
    leat_logger_write(&logger, LEAT_WARN, &handler, "slow");
    cr_expect_str_eq(written(), "warn: orders: slow\n");
}

Test(log, json_lines_are_one_object_with_what_is_known)
{
    logger.format = LEAT_LOG_JSON;
    leat_logger_write(&logger, LEAT_WARN, &bound, "say \"%s\"", "hi");
    cr_expect_str_eq(written(), "{\"timestamp\":\"2024-05-02T18:51:44.007Z\",\"level\":\"WARN\","
                                "\"message\":\"say \\\"hi\\\"\",\"requestId\":\"r-1\","
                                "\"event\":\"e-1\",\"source\":\"aws:sqs\",\"handler\":\"orders\"}\n");
    struct leat_log_fields fields = {.request = LEAT_STR("r-1"),
                                     .tenant = LEAT_STR("blue"),
                                     .trace = LEAT_STR("Root=1-5"),
                                     .error_type = LEAT_STR("Function.Retry")};
    leat_logger_write(&logger, LEAT_FATAL, &fields, "gone");
    cr_expect_str_eq(written(), "{\"timestamp\":\"2024-05-02T18:51:44.007Z\",\"level\":\"FATAL\",\"message\":\"gone\","
                                "\"requestId\":\"r-1\",\"tenantId\":\"blue\",\"traceId\":\"Root=1-5\","
                                "\"errorType\":\"Function.Retry\"}\n");
}

Test(log, text_for_lambda_has_four_columns)
{
    logger.format = LEAT_LOG_LAMBDA;
    leat_logger_write(&logger, LEAT_WARN, &bound, "away");
    cr_expect_str_eq(written(), "2024-05-02T18:51:44.007Z\tr-1\tWARN\torders e-1: away\n");
    leat_logger_write(&logger, LEAT_INFO, NULL, "no request yet");
    cr_expect_str_eq(written(), "2024-05-02T18:51:44.007Z\t\tINFO\tno request yet\n");
}

Test(log, text_for_lambda_is_one_record_of_several_lines)
{
    struct leat_log_fields fields = {.request = LEAT_STR("r\n1"), .event = LEAT_STR("e\t1")};
    logger.format = LEAT_LOG_LAMBDA;
    leat_logger_write(&logger, LEAT_FATAL, &fields, "\nfirst\n\tsecond\rthird\033[2J\xFF\n");
    cr_expect_str_eq(written(), "2024-05-02T18:51:44.007Z\tr\\n1\tFATAL\te\\t1: "
                                "\rfirst\r\\tsecond\\x0dthird\\x1b[2J\\xff\r\n");
    leat_logger_write(&logger, LEAT_INFO, NULL, "%s", "");
    cr_expect_str_eq(written(), "2024-05-02T18:51:44.007Z\t\tINFO\t\n");
}

Test(log, frames_have_a_header_instead_of_an_end)
{
    static const uint32_t bits[] = {0x04, 0x08, 0x0c, 0x10, 0x14, 0x18};
    logger.framed = true;
    logger.level = LEAT_TRACE;
    logger.format = LEAT_LOG_LAMBDA;
    for (enum leat_log_level level = LEAT_TRACE; level <= LEAT_FATAL; level++)
        leat_logger_write(&logger, level, NULL, "two\nlines");
    leat_str bytes = written_bytes();
    static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    for (enum leat_log_level level = LEAT_TRACE; level <= LEAT_FATAL; level++) {
        char text[64];
        snprintf(text, sizeof(text), "2024-05-02T18:51:44.007Z\t\t%s\ttwo\rlines", names[level]);
        expect_frame(&bytes, 0xa55a0003 | bits[level], leat_str_c(text));
    }
    cr_expect_eq(bytes.len, 0);
    logger.format = LEAT_LOG_JSON;
    leat_logger_write(&logger, LEAT_INFO, NULL, "two\nlines");
    bytes = written_bytes();
    expect_frame(
        &bytes, 0xa55a000e,
        LEAT_STR("{\"timestamp\":\"2024-05-02T18:51:44.007Z\",\"level\":\"INFO\",\"message\":\"two\\nlines\"}"));
    logger.format = LEAT_LOG_TEXT;
    leat_logger_write(&logger, LEAT_ERROR, &bound, "away");
    bytes = written_bytes();
    expect_frame(&bytes, 0xa55a0017, LEAT_STR("error: orders e-1: away"));
    cr_expect_eq(bytes.len, 0);
}

Test(log, lines_below_the_level_are_not_made)
{
    logger.level = LEAT_WARN;
    leat_logger_write(&logger, LEAT_INFO, NULL, "unseen");
    cr_expect_str_eq(written(), "");
    leat_logger_write(&logger, LEAT_WARN, NULL, "seen");
    cr_expect_str_eq(written(), "warn: seen\n");
    logger.level = LEAT_OFF;
    leat_logger_write(&logger, LEAT_ERROR, NULL, "unseen");
    leat_logger_write(&logger, LEAT_FATAL, NULL, "unseen");
    leat_logger_write(&logger, LEAT_OFF, NULL, "unseen");
    cr_expect_str_eq(written(), "");
}

Test(log, what_is_no_level_of_a_line_makes_none)
{
    leat_logger_write(&logger, LEAT_OFF, NULL, "unseen");
    leat_logger_write(&logger, (enum leat_log_level)77, NULL, "unseen");
    cr_expect_str_eq(written(), "");
    cr_expect_eq(logger.dropped, 0);
}

Test(log, what_comes_from_outside_cannot_write_lines_of_its_own)
{
    struct leat_log_fields fields = {.event = LEAT_STR("id\n\033[2J")};
    leat_logger_write(&logger, LEAT_INFO, &fields, "body is \"%s\"", "a\ninfo: forged\r\x9B");
    cr_expect_str_eq(written(), "info: id\\n\\x1b[2J: body is \"a\\ninfo: forged\\x0d\\x9b\"\n");
    logger.format = LEAT_LOG_JSON;
    leat_logger_write(&logger, LEAT_INFO, &fields, "%s", "a\nb\xFF");
    cJSON *line = cJSON_Parse(written());
    cr_assert_not_null(line);
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(line, "message")->valuestring, "a\nb\xEF\xBF\xBD");
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(line, "event")->valuestring, "id\n\033[2J");
    cJSON_Delete(line);
}

Test(log, long_messages_are_cut_with_dots)
{
    static char text[3 * LEAT_LOG_LINE_MAX];
    memset(text, 'x', sizeof(text) - 1);
    leat_logger_write(&logger, LEAT_INFO, NULL, "%s", text);
    const char *line = written();
    cr_expect_eq(strlen(line), strlen("info: ") + LEAT_LOG_LINE_MAX - 1 + 1);
    cr_expect_str_eq(line + strlen(line) - 5, "x...\n");
}

static void fill_pipe(void)
{
    static const char filler[PIPE_BUF];
    int flags = fcntl(ends[1], F_GETFL);
    fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
    while (write(ends[1], filler, sizeof(filler)) > 0) {}
    fcntl(ends[1], F_SETFL, flags);
}

Test(log, who_does_not_read_costs_lines_and_is_told_how_many)
{
    fill_pipe();
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost");
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost too");
    cr_expect_eq(logger.dropped, 2);
    (void)written();
    leat_logger_write(&logger, LEAT_INFO, NULL, "back");
    cr_expect_str_eq(written(), "warn: 2 log lines were dropped\ninfo: back\n");
    leat_logger_write(&logger, LEAT_INFO, NULL, "on");
    cr_expect_str_eq(written(), "info: on\n");
}

Test(log, lost_lines_are_told_in_the_form_of_the_others)
{
    logger.framed = true;
    fill_pipe();
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost");
    (void)written();
    leat_logger_write(&logger, LEAT_INFO, NULL, "back");
    leat_str bytes = written_bytes();
    expect_frame(&bytes, 0xa55a0013, LEAT_STR("warn: 1 log lines were dropped"));
    expect_frame(&bytes, 0xa55a000f, LEAT_STR("info: back"));
    logger.framed = false;
    logger.format = LEAT_LOG_JSON;
    logger.dropped = 7;
    leat_logger_write(&logger, LEAT_INFO, NULL, "on");
    cr_expect_not_null(strstr(written(), "\"level\":\"WARN\",\"message\":\"7 log lines were dropped\"}\n{"));
}

/* A line of two pieces, and a pipe that holds one; returns how long the line is. */
static size_t begin_long_line(void)
{
    static char text[PIPE_BUF + 100];
    memset(text, 'x', sizeof(text) - 1);
    cr_assert_eq(fcntl(ends[1], F_SETPIPE_SZ, PIPE_BUF), PIPE_BUF);
    leat_logger_write(&logger, LEAT_INFO, NULL, "%s", text);
    cr_expect_eq(logger.dropped, 0);
    return strlen("info: ") + sizeof(text) - 1 + 1;
}

Test(log, a_line_that_was_begun_is_finished_before_the_next)
{
    size_t len = begin_long_line();
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost");
    cr_expect_eq(logger.dropped, 1, "nothing may stand in the middle of the line");
    cr_expect_eq(written_bytes().len, PIPE_BUF);
    cr_assert_eq(fcntl(ends[1], F_SETPIPE_SZ, 4 * PIPE_BUF), 4 * PIPE_BUF);
    leat_logger_write(&logger, LEAT_INFO, NULL, "back");
    leat_str text = written_bytes(), rest = leat_str_cut(&text, '\n');
    cr_expect_eq(rest.len, len - PIPE_BUF - 1);
    cr_expect_eq(rest.ptr[0], 'x');
    cr_expect_str_eq(text.ptr, "warn: 1 log lines were dropped\ninfo: back\n");
}

Test(log, a_line_that_was_begun_is_finished_at_the_end)
{
    size_t len = begin_long_line();
    cr_expect_eq(written_bytes().len, PIPE_BUF);
    leat_logger_fini(&logger);
    leat_str rest = written_bytes();
    cr_expect_eq(rest.len, len - PIPE_BUF);
    cr_expect(leat_str_ends(rest, LEAT_STR("x\n")));
    leat_logger_fini(&logger);
    cr_expect_eq(written_bytes().len, 0, "once");
}

Test(log, a_descriptor_that_is_closed_does_no_harm)
{
    logger.fd = -1;
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost");
    logger.fd = ends[0]; /* cannot be written */
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost");
    cr_expect_eq(logger.dropped, 2);
}

Test(log, levels_have_names)
{
    enum leat_log_level level = LEAT_OFF;
    for (enum leat_log_level wanted = LEAT_TRACE; wanted <= LEAT_OFF; wanted++) {
        cr_expect(leat_log_level_parse(leat_str_c(leat_log_level_name(wanted)), &level));
        cr_expect_eq(level, wanted);
    }
    cr_expect(leat_log_level_parse(LEAT_STR("DEBUG"), &level));
    cr_expect_eq(level, LEAT_DEBUG);
    cr_expect_not(leat_log_level_parse(LEAT_STR("warning"), &level));
    cr_expect_not(leat_log_level_parse(LEAT_STR(""), &level));
    cr_expect_not(leat_log_level_parse(LEAT_ABSENT, &level));
    cr_expect_eq(level, LEAT_DEBUG, "left alone");
}
