/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/buf.h>
#include <leat/log.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"trace", "debug", "info", "warn", "error", "off"};

void leat_logger_init(struct leat_logger *logger)
{
    *logger = (struct leat_logger){
        .fd = STDERR_FILENO, .level = LEAT_INFO, .format = LEAT_LOG_TEXT, .clock = &leat_clock_system};
}

bool leat_log_level_parse(leat_str name, enum leat_log_level *retlevel)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (leat_str_eq_nocase(name, leat_str_c(names[i]))) {
            *retlevel = (enum leat_log_level)i;
            return true;
        }
    }
    return false;
}

const char *leat_log_level_name(enum leat_log_level level)
{
    return names[level];
}

/* Pieces of at most PIPE_BUF: after POLLOUT a pipe takes that much without blocking. */
static bool write_patiently(int fd, const char *text, size_t len)
{
    while (len > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        int polled = poll(&ready, 1, LEAT_LOG_WAIT_MS);
        if (polled == 0 || (polled < 0 && errno != EINTR) || (ready.revents & (POLLERR | POLLNVAL)) != 0)
            return false;
        if (polled < 0)
            continue;
        ssize_t written = write(fd, text, len < PIPE_BUF ? len : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (written > 0) {
            text += written;
            len -= (size_t)written;
        }
    }
    return true;
}

static void add_time(struct leat_buf *line, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char text[32];
    if (gmtime_r(&seconds, &utc) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        return;
    leat_buf_printf(line, "%s.%03dZ", text, (int)(wall_ms % 1000));
}

#define FIELDS(X)           \
    X("requestId", request) \
    X("tenantId", tenant) X("traceId", trace) X("event", event) X("source", source) X("handler", handler)

static void add_json(struct leat_buf *line, int64_t wall_ms, enum leat_log_level level,
                     const struct leat_log_fields *fields, leat_str message)
{
    leat_buf_c(line, "{\"timestamp\":\"");
    add_time(line, wall_ms);
    leat_buf_printf(line, "\",\"level\":\"%s\"", names[level]);
#define FIELD(name, member) leat_buf_json_member(line, name, fields->member);
    FIELDS(FIELD)
#undef FIELD
    leat_buf_json_member(line, "message", message);
    leat_buf_c(line, "}\n");
}

static void add_text(struct leat_buf *line, enum leat_log_level level, const struct leat_log_fields *fields,
                     leat_str message)
{
    leat_buf_printf(line, "%s: ", names[level]);
    if (fields->handler.ptr != NULL || fields->event.ptr != NULL) {
        leat_buf_visible(line, fields->handler);
        leat_buf_c(line, fields->handler.ptr != NULL && fields->event.ptr != NULL ? " " : "");
        leat_buf_visible(line, fields->event);
        leat_buf_c(line, ": ");
    }
    leat_buf_visible(line, message);
    leat_buf_char(line, '\n');
}

static void deliver(struct leat_logger *logger, leat_str line)
{
    uint64_t dropped = __atomic_exchange_n(&logger->dropped, 0, __ATOMIC_RELAXED);
    char notice[64] = "";
    if (dropped > 0)
        snprintf(notice, sizeof(notice), "warn: %llu log lines were dropped\n", (unsigned long long)dropped);
    bool written = line.ptr != NULL && write_patiently(logger->fd, notice, strlen(notice)) &&
                   write_patiently(logger->fd, line.ptr, line.len);
    if (!written)
        __atomic_fetch_add(&logger->dropped, dropped + 1, __ATOMIC_RELAXED);
}

void leat_logger_vwrite(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                        const char *format, va_list args)
{
    static const struct leat_log_fields none;
    char message[LEAT_LOG_LINE_MAX];
    if (level < logger->level || logger->level == LEAT_OFF)
        return;
    int len = vsnprintf(message, sizeof(message), format, args);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof(message)) {
        len = (int)sizeof(message) - 1;
        memcpy(message + sizeof(message) - 4, "...", 3);
    }
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini);
    leat_arena_init(&arena, 0);
    struct leat_buf line;
    leat_buf_init(&line, &arena);
    leat_str text = leat_str_of(message, (size_t)len);
    if (logger->format == LEAT_LOG_JSON)
        add_json(&line, leat_clock_wall_ms(logger->clock), level, fields != NULL ? fields : &none, text);
    else
        add_text(&line, level, fields != NULL ? fields : &none, text);
    deliver(logger, leat_buf_str(&line));
}

void leat_logger_write(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leat_logger_vwrite(logger, level, fields, format, args);
    va_end(args);
}
