/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <leat/alloc.h>

struct file_source {
    struct leat_source *source;
    struct leat_file_options options;
    uint32_t round;      /* of options.repeat */
    uint64_t documents;  /* delivered so far: the number a made-up request id carries */
    bool busy, stopping; /* one document is under way at a time: their order is the files' */
};

/* What a delivery keeps of its document. */
struct origin {
    struct leat_document document;
};

static leat_status init_file(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct file_source *file = self;
    (void)loop;
    (void)reterr;
    file->source = source;
    file->options = *(const struct leat_file_options *)options;
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
    delivery->token = origin;
    (void)leat_delivery_text(delivery, text, file->options.as); /* a failure is settled like any other end */
    file->busy = true;
    leat_deliver(delivery);
    return LEAT_OK;
}

/* A document that there is no room for; the next one may be smaller. */
static void tell_no_room(const struct file_source *file, struct leat_document *document, leat_status status)
{
    const struct leat_file_report *report = &file->options.report;
    struct leat_error error = {0};
    if (status.code == LEAT_E_TOO_BIG)
        document->fault = (struct leat_json_fault){.status = status,
                                                   .offset = (size_t)document->offset,
                                                   .what = "the document takes more memory than the limit allows"};
    else
        (void)leat_error_set(&error, status, "%s: out of memory", document->file);
    report->unreadable(report->argument, document, status, &error);
}

static bool next_round(struct file_source *file)
{
    uint32_t rounds = file->options.repeat > 0 ? file->options.repeat : 1;
    return ++file->round < rounds && leat_reader_rewind(file->options.reader);
}

/* True: one document was delivered. */
static bool deliver_next(struct file_source *file)
{
    struct leat_document document;
    for (;;) {
        struct leat_error error = {0};
        leat_status status = leat_reader_next(file->options.reader, &document, &error);
        if (leat_is_ok(status)) {
            status = deliver(file, &document);
            if (leat_is_ok(status))
                return true;
            tell_no_room(file, &document, status);
        } else if (status.code != LEAT_E_NOT_FOUND)
            file->options.report.unreadable(file->options.report.argument, &document, status, &error);
        else if (!next_round(file))
            return false;
    }
}

static void demand_file(void *self, uint32_t units, size_t bytes)
{
    struct file_source *file = self;
    (void)bytes;
    if (units == 0 || file->busy || file->stopping)
        return;
    if (!deliver_next(file)) {
        file->stopping = true;
        leat_stopped(file->source);
    }
}

static void settle_file(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                        size_t count)
{
    struct file_source *file = self;
    struct leat_answer answer;
    leat_delivery_answer(delivery, settlements, count, &file->options.rules, &answer);
    const struct origin *origin = delivery->token;
    file->options.report.settled(file->options.report.argument, &origin->document, delivery, settlements, count,
                                 &answer);
    file->busy = false;
    leat_delivery_settled(delivery, LEAT_OK);
    if (file->stopping)
        leat_stopped(file->source);
}

static void stop_file(void *self)
{
    struct file_source *file = self;
    bool was_stopping = file->stopping;
    file->stopping = true;
    if (!file->busy && !was_stopping)
        leat_stopped(file->source);
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
