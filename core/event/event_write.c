/* SPDX-License-Identifier: Apache-2.0 */
/* Events and their views as JSON: the CloudEvents 1.0 form, and what `leat show --json` calls "view". */
#include <leat/envelope.h>
#include <leat/text.h>

/* A JSON value if the type says so and the bytes are, else text, else base64. */
static void write_data(const struct leat_event *event, struct leat_buf *buf)
{
    leat_str data = leat_event_data(event);
    if (data.ptr == NULL)
        return;
    bool whole_text = leat_str_utf8(data) == data.len;
    leat_buf_json_name(buf, whole_text ? "data" : "data_base64");
    if (!whole_text)
        leat_buf_json_string(buf, leat_base64_encode(buf->arena, data));
    else if (leat_attribute_is_json(leat_event_datacontenttype(event)) && leat_json_valid(data))
        leat_json_minify(buf, data);
    else
        leat_buf_json_string(buf, data);
}

void leat_event_write(const struct leat_event *event, struct leat_buf *buf)
{
    const struct leat_envelope *envelope = event->envelope;
    leat_str type = leat_event_datacontenttype(event);
    leat_buf_c(buf, "{\"specversion\":\"1.0\"");
    leat_buf_json_member(buf, "id", leat_event_id(event));
    leat_buf_json_member(buf, "source", envelope->source);
    leat_buf_json_member(buf, "type", envelope->type);
    leat_buf_json_member(buf, "subject", envelope->subject);
    leat_buf_json_member(buf, "time", leat_event_time(event));
    /* CloudEvents reads a missing type as JSON, and a body without one may be anything. */
    if (type.ptr == NULL && envelope->data.form != LEAT_DATA_NONE)
        type = LEAT_STR("application/octet-stream");
    leat_buf_json_member(buf, "datacontenttype", type);
    for (const struct leat_attribute *at = leat_event_extensions(event); at != NULL; at = at->next)
        leat_buf_json_member(buf, at->name.ptr, at->value);
    write_data(event, buf);
    leat_buf_char(buf, '}');
    if (buf->failed || event->arena->overflow)
        buf->failed = true;
}

/* Bytes that are not UTF-8 cannot stand in JSON: {"base64": "..."} then. */
static void write_value(struct leat_buf *buf, leat_str value)
{
    if (value.ptr == NULL) {
        leat_buf_c(buf, "null");
        return;
    }
    if (leat_str_utf8(value) == value.len) {
        leat_buf_json_string(buf, value);
        return;
    }
    leat_buf_c(buf, "{\"base64\":");
    leat_buf_json_string(buf, leat_base64_encode(buf->arena, value));
    leat_buf_char(buf, '}');
}

static void write_member(struct leat_buf *buf, const char *name, leat_str value)
{
    if (value.ptr == NULL)
        return;
    leat_buf_json_name(buf, name);
    write_value(buf, value);
}

static void write_pairs(struct leat_buf *buf, const char *name, const struct leat_pair *pairs, size_t count)
{
    if (pairs == NULL)
        return;
    leat_buf_json_name(buf, name);
    leat_buf_char(buf, '[');
    for (size_t i = 0; i < count; i++) {
        leat_buf_c(buf, i > 0 ? ",[" : "[");
        write_value(buf, pairs[i].name);
        leat_buf_char(buf, ',');
        write_value(buf, pairs[i].value);
        leat_buf_char(buf, ']');
    }
    leat_buf_char(buf, ']');
}

static void write_number(struct leat_buf *buf, const char *name, int64_t value)
{
    if (value < 0)
        return;
    leat_buf_json_name(buf, name);
    leat_buf_printf(buf, "%lld", (long long)value);
}

static void write_tree(struct leat_buf *buf, const char *name, const cJSON *tree)
{
    if (tree == NULL)
        return;
    leat_buf_json_name(buf, name);
    leat_json_print(buf, tree);
}

static void write_s3(struct leat_buf *buf, const void *view)
{
    const struct leat_s3 *s3 = view;
    write_member(buf, "bucket", s3->bucket);
    write_member(buf, "key", s3->key);
    write_number(buf, "size", s3->size);
    write_member(buf, "etag", s3->etag);
    write_member(buf, "version", s3->version);
    write_member(buf, "event", s3->event);
    write_member(buf, "region", s3->region);
}

static void write_http(struct leat_buf *buf, const void *view)
{
    const struct leat_http *http = view;
    write_member(buf, "method", http->method);
    write_member(buf, "path", http->path);
    write_pairs(buf, "query", http->query, http->query_count);
    write_pairs(buf, "headers", http->headers, http->header_count);
    if (http->cookies != NULL) {
        leat_buf_json_name(buf, "cookies");
        leat_buf_char(buf, '[');
        for (size_t i = 0; i < http->cookie_count; i++) {
            leat_buf_c(buf, i > 0 ? "," : "");
            write_value(buf, http->cookies[i]);
        }
        leat_buf_char(buf, ']');
    }
    write_member(buf, "client_ip", http->client_ip);
    write_member(buf, "route", http->route);
    write_member(buf, "stage", http->stage);
}

static void write_dynamodb(struct leat_buf *buf, const void *view)
{
    const struct leat_dynamodb *change = view;
    write_member(buf, "event", change->event);
    write_tree(buf, "keys", change->keys);
    write_tree(buf, "new", change->new_image);
    write_tree(buf, "old", change->old_image);
    write_member(buf, "stream_view", change->stream_view);
}

static void write_sqs(struct leat_buf *buf, const void *view)
{
    const struct leat_sqs *sqs = view;
    write_member(buf, "message_id", sqs->message_id);
    write_member(buf, "group", sqs->group);
    write_member(buf, "deduplication", sqs->deduplication);
    write_number(buf, "receive_count", sqs->receive_count);
    write_number(buf, "sent_ms", sqs->sent_ms);
    if (sqs->attributes == NULL)
        return;
    leat_buf_json_name(buf, "attributes");
    leat_buf_char(buf, '{');
    for (size_t i = 0; i < sqs->attribute_count; i++) {
        leat_buf_c(buf, i > 0 ? "," : "");
        leat_buf_json_string(buf, sqs->attributes[i].name);
        leat_buf_c(buf, ":{");
        write_member(buf, "type", sqs->attributes[i].type);
        write_member(buf, "value", sqs->attributes[i].value);
        leat_buf_char(buf, '}');
    }
    leat_buf_char(buf, '}');
}

static void write_kinesis(struct leat_buf *buf, const void *view)
{
    const struct leat_kinesis *kinesis = view;
    write_member(buf, "partition_key", kinesis->partition_key);
    write_member(buf, "sequence", kinesis->sequence);
    write_number(buf, "arrival_ms", kinesis->arrival_ms);
}

static void write_kafka(struct leat_buf *buf, const void *view)
{
    const struct leat_kafka *kafka = view;
    write_member(buf, "topic", kafka->topic);
    write_number(buf, "partition", kafka->partition);
    write_member(buf, "offset", kafka->offset);
    write_member(buf, "key", kafka->key);
    write_pairs(buf, "headers", kafka->headers, kafka->header_count);
}

bool leat_event_write_view(const struct leat_event *event, struct leat_buf *buf)
{
    static void (*const writers[])(struct leat_buf *, const void *) = {
        [LEAT_VIEW_S3] = write_s3,   [LEAT_VIEW_HTTP] = write_http,       [LEAT_VIEW_DYNAMODB] = write_dynamodb,
        [LEAT_VIEW_SQS] = write_sqs, [LEAT_VIEW_KINESIS] = write_kinesis, [LEAT_VIEW_KAFKA] = write_kafka,
    };
    enum leat_view_kind kind = event->envelope->view_kind;
    const void *view = kind != LEAT_VIEW_NONE ? leat_event_view(event, kind) : NULL;
    if (view == NULL)
        return false;
    leat_buf_char(buf, '{');
    writers[kind](buf, view);
    leat_buf_char(buf, '}');
    return true;
}
