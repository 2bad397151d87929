/* SPDX-License-Identifier: Apache-2.0 */
#include <engine/handler_file.h>

#include <engine/object.h>

#include <dlfcn.h>
#include <stdio.h>

#define PREFIX "leat_handler_"

static const struct leat_object_kind handlers = {
    .noun = "handler",
    .symbol = PREFIX,
    .prefix = true,
    .how = "a handler is PATH.so, PATH.so:NAME, or NAME alone: one of LEAT_HANDLER_PATH",
};

/* The name to open, or the message that lists what there is. */
static leat_status choose(const char *path, leat_str wanted, const struct leat_object_exports *exports,
                          leat_str *retname, struct leat_error *reterr)
{
    if (exports->wanted_count == 0) {
        leat_status status = leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: not a leat handler: it exports %s", path,
                                            exports->other_count > 0 ? exports->others : "nothing");
        leat_str file = leat_str_base(leat_str_c(path)), stem = leat_str_cut(&file, '.');
        leat_error_fix(reterr, "add LEAT_HANDLER(%.*s, .handle = handle);", LEAT_ARG(stem));
        return status;
    }
    *retname = wanted.ptr != NULL ? wanted : leat_str_c(exports->only);
    if (wanted.ptr != NULL || exports->wanted_count == 1)
        return LEAT_OK;
    leat_status status = leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s holds %u handlers: %s", path,
                                        exports->wanted_count, exports->wanted);
    leat_error_fix(reterr, "name one: %s:%s", path, exports->only);
    return status;
}

static leat_status find_symbol(const char *path, leat_str name, const struct leat_object_exports *exports,
                               const struct leat_handler **rethandler, struct leat_error *reterr)
{
    char symbol[256];
    void *object;
    LEAT_TRY(leat_object_open(path, &handlers, &object, reterr));
    snprintf(symbol, sizeof(symbol), PREFIX "%.*s", LEAT_ARG(name));
    *rethandler = dlsym(object, symbol);
    if (*rethandler != NULL)
        return LEAT_OK;
    leat_status status =
        leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s has no handler \"%.*s\"", path, LEAT_ARG(name));
    leat_error_fix(reterr, "it has: %s", exports->wanted);
    return status;
}

leat_status leat_handler_open(const char *path, leat_str name, const struct leat_handler **rethandler,
                              struct leat_error *reterr)
{
    struct leat_object_exports exports;
    leat_str chosen = LEAT_ABSENT;
    LEAT_TRY(leat_object_read(path, &handlers, &exports, reterr));
    LEAT_TRY(choose(path, name, &exports, &chosen, reterr));
    return find_symbol(path, chosen, &exports, rethandler, reterr);
}

unsigned leat_handler_names(const char *path, char *names, size_t size)
{
    struct leat_object_exports exports;
    bool readable = leat_is_ok(leat_object_read(path, &handlers, &exports, NULL));
    snprintf(names, size, "%s", readable ? exports.wanted : "");
    return readable ? exports.wanted_count : 0;
}
