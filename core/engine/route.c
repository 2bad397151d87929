/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler gets an event of that kind. */
#include <engine/internal.h>

#include <leat/cloudevents.h>

static bool accepts(const struct leat_handler *handler, leat_str kind)
{
    leat_str rest = leat_str_c(handler->accepts);
    if (rest.ptr == NULL)
        return true;
    while (rest.ptr != NULL)
        if (leat_trigger_matches(leat_str_trim(leat_str_cut(&rest, ',')), kind))
            return true;
    return false;
}

/* The handler of that trigger; the first fit wins. */
static struct leat_bound *find_bound(const struct leat_engine *engine, leat_str kind)
{
    for (const struct leat_route *route = engine->routes; route != NULL; route = route->next)
        if (route->trigger.ptr != NULL && leat_trigger_matches(route->trigger, kind))
            return route->bound;
    return NULL;
}

static struct leat_bound *find_general(const struct leat_engine *engine)
{
    const struct leat_route *route = engine->routes;
    while (route != NULL && route->trigger.ptr != NULL)
        route = route->next;
    return route != NULL ? route->bound : NULL;
}

/* What else the event may be taken for: a CloudEvent is also an event of what brought it, so that a producer that
 * begins to write CloudEvents needs no other handler. */
static leat_str carrier_of(const struct leat_envelope *envelope)
{
    bool carried = envelope->within != NULL && leat_str_is(envelope->kind, LEAT_CLOUDEVENTS);
    return carried ? envelope->within->kind : envelope->kind;
}

/* NULL: nobody; *retwhy is the reason of the reject. The entry's own handler takes all of its events; a trigger's own
 * goes before one for all. */
struct leat_bound *leat_route(const struct leat_unit *unit, const struct leat_envelope *envelope, const char **retwhy)
{
    const struct leat_engine *engine = unit->delivery->source->engine;
    struct leat_bound *own = unit->delivery->entry->bound;
    leat_str carrier = carrier_of(envelope);
    struct leat_bound *found = own != NULL ? own : find_bound(engine, envelope->kind);
    if (found == NULL)
        found = find_bound(engine, carrier);
    if (found == NULL)
        found = find_general(engine);
    *retwhy = "no handler for events of this kind";
    if (found == NULL || accepts(&found->handler, envelope->kind) || accepts(&found->handler, carrier))
        return found;
    *retwhy = "the handler does not accept events of this kind";
    return NULL;
}

static bool is_complete(const struct leat_handler *handler, struct leat_error *reterr)
{
    if (handler->name == NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "a handler without a name");
        leat_error_fix(reterr, "define it with LEAT_HANDLER(name, .handle = function);");
        return false;
    }
    if (handler->abi != LEAT_ABI) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s was built for handler ABI %u, this leat has %u",
                             handler->name, handler->abi, LEAT_ABI);
        leat_error_fix(reterr, "build it again with the headers of this leat");
        return false;
    }
    if (handler->handle != NULL || handler->handle_batch != NULL)
        return true;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "handler %s has neither handle nor handle_batch", handler->name);
    leat_error_fix(reterr, "LEAT_HANDLER(%s, .handle = function);", handler->name);
    return false;
}

/* A handler built with older headers has fewer members: those it lacks are NULL. */
static void complete(struct leat_handler *full, const struct leat_handler *given)
{
    size_t size = given->size < sizeof(*full) ? given->size : sizeof(*full);
    *full = (struct leat_handler){0};
    memcpy(full, given, size);
}

/* The engine's entry for a handler; load and init are called once for each. NULL: out of memory. */
static struct leat_bound *bind(struct leat_engine *engine, const struct leat_handler *given,
                               const struct leat_handler *full)
{
    struct leat_bound **at = &engine->handlers;
    while (*at != NULL && (*at)->given != given)
        at = &(*at)->next;
    if (*at != NULL)
        return *at;
    *at = leat_alloc(sizeof(**at));
    if (*at == NULL)
        return NULL;
    (*at)->given = given;
    (*at)->handler = *full;
    (*at)->index = engine->handler_count++;
    return *at;
}

/* NULL: it cannot be used. */
struct leat_bound *leat_bind(struct leat_engine *engine, const struct leat_handler *handler, struct leat_error *reterr)
{
    struct leat_handler full;
    complete(&full, handler);
    if (!is_complete(&full, reterr))
        return NULL;
    struct leat_bound *bound = bind(engine, handler, &full);
    if (bound == NULL)
        (void)leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return bound;
}

leat_status leat_engine_add_handler(struct leat_engine *engine, leat_str trigger, const struct leat_handler *handler,
                                    struct leat_error *reterr)
{
    struct leat_handler full;
    complete(&full, handler);
    if (!is_complete(&full, reterr))
        return LEAT_STATUS(CONFIG);
    if ((full.flags & LEAT_RAW) != 0 && trigger.ptr != NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "handler %s is raw: it takes every payload as it is",
                             full.name);
        leat_error_fix(reterr, "name it without %.*s=", LEAT_ARG(trigger));
        return LEAT_STATUS(CONFIG);
    }
    struct leat_bound *bound = bind(engine, handler, &full);
    struct leat_route *route = LEAT_NEW(&engine->arena, struct leat_route), **last = &engine->routes;
    if (bound == NULL || route == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    while (*last != NULL)
        last = &(*last)->next;
    *route = (struct leat_route){.trigger = trigger, .bound = bound};
    *last = route;
    return LEAT_OK;
}
