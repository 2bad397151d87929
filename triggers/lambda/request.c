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
    else if (request->method[0] == 'P')
        add_header(buf, "Content-Length", leat_arena_decimal(buf->arena, request->length));
}

leat_status leat_lambda_peer_init(struct leat_lambda_peer *peer, const char *api, const char *agent,
                                  struct leat_error *reterr)
{
    LEAT_TRY(leat_address_read(&peer->address, api, reterr));
    snprintf(peer->common, sizeof(peer->common), " HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", peer->address.host,
             agent);
    return LEAT_OK;
}

leat_str leat_lambda_head(struct leat_arena *arena, const struct leat_lambda_peer *peer,
                          const struct leat_lambda_request *request)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, request->method);
    leat_buf_char(&buf, ' ');
    leat_buf_c(&buf, peer->address.base);
    leat_buf_add(&buf, request->path);
    leat_buf_c(&buf, peer->common);
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
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, LEAT_LAMBDA_RUNTIME "/invocation/");
    leat_buf_add(&buf, leat_percent_encode(arena, request_id, ""));
    leat_buf_char(&buf, '/');
    leat_buf_c(&buf, what);
    return leat_buf_str(&buf);
}

/* The platform takes 1 MiB of an error, and as much of all headers: what is longer is for the log. */
#define MESSAGE_MAX ((size_t)64 << 10)
#define CAUSE_MAX ((size_t)8 << 10)

static leat_str cut_message(struct leat_arena *arena, leat_str message)
{
    if (message.len <= MESSAGE_MAX)
        return message;
    size_t len = leat_str_utf8(leat_str_of(message.ptr, MESSAGE_MAX));
    return leat_arena_printf(arena, "%.*s...", (int)(len > MESSAGE_MAX - 4 ? len : MESSAGE_MAX), message.ptr);
}

leat_str leat_lambda_error(struct leat_arena *arena, leat_str type, leat_str message)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_char(&buf, '{');
    leat_buf_json_member(&buf, "errorMessage", cut_message(arena, message));
    leat_buf_json_member(&buf, "errorType", type);
    leat_buf_c(&buf, ",\"stackTrace\":[]}");
    return leat_buf_str(&buf);
}

leat_str leat_lambda_cause(struct leat_arena *arena, leat_str type, leat_str message)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    bool fits = message.len <= CAUSE_MAX && leat_str_plain(message) == message.len;
    leat_buf_c(&buf, "{\"working_directory\":\"\",\"exceptions\":[{");
    leat_buf_json_member(&buf, "type", type);
    leat_buf_json_member(&buf, "message", fits ? message : LEAT_STR("see the function's log"));
    leat_buf_c(&buf, ",\"stack\":[]}],\"paths\":[]}");
    return leat_buf_str(&buf);
}
