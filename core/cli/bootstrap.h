/* SPDX-License-Identifier: Apache-2.0 */
/* leat as a Lambda function: what runs without a verb, as `bootstrap` or beside a Runtime API. */
#ifndef LEAT_CLI_BOOTSTRAP_H
#define LEAT_CLI_BOOTSTRAP_H

#include "cli.h"

int leat_cli_bootstrap(struct leat_cli *cli);

/* The handler of a function: by `named` (LEAT_HANDLER), else by _HANDLER, else the only one in the package. *retwhy is
 * the error type for the platform; *retguessed: neither variable named it. */
struct leat_function_handler {
    const struct leat_handler *handler;
    char where[256]; /* for the log */
    bool guessed;
};
leat_status leat_find_function_handler(const struct leat_cli *cli, leat_str named, struct leat_function_handler *ret,
                                       leat_str *rettype, struct leat_error *reterr);

#endif
