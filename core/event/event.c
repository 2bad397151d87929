/* SPDX-License-Identifier: Apache-2.0 */
/* A run's look at an envelope: everything lazy is found here, once, in the run's arena. */
#include <leat/envelope.h>
#include <leat/text.h>

enum { KNOWN_DATA = 1, KNOWN_RAW = 2, KNOWN_TYPE = 4, KNOWN_JSON = 8, KNOWN_VIEW = 16 };

void leat_event_init(struct leat_event *event, const struct leat_envelope *envelope, struct leat_arena *arena)
{
    *event = (struct leat_event){.envelope = envelope, .arena = arena};
}

/* An event belongs to one run, so one thread: what it remembers may change behind a const pointer. */
static struct leat_event *memory_of(const leat_event *event)
{
    return (struct leat_event *)(uintptr_t)event;
}

leat_str leat_event_id(const leat_event *event)
{
    return event->envelope->id;
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
    return event->envelope->time;
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
    leat_str start = leat_str_trim(data);
    bool container = start.len > 0 && (start.ptr[0] == '{' || start.ptr[0] == '[');
    return container && leat_json_valid(start) ? LEAT_STR("application/json") : LEAT_STR("text/plain");
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
    for (const struct leat_attribute *at = event->envelope->extensions; at != NULL; at = at->next)
        if (leat_str_is(at->name, name))
            return at->value;
    return LEAT_ABSENT;
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

/* Is a well-formed character one that Unicode keeps for nobody: U+FDD0 to U+FDEF, the last two of each plane? */
static bool is_noncharacter(leat_str character)
{
    const unsigned char *byte = (const unsigned char *)character.ptr;
    if (character.len == 4)
        return (byte[1] & 0x0F) == 0x0F && byte[2] == 0xBF && byte[3] >= 0xBE;
    return character.len == 3 && byte[0] == 0xEF &&
           ((byte[1] == 0xBF && byte[2] >= 0xBE) || (byte[1] == 0xB7 && byte[2] >= 0x90 && byte[2] <= 0xAF));
}

/* Bytes of the character at the start of `value`, and whether CloudEvents wants it encoded. */
static size_t next_character(leat_str value, bool *retencode)
{
    unsigned char c = (unsigned char)value.ptr[0];
    size_t len = 1;
    while (len < 4 && len < value.len && ((unsigned char)value.ptr[len] & 0xC0) == 0x80)
        len++;
    bool whole = leat_str_utf8(leat_str_of(value.ptr, len)) == len && (c >= 0x80 || len == 1);
    bool c1 = c == 0xC2 && len == 2 && (unsigned char)value.ptr[1] < 0xA0;
    *retencode = !whole || c < 0x20 || c == 0x7F || c1 || is_noncharacter(leat_str_of(value.ptr, len));
    return whole ? len : 1;
}

/* Printable ASCII, as nearly all values are. */
static bool is_plain(leat_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < 0x20 || value.ptr[i] >= 0x7F)
            return false;
    return true;
}

static bool is_clean(leat_str value)
{
    bool encode = false;
    while (value.len > 0 && !encode)
        value = leat_str_skip(value, next_character(value, &encode));
    return !encode;
}

leat_str leat_attribute_clean(struct leat_arena *arena, leat_str value)
{
    struct leat_buf buf;
    if (value.len == 0)
        return LEAT_ABSENT;
    if (is_plain(value) || is_clean(value))
        return value;
    leat_buf_init(&buf, arena);
    while (value.len > 0) {
        bool encode;
        size_t len = next_character(value, &encode);
        if (!encode)
            leat_buf_add(&buf, leat_str_of(value.ptr, len));
        for (size_t i = 0; encode && i < len; i++)
            leat_buf_printf(&buf, "%%%02X", (unsigned)(unsigned char)value.ptr[i]);
        value = leat_str_skip(value, len);
    }
    return leat_buf_str(&buf);
}

void leat_envelope_extend(struct leat_envelope *envelope, struct leat_arena *arena, const char *name, leat_str value)
{
    leat_str clean = leat_attribute_clean(arena, value);
    struct leat_attribute *attribute = clean.ptr != NULL ? LEAT_NEW(arena, struct leat_attribute) : NULL;
    if (attribute == NULL)
        return;
    struct leat_attribute **at = &envelope->extensions;
    while (*at != NULL && strcmp((*at)->name.ptr, name) < 0)
        at = &(*at)->next;
    *attribute = (struct leat_attribute){.name = leat_str_c(name), .value = clean, .next = *at};
    *at = attribute;
}
