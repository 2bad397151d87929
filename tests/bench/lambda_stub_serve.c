/* SPDX-License-Identifier: Apache-2.0 */
/* Serves one child: events out, answers in, on one thread. */
#include "lambda_stub.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * The invokes come in two rounds: those that only warm up, then those that are measured. A round begins and ends with
 * every poll of the child waiting: so the clock of its CPU is read while it sleeps, before and after.
 */
struct serving {
    const struct stub_options *options;
    struct stub_result *result;
    pid_t child;
    int listener, pidfd;
    size_t polls;                /* wanted: one for each slot */
    size_t limit, sent, settled; /* of invokes; `limit`: until the round ends */
    int64_t *sent_at;            /* by number; 0: not sent, or answered */
    int64_t *took;               /* by number */
    int64_t start_ns, round_ns;
    struct stub_bytes good; /* the last answer that was compared as JSON and found right */
    bool first_seen, done, failed;
    struct stub_connection connections[STUB_CONNECTIONS_MAX];
    size_t used; /* of the connections, so far */
};

static bool fail(struct serving *serving, const char *what, struct stub_bytes detail)
{
    int shown = detail.len < 500 ? (int)detail.len : 500;
    if (!serving->failed)
        (void)fprintf(stderr, "stub: %s%.*s\n", what, shown, detail.ptr != NULL ? detail.ptr : "");
    serving->failed = true;
    return false;
}

/* --- answers -------------------------------------------------------------------------------------------- */

static bool same_bytes(struct stub_bytes a, struct stub_bytes b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* The same JSON, spelt in another way? Once found right, it is remembered, so that the next is compared as bytes. */
static bool same_json(struct serving *serving, struct stub_bytes answer, struct stub_bytes wanted)
{
    cJSON *got = cJSON_ParseWithLength(answer.ptr, answer.len), *want = cJSON_ParseWithLength(wanted.ptr, wanted.len);
    bool same = got != NULL && want != NULL && cJSON_Compare(got, want, 1);
    cJSON_Delete(got);
    cJSON_Delete(want);
    char *copy = same ? realloc(serving->good.ptr, answer.len + 1) : NULL;
    if (copy != NULL)
        serving->good = (struct stub_bytes){memcpy(copy, answer.ptr, answer.len), answer.len};
    return same;
}

static bool is_right(struct serving *serving, struct stub_bytes answer)
{
    const struct stub_options *options = serving->options;
    struct stub_bytes wanted = options->expected.ptr != NULL ? options->expected : options->payload;
    return options->any_answer || same_bytes(answer, wanted) ||
           (serving->good.ptr != NULL && same_bytes(answer, serving->good)) || same_json(serving, answer, wanted);
}

/* .../invocation/ID/response: its number is the end of the ID. */
static bool take_answer(struct serving *serving, struct stub_connection *connection, struct stub_request *request)
{
    static const char WANTED[] = "/2018-06-01/runtime/invocation/00000000-0000-4000-8000-";
    const char *path = request->path, *rest = path + sizeof WANTED - 1;
    char *end = NULL;
    if (strcmp(path, "/2018-06-01/runtime/init/error") == 0)
        return fail(serving, "the start failed: ", request->body);
    if (strncmp(path, WANTED, sizeof WANTED - 1) != 0)
        return fail(serving, "a request for ", (struct stub_bytes){request->path, strlen(request->path)});
    size_t number = strtoul(rest, &end, 10);
    if (strcmp(end, "/response") != 0)
        return fail(serving, "an error instead of an answer: ", request->body);
    if (number >= serving->sent || serving->sent_at[number] == 0)
        return fail(serving, "nobody asked for the answer ", (struct stub_bytes){request->path, strlen(request->path)});
    serving->took[number] = stub_now_ns() - serving->sent_at[number];
    serving->sent_at[number] = 0;
    serving->settled++;
    if (!is_right(serving, request->body))
        return fail(serving, "a wrong answer: ", request->body);
    return stub_say(connection, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
                                "{\"status\":\"OK\"}\n") &&
           stub_flush(connection);
}

/* --- events --------------------------------------------------------------------------------------------- */

static bool say_event(struct serving *serving, struct stub_connection *connection, size_t number)
{
    struct stub_bytes payload = serving->options->payload;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    bool said = stub_say(connection,
                         "HTTP/1.1 200 OK\r\n"
                         "Content-Type: application/json\r\n"
                         "Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-%012zu\r\n"
                         "Lambda-Runtime-Deadline-Ms: %lld\r\n"
                         "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:bench\r\n"
                         "Lambda-Runtime-Trace-Id: Root=1-65f1c2d3-%024zu;Parent=0123456789abcdef;Sampled=0\r\n",
                         number, ((long long)now.tv_sec + 60) * 1000, number);
    said = said &&
           (serving->options->chunked ? stub_say(connection, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", payload.len)
                                      : stub_say(connection, "Content-Length: %zu\r\n\r\n", payload.len));
    connection->body = payload.ptr;
    connection->body_left = payload.len + (serving->options->chunked ? STUB_CHUNK_END : 0);
    return said;
}

static bool send_event(struct serving *serving, struct stub_connection *connection)
{
    size_t number = serving->sent++;
    connection->waits = false;
    if (!say_event(serving, connection, number))
        return fail(serving, "more than one request at a time", (struct stub_bytes){0});
    serving->sent_at[number] = stub_now_ns();
    return true;
}

static size_t waiting(const struct serving *serving)
{
    size_t count = 0;
    for (size_t i = 0; i < serving->used; i++)
        count += serving->connections[i].waits;
    return count;
}

/* Between rounds, all polls waiting: what the one took is noted, the next is let go. */
static void turn_round(struct serving *serving)
{
    struct stub_result *result = serving->result;
    size_t all = serving->options->warm + serving->options->invokes;
    if (serving->settled == all) {
        result->cpu_ns = stub_cpu_ns(serving->child) - result->cpu_ns;
        result->in_measured = result->connections - result->in_measured;
        stub_look(serving->child, &result->last);
        serving->done = true;
        return;
    }
    serving->limit = serving->limit == 0 && serving->options->warm > 0 ? serving->options->warm : all;
    result->in_measured = result->connections;
    result->cpu_ns = stub_cpu_ns(serving->child);
    serving->round_ns = stub_now_ns();
}

static bool take_next(struct serving *serving, struct stub_connection *connection)
{
    if (!serving->first_seen) {
        serving->first_seen = true;
        serving->result->start_ns = stub_now_ns() - serving->start_ns;
        stub_look(serving->child, &serving->result->first);
        serving->result->start_cpu_ns = serving->result->first.cpu_ns;
    }
    connection->waits = true;
    if (serving->settled == serving->limit && waiting(serving) == serving->polls)
        turn_round(serving);
    bool good = true;
    for (size_t i = 0; good && i < serving->used && serving->sent < serving->limit; i++)
        good = !serving->connections[i].waits ||
               (send_event(serving, &serving->connections[i]) && stub_flush(&serving->connections[i]));
    return good;
}

/* --- the loop ------------------------------------------------------------------------------------------- */

static bool take_requests(struct serving *serving, struct stub_connection *connection)
{
    struct stub_request request;
    enum stub_read read = STUB_MORE;
    while (!serving->done && (read = stub_parse(connection, &request)) == STUB_REQUEST) {
        bool is_next = !request.is_post && strcmp(request.path, "/2018-06-01/runtime/invocation/next") == 0;
        bool good = is_next ? take_next(serving, connection) : take_answer(serving, connection, &request);
        if (!good)
            return fail(serving, "a connection broke", (struct stub_bytes){0});
        if (serving->settled == serving->options->warm + serving->options->invokes && !is_next)
            serving->result->wall_ns = stub_now_ns() - serving->round_ns;
        stub_taken(connection, &request);
    }
    return read != STUB_BAD || fail(serving, "no HTTP: ", (struct stub_bytes){connection->in, connection->len});
}

static bool take_connection(struct serving *serving)
{
    int fd = accept4(serving->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    size_t free_one = 0;
    if (fd < 0)
        return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR;
    while (free_one < serving->used && serving->connections[free_one].fd >= 0)
        free_one++;
    if (free_one == STUB_CONNECTIONS_MAX) {
        (void)close(fd);
        return fail(serving, "too many connections", (struct stub_bytes){0});
    }
    serving->used = free_one == serving->used ? serving->used + 1 : serving->used;
    serving->result->connections++;
    return stub_connection_open(&serving->connections[free_one], fd);
}

static void serve_connection(struct serving *serving, struct stub_connection *connection, short events)
{
    bool alive = (events & POLLOUT) == 0 || stub_flush(connection);
    if (alive && (events & (POLLIN | POLLHUP | POLLERR)) != 0)
        alive = stub_receive(connection) && take_requests(serving, connection);
    if (!alive)
        stub_connection_close(connection);
}

static bool turn(struct serving *serving, int timeout_ms)
{
    struct pollfd fds[STUB_CONNECTIONS_MAX + 2];
    size_t count = serving->used;
    for (size_t i = 0; i < count; i++) {
        const struct stub_connection *connection = &serving->connections[i];
        bool writes = connection->out_len > 0 || connection->body_left > 0;
        fds[i] = (struct pollfd){.fd = connection->fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
    }
    fds[count] = (struct pollfd){.fd = serving->listener, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = serving->pidfd, .events = POLLIN};
    int ready = poll(fds, count + 2, timeout_ms);
    if (ready < 0)
        return errno == EINTR;
    for (size_t i = 0; i < count && !serving->failed && !serving->done; i++)
        if (fds[i].revents != 0)
            serve_connection(serving, &serving->connections[i], fds[i].revents);
    if (fds[count].revents != 0 && !take_connection(serving))
        return false;
    if (fds[count + 1].revents != 0 && !serving->done)
        return fail(serving, "the child has ended", (struct stub_bytes){0});
    return !serving->failed;
}

static int listen_on(unsigned *retport)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, STUB_CONNECTIONS_MAX) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        *retport = ntohs(address.sin_port);
    return fd;
}

static int compare(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

static void count_times(struct serving *serving)
{
    size_t n = serving->options->invokes;
    int64_t *took = serving->took + serving->options->warm, sum = 0;
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        sum += took[i];
    qsort(took, n, sizeof *took, compare);
    serving->result->rtt_ns = sum / (int64_t)n;
    serving->result->rtt_p99_ns = took[n * 99 / 100];
}

/* Spawns the child on its CPU, then goes to the stub's. */
static bool start(struct serving *serving)
{
    const struct stub_options *options = serving->options;
    unsigned port = 0;
    serving->listener = listen_on(&port);
    if (port == 0 || !stub_pin(options->child_cpu))
        return fail(serving, strerror(errno), (struct stub_bytes){0});
    serving->child = stub_spawn(options, port, &serving->start_ns);
    if (serving->child < 0 || !stub_pin(options->stub_cpu))
        return false;
    serving->pidfd = (int)syscall(SYS_pidfd_open, serving->child, 0);
    return serving->pidfd >= 0;
}

static void run(struct serving *serving)
{
    int64_t until = stub_now_ns() + (int64_t)serving->options->timeout_s * 1000000000;
    while (!serving->done) {
        int64_t left_ms = (until - stub_now_ns()) / 1000000;
        if (left_ms <= 0)
            (void)fail(serving, "not done in time", (struct stub_bytes){0});
        if (serving->failed || !turn(serving, (int)left_ms))
            return;
    }
    count_times(serving);
}

bool stub_serve(const struct stub_options *options, struct stub_result *ret)
{
    static struct serving serving; /* its connections are too much for a stack */
    size_t all = options->warm + options->invokes;
    serving = (struct serving){.options = options, .result = ret, .child = -1, .listener = -1, .pidfd = -1};
    serving.polls = options->concurrency;
    serving.sent_at = calloc(all, sizeof(int64_t));
    serving.took = calloc(all, sizeof(int64_t));
    if (serving.sent_at != NULL && serving.took != NULL && start(&serving))
        run(&serving);
    if (serving.child > 0)
        ret->ended = stub_end(serving.child, serving.pidfd);
    for (size_t i = 0; i < serving.used; i++)
        stub_connection_close(&serving.connections[i]);
    (void)close(serving.listener);
    (void)close(serving.pidfd);
    free(serving.sent_at);
    free(serving.took);
    free(serving.good.ptr);
    return serving.done && !serving.failed;
}
