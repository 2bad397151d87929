/* SPDX-License-Identifier: Apache-2.0 */
/* Options that go together, and what they may not be beside each other. */
#include "entries.h"

#include <leat/alloc.h>

#include <stdio.h>

static void warn(const struct leat_config *config, struct leat_problems *problems, const char *key, const char *message)
{
    struct leat_config_place place = leat_config_place(config, key);
    (void)leat_problem_warn(problems, place.at, place.len, "no-effect", "%s", message);
}

static void check_effects(const struct leat_config *config, struct leat_problems *problems)
{
    if (leat_config_filed(config, "timeout_grace") && config->timeout_ms == 0)
        warn(config, problems, "timeout_grace", "timeout_grace has no effect: there is no timeout");
    if (leat_config_filed(config, "whole_batch_failure") && !config->report_items)
        warn(config, problems, "whole_batch_failure",
             "whole_batch_failure has no effect: report_batch_item_failures is false, one record fails the batch");
    if (leat_config_filed(config, "lambda_pipeline") && config->pipeline && config->timeout_ms > 0)
        warn(config, problems, "lambda_pipeline",
             "lambda_pipeline has no effect: with a timeout each answer goes out by itself");
}

/* --- the service ------------------------------------------------------------------------------------------- */

/* "30s" of 30000. */
struct duration {
    char text[32];
};

static struct duration duration(int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    struct duration as;
    size_t i = 0;
    while (ms % units[i].ms != 0 || (ms == 0 && i < 2))
        i++;
    snprintf(as.text, sizeof(as.text), "%lld%s", (long long)(ms / units[i].ms), units[i].name);
    return as;
}

static void check_drain(const struct leat_config *config, struct leat_problems *problems, leat_str text)
{
    struct leat_config_place place = leat_config_place(config, "drain");
    int64_t limit_ms;
    if (text.len == 0)
        return;
    if (!leat_config_duration(text, &limit_ms)) {
        (void)leat_problem_add(problems, place.at, place.len, "wrong-value",
                               "LEAT_STOP_LIMIT wants a duration (250ms 30s 15m 24h), not \"%.*s\"", LEAT_ARG(text));
        return;
    }
    if (config->drain_ms < limit_ms)
        return;
    struct leat_problem *problem =
        leat_problem_add(problems, place.at, place.len, "conflict",
                         "drain (%s) is not below LEAT_STOP_LIMIT (%s): it would be killed while it waits",
                         duration(config->drain_ms).text, duration(limit_ms).text);
    leat_problem_fix(problems, problem, "a lower drain, or a longer TimeoutStopSec= of the unit");
}

static void check_service(const struct leat_config *config, struct leat_problems *problems)
{
    struct leat_config_place place = leat_config_place(config, "service");
    if (config->service.ptr == NULL || leat_name_is_good(config->service, '.'))
        return;
    leat_problem_fix(problems,
                     leat_problem_add(problems, place.at, place.len, "wrong-value",
                                      "a service cannot be called \"%.*s\"", LEAT_ARG(config->service)),
                     "letters, digits, \".\", \"-\" and \"_\"; folders are called by it");
}

/* --- sources ------------------------------------------------------------------------------------------------- */

static void check_source(const struct leat_config *config, const struct leat_config_source *source,
                         struct leat_problems *problems)
{
    const struct leat_source_settings *settings = &source->settings;
    struct leat_config_place window = leat_config_source_place(source, "window");
    struct leat_config_place slots = leat_config_source_place(source, "concurrency");
    struct leat_config_place base = leat_config_source_place(source, "backoff.base");
    if (settings->max_age_ms > 0 && settings->window_ms >= settings->max_age_ms)
        (void)leat_problem_add(
            problems, window.at, window.len, "conflict",
            "sources.%.*s.window (%s) is not below its max_age (%s): all of a batch would be too old",
            LEAT_ARG(settings->name), duration(settings->window_ms).text, duration(settings->max_age_ms).text);
    if (settings->backoff_base_ms > settings->backoff_max_ms)
        (void)leat_problem_warn(problems, base.at, base.len, "no-effect",
                                "sources.%.*s.backoff.base has no effect beyond backoff.max (%s)",
                                LEAT_ARG(settings->name), duration(settings->backoff_max_ms).text);
    if (settings->concurrency > config->concurrency)
        (void)leat_problem_warn(problems, slots.at, slots.len, "no-effect",
                                "sources.%.*s.concurrency has no effect beyond the service's (%u)",
                                LEAT_ARG(settings->name), config->concurrency);
}

void leat_config_together(const struct leat_config *config, struct leat_problems *problems, char *const *environment)
{
    check_effects(config, problems);
    check_service(config, problems);
    /* A file's drain that the environment replaces is not looked at. */
    bool replaced = leat_config_given(config, "drain") && !leat_config_filed(config, "drain");
    if (replaced || leat_variable(environment, LEAT_STR("LEAT_DRAIN")).len == 0)
        check_drain(config, problems, leat_variable(environment, LEAT_STR("LEAT_STOP_LIMIT")));
    for (size_t i = 0; i < config->source_count; i++)
        check_source(config, &config->sources[i], problems);
}

leat_status leat_config_check(const struct leat_config *config, char *const *environment, struct leat_error *reterr)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    leat_problems_init(&problems, "");
    leat_config_together(config, &problems, environment);
    const struct leat_problem *first = leat_problems_first_error(&problems);
    if (problems.arena.overflow)
        return leat_error_set(reterr, leat_arena_status(&problems.arena), "out of memory");
    if (first == NULL)
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%.*s", LEAT_ARG(first->message));
    if (first->fix.len > 0)
        leat_error_fix(reterr, "%.*s", LEAT_ARG(first->fix));
    return LEAT_STATUS(CONFIG);
}

/* --- Lambda -------------------------------------------------------------------------------------------------- */

/* The first sink that writes to the disk, which ends with the environment. */
static const struct leat_config_sink *find_local(const struct leat_config *config)
{
    for (size_t i = 0; i < config->sink_count; i++) {
        const char *type = config->sinks[i].ops->name;
        if (strcmp(type, "file") == 0 || strcmp(type, "spool") == 0)
            return &config->sinks[i];
    }
    return NULL;
}

leat_status leat_config_check_lambda(const struct leat_config *config, const struct leat_problems *problems,
                                     struct leat_error *reterr)
{
    const struct leat_config_sink *sink = find_local(config);
    char place[32] = "";
    size_t line, column;
    if (sink == NULL)
        return LEAT_OK;
    bool filed = problems != NULL && sink->place.len > 0;
    struct leat_problem at = {.at = sink->place.at};
    if (filed) {
        leat_problem_place(problems, &at, &line, &column);
        snprintf(place, sizeof(place), ":%zu:%zu: ", line, column);
    }
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s%s%s%.*s is a %s sink: what it writes in Lambda is lost",
                         filed ? problems->file : "", place, sink->inlined ? "" : "sinks.", LEAT_ARG(sink->name),
                         sink->ops->name);
    leat_error_fix(reterr, "name a queue, or leave dead letters to the function's own settings");
    return LEAT_STATUS(CONFIG);
}
