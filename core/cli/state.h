/* SPDX-License-Identifier: Apache-2.0 */
/* Where a service keeps what must outlive its process: dead letters, the crash journal. */
#ifndef LEAT_CLI_STATE_H
#define LEAT_CLI_STATE_H

#include <config/config.h>

/* What the configuration calls it, else its file's name without folder and .yaml, else "leat". `path` NULL: there is no
 * file. */
void leat_state_service(const struct leat_config *config, const char *path, char *buf, size_t size);
/* The first folder of $STATE_DIRECTORY, else ${XDG_STATE_HOME:-~/.local/state}/leat/SERVICE. False: nobody says where,
 * or its name is too long. */
bool leat_state_folder(const char *service, char *buf, size_t size);
/* Makes it, 0700, with what is above it. IO: `reterr` says why not. */
leat_status leat_state_make(const char *folder, struct leat_error *reterr);

#endif
