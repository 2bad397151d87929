/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <leat/alloc.h>

/* What a delivery keeps of its document, and of its end until those before it are told. */
struct origin {
    struct origin *next;
    struct leat_document document;
    struct leat_delivery *delivery;
    const struct leat_settlement *settlements;
    size_t count;
    bool settled;
};

/* A document or a file that cannot be read. */
struct fault {
    struct leat_document document;
    leat_status status;
    struct leat_error error;
};

struct file_source {
    struct leat_source *source;
    struct leat_file_options options;
    uint32_t round;               /* of options.repeat */
    uint64_t documents;           /* delivered so far: the number a made-up request id carries */
    struct origin *first, **last; /* delivered and not told, in order */
    uint32_t under_way;
    struct fault fault; /* what reading met behind them */
    bool has_fault;     /* it must be told first: nothing more is read */
    bool ended, stopped;
};

static leat_status init_file(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct file_source *file = self;
    (void)loop;
    (void)reterr;
    file->source = source;
    file->options = *(const struct leat_file_options *)options;
    file->last = &file->first;
    return LEAT_OK;
}

static leat_status start_file(void *self, struct leat_error *reterr)
{
    (void)self;
    (void)reterr;
    leat_source_state(((struct file_source *)self)->source, LEAT_CONSUMING, NULL);
    return LEAT_OK;
}

/* Request ids of replay are made of the document's number, so that two runs of the same files agree. */
static struct leat_invocation invocation_of(struct file_source *file, struct leat_arena *arena)
{
    struct leat_invocation invocation = file->options.invocation;
    if (invocation.request_id.ptr == NULL)
        invocation.request_id =
            leat_arena_printf(arena, "00000000-0000-4000-8000-%012llx", (unsigned long long)file->documents);
    if (file->options.time_ms > 0)
        invocation.deadline_ms = leat_clock_wall_ms(&leat_clock_system) + file->options.time_ms;
    return invocation;
}

static leat_status deliver(struct file_source *file, const struct leat_document *document)
{
    struct leat_delivery *delivery = leat_delivery_new(file->source);
    if (delivery == NULL)
        return LEAT_STATUS(NO_MEMORY);
    struct leat_arena *arena = leat_delivery_arena(delivery);
    struct origin *origin = LEAT_NEW(arena, struct origin);
    leat_str text = leat_arena_copy(arena, document->text);
    file->documents++;
    delivery->invocation = invocation_of(file, arena);
    if (arena->overflow) {
        leat_status status = leat_arena_status(arena);
        leat_delivery_drop(delivery);
        return status;
    }
    origin->document = *document;
    origin->document.text = text;
    origin->delivery = delivery;
    delivery->token = origin;
    *file->last = origin;
    file->last = &origin->next;
    file->under_way++;
    (void)leat_delivery_text(delivery, text, file->options.as); /* a failure is settled like any other end */
    leat_deliver(delivery);
    return LEAT_OK;
}

/* A document that there is no room for; the next one may be smaller. */
static void note_no_room(struct fault *fault)
{
    struct leat_document *document = &fault->document;
    if (fault->status.code == LEAT_E_TOO_BIG)
        document->fault = (struct leat_json_fault){.status = fault->status,
                                                   .offset = (size_t)document->offset,
                                                   .what = "the document takes more memory than the limit allows"};
    else
        (void)leat_error_set(&fault->error, fault->status, "%s: out of memory", document->file);
}

static bool next_round(struct file_source *file)
{
    uint32_t rounds = file->options.repeat > 0 ? file->options.repeat : 1;
    return ++file->round < rounds && leat_reader_rewind(file->options.reader);
}

/* Nothing more is under way or will be. */
static void stop_if_over(struct file_source *file)
{
    if (!file->ended || file->stopped || file->under_way > 0 || file->has_fault)
        return;
    file->stopped = true;
    leat_stopped(file->source);
}

static void tell_fault(struct file_source *file)
{
    const struct leat_file_report *report = &file->options.report;
    file->has_fault = false;
    report->unreadable(report->argument, &file->fault.document, file->fault.status, &file->fault.error);
}

/* Delivers one document (true), or meets a fault, or the end. */
static bool read_one(struct file_source *file)
{
    struct fault *fault = &file->fault;
    fault->error = (struct leat_error){0};
    fault->status = leat_reader_next(file->options.reader, &fault->document, &fault->error);
    if (leat_is_ok(fault->status)) {
        fault->status = deliver(file, &fault->document);
        if (leat_is_ok(fault->status))
            return true;
        note_no_room(fault);
    }
    file->has_fault = fault->status.code != LEAT_E_NOT_FOUND;
    file->ended = !file->has_fault && !next_round(file);
    return false;
}

static void demand_file(void *self, uint32_t units, size_t bytes)
{
    struct file_source *file = self;
    uint32_t limit = file->options.parallel > 0 ? file->options.parallel : 1;
    bool delivered = units == 0 || file->under_way >= limit; /* or need not be */
    (void)bytes;
    while (!delivered && !file->ended && !file->has_fault) {
        delivered = read_one(file);
        if (file->has_fault && file->under_way == 0)
            tell_fault(file);
    }
    stop_if_over(file);
}

static void tell(struct file_source *file, const struct origin *origin)
{
    struct leat_delivery *delivery = origin->delivery;
    struct leat_answer answer;
    leat_delivery_answer(delivery, origin->settlements, origin->count, &file->options.rules, &answer);
    file->options.report.settled(file->options.report.argument, &origin->document, delivery, origin->settlements,
                                 origin->count, &answer);
}

static void settle_file(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                        size_t count)
{
    struct file_source *file = self;
    struct origin *settled = delivery->token;
    settled->settlements = settlements;
    settled->count = count;
    settled->settled = true;
    while (file->first != NULL && file->first->settled) {
        struct origin *origin = file->first;
        file->first = origin->next;
        if (file->first == NULL)
            file->last = &file->first;
        file->under_way--;
        tell(file, origin);
        leat_delivery_settled(origin->delivery, LEAT_OK);
    }
    if (file->has_fault && file->under_way == 0)
        tell_fault(file);
    stop_if_over(file);
}

static void stop_file(void *self)
{
    struct file_source *file = self;
    file->ended = true;
    stop_if_over(file);
}

static void close_file(void *self)
{
    (void)self; /* the reader is the caller's */
}

const struct leat_source_ops leat_source_file = {
    .abi = LEAT_ABI,
    .size = sizeof(leat_source_file),
    .name = "file",
    .state_size = sizeof(struct file_source),
    .caps = {.settle = LEAT_SETTLE_WHOLE, .retry = LEAT_BY_CALLER},
    .init = init_file,
    .start = start_file,
    .demand = demand_file,
    .settle = settle_file,
    .stop = stop_file,
    .close = close_file,
};
