/* SPDX-License-Identifier: Apache-2.0 */
/* The sink: where dead letters go. Asynchronous and answered per letter: the ack of a unit waits for it. */
#ifndef LEAT_SINK_H
#define LEAT_SINK_H

#include <leat/loop.h>
#include <leat/unit.h>

LEAT_BEGIN

/* One rejected event. Its id is `source/position/index`, so that copies of it collapse. */
struct leat_letter {
    leat_str id;
    const struct leat_unit *unit;
    const struct leat_envelope *envelope; /* NULL: the record was broken, the raw text is all there is */
    leat_str reason;
    uint32_t attempts;
};

struct leat_sink_ops {
    uint32_t abi, size;
    const char *name;
    size_t state_size;
    /* Writes letters; each is answered by durable(argument, index, status), now or later, once. Letters live
     * until then. */
    void (*write)(void *self, const struct leat_letter *const *letters, size_t count,
                  void (*durable)(void *argument, size_t index, leat_status status), void *argument);
    void (*close)(void *self);
};

LEAT_END

#endif
