/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one member of the event, which is what bench-redis-raw does with an entry; event by event, and in batches. */
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const cJSON *order = leat_json_get(leat_event_json(event), "order");
    return cJSON_IsNumber(order) ? leat_ok(ctx) : leat_reject(ctx, "there is no order");
}

static void handle_batch(leat_context *ctx, struct leat_batch *batch, void *state)
{
    size_t count = leat_batch_count(batch);
    for (size_t i = 0; i < count; i++)
        leat_batch_set(batch, i, handle(ctx, leat_batch_event(batch, i), state));
}

LEAT_HANDLER(one, .handle = handle);
LEAT_HANDLER(batch, .handle_batch = handle_batch);
