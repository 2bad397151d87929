/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batchItemFailures. To SQS it is a set of message ids. To streams and Kafka it is a checkpoint: only the lowest that
 * failed counts, in each partition alone. Kafka names a record by an object, and the answer to a tumbling window
 * carries its state.
 */
#include "reply_private.h"

#include <leat/window.h>

/* Decimal strings beyond 64 bits: by length without leading zeros, then byte-wise. */
static bool sequence_below(leat_str a, leat_str b)
{
    while (a.len > 1 && a.ptr[0] == '0')
        a = leat_str_skip(a, 1);
    while (b.len > 1 && b.ptr[0] == '0')
        b = leat_str_skip(b, 1);
    return a.len != b.len ? a.len < b.len : memcmp(a.ptr, b.ptr, a.len) < 0;
}

/* The end of a window has no id: its failure cannot be listed. */
static bool is_listed(const struct leat_settlement *settlement)
{
    return leat_settlement_failed(settlement) && settlement->unit->record->id.ptr != NULL;
}

/* --- out ------------------------------------------------------------------------------------- */

static void add_item(struct leat_buf *buf, const struct leat_record *record)
{
    if (buf->failed)
        return;
    leat_buf_c(buf, buf->ptr[buf->len - 1] == '[' ? "{\"itemIdentifier\":" : ",{\"itemIdentifier\":");
    if (record->partition.ptr == NULL) {
        leat_buf_json_string(buf, record->id);
    } else {
        leat_buf_c(buf, "{\"partition\":");
        leat_buf_json_string(buf, record->partition);
        leat_buf_c(buf, ",\"offset\":");
        leat_buf_add(buf, record->id);
        leat_buf_char(buf, '}');
    }
    leat_buf_char(buf, '}');
}

/* The lowest that failed among those from `start` on that share its partition; *end: the first of another. */
static const struct leat_record *lowest_failed(const struct leat_settlement *settlements, size_t count, size_t start,
                                               size_t *end)
{
    const struct leat_record *lowest = NULL;
    leat_str partition = settlements[start].unit->record->partition;
    for (*end = start; *end < count; ++*end) {
        const struct leat_record *record = settlements[*end].unit->record;
        if (!leat_str_eq(record->partition, partition))
            break;
        if (is_listed(&settlements[*end]) && (lowest == NULL || sequence_below(record->id, lowest->id)))
            lowest = record;
    }
    return lowest;
}

static void add_checkpoints(struct leat_buf *buf, const struct leat_settlement *settlements, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        const struct leat_record *lowest = lowest_failed(settlements, count, start, &end);
        if (lowest != NULL)
            add_item(buf, lowest);
    }
}

static void add_set(struct leat_buf *buf, const struct leat_settlement *settlements, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_listed(&settlements[i]))
            add_item(buf, settlements[i].unit->record);
}

/* The state behind a window's invoke: the last reply of what was ok, else what it began with. */
static leat_str next_state(const struct leat_window *window, const struct leat_settlement *settlements, size_t count)
{
    for (size_t i = count; i-- > 0;)
        if (settlements[i].outcome == LEAT_OUTCOME_OK && settlements[i].reply != NULL)
            return settlements[i].reply->body;
    return window->state;
}

static const char *refuse_state(leat_str state)
{
    if (state.len > LEAT_WINDOW_STATE_MAX)
        return "the window's state is longer than 1 MiB";
    return leat_json_valid(state) ? NULL : "the window's state is not JSON";
}

/* False: the answer is an error, in *ret. */
static bool add_state(struct leat_buf *buf, const struct leat_window *window, const struct leat_settlement *settlements,
                      size_t count, struct leat_answer *ret)
{
    const struct leat_settlement *last = count > 0 ? &settlements[count - 1] : NULL;
    leat_str state = next_state(window, settlements, count);
    const char *why = refuse_state(state);
    if (why != NULL) {
        *ret = (struct leat_answer){.error_type = LEAT_STR("Runtime.MarshalError"), .error_message = leat_str_c(why)};
        return false;
    }
    if (last != NULL && leat_settlement_failed(last) && last->unit->record->id.ptr == NULL &&
        last->outcome > LEAT_OUTCOME_OK) {
        (void)leat_answer_error(buf->arena, last, 1, count, ret); /* the arena knows how it ended */
        return false;
    }
    leat_buf_c(buf, "\"state\":");
    leat_buf_add(buf, state);
    leat_buf_char(buf, ',');
    return true;
}

leat_status leat_items_encode(struct leat_arena *arena, const struct leat_records *records,
                              const struct leat_settlement *settlements, size_t count, struct leat_answer *ret)
{
    struct leat_buf buf;
    struct leat_window window;
    leat_buf_init(&buf, arena);
    leat_buf_char(&buf, '{');
    if (leat_window_read(records, &window) && !add_state(&buf, &window, settlements, count, ret))
        return leat_arena_status(arena);
    leat_buf_c(&buf, "\"batchItemFailures\":[");
    if (records->adapter->shape == LEAT_REPLY_CHECKPOINT)
        add_checkpoints(&buf, settlements, count);
    else
        add_set(&buf, settlements, count);
    leat_buf_c(&buf, "]}");
    return leat_answer_text(arena, leat_buf_str(&buf), ret);
}

/* --- in -------------------------------------------------------------------------------------- */

/* Ids to places in the batch: a batch has up to 10,000 records, and all of them may be listed. */
struct places {
    uint32_t *slots; /* 0: free, else place + 1 */
    size_t mask;
    const struct leat_records *records;
    struct leat_arena *arena;
};

static size_t hash_of(leat_str partition, leat_str id)
{
    size_t hash = 1469598103934665603u;
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (unsigned char)id.ptr[i]) * 1099511628211u;
    for (size_t i = 0; i < partition.len; i++)
        hash = (hash ^ (unsigned char)partition.ptr[i]) * 1099511628211u;
    return hash ^ hash >> 29;
}

/* The slot that holds the record of that name, or the free one it would stand in. */
static uint32_t *find_slot(const struct places *places, leat_str partition, leat_str id)
{
    size_t at = hash_of(partition, id) & places->mask;
    for (; places->slots[at] != 0; at = (at + 1) & places->mask) {
        const struct leat_record *record = &places->records->items[places->slots[at] - 1];
        if (leat_str_eq(record->id, id) && leat_str_eq(record->partition, partition))
            break;
    }
    return &places->slots[at];
}

static bool make_places(struct leat_arena *arena, const struct leat_records *records, size_t count,
                        struct places *places)
{
    size_t size = 16;
    while (size < 2 * count)
        size *= 2;
    *places = (struct places){
        .slots = LEAT_NEW_N(arena, uint32_t, size), .mask = size - 1, .records = records, .arena = arena};
    for (uint32_t i = 0; i < count && places->slots != NULL; i++) {
        uint32_t *slot = find_slot(places, records->items[i].partition, records->items[i].id);
        *slot = *slot == 0 && records->items[i].id.ptr != NULL ? i + 1 : *slot;
    }
    return places->slots != NULL;
}

/* Kafka's {"partition": "orders-0", "offset": 15}; the first name was once "topic-partition". */
static void read_object(struct leat_arena *arena, const cJSON *item, leat_str *retpartition, leat_str *retid)
{
    *retpartition = leat_json_get_text(item, "partition");
    if (retpartition->ptr == NULL)
        *retpartition = leat_json_get_text(item, "topic-partition");
    *retid = leat_json_digits(arena, leat_json_get(item, "offset"));
}

/* One entry of batchItemFailures. A bad one fails the whole batch: so the platform reads it. */
static const char *mark_item(const struct places *places, const cJSON *entry, struct leat_settlement *settlements)
{
    const cJSON *item = leat_json_get(entry, "itemIdentifier");
    bool objects = places->records->items[0].partition.ptr != NULL;
    leat_str partition = LEAT_ABSENT, id = leat_json_text(item);
    if (objects)
        read_object(places->arena, item, &partition, &id);
    if (item == NULL)
        return "an entry without itemIdentifier";
    if (id.len == 0)
        return objects ? "an itemIdentifier that is no partition with an offset" : "an itemIdentifier that is no text";
    uint32_t place = *find_slot(places, partition, id);
    if (place == 0)
        return "an itemIdentifier that is not in the batch";
    leat_settle_as(&settlements[place - 1], LEAT_OUTCOME_RETRY, LEAT_STR("listed in batchItemFailures"));
    return NULL;
}

/* A checkpoint moves to just before the lowest failed record: it and all behind it come again. */
static void fail_behind_lowest(struct leat_settlement *settlements, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        const struct leat_record *lowest = lowest_failed(settlements, count, start, &end);
        for (size_t i = start; lowest != NULL && i < end; i++) {
            leat_str id = settlements[i].unit->record->id;
            if (!leat_settlement_failed(&settlements[i]) && (id.ptr == NULL || sequence_below(lowest->id, id)))
                leat_settle_as(&settlements[i], LEAT_OUTCOME_RETRY, LEAT_STR("behind the lowest failed record"));
        }
    }
}

/* Why the platform would take the answer for a failure of the whole batch; NULL: it would not. */
static const char *read_answer(const struct leat_records *records, const cJSON *root, const struct places *places,
                               struct leat_settlement *settlements)
{
    struct leat_window window;
    const cJSON *items = leat_json_get(root, "batchItemFailures"), *entry = NULL;
    if (root == NULL)
        return "an answer that is not JSON";
    if (leat_window_read(records, &window) && leat_json_get(root, "state") == NULL)
        return "an answer to a window without its state";
    if (items != NULL && !cJSON_IsNull(items) && !cJSON_IsArray(items))
        return "batchItemFailures that is no array";
    cJSON_ArrayForEach (entry, items) {
        const char *bad = mark_item(places, entry, settlements);
        if (bad != NULL)
            return bad;
    }
    return NULL;
}

leat_status leat_items_decode(struct leat_arena *arena, const struct leat_records *records,
                              const struct leat_answer *answer, struct leat_settlement *settlements, size_t count)
{
    cJSON *root = NULL;
    struct leat_window window;
    struct places places;
    leat_settle_all(settlements, count, LEAT_OUTCOME_OK, LEAT_ABSENT);
    if (leat_str_empty(leat_str_trim(answer->text)) && !leat_window_read(records, &window))
        return LEAT_OK;
    if (leat_is_ok(leat_json_parse(arena, answer->text, &root, NULL))) /* else there is no root */
        LEAT_TRY(leat_json_keep_numbers(arena, answer->text, root));   /* offsets may not fit a double */
    if (!make_places(arena, records, count, &places) || arena->overflow)
        return leat_arena_status(arena);
    const char *bad = read_answer(records, root, &places, settlements);
    if (bad != NULL)
        leat_settle_all(settlements, count, LEAT_OUTCOME_RETRY, leat_str_c(bad));
    else if (records->adapter->shape == LEAT_REPLY_CHECKPOINT)
        fail_behind_lowest(settlements, count);
    return LEAT_OK;
}
