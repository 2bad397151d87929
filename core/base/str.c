/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/str.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool leat_str_eq_nocase(leat_str a, leat_str b)
{
    if (a.ptr == NULL || b.ptr == NULL)
        return a.ptr == b.ptr;
    if (a.len != b.len)
        return false;
    if (memcmp(a.ptr, b.ptr, a.len) == 0) /* mostly they are spelt alike */
        return true;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

leat_str leat_str_find(leat_str s, leat_str needle)
{
    if (s.ptr == NULL || needle.len > s.len)
        return LEAT_ABSENT;
    if (needle.len == 0)
        return leat_str_of(s.ptr, 0);
    /* memmem prepares more than most searches need */
    const char *at = s.ptr, *end = s.ptr + (s.len - needle.len) + 1;
    while (at < end && (at = memchr(at, needle.ptr[0], (size_t)(end - at))) != NULL) {
        if (memcmp(at, needle.ptr, needle.len) == 0)
            return leat_str_of(at, needle.len);
        at++;
    }
    return LEAT_ABSENT;
}

leat_str leat_str_cut(leat_str *s, char separator)
{
    const char *at = s->len > 0 ? memchr(s->ptr, separator, s->len) : NULL;
    leat_str head = *s;
    if (at == NULL) {
        *s = LEAT_ABSENT;
        return head;
    }
    head.len = (size_t)(at - s->ptr);
    *s = leat_str_of(at + 1, s->len - head.len - 1);
    return head;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

leat_str leat_str_trim(leat_str s)
{
    while (s.len > 0 && is_space(s.ptr[0]))
        s = leat_str_skip(s, 1);
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool leat_str_int64(leat_str s, int64_t *retvalue)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t value = 0;
    size_t i = negative ? 1 : 0;
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        int digit = s.ptr[i] - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) || __builtin_sub_overflow(value, (int64_t)digit, &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *retvalue = negative ? value : -value; /* counted down, so that INT64_MIN fits */
    return true;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at once, since texts are long and mostly plain. A byte that wraps borrows only from higher ones, so at
 * worst a plain byte behind one that is not is missed. */
static bool word_is_plain(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    uint64_t below_space = word - EACH(0x20), delete = (word ^ EACH(0x7F)) - EACH(0x01);
    return ((below_space | delete | word) & EACH(0x80)) == 0;
}

size_t leat_str_plain(leat_str s)
{
    size_t at = 0;
    while (s.len - at >= sizeof(uint64_t) && word_is_plain(s.ptr + at))
        at += sizeof(uint64_t);
    while (at < s.len && s.ptr[at] >= 0x20 && s.ptr[at] < 0x7F)
        at++;
    return at;
}

/* Length of the well-formed sequence at p (1 to 4), or 0. `left` is at least 1. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || left < len)
        return 0;
    unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

size_t leat_str_utf8(leat_str s)
{
    size_t at = 0;
    while (at < s.len) {
        at += leat_str_plain(leat_str_skip(s, at));
        if (at == s.len)
            break;
        size_t step = utf8_sequence((const unsigned char *)s.ptr + at, s.len - at);
        if (step == 0)
            break;
        at += step;
    }
    return at;
}
