/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module for functions: a source "sqs" that may not start there, and a sink "held" that appends each letter to the
 * file `path` and answers at once; with `gate`, a FIFO, when a byte comes out of it: "y" it is durable, else it is not.
 */
#define _GNU_SOURCE
#include <leat/module.h>

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the source ------------------------------------------------------------------------------------------- */

struct queue {
    leat_str queue, arn;
};

static const struct leat_option queue_options[] = {
    {.key = "arn", .type = LEAT_OPTION_TEXT, .offset = offsetof(struct queue, arn), .help = "the queue's ARN"},
    {.key = "queue",
     .type = LEAT_OPTION_TEXT,
     .offset = offsetof(struct queue, queue),
     .choices = "!",
     .help = "name, URL or ARN"},
    {.key = NULL}};

static leat_status init(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                        struct leat_error *reterr)
{
    (void)self, (void)source, (void)loop, (void)options, (void)reterr;
    abort();
}

static leat_status start(void *self, struct leat_error *reterr)
{
    (void)self, (void)reterr;
    abort();
}

static void demand(void *self, uint32_t units, size_t bytes)
{
    (void)self, (void)units, (void)bytes;
}

static void settle(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements, size_t count)
{
    (void)self, (void)delivery, (void)settlements, (void)count;
}

static void stop(void *self)
{
    (void)self;
}

static const struct leat_source_ops source = {.abi = LEAT_ABI,
                                              .size = sizeof(struct leat_source_ops),
                                              .name = "sqs",
                                              .caps = {.retry = LEAT_BY_SOURCE},
                                              .options = queue_options,
                                              .options_size = sizeof(struct queue),
                                              .init = init,
                                              .start = start,
                                              .demand = demand,
                                              .settle = settle,
                                              .stop = stop,
                                              .close = stop};

/* --- the sink --------------------------------------------------------------------------------------------- */

#define WAITING_MAX 16

struct told {
    leat_str path, gate;
};

struct waiting {
    void (*durable)(void *argument, size_t index, leat_status status);
    void *argument;
    size_t index;
};

struct held {
    const struct told *told;
    struct leat_loop *loop;
    struct leat_watch *watch;
    int file, gate;
    struct waiting waiting[WAITING_MAX];
    size_t count;
};

static const struct leat_option sink_options[] = {
    {.key = "gate", .type = LEAT_OPTION_PATH, .offset = offsetof(struct told, gate), .help = "who answers"},
    {.key = "path",
     .type = LEAT_OPTION_PATH,
     .offset = offsetof(struct told, path),
     .choices = "!",
     .help = "the file"},
    {.key = NULL}};

static leat_status sink_init(void *self, struct leat_sink *sink, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct held *held = self;
    (void)sink, (void)reterr;
    *held = (struct held){.told = options, .loop = loop, .file = -1, .gate = -1};
    return LEAT_OK;
}

static void on_gate(void *argument, short what)
{
    struct held *held = argument;
    char byte;
    (void)what;
    if (read(held->gate, &byte, 1) != 1)
        return;
    size_t count = held->count;
    held->count = 0;
    for (size_t i = 0; i < count; i++)
        held->waiting[i].durable(held->waiting[i].argument, held->waiting[i].index,
                                 byte == 'y' ? LEAT_OK : LEAT_STATUS(IO));
}

static int open_path(leat_str path, int flags)
{
    char name[4096];
    snprintf(name, sizeof(name), "%.*s", LEAT_ARG(path));
    return open(name, flags | O_CLOEXEC, 0600);
}

static leat_status sink_start(void *self, struct leat_error *reterr)
{
    struct held *held = self;
    held->file = open_path(held->told->path, O_WRONLY | O_CREAT | O_APPEND);
    if (held->file < 0) {
        snprintf(reterr->message, sizeof(reterr->message), "the ledger is away");
        return reterr->status = LEAT_STATUS(AWAY);
    }
    if (held->told->gate.len == 0)
        return LEAT_OK;
    held->gate = open_path(held->told->gate, O_RDWR | O_NONBLOCK);
    held->watch = held->gate >= 0 ? leat_loop_watch(held->loop, held->gate, LEAT_READABLE, on_gate, held) : NULL;
    return held->watch != NULL ? LEAT_OK : LEAT_STATUS(IO);
}

static void sink_write(void *self, const struct leat_letter *const *letters, size_t count,
                       void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    struct held *held = self;
    for (size_t i = 0; i < count; i++) {
        char *line = NULL;
        int len = asprintf(&line, "%.*s\n", LEAT_ARG(letters[i]->text));
        bool written = len > 0 && write(held->file, line, (size_t)len) == len;
        free(line);
        if (held->gate < 0 || held->count == WAITING_MAX)
            durable(argument, i, written ? LEAT_OK : LEAT_STATUS(IO));
        else
            held->waiting[held->count++] = (struct waiting){durable, argument, i};
    }
}

static void sink_close(void *self)
{
    struct held *held = self;
    leat_watch_free(held->watch);
    held->watch = NULL;
    if (held->file >= 0)
        close(held->file);
    if (held->gate >= 0)
        close(held->gate);
    held->file = held->gate = -1;
}

static const struct leat_sink_ops sink = {.abi = LEAT_ABI,
                                          .size = sizeof(struct leat_sink_ops),
                                          .name = "held",
                                          .state_size = sizeof(struct held),
                                          .options = sink_options,
                                          .options_size = sizeof(struct told),
                                          .init = sink_init,
                                          .start = sink_start,
                                          .write = sink_write,
                                          .close = sink_close};

static const struct leat_source_ops *const sources[] = {&source, NULL};
static const struct leat_sink_ops *const sinks[] = {&sink, NULL};

LEAT_MODULE(bridge, .sources = sources, .sinks = sinks);
