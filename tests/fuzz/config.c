/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: whatever the bytes are, every problem has a place inside the text, and settings stay unseen. */
#include "fuzz.h"

#include <config/config.h>

static const char *const environment[] = {"A=1", "B=x: {y", "EMPTY=", NULL};

/* --- types, with an option of each kind --------------------------------------------------------------------- */

struct any {
    leat_str text, path, sink, handler;
    struct leat_list list;
    uint32_t count;
    double rate;
    cJSON *value;
};

static const struct leat_option any_options[] = {
    {"count", LEAT_OPTION_COUNT, false, offsetof(struct any, count), "3", "1 9", ""},
    {"deep.handler", LEAT_OPTION_HANDLER, false, offsetof(struct any, handler), NULL, NULL, ""},
    {"deep.rate", LEAT_OPTION_RATE, false, offsetof(struct any, rate), NULL, NULL, ""},
    {"list", LEAT_OPTION_LIST, false, offsetof(struct any, list), NULL, NULL, ""},
    {"path", LEAT_OPTION_PATH, false, offsetof(struct any, path), NULL, "!", ""},
    {"sink", LEAT_OPTION_SINK, false, offsetof(struct any, sink), NULL, NULL, ""},
    {"text", LEAT_OPTION_TEXT, true, offsetof(struct any, text), NULL, NULL, ""},
    {"value", LEAT_OPTION_ANY, false, offsetof(struct any, value), NULL, NULL, ""},
    {NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL},
};

static const struct leat_source_ops *source_type(void *argument, leat_str type, struct leat_error *reterr)
{
    static const struct leat_source_ops any = {
        .name = "any", .options = any_options, .options_size = sizeof(struct any)};
    (void)argument;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no source type \"%.*s\"", LEAT_ARG(type));
    return leat_str_is(type, "any") ? &any : NULL;
}

static const struct leat_sink_ops *sink_type(void *argument, leat_str type, struct leat_error *reterr)
{
    static const struct leat_sink_ops any = {.name = "any", .options = any_options, .options_size = sizeof(struct any)};
    (void)argument;
    (void)reterr;
    return leat_str_is(type, "any") ? &any : NULL;
}

static leat_status module(void *argument, leat_str name, struct leat_error *reterr)
{
    (void)argument;
    if (!leat_str_is(name, "gone"))
        return LEAT_OK;
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "no module");
}

/* What is named is there, and all is given that must be. */
static void check_entries(const struct leat_config *config)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct leat_config_source *source = &config->sources[i];
        const struct any *any = source->options;
        leat_str sink = source->settings.dead_letter;
        MUST(any->path.ptr != NULL && any->count >= 1 && any->count <= 9);
        MUST(sink.ptr == NULL || leat_config_find_sink(config, sink) != NULL);
        MUST(any->sink.ptr == NULL || leat_config_find_sink(config, any->sink) != NULL);
        MUST(leat_config_find_source(config, source->settings.name) == source);
    }
}

/* --- problems ------------------------------------------------------------------------------------------------- */

static void check_place(const struct leat_problems *problems, const struct leat_problem *problem)
{
    size_t line, column, lines = 1, width = 0;
    leat_problem_place(problems, problem, &line, &column);
    for (size_t i = 0; i < problems->text.len; i++) {
        lines += problems->text.ptr[i] == '\n' ? 1 : 0;
        if (lines == line)
            width++;
    }
    MUST(line >= 1 && line <= lines);
    MUST(column >= 1 && column <= width + 1);
    MUST(problem->at + problem->len <= problems->text.len);
    MUST(problem->message.len > 0 && problem->code != NULL);
}

static void check_text(struct leat_arena *arena, const struct leat_problems *problems,
                       const struct leat_problem *problem)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_problem_print(&buf, problems, problem);
    leat_str text = leat_buf_str(&buf);
    MUST(text.ptr != NULL || arena->overflow);
    for (size_t i = 0; text.ptr != NULL && i < text.len; i++)
        MUST((unsigned char)text.ptr[i] >= 0x20 || text.ptr[i] == '\n');
    leat_buf_init(&buf, arena);
    leat_problem_print_json(&buf, problems, problem);
    MUST(arena->overflow || leat_json_valid(leat_buf_str(&buf)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    struct leat_config config LEAT_CLEANUP(leat_config_fini);
    struct leat_error error = {0};
    unsigned told = 0;
    FUZZ_ARENA arena;
    fuzz_arena_init(&arena);
    if (!leat_is_ok(leat_config_init(&config)))
        return 0;
    config.types = (struct leat_config_types){.source = source_type, .sink = sink_type, .module = module};
    leat_problems_init(&problems, "fuzz.yaml");
    problems.text = fuzz_guarded(data, size);
    leat_status status = leat_config_take(&config, &problems, (char *const *)(uintptr_t)environment, &error);
    MUST(leat_is_ok(status) == (problems.errors == 0));
    MUST(leat_is_ok(status) || status.code == LEAT_E_CONFIG);
    for (const struct leat_problem *at = problems.first; at != NULL; at = at->next, told++) {
        check_place(&problems, at);
        check_text(&arena, &problems, at);
    }
    MUST(told <= LEAT_PROBLEMS_MAX && told + problems.untold == problems.errors + problems.warnings);
    if (leat_is_ok(status))
        check_entries(&config);
    if (leat_is_ok(status) && config.settings != NULL) {
        struct leat_buf buf;
        leat_buf_init(&buf, &arena);
        leat_json_print(&buf, config.settings);
        MUST(arena.overflow || leat_json_valid(leat_buf_str(&buf)));
    }
    return 0;
}
