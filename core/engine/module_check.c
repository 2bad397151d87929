/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with a module's tables, told when it is opened and not when something calls NULL. */
#include <engine/module.h>

#include <stdio.h>

#define NAME_MAX_BYTES 40

/* A member that must not be NULL. */
struct need {
    const char *name;
    size_t offset;
};
#define NEED(type, member)                     \
    {                                          \
#member, offsetof(struct type, member) \
    }

static const struct need of_adapter[] = {NEED(leat_adapter, help),
                                         NEED(leat_adapter, why),
                                         NEED(leat_adapter, split),
                                         NEED(leat_adapter, normalise),
                                         {NULL, 0}};
static const struct need of_source[] = {NEED(leat_source_ops, init),
                                        NEED(leat_source_ops, start),
                                        NEED(leat_source_ops, demand),
                                        NEED(leat_source_ops, settle),
                                        NEED(leat_source_ops, stop),
                                        NEED(leat_source_ops, close),
                                        {NULL, 0}};
static const struct need of_leases[] = {NEED(leat_source_ops, extend), {NULL, 0}};
static const struct need of_domains[] = {NEED(leat_source_ops, hold), NEED(leat_source_ops, revoked), {NULL, 0}};
static const struct need of_streams[] = {NEED(leat_source_ops, reply_begin),
                                         NEED(leat_source_ops, reply_write),
                                         NEED(leat_source_ops, reply_wait),
                                         {NULL, 0}};
static const struct need of_sink[] = {NEED(leat_sink_ops, write), {NULL, 0}};
static const struct need of_listing[] = {
    NEED(leat_sink_ops, list), NEED(leat_sink_ops, append), NEED(leat_sink_ops, drop), {NULL, 0}};

/* Which table of which module is looked at. */
struct place {
    const char *path, *noun, *name;
    struct leat_error *reterr;
};

static leat_status refuse(const struct place *place, const char *what, const char *why)
{
    return leat_error_set(place->reterr, LEAT_STATUS(CONFIG), "%s: its %s %s %s%s", place->path, place->noun,
                          place->name, what, why);
}

static bool is_null(const void *table, size_t offset)
{
    void *value;
    memcpy(&value, (const char *)table + offset, sizeof(value));
    return value == NULL;
}

/* All that is missing at once. */
static leat_status check_needs(const struct place *place, const void *table, const struct need *needs, const char *why)
{
    char missing[128] = "";
    for (; needs->name != NULL; needs++) {
        size_t len = strlen(missing);
        if (is_null(table, needs->offset))
            snprintf(missing + len, sizeof(missing) - len, "%s%s", len > 0 ? ", " : "", needs->name);
    }
    if (missing[0] == '\0')
        return LEAT_OK;
    char what[256];
    snprintf(what, sizeof(what), "%slacks %s", why, missing);
    (void)refuse(place, what, "");
    leat_error_fix(place->reterr, "docs/reference/modules.md says what each is for");
    return LEAT_STATUS(CONFIG);
}

/* As a configuration names it, and as handlers are bound to it. */
static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len <= NAME_MAX_BYTES && name[len] == '\0' && name[0] >= 'a' && name[0] <= 'z';
}

static leat_status check_name(const struct place *place, size_t index)
{
    if (place->name != NULL && is_name(place->name))
        return LEAT_OK;
    if (place->name == NULL)
        (void)leat_error_set(place->reterr, LEAT_STATUS(CONFIG), "%s: its %s %zu has no name", place->path, place->noun,
                             index + 1);
    else
        (void)leat_error_set(place->reterr, LEAT_STATUS(CONFIG), "%s: its %s %zu has the name \"%.60s\"", place->path,
                             place->noun, index + 1, place->name);
    leat_error_fix(place->reterr,
                   "a name begins with a small letter and has small letters, digits and dashes: at most %d",
                   NAME_MAX_BYTES);
    return LEAT_STATUS(CONFIG);
}

/* --- options ---------------------------------------------------------------------------------------------- */

/* What the loader writes; 0: there is no such type. */
static size_t size_of_option(enum leat_option_type type)
{
    switch (type) {
    case LEAT_OPTION_TEXT:
    case LEAT_OPTION_HANDLER:
    case LEAT_OPTION_PATH:
    case LEAT_OPTION_SINK: return sizeof(leat_str);
    case LEAT_OPTION_LIST: return sizeof(struct leat_list);
    case LEAT_OPTION_DURATION: return sizeof(int64_t);
    case LEAT_OPTION_SIZE: return sizeof(size_t);
    case LEAT_OPTION_COUNT: return sizeof(uint32_t);
    case LEAT_OPTION_RATE: return sizeof(double);
    case LEAT_OPTION_CHOICE: return sizeof(int);
    case LEAT_OPTION_FLAG: return sizeof(bool);
    case LEAT_OPTION_MAP:
    case LEAT_OPTION_ANY: return sizeof(cJSON *);
    }
    return 0;
}

static leat_status check_option(const struct place *place, const struct leat_option *option, size_t options_size)
{
    size_t size = size_of_option(option->type);
    char what[128];
    const char *why = size == 0                                                       ? "is of no type"
                      : option->help == NULL                                          ? "has no help"
                      : option->type == LEAT_OPTION_CHOICE && option->choices == NULL ? "has no choices"
                      : option->offset > options_size || size > options_size - option->offset
                          ? "lies outside options_size"
                          : NULL;
    if (why == NULL)
        return LEAT_OK;
    snprintf(what, sizeof(what), "has an option \"%.40s\" that ", option->key);
    return refuse(place, what, why);
}

static leat_status check_options(const struct place *place, const struct leat_option *options, size_t options_size)
{
    size_t count = 0;
    for (; options != NULL && options[count].key != NULL; count++) {
        if (count == LEAT_OPTIONS_MAX)
            return refuse(place, "has too many options, or no NULL behind them", "");
        LEAT_TRY(check_option(place, &options[count], options_size));
    }
    return LEAT_OK;
}

/* --- tables ----------------------------------------------------------------------------------------------- */

static leat_status check_source(const struct place *place, const struct leat_source_ops *source)
{
    bool streams = source->reply_begin != NULL || source->reply_write != NULL || source->reply_wait != NULL;
    LEAT_TRY(check_needs(place, source, of_source, ""));
    if (source->caps.leases)
        LEAT_TRY(check_needs(place, source, of_leases, "has leases and "));
    if (source->caps.domains)
        LEAT_TRY(check_needs(place, source, of_domains, "has domains and "));
    if (streams)
        LEAT_TRY(check_needs(place, source, of_streams, "streams replies and "));
    return check_options(place, source->options, source->options_size);
}

static leat_status check_sink(const struct place *place, const struct leat_sink_ops *sink)
{
    bool listing = sink->list != NULL || sink->append != NULL || sink->drop != NULL;
    LEAT_TRY(check_needs(place, sink, of_sink, ""));
    if (listing)
        LEAT_TRY(check_needs(place, sink, of_listing, "can be looked into and "));
    return check_options(place, sink->options, sink->options_size);
}

static leat_status check_each(struct place *place, const struct leat_module *module)
{
    place->noun = "adapter";
    for (size_t i = 0; module->adapters[i] != NULL; i++) {
        place->name = module->adapters[i]->name;
        LEAT_TRY(check_name(place, i));
        LEAT_TRY(check_needs(place, module->adapters[i], of_adapter, ""));
    }
    place->noun = "source";
    for (size_t i = 0; module->sources[i] != NULL; i++) {
        place->name = module->sources[i]->name;
        LEAT_TRY(check_name(place, i));
        LEAT_TRY(check_source(place, module->sources[i]));
    }
    place->noun = "sink";
    for (size_t i = 0; module->sinks[i] != NULL; i++) {
        place->name = module->sinks[i]->name;
        LEAT_TRY(check_name(place, i));
        LEAT_TRY(check_sink(place, module->sinks[i]));
    }
    return LEAT_OK;
}

leat_status leat_module_check(const char *path, const struct leat_module *module, struct leat_error *reterr)
{
    struct place place = {.path = path, .reterr = reterr};
    if (module->name == NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: a module without a name", path);
        leat_error_fix(reterr, "define it with LEAT_MODULE(name, .sources = sources);");
        return LEAT_STATUS(CONFIG);
    }
    if (module->adapters[0] != NULL || module->sources[0] != NULL || module->sinks[0] != NULL)
        return check_each(&place, module);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: module %s has no adapter, no source and no sink", path,
                         module->name);
    leat_error_fix(reterr, "LEAT_MODULE(%s, .adapters = adapters, .sources = sources, .sinks = sinks);", module->name);
    return LEAT_STATUS(CONFIG);
}
