/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <triggers.h>

#include <leat/alloc.h>

static size_t count_of(const struct leat_adapter *const *adapters)
{
    size_t count = 0;
    while (adapters[count] != NULL)
        count++;
    return count;
}

static size_t count_of_modules(const struct leat_cli_modules *modules)
{
    size_t count = 0;
    for (size_t i = 0; modules != NULL && i < modules->count; i++)
        count += count_of(modules->items[i]->adapters);
    return count;
}

const struct leat_adapter **leat_cli_adapters(const struct leat_cli_modules *modules)
{
    size_t own = count_of(leat_adapters), more = count_of_modules(modules);
    const struct leat_adapter **sorted = leat_alloc((own + more + 1) * sizeof(*sorted));
    if (sorted == NULL)
        return NULL;
    memcpy(sorted, leat_adapters, own * sizeof(*sorted));
    leat_adapters_sort(sorted, own);
    if (more == 0)
        return sorted;
    /* "unknown" has the highest number of ours. */
    const struct leat_adapter **at = &sorted[own - 1], *last = *at;
    for (size_t i = 0; i < modules->count; i++) {
        size_t count = count_of(modules->items[i]->adapters);
        memcpy(at, modules->items[i]->adapters, count * sizeof(*at));
        at += count;
    }
    *at = last;
    leat_adapters_sort(&sorted[own - 1], more);
    return sorted;
}
