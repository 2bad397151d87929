/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation on the way of a payload fails once: decode, normalise, event and view as JSON, encode, both ways of
 * the reply. Either a step says that it failed, or all of it is as it is with memory: nothing in between, no leak.
 */
#include "decoding.h"

#include <leat/alloc.h>

TestSuite(oom, .timeout = 300);

#define TRANSCRIPT_MAX (1 << 18)

struct pass {
    struct leat_arena arena, run;
    struct leat_decoder decoder;
    struct leat_error error;
    struct leat_records records;
    struct leat_events events;
    char *out; /* all that was made, in order */
    size_t len;
    const char *failed; /* the step that said so */
};

static void note(struct pass *pass, leat_str text)
{
    cr_assert_lt(pass->len + text.len + 1, TRANSCRIPT_MAX);
    if (text.len > 0)
        memcpy(pass->out + pass->len, text.ptr, text.len);
    pass->len += text.len;
    pass->out[pass->len++] = text.ptr != NULL ? '\n' : '-';
}

static bool step(struct pass *pass, leat_status status, const char *name)
{
    bool good = leat_is_ok(status) && !pass->arena.overflow && !pass->run.overflow;
    if (!good)
        pass->failed = name;
    return good;
}

/* A record that is broken for want of memory would be rejected for ever. */
static bool normalise(struct pass *pass)
{
    for (uint32_t i = 0; i < pass->records.count; i++) {
        uint32_t before = pass->events.count;
        leat_status status = leat_normalise(&pass->decoder, &pass->records.items[i], &pass->events);
        cr_assert(leat_is_ok(status) || pass->events.count == before, "half a record");
        cr_assert_neq(status.code, LEAT_E_BAD_RECORD, "%s", pass->error.message);
        if (!step(pass, status, "normalise"))
            return false;
    }
    return true;
}

static bool write_event(struct pass *pass, const struct leat_envelope *envelope)
{
    struct leat_event event;
    struct leat_buf text, view;
    leat_event_init(&event, envelope, &pass->run);
    leat_buf_init(&text, &pass->run);
    leat_buf_init(&view, &pass->run);
    leat_event_write(&event, &text);
    bool has_view = leat_event_write_view(&event, &view);
    leat_str raw = leat_event_raw(&event);
    bool has_json = leat_event_json(&event) != NULL;
    leat_str written = leat_buf_str(&text), viewed = has_view ? leat_buf_str(&view) : LEAT_ABSENT;
    if (!step(pass, LEAT_OK, "event"))
        return false;
    note(pass, written);
    note(pass, viewed);
    note(pass, raw);
    note(pass, has_json ? LEAT_STR("json") : LEAT_STR("no json"));
    return true;
}

static bool write_events(struct pass *pass)
{
    for (uint32_t i = 0; i < pass->events.count; i++)
        if (!write_event(pass, &pass->events.items[i]))
            return false;
    return true;
}

static bool encode(struct pass *pass)
{
    leat_str payload = LEAT_ABSENT;
    if (!step(pass, leat_encode(&pass->run, &pass->records, &payload), "encode"))
        return false;
    note(pass, payload);
    return true;
}

static const struct leat_reply reply = {.status = 201, .content_type = {"image/png", 9}, .body = {"\xFF\xD8", 2}};

/* The first record fails, the others are fine; then the answer is read back. */
static bool answer_and_back(struct pass *pass)
{
    struct leat_unit units[DECODED_RECORDS_MAX] = {{0}};
    struct leat_settlement settlements[DECODED_RECORDS_MAX] = {{0}};
    struct leat_answer answer = {.text = LEAT_ABSENT};
    uint32_t count = pass->records.count;
    for (uint32_t i = 0; i < count; i++) {
        units[i] = (struct leat_unit){.record = &pass->records.items[i]};
        settlements[i] = (struct leat_settlement){
            .unit = &units[i], .verdict = LEAT_ACK, .outcome = LEAT_OUTCOME_OK, .delay_ms = 5000, .reply = &reply};
    }
    if (count > 0) {
        settlements[0].outcome = LEAT_OUTCOME_RETRY;
        settlements[0].verdict = LEAT_RETRY;
        settlements[0].reason = LEAT_STR("away");
    }
    if (!step(pass, leat_encode_reply(&pass->run, &pass->records, settlements, count, &answer), "encode_reply"))
        return false;
    note(pass, answer.text);
    note(pass, answer.error_message);
    if (!step(pass, leat_decode_reply(&pass->run, &pass->records, &answer, settlements, count), "decode_reply"))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        note(pass, leat_str_c(leat_verdict_name(settlements[i].verdict)));
        note(pass, settlements[i].reason);
        note(pass, settlements[i].reply != NULL ? settlements[i].reply->body : LEAT_ABSENT);
    }
    return true;
}

/* True: each step was done. */
static bool run_pass(struct pass *pass, leat_str text)
{
    pass->decoder = (struct leat_decoder){
        .arena = &pass->arena, .adapters = sorted_adapters(), .exact = true, .reterr = &pass->error};
    if (!step(pass, leat_decode(&pass->decoder, text, NULL, &pass->records), "decode"))
        return false;
    cr_assert_leq(pass->records.count, DECODED_RECORDS_MAX);
    return normalise(pass) && write_events(pass) && encode(pass) && answer_and_back(pass);
}

/* With `fine` each allocation of an arena is one of the heap, so that each can fail. */
static bool try_pass(leat_str text, char *out, bool fine, size_t *retlen)
{
    struct pass pass = {.out = out};
    leat_arena_init(&pass.arena, 0);
    leat_arena_init(&pass.run, 0);
    if (fine)
        pass.arena.chunk_size = pass.run.chunk_size = 0;
    bool good = run_pass(&pass, text);
    cr_assert_eq(good, pass.failed == NULL);
    leat_arena_fini(&pass.run);
    leat_arena_fini(&pass.arena);
    *retlen = pass.len;
    return good;
}

/* Returns how many allocations were tried. */
static uint64_t try_each(leat_str text, const char *name, bool fine)
{
    static char wanted[TRANSCRIPT_MAX], got[TRANSCRIPT_MAX];
    size_t wanted_len, got_len;
    (void)leat_alloc_fail_at(0, false);
    cr_assert(try_pass(text, wanted, fine, &wanted_len), "%s with all memory", name);
    uint64_t count = leat_alloc_fail_at(0, false), failures = 0;
    for (uint64_t nth = 1; nth <= count; nth++) {
        (void)leat_alloc_fail_at(nth, false);
        bool good = try_pass(text, got, fine, &got_len);
        (void)leat_alloc_fail_at(0, false);
        bool same = got_len == wanted_len && memcmp(got, wanted, got_len) == 0;
        cr_expect(!good || same, "%s: allocation %llu of %llu failed and nobody said so", name, (unsigned long long)nth,
                  (unsigned long long)count);
        failures += good ? 0 : 1;
    }
    cr_expect_gt(failures, 0, "%s", name);
    return count;
}

static void try_text(leat_str text, const char *name)
{
    uint64_t coarse = try_each(text, name, false), fine = try_each(text, name, true);
    cr_expect_gt(fine, coarse, "%s", name);
}

static void try_sample(const char *name)
{
    try_text(leat_str_c(sample_of(name)), name);
}

Test(oom, sqs)
{
    try_sample("sqs");
}

Test(oom, s3)
{
    try_sample("s3");
}

Test(oom, sns)
{
    try_sample("sns");
}

Test(oom, dynamodb)
{
    try_sample("dynamodb");
}

Test(oom, eventbridge)
{
    try_sample("eventbridge");
}

Test(oom, apigateway_http)
{
    try_sample("apigateway-http");
}

Test(oom, apigateway_rest)
{
    try_sample("apigateway-rest");
}

Test(oom, apigateway_websocket)
{
    try_sample("apigateway-websocket");
}

Test(oom, function_url)
{
    try_sample("function-url");
}

Test(oom, alb)
{
    try_sample("alb");
}

Test(oom, unknown)
{
    try_sample("unknown");
}

Test(oom, an_empty_batch)
{
    try_text(LEAT_STR("{\"Records\":[]}"), "empty");
}

Test(oom, every_trigger_is_tried)
{
    static const char *const tried[] = {"sqs",
                                        "s3",
                                        "sns",
                                        "dynamodb",
                                        "eventbridge",
                                        "apigateway-http",
                                        "apigateway-rest",
                                        "apigateway-websocket",
                                        "function-url",
                                        "alb",
                                        "unknown"};
    for (const struct leat_sample *sample = leat_samples; sample->name != NULL; sample++) {
        bool found = false;
        for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++)
            found = found || strcmp(tried[i], sample->name) == 0;
        cr_expect(found, "no test of %s here", sample->name);
    }
}

Test(oom, s3_in_sns_in_sqs)
{
    char *notification = sns_notification(sample_of("s3"));
    char *payload = in_sqs(notification);
    try_text(leat_str_c(payload), "s3 in sns in sqs");
    cJSON_free(payload);
    cJSON_free(notification);
}

Test(oom, a_body_in_base64)
{
    char *encoded = changed(sample_of("apigateway-http"), "/body", "\"eyJhIjogMX0=\"");
    char *payload = changed(encoded, "/isBase64Encoded", "true");
    try_text(leat_str_c(payload), "base64");
    cJSON_free(payload);
    cJSON_free(encoded);
}

Test(oom, numbers_that_no_double_holds)
{
    try_text(LEAT_STR("{\"a\":9007199254740993,\"b\":[1.50,12345678901234567890123456789]}"), "numbers");
}
