/* SPDX-License-Identifier: Apache-2.0 */
/* leat/test.h: one handler, one payload at a time, through the engine as in replay. */
#include <leat/test.h>

#include <engine/engine.h>
#include <engine/loop.h>
#include <triggers.h>

#include "cli.h"

#include <leat/alloc.h>

#include <stdlib.h>

struct leat_test {
    struct leat_engine *engine;
    const struct leat_adapter **adapters;
    struct leat_arena arena;   /* settings */
    struct leat_arena results; /* of the last run */
    struct leat_source *source;
    struct leat_result *events;
    size_t count;
    struct leat_answer answer;
};

/* --- the source: one payload from memory -------------------------------------------------------- */

struct memory {
    struct leat_test *test;
};

static leat_status init_memory(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                               struct leat_error *reterr)
{
    struct memory *memory = self;
    (void)loop;
    (void)reterr;
    memory->test = *(struct leat_test *const *)options;
    memory->test->source = source;
    return LEAT_OK;
}

static leat_status start_memory(void *self, struct leat_error *reterr)
{
    (void)self;
    (void)reterr;
    return LEAT_OK;
}

/* leat_test_run delivers: nothing is taken when the engine asks. */
static void demand_memory(void *self, uint32_t units, size_t bytes)
{
    (void)self;
    (void)units;
    (void)bytes;
}

static leat_str keep(struct leat_test *test, leat_str text)
{
    return leat_arena_copy(&test->results, text);
}

static void keep_unit(struct leat_test *test, const struct leat_unit *unit)
{
    for (uint32_t i = 0; i < unit->result_count; i++) {
        test->events[test->count] = unit->results[i];
        test->events[test->count].reason = keep(test, unit->results[i].reason);
        test->events[test->count++].reply = NULL;
    }
}

static void settle_memory(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                          size_t count)
{
    struct leat_test *test = ((struct memory *)self)->test;
    static const struct leat_answer_rules rules;
    struct leat_answer answer;
    size_t events = 0;
    for (size_t i = 0; i < count; i++)
        events += settlements[i].unit->result_count;
    test->events = LEAT_NEW_N(&test->results, struct leat_result, events);
    for (size_t i = 0; test->events != NULL && i < count; i++)
        keep_unit(test, settlements[i].unit);
    leat_delivery_answer(delivery, settlements, count, &rules, &answer);
    test->answer.text = keep(test, answer.text);
    test->answer.error_type = keep(test, answer.error_type);
    test->answer.error_message = keep(test, answer.error_message);
    leat_delivery_settled(delivery, LEAT_OK);
    leat_loop_break(leat_engine_loop(test->engine)); /* leat_test_run goes on */
}

static void stop_memory(void *self)
{
    leat_stopped(((struct memory *)self)->test->source);
}

static void close_memory(void *self)
{
    (void)self;
}

static const struct leat_source_ops memory_source = {
    .abi = LEAT_ABI,
    .size = sizeof(memory_source),
    .name = "test",
    .state_size = sizeof(struct memory),
    .caps = {.settle = LEAT_SETTLE_WHOLE, .retry = LEAT_BY_CALLER},
    .init = init_memory,
    .start = start_memory,
    .demand = demand_memory,
    .settle = settle_memory,
    .stop = stop_memory,
    .close = close_memory,
};

/* --- the API ----------------------------------------------------------------------------------------- */

static void give_up(const struct leat_error *error)
{
    fprintf(stderr, "Bail out! %s\n", error->message);
    exit(EXIT_CONFIG);
}

static leat_status take_settings(struct leat_test *test, const char *settings, cJSON **retroot,
                                 struct leat_error *reterr)
{
    struct leat_json_fault fault;
    *retroot = NULL;
    if (settings == NULL)
        return LEAT_OK;
    if (!leat_is_ok(leat_json_parse(&test->arena, leat_str_c(settings), retroot, &fault)))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "settings are no JSON: %s at byte %zu", fault.what,
                              fault.offset);
    return LEAT_OK;
}

static leat_status open_test(struct leat_test *test, const struct leat_handler *handler, const char *settings,
                             struct leat_error *reterr)
{
    cJSON *root;
    LEAT_TRY(take_settings(test, settings, &root, reterr));
    struct leat_engine_options options = {.adapters = test->adapters,
                                          .settings = root,
                                          .reserve_ms = -1,
                                          .outcome_level = LEAT_DEBUG,
                                          .emits_nowhere = true};
    test->engine = leat_engine_new(&options);
    if (test->engine == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(leat_engine_add_handler(test->engine, LEAT_ABSENT, handler, reterr));
    LEAT_TRY(leat_engine_add_source(test->engine, &memory_source, &test, NULL, reterr));
    return leat_engine_start(test->engine, reterr);
}

struct leat_test *leat_test_open(const struct leat_handler *handler, const char *settings)
{
    struct leat_error error = {.message = "out of memory"};
    struct leat_test *test = leat_alloc(sizeof(*test));
    if (test != NULL)
        test->adapters = leat_cli_adapters(NULL);
    if (test == NULL || test->adapters == NULL)
        give_up(&error);
    leat_arena_init(&test->arena, 0);
    leat_arena_init(&test->results, 0);
    if (!leat_is_ok(open_test(test, handler, settings, &error)))
        give_up(&error);
    return test;
}

static bool deliver(struct leat_test *test, const char *payload)
{
    struct leat_delivery *delivery = leat_delivery_new(test->source);
    if (delivery == NULL)
        return false;
    leat_str text = leat_arena_copy(leat_delivery_arena(delivery), leat_str_c(payload));
    delivery->invocation.request_id = LEAT_STR("00000000-0000-4000-8000-000000000001");
    (void)leat_delivery_text(delivery, text, NULL); /* a failure is told by leat_test_error */
    leat_deliver(delivery);
    return true;
}

size_t leat_test_run(struct leat_test *test, const char *payload)
{
    struct leat_error error = {.message = "out of memory"};
    leat_arena_reset(&test->results);
    test->count = 0;
    test->answer = (struct leat_answer){0};
    if (!deliver(test, payload) || !leat_is_ok(leat_engine_run(test->engine, &error)))
        give_up(&error);
    return test->count;
}

enum leat_outcome_kind leat_test_outcome(const struct leat_test *test, size_t index)
{
    return index < test->count ? test->events[index].kind : LEAT_OUTCOME_NONE;
}

leat_str leat_test_reason(const struct leat_test *test, size_t index)
{
    return index < test->count ? test->events[index].reason : LEAT_ABSENT;
}

leat_str leat_test_reply(const struct leat_test *test)
{
    return test->answer.text;
}

leat_str leat_test_error(const struct leat_test *test)
{
    return test->answer.error_type;
}

void leat_test_close(struct leat_test *test)
{
    if (test == NULL)
        return;
    leat_engine_free(test->engine);
    leat_arena_fini(&test->arena);
    leat_arena_fini(&test->results);
    leat_free(test->adapters);
    leat_free(test);
}

/* --- TAP ------------------------------------------------------------------------------------------------- */

static unsigned checks, failures;

void leat_test_check(bool good, const char *name)
{
    failures += good ? 0 : 1;
    printf("%sok %u - %s\n", good ? "" : "not ", ++checks, name);
}

int leat_test_done(void)
{
    printf("1..%u\n", checks);
    return leat_cli_flush(failures > 0 ? EXIT_OUTCOME : EXIT_DONE);
}
