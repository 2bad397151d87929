/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/text.h>

static const char hex_digits[] = "0123456789abcdef";

/* --- times --------------------------------------------------------------------------------------- */

/* Takes `count` digits off *s. -1: there are none. */
static int take_digits(leat_str *s, size_t count)
{
    int value = 0;
    if (s->len < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return -1;
        value = value * 10 + (s->ptr[i] - '0');
    }
    *s = leat_str_skip(*s, count);
    return value;
}

static bool take_char(leat_str *s, const char *any)
{
    if (s->len == 0 || s->ptr[0] == '\0' || strchr(any, s->ptr[0]) == NULL)
        return false;
    *s = leat_str_skip(*s, 1);
    return true;
}

static bool take_date(leat_str *s)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = take_digits(s, 4);
    if (year < 0 || !take_char(s, "-"))
        return false;
    int month = take_digits(s, 2);
    if (month < 1 || month > 12 || !take_char(s, "-"))
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int day = take_digits(s, 2);
    return day >= 1 && day <= month_days[month - 1] + (leap && month == 2 ? 1 : 0);
}

static bool take_clock(leat_str *s)
{
    int hour = take_digits(s, 2);
    if (hour < 0 || hour > 23 || !take_char(s, ":"))
        return false;
    int minute = take_digits(s, 2);
    if (minute < 0 || minute > 59 || !take_char(s, ":"))
        return false;
    int second = take_digits(s, 2);
    /* A leap second ends an hour in every zone whose offset is whole hours, else a half or quarter hour. */
    if (second < 0 || second > 60 || (second == 60 && minute % 15 != 14))
        return false;
    if (!take_char(s, "."))
        return true;
    size_t digits = 0;
    while (take_digits(s, 1) >= 0)
        digits++;
    return digits > 0;
}

static bool take_zone(leat_str *s)
{
    if (take_char(s, "Zz"))
        return true;
    if (!take_char(s, "+-"))
        return false;
    int hour = take_digits(s, 2);
    if (hour < 0 || hour > 23 || !take_char(s, ":"))
        return false;
    int minute = take_digits(s, 2);
    return minute >= 0 && minute <= 59;
}

bool leat_time_valid(leat_str text)
{
    return take_date(&text) && take_char(&text, "Tt") && take_clock(&text) && take_zone(&text) && text.len == 0;
}

/* --- percent and form encoding --------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The byte of the escape at `at`, or -1 if none stands there. */
static int escape_at(leat_str text, size_t at)
{
    if (text.ptr[at] != '%' || text.len - at < 3)
        return -1;
    int high = hex_value(text.ptr[at + 1]), low = hex_value(text.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool needs_decoding(leat_str text, bool plus)
{
    return text.len > 0 &&
           (memchr(text.ptr, '%', text.len) != NULL || (plus && memchr(text.ptr, '+', text.len) != NULL));
}

leat_str leat_percent_decode(struct leat_arena *arena, leat_str text, bool plus)
{
    if (!needs_decoding(text, plus))
        return text;
    char *out = leat_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (out == NULL)
        return LEAT_ABSENT;
    for (size_t i = 0; i < text.len; i++) {
        int byte = escape_at(text, i);
        if (byte >= 0) {
            out[len++] = (char)(unsigned char)byte;
            i += 2;
        } else {
            out[len++] = plus && text.ptr[i] == '+' ? ' ' : text.ptr[i];
        }
    }
    out[len] = '\0';
    return leat_str_of(out, len);
}

static bool stays(char c, const char *keep)
{
    return leat_is_alnum(c) || (c != '\0' && (strchr("-._~", c) != NULL || strchr(keep, c) != NULL));
}

leat_str leat_percent_encode(struct leat_arena *arena, leat_str text, const char *keep)
{
    size_t escapes = 0;
    for (size_t i = 0; i < text.len; i++)
        escapes += stays(text.ptr[i], keep) ? 0 : 1;
    if (escapes == 0)
        return text;
    char *out = leat_arena_alloc(arena, text.len + 2 * escapes + 1);
    size_t len = 0;
    if (out == NULL)
        return LEAT_ABSENT;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (stays((char)c, keep)) {
            out[len++] = (char)c;
            continue;
        }
        out[len++] = '%';
        out[len++] = "0123456789ABCDEF"[c >> 4];
        out[len++] = "0123456789ABCDEF"[c & 15];
    }
    out[len] = '\0';
    return leat_str_of(out, len);
}

/* --- digest: SHA-256, FIPS 180-4 section 6.2 --------------------------------------------------------- */

static const uint32_t sha_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static void sha_schedule(const unsigned char *block, uint32_t w[64])
{
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

static void sha_block(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8]; /* v: the standard's a to h */
    sha_schedule(block, w);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + sha_constants[i] + w[i];
        uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

void leat_sha256_write(leat_str bytes, char *hex)
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    unsigned char tail[128] = {0};
    uint64_t bits = (uint64_t)bytes.len * 8;
    while (bytes.len >= 64) {
        sha_block(state, (const unsigned char *)bytes.ptr);
        bytes = leat_str_skip(bytes, 64);
    }
    if (bytes.len > 0)
        memcpy(tail, bytes.ptr, bytes.len);
    tail[bytes.len] = 0x80;
    size_t tail_len = bytes.len < 56 ? 64 : 128;
    for (size_t i = 0; i < 8; i++)
        tail[tail_len - 1 - i] = (unsigned char)(bits >> (8 * i));
    for (size_t at = 0; at < tail_len; at += 64)
        sha_block(state, tail + at);

    for (size_t i = 0; i < LEAT_SHA256_LEN; i++)
        hex[i] = hex_digits[state[i / 8] >> (28 - 4 * (i % 8)) & 15];
}

void leat_digest_write(leat_str bytes, char *hex)
{
    char all[LEAT_SHA256_LEN];
    leat_sha256_write(bytes, all);
    memcpy(hex, all, LEAT_DIGEST_LEN);
}

leat_str leat_digest(struct leat_arena *arena, leat_str bytes)
{
    char hex[LEAT_DIGEST_LEN];
    leat_digest_write(bytes, hex);
    return leat_arena_copy(arena, leat_str_of(hex, sizeof hex));
}
