/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, environment twins and --set. Files: file.c. */
#include "entries.h"

#include <config/closest.h>

#include <leat/alloc.h>

#include <stdio.h>

static const struct leat_option *find_option(leat_str key)
{
    for (const struct leat_option *option = leat_options; option->key != NULL; option++)
        if (leat_str_is(key, option->key))
            return option;
    return NULL;
}

static size_t index_of(const struct leat_option *option)
{
    return (size_t)(option - leat_options);
}

leat_status leat_config_init(struct leat_config *config)
{
    *config = (struct leat_config){0};
    leat_arena_init(&config->arena, 0);
    return leat_options_default(&config->arena, config, leat_options);
}

bool leat_config_given(const struct leat_config *config, const char *key)
{
    const struct leat_option *option = find_option(leat_str_c(key));
    return option != NULL && (config->given >> index_of(option) & 1) != 0;
}

bool leat_config_filed(const struct leat_config *config, const char *key)
{
    const struct leat_option *option = find_option(leat_str_c(key));
    return option != NULL && (config->filed >> index_of(option) & 1) != 0;
}

struct leat_config_place leat_config_place(const struct leat_config *config, const char *key)
{
    const struct leat_option *option = find_option(leat_str_c(key));
    return option != NULL ? config->places[index_of(option)] : (struct leat_config_place){0};
}

void leat_config_fini(struct leat_config *config)
{
    leat_arena_fini(&config->arena);
}

/* --- text that is YAML ---------------------------------------------------------------------------------- */

/* JSON may hold what libyaml does not take, such as tabs and surrogate pairs; printed by us it does not. */
static leat_str as_yaml(struct leat_arena *arena, leat_str text)
{
    struct leat_json_fault fault;
    struct leat_buf buf;
    cJSON *root = NULL;
    leat_str kept = leat_arena_copy(arena, text);
    if (kept.ptr == NULL || !leat_json_valid(kept) || !leat_is_ok(leat_json_parse(arena, kept, &root, &fault)) ||
        !leat_is_ok(leat_json_keep_numbers(arena, kept, root)))
        return kept;
    leat_buf_init(&buf, arena);
    leat_json_print(&buf, root);
    return leat_buf_str(&buf);
}

/* Where a value goes: the service, or an entry of "sources" or "sinks". */
struct target {
    struct leat_config *config;
    struct leat_option_table table, own; /* own: what the entry's type adds */
    const char *path;                    /* "sources.orders"; NULL: the service */
    const char *type;
};

static leat_status take_tree(const struct target *target, struct leat_problems *problems, leat_str name)
{
    struct leat_config *config = target->config;
    struct leat_node *root = NULL;
    struct leat_sink_use *names = NULL;
    struct leat_loader loader = {.arena = &config->arena,
                                 .problems = problems,
                                 .table = &target->table,
                                 .path = target->path,
                                 .type = target->type,
                                 .config = config,
                                 .names = &names};
    LEAT_TRY(leat_yaml_parse(&config->arena, problems, &root));
    if (problems->errors > 0)
        return LEAT_OK; /* what is refused changes nothing */
    if (root == NULL) {
        (void)leat_problem_add(problems, 0, 0, "wrong-type", "%.*s has no value", LEAT_ARG(name));
        return leat_arena_status(&problems->arena);
    }
    if (target->path == NULL && leat_str_is(name, "modules"))
        LEAT_TRY(leat_modules_take(&loader, root));
    LEAT_TRY(leat_option_take(&loader, name, root));
    leat_sinks_check(&loader);
    return leat_arena_status(&problems->arena);
}

/* The first problem, with a place if it is one of YAML. */
static leat_status tell(const struct leat_problems *problems, leat_str name, struct leat_error *reterr)
{
    static const char *const yaml[] = {"syntax", "tab", "duplicate-key", "alias", "merge-key", "documents", "too-deep"};
    const struct leat_problem *first = leat_problems_first_error(problems);
    size_t line, column, i = 0;
    leat_problem_place(problems, first, &line, &column);
    while (i < sizeof(yaml) / sizeof(yaml[0]) && strcmp(first->code, yaml[i]) != 0)
        i++;
    if (i == sizeof(yaml) / sizeof(yaml[0]))
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%.*s", LEAT_ARG(first->message));
    else
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%.*s:%zu:%zu: %.*s", LEAT_ARG(name), line, column,
                             LEAT_ARG(first->message));
    if (first->fix.len > 0)
        leat_error_fix(reterr, "%.*s", LEAT_ARG(first->fix));
    return LEAT_STATUS(CONFIG);
}

/* A group, a map, a list, anything. */
static leat_status set_yaml(const struct target *target, leat_str name, leat_str text, struct leat_error *reterr)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    struct leat_arena *arena = &target->config->arena;
    leat_problems_init(&problems, "");
    problems.text = as_yaml(arena, text);
    leat_status status = problems.text.ptr != NULL ? take_tree(target, &problems, name) : leat_arena_status(arena);
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "out of memory");
    return problems.errors > 0 && problems.first != NULL ? tell(&problems, name, reterr) : LEAT_OK;
}

static bool is_yaml(const struct leat_option *option)
{
    return option->type == LEAT_OPTION_MAP || option->type == LEAT_OPTION_LIST || option->type == LEAT_OPTION_ANY ||
           option->type == LEAT_OPTION_SINK;
}

static leat_status set_value(const struct target *target, const struct leat_option_table *table,
                             const struct leat_option *option, leat_str text, struct leat_error *reterr)
{
    struct leat_option named = *option;
    struct leat_loader loader = {.arena = &target->config->arena, .path = target->path};
    if (is_yaml(option))
        return set_yaml(target, leat_str_c(option->key), text, reterr);
    named.key = leat_loader_key(&loader, option->key);
    if (named.key == NULL)
        return leat_error_set(reterr, leat_arena_status(loader.arena), "out of memory");
    if (table->given != NULL)
        *table->given |= UINT64_C(1) << (size_t)(option - table->options);
    return leat_option_set(loader.arena, table->target, &named, text, reterr);
}

/* An option of the service; `option` NULL: the group `name`. */
static leat_status set_own(struct leat_config *config, const struct leat_option *option, leat_str name, leat_str text,
                           struct leat_error *reterr)
{
    uint64_t given = 0;
    struct target target = {.config = config, .table = {.options = leat_options, .target = config, .given = &given}};
    leat_status status = option != NULL ? set_value(&target, &target.table, option, text, reterr)
                                        : set_yaml(&target, name, text, reterr);
    config->given |= given;
    config->filed &= ~given;
    return status;
}

/* --- --set ------------------------------------------------------------------------------------------- */

static leat_status set_setting(struct leat_config *config, cJSON **settings, leat_str name, leat_str value)
{
    leat_str key = leat_arena_copy(&config->arena, name);
    leat_str text = leat_arena_copy(&config->arena, value);
    cJSON *node = leat_json_node(&config->arena, cJSON_String);
    if (*settings == NULL)
        *settings = leat_json_node(&config->arena, cJSON_Object);
    if (config->arena.overflow)
        return leat_arena_status(&config->arena);
    node->valuestring = (char *)(uintptr_t)text.ptr;
    cJSON *old = (cJSON *)(uintptr_t)leat_json_get(*settings, key.ptr);
    if (old == NULL) {
        leat_json_append(*settings, key.ptr, node);
        return LEAT_OK;
    }
    old->type = cJSON_String;
    old->valuestring = node->valuestring;
    old->child = NULL;
    return LEAT_OK;
}

static leat_status unknown_key(struct leat_error *reterr, leat_str key)
{
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "unknown option \"%.*s\"", LEAT_ARG(key));
    leat_error_fix(reterr, "leat help replay lists the options");
    return LEAT_STATUS(CONFIG);
}

static leat_status no_entry(const struct leat_config *config, const char *what, leat_str name,
                            struct leat_error *reterr)
{
    const char *names[LEAT_OPTIONS_MAX];
    char wrong[64];
    size_t count = 0;
    bool source = strcmp(what, "source") == 0;
    for (size_t i = 0; i < (source ? config->source_count : config->sink_count) && count < LEAT_OPTIONS_MAX; i++)
        names[count++] = source ? config->sources[i].settings.name.ptr : config->sinks[i].name.ptr;
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(name));
    const char *closest = leat_closest(wrong, names, count);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no %s \"%.*s\" in the file", what, LEAT_ARG(name));
    if (closest != NULL)
        leat_error_fix(reterr, "did you mean \"%s\"?", closest);
    return LEAT_STATUS(CONFIG);
}

/* An option of an entry by its whole key, of either table. */
static leat_status set_option(const struct target *target, leat_str key, leat_str value, struct leat_error *reterr)
{
    const char *names[2 * LEAT_OPTIONS_MAX];
    char wrong[64];
    size_t count = 0;
    for (const struct leat_option_table *table = &target->table; table != NULL; table = table->next)
        for (const struct leat_option *option = table->options; option->key != NULL; option++) {
            if (leat_str_is(key, option->key))
                return set_value(target, table, option, value, reterr);
            names[count++] = option->key;
        }
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(key));
    const char *closest = leat_closest(wrong, names, count);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "unknown option \"%.*s\" in %s (%s)", LEAT_ARG(key), target->path,
                         target->type);
    if (closest != NULL)
        leat_error_fix(reterr, "did you mean \"%s\"?", closest);
    return LEAT_STATUS(CONFIG);
}

/* What an entry's options have become is put together again. */
static leat_status finish_source(struct leat_config *config, struct leat_config_source *source,
                                 struct leat_error *reterr)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    struct leat_loader loader = {.arena = &config->arena, .problems = &problems, .config = config};
    leat_problems_init(&problems, "");
    leat_status status = leat_source_finish(&loader, source, NULL);
    if (leat_is_ok(status))
        status = leat_arena_status(&problems.arena);
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "out of memory");
    return problems.errors > 0 ? tell(&problems, LEAT_STR(""), reterr) : LEAT_OK;
}

/* NAME.KEY of "sources" or "sinks". */
static leat_status set_entry(struct leat_config *config, const char *what, leat_str key, leat_str value,
                             struct leat_error *reterr)
{
    leat_str name = leat_str_cut(&key, '.');
    bool is_source = strcmp(what, "source") == 0;
    struct leat_config_source *source = is_source ? leat_config_find_source(config, name) : NULL;
    struct leat_config_sink *sink = is_source ? NULL : leat_config_find_sink(config, name);
    struct target target = {.config = config};
    if (source == NULL && sink == NULL)
        return no_entry(config, what, name, reterr);
    if (leat_str_is(key, "type"))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "the type of a %s stays what the file says", what);
    target.type = is_source ? source->ops->name : sink->ops->name;
    target.path = leat_arena_printf(&config->arena, "%ss.%.*s", what, LEAT_ARG(name)).ptr;
    if (is_source) {
        target.table = (struct leat_option_table){leat_source_options, source, &source->given, NULL, NULL};
        target.own = (struct leat_option_table){source->ops->options, source->options, NULL, NULL, NULL};
    } else {
        target.table = (struct leat_option_table){leat_sink_options, sink, NULL, NULL, NULL};
        target.own = (struct leat_option_table){sink->ops->options, sink->options, NULL, NULL, NULL};
    }
    target.table.next = target.own.options != NULL ? &target.own : NULL;
    if (target.path == NULL)
        return leat_error_set(reterr, leat_arena_status(&config->arena), "out of memory");
    if (is_source && leat_str_starts(key, LEAT_STR("settings.")))
        LEAT_TRY(set_setting(config, &source->own_settings, leat_str_skip(key, strlen("settings.")), value));
    else
        LEAT_TRY(set_option(&target, key, value, reterr));
    return is_source ? finish_source(config, source, reterr) : LEAT_OK;
}

leat_status leat_config_set(struct leat_config *config, const char *assignment, struct leat_error *reterr)
{
    leat_str value = leat_str_c(assignment);
    leat_str key = leat_str_cut(&value, '=');
    if (value.ptr == NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(USAGE), "--set wants KEY=VALUE, not \"%s\"", assignment);
        return LEAT_STATUS(USAGE);
    }
    if (leat_str_starts(key, LEAT_STR("settings.")))
        return set_setting(config, &config->settings, leat_str_skip(key, strlen("settings.")), value);
    if (leat_str_starts(key, LEAT_STR("sources.")))
        return set_entry(config, "source", leat_str_skip(key, strlen("sources.")), value, reterr);
    if (leat_str_starts(key, LEAT_STR("sinks.")))
        return set_entry(config, "sink", leat_str_skip(key, strlen("sinks.")), value, reterr);
    const struct leat_option *option = find_option(key);
    return option != NULL ? set_own(config, option, key, value, reterr) : unknown_key(reterr, key);
}

/* --- environment twins ---------------------------------------------------------------------------------- */

/* The value of LEAT_<KEY>, or absent. */
static leat_str twin(char *const *environment, leat_str key)
{
    for (; *environment != NULL; environment++) {
        leat_str value = leat_str_c(*environment);
        leat_str name = leat_str_cut(&value, '=');
        if (leat_str_starts(name, LEAT_STR("LEAT_")) && leat_str_eq_nocase(leat_str_skip(name, 5), key))
            return value;
    }
    return LEAT_ABSENT;
}

static leat_status of_environment(leat_status status, const struct leat_error *error, struct leat_error *reterr)
{
    (void)leat_error_set(reterr, status, "environment: %s", error->message);
    if (reterr != NULL)
        memcpy(reterr->fix, error->fix, sizeof(error->fix));
    return status;
}

leat_status leat_config_environment(struct leat_config *config, char *const *environment, struct leat_error *reterr)
{
    leat_str last_group = LEAT_ABSENT;
    struct leat_error error = {0};
    for (const struct leat_option *option = leat_options; option->key != NULL; option++) {
        leat_str rest = leat_str_c(option->key);
        leat_str top = leat_str_cut(&rest, '.');
        bool group = rest.ptr != NULL;
        leat_str value = group && leat_str_eq(top, last_group) ? LEAT_ABSENT : twin(environment, top);
        last_group = group ? top : LEAT_ABSENT;
        if (value.len == 0)
            continue; /* set to nothing is not set */
        leat_status status = set_own(config, group ? NULL : option, top, value, &error);
        if (!leat_is_ok(status))
            return of_environment(status, &error, reterr);
    }
    leat_status status = leat_config_check(config, environment, &error);
    return leat_is_ok(status) ? LEAT_OK : of_environment(status, &error, reterr);
}
