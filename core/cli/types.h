/* SPDX-License-Identifier: Apache-2.0 */
/* What "type:" can name: the sources and sinks in this binary, then those of modules. */
#ifndef LEAT_CLI_TYPES_H
#define LEAT_CLI_TYPES_H

#include "cli.h"

#include <config/config.h>

/* `cli` must outlive the configuration. */
void leat_cli_types(struct leat_cli *cli, struct leat_config_types *types);
/* Of open modules and built in; NULL: none of that name. */
const struct leat_source_ops *leat_cli_find_source(const struct leat_cli *cli, leat_str type);
const struct leat_sink_ops *leat_cli_find_sink(const struct leat_cli *cli, leat_str type);

/* Where run, check and put look for a configuration that nobody names; ends with NULL. */
extern const char *const leat_cli_config_places[];
/* The file that these verbs mean; NULL: there is none, and a message says where one was looked for. */
const char *leat_cli_find_worker_config(const char *verb, const char *named);

#endif
