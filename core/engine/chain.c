/* SPDX-License-Identifier: Apache-2.0 */
/* The chain around a run: before-steps in order, any of which may finish later; after-steps in reverse. */
#include <engine/internal.h>

/* Lists in run->list the works that are undecided. */
static size_t list_undecided(struct leat_run *run)
{
    size_t count = 0;
    for (uint32_t i = 0; i < run->count; i++)
        if (!run->work[i].decided)
            run->list[count++] = &run->work[i];
    return count;
}

/* Takes the answers of one before-step; counts those still to come. */
static void take_steps(struct leat_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        struct leat_work *work = &run->work[i];
        if (work->decided)
            continue;
        work->decided = work->step == LEAT_DECIDED;
        run->pending += work->step == LEAT_PENDING ? 1 : 0;
    }
}

static void call_before(struct leat_run *run, const struct leat_link *link)
{
    size_t count = list_undecided(run);
    if (count == 0 || link->ops->before == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        run->list[i]->step = LEAT_NEXT;
    link->ops->before(link->self, run->list, count);
    take_steps(run);
}

static bool all_decided(const struct leat_run *run)
{
    for (uint32_t i = 0; i < run->count; i++)
        if (!run->work[i].decided)
            return false;
    return true;
}

static void start_handler(struct leat_run *run)
{
    struct leat_engine *engine = run->engine;
    if (run->bound != NULL)
        engine->reserved--; /* from here on the executor counts it */
    if (all_decided(run)) {
        leat_run_done(run);
        return;
    }
    run->phase = LEAT_RUN_RUNNING;
    leat_deadline_start(run);
    engine->options.executor->start(engine->executor, run);
    leat_ahead_started(run);
}

/* From run->link on; a pending step stops here and leat_resume goes on. */
void leat_chain_before(struct leat_run *run)
{
    while (run->link != NULL && run->pending == 0) {
        const struct leat_link *link = run->link;
        run->link = link->next;
        call_before(run, link);
    }
    if (run->pending == 0)
        start_handler(run);
}

void leat_resume(struct leat_work *work, enum leat_step step)
{
    struct leat_run *run = work->run;
    work->step = step;
    work->decided = step == LEAT_DECIDED;
    if (--run->pending == 0)
        leat_chain_before(run);
}

/* Its handler still runs: in a stand-in for a lost run, which has no handler, all else is decided. */
static bool is_under_way(const struct leat_work *work)
{
    return !work->decided && work->run->bound == NULL;
}

/* Abandoned works go to `abandon`; where a link has none, a timeout is an outcome for `after` like any other. */
static void call_after(struct leat_run *run, const struct leat_link *link)
{
    size_t count = 0;
    for (uint32_t i = 0; i < run->count; i++) {
        struct leat_work *work = &run->work[i];
        bool abandoned = work->unit->lost || is_under_way(work);
        if (abandoned && link->ops->abandon != NULL)
            link->ops->abandon(link->self, work);
        else if (!work->unit->lost)
            run->list[count++] = work;
    }
    if (link->ops->after != NULL && count > 0)
        link->ops->after(link->self, run->list, count);
}

void leat_chain_after(struct leat_run *run)
{
    run->phase = LEAT_RUN_AFTER;
    for (struct leat_link *link = run->engine->last_link; link != NULL; link = link->previous)
        call_after(run, link);
    leat_dispatch_results(run);
}
