/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAT_DYNAMODB_VIEW_H
#define LEAT_DYNAMODB_VIEW_H

#include <leat/adapter.h>

/* DynamoDB nests maps and lists this deep. */
#define LEAT_DYNAMODB_DEPTH_MAX 32

/* Is each member of `image` an attribute value, by the rules of DynamoDB's API? `path`: for messages. */
leat_status leat_dynamodb_check(struct leat_decoder *decoder, const cJSON *image, const char *path);
/* A leat_view_fn. Reads what leat_dynamodb_check has seen. */
const void *leat_dynamodb_view(const struct leat_envelope *envelope, struct leat_arena *arena);

#endif
