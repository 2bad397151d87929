/* SPDX-License-Identifier: Apache-2.0 */
/* The spool in trouble: nothing is lost, what is wrong is said, and it goes on by itself. */
#include "spooling.h"

#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>

TestSuite(spool_trouble, .timeout = 120, .init = spool_init, .fini = spool_fini);

static bool is_away(const struct worker *worker)
{
    return worker->spool->state == LEAT_DISCONNECTED;
}

/* --- no descriptors --------------------------------------------------------------------------------------------- */

static struct rlimit files_before;

static void allow_no_more_files(void)
{
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_geq(next, 0);
    cr_assert(getrlimit(RLIMIT_NOFILE, &files_before) == 0);
    close(next);
    const struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = files_before.rlim_max};
    cr_assert(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static bool starve(struct worker *worker)
{
    if (worker->step == 0 && is_idle(worker)) {
        worker->step = 1;
        allow_no_more_files();
        cr_assert(rename(in_spool("tmp/a"), in_spool("new/a")) == 0);
    }
    if (worker->step == 1 && is_away(worker)) {
        worker->step = 2;
        cr_expect(is_file("new/a"), "it waits where it was");
        cr_expect_not_null(strstr(worker->spool->why, "LimitNOFILE"), "%s", worker->spool->why);
        cr_assert(setrlimit(RLIMIT_NOFILE, &files_before) == 0);
    }
    return worker->step == 2 && is_idle(worker);
}

Test(spool_trouble, without_descriptors_it_waits)
{
    write_file(in_spool("tmp/a"), PAYLOAD("a", "ok"));
    cr_expect(work_until(starve));
    cr_expect_eq(spool_seen_count, 1);
    cr_expect_eq(count_in("cur", NULL), 0);
}

/* --- no memory ---------------------------------------------------------------------------------------------------- */

static uint64_t failing; /* allocation, from when the file comes */

static bool starve_memory(struct worker *worker)
{
    if (worker->step == 0 && is_idle(worker)) {
        worker->step = 1;
        drop("a", PAYLOAD("a", "ok"));
        (void)leat_alloc_fail_at(failing, false);
    }
    return worker->step == 1 && is_idle(worker) && count_in("new", NULL) == 0;
}

Test(spool_trouble, without_memory_it_comes_again)
{
    for (failing = 1; failing <= 12; failing++) {
        spool_seen_count = 0;
        cr_expect(work_until(starve_memory), "allocation %u", (unsigned)failing);
        (void)leat_alloc_fail_at(0, false);
        cr_expect_geq(spool_seen_count, 1, "allocation %u", (unsigned)failing);
        cr_expect_eq(count_in("cur", NULL) + count_in("failed", NULL), 0);
    }
}

/* --- folders that go and come ------------------------------------------------------------------------------------- */

static bool move_away(struct worker *worker)
{
    if (worker->step == 0 && is_idle(worker)) {
        worker->step = 1;
        cr_assert(rename(in_spool(""), in_spool("../away")) == 0);
    }
    if (worker->step == 1 && is_away(worker)) {
        worker->step = 2;
        cr_expect(access(in_spool(""), F_OK) != 0, "it is not made behind somebody's back");
        cr_assert(mkdir(in_spool(""), 0700) == 0);
    }
    if (worker->step == 2 && is_idle(worker)) {
        worker->step = 3;
        drop("b", PAYLOAD("b", "ok"));
    }
    return worker->step == 3 && is_idle(worker) && spool_seen_count == 2;
}

Test(spool_trouble, a_folder_that_was_moved_and_made_anew_is_used)
{
    drop("a", PAYLOAD("a", "ok"));
    cr_expect(work_until(move_away));
    cr_expect_eq(count_in("cur", NULL), 0);
}

static int gates[2][2];
static atomic_uint entered;

static void wait_at_gate(void)
{
    char one;
    unsigned turn = atomic_fetch_add(&entered, 1);
    cr_assert(turn < 2 && read(gates[turn][0], &one, 1) == 1);
}

static bool has_one_claim(const struct worker *worker)
{
    return worker->spool->claims != NULL && worker->spool->claims->next == NULL;
}

static bool move_away_under_way(struct worker *worker)
{
    char id[LEAT_SPOOL_NAME_SIZE] = "", path[300];
    int before = worker->step;
    if (before == 0 && atomic_load(&entered) == 1)
        worker->step += rename(in_spool(""), in_spool("../away")) == 0;
    if (before == 1 && is_away(worker))
        worker->step += mkdir(in_spool(""), 0700) == 0;
    if (before == 2 && worker->spool->state == LEAT_IDLE) {
        drop("a", PAYLOAD("new", "ok"));
        worker->step++;
    }
    if (before == 3 && atomic_load(&entered) == 2)
        worker->step += write(gates[0][1], "x", 1) == 1;
    if (before == 4 && has_one_claim(worker)) {
        count_in("cur", id);
        snprintf(path, sizeof(path), "cur/%s/a", id);
        cr_expect(is_file(path), "the end of the old one does not end the new one");
        worker->step += write(gates[1][1], "x", 1) == 1;
    }
    return worker->step == 5 && is_idle(worker);
}

Test(spool_trouble, a_name_that_is_claimed_in_two_folders_is_two_files)
{
    cr_assert(pipe(gates[0]) == 0 && pipe(gates[1]) == 0);
    spool_engine.executor = &leat_executor_pool;
    spool_engine.slots = 2;
    drop("a", PAYLOAD("old", "ok"));
    spool_on_event = wait_at_gate;
    cr_expect(work_until(move_away_under_way));
    cr_expect_eq(spool_seen_count, 2);
    cr_expect_eq(count_in("../away/cur", NULL), 1, "the old one is where it was moved");
}

static void remove_failed(void)
{
    spool_on_event = NULL;
    (void)rmdir(in_spool("failed"));
}

Test(spool_trouble, a_settlement_waits_until_it_can_be_made)
{
    drop("a", PAYLOAD("a", "reject"));
    spool_on_event = remove_failed;
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, 1, "it ran once");
    cr_expect(is_file("failed/a"));
    cr_expect_eq(count_in("cur", NULL), 0);
}

static void remove_claim(void)
{
    char id[LEAT_SPOOL_NAME_SIZE] = "", path[300];
    cr_assert_eq(count_in("cur", id), 1);
    snprintf(path, sizeof(path), "cur/%s/a", id);
    cr_expect(unlink(in_spool(path)) == 0);
}

Test(spool_trouble, a_file_that_was_removed_while_it_ran_is_settled)
{
    drop("a", PAYLOAD("a", "later"));
    spool_on_event = remove_claim;
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, 1);
}

/* --- rights ----------------------------------------------------------------------------------------------------- */

static bool become_nobody(void)
{
    const char *folders[] = {"..", "", "tmp", "new", "cur", "failed", "done"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (geteuid() == 0 && chown(in_spool(folders[i]), 65534, 65534) != 0)
            return false;
    return geteuid() != 0 || seteuid(65534) == 0;
}

/* So that the leak checker may look into this process again. */
static void become_root(void)
{
    if (getuid() == 0)
        cr_assert(seteuid(0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
}

static bool close_new(struct worker *worker)
{
    if (worker->step == 0 && is_idle(worker)) {
        worker->step = 1;
        drop("a", PAYLOAD("a", "ok"));
        cr_assert(chmod(in_spool("new"), 0500) == 0);
    }
    if (worker->step == 1 && is_away(worker)) {
        worker->step = 2;
        cr_assert(chmod(in_spool("new"), 0700) == 0);
    }
    return worker->step == 2 && is_idle(worker);
}

Test(spool_trouble, a_folder_that_cannot_be_written_is_tried_again)
{
    cr_assert(become_nobody());
    cr_expect(work_until(close_new));
    cr_expect_eq(spool_seen_count, 1);
    become_root();
}

Test(spool_trouble, a_file_that_cannot_be_read_goes_to_failed)
{
    cr_assert(become_nobody());
    drop("a", PAYLOAD("a", "ok"));
    cr_assert(chmod(in_spool("new/a"), 0) == 0);
    drop("b", PAYLOAD("b", "ok"));
    cr_expect(work_until(is_idle));
    cr_expect_eq(spool_seen_count, 1);
    cr_expect(is_file("failed/a"));
    become_root();
}

Test(spool_trouble, a_spool_without_a_parent_is_refused)
{
    struct leat_engine *engine = leat_engine_new(&spool_engine);
    struct leat_error error = {0};
    spool_options.path = LEAT_STR("/nowhere/at/all");
    cr_assert(leat_is_ok(leat_engine_add_source(engine, &leat_source_spool, &spool_options, NULL, &error)));
    cr_expect_not(leat_is_ok(leat_engine_start(engine, &error)));
    cr_expect_not_null(strstr(error.message, "/nowhere/at/all"), "%s", error.message);
    leat_engine_free(engine);
}
