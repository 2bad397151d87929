/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a line. What describes a line is called by the signal handler too: no printf, no heap, no locale. */
#include "journal_private.h"

#include <leat/text.h>

enum { CUT = 1 + LEAT_DIGEST_LEN };

void leat_journal_put_number(char *column, size_t size, uint64_t value)
{
    char digits[20];
    size_t len = 0;
    do {
        digits[len++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    memset(column, len > size ? '9' : ' ', size);
    for (size_t i = 0; i < len && len <= size; i++)
        column[i] = digits[len - 1 - i];
}

uint64_t leat_journal_number(const char *column, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size && column[i] >= '0' && column[i] <= '9'; i++)
        value = value * 10 + (uint64_t)(column[i] - '0');
    return value;
}

static size_t encode(unsigned char byte, char *piece)
{
    static const char digits[] = "0123456789ABCDEF";
    piece[0] = (char)byte;
    if (byte > ' ' && byte < 0x7f && byte != '%' && byte != '~')
        return 1;
    piece[0] = '%';
    piece[1] = digits[byte >> 4];
    piece[2] = digits[byte & 15];
    return 3;
}

/* Only what is cut has a '~': no name looks like another's short form. */
void leat_journal_put_name(char *column, size_t size, leat_str name)
{
    size_t at = 0, whole = 0; /* whole: where it may be cut, between two characters */
    for (size_t i = 0; i < name.len; i++) {
        char piece[3];
        size_t len = encode((unsigned char)name.ptr[i], piece);
        if (len > size - at) {
            column[whole] = '~';
            leat_digest_write(name, column + whole + 1);
            at = whole + CUT;
            break;
        }
        memcpy(column + at, piece, len);
        at += len;
        whole = at + CUT <= size ? at : whole;
    }
    memset(column + at, ' ', size - at);
}

leat_str leat_journal_column(const char *column, size_t size)
{
    while (size > 0 && column[size - 1] == ' ')
        size--;
    return leat_str_of(column, size);
}

void leat_journal_clear(struct leat_journal_line *line)
{
    memset(line, ' ', sizeof(*line));
    line->mark = MARK_NONE;
    line->newline = '\n';
}

void leat_journal_put_header(struct leat_journal_line *line, uint32_t slots)
{
    static const char name[] = "leat journal, format 1, slots ";
    char *text = (char *)line;
    leat_journal_clear(line);
    memcpy(text, name, sizeof(name) - 1);
    leat_journal_put_number(text + sizeof(name) - 1, 10, slots);
}

/* --- for people ------------------------------------------------------------------------------------------- */

struct text {
    char *ptr;
    size_t len, size;
};

static void add(struct text *text, leat_str more)
{
    size_t room = text->size - text->len - 1;
    size_t len = more.len < room ? more.len : room;
    if (len > 0)
        memcpy(text->ptr + text->len, more.ptr, len);
    text->len += len;
    text->ptr[text->len] = '\0';
}

static void add_cause(struct text *text, const struct leat_journal_line *line)
{
    leat_str cause = leat_journal_column(line->cause, sizeof(line->cause));
    if (leat_str_is(cause, "exit"))
        cause = LEAT_STR("exit()");
    else if (leat_str_is(cause, "hang"))
        cause = LEAT_STR("no return in time");
    else
        add(text, LEAT_STR("signal "));
    add(text, cause);
}

static void add_others(struct text *text, const struct leat_journal_line *line)
{
    char others[sizeof(line->count)];
    uint64_t count = leat_journal_number(line->count, sizeof(line->count));
    if (count < 2)
        return;
    leat_journal_put_number(others, sizeof(others), count - 1);
    add(text, LEAT_STR(" and "));
    add(text, leat_journal_column(others, sizeof(others)));
    add(text, LEAT_STR(" more"));
}

size_t leat_journal_describe_cause(const struct leat_journal_line *line, char *text, size_t size)
{
    struct text out = {.ptr = text, .size = size};
    if (size > 0)
        add_cause(&out, line);
    return out.len;
}

size_t leat_journal_describe(const struct leat_journal_line *line, char *text, size_t size)
{
    struct text out = {.ptr = text, .size = size};
    if (size == 0)
        return 0;
    add_cause(&out, line);
    add(&out, LEAT_STR(" in handler "));
    add(&out, leat_journal_column(line->handler, sizeof(line->handler)));
    add(&out, LEAT_STR(" on "));
    add(&out, leat_journal_column(line->source, sizeof(line->source)));
    add(&out, LEAT_STR("/"));
    add(&out, leat_journal_column(line->unit, sizeof(line->unit)));
    add_others(&out, line);
    return out.len;
}
