/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `kcat -J`, a record a line:
 *   {"topic","partition","offset","tstype":"create"|"logappend"|"unknown","ts","broker","headers":["name","value",...],
 *    "key","payload"}
 * Without a time there is no "tstype" and no "ts". A value of a header is text or null; newer ones can print headers as
 * {"name":["value",...]}. "key" and "payload" are text or null; what Avro was decoded from is any JSON, with
 * "key_schema_id", "value_schema_id". Source: kcat, json.c.
 */
#include "forms_private.h"

/* Of a record that could not be decoded the bytes are gone: "key_error", "payload_error". It is no tombstone. */
static bool recognise(const struct leat_glance *document)
{
    const leat_str *value = document->value;
    return leat_form_is_text(value[LEAT_GLANCE_TOPIC]) && leat_form_is_number(value[LEAT_GLANCE_PARTITION]) &&
           leat_form_is_number(value[LEAT_GLANCE_OFFSET]) && value[LEAT_GLANCE_KEY].ptr != NULL &&
           value[LEAT_GLANCE_PAYLOAD].ptr != NULL && value[LEAT_GLANCE_KEY_ERROR].ptr == NULL &&
           value[LEAT_GLANCE_PAYLOAD_ERROR].ptr == NULL;
}

/* Text as base64 of its bytes; with `json`, what Avro became, as base64 of its JSON; null not at all. What is nothing
 * of that goes as it is, for the adapter to refuse. */
static void add_bytes(struct leat_forms *forms, struct leat_buf *buf, const char *name, leat_str value, bool json)
{
    leat_str bytes = json ? value : leat_form_text(forms, value);
    if (!json && leat_str_is(value, "null"))
        return;
    leat_buf_json_name(buf, name);
    if (bytes.ptr == NULL) {
        leat_buf_add(buf, value);
        return;
    }
    leat_buf_char(buf, '"');
    leat_buf_add(buf, leat_base64_encode(&forms->arena, bytes));
    leat_buf_char(buf, '"');
}

static void add_time(struct leat_buf *buf, leat_str type, leat_str ms)
{
    const char *name = leat_str_is(type, "\"create\"")      ? "CREATE_TIME"
                       : leat_str_is(type, "\"logappend\"") ? "LOG_APPEND_TIME"
                                                            : NULL;
    if (name == NULL || ms.ptr == NULL)
        return;
    leat_buf_c(buf, ",\"timestamp\":");
    leat_buf_add(buf, ms);
    leat_buf_json_member(buf, "timestampType", leat_str_c(name));
}

/* --- headers ------------------------------------------------------------------------------------------------ */

/* {"name":[118,-36]}: bytes as Java has them; null where there is no value. */
static void add_header(struct leat_forms *forms, struct leat_buf *buf, leat_str name, leat_str value)
{
    leat_str bytes = leat_form_text(forms, value);
    leat_buf_c(buf, buf->len > 1 ? ",{" : "{"); /* the bracket stands there already */
    leat_buf_add(buf, name);
    leat_buf_c(buf, bytes.ptr != NULL ? ":[" : ":null}");
    if (bytes.ptr == NULL)
        return;
    for (size_t i = 0; i < bytes.len; i++)
        leat_buf_printf(buf, i > 0 ? ",%d" : "%d", (int)(signed char)bytes.ptr[i]);
    leat_buf_c(buf, "]}");
}

static bool is_header_value(leat_str value)
{
    return leat_form_is_text(value) || leat_str_is(value, "null");
}

/* False: they are no pairs. */
static bool add_header_list(struct leat_forms *forms, struct leat_buf *buf, leat_str headers)
{
    struct leat_walk walk = leat_walk_into(headers);
    leat_str unused, name, value;
    while (leat_walk_next(&walk, &unused, &name)) {
        if (!leat_form_is_text(name) || !leat_walk_next(&walk, &unused, &value) || !is_header_value(value))
            return false;
        add_header(forms, buf, name, value);
    }
    return true;
}

static bool add_header_map(struct leat_forms *forms, struct leat_buf *buf, leat_str headers)
{
    struct leat_walk walk = leat_walk_into(headers);
    leat_str name, values, unused, value;
    while (leat_walk_next(&walk, &name, &values)) {
        struct leat_walk inner = leat_walk_into(values);
        if (!leat_form_is_array(values))
            return false;
        while (leat_walk_next(&inner, &unused, &value)) {
            if (!is_header_value(value))
                return false;
            add_header(forms, buf, name, value);
        }
    }
    return true;
}

/* What is neither list nor map goes as it is, for the adapter to refuse. */
static void add_headers(struct leat_forms *forms, struct leat_buf *buf, leat_str headers)
{
    struct leat_buf list;
    bool good = headers.ptr == NULL;
    leat_buf_init(&list, &forms->arena);
    leat_buf_char(&list, '[');
    if (leat_form_is_array(headers))
        good = add_header_list(forms, &list, headers);
    else if (leat_form_is_object(headers))
        good = add_header_map(forms, &list, headers);
    leat_buf_char(&list, ']');
    leat_buf_c(buf, ",\"headers\":");
    leat_buf_add(buf, good ? leat_buf_str(&list) : headers);
}

static void convert(struct leat_forms *forms, const struct leat_glance *document)
{
    const leat_str *value = document->value;
    leat_str topic = value[LEAT_GLANCE_TOPIC], partition = value[LEAT_GLANCE_PARTITION];
    struct leat_buf buf;
    leat_buf_init(&buf, &forms->arena);
    leat_buf_printf(&buf, "{\"eventSource\":\"SelfManagedKafka\",\"records\":{\"%.*s-%.*s\":[{\"topic\":",
                    LEAT_ARG(leat_form_inside(topic)), LEAT_ARG(partition));
    leat_buf_add(&buf, topic);
    leat_buf_c(&buf, ",\"partition\":");
    leat_buf_add(&buf, partition);
    leat_buf_c(&buf, ",\"offset\":");
    leat_buf_add(&buf, value[LEAT_GLANCE_OFFSET]);
    add_time(&buf, value[LEAT_GLANCE_TS_TYPE], value[LEAT_GLANCE_TS]);
    add_bytes(forms, &buf, "key", value[LEAT_GLANCE_KEY], value[LEAT_GLANCE_KEY_SCHEMA_ID].ptr != NULL);
    add_bytes(forms, &buf, "value", value[LEAT_GLANCE_PAYLOAD], value[LEAT_GLANCE_VALUE_SCHEMA_ID].ptr != NULL);
    add_headers(forms, &buf, value[LEAT_GLANCE_HEADERS]);
    leat_buf_c(&buf, "}]}}");
    (void)leat_form_give(forms, leat_buf_str(&buf));
}

const struct leat_form_kind leat_form_kcat = {
    .form = {.name = "kcat-json", .people = "as kcat -J prints it"},
    .recognise = recognise,
    .convert = convert,
};
