/* SPDX-License-Identifier: Apache-2.0 */
#include "log_export.h"

enum answer { NO, YES, CUT }; /* CUT: more bytes could make it one */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 'd' stands for a digit; *at moves behind what is alike. */
static enum answer match(leat_str text, size_t *at, const char *shape)
{
    for (; *shape != '\0'; shape++, ++*at) {
        if (*at == text.len)
            return CUT;
        if (*shape == 'd' ? !is_digit(text.ptr[*at]) : text.ptr[*at] != *shape)
            return NO;
    }
    return YES;
}

static char char_at(leat_str text, size_t at)
{
    return at < text.len ? text.ptr[at] : '\0';
}

/* "Z", "+00:00", or nothing: `aws logs tail --format short` leaves it out. */
static enum answer match_zone(leat_str text, size_t *at)
{
    if (char_at(text, *at) == 'Z')
        ++*at;
    if (char_at(text, *at) != '+' && char_at(text, *at) != '-')
        return YES;
    ++*at;
    return match(text, at, "dd:dd");
}

static enum answer match_stamp(leat_str text)
{
    size_t at = 0, digits = 0;
    enum answer answer = match(text, &at, "dddd-dd-ddTdd:dd:dd");
    if (answer == YES && char_at(text, at) == '.')
        for (at++; digits < 9 && is_digit(char_at(text, at)); at++)
            digits++;
    if (answer == YES)
        answer = match_zone(text, &at);
    if (answer == YES && at == text.len)
        return CUT;
    return answer == YES && text.ptr[at] != ' ' && text.ptr[at] != '\t' ? NO : answer;
}

leat_status leat_log_starts(struct leat_input *input, bool *ret, struct leat_error *reterr)
{
    enum answer answer;
    while ((answer = match_stamp(leat_input_unread(input))) == CUT && !input->ended)
        LEAT_TRY(leat_input_more(input, reterr));
    *ret = answer == YES;
    return LEAT_OK;
}

/* Each byte is looked at once: `at` stands before the newline that was found last. */
leat_status leat_log_entry(struct leat_input *input, size_t limit, leat_str *retentry, struct leat_error *reterr)
{
    size_t at = 0;
    for (;;) {
        leat_str text = leat_input_unread(input), rest = leat_str_skip(text, at);
        const char *newline = rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
        at = newline != NULL ? (size_t)(newline - text.ptr) : text.len;
        if (limit != 0 && at > limit)
            return LEAT_STATUS(TOO_BIG);
        size_t end = newline != NULL ? at + 1 : at;
        enum answer next = newline != NULL ? match_stamp(leat_str_skip(text, end)) : CUT;
        if (next == CUT && !input->ended) {
            LEAT_TRY(leat_input_more(input, reterr));
            continue;
        }
        if (next != YES && end < text.len) {
            at = end;
            continue;
        }
        *retentry = end > 0 ? leat_str_of(text.ptr, end) : LEAT_ABSENT;
        leat_input_consume(input, end);
        return LEAT_OK;
    }
}
