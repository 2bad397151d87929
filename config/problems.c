/* SPDX-License-Identifier: Apache-2.0 */
#include <config/problems.h>

#include <config/config.h>

void leat_problems_init(struct leat_problems *problems, const char *file)
{
    *problems = (struct leat_problems){.file = file, .text = LEAT_STR("")};
    leat_arena_init(&problems->arena, 0);
}

void leat_problems_fini(struct leat_problems *problems)
{
    leat_arena_fini(&problems->arena);
}

/* Behind those of the same place: they are told in the order of the file. */
static void insert(struct leat_problems *problems, struct leat_problem *problem)
{
    struct leat_problem **at = &problems->first;
    while (*at != NULL && (*at)->at <= problem->at)
        at = &(*at)->next;
    problem->next = *at;
    *at = problem;
}

leat_str leat_find_password(leat_str text, leat_str *retrest)
{
    leat_str mark = leat_str_find(text, LEAT_STR("://"));
    size_t first = SIZE_MAX, last = SIZE_MAX, len = 0;
    *retrest = LEAT_ABSENT;
    if (mark.ptr == NULL)
        return LEAT_ABSENT;
    leat_str from = leat_str_skip(text, (size_t)(mark.ptr - text.ptr) + mark.len);
    for (; len < from.len && strchr(" \"'", from.ptr[len]) == NULL; len++)
        if (from.ptr[len] == '@') {
            first = first == SIZE_MAX ? len : first;
            last = len;
        }
    *retrest = leat_str_skip(from, len);
    if (last == SIZE_MAX)
        return leat_str_of(from.ptr, 0);
    const char *colon = first > 0 ? memchr(from.ptr, ':', first) : NULL;
    size_t user = colon != NULL ? (size_t)(colon - from.ptr) + 1 : 0;
    return leat_str_of(from.ptr + user, last - user);
}

static leat_str without_passwords(struct leat_arena *arena, leat_str text)
{
    struct leat_buf buf;
    leat_str rest, password;
    leat_buf_init(&buf, arena);
    while ((password = leat_find_password(text, &rest)).ptr != NULL) {
        const char *behind = password.ptr + password.len;
        leat_buf_add(&buf, leat_str_of(text.ptr, (size_t)(password.ptr - text.ptr)));
        leat_buf_c(&buf, password.len > 0 ? "***" : "");
        leat_buf_add(&buf, leat_str_of(behind, (size_t)(rest.ptr - behind)));
        text = rest;
    }
    leat_buf_add(&buf, text);
    return leat_buf_str(&buf);
}

LEAT_PRINTF(4, 0)
static struct leat_problem *add(struct leat_problems *problems, struct leat_problem what, bool warning,
                                const char *format, va_list args)
{
    unsigned *count = warning ? &problems->warnings : &problems->errors;
    struct leat_problem *problem = NULL;
    (*count)++;
    if (problems->errors + problems->warnings <= LEAT_PROBLEMS_MAX)
        problem = LEAT_NEW(&problems->arena, struct leat_problem);
    if (problem == NULL) {
        problems->untold++;
        return NULL;
    }
    *problem = what;
    problem->warning = warning;
    leat_str message = leat_arena_vprintf(&problems->arena, format, args);
    problem->message = message.ptr != NULL ? without_passwords(&problems->arena, message) : message;
    insert(problems, problem);
    return problem;
}

/* Places behind the end (the text ended too early) stand at the end. */
static struct leat_problem at_place(const struct leat_problems *problems, size_t at, size_t len, const char *code)
{
    at = at < problems->text.len ? at : problems->text.len;
    len = len < problems->text.len - at ? len : problems->text.len - at;
    return (struct leat_problem){.at = at, .len = len, .code = code};
}

struct leat_problem *leat_problem_add(struct leat_problems *problems, size_t at, size_t len, const char *code,
                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct leat_problem *problem = add(problems, at_place(problems, at, len, code), false, format, args);
    va_end(args);
    return problem;
}

struct leat_problem *leat_problem_warn(struct leat_problems *problems, size_t at, size_t len, const char *code,
                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct leat_problem *problem = add(problems, at_place(problems, at, len, code), true, format, args);
    va_end(args);
    return problem;
}

void leat_problem_fix(struct leat_problems *problems, struct leat_problem *problem, const char *format, ...)
{
    va_list args;
    if (problem == NULL)
        return;
    va_start(args, format);
    problem->fix = leat_arena_vprintf(&problems->arena, format, args);
    va_end(args);
}

void leat_problems_hide(struct leat_problems *problems, size_t start, size_t end)
{
    struct leat_hidden *hidden = LEAT_NEW(&problems->arena, struct leat_hidden);
    if (hidden == NULL)
        return; /* the arena has overflowed: no line is shown */
    *hidden = (struct leat_hidden){.next = problems->hidden, .start = start, .end = end};
    problems->hidden = hidden;
}

const struct leat_problem *leat_problems_first_error(const struct leat_problems *problems)
{
    const struct leat_problem *problem = problems->first;
    while (problem != NULL && problem->warning)
        problem = problem->next;
    return problem;
}

void leat_problem_place(const struct leat_problems *problems, const struct leat_problem *problem, size_t *retline,
                        size_t *retcolumn)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < problem->at; i++)
        if (problems->text.ptr[i] == '\n') {
            line++;
            start = i + 1;
        }
    *retline = line;
    *retcolumn = problem->at - start + 1;
}

void leat_problem_print_json(struct leat_buf *buf, const struct leat_problems *problems,
                             const struct leat_problem *problem)
{
    size_t line, column;
    leat_problem_place(problems, problem, &line, &column);
    leat_buf_char(buf, '{');
    leat_buf_json_member(buf, "file", leat_str_c(problems->file));
    leat_buf_printf(buf, ",\"line\":%zu,\"column\":%zu", line, column);
    leat_buf_json_member(buf, "severity", leat_str_c(problem->warning ? "warning" : "error"));
    leat_buf_json_member(buf, "code", leat_str_c(problem->code));
    leat_buf_json_member(buf, "message", problem->message);
    leat_buf_json_member(buf, "fix", problem->fix);
    leat_buf_c(buf, "}\n");
}
