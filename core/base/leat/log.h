/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logger: one line a message, text for people or JSON for machines, to one descriptor.
 *
 * A line is written whole or not at all, and never waits longer than LEAT_LOG_WAIT_MS for a reader
 * that does not read: it is counted and dropped, and the next line that gets through says how many.
 * Control characters from outside are escaped. Any thread.
 */
#ifndef LEAT_LOG_H
#define LEAT_LOG_H

#include <leat/clock.h>
#include <leat/str.h>

#include <stdarg.h>

LEAT_BEGIN

enum leat_log_level { LEAT_TRACE, LEAT_DEBUG, LEAT_INFO, LEAT_WARN, LEAT_ERROR, LEAT_OFF };
enum leat_log_format { LEAT_LOG_TEXT, LEAT_LOG_JSON };

#define LEAT_LOG_WAIT_MS 100
#define LEAT_LOG_LINE_MAX 8192 /* bytes; a longer message is cut and ends in "..." */

struct leat_logger {
    int fd;
    enum leat_log_level level; /* lines below it are not made */
    enum leat_log_format format;
    const struct leat_clock *clock;
    uint64_t dropped; /* atomic; lines lost since the last one that got through */
};

/* What a line is bound to; absent members are left out. */
struct leat_log_fields {
    leat_str request, event, source, handler, tenant, trace;
};

/* stderr, info, text. */
void leat_logger_init(struct leat_logger *logger);
void leat_logger_write(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                       const char *format, ...) LEAT_PRINTF(4, 5);
void leat_logger_vwrite(struct leat_logger *logger, enum leat_log_level level, const struct leat_log_fields *fields,
                        const char *format, va_list args) LEAT_PRINTF(4, 0);

/* "info" and so on, also upper case. False: no such name. */
bool leat_log_level_parse(leat_str name, enum leat_log_level *retlevel);
const char *leat_log_level_name(enum leat_log_level level);

LEAT_END

#endif
