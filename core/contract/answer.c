/* SPDX-License-Identifier: Apache-2.0 */
/* leat/source.h: the one answer to a whole delivery, whatever became of it. */
#include "reply_private.h"

#include <leat/source.h>

/* Is the whole invocation to fail, where the platform would also take names? */
static bool fails_whole(const struct leat_records *records, const struct leat_settlement *settlements, size_t count,
                        const struct leat_answer_rules *rules)
{
    enum leat_reply_shape shape = records->adapter->shape;
    size_t failed = 0;
    if ((shape != LEAT_REPLY_ITEMS && shape != LEAT_REPLY_CHECKPOINT) || !(rules->any_fails || rules->all_fail))
        return false;
    for (size_t i = 0; i < count; i++)
        failed += leat_settlement_failed(&settlements[i]) ? 1 : 0;
    return failed > 0 && (rules->any_fails || failed == count);
}

void leat_delivery_answer(struct leat_delivery *delivery, const struct leat_settlement *settlements, size_t count,
                          const struct leat_answer_rules *rules, struct leat_answer *retanswer)
{
    struct leat_arena *arena = &delivery->results;
    if (!leat_is_ok(delivery->decoded)) {
        *retanswer = (struct leat_answer){.error_type = LEAT_STR("Runtime.UnmarshalError"),
                                          .error_message = leat_str_c(delivery->error.message)};
        return;
    }
    leat_status status = fails_whole(&delivery->records, settlements, count, rules)
                             ? leat_answer_whole(arena, settlements, count, retanswer)
                             : leat_encode_reply(arena, &delivery->records, settlements, count, retanswer);
    if (!leat_is_ok(status))
        *retanswer = (struct leat_answer){.error_type = LEAT_STR("Runtime.MarshalError"),
                                          .error_message = leat_str_c(leat_status_text(status))};
}
