/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/ledger.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>

static struct leat_ledger ledger;
static char values[4096]; /* the value of a position is its address */

static void setup(void)
{
    ledger = (struct leat_ledger){0};
}

static void teardown(void)
{
    leat_ledger_fini(&ledger);
}

TestSuite(ledger, .init = setup, .fini = teardown);

static void add(uint64_t first, uint64_t last, uint64_t step)
{
    for (uint64_t i = first; i <= last; i += step)
        cr_assert(leat_ledger_add(&ledger, i, &values[i]), "%llu", (unsigned long long)i);
}

static void expect_watermark(int position)
{
    char *value = leat_ledger_advance(&ledger, NULL, NULL);
    cr_expect_eq(value, position >= 0 ? &values[position] : NULL, "%d, not %d", position,
                 value != NULL ? (int)(value - values) : -1);
}

Test(ledger, an_empty_one_has_no_watermark)
{
    expect_watermark(-1);
    cr_expect_not(leat_ledger_done(&ledger, 0));
}

Test(ledger, the_watermark_waits_for_the_first)
{
    add(10, 40, 10);
    cr_expect(leat_ledger_done(&ledger, 20) && leat_ledger_done(&ledger, 30));
    expect_watermark(-1);
    cr_expect(leat_ledger_done(&ledger, 10));
    expect_watermark(30);
    expect_watermark(-1);
    cr_expect(leat_ledger_done(&ledger, 40));
    expect_watermark(40);
    cr_expect_eq(ledger.count, 0);
}

Test(ledger, what_is_not_there_cannot_be_done)
{
    add(10, 40, 10);
    static const uint64_t absent[] = {0, 9, 11, 25, 39, 41, UINT64_MAX};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        cr_expect_not(leat_ledger_done(&ledger, absent[i]), "%llu", (unsigned long long)absent[i]);
    cr_expect(leat_ledger_done(&ledger, 10));
    cr_expect_not(leat_ledger_done(&ledger, 10), "twice");
    expect_watermark(10);
    cr_expect_not(leat_ledger_done(&ledger, 10), "it has gone");
}

Test(ledger, positions_rise)
{
    add(5, 5, 1);
    cr_expect_not(leat_ledger_add(&ledger, 5, NULL));
    cr_expect_not(leat_ledger_add(&ledger, 4, NULL));
    cr_expect_eq(ledger.count, 1);
    cr_expect(leat_ledger_add(&ledger, UINT64_MAX, &values[9]));
    cr_expect(leat_ledger_done(&ledger, 5) && leat_ledger_done(&ledger, UINT64_MAX));
    expect_watermark(9);
    cr_expect(leat_ledger_add(&ledger, 0, &values[0]), "an empty one begins anywhere");
}

static void collect(void *argument, void *value)
{
    char **at = argument;
    cr_expect_eq(value, *at);
    (*at)++;
}

/* It grows while its start lies in the middle of the ring. */
Test(ledger, a_ring_that_wraps_keeps_its_order)
{
    char *next = values;
    add(0, 11, 1);
    for (uint64_t i = 0; i < 10; i++)
        cr_expect(leat_ledger_done(&ledger, i));
    cr_expect_eq(leat_ledger_advance(&ledger, collect, &next), &values[9]);
    cr_expect_eq(next, &values[10]);
    add(12, 2000, 1);
    for (uint64_t i = 2000; i > 10; i--)
        cr_assert(leat_ledger_done(&ledger, i));
    cr_expect_null(leat_ledger_advance(&ledger, collect, &next));
    cr_expect(leat_ledger_done(&ledger, 10));
    cr_expect_eq(leat_ledger_advance(&ledger, collect, &next), &values[2000]);
    cr_expect_eq(next, &values[2001]);
}

Test(ledger, without_memory_it_is_as_before)
{
    uint64_t position = 0;
    int refused = 0;
    for (int i = 0; i < 200; i++) {
        struct leat_ledger before = ledger;
        leat_alloc_fail_at(1, false);
        bool added = leat_ledger_add(&ledger, position, &values[position]);
        leat_alloc_fail_at(0, false);
        refused += added ? 0 : 1;
        cr_expect(added || (before.entries == ledger.entries && before.size == ledger.size &&
                            before.first == ledger.first && before.count == ledger.count));
        if (!added)
            cr_assert(leat_ledger_add(&ledger, position, &values[position]));
        position++;
    }
    cr_expect_eq(refused, 5, "%d: at 0, 16, 32, 64 and 128", refused);
    for (uint64_t i = 0; i < position; i++)
        cr_expect(leat_ledger_done(&ledger, i));
    expect_watermark((int)position - 1);
}
