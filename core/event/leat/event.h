/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event as a handler sees it: CloudEvents 1.0 attributes and a body, from whatever trigger.
 *
 * Every slice lives until the handler returns. Absent (ptr NULL) differs from empty. An accessor that
 * runs out of memory gives absent, and the run then ends as a retry that says so: never half a result.
 */
#ifndef LEAT_EVENT_H
#define LEAT_EVENT_H

#include <leat/str.h>

#include <cjson/cJSON.h>

LEAT_BEGIN

typedef struct leat_event leat_event;

/* CloudEvents attributes. id, source and type are never absent nor empty. */
LEAT_API leat_str leat_event_id(const leat_event *event);
LEAT_API leat_str leat_event_source(const leat_event *event);
LEAT_API leat_str leat_event_type(const leat_event *event);
LEAT_API leat_str leat_event_subject(const leat_event *event);
LEAT_API leat_str leat_event_time(const leat_event *event); /* RFC 3339 */
LEAT_API leat_str leat_event_datacontenttype(const leat_event *event);
/* Any attribute or extension by name: "partitionkey", "sequence", "awsregion", ... */
LEAT_API leat_str leat_event_attribute(const leat_event *event, const char *name);

/* The trigger's kind, of the innermost notification: "sqs", "s3", "apigateway-http", "unknown", ... */
LEAT_API leat_str leat_event_kind(const leat_event *event);
/* The body's exact bytes: an SQS body, an S3 record, an HTTP body after base64. */
LEAT_API leat_str leat_event_data(const leat_event *event);
/* The exact text of the transport's record, whatever it holds that leat does not know. */
LEAT_API leat_str leat_event_raw(const leat_event *event);
/* The body as a tree, parsed once; NULL if it is no JSON. Not yours: leat_json_copy gives one to own.
 * A string in it ends at an escaped NUL; leat_event_data has all of it. */
LEAT_API const cJSON *leat_event_json(const leat_event *event);

/* --- typed views: NULL if the event is none of that kind ------------------------------------- */

struct leat_pair {
    leat_str name, value;
};

struct leat_s3 {
    leat_str bucket;
    leat_str key; /* decoded: what GetObject wants */
    int64_t size; /* bytes; -1: not told */
    leat_str etag, version, sequencer;
    leat_str event; /* "ObjectCreated:Put", without "s3:" */
    leat_str region;
};
LEAT_API const struct leat_s3 *leat_s3(const leat_event *event);

struct leat_http {
    leat_str method;
    leat_str path;  /* percent-decoded, without the stage */
    leat_str route; /* the API's resource or route key */
    leat_str stage, client_ip;
    const struct leat_pair *query, *headers, *path_parameters; /* header names in lower case; values decoded */
    size_t query_count, header_count, path_parameter_count;
    const leat_str *cookies;
    size_t cookie_count;
};
LEAT_API const struct leat_http *leat_http(const leat_event *event);
/* The first value of that name, or absent. Header names compare without case. */
LEAT_API leat_str leat_http_header(const struct leat_http *http, const char *name);
LEAT_API leat_str leat_http_query(const struct leat_http *http, const char *name);
LEAT_API leat_str leat_http_path_parameter(const struct leat_http *http, const char *name);

struct leat_dynamodb {
    leat_str event; /* "INSERT", "MODIFY", "REMOVE" */
    leat_str stream_view;
    leat_str sequence;
    /* Plain JSON instead of typed attribute values: N a number if a double holds it, else text; sets are
     * arrays; B is base64 text. NULL: the stream does not carry it. */
    const cJSON *keys, *new_image, *old_image;
};
LEAT_API const struct leat_dynamodb *leat_dynamodb(const leat_event *event);

struct leat_sqs_attribute {
    leat_str name, type; /* "String", "Number.int", "Binary", ... */
    leat_str value;      /* Binary: base64 text, as it came */
};
struct leat_sqs {
    leat_str message_id, group, deduplication;
    int64_t receive_count;                       /* -1: not told */
    int64_t sent_ms;                             /* since 1970; -1: not told */
    const struct leat_sqs_attribute *attributes; /* message attributes */
    size_t attribute_count;
};
LEAT_API const struct leat_sqs *leat_sqs(const leat_event *event);

/* The tumbling window that a stream's invoke belongs to. */
struct leat_window {
    leat_str start, end; /* RFC 3339 */
    leat_str shard;
    leat_str state; /* JSON text: the last reply of an event that was ok, else what the invoke brought */
    bool final;     /* this invoke is the window's last: its last event is the end of the window */
    bool early;     /* the window ends early, for its state is too big */
};

struct leat_kinesis {
    leat_str partition_key;
    leat_str sequence;  /* some 56 digits */
    int64_t arrival_ms; /* since 1970; -1: not told */
};
LEAT_API const struct leat_kinesis *leat_kinesis(const leat_event *event);

struct leat_kafka {
    leat_str topic;
    int64_t partition;
    leat_str offset;                 /* digits: it may not fit a double */
    leat_str key;                    /* bytes; absent differs from empty */
    const struct leat_pair *headers; /* in order, names may repeat; values are bytes, absent for null */
    size_t header_count;
};
LEAT_API const struct leat_kafka *leat_kafka(const leat_event *event);

LEAT_END

#endif
