/* SPDX-License-Identifier: Apache-2.0 */
#include "find_handler.h"

#include <config/closest.h>
#include <engine/handler_file.h>
#include <engine/object.h>

#include <leat/arena.h>

#include <stdlib.h>

#define DEFAULT_PATH "/usr/local/lib/leat/handlers:/usr/lib/leat/handlers"

static bool is_trigger(const struct leat_cli *cli, leat_str name)
{
    for (const struct leat_adapter **at = cli->adapters; *at != NULL; at++)
        if (leat_trigger_matches(name, leat_str_c((*at)->name)))
            return true;
    return false;
}

leat_status leat_unknown_trigger(const struct leat_cli *cli, leat_str name, struct leat_error *reterr)
{
    const char *names[64];
    char wrong[64];
    size_t count = 0;
    for (; cli->adapters[count] != NULL && count < 64; count++)
        names[count] = cli->adapters[count]->name;
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(name));
    const char *closest = leat_closest(wrong, names, count);
    (void)leat_error_set(reterr, LEAT_STATUS(USAGE), "no trigger \"%.*s\"", LEAT_ARG(name));
    if (closest != NULL)
        leat_error_fix(reterr, "did you mean \"%s\"?", closest);
    else
        leat_error_fix(reterr, "leat sample lists the triggers");
    return LEAT_STATUS(USAGE);
}

leat_status leat_find_trigger(const struct leat_cli *cli, const char *name, const struct leat_adapter **retas,
                              const struct leat_adapter **adapters, struct leat_error *reterr)
{
    size_t count = 0;
    *retas = leat_adapter_find(cli->adapters, leat_str_c(name));
    for (const struct leat_adapter **at = cli->adapters; *at != NULL && count < LEAT_ADAPTERS_MAX - 1; at++)
        if (*retas != NULL || leat_trigger_matches(leat_str_c(name), leat_str_c((*at)->name)))
            adapters[count++] = *at;
    adapters[count] = NULL;
    return count > 0 ? LEAT_OK : leat_unknown_trigger(cli, leat_str_c(name), reterr);
}

/* "trigger=" in front; a '=' inside a path is no such thing. */
static leat_status cut_trigger(const struct leat_cli *cli, leat_str *spec, leat_str *rettrigger,
                               struct leat_error *reterr)
{
    leat_str rest = *spec;
    leat_str head = leat_str_cut(&rest, '=');
    *rettrigger = LEAT_ABSENT;
    if (rest.ptr == NULL || (head.len > 0 && memchr(head.ptr, '/', head.len) != NULL))
        return LEAT_OK;
    if (!is_trigger(cli, head))
        return leat_unknown_trigger(cli, head, reterr);
    *rettrigger = head;
    *spec = rest;
    return LEAT_OK;
}

const struct leat_handler *leat_find_linked(const struct leat_cli *cli, leat_str name)
{
    for (const struct leat_handler *const *at = cli->linked_in; at != NULL && *at != NULL; at++)
        if (leat_str_is(name, (*at)->name))
            return *at;
    return NULL;
}

static leat_status open_named(const struct leat_cli *cli, leat_str name, const struct leat_handler **ret,
                              struct leat_error *reterr)
{
    const char *path = getenv("LEAT_HANDLER_PATH"), *own = cli->config_folder;
    char usual[4096];
    snprintf(usual, sizeof(usual), "%s%s%s", own != NULL ? own : "", own != NULL ? ":" : "", DEFAULT_PATH);
    char file[4096];
    leat_str all = leat_str_c(path != NULL ? path : usual);
    *ret = leat_find_linked(cli, name);
    if (*ret != NULL)
        return LEAT_OK;
    if (leat_object_find(all, name, file, sizeof(file)))
        return leat_handler_open(file, LEAT_ABSENT, ret, reterr);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "no handler \"%.*s\": no %.*s.so in %.*s", LEAT_ARG(name),
                         LEAT_ARG(name), LEAT_ARG(all));
    leat_error_fix(reterr, "set LEAT_HANDLER_PATH, or give a path: ./%.*s.so", LEAT_ARG(name));
    return LEAT_STATUS(CONFIG);
}

bool leat_cut_handler(leat_str spec, leat_str *retpath, leat_str *retname)
{
    leat_str mark = leat_str_find(spec, LEAT_STR(".so:"));
    *retname = LEAT_ABSENT;
    *retpath = spec;
    if (mark.ptr != NULL) {
        retpath->len = (size_t)(mark.ptr - spec.ptr) + strlen(".so");
        *retname = leat_str_skip(spec, retpath->len + 1);
        return true;
    }
    return leat_str_ends(spec, LEAT_STR(".so"));
}

leat_status leat_find_handler(const struct leat_cli *cli, const char *spec, struct leat_named_handler *ret,
                              struct leat_error *reterr)
{
    leat_str rest = leat_str_c(spec), path, name;
    char file[4096];
    LEAT_TRY(cut_trigger(cli, &rest, &ret->trigger, reterr));
    bool has_slash = rest.len > 0 && memchr(rest.ptr, '/', rest.len) != NULL;
    if (!leat_cut_handler(rest, &path, &name) && !has_slash)
        return open_named(cli, rest, &ret->handler, reterr);
    if (path.ptr == NULL || path.len >= sizeof(file))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "a path of %zu bytes is too long", path.len);
    memcpy(file, path.ptr, path.len);
    file[path.len] = '\0';
    return leat_handler_open(file, name, &ret->handler, reterr);
}
