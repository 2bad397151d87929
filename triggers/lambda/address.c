/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

struct parts {
    char name[256];
    uint16_t port;
};

/* HOST:PORT or [IPv6]:PORT; the port is 80 where none is given. */
static bool split_host(leat_str host, struct parts *parts)
{
    bool bracketed = leat_str_starts(host, LEAT_STR("["));
    leat_str port = bracketed ? leat_str_skip(host, 1) : host;
    leat_str name = leat_str_cut(&port, bracketed ? ']' : ':');
    int64_t number = 80;
    if (bracketed && (port.ptr == NULL || (port.len > 0 && port.ptr[0] != ':')))
        return false;
    if (bracketed)
        port = port.len > 0 ? leat_str_skip(port, 1) : LEAT_ABSENT;
    if (port.ptr != NULL && (!leat_str_int64(port, &number) || number < 1 || number > UINT16_MAX))
        return false;
    if (name.len == 0 || name.len >= sizeof(parts->name) || memchr(name.ptr, '\0', name.len) != NULL)
        return false;
    memcpy(parts->name, name.ptr, name.len);
    parts->name[name.len] = '\0';
    parts->port = (uint16_t)number;
    return true;
}

static bool take_number(struct leat_address *address, const struct parts *parts)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&address->socket;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&address->socket;
    if (inet_pton(AF_INET, parts->name, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(parts->port);
        address->size = sizeof(*v4);
        return true;
    }
    if (inet_pton(AF_INET6, parts->name, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(parts->port);
    address->size = sizeof(*v6);
    return true;
}

static leat_status look_up(struct leat_address *address, const struct parts *parts, struct leat_error *reterr)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char port[8];
    snprintf(port, sizeof(port), "%u", parts->port);
    int why = getaddrinfo(parts->name, port, &hints, &found);
    if (why != 0)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "AWS_LAMBDA_RUNTIME_API: %s: %s", parts->name,
                              gai_strerror(why));
    memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
    address->size = found->ai_addrlen;
    freeaddrinfo(found);
    return LEAT_OK;
}

static bool is_visible(leat_str text)
{
    return leat_str_plain(text) == text.len && memchr(text.ptr, ' ', text.len) == NULL;
}

leat_status leat_address_read(struct leat_address *address, const char *text, struct leat_error *reterr)
{
    struct parts parts;
    leat_str rest = leat_str_c(text);
    *address = (struct leat_address){0};
    if (leat_str_starts(rest, LEAT_STR("http://")))
        rest = leat_str_skip(rest, strlen("http://"));
    leat_str base = rest;
    leat_str host = leat_str_cut(&base, '/');
    while (base.len > 0 && base.ptr[base.len - 1] == '/')
        base.len--;
    bool fits = host.len < sizeof(address->host) && base.len + 1 < sizeof(address->base);
    if (!fits || rest.len == 0 || !is_visible(rest) || !split_host(host, &parts)) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "AWS_LAMBDA_RUNTIME_API is no address: \"%s\"", text);
        leat_error_fix(reterr, "it is HOST:PORT, such as 127.0.0.1:9001");
        return LEAT_STATUS(CONFIG);
    }
    memcpy(address->host, host.ptr, host.len);
    if (base.len > 0)
        snprintf(address->base, sizeof(address->base), "/%.*s", LEAT_ARG(base));
    return take_number(address, &parts) ? LEAT_OK : look_up(address, &parts, reterr);
}

int leat_address_connect(const struct leat_address *address, bool *retpending)
{
    const struct sockaddr *socket_address = (const struct sockaddr *)(const void *)&address->socket;
    int one = 1, fd = socket(socket_address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* an answer is one packet, sent at once */
    *retpending = connect(fd, socket_address, address->size) != 0;
    if (!*retpending || errno == EINPROGRESS)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}
