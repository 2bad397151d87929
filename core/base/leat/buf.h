/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that grows inside an arena. Failure is the arena's sticky overflow: write all, then ask
 * leat_buf_str() once. JSON helpers write strict RFC 8259 text whatever bytes come in.
 */
#ifndef LEAT_BUF_H
#define LEAT_BUF_H

#include <leat/arena.h>

LEAT_BEGIN

struct leat_buf {
    struct leat_arena *arena;
    char *ptr;
    size_t len, size;
    bool failed;
};

LEAT_API void leat_buf_init(struct leat_buf *buf, struct leat_arena *arena);
LEAT_API void leat_buf_add(struct leat_buf *buf, leat_str text);
LEAT_API void leat_buf_c(struct leat_buf *buf, const char *text);
LEAT_API void leat_buf_char(struct leat_buf *buf, char c);
LEAT_API void leat_buf_printf(struct leat_buf *buf, const char *format, ...) LEAT_PRINTF(2, 3);

/* "text" with quotes; bytes that are not UTF-8 become U+FFFD, one for each maximal broken piece. */
LEAT_API void leat_buf_json_string(struct leat_buf *buf, leat_str text);
/* ,"name": with a comma unless it is the first of its object. */
LEAT_API void leat_buf_json_name(struct leat_buf *buf, const char *name);
/* name and string; nothing at all when `text` is absent. */
LEAT_API void leat_buf_json_member(struct leat_buf *buf, const char *name, leat_str text);
/* Text for a terminal or a log line: control characters as \n, \t, \xNN; broken UTF-8 as \xNN. */
LEAT_API void leat_buf_visible(struct leat_buf *buf, leat_str text);

/* All of it, NUL behind; absent if anything failed. The text moves with the next write. */
LEAT_API leat_str leat_buf_str(struct leat_buf *buf) LEAT_MUST_USE;

LEAT_END

#endif
