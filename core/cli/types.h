/* SPDX-License-Identifier: Apache-2.0 */
/* The types of sources and sinks that a configuration can name. */
#ifndef LEAT_CLI_TYPES_H
#define LEAT_CLI_TYPES_H

#include "cli.h"

#include <config/config.h>

/* `cli` must outlive the configuration. */
void leat_cli_types(struct leat_cli *cli, struct leat_config_types *types);

#endif
