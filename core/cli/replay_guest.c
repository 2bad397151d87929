/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document is an invocation of the function, and its answer is read as the platform reads it: leat_decode_reply.
 * There is no dispatcher: what a function makes of a payload's records is its own affair.
 */
#include "replay_guest.h"

#include "guest_package.h"

#include <engine/loop.h>
#include <lambda/guest.h>

#include <leat/alloc.h>

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define INIT_MS 10000 /* as on Lambda, and no less than an invocation has */

struct replaying {
    const struct leat_replay_guest *options;
    struct leat_guest_package package;
    struct leat_loop *loop;
    struct leat_guest *guest;
    struct leat_document document;
    struct leat_delivery delivery; /* of the document at hand */
    uint32_t round;
    uint64_t documents;
    leat_status status;
    struct leat_error *reterr;

    sigset_t signals, before;
    int signal_fd, interrupted; /* by this signal; 0: not */
    struct leat_watch *signal_watch;
};

/* --- a document -> units ------------------------------------------------------------------------------- */

static struct leat_decoder decoder_of(struct replaying *replaying, struct leat_error *reterr)
{
    const struct leat_replay_guest *options = replaying->options;
    return (struct leat_decoder){.arena = &replaying->delivery.arena,
                                 .adapters = options->adapters,
                                 .max_bytes = options->config->max_payload,
                                 .max_inflated = options->config->max_inflated,
                                 .reterr = reterr};
}

static bool is_kept(const struct replaying *replaying, const struct leat_unit *unit,
                    const struct leat_envelope *envelope)
{
    const struct leat_replay_guest *options = replaying->options;
    return options->keep == NULL || options->keep(options->keep_argument, unit, envelope);
}

/* Its events, or one result without an event for a record that is broken. */
static void make_unit(struct replaying *replaying, struct leat_unit *unit)
{
    struct leat_error error = {0};
    struct leat_decoder decoder = decoder_of(replaying, &error);
    leat_status status = leat_normalise(&decoder, unit->record, &unit->events);
    if (status.code == LEAT_E_BAD_RECORD) {
        unit->events.count = 0;
        unit->result_count = is_kept(replaying, unit, NULL) ? 1 : 0;
    } else {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < unit->events.count; i++)
            if (is_kept(replaying, unit, &unit->events.items[i]))
                unit->events.items[kept++] = unit->events.items[i];
        unit->events.count = unit->result_count = kept;
    }
    unit->results = LEAT_NEW_N(&replaying->delivery.arena, struct leat_result, unit->result_count);
}

static void decode(struct replaying *replaying)
{
    struct leat_delivery *delivery = &replaying->delivery;
    struct leat_decoder decoder = decoder_of(replaying, &delivery->error);
    struct leat_records *records = &delivery->records;
    delivery->decoded = leat_decode(&decoder, replaying->document.text, replaying->options->file->as, records);
    uint32_t count = leat_is_ok(delivery->decoded) ? records->count : 0;
    delivery->units = LEAT_NEW_N(&delivery->arena, struct leat_unit, count);
    delivery->settlements = LEAT_NEW_N(&delivery->arena, struct leat_settlement, count);
    for (uint32_t i = 0; i < count && !delivery->arena.overflow; i++, delivery->unit_count++) {
        struct leat_unit *unit = &delivery->units[i];
        *unit = (struct leat_unit){
            .delivery = delivery, .index = i, .record = &records->items[i], .attempts = records->items[i].attempts};
        delivery->settlements[i].unit = unit;
        make_unit(replaying, unit);
    }
}

static bool has_wanted(const struct leat_delivery *delivery)
{
    for (uint32_t i = 0; i < delivery->unit_count; i++)
        if (delivery->units[i].result_count > 0)
            return true;
    return false;
}

/* --- the answer -> the report ------------------------------------------------------------------------------- */

static void settle_unit(const struct replaying *replaying, const struct leat_settlement *settlement,
                        int64_t duration_us)
{
    for (uint32_t i = 0; i < settlement->unit->result_count; i++)
        settlement->unit->results[i] = (struct leat_result){
            .kind = settlement->outcome,
            .reason = settlement->reason,
            .duration_us = duration_us,
            .handler = replaying->package.name,
            .reply = settlement->reply,
        };
}

static void settle(struct replaying *replaying, const struct leat_guest_result *result)
{
    const struct leat_file_report *report = &replaying->options->file->report;
    struct leat_delivery *delivery = &replaying->delivery;
    struct leat_settlement *settlements = delivery->settlements;
    size_t count = delivery->unit_count;
    leat_status status = leat_decode_reply(&delivery->results, &delivery->records, &result->answer, settlements, count);
    for (size_t i = 0; i < count; i++) {
        if (!leat_is_ok(status)) {
            settlements[i].outcome = LEAT_OUTCOME_RETRY;
            settlements[i].reason = leat_str_c(leat_status_text(status));
        }
        settle_unit(replaying, &settlements[i], result->duration_us);
    }
    report->settled(report->argument, &replaying->document, delivery, settlements, count, &result->answer);
}

/* --- documents ------------------------------------------------------------------------------------------------- */

static void send_next(void *argument);

static void answered(void *argument, const struct leat_guest_result *result)
{
    struct replaying *replaying = argument;
    if (leat_is_ok(result->status)) {
        if (leat_is_ok(replaying->delivery.decoded))
            settle(replaying, result);
        else
            replaying->options->file->report.settled(replaying->options->file->report.argument, &replaying->document,
                                                     &replaying->delivery, NULL, 0, &result->answer);
        send_next(replaying);
        return;
    }
    replaying->status = result->status;
    *replaying->reterr = result->error;
    leat_loop_break(replaying->loop);
}

/* Request ids as without --bootstrap: two runs of the same files agree. */
static void invoke(struct replaying *replaying)
{
    struct leat_arena *arena = &replaying->delivery.arena;
    struct leat_guest_call call = {.payload = replaying->document.text,
                                   .invocation = replaying->options->file->invocation,
                                   .answered = answered,
                                   .argument = replaying};
    if (call.invocation.request_id.ptr == NULL)
        call.invocation.request_id =
            leat_arena_printf(arena, "00000000-0000-4000-8000-%012llx", (unsigned long long)replaying->documents);
    leat_guest_invoke(replaying->guest, &call);
}

static void unreadable(const struct replaying *replaying, leat_status status, const struct leat_error *error)
{
    const struct leat_file_report *report = &replaying->options->file->report;
    report->unreadable(report->argument, &replaying->document, status, error);
}

/* True: the document is to be sent. */
static bool take_document(struct replaying *replaying)
{
    struct leat_delivery *delivery = &replaying->delivery;
    struct leat_error error = {0};
    struct leat_arena arena = delivery->arena, results = delivery->results;
    leat_arena_reset(&arena);
    leat_arena_reset(&results);
    *delivery = (struct leat_delivery){.arena = arena, .results = results};
    replaying->documents++;
    decode(replaying);
    if (delivery->arena.overflow) {
        leat_status status = leat_arena_status(&delivery->arena);
        (void)leat_error_set(&error, status, "%s: %s", replaying->document.file, leat_status_text(status));
        unreadable(replaying, status, &error);
        return false;
    }
    return replaying->options->keep == NULL || has_wanted(delivery);
}

static bool next_round(struct replaying *replaying)
{
    const struct leat_file_options *file = replaying->options->file;
    uint32_t rounds = file->repeat > 0 ? file->repeat : 1;
    return ++replaying->round < rounds && leat_reader_rewind(file->reader);
}

static void send_next(void *argument)
{
    struct replaying *replaying = argument;
    for (;;) {
        struct leat_error error = {0};
        leat_status status = leat_reader_next(replaying->options->file->reader, &replaying->document, &error);
        if (leat_is_ok(status)) {
            if (take_document(replaying)) {
                invoke(replaying);
                return;
            }
        } else if (status.code != LEAT_E_NOT_FOUND) {
            unreadable(replaying, status, &error);
        } else if (!next_round(replaying)) {
            leat_loop_break(replaying->loop);
            return;
        }
    }
}

/* --- signals -------------------------------------------------------------------------------------------------------
 */

static void on_signal(void *argument, short what)
{
    struct replaying *replaying = argument;
    struct signalfd_siginfo info;
    (void)what;
    if (read(replaying->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    replaying->interrupted = (int)info.ssi_signo;
    leat_loop_break(replaying->loop);
}

/* From here on what would end leat waits until all is cleared away. What is ignored stays so. */
static void block_signals(struct replaying *replaying)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT};
    (void)sigemptyset(&replaying->signals);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        struct sigaction action;
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            (void)sigaddset(&replaying->signals, ending[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &replaying->signals, &replaying->before);
}

static bool watch_signals(struct replaying *replaying)
{
    replaying->signal_fd = signalfd(-1, &replaying->signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (replaying->signal_fd >= 0)
        replaying->signal_watch =
            leat_loop_watch(replaying->loop, replaying->signal_fd, LEAT_READABLE, on_signal, replaying);
    return replaying->signal_watch != NULL;
}

/* --- all of it -------------------------------------------------------------------------------------------------------
 */

static leat_status run(struct replaying *replaying)
{
    const struct leat_replay_guest *options = replaying->options;
    int64_t time_ms = options->file->time_ms > 0 ? options->file->time_ms : LEAT_GUEST_TIME_MS;
    struct leat_error *reterr = replaying->reterr;
    LEAT_TRY(leat_guest_package_open(options->bootstrap, &replaying->package, reterr));
    struct leat_guest_options guest = {
        .command = replaying->package.command,
        .folder = replaying->package.folder,
        .label = options->bootstrap,
        .name = replaying->package.name,
        .environment = environ,
        .time_ms = time_ms,
        .init_ms = time_ms > INIT_MS ? time_ms : INIT_MS,
    };
    replaying->loop = leat_loop_new();
    if (replaying->loop == NULL || !watch_signals(replaying) || !leat_loop_post(replaying->loop, send_next, replaying))
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(leat_guest_new(replaying->loop, &guest, &replaying->guest, reterr));
    if (!leat_loop_run(replaying->loop))
        return leat_error_set(reterr, LEAT_STATUS(IO), "the event loop failed");
    return replaying->status;
}

static void clear_away(struct replaying *replaying)
{
    leat_guest_free(replaying->guest);
    leat_watch_free(replaying->signal_watch);
    if (replaying->signal_fd >= 0)
        close(replaying->signal_fd);
    leat_loop_free(replaying->loop);
    leat_guest_package_close(&replaying->package);
    leat_arena_fini(&replaying->delivery.arena);
    leat_arena_fini(&replaying->delivery.results);
}

leat_status leat_replay_guest(const struct leat_replay_guest *options, struct leat_error *reterr)
{
    struct replaying replaying = {.options = options, .reterr = reterr, .signal_fd = -1};
    leat_arena_init(&replaying.delivery.arena, options->config->max_memory);
    leat_arena_init(&replaying.delivery.results, options->config->max_memory);
    block_signals(&replaying);
    leat_status status = run(&replaying);
    clear_away(&replaying);
    if (replaying.interrupted != 0) {
        (void)fflush(stdout); /* what has been told stays told */
        (void)raise(replaying.interrupted);
    }
    (void)sigprocmask(SIG_SETMASK, &replaying.before, NULL);
    return status;
}
