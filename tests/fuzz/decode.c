/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through detect, split and normalise: an outcome or an error, never a crash or a leak. */
#include <leat/alloc.h>
#include <triggers.h>

#include <stdint.h>

enum { MAX_ADAPTERS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct leat_adapter *const *sorted_adapters(void)
{
    static const struct leat_adapter *sorted[MAX_ADAPTERS + 1];
    if (sorted[0] == NULL) {
        size_t count = 0;
        while (leat_adapters[count] != NULL && count < MAX_ADAPTERS) {
            sorted[count] = leat_adapters[count];
            count++;
        }
        leat_adapters_sort(sorted, count);
    }
    return sorted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini);
    struct leat_error error = {.message = ""};
    struct leat_records records = {0};
    struct leat_decoder decoder = {.arena = &arena, .adapters = sorted_adapters(), .reterr = &error};
    leat_arena_init(&arena, (size_t)64 << 20);
    if (!leat_is_ok(leat_decode(&decoder, leat_str_of((const char *)data, size), NULL, &records)))
        return 0;
    for (size_t i = 0; i < records.count; i++) {
        struct leat_events events = {0};
        leat_status status = leat_normalise(&decoder, &records.items[i], &events);
        (void)status; /* a broken record is a result like any other */
    }
    return 0;
}
