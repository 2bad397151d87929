/* SPDX-License-Identifier: Apache-2.0 */
/* What the two floors of the Lambda bench share: the least of HTTP that a runtime client can do with. */
#ifndef LEAT_BENCH_LAMBDA_CLIENT_H
#define LEAT_BENCH_LAMBDA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client {
    int fd;
    char *in;
    size_t len, capacity;
    size_t head_len, total_len; /* of the message at the start of `in`; 0: its head is not there yet */
    char id[64];                /* of the event */
    char next[256];             /* the request for one */
    size_t next_len;
};

/* What the handler does: BENCH_HANDLER is echo, raw or sqs. */
enum client_work { CLIENT_ECHO, CLIENT_RAW, CLIENT_SQS };
#define CLIENT_SQS_ANSWER "{\"batchItemFailures\":[]}"

bool client_open(struct client *client, enum client_work *retwork);
bool client_send_next(struct client *client);
bool client_send_answer(struct client *client, const char *body, size_t len);
/* Receives once. False: the server is gone, or there is no memory. */
bool client_receive(struct client *client);
/* Is the message whole? Its length is known, and room made, once its head is there. */
bool client_whole(struct client *client);
/* Done with the message. */
void client_taken(struct client *client);

#endif
