/* SPDX-License-Identifier: Apache-2.0 */
#include "waiting.h"

#include <leat/alloc.h>

#include <stddef.h>
#include <stdlib.h>

static leat_str name_of(const struct leat_spool_entry *entry)
{
    return leat_str_of(entry->name, entry->len);
}

static int compare(const struct leat_spool_entry *a, const struct leat_spool_entry *b)
{
    return leat_spool_compare(name_of(a), name_of(b));
}

static struct leat_spool_entry *make_entry(leat_str name)
{
    struct leat_spool_entry *entry = leat_alloc_raw(sizeof(*entry) + name.len + 1);
    if (entry == NULL)
        return NULL;
    memset(entry, 0, sizeof(*entry));
    entry->len = name.len;
    memcpy(entry->name, name.ptr, name.len);
    entry->name[name.len] = '\0';
    return entry;
}

bool leat_spool_waiting_init(struct leat_spool_waiting *waiting, size_t limit)
{
    *waiting = (struct leat_spool_waiting){.limit = limit};
    waiting->items = leat_alloc(2 * limit * sizeof(struct leat_spool_entry *)); /* room to move in */
    return waiting->items != NULL;
}

static void forget_items(struct leat_spool_waiting *waiting)
{
    for (size_t i = 0; i < waiting->count; i++)
        leat_free(waiting->items[waiting->first + i]);
    waiting->first = waiting->count = 0;
}

/* --- those that are not due ------------------------------------------------------------------------------ */

static struct leat_spool_entry **place_of(struct leat_spool_waiting *waiting, leat_str name)
{
    struct leat_spool_entry **at = &waiting->buckets[leat_spool_digest(name) % LEAT_SPOOL_BUCKETS];
    while (*at != NULL && !leat_str_eq(name_of(*at), name))
        at = &(*at)->next;
    return at;
}

static void add_later(struct leat_spool_waiting *waiting, struct leat_spool_entry *entry, int64_t due_ms)
{
    struct leat_spool_entry **at = place_of(waiting, name_of(entry));
    *at = entry;
    leat_heap_add(&waiting->later, &entry->due, due_ms);
}

static struct leat_spool_entry *take_later(struct leat_spool_waiting *waiting, int64_t now_ms)
{
    struct leat_heap_node *node = leat_heap_take(&waiting->later, now_ms);
    if (node == NULL)
        return NULL;
    struct leat_spool_entry *entry =
        (struct leat_spool_entry *)(void *)((char *)node - offsetof(struct leat_spool_entry, due));
    *place_of(waiting, name_of(entry)) = entry->next;
    entry->next = NULL;
    return entry;
}

int64_t leat_spool_waiting_due(const struct leat_spool_waiting *waiting)
{
    int64_t first_ms = waiting->later.first != NULL ? waiting->later.first->key : 0;
    bool unseen = waiting->unseen_ms != 0 && (first_ms == 0 || waiting->unseen_ms < first_ms);
    return unseen ? waiting->unseen_ms : first_ms;
}

/* From now until it is due, by its name. */
static int64_t wait_of(leat_str text, int64_t wall_ms)
{
    struct leat_spool_name name;
    leat_spool_name_read(text, &name);
    int64_t wait_ms = name.due_ms > wall_ms ? name.due_ms - wall_ms : 0;
    return wait_ms < name.delay_ms ? wait_ms : name.delay_ms;
}

static bool wait_later(struct leat_spool_waiting *waiting, leat_str name, int64_t due_ms)
{
    if (waiting->later.count >= waiting->limit) {
        if (waiting->unseen_ms == 0 || due_ms < waiting->unseen_ms)
            waiting->unseen_ms = due_ms;
        return true;
    }
    struct leat_spool_entry *entry = make_entry(name);
    if (entry != NULL)
        add_later(waiting, entry, due_ms);
    return entry != NULL;
}

/* --- the first ones by name -------------------------------------------------------------------------------- */

static void sift_down(struct leat_spool_entry **items, size_t count)
{
    struct leat_spool_entry *entry = items[0];
    size_t at = 0;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && compare(items[child + 1], items[child]) > 0)
            child++;
        if (compare(items[child], entry) <= 0)
            break;
        items[at] = items[child];
        at = child;
    }
    items[at] = entry;
}

static void sift_up(struct leat_spool_entry **items, size_t at)
{
    struct leat_spool_entry *entry = items[at];
    while (at > 0 && compare(items[(at - 1) / 2], entry) < 0) {
        items[at] = items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    items[at] = entry;
}

static bool fill(struct leat_spool_waiting *waiting, leat_str name)
{
    bool full = waiting->count == waiting->limit;
    waiting->more = waiting->more || full;
    if (full && leat_spool_compare(name, name_of(waiting->items[0])) >= 0)
        return true;
    struct leat_spool_entry *entry = make_entry(name);
    if (entry == NULL)
        return false;
    if (full) {
        leat_free(waiting->items[0]);
        waiting->items[0] = entry;
        sift_down(waiting->items, waiting->count);
        return true;
    }
    waiting->items[waiting->count] = entry;
    sift_up(waiting->items, waiting->count++);
    return true;
}

static bool insert_at(struct leat_spool_waiting *waiting, size_t at, leat_str name)
{
    struct leat_spool_entry *entry = make_entry(name);
    if (entry == NULL)
        return false;
    if (waiting->count == waiting->limit) {
        leat_free(waiting->items[waiting->first + --waiting->count]);
        waiting->more = true;
    }
    if (waiting->first + waiting->count == 2 * waiting->limit) {
        memmove(waiting->items, waiting->items + waiting->first, waiting->count * sizeof(struct leat_spool_entry *));
        waiting->first = 0;
    }
    struct leat_spool_entry **place = waiting->items + waiting->first + at;
    memmove(place + 1, place, (waiting->count - at) * sizeof(struct leat_spool_entry *));
    *place = entry;
    waiting->count++;
    return true;
}

static bool insert(struct leat_spool_waiting *waiting, leat_str name)
{
    size_t low = 0, high = waiting->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = leat_spool_compare(name, name_of(waiting->items[waiting->first + middle]));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    bool behind = low == waiting->count && (waiting->more || waiting->count == waiting->limit);
    waiting->more = waiting->more || behind;
    return behind || insert_at(waiting, low, name);
}

/* --- both ------------------------------------------------------------------------------------------------------ */

void leat_spool_waiting_fini(struct leat_spool_waiting *waiting)
{
    struct leat_spool_entry *entry;
    forget_items(waiting);
    while ((entry = take_later(waiting, INT64_MAX)) != NULL)
        leat_free(entry);
    leat_free(waiting->items);
    *waiting = (struct leat_spool_waiting){0};
}

void leat_spool_waiting_begin(struct leat_spool_waiting *waiting)
{
    forget_items(waiting);
    waiting->filling = true;
    waiting->more = false;
    waiting->unseen_ms = 0;
}

static int by_name(const void *a, const void *b)
{
    return compare(*(struct leat_spool_entry *const *)a, *(struct leat_spool_entry *const *)b);
}

void leat_spool_waiting_end(struct leat_spool_waiting *waiting)
{
    size_t kept = 0;
    waiting->filling = false;
    if (waiting->count > 0)
        qsort(waiting->items, waiting->count, sizeof(struct leat_spool_entry *), by_name);
    for (size_t i = 0; i < waiting->count; i++) {
        if (kept > 0 && compare(waiting->items[kept - 1], waiting->items[i]) == 0)
            leat_free(waiting->items[i]); /* read, and heard of too */
        else
            waiting->items[kept++] = waiting->items[i];
    }
    waiting->count = kept;
}

bool leat_spool_waiting_add(struct leat_spool_waiting *waiting, leat_str name, const struct leat_spool_now *now)
{
    if (*place_of(waiting, name) != NULL)
        return true;
    int64_t wait_ms = wait_of(name, now->wall_ms);
    if (wait_ms > 0)
        return wait_later(waiting, name, now->ms + wait_ms);
    return waiting->filling ? fill(waiting, name) : insert(waiting, name);
}

struct leat_spool_entry *leat_spool_waiting_take(struct leat_spool_waiting *waiting, int64_t now_ms)
{
    struct leat_spool_entry *entry = take_later(waiting, now_ms);
    if (waiting->unseen_ms != 0 && waiting->unseen_ms <= now_ms) {
        waiting->unseen_ms = 0;
        waiting->more = true;
    }
    if (entry != NULL || waiting->filling || waiting->count == 0)
        return entry;
    waiting->count--;
    return waiting->items[waiting->first++];
}

void leat_spool_waiting_give_back(struct leat_spool_waiting *waiting, struct leat_spool_entry *entry, int64_t now_ms)
{
    if (*place_of(waiting, name_of(entry)) != NULL)
        leat_free(entry);
    else
        add_later(waiting, entry, now_ms);
}
