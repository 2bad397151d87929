/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAT_CLI_CHECK_LIVE_H
#define LEAT_CLI_CHECK_LIVE_H

#include "cli.h"

#include <config/config.h>

struct leat_live_count {
    unsigned errors, warnings;
};

/* Asks all of them, one after the other, and prints what they say. */
struct leat_live_count leat_check_live(const struct leat_config *config, bool json);

#endif
