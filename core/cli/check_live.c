/* SPDX-License-Identifier: Apache-2.0 */
/* `leat check --live`: what sources and sinks find at the other end. Nothing is taken, and nothing is changed. */
#include "check_live.h"

#include <leat/alloc.h>
#include <leat/buf.h>

struct live {
    const char *noun;
    leat_str name;
    bool json;
    struct leat_live_count count;
};

static const char *severity_of(enum leat_log_level level)
{
    return level >= LEAT_ERROR ? "error" : level == LEAT_WARN ? "warning" : "info";
}

static void print_json(const struct live *live, const char *severity, const char *finding, const char *fix)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf buf;
    leat_arena_init(&arena, 0);
    leat_buf_init(&buf, &arena);
    leat_buf_char(&buf, '{');
    leat_buf_json_member(&buf, live->noun, live->name);
    leat_buf_json_member(&buf, "severity", leat_str_c(severity));
    leat_buf_json_member(&buf, "message", leat_str_c(finding));
    leat_buf_json_member(&buf, "fix", leat_str_c(fix));
    leat_buf_c(&buf, "}\n");
    leat_str line = leat_buf_str(&buf);
    fwrite(line.ptr != NULL ? line.ptr : "", 1, line.len, stdout);
}

static void say(void *argument, enum leat_log_level level, const char *finding, const char *fix)
{
    struct live *live = argument;
    live->count.errors += level >= LEAT_ERROR ? 1 : 0;
    live->count.warnings += level == LEAT_WARN ? 1 : 0;
    if (live->json) {
        print_json(live, severity_of(level), finding, fix);
        return;
    }
    leat_cli_print_visible(stdout, live->name);
    printf(": %s%s", level >= LEAT_WARN ? severity_of(level) : "", level >= LEAT_WARN ? ": " : "");
    leat_cli_print_visible(stdout, leat_str_c(finding));
    putchar('\n');
    if (fix != NULL)
        printf("      fix: %s\n", fix);
}

struct leat_live_count leat_check_live(const struct leat_config *config, bool json)
{
    struct live live = {.noun = "source", .json = json};
    for (size_t i = 0; i < config->source_count; i++) {
        const struct leat_config_source *source = &config->sources[i];
        live.name = source->settings.name;
        if (source->ops->probe != NULL)
            source->ops->probe(source->options, say, &live);
    }
    live.noun = "sink";
    for (size_t i = 0; i < config->sink_count; i++) {
        const struct leat_config_sink *sink = &config->sinks[i];
        live.name = sink->name;
        if (sink->ops->probe != NULL)
            sink->ops->probe(sink->options, say, &live);
    }
    return live.count;
}
