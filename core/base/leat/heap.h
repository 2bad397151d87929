/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap of nodes that live in the caller's structs: the smallest key first, equal keys in the order they were added.
 * A pairing heap: nothing is allocated, so nothing can fail.
 */
#ifndef LEAT_HEAP_H
#define LEAT_HEAP_H

#include <leat/api.h>

LEAT_BEGIN

struct leat_heap_node {
    int64_t key;
    uint64_t order;                                  /* the heap's: ends ties */
    struct leat_heap_node *child, *sibling, *before; /* before: the parent or the sibling in front */
    bool inside;
};

struct leat_heap {
    struct leat_heap_node *first; /* NULL: empty */
    uint64_t added;
    size_t count;
};

LEAT_API void leat_heap_add(struct leat_heap *heap, struct leat_heap_node *node,
                            int64_t key); /* node->inside is false */
LEAT_API void leat_heap_remove(struct leat_heap *heap,
                               struct leat_heap_node *node); /* does nothing if it is not inside */
/* Takes the first if its key is at most `key`; else NULL. */
LEAT_API struct leat_heap_node *leat_heap_take(struct leat_heap *heap, int64_t key);

LEAT_END

#endif
