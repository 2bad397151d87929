/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool executor: a thread a slot. Runs wait in one line for all of them. A slot that ends its run goes on with the
 * first, without a sleep; one that is idle is woken by a flush. A slot has its next run, or is idle, before its last
 * one is done: whoever is told of the end finds it so. One that a handler does not give back just stays busy.
 */
#include <leat/alloc.h>
#include <leat/run.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define WAITING_MAX 16

struct pool;

struct pool_slot {
    struct pool *pool;
    struct leat_slot *slot;
    struct pool_slot *next; /* among the idle ones */
    pthread_t thread;
    sem_t handed;         /* a run, or the end: unlike a condition it costs the woken thread no lock */
    struct leat_run *run; /* until the handler has returned; NULL when woken: the end */
    bool held;            /* it takes no run after this one */
    leat_status opened;
    struct leat_error error;
};

struct pool {
    pthread_mutex_t lock; /* guards what follows, and every slot's next, run and held */
    pthread_cond_t opened;
    struct pool_slot *idle; /* the last one that worked first: its caches are warm */
    uint32_t opening;
    _Atomic uint32_t idle_count;
    struct leat_run **waiting; /* the first one longest; room for WAITING_MAX more than there are slots */
    _Atomic uint32_t waiting_count;
    struct pool_slot *slots; /* loop thread, as is the rest */
    uint32_t count;          /* threads that were started */
};

/* --- on the slot's thread ------------------------------------------------------------------------- */

/* With the lock, as all up to take_waiting. */
static void put_idle(struct pool_slot *own)
{
    struct pool *pool = own->pool;
    own->run = NULL;
    own->next = pool->idle;
    pool->idle = own;
    atomic_fetch_add(&pool->idle_count, 1);
}

/* NULL: there is none. */
static struct leat_run *take_waiting(struct pool *pool, uint32_t index)
{
    uint32_t count = atomic_load(&pool->waiting_count);
    if (index >= count)
        return NULL;
    struct leat_run *run = pool->waiting[index];
    memmove(&pool->waiting[index], &pool->waiting[index + 1], (count - index - 1) * sizeof(run));
    atomic_store(&pool->waiting_count, count - 1);
    return run;
}

/* Sleeps until there is one; NULL: the end. Whoever handed it over wrote it before. */
static struct leat_run *await_run(struct pool_slot *own)
{
    while (sem_wait(&own->handed) != 0 && errno == EINTR)
        continue;
    return own->run;
}

/* The run that waited longest; NULL: the slot is idle. */
static struct leat_run *end_run(struct pool_slot *own, struct leat_run *run)
{
    struct pool *pool = own->pool;
    pthread_mutex_lock(&pool->lock);
    struct leat_run *next = own->held ? NULL : take_waiting(pool, 0);
    if (next == NULL)
        put_idle(own);
    else
        own->run = next;
    pthread_mutex_unlock(&pool->lock);
    leat_run_done(run); /* from here on the run may be gone */
    return next;
}

static bool open_own(struct pool_slot *own)
{
    struct pool *pool = own->pool;
    leat_status status = leat_slot_open(own->slot, &own->error);
    pthread_mutex_lock(&pool->lock);
    own->opened = status;
    if (leat_is_ok(status))
        put_idle(own);
    if (--pool->opening == 0)
        pthread_cond_signal(&pool->opened);
    pthread_mutex_unlock(&pool->lock);
    return leat_is_ok(status);
}

static void *serve(void *argument)
{
    struct pool_slot *own = argument;
    if (!open_own(own))
        return NULL;
    for (struct leat_run *run; (run = await_run(own)) != NULL;)
        while (run != NULL) {
            leat_run_call(run, own->slot);
            run = end_run(own, run);
        }
    leat_slot_close(own->slot);
    return NULL;
}

/* --- open and close -------------------------------------------------------------------------------- */

/* Signals are the loop thread's, but for those that a thread raises by a fault of its own: blocked, these would end
 * the process past whoever reports crashes. */
static void block_signals(sigset_t *retbefore)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, retbefore);
}

static int start_thread(struct pool *pool, struct leat_slot *slot)
{
    struct pool_slot *own = &pool->slots[pool->count];
    char name[16]; /* what the kernel keeps of it */
    *own = (struct pool_slot){.pool = pool, .slot = slot};
    sem_init(&own->handed, 0, 0);
    pthread_mutex_lock(&pool->lock);
    pool->opening++;
    pthread_mutex_unlock(&pool->lock);
    int failed = pthread_create(&own->thread, NULL, serve, own);
    if (failed != 0) {
        pthread_mutex_lock(&pool->lock);
        pool->opening--;
        pthread_mutex_unlock(&pool->lock);
        sem_destroy(&own->handed);
        return failed;
    }
    snprintf(name, sizeof(name), "leat-slot-%u", pool->count % 10000);
    (void)pthread_setname_np(own->thread, name);
    pool->count++;
    return 0;
}

/* All slots at once; the first of them that fails is the one that is told. */
static leat_status open_slots(struct pool *pool, struct leat_slot *const *slots, uint32_t count,
                              struct leat_error *reterr)
{
    sigset_t before;
    int failed = 0;
    block_signals(&before);
    for (uint32_t i = 0; i < count && failed == 0; i++)
        failed = start_thread(pool, slots[i]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_mutex_lock(&pool->lock);
    while (pool->opening > 0)
        pthread_cond_wait(&pool->opened, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->count; i++) {
        if (leat_is_ok(pool->slots[i].opened))
            continue;
        if (reterr != NULL)
            *reterr = pool->slots[i].error;
        return pool->slots[i].opened;
    }
    if (failed == 0)
        return LEAT_OK;
    leat_status status = leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "no thread for slot %u of %u: %s",
                                        pool->count + 1, count, strerror(failed));
    leat_error_fix(reterr, "raise the limit of threads (ulimit -u, TasksMax=) or of memory, or lower concurrency");
    return status;
}

static void close_pool(void *self)
{
    struct pool *pool = self;
    for (uint32_t i = 0; i < pool->count; i++)
        sem_post(&pool->slots[i].handed);
    for (uint32_t i = 0; i < pool->count; i++) {
        pthread_join(pool->slots[i].thread, NULL);
        sem_destroy(&pool->slots[i].handed);
    }
    pthread_cond_destroy(&pool->opened);
    pthread_mutex_destroy(&pool->lock);
    leat_free(pool->waiting);
    leat_free(pool->slots);
}

static leat_status open_pool(void *self, struct leat_slot *const *slots, uint32_t count, struct leat_error *reterr)
{
    struct pool *pool = self;
    pool->slots = leat_alloc(count * sizeof(*pool->slots));
    pool->waiting = leat_alloc((count + WAITING_MAX) * sizeof(struct leat_run *));
    if (pool->slots == NULL || pool->waiting == NULL) {
        leat_free(pool->waiting);
        leat_free(pool->slots);
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->opened, NULL);
    leat_status status = open_slots(pool, slots, count, reterr);
    if (!leat_is_ok(status))
        close_pool(pool);
    return status;
}

/* --- runs ---------------------------------------------------------------------------------------------- */

static uint32_t free_slots(void *self)
{
    struct pool *pool = self;
    return atomic_load(&pool->idle_count);
}

static uint32_t waiting(void *self)
{
    struct pool *pool = self;
    return atomic_load(&pool->waiting_count);
}

static void start(void *self, struct leat_run *run)
{
    struct pool *pool = self;
    pthread_mutex_lock(&pool->lock);
    pool->waiting[atomic_fetch_add(&pool->waiting_count, 1)] = run;
    pthread_mutex_unlock(&pool->lock);
}

/* A slot with its run; NULL: none is idle, or none waits. */
static struct pool_slot *match(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct pool_slot *slot = pool->idle;
    struct leat_run *run = slot != NULL ? take_waiting(pool, 0) : NULL;
    if (run != NULL) {
        pool->idle = slot->next;
        slot->run = run;
        atomic_fetch_sub(&pool->idle_count, 1);
    }
    pthread_mutex_unlock(&pool->lock);
    return run != NULL ? slot : NULL;
}

static void flush(void *self, uint32_t slots)
{
    struct pool_slot *slot;
    while (slots-- > 0 && (slot = match(self)) != NULL)
        sem_post(&slot->handed);
}

static bool recall(void *self, struct leat_run *run)
{
    struct pool *pool = self;
    pthread_mutex_lock(&pool->lock);
    uint32_t count = atomic_load(&pool->waiting_count), index = 0;
    while (index < count && pool->waiting[index] != run)
        index++;
    bool found = take_waiting(pool, index) != NULL;
    pthread_mutex_unlock(&pool->lock);
    return found;
}

/* With the lock; NULL: no slot has it. */
static struct pool_slot *slot_of(struct pool *pool, const struct leat_run *run)
{
    for (uint32_t i = 0; i < pool->count; i++)
        if (pool->slots[i].run == run)
            return &pool->slots[i];
    return NULL;
}

/* The handler may return meanwhile, but its slot takes no other run, which would be the one that is told: it is idle
 * then, and the loop, which hears of the end, wakes it. */
static void cancel(void *self, struct leat_run *run)
{
    struct pool *pool = self;
    pthread_mutex_lock(&pool->lock);
    struct pool_slot *slot = slot_of(pool, run);
    if (slot != NULL)
        slot->held = true;
    pthread_mutex_unlock(&pool->lock);
    if (slot == NULL)
        return;
    leat_run_cancel(run, slot->slot);
    pthread_mutex_lock(&pool->lock);
    slot->held = false;
    pthread_mutex_unlock(&pool->lock);
}

const struct leat_executor_ops leat_executor_pool = {
    .name = "pool",
    .state_size = sizeof(struct pool),
    .open = open_pool,
    .free_slots = free_slots,
    .start = start,
    .waiting_max = WAITING_MAX,
    .flush = flush,
    .waiting = waiting,
    .recall = recall,
    .cancel = cancel,
    .close = close_pool,
    .enforces = true,
};
