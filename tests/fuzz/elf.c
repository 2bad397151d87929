/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects: whatever the bytes are, all that is told of them lies in them and ends there. */
#include "fuzz.h"

#include <elf_read.h>

static void check_text(leat_str bytes, leat_str text)
{
    if (text.ptr == NULL)
        return;
    MUST(fuzz_is_inside(bytes, text) && strlen(text.ptr) == text.len);
}

static void check(leat_str bytes, const struct leat_elf *elf)
{
    check_text(bytes, elf->interpreter);
    check_text(bytes, elf->soname);
    check_text(bytes, elf->runpath);
    for (uint32_t i = 0; i < elf->needed_count; i++)
        check_text(bytes, elf->needed[i]);
    for (uint32_t i = 0; i < elf->version_count; i++) {
        check_text(bytes, elf->versions[i].library);
        check_text(bytes, elf->versions[i].name);
        check_text(bytes, leat_elf_wanted_by(elf, &elf->versions[i]));
        MUST(leat_elf_version_number(elf->versions[i].name, "GLIBC_") < 1000000);
    }
    for (uint32_t i = 0; i < elf->symbol_count; i++)
        check_text(bytes, elf->symbols[i].name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy LEAT_CLEANUP(leat_freep) = leat_alloc_raw(size > 0 ? size : 1); /* aligned, as fuzz_guarded is not */
    struct leat_error error = {0};
    struct leat_elf elf;
    FUZZ_ARENA arena;
    MUST(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    fuzz_arena_init(&arena);
    leat_str bytes = leat_str_of(copy, size);
    leat_status status = leat_elf_read(&arena, bytes, &elf, &error);
    if (leat_is_ok(status))
        check(bytes, &elf);
    else
        MUST(arena.overflow || (status.code == LEAT_E_CONFIG && error.message[0] != '\0' && error.fix[0] != '\0'));
    return 0;
}
