/* SPDX-License-Identifier: Apache-2.0 */
/* Modules, and the triggers and types of sources and sinks that they add. */
#ifndef LEAT_CLI_MODULES_H
#define LEAT_CLI_MODULES_H

#include "cli.h"

/* Opens it, once; cli->adapters is another list then. CONFIG (also: a name of it is taken), NOT_FOUND: no NAME.so. */
leat_status leat_cli_module_open(struct leat_cli *cli, const char *name, struct leat_error *reterr);
/* The same for a type that is not built in and that no open module has: TYPE.so of the module path. NOT_FOUND: there is
 * none, or it has no such type. */
leat_status leat_cli_module_for_type(struct leat_cli *cli, leat_str type, struct leat_error *reterr);
/* The type of an open module, or NULL. */
const struct leat_source_ops *leat_cli_module_source(const struct leat_cli *cli, leat_str type);
const struct leat_sink_ops *leat_cli_module_sink(const struct leat_cli *cli, leat_str type);
/* For --module: an exit status, after a message unless it is EXIT_DONE. */
int leat_cli_take_module(struct leat_cli *cli, const char *name);

#endif
