/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: an engine with the subject's source, on a thread or in a process of its own. */
#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the engine --------------------------------------------------------------------------------------- */

static void note_state(enum leat_source_state state)
{
    conformance_lock();
    bool repeated = noted->state_count > 0 && noted->states[noted->state_count - 1] == state;
    if (!repeated && noted->state_count < STATES_MAX)
        noted->states[noted->state_count++] = state;
    conformance_unlock();
}

static void changed(void *argument)
{
    struct leat_source_status status;
    if (leat_engine_source_status(((struct worker *)argument)->engine, 0, &status))
        note_state(status.state);
}

static void take_defaults(const struct conformance_subject *subject, struct leat_source_settings *settings)
{
    if (settings->ordering == LEAT_ORDER_USUAL)
        settings->ordering = subject->ordering;
    if (settings->backoff_base_ms == 0)
        settings->backoff_base_ms = 5;
    if (settings->backoff_max_ms == 0)
        settings->backoff_max_ms = 40;
    if (settings->name.ptr == NULL)
        settings->name = LEAT_STR("subject");
}

static leat_status add_source(struct worker *worker, struct leat_error *reterr)
{
    const struct conformance_subject *subject = worker->suite->subject;
    struct leat_source_settings *settings = &worker->setup.source;
    take_defaults(subject, settings);
    if (worker->setup.filter != NULL) {
        struct leat_filter *filter = leat_filter_new(&worker->arena, NULL);
        if (filter == NULL)
            return LEAT_STATUS(NO_MEMORY);
        LEAT_TRY(leat_filter_add(filter, leat_str_c(worker->setup.filter), reterr));
        settings->filter = filter;
    }
    return leat_engine_add_source(worker->engine, spied_ops(), subject->options(worker->suite->queue), settings,
                                  reterr);
}

static leat_status make(struct worker *worker, struct leat_error *reterr)
{
    const struct setup *setup = &worker->setup;
    const struct leat_engine_options options = {
        .adapters = worker->suite->adapters,
        .executor = setup->here ? &leat_executor_inline : &leat_executor_pool,
        .slots = setup->here        ? 1
                 : setup->slots > 0 ? setup->slots
                                    : 4,
        .reserve_ms = -1,
        .logger = &worker->logger,
        .outcome_level = LEAT_TRACE,
        .dead_letter = setup->no_sink ? LEAT_ABSENT : LEAT_STR("dead"),
        .seed = worker->suite->seed,
        .changed = changed,
        .changed_argument = worker,
    };
    leat_logger_init(&worker->logger);
    worker->logger.level = getenv("LEAT_VERBOSE") != NULL ? LEAT_DEBUG : LEAT_OFF;
    leat_arena_init(&worker->arena, 0);
    worker->engine = leat_engine_new(&options);
    if (worker->engine == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(leat_engine_add_handler(worker->engine, LEAT_ABSENT,
                                     setup->batches ? &suite_batch_handler : &suite_handler, reterr));
    if (!setup->no_sink)
        LEAT_TRY(leat_engine_add_sink(worker->engine, LEAT_STR("dead"), &suite_sink, NULL, reterr));
    LEAT_TRY(add_source(worker, reterr));
    return leat_engine_start(worker->engine, reterr);
}

static void set(bool *flag)
{
    conformance_lock();
    *flag = true;
    conformance_unlock();
}

static bool get(const bool *flag)
{
    conformance_lock();
    bool value = *flag;
    conformance_unlock();
    return value;
}

static bool wait_flag(const bool *flag, const bool *other, int64_t limit_ms)
{
    int64_t until_ms = conformance_now_ms() + limit_ms;
    while (!get(flag) && (other == NULL || !get(other)) && conformance_now_ms() < until_ms)
        (void)poll(NULL, 0, 1);
    return get(flag);
}

/* All of a worker's life. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    struct leat_error error = {0};
    own_worker = worker;
    worker->status = make(worker, &error);
    if (leat_is_ok(worker->status)) {
        set(&worker->up);
        worker->status = leat_engine_run(worker->engine, &error);
        (void)leat_engine_source_status(worker->engine, 0, &worker->last);
    }
    snprintf(worker->error, sizeof(worker->error), "%s", error.message);
    set(&worker->over);
    (void)wait_flag(&worker->may_free, NULL, 3 * WAIT_MS);
    leat_engine_free(worker->engine);
    leat_logger_fini(&worker->logger);
    leat_arena_fini(&worker->arena);
    return NULL;
}

/* --- on a thread -------------------------------------------------------------------------------------- */

bool worker_start(struct suite *suite, struct worker *worker, const struct setup *setup)
{
    *worker = (struct worker){.suite = suite, .setup = *setup};
    if (pthread_create(&worker->thread, NULL, work, worker) != 0)
        abort();
    worker->threaded = true;
    return wait_flag(&worker->up, &worker->over, WAIT_MS);
}

struct call {
    struct worker *worker;
    void (*function)(struct call *call);
    int64_t limit_ms;
    struct leat_source_status status;
    bool idle, done;
};

static void do_call(void *argument)
{
    struct call *call = argument;
    call->function(call);
    set(&call->done);
}

/* On the worker's loop, and waits for it. False: the worker is over, or does not turn. */
static bool call_there(struct call *call)
{
    struct worker *worker = call->worker;
    if (!get(&worker->up) || get(&worker->over))
        return false;
    if (!leat_loop_post(leat_engine_loop(worker->engine), do_call, call))
        abort();
    bool done = wait_flag(&call->done, &worker->over, 3 * WAIT_MS);
    if (!done && !get(&worker->over))
        abort(); /* the loop hangs, and has a pointer to our stack */
    return done;
}

static void stop_there(struct call *call)
{
    leat_engine_stop(call->worker->engine);
}

static void drain_there(struct call *call)
{
    leat_engine_drain(call->worker->engine, call->limit_ms);
}

static void status_there(struct call *call)
{
    (void)leat_engine_source_status(call->worker->engine, 0, &call->status);
    call->idle = leat_engine_is_idle(call->worker->engine);
}

void worker_stop(struct worker *worker)
{
    struct call call = {.worker = worker, .function = stop_there};
    (void)call_there(&call);
}

void worker_drain(struct worker *worker, int64_t limit_ms)
{
    struct call call = {.worker = worker, .function = drain_there, .limit_ms = limit_ms};
    (void)call_there(&call);
}

struct leat_source_status worker_status(struct worker *worker)
{
    struct call call = {.worker = worker, .function = status_there};
    return call_there(&call) ? call.status : worker->last;
}

bool worker_is_idle(struct worker *worker)
{
    struct call call = {.worker = worker, .function = status_there};
    return call_there(&call) && call.idle;
}

/* A worker that does not end keeps its thread: there is no other way out than to end the program. */
bool worker_join(struct worker *worker)
{
    if (!wait_flag(&worker->over, NULL, WAIT_MS)) {
        open_gate();
        if (!wait_flag(&worker->over, NULL, WAIT_MS)) {
            printf("# %s\nBail out! a worker does not end\n", noted->wrong);
            fflush(stdout);
            _exit(1);
        }
        conformance_wrong("the worker did not end");
    }
    set(&worker->may_free);
    worker->threaded = false;
    return pthread_join(worker->thread, NULL) == 0 && leat_is_ok(worker->status);
}

bool worker_end(struct worker *worker)
{
    worker_stop(worker);
    return worker_join(worker);
}

/* --- in a process ------------------------------------------------------------------------------------- */

void worker_fork(struct suite *suite, struct worker *worker, const struct setup *setup)
{
    *worker = (struct worker){.suite = suite, .setup = *setup};
    fflush(stdout);
    worker->process = fork();
    if (worker->process < 0)
        abort();
    if (worker->process > 0)
        return;
    (void)work(worker);
    _exit(0);
}

/* Not while it holds the lock: what lies in shared memory must be whole, as in a server. */
void worker_kill(struct worker *worker)
{
    conformance_lock();
    (void)kill(worker->process, SIGKILL);
    (void)waitpid(worker->process, NULL, 0);
    worker->process = 0;
    noted->running = 0;
    conformance_unlock();
}

void worker_clear(struct worker *worker)
{
    open_gate();
    conformance_lock();
    noted->letters_wait = false;
    conformance_unlock();
    if (worker->threaded) {
        worker_stop(worker);
        (void)worker_join(worker);
    }
    if (worker->process > 0)
        worker_kill(worker);
}
