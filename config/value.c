/* SPDX-License-Identifier: Apache-2.0 */
/* Text -> the value of one option, by its type. */
#include <config/config.h>

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

const char *leat_option_wants(const struct leat_option *option)
{
    switch (option->type) {
    case LEAT_OPTION_DURATION: return "a duration (250ms 30s 15m 24h)";
    case LEAT_OPTION_SIZE: return "a size (64KiB 6MB 1GiB)";
    case LEAT_OPTION_CHOICE: return option->choices;
    case LEAT_OPTION_FLAG: return "true or false";
    case LEAT_OPTION_MAP: return "a map";
    case LEAT_OPTION_HANDLER: return "a handler (PATH.so PATH.so:NAME NAME)";
    case LEAT_OPTION_TEXT:
    default: break;
    }
    return "text";
}

static leat_status wrong(struct leat_error *reterr, const struct leat_option *option, leat_str text)
{
    const char *want = leat_option_wants(option);
    if (option->secret)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants %s, not ***", option->key, want);
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants %s, not \"%.*s\"", option->key, want, LEAT_ARG(text));
}

static leat_status set_map(struct leat_arena *arena, cJSON **map, const struct leat_option *option, leat_str text,
                           struct leat_error *reterr)
{
    leat_str kept = leat_arena_copy(arena, text);
    struct leat_json_fault fault;
    cJSON *root = NULL;
    if (kept.ptr == NULL)
        return leat_error_set(reterr, leat_arena_status(arena), "out of memory");
    leat_status status = leat_json_parse(arena, kept, &root, &fault);
    if (arena->overflow)
        return leat_error_set(reterr, leat_arena_status(arena), "out of memory");
    if (!leat_is_ok(status) || !cJSON_IsObject(root))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants a map", option->key);
    *map = root;
    return leat_json_keep_numbers(arena, kept, root); /* handlers get them to the last digit */
}

static leat_status set_duration(int64_t *value, const struct leat_option *option, leat_str text,
                                struct leat_error *reterr)
{
    if (leat_config_duration(text, value))
        return LEAT_OK;
    if (option->secret || !is_whole_number(text))
        return wrong(reterr, option, text);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants a duration, \"%.*s\" has no unit", option->key,
                         LEAT_ARG(text));
    leat_error_fix(reterr, "write %.*ss or %.*sms", LEAT_ARG(text), LEAT_ARG(text));
    return LEAT_STATUS(CONFIG);
}

static leat_status set_size(size_t *value, const struct leat_option *option, leat_str text, struct leat_error *reterr)
{
    int64_t bytes;
    if (!read_quantity(text, sizes, &bytes))
        return wrong(reterr, option, text);
    *value = (size_t)bytes;
    return LEAT_OK;
}

static leat_status set_flag(bool *value, const struct leat_option *option, leat_str text, struct leat_error *reterr)
{
    bool yes = leat_str_is(text, "true") || leat_str_is(text, "1");
    if (yes || leat_str_is(text, "false") || leat_str_is(text, "0")) {
        *value = yes;
        return LEAT_OK;
    }
    (void)wrong(reterr, option, text);
    if (!option->secret && (leat_str_is(text, "yes") || leat_str_is(text, "on")))
        leat_error_fix(reterr, "write true");
    if (!option->secret && (leat_str_is(text, "no") || leat_str_is(text, "off")))
        leat_error_fix(reterr, "write false");
    return LEAT_STATUS(CONFIG);
}

static leat_status set_choice(int *value, const struct leat_option *option, leat_str text, struct leat_error *reterr)
{
    int choice = find_choice(option->choices, text);
    if (choice < 0)
        return wrong(reterr, option, text);
    *value = choice;
    return LEAT_OK;
}

leat_status leat_option_set(struct leat_arena *arena, void *target, const struct leat_option *option, leat_str text,
                            struct leat_error *reterr)
{
    void *member = (char *)target + option->offset;
    leat_str kept;
    switch (option->type) {
    case LEAT_OPTION_MAP: return set_map(arena, member, option, text, reterr);
    case LEAT_OPTION_DURATION: return set_duration(member, option, text, reterr);
    case LEAT_OPTION_FLAG: return set_flag(member, option, text, reterr);
    case LEAT_OPTION_SIZE: return set_size(member, option, text, reterr);
    case LEAT_OPTION_CHOICE: return set_choice(member, option, text, reterr);
    case LEAT_OPTION_HANDLER:
    case LEAT_OPTION_TEXT:
    default: break;
    }
    kept = leat_arena_copy(arena, text);
    if (kept.ptr != NULL)
        *(leat_str *)member = kept;
    return leat_arena_status(arena);
}
