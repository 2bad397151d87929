/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <triggers.h>

#include <leat/alloc.h>

const struct leat_adapter **leat_cli_adapters(void)
{
    size_t count = 0;
    while (leat_adapters[count] != NULL)
        count++;
    const struct leat_adapter **sorted = leat_alloc((count + 1) * sizeof(*sorted));
    if (sorted == NULL)
        return NULL;
    memcpy(sorted, leat_adapters, count * sizeof(*sorted));
    leat_adapters_sort(sorted, count);
    return sorted;
}
