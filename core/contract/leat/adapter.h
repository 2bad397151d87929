/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapter: the pure half of a trigger. No I/O, no clock, no chance, no globals; the same bytes
 * always give the same envelopes. All memory comes from the decoder's arena (the delivery's).
 */
#ifndef LEAT_ADAPTER_H
#define LEAT_ADAPTER_H

#include <leat/error.h>
#include <leat/http.h>
#include <leat/text.h>
#include <leat/unit.h>

LEAT_BEGIN

/* What one delivery is decoded with. */
struct leat_decoder {
    struct leat_arena *arena;
    const struct leat_adapter *const *adapters; /* NULL-terminated, in detection order */
    size_t max_bytes;                           /* longest payload; 0: no limit */
    size_t max_inflated;                        /* most that something compressed in it may become; 0: 64 MiB */
    bool exact;                                 /* numbers keep their text, for encode */
    struct leat_error *reterr;                  /* why something failed; may be NULL */
    struct leat_json_fault fault;               /* where, if it is no JSON */
    unsigned nesting;                           /* how many messages leat_unwrap is inside of */
};

/* A payload as detect sees it. Whatever has an array "Records" of objects has their common source here. */
struct leat_payload {
    const struct leat_doc *doc;
    const cJSON *root;
    const cJSON *records;  /* the array, or NULL */
    const cJSON *first;    /* its first element, or NULL */
    leat_str event_source; /* the records' common eventSource or EventSource, or absent */
    const cJSON *window;   /* of a stream's tumbling window, or NULL; Records may be empty then */
    int dialect;           /* of an HTTP request: enum leat_http_dialect; -1: it is none */
};

/* How failures are told to the platform, so also who settles what: docs/architecture.md, the table. */
enum leat_reply_shape {
    LEAT_REPLY_DIRECT,     /* the handler's answer as it is; failures are invocation errors */
    LEAT_REPLY_ITEMS,      /* batchItemFailures as a set: SQS */
    LEAT_REPLY_CHECKPOINT, /* batchItemFailures as a checkpoint: streams, and each partition of Kafka */
    LEAT_REPLY_ASYNC,      /* the answer is ignored; failures are invocation errors */
    LEAT_REPLY_HTTP,       /* a status code; never dead-lettered */
};

/* What filters see of a record: its members as they are, but for those that hold data. These are decoded and, where
 * they are an object or an array in JSON, parsed. */
struct leat_filter_view {
    const char *within;  /* a member whose own members are shown beside the record's; NULL: none */
    const char *data[2]; /* the members that hold data; NULL: none */
    bool base64;         /* in base64 */
    bool any_form;       /* a pattern for text says nothing of JSON, nor one for JSON of text; else neither matches */
};

struct leat_adapter {
    uint32_t abi, size; /* LEAT_ABI, sizeof(struct leat_adapter) */
    const char *name;   /* the kind */
    const char *help;   /* one line: what it is */
    const char *why;    /* one line: what it is recognised by */
    int order;          /* detection goes by it; the numbers are those of the discriminator table */
    enum leat_reply_shape shape;
    /* A nested notification of this kind is an object with one of these members; none named: any object may be one.
     * Only a hint that saves parsing: `nested` decides. */
    const char *nested_names[2];
    /* What its envelopes show, and say besides, by default; nothing: or normalise says it for each. */
    enum leat_view_kind view_kind;
    leat_view_fn *view;
    leat_extend_fn *extend;

    /* Is it mine? Tests values, never the first struct that fits. NULL: only by name. */
    bool (*detect)(const struct leat_payload *payload);
    /* As detect, stricter, for text found inside another trigger's message. NULL: never nested. */
    bool (*nested)(const struct leat_payload *payload);
    /* Payload -> records, each with id, lane, attempts; a broken one with `broken` and an id.
     * BAD_PAYLOAD: broken, and nothing in it can be named (Runtime.UnmarshalError). */
    leat_status (*split)(struct leat_decoder *decoder, const struct leat_payload *payload, struct leat_records *out);
    /* Record -> 0..n envelopes appended to `out`; BAD_RECORD with the reason in decoder->reterr.
     * The only maker of envelopes. */
    leat_status (*normalise)(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out);
    /* Records (of one payload, or native) -> the Lambda payload they came from, never from kept text.
     * NULL: leat_encode_document. */
    leat_status (*encode)(struct leat_arena *arena, const struct leat_records *records, leat_str *retpayload);
    /* All settlements of one payload -> what Lambda is answered. NULL: by `shape`. */
    leat_status (*encode_reply)(struct leat_arena *arena, const struct leat_records *records,
                                const struct leat_settlement *settlements, size_t count, struct leat_answer *retanswer);
    /* An answer -> verdict, outcome and reason of each settlement, as the platform reads it. NULL: by `shape`. */
    leat_status (*decode_reply)(struct leat_arena *arena, const struct leat_records *records,
                                const struct leat_answer *answer, struct leat_settlement *settlements, size_t count);
    /* For filters; nothing: the record as it is. */
    struct leat_filter_view filtered;
};

/* --- what the engine, show and tests call ------------------------------------------------------ */

/* Text -> records. `as` names an adapter instead of detection; NULL: detect. `text` must live as long as the
 * arena. UNKNOWN never comes back: what no adapter claims is the adapter "unknown"'s.
 * Fails with NOT_JSON, TOO_DEEP, TOO_BIG, NO_MEMORY, BAD_PAYLOAD; decoder->reterr and ->fault say why. */
LEAT_API leat_status leat_decode(struct leat_decoder *decoder, leat_str text, const struct leat_adapter *as,
                                 struct leat_records *out);
/* One record that is the whole text, of the adapter "unknown", detected by nobody and not parsed: for handlers
 * that are LEAT_RAW. */
LEAT_API leat_status leat_decode_raw(struct leat_decoder *decoder, leat_str text, struct leat_records *out);
/* Record -> envelopes, checked: id, source and type are there, attributes are clean, raw is set. */
LEAT_API leat_status leat_normalise(struct leat_decoder *decoder, const struct leat_record *record,
                                    struct leat_events *out);
LEAT_API leat_status leat_encode(struct leat_arena *arena, const struct leat_records *records, leat_str *retpayload);
LEAT_API leat_status leat_encode_reply(struct leat_arena *arena, const struct leat_records *records,
                                       const struct leat_settlement *settlements, size_t count,
                                       struct leat_answer *retanswer);
LEAT_API leat_status leat_decode_reply(struct leat_arena *arena, const struct leat_records *records,
                                       const struct leat_answer *answer, struct leat_settlement *settlements,
                                       size_t count);
/* What a failed invocation is called: Function.Retry, Function.Reject, Function.Timeout. */
LEAT_API leat_str leat_error_type(const struct leat_settlement *settlement);
/* Sorts by detection order. */
LEAT_API void leat_adapters_sort(const struct leat_adapter **adapters, size_t count);
/* The adapter of that name, or NULL. */
LEAT_API const struct leat_adapter *leat_adapter_find(const struct leat_adapter *const *adapters, leat_str name);
/* Does TRIGGER, as users name it, mean this kind? "apigateway" means all that start with "apigateway-". */
LEAT_API bool leat_trigger_matches(leat_str trigger, leat_str kind);

/* --- what adapters call ------------------------------------------------------------------------ */

/* If `inner` is a notification of another trigger, appends its envelopes to `out` and returns DONE;
 * UNKNOWN: it is none, and `outer` is the event itself. `raw` of the envelopes is the outermost record. */
LEAT_API leat_status leat_unwrap(struct leat_decoder *decoder, leat_str inner, const struct leat_record *outer,
                                 struct leat_events *out);
/* The same for base64 of text or of gzip; nothing is decoded unless it may hold a JSON object. */
LEAT_API leat_status leat_unwrap_base64(struct leat_decoder *decoder, leat_str inner, const struct leat_record *outer,
                                        struct leat_events *out);
/* One record a member of payload->records, or one for the whole root. All zeroed but adapter, doc, index, json.
 * The last invoke of a tumbling window gets one more record, with index LEAT_WHOLE: the end of the window. */
LEAT_API leat_status leat_split_records(struct leat_decoder *decoder, const struct leat_payload *payload,
                                        struct leat_records *out);
/* As leat_split_records, of another member of the root: an array, or an object of arrays. */
LEAT_API leat_status leat_split_list(struct leat_decoder *decoder, const struct leat_payload *payload,
                                     const cJSON *list, struct leat_records *out);
LEAT_API leat_status leat_split_whole(struct leat_decoder *decoder, const struct leat_payload *payload,
                                      struct leat_records *out);
/* A new envelope at the end of `out`, zeroed but for kind, record, raw and view; NULL: out of memory. */
LEAT_API struct leat_envelope *leat_events_add(struct leat_decoder *decoder, const struct leat_record *record,
                                               struct leat_events *out);
/* leat_json_digits of a number in the record, whose text is kept if that must be. */
LEAT_API leat_str leat_record_digits(struct leat_decoder *decoder, const struct leat_record *record,
                                     const cJSON *number);
/* An id for a record that has none: a digest of its content, however it is spelt. */
LEAT_API leat_str leat_record_digest(struct leat_decoder *decoder, const struct leat_record *record);
/* BAD_RECORD with a reason, for `return`. */
LEAT_API leat_status leat_broken(struct leat_decoder *decoder, const char *format, ...) LEAT_PRINTF(2, 3);

/* Member look-ups that know broken from absent: DONE with an absent value for missing or null, BAD_RECORD
 * (which names the member and what it is instead) for any other type. `name` may be a path such as
 * "s3.bucket.name": the member is what stands behind the last dot, the message names all of it. */
LEAT_API leat_status leat_want_text(struct leat_decoder *decoder, const cJSON *object, const char *name, leat_str *ret);
LEAT_API leat_status leat_want_object(struct leat_decoder *decoder, const cJSON *object, const char *name,
                                      const cJSON **ret);
/* As leat_want_text, but missing, null and empty are BAD_RECORD too. */
LEAT_API leat_status leat_need_text(struct leat_decoder *decoder, const cJSON *object, const char *name, leat_str *ret);

/* The same of several members in one pass over the object, as a table: for what is read of every record. */
enum leat_member_type {
    LEAT_TEXT,      /* leat_want_text, into a leat_str */
    LEAT_NEED_TEXT, /* leat_need_text, into a leat_str */
    LEAT_OBJECT,    /* leat_want_object, into a const cJSON * */
    LEAT_NUMBER,    /* a number, into a const cJSON * */
    LEAT_ANY,       /* anything but null, into a const cJSON * */
};
#define LEAT_CHECKED SIZE_MAX /* an offset: only checked, kept nowhere */
#define LEAT_MEMBERS_MAX 16

struct leat_member {
    const char *within; /* for messages: "s3.object.", or "" */
    const char *name;
    enum leat_member_type type;
    size_t offset; /* in the struct that is filled */
};

/* Fills `ret`, which must be zeroed: what is missing or null stays so. `object` NULL has no members. */
LEAT_API leat_status leat_read_members(struct leat_decoder *decoder, const cJSON *object,
                                       const struct leat_member *members, size_t count, void *ret);
#define LEAT_READ(decoder, object, members, ret) \
    leat_read_members((decoder), (object), (members), sizeof(members) / sizeof((members)[0]), (ret))

LEAT_END

#endif
