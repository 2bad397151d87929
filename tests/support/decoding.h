/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payload -> records -> events, as tests of adapters want it: one struct that holds all of it. A test
 * runs in a process of its own, so nothing here is freed early but by decoded_fini.
 */
#ifndef LEAT_TEST_DECODING_H
#define LEAT_TEST_DECODING_H

#include "canonical.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define DECODED_RECORDS_MAX 64
#define DECODED_EVENTS_MAX 64

struct decoded {
    struct leat_arena arena, run;
    struct leat_decoder decoder;
    struct leat_error error;
    leat_str text; /* our copy: may be overwritten */
    leat_status status;
    struct leat_records records;
    struct leat_events events;                                                      /* of all records */
    char reason[DECODED_RECORDS_MAX][sizeof(((struct leat_error *)NULL)->message)]; /* "": the record is whole */
    uint32_t first_event[DECODED_RECORDS_MAX + 1];                                  /* of each record */
    struct leat_event event[DECODED_EVENTS_MAX];
};

static inline void decoded_normalise(struct decoded *d)
{
    cr_assert_leq(d->records.count, DECODED_RECORDS_MAX);
    for (uint32_t i = 0; i < d->records.count; i++) {
        d->first_event[i] = d->events.count;
        leat_status status = leat_normalise(&d->decoder, &d->records.items[i], &d->events);
        cr_assert(leat_is_ok(status) || status.code == LEAT_E_BAD_RECORD, "%s", d->error.message);
        if (!leat_is_ok(status))
            snprintf(d->reason[i], sizeof(d->reason[i]), "%s", d->error.message);
    }
    d->first_event[d->records.count] = d->events.count;
    cr_assert_leq(d->events.count, DECODED_EVENTS_MAX);
    for (uint32_t i = 0; i < d->events.count; i++)
        leat_event_init(&d->event[i], &d->events.items[i], &d->run);
}

/* `options`: what the decoder is given but what every test gives it. */
static inline struct decoded *decode_with(leat_str text, const char *as, struct leat_decoder options)
{
    struct decoded *d = calloc(1, sizeof(*d));
    cr_assert_not_null(d);
    leat_arena_init(&d->arena, 0);
    leat_arena_init(&d->run, 0);
    d->text = leat_arena_copy(&d->arena, text);
    d->decoder = options;
    d->decoder.arena = &d->arena;
    d->decoder.adapters = sorted_adapters();
    d->decoder.reterr = &d->error;
    const struct leat_adapter *adapter = as != NULL ? leat_adapter_find(d->decoder.adapters, leat_str_c(as)) : NULL;
    d->status = leat_decode(&d->decoder, d->text, adapter, &d->records);
    if (leat_is_ok(d->status))
        decoded_normalise(d);
    return d;
}

static inline struct decoded *decode_as(leat_str text, const char *as)
{
    return decode_with(text, as, (struct leat_decoder){.exact = true});
}

static inline struct decoded *decode_str(leat_str text)
{
    return decode_as(text, NULL);
}

static inline struct decoded *decode(const char *text)
{
    return decode_as(leat_str_c(text), NULL);
}

/* As the engine reads what it need not encode: numbers keep no text. */
static inline struct decoded *decode_quickly(const char *text)
{
    return decode_with(leat_str_c(text), NULL, (struct leat_decoder){.exact = false});
}

static inline void decoded_fini(struct decoded *d)
{
    leat_arena_fini(&d->run);
    leat_arena_fini(&d->arena);
    free(d);
}

static inline void decoded_finip(struct decoded **d)
{
    if (*d != NULL)
        decoded_fini(*d);
}
#define DECODED struct decoded *__attribute__((cleanup(decoded_finip)))

static inline const char *sample_of(const char *trigger)
{
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++)
        if (strcmp(sample->name, trigger) == 0)
            return sample->text;
    cr_assert_fail("no sample of %s", trigger);
    return NULL;
}

/* --- changed samples: caller frees ------------------------------------------------------------- */

/* `text` with the member or element at `pointer` replaced or added; `value` NULL removes it. */
static inline char *changed(const char *text, const char *pointer, const char *value)
{
    char parent_pointer[256];
    cJSON *root = cJSON_Parse(text), *fresh = value != NULL ? cJSON_Parse(value) : NULL;
    const char *last = strrchr(pointer, '/');
    cr_assert(root != NULL && last != NULL && (value == NULL || fresh != NULL), "%s: %s", pointer, value);
    snprintf(parent_pointer, sizeof(parent_pointer), "%.*s", (int)(last - pointer), pointer);
    cJSON *parent = (cJSON *)(uintptr_t)leat_json_pointer(root, leat_str_c(parent_pointer));
    cr_assert_not_null(parent, "nothing at %s", parent_pointer);
    if (cJSON_IsArray(parent))
        cJSON_ReplaceItemInArray(parent, (int)strtol(last + 1, NULL, 10), fresh);
    else {
        cJSON_DeleteItemFromObjectCaseSensitive(parent, last + 1);
        if (fresh != NULL)
            cJSON_AddItemToObject(parent, last + 1, fresh);
    }
    char *out = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return out;
}

static inline struct decoded *decode_changed(const char *text, const char *pointer, const char *value)
{
    char *other = changed(text, pointer, value);
    struct decoded *d = decode(other);
    cJSON_free(other);
    return d;
}

struct wrong_type {
    const char *pointer, *value, *reason; /* the whole reason */
};

/* Each change must make the record at `index`, and only that, broken, with the reason told. */
static inline void expect_broken(const char *sample, uint32_t index, const struct wrong_type *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        DECODED d = decode_changed(sample, cases[i].pointer, cases[i].value);
        cr_expect(leat_is_ok(d->status), "%s: %s", cases[i].pointer, d->error.message);
        if (!leat_is_ok(d->status))
            continue;
        for (uint32_t r = 0; r < d->records.count; r++)
            cr_expect_str_eq(d->reason[r], r == index ? cases[i].reason : "", "%s = %s: record %u: \"%s\"",
                             cases[i].pointer, cases[i].value, r, d->reason[r]);
    }
}
#define EXPECT_BROKEN(sample, index, cases) expect_broken(sample, index, cases, sizeof(cases) / sizeof((cases)[0]))

/* --- nesting: caller frees --------------------------------------------------------------------- */

/* Decodes a payload on the heap and frees it. */
static inline struct decoded *decode_owned(char *text)
{
    struct decoded *d = decode(text);
    free(text);
    return d;
}

/* Text as a JSON string. */
static inline char *quoted(const char *text)
{
    cJSON *string = cJSON_CreateString(text);
    char *json = cJSON_PrintUnformatted(string);
    cJSON_Delete(string);
    return json;
}

/* An SQS payload of one message on a standard queue. */
static inline char *in_sqs(const char *body)
{
    cJSON *root = cJSON_Parse(sample_of("sqs"));
    cJSON *records = (cJSON *)(uintptr_t)leat_json_get_array(root, "Records");
    cJSON_DeleteItemFromArray(records, 1);
    cJSON_ReplaceItemInObjectCaseSensitive(records->child, "body", cJSON_CreateString(body));
    char *out = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return out;
}

/* An SNS payload as Lambda gets it. */
static inline char *in_sns(const char *message)
{
    cJSON *root = cJSON_Parse(sample_of("sns"));
    cJSON *sns = (cJSON *)(uintptr_t)leat_json_pointer(root, LEAT_STR("/Records/0/Sns"));
    cJSON_ReplaceItemInObjectCaseSensitive(sns, "Message", cJSON_CreateString(message));
    char *out = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return out;
}

/* The flat notification that SNS puts into a queue. */
static inline char *sns_notification(const char *message)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "Type", "Notification");
    cJSON_AddStringToObject(root, "MessageId", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324");
    cJSON_AddStringToObject(root, "TopicArn", "arn:aws:sns:eu-west-1:123456789012:uploads");
    cJSON_AddStringToObject(root, "Message", message);
    cJSON_AddStringToObject(root, "Timestamp", "2024-05-02T18:51:45.000Z");
    cJSON_AddStringToObject(root, "SigningCertURL", "https://sns.eu-west-1.amazonaws.com/cert.pem");
    char *out = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return out;
}

static inline char *in_sns_in_sqs(const char *message)
{
    char *notification = sns_notification(message), *payload = in_sqs(notification);
    free(notification);
    return payload;
}

/* The sample with one record, whose text at `pointer` is the base64 of `bytes`. */
static inline char *with_base64(const char *sample, const char *pointer, leat_str bytes)
{
    struct leat_arena arena;
    leat_arena_init(&arena, 0);
    char *value = quoted(leat_base64_encode(&arena, bytes).ptr);
    char *payload = changed(sample, pointer, value);
    free(value);
    leat_arena_fini(&arena);
    return payload;
}

/* A Kinesis payload of one record. */
static inline char *in_kinesis(leat_str bytes)
{
    cJSON *root = cJSON_Parse(sample_of("kinesis"));
    cJSON_DeleteItemFromArray((cJSON *)(uintptr_t)leat_json_get_array(root, "Records"), 1);
    char *sample = cJSON_PrintUnformatted(root), *payload = with_base64(sample, "/Records/0/kinesis/data", bytes);
    cJSON_Delete(root);
    free(sample);
    return payload;
}

/* A Kafka payload of one record, without headers. */
static inline char *in_kafka(leat_str bytes)
{
    cJSON *root = cJSON_Parse(sample_of("kafka"));
    cJSON_DeleteItemFromArray((cJSON *)(uintptr_t)leat_json_pointer(root, LEAT_STR("/records/orders-0")), 1);
    cJSON_DeleteItemFromObjectCaseSensitive(
        (cJSON *)(uintptr_t)leat_json_pointer(root, LEAT_STR("/records/orders-0/0")), "headers");
    char *sample = cJSON_PrintUnformatted(root), *payload = with_base64(sample, "/records/orders-0/0/value", bytes);
    cJSON_Delete(root);
    free(sample);
    return payload;
}

/* --- expectations ------------------------------------------------------------------------------ */

static inline void expect_str(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_eq(got, leat_str_c(want)), "%s: got \"%.*s\", want \"%s\"", what, LEAT_ARG(got),
              want != NULL ? want : "(absent)");
}
#define EXPECT_STR(got, want) expect_str(got, want, #got)
#define EXPECT_ATTRIBUTE(d, index, name, want) expect_str(leat_event_attribute(&(d)->event[index], name), want, name)

static inline leat_str view_json(struct decoded *d, uint32_t index)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &d->run);
    return leat_event_write_view(&d->event[index], &buf) ? leat_buf_str(&buf) : LEAT_ABSENT;
}

/* --- decode, encode, decode --------------------------------------------------------------------- */

static inline leat_str canonical(struct decoded *d, uint32_t index)
{
    leat_str line = canonical_event(&d->event[index]);
    cr_assert_not_null(line.ptr, "event %u", index);
    return line;
}

static inline void expect_same(struct decoded *a, struct decoded *b, const leat_str *events_of_a, const char *what)
{
    cr_expect_eq(a->records.adapter, b->records.adapter, "%s", what);
    cr_assert_eq(a->records.count, b->records.count, "%s", what);
    cr_assert_eq(a->events.count, b->events.count, "%s", what);
    for (uint32_t i = 0; i < a->records.count; i++) {
        const struct leat_record *left = &a->records.items[i], *right = &b->records.items[i];
        cr_expect(leat_str_eq(left->id, right->id) && leat_str_eq(left->lane, right->lane), "%s: record %u", what, i);
        cr_expect_eq(left->attempts, right->attempts, "%s: record %u", what, i);
        cr_expect_str_eq(a->reason[i], b->reason[i], "%s: record %u", what, i);
    }
    for (uint32_t i = 0; i < a->events.count; i++) {
        leat_str again = canonical(b, i);
        cr_expect(leat_str_eq(events_of_a[i], again), "%s: event %u:\n%.*s\n%.*s", what, i, LEAT_ARG(events_of_a[i]),
                  LEAT_ARG(again));
    }
}

/* The kept text is spoilt before encode, so that encode can only use the tree. */
static inline void expect_survives_encode(leat_str text, const char *what)
{
    leat_str events[DECODED_EVENTS_MAX], encoded;
    DECODED first = decode_str(text);
    cr_assert(leat_is_ok(first->status), "%s: %s", what, first->error.message);
    for (uint32_t i = 0; i < first->events.count; i++)
        events[i] = canonical(first, i);
    memset((char *)(uintptr_t)first->text.ptr, '#', first->text.len);
    cr_assert(leat_is_ok(leat_encode(&first->run, &first->records, &encoded)), "%s", what);
    DECODED second = decode_str(encoded);
    cr_assert(leat_is_ok(second->status), "%s: %s: %.*s", what, second->error.message, LEAT_ARG(encoded));
    expect_same(first, second, events, what);
}

/* --- the shared payloads ------------------------------------------------------------------------- */

static inline leat_str read_payload(const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    size_t len = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    cr_assert_lt(len, sizeof(text), "%s", path);
    return leat_str_of(text, len);
}

/* Calls each(path, text) for the files of $LEAT_EVENTS/folder; skips the test if that is not set. */
static inline void for_shared_payloads(const char *folder, void (*each)(const char *, leat_str))
{
    char path[1024];
    const char *events = getenv("LEAT_EVENTS");
    if (events == NULL || events[0] == '\0')
        cr_skip_test("LEAT_EVENTS is not set: the shared payloads of %s are not tried", folder);
    snprintf(path, sizeof(path), "%s/%s", events, folder);
    DIR *dir = opendir(path);
    cr_assert_not_null(dir, "%s", path);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s/%s", events, folder, entry->d_name);
        each(path, read_payload(path));
        count++;
    }
    closedir(dir);
    cr_assert_gt(count, 0, "%s is empty", folder);
}

#endif
