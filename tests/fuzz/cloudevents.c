/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever comes in, what is written as an event is a CloudEvent 1.0. The input is a payload, and its lines are the
 * attributes of a structured CloudEvent, alone and inside an SQS message.
 */
#include "fuzz.h"

/* --- what came out ---------------------------------------------------------------------------------------- */

static bool is_attribute_name(leat_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || (name.ptr[i] >= '0' && name.ptr[i] <= '9')))
            return false;
    return name.len > 0;
}

static void check_member(const cJSON *root, const cJSON *member)
{
    leat_str name = leat_str_c(member->string), text = leat_json_text(member);
    MUST(leat_json_get(root, member->string) == member); /* each once */
    if (leat_str_is(name, "data"))
        return;
    if (leat_str_is(name, "data_base64")) {
        MUST(text.ptr != NULL && leat_json_get(root, "data") == NULL);
        return;
    }
    MUST(is_attribute_name(name));
    MUST(cJSON_IsString(member) || cJSON_IsBool(member) || cJSON_IsNumber(member));
    if (cJSON_IsString(member))
        MUST(text.len > 0 && fuzz_is_attribute(text));
    if (cJSON_IsNumber(member))
        MUST(member->valuedouble == (double)member->valueint);
}

static void check_written(struct leat_arena *arena, leat_str text)
{
    static const char *const needed[] = {"id", "source", "type"};
    cJSON *root = NULL;
    const cJSON *member = NULL;
    MUST(fuzz_is_json(text));
    leat_status status = leat_json_parse(arena, text, &root, NULL);
    if (arena->overflow || status.code == LEAT_E_TOO_DEEP)
        return;
    MUST(leat_is_ok(status) && leat_str_is(leat_json_get_text(root, "specversion"), "1.0"));
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        MUST(leat_json_get_text(root, needed[i]).len > 0);
    if (leat_json_get(root, "time") != NULL)
        MUST(leat_time_valid(leat_json_get_text(root, "time")));
    cJSON_ArrayForEach (member, root)
        check_member(root, member);
}

static void check_event(const struct leat_event *event)
{
    struct leat_buf buf;
    leat_buf_init(&buf, event->arena);
    leat_event_write(event, &buf);
    leat_str text = leat_buf_str(&buf);
    if (text.ptr != NULL)
        check_written(event->arena, text);
    else
        MUST(event->arena->overflow);
}

static void check_payload(leat_str text)
{
    FUZZ_PAYLOAD payload;
    fuzz_decode(&payload, text, NULL);
    fuzz_each_event(&payload, check_event);
}

/* --- what goes in ------------------------------------------------------------------------------------------ */

static void write_value(struct leat_buf *buf, leat_str value)
{
    if (leat_json_valid(value))
        leat_buf_add(buf, value);
    else
        leat_buf_json_string(buf, value);
}

/* Lines are values: of the attributes in their order, then of extensions ("name=value"); behind an empty line
 * stands the data. A line that is JSON is taken as that, so that each may have any type. */
static leat_str cloud_event(struct leat_arena *arena, leat_str text)
{
    static const char *const names[] = {"id", "source", "type", "specversion", "subject", "time", "datacontenttype"};
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"dataschema\":\"#\"");
    for (size_t i = 0; text.len > 0 && text.ptr[0] != '\n'; i++) {
        leat_str line = leat_str_cut(&text, '\n');
        leat_str name = i < sizeof(names) / sizeof(names[0]) ? leat_str_c(names[i]) : leat_str_cut(&line, '=');
        leat_buf_char(&buf, ',');
        leat_buf_json_string(&buf, name);
        leat_buf_char(&buf, ':');
        write_value(&buf, line);
    }
    leat_buf_json_name(&buf, text.len % 2 == 0 ? "data" : "data_base64");
    write_value(&buf, text.len > 0 ? leat_str_skip(text, 1) : text);
    leat_buf_char(&buf, '}');
    return leat_buf_str(&buf);
}

static leat_str inside_sqs(struct leat_arena *arena, leat_str body)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\",\"body\":");
    leat_buf_json_string(&buf, body);
    leat_buf_c(&buf, "}]}");
    return leat_buf_str(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = fuzz_guarded(data, size);
    FUZZ_ARENA arena;
    fuzz_arena_init(&arena);
    check_payload(text);
    leat_str event = cloud_event(&arena, text);
    check_payload(event);
    check_payload(inside_sqs(&arena, event));
    MUST(!arena.overflow);
    return 0;
}
