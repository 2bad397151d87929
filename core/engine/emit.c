/* SPDX-License-Identifier: Apache-2.0 */
/* leat_emit: what a handler publishes onward. Made on its thread, in the run's arena; written when its unit ends. */
#include <engine/internal.h>

/* DONE with *retsink NULL: it goes nowhere. */
static leat_status find_sink(const struct leat_context *context, const char *name, struct leat_sink **retsink)
{
    *retsink = leat_sink_find(context->engine, leat_str_c(name));
    if (*retsink != NULL || context->engine->options.emits_nowhere)
        return LEAT_OK;
    return LEAT_STATUS(NOT_FOUND);
}

static leat_status emit(struct leat_context *context, const char *name, const struct leat_event *event)
{
    struct leat_sink *sink;
    struct leat_buf text;
    if (context->run == NULL || name == NULL || event == NULL)
        return LEAT_STATUS(USAGE);
    LEAT_TRY(find_sink(context, name, &sink));
    if (sink == NULL)
        return LEAT_OK;
    struct leat_emission *emission = LEAT_NEW(context->arena, struct leat_emission);
    if (emission == NULL)
        return leat_arena_status(context->arena);
    leat_buf_init(&text, context->arena);
    leat_event_write(event, &text);
    *emission = (struct leat_emission){.next = context->emission,
                                       .sink = sink,
                                       .id = leat_event_id(event),
                                       .key = leat_event_attribute(event, "partitionkey"),
                                       .text = leat_buf_str(&text)};
    if (emission->text.ptr == NULL)
        return leat_arena_status(context->arena);
    context->emission = emission;
    return LEAT_OK;
}

leat_status leat_emit(leat_context *context, const char *sink, const leat_event *event)
{
    return emit(context, sink, event);
}

/* Always the same for the same event: what is emitted again in a retry can be told to be a copy. */
static leat_str own_id(struct leat_context *context)
{
    return leat_arena_printf(context->arena, "%.*s/%u", LEAT_ARG(leat_event_id(context->work->event)),
                             ++context->emitted);
}

leat_status leat_emit_new(leat_context *context, const char *sink, const struct leat_new_event *given)
{
    struct leat_arena *arena = context->arena;
    if (context->work == NULL || context->work->event == NULL || given == NULL || given->type == NULL ||
        given->type[0] == '\0')
        return LEAT_STATUS(USAGE);
    struct leat_envelope *envelope = LEAT_NEW(arena, struct leat_envelope);
    struct leat_event *event = LEAT_NEW(arena, struct leat_event);
    if (envelope == NULL || event == NULL)
        return leat_arena_status(arena);
    envelope->kind = LEAT_STR("cloudevents");
    envelope->id = given->id != NULL ? leat_attribute_clean(arena, leat_str_c(given->id)) : own_id(context);
    envelope->source = given->source != NULL ? leat_attribute_uri(arena, leat_str_c(given->source))
                                             : leat_arena_printf(arena, "leat/%s", context->engine->options.service);
    envelope->type = leat_attribute_clean(arena, leat_str_c(given->type));
    envelope->subject = leat_attribute_clean(arena, leat_str_c(given->subject));
    envelope->datacontenttype = leat_str_c(given->datacontenttype);
    envelope->guess_type = given->datacontenttype == NULL;
    if (given->data.ptr != NULL)
        envelope->data = (struct leat_data){.form = LEAT_DATA_TEXT, .text = leat_arena_copy(arena, given->data)};
    leat_envelope_extend(envelope, arena, "partitionkey", leat_str_c(given->partition_key));
    leat_event_init(event, envelope, arena);
    return arena->overflow ? leat_arena_status(arena) : emit(context, sink, event);
}
