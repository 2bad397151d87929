/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern, a NUL, a payload: compiling says yes or why not, and every record is told the same twice. */
#include "fuzz.h"

#include <leat/filter.h>

static void match_records(const struct leat_filter *filter, leat_str text)
{
    FUZZ_PAYLOAD payload;
    FUZZ_ARENA scratch;
    fuzz_decode(&payload, text, NULL);
    fuzz_arena_init(&scratch);
    for (uint32_t i = 0; leat_is_ok(payload.status) && i < payload.records.count; i++) {
        bool matches = leat_filter_match(filter, &payload.records.items[i], &scratch);
        MUST(leat_filter_match(filter, &payload.records.items[i], &scratch) == matches);
        MUST(!scratch.overflow || matches);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = leat_str_of((const char *)data, size), payload = text;
    struct leat_error error = {0};
    if (size == 0 || size > 1 << 16)
        return 0;
    FUZZ_ARENA arena;
    fuzz_arena_init(&arena);
    leat_str pattern = leat_str_cut(&payload, '\0');
    struct leat_filter *filter = leat_filter_new(&arena, NULL);
    leat_status status = filter != NULL ? leat_filter_add(filter, pattern, &error) : LEAT_STATUS(NO_MEMORY);
    MUST(leat_is_ok(status) || error.message[0] != '\0');
    if (leat_is_ok(status) && payload.ptr != NULL)
        match_records(filter, payload);
    return 0;
}
