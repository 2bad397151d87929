/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/log.h>

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <fcntl.h>
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
    close(ends[0]);
    close(ends[1]);
}

TestSuite(log, .init = setup, .fini = teardown);

/* What was written since the last call. */
static const char *written(void)
{
    static char text[1 << 17];
    size_t len = 0;
    for (ssize_t count; len < sizeof(text) - 1 && (count = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0;)
        len += (size_t)count;
    text[len] = '\0';
    return text;
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
    cr_expect_str_eq(written(), "{\"timestamp\":\"2024-05-02T18:51:44.007Z\",\"level\":\"warn\",\"requestId\":\"r-1\","
                                "\"event\":\"e-1\",\"source\":\"aws:sqs\",\"handler\":\"orders\","
                                "\"message\":\"say \\\"hi\\\"\"}\n");
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
    leat_logger_write(&logger, LEAT_OFF, NULL, "unseen");
    cr_expect_str_eq(written(), "");
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

Test(log, who_does_not_read_costs_lines_and_is_told_how_many)
{
    static const char filler[4096];
    int flags = fcntl(ends[1], F_GETFL);
    fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
    while (write(ends[1], filler, sizeof(filler)) > 0) {}
    fcntl(ends[1], F_SETFL, flags);
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost");
    leat_logger_write(&logger, LEAT_INFO, NULL, "lost too");
    cr_expect_eq(logger.dropped, 2);
    (void)written();
    leat_logger_write(&logger, LEAT_INFO, NULL, "back");
    cr_expect_str_eq(written(), "warn: 2 log lines were dropped\ninfo: back\n");
    leat_logger_write(&logger, LEAT_INFO, NULL, "on");
    cr_expect_str_eq(written(), "info: on\n");
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
