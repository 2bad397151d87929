/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/gather.h>

static size_t bytes_max(const struct leat_gather *gather)
{
    return gather->bytes_max > 0 ? gather->bytes_max : LEAT_GATHER_BYTES;
}

static uint32_t size_of(const struct leat_gather *gather)
{
    return gather->size > 1 ? gather->size : 1;
}

void leat_gather_add(struct leat_gather *gather, size_t bytes, int64_t now_us)
{
    if (gather->count++ == 0)
        gather->since_us = now_us;
    gather->bytes += bytes;
}

void leat_gather_take(struct leat_gather *gather, size_t bytes, int64_t since_us)
{
    gather->count--;
    gather->bytes -= bytes;
    gather->since_us = since_us;
}

static bool is_full(const struct leat_gather *gather)
{
    return gather->count >= size_of(gather) || gather->bytes >= bytes_max(gather);
}

int64_t leat_gather_due_us(const struct leat_gather *gather)
{
    if (gather->count == 0)
        return INT64_MAX;
    if (is_full(gather) || gather->window_us <= 0)
        return gather->since_us;
    bool ever = gather->since_us <= INT64_MAX - gather->window_us;
    return ever ? gather->since_us + gather->window_us : INT64_MAX;
}

bool leat_gather_complete(const struct leat_gather *gather, int64_t now_us)
{
    bool at_once = is_full(gather) || gather->window_us <= 0; /* whatever the clock says */
    return gather->count > 0 && (at_once || now_us >= leat_gather_due_us(gather));
}

bool leat_gather_fits(const struct leat_gather *gather, uint32_t count, size_t sum, size_t bytes)
{
    size_t most = bytes_max(gather);
    return count == 0 || (count < size_of(gather) && sum <= most && bytes <= most - sum);
}
