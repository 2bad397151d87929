/* SPDX-License-Identifier: Apache-2.0 */
/* Where a worker keeps what outlives it. */
#ifndef LEAT_CLI_STATE_H
#define LEAT_CLI_STATE_H

#include <leat/error.h>

/* $STATE_DIRECTORY (systemd's; the first of several), else ${XDG_STATE_HOME:-~/.local/state}/leat/SERVICE. Nothing is
 * made. CONFIG: neither is known, or it does not fit. */
leat_status leat_state_folder(const char *service, char *buf, size_t size, struct leat_error *reterr);

#endif
