/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lambda: each event is an invocation with an SQS payload of one record, from a Runtime API on a thread of its own. Its
 * end is what was posted for it. Where nothing is left, a request for the next one waits until the connection closes.
 */
#include "conformance.h"

#include "canonical.h"

#include <lambda/message.h>
#include <lambda/source.h>
#include <leat/alloc.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POLLERS = 4, CONNECTIONS_MAX = 16, IN_MAX = 8192, PAYLOAD_MAX = 512, ID_MAX = 16, AN_HOUR_MS = 3600000 };

struct invocation {
    char id[ID_MAX], payload[PAYLOAD_MAX];
    enum conformance_place place;
};

struct connection {
    int fd; /* -1: none */
    char in[IN_MAX];
    size_t len;
    struct leat_message message;
};

struct runtime {
    struct invocation invocations[CONFORMANCE_EVENTS_MAX]; /* under the suite's lock */
    uint32_t count, given;
    int listener, stop[2]; /* stop: a pipe that is closed at the end */
    struct connection connections[CONNECTIONS_MAX];
    pthread_t thread;
    struct leat_lambda_peer peer;
    struct leat_lambda_options options;
};

/* --- the server, on its own thread ---------------------------------------------------------------------- */

static void reply(const struct connection *connection, const char *format, ...) LEAT_PRINTF(2, 3);
static void reply(const struct connection *connection, const char *format, ...)
{
    char text[2 * PAYLOAD_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text))
        abort();
    for (size_t at = 0; at < (size_t)len;) {
        ssize_t sent = send(connection->fd, text + at, (size_t)len - at, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* it is seen to be gone when it is read */
        at += (size_t)sent;
    }
}

static void give_next(struct runtime *runtime, const struct connection *connection)
{
    conformance_lock();
    struct invocation *next = runtime->given < runtime->count ? &runtime->invocations[runtime->given++] : NULL;
    if (next != NULL)
        next->place = CONFORMANCE_CLAIMED;
    conformance_unlock();
    if (next == NULL)
        return;
    long long deadline_ms = (long long)leat_clock_wall_ms(&leat_clock_system) + AN_HOUR_MS;
    reply(connection,
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %s\r\n"
          "Lambda-Runtime-Deadline-Ms: %lld\r\nContent-Length: %zu\r\n\r\n%s",
          next->id, deadline_ms, strlen(next->payload), next->payload);
}

/* An error, or a record of the batch that is told by name: its only one. */
static bool is_failure(leat_str target, leat_str body)
{
    return leat_str_ends(target, LEAT_STR("/error")) || leat_str_find(body, LEAT_STR("itemIdentifier")).ptr != NULL;
}

static void take_answer(struct runtime *runtime, const struct connection *connection, leat_str target)
{
    uint32_t number = conformance_number(target);
    bool good = !is_failure(target, leat_message_body(&connection->message, connection->in));
    conformance_lock();
    if (number >= runtime->count || runtime->invocations[number].place != CONFORMANCE_CLAIMED)
        conformance_wrong("an answer is to no invocation, or the second one to it: %.*s", LEAT_ARG(target));
    else
        runtime->invocations[number].place = good ? CONFORMANCE_ACKED : CONFORMANCE_FAILED;
    if (good && !conformance_is_finished(number))
        conformance_wrong("ev%ux was acknowledged unfinished", number);
    conformance_unlock();
    reply(connection, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
}

static void serve(struct runtime *runtime, struct connection *connection)
{
    leat_str target = leat_message_target(&connection->message, connection->in);
    if (leat_str_is(leat_message_method(&connection->message, connection->in), "POST"))
        take_answer(runtime, connection, target);
    else
        give_next(runtime, connection);
}

static void read_more(struct runtime *runtime, struct connection *connection)
{
    ssize_t got = recv(connection->fd, connection->in + connection->len, IN_MAX - connection->len, 0);
    if (got <= 0) {
        close(connection->fd);
        connection->fd = -1;
        return;
    }
    connection->len += (size_t)got;
    while (connection->len > 0 &&
           leat_message_read(&connection->message, connection->in, connection->len) == LEAT_MESSAGE_WHOLE) {
        serve(runtime, connection);
        connection->len -= connection->message.end;
        memmove(connection->in, connection->in + connection->message.end, connection->len);
        leat_message_init(&connection->message, LEAT_HTTP_REQUEST);
    }
}

static void accept_one(struct runtime *runtime)
{
    int fd = accept(runtime->listener, NULL, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX && fd >= 0; i++) {
        struct connection *connection = &runtime->connections[i];
        if (connection->fd >= 0)
            continue;
        connection->fd = fd;
        connection->len = 0;
        leat_message_init(&connection->message, LEAT_HTTP_REQUEST);
        return;
    }
    abort(); /* more than it has pollers */
}

static void *run_server(void *argument)
{
    struct runtime *runtime = argument;
    for (;;) {
        struct pollfd wanted[CONNECTIONS_MAX + 2] = {{.fd = runtime->stop[0], .events = POLLIN},
                                                     {.fd = runtime->listener, .events = POLLIN}};
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            wanted[i + 2] = (struct pollfd){.fd = runtime->connections[i].fd, .events = POLLIN};
        if (poll(wanted, CONNECTIONS_MAX + 2, -1) < 0)
            abort();
        if (wanted[0].revents != 0)
            return NULL;
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            if (wanted[i + 2].revents != 0)
                read_more(runtime, &runtime->connections[i]);
        if (wanted[1].revents != 0)
            accept_one(runtime);
    }
}

/* --- the queue ------------------------------------------------------------------------------------------ */

static uint16_t listen_at(struct runtime *runtime)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)(void *)&address;
    socklen_t size = sizeof(address);
    runtime->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (runtime->listener < 0 || bind(runtime->listener, any, size) != 0 || listen(runtime->listener, 16) != 0 ||
        getsockname(runtime->listener, any, &size) != 0)
        abort();
    return ntohs(address.sin_port);
}

static void *make_runtime(const struct conformance_wish *wish)
{
    struct runtime *runtime = leat_alloc(sizeof(*runtime));
    char api[32];
    (void)wish;
    if (runtime == NULL)
        return NULL;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        runtime->connections[i].fd = -1;
    snprintf(api, sizeof(api), "127.0.0.1:%u", listen_at(runtime));
    if (!leat_is_ok(leat_lambda_peer_init(&runtime->peer, api, "leat/conformance", NULL)) || pipe(runtime->stop) != 0 ||
        pthread_create(&runtime->thread, NULL, run_server, runtime) != 0)
        abort();
    runtime->options = (struct leat_lambda_options){.peer = &runtime->peer, .concurrency = POLLERS};
    return runtime;
}

static void unmake_runtime(void *argument)
{
    struct runtime *runtime = argument;
    close(runtime->stop[1]);
    pthread_join(runtime->thread, NULL);
    close(runtime->stop[0]);
    close(runtime->listener);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (runtime->connections[i].fd >= 0)
            close(runtime->connections[i].fd);
    leat_free(runtime);
}

static const void *options_of(void *runtime)
{
    return &((struct runtime *)runtime)->options;
}

/* Before the start, for nothing wakes a request that waits. */
static bool put(void *argument, const struct conformance_event *event)
{
    struct runtime *runtime = argument;
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf payload;
    leat_arena_init(&arena, 0);
    leat_buf_init(&payload, &arena);
    leat_buf_c(&payload, "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:r:1:q\"");
    leat_buf_json_member(&payload, "messageId", leat_str_c(event->id));
    if (event->form == CONFORMANCE_BROKEN)
        leat_buf_c(&payload, ",\"body\":7");
    else
        leat_buf_json_member(&payload, "body", leat_str_c(event->body));
    leat_buf_c(&payload, "}]}");
    leat_str text = leat_buf_str(&payload);
    if (text.ptr == NULL || text.len >= PAYLOAD_MAX)
        return false;
    conformance_lock();
    struct invocation *invocation = &runtime->invocations[event->number];
    snprintf(invocation->id, ID_MAX, "%s", event->id);
    snprintf(invocation->payload, PAYLOAD_MAX, "%.*s", LEAT_ARG(text));
    invocation->place = CONFORMANCE_WAITING;
    runtime->count = event->number + 1;
    conformance_unlock();
    return true;
}

static enum conformance_place place_of(void *argument, uint32_t number)
{
    conformance_lock();
    enum conformance_place place = ((struct runtime *)argument)->invocations[number].place;
    conformance_unlock();
    return place;
}

static const struct conformance_subject subject = {
    .ops = &leat_source_lambda,
    .adapters = sorted_adapters,
    .kind = "sqs",
    .filter = "{\"body\":{\"do\":[\"o\"]}}",
    .broken = true,
    .delivery = 1,
    .make = make_runtime,
    .unmake = unmake_runtime,
    .options = options_of,
    .put = put,
    .place = place_of,
};

const struct conformance_subject *const conformance_subjects[] = {&subject, NULL};
