/* SPDX-License-Identifier: Apache-2.0 */
/* Takes events in batches. The body says the outcome; what it does not know it leaves without one. The reason
 * tells how many events came at once. */
#include <leat/leat.h>

static void handle_batch(leat_context *ctx, struct leat_batch *batch, void *state)
{
    (void)state;
    size_t count = leat_batch_count(batch);
    for (size_t i = 0; i < count; i++) {
        leat_str todo = leat_json_get_text(leat_event_json(leat_batch_event(batch, i)), "do");
        if (leat_str_is(todo, "ok"))
            leat_batch_set(batch, i, leat_ok(ctx));
        if (leat_str_is(todo, "retry"))
            leat_batch_set(batch, i, leat_retryf(ctx, "number %zu of %zu", i, count));
        if (leat_str_is(todo, "reject"))
            leat_batch_set(batch, i, leat_rejectf(ctx, "number %zu of %zu", i, count));
    }
}

LEAT_HANDLER(batch, .handle_batch = handle_batch);
