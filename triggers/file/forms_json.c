/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over JSON text. Text that is none gives wrong values, never a byte outside of it. */
#include "forms_private.h"

struct leat_walk leat_walk_into(leat_str container)
{
    return (struct leat_walk){.text = container, .at = 1};
}

/* Over white space, commas and colons to the next value, or to what closes the container. */
static bool find_token(struct leat_walk *walk)
{
    while (walk->at < walk->text.len && ((unsigned char)walk->text.ptr[walk->at] <= ' ' ||
                                         walk->text.ptr[walk->at] == ',' || walk->text.ptr[walk->at] == ':'))
        walk->at++;
    return walk->at < walk->text.len && walk->text.ptr[walk->at] != ']' && walk->text.ptr[walk->at] != '}';
}

static leat_str take_token(struct leat_walk *walk)
{
    leat_str token = leat_json_value_at(walk->text, walk->at);
    walk->at += token.len;
    return token;
}

bool leat_walk_peek(struct leat_walk *walk, leat_str *retname, leat_str *retrest)
{
    *retname = *retrest = LEAT_ABSENT;
    if (!find_token(walk))
        return false;
    if (walk->text.ptr[0] == '{') {
        *retname = take_token(walk);
        if (!find_token(walk))
            return false;
    }
    *retrest = leat_str_skip(walk->text, walk->at);
    return true;
}

bool leat_walk_next(struct leat_walk *walk, leat_str *retname, leat_str *retvalue)
{
    if (!leat_walk_peek(walk, retname, retvalue))
        return false;
    *retvalue = take_token(walk);
    return retvalue->len > 0;
}

leat_str leat_form_inside(leat_str token)
{
    return token.len >= 2 ? leat_str_of(token.ptr + 1, token.len - 2) : LEAT_STR("");
}

bool leat_form_named(leat_str token, const char *name)
{
    return leat_str_is(leat_form_inside(token), name);
}

static bool starts_with(leat_str value, char first)
{
    return value.len > 0 && value.ptr[0] == first;
}

bool leat_form_is_object(leat_str value)
{
    return starts_with(value, '{');
}

bool leat_form_is_array(leat_str value)
{
    return starts_with(value, '[');
}

bool leat_form_is_text(leat_str value)
{
    return starts_with(value, '"');
}

bool leat_form_is_number(leat_str value)
{
    return starts_with(value, '-') || (value.len > 0 && value.ptr[0] >= '0' && value.ptr[0] <= '9');
}

leat_str leat_form_member(leat_str object, const char *name)
{
    struct leat_walk walk = leat_walk_into(object);
    leat_str token, value;
    while (leat_form_is_object(object) && leat_walk_next(&walk, &token, &value))
        if (leat_form_named(token, name))
            return value;
    return LEAT_ABSENT;
}

leat_str leat_form_source(leat_str record)
{
    struct leat_walk walk = leat_walk_into(record);
    leat_str token, value;
    while (leat_form_is_object(record) && leat_walk_next(&walk, &token, &value))
        if (leat_form_named(token, "eventSource") || leat_form_named(token, "EventSource"))
            return value;
    return LEAT_ABSENT;
}

size_t leat_form_count(leat_str object, const char *const *names, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += leat_form_member(object, names[i]).ptr != NULL ? 1 : 0;
    return found;
}

void leat_glance(struct leat_glance *ret, leat_str text)
{
    static const leat_str members[] = {
#define LEAT_GLANCE_MEMBER(name, member) {member, sizeof(member) - 1},
        LEAT_GLANCE_TABLE(LEAT_GLANCE_MEMBER)
#undef LEAT_GLANCE_MEMBER
    };
    leat_str token, value;
    *ret = (struct leat_glance){.text = leat_json_value_at(text, 0)};
    struct leat_walk walk = leat_walk_into(ret->text);
    while (leat_form_is_object(ret->text) && leat_walk_next(&walk, &token, &value))
        for (size_t i = 0; i < LEAT_GLANCE_COUNT; i++)
            if (leat_str_eq(leat_form_inside(token), members[i]) && ret->value[i].ptr == NULL)
                ret->value[i] = value;
}

leat_str leat_form_text(struct leat_forms *forms, leat_str token)
{
    cJSON *node = NULL;
    if (!leat_form_is_text(token))
        return LEAT_ABSENT;
    if (memchr(token.ptr, '\\', token.len) == NULL)
        return leat_form_inside(token);
    return leat_is_ok(leat_json_parse(&forms->arena, token, &node, NULL)) ? leat_json_text(node) : LEAT_ABSENT;
}

void leat_form_lowered(struct leat_buf *buf, leat_str token)
{
    leat_str rest = leat_str_skip(token, 1);
    size_t count = leat_str_starts(rest, LEAT_STR("MD5")) ? 2 : 1;
    leat_buf_char(buf, '"');
    for (size_t i = 0; i < count && i < rest.len; i++) {
        char c = rest.ptr[i];
        leat_buf_char(buf, (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
    }
    leat_buf_add(buf, leat_str_skip(rest, count));
}
