/* SPDX-License-Identifier: Apache-2.0 */
/* The inline executor: one slot, on the loop thread. A cold start pays for no thread. */
#include <leat/run.h>

struct inline_executor {
    struct leat_slot *slot;
};

static leat_status open_inline(void *self, struct leat_slot *const *slots, uint32_t count, struct leat_error *reterr)
{
    struct inline_executor *executor = self;
    if (count != 1)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "the inline executor has one slot, not %u", count);
    LEAT_TRY(leat_slot_open(slots[0], reterr));
    executor->slot = slots[0];
    return LEAT_OK;
}

static uint32_t free_slots(void *self)
{
    (void)self;
    return 1; /* whoever asks is not inside a run: this is the only thread */
}

static void start(void *self, struct leat_run *run)
{
    struct inline_executor *executor = self;
    leat_run_call(run, executor->slot);
    leat_run_done(run);
}

static void close_inline(void *self)
{
    struct inline_executor *executor = self;
    leat_slot_close(executor->slot);
}

const struct leat_executor_ops leat_executor_inline = {
    .name = "inline",
    .state_size = sizeof(struct inline_executor),
    .open = open_inline,
    .free_slots = free_slots,
    .start = start,
    .close = close_inline,
};
