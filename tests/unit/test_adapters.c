/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every adapter, tried on every sample: odd types and missing memory end in a clear no. */
#include "decoding.h"

#include <leat/alloc.h>

TestSuite(adapters, .timeout = 120);

Test(adapters, each_sample_is_recognised_as_its_trigger)
{
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++) {
        DECODED d = decode(sample->text);
        cr_assert(leat_is_ok(d->status), "%s: %s", sample->name, d->error.message);
        cr_expect_str_eq(d->records.adapter->name, sample->name);
        cr_expect_geq(d->events.count, 1, "%s", sample->name);
        cr_expect_geq(d->events.count, d->records.count, "%s: %s", sample->name, d->reason[0]);
    }
}

Test(adapters, each_has_what_show_and_help_print)
{
    int last = 0;
    for (const struct leat_adapter *const *at = sorted_adapters(); *at != NULL; at++) {
        cr_expect((*at)->abi == LEAT_ABI && (*at)->size == sizeof(**at), "%s", (*at)->name);
        cr_expect((*at)->help != NULL && (*at)->why != NULL, "%s", (*at)->name);
        cr_expect((*at)->split != NULL && (*at)->normalise != NULL, "%s", (*at)->name);
        cr_expect_geq((*at)->order, last, "%s", (*at)->name);
        last = (*at)->order;
    }
    cr_expect_eq(last, 1000, "unknown comes last");
}

Test(adapters, any_may_be_named_for_any_payload)
{
    static const char *const others[] = {"5", "\"x\"", "null", "[]", "{}", "{\"Records\":[]}", "{\"Records\":[{}]}"};
    for (const struct leat_adapter *const *at = sorted_adapters(); *at != NULL; at++) {
        for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++) {
            DECODED d = decode_as(leat_str_c(sample->text), (*at)->name);
            cr_expect(leat_is_ok(d->status) || d->error.message[0] != '\0', "%s as %s", sample->name, (*at)->name);
        }
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            DECODED d = decode_as(leat_str_c(others[i]), (*at)->name);
            cr_expect(leat_is_ok(d->status) || d->error.message[0] != '\0', "%s as %s", others[i], (*at)->name);
        }
    }
}

/* --- any type anywhere ---------------------------------------------------------------------------- */

/* A payload that may be broken: then it says why. Nothing else is claimed of it. */
static void expect_answer(const char *text)
{
    DECODED d = decode(text);
    if (!leat_is_ok(d->status)) {
        cr_expect_eq(d->status.code, LEAT_E_BAD_PAYLOAD, "%s: %s", leat_status_code(d->status), text);
        cr_expect_str_neq(d->error.message, "", "%s", text);
        return;
    }
    for (uint32_t i = 0; i < d->events.count; i++) {
        const leat_event *event = &d->event[i];
        cr_expect(leat_event_id(event).len > 0 && leat_event_source(event).len > 0 && leat_event_type(event).len > 0);
        canonical(d, i);
        leat_event_json(event);
    }
    for (uint32_t i = 0; i < d->records.count; i++)
        cr_expect(d->first_event[i] < d->first_event[i + 1] || d->reason[i][0] != '\0', "neither event nor reason: %s",
                  text);
}

static const char *const replacements[] = {
    "null", "true", "5", "-1.5e300", "\"\"", "\"\\u0000\\n\\u009f\"", "[]", "[5]", "{}", "{\"a\":{\"S\":\"x\"}}",
};

static cJSON *replacement(size_t index)
{
    return cJSON_Parse(replacements[index]);
}

/* Puts each replacement in the place of `item`, tries the whole, and puts it back. */
static void try_replacements(const cJSON *root, cJSON *item)
{
    for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
        cJSON kept = *item, *other = replacement(i);
        item->type = other->type;
        item->child = other->child;
        item->valuestring = other->valuestring;
        item->valuedouble = other->valuedouble;
        char *text = cJSON_PrintUnformatted(root);
        *item = kept;
        cJSON_Delete(other);
        expect_answer(text);
        cJSON_free(text);
    }
}

/* The whole without `item`. */
static void try_without(const cJSON *root, cJSON *parent, cJSON *item)
{
    cJSON *const first = parent->child, *const before = item->prev, *const behind = item->next;
    if (item == first)
        parent->child = behind;
    else
        before->next = behind;
    char *text = cJSON_PrintUnformatted(root);
    parent->child = first;
    if (item != first)
        before->next = item;
    expect_answer(text);
    cJSON_free(text);
}

static void try_tree(const cJSON *root, cJSON *item)
{
    try_replacements(root, item);
    for (cJSON *child = item->child; child != NULL; child = child->next) {
        try_without(root, item, child);
        try_tree(root, child);
    }
}

static void try_all(const char *text)
{
    cJSON *root = cJSON_Parse(text);
    cr_assert_not_null(root, "%s", text);
    try_tree(root, root);
    cJSON_Delete(root);
}

Test(adapters, any_value_may_be_of_any_type_or_missing)
{
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++)
        if (strcmp(sample->name, "unknown") != 0)
            try_all(sample->text);
}

/* The notification is broken, not the message around it. */
Test(adapters, any_value_of_a_nested_notification_may_be_of_any_type)
{
    cJSON *root = cJSON_Parse(sample_of("s3"));
    cJSON *object = (cJSON *)(uintptr_t)leat_json_pointer(root, LEAT_STR("/Records/0/s3/object"));
    for (cJSON *member = object->child; member != NULL; member = member->next)
        for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
            cJSON kept = *member, *other = replacement(i);
            *member = *other;
            member->next = kept.next;
            member->prev = kept.prev;
            member->string = kept.string;
            char *inner = cJSON_PrintUnformatted(root), *text = in_sqs(inner);
            *member = kept;
            cJSON_Delete(other);
            expect_answer(text);
            cJSON_free(inner);
            free(text);
        }
    cJSON_Delete(root);
}

/* --- null ------------------------------------------------------------------------------------------------ */

/* What of a payload was made; broken or whole counts, not the words. */
static void describe(struct decoded *d, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "%s:", leat_status_code(d->status));
    for (uint32_t i = 0; leat_is_ok(d->status) && i < d->records.count; i++)
        len += (size_t)snprintf(out + len, size - len, " %s%u", d->reason[i][0] != '\0' ? "broken" : "",
                                d->first_event[i + 1] - d->first_event[i]);
    for (uint32_t i = 0; i < d->events.count; i++)
        len += (size_t)snprintf(out + len, size - len, " %.*s", LEAT_ARG(leat_event_kind(&d->event[i])));
}

/* Where null is a value of the user's: 'n' in a map whose names are, 'd' and in all that is deeper, 'v' here. */
static char users_own(const char *trigger, const char *path)
{
    static const struct {
        const char *trigger, *path;
        char own;
    } maps[] = {
        {"eventbridge", "/detail", 'v'},
        {"dynamodb", "/Records/0/dynamodb/Keys", 'd'},
        {"dynamodb", "/Records/0/dynamodb/NewImage", 'd'},
        {"kafka", "/records", 'n'},
        {"sqs", "/Records/0/messageAttributes", 'n'},
    };
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        if (strcmp(trigger, maps[i].trigger) == 0 && strcmp(path, maps[i].path) == 0)
            return maps[i].own;
    return '\0';
}

static void compare_null(const char *trigger, const char *path)
{
    char null_made[512], gone_made[512];
    DECODED null = decode_changed(sample_of(trigger), path, "null");
    DECODED gone = decode_changed(sample_of(trigger), path, NULL);
    describe(null, null_made, sizeof(null_made));
    describe(gone, gone_made, sizeof(gone_made));
    cr_expect_str_eq(null_made, gone_made, "%s: %s: null gives %s, gone %s", trigger, path, null_made, gone_made);
}

/* Each member of the tree below `item` once null and once gone; of arrays the first element. */
static void compare_nulls(const char *trigger, const char *path, const cJSON *item)
{
    char own = users_own(trigger, path);
    for (const cJSON *child = item->child; child != NULL && own != 'd'; child = child->next) {
        char deeper[256];
        snprintf(deeper, sizeof(deeper), "%s/%s", path, cJSON_IsArray(item) ? "0" : child->string);
        if (cJSON_IsObject(item) && own != 'n' && users_own(trigger, deeper) != 'v')
            compare_null(trigger, deeper);
        compare_nulls(trigger, deeper, child);
        if (cJSON_IsArray(item))
            break;
    }
}

/* aws-lambda-rust-runtime 719, 748, 783, 826, 860: one optional member that was null or missing failed the whole. */
Test(adapters, bug_18_null_is_as_good_as_missing)
{
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++) {
        cJSON *root = cJSON_Parse(sample->text);
        compare_nulls(sample->name, "", root);
        cJSON_Delete(root);
    }
}

/* --- no memory --------------------------------------------------------------------------------------- */

/* Decode, look at everything, encode. DONE, or why not; half of something is a failed assertion. */
static leat_status use_all(const char *text, size_t decode_cap, size_t run_cap)
{
    struct leat_arena arena __attribute__((cleanup(leat_arena_fini))), run __attribute__((cleanup(leat_arena_fini)));
    struct leat_records records;
    struct leat_events events = {0};
    struct leat_error error;
    struct leat_buf line;
    leat_str encoded;
    leat_arena_init(&arena, decode_cap);
    leat_arena_init(&run, run_cap);
    struct leat_decoder decoder = {.arena = &arena, .adapters = sorted_adapters(), .exact = true, .reterr = &error};
    LEAT_TRY(leat_decode(&decoder, leat_str_c(text), NULL, &records));
    for (uint32_t i = 0; i < records.count; i++)
        LEAT_TRY(leat_normalise(&decoder, &records.items[i], &events));
    for (uint32_t i = 0; i < events.count; i++) {
        struct leat_event event;
        leat_event_init(&event, &events.items[i], &run);
        leat_buf_init(&line, &run);
        leat_event_write(&event, &line);
        leat_event_write_view(&event, &line);
        leat_event_json(&event);
        LEAT_TRY(leat_arena_status(&run));
    }
    return leat_encode(&run, &records, &encoded);
}

static bool is_memory(leat_status status)
{
    return status.code == LEAT_E_NO_MEMORY || status.code == LEAT_E_TOO_BIG;
}

static void fail_each_allocation(const char *text)
{
    leat_status status = LEAT_STATUS(NO_MEMORY);
    for (uint64_t nth = 1; !leat_is_ok(status); nth++) {
        cr_assert_lt(nth, 10000);
        leat_alloc_fail_at(nth, nth % 2 == 0);
        status = use_all(text, 0, 0);
        leat_alloc_fail_at(0, false);
        cr_assert(leat_is_ok(status) || is_memory(status), "%s: %s", leat_status_code(status), text);
    }
}

static void fail_each_cap(const char *text)
{
    bool decoded = false;
    for (size_t cap = 128; !decoded; cap += 112) {
        leat_status status = use_all(text, cap, 0);
        decoded = leat_is_ok(status);
        cr_assert(decoded || is_memory(status), "%zu: %s: %s", cap, leat_status_code(status), text);
    }
    decoded = false;
    for (size_t cap = 128; !decoded; cap += 112) {
        leat_status status = use_all(text, 0, cap);
        decoded = leat_is_ok(status);
        cr_assert(decoded || is_memory(status), "%zu: %s: %s", cap, leat_status_code(status), text);
    }
}

Test(adapters, memory_may_end_anywhere)
{
    char *inner = sns_notification(sample_of("s3")), *nested = in_sqs(inner);
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++) {
        fail_each_allocation(sample->text);
        fail_each_cap(sample->text);
    }
    fail_each_allocation(nested);
    fail_each_cap(nested);
    free(inner), free(nested);
}
