/* SPDX-License-Identifier: Apache-2.0 */
/* What adapters say of broken records. */
#include <leat/adapter.h>

#include <stdio.h>

leat_status leat_broken(struct leat_decoder *decoder, const char *format, ...)
{
    char reason[sizeof(decoder->reterr->message)];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    return leat_error_set(decoder->reterr, LEAT_STATUS(BAD_RECORD), "%s", reason);
}

static bool is_absent(const cJSON *item)
{
    return item == NULL || cJSON_IsNull(item);
}

/* Callers pass a path, so that messages name the field whole. */
static const char *last_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

leat_status leat_want_text(struct leat_decoder *decoder, const cJSON *object, const char *name, leat_str *ret)
{
    const cJSON *item = leat_json_get(object, last_of(name));
    *ret = leat_json_text(item);
    if (is_absent(item) || cJSON_IsString(item))
        return LEAT_OK;
    return leat_broken(decoder, "%s is %s (want text)", name, leat_json_type(item));
}

leat_status leat_want_object(struct leat_decoder *decoder, const cJSON *object, const char *name, const cJSON **ret)
{
    const cJSON *item = leat_json_get(object, last_of(name));
    *ret = cJSON_IsObject(item) ? item : NULL;
    if (is_absent(item) || *ret != NULL)
        return LEAT_OK;
    return leat_broken(decoder, "%s is %s (want an object)", name, leat_json_type(item));
}

leat_status leat_need_text(struct leat_decoder *decoder, const cJSON *object, const char *name, leat_str *ret)
{
    LEAT_TRY(leat_want_text(decoder, object, name, ret));
    if (ret->len > 0)
        return LEAT_OK;
    return leat_broken(decoder, "%s is %s", name, ret->ptr != NULL ? "empty" : "missing");
}

/* --- several at once --------------------------------------------------------------------------- */

static leat_status keep(struct leat_decoder *decoder, const struct leat_member *member, const cJSON *item, void *ret)
{
    static const struct {
        int json; /* cJSON's type, or 0: any */
        const char *want;
    } types[] = {
        [LEAT_TEXT] = {cJSON_String, "text"},
        [LEAT_NEED_TEXT] = {cJSON_String, "text"},
        [LEAT_OBJECT] = {cJSON_Object, "an object"},
        [LEAT_NUMBER] = {cJSON_Number, "a number"},
        [LEAT_ANY] = {0, ""},
    };
    int json = types[member->type].json;
    if (json != 0 && (item->type & 0xFF) != json)
        return leat_broken(decoder, "%s%s is %s (want %s)", member->within, member->name, leat_json_type(item),
                           types[member->type].want);
    void *place = member->offset != LEAT_CHECKED ? (char *)ret + member->offset : NULL;
    if (place != NULL && json == cJSON_String)
        *(leat_str *)place = leat_json_text(item);
    else if (place != NULL)
        *(const cJSON **)place = item;
    return LEAT_OK;
}

static leat_status check_needed(struct leat_decoder *decoder, const struct leat_member *members, size_t count,
                                const void *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (members[i].type != LEAT_NEED_TEXT)
            continue;
        const leat_str *text = (const leat_str *)(const void *)((const char *)ret + members[i].offset);
        if (text->len == 0)
            return leat_broken(decoder, "%s%s is %s", members[i].within, members[i].name,
                               text->ptr != NULL ? "empty" : "missing");
    }
    return LEAT_OK;
}

/* Members mostly stand in the order of the table, so the next row is tried first. Of a name given twice the first
 * counts, as in all look-ups. */
leat_status leat_read_members(struct leat_decoder *decoder, const cJSON *object, const struct leat_member *members,
                              size_t count, void *ret)
{
    uint32_t seen = 0;
    size_t next = 0;
    for (const cJSON *item = object != NULL ? object->child : NULL; item != NULL; item = item->next) {
        size_t i = next, tried = 0;
        while (tried < count && (members[i].name[0] != item->string[0] || strcmp(members[i].name, item->string) != 0)) {
            i = i + 1 < count ? i + 1 : 0;
            tried++;
        }
        if (tried == count || (seen >> i & 1) != 0)
            continue;
        seen |= UINT32_C(1) << i;
        next = i + 1 < count ? i + 1 : 0;
        if (!cJSON_IsNull(item))
            LEAT_TRY(keep(decoder, &members[i], item, ret));
    }
    return check_needed(decoder, members, count, ret);
}
