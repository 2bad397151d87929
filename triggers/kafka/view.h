/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAT_KAFKA_VIEW_H
#define LEAT_KAFKA_VIEW_H

#include <leat/adapter.h>

/* The bytes of a key or a value, which Lambda writes as base64; text that is none is taken as it is. Absent: null,
 * or out of memory. */
leat_str leat_kafka_bytes(struct leat_arena *arena, const cJSON *item);
/* The bytes of a header: Lambda writes a list of numbers (-128 to 127; others write 0 to 255), old samples base64. */
leat_str leat_kafka_header_bytes(struct leat_arena *arena, const cJSON *value);
const void *leat_kafka_view(const struct leat_envelope *envelope, struct leat_arena *arena);

#endif
