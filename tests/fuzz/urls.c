/* SPDX-License-Identifier: Apache-2.0 */
/* The small codecs of the field: each way there and back, and what each may never let out. */
#include "fuzz.h"

#include <leat/attributes.h>

#include <time.h>

/* --- percent and form encoding --------------------------------------------------------------------- */

static bool is_encoded(leat_str text, const char *keep)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (c == '\0' || (!plain && c != '%' && strchr("-._~", c) == NULL && strchr(keep, c) == NULL))
            return false;
    }
    return true;
}

static void check_percent(struct leat_arena *arena, leat_str text)
{
    static const char keep[] = "/:@";
    leat_str encoded = leat_percent_encode(arena, text, keep);
    MUST(is_encoded(encoded, keep));
    MUST(leat_str_eq(leat_percent_decode(arena, encoded, false), text));
    MUST(leat_str_eq(leat_percent_decode(arena, encoded, true), text)); /* no '+' is kept */
    for (int plus = 0; plus <= 1; plus++) {
        leat_str decoded = leat_percent_decode(arena, text, plus != 0);
        leat_str again = leat_percent_encode(arena, decoded, keep);
        MUST(decoded.ptr != NULL && decoded.len <= text.len);
        MUST(leat_str_eq(leat_percent_decode(arena, again, false), decoded));
    }
}

/* A request whose query is the text. */
static leat_str request_of(struct leat_arena *arena, leat_str query)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"requestId\":\"1\",\"http\":"
                     "{\"method\":\"GET\"}},\"rawQueryString\":");
    leat_buf_json_string(&buf, query);
    leat_buf_char(&buf, '}');
    return leat_buf_str(&buf);
}

static const struct leat_http *view_of(struct leat_arena *arena, leat_str query)
{
    cJSON *root = NULL;
    MUST(leat_is_ok(leat_json_parse(arena, request_of(arena, query), &root, NULL)));
    struct leat_envelope envelope = {.record = root};
    const struct leat_http *http = leat_http_view(&envelope, arena);
    MUST(http != NULL);
    return http;
}

/* The pairs as a form again. */
static leat_str form_of(struct leat_arena *arena, const struct leat_http *http)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    for (size_t i = 0; i < http->query_count; i++) {
        leat_buf_c(&buf, i > 0 ? "&" : "");
        leat_buf_add(&buf, leat_percent_encode(arena, http->query[i].name, ""));
        leat_buf_char(&buf, '=');
        leat_buf_add(&buf, leat_percent_encode(arena, http->query[i].value, ""));
    }
    return leat_buf_str(&buf);
}

static void check_form(struct leat_arena *arena, leat_str text)
{
    if (leat_str_utf8(text) < text.len)
        return; /* no JSON string holds it */
    const struct leat_http *once = view_of(arena, text), *twice = view_of(arena, form_of(arena, once));
    MUST(once->query != NULL && once->query_count == twice->query_count);
    for (size_t i = 0; i < once->query_count; i++) {
        MUST(leat_str_eq(once->query[i].name, twice->query[i].name));
        MUST(leat_str_eq(once->query[i].value, twice->query[i].value));
    }
}

/* --- base64 ------------------------------------------------------------------------------------------ */

static void check_base64(struct leat_arena *arena, leat_str text)
{
    leat_str bytes, again;
    leat_str encoded = leat_base64_encode(arena, text);
    MUST(encoded.len == (text.len + 2) / 3 * 4);
    MUST(leat_base64_decode(arena, encoded, &bytes) && leat_str_eq(bytes, text));
    while (encoded.len > 0 && encoded.ptr[encoded.len - 1] == '=')
        encoded.len--;
    MUST(leat_base64_decode(arena, encoded, &bytes) && leat_str_eq(bytes, text));
    if (!leat_base64_decode(arena, text, &bytes))
        return;
    MUST(bytes.len <= text.len);
    encoded = leat_base64_encode(arena, bytes);
    MUST(leat_base64_decode(arena, encoded, &again) && leat_str_eq(again, bytes));
    /* All but the last character, whose spare bits may be any, and the padding. */
    MUST(encoded.len >= text.len && (text.len < 4 || memcmp(encoded.ptr, text.ptr, text.len - 4) == 0));
}

/* --- times ------------------------------------------------------------------------------------------- */

static int64_t take_int64(leat_str text)
{
    int64_t value = 0;
    memcpy(&value, text.ptr, text.len < sizeof(value) ? text.len : sizeof(value));
    return value;
}

static int fraction_us(leat_str time)
{
    int us = 0;
    (void)leat_str_cut(&time, '.');
    for (size_t i = 0; i < 6; i++)
        us = us * 10 + (i < time.len && time.ptr[i] != 'Z' ? time.ptr[i] - '0' : 0);
    return us;
}

/* The C library reads what was written. */
static void expect_time(leat_str text, int64_t us)
{
    struct tm tm = {.tm_sec = 0};
    const char *rest = strptime(text.ptr, "%Y-%m-%dT%H:%M:%S", &tm);
    MUST(rest != NULL && (*rest == '.' || *rest == 'Z'));
    MUST((int64_t)timegm(&tm) * 1000000 + fraction_us(text) == us);
}

static void check_times(struct leat_arena *arena, leat_str text)
{
    const int64_t first = INT64_C(-62135596800000000), last = INT64_C(253402300799999999);
    int64_t any = take_int64(text), us = any % (last / 2 * 3);
    leat_str time = leat_time_from_us(arena, us);
    MUST((time.ptr != NULL) == (us >= first && us <= last));
    if (time.ptr != NULL) {
        MUST(leat_time_valid(time));
        expect_time(time, us);
        MUST(leat_str_eq(leat_time_from_ms(arena, us / 1000), leat_time_from_us(arena, us / 1000 * 1000)));
    }
    (void)leat_time_from_us(arena, any);
    (void)leat_time_from_ms(arena, any);
    if (leat_time_valid(text))
        MUST(text.len >= 20 && leat_str_utf8(text) == text.len);
}

/* --- attributes ---------------------------------------------------------------------------------------- */

static void check_attribute(struct leat_arena *arena, leat_str text)
{
    leat_str clean = leat_attribute_clean(arena, text);
    MUST((clean.ptr == NULL) == (text.len == 0));
    MUST(fuzz_is_attribute(clean));
    MUST(leat_str_eq(leat_attribute_clean(arena, clean), clean));
    if (leat_str_find(text, LEAT_STR("%")).ptr == NULL && text.len > 0)
        MUST(leat_str_eq(leat_percent_decode(arena, clean, false), text));
}

static void check_sequences(struct leat_arena *arena, leat_str text)
{
    leat_str decimal = leat_attribute_sequence(arena, text), s3 = leat_attribute_s3_sequence(arena, text);
    if (decimal.ptr != NULL)
        MUST(decimal.len >= LEAT_SEQUENCE_WIDTH && leat_str_ends(decimal, text));
    MUST((s3.ptr == NULL) == (text.len == 0) && s3.len >= (text.len > 0 ? 32 : 0));
}

static bool is_traceparent(leat_str value)
{
    static const char form[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-0x";
    if (value.len != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (form[i] != 'x' ? value.ptr[i] != form[i]
                           : value.ptr[i] == '\0' || strchr("0123456789abcdef", value.ptr[i]) == NULL)
            return false;
    return true;
}

static void check_trace_of(const struct leat_event *event)
{
    leat_str parent = leat_event_attribute(event, "traceparent"),
             header = leat_event_attribute(event, "awstraceheader");
    MUST(parent.ptr == NULL || (is_traceparent(parent) && header.ptr == NULL));
    MUST(fuzz_is_attribute(header));
}

/* An SQS message with the text for a trace header. */
static void check_trace(struct leat_arena *arena, leat_str text)
{
    FUZZ_PAYLOAD payload;
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\",\"body\":\"\",\"attributes\":"
                     "{\"AWSTraceHeader\":");
    leat_buf_json_string(&buf, text);
    leat_buf_c(&buf, "}}]}");
    fuzz_decode(&payload, leat_buf_str(&buf), NULL);
    MUST(leat_is_ok(payload.status));
    fuzz_each_event(&payload, check_trace_of);
}

/* --- text for machines and for people -------------------------------------------------------------------- */

static void check_written(struct leat_arena *arena, leat_str text)
{
    struct leat_buf json, visible;
    cJSON *root = NULL;
    leat_buf_init(&json, arena);
    leat_buf_init(&visible, arena);
    leat_buf_json_string(&json, text);
    leat_str written = leat_buf_str(&json);
    MUST(leat_json_valid(written) && leat_is_ok(leat_json_parse(arena, written, &root, NULL)));
    if (leat_str_utf8(text) == text.len)
        MUST(leat_str_eq(leat_json_text(root), text));
    leat_buf_visible(&visible, text);
    leat_str shown = leat_buf_str(&visible);
    MUST(shown.len >= text.len && leat_str_utf8(shown) == shown.len && !fuzz_has_control(shown));
    leat_str digest = leat_digest(arena, text);
    MUST(digest.len == 32 && is_encoded(digest, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = fuzz_guarded(data, size);
    FUZZ_ARENA arena;
    fuzz_arena_init(&arena);
    check_percent(&arena, text);
    check_form(&arena, text);
    check_base64(&arena, text);
    check_times(&arena, text);
    check_attribute(&arena, text);
    check_sequences(&arena, text);
    check_trace(&arena, text);
    check_written(&arena, text);
    MUST(!arena.overflow);
    return 0;
}
