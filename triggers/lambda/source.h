/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lambda is this source: deliveries come from the Runtime API, settling one is answering it. One poller for each
 * invocation that may run at a time; each holds one connection and asks for the next event when the last delivery is
 * answered and out of memory.
 */
#ifndef LEAT_LAMBDA_SOURCE_H
#define LEAT_LAMBDA_SOURCE_H

#include "request.h"

#include <leat/source.h>

struct leat_lambda_options {
    const struct leat_lambda_peer *peer; /* must outlive the source */
    uint32_t concurrency;                /* pollers; 0 counts as 1 */
    bool pipeline;                       /* an answer goes out together with the request for the next event */
    struct leat_answer_rules rules;
};

extern const struct leat_source_ops leat_source_lambda;

#endif
