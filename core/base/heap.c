/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap", 1986. */
#include <leat/heap.h>

static bool goes_before(const struct leat_heap_node *a, const struct leat_heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

/* Either may be NULL; both are roots. */
static struct leat_heap_node *meld(struct leat_heap_node *a, struct leat_heap_node *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    struct leat_heap_node *top = goes_before(b, a) ? b : a, *below = top == a ? b : a;
    below->before = top;
    below->sibling = top->child;
    if (top->child != NULL)
        top->child->before = below;
    top->child = below;
    return top;
}

/* One tree of all siblings: pairs from the left, then all from the right. */
static struct leat_heap_node *meld_all(struct leat_heap_node *node)
{
    struct leat_heap_node *pairs = NULL, *all = NULL;
    while (node != NULL) {
        struct leat_heap_node *second = node->sibling;
        struct leat_heap_node *rest = second != NULL ? second->sibling : NULL;
        node->sibling = node->before = NULL;
        if (second != NULL)
            second->sibling = second->before = NULL;
        struct leat_heap_node *pair = meld(node, second);
        pair->sibling = pairs; /* a list of roots for now, the last pair first */
        pairs = pair;
        node = rest;
    }
    while (pairs != NULL) {
        struct leat_heap_node *next = pairs->sibling;
        pairs->sibling = NULL;
        all = meld(all, pairs);
        pairs = next;
    }
    return all;
}

void leat_heap_add(struct leat_heap *heap, struct leat_heap_node *node, int64_t key)
{
    *node = (struct leat_heap_node){.key = key, .order = heap->added++, .inside = true};
    heap->first = meld(heap->first, node);
    heap->count++;
}

static void cut(struct leat_heap_node *node)
{
    if (node->before->child == node)
        node->before->child = node->sibling;
    else
        node->before->sibling = node->sibling;
    if (node->sibling != NULL)
        node->sibling->before = node->before;
}

void leat_heap_remove(struct leat_heap *heap, struct leat_heap_node *node)
{
    if (!node->inside)
        return;
    struct leat_heap_node *below = meld_all(node->child);
    if (node == heap->first) {
        heap->first = below;
    } else {
        cut(node);
        heap->first = meld(heap->first, below);
    }
    node->child = node->sibling = node->before = NULL;
    node->inside = false;
    heap->count--;
}

struct leat_heap_node *leat_heap_take(struct leat_heap *heap, int64_t key)
{
    struct leat_heap_node *node = heap->first;
    if (node == NULL || node->key > key)
        return NULL;
    leat_heap_remove(heap, node);
    return node;
}
