/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API and what a function needs of the Extensions API: as strict about states and ids as AWS's own
 * emulator is. */
#include "guest_private.h"

#include <leat/alloc.h>
#include <leat/json.h>
#include <leat/text.h>

#include <stdio.h>

#define RUNTIME "/2018-06-01/runtime/"
#define EXTENSION "/2020-01-01/extension/"
#define JSON_TYPE "Content-Type: application/json\r\n"

static leat_str header(const struct leat_guest_connection *connection, const char *name)
{
    return leat_message_header(&connection->message, connection->in, leat_str_c(name));
}

static leat_str body_of(const struct leat_guest_connection *connection)
{
    return leat_message_body(&connection->message, connection->in);
}

static void accept_it(struct leat_guest_connection *connection)
{
    leat_guest_reply(connection, 202, LEAT_STR(JSON_TYPE), LEAT_STR("{\"status\":\"OK\"}\n"));
}

/* `message` needs no escapes. */
static void refuse(struct leat_guest_connection *connection, int status, const char *type, const char *message)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    leat_arena_init(&arena, 0);
    leat_guest_reply(connection, status, LEAT_STR(JSON_TYPE),
                     leat_arena_printf(&arena, "{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}\n", message, type));
}

static void refuse_state(struct leat_guest_connection *connection)
{
    static const char *const names[] = {"Started", "InitError", "Ready", "Running", "InvocationResponse"};
    char message[96];
    snprintf(message, sizeof(message), "the runtime may not do that in the state %s", names[connection->guest->state]);
    refuse(connection, 403, "InvalidStateTransition", message);
}

/* --- next ---------------------------------------------------------------------------------------------------- */

static void add_header(struct leat_buf *buf, const char *name, leat_str value)
{
    if (value.ptr == NULL || value.len == 0)
        return;
    leat_buf_printf(buf, "%s: ", name);
    for (size_t i = 0; i < value.len; i++)
        leat_buf_char(buf, (unsigned char)value.ptr[i] < ' ' ? ' ' : value.ptr[i]);
    leat_buf_c(buf, "\r\n");
}

static leat_str headers_of(const struct leat_guest *guest, struct leat_arena *arena)
{
    const struct leat_invocation *invocation = &guest->call.invocation;
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, JSON_TYPE);
    add_header(&buf, "Lambda-Runtime-Aws-Request-Id", invocation->request_id);
    add_header(&buf, "Lambda-Runtime-Invocation-Id", leat_str_c(guest->attempt_id));
    leat_buf_printf(&buf, "Lambda-Runtime-Deadline-Ms: %lld\r\n", (long long)guest->deadline_ms);
    add_header(
        &buf, "Lambda-Runtime-Invoked-Function-Arn",
        invocation->function_arn.ptr != NULL
            ? invocation->function_arn
            : leat_arena_printf(arena, "arn:aws:lambda:us-east-1:000000000000:function:%s", guest->function_name));
    if (invocation->trace_id.ptr != NULL)
        add_header(&buf, "Lambda-Runtime-Trace-Id", invocation->trace_id);
    else
        leat_buf_printf(&buf, "Lambda-Runtime-Trace-Id: Root=1-%08x-%024llx;Sampled=0\r\n",
                        (unsigned)(guest->deadline_ms / 1000), (unsigned long long)guest->attempts);
    add_header(&buf, "Lambda-Runtime-Aws-Tenant-Id", invocation->tenant_id);
    add_header(&buf, "Lambda-Runtime-Client-Context", invocation->client_context);
    add_header(&buf, "Lambda-Runtime-Cognito-Identity", invocation->cognito_identity);
    return leat_buf_str(&buf);
}

void leat_guest_give(struct leat_guest_connection *connection)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    leat_arena_init(&arena, 0);
    leat_guest_reply(connection, 200, headers_of(connection->guest, &arena), connection->guest->call.payload);
}

static void serve_next(struct leat_guest_connection *connection)
{
    struct leat_guest *guest = connection->guest;
    if (guest->state == LEAT_GUEST_FAILED) {
        refuse_state(connection);
    } else if (guest->state == LEAT_GUEST_RUNNING) {
        leat_guest_give(connection); /* the same again: the reply may have been lost */
    } else {
        guest->state = LEAT_GUEST_READY;
        connection->hold = LEAT_GUEST_WAITS_FOR_NEXT;
        leat_guest_offer(guest);
    }
}

/* --- response and error ------------------------------------------------------------------------------------------ */

static void answer_error(struct leat_guest *guest, const char *type, const char *message)
{
    struct leat_answer answer = {.error_type = leat_str_c(type), .error_message = leat_str_c(message)};
    leat_guest_answer(guest, &answer);
}

/* Those of the invocation at hand; the attempt's only if the runtime knows of such. */
static bool ids_fit(const struct leat_guest_connection *connection, leat_str id)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    const struct leat_guest *guest = connection->guest;
    leat_str attempt = header(connection, "lambda-runtime-invocation-id");
    leat_arena_init(&arena, 0);
    return guest->request_id[0] != '\0' && leat_str_is(leat_percent_decode(&arena, id, false), guest->request_id) &&
           (attempt.ptr == NULL || leat_str_is(attempt, guest->attempt_id));
}

static leat_status read_streamed(struct leat_arena *arena, const struct leat_guest_connection *connection,
                                 struct leat_answer *ret)
{
    const struct leat_message *message = &connection->message;
    leat_str type = leat_message_trailer(message, connection->in, LEAT_STR("lambda-runtime-function-error-type"));
    leat_str encoded = leat_message_trailer(message, connection->in, LEAT_STR("lambda-runtime-function-error-body"));
    leat_str text = LEAT_STR("");
    if (type.ptr == NULL && encoded.ptr == NULL)
        return leat_guest_read_response(arena, header(connection, "content-type"), body_of(connection), ret);
    if (encoded.ptr != NULL && !leat_base64_decode(arena, encoded, &text))
        text = encoded;
    return leat_guest_read_error(arena, type, text, ret);
}

static void serve_answer(struct leat_guest_connection *connection, struct leat_arena *arena, bool error, bool stream)
{
    struct leat_guest *guest = connection->guest;
    struct leat_answer answer = {0};
    leat_status status;
    if (error)
        status = leat_guest_read_error(arena, header(connection, "lambda-runtime-function-error-type"),
                                       body_of(connection), &answer);
    else if (stream)
        status = read_streamed(arena, connection, &answer);
    else
        status = leat_guest_read_response(arena, header(connection, "content-type"), body_of(connection), &answer);
    accept_it(connection);
    if (leat_is_ok(status))
        leat_guest_answer(guest, &answer);
    else
        answer_error(guest, "Runtime.Unknown", leat_status_text(status));
}

static void serve_too_large(struct leat_guest_connection *connection, size_t max)
{
    struct leat_guest *guest = connection->guest;
    char message[96];
    snprintf(message, sizeof(message), "Exceeded maximum allowed payload size (%zu bytes).", max);
    refuse(connection, 413, "RequestEntityTooLarge", message);
    snprintf(message, sizeof(message), "Response payload size exceeded maximum allowed payload size (%zu bytes).", max);
    answer_error(guest, "Function.ResponseSizeTooLarge", message);
}

static void serve_invocation(struct leat_guest_connection *connection, leat_str id, bool error)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    leat_str mode = header(connection, "lambda-runtime-function-response-mode");
    bool stream = leat_str_is(mode, "streaming");
    size_t max = stream ? LEAT_GUEST_STREAM_MAX : LEAT_GUEST_ANSWER_MAX;
    leat_arena_init(&arena, 0);
    if (!ids_fit(connection, id)) {
        refuse(connection, 400, "InvalidRequestID", "Invalid request ID");
    } else if (connection->guest->state != LEAT_GUEST_RUNNING) {
        refuse_state(connection);
    } else if (!error && mode.ptr != NULL && !stream) {
        refuse(connection, 400, "InvalidFunctionResponseMode", "Invalid function response mode");
        answer_error(connection->guest, "Runtime.InvalidResponseModeHeader", "an unknown response mode");
    } else if (body_of(connection).len > max) {
        serve_too_large(connection, max);
    } else {
        serve_answer(connection, &arena, error, stream);
    }
}

/* --- the start -------------------------------------------------------------------------------------------------- */

static void serve_init_error(struct leat_guest_connection *connection)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_guest *guest = connection->guest;
    struct leat_answer answer = {0};
    leat_arena_init(&arena, 0);
    if (guest->state != LEAT_GUEST_STARTED) {
        refuse_state(connection);
        return;
    }
    leat_str type = header(connection, "lambda-runtime-function-error-type");
    (void)leat_guest_read_error(&arena, type, body_of(connection), &answer);
    leat_guest_init_failed(guest, answer.error_type, answer.error_message);
    accept_it(connection);
}

/* There is no snapshot: what waits for its restoring is told at once that it is. */
static void serve_restore_next(struct leat_guest_connection *connection)
{
    if (connection->guest->state == LEAT_GUEST_STARTED)
        leat_guest_reply(connection, 200, LEAT_STR(JSON_TYPE), LEAT_STR("{}"));
    else
        refuse_state(connection);
}

/* --- extensions --------------------------------------------------------------------------------------------------- */

#define EXTENSION_ID "00000000-0000-4000-8000-00000000e001"

static void serve_register(struct leat_guest_connection *connection)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_guest *guest = connection->guest;
    leat_arena_init(&arena, 0);
    if (header(connection, "lambda-extension-name").ptr == NULL) {
        refuse(connection, 403, "Extension.InvalidExtensionName", "Empty extension name");
        return;
    }
    if (guest->state != LEAT_GUEST_STARTED) {
        refuse(connection, 403, "Extension.RegistrationClosed", "Extension registration closed already");
        return;
    }
    struct leat_buf body;
    leat_buf_init(&body, &arena);
    leat_buf_char(&body, '{');
    leat_buf_json_member(&body, "functionName", leat_str_c(guest->function_name));
    leat_buf_json_member(&body, "functionVersion", LEAT_STR("$LATEST"));
    leat_buf_char(&body, '}');
    guest->extension = true;
    leat_guest_reply(connection, 200, LEAT_STR(JSON_TYPE "Lambda-Extension-Identifier: " EXTENSION_ID "\r\n"),
                     leat_buf_str(&body));
}

/* Held until the end: the events of extensions are not delivered. */
static void serve_event_next(struct leat_guest_connection *connection)
{
    if (!connection->guest->extension)
        refuse(connection, 403, "Extension.UnknownExtensionIdentifier", "Unknown extension");
    else
        connection->hold = LEAT_GUEST_WAITS_FOR_EVENT;
}

static void serve_ping(struct leat_guest_connection *connection)
{
    leat_guest_reply(connection, 200, LEAT_STR("Content-Type: text/plain\r\n"), LEAT_STR("pong"));
}

/* --- routes ----------------------------------------------------------------------------------------------------------
 */

static const struct route {
    const char *method, *path;
    void (*serve)(struct leat_guest_connection *connection);
} routes[] = {
    {"GET", RUNTIME "invocation/next", serve_next},
    {"POST", RUNTIME "init/error", serve_init_error},
    {"GET", RUNTIME "restore/next", serve_restore_next},
    {"POST", RUNTIME "restore/error", serve_init_error},
    {"POST", EXTENSION "register", serve_register},
    {"GET", EXTENSION "event/next", serve_event_next},
    {"POST", EXTENSION "init/error", accept_it},
    {"POST", EXTENSION "exit/error", accept_it},
    {"GET", "/2018-06-01/ping", serve_ping},
};

static leat_str path_of(const struct leat_guest_connection *connection)
{
    leat_str target = leat_message_target(&connection->message, connection->in);
    leat_str prefix = LEAT_STR("http://");
    if (leat_str_starts(target, prefix)) {
        leat_str rest = leat_str_find(leat_str_skip(target, prefix.len), LEAT_STR("/"));
        target = rest.ptr != NULL ? leat_str_of(rest.ptr, (size_t)(target.ptr + target.len - rest.ptr)) : rest;
    }
    return leat_str_cut(&target, '?');
}

/* invocation/ID/response and invocation/ID/error */
static bool cut_invocation(leat_str path, leat_str *retid, leat_str *retwhat)
{
    leat_str prefix = LEAT_STR(RUNTIME "invocation/");
    if (!leat_str_starts(path, prefix))
        return false;
    path = leat_str_skip(path, prefix.len);
    *retid = leat_str_cut(&path, '/');
    *retwhat = path;
    return leat_str_is(path, "response") || leat_str_is(path, "error");
}

void leat_guest_serve(struct leat_guest_connection *connection)
{
    leat_str method = leat_message_method(&connection->message, connection->in);
    leat_str path = path_of(connection), id, what;
    bool known = false;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (!leat_str_is(path, routes[i].path))
            continue;
        known = true;
        if (leat_str_is(method, routes[i].method)) {
            routes[i].serve(connection);
            return;
        }
    }
    if (!known && cut_invocation(path, &id, &what)) {
        known = true;
        if (leat_str_is(method, "POST")) {
            serve_invocation(connection, id, leat_str_is(what, "error"));
            return;
        }
    }
    refuse(connection, known ? 405 : 404, known ? "MethodNotAllowed" : "NotFound", "the Runtime API has no such call");
}

void leat_guest_truncated(struct leat_guest_connection *connection)
{
    leat_str id, what;
    if (!connection->guest->ended && connection->guest->state == LEAT_GUEST_RUNNING &&
        cut_invocation(path_of(connection), &id, &what) && leat_str_is(what, "response") && ids_fit(connection, id))
        answer_error(connection->guest, "Runtime.TruncatedResponse", "the response was cut off");
}
