/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/ledger.h>

#include <leat/alloc.h>

#define SIZE_FIRST 16u
#define SIZE_MOST (UINT32_C(1) << 26) /* its bytes still fit into 32 bits */

/* The size is a power of two. */
static struct leat_ledger_entry *entry_at(const struct leat_ledger *ledger, uint32_t index)
{
    return &ledger->entries[(ledger->first + index) & (ledger->size - 1)];
}

void leat_ledger_fini(struct leat_ledger *ledger)
{
    leat_free(ledger->entries);
    *ledger = (struct leat_ledger){0};
}

static bool grow(struct leat_ledger *ledger)
{
    uint32_t size = ledger->size > 0 ? ledger->size * 2 : SIZE_FIRST;
    struct leat_ledger_entry *entries = size <= SIZE_MOST ? leat_alloc_raw(size * sizeof(*entries)) : NULL;
    if (entries == NULL)
        return false;
    for (uint32_t i = 0; i < ledger->count; i++)
        entries[i] = *entry_at(ledger, i);
    leat_free(ledger->entries);
    ledger->entries = entries;
    ledger->size = size;
    ledger->first = 0;
    return true;
}

bool leat_ledger_add(struct leat_ledger *ledger, uint64_t position, void *value)
{
    if (ledger->count > 0 && entry_at(ledger, ledger->count - 1)->position >= position)
        return false;
    if (ledger->count == ledger->size && !grow(ledger))
        return false;
    *entry_at(ledger, ledger->count++) = (struct leat_ledger_entry){.position = position, .value = value};
    return true;
}

bool leat_ledger_done(struct leat_ledger *ledger, uint64_t position)
{
    uint32_t low = 0, high = ledger->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry_at(ledger, middle)->position < position)
            low = middle + 1;
        else
            high = middle;
    }
    struct leat_ledger_entry *entry = low < ledger->count ? entry_at(ledger, low) : NULL;
    if (entry == NULL || entry->position != position || entry->done)
        return false;
    entry->done = true;
    return true;
}

void *leat_ledger_advance(struct leat_ledger *ledger, void (*each)(void *argument, void *value), void *argument)
{
    void *last = NULL;
    while (ledger->count > 0 && entry_at(ledger, 0)->done) {
        last = entry_at(ledger, 0)->value;
        ledger->first = (ledger->first + 1) & (ledger->size - 1);
        ledger->count--;
        if (each != NULL)
            each(argument, last);
    }
    return last;
}
