/* SPDX-License-Identifier: Apache-2.0 */
#include <config/config.h>

#include <stdio.h>
#include <stdlib.h>

/* --- values ------------------------------------------------------------------------------------- */

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1},          {"B", 1},         {"kB", 1000},     {"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
    {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0},
};

/* A whole number and a unit. False: no such form, or beyond int64_t. */
static bool read_quantity(leat_str text, const struct unit *units, int64_t *ret)
{
    size_t digits = 0;
    int64_t number;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    leat_str unit = leat_str_trim(leat_str_skip(text, digits));
    if (!leat_str_int64(leat_str_of(text.ptr, digits), &number))
        return false;
    for (; units->name != NULL; units++)
        if (leat_str_eq(unit, leat_str_c(units->name)))
            return !__builtin_mul_overflow(number, units->factor, ret);
    return false;
}

bool leat_config_duration(leat_str text, int64_t *retms)
{
    return read_quantity(text, durations, retms);
}

static bool is_whole_number(leat_str text)
{
    int64_t value;
    return leat_str_int64(text, &value);
}

/* The place of `text` among the words of `choices`, or -1. */
static int find_choice(const char *choices, leat_str text)
{
    leat_str rest = leat_str_c(choices);
    for (int i = 0; rest.ptr != NULL; i++)
        if (leat_str_eq(leat_str_cut(&rest, ' '), text))
            return i;
    return -1;
}

/* --- one option ------------------------------------------------------------------------------------ */

static leat_status wrong(struct leat_error *reterr, const struct leat_option *option, leat_str text, const char *want)
{
    if (option->secret)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants %s", option->key, want);
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants %s, not \"%.*s\"", option->key, want, LEAT_ARG(text));
}

static leat_status set_map(struct leat_config *config, const struct leat_option *option, leat_str text,
                           struct leat_error *reterr)
{
    cJSON **map = (cJSON **)(void *)((char *)config + option->offset);
    leat_str kept = leat_arena_copy(&config->arena, text);
    struct leat_json_fault fault;
    cJSON *root = NULL;
    if (kept.ptr == NULL)
        return leat_error_set(reterr, leat_arena_status(&config->arena), "out of memory");
    if (!leat_is_ok(leat_json_parse(&config->arena, kept, &root, &fault)))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s is no JSON object: %s%s at byte %zu", option->key,
                              fault.ended ? "it ends " : "", fault.what, fault.offset);
    if (!cJSON_IsObject(root))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s is %s (want an object)", option->key,
                              leat_json_type(root));
    *map = root;
    return leat_json_keep_numbers(&config->arena, kept, root); /* handlers get them to the last digit */
}

static leat_status set_duration(struct leat_config *config, const struct leat_option *option, leat_str text,
                                struct leat_error *reterr)
{
    int64_t *value = (int64_t *)(void *)((char *)config + option->offset);
    if (leat_config_duration(text, value))
        return LEAT_OK;
    if (!is_whole_number(text))
        return wrong(reterr, option, text, "a duration (250ms 30s 15m 24h)");
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants a duration, \"%.*s\" has no unit", option->key,
                         LEAT_ARG(text));
    leat_error_fix(reterr, "write %.*ss or %.*sms", LEAT_ARG(text), LEAT_ARG(text));
    return LEAT_STATUS(CONFIG);
}

static leat_status set_size(struct leat_config *config, const struct leat_option *option, leat_str text,
                            struct leat_error *reterr)
{
    int64_t bytes;
    if (!read_quantity(text, sizes, &bytes))
        return wrong(reterr, option, text, "a size (64KiB 6MB 1GiB)");
    *(size_t *)(void *)((char *)config + option->offset) = (size_t)bytes;
    return LEAT_OK;
}

static leat_status set_flag(struct leat_config *config, const struct leat_option *option, leat_str text,
                            struct leat_error *reterr)
{
    bool *value = (bool *)(void *)((char *)config + option->offset);
    *value = leat_str_is(text, "true") || leat_str_is(text, "1");
    return *value || leat_str_is(text, "false") || leat_str_is(text, "0")
               ? LEAT_OK
               : wrong(reterr, option, text, "true or false");
}

static leat_status set_value(struct leat_config *config, const struct leat_option *option, leat_str text,
                             struct leat_error *reterr)
{
    char *member = (char *)config + option->offset;
    int choice;
    config->given |= UINT64_C(1) << (option - leat_options);
    switch (option->type) {
    case LEAT_OPTION_MAP: return set_map(config, option, text, reterr);
    case LEAT_OPTION_DURATION: return set_duration(config, option, text, reterr);
    case LEAT_OPTION_FLAG: return set_flag(config, option, text, reterr);
    case LEAT_OPTION_SIZE: return set_size(config, option, text, reterr);
    case LEAT_OPTION_CHOICE:
        choice = find_choice(option->choices, text);
        if (choice < 0)
            return wrong(reterr, option, text, option->choices);
        *(int *)(void *)member = choice;
        return LEAT_OK;
    case LEAT_OPTION_TEXT: break;
    }
    *(leat_str *)(void *)member = leat_arena_copy(&config->arena, text);
    return leat_arena_status(&config->arena);
}

static const struct leat_option *find_option(leat_str key)
{
    for (const struct leat_option *option = leat_options; option->key != NULL; option++)
        if (leat_str_is(key, option->key))
            return option;
    return NULL;
}

leat_status leat_config_init(struct leat_config *config)
{
    *config = (struct leat_config){0};
    leat_arena_init(&config->arena, 0);
    for (const struct leat_option *option = leat_options; option->key != NULL; option++)
        if (option->fallback != NULL)
            LEAT_TRY(set_value(config, option, leat_str_c(option->fallback), NULL));
    config->given = 0;
    return LEAT_OK;
}

bool leat_config_given(const struct leat_config *config, const char *key)
{
    const struct leat_option *option = find_option(leat_str_c(key));
    return option != NULL && (config->given >> (option - leat_options) & 1) != 0;
}

void leat_config_fini(struct leat_config *config)
{
    leat_arena_fini(&config->arena);
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

static leat_status set_member(struct leat_config *config, leat_str group, const cJSON *member,
                              struct leat_error *reterr)
{
    struct leat_buf key, text;
    leat_buf_init(&key, &config->arena);
    leat_buf_init(&text, &config->arena);
    leat_buf_printf(&key, "%.*s.%s", LEAT_ARG(group), member->string);
    leat_json_print(&text, member);
    const struct leat_option *option = find_option(leat_buf_str(&key));
    if (option == NULL)
        return unknown_key(reterr, leat_buf_str(&key));
    return set_value(config, option, cJSON_IsString(member) ? leat_json_text(member) : leat_buf_str(&text), reterr);
}

static leat_status set_group(struct leat_config *config, leat_str group, leat_str text, struct leat_error *reterr)
{
    struct leat_json_fault fault;
    cJSON *root = NULL;
    const cJSON *member = NULL;
    leat_str kept = leat_arena_copy(&config->arena, text);
    if (kept.ptr == NULL || !leat_is_ok(leat_json_parse(&config->arena, kept, &root, &fault)) || !cJSON_IsObject(root))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%.*s wants a JSON object", LEAT_ARG(group));
    cJSON_ArrayForEach (member, root)
        LEAT_TRY(set_member(config, group, member, reterr));
    return LEAT_OK;
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
        leat_status status = group ? set_group(config, top, value, &error) : set_value(config, option, value, &error);
        if (!leat_is_ok(status)) {
            (void)leat_error_set(reterr, status, "environment: %s", error.message);
            if (reterr != NULL)
                memcpy(reterr->fix, error.fix, sizeof(error.fix));
            return status;
        }
    }
    return LEAT_OK;
}
