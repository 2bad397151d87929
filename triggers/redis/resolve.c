/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include <leat/alloc.h>

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Of the thread and of who asked: the last of the two frees it. Only the thread writes `found`, before it wakes. */
struct leat_redis_resolver {
    char host[256], port[8];
    struct leat_redis_addresses found;
    int wake;
    pthread_mutex_t lock; /* guards `left` */
    bool left;            /* one of the two has gone */
    struct leat_watch *watch;
    void (*answer)(void *argument, const struct leat_redis_addresses *found);
    void *argument;
};

static void leave(struct leat_redis_resolver *resolver)
{
    pthread_mutex_lock(&resolver->lock);
    bool last = resolver->left;
    resolver->left = true;
    pthread_mutex_unlock(&resolver->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&resolver->lock);
    close(resolver->wake);
    leat_free(resolver);
}

static void look_up(struct leat_redis_resolver *resolver)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct leat_redis_addresses *found = &resolver->found;
    struct addrinfo *list = NULL;
    int error = getaddrinfo(resolver->host, resolver->port, &hints, &list);
    for (const struct addrinfo *at = list; at != NULL && found->count < LEAT_REDIS_ADDRESSES_MAX; at = at->ai_next) {
        struct leat_redis_address *address = &found->items[found->count++];
        memcpy(&address->storage, at->ai_addr, at->ai_addrlen);
        address->len = at->ai_addrlen;
    }
    if (error != 0)
        snprintf(found->why, sizeof(found->why), "%s", error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    else
        freeaddrinfo(list);
}

static void *ask(void *argument)
{
    struct leat_redis_resolver *resolver = argument;
    uint64_t one = 1;
    look_up(resolver);
    while (write(resolver->wake, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
    leave(resolver);
    return NULL;
}

static void on_found(void *argument, short what)
{
    struct leat_redis_resolver *resolver = argument;
    (void)what;
    leat_watch_free(LEAT_TAKE(resolver->watch));
    resolver->answer(resolver->argument, &resolver->found);
    leave(resolver);
}

/* Signals are the loop's. */
static bool start(struct leat_redis_resolver *resolver)
{
    sigset_t all, before;
    pthread_attr_t how;
    pthread_t thread;
    sigfillset(&all);
    pthread_attr_init(&how);
    pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, &how, ask, resolver) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&how);
    return started;
}

struct leat_redis_resolver *leat_redis_resolve(struct leat_loop *loop, leat_str host, leat_str port,
                                               void (*answer)(void *argument, const struct leat_redis_addresses *found),
                                               void *argument)
{
    struct leat_redis_resolver *resolver = leat_alloc(sizeof(*resolver));
    if (resolver == NULL)
        return NULL;
    resolver->answer = answer;
    resolver->argument = argument;
    snprintf(resolver->host, sizeof(resolver->host), "%.*s", LEAT_ARG(host));
    snprintf(resolver->port, sizeof(resolver->port), "%.*s", LEAT_ARG(port));
    pthread_mutex_init(&resolver->lock, NULL);
    resolver->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (resolver->wake >= 0)
        resolver->watch = leat_loop_watch(loop, resolver->wake, LEAT_READABLE, on_found, resolver);
    if (resolver->watch != NULL && start(resolver))
        return resolver;
    leat_watch_free(resolver->watch);
    if (resolver->wake >= 0)
        close(resolver->wake);
    pthread_mutex_destroy(&resolver->lock);
    leat_free(resolver);
    return NULL;
}

void leat_redis_resolver_drop(struct leat_redis_resolver *resolver)
{
    if (resolver == NULL)
        return;
    leat_watch_free(LEAT_TAKE(resolver->watch));
    leave(resolver);
}
