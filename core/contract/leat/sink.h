/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink: where dead letters and emitted events go. Asynchronous and answered per letter: the ack of a unit waits for
 * it. Loop thread only, and nothing blocks.
 *
 * The engine allocates `state_size` bytes of state, zeroed, and passes it as `self`. Life:
 * init -> start -> write* -> close -> fini. close comes when no letter waits for its answer, or to cut the wait short.
 */
#ifndef LEAT_SINK_H
#define LEAT_SINK_H

#include <leat/error.h>
#include <leat/log.h>
#include <leat/loop.h>
#include <leat/option.h>
#include <leat/unit.h>

LEAT_BEGIN

struct leat_sink; /* the engine's half */

/* What is written: text that is complete in itself. It lives until its answer. */
struct leat_letter {
    bool dead;     /* a dead letter; else an emitted event */
    leat_str id;   /* copies have the same one: of a dead letter SOURCE/POSITION/INDEX, of an event its id */
    leat_str key;  /* what it is ordered by, the event's partition key; absent: by nothing */
    leat_str text; /* one line of JSON, without the newline: a dead letter (docs/reference/dead-letters.md), or the
                    * CloudEvents 1.0 form of the event */
};

struct leat_sink_ops {
    uint32_t abi, size; /* LEAT_ABI, sizeof(struct leat_sink_ops) */
    const char *name;   /* the type that a configuration names */
    size_t state_size;
    const struct leat_option *options; /* ends with key NULL; NULL: it has none */
    size_t options_size;               /* of the struct they fill; it lives as long as the engine */
    /* Prepares; no I/O that waits. On failure close and fini still come. */
    leat_status (*init)(void *self, struct leat_sink *sink, struct leat_loop *loop, const void *options,
                        struct leat_error *reterr);
    leat_status (*start)(void *self, struct leat_error *reterr);
    /* Each letter is answered by durable(argument, index, status), now or later, once. */
    void (*write)(void *self, const struct leat_letter *const *letters, size_t count,
                  void (*durable)(void *argument, size_t index, leat_status status), void *argument);
    void (*close)(void *self); /* idempotent */
    void (*fini)(void *self);  /* may be NULL */
    /* For `leat dead`: no engine and no loop (leat_loop_new is one), they may wait. All three, or none: then nobody can
     * look into it. */
    /* All it holds, the oldest first, until each(argument, name, text) is false: a letter, or what `append` added. */
    leat_status (*list)(const void *options, bool (*each)(void *argument, leat_str name, leat_str text), void *argument,
                        struct leat_error *reterr);
    /* A line of JSON that is no letter. Durable when it returns. */
    leat_status (*append)(const void *options, leat_str text, struct leat_error *reterr);
    leat_status (*drop)(const void *options, const leat_str *names, size_t count, struct leat_error *reterr);
    void (*probe)(const void *options, leat_probe_fn *say, void *argument); /* as a source's */
};

/* For status and logs. */
LEAT_API void leat_sink_log(struct leat_sink *sink, enum leat_log_level level, const char *format, ...)
    LEAT_PRINTF(3, 4);

LEAT_END

#endif
