/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration names, put into an engine: the same in the worker, in Lambda and in replay. */
#ifndef LEAT_CLI_ASSEMBLE_H
#define LEAT_CLI_ASSEMBLE_H

#include "cli.h"

#include <config/config.h>
#include <engine/engine.h>

/* "inbox: ..." in front of what went wrong with it; returns `status`. */
leat_status leat_cli_blame(leat_status status, leat_str name, const struct leat_error *error,
                           struct leat_error *reterr);
/* What the configuration calls the service, else `otherwise`, else "leat". Lives as long as both. NULL: out of memory.
 */
const char *leat_cli_service_name(struct leat_config *config, const char *otherwise);
/* Opens the handler that a source names for itself (source->handler): source->settings.handler. */
leat_status leat_cli_open_own_handler(const struct leat_cli *cli, struct leat_config *config,
                                      struct leat_config_source *source, struct leat_error *reterr);
/* All of "sinks", and those that stand where a name may stand. */
leat_status leat_cli_add_sinks(struct leat_engine *engine, const struct leat_config *config, struct leat_error *reterr);

#endif
