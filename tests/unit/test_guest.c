/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a guest where no runtime client is needed for it; what is served is tested through the command line. */
#include "valgrind.h"

#include <engine/loop.h>
#include <lambda/guest.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <unistd.h>

static struct leat_loop *loop;
static struct leat_guest_result last;
static unsigned answers;

static void start(void)
{
    loop = leat_loop_new();
    answers = 0;
}

static void end(void)
{
    leat_loop_free(loop);
}

TestSuite(guest, .timeout = 60, .init = start, .fini = end);

static void answered(void *argument, const struct leat_guest_result *result)
{
    (void)argument;
    last = *result;
    answers++;
    leat_loop_break(loop);
}

static const struct leat_guest_call call = {
    .payload = {"{}", 2}, .invocation = {.request_id = {"1", 1}}, .answered = answered};

static struct leat_guest_options options_of(const char *const *command)
{
    return (struct leat_guest_options){.command = command,
                                       .folder = "/",
                                       .label = "it",
                                       .name = "it",
                                       .environment = environ,
                                       .time_ms = 1000,
                                       .init_ms = 60000};
}

static void run(const struct leat_guest_options *options)
{
    struct leat_guest *guest = NULL;
    struct leat_error error = {0};
    cr_assert(leat_is_ok(leat_guest_new(loop, options, &guest, &error)), "%s", error.message);
    leat_guest_invoke(guest, &call);
    if (answers == 0)
        cr_assert(leat_loop_run(loop));
    leat_guest_free(guest);
    cr_assert_eq(answers, 1);
}

Test(guest, one_that_asks_for_nothing_is_given_up)
{
    if (under_valgrind())
        cr_skip_test("valgrind knows no pidfd_open");
    const char *const command[] = {"/bin/sh", "-c", "exec sleep 1000", NULL};
    struct leat_guest_options options = options_of(command);
    options.init_ms = 50;
    run(&options);
    cr_expect_eq(last.status.code, LEAT_E_CONFIG);
    cr_expect_str_eq(last.error.message, "it asked for no event within 0.05 seconds");
}

Test(guest, one_that_ends_is_started_three_times)
{
    if (under_valgrind())
        cr_skip_test("valgrind knows no pidfd_open");
    const char *const command[] = {"/bin/sh", "-c", "exit 5", NULL};
    struct leat_guest_options options = options_of(command);
    run(&options);
    cr_expect_eq(last.status.code, LEAT_E_CONFIG);
    cr_expect_str_eq(last.error.message, "it ended 3 times before it took an event: exit status 5");
}

Test(guest, one_that_is_not_there_is_told_at_once)
{
    const char *const command[] = {"/no/such/program", NULL};
    struct leat_guest_options options = options_of(command);
    run(&options);
    cr_expect_eq(last.status.code, LEAT_E_CONFIG);
    cr_expect_str_eq(last.error.message, "/no/such/program cannot be started: No such file or directory");
}

Test(guest, a_folder_that_is_not_there_is_told_too)
{
    const char *const command[] = {"/bin/true", NULL};
    struct leat_guest_options options = options_of(command);
    options.folder = "/no/such/folder";
    run(&options);
    cr_expect_eq(last.status.code, LEAT_E_CONFIG);
}

Test(guest, one_that_was_never_started_is_freed)
{
    const char *const command[] = {"/bin/true", NULL};
    struct leat_guest_options options = options_of(command);
    struct leat_guest *guest = NULL;
    struct leat_error error = {0};
    cr_assert(leat_is_ok(leat_guest_new(loop, &options, &guest, &error)));
    leat_guest_free(guest);
    leat_guest_free(NULL);
}

/* Want of memory is a failure that is told: nothing is left open, and the guest can be freed. */
Test(guest, each_allocation_may_fail)
{
    const char *const command[] = {"/bin/sh", "-c", "exit 5", NULL};
    struct leat_guest_options options = options_of(command);
    leat_status status = LEAT_STATUS(BUG);
    for (uint64_t nth = 1; !leat_is_ok(status); nth++) {
        struct leat_guest *guest = NULL;
        struct leat_error error = {0};
        (void)leat_alloc_fail_at(nth, false);
        status = leat_guest_new(loop, &options, &guest, &error);
        (void)leat_alloc_fail_at(0, false);
        leat_guest_free(guest);
        cr_assert(leat_is_ok(status) ? nth > 3 : status.code == LEAT_E_NO_MEMORY);
    }
}
