/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong in a text, each with its place; told with the line, a caret and the fix. */
#ifndef LEAT_CONFIG_PROBLEMS_H
#define LEAT_CONFIG_PROBLEMS_H

#include <leat/buf.h>
#include <leat/error.h>

#define LEAT_PROBLEMS_MAX 20 /* that are told of one file */

struct leat_problem {
    struct leat_problem *next;
    size_t at, len; /* bytes of the text */
    bool warning;
    const char *code;      /* for machines; static */
    leat_str message, fix; /* fix: lines; absent: nothing to advise */
};

struct leat_hidden {
    struct leat_hidden *next;
    size_t start, end;
};

struct leat_problems {
    struct leat_arena arena;
    const char *file; /* as it is called in messages */
    leat_str text;
    struct leat_problem *first; /* by place */
    struct leat_hidden *hidden;
    bool guarded; /* no tree says what is secret: lines are shown only below keys that surely are not */
    unsigned errors, warnings, untold;
};

void leat_problems_init(struct leat_problems *problems, const char *file);
void leat_problems_fini(struct leat_problems *problems);

/* Returns NULL, which leat_problem_fix takes, beyond LEAT_PROBLEMS_MAX. */
struct leat_problem *leat_problem_add(struct leat_problems *problems, size_t at, size_t len, const char *code,
                                      const char *format, ...) LEAT_PRINTF(5, 6);
struct leat_problem *leat_problem_warn(struct leat_problems *problems, size_t at, size_t len, const char *code,
                                       const char *format, ...) LEAT_PRINTF(5, 6);
void leat_problem_fix(struct leat_problems *problems, struct leat_problem *problem, const char *format, ...)
    LEAT_PRINTF(3, 4);
/* These bytes of the text are shown as ***. */
void leat_problems_hide(struct leat_problems *problems, size_t start, size_t end);
/* The password in the first URL of `text`: behind "://" and a user with ":", up to the last "@" of the word; without a
 * ":" the user too. Empty: the URL has none; absent: there is no URL. *retrest is what follows its word. */
leat_str leat_find_password(leat_str text, leat_str *retrest);
/* The first error; NULL: none. */
const struct leat_problem *leat_problems_first_error(const struct leat_problems *problems);

/* Both count from 1; columns are bytes. */
void leat_problem_place(const struct leat_problems *problems, const struct leat_problem *problem, size_t *retline,
                        size_t *retcolumn);
/* FILE:LINE:COLUMN: error: ..., the line, the caret and the fix. */
void leat_problem_print(struct leat_buf *buf, const struct leat_problems *problems, const struct leat_problem *problem);
/* One object: file line column severity code message fix. */
void leat_problem_print_json(struct leat_buf *buf, const struct leat_problems *problems,
                             const struct leat_problem *problem);

#endif
