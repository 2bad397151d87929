/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: watches, timers and calls posted from other threads, all on the loop's own thread. */
#include <engine/loop.h>

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { POSTERS = 4, POSTS = 250 };

static struct leat_loop *loop;
static pthread_t loop_thread;
static unsigned checks, failures;
static int pipe_ends[2];
static int calls, wrong_thread, wakes, readable, fired_at[3], order;
static struct leat_watch *watch;
static struct leat_timer *timers[3];

static void check(bool good, const char *name)
{
    failures += good ? 0 : 1;
    printf("%sok %u - loop: %s\n", good ? "" : "not ", ++checks, name);
}

static void count_call(void *argument)
{
    (void)argument;
    wrong_thread += pthread_equal(pthread_self(), loop_thread) ? 0 : 1;
    if (++calls == POSTERS * POSTS)
        leat_loop_break(loop);
}

static void *post_many(void *argument)
{
    for (int i = 0; i < POSTS; i++)
        if (!leat_loop_post(loop, count_call, argument))
            return argument;
    return NULL;
}

static void test_post(void)
{
    pthread_t posters[POSTERS];
    for (int i = 0; i < POSTERS; i++)
        if (pthread_create(&posters[i], NULL, post_many, NULL) != 0)
            return;
    bool ran = leat_loop_run(loop);
    for (int i = 0; i < POSTERS; i++)
        (void)pthread_join(posters[i], NULL);
    check(ran && calls == POSTERS * POSTS, "every posted call is made once");
    check(wrong_thread == 0, "on the loop's thread");
}

static void on_wake(void *argument)
{
    (void)argument;
    wakes++;
    leat_loop_break(loop);
}

static void test_wake(void)
{
    leat_loop_on_wake(loop, on_wake, NULL);
    leat_loop_wake(loop);
    leat_loop_wake(loop);
    check(leat_loop_run(loop) && wakes == 1, "two wakes before the call are one");
    leat_loop_on_wake(loop, NULL, NULL);
}

static void on_readable(void *argument, short what)
{
    char byte;
    (void)argument;
    readable += (what & LEAT_READABLE) != 0 && read(pipe_ends[0], &byte, 1) == 1 ? 1 : 0;
    if (readable == 2) {
        leat_watch_free(watch); /* from its own callback */
        watch = NULL;
        leat_loop_break(loop);
    }
}

static void test_watch(void)
{
    if (pipe(pipe_ends) != 0)
        return;
    watch = leat_loop_watch(loop, pipe_ends[0], LEAT_READABLE, on_readable, NULL);
    bool sent = write(pipe_ends[1], "ab", 2) == 2;
    check(watch != NULL && sent && leat_loop_run(loop) && readable == 2, "a watch calls as long as there is something");
    check(leat_loop_watch(loop, STDIN_FILENO + 1000, LEAT_READABLE, on_readable, NULL) == NULL,
          "what is no descriptor cannot be watched");
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
}

static void on_timer(void *argument)
{
    int number = *(int *)argument;
    fired_at[number] = ++order;
    if (number == 1)
        leat_loop_break(loop);
}

static void test_timer(void)
{
    static int numbers[3] = {0, 1, 2};
    for (int i = 0; i < 3; i++)
        timers[i] = leat_loop_timer(loop, on_timer, &numbers[i]);
    leat_timer_set(timers[0], 60000);
    leat_timer_set(timers[0], 1); /* replaces */
    leat_timer_set(timers[1], 20);
    leat_timer_set(timers[2], 5);
    leat_timer_clear(timers[2]);
    bool ran = leat_loop_run(loop);
    check(ran && fired_at[0] == 1 && fired_at[1] == 2,
          "timers fire in the order of their times, the last time set counts");
    check(fired_at[2] == 0, "a cleared timer does not fire");
    for (int i = 0; i < 3; i++)
        leat_timer_free(timers[i]);
}

int main(void)
{
    loop = leat_loop_new();
    loop_thread = pthread_self();
    if (loop == NULL)
        return 1;
    test_post();
    test_wake();
    test_watch();
    test_timer();
    check(leat_loop_post(loop, count_call, NULL), "a call that is never made is freed with the loop");
    leat_watch_free(NULL);
    leat_timer_free(NULL);
    leat_loop_free(loop);
    leat_loop_free(NULL);
    printf("1..%u\n", checks);
    return failures > 0 ? 1 : 0;
}
