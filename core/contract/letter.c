/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dead letter: what became of an event, the event, and the payload of its record alone, so that it can be put back.
 *
 * The payload is cut out of the document's text and not printed from its tree: no digit can change, and the tree is
 * not touched, which runs of other units may look at meanwhile.
 */
#include <leat/adapter.h>
#include <leat/letter.h>

/* --- the payload of one record --------------------------------------------------------------------------- */

/* Copies a document with only one record in its lists: what stands between two places that change goes as it is. */
struct cutting {
    struct leat_buf *buf;
    const struct leat_record *record;
    leat_str kept;  /* the record's text; absent: it stands in no list */
    leat_str rest;  /* what is not copied yet */
    size_t records; /* which child of the root holds the lists */
    size_t final;   /* which one says that a window ends here */
};

/* The number of a direct member of the root in its text; SIZE_MAX: it is none. */
static size_t number_of(const cJSON *root, const cJSON *member)
{
    size_t n = 0;
    for (const cJSON *child = root->child; child != NULL; child = child->next, n++)
        if (child == member)
            return n;
    return SIZE_MAX;
}

/* Puts `text` in the place of a piece of what is copied. */
static void replace(struct cutting *cutting, leat_str piece, leat_str text)
{
    size_t before = (size_t)(piece.ptr - cutting->rest.ptr);
    leat_buf_add(cutting->buf, leat_str_of(cutting->rest.ptr, before));
    leat_buf_add(cutting->buf, text);
    cutting->rest = leat_str_skip(cutting->rest, before + piece.len);
}

static void cut_list(void *argument, size_t n, leat_str list)
{
    struct cutting *cutting = argument;
    (void)n;
    bool inside = cutting->kept.ptr > list.ptr && cutting->kept.ptr < list.ptr + list.len;
    if (list.len < 2 || list.ptr[0] != '[')
        return;
    replace(cutting, leat_str_of(list.ptr, 1), LEAT_STR("["));
    leat_buf_add(cutting->buf, inside ? cutting->kept : LEAT_ABSENT);
    replace(cutting, leat_str_skip(list, 1), LEAT_STR("]"));
}

/* A window ends with its last record: behind another one its end would come twice. */
static void cut_member(void *argument, size_t n, leat_str value)
{
    struct cutting *cutting = argument;
    if (n == cutting->records && cJSON_IsObject(cutting->record->doc->records))
        leat_json_children(value, cut_list, cutting);
    else if (n == cutting->records)
        cut_list(cutting, 0, value);
    else if (n == cutting->final && cutting->kept.ptr != NULL)
        replace(cutting, value, LEAT_STR("false"));
}

/* Absent: out of memory. */
static leat_str cut_document(struct leat_arena *arena, const struct leat_record *record)
{
    const struct leat_doc *doc = record->doc;
    struct leat_buf buf;
    struct cutting cutting = {.buf = &buf, .record = record, .rest = leat_json_value_at(doc->text, 0)};
    leat_buf_init(&buf, arena);
    if (doc->records == NULL)
        return cutting.rest;
    if (record->index != LEAT_WHOLE) {
        cutting.kept = leat_doc_extent(leat_record_place(record, NULL));
        if (cutting.kept.ptr == NULL)
            return LEAT_ABSENT;
    }
    cutting.records = number_of(doc->root, doc->records);
    cutting.final = number_of(doc->root, leat_json_get(doc->root, "isFinalInvokeForWindow"));
    leat_json_children(cutting.rest, cut_member, &cutting);
    leat_buf_add(&buf, cutting.rest);
    return leat_buf_str(&buf);
}

/* Of a record without a document: the bytes it was read from, or what the adapter of a native one makes. */
static leat_str native_bytes(struct leat_arena *arena, const struct leat_record *record)
{
    struct leat_record copy = *record;
    struct leat_records one = {.items = &copy, .count = 1, .adapter = record->adapter, .doc = record->doc};
    leat_str payload = LEAT_ABSENT;
    if (record->text.ptr != NULL)
        return record->text;
    return leat_is_ok(leat_encode(arena, &one, &payload)) ? payload : LEAT_ABSENT;
}

/* As JSON if the bytes are, white space aside; as text if they are that; else as base64. What no document is must
 * come back to the byte, so it is JSON only if nothing at all would change. */
static void add_bytes(struct leat_buf *buf, leat_str bytes, bool document, bool flat)
{
    struct leat_arena *arena = buf->arena;
    struct leat_buf line;
    leat_str json = LEAT_ABSENT;
    if (!flat && leat_json_valid(bytes)) {
        leat_buf_init(&line, arena);
        leat_json_minify(&line, bytes);
        json = leat_buf_str(&line);
    }
    if (json.ptr != NULL && (document || leat_str_eq(json, bytes))) {
        leat_buf_json_name(buf, "payload");
        leat_buf_add(buf, json);
    } else if (leat_str_utf8(bytes) == bytes.len) {
        leat_buf_json_member(buf, "payload_text", bytes);
    } else {
        leat_buf_json_member(buf, "payload_base64", leat_base64_encode(arena, bytes));
    }
}

static void add_payload(struct leat_buf *buf, const struct leat_record *record, bool flat)
{
    bool document = record->doc != NULL && record->doc->text.ptr != NULL;
    leat_str bytes = document ? cut_document(buf->arena, record) : native_bytes(buf->arena, record);
    if (bytes.ptr != NULL)
        add_bytes(buf, bytes, document, flat);
    else
        buf->failed = true; /* a letter that cannot be put back is none */
}

/* --- the rest ------------------------------------------------------------------------------------------------ */

static void add_event(struct leat_buf *buf, const struct leat_envelope *envelope)
{
    struct leat_event event;
    leat_event_init(&event, envelope, buf->arena);
    leat_buf_json_name(buf, "event");
    leat_event_write(&event, buf);
}

static void add_number(struct leat_buf *buf, const char *name, int64_t value)
{
    leat_buf_json_name(buf, name);
    leat_buf_printf(buf, "%lld", (long long)value);
}

static void add_source(struct leat_buf *buf, const struct leat_dead *dead)
{
    leat_buf_json_member(buf, "id", dead->id);
    leat_buf_json_member(buf, "time", leat_time_from_ms(buf->arena, dead->time_ms));
    leat_buf_json_member(buf, "service", leat_str_c(dead->service));
    leat_buf_json_member(buf, "source", dead->source);
    leat_buf_json_member(buf, "transport", leat_str_c(dead->transport));
    leat_buf_json_member(buf, "position", dead->position);
    if (dead->unit->since_ms > 0)
        leat_buf_json_member(buf, "since", leat_time_from_ms(buf->arena, dead->unit->since_ms));
}

static void add_result(struct leat_buf *buf, const struct leat_dead *dead, const struct leat_result *result)
{
    leat_buf_json_member(buf, "handler", leat_str_c(result->handler));
    if (dead->attempts > 0)
        add_number(buf, "attempts", dead->attempts);
    leat_buf_json_member(buf, "outcome", LEAT_STR("reject"));
    if (result->timed_out)
        leat_buf_c(buf, ",\"timed_out\":true");
    if (result->handler != NULL)
        add_number(buf, "duration_us", result->duration_us);
    leat_buf_json_member(buf, "reason", result->reason);
}

/* `flat`: nothing in it is nested. */
static leat_str write_letter(struct leat_arena *arena, const struct leat_dead *dead, bool flat)
{
    struct leat_buf buf;
    const struct leat_envelope *envelope = leat_unit_envelope(dead->unit, dead->index);
    const struct leat_record *record = leat_unit_record(dead->unit, dead->index);
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"dead\":1");
    add_source(&buf, dead);
    leat_buf_json_member(&buf, "kind", leat_str_c(record->adapter->name));
    add_result(&buf, dead, &dead->unit->results[dead->index]);
    if (envelope != NULL && !flat)
        add_event(&buf, envelope);
    add_payload(&buf, record, flat);
    leat_buf_c(&buf, "}");
    return leat_buf_str(&buf);
}

/* What is nested as deep as JSON may be is too deep inside of a letter. */
leat_str leat_dead_text(struct leat_arena *arena, const struct leat_dead *dead)
{
    leat_str text = write_letter(arena, dead, false);
    return text.ptr == NULL || leat_json_valid(text) ? text : write_letter(arena, dead, true);
}
