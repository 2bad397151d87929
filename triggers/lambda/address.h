/* SPDX-License-Identifier: Apache-2.0 */
/* Where the Runtime API is: AWS_LAMBDA_RUNTIME_API, [http://]HOST:PORT[/BASE]. No proxy is ever asked. */
#ifndef LEAT_LAMBDA_ADDRESS_H
#define LEAT_LAMBDA_ADDRESS_H

#include <leat/error.h>

#include <sys/socket.h>

struct leat_address {
    struct sockaddr_storage socket;
    socklen_t size;
    char host[300]; /* as it was written: the Host header */
    char base[300]; /* stands in front of every path; no slash at its end */
};

/* CONFIG: it is no address, or nobody knows the name. Names are looked up only if they are no numbers. */
leat_status leat_address_read(struct leat_address *address, const char *text, struct leat_error *reterr);
/* A socket that is connected, or about to be if *retpending. -1: errno says why. */
int leat_address_connect(const struct leat_address *address, bool *retpending);

#endif
