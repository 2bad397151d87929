/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of known length on one connection that never breaks: a floor, not a client. */
#include "lambda_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static bool take_work(enum client_work *ret)
{
    static const char *const NAMES[] = {[CLIENT_ECHO] = "echo", [CLIENT_RAW] = "raw", [CLIENT_SQS] = "sqs"};
    const char *name = getenv("BENCH_HANDLER");
    for (int work = CLIENT_ECHO; name != NULL && work <= CLIENT_SQS; work++) {
        if (strcmp(name, NAMES[work]) == 0) {
            *ret = (enum client_work)work;
            return true;
        }
    }
    return false;
}

/* host:port of numbers, as Lambda gives it. */
static bool take_address(const char *api, struct sockaddr_in *ret)
{
    char host[64], *end = NULL;
    const char *colon = api != NULL ? strchr(api, ':') : NULL;
    unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
    if (port == 0 || port > UINT16_MAX || *end != '\0' || (size_t)(colon - api) >= sizeof host)
        return false;
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - api), api);
    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &ret->sin_addr) == 1;
}

bool client_open(struct client *client, enum client_work *retwork)
{
    int on = 1;
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    struct sockaddr_in address;
    if (!take_work(retwork) || !take_address(api, &address))
        return false;
    int len =
        snprintf(client->next, sizeof client->next,
                 "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\nUser-Agent: floor/1\r\n\r\n", api);
    client->next_len = (size_t)len;
    client->capacity = (size_t)16 << 10;
    client->in = malloc(client->capacity);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return client->in != NULL && connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
           setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

/* The socket blocks: only a big answer may need more than one call. */
static bool send_all(struct client *client, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t sent = writev(client->fd, parts, count);
        if (sent < 0)
            return false;
        size_t left = (size_t)sent;
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return true;
}

bool client_send_next(struct client *client)
{
    struct iovec part = {client->next, client->next_len};
    return send_all(client, &part, 1);
}

bool client_send_answer(struct client *client, const char *body, size_t len)
{
    char head[320];
    int head_len = snprintf(head, sizeof head,
                            "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: localhost\r\n"
                            "User-Agent: floor/1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                            client->id, len);
    union {
        const char *in;
        void *out;
    } same = {.in = body};
    struct iovec parts[] = {{head, (size_t)head_len}, {same.out, len}};
    return send_all(client, parts, 2);
}

bool client_receive(struct client *client)
{
    ssize_t got = recv(client->fd, client->in + client->len, client->capacity - client->len, 0);
    client->len += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* One pass over the lines of a head; they are few, and each is looked at by its length and first letters. */
static bool parse_head(struct client *client, const char *end)
{
    static const char LENGTH[] = "Content-Length:", ID[] = "Lambda-Runtime-Aws-Request-Id:";
    size_t body = 0;
    for (const char *line = client->in; line < end; line += 2) {
        const char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        if (strncasecmp(line, LENGTH, sizeof LENGTH - 1) == 0)
            body = strtoul(line + sizeof LENGTH - 1, NULL, 10);
        else if (strncasecmp(line, ID, sizeof ID - 1) == 0)
            (void)snprintf(client->id, sizeof client->id, "%.*s", (int)(stop - line - (long)sizeof ID),
                           line + sizeof ID);
        line = stop;
    }
    client->head_len = (size_t)(end - client->in) + 4;
    client->total_len = client->head_len + body;
    if (client->total_len <= client->capacity)
        return true;
    char *larger = realloc(client->in, client->total_len);
    client->in = larger != NULL ? larger : client->in;
    client->capacity = larger != NULL ? client->total_len : client->capacity;
    return larger != NULL;
}

bool client_whole(struct client *client)
{
    const char *end = client->head_len == 0 ? memmem(client->in, client->len, "\r\n\r\n", 4) : NULL;
    if (end != NULL && !parse_head(client, end))
        exit(71);
    return client->head_len > 0 && client->len >= client->total_len;
}

void client_taken(struct client *client)
{
    client->len -= client->total_len;
    memmove(client->in, client->in + client->total_len, client->len);
    client->head_len = client->total_len = 0;
}
