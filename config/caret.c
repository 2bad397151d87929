/* SPDX-License-Identifier: Apache-2.0 */
/* A problem for people: its line with a caret below. What is secret never gets into it. */
#include <config/config.h>
#include <config/problems.h>

#define LINE_MAX_SHOWN 160 /* bytes of a longer line */
#define BEFORE_CARET 60

struct line {
    leat_str text;
    size_t start;    /* in the file */
    bool *hidden;    /* a byte each */
    size_t from, to; /* the part that is shown */
};

static bool is_cut_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static struct line line_at(const struct leat_problems *problems, size_t at)
{
    size_t start = at, end = at;
    while (start > 0 && problems->text.ptr[start - 1] != '\n')
        start--;
    while (end < problems->text.len && problems->text.ptr[end] != '\n')
        end++;
    while (end > start && problems->text.ptr[end - 1] == '\r')
        end--;
    struct line line = {.text = leat_str_of(problems->text.ptr + start, end - start), .start = start};
    line.to = line.text.len;
    if (line.to <= LINE_MAX_SHOWN)
        return line;
    line.from = at - start > BEFORE_CARET ? at - start - BEFORE_CARET : 0;
    while (line.from > 0 && is_cut_character(line.text.ptr[line.from]))
        line.from--;
    if (line.to - line.from > LINE_MAX_SHOWN)
        line.to = line.from + LINE_MAX_SHOWN;
    while (line.to < line.text.len && is_cut_character(line.text.ptr[line.to]))
        line.to++;
    return line;
}

/* --- what is not shown --------------------------------------------------------------------------------- */

static void hide(struct line *line, size_t start, size_t end)
{
    for (size_t i = start; i < end && i < line->text.len; i++)
        line->hidden[i] = true;
}

static void hide_passwords(struct line *line)
{
    leat_str rest = line->text, password;
    while ((password = leat_find_password(rest, &rest)).ptr != NULL)
        hide(line, (size_t)(password.ptr - line->text.ptr), (size_t)(password.ptr - line->text.ptr) + password.len);
}

static void hide_references(struct line *line)
{
    static const char mark[] = "${secret:";
    for (size_t i = 0; i + strlen(mark) <= line->text.len; i++) {
        if (memcmp(line->text.ptr + i, mark, strlen(mark)) != 0)
            continue;
        size_t end = i;
        while (end < line->text.len && line->text.ptr[end] != '}')
            end++;
        hide(line, i, end + 1);
        i = end;
    }
}

/* The word in front of a colon that a line begins with, or absent. */
static leat_str key_of(leat_str line)
{
    size_t len = 0;
    while (len < line.len && ((line.ptr[len] >= 'a' && line.ptr[len] <= 'z') || line.ptr[len] == '_'))
        len++;
    return len > 0 && len < line.len && line.ptr[len] == ':' ? leat_str_of(line.ptr, len) : LEAT_ABSENT;
}

/* The top-level key that the line stands below, as far as lines tell. */
static leat_str top_key(const struct leat_problems *problems, size_t line)
{
    leat_str key = LEAT_ABSENT;
    for (size_t start = line + 1; start > 0 && key.ptr == NULL; start--)
        if (start == 1 || problems->text.ptr[start - 2] == '\n')
            key = key_of(leat_str_skip(problems->text, start - 1));
    return key;
}

/* Without a tree: below a key of ours that holds no secrets everything may be shown, else only up to the first colon.
 */
static void guard(const struct leat_problems *problems, struct line *line)
{
    leat_str key = top_key(problems, line->start);
    for (const struct leat_option *option = leat_options; option->key != NULL && key.ptr != NULL; option++) {
        leat_str rest = leat_str_c(option->key);
        if (!option->secret && leat_str_eq(leat_str_cut(&rest, '.'), key))
            return;
    }
    const char *colon = line->text.len > 0 ? memchr(line->text.ptr, ':', line->text.len) : NULL;
    size_t shown = colon != NULL ? (size_t)(colon - line->text.ptr) + 1 : 0;
    while (shown < line->text.len && line->text.ptr[shown] == ' ')
        shown++;
    hide(line, shown, line->text.len);
}

static bool hide_all(struct leat_arena *arena, const struct leat_problems *problems, struct line *line)
{
    line->hidden = LEAT_NEW_N(arena, bool, line->text.len + 1);
    if (line->hidden == NULL || problems->arena.overflow)
        return false;
    for (const struct leat_hidden *at = problems->hidden; at != NULL; at = at->next)
        if (at->end > line->start && at->start < line->start + line->text.len)
            hide(line, at->start > line->start ? at->start - line->start : 0, at->end - line->start);
    hide_passwords(line);
    hide_references(line);
    if (problems->guarded)
        guard(problems, line);
    return true;
}

/* --- the lines ------------------------------------------------------------------------------------------- */

/* Bytes [from, to) of the line; returns how many characters wide it is. */
static size_t show(struct leat_buf *buf, const struct line *line, size_t from, size_t to)
{
    size_t before = buf->len, width = 0;
    for (size_t i = from, len; i < to; i += len) {
        len = 1;
        while (i + len < to && (line->hidden[i] ? line->hidden[i + len] : is_cut_character(line->text.ptr[i + len])))
            len++;
        if (line->hidden[i])
            leat_buf_c(buf, "***");
        else
            leat_buf_visible(buf, leat_str_of(line->text.ptr + i, len));
    }
    for (size_t i = before; i < buf->len; i++)
        width += is_cut_character(buf->ptr[i]) ? 0 : 1;
    return width;
}

static void show_caret(struct leat_buf *buf, size_t before, size_t width, leat_str fix)
{
    leat_str first = fix.ptr != NULL ? leat_str_cut(&fix, '\n') : LEAT_ABSENT;
    leat_buf_printf(buf, "      | %*s", (int)before, "");
    for (size_t i = 0; i < (width > 0 ? width : 1); i++)
        leat_buf_char(buf, '^');
    if (first.len > 0) {
        leat_buf_char(buf, ' ');
        leat_buf_visible(buf, first);
    }
    leat_buf_char(buf, '\n');
    while (fix.ptr != NULL) {
        leat_buf_printf(buf, "      | %*s", (int)before, "");
        leat_buf_visible(buf, leat_str_cut(&fix, '\n'));
        leat_buf_char(buf, '\n');
    }
}

static void show_line(struct leat_buf *buf, const struct leat_problems *problems, const struct leat_problem *problem,
                      size_t number)
{
    struct line line = line_at(problems, problem->at);
    size_t at = problem->at - line.start, end;
    if (!hide_all(buf->arena, problems, &line))
        return;
    at = at < line.to ? at : line.to;
    end = problem->len < line.to - at ? at + problem->len : line.to;
    while (at > line.from && line.hidden[at] && line.hidden[at - 1])
        at--; /* the caret stands below the whole *** */
    while (end > at && end < line.to && line.hidden[end] && line.hidden[end - 1])
        end++;
    leat_buf_printf(buf, "%5zu | %s", number, line.from > 0 ? "..." : "");
    size_t before = (line.from > 0 ? 3 : 0) + show(buf, &line, line.from, at);
    size_t width = show(buf, &line, at, end);
    (void)show(buf, &line, end, line.to);
    leat_buf_c(buf, line.to < line.text.len ? "...\n" : "\n");
    show_caret(buf, before, width, problem->fix);
}

void leat_problem_print(struct leat_buf *buf, const struct leat_problems *problems, const struct leat_problem *problem)
{
    size_t line, column;
    leat_problem_place(problems, problem, &line, &column);
    leat_buf_visible(buf, leat_str_c(problems->file));
    leat_buf_printf(buf, ":%zu:%zu: %s: ", line, column, problem->warning ? "warning" : "error");
    leat_buf_visible(buf, problem->message);
    leat_buf_char(buf, '\n');
    show_line(buf, problems, problem, line);
}
