/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope: what normalise makes of a record. Written once, by decode, into the delivery's arena;
 * read-only afterwards and shared by all runs. A run looks at it through a leat_event, which holds
 * what that run found lazily (data, trees, views) in the run's own arena.
 */
#ifndef LEAT_ENVELOPE_H
#define LEAT_ENVELOPE_H

#include <leat/doc.h>
#include <leat/event.h>

LEAT_BEGIN

struct leat_attribute {
    leat_str name, value;
    struct leat_attribute *next; /* sorted by name */
};

/* Where the bytes of a body are. */
enum leat_data_form {
    LEAT_DATA_NONE,
    LEAT_DATA_TEXT,   /* `text`, as it is */
    LEAT_DATA_PLACE,  /* the exact text of `place` */
    LEAT_DATA_BASE64, /* `text` decoded */
};

struct leat_data {
    enum leat_data_form form;
    leat_str text;
    struct leat_place place;
    const cJSON *tree; /* the body's tree if decode made one anyway */
};

enum leat_view_kind { LEAT_VIEW_NONE, LEAT_VIEW_S3, LEAT_VIEW_HTTP, LEAT_VIEW_DYNAMODB, LEAT_VIEW_SQS };

/* What an event was wrapped in, from the inside out: kinds of triggers. */
struct leat_within {
    leat_str kind;
    struct leat_within *outer;
};

struct leat_envelope;
/* Makes the typed view of an envelope in `arena`; NULL: out of memory. Any thread. */
typedef const void *leat_view_fn(const struct leat_envelope *envelope, struct leat_arena *arena);

struct leat_envelope {
    leat_str kind;
    leat_str id, source, type, subject, time;
    leat_str datacontenttype;
    bool guess_type; /* application/json if the body is a JSON object or array, else text/plain */
    struct leat_attribute *extensions;
    struct leat_data data;
    leat_str raw_text; /* the outermost record, if it is no place */
    struct leat_place raw;
    struct leat_within *within; /* NULL: not nested */
    const cJSON *record;        /* what the view reads */
    enum leat_view_kind view_kind;
    leat_view_fn *view;
};

/* Attribute values as CloudEvents allows them: control characters, noncharacters and broken UTF-8 percent-encoded.
 * The same slice if it is clean; absent if it is empty or after overflow. */
LEAT_API leat_str leat_attribute_clean(struct leat_arena *arena, leat_str value);
/* Adds an extension (name: a literal, [a-z0-9], at most 20); does nothing if `value` is absent or empty. */
LEAT_API void leat_envelope_extend(struct leat_envelope *envelope, struct leat_arena *arena, const char *name,
                                   leat_str value);

/* One run's look at an envelope. */
struct leat_event {
    const struct leat_envelope *envelope;
    struct leat_arena *arena; /* the run's */
    leat_str data, raw, datacontenttype;
    const cJSON *json;
    const void *view;
    uint8_t known; /* bits: which of the above were looked up */
};

void leat_event_init(struct leat_event *event, const struct leat_envelope *envelope, struct leat_arena *arena);
/* The view of that kind or NULL. */
const void *leat_event_view(const struct leat_event *event, enum leat_view_kind kind);
/* The CloudEvents 1.0 JSON form, one line. */
void leat_event_write(const struct leat_event *event, struct leat_buf *buf);
/* The typed view as JSON (docs/reference/output.md); false, and nothing written, if there is none. */
bool leat_event_write_view(const struct leat_event *event, struct leat_buf *buf);

LEAT_END

#endif
