/* SPDX-License-Identifier: Apache-2.0 */
/* The spool as a sink. */
#include "spooling.h"

TestSuite(spool_sink, .timeout = 60, .init = spool_init, .fini = spool_fini);

enum { LETTERS = 50 };

static struct leat_loop *loop;
static void *sink;
static struct leat_spool_sink_options sink_options;
static unsigned answers[LETTERS], answered, failed;

static void durable(void *argument, size_t index, leat_status status)
{
    (void)argument;
    answers[index]++;
    failed += leat_is_ok(status) ? 0 : 1;
    answered++;
    leat_loop_break(loop);
}

static void give_up(void *argument)
{
    (void)argument;
    cr_assert_fail("no answer");
}

static void wait_for(unsigned count)
{
    struct leat_timer *timer = leat_loop_timer(loop, give_up, NULL);
    leat_timer_set(timer, 30000);
    while (answered < count)
        cr_assert(leat_loop_run(loop));
    leat_timer_free(timer);
}

static leat_status open_sink(struct leat_error *reterr)
{
    loop = leat_loop_new();
    sink = leat_alloc(leat_sink_spool.state_size);
    sink_options.path = spool_options.path;
    answered = failed = 0;
    memset(answers, 0, sizeof(answers));
    LEAT_TRY(leat_sink_spool.init(sink, NULL, loop, &sink_options, reterr));
    return leat_sink_spool.start(sink, reterr);
}

static void close_sink(void)
{
    leat_sink_spool.close(sink);
    leat_sink_spool.close(sink);
    leat_sink_spool.fini(sink);
    leat_free(sink);
    leat_loop_free(loop);
}

static struct leat_letter letters[LETTERS];
static const struct leat_letter *list[LETTERS];

static void make_letters(void)
{
    static char ids[LETTERS][16], texts[LETTERS][80];
    for (unsigned i = 0; i < LETTERS; i++) {
        snprintf(ids[i], sizeof(ids[0]), "q/%u/0", i);
        snprintf(texts[i], sizeof(texts[0]), "{\"fake\":[{\"id\":\"%02u\",\"outcomes\":[\"ok\"]}]}", i);
        letters[i] = (struct leat_letter){.id = leat_str_c(ids[i]), .text = leat_str_c(texts[i])};
        list[i] = &letters[i];
    }
}

Test(spool_sink, letters_become_files_that_wait_in_their_order)
{
    make_letters();
    cr_assert(leat_is_ok(open_sink(NULL)));
    leat_sink_spool.write(sink, list, 1, durable, NULL);
    leat_sink_spool.write(sink, list, LETTERS, durable, NULL); /* a copy of the first is a file too */
    cr_expect_eq(answered, 0, "nothing is durable yet");
    wait_for(LETTERS + 1);
    cr_expect_eq(failed, 0);
    cr_expect(answers[0] == 2 && answers[LETTERS - 1] == 1);
    close_sink();
    cr_expect_eq(count_in("new", NULL), LETTERS + 1);
    cr_expect_eq(count_in("tmp", NULL), 0);
    cr_expect(work_until(is_idle));
    cr_assert_eq(spool_seen_count, LETTERS + 1);
    cr_expect_str_eq(spool_seen[0], "00");
    for (unsigned i = 0; i < LETTERS; i++)
        cr_expect_eq(strtoul(spool_seen[i + 1], NULL, 10), i);
}

Test(spool_sink, a_spool_that_is_away_fails_its_letters_and_is_used_again)
{
    make_letters();
    struct leat_engine *engine = leat_engine_new(&spool_engine);
    struct leat_error error = {0};
    sink_options.path = spool_options.path;
    cr_assert(leat_is_ok(leat_engine_add_sink(engine, LEAT_STR("out"), &leat_sink_spool, &sink_options, &error)));
    cr_assert(leat_is_ok(leat_sinks_start(engine, &error)));
    loop = leat_engine_loop(engine);
    sink = engine->sinks->self;
    cr_assert(rename(in_spool(""), in_spool("../away")) == 0);
    leat_sink_spool.write(sink, list, 3, durable, NULL);
    wait_for(3);
    cr_expect_eq(failed, 3);
    cr_assert(mkdir(in_spool(""), 0700) == 0);
    leat_sink_spool.write(sink, list, 3, durable, NULL);
    wait_for(6);
    cr_expect_eq(failed, 3);
    cr_expect_eq(count_in("new", NULL), 3);
    leat_engine_free(engine);
}

Test(spool_sink, closing_waits_for_no_answer)
{
    make_letters();
    cr_assert(leat_is_ok(open_sink(NULL)));
    leat_sink_spool.write(sink, list, LETTERS, durable, NULL);
    close_sink();
    cr_expect_eq(answered, 0);
}

Test(spool_sink, a_place_that_cannot_be_made_is_refused)
{
    struct leat_error error = {0};
    spool_options.path = LEAT_STR("/nowhere/at/all");
    cr_expect_not(leat_is_ok(open_sink(&error)));
    cr_expect_not_null(strstr(error.message, "/nowhere/at/all"), "%s", error.message);
    close_sink();
}
