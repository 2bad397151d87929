/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler gets an event: by its trigger, by its carrier's, else the general one. */
#include "decoding.h"

#include <engine/internal.h>

TestSuite(route);

#define CLOUDEVENT "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/s\",\"type\":\"t\"}"

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    return leat_ok(ctx);
}

/* Handlers by trigger, "" for the general one; `accepts` NULL: all. */
struct wanted {
    const char *trigger, *name, *accepts;
};

struct desk {
    struct leat_engine *engine;
    struct leat_handler handlers[4];
};

static void add_handlers(struct desk *desk, const struct wanted *wanted)
{
    const struct leat_engine_options options = {.adapters = sorted_adapters()};
    desk->engine = leat_engine_new(&options);
    cr_assert_not_null(desk->engine);
    for (size_t i = 0; i < 4 && wanted[i].name != NULL; i++) {
        desk->handlers[i] = (struct leat_handler){.abi = LEAT_ABI,
                                                  .size = sizeof(struct leat_handler),
                                                  .name = wanted[i].name,
                                                  .accepts = wanted[i].accepts,
                                                  .handle = handle};
        leat_str trigger = wanted[i].trigger[0] != '\0' ? leat_str_c(wanted[i].trigger) : LEAT_ABSENT;
        cr_assert(leat_is_ok(leat_engine_add_handler(desk->engine, trigger, &desk->handlers[i], NULL)));
    }
}

/* `want`: the handler's name, or why nobody takes the first event of the payload. Frees the payload. */
static void expect_route(const struct wanted *wanted, char *payload, const char *want)
{
    struct desk desk;
    const char *why = NULL;
    DECODED d = decode_owned(payload);
    cr_assert_geq(d->events.count, 1, "%s", d->error.message);
    add_handlers(&desk, wanted);
    struct leat_source source = {.engine = desk.engine};
    struct leat_delivery delivery = {.source = &source, .entry = &source.own};
    const struct leat_unit unit = {.delivery = &delivery};
    const struct leat_bound *bound = leat_route(&unit, &d->events.items[0], &why);
    cr_expect_str_eq(bound != NULL ? bound->handler.name : why, want, "got %s",
                     bound != NULL ? bound->handler.name : why);
    leat_engine_free(desk.engine);
}

#define HANDLERS(...) ((const struct wanted[4]){__VA_ARGS__})

static char *copy(const char *text)
{
    char *heap = strdup(text);
    cr_assert_not_null(heap);
    return heap;
}

Test(route, the_triggers_own_handler_goes_before_the_general_one)
{
    expect_route(HANDLERS({"", "all", NULL}, {"sqs", "queue", NULL}), copy(sample_of("sqs")), "queue");
    expect_route(HANDLERS({"", "all", NULL}, {"sqs", "queue", NULL}), copy(sample_of("sns")), "all");
    expect_route(HANDLERS({"sqs", "one", NULL}, {"sqs", "two", NULL}), copy(sample_of("sqs")), "one");
    expect_route(HANDLERS({"sqs", "queue", NULL}), copy(sample_of("sns")), "no handler for events of this kind");
}

Test(route, the_innermost_notification_decides)
{
    expect_route(HANDLERS({"sqs", "queue", NULL}, {"s3", "files", NULL}), in_sqs(sample_of("s3")), "files");
    expect_route(HANDLERS({"sqs", "queue", NULL}), in_sqs(sample_of("s3")), "no handler for events of this kind");
}

Test(route, a_family_of_triggers_has_one_name)
{
    expect_route(HANDLERS({"apigateway", "api", NULL}), copy(sample_of("apigateway-rest")), "api");
    expect_route(HANDLERS({"apigateway-http", "two", NULL}, {"apigateway", "api", NULL}),
                 copy(sample_of("apigateway-rest")), "api");
    expect_route(HANDLERS({"cloudwatch", "logs", NULL}), copy(sample_of("cloudwatch-logs")), "logs");
}

/* A producer that begins to write CloudEvents needs no other handler. */
Test(route, a_cloudevent_goes_to_its_own_handler_else_to_that_of_its_carrier)
{
    expect_route(HANDLERS({"sqs", "queue", NULL}, {"cloudevents", "ce", NULL}), in_sqs(CLOUDEVENT), "ce");
    expect_route(HANDLERS({"", "all", NULL}, {"sqs", "queue", NULL}), in_sqs(CLOUDEVENT), "queue");
    expect_route(HANDLERS({"", "all", NULL}, {"sns", "topic", NULL}), in_sqs(CLOUDEVENT), "all");
    expect_route(HANDLERS({"kafka", "log", NULL}), in_kafka(LEAT_STR(CLOUDEVENT)), "log");
    expect_route(HANDLERS({"kinesis", "stream", NULL}), in_kinesis(LEAT_STR(CLOUDEVENT)), "stream");
    expect_route(HANDLERS({"sqs", "queue", NULL}, {"sns", "topic", NULL}), in_sns_in_sqs(CLOUDEVENT), "topic");
    expect_route(HANDLERS({"sqs", "queue", NULL}), copy(CLOUDEVENT), "no handler for events of this kind");
    expect_route(HANDLERS({"cloudevents", "ce", NULL}), copy(CLOUDEVENT), "ce");
}

Test(route, accepts_looks_at_the_event_and_at_the_carrier_of_a_cloudevent)
{
    static const char no[] = "the handler does not accept events of this kind";
    expect_route(HANDLERS({"", "all", "sqs"}), in_sqs("x"), "all");
    expect_route(HANDLERS({"", "all", "s3, sqs"}), in_sqs("x"), "all");
    expect_route(HANDLERS({"", "all", "s3"}), in_sqs("x"), no);
    expect_route(HANDLERS({"", "all", "sqs"}), in_sqs(sample_of("s3")), no);
    expect_route(HANDLERS({"", "all", "sqs"}), in_sqs(CLOUDEVENT), "all");
    expect_route(HANDLERS({"", "all", "cloudevents"}), in_sqs(CLOUDEVENT), "all");
    expect_route(HANDLERS({"", "all", "kafka"}), in_sqs(CLOUDEVENT), no);
    expect_route(HANDLERS({"sqs", "queue", "s3"}), in_sqs(CLOUDEVENT), no);
    expect_route(HANDLERS({"", "all", "sqs"}), copy(CLOUDEVENT), no);
}
