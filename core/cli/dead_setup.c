/* SPDX-License-Identifier: Apache-2.0 */
/* Which file the letters are in, and which sources there are. */
#include "configuration.h"
#include "dead.h"
#include "state.h"

#define SERVICE "leat" /* where nobody names one */

static int use_state_folder(struct leat_dead_call *dead)
{
    char folder[LEAT_LINES_PATH_MAX - 16];
    if (!leat_state_folder(SERVICE, folder, sizeof(folder)))
        return leat_cli_fail(EXIT_CONFIG, "--file FILE names it", "nobody says where the dead letters are");
    snprintf(dead->path_buffer, sizeof(dead->path_buffer), "%s/dead.ndjson", folder);
    dead->path = dead->path_buffer;
    return EXIT_DONE;
}

int leat_dead_setup(struct leat_dead_call *dead, bool sources)
{
    static const char *const places[] = {"./leat.yaml", "/etc/leat/leat.yaml", NULL};
    int status = EXIT_DONE;
    if (dead->path == NULL || sources)
        status = leat_cli_configure(dead->cli, &dead->config, leat_find_config(dead->config_path, places));
    return status == EXIT_DONE && dead->path == NULL ? use_state_folder(dead) : status;
}
