/* SPDX-License-Identifier: Apache-2.0 */
/* The table. What is not built is not in it. */
#include <config/config.h>

#define AT(member) offsetof(struct leat_config, member)

const struct leat_option leat_options[] = {
    {"handler", LEAT_OPTION_HANDLER, false, AT(handler), NULL, NULL,
     "the handler, where none is named on the command line"},
    {"lambda_pipeline", LEAT_OPTION_FLAG, false, AT(pipeline), "false", NULL,
     "Lambda: each answer goes out with the request for the next event"},
    {"lambda_sigterm", LEAT_OPTION_FLAG, false, AT(sigterm), "false", NULL,
     "Lambda: be an extension, so that SIGTERM comes before the end"},
    {"limits.inflated", LEAT_OPTION_SIZE, false, AT(max_inflated), "64MiB", NULL,
     "most that something compressed in a payload may become"},
    {"limits.memory", LEAT_OPTION_SIZE, false, AT(max_memory), "1GiB", NULL,
     "most memory one payload, and one call of a handler, may take"},
    {"limits.payload", LEAT_OPTION_SIZE, false, AT(max_payload), "64MiB", NULL, "longest payload that is read"},
    {"log.format", LEAT_OPTION_CHOICE, false, AT(log_format), "text", "text json", "how log lines look"},
    {"log.level", LEAT_OPTION_CHOICE, false, AT(log_level), "info", "trace debug info warn error fatal off",
     "lines below it are not written"},
    {"report_batch_item_failures", LEAT_OPTION_FLAG, false, AT(report_items), "true", NULL,
     "Lambda: name the failed records; false: one fails the batch"},
    {"reserve", LEAT_OPTION_DURATION, false, AT(reserve_ms), "500ms", NULL,
     "time kept for a batch's answer: with less left none of its events starts"},
    {"settings", LEAT_OPTION_MAP, true, AT(settings), NULL, NULL, "what handlers read with leat_setting()"},
    {"timeout", LEAT_OPTION_DURATION, false, AT(timeout_ms), "0s", NULL, "one call of a handler; 0s: no limit"},
    {"timeout_grace", LEAT_OPTION_DURATION, false, AT(grace_ms), "1s", NULL,
     "from there on until a handler that has not returned is given up"},
    {"whole_batch_failure", LEAT_OPTION_CHOICE, false, AT(whole_batch), "list", "list error",
     "Lambda: all records failed: list them, or fail"},
    {NULL, LEAT_OPTION_TEXT, false, 0, NULL, NULL, NULL},
};
