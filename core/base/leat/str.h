/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leat_str: a slice of bytes by value. It owns nothing and is not NUL-terminated.
 * `ptr == NULL` means absent, which differs from empty (`len == 0`, `ptr` set).
 */
#ifndef LEAT_STR_H
#define LEAT_STR_H

#include <leat/api.h>

#include <string.h>

LEAT_BEGIN

typedef struct leat_str {
    const char *ptr;
    size_t len;
} leat_str;

/* A slice of a string literal: LEAT_STR("sqs"). */
#ifdef __cplusplus
#define LEAT_STR(literal) (leat_str{"" literal, sizeof(literal) - 1})
#define LEAT_ABSENT (leat_str{nullptr, 0})
#else
#define LEAT_STR(literal) ((leat_str){"" literal, sizeof(literal) - 1})
#define LEAT_ABSENT ((leat_str){NULL, 0})
#endif

/* For printf: printf("%.*s", LEAT_ARG(s)). Longer than INT_MAX is cut. */
#define LEAT_ARG(s) (int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len), (s).ptr != NULL ? (s).ptr : ""

static inline leat_str leat_str_of(const char *ptr, size_t len)
{
    leat_str s = LEAT_ABSENT;
    s.ptr = ptr;
    s.len = len;
    return s;
}

/* The slice of a C string; NULL gives absent. */
static inline leat_str leat_str_c(const char *text)
{
    return leat_str_of(text, text != NULL ? strlen(text) : 0);
}

/* A letter or a digit of ASCII, whatever the locale. */
static inline bool leat_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Byte-wise; absent equals absent only. */
static inline bool leat_str_eq(leat_str a, leat_str b)
{
    if (a.ptr == NULL || b.ptr == NULL)
        return a.ptr == b.ptr;
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static inline bool leat_str_is(leat_str s, const char *text)
{
    return leat_str_eq(s, leat_str_c(text));
}

static inline bool leat_str_empty(leat_str s)
{
    return s.len == 0;
}

static inline bool leat_str_starts(leat_str s, leat_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool leat_str_ends(leat_str s, leat_str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + (s.len - suffix.len), suffix.ptr, suffix.len) == 0);
}

/* What is left after `count` bytes; `count` beyond the end gives empty. */
static inline leat_str leat_str_skip(leat_str s, size_t count)
{
    if (s.ptr == NULL)
        return LEAT_ABSENT;
    size_t skipped = count < s.len ? count : s.len;
    return leat_str_of(s.ptr + skipped, s.len - skipped);
}

/* As memcmp orders them; what ends first comes first. */
static inline int leat_str_compare(leat_str a, leat_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* What stands behind the last slash of a path. */
static inline leat_str leat_str_base(leat_str path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return leat_str_skip(path, at);
}

/* ASCII case folded, as HTTP field names compare. */
LEAT_API bool leat_str_eq_nocase(leat_str a, leat_str b);

/* Where `needle` first stands in `s`, or absent. An empty needle is found at the start. */
LEAT_API leat_str leat_str_find(leat_str s, leat_str needle);

/* Cuts at the first `separator`: returns what stands before it and leaves the rest in *s.
 * Without a separator returns all of *s and makes *s absent. */
LEAT_API leat_str leat_str_cut(leat_str *s, char separator);

/* Without ASCII white space at both ends. */
LEAT_API leat_str leat_str_trim(leat_str s);

/* A whole decimal number, nothing around it. False: empty, other bytes, or beyond int64_t. */
LEAT_API bool leat_str_int64(leat_str s, int64_t *retvalue);

/* Length of the longest start of `s` that is printable ASCII (0x20 to 0x7E); s.len if all is. */
LEAT_API size_t leat_str_plain(leat_str s);

/* Length of the longest start of `s` that is well-formed UTF-8 (Unicode 15, table 3-7); s.len if all is. */
LEAT_API size_t leat_str_utf8(leat_str s);

LEAT_END

#endif
