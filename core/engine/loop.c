/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leat/loop.h over libevent. libevent is called on one thread only, without its locks: another thread
 * puts its call into a list and wakes the loop through an eventfd.
 */
#include <engine/loop.h>

#include <leat/alloc.h>

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct posted {
    struct posted *next;
    void (*function)(void *);
    void *argument;
};

struct leat_loop {
    struct event_base *base;
    struct event *wake;
    int wake_fd;
    pthread_mutex_t lock; /* guards the list */
    struct posted *first, **last;
    void (*on_wake)(void *);
    void *on_wake_argument;
    pthread_t thread;      /* the one that made it, and runs it */
    bool broken;           /* leat_loop_break before leat_loop_run */
    bool in_callback, due; /* that thread's: a wake from a callback needs no descriptor */
};

struct leat_watch {
    struct leat_loop *loop;
    struct event *event;
    void (*function)(void *, short);
    void *argument;
};

struct leat_timer {
    struct leat_loop *loop;
    struct event *event;
    void (*function)(void *);
    void *argument;
};

static struct posted *take_posted(struct leat_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct posted *first = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    return first;
}

/* What a callback woke for follows at once. */
static void end_callback(struct leat_loop *loop)
{
    bool due = loop->due;
    loop->in_callback = loop->due = false;
    if (due && loop->on_wake != NULL)
        loop->on_wake(loop->on_wake_argument);
}

static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    struct leat_loop *loop = argument;
    (void)fd; /* not read: each write of it is an edge */
    (void)what;
    loop->in_callback = loop->due = true;
    for (struct posted *posted = take_posted(loop); posted != NULL;) {
        struct posted *next = posted->next;
        posted->function(posted->argument);
        leat_free(posted);
        posted = next;
    }
    end_callback(loop);
}

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (base != NULL)
        (void)event_base_priority_init(base, 2); /* what is not said to be urgent has the second */
    return base;
}

struct leat_loop *leat_loop_new(void)
{
    struct leat_loop *loop = leat_alloc(sizeof(*loop));
    if (loop == NULL)
        return NULL;
    loop->last = &loop->first;
    loop->thread = pthread_self();
    pthread_mutex_init(&loop->lock, NULL);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->base = loop->wake_fd >= 0 ? new_base() : NULL;
    if (loop->base != NULL)
        loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_ET | EV_PERSIST, on_wake, loop);
    if (loop->wake == NULL || event_add(loop->wake, NULL) != 0) {
        leat_loop_free(loop);
        return NULL;
    }
    return loop;
}

void leat_loop_free(struct leat_loop *loop)
{
    if (loop == NULL)
        return;
    for (struct posted *posted = take_posted(loop); posted != NULL;) {
        struct posted *next = posted->next;
        leat_free(posted);
        posted = next;
    }
    if (loop->wake != NULL)
        event_free(loop->wake);
    if (loop->base != NULL)
        event_base_free(loop->base);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    pthread_mutex_destroy(&loop->lock);
    leat_free(loop);
}

bool leat_loop_run(struct leat_loop *loop)
{
    bool good = loop->broken || event_base_dispatch(loop->base) == 0;
    loop->broken = false;
    return good;
}

void leat_loop_break(struct leat_loop *loop)
{
    loop->broken = true;
    event_base_loopbreak(loop->base);
}

void leat_loop_on_wake(struct leat_loop *loop, void (*function)(void *), void *argument)
{
    loop->on_wake = function;
    loop->on_wake_argument = argument;
}

static void signal_fd(const struct leat_loop *loop)
{
    uint64_t one = 1;
    while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
}

void leat_loop_wake(struct leat_loop *loop)
{
    if (pthread_equal(pthread_self(), loop->thread) && loop->in_callback)
        loop->due = true;
    else
        signal_fd(loop);
}

bool leat_loop_post(struct leat_loop *loop, void (*function)(void *), void *argument)
{
    struct posted *posted = leat_alloc(sizeof(*posted));
    if (posted == NULL)
        return false;
    posted->function = function;
    posted->argument = argument;
    pthread_mutex_lock(&loop->lock);
    *loop->last = posted;
    loop->last = &posted->next;
    pthread_mutex_unlock(&loop->lock);
    signal_fd(loop);
    return true;
}

static void on_ready(evutil_socket_t fd, short what, void *argument)
{
    struct leat_watch *watch = argument;
    struct leat_loop *loop = watch->loop; /* the callback may free the watch */
    (void)fd;
    loop->in_callback = true;
    watch->function(watch->argument, (short)(((what & EV_READ) != 0 ? LEAT_READABLE : 0) |
                                             ((what & EV_WRITE) != 0 ? LEAT_WRITABLE : 0)));
    end_callback(loop);
}

struct leat_watch *leat_loop_watch(struct leat_loop *loop, int fd, short what, void (*function)(void *, short),
                                   void *argument)
{
    struct leat_watch *watch = leat_alloc(sizeof(*watch));
    if (watch == NULL)
        return NULL;
    short events = (short)(EV_PERSIST | ((what & LEAT_READABLE) != 0 ? EV_READ : 0) |
                           ((what & LEAT_WRITABLE) != 0 ? EV_WRITE : 0));
    watch->loop = loop;
    watch->function = function;
    watch->argument = argument;
    watch->event = event_new(loop->base, fd, events, on_ready, watch);
    if (watch->event == NULL || event_add(watch->event, NULL) != 0) {
        leat_watch_free(watch);
        return NULL;
    }
    return watch;
}

void leat_watch_urgent(struct leat_watch *watch)
{
    (void)event_priority_set(watch->event, 0);
}

void leat_watch_free(struct leat_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->event != NULL)
        event_free(watch->event);
    leat_free(watch);
}

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    struct leat_timer *timer = argument;
    struct leat_loop *loop = timer->loop;
    (void)fd;
    (void)what;
    loop->in_callback = true;
    timer->function(timer->argument);
    end_callback(loop);
}

struct leat_timer *leat_loop_timer(struct leat_loop *loop, void (*function)(void *), void *argument)
{
    struct leat_timer *timer = leat_alloc(sizeof(*timer));
    if (timer == NULL)
        return NULL;
    timer->loop = loop;
    timer->function = function;
    timer->argument = argument;
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    if (timer->event == NULL) {
        leat_free(timer);
        return NULL;
    }
    return timer;
}

void leat_timer_set(struct leat_timer *timer, int64_t in_ms)
{
    int64_t wait = in_ms > 0 ? in_ms : 0;
    struct timeval in = {.tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000)};
    event_add(timer->event, &in);
}

void leat_timer_clear(struct leat_timer *timer)
{
    event_del(timer->event);
}

void leat_timer_free(struct leat_timer *timer)
{
    if (timer == NULL)
        return;
    event_free(timer->event);
    leat_free(timer);
}
