/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/adapter.h>
#include <leat/letter.h>

static void add_event(struct leat_buf *buf, struct leat_arena *arena, const struct leat_envelope *envelope)
{
    struct leat_event event;
    leat_event_init(&event, envelope, arena);
    leat_buf_json_name(buf, "event");
    leat_event_write(&event, buf);
}

/* What can be decoded again: the Lambda payload of that one record, else the bytes as they came. */
static void add_payload(struct leat_buf *buf, struct leat_arena *arena, const struct leat_record *record)
{
    struct leat_record copy = *record;
    struct leat_records one = {.items = &copy, .count = 1, .adapter = record->adapter, .doc = record->doc};
    leat_str payload = LEAT_ABSENT;
    if (record->text.ptr == NULL && leat_is_ok(leat_encode(arena, &one, &payload))) {
        leat_buf_json_name(buf, "payload");
        leat_buf_add(buf, payload);
    } else if (record->text.ptr != NULL) {
        leat_buf_json_member(buf, "payload_base64", leat_base64_encode(arena, record->text));
    }
}

leat_str leat_dead_text(struct leat_arena *arena, const struct leat_dead *dead)
{
    struct leat_buf buf;
    const struct leat_result *result = &dead->unit->results[dead->index];
    const struct leat_envelope *envelope = leat_unit_envelope(dead->unit, dead->index);
    const struct leat_record *record = leat_unit_record(dead->unit, dead->index);
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"dead\":1");
    leat_buf_json_member(&buf, "id", dead->id);
    leat_buf_json_member(&buf, "time", leat_time_from_ms(arena, dead->time_ms));
    leat_buf_json_member(&buf, "service", leat_str_c(dead->service));
    leat_buf_json_member(&buf, "source", dead->source);
    leat_buf_json_member(&buf, "transport", leat_str_c(dead->transport));
    leat_buf_json_member(&buf, "position", dead->position);
    leat_buf_json_member(&buf, "kind", leat_str_c(record->adapter->name));
    leat_buf_json_member(&buf, "handler", leat_str_c(result->handler));
    leat_buf_json_name(&buf, "attempts");
    leat_buf_printf(&buf, "%u", dead->attempts);
    leat_buf_json_member(&buf, "reason", result->reason);
    if (envelope != NULL)
        add_event(&buf, arena, envelope);
    add_payload(&buf, arena, record);
    leat_buf_c(&buf, "}");
    return leat_buf_str(&buf);
}
