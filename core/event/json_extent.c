/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extent scanner: where a value ends, in text that cJSON has accepted. It checks nothing, so it
 * must stay inside the text whatever that holds; and it passes over what cJSON passes over: any byte
 * up to 0x20 is white space, and a byte order mark may stand first.
 */
#include "bytes.h"
#include "json_private.h"

size_t leat_json_skip_space(leat_str text, size_t at)
{
    while (at < text.len && (unsigned char)text.ptr[at] <= 0x20)
        at++;
    return at;
}

static size_t skip_string(leat_str text, size_t at)
{
    for (at++; at < text.len; at++) {
        const char *quote = memchr(text.ptr + at, '"', text.len - at);
        if (quote == NULL)
            break;
        size_t end = (size_t)(quote - text.ptr), slashes = 0;
        while (end - slashes > at && text.ptr[end - slashes - 1] == '\\')
            slashes++;
        at = end;
        if (slashes % 2 == 0)
            return at + 1;
    }
    return text.len;
}

static size_t skip_container(leat_str text, size_t at)
{
    size_t depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return text.len;
}

static bool ends_word(char c)
{
    return (unsigned char)c <= 0x20 || c == ',' || c == ']' || c == '}' || c == ':';
}

size_t leat_json_skip_value(leat_str text, size_t at)
{
    if (at == text.len)
        return at;
    char first = text.ptr[at];
    if (first == '"')
        return skip_string(text, at);
    if (first == '{' || first == '[')
        return skip_container(text, at);
    while (at < text.len && !ends_word(text.ptr[at]))
        at++;
    return at;
}

leat_str leat_json_value_at(leat_str text, size_t at)
{
    if (at == 0 && leat_str_starts(text, LEAT_STR("\xEF\xBB\xBF")))
        at = 3;
    at = leat_json_skip_space(text, at);
    return leat_str_of(text.ptr + at, leat_json_skip_value(text, at) - at);
}

void leat_json_children(leat_str container, void (*each)(void *, size_t, leat_str), void *argument)
{
    bool object = container.len > 0 && container.ptr[0] == '{';
    size_t at = 1;
    for (size_t n = 0;; n++) {
        at = leat_json_skip_space(container, at);
        if (at >= container.len || container.ptr[at] == ']' || container.ptr[at] == '}')
            return;
        if (object) {
            at = leat_json_skip_space(container, skip_string(container, at)) + 1; /* the colon */
            at = at < container.len ? leat_json_skip_space(container, at) : container.len;
        }
        size_t end = leat_json_skip_value(container, at);
        each(argument, n, leat_str_of(container.ptr + at, end - at));
        at = leat_json_skip_space(container, end);
        if (at >= container.len || container.ptr[at] != ',')
            return;
        at++;
    }
}

struct names {
    const leat_str *items;
    size_t count;
};

static bool is_one_of(const struct names *names, leat_str name)
{
    for (size_t i = 0; i < names->count; i++)
        if (leat_str_eq(names->items[i], name))
            return true;
    return false;
}

#define FIRSTS_MAX 8

/* The first bytes of the names, each once, as vectors. */
struct firsts {
    leat_bytes bytes[FIRSTS_MAX];
    size_t count;
};

/* False: there are too many. */
static bool collect_firsts(const struct names *names, struct firsts *ret)
{
    ret->count = 0;
    for (size_t i = 0; i < names->count; i++) {
        unsigned char first = (unsigned char)names->items[i].ptr[0];
        size_t at = 0;
        while (at < ret->count && ret->bytes[at][0] != first)
            at++;
        if (at == FIRSTS_MAX)
            return false;
        if (at == ret->count)
            ret->bytes[ret->count++] = (leat_bytes){0} + first;
    }
    return true;
}

/* Where a quote is followed by one of the first bytes. */
static leat_bytes starts_of(const struct firsts *firsts, const char *at)
{
    leat_bytes next = leat_bytes_load(at + 1), any = {0};
    for (size_t i = 0; i < firsts->count; i++)
        any |= (leat_bytes)(next == firsts->bytes[i]);
    return any & (leat_bytes)(leat_bytes_load(at) == '"');
}

/* Does one of the names begin at `at`, behind a quote? */
static bool begins_name(const struct names *names, leat_str text, size_t at)
{
    leat_str rest = leat_str_skip(text, at);
    for (size_t i = 0; i < names->count; i++)
        if (rest.len > 0 && rest.ptr[0] == names->items[i].ptr[0] && leat_str_starts(rest, names->items[i]))
            return true;
    return false;
}

/* Most bodies have none of the names anywhere: that is seen without taking the text apart. */
static bool may_have(const struct names *names, leat_str text)
{
    struct firsts firsts;
    size_t at = 0;
    if (!collect_firsts(names, &firsts))
        return true;
    for (; at + 17 <= text.len; at += 16) {
        leat_bytes starts = starts_of(&firsts, text.ptr + at);
        for (size_t i = 0; (i = leat_bytes_next(starts, i)) < 16; i++)
            if (begins_name(names, text, at + i + 1))
                return true;
    }
    for (; at < text.len; at++)
        if (text.ptr[at] == '"' && begins_name(names, text, at + 1))
            return true;
    return false;
}

/* A string behind '{' or ',' is a name; one pass with a count of what is open, for nothing else is of interest. */
static bool has_name(const struct names *names, leat_str object)
{
    size_t depth = 0;
    bool name_follows = false;
    for (size_t at = 0; at < object.len; at++) {
        char c = object.ptr[at];
        if (c == '"') {
            size_t end = skip_string(object, at);
            if (depth == 1 && name_follows && end > at + 1 &&
                is_one_of(names, leat_str_of(object.ptr + at + 1, end - at - 2)))
                return true;
            name_follows = false;
            at = end - 1;
        } else if (c == ',') {
            name_follows = true;
        } else if (c == '{' || c == '[') {
            name_follows = c == '{';
            depth++;
        } else if ((c == '}' || c == ']') && depth-- <= 1) {
            break;
        }
    }
    return false;
}

bool leat_json_any_name(leat_str object, const leat_str *names, size_t count)
{
    const struct names wanted = {names, count};
    return object.len > 0 && object.ptr[0] == '{' && may_have(&wanted, object) && has_name(&wanted, object);
}

struct wanted {
    size_t n;
    leat_str found;
};

static void take_nth(void *argument, size_t n, leat_str value)
{
    struct wanted *wanted = argument;
    if (n == wanted->n)
        wanted->found = value;
}

leat_str leat_json_child(leat_str container, size_t n)
{
    struct wanted wanted = {.n = n, .found = LEAT_ABSENT};
    leat_json_children(container, take_nth, &wanted);
    return wanted.found;
}
