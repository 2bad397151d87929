/* SPDX-License-Identifier: Apache-2.0 */
/* A spool in a temporary folder, and a worker on it that runs until something is so. */
#ifndef LEAT_TEST_SPOOLING_H
#define LEAT_TEST_SPOOLING_H

#include "fakes.h"

#include <engine/internal.h>
#include <spool/put.h>
#include <spool/state.h>

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPOOL_SEEN_MAX = 8192, TICK_MS = 2, TICKS_MAX = 15000 };

static char spool_path[64];
static struct leat_spool_options spool_options;
static struct leat_engine_options spool_engine; /* what a test wants otherwise */

/* What the handler saw: ids of events, in order. */
static char spool_seen[SPOOL_SEEN_MAX][24];
static size_t spool_seen_count;
static void (*spool_on_event)(void); /* inside of the handler */

#define PAYLOAD(id, outcome) "{\"fake\":[{\"id\":\"" id "\",\"outcomes\":[\"" outcome "\"]}]}"

static inline leat_outcome spool_handle(leat_context *ctx, const leat_event *event, void *state)
{
    leat_str said = leat_event_data(event), id = leat_event_id(event);
    (void)state;
    snprintf(spool_seen[spool_seen_count++ % SPOOL_SEEN_MAX], sizeof(spool_seen[0]), "%.*s", (int)id.len - 2, id.ptr);
    if (spool_on_event != NULL)
        spool_on_event();
    if (leat_str_is(said, "later"))
        return leat_retry_after(ctx, "as told", 60000);
    if (leat_str_is(said, "soon"))
        return leat_retry_after(ctx, "as told", 30);
    return leat_str_is(said, "reject") ? leat_reject(ctx, "as told") : leat_ok(ctx);
}

static const struct leat_handler spool_handler = {
    .abi = LEAT_ABI, .size = sizeof(spool_handler), .name = "spool", .handle = spool_handle};

/* --- files ------------------------------------------------------------------------------------------------------ */

static inline const char *in_spool(const char *name)
{
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/q/%s", spool_path, name);
    return path;
}

static inline void make_folders(void)
{
    static const char *const names[] = {"", "tmp", "new", "cur", "failed", "done"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cr_assert(mkdir(in_spool(names[i]), 0700) == 0);
}

static inline void spool_init(void)
{
    static char root[80];
    snprintf(spool_path, sizeof(spool_path), "%s", "/tmp/leat-spool-XXXXXX");
    cr_assert_not_null(mkdtemp(spool_path));
    snprintf(root, sizeof(root), "%s/q", spool_path);
    spool_options = (struct leat_spool_options){.path = leat_str_c(root)};
    spool_engine =
        (struct leat_engine_options){.adapters = fake_adapters, .reserve_ms = -1, .outcome_level = LEAT_TRACE};
    make_folders();
}

static inline int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

static inline void spool_fini(void)
{
    nftw(spool_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    cr_assert(fclose(file) == 0);
}

/* As a producer does. */
static inline void drop(const char *name, const char *text)
{
    char as[512];
    write_file(in_spool("tmp/dropped"), text);
    snprintf(as, sizeof(as), "new/%s", name);
    cr_assert(rename(in_spool("tmp/dropped"), in_spool(as)) == 0, "%s", name);
}

static inline bool is_file(const char *name)
{
    struct stat info;
    return lstat(in_spool(name), &info) == 0;
}

/* How many; `retlast` (may be NULL): the name of one. */
static inline size_t count_in(const char *folder, char *retlast)
{
    DIR *list = opendir(in_spool(folder));
    size_t count = 0;
    for (const struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (retlast != NULL)
            snprintf(retlast, LEAT_SPOOL_NAME_SIZE, "%s", entry->d_name);
    }
    if (list != NULL)
        closedir(list);
    return count;
}

/* --- a worker ------------------------------------------------------------------------------------------------------
 */

struct worker {
    struct leat_engine *engine;
    const struct leat_spool *spool;
    struct leat_timer *timer;
    bool (*until)(struct worker *worker);
    unsigned ticks;
    bool met;
    int step;   /* the test's */
    bool quiet; /* it is not asked again */
};

static inline void on_tick(void *argument)
{
    struct worker *worker = argument;
    worker->met = worker->until(worker);
    if (worker->met || ++worker->ticks > TICKS_MAX)
        leat_engine_stop(worker->engine);
    else if (!worker->quiet)
        leat_timer_set(worker->timer, TICK_MS);
}

/* Until `until` says so, which is asked every few milliseconds. False: it never did. */
static inline bool work_until(bool (*until)(struct worker *worker))
{
    struct worker worker = {.until = until, .engine = leat_engine_new(&spool_engine)};
    struct leat_error error = {0};
    cr_assert(leat_is_ok(leat_engine_add_handler(worker.engine, LEAT_ABSENT, &spool_handler, NULL)));
    leat_status status = leat_engine_add_source(worker.engine, &leat_source_spool, &spool_options, NULL, &error);
    if (leat_is_ok(status))
        status = leat_engine_start(worker.engine, &error);
    cr_assert(leat_is_ok(status), "%s", error.message);
    worker.spool = worker.engine->sources->self;
    worker.timer = leat_loop_timer(leat_engine_loop(worker.engine), on_tick, &worker);
    leat_timer_set(worker.timer, 0);
    cr_assert(leat_is_ok(leat_engine_run(worker.engine, &error)), "%s", error.message);
    leat_timer_free(worker.timer);
    leat_engine_free(worker.engine);
    return worker.met;
}

static inline bool is_idle(struct worker *worker)
{
    return worker->spool->state == LEAT_IDLE && worker->engine->sources->in_flight == 0;
}

/* Nothing is to be done but to wait for a time. */
static inline bool is_waiting(struct worker *worker)
{
    return worker->spool->state == LEAT_CONSUMING && worker->spool->why[0] != '\0' &&
           worker->engine->sources->in_flight == 0;
}

#endif
