/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, environment twins and --set. Files: file.c. */
#include <config/config.h>

#include <leat/alloc.h>

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
    for (const struct leat_option *option = leat_options; option->key != NULL; option++)
        if (option->fallback != NULL)
            LEAT_TRY(leat_option_set(&config->arena, config, option, leat_str_c(option->fallback), NULL));
    return LEAT_OK;
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

static leat_status take_tree(struct leat_config *config, struct leat_problems *problems, leat_str name, uint64_t *given)
{
    struct leat_node *root = NULL;
    struct leat_option_table table = {.options = leat_options, .target = config, .given = given};
    struct leat_loader loader = {.arena = &config->arena, .problems = problems, .table = &table};
    LEAT_TRY(leat_yaml_parse(&config->arena, problems, &root));
    if (problems->errors > 0)
        return LEAT_OK; /* what is refused changes nothing */
    if (root != NULL)
        LEAT_TRY(leat_option_take(&loader, name, root));
    else
        (void)leat_problem_add(problems, 0, 0, "wrong-type", "%.*s has no value", LEAT_ARG(name));
    return leat_arena_status(&problems->arena);
}

/* The first problem, without a place unless it is one of YAML. */
static leat_status tell(const struct leat_problems *problems, leat_str name, struct leat_error *reterr)
{
    const struct leat_problem *first = leat_problems_first_error(problems);
    size_t line, column;
    leat_problem_place(problems, first, &line, &column);
    if (strcmp(first->code, "unknown-option") == 0 || strncmp(first->code, "wrong-", strlen("wrong-")) == 0)
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%.*s", LEAT_ARG(first->message));
    else
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%.*s:%zu:%zu: %.*s", LEAT_ARG(name), line, column,
                             LEAT_ARG(first->message));
    if (first->fix.len > 0)
        leat_error_fix(reterr, "%.*s", LEAT_ARG(first->fix));
    return LEAT_STATUS(CONFIG);
}

/* A group or a map. */
static leat_status set_yaml(struct leat_config *config, leat_str name, leat_str text, struct leat_error *reterr)
{
    struct leat_problems problems LEAT_CLEANUP(leat_problems_fini);
    uint64_t given = 0;
    leat_problems_init(&problems, "");
    problems.text = as_yaml(&config->arena, text);
    leat_status status =
        problems.text.ptr != NULL ? take_tree(config, &problems, name, &given) : leat_arena_status(&config->arena);
    config->given |= given;
    config->filed &= ~given;
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "out of memory");
    return problems.errors > 0 ? tell(&problems, name, reterr) : LEAT_OK;
}

static leat_status set_value(struct leat_config *config, const struct leat_option *option, leat_str text,
                             struct leat_error *reterr)
{
    if (option->type == LEAT_OPTION_MAP)
        return set_yaml(config, leat_str_c(option->key), text, reterr);
    config->given |= UINT64_C(1) << index_of(option);
    config->filed &= ~(UINT64_C(1) << index_of(option));
    return leat_option_set(&config->arena, config, option, text, reterr);
}

/* --- --set ------------------------------------------------------------------------------------------- */

static leat_status set_setting(struct leat_config *config, leat_str name, leat_str value)
{
    leat_str key = leat_arena_copy(&config->arena, name);
    leat_str text = leat_arena_copy(&config->arena, value);
    cJSON *node = leat_json_node(&config->arena, cJSON_String);
    if (config->settings == NULL)
        config->settings = leat_json_node(&config->arena, cJSON_Object);
    if (config->arena.overflow)
        return leat_arena_status(&config->arena);
    node->valuestring = (char *)(uintptr_t)text.ptr;
    cJSON *old = (cJSON *)(uintptr_t)leat_json_get(config->settings, key.ptr);
    if (old == NULL) {
        leat_json_append(config->settings, key.ptr, node);
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

leat_status leat_config_set(struct leat_config *config, const char *assignment, struct leat_error *reterr)
{
    leat_str value = leat_str_c(assignment);
    leat_str key = leat_str_cut(&value, '=');
    if (value.ptr == NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(USAGE), "--set wants KEY=VALUE, not \"%s\"", assignment);
        return LEAT_STATUS(USAGE);
    }
    if (leat_str_starts(key, LEAT_STR("settings.")))
        return set_setting(config, leat_str_skip(key, strlen("settings.")), value);
    const struct leat_option *option = find_option(key);
    return option != NULL ? set_value(config, option, value, reterr) : unknown_key(reterr, key);
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

leat_status leat_config_environment(struct leat_config *config, char *const *environment, struct leat_error *reterr)
{
    leat_str last_group = LEAT_ABSENT;
    for (const struct leat_option *option = leat_options; option->key != NULL; option++) {
        leat_str rest = leat_str_c(option->key);
        leat_str top = leat_str_cut(&rest, '.');
        bool group = rest.ptr != NULL;
        leat_str value = group && leat_str_eq(top, last_group) ? LEAT_ABSENT : twin(environment, top);
        last_group = group ? top : LEAT_ABSENT;
        if (value.len == 0)
            continue; /* set to nothing is not set */
        struct leat_error error = {0};
        leat_status status = group ? set_yaml(config, top, value, &error) : set_value(config, option, value, &error);
        if (!leat_is_ok(status)) {
            (void)leat_error_set(reterr, status, "environment: %s", error.message);
            if (reterr != NULL)
                memcpy(reterr->fix, error.fix, sizeof(error.fix));
            return status;
        }
    }
    return LEAT_OK;
}
