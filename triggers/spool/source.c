/* SPDX-License-Identifier: Apache-2.0 */
/* The source: what is to be done next, and what is said of it. */
#include "state.h"

#include "put.h"

#include <leat/alloc.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    NAMES_MAX = 32768,    /* known at a time */
    FILES_A_TURN = 64,    /* delivered */
    CHECK_MS = 1000,      /* of other workers that have claims */
    AGAIN_FIRST_MS = 250, /* after trouble, doubled each time */
    AGAIN_MOST_MS = 30000,
};

/* --- small things ------------------------------------------------------------------------------------------ */

struct leat_spool_now leat_spool_now(void)
{
    return (struct leat_spool_now){.ms = leat_clock_us(&leat_clock_system) / 1000,
                                   .wall_ms = leat_clock_wall_ms(&leat_clock_system)};
}

void leat_spool_log(const struct leat_spool *spool, enum leat_log_level level, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    leat_source_log(spool->source, level, LEAT_ABSENT, "spool %.*s: %s", LEAT_ARG(spool->options.path), line);
}

static void tell(struct leat_spool *spool, enum leat_source_state state, const char *why)
{
    if (spool->state == state && strcmp(spool->why, why) == 0)
        return;
    spool->state = state;
    snprintf(spool->why, sizeof(spool->why), "%s", why);
    leat_source_state(spool->source, state, why[0] != '\0' ? why : NULL);
}

/* "2 files wait, the first until 12:03:04" */
static void tell_waiting(struct leat_spool *spool, int64_t due_ms)
{
    struct leat_spool_now now = leat_spool_now();
    time_t due = (time_t)((now.wall_ms + due_ms - now.ms) / 1000);
    struct tm parts;
    char why[sizeof(spool->why)], at[16] = "";
    if (gmtime_r(&due, &parts) == NULL || strftime(at, sizeof(at), "%H:%M:%SZ", &parts) == 0)
        at[0] = '\0';
    size_t count = spool->waiting.later.count;
    snprintf(why, sizeof(why), "%zu%s file%s wait%s to be tried again, the first until %s", count,
             spool->waiting.unseen_ms != 0 ? " and more" : "", count == 1 ? "" : "s", count == 1 ? "s" : "", at);
    tell(spool, LEAT_CONSUMING, why);
}

static bool has_more(const struct leat_spool *spool)
{
    return spool->scan != NULL || spool->waiting.more || spool->waiting.count > 0;
}

void leat_spool_report(struct leat_spool *spool)
{
    int64_t due_ms = leat_spool_waiting_due(&spool->waiting);
    bool looks = spool->scan != NULL && spool->polls; /* which says nothing yet */
    if (spool->troubled || spool->doubt || spool->stopping || looks)
        return;
    if (has_more(spool) || (due_ms != 0 && spool->claims != NULL))
        tell(spool, LEAT_CONSUMING, ""); /* how many wait is said when nothing else goes on: each change is a line */
    else if (due_ms != 0)
        tell_waiting(spool, due_ms);
    else
        tell(spool, LEAT_IDLE, "");
}

/* --- trouble ------------------------------------------------------------------------------------------------- */

void leat_spool_trouble(struct leat_spool *spool, const char *what, int error)
{
    char why[sizeof(spool->why)];
    const char *advice = leat_spool_advice(error);
    if (spool->troubled)
        return;
    spool->troubled = spool->doubt = true;
    spool->again_ms = spool->again_ms == 0 ? AGAIN_FIRST_MS : spool->again_ms * 2;
    if (spool->again_ms > AGAIN_MOST_MS)
        spool->again_ms = AGAIN_MOST_MS;
    leat_timer_set(spool->again, spool->again_ms);
    snprintf(why, sizeof(why), "%s: %s%s%s; it is tried again", what, strerror(error), advice[0] != '\0' ? ": " : "",
             advice);
    tell(spool, LEAT_DISCONNECTED, why);
}

void leat_spool_fine(struct leat_spool *spool)
{
    spool->doubt = false;
    spool->again_ms = 0;
}

static leat_status open_all(struct leat_spool *spool, bool make, struct leat_error *reterr)
{
    unsigned all = (1u << LEAT_SPOOL_FOLDERS) - 1;
    unsigned which = spool->options.keep_done ? all : all & ~(1u << LEAT_SPOOL_DONE);
    leat_spool_notice_close(spool);
    leat_spool_folders_close(&spool->folders);
    LEAT_TRY(leat_spool_folders_open(&spool->folders, spool->options.path, which, make, reterr));
    LEAT_TRY(leat_spool_join(spool, reterr));
    if (!spool->stopping)
        leat_spool_notice_open(spool);
    return LEAT_OK;
}

static bool is_there(const struct leat_spool *spool)
{
    struct stat own;
    return spool->own >= 0 && leat_spool_folders_there(&spool->folders, spool->options.path) &&
           fstat(spool->own, &own) == 0 && own.st_nlink > 0;
}

static void on_again(void *argument)
{
    struct leat_spool *spool = argument;
    struct leat_error error = {0};
    spool->troubled = false;
    leat_spool_scan_end(spool);
    if (!is_there(spool) && !leat_is_ok(open_all(spool, false, &error))) {
        leat_spool_trouble(spool, "its folders cannot be opened", errno);
        return;
    }
    if (leat_spool_claims_retry(spool))
        leat_spool_rescan(spool);
}

/* --- the turn ---------------------------------------------------------------------------------------------------- */

static bool has_credit(const struct leat_spool *spool)
{
    return spool->units > 0 && spool->bytes > 0;
}

static void take_some(struct leat_spool *spool)
{
    int64_t now_ms = leat_spool_now().ms;
    for (int files = 0; files < FILES_A_TURN && has_credit(spool) && !spool->troubled; files++) {
        struct leat_spool_entry *entry = leat_spool_waiting_take(&spool->waiting, now_ms);
        if (entry == NULL)
            break;
        if (leat_spool_take(spool, entry))
            leat_free(entry);
        else
            leat_spool_waiting_give_back(&spool->waiting, entry, now_ms);
        if (!spool->troubled)
            leat_spool_fine(spool);
    }
    if (spool->waiting.more && spool->waiting.count == 0 && has_credit(spool) && !spool->troubled)
        leat_spool_rescan(spool);
}

static void on_turn(void *argument)
{
    struct leat_spool *spool = argument;
    if (spool->troubled || spool->stopping)
        return;
    if (spool->scan != NULL)
        leat_spool_scan_on(spool);
    if (spool->scan == NULL && !spool->troubled)
        take_some(spool);
    leat_spool_go_on(spool);
}

void leat_spool_go_on(struct leat_spool *spool)
{
    int64_t due_ms = leat_spool_waiting_due(&spool->waiting);
    if (spool->troubled || spool->stopping)
        return;
    if (spool->scan != NULL || (has_credit(spool) && has_more(spool)))
        leat_timer_set(spool->turn, 0);
    else if (due_ms != 0 && has_credit(spool))
        leat_timer_set(spool->turn, due_ms - leat_spool_now().ms);
    leat_spool_report(spool);
}

void leat_spool_check(struct leat_spool *spool)
{
    if (spool->checking || spool->stopping)
        return;
    spool->checking = true;
    leat_timer_set(spool->check, CHECK_MS);
}

static void on_check(void *argument)
{
    struct leat_spool *spool = argument;
    spool->checking = false;
    if (leat_spool_take_over(spool)) /* what comes back is noticed like any new file */
        leat_spool_check(spool);
}

static void on_poll(void *argument)
{
    struct leat_spool *spool = argument;
    if (!spool->polls || spool->stopping)
        return;
    if (spool->scan == NULL)
        leat_spool_rescan(spool);
    leat_timer_set(spool->poll, CHECK_MS);
}

/* --- the contract --------------------------------------------------------------------------------------------------
 */

static leat_status init_spool(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                              struct leat_error *reterr)
{
    struct leat_spool *spool = self;
    spool->source = source;
    spool->loop = loop;
    spool->options = *(const struct leat_spool_options *)options;
    spool->own = spool->notice = -1;
    leat_spool_folders_init(&spool->folders);
    spool->turn = leat_loop_timer(loop, on_turn, spool);
    spool->check = leat_loop_timer(loop, on_check, spool);
    spool->again = leat_loop_timer(loop, on_again, spool);
    spool->poll = leat_loop_timer(loop, on_poll, spool);
    bool made = leat_spool_waiting_init(&spool->waiting, NAMES_MAX);
    if (!made || spool->turn == NULL || spool->check == NULL || spool->again == NULL || spool->poll == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return LEAT_OK;
}

static leat_status start_spool(void *self, struct leat_error *reterr)
{
    struct leat_spool *spool = self;
    LEAT_TRY(open_all(spool, true, reterr));
    leat_spool_rescan(spool);
    return LEAT_OK;
}

static void demand_spool(void *self, uint32_t units, size_t bytes)
{
    struct leat_spool *spool = self;
    spool->units = units;
    spool->bytes = bytes;
    leat_spool_go_on(spool);
}

/* However often it is settled. The engine may have tried it several times in place. */
static void set_retry(struct leat_spool_name *as, const struct leat_unit *unit, int64_t delay_ms)
{
    as->tries = unit->attempts + unit->tries;
    as->delay_ms = delay_ms;
    as->due_ms = leat_clock_wall_ms(&leat_clock_system) + as->delay_ms;
}

static void settle_spool(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                         size_t count)
{
    struct leat_spool *spool = self;
    struct leat_spool_claim *claim = settlements->unit->token;
    enum leat_spool_end end = LEAT_SPOOL_GIVEN_BACK;
    bool good = settlements->outcome == LEAT_OUTCOME_OK;
    (void)delivery;
    (void)count; /* a file is one unit */
    claim->unit = settlements->unit;
    switch (settlements->verdict) {
    case LEAT_ACK:
        end = !good ? LEAT_SPOOL_REJECTED : spool->options.keep_done ? LEAT_SPOOL_KEPT : LEAT_SPOOL_REMOVED;
        break;
    case LEAT_FAIL: end = LEAT_SPOOL_REJECTED; break;
    case LEAT_RETRY: set_retry(&claim->as, settlements->unit, settlements->delay_ms); break;
    case LEAT_RELEASE: break;
    }
    leat_spool_claim_end(spool, claim, end);
}

static void stop_spool(void *self)
{
    struct leat_spool *spool = self;
    spool->stopping = true;
    leat_spool_scan_end(spool);
    leat_spool_notice_close(spool);
    leat_timer_clear(spool->turn);
    leat_timer_clear(spool->check);
    leat_timer_clear(spool->poll);
    leat_stopped(spool->source);
}

static void close_spool(void *self)
{
    struct leat_spool *spool = self;
    leat_spool_scan_end(spool);
    leat_spool_notice_close(spool);
    leat_spool_leave(spool);
    leat_spool_claims_free(spool);
    leat_spool_folders_close(&spool->folders);
    leat_spool_waiting_fini(&spool->waiting);
    struct leat_timer **timers[] = {&spool->turn, &spool->check, &spool->again, &spool->poll};
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        leat_timer_free(*timers[i]);
        *timers[i] = NULL;
    }
}

static const struct leat_option options[] = {
    {"path", LEAT_OPTION_PATH, false, offsetof(struct leat_spool_options, path), NULL, "!",
     "the folder; made if its parent is there"},
    {"keep_done", LEAT_OPTION_FLAG, false, offsetof(struct leat_spool_options, keep_done), "false", NULL,
     "files that succeeded go to done/ instead of being removed"},
    {.key = NULL},
};

const struct leat_source_ops leat_source_spool = {
    .abi = LEAT_ABI,
    .size = sizeof(leat_source_spool),
    .name = "spool",
    .state_size = sizeof(struct leat_spool),
    .caps = {.settle = LEAT_SETTLE_EACH, .retry = LEAT_BY_SOURCE, .counts = true, .keyed = true},
    .options = options,
    .options_size = sizeof(struct leat_spool_options),
    .init = init_spool,
    .start = start_spool,
    .demand = demand_spool,
    .settle = settle_spool,
    .stop = stop_spool,
    .close = close_spool,
    .put = leat_spool_put,
};
