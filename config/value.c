/* SPDX-License-Identifier: Apache-2.0 */
/* Text -> the value of one option, by its type. */
#include <config/config.h>

#include <stdio.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit rates[] = {{"/s", 1}, {"/m", 60}, {"/h", 3600}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1},          {"B", 1},         {"kB", 1000},     {"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
    {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0},
};

/* A whole number and the unit behind it, of `units`. */
static bool split_quantity(leat_str text, const struct unit *units, int64_t *retnumber, int64_t *retfactor)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    leat_str unit = leat_str_trim(leat_str_skip(text, digits));
    if (!leat_str_int64(leat_str_of(text.ptr, digits), retnumber))
        return false;
    while (units->name != NULL && !leat_str_eq(unit, leat_str_c(units->name)))
        units++;
    *retfactor = units->factor;
    return units->name != NULL;
}

/* False: no such form, or beyond int64_t. */
static bool read_quantity(leat_str text, const struct unit *units, int64_t *ret)
{
    int64_t number, factor;
    return split_quantity(text, units, &number, &factor) && !__builtin_mul_overflow(number, factor, ret);
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

static void read_range(const struct leat_option *option, int64_t *retleast, int64_t *retmost)
{
    leat_str most = leat_str_c(leat_option_required(option) ? NULL : option->choices);
    leat_str least = leat_str_cut(&most, ' ');
    *retleast = 0;
    *retmost = UINT32_MAX;
    (void)leat_str_int64(least, retleast);
    (void)leat_str_int64(most, retmost);
}

bool leat_option_required(const struct leat_option *option)
{
    return option->choices != NULL && strcmp(option->choices, "!") == 0;
}

static struct leat_wants wants_count(const struct leat_option *option)
{
    struct leat_wants wants = {"a whole number"};
    int64_t least, most;
    read_range(option, &least, &most);
    if (least > 0 || most < UINT32_MAX)
        snprintf(wants.text, sizeof(wants.text), "a number from %lld to %lld", (long long)least, (long long)most);
    return wants;
}

struct leat_wants leat_option_wants(const struct leat_option *option)
{
    struct leat_wants wants = {"text"};
    switch (option->type) {
    case LEAT_OPTION_TEXT: break;
    case LEAT_OPTION_LIST: return (struct leat_wants){"text, or a list of texts"};
    case LEAT_OPTION_HANDLER: return (struct leat_wants){"a handler (PATH.so PATH.so:NAME NAME)"};
    case LEAT_OPTION_PATH: return (struct leat_wants){"a path"};
    case LEAT_OPTION_DURATION: return (struct leat_wants){"a duration (250ms 30s 15m 24h)"};
    case LEAT_OPTION_SIZE: return (struct leat_wants){"a size (64KiB 6MB 1GiB)"};
    case LEAT_OPTION_COUNT: return wants_count(option);
    case LEAT_OPTION_RATE: return (struct leat_wants){"a rate (50/s 300/m 10/h)"};
    case LEAT_OPTION_CHOICE: snprintf(wants.text, sizeof(wants.text), "%s", option->choices); break;
    case LEAT_OPTION_FLAG: return (struct leat_wants){"true or false"};
    case LEAT_OPTION_MAP: return (struct leat_wants){"a map"};
    case LEAT_OPTION_ANY: return (struct leat_wants){"a value"};
    case LEAT_OPTION_SINK: return (struct leat_wants){"the name of a sink, or {type: ...}"};
    }
    return wants;
}

static leat_status wrong(struct leat_error *reterr, const struct leat_option *option, leat_str text)
{
    struct leat_wants want = leat_option_wants(option);
    if (option->secret)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants %s, not ***", option->key, want.text);
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants %s, not \"%.*s\"", option->key, want.text,
                          LEAT_ARG(text));
}

/* --- JSON ---------------------------------------------------------------------------------------------------- */

/* *retroot NULL: it is none. */
static leat_status parse(struct leat_arena *arena, leat_str text, cJSON **retroot, struct leat_error *reterr)
{
    leat_str kept = leat_arena_copy(arena, text);
    struct leat_json_fault fault;
    leat_status status = leat_arena_status(arena);
    *retroot = NULL;
    if (kept.ptr != NULL)
        status = leat_json_parse(arena, kept, retroot, &fault);
    if (leat_is_ok(status))
        status = leat_json_keep_numbers(arena, kept, *retroot); /* to the last digit */
    if (arena->overflow)
        return leat_error_set(reterr, leat_arena_status(arena), "out of memory");
    if (!leat_is_ok(status))
        *retroot = NULL;
    return LEAT_OK;
}

static leat_status set_json(struct leat_arena *arena, cJSON **value, const struct leat_option *option, leat_str text,
                            struct leat_error *reterr)
{
    cJSON *root;
    LEAT_TRY(parse(arena, text, &root, reterr));
    if (root == NULL || (option->type == LEAT_OPTION_MAP && !cJSON_IsObject(root)))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s wants %s", option->key, leat_option_wants(option).text);
    *value = root;
    return LEAT_OK;
}

/* A JSON array of texts, or one text. */
static leat_status set_list(struct leat_arena *arena, struct leat_list *list, const struct leat_option *option,
                            leat_str text, struct leat_error *reterr)
{
    cJSON *root = NULL;
    size_t count = 0;
    if (leat_str_starts(text, LEAT_STR("[")))
        LEAT_TRY(parse(arena, text, &root, reterr));
    leat_str *items = LEAT_NEW_N(arena, leat_str, root != NULL ? (size_t)cJSON_GetArraySize(root) + 1 : 1);
    leat_str one = root == NULL ? leat_arena_copy(arena, text) : LEAT_ABSENT;
    if (arena->overflow)
        return leat_error_set(reterr, leat_arena_status(arena), "out of memory");
    if (root == NULL)
        items[count++] = one;
    for (const cJSON *item = root != NULL ? root->child : NULL; item != NULL; item = item->next) {
        items[count++] = leat_json_text(item);
        if (!cJSON_IsString(item))
            return wrong(reterr, option, text);
    }
    *list = (struct leat_list){.items = items, .count = count};
    return LEAT_OK;
}

/* --- numbers ------------------------------------------------------------------------------------------------- */

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

static leat_status set_count(uint32_t *value, const struct leat_option *option, leat_str text,
                             struct leat_error *reterr)
{
    int64_t number, least, most;
    read_range(option, &least, &most);
    if (!leat_str_int64(text, &number) || number < least || number > most)
        return wrong(reterr, option, text);
    *value = (uint32_t)number;
    return LEAT_OK;
}

static leat_status set_rate(double *value, const struct leat_option *option, leat_str text, struct leat_error *reterr)
{
    int64_t number, factor;
    if (split_quantity(text, rates, &number, &factor) && number > 0) {
        *value = (double)number / (double)factor;
        return LEAT_OK;
    }
    (void)wrong(reterr, option, text);
    if (!option->secret && is_whole_number(text) && !leat_str_is(text, "0"))
        leat_error_fix(reterr, "write %.*s/s or %.*s/m", LEAT_ARG(text), LEAT_ARG(text));
    else
        leat_error_fix(reterr, "more than 0; without the option there is no limit");
    return LEAT_STATUS(CONFIG);
}

/* --- words ----------------------------------------------------------------------------------------------------- */

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

static leat_status set_text(struct leat_arena *arena, leat_str *value, leat_str text, struct leat_error *reterr)
{
    leat_str kept = leat_arena_copy(arena, text);
    if (kept.ptr == NULL)
        return leat_error_set(reterr, leat_arena_status(arena), "out of memory");
    *value = kept;
    return LEAT_OK;
}

leat_status leat_option_set(struct leat_arena *arena, void *target, const struct leat_option *option, leat_str text,
                            struct leat_error *reterr)
{
    void *member = (char *)target + option->offset;
    switch (option->type) {
    case LEAT_OPTION_MAP:
    case LEAT_OPTION_ANY: return set_json(arena, member, option, text, reterr);
    case LEAT_OPTION_LIST: return set_list(arena, member, option, text, reterr);
    case LEAT_OPTION_DURATION: return set_duration(member, option, text, reterr);
    case LEAT_OPTION_SIZE: return set_size(member, option, text, reterr);
    case LEAT_OPTION_COUNT: return set_count(member, option, text, reterr);
    case LEAT_OPTION_RATE: return set_rate(member, option, text, reterr);
    case LEAT_OPTION_FLAG: return set_flag(member, option, text, reterr);
    case LEAT_OPTION_CHOICE: return set_choice(member, option, text, reterr);
    case LEAT_OPTION_TEXT:
    case LEAT_OPTION_HANDLER:
    case LEAT_OPTION_PATH:
    case LEAT_OPTION_SINK: break;
    }
    return set_text(arena, member, text, reterr);
}

leat_status leat_options_default(struct leat_arena *arena, void *target, const struct leat_option *options)
{
    for (const struct leat_option *option = options; option != NULL && option->key != NULL; option++)
        if (option->fallback != NULL)
            LEAT_TRY(leat_option_set(arena, target, option, leat_str_c(option->fallback), NULL));
    return LEAT_OK;
}
