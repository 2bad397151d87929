/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/buf.h>

#include <stdio.h>

void leat_buf_init(struct leat_buf *buf, struct leat_arena *arena)
{
    *buf = (struct leat_buf){.arena = arena};
}

/* Room for `more` bytes and a NUL. */
static char *reserve(struct leat_buf *buf, size_t more)
{
    if (buf->failed || more > SIZE_MAX / 4 - buf->len) {
        buf->failed = true;
        return NULL;
    }
    size_t need = buf->len + more + 1;
    if (need > buf->size) {
        size_t size = need < 128 ? 128 : need + need / 2;
        char *larger = leat_arena_alloc(buf->arena, size);
        if (larger == NULL) {
            buf->failed = true;
            return NULL;
        }
        if (buf->len > 0)
            memcpy(larger, buf->ptr, buf->len);
        buf->ptr = larger;
        buf->size = size;
    }
    return buf->ptr + buf->len;
}

void leat_buf_add(struct leat_buf *buf, leat_str text)
{
    char *at = text.len > 0 ? reserve(buf, text.len) : NULL;
    if (at == NULL)
        return;
    memcpy(at, text.ptr, text.len);
    buf->len += text.len;
}

void leat_buf_c(struct leat_buf *buf, const char *text)
{
    leat_buf_add(buf, leat_str_c(text));
}

void leat_buf_char(struct leat_buf *buf, char c)
{
    leat_buf_add(buf, leat_str_of(&c, 1));
}

void leat_buf_printf(struct leat_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *at = len >= 0 ? reserve(buf, (size_t)len) : NULL;
    if (at != NULL) {
        vsnprintf(at, (size_t)len + 1, format, args);
        buf->len += (size_t)len;
    }
    va_end(args);
}

/* The escape of one byte of a JSON string, or NULL if it may stand as it is. */
static const char *json_escape(unsigned char c, char *scratch)
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\b': return "\\b";
    case '\f': return "\\f";
    default: break;
    }
    if (c >= 0x20 && c != 0x7F)
        return NULL;
    snprintf(scratch, 8, "\\u%04x", c);
    return scratch;
}

void leat_buf_json_string(struct leat_buf *buf, leat_str text)
{
    char scratch[8];
    leat_buf_char(buf, '"');
    while (text.len > 0) {
        size_t good = leat_str_utf8(text), plain = 0;
        for (size_t i = 0; i < good; i++) {
            const char *escape = json_escape((unsigned char)text.ptr[i], scratch);
            if (escape == NULL)
                continue;
            leat_buf_add(buf, leat_str_of(text.ptr + plain, i - plain));
            leat_buf_c(buf, escape);
            plain = i + 1;
        }
        leat_buf_add(buf, leat_str_of(text.ptr + plain, good - plain));
        text = leat_str_skip(text, good);
        if (text.len > 0) {
            leat_buf_c(buf, "\xEF\xBF\xBD");
            text = leat_str_skip(text, 1);
            while (text.len > 0 && ((unsigned char)text.ptr[0] & 0xC0) == 0x80)
                text = leat_str_skip(text, 1);
        }
    }
    leat_buf_char(buf, '"');
}

void leat_buf_json_name(struct leat_buf *buf, const char *name)
{
    if (buf->len > 0 && buf->ptr[buf->len - 1] != '{')
        leat_buf_char(buf, ',');
    leat_buf_json_string(buf, leat_str_c(name));
    leat_buf_char(buf, ':');
}

void leat_buf_json_member(struct leat_buf *buf, const char *name, leat_str text)
{
    if (text.ptr == NULL)
        return;
    leat_buf_json_name(buf, name);
    leat_buf_json_string(buf, text);
}

/* Of how many bytes is the control character that well-formed text begins with? 0: it begins with another. Controls
 * are C0, C1, and what begins a line (U+2028, U+2029) or turns the text around it (U+202A..E, U+2066..9). */
static size_t control_bytes(leat_str good)
{
    const unsigned char *at = (const unsigned char *)good.ptr;
    if (at[0] < 0x80)
        return at[0] < 0x20 || at[0] == 0x7F ? 1 : 0;
    if (at[0] == 0xC2)
        return at[1] < 0xA0 ? 2 : 0;
    bool turns = at[0] == 0xE2 && ((at[1] == 0x80 && at[2] >= 0xA8 && at[2] <= 0xAE) ||
                                   (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9));
    return turns ? 3 : 0;
}

/* How much of well-formed text may stand as it is. */
static size_t plain_bytes(leat_str good)
{
    size_t i = 0;
    while (i < good.len && control_bytes(leat_str_skip(good, i)) == 0)
        i++;
    return i;
}

static void add_visible_byte(struct leat_buf *buf, unsigned char c)
{
    if (c == '\n' || c == '\t')
        leat_buf_c(buf, c == '\n' ? "\\n" : "\\t");
    else
        leat_buf_printf(buf, "\\x%02x", c);
}

static void add_visible(struct leat_buf *buf, leat_str good)
{
    while (good.len > 0) {
        size_t plain = plain_bytes(good);
        leat_buf_add(buf, leat_str_of(good.ptr, plain));
        good = leat_str_skip(good, plain);
        for (size_t left = good.len > 0 ? control_bytes(good) : 0; left > 0; left--) {
            add_visible_byte(buf, (unsigned char)good.ptr[0]);
            good = leat_str_skip(good, 1);
        }
    }
}

void leat_buf_visible(struct leat_buf *buf, leat_str text)
{
    while (text.ptr != NULL && text.len > 0) {
        leat_str good = leat_str_of(text.ptr, leat_str_utf8(text));
        add_visible(buf, good);
        text = leat_str_skip(text, good.len);
        if (text.len > 0)
            add_visible_byte(buf, (unsigned char)text.ptr[0]);
        text = leat_str_skip(text, 1);
    }
}

leat_str leat_buf_str(struct leat_buf *buf)
{
    char *end = reserve(buf, 0);
    if (end == NULL)
        return LEAT_ABSENT;
    *end = '\0';
    return leat_str_of(buf->ptr, buf->len);
}
