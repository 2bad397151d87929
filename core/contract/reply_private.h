/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of replies share. */
#ifndef LEAT_REPLY_PRIVATE_H
#define LEAT_REPLY_PRIVATE_H

#include <leat/adapter.h>

static inline bool leat_settlement_failed(const struct leat_settlement *settlement)
{
    return settlement->verdict != LEAT_ACK;
}

leat_status leat_answer_text(struct leat_arena *arena, leat_str text, struct leat_answer *ret);
/* Of `count` records `failed` failed; the worst gives type and reason. */
leat_status leat_answer_error(struct leat_arena *arena, const struct leat_settlement *worst, size_t failed,
                              size_t count, struct leat_answer *ret);
/* null, or if anything failed an error. */
leat_status leat_answer_whole(struct leat_arena *arena, const struct leat_settlement *settlements, size_t count,
                              struct leat_answer *ret);
void leat_settle_as(struct leat_settlement *settlement, enum leat_outcome_kind outcome, leat_str reason);
void leat_settle_all(struct leat_settlement *settlements, size_t count, enum leat_outcome_kind outcome,
                     leat_str reason);

/* reply_items.c: batchItemFailures, as a set (SQS) or as checkpoints (streams, Kafka), both ways. */
leat_status leat_items_encode(struct leat_arena *arena, const struct leat_records *records,
                              const struct leat_settlement *settlements, size_t count, struct leat_answer *ret);
leat_status leat_items_decode(struct leat_arena *arena, const struct leat_records *records,
                              const struct leat_answer *answer, struct leat_settlement *settlements, size_t count);

#endif
