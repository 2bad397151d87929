/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine is compared with: the same work without an engine, on this thread and on others. */
#include "events.h"

#include <pthread.h>
#include <stdio.h>

bool bench_loop(const struct bench_task *task, struct bench_told *ret)
{
    uint32_t count;
    const struct bench_item *items = bench_items(task, &count);
    uint64_t warm = bench_warm(task), all = warm + task->events;
    for (uint64_t i = 0; i < all; i++) {
        if (i == warm)
            ret->from = bench_point();
        bench_work(task, &bench_slots[0], &items[i % count]);
    }
    ret->to = bench_point();
    return true;
}

/* --- a queue with threads --------------------------------------------------------------------------------- */

#define RING 1024u

struct queue {
    const struct bench_task *task;
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    const struct bench_item *ring[RING];
    uint64_t put, taken, done;
    bool end;
};

struct worker {
    struct queue *queue;
    struct bench_slot *slot;
    pthread_t thread;
};

static const struct bench_item *take(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->put == queue->taken && !queue->end)
        pthread_cond_wait(&queue->filled, &queue->lock);
    const struct bench_item *item = queue->put > queue->taken ? queue->ring[queue->taken++ % RING] : NULL;
    pthread_mutex_unlock(&queue->lock);
    return item;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct queue *queue = worker->queue;
    for (const struct bench_item *item; (item = take(queue)) != NULL;) {
        bench_work(queue->task, worker->slot, item);
        pthread_mutex_lock(&queue->lock);
        queue->done++;
        pthread_mutex_unlock(&queue->lock);
        pthread_cond_signal(&queue->emptied);
    }
    return NULL;
}

/* As many may be under way as the engine's source may have in flight. */
static void put(struct queue *queue, const struct bench_item *item)
{
    uint32_t most = queue->task->in_flight < RING ? queue->task->in_flight : RING;
    pthread_mutex_lock(&queue->lock);
    while (queue->put - queue->done >= most)
        pthread_cond_wait(&queue->emptied, &queue->lock);
    queue->ring[queue->put++ % RING] = item;
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_signal(&queue->filled);
}

static void wait_for_all(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->done < queue->put)
        pthread_cond_wait(&queue->emptied, &queue->lock);
    pthread_mutex_unlock(&queue->lock);
}

static void feed(struct queue *queue, struct bench_told *ret)
{
    uint32_t count;
    const struct bench_item *items = bench_items(queue->task, &count);
    uint64_t warm = bench_warm(queue->task), all = warm + queue->task->events;
    for (uint64_t i = 0; i < all; i++) {
        if (i == warm)
            ret->from = bench_point();
        put(queue, &items[i % count]);
    }
    wait_for_all(queue);
    ret->to = bench_point();
}

bool bench_queue(const struct bench_task *task, struct bench_told *ret)
{
    struct queue queue = {.task = task};
    struct worker workers[BENCH_SLOTS];
    uint32_t started = 0;
    pthread_mutex_init(&queue.lock, NULL);
    pthread_cond_init(&queue.filled, NULL);
    pthread_cond_init(&queue.emptied, NULL);
    for (; started < task->slots; started++) {
        workers[started] = (struct worker){.queue = &queue, .slot = &bench_slots[started]};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;
    }
    if (started == task->slots)
        feed(&queue, ret);
    else
        fprintf(stderr, "bench-events: no thread\n");
    pthread_mutex_lock(&queue.lock);
    queue.end = true;
    pthread_mutex_unlock(&queue.lock);
    pthread_cond_broadcast(&queue.filled);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    return started == task->slots;
}
