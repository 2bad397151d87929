/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAT_SQS_VIEW_H
#define LEAT_SQS_VIEW_H

#include <leat/adapter.h>

/* A leat_view_fn: struct leat_sqs of a message. */
const void *leat_sqs_view(const struct leat_envelope *envelope, struct leat_arena *arena);

#endif
