/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of the Lambda bench: a blocking socket and nothing else. No JSON is parsed. */
#include "lambda_client.h"

static bool await(struct client *client)
{
    while (!client_whole(client))
        if (!client_receive(client))
            return false;
    return true;
}

static bool invoke(struct client *client, enum client_work work)
{
    static const char NOTHING_FAILED[] = CLIENT_SQS_ANSWER;
    if (!client_send_next(client) || !await(client))
        return false;
    const char *body = work == CLIENT_SQS ? NOTHING_FAILED : client->in + client->head_len;
    size_t len = work == CLIENT_SQS ? sizeof NOTHING_FAILED - 1 : client->total_len - client->head_len;
    if (!client_send_answer(client, body, len))
        return false;
    client_taken(client);
    if (!await(client))
        return false;
    client_taken(client);
    return true;
}

int main(void)
{
    struct client client = {0};
    enum client_work work = CLIENT_ECHO;
    if (!client_open(&client, &work))
        return 64;
    while (invoke(&client, work))
        continue;
    return 69;
}
