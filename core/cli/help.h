/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAT_CLI_HELP_H
#define LEAT_CLI_HELP_H

#include "cli.h"

/* What to try first and the verbs; returns EXIT_USAGE_ERROR. */
int leat_help_short(FILE *out);
/* To stdout; return EXIT_DONE. */
int leat_help_overview(void);
int leat_help_verb(const struct leat_cli_verb *verb);

/* NULL: none of that name. */
const struct leat_cli_verb *leat_cli_find_verb(const char *name);
/* Says so, with the one that was meant; returns EXIT_USAGE_ERROR. */
int leat_cli_unknown_verb(const char *name);

#endif
