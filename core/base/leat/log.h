/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logger: one line or one frame a message, text for people or JSON for machines, to one descriptor.
 *
 * Whole or not at all, and never torn by another thread. None waits longer than LEAT_LOG_WAIT_MS for a
 * reader that does not read: it is counted and dropped, and the next one that gets through says how many.
 * What was begun when the reader stopped is kept, and finished before anything else is written.
 * Control characters from outside are escaped. Any thread.
 */
#ifndef LEAT_LOG_H
#define LEAT_LOG_H

#include <leat/arena.h>
#include <leat/clock.h>

#include <stdarg.h>

LEAT_BEGIN

enum leat_log_level { LEAT_TRACE, LEAT_DEBUG, LEAT_INFO, LEAT_WARN, LEAT_ERROR, LEAT_FATAL, LEAT_OFF };

enum leat_log_format {
    LEAT_LOG_TEXT,   /* level: handler event: message */
    LEAT_LOG_JSON,   /* an object; levels in capitals, as Lambda's filters want them */
    LEAT_LOG_LAMBDA, /* as Lambda's own runtimes write text: time, request, LEVEL, then as above, with tabs between */
};

#define LEAT_LOG_WAIT_MS 100
#define LEAT_LOG_LINE_MAX 8192 /* bytes; a longer message is cut and ends in "..." */

struct leat_logger {
    int fd;
    enum leat_log_level level; /* lines below it are not made */
    enum leat_log_format format;
    bool framed; /* 4 bytes type and level, 4 bytes length, 8 bytes Unix microseconds, all big-endian; then the text */
    const struct leat_clock *clock;
    uint64_t dropped; /* atomic; lines lost since the last one that got through */
    leat_str rest;    /* of a line whose reader stopped in its middle; it lives in `rest_arena` */
    struct leat_arena rest_arena;
    bool stuck; /* the last line did not get through */
};

/* What a line is bound to; absent members are left out. */
struct leat_log_fields {
    leat_str request, event, source, handler, tenant, trace, error_type;
};

/* stderr, info, text. */
void leat_logger_init(struct leat_logger *logger);
/* Finishes a line that was begun, if somebody reads by now. The descriptor stays open. */
void leat_logger_fini(struct leat_logger *logger);
void leat_logger_write(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                       const char *format, ...) LEAT_PRINTF(4, 5);
void leat_logger_vwrite(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                        const char *format, va_list args) LEAT_PRINTF(4, 0);

/* "info" and so on, also upper case. False: no such name. */
bool leat_log_level_parse(leat_str name, enum leat_log_level *retlevel);
const char *leat_log_level_name(enum leat_log_level level);

LEAT_END

#endif
