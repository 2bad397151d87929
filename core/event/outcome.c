/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/outcome.h>

const char *leat_outcome_name(enum leat_outcome_kind kind)
{
    static const char *const names[] = {"none", "ok", "reject", "retry"};
    return names[kind];
}

const char *leat_verdict_name(enum leat_verdict verdict)
{
    static const char *const names[] = {"ack", "retry", "release", "fail"};
    return names[verdict];
}

leat_str leat_outcome_error(enum leat_outcome_kind kind, bool timed_out)
{
    if (timed_out)
        return LEAT_STR("Function.Timeout");
    return kind == LEAT_OUTCOME_REJECT ? LEAT_STR("Function.Reject") : LEAT_STR("Function.Retry");
}
