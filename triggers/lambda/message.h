/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP/1.1 message (RFC 9112), request or response, read where its bytes lie. The parser owns no memory: the
 * caller keeps all bytes of the message in one buffer that only grows, and calls leat_message_read again when more
 * have come. Places are offsets until the message is whole, so the buffer may move in between.
 *
 * A body is not copied: it lies in the buffer. Of a chunked body the chunks are moved together there.
 */
#ifndef LEAT_LAMBDA_MESSAGE_H
#define LEAT_LAMBDA_MESSAGE_H

#include <leat/str.h>

enum leat_message_kind { LEAT_HTTP_REQUEST, LEAT_HTTP_RESPONSE };

enum leat_message_state {
    LEAT_MESSAGE_MORE,   /* not all is here; `wanted` bytes in all would be enough, or for the next step */
    LEAT_MESSAGE_WHOLE,  /* `end` bytes are the message; what stands behind belongs to the next */
    LEAT_MESSAGE_BROKEN, /* no such message: `why` */
};

#define LEAT_MESSAGE_FIELDS_MAX 128
#define LEAT_MESSAGE_HEAD_MAX ((size_t)1 << 20)   /* request line and headers: Lambda's own limit */
#define LEAT_MESSAGE_BODY_MAX ((size_t)256 << 20) /* far above what Lambda sends */

struct leat_message_field {
    uint32_t name, name_len, value, value_len; /* offsets; the value without white space around it */
};

struct leat_message {
    enum leat_message_kind kind;
    int step;         /* the parser's */
    int status;       /* of a response */
    bool close;       /* the sender closes the connection after it */
    bool chunked;     /* the body came in chunks */
    bool until_close; /* the body ends with the connection */
    size_t at;        /* up to here it is read */
    size_t line;      /* what is being read starts here */
    size_t wanted;    /* see LEAT_MESSAGE_MORE; 0: unknown */
    size_t end;       /* of the whole message */
    size_t body, body_len;
    size_t left;                                     /* of the body, or of the chunk at hand */
    const char *why;                                 /* static */
    uint32_t method, method_len, target, target_len; /* of a request */
    uint32_t field_count, head_fields;               /* those from head_fields on are trailers */
    struct leat_message_field fields[LEAT_MESSAGE_FIELDS_MAX];
};

void leat_message_init(struct leat_message *message, enum leat_message_kind kind);
/* `bytes`: all of the message that has come, `len` of them. */
enum leat_message_state leat_message_read(struct leat_message *message, char *bytes, size_t len);
/* The connection was closed behind what has been read. True: that ends the message, and it is whole. */
bool leat_message_closed(struct leat_message *message);

/* The value of the first header of that name (any case); absent: there is none, or it is empty. `bytes` as above. */
leat_str leat_message_header(const struct leat_message *message, const char *bytes, leat_str name);
leat_str leat_message_trailer(const struct leat_message *message, const char *bytes, leat_str name);
leat_str leat_message_body(const struct leat_message *message, const char *bytes);
leat_str leat_message_method(const struct leat_message *message, const char *bytes);
leat_str leat_message_target(const struct leat_message *message, const char *bytes);

#endif
