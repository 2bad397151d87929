/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, sorted by name: what is in here is in the help too. */
#include "cli.h"

const struct leat_cli_verb *const leat_cli_verbs[] = {
    &leat_verb_check, &leat_verb_completion, &leat_verb_dead, &leat_verb_help,   &leat_verb_new,  &leat_verb_package,
    &leat_verb_put,   &leat_verb_replay,     &leat_verb_run,  &leat_verb_sample, &leat_verb_show, NULL,
};
