/* SPDX-License-Identifier: Apache-2.0 */
/* leat as a Lambda function: what runs without a verb, as `bootstrap` or beside a Runtime API. */
#ifndef LEAT_CLI_BOOTSTRAP_H
#define LEAT_CLI_BOOTSTRAP_H

#include "cli.h"

#include <config/config.h>
#include <engine/engine.h>

int leat_cli_bootstrap(struct leat_cli *cli);

/* How a function's handler may be named beside _HANDLER; both may be absent. */
struct leat_handler_names {
    leat_str variable; /* LEAT_HANDLER */
    leat_str filed;    /* the configuration file's */
};

/* The handler of a function: by LEAT_HANDLER, else by _HANDLER if that names one, else by the file, else the only one
 * in the package. *rettype is the error type for the platform; ret->guessed: nobody named it. */
struct leat_function_handler {
    const struct leat_handler *handler;
    char where[256]; /* for the log */
    bool guessed;
};
leat_status leat_find_function_handler(const struct leat_cli *cli, const struct leat_handler_names *names,
                                       struct leat_function_handler *ret, leat_str *rettype, struct leat_error *reterr);

/* bootstrap_entries.c: the entries of "sources" that event source mappings stand for. Their sources start nothing here;
 * what comes from their queue, stream, table or topic takes their settings. Opens their handlers; *retcount of them. */
leat_status leat_function_open_entries(const struct leat_cli *cli, struct leat_config *config, size_t *retcount,
                                       struct leat_error *reterr);
leat_status leat_function_add_entries(const struct leat_cli *cli, struct leat_config *config,
                                      struct leat_engine *engine, struct leat_error *reterr);
/* For struct leat_engine_options; the argument is the configuration. */
const struct leat_source_settings *leat_function_entry_of(void *config, const struct leat_delivery *delivery);

#endif
