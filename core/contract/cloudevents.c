/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/cloudevents.h>
#include <leat/text.h>

/* False: no such attribute has a member of its own. */
static bool find_member(struct leat_cloudevent *event, leat_str name, leat_str **retmember)
{
    const struct {
        const char *name;
        leat_str *member;
    } members[] = {
        {"specversion", &event->specversion},
        {"id", &event->id},
        {"source", &event->source},
        {"type", &event->type},
        {"subject", &event->subject},
        {"time", &event->time},
        {"datacontenttype", &event->datacontenttype},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (leat_str_is(name, members[i].name)) {
            *retmember = members[i].member;
            return true;
        }
    }
    return false;
}

static bool is_name(leat_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || (name.ptr[i] >= '0' && name.ptr[i] <= '9')))
            return false;
    return name.len > 0 && !leat_str_is(name, "data");
}

bool leat_cloudevent_add(struct leat_arena *arena, struct leat_cloudevent *event, leat_str name, leat_str value)
{
    leat_str *member;
    bool is_member = find_member(event, name, &member);
    if (value.ptr == NULL || (!is_member && !is_name(name)))
        return true;
    if (is_member) {
        *member = member->ptr == NULL ? value : *member; /* of a name given twice, the first: as in all look-ups */
        return true;
    }
    struct leat_attribute *extension = LEAT_NEW(arena, struct leat_attribute);
    leat_str kept = leat_arena_copy(arena, name); /* with the NUL that names of extensions have */
    if (extension == NULL || kept.ptr == NULL)
        return false;
    *extension = (struct leat_attribute){.name = kept, .value = value, .next = event->extensions};
    event->extensions = extension;
    return true;
}

leat_str leat_cloudevent_header(struct leat_arena *arena, leat_str header)
{
    if (leat_str_eq_nocase(header, LEAT_STR("content-type")))
        return LEAT_STR("datacontenttype");
    if (header.len <= 3 || !leat_str_eq_nocase(leat_str_of(header.ptr, 2), LEAT_STR("ce")) ||
        (header.ptr[2] != '-' && header.ptr[2] != '_'))
        return LEAT_ABSENT;
    leat_str name = leat_arena_copy(arena, leat_str_skip(header, 3));
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
            ((char *)(uintptr_t)name.ptr)[i] = (char)(name.ptr[i] + ('a' - 'A'));
    return name;
}

bool leat_cloudevent_is_whole(const struct leat_cloudevent *event)
{
    return leat_str_starts(event->specversion, LEAT_STR("1.")) && event->id.len > 0 && event->source.len > 0 &&
           event->type.len > 0;
}

/* The later name first; of equal names those of `a`. */
static struct leat_attribute *merge(struct leat_attribute *a, struct leat_attribute *b)
{
    struct leat_attribute *merged = NULL, **end = &merged;
    while (a != NULL && b != NULL) {
        struct leat_attribute **from = strcmp(a->name.ptr, b->name.ptr) >= 0 ? &a : &b;
        *end = *from;
        *from = (*from)->next;
        end = &(*end)->next;
    }
    *end = a != NULL ? a : b;
    return merged;
}

static struct leat_attribute *sort(struct leat_attribute *list)
{
    struct leat_attribute *middle = list, *at = list;
    if (list == NULL || list->next == NULL)
        return list;
    while ((at = at->next) != NULL && (at = at->next) != NULL)
        middle = middle->next;
    struct leat_attribute *rest = middle->next;
    middle->next = NULL;
    return merge(sort(list), sort(rest));
}

/* A producer may write as many extensions as fit: sorted, each goes to the front of the envelope's, while looking for
 * the place of each would take the square of their number. */
void leat_cloudevent_apply(struct leat_cloudevent *event, struct leat_arena *arena, struct leat_envelope *envelope)
{
    envelope->id = event->id;
    envelope->source = event->source;
    envelope->type = event->type;
    envelope->subject = event->subject;
    envelope->time = event->time;
    envelope->datacontenttype = event->datacontenttype;
    envelope->guess_type = event->datacontenttype.len == 0;
    envelope->has_time_us = false;
    envelope->extensions = NULL;
    envelope->extend = NULL;
    event->extensions = sort(event->extensions);
    for (const struct leat_attribute *at = event->extensions; at != NULL; at = at->next)
        leat_envelope_extend(envelope, arena, at->name.ptr, at->value);
}

void leat_cloudevent_apply_binary(struct leat_cloudevent *event, struct leat_decoder *decoder,
                                  struct leat_envelope *envelope)
{
    struct leat_within *node = leat_cloudevent_is_whole(event) ? LEAT_NEW(decoder->arena, struct leat_within) : NULL;
    if (node == NULL)
        return;
    leat_cloudevent_apply(event, decoder->arena, envelope);
    node->kind = envelope->kind;
    envelope->within = node;
    envelope->kind = LEAT_STR(LEAT_CLOUDEVENTS);
}

/* --- structured mode -------------------------------------------------------------------------------- */

/* By its value, not by its spelling: decoders that keep numbers and those that do not must agree. */
static leat_str number_of(struct leat_decoder *decoder, const struct leat_record *record, const cJSON *number)
{
    struct leat_buf buf;
    leat_str digits = leat_record_digits(decoder, record, number);
    if (digits.ptr != NULL)
        return digits;
    cJSON bare = *number;
    bare.valuestring = NULL;
    leat_buf_init(&buf, decoder->arena);
    leat_json_print_number(&buf, &bare);
    return leat_buf_str(&buf);
}

/* An attribute's value as text; absent for null, and for what no attribute can be. */
static leat_str value_of(struct leat_decoder *decoder, const struct leat_record *record, const cJSON *item)
{
    if (cJSON_IsBool(item))
        return cJSON_IsTrue(item) ? LEAT_STR("true") : LEAT_STR("false");
    return cJSON_IsNumber(item) ? number_of(decoder, record, item) : leat_json_text(item);
}

static leat_status read_attributes(struct leat_decoder *decoder, const struct leat_record *record,
                                   struct leat_cloudevent *ret)
{
    const cJSON *root = record->json;
    static const char *const needed[] = {"id", "source", "type"};
    static const char *const texts[] = {"subject", "time", "datacontenttype", "dataschema"};
    const cJSON *item = NULL;
    leat_str unused;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        LEAT_TRY(leat_need_text(decoder, root, needed[i], &unused));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        LEAT_TRY(leat_want_text(decoder, root, texts[i], &unused));
    cJSON_ArrayForEach (item, root)
        if (!leat_cloudevent_add(decoder->arena, ret, leat_str_c(item->string), value_of(decoder, record, item)))
            return leat_arena_status(decoder->arena);
    return leat_arena_status(decoder->arena);
}

/* JSON format, section 3.1: data is the JSON value itself, or a text whose type is not JSON. */
static leat_status read_data(struct leat_decoder *decoder, const struct leat_record *record, leat_str type,
                             struct leat_data *ret)
{
    const cJSON *data = leat_json_get(record->json, "data");
    leat_str base64;
    LEAT_TRY(leat_want_text(decoder, record->json, "data_base64", &base64));
    if (base64.ptr != NULL && data != NULL && !cJSON_IsNull(data))
        return leat_broken(decoder, "it has both data and data_base64");
    if (base64.ptr != NULL)
        *ret = (struct leat_data){.form = LEAT_DATA_BASE64, .text = base64};
    else if (cJSON_IsString(data) && type.len > 0 && !leat_attribute_is_json(type))
        *ret = (struct leat_data){.form = LEAT_DATA_TEXT, .text = leat_json_text(data)};
    else if (data != NULL)
        *ret = (struct leat_data){.form = LEAT_DATA_PLACE, .place = leat_record_place(record, data), .tree = data};
    return LEAT_OK;
}

leat_status leat_cloudevent_read(struct leat_decoder *decoder, const struct leat_record *record,
                                 struct leat_cloudevent *retevent, struct leat_data *retdata)
{
    *retevent = (struct leat_cloudevent){0};
    *retdata = (struct leat_data){0};
    LEAT_TRY(read_attributes(decoder, record, retevent));
    LEAT_TRY(read_data(decoder, record, retevent->datacontenttype, retdata));
    if (retdata->form == LEAT_DATA_PLACE && retevent->datacontenttype.len == 0)
        retevent->datacontenttype = LEAT_STR("application/json"); /* what the format says a missing one means */
    return LEAT_OK;
}
