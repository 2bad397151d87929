/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 as the Runtime API has it, from the server's side. */
#include "lambda_stub.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD_MAX ((size_t)64 << 10)
#define REQUEST_MAX ((size_t)64 << 20)

static bool reserve(struct stub_connection *connection, size_t capacity)
{
    if (capacity > REQUEST_MAX)
        return false;
    if (capacity <= connection->capacity)
        return true;
    char *larger = realloc(connection->in, capacity);
    if (larger == NULL)
        return false;
    connection->in = larger;
    connection->capacity = capacity;
    return true;
}

bool stub_connection_open(struct stub_connection *connection, int fd)
{
    int on = 1;
    *connection = (struct stub_connection){.fd = fd};
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 && reserve(connection, HEAD_MAX);
}

void stub_connection_close(struct stub_connection *connection)
{
    if (connection->fd >= 0)
        (void)close(connection->fd);
    free(connection->in);
    *connection = (struct stub_connection){.fd = -1};
}

bool stub_receive(struct stub_connection *connection)
{
    if (connection->len == connection->capacity && !reserve(connection, 2 * connection->capacity))
        return false;
    ssize_t got = recv(connection->fd, connection->in + connection->len, connection->capacity - connection->len, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->len += (size_t)got;
    return got > 0;
}

/* The value of a header of the request's head, NULL if there is none. `name` has its colon. */
static const char *header(const char *head, const char *name)
{
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, strlen(name)) == 0)
            return line + 2 + strlen(name) + strspn(line + 2 + strlen(name), " ");
    return NULL;
}

/* Looks once at a head that is whole: how its body ends. */
static bool parse_head(struct stub_connection *connection, const char *end)
{
    connection->head_len = (size_t)(end - connection->in) + 4;
    connection->in[connection->head_len - 1] = '\0'; /* the last LF: the head is text from here on */
    const char *encoding = header(connection->in, "transfer-encoding:");
    const char *length = header(connection->in, "content-length:");
    connection->chunked = encoding != NULL && strncasecmp(encoding, "chunked", 7) == 0;
    connection->scan = connection->head_len;
    connection->body_len = 0;
    connection->total_len = connection->head_len + (length != NULL ? strtoul(length, NULL, 10) : 0);
    return connection->chunked || reserve(connection, connection->total_len);
}

/* Where the line at `from` ends; NULL: not yet there. */
static char *line_end(const struct stub_connection *connection, size_t from)
{
    return memmem(connection->in + from, connection->len - from, "\r\n", 2);
}

/* Moves whole chunks behind the body so far. */
static enum stub_read parse_chunks(struct stub_connection *connection)
{
    char *end = NULL;
    while ((end = line_end(connection, connection->scan)) != NULL) {
        char *after = NULL;
        size_t size = strtoul(connection->in + connection->scan, &after, 16);
        size_t data = (size_t)(end - connection->in) + 2;
        if (after == connection->in + connection->scan || size > REQUEST_MAX)
            return STUB_BAD;
        if (size == 0) { /* trailers, and the empty line */
            char *empty = memmem(end, connection->len - (data - 2), "\r\n\r\n", 4);
            connection->total_len = empty != NULL ? (size_t)(empty - connection->in) + 4 : 0;
            return empty != NULL ? STUB_REQUEST : STUB_MORE;
        }
        if (connection->len < data + size + 2)
            return reserve(connection, data + size + 64) ? STUB_MORE : STUB_BAD;
        memmove(connection->in + connection->head_len + connection->body_len, connection->in + data, size);
        connection->body_len += size;
        connection->scan = data + size + 2;
    }
    return STUB_MORE;
}

static enum stub_read parse_body(struct stub_connection *connection)
{
    if (connection->chunked)
        return parse_chunks(connection);
    if (connection->len < connection->total_len)
        return STUB_MORE;
    connection->body_len = connection->total_len - connection->head_len;
    return STUB_REQUEST;
}

enum stub_read stub_parse(struct stub_connection *connection, struct stub_request *ret)
{
    if (connection->len == 0)
        return STUB_MORE;
    if (connection->head_len == 0) {
        const char *end = memmem(connection->in, connection->len, "\r\n\r\n", 4);
        if (end == NULL)
            return connection->len < HEAD_MAX ? STUB_MORE : STUB_BAD;
        if (!parse_head(connection, end))
            return STUB_BAD;
    }
    enum stub_read read = parse_body(connection);
    if (read != STUB_REQUEST)
        return read;
    char method[8];
    *ret = (struct stub_request){.taken = connection->total_len};
    if (sscanf(connection->in, "%7[A-Z] %511[^ ] HTTP/1.1", method, ret->path) != 2)
        return STUB_BAD;
    ret->is_post = strcmp(method, "POST") == 0;
    ret->body = (struct stub_bytes){connection->in + connection->head_len, connection->body_len};
    return STUB_REQUEST;
}

void stub_taken(struct stub_connection *connection, const struct stub_request *request)
{
    connection->len -= request->taken;
    memmove(connection->in, connection->in + request->taken, connection->len);
    connection->head_len = 0;
}

bool stub_say(struct stub_connection *connection, const char *format, ...)
{
    va_list args;
    size_t room = sizeof connection->out - connection->out_len;
    if (connection->body_left > 0)
        return false; /* a head would get in front of the rest of the body */
    va_start(args, format);
    int len = vsnprintf(connection->out + connection->out_len, room, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room)
        return false;
    connection->out_len += (size_t)len;
    return true;
}

/* What was sent, first of the text, then of the body. */
static void sent(struct stub_connection *connection, size_t count)
{
    size_t text = connection->out_len - connection->out_at;
    size_t of_text = count < text ? count : text;
    connection->out_at += of_text;
    if (connection->out_at == connection->out_len)
        connection->out_at = connection->out_len = 0;
    if (count > of_text) {
        connection->body += count - of_text;
        connection->body_left -= count - of_text;
    }
}

bool stub_flush(struct stub_connection *connection)
{
    while (connection->out_at < connection->out_len || connection->body_left > 0) {
        union {
            const char *in;
            void *out;
        } body = {.in = connection->body};
        struct iovec parts[] = {
            {connection->out + connection->out_at, connection->out_len - connection->out_at},
            {body.out, connection->body_left},
        };
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = connection->body_left > 0 ? 2 : 1};
        ssize_t count = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        sent(connection, (size_t)count);
    }
    return true;
}
