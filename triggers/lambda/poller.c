/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a poller, and what it makes of every status (the table in docs/reference/lambda.md):
 *
 *     IDLE -> ASKING -> RUNNING -> POSTING -> IDLE
 */
#include "poller.h"

#include <leat/alloc.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TRIES_MAX 5      /* of `next`, the first at once */
#define FIRST_WAIT_MS 50 /* doubles */
#define NOT_YET_MS 10    /* behind a 204 */

static leat_str header(const struct leat_poller *poller, leat_str name)
{
    return leat_message_header(&poller->event.message, poller->event.bytes, name);
}

/* --- asking ---------------------------------------------------------------------------------------------- */

static void on_timer(void *argument)
{
    struct leat_poller *poller = argument;
    poller->phase = LEAT_POLLER_IDLE;
    leat_poller_ask(poller);
}

static void wait_ms(struct leat_poller *poller, int64_t ms)
{
    if (poller->timer == NULL)
        poller->timer = leat_loop_timer(poller->lambda->loop, on_timer, poller);
    if (poller->timer == NULL) {
        leat_lambda_end(poller->lambda, "out of memory");
        return;
    }
    poller->phase = LEAT_POLLER_WAITING;
    leat_timer_set(poller->timer, ms);
}

/* A connection that was idle for long is often found dead: the first try again is made at once. */
static void ask_again(struct leat_poller *poller, const char *why)
{
    char text[160];
    poller->phase = LEAT_POLLER_IDLE;
    if (poller->lambda->stopping) {
        leat_lambda_tell_stopped(poller->lambda);
        return;
    }
    if (++poller->tries <= TRIES_MAX) {
        wait_ms(poller, poller->tries == 1 ? 0 : FIRST_WAIT_MS << (poller->tries - 2));
        return;
    }
    snprintf(text, sizeof(text), "the Runtime API at %.64s is away: %s", poller->lambda->options.peer->address.host,
             why);
    leat_lambda_end(poller->lambda, text);
}

void leat_poller_ask(struct leat_poller *poller)
{
    struct leat_lambda *lambda = poller->lambda;
    if (poller->phase != LEAT_POLLER_IDLE || !lambda->wanted || lambda->stopping)
        return;
    struct iovec next = {.iov_base = (char *)(uintptr_t)lambda->next.ptr, .iov_len = lambda->next.len};
    poller->phase = LEAT_POLLER_ASKING;
    leat_wire_expect(&poller->wire, &poller->event);
    if (!leat_wire_send(&poller->wire, &next, 1))
        ask_again(poller, strerror(errno));
}

/* --- an event comes ---------------------------------------------------------------------------------------- */

/* The one process-wide thing of an invocation; where several run at a time it is left alone. */
static void set_trace(leat_str trace)
{
    static char variable[1024] = "_X_AMZN_TRACE_ID=";
    const size_t start = strlen("_X_AMZN_TRACE_ID=");
    if (trace.ptr == NULL || start + trace.len >= sizeof(variable)) {
        (void)unsetenv("_X_AMZN_TRACE_ID");
        return;
    }
    memcpy(variable + start, trace.ptr, trace.len);
    variable[start + trace.len] = '\0';
    (void)putenv(variable); /* setenv would keep every value for ever */
}

static int64_t deadline_of(leat_str value)
{
    int64_t ms;
    if (!leat_str_int64(value, &ms))
        return 0;
    return ms > 0 ? ms : 1; /* long over */
}

static struct leat_invocation invocation_of(const struct leat_poller *poller)
{
    return (struct leat_invocation){
        .request_id = header(poller, LEAT_STR("Lambda-Runtime-Aws-Request-Id")),
        .function_arn = header(poller, LEAT_STR("Lambda-Runtime-Invoked-Function-Arn")),
        .trace_id = header(poller, LEAT_STR("Lambda-Runtime-Trace-Id")),
        .tenant_id = header(poller, LEAT_STR("Lambda-Runtime-Aws-Tenant-Id")),
        .client_context = header(poller, LEAT_STR("Lambda-Runtime-Client-Context")),
        .cognito_identity = header(poller, LEAT_STR("Lambda-Runtime-Cognito-Identity")),
        .deadline_ms = deadline_of(header(poller, LEAT_STR("Lambda-Runtime-Deadline-Ms"))),
    };
}

/* The payload and the headers stay where they lie, in poller->event. */
static void deliver(struct leat_poller *poller)
{
    struct leat_delivery *delivery = leat_delivery_new(poller->lambda->source);
    if (delivery == NULL) {
        ask_again(poller, "out of memory"); /* the platform takes the invocation for failed */
        return;
    }
    delivery->invocation = invocation_of(poller);
    delivery->token = poller;
    poller->delivery = delivery;
    poller->invocation_id = header(poller, LEAT_STR("Lambda-Runtime-Invocation-Id"));
    poller->post_tries = 0;
    poller->phase = LEAT_POLLER_RUNNING;
    leat_wire_expect(&poller->wire, NULL);
    if (poller->lambda->count == 1)
        set_trace(delivery->invocation.trace_id);
    (void)leat_delivery_text(delivery, leat_message_body(&poller->event.message, poller->event.bytes), NULL);
    leat_deliver(delivery);
}

/* A `next` that is neither an event nor "not yet". */
static void refused(struct leat_poller *poller, int status)
{
    char why[160];
    bool managed = poller->lambda->count > 1;
    poller->phase = LEAT_POLLER_IDLE;
    if (status == 410) { /* the environment is gone, and that is all */
        leat_lambda_end(poller->lambda, NULL);
        return;
    }
    snprintf(why, sizeof(why), "the Runtime API answered %d to next", status);
    leat_wire_close(&poller->wire);
    if (managed && status >= 500)
        ask_again(poller, why); /* what a waiting poller gets at a shutdown */
    else
        leat_lambda_end(poller->lambda, why);
}

static void take_event(struct leat_poller *poller)
{
    int status = poller->event.message.status;
    if (status == 204) { /* `cargo lambda watch`: nothing yet */
        poller->tries = 0;
        wait_ms(poller, NOT_YET_MS);
    } else if (status != 200)
        refused(poller, status);
    else if (header(poller, LEAT_STR("Lambda-Runtime-Aws-Request-Id")).ptr == NULL)
        ask_again(poller, "an event came without Lambda-Runtime-Aws-Request-Id");
    else {
        poller->tries = 0;
        deliver(poller);
    }
}

/* --- the answer goes ------------------------------------------------------------------------------------------- */

static void send_post(struct leat_poller *poller)
{
    const struct leat_lambda *lambda = poller->lambda;
    struct iovec parts[3] = {poller->post[0], poller->post[1]};
    /* What is tried again goes alone: its answer decides what comes behind it. */
    poller->asked = lambda->options.pipeline && poller->post_tries == 0 && !lambda->stopping;
    parts[2] = (struct iovec){.iov_base = (char *)(uintptr_t)lambda->next.ptr, .iov_len = lambda->next.len};
    poller->post_tries++;
    leat_wire_expect(&poller->wire, &poller->answer);
    if (!leat_wire_send(&poller->wire, parts, poller->asked ? 3 : 2))
        poller->wire.broke(poller, strerror(errno));
}

/* Whatever became of the post: the invocation is over, and the process goes on. */
void leat_poller_posted(struct leat_poller *poller)
{
    struct leat_lambda *lambda = poller->lambda;
    poller->phase = LEAT_POLLER_POSTED;
    leat_delivery_settled(poller->delivery, LEAT_OK); /* mostly ends in leat_poller_free */
    leat_lambda_tell_stopped(lambda);
}

static void lose_answer(struct leat_poller *poller, const char *why)
{
    leat_source_log(poller->lambda->source, LEAT_ERROR, poller->delivery->invocation.request_id,
                    "the answer is lost: %s", why);
    poller->asked = false;
    leat_poller_posted(poller);
}

static void take_verdict(struct leat_poller *poller)
{
    int status = poller->answer.message.status;
    char why[160];
    if (status >= 500) {
        snprintf(why, sizeof(why), "the Runtime API answered %d to an answer", status);
        poller->asked = false;
        leat_wire_close(&poller->wire);
        leat_lambda_end(poller->lambda, why);
    } else if (status >= 300) {
        leat_str body = leat_message_body(&poller->answer.message, poller->answer.bytes);
        leat_source_log(poller->lambda->source, LEAT_WARN, poller->delivery->invocation.request_id,
                        "the answer was refused: status %d%s%.*s", status, body.len > 0 ? ", " : "",
                        (int)(body.len < 100 ? body.len : 100), body.ptr);
    }
    if (poller->wire.fd < 0)
        poller->asked = false; /* closed behind this answer: what was asked behind it is lost */
    leat_poller_posted(poller);
}

/* What is longer than the platform takes would be refused, and the reason with it. */
static struct leat_answer fitting(const struct leat_poller *poller, const struct leat_answer *answer)
{
    if (answer->text.ptr == NULL || answer->text.len <= LEAT_LAMBDA_ANSWER_MAX)
        return *answer;
    leat_source_log(poller->lambda->source, LEAT_WARN, poller->delivery->invocation.request_id,
                    "the answer is not sent: it has %zu bytes, Lambda takes %zu", answer->text.len,
                    LEAT_LAMBDA_ANSWER_MAX);
    return (struct leat_answer){.error_type = LEAT_STR("Function.ResponseSizeTooLarge"),
                                .error_message = leat_arena_printf(&poller->delivery->results,
                                                                   "the answer has %zu bytes, Lambda takes %zu",
                                                                   answer->text.len, LEAT_LAMBDA_ANSWER_MAX)};
}

void leat_poller_answer(struct leat_poller *poller, const struct leat_answer *answer)
{
    struct leat_arena *arena = &poller->delivery->results;
    const struct leat_answer sent = fitting(poller, answer);
    bool failed = sent.text.ptr == NULL;
    leat_str body = failed ? leat_lambda_error(arena, sent.error_type, sent.error_message) : sent.text;
    struct leat_lambda_request request = {
        .method = "POST",
        .path = leat_lambda_path(arena, poller->delivery->invocation.request_id, failed ? "error" : "response"),
        .content_type = failed ? LEAT_STR("application/json") : sent.content_type,
        .invocation_id = poller->invocation_id,
        .error_type = sent.error_type,
        .error_cause = failed ? leat_lambda_cause(arena, sent.error_type, sent.error_message) : LEAT_ABSENT,
        .length = body.len,
    };
    leat_str head = leat_lambda_head(arena, poller->lambda->options.peer, &request);
    poller->phase = LEAT_POLLER_POSTING;
    if (arena->overflow) {
        lose_answer(poller, "out of memory");
        return;
    }
    poller->post[0] = (struct iovec){.iov_base = (char *)(uintptr_t)head.ptr, .iov_len = head.len};
    poller->post[1] = (struct iovec){.iov_base = (char *)(uintptr_t)body.ptr, .iov_len = body.len};
    send_post(poller);
}

/* --- the connection --------------------------------------------------------------------------------------------- */

static void on_received(void *argument)
{
    struct leat_poller *poller = argument;
    if (poller->phase == LEAT_POLLER_ASKING)
        take_event(poller);
    else if (poller->phase == LEAT_POLLER_POSTING)
        take_verdict(poller);
}

/* An answer is sent a second time at most, under the same ids: if the first was taken, the second is refused. */
static void on_broke(void *argument, const char *why)
{
    struct leat_poller *poller = argument;
    if (poller->phase == LEAT_POLLER_ASKING) {
        ask_again(poller, why);
        return;
    }
    if (poller->phase != LEAT_POLLER_POSTING)
        return;
    if (poller->post_tries == 1) {
        send_post(poller);
        return;
    }
    lose_answer(poller, why);
}

void leat_poller_free(struct leat_poller *poller)
{
    bool asked = poller->asked;
    poller->delivery = NULL;
    poller->asked = false;
    if (asked && poller->lambda->stopping)
        leat_wire_close(&poller->wire);
    else if (asked) {
        poller->phase = LEAT_POLLER_ASKING;
        leat_wire_expect(&poller->wire, &poller->event);
        return;
    }
    poller->phase = LEAT_POLLER_IDLE;
    leat_wire_expect(&poller->wire, NULL);
    leat_poller_ask(poller);
}

/* An event that has come already, if only in part, is still run. */
void leat_poller_stop(struct leat_poller *poller)
{
    if (poller->phase == LEAT_POLLER_ASKING && leat_wire_take(&poller->wire))
        return;
    if (poller->phase != LEAT_POLLER_ASKING && poller->phase != LEAT_POLLER_WAITING)
        return;
    poller->phase = LEAT_POLLER_IDLE;
    if (poller->timer != NULL)
        leat_timer_clear(poller->timer);
    leat_wire_expect(&poller->wire, NULL);
    leat_wire_close(&poller->wire);
}

void leat_poller_init(struct leat_poller *poller, struct leat_lambda *lambda)
{
    poller->lambda = lambda;
    poller->wire = (struct leat_wire){
        .loop = lambda->loop,
        .address = &lambda->options.peer->address,
        .received = on_received,
        .broke = on_broke,
        .argument = poller,
    };
    leat_wire_init(&poller->wire);
}

void leat_poller_fini(struct leat_poller *poller)
{
    leat_timer_free(poller->timer);
    poller->timer = NULL;
    leat_wire_fini(&poller->wire);
    leat_inbox_fini(&poller->event);
    leat_inbox_fini(&poller->answer);
    if (poller->stream != NULL)
        leat_reply_stream_fini(poller->stream);
    leat_free(poller->stream);
    poller->stream = NULL;
}
