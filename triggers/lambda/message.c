/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <stddef.h>

enum { FIRST_LINE, HEADERS, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILERS, WHOLE, BROKEN };

void leat_message_init(struct leat_message *message, enum leat_message_kind kind)
{
    memset(message, 0, offsetof(struct leat_message, fields));
    message->kind = kind;
}

static bool broken(struct leat_message *message, const char *why)
{
    message->step = BROKEN;
    message->why = why;
    return false;
}

/* --- lines ------------------------------------------------------------------------------------------- */

/* The line that starts at message->line, without its end; absent: it has not come whole. A bare LF ends one too. */
static leat_str next_line(struct leat_message *message, const char *bytes, size_t len)
{
    const char *end = len > message->at ? memchr(bytes + message->at, '\n', len - message->at) : NULL;
    if (end == NULL) {
        message->at = len;
        return LEAT_ABSENT;
    }
    leat_str line = leat_str_of(bytes + message->line, (size_t)(end - bytes) - message->line);
    message->at = message->line = (size_t)(end - bytes) + 1;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool take_status(struct leat_message *message, leat_str line)
{
    int64_t status;
    if (!leat_str_starts(line, LEAT_STR("HTTP/1.")) || line.len < strlen("HTTP/1.1 200") || line.ptr[8] != ' ')
        return broken(message, "the first line is no status line of HTTP/1");
    if (!leat_str_int64(leat_str_of(line.ptr + 9, 3), &status) || status < 100)
        return broken(message, "the status is no number of three digits");
    message->status = (int)status;
    message->close = line.ptr[7] == '0';
    return true;
}

static bool take_request(struct leat_message *message, const char *bytes, leat_str line)
{
    leat_str rest = line;
    leat_str method = leat_str_cut(&rest, ' ');
    leat_str target = leat_str_cut(&rest, ' ');
    if (method.len == 0 || target.len == 0 || !leat_str_starts(rest, LEAT_STR("HTTP/1.")))
        return broken(message, "the first line is no request line of HTTP/1");
    message->method = (uint32_t)(method.ptr - bytes);
    message->method_len = (uint32_t)method.len;
    message->target = (uint32_t)(target.ptr - bytes);
    message->target_len = (uint32_t)target.len;
    message->close = leat_str_is(rest, "HTTP/1.0");
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool take_field(struct leat_message *message, const char *bytes, leat_str line)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL || colon == line.ptr || is_space(line.ptr[0]) || is_space(colon[-1]))
        return broken(message, "a header line that is none");
    if (message->field_count == LEAT_MESSAGE_FIELDS_MAX)
        return broken(message, "too many headers");
    const char *value = colon + 1, *end = line.ptr + line.len;
    while (value < end && is_space(*value))
        value++;
    while (end > value && is_space(end[-1]))
        end--;
    message->fields[message->field_count++] = (struct leat_message_field){
        .name = (uint32_t)(line.ptr - bytes),
        .name_len = (uint32_t)(colon - line.ptr),
        .value = (uint32_t)(value - bytes),
        .value_len = (uint32_t)(end - value),
    };
    return true;
}

/* --- how long the body is (RFC 9112, 6.3) -------------------------------------------------------------- */

static leat_str name_at(const struct leat_message *message, const char *bytes, uint32_t i)
{
    return leat_str_of(bytes + message->fields[i].name, message->fields[i].name_len);
}

static leat_str value_at(const struct leat_message *message, const char *bytes, uint32_t i)
{
    return leat_str_of(bytes + message->fields[i].value, message->fields[i].value_len);
}

struct framing {
    bool chunked, has_length;
    size_t length;
};

static bool take_length(struct leat_message *message, struct framing *framing, leat_str value)
{
    int64_t length;
    if (!leat_str_int64(value, &length) || length < 0)
        return broken(message, "Content-Length is no number");
    if (framing->has_length && framing->length != (size_t)length)
        return broken(message, "two values of Content-Length");
    framing->has_length = true;
    framing->length = (size_t)length;
    return true;
}

static bool says_close(leat_str options)
{
    bool close = false;
    while (options.ptr != NULL && !close)
        close = leat_str_eq_nocase(leat_str_trim(leat_str_cut(&options, ',')), LEAT_STR("close"));
    return close;
}

static bool find_framing(struct leat_message *message, const char *bytes, struct framing *framing)
{
    for (uint32_t i = 0; i < message->head_fields; i++) {
        leat_str name = name_at(message, bytes, i), value = value_at(message, bytes, i);
        if (name.len == 14 && leat_str_eq_nocase(name, LEAT_STR("content-length"))) {
            if (!take_length(message, framing, value))
                return false;
        } else if (name.len == 17 && leat_str_eq_nocase(name, LEAT_STR("transfer-encoding"))) {
            if (!leat_str_eq_nocase(value, LEAT_STR("chunked")))
                return broken(message, "a Transfer-Encoding other than chunked");
            framing->chunked = true;
        } else if (name.len == 10 && leat_str_eq_nocase(name, LEAT_STR("connection")))
            message->close = message->close || says_close(value);
    }
    return true;
}

static bool has_no_body(const struct leat_message *message)
{
    return message->kind == LEAT_HTTP_RESPONSE &&
           (message->status < 200 || message->status == 204 || message->status == 304);
}

static bool end_head(struct leat_message *message, const char *bytes)
{
    struct framing framing = {0};
    message->head_fields = message->field_count;
    message->body = message->at;
    if (!find_framing(message, bytes, &framing))
        return false;
    message->chunked = framing.chunked && !has_no_body(message);
    if (message->chunked) {
        message->step = CHUNK_SIZE;
        return true;
    }
    message->until_close = !framing.has_length && message->kind == LEAT_HTTP_RESPONSE && !has_no_body(message);
    message->left = has_no_body(message) ? 0 : message->until_close ? LEAT_MESSAGE_BODY_MAX : framing.length;
    if (message->left > LEAT_MESSAGE_BODY_MAX)
        return broken(message, "a body larger than any that Lambda sends");
    message->step = BODY;
    return true;
}

/* --- steps: each returns false if it cannot go on ------------------------------------------------------------ */

static bool read_line(struct leat_message *message, char *bytes, size_t len)
{
    leat_str line = next_line(message, bytes, len);
    if (line.ptr == NULL) {
        if (message->at - (message->step == TRAILERS ? message->line : 0) > LEAT_MESSAGE_HEAD_MAX)
            return broken(message, "the headers are longer than Lambda allows");
        message->wanted = 0;
        return false;
    }
    if (message->step == FIRST_LINE) {
        if (line.len == 0 && message->kind == LEAT_HTTP_REQUEST)
            return true; /* an empty line before a request: RFC 9112, 2.2 */
        message->step = HEADERS;
        return message->kind == LEAT_HTTP_REQUEST ? take_request(message, bytes, line) : take_status(message, line);
    }
    if (line.len > 0)
        return take_field(message, bytes, line);
    if (message->step == HEADERS)
        return end_head(message, bytes);
    message->step = WHOLE;
    return true;
}

/* The bytes at `at` that belong to the body or chunk at hand. */
static size_t take_bytes(struct leat_message *message, size_t len)
{
    size_t here = len - message->at < message->left ? len - message->at : message->left;
    message->at += here;
    message->left -= here;
    message->body_len += here;
    message->wanted = message->until_close ? 0 : message->at + message->left;
    return here;
}

static bool read_body(struct leat_message *message, size_t len)
{
    (void)take_bytes(message, len);
    if (message->left > 0)
        return false;
    if (message->until_close)
        return broken(message, "a body larger than any that Lambda sends");
    message->step = WHOLE;
    return true;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_chunk_size(struct leat_message *message, char *bytes, size_t len)
{
    leat_str line = next_line(message, bytes, len);
    size_t size = 0, digits = 0;
    message->wanted = 0;
    if (line.ptr == NULL)
        return len - message->line > LEAT_MESSAGE_HEAD_MAX ? broken(message, "a chunk without a size") : false;
    for (; digits < line.len && hex_of(line.ptr[digits]) >= 0 && size <= LEAT_MESSAGE_BODY_MAX; digits++)
        size = size * 16 + (size_t)hex_of(line.ptr[digits]);
    bool ended = digits == line.len || line.ptr[digits] == ';' || is_space(line.ptr[digits]);
    if (digits == 0 || (!ended && size <= LEAT_MESSAGE_BODY_MAX))
        return broken(message, "a chunk without a size");
    if (size > LEAT_MESSAGE_BODY_MAX - message->body_len)
        return broken(message, "a body larger than any that Lambda sends");
    message->left = size;
    message->step = size > 0 ? CHUNK : TRAILERS;
    if (message->body_len == 0)
        message->body = message->at; /* a single chunk stays where it lies */
    return true;
}

static bool read_chunk(struct leat_message *message, char *bytes, size_t len)
{
    char *to = bytes + message->body + message->body_len;
    const char *from = bytes + message->at;
    size_t here = take_bytes(message, len);
    message->wanted += strlen("\r\n0\r\n\r\n"); /* mostly it is the last one */
    if (to != from && here > 0)
        memmove(to, from, here);
    if (message->left > 0)
        return false;
    message->line = message->at;
    message->step = CHUNK_END;
    return true;
}

static bool read_chunk_end(struct leat_message *message, const char *bytes, size_t len)
{
    leat_str line = next_line(message, bytes, len);
    message->wanted = 0;
    if (line.ptr == NULL)
        return message->at - message->line > 2 ? broken(message, "a chunk longer than its size") : false;
    if (line.len > 0)
        return broken(message, "a chunk longer than its size");
    message->step = CHUNK_SIZE;
    return true;
}

static bool step(struct leat_message *message, char *bytes, size_t len)
{
    switch (message->step) {
    case FIRST_LINE:
    case HEADERS:
    case TRAILERS: return read_line(message, bytes, len);
    case BODY: return read_body(message, len);
    case CHUNK_SIZE: return read_chunk_size(message, bytes, len);
    case CHUNK: return read_chunk(message, bytes, len);
    case CHUNK_END: return read_chunk_end(message, bytes, len);
    default: return false;
    }
}

enum leat_message_state leat_message_read(struct leat_message *message, char *bytes, size_t len)
{
    while (message->step != WHOLE && step(message, bytes, len))
        continue;
    if (message->step == BROKEN)
        return LEAT_MESSAGE_BROKEN;
    if (message->step != WHOLE)
        return LEAT_MESSAGE_MORE;
    message->end = message->at;
    return LEAT_MESSAGE_WHOLE;
}

bool leat_message_closed(struct leat_message *message)
{
    if (message->step != BODY || !message->until_close)
        return false;
    message->end = message->at;
    message->step = WHOLE;
    return true;
}

/* --- what is in it ------------------------------------------------------------------------------------------ */

static leat_str find_field(const struct leat_message *message, const char *bytes, leat_str name, uint32_t from,
                           uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        if (message->fields[i].name_len == name.len && leat_str_eq_nocase(name_at(message, bytes, i), name))
            return message->fields[i].value_len > 0 ? value_at(message, bytes, i) : LEAT_ABSENT;
    return LEAT_ABSENT;
}

leat_str leat_message_header(const struct leat_message *message, const char *bytes, leat_str name)
{
    return find_field(message, bytes, name, 0, message->head_fields);
}

leat_str leat_message_trailer(const struct leat_message *message, const char *bytes, leat_str name)
{
    return find_field(message, bytes, name, message->head_fields, message->field_count);
}

leat_str leat_message_body(const struct leat_message *message, const char *bytes)
{
    return leat_str_of(bytes + message->body, message->body_len);
}

leat_str leat_message_method(const struct leat_message *message, const char *bytes)
{
    return leat_str_of(bytes + message->method, message->method_len);
}

leat_str leat_message_target(const struct leat_message *message, const char *bytes)
{
    return leat_str_of(bytes + message->target, message->target_len);
}
