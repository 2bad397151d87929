/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/heap.h>

#include <criterion/criterion.h>
#include <stdlib.h>

static struct leat_heap heap;
static struct leat_heap_node nodes[8];

static void empty(void)
{
    heap = (struct leat_heap){0};
    memset(nodes, 0, sizeof(nodes));
}

TestSuite(heap, .init = empty);

static void add(int first, int last, int64_t key)
{
    for (int i = first; i <= last; i++)
        leat_heap_add(&heap, &nodes[i], key);
}

static void expect_next(int node)
{
    struct leat_heap_node *got = leat_heap_take(&heap, INT64_MAX);
    cr_expect_eq(got, &nodes[node], "node %d, not %d", node, got != NULL ? (int)(got - nodes) : -1);
}

Test(heap, nothing_comes_out_of_an_empty_one)
{
    cr_expect_null(leat_heap_take(&heap, INT64_MAX));
    leat_heap_remove(&heap, &nodes[0]);
    cr_expect_eq(heap.count, 0);
}

Test(heap, the_smallest_comes_first)
{
    static const int64_t keys[] = {5, INT64_MAX, -3, 0, INT64_MIN, 7, 1, -2};
    static const int order[] = {4, 2, 7, 3, 6, 0, 5, 1};
    for (int i = 0; i < 8; i++)
        leat_heap_add(&heap, &nodes[i], keys[i]);
    cr_expect_eq(heap.count, 8);
    for (int i = 0; i < 8; i++)
        expect_next(order[i]);
    cr_expect(heap.count == 0 && heap.first == NULL);
}

Test(heap, equal_keys_come_in_the_order_they_were_added)
{
    add(4, 7, 1);
    add(0, 3, 1);
    expect_next(4);
    add(4, 4, 1); /* behind all others now */
    static const int order[] = {5, 6, 7, 0, 1, 2, 3, 4};
    for (int i = 0; i < 8; i++)
        expect_next(order[i]);
}

Test(heap, only_what_is_due_is_taken)
{
    add(0, 0, 10);
    cr_expect_null(leat_heap_take(&heap, 9));
    cr_expect(heap.count == 1 && nodes[0].inside);
    cr_expect_eq(leat_heap_take(&heap, 10), &nodes[0]);
    cr_expect(heap.count == 0 && !nodes[0].inside);
}

Test(heap, a_node_is_removed_wherever_it_is)
{
    for (int removed = 0; removed < 8; removed++) {
        empty();
        for (int i = 0; i < 8; i++)
            leat_heap_add(&heap, &nodes[i], i);
        expect_next(0); /* from here on it has a shape */
        leat_heap_remove(&heap, &nodes[removed]);
        leat_heap_remove(&heap, &nodes[removed]);
        for (int i = 1; i < 8; i++)
            if (i != removed)
                expect_next(i);
        cr_expect(heap.count == 0 && heap.first == NULL, "without %d", removed);
    }
}

/* Sorted input makes the longest lists of siblings: a recursion would end the stack. */
Test(heap, a_million_sorted_keys)
{
    enum { COUNT = 1000000 };
    struct leat_heap_node *many = calloc(COUNT, sizeof(*many));
    cr_assert_not_null(many);
    for (int64_t i = 0; i < COUNT; i++)
        leat_heap_add(&heap, &many[i], i);
    for (int64_t i = 0; i < COUNT; i++)
        cr_assert_eq(leat_heap_take(&heap, INT64_MAX), &many[i]);
    for (int64_t i = 0; i < COUNT; i++)
        leat_heap_add(&heap, &many[i], -i);
    for (int64_t i = COUNT - 1; i >= 0; i--)
        cr_assert_eq(leat_heap_take(&heap, INT64_MAX), &many[i]);
    free(many);
}
