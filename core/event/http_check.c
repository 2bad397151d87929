/* SPDX-License-Identifier: Apache-2.0 */
/* Is every value of a request that the view or an envelope reads of the type it should be? */
#include "http_private.h"

#include <stdio.h>

struct checker {
    const cJSON *request;
    const struct leat_http_row *row;
    struct leat_error *reterr;
};

static bool is_absent(const cJSON *item)
{
    return item == NULL || cJSON_IsNull(item);
}

static leat_status wrong(const struct checker *checker, const char *what, const cJSON *item, const char *want)
{
    return leat_error_set(checker->reterr, LEAT_STATUS(BAD_RECORD), "%s is %s (want %s)", what, leat_json_type(item),
                          want);
}

/* "requestContext.identity": the names up to and with `last`. */
static void name_field(char *what, size_t size, const char *const *names, size_t last)
{
    (void)snprintf(what, size, "%s%s%s%s%s", names[0], last > 0 ? "." : "", last > 0 ? names[1] : "",
                   last > 1 ? "." : "", last > 1 ? names[2] : "");
}

static size_t last_of(const char *const *names)
{
    return names[1] == NULL ? 0 : names[2] == NULL ? 1 : 2;
}

static leat_status wrong_field(const struct checker *checker, const char *const *names, size_t last, const cJSON *item,
                               const char *want)
{
    char what[96];
    name_field(what, sizeof(what), names, last);
    return wrong(checker, what, item, want);
}

/* The item of a field, NULL if absent; what leads to it must be objects. */
static leat_status field_item(const struct checker *checker, enum leat_http_field field, const cJSON **retitem)
{
    const char *const *names = checker->row->fields[field].names;
    const cJSON *item = checker->request;
    bool number = field == LEAT_FIELD_TIME;
    for (size_t i = 0; i <= last_of(names) && !is_absent(item); i++) {
        if (!cJSON_IsObject(item))
            return wrong_field(checker, names, i - 1, item, "an object"); /* the root is one, so i > 0 */
        item = leat_json_get(item, names[i]);
    }
    *retitem = is_absent(item) ? NULL : item;
    if (*retitem != NULL && !(number ? cJSON_IsNumber(item) : cJSON_IsString(item)))
        return wrong_field(checker, names, last_of(names), item, number ? "a number" : "text");
    return LEAT_OK;
}

/* Without it, it is no request. Only a path may be empty. */
static leat_status check_needed(const struct checker *checker, enum leat_http_field field, const cJSON *item)
{
    const char *const *names = checker->row->fields[field].names;
    char what[96];
    if (item == NULL)
        return wrong_field(checker, names, last_of(names), NULL, "text");
    if (field == LEAT_FIELD_PATH || leat_json_text(item).len > 0)
        return LEAT_OK;
    name_field(what, sizeof(what), names, last_of(names));
    return leat_error_set(checker->reterr, LEAT_STATUS(BAD_RECORD), "%s is empty", what);
}

static leat_status check_fields(const struct checker *checker)
{
    for (int at = 0; at < LEAT_FIELD_COUNT; at++) {
        enum leat_http_field field = (enum leat_http_field)at;
        const cJSON *item = NULL;
        if (checker->row->fields[field].names[0] == NULL)
            continue;
        LEAT_TRY(field_item(checker, field, &item));
        if ((checker->row->needed & 1u << field) != 0)
            LEAT_TRY(check_needed(checker, field, item));
    }
    return LEAT_OK;
}

static leat_status check_event_type(const struct checker *checker)
{
    const char *const *types = checker->row->event_types;
    leat_str type = leat_http_text(checker->row, checker->request, LEAT_FIELD_EVENT_TYPE);
    bool known = types[0] == NULL;
    for (size_t i = 0; i < 3 && types[i] != NULL; i++)
        known = known || leat_str_is(type, types[i]);
    if (known)
        return LEAT_OK;
    return leat_error_set(checker->reterr, LEAT_STATUS(BAD_RECORD), "requestContext.eventType is none of %s, %s, %s",
                          types[0], types[1], types[2]);
}

static leat_status check_list(const struct checker *checker, const char *what, const cJSON *list)
{
    const cJSON *item = NULL;
    int at = 0;
    if (is_absent(list))
        return LEAT_OK;
    if (!cJSON_IsArray(list))
        return wrong(checker, what, list, "an array");
    cJSON_ArrayForEach (item, list) {
        if (!cJSON_IsString(item) && !cJSON_IsNull(item))
            return leat_error_set(checker->reterr, LEAT_STATUS(BAD_RECORD), "%s[%d] is %s (want text)", what, at,
                                  leat_json_type(item));
        at++;
    }
    return LEAT_OK;
}

/* "headers.accept": the name comes from outside and goes into a message of one line. */
static void name_entry(char *what, size_t size, const char *name, const cJSON *entry)
{
    (void)snprintf(what, size, "%s.%s", name, entry->string);
    for (char *at = what; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = '?';
}

/* A member that maps names to text, or to lists of text. Null counts as absent everywhere. */
static leat_status check_map(const struct checker *checker, const char *name, bool lists)
{
    const cJSON *map = leat_json_get(checker->request, name), *entry = NULL;
    char what[128];
    if (!is_absent(map) && !cJSON_IsObject(map))
        return wrong(checker, name, map, "an object");
    cJSON_ArrayForEach (entry, map) {
        bool fine = lists ? cJSON_IsArray(entry) && entry->child == NULL : cJSON_IsString(entry);
        if (fine || cJSON_IsNull(entry))
            continue;
        name_entry(what, sizeof(what), name, entry);
        if (!lists)
            return wrong(checker, what, entry, "text");
        LEAT_TRY(check_list(checker, what, entry));
    }
    return LEAT_OK;
}

static leat_status check_query(const struct checker *checker)
{
    const cJSON *raw = checker->row->raw_query ? leat_json_get(checker->request, "rawQueryString") : NULL;
    if (!is_absent(raw))
        return cJSON_IsString(raw) ? LEAT_OK : wrong(checker, "rawQueryString", raw, "text");
    if (checker->row->multi_values)
        LEAT_TRY(check_map(checker, "multiValueQueryStringParameters", true));
    /* SAM's generated sample has a placeholder text here; it is not looked at beside the lists. */
    if (leat_http_query_map(checker->row, checker->request).lists)
        return LEAT_OK;
    return check_map(checker, "queryStringParameters", false);
}

static leat_status check_body(const struct checker *checker)
{
    const cJSON *body = leat_json_get(checker->request, "body");
    const cJSON *encoded = leat_json_get(checker->request, "isBase64Encoded");
    if (!is_absent(body) && !cJSON_IsString(body))
        return wrong(checker, "body", body, "text");
    if (!is_absent(encoded) && !cJSON_IsBool(encoded))
        return wrong(checker, "isBase64Encoded", encoded, "a boolean");
    return LEAT_OK;
}

leat_status leat_http_check(const cJSON *request, struct leat_error *reterr)
{
    const struct checker checker = {.request = request, .row = leat_http_row_of(request), .reterr = reterr};
    if (!cJSON_IsObject(request))
        return wrong(&checker, "the request", request, "an object");
    const cJSON *context = leat_json_get(request, "requestContext");
    if (!cJSON_IsObject(context))
        return wrong(&checker, "requestContext", context, "an object");
    LEAT_TRY(check_fields(&checker));
    LEAT_TRY(check_event_type(&checker));
    if (checker.row->multi_values)
        LEAT_TRY(check_map(&checker, "multiValueHeaders", true));
    LEAT_TRY(check_map(&checker, "headers", false));
    LEAT_TRY(check_query(&checker));
    LEAT_TRY(check_map(&checker, "pathParameters", false));
    if (checker.row->cookie_list)
        LEAT_TRY(check_list(&checker, "cookies", leat_json_get(request, "cookies")));
    return check_body(&checker);
}
