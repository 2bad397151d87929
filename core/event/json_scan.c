/* SPDX-License-Identifier: Apache-2.0 */
/* Where text stops being JSON (strict, RFC 8259), and a copy of valid JSON without its white space. */
#include <leat/json.h>

struct scan {
    leat_str text;
    size_t at;
    unsigned depth;
    uint8_t is_array[LEAT_JSON_DEPTH_MAX / 8];
    uint32_t opened_at[LEAT_JSON_DEPTH_MAX]; /* offsets, cut at 4 GiB: only for messages */
    struct leat_json_fault *fault;
};

static bool fail_at(struct scan *scan, size_t offset, const char *what)
{
    scan->fault->status = LEAT_STATUS(NOT_JSON);
    scan->fault->offset = offset;
    scan->fault->what = what;
    return false;
}

static bool fail(struct scan *scan, const char *what)
{
    return fail_at(scan, scan->at, what);
}

static bool ended(struct scan *scan, size_t since, const char *what)
{
    scan->fault->ended = true;
    scan->fault->since = since;
    return fail_at(scan, scan->text.len, what);
}

/* The four of RFC 8259; leat_str_trim takes more. */
static size_t space_end(leat_str text, size_t at)
{
    while (at < text.len &&
           (text.ptr[at] == ' ' || text.ptr[at] == '\n' || text.ptr[at] == '\r' || text.ptr[at] == '\t'))
        at++;
    return at;
}

static void skip_space(struct scan *scan)
{
    scan->at = space_end(scan->text, scan->at);
}

/* Four hexadecimal digits at `at`; -1: not there. */
static int hex4(const struct scan *scan, size_t at)
{
    int value = 0;
    if (scan->text.len - at < 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        char c = scan->text.ptr[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* An escape's four digits; stops at the first byte that is none. */
static bool scan_hex(struct scan *scan, size_t since, int *retunit)
{
    *retunit = hex4(scan, scan->at);
    if (*retunit >= 0) {
        scan->at += 4;
        return true;
    }
    while (scan->at < scan->text.len && strchr("0123456789abcdefABCDEF", scan->text.ptr[scan->at]) != NULL &&
           scan->text.ptr[scan->at] != '\0')
        scan->at++;
    if (scan->at == scan->text.len)
        return ended(scan, since, "inside a string");
    return fail(scan, "\\u wants four hexadecimal digits");
}

/* Behind "\u". */
static bool scan_unicode(struct scan *scan, size_t since)
{
    size_t start = scan->at - 2;
    int unit;
    if (!scan_hex(scan, since, &unit))
        return false;
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    if (unit >= 0xDC00)
        return fail_at(scan, start, "half of a surrogate pair");
    if (scan->text.len - scan->at < 2)
        return scan->text.len == scan->at || scan->text.ptr[scan->at] == '\\'
                   ? ended(scan, since, "inside a string")
                   : fail_at(scan, start, "half of a surrogate pair");
    if (scan->text.ptr[scan->at] != '\\' || scan->text.ptr[scan->at + 1] != 'u')
        return fail_at(scan, start, "half of a surrogate pair");
    scan->at += 2;
    if (!scan_hex(scan, since, &unit))
        return false;
    return unit >= 0xDC00 && unit <= 0xDFFF ? true : fail_at(scan, start, "half of a surrogate pair");
}

static bool scan_escape(struct scan *scan, size_t since)
{
    scan->at++;
    if (scan->at == scan->text.len)
        return ended(scan, since, "inside a string");
    char c = scan->text.ptr[scan->at];
    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return fail(scan, "no such escape");
    scan->at++;
    return c == 'u' ? scan_unicode(scan, since) : true;
}

/* Could more bytes make the broken tail UTF-8? */
static bool is_cut_utf8(leat_str tail)
{
    char padded[4] = {0};
    if (tail.len >= 4)
        return false;
    memcpy(padded, tail.ptr, tail.len);
    static const char fill[] = {(char)0x80, (char)0xA0, (char)0x90, (char)0x8F};
    for (size_t len = tail.len + 1; len <= 4; len++)
        for (size_t i = 0; i < sizeof(fill); i++) {
            memset(padded + tail.len, 0x80, 4 - tail.len);
            padded[tail.len] = fill[i];
            if (leat_str_utf8(leat_str_of(padded, len)) == len)
                return true;
        }
    return false;
}

static bool scan_plain(struct scan *scan, size_t since)
{
    size_t start = scan->at;
    bool ascii = true;
    while (scan->at < scan->text.len) {
        unsigned char c = (unsigned char)scan->text.ptr[scan->at];
        if (c == '"' || c == '\\' || c < 0x20)
            break;
        ascii = ascii && c < 0x80;
        scan->at++;
    }
    leat_str run = leat_str_of(scan->text.ptr + start, scan->at - start);
    size_t good = ascii ? run.len : leat_str_utf8(run);
    if (good < run.len) {
        if (scan->at == scan->text.len && is_cut_utf8(leat_str_skip(run, good)))
            return ended(scan, since, "inside a string");
        return fail_at(scan, start + good, "not UTF-8");
    }
    return true;
}

static bool scan_string(struct scan *scan)
{
    size_t since = scan->at++;
    for (;;) {
        if (!scan_plain(scan, since))
            return false;
        if (scan->at == scan->text.len)
            return ended(scan, since, "inside a string");
        char c = scan->text.ptr[scan->at];
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c != '\\')
            return fail(scan, "a control character inside a string must be escaped");
        if (!scan_escape(scan, since))
            return false;
    }
}

static bool scan_digits(struct scan *scan, size_t since)
{
    size_t start = scan->at;
    while (scan->at < scan->text.len && scan->text.ptr[scan->at] >= '0' && scan->text.ptr[scan->at] <= '9')
        scan->at++;
    if (scan->at > start)
        return true;
    return scan->at == scan->text.len ? ended(scan, since, "inside a number") : fail(scan, "a digit is missing");
}

static bool at_char(const struct scan *scan, const char *any)
{
    return scan->at < scan->text.len && scan->text.ptr[scan->at] != '\0' &&
           strchr(any, scan->text.ptr[scan->at]) != NULL;
}

static bool scan_number(struct scan *scan)
{
    size_t since = scan->at;
    if (at_char(scan, "-"))
        scan->at++;
    bool zero = at_char(scan, "0");
    if (zero)
        scan->at++;
    else if (!scan_digits(scan, since))
        return false;
    if (zero && at_char(scan, "0123456789"))
        return fail(scan, "a number cannot start with 0");
    if (at_char(scan, ".")) {
        scan->at++;
        if (!scan_digits(scan, since))
            return false;
    }
    if (at_char(scan, "eE")) {
        scan->at++;
        if (at_char(scan, "+-"))
            scan->at++;
        if (!scan_digits(scan, since))
            return false;
    }
    return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
    size_t since = scan->at;
    for (; *word != '\0'; word++, scan->at++) {
        if (scan->at == scan->text.len)
            return ended(scan, since, "inside a word");
        if (scan->text.ptr[scan->at] != *word)
            return fail(scan, "no value starts like this");
    }
    return true;
}

static bool scan_scalar(struct scan *scan)
{
    switch (scan->text.ptr[scan->at]) {
    case '"': return scan_string(scan);
    case 't': return scan_word(scan, "true");
    case 'f': return scan_word(scan, "false");
    case 'n': return scan_word(scan, "null");
    default: break;
    }
    if (at_char(scan, "-0123456789"))
        return scan_number(scan);
    return fail(scan, "no value starts like this");
}

static bool in_array(const struct scan *scan)
{
    unsigned level = scan->depth - 1;
    return (scan->is_array[level / 8] >> (level % 8) & 1) != 0;
}

static size_t opened_at(const struct scan *scan)
{
    return scan->depth > 0 ? scan->opened_at[scan->depth - 1] : 0;
}

static bool push(struct scan *scan, bool array)
{
    unsigned level = scan->depth;
    if (level == LEAT_JSON_DEPTH_MAX) {
        fail(scan, "nested deeper than 1000 levels");
        scan->fault->status = LEAT_STATUS(TOO_DEEP);
        return false;
    }
    uint8_t bit = (uint8_t)(1u << (level % 8));
    scan->is_array[level / 8] = (uint8_t)(array ? scan->is_array[level / 8] | bit : scan->is_array[level / 8] & ~bit);
    scan->opened_at[level] = (uint32_t)scan->at;
    scan->depth++;
    scan->at++;
    return true;
}

static bool ended_inside(struct scan *scan)
{
    if (scan->depth == 0)
        return ended(scan, scan->at, "before any value");
    return ended(scan, opened_at(scan), in_array(scan) ? "inside an array" : "inside an object");
}

/* A member's name and its colon; `at` is behind '{' or ','. */
static bool scan_name(struct scan *scan)
{
    skip_space(scan);
    if (scan->at == scan->text.len)
        return ended_inside(scan);
    if (scan->text.ptr[scan->at] != '"')
        return fail(scan, "a member's name in quotes is missing");
    if (!scan_string(scan))
        return false;
    skip_space(scan);
    if (scan->at == scan->text.len)
        return ended_inside(scan);
    if (scan->text.ptr[scan->at] != ':')
        return fail(scan, "a ':' is missing behind a member's name");
    scan->at++;
    return true;
}

/* After a value: closes what ends here and stands before the next value; depth 0: all is read. */
static bool scan_after_value(struct scan *scan)
{
    while (scan->depth > 0) {
        skip_space(scan);
        if (scan->at == scan->text.len)
            return ended_inside(scan);
        bool array = in_array(scan);
        char c = scan->text.ptr[scan->at];
        if (c == ',') {
            scan->at++;
            return array ? true : scan_name(scan);
        }
        if (c != (array ? ']' : '}'))
            return fail(scan, array ? "a ',' or ']' is missing" : "a ',' or '}' is missing");
        scan->at++;
        scan->depth--;
    }
    return true;
}

/* Opens a container; an empty one is closed at once (*retempty). */
static bool scan_open(struct scan *scan, bool *retempty)
{
    bool array = scan->text.ptr[scan->at] == '[';
    if (!push(scan, array))
        return false;
    skip_space(scan);
    *retempty = at_char(scan, array ? "]" : "}");
    if (*retempty) {
        scan->at++;
        scan->depth--;
        return true;
    }
    return array ? true : scan_name(scan);
}

static bool scan_value(struct scan *scan)
{
    do {
        skip_space(scan);
        if (scan->at == scan->text.len)
            return ended_inside(scan);
        bool whole = true;
        bool good = at_char(scan, "{[") ? scan_open(scan, &whole) : scan_scalar(scan);
        if (good && whole)
            good = scan_after_value(scan);
        if (!good)
            return false;
    } while (scan->depth > 0);
    return true;
}

leat_status leat_json_scan(leat_str text, size_t *at, struct leat_json_fault *retfault)
{
    struct leat_json_fault unwanted;
    struct scan scan;
    scan.text = text;
    scan.at = *at;
    scan.depth = 0;
    scan.is_array[0] = 0; /* the others are written whole, level by level, before they are read */
    scan.fault = retfault != NULL ? retfault : &unwanted;
    *scan.fault = (struct leat_json_fault){.status = LEAT_OK};
    if (!scan_value(&scan))
        return scan.fault->status;
    *at = scan.at;
    return LEAT_OK;
}

bool leat_json_valid(leat_str text)
{
    size_t at = 0;
    return text.ptr != NULL && leat_is_ok(leat_json_scan(text, &at, NULL)) && space_end(text, at) == text.len;
}

void leat_json_minify(struct leat_buf *buf, leat_str text)
{
    size_t from = 0;
    bool inside = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (inside) {
            inside = c != '"';
            i += c == '\\' ? 1 : 0;
        } else if (c == '"') {
            inside = true;
        } else if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
            leat_buf_add(buf, leat_str_of(text.ptr + from, i - from));
            from = i + 1;
        }
    }
    if (from < text.len)
        leat_buf_add(buf, leat_str_of(text.ptr + from, text.len - from));
}
