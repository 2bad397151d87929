/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of a guest: bytes to requests, replies to bytes. */
#include "guest_private.h"

#include <leat/alloc.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define IN_START ((size_t)16 << 10)
#define WAITING_MAX ((size_t)1 << 20) /* bytes behind a request that is not answered yet */

static void on_ready(void *argument, short what);

/* --- connections ------------------------------------------------------------------------------------------ */

static void connection_free(struct leat_guest_connection *connection)
{
    leat_watch_free(connection->watch);
    close(connection->fd);
    leat_free(connection->in);
    leat_free(connection->out);
    leat_free(connection);
}

static void drop(struct leat_guest_connection *connection)
{
    struct leat_guest *guest = connection->guest;
    struct leat_guest_connection **at = &guest->connections;
    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    guest->connection_count--;
    connection_free(connection);
    leat_guest_disconnected(guest);
}

void leat_guest_disconnect(struct leat_guest *guest)
{
    while (guest->connections != NULL) {
        struct leat_guest_connection *connection = guest->connections;
        guest->connections = connection->next;
        connection_free(connection);
    }
    guest->connection_count = 0;
}

static bool watch(struct leat_guest_connection *connection, bool writing)
{
    short what = (short)(LEAT_READABLE | (writing ? LEAT_WRITABLE : 0));
    if (connection->watch != NULL && connection->watches_writing == writing)
        return true;
    leat_watch_free(connection->watch);
    connection->watch = leat_loop_watch(connection->guest->loop, connection->fd, what, on_ready, connection);
    connection->watches_writing = writing;
    return connection->watch != NULL;
}

static void add_connection(struct leat_guest *guest, int fd)
{
    int yes = 1;
    struct leat_guest_connection *connection = leat_alloc(sizeof(*connection));
    if (connection == NULL || guest->connection_count == CONNECTIONS_MAX) {
        leat_free(connection);
        close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    connection->guest = guest;
    connection->fd = fd;
    leat_message_init(&connection->message, LEAT_HTTP_REQUEST);
    if (!watch(connection, false)) {
        connection_free(connection);
        return;
    }
    connection->next = guest->connections;
    guest->connections = connection;
    guest->connection_count++;
}

void leat_guest_accept(struct leat_guest *guest)
{
    for (;;) {
        int fd = accept4(guest->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            add_connection(guest, fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

static void on_accept(void *argument, short what)
{
    (void)what;
    leat_guest_accept(argument);
}

leat_status leat_guest_listen(struct leat_guest *guest, struct leat_error *reterr)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)(void *)&address;
    socklen_t size = sizeof(address);
    guest->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (guest->listener < 0 || bind(guest->listener, any, size) != 0 || listen(guest->listener, 64) != 0 ||
        getsockname(guest->listener, any, &size) != 0)
        return leat_error_set(reterr, LEAT_STATUS(IO), "cannot listen on 127.0.0.1: %s", strerror(errno));
    guest->port = ntohs(address.sin_port);
    guest->accepting = leat_loop_watch(guest->loop, guest->listener, LEAT_READABLE, on_accept, guest);
    return guest->accepting != NULL ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

/* --- out ---------------------------------------------------------------------------------------------------- */

/* A connection that cannot be written is seen to be gone when it is read. */
static void flush(struct leat_guest_connection *connection)
{
    while (connection->out_sent < connection->out_len) {
        ssize_t count = send(connection->fd, connection->out + connection->out_sent,
                             connection->out_len - connection->out_sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            break;
        connection->out_sent += (size_t)count;
    }
    if (connection->out_sent == connection->out_len) {
        leat_free(LEAT_TAKE(connection->out));
        connection->out_len = connection->out_sent = 0;
        if (connection->closing)
            (void)shutdown(connection->fd, SHUT_WR);
    }
    if (!watch(connection, connection->out_len > 0))
        connection->closing = true;
}

static bool append(struct leat_guest_connection *connection, leat_str bytes)
{
    char *out = leat_realloc(connection->out, connection->out_len + bytes.len + 1);
    if (out == NULL)
        return false;
    connection->out = out;
    if (bytes.len > 0)
        memcpy(out + connection->out_len, bytes.ptr, bytes.len);
    connection->out_len += bytes.len;
    return true;
}

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {{200, "OK"},        {202, "Accepted"},           {400, "Bad Request"},      {403, "Forbidden"},
                   {404, "Not Found"}, {405, "Method Not Allowed"}, {413, "Content Too Large"}};
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

static void read_messages(struct leat_guest_connection *connection);

void leat_guest_reply(struct leat_guest_connection *connection, int status, leat_str headers, leat_str body)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf head;
    leat_arena_init(&arena, 0);
    leat_buf_init(&head, &arena);
    connection->hold = LEAT_GUEST_SERVED;
    connection->closing = connection->closing || connection->message.close;
    leat_buf_printf(&head, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", status, phrase_of(status), body.len);
    leat_buf_c(&head, connection->closing ? "Connection: close\r\n" : "");
    leat_buf_add(&head, headers);
    leat_buf_c(&head, "\r\n");
    leat_str text = leat_buf_str(&head);
    if (text.ptr == NULL || !append(connection, text) || !append(connection, body))
        connection->closing = true; /* out of memory: the client sees a connection that ends */
    flush(connection);
    if (!connection->in_progress) /* it waited: more may have come meanwhile */
        read_messages(connection);
}

/* --- in ------------------------------------------------------------------------------------------------------ */

static void end_message(struct leat_guest_connection *connection, size_t end)
{
    connection->in_len -= end;
    memmove(connection->in, connection->in + end, connection->in_len);
    leat_message_init(&connection->message, LEAT_HTTP_REQUEST);
    connection->continued = false;
}

static void ask_for_body(struct leat_guest_connection *connection)
{
    if (connection->continued || connection->message.body == 0)
        return;
    leat_str expect = leat_message_header(&connection->message, connection->in, LEAT_STR("expect"));
    connection->continued = true;
    if (leat_str_eq_nocase(expect, LEAT_STR("100-continue")) &&
        append(connection, LEAT_STR("HTTP/1.1 100 Continue\r\n\r\n")))
        flush(connection);
}

static void refuse_message(struct leat_guest_connection *connection)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    leat_arena_init(&arena, 0);
    connection->closing = true;
    leat_guest_reply(connection, 400, LEAT_STR("Content-Type: text/plain\r\n"),
                     leat_arena_printf(&arena, "%s\n", connection->message.why));
}

/* A request that waits is the last one that is read. */
static void read_messages(struct leat_guest_connection *connection)
{
    connection->in_progress = true;
    while (connection->in_len > 0 && connection->hold == LEAT_GUEST_SERVED && !connection->closing) {
        enum leat_message_state state = leat_message_read(&connection->message, connection->in, connection->in_len);
        if (state == LEAT_MESSAGE_MORE) {
            ask_for_body(connection);
            break;
        }
        if (state == LEAT_MESSAGE_BROKEN) {
            refuse_message(connection);
            break;
        }
        size_t end = connection->message.end;
        leat_guest_serve(connection);
        end_message(connection, end);
    }
    connection->in_progress = false;
}

static bool make_room(struct leat_guest_connection *connection)
{
    if (connection->in_size > connection->in_len)
        return true;
    size_t size = connection->in_size > 0 ? connection->in_size * 2 : IN_START;
    char *in = leat_realloc(connection->in, size);
    if (in == NULL)
        return false;
    connection->in = in;
    connection->in_size = size;
    return true;
}

/* False: nothing more will come. One read a turn, so that all connections have theirs. */
static bool receive(struct leat_guest_connection *connection)
{
    bool waits = connection->hold != LEAT_GUEST_SERVED;
    if (!make_room(connection) || (waits && connection->in_len > WAITING_MAX))
        return false;
    ssize_t count =
        recv(connection->fd, connection->in + connection->in_len, connection->in_size - connection->in_len, 0);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    if (connection->closing)
        return count > 0; /* what comes behind the last request is not looked at */
    connection->in_len += (size_t)count;
    return count > 0;
}

static void on_ready(void *argument, short what)
{
    struct leat_guest_connection *connection = argument;
    if ((what & LEAT_WRITABLE) != 0)
        flush(connection);
    if ((what & LEAT_READABLE) == 0)
        return;
    bool open = receive(connection);
    read_messages(connection);
    if (open)
        return;
    if (connection->message.body > 0 && connection->hold == LEAT_GUEST_SERVED && !connection->closing)
        leat_guest_truncated(connection);
    drop(connection);
}
