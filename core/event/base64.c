/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4), by a table: streams and queues carry their bytes in it. */
#include <leat/text.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define NO 64 /* a byte that is not in it; values have no such bit */

/* clang-format off */
static const unsigned char values[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};
/* clang-format on */

static uint32_t value_of(const char *at)
{
    return values[(unsigned char)*at];
}

/* Without its padding; absent if the padding is wrong or the length impossible. */
static leat_str strip(leat_str text)
{
    bool quads = text.len % 4 == 0;
    for (int i = 0; quads && i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++)
        text.len--;
    return text.len % 4 == 1 ? LEAT_ABSENT : text;
}

bool leat_base64_valid(leat_str text)
{
    leat_str stripped = strip(text);
    uint32_t seen = 0;
    for (size_t i = 0; i < stripped.len; i++)
        seen |= value_of(stripped.ptr + i);
    return stripped.ptr != NULL && (seen & NO) == 0;
}

/* Whole quads to three bytes each. False: something else stands among them. */
static bool decode_quads(const char *in, size_t quads, char *out)
{
    uint32_t seen = 0;
    for (; quads > 0; quads--, in += 4, out += 3) {
        uint32_t a = value_of(in), b = value_of(in + 1), c = value_of(in + 2), d = value_of(in + 3);
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        seen |= a | b | c | d;
        out[0] = (char)(unsigned char)(bits >> 16);
        out[1] = (char)(unsigned char)(bits >> 8 & 0xFF);
        out[2] = (char)(unsigned char)(bits & 0xFF);
    }
    return (seen & NO) == 0;
}

/* The last two or three digits: one or two bytes. */
static bool decode_rest(leat_str rest, char *out)
{
    uint32_t a = value_of(rest.ptr), b = value_of(rest.ptr + 1), c = rest.len > 2 ? value_of(rest.ptr + 2) : 0;
    out[0] = (char)(unsigned char)(a << 2 | b >> 4);
    if (rest.len > 2)
        out[1] = (char)(unsigned char)((b << 4 | c >> 2) & 0xFF);
    return ((a | b | c) & NO) == 0;
}

bool leat_base64_decode(struct leat_arena *arena, leat_str text, leat_str *retbytes)
{
    struct leat_arena_mark mark = leat_arena_snapshot(arena);
    leat_str stripped = strip(text);
    size_t quads = stripped.len / 4;
    char *out = stripped.ptr != NULL ? leat_arena_alloc(arena, quads * 3 + 3) : NULL;
    if (out == NULL)
        return false;
    leat_str rest = leat_str_skip(stripped, quads * 4);
    size_t len = quads * 3 + (rest.len > 0 ? rest.len - 1 : 0);
    if (!decode_quads(stripped.ptr, quads, out) || (rest.len > 0 && !decode_rest(rest, out + quads * 3))) {
        leat_arena_rollback(arena, mark);
        return false;
    }
    out[len] = '\0';
    *retbytes = leat_str_of(out, len);
    return true;
}

leat_str leat_base64_encode(struct leat_arena *arena, leat_str bytes)
{
    char *out = leat_arena_alloc(arena, (bytes.len + 2) / 3 * 4 + 1);
    size_t len = 0;
    if (out == NULL)
        return LEAT_ABSENT;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = (uint32_t)(unsigned char)bytes.ptr[i] << 16;
        bits |= left > 1 ? (uint32_t)(unsigned char)bytes.ptr[i + 1] << 8 : 0;
        bits |= left > 2 ? (uint32_t)(unsigned char)bytes.ptr[i + 2] : 0;
        out[len++] = alphabet[bits >> 18];
        out[len++] = alphabet[bits >> 12 & 63];
        out[len++] = '=';
        out[len++] = '=';
        if (left > 1)
            out[len - 2] = alphabet[bits >> 6 & 63];
        if (left > 2)
            out[len - 1] = alphabet[bits & 63];
    }
    out[len] = '\0';
    return leat_str_of(out, len);
}
