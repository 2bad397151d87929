/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test of threads wants to know. The instruction is a JSON object, the payload of a direct call or the body of
 * a message:
 *
 *     {"do": "tasks"}            how many threads the process has, as the reply
 *     {"do": "meet", "of": 4}    waits until so many handlers have come
 *     {"do": "hang"}             never returns
 *     {"do": "wait"}             returns when it is cancelled
 *     {"do": "spin", "n": 9}     counts up to n, so that handlers end out of order
 *     {"do": "retry"}, {"do": "reject"}; all else is ok
 */
#include <leat/leat.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int met, cancelled;

static int number(const cJSON *told, const char *name)
{
    const cJSON *item = leat_json_get(told, name);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : 0;
}

/* Waits until *count is at least `wanted`, but not for ever. */
static int wait_for(const int *count, int wanted)
{
    struct timespec end;
    int failed = 0;
    (void)timespec_get(&end, TIME_UTC);
    end.tv_sec += 60;
    while (*count < wanted && failed == 0)
        failed = pthread_cond_timedwait(&changed, &lock, &end);
    return failed == 0;
}

static leat_outcome meet(leat_context *ctx, int of)
{
    pthread_mutex_lock(&lock);
    met++;
    pthread_cond_broadcast(&changed);
    int good = wait_for(&met, of);
    pthread_mutex_unlock(&lock);
    return good ? leat_ok(ctx) : leat_reject(ctx, "nobody came");
}

static leat_outcome wait_cancelled(leat_context *ctx)
{
    pthread_mutex_lock(&lock);
    int good = wait_for(&cancelled, 1);
    pthread_mutex_unlock(&lock);
    return good && leat_cancelled(ctx) ? leat_retry(ctx, "cancelled") : leat_reject(ctx, "nobody cancelled");
}

static void cancel(void *state)
{
    (void)state;
    pthread_mutex_lock(&lock);
    cancelled++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static leat_outcome count_tasks(leat_context *ctx)
{
    char text[32];
    int count = -2; /* . and .. */
    DIR *tasks = opendir("/proc/self/task");
    while (tasks != NULL && readdir(tasks) != NULL)
        count++;
    if (tasks != NULL)
        closedir(tasks);
    snprintf(text, sizeof(text), "%d", count);
    return leat_reply_json(ctx, text);
}

static void spin(int n)
{
    for (volatile int i = 0; i < n; i++)
        continue;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do");
    (void)state;
    if (leat_str_is(todo, "tasks"))
        return count_tasks(ctx);
    if (leat_str_is(todo, "meet"))
        return meet(ctx, number(told, "of"));
    if (leat_str_is(todo, "wait"))
        return wait_cancelled(ctx);
    while (leat_str_is(todo, "hang"))
        pause();
    spin(number(told, "n"));
    if (leat_str_is(todo, "retry"))
        return leat_retryf(ctx, "%.*s again", (int)leat_event_id(event).len, leat_event_id(event).ptr);
    if (leat_str_is(todo, "reject"))
        return leat_reject(ctx, "never");
    return leat_reply_json(ctx, leat_event_data(event).ptr);
}

LEAT_HANDLER(pooled, .handle = handle, .cancel = cancel);
