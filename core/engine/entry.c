/* SPDX-License-Identifier: Apache-2.0 */
/* Whose settings a delivery takes: its source's, or those of an entry that only the configuration knows. */
#include <engine/internal.h>

leat_status leat_entry_bind(struct leat_engine *engine, struct leat_entry *entry, struct leat_error *reterr)
{
    const struct leat_source_settings *settings = entry->settings;
    leat_str dead_letter = settings->dead_letter.ptr != NULL ? settings->dead_letter : engine->options.dead_letter;
    entry->dead = leat_sink_find(engine, dead_letter);
    if (!leat_pairs_make(&engine->arena, settings->settings, &entry->pairs))
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    if (settings->handler == NULL)
        return LEAT_OK;
    entry->bound = leat_bind(engine, settings->handler, reterr);
    return entry->bound != NULL ? LEAT_OK : LEAT_STATUS(CONFIG);
}

/* Decode comes before it is known whose delivery it is, and a raw handler goes before decode. */
static leat_status refuse_raw(const struct leat_entry *entry, struct leat_error *reterr)
{
    if (entry->bound == NULL || (entry->bound->handler.flags & LEAT_RAW) == 0)
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "handler %s is raw: it takes every payload as it is",
                         entry->bound->handler.name);
    leat_error_fix(reterr, "make it the service's");
    return LEAT_STATUS(CONFIG);
}

leat_status leat_engine_add_entry(struct leat_engine *engine, const struct leat_source_settings *settings,
                                  struct leat_error *reterr)
{
    struct leat_entry *entry = LEAT_NEW(&engine->arena, struct leat_entry);
    if (entry == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    entry->settings = settings;
    entry->next = engine->entries;
    engine->entries = entry;
    LEAT_TRY(leat_entry_bind(engine, entry, reterr));
    return refuse_raw(entry, reterr);
}

const struct leat_entry *leat_entry_of(const struct leat_delivery *delivery)
{
    const struct leat_engine_options *options = &delivery->source->engine->options;
    const struct leat_source_settings *settings = NULL;
    const struct leat_entry *entry = delivery->source->engine->entries;
    if (entry != NULL && options->entry_of != NULL && delivery->records.count > 0)
        settings = options->entry_of(options->entry_argument, delivery);
    while (settings != NULL && entry != NULL && entry->settings != settings)
        entry = entry->next;
    return settings != NULL && entry != NULL ? entry : &delivery->source->own;
}
