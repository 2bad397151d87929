/* SPDX-License-Identifier: Apache-2.0 */
/* What CloudEvents allows an attribute to be: text without control characters, URI references, media types. */
#include <leat/envelope.h>

/* --- text (CloudEvents 1.0.2, type String) ------------------------------------------------------- */

/* The code point of a well-formed sequence of `len` bytes. */
static uint32_t code_of(const unsigned char *at, size_t len)
{
    static const unsigned char first[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = at[0] & first[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (at[i] & 0x3Fu);
    return code;
}

static bool is_allowed(uint32_t code)
{
    bool controls = code < 0x20 || (code >= 0x7F && code < 0xA0);
    bool no_character = (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE;
    return !controls && !no_character;
}

/* Bytes of the character at the start of `value`, and whether it must be encoded. */
static size_t next_character(leat_str value, bool *retencode)
{
    size_t len = 1;
    while (len < 4 && len < value.len && ((unsigned char)value.ptr[len] & 0xC0) == 0x80)
        len++;
    bool whole = leat_str_utf8(leat_str_of(value.ptr, len)) == len && ((unsigned char)value.ptr[0] >= 0x80 || len == 1);
    *retencode = !whole || !is_allowed(code_of((const unsigned char *)value.ptr, len));
    return whole ? len : 1;
}

bool leat_attribute_is_clean(leat_str value)
{
    bool encode = false;
    for (value = leat_str_skip(value, leat_str_plain(value)); value.len > 0 && !encode;)
        value = leat_str_skip(value, next_character(value, &encode));
    return !encode;
}

static void add_escape(struct leat_buf *buf, char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[3] = {'%', digits[(unsigned char)byte >> 4], digits[(unsigned char)byte & 15]};
    leat_buf_add(buf, leat_str_of(escape, sizeof(escape)));
}

leat_str leat_attribute_clean(struct leat_arena *arena, leat_str value)
{
    struct leat_buf buf;
    if (value.len == 0)
        return LEAT_ABSENT;
    if (leat_attribute_is_clean(value))
        return value;
    leat_buf_init(&buf, arena);
    while (value.len > 0) {
        bool encode;
        size_t len = next_character(value, &encode);
        if (!encode)
            leat_buf_add(&buf, leat_str_of(value.ptr, len));
        for (size_t i = 0; encode && i < len; i++)
            add_escape(&buf, value.ptr[i]);
        value = leat_str_skip(value, len);
    }
    return leat_buf_str(&buf);
}

/* --- URI references (RFC 3986) ---------------------------------------------------------------------- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Bit by bit: reserved and unreserved characters. Brackets do not fit everywhere, but nobody looks at the parts. */
static const uint32_t uri_bytes[8] = {0, 0xAFFFFFDA, 0xAFFFFFFF, 0x47FFFFFE};

static inline bool is_uri_byte(unsigned char c)
{
    return (uri_bytes[c / 32] >> c % 32 & 1) != 0;
}

/* May the byte at `at` stand there as it is? */
static bool fits_uri(leat_str value, size_t at)
{
    if (value.ptr[at] == '%')
        return value.len - at > 2 && is_hex(value.ptr[at + 1]) && is_hex(value.ptr[at + 2]);
    return is_uri_byte((unsigned char)value.ptr[at]);
}

leat_str leat_attribute_uri(struct leat_arena *arena, leat_str value)
{
    struct leat_buf buf;
    size_t fit = 0;
    while (fit < value.len && (is_uri_byte((unsigned char)value.ptr[fit]) || fits_uri(value, fit)))
        fit++;
    if (fit == value.len)
        return value.len > 0 ? value : LEAT_ABSENT;
    leat_buf_init(&buf, arena);
    for (size_t i = 0; i < value.len; i++) {
        if (fits_uri(value, i))
            leat_buf_char(&buf, value.ptr[i]);
        else
            add_escape(&buf, value.ptr[i]);
    }
    return leat_buf_str(&buf);
}

/* --- media types (RFC 2045, section 5.1) --------------------------------------------------------------- */

/* Printable, no space, and none of its "tspecials". */
static bool is_token(char c)
{
    return leat_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`{|}~", c) != NULL);
}

static size_t token_len(leat_str text)
{
    size_t len = 0;
    while (len < text.len && is_token(text.ptr[len]))
        len++;
    return len;
}

static size_t value_len(leat_str text)
{
    size_t len = 1;
    if (text.len == 0 || text.ptr[0] != '"')
        return token_len(text);
    while (len < text.len && text.ptr[len] != '"')
        len += text.ptr[len] == '\\' ? 2 : 1;
    return len < text.len ? len + 1 : 0;
}

/* "; name=value", with white space before and behind the semicolon; 0: none stands there. */
static size_t parameter_len(leat_str text)
{
    leat_str rest = text;
    while (rest.len > 0 && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t'))
        rest = leat_str_skip(rest, 1);
    if (rest.len == 0 || rest.ptr[0] != ';')
        return 0;
    rest = leat_str_skip(rest, 1);
    while (rest.len > 0 && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t'))
        rest = leat_str_skip(rest, 1);
    size_t name = token_len(rest);
    if (name == 0 || name == rest.len || rest.ptr[name] != '=')
        return 0;
    rest = leat_str_skip(rest, name + 1);
    size_t value = value_len(rest);
    return value > 0 ? (size_t)(rest.ptr - text.ptr) + value : 0;
}

leat_str leat_attribute_media_type(leat_str value)
{
    leat_str text = leat_str_trim(value);
    size_t type = token_len(text), len = type + 1;
    if (type == 0 || type == text.len || text.ptr[type] != '/')
        return LEAT_ABSENT;
    size_t subtype = token_len(leat_str_skip(text, len));
    if (subtype == 0)
        return LEAT_ABSENT;
    len += subtype;
    for (size_t parameter; (parameter = parameter_len(leat_str_skip(text, len))) > 0;)
        len += parameter;
    return leat_str_of(text.ptr, len);
}

bool leat_attribute_is_json(leat_str type)
{
    leat_str rest = type, media = leat_str_trim(leat_str_cut(&rest, ';'));
    leat_str json = LEAT_STR("json"), end = leat_str_skip(media, media.len > json.len ? media.len - json.len : 0);
    if (!leat_str_eq_nocase(end, json) || media.len < json.len + 2)
        return false;
    char before = media.ptr[media.len - json.len - 1];
    return before == '+' || leat_str_eq_nocase(media, LEAT_STR("application/json")) ||
           leat_str_eq_nocase(media, LEAT_STR("text/json"));
}
