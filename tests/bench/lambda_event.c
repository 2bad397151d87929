/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor with what leat stands on: libevent turns the loop, and cJSON makes a tree in an arena of every event
 * (but for raw); nothing is made of the tree.
 */
#include "lambda_client.h"

#include <leat/json.h>

#include <event2/event.h>
#include <fcntl.h>

struct floor {
    struct client client;
    enum client_work work;
    bool answered; /* what comes next is the 202 */
    struct event_base *base;
    struct leat_arena arena;
};

static bool answer(struct floor *floor)
{
    struct client *client = &floor->client;
    leat_str body = leat_str_of(client->in + client->head_len, client->total_len - client->head_len);
    struct leat_json_fault fault;
    cJSON *tree = NULL;
    bool parsed = floor->work == CLIENT_RAW || leat_is_ok(leat_json_parse(&floor->arena, body, &tree, &fault));
    leat_str told = floor->work == CLIENT_SQS ? LEAT_STR(CLIENT_SQS_ANSWER) : body;
    bool sent = parsed && client_send_answer(client, told.ptr, told.len);
    leat_arena_reset(&floor->arena);
    return sent;
}

static void readable(evutil_socket_t fd, short what, void *argument)
{
    struct floor *floor = argument;
    bool good = client_receive(&floor->client);
    (void)fd;
    (void)what;
    if (good && !client_whole(&floor->client))
        return;
    if (good) {
        good = floor->answered ? client_send_next(&floor->client) : answer(floor);
        floor->answered = !floor->answered;
        client_taken(&floor->client);
    }
    if (!good)
        (void)event_base_loopbreak(floor->base);
}

int main(void)
{
    struct floor floor = {0};
    struct event_config *config = event_config_new();
    if (config == NULL || !client_open(&floor.client, &floor.work))
        return 64;
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    floor.base = event_base_new_with_config(config);
    struct event *event = event_new(floor.base, floor.client.fd, EV_READ | EV_PERSIST, readable, &floor);
    leat_arena_init(&floor.arena, 0);
    if (event != NULL && event_add(event, NULL) == 0 && client_send_next(&floor.client))
        (void)event_base_dispatch(floor.base);
    return 69; /* the bench ends it: there is nothing to free */
}
