/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <leat/alloc.h>

#include <errno.h>
#include <unistd.h>

#define INBOX_SIZE ((size_t)16 << 10) /* of the first bytes; grows to what the message says */
#define INBOX_KEPT ((size_t)2 << 20)  /* a larger one is given back before the next message: there may be many */

void leat_inbox_fini(struct leat_inbox *inbox)
{
    leat_free(inbox->bytes);
    inbox->bytes = NULL;
    inbox->len = inbox->size = 0;
}

static bool grow(struct leat_inbox *inbox, size_t size)
{
    char *bytes = leat_realloc(inbox->bytes, size);
    if (bytes == NULL)
        return false;
    inbox->bytes = bytes;
    inbox->size = size;
    return true;
}

/* Room for what the message says it still wants, else for as much again. */
bool leat_inbox_room(struct leat_inbox *inbox)
{
    size_t wanted = inbox->message.wanted;
    if (wanted > inbox->size)
        return grow(inbox, wanted);
    if (inbox->len < inbox->size)
        return true;
    return grow(inbox, inbox->size > 0 ? inbox->size * 2 : INBOX_SIZE);
}

void leat_wire_init(struct leat_wire *wire)
{
    wire->fd = -1;
}

void leat_wire_close(struct leat_wire *wire)
{
    leat_watch_free(wire->readable);
    leat_watch_free(wire->writable);
    wire->readable = wire->writable = NULL;
    wire->out_count = 0;
    wire->connecting = false;
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
}

void leat_wire_fini(struct leat_wire *wire)
{
    leat_wire_close(wire);
}

static void fail(struct leat_wire *wire, const char *why)
{
    leat_wire_close(wire);
    if (wire->inbox != NULL)
        wire->broke(wire->argument, why);
}

/* --- in -------------------------------------------------------------------------------------------------- */

/* "100 Continue" and the like say nothing. An answer to what is not all sent ends the connection. */
static void take_whole(struct leat_wire *wire, struct leat_inbox *inbox)
{
    if (inbox->message.status < 200) {
        leat_wire_expect(wire, inbox);
        return;
    }
    if (inbox->message.close || wire->out_count > 0)
        leat_wire_close(wire);
    wire->received(wire->argument);
}

/* What has come; more than one message if `received` expects the next and it stood behind. */
static void take(struct leat_wire *wire)
{
    do {
        struct leat_inbox *inbox = wire->inbox;
        enum leat_message_state state = leat_message_read(&inbox->message, inbox->bytes, inbox->len);
        wire->carried = 0;
        if (state == LEAT_MESSAGE_BROKEN)
            fail(wire, inbox->message.why);
        if (state == LEAT_MESSAGE_WHOLE)
            take_whole(wire, inbox);
    } while (wire->carried > 0);
}

static void closed(struct leat_wire *wire, const char *why)
{
    struct leat_inbox *inbox = wire->inbox;
    leat_wire_close(wire);
    if (inbox == NULL)
        return;
    if (inbox->len > 0 && leat_message_closed(&inbox->message))
        wire->received(wire->argument);
    else
        wire->broke(wire->argument, why);
}

/* Nothing is expected: only the other side's close is read here. */
static void read_nothing(struct leat_wire *wire)
{
    char byte;
    ssize_t got = recv(wire->fd, &byte, 1, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    leat_wire_close(wire); /* closed, or it says what nobody asked for */
}

static void on_readable(void *argument, short what)
{
    struct leat_wire *wire = argument;
    struct leat_inbox *inbox = wire->inbox;
    (void)what;
    if (inbox == NULL) {
        read_nothing(wire);
        return;
    }
    if (!leat_inbox_room(inbox)) {
        fail(wire, "out of memory for what comes");
        return;
    }
    ssize_t got = recv(wire->fd, inbox->bytes + inbox->len, inbox->size - inbox->len, 0);
    if (got > 0) {
        inbox->len += (size_t)got;
        take(wire);
    } else if (got == 0)
        closed(wire, "the connection was closed");
    else if (errno != EAGAIN && errno != EINTR)
        closed(wire, strerror(errno));
}

bool leat_wire_take(struct leat_wire *wire)
{
    const struct leat_inbox *inbox = wire->inbox;
    if (wire->fd >= 0 && !wire->connecting && inbox != NULL)
        on_readable(wire, LEAT_READABLE);
    return wire->inbox != inbox || (inbox != NULL && inbox->len > 0);
}

void leat_wire_expect(struct leat_wire *wire, struct leat_inbox *inbox)
{
    const struct leat_inbox *last = wire->inbox;
    const char *rest = NULL;
    size_t len = 0;
    if (last != NULL && last->message.end > 0 && last->len > last->message.end) {
        rest = last->bytes + last->message.end;
        len = last->len - last->message.end;
    }
    wire->inbox = inbox;
    if (inbox == NULL)
        return;
    if (inbox != last && inbox->size > INBOX_KEPT)
        leat_inbox_fini(inbox);
    if (len > 0 && inbox->size < len && !grow(inbox, len)) {
        leat_wire_close(wire); /* found at the next send */
        len = 0;
    }
    if (len > 0)
        memmove(inbox->bytes, rest, len);
    inbox->len = wire->carried = len;
    leat_message_init(&inbox->message, LEAT_HTTP_RESPONSE);
}

/* --- out -------------------------------------------------------------------------------------------------- */

/* 1: all is out; 0: the socket takes no more now; -1: errno. */
static int write_out(struct leat_wire *wire)
{
    unsigned first = 0;
    while (first < wire->out_count) {
        ssize_t written = writev(wire->fd, wire->out + first, (int)(wire->out_count - first));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno != EAGAIN)
            return -1;
        for (size_t left = written > 0 ? (size_t)written : 0; first < wire->out_count; first++) {
            struct iovec *part = &wire->out[first];
            if (left < part->iov_len) {
                part->iov_base = (char *)part->iov_base + left;
                part->iov_len -= left;
                break;
            }
            left -= part->iov_len;
        }
        if (written < 0)
            break;
    }
    memmove(wire->out, wire->out + first, (wire->out_count - first) * sizeof(wire->out[0]));
    wire->out_count -= first;
    return wire->out_count == 0 ? 1 : 0;
}

static bool is_connected(const struct leat_wire *wire)
{
    int why = 0;
    socklen_t size = sizeof(why);
    if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why != 0)
        errno = why;
    return why == 0;
}

static void on_writable(void *argument, short what)
{
    struct leat_wire *wire = argument;
    (void)what;
    if (wire->connecting && !is_connected(wire)) {
        fail(wire, strerror(errno));
        return;
    }
    wire->connecting = false;
    int done = write_out(wire);
    if (done == 0)
        return;
    leat_watch_free(wire->writable);
    wire->writable = NULL;
    if (done < 0)
        on_readable(wire, LEAT_READABLE); /* it may have been answered before it was all sent */
    else if (wire->written != NULL)
        wire->written(wire->argument);
}

void leat_wire_flush(struct leat_wire *wire)
{
    if (wire->writable != NULL)
        on_writable(wire, LEAT_WRITABLE);
}

static bool connect_wire(struct leat_wire *wire)
{
    wire->fd = leat_address_connect(wire->address, &wire->connecting);
    if (wire->fd < 0)
        return false;
    wire->connections++;
    wire->readable = leat_loop_watch(wire->loop, wire->fd, LEAT_READABLE, on_readable, wire);
    return wire->readable != NULL;
}

static bool send_parts(struct leat_wire *wire)
{
    if (wire->fd < 0 && !connect_wire(wire))
        return false;
    int done = wire->connecting ? 0 : write_out(wire);
    if (done < 0)
        return false;
    if (done == 0)
        wire->writable = leat_loop_watch(wire->loop, wire->fd, LEAT_WRITABLE, on_writable, wire);
    else if (wire->written != NULL)
        wire->written(wire->argument);
    return done > 0 || wire->writable != NULL;
}

bool leat_wire_send(struct leat_wire *wire, const struct iovec *parts, unsigned count)
{
    memcpy(wire->out, parts, count * sizeof(parts[0]));
    wire->out_count = count;
    if (send_parts(wire))
        return true;
    leat_wire_close(wire);
    return false;
}
