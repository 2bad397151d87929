/* SPDX-License-Identifier: Apache-2.0 */
#include "init.h"
#include "wire.h"

#include <leat/alloc.h>
#include <leat/clock.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#define LIMIT_MS 2000 /* of a call that the platform answers at once */

/* One request and its answer, waiting. */
struct call {
    const struct leat_lambda_peer *peer;
    struct leat_arena arena;
    struct leat_inbox inbox;
    int fd;
    int64_t until_ms; /* INT64_MAX: for ever */
};

static void call_init(struct call *call, const struct leat_lambda_peer *peer)
{
    *call = (struct call){.peer = peer, .fd = -1, .until_ms = INT64_MAX};
    leat_arena_init(&call->arena, 0);
}

static void call_fini(struct call *call)
{
    if (call->fd >= 0)
        close(call->fd);
    leat_inbox_fini(&call->inbox);
    leat_arena_fini(&call->arena);
}

static int64_t now_ms(void)
{
    return leat_clock_us(&leat_clock_system) / 1000;
}

static bool wait_for(const struct call *call, short events)
{
    for (;;) {
        struct pollfd ready = {.fd = call->fd, .events = events};
        int64_t left = call->until_ms == INT64_MAX ? -1 : call->until_ms - now_ms();
        if (call->until_ms != INT64_MAX && left <= 0) {
            errno = ETIMEDOUT;
            return false;
        }
        int polled = poll(&ready, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (polled > 0)
            return true;
        if (polled < 0 && errno != EINTR)
            return false;
    }
}

static bool send_all(const struct call *call, leat_str text)
{
    while (text.len > 0) {
        ssize_t sent = send(call->fd, text.ptr, text.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR && (errno != EAGAIN || !wait_for(call, POLLOUT)))
            return false;
        text = leat_str_skip(text, sent > 0 ? (size_t)sent : 0);
    }
    return true;
}

static bool open_call(struct call *call)
{
    bool pending = false;
    int why = 0;
    socklen_t size = sizeof(why);
    call->fd = leat_address_connect(&call->peer->address, &pending);
    if (call->fd < 0 || (pending && !wait_for(call, POLLOUT)))
        return false;
    if (pending && getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why != 0)
        errno = why;
    return why == 0;
}

/* False: errno. */
static bool send_request(struct call *call, const struct leat_lambda_request *request, leat_str body)
{
    leat_str head = leat_lambda_head(&call->arena, call->peer, request);
    errno = ENOMEM;
    return head.ptr != NULL && (call->fd >= 0 || open_call(call)) && send_all(call, head) && send_all(call, body);
}

/* The status of the answer, which lies in the inbox; 0: errno. */
static int receive(struct call *call)
{
    struct leat_inbox *inbox = &call->inbox;
    leat_message_init(&inbox->message, LEAT_HTTP_RESPONSE);
    inbox->len = 0;
    for (;;) {
        if (!leat_inbox_room(inbox) || !wait_for(call, POLLIN))
            return 0;
        ssize_t got = recv(call->fd, inbox->bytes + inbox->len, inbox->size - inbox->len, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        inbox->len += got > 0 ? (size_t)got : 0;
        enum leat_message_state state = leat_message_read(&inbox->message, inbox->bytes, inbox->len);
        if (state == LEAT_MESSAGE_WHOLE || (got == 0 && leat_message_closed(&inbox->message)))
            return inbox->message.status;
        if (got == 0 || state == LEAT_MESSAGE_BROKEN)
            errno = EPROTO;
        if (got <= 0 || state == LEAT_MESSAGE_BROKEN)
            return 0;
    }
}

static void post_error(const struct leat_lambda_peer *peer, leat_str path, leat_str type, leat_str message)
{
    struct call call LEAT_CLEANUP(call_fini);
    call_init(&call, peer);
    call.until_ms = now_ms() + LIMIT_MS;
    leat_str body = leat_lambda_error(&call.arena, type, message);
    struct leat_lambda_request request = {.method = "POST",
                                          .path = path,
                                          .content_type = LEAT_STR("application/json"),
                                          .error_type = type,
                                          .error_cause = leat_lambda_cause(&call.arena, type, message),
                                          .length = body.len};
    if (send_request(&call, &request, body))
        (void)receive(&call);
}

void leat_lambda_init_error(const struct leat_lambda_peer *peer, leat_str type, leat_str message)
{
    post_error(peer, LEAT_STR(LEAT_LAMBDA_RUNTIME "/init/error"), type, message);
}

void leat_lambda_restore_error(const struct leat_lambda_peer *peer, leat_str type, leat_str message)
{
    post_error(peer, LEAT_STR(LEAT_LAMBDA_RUNTIME "/restore/error"), type, message);
}

leat_status leat_lambda_restore_next(const struct leat_lambda_peer *peer, struct leat_error *reterr)
{
    struct call call LEAT_CLEANUP(call_fini);
    struct leat_lambda_request request = {.method = "GET", .path = LEAT_STR(LEAT_LAMBDA_RUNTIME "/restore/next")};
    call_init(&call, peer);
    int status = send_request(&call, &request, LEAT_STR("")) ? receive(&call) : 0;
    if (status == 0)
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "restore/next: %s", strerror(errno));
    if (status >= 300)
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "restore/next was answered %d", status);
    return LEAT_OK;
}

int leat_lambda_register(const struct leat_lambda_peer *peer, const char *name, struct leat_error *reterr)
{
    static const leat_str no_events = {"{\"events\":[]}", 13};
    struct call call LEAT_CLEANUP(call_fini);
    struct leat_lambda_request request = {.method = "POST",
                                          .path = LEAT_STR(LEAT_LAMBDA_EXTENSION "/register"),
                                          .content_type = LEAT_STR("application/json"),
                                          .extension_name = leat_str_c(name),
                                          .length = no_events.len};
    call_init(&call, peer);
    call.until_ms = now_ms() + LIMIT_MS;
    int status = send_request(&call, &request, no_events) ? receive(&call) : 0;
    leat_str id = status == 200 ? leat_message_header(&call.inbox.message, call.inbox.bytes,
                                                      LEAT_STR("Lambda-Extension-Identifier"))
                                : LEAT_ABSENT;
    if (id.ptr == NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(AWAY), "extension/register: %s",
                             status == 0 ? strerror(errno) : "refused");
        return -1;
    }
    if (call.inbox.message.close) {
        close(call.fd);
        call.fd = -1;
    }
    request = (struct leat_lambda_request){
        .method = "GET", .path = LEAT_STR(LEAT_LAMBDA_EXTENSION "/event/next"), .extension_id = id};
    if (!send_request(&call, &request, LEAT_STR(""))) {
        (void)leat_error_set(reterr, LEAT_STATUS(AWAY), "extension/event/next: %s", strerror(errno));
        return -1;
    }
    int fd = call.fd;
    call.fd = -1;
    return fd;
}
