/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module that is as it should be, but for what -DADAPTER=..., -DSOURCE=..., -DSINK=... and -DMODULE=... say: members
 * that win over those here. -DWORD: the trigger takes objects with that member; -DMISSING: a function nobody has.
 */
#include <leat/module.h>

#include <stdint.h>

#ifndef ADAPTER
#define ADAPTER
#endif
#ifndef SOURCE
#define SOURCE
#endif
#ifndef SINK
#define SINK
#endif
#ifndef MODULE
#define MODULE
#endif
#ifndef WORD
#define WORD "word"
#endif

#pragma GCC diagnostic ignored "-Woverride-init"
#define GARBAGE ((void *)(uintptr_t)8) /* of members that no leat may look at */

static bool detect(const struct leat_payload *payload)
{
    return cJSON_GetObjectItemCaseSensitive(payload->root, WORD) != NULL;
}

static leat_status normalise(struct leat_decoder *decoder, const struct leat_record *record, struct leat_events *out)
{
    struct leat_envelope *envelope = leat_events_add(decoder, record, out);
#ifdef MISSING
    void MISSING(void);
    MISSING();
#endif
    if (envelope == NULL)
        return leat_arena_status(decoder->arena);
    envelope->digest_id = true;
    envelope->source = LEAT_STR("test:words");
    envelope->type = LEAT_STR("test.word");
    return leat_arena_status(decoder->arena);
}

static leat_status init(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                        struct leat_error *reterr)
{
    (void)self, (void)source, (void)loop, (void)options, (void)reterr;
    return LEAT_OK;
}

static leat_status start(void *self, struct leat_error *reterr)
{
    (void)self, (void)reterr;
    return LEAT_OK;
}

static void demand(void *self, uint32_t units, size_t bytes)
{
    (void)self, (void)units, (void)bytes;
}

static void settle(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements, size_t count)
{
    (void)self, (void)delivery, (void)settlements, (void)count;
}

static void stop(void *self)
{
    (void)self;
}

static void write_letters(void *self, const struct leat_letter *const *letters, size_t count,
                          void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    (void)self, (void)letters, (void)count, (void)durable, (void)argument;
}

struct told {
    leat_str place;
};

/* Only what SOURCE names is used. */
__attribute__((unused)) static const struct leat_option fine[] = {
    {.key = "place", .type = LEAT_OPTION_TEXT, .help = "where"}, {.key = NULL}};
__attribute__((unused)) static const struct leat_option outside[] = {
    {.key = "place", .type = LEAT_OPTION_TEXT, .offset = 8, .help = "where"}, {.key = NULL}};
__attribute__((unused)) static const struct leat_option choiceless[] = {
    {.key = "mode", .type = LEAT_OPTION_CHOICE, .help = "how"}, {.key = NULL}};
__attribute__((unused)) static const struct leat_option typeless[] = {
    {.key = "mode", .type = (enum leat_option_type)99, .help = "how"}, {.key = NULL}};

static const struct leat_adapter adapter = {.abi = LEAT_ABI,
                                            .size = sizeof(struct leat_adapter),
                                            .name = "words",
                                            .help = "a trigger for tests",
                                            .why = "it has the word " WORD,
                                            .order = 1,
                                            .shape = LEAT_REPLY_DIRECT,
                                            .detect = detect,
                                            .split = leat_split_whole,
                                            .normalise = normalise,
                                            ADAPTER};

static const struct leat_source_ops source = {.abi = LEAT_ABI,
                                              .size = sizeof(struct leat_source_ops),
                                              .name = "words",
                                              .init = init,
                                              .start = start,
                                              .demand = demand,
                                              .settle = settle,
                                              .stop = stop,
                                              .close = stop,
                                              .options_size = sizeof(struct told),
                                              SOURCE};

static const struct leat_sink_ops sink = {
    .abi = LEAT_ABI, .size = sizeof(struct leat_sink_ops), .name = "words", .write = write_letters, SINK};

__attribute__((unused)) static const struct leat_adapter *const twice[] = {
    &adapter,
    &(const struct leat_adapter){.abi = LEAT_ABI,
                                 .size = sizeof(struct leat_adapter),
                                 .name = "words",
                                 .help = "another",
                                 .why = "of that name",
                                 .split = leat_split_whole,
                                 .normalise = normalise},
    NULL};
static const struct leat_adapter *const adapters[] = {&adapter, NULL};
static const struct leat_source_ops *const sources[] = {&source, NULL};
static const struct leat_sink_ops *const sinks[] = {&sink, NULL};

LEAT_MODULE(words, .adapters = adapters, .sources = sources, .sinks = sinks, MODULE);
