/* SPDX-License-Identifier: Apache-2.0 */
/* Settlements -> what Lambda is answered, and back. One function a reply shape, both ways. */
#include "reply_private.h"

/* --- out ------------------------------------------------------------------------------------- */

leat_status leat_answer_text(struct leat_arena *arena, leat_str text, struct leat_answer *ret)
{
    *ret = (struct leat_answer){.text = text, .content_type = LEAT_STR("application/json")};
    return leat_arena_status(arena);
}

leat_str leat_error_type(const struct leat_settlement *settlement)
{
    const struct leat_unit *unit = settlement->unit;
    bool timed_out = false;
    for (uint32_t i = 0; unit != NULL && i < unit->result_count; i++)
        timed_out = timed_out || unit->results[i].timed_out;
    return leat_outcome_error(settlement->outcome, timed_out);
}

leat_status leat_answer_error(struct leat_arena *arena, const struct leat_settlement *worst, size_t failed,
                              size_t count, struct leat_answer *ret)
{
    leat_str reason = worst->reason.ptr != NULL ? worst->reason : LEAT_STR("failed");
    *ret = (struct leat_answer){.error_type = leat_error_type(worst), .error_message = reason};
    if (count > 1)
        ret->error_message =
            leat_arena_printf(arena, "%.*s (%zu of %zu records failed)", LEAT_ARG(reason), failed, count);
    return leat_arena_status(arena);
}

leat_status leat_answer_whole(struct leat_arena *arena, const struct leat_settlement *settlements, size_t count,
                              struct leat_answer *ret)
{
    const struct leat_settlement *worst = NULL;
    size_t failures = 0;
    for (size_t i = 0; i < count; i++) {
        if (!leat_settlement_failed(&settlements[i]))
            continue;
        failures++;
        if (worst == NULL || settlements[i].outcome > worst->outcome)
            worst = &settlements[i];
    }
    if (worst != NULL)
        return leat_answer_error(arena, worst, failures, count, ret);
    return leat_answer_text(arena, LEAT_STR("null"), ret);
}

/* An event that no reply was made for answers by its outcome. */
static struct leat_reply default_reply(struct leat_arena *arena, const struct leat_settlement *settlement)
{
    static struct leat_reply_header retry_after = {{"retry-after", 11}, {"1", 1}, NULL};
    struct leat_reply reply = {.status = 200, .body = LEAT_STR("")};
    if (settlement->outcome == LEAT_OUTCOME_REJECT)
        reply.status = 422;
    if (settlement->outcome == LEAT_OUTCOME_RETRY || settlement->outcome == LEAT_OUTCOME_NONE) {
        reply.status = 503;
        reply.headers = &retry_after;
        if (settlement->delay_ms > 1000) {
            reply.headers = LEAT_NEW(arena, struct leat_reply_header);
            if (reply.headers != NULL)
                *reply.headers = (struct leat_reply_header){
                    retry_after.name, leat_arena_printf(arena, "%lld", (long long)(settlement->delay_ms + 999) / 1000),
                    NULL};
        }
    }
    return reply;
}

static leat_status encode_http(struct leat_arena *arena, const struct leat_records *records,
                               const struct leat_settlement *settlement, struct leat_answer *ret)
{
    struct leat_reply reply = default_reply(arena, settlement);
    if (settlement->reply != NULL)
        reply = *settlement->reply;
    if (reply.status == 0) { /* plain JSON from leat_reply_json */
        reply.status = 200;
        if (reply.content_type.ptr == NULL)
            reply.content_type = LEAT_STR("application/json");
    }
    LEAT_TRY(leat_arena_status(arena));
    enum leat_http_dialect dialect = leat_http_dialect_of(records->items[0].json);
    return leat_answer_text(arena, leat_http_encode(arena, dialect, &reply), ret);
}

static leat_status encode_direct(struct leat_arena *arena, const struct leat_settlement *settlement,
                                 struct leat_answer *ret)
{
    const struct leat_reply *reply = settlement->reply;
    if (reply == NULL && settlement->outcome == LEAT_OUTCOME_OK)
        return leat_answer_text(arena, LEAT_STR("null"), ret);
    if (reply == NULL)
        return leat_answer_error(arena, settlement, 1, 1, ret);
    if (reply->status != 0)
        return leat_answer_text(arena, leat_http_encode(arena, LEAT_HTTP_V2, reply), ret);
    if (reply->content_type.ptr != NULL) {
        *ret = (struct leat_answer){.text = reply->body, .content_type = reply->content_type};
        return LEAT_OK;
    }
    if (leat_json_valid(reply->body))
        return leat_answer_text(arena, reply->body, ret);
    *ret = (struct leat_answer){.error_type = LEAT_STR("Runtime.MarshalError"),
                                .error_message = LEAT_STR("the handler's reply is not JSON")};
    return LEAT_OK;
}

leat_status leat_encode_reply(struct leat_arena *arena, const struct leat_records *records,
                              const struct leat_settlement *settlements, size_t count, struct leat_answer *retanswer)
{
    const struct leat_adapter *adapter = records->adapter;
    if (adapter->encode_reply != NULL)
        return adapter->encode_reply(arena, records, settlements, count, retanswer);
    bool items = adapter->shape == LEAT_REPLY_ITEMS || adapter->shape == LEAT_REPLY_CHECKPOINT;
    if (count == 0 && !items) /* an empty batch, whatever its trigger would have been */
        return leat_answer_text(arena, LEAT_STR("{\"batchItemFailures\":[]}"), retanswer);
    switch (adapter->shape) {
    case LEAT_REPLY_ITEMS:
    case LEAT_REPLY_CHECKPOINT: return leat_items_encode(arena, records, settlements, count, retanswer);
    case LEAT_REPLY_ASYNC: return leat_answer_whole(arena, settlements, count, retanswer);
    case LEAT_REPLY_HTTP: return encode_http(arena, records, &settlements[0], retanswer);
    case LEAT_REPLY_DIRECT: return encode_direct(arena, &settlements[0], retanswer);
    }
    return LEAT_STATUS(BUG);
}

/* --- in --------------------------------------------------------------------------------------- */

void leat_settle_as(struct leat_settlement *settlement, enum leat_outcome_kind outcome, leat_str reason)
{
    settlement->outcome = outcome;
    settlement->verdict = outcome == LEAT_OUTCOME_OK      ? LEAT_ACK
                          : outcome == LEAT_OUTCOME_RETRY ? LEAT_RETRY
                                                          : LEAT_FAIL;
    settlement->reason = outcome == LEAT_OUTCOME_OK ? LEAT_ABSENT : reason;
}

void leat_settle_all(struct leat_settlement *settlements, size_t count, enum leat_outcome_kind outcome, leat_str reason)
{
    for (size_t i = 0; i < count; i++)
        leat_settle_as(&settlements[i], outcome, reason);
}

static leat_status decode_http(struct leat_arena *arena, const struct leat_records *records,
                               const struct leat_answer *answer, struct leat_settlement *settlement)
{
    struct leat_reply *reply = LEAT_NEW(arena, struct leat_reply);
    if (reply == NULL)
        return leat_arena_status(arena);
    enum leat_http_dialect dialect = leat_http_dialect_of(records->items[0].json);
    if (answer->text.ptr != NULL)
        LEAT_TRY(leat_http_decode(arena, dialect, answer->text, reply));
    else
        LEAT_TRY(leat_http_decode_error(arena, dialect, reply));
    bool server_error = reply->status >= 500;
    leat_settle_as(settlement,
                   server_error           ? LEAT_OUTCOME_RETRY
                   : reply->status == 422 ? LEAT_OUTCOME_REJECT
                                          : LEAT_OUTCOME_OK,
                   leat_arena_printf(arena, "HTTP status %d", reply->status));
    settlement->verdict = LEAT_ACK; /* a gateway never asks again */
    settlement->reply = reply;
    return leat_arena_status(arena);
}

static leat_status decode_direct(struct leat_arena *arena, const struct leat_answer *answer,
                                 struct leat_settlement *settlement)
{
    leat_settle_as(settlement, LEAT_OUTCOME_OK, LEAT_ABSENT);
    struct leat_reply *reply = LEAT_NEW(arena, struct leat_reply);
    if (reply == NULL)
        return leat_arena_status(arena);
    *reply = (struct leat_reply){.body = answer->text};
    settlement->reply = reply;
    return LEAT_OK;
}

leat_status leat_decode_reply(struct leat_arena *arena, const struct leat_records *records,
                              const struct leat_answer *answer, struct leat_settlement *settlements, size_t count)
{
    const struct leat_adapter *adapter = records->adapter;
    if (adapter->decode_reply != NULL)
        return adapter->decode_reply(arena, records, answer, settlements, count);
    if (count == 0)
        return LEAT_OK;
    if (adapter->shape == LEAT_REPLY_HTTP)
        return decode_http(arena, records, answer, &settlements[0]);
    if (answer->text.ptr == NULL) {
        bool reject = leat_str_is(answer->error_type, "Function.Reject");
        leat_settle_all(settlements, count, reject ? LEAT_OUTCOME_REJECT : LEAT_OUTCOME_RETRY, answer->error_message);
        return LEAT_OK;
    }
    switch (adapter->shape) {
    case LEAT_REPLY_ITEMS:
    case LEAT_REPLY_CHECKPOINT: return leat_items_decode(arena, records, answer, settlements, count);
    case LEAT_REPLY_DIRECT: return decode_direct(arena, answer, &settlements[0]);
    case LEAT_REPLY_ASYNC:
    case LEAT_REPLY_HTTP: break; /* an answer to an asynchronous call is ignored */
    }
    leat_settle_all(settlements, count, LEAT_OUTCOME_OK, LEAT_ABSENT);
    return LEAT_OK;
}

/* --- records -> payload -------------------------------------------------------------------------- */

/* The chosen records of one list; *next: the first that is not printed. The end of a window stands in none. */
static void print_list(struct leat_buf *buf, const struct leat_records *records, const cJSON *list, uint32_t *next)
{
    const cJSON *entry = NULL;
    bool first = true;
    leat_buf_char(buf, '[');
    cJSON_ArrayForEach (entry, list) {
        if (*next == records->count || records->items[*next].json != entry)
            continue;
        leat_buf_c(buf, first ? "" : ",");
        leat_json_print(buf, entry);
        first = false;
        ++*next;
    }
    leat_buf_char(buf, ']');
}

/* Kafka's records: a list for each partition. */
static void print_lists(struct leat_buf *buf, const struct leat_records *records, const cJSON *lists)
{
    const cJSON *list = NULL;
    uint32_t next = 0;
    leat_buf_char(buf, '{');
    cJSON_ArrayForEach (list, lists) {
        leat_buf_c(buf, list != lists->child ? "," : "");
        leat_buf_json_string(buf, leat_str_c(list->string));
        leat_buf_char(buf, ':');
        print_list(buf, records, list, &next);
    }
    leat_buf_char(buf, '}');
}

/* A document again: the root's members in their order, with the chosen records, in theirs, in place of all. */
static void print_document(struct leat_buf *buf, const struct leat_records *records)
{
    uint32_t next = 0;
    const struct leat_doc *doc = records->doc;
    const cJSON *member = NULL;
    leat_buf_char(buf, '{');
    cJSON_ArrayForEach (member, doc->root) {
        leat_buf_c(buf, member != doc->root->child ? "," : "");
        leat_buf_json_string(buf, leat_str_c(member->string));
        leat_buf_char(buf, ':');
        if (member != doc->records)
            leat_json_print(buf, member);
        else if (cJSON_IsObject(member))
            print_lists(buf, records, member);
        else
            print_list(buf, records, member, &next);
    }
    leat_buf_char(buf, '}');
}

leat_status leat_encode(struct leat_arena *arena, const struct leat_records *records, leat_str *retpayload)
{
    struct leat_buf buf;
    if (records->adapter->encode != NULL)
        return records->adapter->encode(arena, records, retpayload);
    if (records->doc == NULL)
        return LEAT_STATUS(BUG); /* a native source's adapter brings its own encode */
    leat_buf_init(&buf, arena);
    if (records->doc->records != NULL)
        print_document(&buf, records);
    else
        leat_json_print(&buf, records->doc->root);
    *retpayload = leat_buf_str(&buf);
    return leat_arena_status(arena);
}
