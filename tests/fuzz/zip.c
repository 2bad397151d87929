/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: whatever the bytes are, no name leads out of the folder, and no entry gives more than it says. */
#include "fuzz.h"

#include <zip_read.h>

#define UNZIPPED_MAX ((uint64_t)1 << 20)

static bool leads_out(leat_str path, size_t depth)
{
    if (path.len == 0 || path.ptr[0] == '/' || memchr(path.ptr, '\0', path.len) != NULL)
        return true;
    while (path.ptr != NULL) {
        leat_str part = leat_str_cut(&path, '/');
        if (leat_str_is(part, "..") && depth-- == 0)
            return true;
        depth += leat_str_is(part, "..") ? 0 : 1;
    }
    return false;
}

static size_t depth_of(leat_str name)
{
    size_t depth = 0;
    for (size_t i = 0; i < name.len; i++)
        depth += name.ptr[i] == '/' ? 1 : 0;
    return depth;
}

static bool count_bytes(void *argument, leat_str piece)
{
    *(uint64_t *)argument += piece.len;
    return true;
}

static void check_entry(leat_str bytes, const struct leat_zip_entry *entry)
{
    struct leat_error error = {0};
    uint64_t size = 0;
    MUST(fuzz_is_inside(bytes, entry->packed));
    MUST(!leads_out(entry->name, 0) && strlen(entry->name.ptr) == entry->name.len);
    MUST((entry->mode & ~0777u) == 0);
    if (entry->type == LEAT_ZIP_LINK)
        MUST(!leads_out(entry->target, depth_of(entry->name)) && strlen(entry->target.ptr) == entry->target.len);
    leat_status status = leat_zip_unpack(entry, count_bytes, &size, &error);
    MUST(size <= entry->size);
    MUST(leat_is_ok(status) ? size == entry->size : status.code == LEAT_E_CONFIG && error.message[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str bytes = fuzz_guarded(data, size);
    struct leat_error error = {0};
    struct leat_zip zip;
    uint64_t left = UNZIPPED_MAX;
    FUZZ_ARENA arena;
    fuzz_arena_init(&arena);
    leat_status status = leat_zip_read(&arena, bytes, UNZIPPED_MAX, &zip, &error);
    if (!leat_is_ok(status)) {
        MUST(error.message[0] != '\0' && (status.code == LEAT_E_CONFIG || arena.overflow));
        return 0;
    }
    for (uint32_t i = 0; i < zip.count; i++) {
        MUST(zip.entries[i].size <= left);
        left -= zip.entries[i].size;
        MUST(leat_zip_find(&zip, zip.entries[i].name.ptr) == &zip.entries[i]);
        check_entry(bytes, &zip.entries[i]);
    }
    return 0;
}
