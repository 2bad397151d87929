/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: whatever the bytes are, every problem has a place inside the text, and settings stay unseen. */
#include "fuzz.h"

#include <config/config.h>

static const char *const environment[] = {"A=1", "B=x: {y", "EMPTY=", NULL};

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
    for (size_t i = 0; i < text.len; i++)
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
    if (leat_is_ok(status) && config.settings != NULL) {
        struct leat_buf buf;
        leat_buf_init(&buf, &arena);
        leat_json_print(&buf, config.settings);
        MUST(arena.overflow || leat_json_valid(leat_buf_str(&buf)));
    }
    return 0;
}
