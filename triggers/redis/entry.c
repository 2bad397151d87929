/* SPDX-License-Identifier: Apache-2.0 */
#include "entry.h"

#include <leat/buf.h>
#include <leat/envelope.h>
#include <leat/json.h>
#include <leat/text.h>
#include <leat/time.h>

/* --- ids ------------------------------------------------------------------------------------------------------ */

static bool read_number(leat_str text, uint64_t *ret)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || __builtin_mul_overflow(number, 10U, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.ptr[i] - '0'), &number))
            return false;
    *ret = number;
    return text.len > 0;
}

bool leat_redis_id_read(leat_str text, struct leat_redis_id *ret)
{
    leat_str ms = leat_str_cut(&text, '-');
    return read_number(ms, &ret->ms) && read_number(text, &ret->number);
}

int64_t leat_redis_id_time_ms(const struct leat_redis_id *id)
{
    const uint64_t year_2001 = 978307200000, year_2200 = 7258118400000;
    return id->ms >= year_2001 && id->ms < year_2200 ? (int64_t)id->ms : 0;
}

/* --- fields --------------------------------------------------------------------------------------------------- */

size_t leat_redis_entry_left_out(const struct leat_redis_value *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->items[i].type == LEAT_REDIS_LEFT_OUT)
            return fields->items[i].text.len;
    return 0;
}

static leat_str find(const struct leat_redis_value *fields, const char *name)
{
    for (size_t i = 0; i + 1 < fields->count; i += 2)
        if (leat_str_is(leat_redis_text(&fields->items[i]), name))
            return leat_redis_text(&fields->items[i + 1]);
    return LEAT_ABSENT;
}

static bool is_cloudevent(const struct leat_redis_value *fields)
{
    static const char *const needed[] = {"specversion", "id", "source", "type"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (find(fields, needed[i]).len == 0)
            return false;
    return true;
}

static bool begins_json(leat_str text)
{
    text = leat_str_trim(text);
    return text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[');
}

static void add_name(struct leat_buf *buf, bool first, leat_str name)
{
    leat_buf_c(buf, first ? "" : ",");
    leat_buf_json_string(buf, name);
    leat_buf_char(buf, ':');
}

/* Text as such; other bytes as an object that says so. */
static void add_value(struct leat_buf *buf, leat_str value)
{
    if (leat_str_utf8(value) == value.len) {
        leat_buf_json_string(buf, value);
        return;
    }
    leat_buf_c(buf, "{\"base64\":");
    leat_buf_json_string(buf, leat_base64_encode(buf->arena, value));
    leat_buf_char(buf, '}');
}

/* JSON as it is, where the event's type does not speak against it. */
static void add_body(struct leat_buf *buf, leat_str type, leat_str body)
{
    bool json = type.len > 0 ? leat_attribute_is_json(type) : begins_json(body);
    bool text = leat_str_utf8(body) == body.len;
    add_name(buf, false, text ? LEAT_STR("data") : LEAT_STR("data_base64"));
    if (!text)
        leat_buf_json_string(buf, leat_base64_encode(buf->arena, body));
    else if (json && leat_json_valid(body))
        leat_buf_add(buf, body);
    else
        leat_buf_json_string(buf, body);
}

static leat_str cloudevent(struct leat_arena *arena, const struct leat_redis_value *fields)
{
    struct leat_buf buf;
    leat_str body = find(fields, "data");
    bool first = true;
    leat_buf_init(&buf, arena);
    leat_buf_char(&buf, '{');
    for (size_t i = 0; i + 1 < fields->count; i += 2) {
        leat_str name = leat_redis_text(&fields->items[i]);
        if (leat_str_is(name, "data") || (leat_str_is(name, "data_base64") && body.ptr != NULL))
            continue;
        add_name(&buf, first, name);
        leat_buf_json_string(&buf, leat_redis_text(&fields->items[i + 1]));
        first = false;
    }
    if (body.ptr != NULL)
        add_body(&buf, find(fields, "datacontenttype"), body);
    leat_buf_char(&buf, '}');
    return leat_buf_str(&buf);
}

static leat_str plain(struct leat_arena *arena, leat_str stream, leat_str id, const struct leat_redis_value *fields)
{
    struct leat_buf buf;
    struct leat_redis_id parts = {.ms = 0};
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"specversion\":\"1.0\",\"type\":\"io.redis.stream.entry\"");
    leat_buf_json_member(&buf, "id", id);
    leat_buf_json_member(&buf, "source",
                         leat_arena_printf(arena, "redis:%.*s", LEAT_ARG(leat_attribute_uri(arena, stream))));
    if (leat_redis_id_read(id, &parts) && leat_redis_id_time_ms(&parts) > 0)
        leat_buf_json_member(&buf, "time", leat_time_from_ms(arena, leat_redis_id_time_ms(&parts)));
    leat_str key = find(fields, "partitionkey");
    if (key.len > 0)
        leat_buf_json_member(&buf, "partitionkey", key);
    leat_buf_c(&buf, ",\"datacontenttype\":\"application/json\",\"data\":{");
    for (size_t i = 0; i + 1 < fields->count; i += 2) {
        add_name(&buf, i == 0, leat_redis_text(&fields->items[i]));
        add_value(&buf, leat_redis_text(&fields->items[i + 1]));
    }
    leat_buf_c(&buf, "}}");
    return leat_buf_str(&buf);
}

leat_str leat_redis_entry_text(struct leat_arena *arena, leat_str stream, leat_str id,
                               const struct leat_redis_value *fields)
{
    if (fields->count == 2 && begins_json(leat_redis_text(&fields->items[1])))
        return leat_redis_text(&fields->items[1]);
    leat_str text = is_cloudevent(fields) ? cloudevent(arena, fields) : plain(arena, stream, id, fields);
    return arena->overflow ? LEAT_ABSENT : text; /* a part may be missing in the middle */
}
