/* SPDX-License-Identifier: Apache-2.0 */
/* How a link comes up, goes down, and comes up again. */
#include "link_private.h"

#include <leat/alloc.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECT_MS = 3000, AGAIN_FIRST_MS = 100, AGAIN_MOST_MS = 5000, SOUND_MS = 100 /* up for so long it worked */ };

static void dial(struct leat_redis_link *link);

static const struct leat_redis_target *target_of(const struct leat_redis_link *link)
{
    return &link->options.targets->items[link->target];
}

/* A Sentinel has said where the master is. */
static bool is_found(const struct leat_redis_link *link)
{
    return target_of(link)->service.ptr != NULL && !link->asking;
}

/* --- down ---------------------------------------------------------------------------------------------------- */

static void hang_up(struct leat_redis_link *link)
{
    leat_redis_resolver_drop(LEAT_TAKE(link->resolver));
    leat_watch_free(LEAT_TAKE(link->watch));
    link->watched = 0;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    leat_redis_tls_free(LEAT_TAKE(link->tls));
    link->out_len = link->out_sent = 0;
    link->client = 0;
    leat_arena_reset(&link->scratch);
}

/* Between nothing and the longest: many that lost the same server do not come back at the same moment. */
static int64_t jitter(struct leat_redis_link *link)
{
    link->again_ms = link->again_ms == 0 ? AGAIN_FIRST_MS : link->again_ms * 2;
    if (link->again_ms > AGAIN_MOST_MS)
        link->again_ms = AGAIN_MOST_MS;
    link->chance ^= link->chance << 13;
    link->chance ^= link->chance >> 7;
    link->chance ^= link->chance << 17;
    return 1 + (int64_t)(link->chance % (uint64_t)link->again_ms);
}

/* What the reader has read half of must not meet the next connection. False: out of memory. */
static bool renew_parser(struct leat_redis_link *link)
{
    struct leat_redis_parser fresh;
    if (!leat_redis_parser_init(&fresh))
        return false;
    leat_redis_parser_fini(&link->parser);
    link->parser = fresh;
    link->parser.reader->privdata = &link->parser;
    link->parser.text_max = link->options.text_max;
    return true;
}

static void go_down(struct leat_redis_link *link)
{
    bool was_up = link->state == LEAT_REDIS_UP;
    size_t count = link->options.targets->count;
    hang_up(link);
    link->state = LEAT_REDIS_WAITING;
    if (was_up && leat_redis_now_ms() - link->up_ms > SOUND_MS) {
        link->again_ms = 0;
        link->tried = 0;
    }
    link->tried++;
    bool all = link->tried % count == 0;
    if (!was_up || link->tried > 1)
        link->target = (link->target + 1) % count;
    link->asking = target_of(link)->service.ptr != NULL; /* the master may be another one by now */
    leat_timer_set(link->timer, all || was_up ? jitter(link) : 0);
    leat_redis_answer_all(link);
    if (was_up || all)
        link->options.down(link->options.argument, link->why);
    link->why[0] = '\0';
}

/* Not at once: whoever calls it may be called by what would have to go. */
void leat_redis_link_fail(struct leat_redis_link *link, const char *format, ...)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    va_list args;
    if (link->why[0] != '\0' || link->state == LEAT_REDIS_CLOSED)
        return;
    leat_arena_init(&arena, 0);
    leat_str name = leat_redis_target_name(target_of(link), &arena);
    int len = snprintf(link->why, sizeof(link->why), "%.*s: ", LEAT_ARG(name));
    va_start(args, format);
    if (len > 0 && (size_t)len < sizeof(link->why))
        vsnprintf(link->why + len, sizeof(link->why) - (size_t)len, format, args);
    va_end(args);
    leat_timer_set(link->timer, 0);
}

static void on_timer(void *argument)
{
    struct leat_redis_link *link = argument;
    if (link->state == LEAT_REDIS_CLOSED)
        return;
    if (link->state == LEAT_REDIS_WAITING) {
        dial(link);
        return;
    }
    leat_redis_link_fail(link, "%s",
                         link->state == LEAT_REDIS_UP        ? "no answer"
                         : link->state == LEAT_REDIS_SHAKING ? "TLS: no answer to the handshake"
                                                             : "it cannot be reached in time");
    go_down(link);
}

struct leat_timer *leat_redis_dial_timer(struct leat_redis_link *link)
{
    return leat_loop_timer(link->options.loop, on_timer, link);
}

/* --- greeting ------------------------------------------------------------------------------------------------- */

static void on_need(void *argument, const struct leat_redis_value *reply)
{
    if (reply != NULL && reply->type == LEAT_REDIS_ERROR)
        leat_redis_link_fail(argument, "%.*s", LEAT_ARG(reply->text));
}

static void on_client(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_link *link = argument;
    if (reply != NULL)
        link->client = leat_redis_number(reply, link->client);
}

static void on_role(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_link *link = argument;
    if (reply == NULL || link->why[0] != '\0')
        return;
    leat_str role = leat_redis_text(leat_redis_item(reply, 0));
    if (role.ptr != NULL && !leat_str_is(role, "master")) {
        leat_redis_link_fail(link, "it is a replica of %.*s", LEAT_ARG(leat_redis_text(leat_redis_item(reply, 1))));
        return;
    }
    if (leat_redis_link_misled(link, reply))
        return;
    link->up_ms = leat_redis_now_ms();
    link->state = LEAT_REDIS_UP; /* also where ROLE is forbidden: what a replica refuses says so */
    link->options.up(link->options.argument);
}

static void on_master(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_link *link = argument;
    if (reply == NULL)
        return;
    leat_str host = leat_redis_text(leat_redis_item(reply, 0)), port = leat_redis_text(leat_redis_item(reply, 1));
    if (reply->type == LEAT_REDIS_ERROR || host.ptr == NULL || port.ptr == NULL) {
        leat_redis_link_fail(link, "the Sentinel knows no master \"%.*s\"", LEAT_ARG(target_of(link)->service));
        return;
    }
    snprintf(link->master_host, sizeof(link->master_host), "%.*s", LEAT_ARG(host));
    snprintf(link->master_port, sizeof(link->master_port), "%.*s", LEAT_ARG(port));
    link->asking = false;
    link->state = LEAT_REDIS_WAITING; /* to call the master */
    leat_watch_free(LEAT_TAKE(link->watch));
    link->watched = 0;
    leat_timer_set(link->timer, 0);
}

static void ask_sentinel(struct leat_redis_link *link)
{
    leat_redis_begin(link, "SENTINEL GET-MASTER-ADDR-BY-NAME");
    leat_redis_add(link, target_of(link)->service);
    if (!leat_redis_queue(link, on_master, link, NULL, 0))
        leat_redis_link_fail(link, "out of memory");
}

static bool ask_all(struct leat_redis_link *link)
{
    const struct leat_redis_target *target = target_of(link);
    bool good = true;
    if (target->password.ptr != NULL) {
        leat_redis_begin(link, "AUTH");
        if (target->user.ptr != NULL)
            leat_redis_add(link, target->user);
        leat_redis_add(link, target->password);
        good = leat_redis_queue(link, on_need, link, NULL, 0);
    }
    if (target->database != 0) {
        leat_redis_begin(link, "SELECT");
        leat_redis_add_number(link, target->database);
        good = good && leat_redis_queue(link, on_need, link, NULL, 0);
    }
    if (link->options.name != NULL) {
        leat_redis_begin(link, "CLIENT SETNAME");
        leat_redis_add(link, leat_str_c(link->options.name));
        good = good && leat_redis_queue(link, on_client, link, NULL, 0); /* a number is only in the next reply */
    }
    leat_redis_begin(link, "CLIENT ID");
    good = good && leat_redis_queue(link, on_client, link, NULL, 0);
    leat_redis_begin(link, "ROLE");
    return good && leat_redis_queue(link, on_role, link, NULL, 0);
}

static void greet(struct leat_redis_link *link)
{
    link->state = LEAT_REDIS_GREETING;
    leat_timer_clear(link->timer);
    if (link->asking)
        ask_sentinel(link);
    else if (!ask_all(link))
        leat_redis_link_fail(link, "out of memory");
    leat_redis_flush(link);
}

bool leat_redis_shake(struct leat_redis_link *link)
{
    const char *why = NULL;
    int done = leat_redis_tls_shake(link->tls, &why);
    if (done < 0)
        leat_redis_link_fail(link, "%s", why);
    if (done > 0)
        greet(link);
    else
        leat_redis_flush(link); /* an alert too */
    return done > 0;
}

/* --- connecting ----------------------------------------------------------------------------------------------- */

static void on_ready(void *argument, short what);

void leat_redis_watch(struct leat_redis_link *link, short what)
{
    if (link->fd < 0 || link->watched == what)
        return;
    leat_watch_free(LEAT_TAKE(link->watch));
    link->watch = leat_loop_watch(link->options.loop, link->fd, what, on_ready, link);
    link->watched = link->watch != NULL ? what : 0;
    if (link->watch == NULL)
        leat_redis_link_fail(link, "out of memory");
}

static void connected(struct leat_redis_link *link)
{
    const struct leat_redis_target *target = target_of(link);
    int on = 1, idle_s = 15, between_s = 5, times = 3;
    if (target->path.ptr == NULL) {
        (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        (void)setsockopt(link->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
        (void)setsockopt(link->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
        (void)setsockopt(link->fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof(between_s));
        (void)setsockopt(link->fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
    }
    leat_redis_watch(link, LEAT_READABLE);
    if (!target->tls) {
        greet(link);
        return;
    }
    link->state = LEAT_REDIS_SHAKING;
    leat_str host = is_found(link) ? leat_str_c(link->master_host) : target->host; /* as its certificate calls it */
    link->tls = link->options.tls != NULL ? leat_redis_tls_new(link->options.tls, host) : NULL;
    if (link->tls == NULL)
        leat_redis_link_fail(link, "out of memory");
    else
        (void)leat_redis_shake(link);
}

static void connect_next(struct leat_redis_link *link, int why);

static void connect_to(struct leat_redis_link *link, const struct sockaddr *address, socklen_t len)
{
    link->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0 || (connect(link->fd, address, len) != 0 && errno != EINPROGRESS)) {
        connect_next(link, errno);
        return;
    }
    link->state = LEAT_REDIS_CONNECTING;
    leat_timer_set(link->timer, CONNECT_MS);
    leat_redis_watch(link, LEAT_WRITABLE);
}

/* The next address; behind the last one it failed for that reason. */
static void connect_next(struct leat_redis_link *link, int why)
{
    leat_watch_free(LEAT_TAKE(link->watch));
    link->watched = 0;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    if (link->address < link->addresses.count) {
        const struct leat_redis_address *address = &link->addresses.items[link->address++];
        connect_to(link, (const struct sockaddr *)&address->storage, address->len);
        return;
    }
    link->state = LEAT_REDIS_CONNECTING;
    leat_redis_link_fail(link, "%s", strerror(why));
}

static void on_ready(void *argument, short what)
{
    struct leat_redis_link *link = argument;
    int why = 0;
    socklen_t size = sizeof(why);
    if (link->why[0] != '\0')
        return; /* it goes down */
    if (link->state == LEAT_REDIS_CONNECTING) {
        (void)getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &why, &size);
        if (why != 0)
            connect_next(link, why);
        else
            connected(link);
        return;
    }
    if ((what & LEAT_READABLE) != 0)
        leat_redis_readable(link);
    if ((what & LEAT_WRITABLE) != 0 && link->fd >= 0 && link->why[0] == '\0')
        leat_redis_flush(link);
}

static void on_addresses(void *argument, const struct leat_redis_addresses *found)
{
    struct leat_redis_link *link = argument;
    link->resolver = NULL;
    link->addresses = *found;
    link->address = 0;
    if (found->count == 0)
        leat_redis_link_fail(link, "%s", found->why);
    else
        connect_next(link, 0);
}

/* An address needs nobody to be asked. */
static bool read_address(struct leat_redis_addresses *ret, const char *host, const char *port)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    *ret = (struct leat_redis_addresses){.count = 1};
    memcpy(&ret->items[0].storage, found->ai_addr, found->ai_addrlen);
    ret->items[0].len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static void find_address(struct leat_redis_link *link, leat_str host, leat_str port)
{
    struct leat_redis_addresses found;
    link->state = LEAT_REDIS_RESOLVING;
    leat_timer_set(link->timer, LEAT_REDIS_COMMAND_MS);
    if (read_address(&found, host.ptr, port.ptr)) {
        on_addresses(link, &found);
        return;
    }
    link->resolver = leat_redis_resolve(link->options.loop, host, port, on_addresses, link);
    if (link->resolver == NULL)
        leat_redis_link_fail(link, "no memory, thread or descriptor to look its name up");
}

static void dial(struct leat_redis_link *link)
{
    const struct leat_redis_target *target = target_of(link);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    hang_up(link);
    link->addresses.count = link->address = 0;
    if (!renew_parser(link)) {
        link->state = LEAT_REDIS_CONNECTING;
        leat_redis_link_fail(link, "out of memory");
    } else if (target->path.ptr != NULL) {
        memcpy(address.sun_path, target->path.ptr, target->path.len);
        connect_to(link, (const struct sockaddr *)&address, sizeof(address));
    } else if (is_found(link)) {
        find_address(link, leat_str_c(link->master_host), leat_str_c(link->master_port));
    } else {
        find_address(link, target->host, target->port);
    }
}

void leat_redis_link_open(struct leat_redis_link *link)
{
    if (link->state != LEAT_REDIS_CLOSED)
        return;
    link->state = LEAT_REDIS_WAITING;
    link->asking = target_of(link)->service.ptr != NULL;
    leat_timer_set(link->timer, 0);
}

void leat_redis_link_close(struct leat_redis_link *link)
{
    if (link->state == LEAT_REDIS_CLOSED)
        return;
    hang_up(link);
    link->state = LEAT_REDIS_CLOSED;
    leat_timer_clear(link->timer);
    leat_redis_answer_all(link);
}
