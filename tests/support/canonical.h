/* SPDX-License-Identifier: Apache-2.0 */
/* The adapters of this binary, and events whatever their spelling: what the unit tests and the fuzz targets share. */
#ifndef LEAT_TEST_CANONICAL_H
#define LEAT_TEST_CANONICAL_H

#include <leat/adapter.h>
#include <triggers.h>

static inline const struct leat_adapter *const *sorted_adapters(void)
{
    static const struct leat_adapter *sorted[64];
    size_t count = 0;
    while (leat_adapters[count] != NULL && count < 63) {
        sorted[count] = leat_adapters[count];
        count++;
    }
    leat_adapters_sort(sorted, count);
    sorted[count] = NULL;
    return sorted;
}

/* JSON in one line: escapes and white space do not count, digits do. Absent: no JSON, or no memory. */
static inline leat_str canonical_json(struct leat_arena *arena, leat_str text)
{
    struct leat_buf line;
    cJSON *root = NULL;
    leat_buf_init(&line, arena);
    if (!leat_is_ok(leat_json_parse(arena, text, &root, NULL)) ||
        !leat_is_ok(leat_json_keep_numbers(arena, text, root)))
        return LEAT_ABSENT;
    leat_json_print(&line, root);
    return leat_buf_str(&line);
}

/* An event and its view in one line. Data that is a piece of the payload is taken as JSON, other data to the byte:
 * encode may spell the payload anew, but not what its strings hold. */
static inline leat_str canonical_event(const struct leat_event *event)
{
    struct leat_arena *arena = event->arena;
    struct leat_envelope envelope = *event->envelope;
    struct leat_event other;
    struct leat_buf line;
    leat_str data = leat_event_data(event);
    if (envelope.data.form == LEAT_DATA_PLACE)
        data = canonical_json(arena, data);
    envelope.data = (struct leat_data){.form = data.ptr != NULL ? LEAT_DATA_TEXT : LEAT_DATA_NONE, .text = data};
    leat_event_init(&other, &envelope, arena);
    leat_buf_init(&line, arena);
    leat_event_write(&other, &line);
    leat_buf_char(&line, ' ');
    leat_buf_add(&line, data);
    leat_buf_char(&line, ' ');
    leat_event_write_view(event, &line);
    return leat_buf_str(&line);
}

#endif
