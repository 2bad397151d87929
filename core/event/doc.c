/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/alloc.h>
#include <leat/doc.h>

/* Where each record stands: offsets into the document's text. */
struct leat_extents {
    size_t count;
    struct {
        size_t at, len;
    } record[];
};

static void doc_fini(void *argument)
{
    struct leat_doc *doc = argument;
    leat_free(doc->extents);
}

leat_status leat_doc_parse(struct leat_arena *arena, leat_str text, bool exact, struct leat_doc **retdoc,
                           struct leat_json_fault *retfault)
{
    cJSON *root;
    LEAT_TRY(leat_json_parse(arena, text, &root, retfault));
    if (exact)
        LEAT_TRY(leat_json_keep_numbers(arena, text, root));
    struct leat_doc *doc = LEAT_NEW(arena, struct leat_doc);
    if (doc == NULL || !leat_arena_defer(arena, doc_fini, doc))
        return leat_arena_status(arena);
    doc->text = text;
    doc->root = root;
    *retdoc = doc;
    return LEAT_OK;
}

size_t leat_doc_count(const cJSON *records)
{
    const cJSON *group = NULL;
    size_t count = 0;
    if (cJSON_IsArray(records))
        return (size_t)cJSON_GetArraySize(records);
    cJSON_ArrayForEach (group, records)
        count += cJSON_IsArray(group) ? (size_t)cJSON_GetArraySize(group) : 0;
    return count;
}

/* How many siblings stand before it: its number in the text, whatever its name. */
static size_t place_of(const cJSON *child, const cJSON *parent)
{
    size_t n = 0;
    for (const cJSON *item = parent->child; item != NULL && item != child; item = item->next)
        n++;
    return n;
}

struct filling {
    const char *base;
    struct leat_extents *extents;
    size_t next;
};

static void note_extent(void *argument, size_t n, leat_str value)
{
    struct filling *filling = argument;
    (void)n;
    if (filling->next >= filling->extents->count)
        return;
    filling->extents->record[filling->next].at = (size_t)(value.ptr - filling->base);
    filling->extents->record[filling->next++].len = value.len;
}

static void note_group(void *argument, size_t n, leat_str array)
{
    (void)n;
    leat_json_children(array, note_extent, argument);
}

static struct leat_extents *find_extents(const struct leat_doc *doc)
{
    size_t count = leat_doc_count(doc->records);
    struct leat_extents *extents = leat_alloc(sizeof(*extents) + count * sizeof(extents->record[0]));
    if (extents == NULL)
        return NULL;
    extents->count = count;
    leat_str root = leat_json_value_at(doc->text, 0);
    leat_str records = leat_json_child(root, place_of(doc->records, doc->root));
    struct filling filling = {.base = doc->text.ptr, .extents = extents};
    leat_json_children(records, cJSON_IsObject(doc->records) ? note_group : note_extent, &filling);
    return extents;
}

/* Several runs may find them at once: one of them wins, the others throw theirs away. */
static const struct leat_extents *extents_of(const struct leat_doc *doc)
{
    struct leat_extents **shared = (struct leat_extents **)(uintptr_t)&doc->extents;
    struct leat_extents *extents = __atomic_load_n(shared, __ATOMIC_ACQUIRE);
    if (extents != NULL)
        return extents;
    struct leat_extents *fresh = find_extents(doc);
    if (fresh == NULL)
        return NULL;
    if (__atomic_compare_exchange_n(shared, &extents, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    leat_free(fresh);
    return extents;
}

leat_str leat_doc_extent(struct leat_place place)
{
    const struct leat_doc *doc = place.doc;
    leat_str text;
    if (doc->text.ptr == NULL)
        return LEAT_ABSENT;
    if (place.index == LEAT_WHOLE) {
        text = leat_json_value_at(doc->text, 0);
    } else {
        const struct leat_extents *extents = extents_of(doc);
        if (extents == NULL || place.index >= extents->count)
            return LEAT_ABSENT;
        text = leat_str_of(doc->text.ptr + extents->record[place.index].at, extents->record[place.index].len);
    }
    return place.member != NULL ? leat_json_child(text, place_of(place.member, place.record)) : text;
}
