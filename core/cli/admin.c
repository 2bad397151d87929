/* SPDX-License-Identifier: Apache-2.0 */
#include "admin.h"

#include <leat/alloc.h>
#include <leat/clock.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)4 << 20) /* bytes of memory for one */
#define AGAIN_MS 1000
#define LAST_MS 200 /* at the end of a life, for all who are connected */

struct connection {
    struct leat_admin *admin;
    int fd; /* -1: free */
    struct leat_watch *watch;
    struct leat_timer *timer;
    struct leat_arena arena;
    char request[LEAT_ADMIN_REQUEST_MAX];
    size_t len;
    leat_str answer; /* absent: the request is not there yet */
    size_t sent;
};

struct leat_admin {
    struct leat_admin_options options;
    int fd;
    struct leat_watch *watch; /* NULL: there is no room for another connection */
    struct leat_timer *again; /* set when there were no descriptors for one */
    char path[LEAT_ADMIN_PATH_MAX];
    struct connection connections[LEAT_ADMIN_CONNECTIONS];
};

/* --- the request ------------------------------------------------------------------------------------------ */

/* The blank line behind the headers, with or without CRs. */
static bool is_whole(leat_str request)
{
    return leat_str_find(request, LEAT_STR("\r\n\r\n")).ptr != NULL ||
           leat_str_find(request, LEAT_STR("\n\n")).ptr != NULL;
}

/* "GET /status?x HTTP/1.1": the status it is answered with, and for 200 the path. */
static int read_request(leat_str request, leat_str *retpath)
{
    leat_str method = leat_str_cut(&request, '\n');
    if (leat_str_ends(method, LEAT_STR("\r")))
        method.len--;
    leat_str target = method, version;
    method = leat_str_cut(&target, ' ');
    version = target;
    target = leat_str_cut(&version, ' ');
    if (method.len == 0 || target.len == 0 || target.ptr[0] != '/' ||
        (!leat_str_is(version, "HTTP/1.0") && !leat_str_is(version, "HTTP/1.1")))
        return 400;
    *retpath = leat_str_cut(&target, '?');
    return leat_str_is(method, "GET") ? 200 : 405;
}

static const char *phrase_of(int status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
    }
}

static leat_str write_answer(struct connection *connection, const struct leat_admin_answer *answer, leat_str body)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &connection->arena);
    leat_buf_printf(&buf,
                    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                    "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
                    answer->status, phrase_of(answer->status), answer->type, body.len,
                    answer->status == 405 ? "Allow: GET\r\n" : "");
    leat_buf_add(&buf, body);
    return leat_buf_str(&buf);
}

/* Absent: out of memory; the connection is closed then. */
static leat_str answer_to(struct connection *connection, int status, leat_str path)
{
    const struct leat_admin_options *options = &connection->admin->options;
    struct leat_admin_answer answer = {.status = status, .type = "text/plain; charset=utf-8"};
    leat_buf_init(&answer.body, &connection->arena);
    if (status == 200)
        options->answer(options->argument, path, &answer);
    if (answer.status != 200 && answer.status != 503)
        leat_buf_printf(&answer.body, "%s\n", phrase_of(answer.status));
    leat_str body = leat_buf_str(&answer.body);
    return body.ptr != NULL ? write_answer(connection, &answer, body) : LEAT_ABSENT;
}

/* --- connections -------------------------------------------------------------------------------------------- */

static void listen_again(struct leat_admin *admin);

static void close_connection(struct connection *connection)
{
    if (connection->fd < 0)
        return;
    leat_watch_free(connection->watch);
    leat_timer_free(connection->timer);
    close(connection->fd);
    leat_arena_fini(&connection->arena);
    connection->fd = -1;
    listen_again(connection->admin);
}

static void on_late(void *argument)
{
    close_connection(argument);
}

static void on_writable(void *argument, short what);

/* All of it, or what the socket takes now and the rest once it takes more. */
static void write_on(struct connection *connection)
{
    while (connection->sent < connection->answer.len) {
        leat_str rest = leat_str_skip(connection->answer, connection->sent);
        ssize_t count = send(connection->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0)
            break;
        connection->sent += (size_t)count;
    }
    close_connection(connection);
}

static void on_writable(void *argument, short what)
{
    (void)what;
    write_on(argument);
}

static void begin_answer(struct connection *connection, int status, leat_str path)
{
    connection->answer = answer_to(connection, status, path);
    leat_watch_free(connection->watch);
    connection->watch = NULL;
    if (connection->answer.ptr != NULL)
        connection->watch =
            leat_loop_watch(connection->admin->options.loop, connection->fd, LEAT_WRITABLE, on_writable, connection);
    if (connection->watch == NULL)
        close_connection(connection);
    else
        write_on(connection);
}

static void on_readable(void *argument, short what)
{
    struct connection *connection = argument;
    size_t room = sizeof(connection->request) - connection->len;
    (void)what;
    ssize_t count = recv(connection->fd, connection->request + connection->len, room, 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count <= 0) {
        close_connection(connection); /* nobody waits for an answer to half a request */
        return;
    }
    connection->len += (size_t)count;
    leat_str request = leat_str_of(connection->request, connection->len), path = LEAT_ABSENT;
    if (is_whole(request)) {
        int status = read_request(request, &path);
        begin_answer(connection, status, path);
    } else if (connection->len == sizeof(connection->request)) {
        begin_answer(connection, 431, LEAT_ABSENT);
    }
}

static struct connection *free_connection(struct leat_admin *admin)
{
    for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++)
        if (admin->connections[i].fd < 0)
            return &admin->connections[i];
    return NULL;
}

static void open_connection(struct connection *connection, int fd)
{
    const struct leat_admin_options *options = &connection->admin->options;
    connection->fd = fd;
    connection->len = connection->sent = 0;
    connection->answer = LEAT_ABSENT;
    leat_arena_init(&connection->arena, ANSWER_MAX);
    connection->timer = leat_loop_timer(options->loop, on_late, connection);
    connection->watch = leat_loop_watch(options->loop, fd, LEAT_READABLE, on_readable, connection);
    if (connection->watch == NULL || connection->timer == NULL) {
        close_connection(connection);
        return;
    }
    leat_timer_set(connection->timer, options->time_ms);
}

static void on_connection(void *argument, short what)
{
    struct leat_admin *admin = argument;
    struct connection *connection = free_connection(admin);
    (void)what;
    int fd = connection != NULL ? accept4(admin->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
    bool exhausted = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
    if (fd >= 0)
        open_connection(connection, fd);
    if (!exhausted && free_connection(admin) != NULL)
        return;
    leat_watch_free(admin->watch); /* what stays ready would be told of again and again */
    admin->watch = NULL;
    if (exhausted)
        leat_timer_set(admin->again, AGAIN_MS);
}

/* There is room again. */
static void listen_again(struct leat_admin *admin)
{
    if (admin->watch == NULL && admin->fd >= 0)
        admin->watch = leat_loop_watch(admin->options.loop, admin->fd, LEAT_READABLE, on_connection, admin);
}

static void on_again(void *argument)
{
    listen_again(argument);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

leat_status leat_admin_open(const struct leat_admin_options *options, struct leat_admin **retadmin,
                            struct leat_error *reterr)
{
    struct leat_admin *admin = leat_alloc(sizeof(*admin));
    if (admin == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    admin->options = *options;
    admin->options.time_ms = options->time_ms > 0 ? options->time_ms : LEAT_ADMIN_TIME_MS;
    for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++)
        admin->connections[i] = (struct connection){.admin = admin, .fd = -1};
    leat_status status = leat_admin_listen(options->listen, options->kept, &admin->fd, admin->path, reterr);
    if (!leat_is_ok(status)) {
        leat_free(admin);
        return status;
    }
    admin->again = leat_loop_timer(options->loop, on_again, admin);
    listen_again(admin);
    if (admin->watch == NULL || admin->again == NULL) {
        leat_admin_close(admin);
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    }
    *retadmin = admin;
    return LEAT_OK;
}

/* The loop turns no more: who has asked, or does so at once, is answered all the same. */
static void answer_the_last(struct leat_admin *admin)
{
    struct pollfd waits[LEAT_ADMIN_CONNECTIONS];
    int64_t until_us = leat_clock_us(&leat_clock_system) + (int64_t)LAST_MS * 1000, left_ms = LAST_MS;
    for (bool open = true; open && left_ms > 0; left_ms = (until_us - leat_clock_us(&leat_clock_system)) / 1000) {
        open = false;
        for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++) {
            const struct connection *connection = &admin->connections[i];
            waits[i] = (struct pollfd){.fd = connection->fd, /* a negative one is passed over */
                                       .events = connection->answer.ptr != NULL ? POLLOUT : POLLIN};
            open = open || connection->fd >= 0;
        }
        if (!open || poll(waits, LEAT_ADMIN_CONNECTIONS, (int)left_ms) <= 0)
            return;
        for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++)
            if (waits[i].revents != 0 && admin->connections[i].answer.ptr != NULL)
                write_on(&admin->connections[i]);
            else if (waits[i].revents != 0)
                on_readable(&admin->connections[i], LEAT_READABLE);
    }
}

int leat_admin_keep(struct leat_admin *admin)
{
    int fd = admin->fd;
    admin->fd = -1;
    leat_watch_free(LEAT_TAKE(admin->watch));
    answer_the_last(admin);
    for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++)
        close_connection(&admin->connections[i]);
    leat_timer_free(admin->again);
    leat_free(admin);
    (void)fcntl(fd, F_SETFD, 0);
    return fd;
}

void leat_admin_close(struct leat_admin *admin)
{
    if (admin == NULL)
        return;
    char path[LEAT_ADMIN_PATH_MAX];
    memcpy(path, admin->path, sizeof(path));
    (void)unlink(path); /* first: who comes now finds nothing, and waits for nobody */
    close(leat_admin_keep(admin));
}
