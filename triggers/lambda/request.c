/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <leat/buf.h>
#include <leat/text.h>

#include <stdio.h>

/* A header's value without what would end its line. */
static void add_value(struct leat_buf *buf, leat_str value)
{
    while (value.len > 0) {
        size_t good = leat_str_plain(value);
        leat_buf_add(buf, leat_str_of(value.ptr, good));
        if (good < value.len && (unsigned char)value.ptr[good] >= 0x80)
            leat_buf_add(buf, leat_str_of(value.ptr + good, 1)); /* UTF-8 passes */
        value = leat_str_skip(value, good + 1);
    }
}

static void add_header(struct leat_buf *buf, const char *name, leat_str value)
{
    if (value.ptr == NULL)
        return;
    leat_buf_c(buf, name);
    leat_buf_c(buf, ": ");
    add_value(buf, value);
    leat_buf_c(buf, "\r\n");
}

static void add_framing(struct leat_buf *buf, const struct leat_lambda_request *request)
{
    if (request->stream)
        leat_buf_c(buf, "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
                        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n"
                        "Connection: close\r\n");
    else if (strcmp(request->method, "POST") == 0)
        leat_buf_printf(buf, "Content-Length: %zu\r\n", request->length);
}

leat_str leat_lambda_head(struct leat_arena *arena, const struct leat_lambda_peer *peer,
                          const struct leat_lambda_request *request)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_printf(&buf, "%s %s", request->method, peer->address.base);
    leat_buf_add(&buf, request->path);
    leat_buf_printf(&buf, " HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", peer->address.host, peer->agent);
    add_header(&buf, "Content-Type", request->content_type);
    add_header(&buf, "Lambda-Runtime-Invocation-Id", request->invocation_id);
    add_header(&buf, "Lambda-Runtime-Function-Error-Type", request->error_type);
    add_header(&buf, "Lambda-Runtime-Function-XRay-Error-Cause", request->error_cause);
    add_header(&buf, "Lambda-Extension-Name", request->extension_name);
    add_header(&buf, "Lambda-Extension-Identifier", request->extension_id);
    add_framing(&buf, request);
    leat_buf_c(&buf, "\r\n");
    return leat_buf_str(&buf);
}

leat_str leat_lambda_path(struct leat_arena *arena, leat_str request_id, const char *what)
{
    return leat_arena_printf(arena, LEAT_LAMBDA_RUNTIME "/invocation/%.*s/%s",
                             LEAT_ARG(leat_percent_encode(arena, request_id, "")), what);
}

leat_str leat_lambda_error(struct leat_arena *arena, leat_str type, leat_str message)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_char(&buf, '{');
    leat_buf_json_member(&buf, "errorMessage", message);
    leat_buf_json_member(&buf, "errorType", type);
    leat_buf_c(&buf, ",\"stackTrace\":[]}");
    return leat_buf_str(&buf);
}

leat_str leat_lambda_cause(struct leat_arena *arena, leat_str type, leat_str message)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"working_directory\":\"\",\"exceptions\":[{");
    leat_buf_json_member(&buf, "type", type);
    leat_buf_json_member(&buf, "message",
                         leat_str_plain(message) == message.len ? message : LEAT_STR("see the function's log"));
    leat_buf_c(&buf, ",\"stack\":[]}],\"paths\":[]}");
    return leat_buf_str(&buf);
}
