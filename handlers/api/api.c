/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders over HTTP: GET /orders/{id} and POST /orders. The same code serves REST APIs, HTTP APIs, function URLs and
 * load balancers, which differ in payload format and in the reply they want; leat speaks them all.
 *
 * The orders are kept in memory, which stands for a database: they are gone with the process.
 */
#include <leat/leat.h>

#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

struct store {
    mtx_t lock;    /* slots share the store */
    cJSON *orders; /* by order_id */
    unsigned last_id;
};

static void free_store(void *shared)
{
    struct store *store = shared;
    cJSON_Delete(store->orders);
    mtx_destroy(&store->lock);
    free(store);
}

static leat_status make_store(leat_context *ctx, void **shared)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL || mtx_init(&store->lock, mtx_plain) != thrd_success) {
        free(store);
        return leat_fail(ctx, "out of memory");
    }
    store->orders = cJSON_Parse("{\"A-1001\": {\"order_id\": \"A-1001\", \"customer\": \"c-17\", \"total\": 9}}");
    store->last_id = 1001;
    *shared = store;
    return LEAT_OK;
}

static leat_outcome refuse(leat_context *ctx, int status, const char *problem)
{
    char body[128];
    (void)snprintf(body, sizeof(body), "{\"error\":\"%s\"}", problem);
    return leat_reply_http(ctx, status, "application/json", body);
}

static leat_outcome refuse_method(leat_context *ctx, const char *allowed)
{
    leat_reply_header(ctx, "allow", allowed);
    return refuse(ctx, 405, "method not allowed");
}

static leat_outcome reply_order(leat_context *ctx, int status, const cJSON *order)
{
    char *text = cJSON_PrintUnformatted(order);
    if (text == NULL)
        return leat_retry(ctx, "out of memory"); /* the client gets 503 */
    leat_outcome outcome = leat_reply_http(ctx, status, "application/json", text);
    cJSON_free(text);
    return outcome;
}

static leat_outcome get_order(leat_context *ctx, const struct store *store, leat_str id)
{
    const cJSON *order = NULL;
    cJSON_ArrayForEach (order, store->orders)
        if (leat_str_is(id, order->string))
            break;
    if (order == NULL)
        return refuse(ctx, 404, "no such order");
    leat_reply_header(ctx, "cache-control", "no-store");
    return reply_order(ctx, 200, order);
}

/* Who the order is for and what it costs; all else in the body stays as the client sent it. */
static const char *problem_of(const cJSON *order)
{
    if (!cJSON_IsObject(order))
        return "the body is no JSON object";
    if (leat_json_get_text(order, "customer").len == 0)
        return "customer is missing";
    if (!cJSON_IsNumber(leat_json_get(order, "total")))
        return "total is missing or no number";
    return NULL;
}

static leat_outcome post_order(leat_context *ctx, struct store *store, const leat_event *event)
{
    const char *problem = problem_of(leat_event_json(event));
    if (problem != NULL)
        return refuse(ctx, 400, problem);

    char location[40];
    (void)snprintf(location, sizeof(location), "orders/A-%u", store->last_id + 1); /* a stage may stand before it */
    const char *id = location + strlen("orders/");
    cJSON *order = leat_json_copy(leat_event_json(event));
    cJSON_DeleteItemFromObjectCaseSensitive(order, "order_id"); /* not the client's to choose */
    if (cJSON_AddStringToObject(order, "order_id", id) == NULL || !cJSON_AddItemToObject(store->orders, id, order)) {
        cJSON_Delete(order);
        return leat_retry(ctx, "out of memory");
    }
    store->last_id++;
    leat_reply_header(ctx, "location", location);
    return reply_order(ctx, 201, order);
}

/* By path and method, not by the gateway's route: so it works behind {proxy+} and $default too. */
static leat_outcome route(leat_context *ctx, struct store *store, const leat_event *event)
{
    const struct leat_http *request = leat_http(event);
    if (request == NULL)
        return leat_retry(ctx, "out of memory");
    if (leat_str_is(request->path, "/orders"))
        return leat_str_is(request->method, "POST") ? post_order(ctx, store, event) : refuse_method(ctx, "POST");

    leat_str id = request->path;
    if (!leat_str_starts(id, LEAT_STR("/orders/")))
        return refuse(ctx, 404, "no such path");
    id = leat_str_skip(id, strlen("/orders/"));
    return leat_str_is(request->method, "GET") ? get_order(ctx, store, id) : refuse_method(ctx, "GET");
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    struct store *store = leat_shared(ctx);
    (void)mtx_lock(&store->lock);
    leat_outcome outcome = route(ctx, store, event);
    (void)mtx_unlock(&store->lock);
    return outcome;
}

LEAT_HANDLER(api, .accepts = "apigateway-rest,apigateway-http,function-url,alb", .load = make_store, .handle = handle,
             .unload = free_store);
