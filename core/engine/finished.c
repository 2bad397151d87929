/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/finished.h>

#include <leat/alloc.h>

#define BUCKETS_MOST (UINT32_C(1) << 16)

/* Sorted by index, for a unit may have very many. */
struct reject {
    uint32_t index;
    struct leat_finished_reject how; /* its reason is the entry's */
};

struct entry {
    struct entry *next;            /* in its bucket */
    struct entry *older, *younger; /* in all */
    uint64_t hash;
    const void *scope;
    leat_str name; /* behind `done` */
    struct reject *rejects;
    uint32_t reject_count, reject_size;
    uint32_t count;
    uint64_t done[]; /* a bit an event */
};

struct leat_finished {
    struct entry *oldest, *youngest;
    uint32_t count, entries_max, mask;
    struct entry *buckets[]; /* mask + 1 */
};

struct leat_finished *leat_finished_new(uint32_t entries_max)
{
    uint32_t buckets = 1;
    while (buckets < entries_max && buckets < BUCKETS_MOST)
        buckets *= 2;
    struct leat_finished *finished = leat_alloc(sizeof(*finished) + buckets * sizeof(struct entry *));
    if (finished == NULL)
        return NULL;
    finished->entries_max = entries_max > 0 ? entries_max : 1;
    finished->mask = buckets - 1;
    return finished;
}

static uint64_t hash_of(const void *scope, leat_str name)
{
    uint64_t hash = 1469598103934665603u ^ (uint64_t)(uintptr_t)scope;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

static struct entry *find(const struct leat_finished *finished, const void *scope, leat_str name)
{
    uint64_t hash = hash_of(scope, name);
    struct entry *entry = finished->buckets[hash & finished->mask];
    while (entry != NULL && (entry->hash != hash || entry->scope != scope || !leat_str_eq(entry->name, name)))
        entry = entry->next;
    return entry;
}

static void free_entry(struct entry *entry)
{
    for (uint32_t i = 0; i < entry->reject_count; i++)
        leat_free((char *)(uintptr_t)entry->rejects[i].how.reason.ptr);
    leat_free(entry->rejects);
    leat_free(entry);
}

static void drop(struct leat_finished *finished, struct entry *entry)
{
    struct entry **at = &finished->buckets[entry->hash & finished->mask];
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    *(entry->older != NULL ? &entry->older->younger : &finished->oldest) = entry->younger;
    *(entry->younger != NULL ? &entry->younger->older : &finished->youngest) = entry->older;
    finished->count--;
    free_entry(entry);
}

void leat_finished_free(struct leat_finished *finished)
{
    while (finished != NULL && finished->oldest != NULL)
        drop(finished, finished->oldest);
    leat_free(finished);
}

bool leat_finished_is_empty(const struct leat_finished *finished)
{
    return finished->count == 0;
}

void leat_finished_forget(struct leat_finished *finished, const void *scope, leat_str name)
{
    struct entry *entry = find(finished, scope, name);
    if (entry != NULL)
        drop(finished, entry);
}

static struct entry *new_entry(const void *scope, leat_str name, uint32_t count)
{
    size_t words = ((size_t)count + 63) / 64, bytes = words * sizeof(uint64_t);
    struct entry *entry = leat_alloc(sizeof(*entry) + bytes + name.len);
    if (entry == NULL)
        return NULL;
    char *text = (char *)(entry->done + words);
    if (name.len > 0)
        memcpy(text, name.ptr, name.len);
    entry->hash = hash_of(scope, name);
    entry->scope = scope;
    entry->name = leat_str_of(name.ptr != NULL ? text : NULL, name.len);
    entry->count = count;
    return entry;
}

static void insert(struct leat_finished *finished, struct entry *entry)
{
    leat_finished_forget(finished, entry->scope, entry->name);
    if (finished->count == finished->entries_max)
        drop(finished, finished->oldest);
    struct entry **bucket = &finished->buckets[entry->hash & finished->mask];
    entry->next = *bucket;
    *bucket = entry;
    entry->older = finished->youngest;
    *(entry->older != NULL ? &entry->older->younger : &finished->oldest) = entry;
    finished->youngest = entry;
    finished->count++;
}

/* Where the reject of an event stands, or would. */
static uint32_t reject_at(const struct entry *entry, uint32_t index)
{
    uint32_t low = 0, high = entry->reject_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry->rejects[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool reserve_reject(struct entry *entry)
{
    if (entry->reject_count < entry->reject_size)
        return true;
    size_t size = entry->reject_size > 0 ? (size_t)entry->reject_size * 2 : 4;
    size = size < entry->count ? size : entry->count;
    struct reject *rejects = leat_realloc(entry->rejects, size * sizeof(*rejects));
    if (rejects == NULL)
        return false;
    entry->rejects = rejects;
    entry->reject_size = (uint32_t)size;
    return true;
}

static bool add_reject(struct entry *entry, uint32_t index, const struct leat_finished_reject *how)
{
    size_t len = how->reason.len;
    char *copy = reserve_reject(entry) ? leat_alloc_raw(len + 1) : NULL;
    if (copy == NULL)
        return false;
    if (len > 0)
        memcpy(copy, how->reason.ptr, len);
    copy[len] = '\0';
    uint32_t at = reject_at(entry, index);
    memmove(entry->rejects + at + 1, entry->rejects + at, (entry->reject_count - at) * sizeof(*entry->rejects));
    entry->rejects[at] = (struct reject){.index = index, .how = *how};
    entry->rejects[at].how.reason = leat_str_of(copy, len);
    entry->reject_count++;
    return true;
}

static bool is_done(const struct entry *entry, uint32_t index)
{
    return (entry->done[index / 64] >> index % 64 & 1) != 0;
}

static bool mark(struct entry *entry, uint32_t index, const struct leat_finished_reject *reject)
{
    if (is_done(entry, index))
        return true;
    if (reject != NULL && !add_reject(entry, index, reject))
        return false;
    entry->done[index / 64] |= UINT64_C(1) << index % 64;
    return true;
}

bool leat_finished_note(struct leat_finished *finished, const void *scope, leat_str name, uint32_t index,
                        uint32_t count, const struct leat_finished_reject *reject)
{
    if (index >= count)
        return false;
    struct entry *entry = find(finished, scope, name);
    bool is_new = entry == NULL || entry->count != count;
    if (is_new)
        entry = new_entry(scope, name, count);
    if (entry == NULL)
        return false;
    bool marked = mark(entry, index, reject);
    if (!is_new)
        return marked;
    if (marked)
        insert(finished, entry); /* only now: else others would go for nothing */
    else
        free_entry(entry);
    return marked;
}

bool leat_finished_is(const struct leat_finished *finished, const void *scope, leat_str name, uint32_t index,
                      uint32_t count, struct leat_finished_reject *retreject)
{
    const struct entry *entry = find(finished, scope, name);
    *retreject = (struct leat_finished_reject){.reason = LEAT_ABSENT};
    if (entry == NULL || entry->count != count || index >= count || !is_done(entry, index))
        return false;
    uint32_t at = reject_at(entry, index);
    if (at < entry->reject_count && entry->rejects[at].index == index)
        *retreject = entry->rejects[at].how;
    return true;
}
