/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers in and out. The first byte says to which sample's payload ('?': to each), and whether it is an answer or
 * an error; the rest is its text. The same text is also a function's answer to each gateway, and a handler's reply.
 */
#include "fuzz.h"

#define SETTLEMENTS_MAX 64
#define SAMPLE_BITS 0x3F
#define EVERY_SAMPLE SAMPLE_BITS /* so that an input keeps its meaning when there are more samples */

/* The records of one sample and what becomes of them. */
struct settled {
    const struct leat_records *records;
    size_t count;
    struct leat_unit unit[SETTLEMENTS_MAX];
    struct leat_settlement settlement[SETTLEMENTS_MAX];
};

static size_t count_samples(void)
{
    size_t count = 0;
    while (leat_samples[count].name != NULL)
        count++;
    MUST(count > 0 && count <= EVERY_SAMPLE);
    return count;
}

/* Decoded once; they live as long as the process. */
static const struct leat_records *records_of_sample(size_t number)
{
    static struct fuzz_payload payloads[EVERY_SAMPLE];
    struct fuzz_payload *payload = &payloads[number];
    if (payload->decoder.arena == NULL) {
        fuzz_decode(payload, leat_str_of(leat_samples[number].text, leat_samples[number].len), NULL);
        MUST(leat_is_ok(payload->status) && payload->records.count <= SETTLEMENTS_MAX);
    }
    return &payload->records;
}

static void settled_init(struct settled *settled, const struct leat_records *records)
{
    *settled = (struct settled){.records = records, .count = records->count};
    for (size_t i = 0; i < settled->count; i++) {
        settled->unit[i].record = &records->items[i];
        settled->settlement[i].unit = &settled->unit[i];
    }
}

/* --- what an answer means ------------------------------------------------------------------------------ */

static void check_settlement(const struct leat_settlement *settlement, enum leat_reply_shape shape)
{
    bool good = settlement->outcome == LEAT_OUTCOME_OK;
    MUST(settlement->outcome >= LEAT_OUTCOME_OK && settlement->outcome <= LEAT_OUTCOME_RETRY);
    MUST(settlement->verdict <= LEAT_FAIL && settlement->verdict != LEAT_RELEASE);
    MUST(!good || settlement->verdict == LEAT_ACK);
    MUST(!good || settlement->reason.ptr == NULL);
    if (shape != LEAT_REPLY_HTTP) {
        MUST(good || settlement->verdict != LEAT_ACK);
        return;
    }
    MUST(settlement->verdict == LEAT_ACK && settlement->reply != NULL);
    MUST(settlement->reply->status >= 100 && settlement->reply->status <= 599);
}

static void decode_reply(struct leat_arena *arena, const struct leat_answer *answer, struct settled *settled)
{
    leat_status status = leat_decode_reply(arena, settled->records, answer, settled->settlement, settled->count);
    MUST(leat_is_ok(status) || arena->overflow);
    for (size_t i = 0; i < settled->count && !arena->overflow; i++)
        check_settlement(&settled->settlement[i], settled->records->adapter->shape);
}

static void encode_reply(struct leat_arena *arena, const struct settled *settled, struct leat_answer *ret)
{
    leat_status status = leat_encode_reply(arena, settled->records, settled->settlement, settled->count, ret);
    MUST(leat_is_ok(status) || arena->overflow);
    if (arena->overflow)
        return;
    MUST(ret->text.ptr != NULL ? leat_json_valid(ret->text)
                               : ret->error_type.len > 0 && ret->error_message.ptr != NULL);
}

static size_t count_header(const struct leat_reply *reply, const struct leat_reply_header *header)
{
    size_t count = 0;
    for (const struct leat_reply_header *at = reply->headers; at != NULL; at = at->next)
        count += leat_str_eq(at->name, header->name) && leat_str_eq(at->value, header->value) ? 1 : 0;
    return count;
}

static void expect_same_reply(const struct leat_reply *a, const struct leat_reply *b)
{
    size_t left = 0, right = 0;
    MUST(a->status == b->status);
    MUST(a->content_type.len == 0 || leat_str_eq(a->content_type, b->content_type)); /* an empty one is none */
    MUST(leat_str_eq(a->body, b->body));
    for (const struct leat_reply_header *at = a->headers; at != NULL; at = at->next, left++)
        MUST(count_header(a, at) == count_header(b, at));
    for (const struct leat_reply_header *at = b->headers; at != NULL; at = at->next)
        right++;
    MUST(left == right);
}

static void expect_same(const struct settled *a, const struct settled *b)
{
    for (size_t i = 0; i < a->count; i++) {
        MUST(a->settlement[i].outcome == b->settlement[i].outcome);
        MUST(a->settlement[i].verdict == b->settlement[i].verdict);
        MUST((a->settlement[i].reply == NULL) == (b->settlement[i].reply == NULL));
        if (a->settlement[i].reply != NULL)
            expect_same_reply(a->settlement[i].reply, b->settlement[i].reply);
    }
}

static void again(struct leat_arena *arena, const struct settled *from, struct settled *to)
{
    struct leat_answer answer = {.text = LEAT_ABSENT};
    settled_init(to, from->records);
    encode_reply(arena, from, &answer);
    if (!arena->overflow)
        decode_reply(arena, &answer, to);
}

/* The first answer may be odd in many ways; what leat makes of it is not, and stays what it is. */
static void answer_payload(struct leat_arena *arena, const struct leat_records *records,
                           const struct leat_answer *answer)
{
    struct settled first, second, third;
    settled_init(&first, records);
    decode_reply(arena, answer, &first);
    again(arena, &first, &second);
    again(arena, &second, &third);
    if (!arena->overflow)
        expect_same(&second, &third);
}

/* --- gateways -------------------------------------------------------------------------------------------- */

static bool is_name(leat_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return name.len > 0;
}

static bool is_value(leat_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.ptr[i] < 0x20 && value.ptr[i] != '\t') || value.ptr[i] == 0x7F)
            return false;
    return true;
}

/* Written and read: no header can end its line. */
static void send_reply(struct leat_arena *arena, enum leat_http_dialect dialect, const struct leat_reply *reply,
                       struct leat_reply *retgot)
{
    leat_str text = leat_http_encode(arena, dialect, reply);
    *retgot = (struct leat_reply){.status = 0};
    if (arena->overflow)
        return;
    MUST(leat_json_valid(text));
    MUST(leat_is_ok(leat_http_decode(arena, dialect, text, retgot)) || arena->overflow);
    for (const struct leat_reply_header *at = retgot->headers; at != NULL; at = at->next)
        MUST(is_name(at->name) && is_value(at->value));
    MUST(is_value(retgot->content_type));
}

static void check_gateway(struct leat_arena *arena, enum leat_http_dialect dialect, leat_str answer)
{
    struct leat_reply first, second, third;
    MUST(leat_is_ok(leat_http_decode(arena, dialect, answer, &first)) || arena->overflow);
    if (arena->overflow)
        return;
    MUST(first.status >= 100 && first.status <= 599);
    send_reply(arena, dialect, &first, &second);
    send_reply(arena, dialect, &second, &third);
    if (arena->overflow)
        return;
    MUST(first.status == second.status && leat_str_eq(first.body, second.body));
    expect_same_reply(&second, &third);
}

/* "name: value" lines, an empty one, and the body. */
static struct leat_reply read_message(struct leat_arena *arena, leat_str text)
{
    struct leat_reply reply = {.status = 200};
    struct leat_reply_header **tail = &reply.headers;
    while (text.len > 0 && text.ptr[0] != '\n') {
        leat_str line = leat_str_cut(&text, '\n'), name = leat_str_cut(&line, ':');
        struct leat_reply_header *header = LEAT_NEW(arena, struct leat_reply_header);
        if (header == NULL)
            return reply;
        *header = (struct leat_reply_header){.name = name, .value = line.ptr != NULL ? line : LEAT_STR("")};
        *tail = header;
        tail = &header->next;
    }
    reply.body = text.len > 0 ? leat_str_skip(text, 1) : LEAT_STR("");
    return reply;
}

static void check_message(struct leat_arena *arena, enum leat_http_dialect dialect, leat_str text)
{
    struct leat_reply reply = read_message(arena, text), got;
    reply.status = 100 + (int)(text.len % 500);
    send_reply(arena, dialect, &reply, &got);
    if (arena->overflow)
        return;
    MUST(got.status == reply.status && leat_str_eq(got.body, reply.body));
    MUST(got.body.len == 0 || got.content_type.ptr != NULL);
}

static struct leat_answer answer_of(uint8_t first, leat_str text)
{
    if ((first & 0x80) == 0)
        return (struct leat_answer){.text = text};
    leat_str type = (first & 0x40) != 0 ? LEAT_STR("Function.Reject") : text;
    return (struct leat_answer){.error_type = type, .error_message = text};
}

static void answer_samples(uint8_t first, leat_str text)
{
    struct leat_answer answer = answer_of(first, text);
    size_t count = count_samples(), from = (first & SAMPLE_BITS) % count, to = from + 1;
    if ((first & SAMPLE_BITS) == EVERY_SAMPLE) {
        from = 0;
        to = count;
    }
    for (size_t i = from; i < to; i++) {
        FUZZ_ARENA arena;
        fuzz_arena_init(&arena);
        answer_payload(&arena, records_of_sample(i), &answer);
    }
}

/* Requests of every dialect: whatever `request` tells them apart by. */
static enum leat_http_dialect dialect_of(struct leat_arena *arena, const char *request)
{
    cJSON *root = NULL;
    MUST(leat_is_ok(leat_json_parse(arena, leat_str_c(request), &root, NULL)));
    return leat_http_dialect_of(root);
}

static void answer_gateways(leat_str text)
{
    static const char *const requests[] = {
        "{}",
        "{\"version\":\"1.0\"}",
        "{\"version\":\"2.0\"}",
        "{\"version\":\"2.0\",\"requestContext\":{\"domainName\":\"x.lambda-url.eu-west-1.on.aws\"}}",
        "{\"requestContext\":{\"elb\":{}},\"headers\":{}}",
        "{\"requestContext\":{\"elb\":{}},\"multiValueHeaders\":{}}",
        "{\"requestContext\":{\"connectionId\":\"c\",\"eventType\":\"MESSAGE\"}}",
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        FUZZ_ARENA arena;
        fuzz_arena_init(&arena);
        enum leat_http_dialect dialect = dialect_of(&arena, requests[i]);
        check_gateway(&arena, dialect, text);
        check_message(&arena, dialect, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    leat_str text = fuzz_guarded(data + 1, size - 1);
    answer_samples(data[0], text);
    answer_gateways(text);
    return 0;
}
