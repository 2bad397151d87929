/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/buf.h>
#include <leat/log.h>
#include <leat/time.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define FRAME_HEADER 16
#define FRAME_JSON 0xa55a0002u
#define FRAME_TEXT 0xa55a0003u

/* As people write them, and as Lambda does. */
static const char *const names[] = {"trace", "debug", "info", "warn", "error", "fatal", "off"};
static const char *const capitals[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
static const struct leat_log_fields none;

/* One for all loggers: several of them may write to one descriptor. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

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

static void add_time(struct leat_buf *line, int64_t wall_ms)
{
    leat_str text = leat_time_from_ms(line->arena, wall_ms);
    leat_buf_add(line, leat_str_of(text.ptr, text.len < 19 ? 0 : 19));
    leat_buf_printf(line, ".%03dZ", (int)(wall_ms % 1000)); /* always, so that lines stand in columns */
}

/* --- one record: the text of a line or of a frame ---------------------------------------------------- */

struct record {
    enum leat_log_level level;
    const struct leat_log_fields *fields;
    leat_str message;
    int64_t wall_ms;
};

#define FIELDS(X)           \
    X("requestId", request) \
    X("tenantId", tenant)   \
    X("traceId", trace)     \
    X("event", event) X("source", source) X("handler", handler) X("errorType", error_type)

static void add_json(struct leat_buf *line, const struct record *record)
{
    leat_buf_c(line, "{\"timestamp\":\"");
    add_time(line, record->wall_ms);
    leat_buf_printf(line, "\",\"level\":\"%s\"", capitals[record->level]);
    leat_buf_json_member(line, "message", record->message);
#define FIELD(name, member) leat_buf_json_member(line, name, record->fields->member);
    FIELDS(FIELD)
#undef FIELD
    leat_buf_char(line, '}');
}

/* "orders e-1: " */
static void add_place(struct leat_buf *line, const struct leat_log_fields *fields)
{
    if (fields->handler.ptr == NULL && fields->event.ptr == NULL)
        return;
    leat_buf_visible(line, fields->handler);
    leat_buf_c(line, fields->handler.ptr != NULL && fields->event.ptr != NULL ? " " : "");
    leat_buf_visible(line, fields->event);
    leat_buf_c(line, ": ");
}

static void add_text(struct leat_buf *line, const struct record *record)
{
    leat_buf_printf(line, "%s: ", names[record->level]);
    add_place(line, record->fields);
    leat_buf_visible(line, record->message);
}

/* CloudWatch shows \r as a new line of the same record. */
static void add_lambda(struct leat_buf *line, const struct record *record)
{
    leat_str rest = record->message;
    add_time(line, record->wall_ms);
    leat_buf_char(line, '\t');
    leat_buf_visible(line, record->fields->request);
    leat_buf_printf(line, "\t%s\t", capitals[record->level]);
    add_place(line, record->fields);
    leat_buf_visible(line, leat_str_cut(&rest, '\n'));
    while (rest.ptr != NULL) {
        leat_buf_char(line, '\r');
        leat_buf_visible(line, leat_str_cut(&rest, '\n'));
    }
}

static void put_big_endian(char *at, uint64_t value, size_t size)
{
    for (; size > 0; size--, value >>= 8)
        at[size - 1] = (char)(value & 0xff);
}

static void add_record(struct leat_buf *line, const struct leat_logger *logger, const struct record *record)
{
    static const char unknown[FRAME_HEADER];
    size_t start = line->len;
    if (logger->framed)
        leat_buf_add(line, leat_str_of(unknown, sizeof(unknown)));
    if (logger->format == LEAT_LOG_JSON)
        add_json(line, record);
    else if (logger->format == LEAT_LOG_LAMBDA)
        add_lambda(line, record);
    else
        add_text(line, record);
    if (!logger->framed) {
        leat_buf_char(line, '\n');
    } else if (!line->failed) {
        uint32_t type = logger->format == LEAT_LOG_JSON ? FRAME_JSON : FRAME_TEXT;
        put_big_endian(line->ptr + start, type | ((uint32_t)record->level + 1) << 2, 4);
        put_big_endian(line->ptr + start + 4, line->len - start - FRAME_HEADER, 4);
        put_big_endian(line->ptr + start + 8, (uint64_t)record->wall_ms * 1000, 8);
    }
}

/* --- writing ------------------------------------------------------------------------------------------ */

static int64_t deadline_from_now(void)
{
    return leat_clock_us(&leat_clock_system) + (int64_t)LEAT_LOG_WAIT_MS * 1000;
}

/* Takes what was written off *text. A piece is at most PIPE_BUF: after POLLOUT a pipe takes that much without
 * blocking. False: the reader took nothing until the deadline, or never will. */
static bool write_patiently(int fd, leat_str *text, int64_t deadline_us)
{
    while (text->len > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        int64_t left_us = deadline_us - leat_clock_us(&leat_clock_system);
        int polled = poll(&ready, 1, left_us > 0 ? (int)((left_us + 999) / 1000) : 0);
        if (polled == 0 || (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
            return false;
        ssize_t written = polled > 0 ? write(fd, text->ptr, text->len < PIPE_BUF ? text->len : PIPE_BUF) : -1;
        if (written > 0) {
            *text = leat_str_skip(*text, (size_t)written);
            deadline_us = deadline_from_now(); /* it does read */
        } else if (left_us <= 0 || (written < 0 && errno != EINTR && errno != EAGAIN)) {
            return false;
        }
    }
    return true;
}

/* What another line left is first. Takes the arena over if the reader stops in the middle. */
static bool write_whole(struct leat_logger *logger, leat_str line, struct leat_arena *arena, int64_t deadline_us)
{
    leat_str rest = line;
    if (!write_patiently(logger->fd, &logger->rest, deadline_us))
        return false;
    logger->rest = LEAT_ABSENT;
    leat_arena_fini(&logger->rest_arena);
    if (!write_patiently(logger->fd, &rest, deadline_us) && rest.len == line.len)
        return false;
    if (rest.len > 0) {
        logger->rest = rest;
        logger->rest_arena = *arena;
        leat_arena_init(arena, 0);
    }
    return true;
}

/* Who waited for another thread may still wait for the reader; but once nobody reads nobody waits, until there is room
 * again: else every line would cost its writer that time. */
static bool write_in_turn(struct leat_logger *logger, leat_str line, struct leat_arena *arena)
{
    pthread_mutex_lock(&writing);
    bool written =
        write_whole(logger, line, arena, logger->stuck ? leat_clock_us(&leat_clock_system) : deadline_from_now());
    logger->stuck = !written;
    pthread_mutex_unlock(&writing);
    return written;
}

void leat_logger_fini(struct leat_logger *logger)
{
    pthread_mutex_lock(&writing);
    (void)write_patiently(logger->fd, &logger->rest, deadline_from_now());
    pthread_mutex_unlock(&writing);
    logger->rest = LEAT_ABSENT;
    leat_arena_fini(&logger->rest_arena);
}

static void write_record(struct leat_logger *logger, struct record *record)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini);
    struct leat_buf line;
    char notice[64];
    uint64_t dropped = __atomic_exchange_n(&logger->dropped, 0, __ATOMIC_RELAXED);
    leat_arena_init(&arena, 0);
    leat_buf_init(&line, &arena);
    record->wall_ms = leat_clock_wall_ms(logger->clock);
    if (dropped > 0) {
        int len = snprintf(notice, sizeof(notice), "%llu log lines were dropped", (unsigned long long)dropped);
        leat_str message = leat_str_of(notice, (size_t)len);
        add_record(&line, logger, &(struct record){LEAT_WARN, &none, message, record->wall_ms});
    }
    add_record(&line, logger, record);
    leat_str text = leat_buf_str(&line);
    if (text.ptr == NULL || !write_in_turn(logger, text, &arena))
        __atomic_fetch_add(&logger->dropped, dropped + 1, __ATOMIC_RELAXED);
}

void leat_logger_vwrite(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                        const char *format, va_list args)
{
    char message[LEAT_LOG_LINE_MAX];
    if (level < logger->level || level >= LEAT_OFF)
        return;
    int len = vsnprintf(message, sizeof(message), format, args);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof(message)) {
        len = (int)sizeof(message) - 1;
        memcpy(message + sizeof(message) - 4, "...", 3);
    }
    struct record record = {
        .level = level,
        .fields = fields != NULL ? fields : &none,
        .message = leat_str_of(message, (size_t)len),
    };
    write_record(logger, &record);
}

void leat_logger_write(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leat_logger_vwrite(logger, level, fields, format, args);
    va_end(args);
}
