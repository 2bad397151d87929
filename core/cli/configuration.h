/* SPDX-License-Identifier: Apache-2.0 */
/* Which configuration file it is, and what is said of a bad one. */
#ifndef LEAT_CLI_CONFIGURATION_H
#define LEAT_CLI_CONFIGURATION_H

#include "cli.h"

#include <config/config.h>

/* `named` (--config), else LEAT_CONFIG, else the first of `places` that is there (NULL-terminated; NULL: none).
 * NULL: no file. */
const char *leat_find_config(const char *named, const char *const *places);

/* All problems on stderr, or with `json` an object each on stdout. */
void leat_cli_print_problems(const struct leat_problems *problems, bool json);

/* For a verb with --config: the file if there is one, then the environment. Returns EXIT_DONE, or EXIT_CONFIG after
 * messages. */
int leat_cli_configure(struct leat_cli *cli, struct leat_config *config, const char *named);

/* For the Lambda mode: LEAT_CONFIG, $LAMBDA_TASK_ROOT/leat.yaml, /opt/leat.yaml; then the environment. */
leat_status leat_function_configure(struct leat_cli *cli, struct leat_config *config, struct leat_error *reterr);

#endif
