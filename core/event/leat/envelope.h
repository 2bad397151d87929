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

struct leat_record;

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

enum leat_view_kind {
    LEAT_VIEW_NONE,
    LEAT_VIEW_S3,
    LEAT_VIEW_HTTP,
    LEAT_VIEW_DYNAMODB,
    LEAT_VIEW_SQS,
    LEAT_VIEW_KINESIS,
    LEAT_VIEW_KAFKA,
};

/* What an event was wrapped in, from the inside out: kinds of triggers. */
struct leat_within {
    leat_str kind;
    struct leat_within *outer;
};

struct leat_envelope;
/* Makes the typed view of an envelope in `arena`; NULL: out of memory. Any thread. */
typedef const void *leat_view_fn(const struct leat_envelope *envelope, struct leat_arena *arena);

/* Adds to `list` (leat_attribute_add) the extensions that nobody needs before they are asked for. Any thread. */
typedef void leat_extend_fn(const struct leat_envelope *envelope, struct leat_arena *arena,
                            struct leat_attribute **list);

struct leat_envelope {
    leat_str kind;
    leat_str broken; /* why it is none: a record that cannot be normalised, among others of its unit; kind is absent */
    leat_str id, source, type, subject, time;
    bool digest_id;  /* instead of `id`: a digest of the content, made when it is asked for; leat_envelope_id */
    int64_t time_us; /* since 1970: instead of `time`, which is made of it when it is asked for */
    bool has_time_us;
    leat_str datacontenttype;
    bool guess_type; /* application/json for a JSON object or array, text/plain for text, else octet-stream */
    struct leat_attribute *extensions;
    leat_extend_fn *extend; /* more of them; NULL: there are no more */
    struct leat_data data;
    leat_str raw_text; /* the outermost record, if it is no place */
    struct leat_place raw;
    struct leat_within *within;   /* NULL: not nested */
    const cJSON *record;          /* what the view reads */
    const struct leat_record *of; /* the outermost record it came out of */
    enum leat_view_kind view_kind;
    leat_view_fn *view;
};

/* The id, in `arena` if it must be made. Absent: overflow. */
LEAT_API leat_str leat_envelope_id(const struct leat_envelope *envelope, struct leat_arena *arena);
/* Attribute values as CloudEvents allows them: control characters, what is no character (U+FFFE), and broken UTF-8
 * percent-encoded.
 * The same slice if it is clean; absent if it is empty or after overflow. */
LEAT_API leat_str leat_attribute_clean(struct leat_arena *arena, leat_str value);
/* The same for what is to be a URI reference (source): whatever cannot stand in one is percent-encoded. */
LEAT_API leat_str leat_attribute_uri(struct leat_arena *arena, leat_str value);
/* The longest start that is a media type with its parameters ("text/css" of "text/css; charset"); absent: it is none.
 */
LEAT_API leat_str leat_attribute_media_type(leat_str value);
/* Is the media type JSON's: application/json, text/json, anything with +json? */
LEAT_API bool leat_attribute_is_json(leat_str type);
/* Is it a value that needs no encoding? Empty counts as clean. */
LEAT_API bool leat_attribute_is_clean(leat_str value);
/* Sets an attribute of a list (name: [a-z0-9], lives as long as the arena), cleaned; does nothing if `value` is absent
 * or empty. */
LEAT_API void leat_attribute_add(struct leat_attribute **list, struct leat_arena *arena, const char *name,
                                 leat_str value);
/* The same for an extension of an envelope. */
LEAT_API void leat_envelope_extend(struct leat_envelope *envelope, struct leat_arena *arena, const char *name,
                                   leat_str value);

/* One run's look at an envelope. */
struct leat_event {
    const struct leat_envelope *envelope;
    struct leat_arena *arena; /* the run's */
    leat_str id, data, raw, datacontenttype, time;
    const struct leat_attribute *extensions;
    const cJSON *json;
    const void *view;
    uint8_t known; /* bits: which of the above were looked up */
};

void leat_event_init(struct leat_event *event, const struct leat_envelope *envelope, struct leat_arena *arena);
/* All extensions, sorted by name. */
const struct leat_attribute *leat_event_extensions(const struct leat_event *event);
/* The view of that kind or NULL. */
const void *leat_event_view(const struct leat_event *event, enum leat_view_kind kind);
/* The CloudEvents 1.0 JSON form, one line. */
void leat_event_write(const struct leat_event *event, struct leat_buf *buf);
/* The typed view as JSON (docs/reference/output.md); false, and nothing written, if there is none. */
bool leat_event_write_view(const struct leat_event *event, struct leat_buf *buf);

LEAT_END

#endif
