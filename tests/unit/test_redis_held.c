/* SPDX-License-Identifier: Apache-2.0 */
/* The table of entries that are not settled: beside a naive one, also where ids share a place. */
#include <redis/held.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdlib.h>

static struct leat_redis_held held;

static void setup(void)
{
    held = (struct leat_redis_held){.places = NULL};
}

static void teardown(void)
{
    leat_redis_held_fini(&held);
}

TestSuite(redis_held, .init = setup, .fini = teardown, .timeout = 60);

static void add(struct leat_redis_entry *entry)
{
    cr_assert(leat_redis_held_add(&held, entry));
}

static struct leat_redis_entry *find(const struct leat_redis_entry *like)
{
    return leat_redis_held_find(&held, like->stream, &like->id);
}

static struct leat_redis_entry entry_of(uint32_t stream, uint64_t ms, uint64_t number)
{
    return (struct leat_redis_entry){.id = {.ms = ms, .number = number}, .stream = stream};
}

/* Where it stands in the table; its size: nowhere. */
static size_t place_of(const struct leat_redis_entry *entry)
{
    size_t at = 0;
    while (at < held.size && held.places[at] != entry)
        at++;
    return at;
}

static size_t places_taken(void)
{
    size_t taken = 0;
    for (size_t i = 0; i < held.size; i++)
        taken += held.places[i] != NULL ? 1 : 0;
    return taken;
}

/* The number of an id in the same stream whose place is the same: it undoes what the other milliseconds do. */
static struct leat_redis_entry colliding(const struct leat_redis_entry *with, uint64_t ms)
{
    uint64_t number = with->id.number + (with->id.ms - ms) * UINT64_C(0x9e3779b97f4a7c15);
    return entry_of(with->stream, ms, number);
}

Test(redis_held, nothing_is_in_an_empty_one)
{
    struct leat_redis_entry entry = entry_of(0, 0, 0);
    cr_expect_null(find(&entry));
    leat_redis_held_remove(&held, &entry);
    cr_expect_eq(held.count, 0);
    leat_redis_held_fini(&held);
    add(&entry);
    cr_expect_eq(find(&entry), &entry);
    leat_redis_held_remove(&held, &entry);
    cr_expect_null(find(&entry));
    cr_expect(held.count == 0 && places_taken() == 0);
    leat_redis_held_fini(&held);
    cr_expect(held.places == NULL && held.size == 0 && held.count == 0);
    cr_expect_null(find(&entry));
}

Test(redis_held, an_entry_is_found_by_all_of_its_id)
{
    struct leat_redis_entry entries[] = {
        entry_of(0, 0, 0),
        entry_of(0, 0, 1),
        entry_of(0, 1, 0),
        entry_of(1, 0, 0),
        entry_of(UINT32_MAX, 0, 0),
        entry_of(1, 1, 1),
        entry_of(0, UINT64_MAX, UINT64_MAX),
    };
    const size_t count = sizeof(entries) / sizeof(entries[0]);
    for (size_t i = 0; i < count; i++)
        add(&entries[i]);
    cr_expect_eq(held.count, count);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(find(&entries[i]), &entries[i], "%zu", i);
    static const struct {
        uint32_t stream;
        uint64_t ms, number;
    } absent[] = {{0, 1, 1}, {1, 0, 1}, {2, 0, 0}, {0, 0, UINT64_MAX}, {0, UINT64_MAX, 0}, {1, UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        struct leat_redis_entry like = entry_of(absent[i].stream, absent[i].ms, absent[i].number);
        cr_expect_null(find(&like), "%zu", i);
    }
}

/* The entry came again: the old one must not take the new one out. */
Test(redis_held, another_of_the_same_id_is_not_removed)
{
    struct leat_redis_entry old = entry_of(3, 1714552200000, 7), fresh = old, other = entry_of(3, 1714552200000, 8);
    add(&old);
    leat_redis_held_remove(&held, &fresh);
    cr_expect_eq(find(&old), &old);
    leat_redis_held_remove(&held, &old);
    add(&fresh);
    leat_redis_held_remove(&held, &old);
    leat_redis_held_remove(&held, &other);
    cr_expect_eq(find(&old), &fresh);
    cr_expect_eq(held.count, 1);
    leat_redis_held_remove(&held, &fresh);
    leat_redis_held_remove(&held, &fresh);
    cr_expect_null(find(&old));
    cr_expect_eq(held.count, 0);
}

/* --- one place ------------------------------------------------------------------------------------------------- */

enum { CROWD = 12 };

/* An id whose place is the last but `before` of the first table, so that those behind it begin anew. */
static struct leat_redis_entry near_the_end(size_t before)
{
    for (uint64_t number = 0; number < 100000; number++) {
        struct leat_redis_entry entry = entry_of(0, 1714552200000, number);
        add(&entry);
        bool found = place_of(&entry) == held.size - 1 - before;
        leat_redis_held_remove(&held, &entry);
        if (found)
            return entry;
    }
    cr_assert_fail("no id has that place");
    return entry_of(0, 0, 0);
}

/* Where it is in a row, however it is removed, the rest is found. */
static void expect_crowd(struct leat_redis_entry *crowd, size_t removed, size_t also)
{
    for (size_t i = 0; i < CROWD; i++)
        add(&crowd[i]);
    leat_redis_held_remove(&held, &crowd[removed]);
    leat_redis_held_remove(&held, &crowd[also]);
    for (size_t i = 0; i < CROWD; i++)
        cr_expect_eq(find(&crowd[i]), i == removed || i == also ? NULL : &crowd[i], "%zu without %zu and %zu", i,
                     removed, also);
    cr_expect_eq(places_taken(), held.count);
    for (size_t i = 0; i < CROWD; i++)
        leat_redis_held_remove(&held, &crowd[i]);
    cr_assert(held.count == 0 && places_taken() == 0, "%zu and %zu", removed, also);
}

Test(redis_held, those_that_share_a_place_are_found_when_one_goes)
{
    static const size_t before[] = {100, 11, 5, 1, 0};
    for (size_t n = 0; n < sizeof(before) / sizeof(before[0]); n++) {
        struct leat_redis_entry crowd[CROWD];
        crowd[0] = near_the_end(before[n]);
        for (size_t i = 1; i < CROWD; i++) /* most at one place, some at one within their row */
            crowd[i] = i % 4 == 3 ? near_the_end((before[n] + 256 - i) % 256) : colliding(&crowd[0], i * i);
        add(&crowd[0]);
        add(&crowd[1]);
        add(&crowd[2]);
        cr_assert_eq(place_of(&crowd[2]), (place_of(&crowd[0]) + 2) % held.size, "they do not share a place");
        for (size_t i = 0; i < 3; i++)
            leat_redis_held_remove(&held, &crowd[i]);
        for (size_t removed = 0; removed < CROWD; removed++)
            for (size_t also = 0; also < CROWD; also++)
                expect_crowd(crowd, removed, also);
    }
}

/* --- beside a naive one ---------------------------------------------------------------------------------------- */

enum { POOL = 3000 };

static struct leat_redis_entry pool[POOL]; /* two of each id, one behind the other */
static bool inside[POOL];

static void fill_pool(unsigned *seed)
{
    for (size_t i = 0; i < POOL; i += 2) {
        struct leat_redis_entry entry;
        bool crowded = i > 0 && rand_r(seed) % 2 == 0;
        if (crowded)
            entry = colliding(&pool[(size_t)rand_r(seed) % i & ~(size_t)1], 1714552200000 + i);
        else
            entry = entry_of((uint32_t)rand_r(seed) % 3, 1714552200000 + i, i % 5);
        pool[i] = pool[i + 1] = entry;
    }
}

static void expect_as_naive(size_t count)
{
    cr_assert_eq(held.count, count);
    cr_assert_eq(places_taken(), count);
    cr_assert(held.size == 0 || (held.count < held.size && (held.size & (held.size - 1)) == 0), "%zu of %zu",
              held.count, held.size);
    for (size_t i = 0; i < POOL; i += 2) {
        const struct leat_redis_entry *wanted = inside[i] ? &pool[i] : inside[i + 1] ? &pool[i + 1] : NULL;
        cr_assert_eq(find(&pool[i]), wanted, "%zu", i);
    }
}

Test(redis_held, random_operations_beside_a_naive_table)
{
    unsigned seed = 20240501;
    size_t count = 0, most = 0;
    fill_pool(&seed);
    for (int round = 0; round < 100000; round++) {
        /* For a while more come than go, then the other way round. */
        bool fills = round / 10000 % 2 == 0;
        size_t at = (size_t)rand_r(&seed) % POOL;
        if (rand_r(&seed) % 10 < (fills ? 8 : 2)) {
            if (!inside[at] && !inside[at ^ 1]) {
                add(&pool[at]);
                inside[at] = true;
                count++;
            }
        } else {
            leat_redis_held_remove(&held, &pool[at]); /* not inside, or another of its id: nothing */
            count -= inside[at] ? 1 : 0;
            inside[at] = false;
        }
        const struct leat_redis_entry *wanted = inside[at] ? &pool[at] : inside[at ^ 1] ? &pool[at ^ 1] : NULL;
        cr_assert_eq(find(&pool[at]), wanted, "round %d", round);
        most = count > most ? count : most;
        if (round % 1000 == 999)
            expect_as_naive(count);
    }
    cr_expect_gt(most, 1024, "it has grown: %zu", most);
    for (size_t i = 0; i < POOL; i++)
        if (inside[i]) {
            leat_redis_held_remove(&held, &pool[i]);
            inside[i] = false;
            count--;
        }
    expect_as_naive(0);
    cr_expect_eq(count, 0);
}

Test(redis_held, it_grows_with_what_is_in_it)
{
    enum { COUNT = 100000 };
    struct leat_redis_entry *many = calloc(COUNT, sizeof(*many));
    cr_assert_not_null(many);
    for (size_t i = 0; i < COUNT; i++) { /* as a server numbers them */
        many[i] = entry_of(0, 1714552200000 + i / 7, i % 7);
        add(&many[i]);
    }
    cr_expect_eq(held.count, COUNT);
    cr_expect_lt(held.size, COUNT * 8, "%zu", held.size);
    size_t size = held.size;
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(find(&many[i]), &many[i], "%zu", i);
    for (size_t i = 0; i < COUNT; i += 2)
        leat_redis_held_remove(&held, &many[i]);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(find(&many[i]), i % 2 == 0 ? NULL : &many[i], "%zu", i);
    for (size_t i = 0; i < COUNT; i += 2)
        add(&many[i]);
    cr_expect_eq(held.size, size, "the places of those that went are free");
    free(many);
}

/* --- memory ----------------------------------------------------------------------------------------------------- */

Test(redis_held, without_memory_it_is_as_before)
{
    static struct leat_redis_entry entries[1000];
    int refused = 0;
    for (size_t i = 0; i < 1000; i++) {
        entries[i] = entry_of(1, i, 0);
        struct leat_redis_held before = held;
        (void)leat_alloc_fail_at(1, false);
        bool added = leat_redis_held_add(&held, &entries[i]);
        (void)leat_alloc_fail_at(0, false);
        if (added)
            continue;
        refused++;
        cr_assert(held.places == before.places && held.size == before.size && held.count == before.count);
        cr_assert_null(find(&entries[i]));
        cr_assert(i == 0 || find(&entries[i - 1]) == &entries[i - 1]);
        add(&entries[i]);
    }
    cr_expect_eq(refused, 4, "%d: at 0, 128, 256 and 512", refused);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(find(&entries[i]), &entries[i]);
}

/* --- what is held ----------------------------------------------------------------------------------------------- */

Test(redis_held, an_entry_is_held_until_its_lease_is_lost)
{
    struct leat_unit unit = {.lost = false};
    struct leat_redis_entry entry = {.unit = &unit};
    cr_expect_not(leat_redis_is_held(NULL));
    cr_expect(leat_redis_is_held(&entry));
    unit.settling = true;
    cr_expect(leat_redis_is_held(&entry));
    unit.lost = true;
    cr_expect(leat_redis_is_held(&entry), "it is finished, and the server is about to be told");
    unit.settling = false;
    cr_expect_not(leat_redis_is_held(&entry));
}
