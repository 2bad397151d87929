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
