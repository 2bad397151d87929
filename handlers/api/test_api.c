/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/leat.h>
#include <leat/test.h>

#include <stdio.h>

extern const struct leat_handler leat_handler_api;

/* A request as an HTTP API sends it (format 2.0). The caller deletes the reply. */
static cJSON *request(struct leat_test *test, const char *method, const char *path, const char *body)
{
    cJSON *payload = cJSON_CreateObject();
    cJSON_AddStringToObject(payload, "version", "2.0");
    cJSON_AddStringToObject(payload, "rawPath", path);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(payload, "headers"), "content-type", "application/json");
    cJSON *context = cJSON_AddObjectToObject(payload, "requestContext");
    cJSON_AddStringToObject(context, "requestId", "r-1");
    cJSON_AddStringToObject(context, "stage", "$default");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(context, "http"), "method", method);
    if (body != NULL)
        cJSON_AddStringToObject(payload, "body", body);
    char *text = cJSON_PrintUnformatted(payload);
    (void)leat_test_run(test, text);
    cJSON_free(text);
    cJSON_Delete(payload);
    leat_str reply = leat_test_reply(test);
    return cJSON_ParseWithLength(reply.ptr, reply.len);
}

static bool is_reply(const cJSON *reply, int status, const char *body)
{
    return cJSON_GetNumberValue(leat_json_get(reply, "statusCode")) == status &&
           leat_str_is(leat_json_get_text(reply, "body"), body);
}

static bool has_header(const cJSON *reply, const char *name, const char *value)
{
    return leat_str_is(leat_json_get_text(leat_json_get(reply, "headers"), name), value);
}

static void check_reply(struct leat_test *test, const char *method, const char *path, const char *sent, int status,
                        const char *body)
{
    char name[80];
    cJSON *reply = request(test, method, path, sent);
    (void)snprintf(name, sizeof(name), "%s %s gives %d", method, path, status);
    leat_test_check(is_reply(reply, status, body) && has_header(reply, "content-type", "application/json"), name);
    cJSON_Delete(reply);
}

static void orders_are_made_and_found(struct leat_test *test)
{
    check_reply(test, "GET", "/orders/A-1001", NULL, 200,
                "{\"order_id\":\"A-1001\",\"customer\":\"c-17\",\"total\":9}");
    cJSON *reply = request(test, "POST", "/orders", "{\"customer\": \"c-4\", \"total\": 12.5, \"order_id\": \"mine\"}");
    leat_test_check(is_reply(reply, 201, "{\"customer\":\"c-4\",\"total\":12.5,\"order_id\":\"A-1002\"}"),
                    "POST /orders gives 201 and the order, with an id of ours");
    leat_test_check(has_header(reply, "location", "orders/A-1002"), "... and says where it is");
    cJSON_Delete(reply);
    check_reply(test, "GET", "/orders/A-1002", NULL, 200,
                "{\"customer\":\"c-4\",\"total\":12.5,\"order_id\":\"A-1002\"}");
}

static void wrong_requests_are_told_why(struct leat_test *test)
{
    check_reply(test, "GET", "/orders/A-9", NULL, 404, "{\"error\":\"no such order\"}");
    check_reply(test, "GET", "/orders/", NULL, 404, "{\"error\":\"no such order\"}");
    check_reply(test, "GET", "/", NULL, 404, "{\"error\":\"no such path\"}");
    check_reply(test, "POST", "/orders", NULL, 400, "{\"error\":\"the body is no JSON object\"}");
    check_reply(test, "POST", "/orders", "{\"customer\": ", 400, "{\"error\":\"the body is no JSON object\"}");
    check_reply(test, "POST", "/orders", "{\"total\": 1}", 400, "{\"error\":\"customer is missing\"}");
    check_reply(test, "POST", "/orders", "{\"customer\": \"c\"}", 400, "{\"error\":\"total is missing or no number\"}");
}

static void other_methods_are_told_what_is_allowed(struct leat_test *test)
{
    cJSON *reply = request(test, "DELETE", "/orders/A-1001", NULL);
    leat_test_check(is_reply(reply, 405, "{\"error\":\"method not allowed\"}") && has_header(reply, "allow", "GET"),
                    "DELETE of an order gives 405 and what is allowed");
    cJSON_Delete(reply);
    reply = request(test, "GET", "/orders", NULL);
    leat_test_check(is_reply(reply, 405, "{\"error\":\"method not allowed\"}") && has_header(reply, "allow", "POST"),
                    "so does GET of all orders");
    cJSON_Delete(reply);
}

int main(void)
{
    struct leat_test *test = leat_test_open(&leat_handler_api, NULL);
    orders_are_made_and_found(test);
    wrong_requests_are_told_why(test);
    other_methods_are_told_what_is_allowed(test);
    leat_test_close(test);
    return leat_test_done();
}
