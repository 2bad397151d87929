/* SPDX-License-Identifier: Apache-2.0 */
/* What every source and every sink can be told; what a type adds stands in its own table. */
#include <config/config.h>

#define AT(member) offsetof(struct leat_config_source, member)

const struct leat_option leat_source_options[] = {
    {"backoff.base", LEAT_OPTION_DURATION, false, AT(settings.backoff_base_ms), "1s", NULL,
     "wait before the first retry; twice as long before each other"},
    {"backoff.max", LEAT_OPTION_DURATION, false, AT(settings.backoff_max_ms), "5m", NULL, "longest such wait"},
    {"batch", LEAT_OPTION_COUNT, false, AT(settings.batch), NULL, "1 10000", "most events one handle_batch gets"},
    {"breaker.failures", LEAT_OPTION_COUNT, false, AT(settings.breaker_failures), "20", NULL,
     "so many retries in a row stop the source for a pause; 0: never"},
    {"breaker.pause", LEAT_OPTION_DURATION, false, AT(settings.breaker_pause_ms), "10s", NULL, "the pause"},
    {"concurrency", LEAT_OPTION_COUNT, false, AT(settings.concurrency), NULL, "1 1024",
     "most slots it has at a time; without it all"},
    {"dead_letter", LEAT_OPTION_SINK, false, AT(settings.dead_letter), NULL, NULL,
     "where rejected events go; without it the service's"},
    {"filter", LEAT_OPTION_ANY, false, AT(filter), NULL, NULL,
     "a pattern, or a list of which one must match; the others are acknowledged unseen"},
    {"handler", LEAT_OPTION_HANDLER, false, AT(handler), NULL, NULL, "its handler; without it the service's"},
    {"max_age", LEAT_OPTION_DURATION, false, AT(settings.max_age_ms), NULL, NULL,
     "a retry of what is older is a reject; without it there is no limit"},
    {"max_attempts", LEAT_OPTION_COUNT, false, AT(settings.max_attempts), "10", NULL,
     "a retry beyond is a reject; 0: no limit"},
    {"max_bytes", LEAT_OPTION_SIZE, false, AT(settings.max_bytes), "64MiB", NULL,
     "of what it has taken and not settled"},
    {"max_in_flight", LEAT_OPTION_COUNT, false, AT(settings.max_in_flight), "1000", "1 1000000",
     "messages it has taken and not settled"},
    {"max_rate", LEAT_OPTION_RATE, false, AT(settings.max_rate), NULL, NULL,
     "most events that start; without it there is no limit"},
    {"ordering", LEAT_OPTION_CHOICE, false, AT(ordering), NULL, "none key partition",
     "what runs one after the other; without it as the type does"},
    {"paused", LEAT_OPTION_FLAG, false, AT(settings.paused), "false", NULL, "it takes nothing"},
    {"settings", LEAT_OPTION_MAP, true, AT(own_settings), NULL, NULL,
     "what its handler reads with leat_setting(), before the service's"},
    {"type", LEAT_OPTION_TEXT, false, AT(type), NULL, "!", "what kind of source it is"},
    {"window", LEAT_OPTION_DURATION, false, AT(settings.window_ms), "0s", NULL, "a batch waits so long for more"},
    {NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL},
};

const struct leat_option leat_sink_options[] = {
    {"type", LEAT_OPTION_TEXT, false, offsetof(struct leat_config_sink, type), NULL, "!", "what kind of sink it is"},
    {NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL},
};
