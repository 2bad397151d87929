/* SPDX-License-Identifier: Apache-2.0 */
/* `leat sample --set PATH=VALUE`. */
#include "sample.h"

struct step {
    leat_str name;
    leat_str path; /* as given, up to here */
};

struct set {
    struct leat_arena *arena;
    struct leat_error *reterr;
    struct step *steps;
    size_t count;
    leat_str text;       /* the value where text stands or where it is no JSON */
    bool json;           /* it is JSON, and no text */
    const cJSON *tree;   /* then its tree; NULL: there cannot be one */
    const char *refused; /* and why */
    size_t done;         /* members that were set */
};

/* --- taking the assignment apart ---------------------------------------------------------------------- */

/* ~1 and ~0 of a JSON Pointer. False: another ~, or out of memory. */
static bool unescape(struct leat_arena *arena, leat_str token, leat_str *retname)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    for (leat_str rest = token; rest.ptr != NULL;) {
        leat_buf_add(&buf, leat_str_cut(&rest, '~'));
        if (rest.ptr == NULL)
            break;
        if (rest.len == 0 || (rest.ptr[0] != '0' && rest.ptr[0] != '1'))
            return false;
        leat_buf_char(&buf, rest.ptr[0] == '0' ? '~' : '/');
        rest = leat_str_skip(rest, 1);
    }
    *retname = leat_buf_str(&buf);
    return retname->ptr != NULL;
}

static leat_status take_path(struct set *set, leat_str path)
{
    char separator = path.ptr[0] == '/' ? '/' : '.';
    leat_str rest = leat_str_skip(path, separator == '/' ? 1 : 0);
    size_t most = 1;
    for (size_t i = 0; i < rest.len; i++)
        most += rest.ptr[i] == separator ? 1 : 0;
    set->steps = LEAT_NEW_N(set->arena, struct step, most);
    while (rest.ptr != NULL && set->steps != NULL) {
        struct step *step = &set->steps[set->count++];
        step->name = leat_str_cut(&rest, separator);
        step->path = leat_str_of(path.ptr, (size_t)(step->name.ptr + step->name.len - path.ptr));
        if (separator == '/' && !unescape(set->arena, step->name, &step->name) && !set->arena->overflow)
            return leat_error_set(set->reterr, LEAT_STATUS(USAGE), "%.*s is no JSON Pointer: ~ is written ~0, / is ~1",
                                  LEAT_ARG(path));
    }
    return leat_arena_status(set->arena);
}

/* Is `item` nested at most `levels` deep? Looks no deeper. */
static bool fits(const cJSON *item, size_t levels)
{
    const cJSON *child = NULL;
    if (!cJSON_IsArray(item) && !cJSON_IsObject(item))
        return true;
    if (levels == 0)
        return false;
    cJSON_ArrayForEach (child, item)
        if (!fits(child, levels - 1))
            return false;
    return true;
}

/* The tree of a value that is JSON, or why there is none. */
static leat_status take_tree(struct set *set)
{
    struct leat_json_fault fault;
    cJSON *tree;
    leat_status status = leat_json_parse(set->arena, set->text, &tree, &fault);
    set->refused = fault.what;
    if (!leat_is_ok(status))
        return leat_arena_status(set->arena);
    LEAT_TRY(leat_json_keep_numbers(set->arena, set->text, tree));
    set->json = !cJSON_IsString(tree);
    if (!set->json)
        set->text = leat_json_text(tree);
    if (set->count <= LEAT_JSON_DEPTH_MAX && fits(tree, LEAT_JSON_DEPTH_MAX - set->count))
        set->tree = tree;
    else
        set->refused = leat_status_text(LEAT_STATUS(TOO_DEEP));
    return LEAT_OK;
}

static leat_status take_value(struct set *set, leat_str value)
{
    struct leat_json_fault fault = {.what = NULL};
    size_t at = 0;
    leat_status status = leat_json_scan(value, &at, &fault);
    set->text = value;
    set->json = status.code == LEAT_E_TOO_DEEP || leat_json_valid(value);
    set->refused = fault.what;
    return leat_is_ok(status) && set->json ? take_tree(set) : LEAT_OK;
}

static leat_status take(struct set *set, leat_str assignment)
{
    leat_str rest = assignment;
    leat_str path = leat_str_cut(&rest, '=');
    if (rest.ptr == NULL || path.len == 0)
        return leat_error_set(set->reterr, LEAT_STATUS(USAGE), "--set wants PATH=VALUE, not \"%.*s\"",
                              LEAT_ARG(assignment));
    if (leat_str_utf8(assignment) < assignment.len)
        return leat_error_set(set->reterr, LEAT_STATUS(USAGE), "--set %.*s: not UTF-8", LEAT_ARG(path));
    LEAT_TRY(take_path(set, path));
    return take_value(set, rest);
}

/* --- the walk ----------------------------------------------------------------------------------------- */

/* An array's element by its place, which is `count` for the one behind the last. False: no place. */
static bool place_of(leat_str name, size_t count, size_t *retplace)
{
    int64_t place;
    bool number = name.len > 0 && name.len <= 9 && name.ptr[0] != '-' && (name.len == 1 || name.ptr[0] != '0');
    *retplace = count;
    if (leat_str_is(name, "-"))
        return true;
    if (!number || !leat_str_int64(name, &place) || (size_t)place > count)
        return false;
    *retplace = (size_t)place;
    return true;
}

static cJSON *find(const cJSON *parent, leat_str name)
{
    size_t place;
    cJSON *child = NULL;
    if (cJSON_IsArray(parent))
        return place_of(name, (size_t)cJSON_GetArraySize(parent), &place) ? cJSON_GetArrayItem(parent, (int)place)
                                                                          : NULL;
    if (cJSON_IsObject(parent)) {
        cJSON_ArrayForEach (child, parent)
            if (leat_str_is(name, child->string))
                return child;
    }
    return NULL;
}

/* A new member or element of that name; NULL: it cannot stand there, or out of memory. */
static cJSON *add(struct set *set, cJSON *parent, leat_str name)
{
    size_t place;
    bool object = cJSON_IsObject(parent);
    if (!object && !(cJSON_IsArray(parent) && place_of(name, (size_t)cJSON_GetArraySize(parent), &place)))
        return NULL;
    leat_str own = leat_arena_copy(set->arena, name);
    cJSON *child = leat_json_node(set->arena, cJSON_NULL);
    if (child != NULL)
        leat_json_append(parent, object ? own.ptr : NULL, child);
    return child;
}

static leat_status missing(const struct set *set, const cJSON *parent, const struct step *step)
{
    char why[80] = "";
    if (set->arena->overflow)
        return leat_arena_status(set->arena);
    if (cJSON_IsArray(parent))
        snprintf(why, sizeof(why), ": the array has %d elements", cJSON_GetArraySize(parent));
    else if (!cJSON_IsObject(parent))
        snprintf(why, sizeof(why), ": what should hold it is %s", leat_json_type(parent));
    return leat_error_set(set->reterr, LEAT_STATUS(USAGE), "--set: there is no \"%.*s\"%s", LEAT_ARG(step->path), why);
}

static leat_status assign(struct set *set, cJSON *item)
{
    set->done++;
    if (!set->json || cJSON_IsString(item)) {
        leat_sample_make_text(item, set->text);
        return LEAT_OK;
    }
    if (set->tree == NULL)
        return leat_error_set(set->reterr, LEAT_STATUS(USAGE), "--set: the value cannot stand there, %s: %.*s",
                              set->refused, LEAT_ARG(set->steps[set->count - 1].path));
    const cJSON *copy = leat_sample_copy(set->arena, set->tree);
    if (copy == NULL)
        return leat_arena_status(set->arena);
    item->type = copy->type;
    item->child = copy->child;
    item->valuestring = copy->valuestring;
    item->valuedouble = copy->valuedouble;
    return LEAT_OK;
}

/* Sets what step `at` names inside `parent`. Recursion is as deep as the tree: LEAT_JSON_DEPTH_MAX. */
static leat_status walk(struct set *set, cJSON *parent, size_t at)
{
    const struct step *step = &set->steps[at];
    bool last = at + 1 == set->count, every = leat_str_is(step->name, "*");
    cJSON *child = every ? parent->child : find(parent, step->name);
    if (every && !cJSON_IsArray(parent) && !cJSON_IsObject(parent))
        return missing(set, parent, step);
    if (!every && child == NULL && last)
        child = add(set, parent, step->name);
    if (!every && child == NULL)
        return missing(set, parent, step);
    for (; child != NULL; child = every ? child->next : NULL)
        LEAT_TRY(last ? assign(set, child) : walk(set, child, at + 1));
    return LEAT_OK;
}

leat_status leat_sample_set(struct leat_arena *arena, cJSON *root, const char *assignment, struct leat_error *reterr)
{
    struct set set = {.arena = arena, .reterr = reterr};
    LEAT_TRY(take(&set, leat_str_c(assignment)));
    if (set.steps == NULL)
        return leat_arena_status(arena);
    LEAT_TRY(walk(&set, root, 0));
    if (set.done > 0)
        return LEAT_OK;
    return leat_error_set(reterr, LEAT_STATUS(USAGE), "--set: nothing stands where * is in \"%.*s\"",
                          LEAT_ARG(set.steps[set.count - 1].path));
}
