/* SPDX-License-Identifier: Apache-2.0 */
/* [TRIGGER=]PATH.so[:NAME] or NAME, as users name handlers. */
#ifndef LEAT_CLI_FIND_HANDLER_H
#define LEAT_CLI_FIND_HANDLER_H

#include "cli.h"

struct leat_named_handler {
    leat_str trigger; /* absent: all; a part of the spec */
    const struct leat_handler *handler;
};

/* `spec` must live as long as the result. USAGE: a trigger that is none; CONFIG: no such handler, or unusable. */
leat_status leat_find_handler(const struct leat_cli *cli, const char *spec, struct leat_named_handler *ret,
                              struct leat_error *reterr);
/* The linked-in handler of that name, or NULL. */
const struct leat_handler *leat_find_linked(const struct leat_cli *cli, leat_str name);
/* PATH.so or PATH.so:NAME (absent: none). False: neither, and *retpath is all of it. */
bool leat_cut_handler(leat_str spec, leat_str *retpath, leat_str *retname);
/* TRIGGER of --as: *retas is the adapter of that name and `adapters` are all, or TRIGGER means several kinds
 * ("apigateway") and `adapters` are those, of which one is detected. Room for LEAT_ADAPTERS_MAX. */
#define LEAT_ADAPTERS_MAX 64
leat_status leat_find_trigger(const struct leat_cli *cli, const char *name, const struct leat_adapter **retas,
                              const struct leat_adapter **adapters, struct leat_error *reterr);
/* USAGE, with the closest name that there is. */
leat_status leat_unknown_trigger(const struct leat_cli *cli, leat_str name, struct leat_error *reterr);

#endif
