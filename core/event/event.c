/* SPDX-License-Identifier: Apache-2.0 */
/* A run's look at an envelope: everything lazy is found here, once, in the run's arena. */
#include <leat/envelope.h>
#include <leat/text.h>

enum {
    KNOWN_DATA = 1,
    KNOWN_RAW = 2,
    KNOWN_TYPE = 4,
    KNOWN_JSON = 8,
    KNOWN_VIEW = 16,
    KNOWN_TIME = 32,
    KNOWN_EXTENSIONS = 64,
    KNOWN_ID = 128
};

void leat_event_init(struct leat_event *event, const struct leat_envelope *envelope, struct leat_arena *arena)
{
    *event = (struct leat_event){.envelope = envelope, .arena = arena};
}

/* An event belongs to one run, so one thread: what it remembers may change behind a const pointer. */
static struct leat_event *memory_of(const leat_event *event)
{
    return (struct leat_event *)(uintptr_t)event;
}

/* Of the record as it prints, so that neither white space nor the spelling of escapes counts; digits do. The tree that
 * decode made is shared by all runs, so numbers get their text in one of our own. */
static leat_str digest_of(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *record = envelope->record;
    leat_str text =
        envelope->raw.doc != NULL && envelope->raw.doc->text.ptr != NULL ? leat_doc_extent(envelope->raw) : LEAT_ABSENT;
    struct leat_json_fault fault;
    struct leat_buf bare;
    cJSON *root = NULL;
    if (record == NULL)
        return leat_digest(arena, envelope->raw_text);
    if (text.ptr != NULL) {
        if (!leat_is_ok(leat_json_parse(arena, text, &root, &fault)) ||
            !leat_is_ok(leat_json_keep_numbers(arena, text, root)))
            return LEAT_ABSENT;
        record = root;
    }
    leat_buf_init(&bare, arena);
    leat_json_print(&bare, record);
    return leat_digest(arena, leat_buf_str(&bare));
}

leat_str leat_envelope_id(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    return envelope->digest_id ? digest_of(envelope, arena) : envelope->id;
}

leat_str leat_event_id(const leat_event *event)
{
    struct leat_event *memory = memory_of(event);
    if ((memory->known & KNOWN_ID) == 0) {
        memory->id = leat_envelope_id(event->envelope, event->arena);
        memory->known |= KNOWN_ID;
    }
    return memory->id;
}

leat_str leat_event_source(const leat_event *event)
{
    return event->envelope->source;
}

leat_str leat_event_type(const leat_event *event)
{
    return event->envelope->type;
}

leat_str leat_event_subject(const leat_event *event)
{
    return event->envelope->subject;
}

leat_str leat_event_time(const leat_event *event)
{
    struct leat_event *memory = memory_of(event);
    if (!event->envelope->has_time_us)
        return event->envelope->time;
    if ((memory->known & KNOWN_TIME) == 0) {
        memory->time = leat_time_from_us(event->arena, event->envelope->time_us);
        memory->known |= KNOWN_TIME;
    }
    return memory->time;
}

leat_str leat_event_kind(const leat_event *event)
{
    return event->envelope->kind;
}

/* A place can only be missing for want of memory: that is the run's overflow, seen when it ends. */
static leat_str place_text(const leat_event *event, struct leat_place place)
{
    leat_str text = leat_doc_extent(place);
    if (text.ptr == NULL)
        event->arena->overflow = true;
    return text;
}

static leat_str find_data(const leat_event *event)
{
    const struct leat_data *data = &event->envelope->data;
    leat_str bytes = data->text;
    switch (data->form) {
    case LEAT_DATA_NONE: return LEAT_ABSENT;
    case LEAT_DATA_TEXT: return data->text;
    case LEAT_DATA_PLACE: return place_text(event, data->place);
    case LEAT_DATA_BASE64:
        /* Emulators mark plain text as base64: then the text is the body. */
        if (!leat_base64_decode(event->arena, data->text, &bytes))
            bytes = event->arena->overflow ? LEAT_ABSENT : data->text;
        return bytes;
    }
    return LEAT_ABSENT;
}

leat_str leat_event_data(const leat_event *event)
{
    struct leat_event *memory = memory_of(event);
    if ((memory->known & KNOWN_DATA) == 0) {
        memory->data = find_data(event);
        memory->known |= KNOWN_DATA;
    }
    return memory->data;
}

leat_str leat_event_raw(const leat_event *event)
{
    struct leat_event *memory = memory_of(event);
    if ((memory->known & KNOWN_RAW) == 0) {
        const struct leat_envelope *envelope = event->envelope;
        memory->raw = envelope->raw.doc != NULL ? place_text(event, envelope->raw) : envelope->raw_text;
        memory->known |= KNOWN_RAW;
    }
    return memory->raw;
}

static leat_str guess_type(leat_str data)
{
    if (data.ptr == NULL)
        return LEAT_ABSENT;
    size_t at = 0;
    while (at < data.len && strchr(" \t\r\n", data.ptr[at]) != NULL && data.ptr[at] != '\0')
        at++;
    bool container = at < data.len && (data.ptr[at] == '{' || data.ptr[at] == '[');
    if (container && leat_json_valid(data))
        return LEAT_STR("application/json");
    return leat_str_utf8(data) == data.len ? LEAT_STR("text/plain") : LEAT_STR("application/octet-stream");
}

leat_str leat_event_datacontenttype(const leat_event *event)
{
    struct leat_event *memory = memory_of(event);
    if (!event->envelope->guess_type)
        return event->envelope->datacontenttype;
    if ((memory->known & KNOWN_TYPE) == 0) {
        memory->datacontenttype = guess_type(leat_event_data(event));
        memory->known |= KNOWN_TYPE;
    }
    return memory->datacontenttype;
}

static const cJSON *find_json(const leat_event *event)
{
    if (event->envelope->data.tree != NULL)
        return event->envelope->data.tree;
    leat_str data = leat_event_data(event);
    cJSON *root = NULL;
    if (data.len == 0 || !leat_is_ok(leat_json_parse(event->arena, data, &root, NULL)))
        return NULL;
    return root;
}

const cJSON *leat_event_json(const leat_event *event)
{
    struct leat_event *memory = memory_of(event);
    if ((memory->known & KNOWN_JSON) == 0) {
        memory->json = find_json(event);
        memory->known |= KNOWN_JSON;
    }
    return memory->json;
}

leat_str leat_event_attribute(const leat_event *event, const char *name)
{
    static const struct {
        const char *name;
        leat_str (*get)(const leat_event *);
    } core[] = {
        {"datacontenttype", leat_event_datacontenttype},
        {"id", leat_event_id},
        {"source", leat_event_source},
        {"subject", leat_event_subject},
        {"time", leat_event_time},
        {"type", leat_event_type},
    };
    for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++)
        if (strcmp(core[i].name, name) == 0)
            return core[i].get(event);
    if (strcmp(name, "specversion") == 0)
        return LEAT_STR("1.0");
    for (const struct leat_attribute *at = leat_event_extensions(event); at != NULL; at = at->next)
        if (leat_str_is(at->name, name))
            return at->value;
    return LEAT_ABSENT;
}

/* The envelope is shared by runs, so what is added is added to a list of this run's own. */
static const struct leat_attribute *find_extensions(const leat_event *event)
{
    const struct leat_envelope *envelope = event->envelope;
    struct leat_attribute *list = NULL;
    if (envelope->extend == NULL)
        return envelope->extensions;
    for (const struct leat_attribute *at = envelope->extensions; at != NULL; at = at->next)
        leat_attribute_add(&list, event->arena, at->name.ptr, at->value);
    envelope->extend(envelope, event->arena, &list);
    return list;
}

const struct leat_attribute *leat_event_extensions(const struct leat_event *event)
{
    struct leat_event *memory = memory_of(event);
    if ((memory->known & KNOWN_EXTENSIONS) == 0) {
        memory->extensions = find_extensions(event);
        memory->known |= KNOWN_EXTENSIONS;
    }
    return memory->extensions;
}

const void *leat_event_view(const struct leat_event *event, enum leat_view_kind kind)
{
    struct leat_event *memory = memory_of(event);
    const struct leat_envelope *envelope = event->envelope;
    if (envelope->view == NULL || envelope->view_kind != kind)
        return NULL;
    if ((memory->known & KNOWN_VIEW) == 0) {
        memory->view = envelope->view(envelope, event->arena);
        memory->known |= KNOWN_VIEW;
    }
    return event->arena->overflow ? NULL : memory->view;
}

const struct leat_s3 *leat_s3(const leat_event *event)
{
    return leat_event_view(event, LEAT_VIEW_S3);
}

const struct leat_http *leat_http(const leat_event *event)
{
    return leat_event_view(event, LEAT_VIEW_HTTP);
}

const struct leat_dynamodb *leat_dynamodb(const leat_event *event)
{
    return leat_event_view(event, LEAT_VIEW_DYNAMODB);
}

const struct leat_sqs *leat_sqs(const leat_event *event)
{
    return leat_event_view(event, LEAT_VIEW_SQS);
}

const struct leat_kinesis *leat_kinesis(const leat_event *event)
{
    return leat_event_view(event, LEAT_VIEW_KINESIS);
}

const struct leat_kafka *leat_kafka(const leat_event *event)
{
    return leat_event_view(event, LEAT_VIEW_KAFKA);
}

void leat_attribute_add(struct leat_attribute **list, struct leat_arena *arena, const char *name, leat_str value)
{
    leat_str clean = leat_attribute_clean(arena, value);
    struct leat_attribute *attribute = clean.ptr != NULL ? LEAT_NEW(arena, struct leat_attribute) : NULL;
    if (attribute == NULL)
        return;
    struct leat_attribute **at = list;
    while (*at != NULL && strcmp((*at)->name.ptr, name) < 0)
        at = &(*at)->next;
    if (*at != NULL && strcmp((*at)->name.ptr, name) == 0) {
        (*at)->value = clean;
        return;
    }
    *attribute = (struct leat_attribute){.name = leat_str_c(name), .value = clean, .next = *at};
    *at = attribute;
}

void leat_envelope_extend(struct leat_envelope *envelope, struct leat_arena *arena, const char *name, leat_str value)
{
    leat_attribute_add(&envelope->extensions, arena, name, value);
}
