/* SPDX-License-Identifier: Apache-2.0 */
/* Where a service keeps what must outlive its process. */
#ifndef LEAT_CLI_STATE_H
#define LEAT_CLI_STATE_H

#include <leat/api.h>

/* The first folder of $STATE_DIRECTORY, else ${XDG_STATE_HOME:-~/.local/state}/leat/SERVICE. Nothing is made. False:
 * nobody says where, or its name is too long. */
bool leat_state_folder(const char *service, char *buf, size_t size);

#endif
