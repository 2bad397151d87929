/* SPDX-License-Identifier: Apache-2.0 */
/* The table. What is not built is not in it. */
#include <config/config.h>

#define AT(member) offsetof(struct leat_config, member)

const struct leat_option leat_options[] = {
    {"handler", LEAT_OPTION_TEXT, false, AT(handler), NULL, NULL,
     "the handler, where none is named on the command line"},
    {"lambda_pipeline", LEAT_OPTION_FLAG, false, AT(pipeline), "false", NULL,
     "Lambda: send each answer together with the request for the next event"},
    {"lambda_sigterm", LEAT_OPTION_FLAG, false, AT(sigterm), "false", NULL,
     "Lambda: register as an extension, so that the platform says SIGTERM before it ends the process"},
    {"limits.inflated", LEAT_OPTION_SIZE, false, AT(max_inflated), "64MiB", NULL,
     "most that something compressed in a payload may become"},
    {"limits.memory", LEAT_OPTION_SIZE, false, AT(max_memory), "1GiB", NULL,
     "most memory one payload, and one call of a handler, may take"},
    {"limits.payload", LEAT_OPTION_SIZE, false, AT(max_payload), "64MiB", NULL, "longest payload that is read"},
    {"log.format", LEAT_OPTION_CHOICE, false, AT(log_format), "text", "text json", "how log lines look"},
    {"log.level", LEAT_OPTION_CHOICE, false, AT(log_level), "info", "trace debug info warn error fatal off",
     "lines below it are not written"},
    {"report_batch_item_failures", LEAT_OPTION_FLAG, false, AT(report_items), "true", NULL,
     "Lambda: failed records are told by name; false: any failure fails the whole batch"},
    {"reserve", LEAT_OPTION_DURATION, false, AT(reserve_ms), "500ms", NULL,
     "kept for the answer: when less of a batch's time is left, none of its events starts"},
    {"settings", LEAT_OPTION_MAP, true, AT(settings), NULL, NULL, "what handlers read with leat_setting()"},
    {"whole_batch_failure", LEAT_OPTION_CHOICE, false, AT(whole_batch), "list", "list error",
     "Lambda: when every record of a batch failed: list them, or fail the invocation so that Errors counts it"},
    {NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL},
};
