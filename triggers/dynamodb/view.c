/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute values, {"N": "101"}: are they what DynamoDB's API says, and what are they in plain JSON?
 */
#include "view.h"

#include <stdlib.h>

/* --- check ------------------------------------------------------------------------------------
 * Attribute values, {"N": "101"}: exactly one member, whose name is the type and whose value fits it.
 * Strict as the API is: a value that was misread would reach the handler as data.
 */

struct check {
    struct leat_decoder *decoder;
    const char *path;      /* "dynamodb.NewImage" */
    const char *attribute; /* its member, whatever is nested in it */
};

static leat_status wrong(const struct check *check, const cJSON *tagged, const char *want)
{
    return leat_broken(check->decoder, "%s.%s: %s is %s (want %s)", check->path, check->attribute, tagged->string,
                       leat_json_type(tagged), want);
}

static leat_status check_text(const struct check *check, const cJSON *tagged, unsigned depth)
{
    (void)depth;
    return cJSON_IsString(tagged) ? LEAT_OK : wrong(check, tagged, "text");
}

static leat_status check_binary(const struct check *check, const cJSON *tagged, unsigned depth)
{
    LEAT_TRY(check_text(check, tagged, depth));
    if (leat_base64_valid(leat_json_text(tagged)))
        return LEAT_OK;
    return leat_broken(check->decoder, "%s.%s: B is no base64", check->path, check->attribute);
}

static leat_status check_boolean(const struct check *check, const cJSON *tagged, unsigned depth)
{
    (void)depth;
    return cJSON_IsBool(tagged) ? LEAT_OK : wrong(check, tagged, "a boolean");
}

static leat_status check_null(const struct check *check, const cJSON *tagged, unsigned depth)
{
    (void)depth;
    return cJSON_IsTrue(tagged) ? LEAT_OK : wrong(check, tagged, "true");
}

static leat_status check_set(const struct check *check, const cJSON *tagged, unsigned depth)
{
    const cJSON *item = NULL;
    (void)depth;
    if (!cJSON_IsArray(tagged))
        return wrong(check, tagged, "an array");
    cJSON_ArrayForEach (item, tagged) {
        if (!cJSON_IsString(item))
            return leat_broken(check->decoder, "%s.%s: %s holds %s (want text)", check->path, check->attribute,
                               tagged->string, leat_json_type(item));
        if (tagged->string[0] == 'B' && !leat_base64_valid(leat_json_text(item)))
            return leat_broken(check->decoder, "%s.%s: BS holds text that is no base64", check->path, check->attribute);
    }
    return LEAT_OK;
}

static leat_status check_value(const struct check *check, const cJSON *value, unsigned depth);

/* `depth`: of the map or list that `tagged` is. */
static leat_status check_members(const struct check *check, const cJSON *tagged, unsigned depth)
{
    const cJSON *item = NULL;
    bool map = tagged->string[0] == 'M';
    if (!(map ? cJSON_IsObject(tagged) : cJSON_IsArray(tagged)))
        return wrong(check, tagged, map ? "an object" : "an array");
    if (depth > LEAT_DYNAMODB_DEPTH_MAX)
        return leat_broken(check->decoder, "%s.%s is nested deeper than %d levels", check->path, check->attribute,
                           LEAT_DYNAMODB_DEPTH_MAX);
    cJSON_ArrayForEach (item, tagged)
        LEAT_TRY(check_value(check, item, depth + 1));
    return LEAT_OK;
}

static const struct {
    const char *tag;
    leat_status (*check)(const struct check *, const cJSON *, unsigned);
} tags[] = {
    {"S", check_text},    {"N", check_text},    {"B", check_binary}, {"BOOL", check_boolean}, {"NULL", check_null},
    {"M", check_members}, {"L", check_members}, {"SS", check_set},   {"NS", check_set},       {"BS", check_set},
};

static leat_status check_value(const struct check *check, const cJSON *value, unsigned depth)
{
    if (!cJSON_IsObject(value))
        return leat_broken(check->decoder, "%s.%s is %s (want an attribute value such as {\"S\": ...})", check->path,
                           check->attribute, leat_json_type(value));
    const cJSON *tagged = value->child;
    if (tagged == NULL)
        return leat_broken(check->decoder, "%s.%s has no type", check->path, check->attribute);
    if (tagged->next != NULL)
        return leat_broken(check->decoder, "%s.%s has two types, %s and %s", check->path, check->attribute,
                           tagged->string, tagged->next->string);
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (tags[i].tag[0] == tagged->string[0] && strcmp(tags[i].tag, tagged->string) == 0)
            return tags[i].check(check, tagged, depth);
    return leat_broken(check->decoder, "%s.%s has the unknown type %s", check->path, check->attribute, tagged->string);
}

leat_status leat_dynamodb_check(struct leat_decoder *decoder, const cJSON *image, const char *path)
{
    const cJSON *value = NULL;
    cJSON_ArrayForEach (value, image) {
        struct check check = {.decoder = decoder, .path = path, .attribute = value->string};
        LEAT_TRY(check_value(&check, value, 1));
    }
    return LEAT_OK;
}

/* --- plain JSON -------------------------------------------------------------------------------
 * Images as plain JSON. Texts and names are borrowed from the record's tree, which lives as long as the
 * event. Sets lose their type: {"SS": ["a"]} and {"L": [{"S": "a"}]} look alike; the record tells them apart.
 */

static cJSON *plain_text(struct leat_arena *arena, const cJSON *text)
{
    cJSON *node = leat_json_node(arena, cJSON_String);
    if (node == NULL || !cJSON_IsString(text))
        return node;
    node->valuestring = text->valuestring;
    node->valuedouble = text->valuedouble; /* the length, if there are NULs in it: leat_json_text */
    return node;
}

/* 38 digits do not fit a double: then the digits stay text, and none is lost. */
static cJSON *plain_number(struct leat_arena *arena, const cJSON *number)
{
    leat_str digits = leat_json_text(number);
    if (digits.ptr == NULL || !leat_json_number_fits(digits))
        return plain_text(arena, number);
    cJSON *node = leat_json_node(arena, cJSON_Number);
    if (node != NULL)
        cJSON_SetNumberHelper(node, strtod(digits.ptr, NULL));
    return node;
}

static cJSON *plain(struct leat_arena *arena, const cJSON *value);

/* The members of a map, of a list, or of an image. */
static cJSON *plain_members(struct leat_arena *arena, const cJSON *container, int type)
{
    const cJSON *item = NULL;
    cJSON *node = leat_json_node(arena, type);
    cJSON_ArrayForEach (item, container) {
        cJSON *child = plain(arena, item);
        if (node == NULL || child == NULL)
            return NULL;
        leat_json_append(node, type == cJSON_Object ? item->string : NULL, child);
    }
    return node;
}

static cJSON *plain_set(struct leat_arena *arena, const cJSON *set, bool numbers)
{
    const cJSON *item = NULL;
    cJSON *node = leat_json_node(arena, cJSON_Array);
    cJSON_ArrayForEach (item, set) {
        cJSON *child = numbers ? plain_number(arena, item) : plain_text(arena, item);
        if (node == NULL || child == NULL)
            return NULL;
        leat_json_append(node, NULL, child);
    }
    return node;
}

static cJSON *plain(struct leat_arena *arena, const cJSON *value)
{
    const cJSON *tagged = value->child;
    if (tagged == NULL || tagged->string == NULL)
        return leat_json_node(arena, cJSON_NULL);
    leat_str tag = leat_str_c(tagged->string);
    if (leat_str_is(tag, "S") || leat_str_is(tag, "B"))
        return plain_text(arena, tagged);
    if (leat_str_is(tag, "N"))
        return plain_number(arena, tagged);
    if (leat_str_is(tag, "BOOL"))
        return leat_json_node(arena, cJSON_IsTrue(tagged) ? cJSON_True : cJSON_False);
    if (leat_str_is(tag, "M"))
        return plain_members(arena, tagged, cJSON_Object);
    if (leat_str_is(tag, "L"))
        return plain_members(arena, tagged, cJSON_Array);
    if (leat_str_ends(tag, LEAT_STR("S")))
        return plain_set(arena, tagged, tagged->string[0] == 'N');
    return leat_json_node(arena, cJSON_NULL);
}

/* False: out of memory. */
static bool read_image(struct leat_arena *arena, const cJSON *change, const char *name, const cJSON **ret)
{
    const cJSON *image = leat_json_get_object(change, name);
    *ret = image != NULL ? plain_members(arena, image, cJSON_Object) : NULL;
    return image == NULL || *ret != NULL;
}

const void *leat_dynamodb_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *change = leat_json_get_object(envelope->record, "dynamodb");
    struct leat_dynamodb *view = LEAT_NEW(arena, struct leat_dynamodb);
    if (view == NULL)
        return NULL;
    view->event = leat_json_get_text(envelope->record, "eventName");
    view->stream_view = leat_json_get_text(change, "StreamViewType");
    view->sequence = leat_json_get_text(change, "SequenceNumber");
    bool whole = read_image(arena, change, "Keys", &view->keys) &&
                 read_image(arena, change, "NewImage", &view->new_image) &&
                 read_image(arena, change, "OldImage", &view->old_image);
    return whole ? view : NULL;
}
